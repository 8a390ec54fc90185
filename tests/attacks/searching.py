"""Looking for words in bytes as somebody would who has much time: however they are spelt, wrapped or packed."""

import base64
import binascii
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final

SHORTEST: Final = 6  # bytes of a word: shorter ones stand anywhere by chance
DEEPEST: Final = 3  # a base64 payload in an envelope in a hexadecimal column
MOST_UNPACKED: Final = 1 << 20  # bytes of one packed piece that are looked at

_HEX = re.compile(rb"[0-9A-Fa-f]{16,}")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{16,}")
_PACKED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]")


class Search:
    """For many words at once: one pass over the bytes, whatever the number of words."""

    def __init__(self, words: Iterable[str]) -> None:
        self._by_start: dict[bytes, list[tuple[bytes, str, bool]]] = {}
        for word in words:
            for spelt, in_base64 in spellings(word):
                self._by_start.setdefault(spelt[:SHORTEST], []).append((spelt, word, in_base64))

    def found_in(self, raw: bytes) -> set[str]:
        return {word for layer in layers(raw) for word in self._found(layer)}

    def _found(self, layer: bytes) -> Iterator[str]:
        starts = self._by_start
        for place in range(len(layer) - SHORTEST + 1):
            if (start := layer[place : place + SHORTEST]) in starts:
                for spelt, word, in_base64 in starts[start]:
                    if layer.startswith(spelt, place) and (
                        not in_base64 or _decodes_to(word, layer, place, len(spelt))
                    ):
                        yield word


def spellings(word: str) -> Iterator[tuple[bytes, bool]]:
    """The word as bytes may hold it, each with whether that is base64."""
    raw = word.encode()
    assert len(raw) >= SHORTEST, word
    escaped = json.dumps(word)[1:-1]
    upper = re.sub(r"\\u[0-9a-f]{4}", lambda one: "\\u" + one[0][2:].upper(), escaped)
    plain = {raw, word.encode("utf-16-le"), word.encode("utf-16-be"), escaped.encode(), upper.encode()}
    plain |= {raw.hex().encode(), raw.hex().upper().encode()}
    for one in plain:
        yield one, False
    for one in {in_base64(raw, before) for before in range(3)}:
        for spelt in {one, one.translate(bytes.maketrans(b"+/", b"-_"))}:
            yield spelt, True


def in_base64(raw: bytes, before: int) -> bytes:
    """The letters of base64 that `raw` alone decides, where so many bytes (modulo 3) stand before it."""
    whole = base64.b64encode(bytes(before) + raw + bytes(3))
    return whole[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


def _decodes_to(word: str, layer: bytes, place: int, length: int) -> bool:
    """A few letters of base64 are soon met by chance: the letters around them must give the word's other bits, too."""
    around = layer[max(0, place - 8) : place + length + 8]
    return any(word.encode() in _from_base64(around[offset:]) for offset in range(4))


def layers(raw: bytes, depth: int = DEEPEST) -> Iterator[bytes]:
    """The bytes, and what is encoded or packed in them, and in that again."""
    yield raw
    if not depth:
        return
    for inner in (_decoded(_HEX, raw, _from_hex), _decoded(_BASE64, raw, _from_base64), b"\n".join(_unpacked(raw))):
        if inner:
            yield from layers(inner, depth - 1)
    if b"\\\\u" in raw:
        yield raw.replace(b"\\\\", b"\\")  # JSON in a text of JSON


def _decoded(pattern: re.Pattern[bytes], raw: bytes, decode: Callable[[bytes], bytes]) -> bytes:
    return b"\n".join({decode(run): None for run in dict.fromkeys(pattern.findall(raw))})


def _from_hex(run: bytes) -> bytes:
    return bytes.fromhex(run[: len(run) // 2 * 2].decode())


def _from_base64(run: bytes) -> bytes:
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"A", run.translate(bytes.maketrans(b"-_", b"+/")))
    return binascii.a2b_base64(letters + b"A" * (-len(letters) % 4))


def _unpacked(raw: bytes) -> Iterator[bytes]:
    for packed in _PACKED.finditer(raw):
        try:
            inner = zlib.decompressobj(47).decompress(raw[packed.start() :][: MOST_UNPACKED * 2], MOST_UNPACKED)
        except zlib.error:
            continue
        if inner:
            yield inner
