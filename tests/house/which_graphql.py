"""An ASGI application that answers with the `graphql` that it imports."""

from typing import Any

import graphql


async def application(scope: Any, receive: Any, send: Any) -> None:
    said = f"{graphql.__file__} {callable(graphql.parse)}"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": said.encode()})
