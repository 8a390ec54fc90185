"""WebP (RFC 9649): `RIFF length WEBP`, chunks `name length …`, each of even length."""

import struct
from collections.abc import Sequence
from typing import BinaryIO, Final

from ortoo.photos.pieces import BITE, MOST_PIECES, Piece, Slice, exactly
from ortoo.photos.turning import EXIF, UPRIGHT, orientation, turned

_PICTURE: Final = (b"VP8 ", b"VP8L", b"ALPH")
_KEPT: Final = (*_PICTURE, b"ANIM", b"ANMF", b"ICCP")
_FRAME: Final = 16  # bytes of an animation's frame before its chunks
_SAYS_EXIF, _SAYS_XMP = 0x08, 0x04


def clean(file: BinaryIO, size: int) -> Sequence[Piece]:
    end = 8 + struct.unpack("<I", exactly(file, 4, 4))[0]
    kept: list[Piece] = []
    turn, at = UPRIGHT, 12
    for _ in range(MOST_PIECES):
        if at >= end:
            break
        name, length = struct.unpack("<4sI", exactly(file, at, 8))
        padded = 8 + length + length % 2
        if at + padded > size:
            raise ValueError
        if name == b"VP8X":
            said = bytearray(exactly(file, at, padded))
            said[8] &= ~(_SAYS_EXIF | _SAYS_XMP)
            kept.append(bytes(said))
        elif name == b"EXIF" and length <= BITE:
            turn = orientation(exactly(file, at + 8, length).removeprefix(EXIF))
        elif name in _KEPT:
            if name == b"ANMF":
                _check_frame(file, at + 8 + _FRAME, at + 8 + length)
            kept.append(Slice(at, padded))
        at += padded
    if not kept:
        raise ValueError
    if turn != UPRIGHT and isinstance(kept[0], bytes):
        kept[0] = kept[0][:8] + bytes([kept[0][8] | _SAYS_EXIF]) + kept[0][9:]
        kept.append(b"EXIF" + struct.pack("<I", len(turned(turn))) + turned(turn))
    length = sum(one.length if isinstance(one, Slice) else len(one) for one in kept)
    return [b"RIFF" + struct.pack("<I", 4 + length) + b"WEBP", *kept]


def _check_frame(file: BinaryIO, at: int, end: int) -> None:
    """There is nothing but a picture in a frame."""
    while at < end:
        name, length = struct.unpack("<4sI", exactly(file, at, 8))
        if name not in _PICTURE:
            raise ValueError
        at += 8 + length + length % 2
