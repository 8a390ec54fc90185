"""Where requests go: /graphql over HTTP and WebSocket, the health checks, and Django for the rest."""

import asyncio
import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
django_application = get_asgi_application()  # before the rest, which needs Django set up

from hub import threads  # noqa: E402
from hub.health import health  # noqa: E402
from hub.http import GraphQLOverHTTP  # noqa: E402
from hub.sockets import GraphQLSocket  # noqa: E402
from notifications import push  # noqa: E402
from ortoo.protocol import hpke  # noqa: E402

hpke.self_check()

_graphql = GraphQLOverHTTP()
_socket = GraphQLSocket.as_asgi()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    loop = asyncio.get_running_loop()
    threads.serve(loop)
    push.serve(loop)
    path = scope.get("path")
    match scope["type"]:
        case "http" if path == "/graphql":
            await _graphql(scope, receive, send)
        case "http" if path in ("/healthz", "/readyz"):
            await health(scope, receive, send)
        case "http":
            await django_application(scope, receive, send)
        case "websocket" if path == "/graphql":
            await _socket(scope, receive, send)
        case "websocket":
            await send({"type": "websocket.close", "code": 4404})
        case "lifespan":
            await _lifespan(receive, send)


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
