"""Asks a server over sockets that stay open, with as little work of its own as can be."""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Measured:
    """a_second: answers, over all connections; median, slow (95 of 100 are quicker): of one, in ms."""

    a_second: float
    median: float
    slow: float


def request(url: str, token: str, body: bytes) -> bytes:
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, asked: bytes) -> bytes:
    writer.write(asked)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    body = await reader.readexactly(length)
    assert head.split(b" ", 2)[1] == b"200", (head, body[:500])
    return body


async def once(url: str, asked: bytes) -> bytes:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        return await ask(reader, writer, asked)
    finally:
        writer.close()


async def for_a_while(url: str, asked: bytes, connections: int, seconds: float) -> Measured:
    """The same question again and again."""
    took: list[float] = []
    until = time.perf_counter() + seconds

    async def go_on() -> None:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 22)
        while time.perf_counter() < until:
            began = time.perf_counter()
            await ask(reader, writer, asked)
            took.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(go_on() for _ in range(connections)))
    return _measured(took, time.perf_counter() - began)


async def each_once(url: str, asked: Sequence[bytes], connections: int) -> Measured:
    """Each question once, over some connections."""
    took: list[float] = []
    left = list(reversed(asked))

    async def go_on() -> None:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 22)
        while left:
            one, began = left.pop(), time.perf_counter()
            assert b'"errors"' not in await ask(reader, writer, one)
            took.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(go_on() for _ in range(connections)))
    return _measured(took, time.perf_counter() - began)


def _measured(took: Sequence[float], seconds: float) -> Measured:
    ranked = sorted(took)
    return Measured(len(took) / seconds, statistics.median(took) * 1000, ranked[int(len(ranked) * 0.95)] * 1000)
