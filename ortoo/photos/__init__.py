"""What a photo says beside its picture is taken out before it is sealed: place, device, names, thumbnails (LESSONS).

The containers are taken apart, and only what draws the picture is kept, byte for byte: nothing is decoded, so nothing
gets worse, no picture library is handed a stranger's file, and memory does not grow with it. What is not understood is
refused, never passed on as clean. What stays: the colour profile, and how the picture is turned.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from ortoo.photos import heic, jpeg, png, webp
from ortoo.photos.pieces import BITE, Piece, Slice

OCTETS: Final = "application/octet-stream"
SHOWN: Final = frozenset(  # types that are said to a person; whatever else is a file (protocol §6)
    {"image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf", "text/plain", "audio/mpeg", "audio/ogg"}
)
_FOREIGN: Final = (  # pictures and films that nobody here can clean
    *(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"IIU\0", b"IIRO", b"IIRS", b"MMOR"),  # TIFF, and what cameras make of it
    *(b"FUJIFILM", b"FOVb", b"\0MRM", b"8BPS", b"GIF8"),  # of Fuji, Sigma, Minolta, Photoshop
    *(b"\0\0\0\x0cJXL ", b"\xff\x0a", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),  # JPEG XL, JPEG 2000
    *(
        b"RIFF",
        b"\x1aE\xdf\xa3",
        b"0&\xb2u\x8ef\xcf\x11",
        b"FLV\1",
        b"\0\0\1\xba",
    ),  # AVI, WAV, Matroska, Windows, Flash, MPEG
)
_FILM_BOXES: Final = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")  # a film of before `ftyp`


class NotClean(ValueError):
    """A photo or film whose metadata cannot be taken out."""


@dataclass(frozen=True)
class Content:
    """What of a file is passed on, in order. type: by what it holds. cleaned: whether its metadata was taken out."""

    path: Path
    type: str
    pieces: Sequence[Piece]
    cleaned: bool

    @property
    def size(self) -> int:
        return sum(one.length if isinstance(one, Slice) else len(one) for one in self.pieces)

    def read(self) -> Iterator[bytes]:
        """The content, a bite at a time."""
        with self.path.open("rb") as file:
            for one in self.pieces:
                if isinstance(one, bytes):
                    yield one
                    continue
                file.seek(one.start)
                left = one.length
                while left and (bite := file.read(min(left, BITE))):
                    left -= len(bite)
                    yield bite


def content_of(path: Path, *, keep_metadata: bool = False) -> Content:
    """What is to be sealed of a file.

    Raises NotClean for a photo or film whose metadata is neither understood nor to be kept; OSError.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        head = file.read(32)
        type, clean = _known(head)
        whole = (Slice(0, size),)
        if keep_metadata or clean is None:
            return Content(path, type, whole, cleaned=False)
        try:
            return Content(path, type, clean(file, size), cleaned=True)
        except (struct.error, LookupError, ValueError):
            raise NotClean(type) from None


Clean = Callable[[BinaryIO, int], Sequence[Piece]]


def _known(head: bytes) -> tuple[str, Clean | None]:
    """The type by the first bytes, and how it is cleaned; None where it goes as it is, which its sender is told."""
    if head.startswith(b"\xff\xd8"):
        return "image/jpeg", jpeg.clean
    if head.startswith(png.SIGNATURE):
        return "image/png", png.clean
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp", webp.clean
    if head[4:8] == b"ftyp":
        return ("image/heic", heic.clean) if head[8:12] in heic.BRANDS else (OCTETS, _never)
    if head.startswith(b"%PDF-"):
        return "application/pdf", None
    if head.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3")):
        return "audio/mpeg", None
    if head.startswith(b"OggS"):
        return "audio/ogg", None
    return OCTETS, _never if head.startswith(_FOREIGN) or head[4:8] in _FILM_BOXES else None


def _never(file: BinaryIO, size: int) -> Sequence[Piece]:
    raise ValueError
