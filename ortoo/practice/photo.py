"""A photo to send in practice: a grey picture of any size in bytes, which says in Exif where it was taken."""

import struct
from pathlib import Path
from typing import Final

_ROW: Final = 1024  # bytes of scan for a row of blocks: 4096 blocks of two bits
_MOST_ROWS: Final = 8191  # of eight lines each

# Orientation, and the place where it was taken: 47°55′N (ITU-T T.81 and Exif 3.0 for all of this).
_EXIF: Final = b"Exif\0\0MM\0*" + struct.pack(
    ">IHHHIHHHHIIIHHHI4sHHIII6I",
    *(8, 2, 0x0112, 3, 1, 1, 0, 0x8825, 4, 1, 38, 0),
    *(2, 1, 2, 2, b"N\0\0\0", 2, 5, 3, 68, 0, 47, 1, 55, 1, 0, 1),
)


def write(path: Path, size: int) -> None:
    """A JPEG of about `size` bytes."""
    rows = min(max(size // _ROW, 1), _MOST_ROWS)
    with path.open("wb") as file:
        file.write(b"\xff\xd8" + _segment(0xE1, _EXIF))
        file.write(_segment(0xDB, b"\0" + b"\x10" * 64))  # quantisation
        file.write(_segment(0xC0, struct.pack(">BHHBBBB", 8, rows * 8, 4096 * 8, 1, 1, 0x11, 0)))
        for table in (0x00, 0x10):  # one word of one bit: no difference, nothing more in this block
            file.write(_segment(0xC4, bytes([table, 1, *[0] * 15, 0])))
        file.write(_segment(0xDA, bytes([1, 1, 0, 0, 63, 0])))
        for _ in range(rows):
            file.write(bytes(_ROW))
        file.write(b"\xff\xd9")


def _segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(content)) + content
