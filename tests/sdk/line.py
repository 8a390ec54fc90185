"""A bad line between a client and its hub: a TCP relay that can be cut, or swallow answers."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

MUTATION = b'{"query": "mutation'


class Line:
    """Listens on a port of its own and relays to the hub.

    swallow: so many coming answers are read from the hub and never passed on; the client's connection is cut instead.
    swallow_mutations: the same, of answers to mutations alone. lose_mutations: none of them reaches the hub at all.
    """

    def __init__(self, hub_port: int) -> None:
        self._hub_port = hub_port
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.swallow = 0
        self.swallowed = 0
        self.swallow_mutations = 0
        self.lose_mutations = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Nobody gets through any more, and whoever was through is cut off."""
        if self._server:
            self._server.close()
        for writer in list(self._open):
            writer.transport.abort()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            hub_reader, hub_writer = await asyncio.open_connection("127.0.0.1", self._hub_port)
        except OSError:
            writer.close()
            return
        self._open |= {writer, hub_writer}
        try:
            asked: list[bytes] = []
            there = asyncio.ensure_future(self._pass(reader, hub_writer, writer, asked))
            await self._answer(hub_reader, writer, asked)
            there.cancel()
        finally:
            self._open -= {writer, hub_writer}
            for one in (writer, hub_writer):
                with suppress(OSError, RuntimeError):
                    one.close()

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        asked: list[bytes],
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                if MUTATION in chunk and self.lose_mutations:
                    back.transport.abort()
                    return
                asked[:] = [chunk]
                writer.write(chunk)
                await writer.drain()
            writer.write_eof()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[bytes]) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                mutation = any(MUTATION in one for one in asked)
                if self.swallow or (mutation and self.swallow_mutations):
                    self.swallow = max(0, self.swallow - 1)
                    self.swallow_mutations = max(0, self.swallow_mutations - mutation)
                    self.swallowed += 1
                    writer.transport.abort()
                    return
                writer.write(chunk)
                await writer.drain()
