"""Somebody on the line between clients and their hub, who keeps all that passes, both ways."""

import asyncio
import zlib
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from tests.sdk.line import Line

END_OF_HEAD: Final = b"\r\n\r\n"


class Wiretap(Line):
    """`streams`: the bytes of each direction of each connection."""

    def __init__(self, hub_port: int) -> None:
        super().__init__(hub_port)
        self.streams: list[bytearray] = []

    async def cut(self) -> None:
        await super().cut()
        while self._open:
            await asyncio.sleep(0.01)

    @property
    def heard(self) -> bytes:
        """All of it as it went over the wire, and the messages of sockets as they were before they were masked."""
        return b"\n".join([*map(bytes, self.streams), *self.messages])

    @property
    def messages(self) -> list[bytes]:
        return [message for stream in self.streams for message in socket_messages(bytes(stream))]

    async def _pass(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        back: asyncio.StreamWriter,
        asked: list[bytes],
    ) -> None:
        with suppress(OSError):
            await self._copy(reader, writer)
            writer.write_eof()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: list[bytes]) -> None:
        with suppress(OSError):
            await self._copy(reader, writer)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        kept = bytearray()
        self.streams.append(kept)
        while chunk := await reader.read(65536):
            kept += chunk
            writer.write(chunk)
            await writer.drain()


def socket_messages(stream: bytes) -> Iterator[bytes]:
    """What a WebSocket's frames carry in this direction (RFC 6455 §5.2; deflated: RFC 7692)."""
    head, _, frames = stream.partition(END_OF_HEAD)
    if b"upgrade: websocket" not in head.lower():
        return
    inflating = zlib.decompressobj(-15)
    place = 0
    while place + 2 <= len(frames):
        first, second = frames[place : place + 2]
        place += 2
        length = second & 0x7F
        if length >= 126:
            width = 2 if length == 126 else 8
            length = int.from_bytes(frames[place : place + width], "big")
            place += width
        mask = bytes(4)
        if second & 0x80:
            mask = frames[place : place + 4]
            place += 4
        carried = bytes(byte ^ mask[i % 4] for i, byte in enumerate(frames[place : place + length]))
        place += length
        yield inflating.decompress(carried + b"\0\0\xff\xff") if first & 0x40 else carried
