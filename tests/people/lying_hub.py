"""A hub that lies: it asks the honest one, and changes what that says before it passes it on."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import httpx

from tests.hubs import NO_TLS

Lie = Callable[[dict[str, Any]], dict[str, Any]]  # of an operation's `data`


class LyingHub:
    """Listens on a port of its own. lies: by the operation's name, what becomes of its data."""

    def __init__(self, honest: str) -> None:
        self._honest = honest
        self.lies: dict[str, Lie] = {}
        self.asked: list[str] = []  # the operations, in order

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def __aenter__(self) -> Self:
        self._http = httpx.AsyncClient(trust_env=False, timeout=30, verify=NO_TLS)
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        await self._http.aclose()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[1:]
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head)}
            body = await reader.readexactly(int(headers["content-length"]))
            passed = {name: headers[name] for name in ("authorization", "accept", "content-type") if name in headers}
            answer = await self._http.post(f"{self._honest}/graphql", content=body, headers=passed)
            said = self._lie(json.loads(body)["operationName"], answer.json())
            content = json.dumps(said).encode()
            writer.write(
                f"HTTP/1.1 {answer.status_code} -\r\nContent-Type: {answer.headers['content-type']}\r\n"
                f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        writer.close()

    def _lie(self, operation: str, said: dict[str, Any]) -> dict[str, Any]:
        self.asked.append(operation)
        if operation in self.lies and said.get("data"):
            said["data"] = self.lies[operation](said["data"])
        return said
