"""How a picture is to be turned: the one thing of Exif that is kept (TIFF 6.0, Exif 3.0)."""

import struct
from typing import Final

EXIF: Final = b"Exif\0\0"
UPRIGHT: Final = 1


def orientation(tiff: bytes) -> int:
    """How the picture is to be turned (1 to 8); 1 where Exif does not say it, or says it in no known way."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return UPRIGHT
    at = struct.unpack(order + "I", tiff[4:8])[0]
    entries = struct.unpack(order + "H", tiff[at : at + 2])[0] if at + 2 <= len(tiff) else 0
    for start in range(at + 2, min(at + 2 + 12 * entries, len(tiff) - 11), 12):
        tag, kind, count, value = struct.unpack(order + "HHIH", tiff[start : start + 10])
        if (tag, kind, count) == (0x0112, 3, 1):
            return int(value) if 1 <= value <= 8 else UPRIGHT
    return UPRIGHT


def turned(orientation: int) -> bytes:
    """Exif with one entry, the orientation; empty for an upright picture."""
    if orientation == UPRIGHT:
        return b""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
