"""The line between a browser and a hub: the browser's HTTP proxy. It lets nothing through but to the one origin, writes
down who tried, and can be slow or cut; or behind it stands a hub that lies.

Being below the browser, it sees what pages, workers and service workers ask for alike, and slows them alike.
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

HEAD: Final = 64 * 1024  # bytes of a request's head
CHUNK: Final = 2048  # bytes; small, so that a slow line trickles


Lie = Callable[[dict[str, Any]], dict[str, Any]]  # of an operation's `data`


class Line:
    """`origin` is the only one that is reached. `there_and_back` is in seconds, `rate` in bytes a second each way."""

    def __init__(self, origin: str) -> None:
        at = urlsplit(origin)
        self.allowed = f"{at.hostname}:{at.port or 80}"
        self._port = at.port or 80
        self.refused: list[str] = []
        self.there_and_back = 0.0
        self.rate = float("inf")
        self._is_cut = False
        self._lost: bytes | None = None
        self.lies: dict[str, Lie] = {}  # by the operation's name, what becomes of its data
        self.late: dict[str, Iterator[float]] = {}  # by the operation's name, seconds by which its answers are late
        self.files: dict[str, Callable[[bytes], bytes]] = {}  # by path, what becomes of the hub's files
        self.asked: list[str] = []  # the operations, while there are lies or late answers
        self.answered: list[str] = []
        self.streams: list[
            bytearray
        ] = []  # what went over sockets and to and from the API, each way of each connection
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="line", daemon=True)

    def start(self) -> "Line":
        self._thread.start()
        self._server = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=HEAD))
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def slow(self, *, kbit: float, there_and_back: float) -> None:
        """From now on so many kilobits a second, and so many seconds from a question to the first of its answer."""
        self.rate, self.there_and_back = kbit * 1000 / 8, there_and_back

    def cut(self) -> None:
        """Break off every connection, and let no new one through, until `mend`."""
        self._is_cut = True
        self._do(self._break_off())

    def lose_answers(self, operation: str) -> None:
        """This operation reaches the hub and is done; no answer to it comes back, until `mend`."""
        self._lost = f'"operationName":"{operation}"'.encode()

    def mend(self) -> None:
        self._is_cut, self._lost = False, None

    # --- in the line's own thread ---

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _break_off(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _close(self) -> None:
        self._server.close()
        await self._break_off()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the browser: one request, or a tunnel for a socket."""
        self._open.add(writer)
        try:
            # Cancelled by `_close`, and told to nobody: asyncio before 3.12 tells the console.
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
                await self._pass_on(reader, writer)
        finally:
            self._open.discard(writer)
            writer.transport.abort() if writer.is_closing() else writer.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if self._is_cut:
            writer.transport.abort()
            return
        method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        at = urlsplit(target if method != "CONNECT" else f"//{target}")
        if f"{at.hostname}:{at.port or 80}" != self.allowed:
            self.refused.append(f"{at.hostname}:{at.port or 80}")
            writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            return
        upstream, to_hub = await asyncio.open_connection("127.0.0.1", self._port)
        self._open.add(to_hub)
        try:
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                path = f"{at.path or '/'}{f'?{at.query}' if at.query else ''}"
                lines = head.decode("latin-1").split("\r\n")[1:-2]
                kept = [one for one in lines if not one.lower().startswith(("connection:", "proxy-"))]
                text = "\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""])
                await self._wait(len(head))
                if at.path in self.files:
                    await self._serve_other(text, self.files[at.path], upstream, to_hub, writer)
                    return
                if (self.lies or self.late) and at.path == "/graphql":
                    await self._lie(text, reader, upstream, to_hub, writer)
                    return
                to_hub.write(text.encode("latin-1"))
            is_lost = False
            asked, said = bytearray(), bytearray()
            if method == "CONNECT" or at.path == "/graphql":
                self.streams += [asked, said]

            def pass_on(chunk: bytes) -> None:
                nonlocal is_lost
                asked.extend(chunk)
                is_lost = is_lost or (self._lost is not None and self._lost in chunk)
                to_hub.write(chunk)

            def answer(chunk: bytes) -> None:
                said.extend(chunk)
                writer.transport.abort() if is_lost else writer.write(chunk)

            sending = asyncio.ensure_future(self._carry(reader, pass_on, to_hub.drain))
            await self._carry(upstream, answer, writer.drain)
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
        finally:
            self._open.discard(to_hub)
            to_hub.close()

    async def _serve_other(
        self,
        head: str,
        other: Callable[[bytes], bytes],
        upstream: asyncio.StreamReader,
        to_hub: asyncio.StreamWriter,
        writer: asyncio.StreamWriter,
    ) -> None:
        """A file of the hub's, changed."""
        left_out = ("accept-encoding:", "if-none-match:")
        kept = "\r\n".join(line for line in head.split("\r\n") if not line.lower().startswith(left_out))
        to_hub.write(kept.encode("latin-1"))
        said, content = (await upstream.read()).split(b"\r\n\r\n", 1)
        content = other(content)
        lines = [line for line in said.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
        writer.write(b"\r\n".join([*lines, f"Content-Length: {len(content)}".encode(), b"", content]))
        await writer.drain()

    async def _lie(
        self,
        head: str,
        reader: asyncio.StreamReader,
        upstream: asyncio.StreamReader,
        to_hub: asyncio.StreamWriter,
        writer: asyncio.StreamWriter,
    ) -> None:
        """One question, and what the hub says to it, changed."""
        headers = dict(line.split(": ", 1) for line in head.lower().split("\r\n")[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        operation = json.loads(body)["operationName"]
        kept = "\r\n".join(line for line in head.split("\r\n") if not line.lower().startswith("accept-encoding:"))
        to_hub.write(kept.encode("latin-1") + body)
        said, content = (await upstream.read()).split(b"\r\n\r\n", 1)
        answer = json.loads(content)
        self.asked.append(operation)
        await asyncio.sleep(next(self.late.get(operation, iter(())), 0))
        if operation in self.lies and answer.get("data"):
            answer["data"] = self.lies[operation](answer["data"])
        content = json.dumps(answer).encode()
        lines = [line for line in said.split(b"\r\n") if not line.lower().startswith(b"content-length:")]
        writer.write(b"\r\n".join([*lines, f"Content-Length: {len(content)}".encode(), b"", content]))
        await writer.drain()
        self.answered.append(operation)

    async def _wait(self, size: int) -> None:
        await asyncio.sleep(self.there_and_back / 2 + size / self.rate)

    async def _carry(
        self, reader: asyncio.StreamReader, write: Callable[[bytes], None], drain: Callable[[], Awaitable[None]]
    ) -> None:
        """Bytes arrive half a round trip after they were sent, one after the other as the rate allows."""
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

        async def send() -> None:
            while chunk := await reader.read(CHUNK):
                await on_the_way.put((self._loop.time() + self.there_and_back / 2, chunk))
            await on_the_way.put((0, b""))

        sending = asyncio.ensure_future(send())
        try:
            while True:
                due, chunk = await on_the_way.get()
                if not chunk:
                    return
                await asyncio.sleep(max(0, due - self._loop.time()))
                if self.rate != float("inf"):
                    await asyncio.sleep(len(chunk) / self.rate)
                write(chunk)
                await drain()
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
