"""JPEG (ITU-T T.81, Exif 3.0): SOI, segments `FF code length …`, after each SOS its scan, EOI."""

import re
import struct
from collections.abc import Sequence
from typing import BinaryIO, Final

from ortoo.photos.pieces import BITE, MOST_PIECES, Piece, Slice, exactly
from ortoo.photos.turning import EXIF, UPRIGHT, orientation, turned

_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a segment, out of place here
_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # what ends a scan


def clean(file: BinaryIO, size: int) -> Sequence[Piece]:
    """Tables, frames and scans; of the APPn segments JFIF, the colour profile and Adobe's colour transform."""
    kept: list[Piece] = [b"\xff\xd8"]
    turn, at = UPRIGHT, 2
    for _ in range(MOST_PIECES):
        marker = exactly(file, at, 2)
        if marker[0] != 0xFF:
            raise ValueError
        code = marker[1]
        if code == 0xFF:  # fill
            at += 1
            continue
        if code == 0xD9:
            kept.append(b"\xff\xd9")  # what a camera or a phone puts behind it is not the picture
            first = 2 if isinstance(kept[1], bytes) and kept[1].startswith(b"\xff\xe0") else 1  # JFIF leads
            return [*kept[:first], *_turned(turn), *kept[first:]]
        if code in _ALONE:
            raise ValueError
        length = struct.unpack(">H", exactly(file, at + 2, 2))[0]
        if length < 2:
            raise ValueError
        begins = exactly(file, at + 4, min(length - 2, 32))
        if code == 0xE1 and begins.startswith(EXIF):
            turn = orientation(exactly(file, at + 10, length - 8))
        elif code == 0xE0 and begins.startswith(b"JFIF\0"):
            kept.append(_segment(code, _whole(begins, 12) + b"\0\0"))  # without its thumbnail
        elif code == 0xEE and begins.startswith(b"Adobe"):
            kept.append(_segment(code, _whole(begins, 12)))
        elif 0xC0 <= code <= 0xDF or (code == 0xE2 and begins.startswith(b"ICC_PROFILE\0")):
            kept.append(Slice(at, 2 + length))
        at += 2 + length
        if code == 0xDA:
            end = _end_of_scan(file, at, size)
            kept.append(Slice(at, end - at))
            at = end
    raise ValueError


def _whole(begins: bytes, length: int) -> bytes:
    if len(begins) < length:
        raise ValueError
    return begins[:length]


def _end_of_scan(file: BinaryIO, at: int, size: int) -> int:
    while at < size:
        file.seek(at)
        bite = file.read(BITE)
        found = _MARKER.search(bite)
        if found is not None:
            return at + found.start()
        at += max(1, len(bite) - 1)
    raise ValueError


def _turned(orientation: int) -> list[Piece]:
    """An Exif segment that says how the picture is turned, and nothing else."""
    tiff = turned(orientation)
    return [_segment(0xE1, EXIF + tiff)] if tiff else []


def _segment(code: int, content: bytes) -> bytes:
    return bytes([0xFF, code]) + struct.pack(">H", 2 + len(content)) + content
