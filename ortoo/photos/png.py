"""PNG (W3C PNG, third edition): signature, chunks `length name … crc`, the last one IEND."""

import struct
import zlib
from collections.abc import Sequence
from typing import BinaryIO, Final

from ortoo.photos.pieces import BITE, MOST_PIECES, Piece, Slice, exactly
from ortoo.photos.turning import UPRIGHT, orientation, turned

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_KEPT: Final = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV")
) | {b"cLLI", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT"}


def clean(file: BinaryIO, size: int) -> Sequence[Piece]:
    kept: list[Piece] = [SIGNATURE]
    turn, at = UPRIGHT, len(SIGNATURE)
    for _ in range(MOST_PIECES):
        length, name = struct.unpack(">I4s", exactly(file, at, 8))
        if at + 12 + length > size:
            raise ValueError
        if name == b"eXIf" and length <= BITE:
            turn = orientation(exactly(file, at + 8, length))
        if name in _KEPT:
            kept.append(Slice(at, 12 + length))
        elif not name[0] & 0x20:  # a critical one that is not known: the picture is not what it seems
            raise ValueError
        at += 12 + length
        if name == b"IEND":
            return [*kept[:2], *_turned(turn), *kept[2:]]
    raise ValueError


def _turned(orientation: int) -> list[Piece]:
    tiff = turned(orientation)
    if not tiff:
        return []
    chunk = b"eXIf" + tiff
    return [struct.pack(">I", len(tiff)) + chunk + struct.pack(">I", zlib.crc32(chunk))]
