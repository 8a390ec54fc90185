"""What a photo says beside its picture is taken out before it is sealed: place, device, names, thumbnails (LESSONS).

The containers are taken apart, and only what draws the picture is kept, byte for byte: nothing is decoded, so nothing
gets worse, no picture library is handed a stranger's file, and memory does not grow with it. What is not understood is
refused, never passed on as clean. What stays: the colour profile, and how the picture is turned.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

BITE: Final = 64 * 1024  # bytes that are read at once
MOST_PIECES: Final = 100_000  # of a container: more are no photo's
OCTETS: Final = "application/octet-stream"
SHOWN: Final = frozenset(  # types that are said to a person; whatever else is a file (protocol §6)
    {"image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf", "text/plain", "audio/mpeg", "audio/ogg"}
)


class NotClean(ValueError):
    """A photo or film whose metadata cannot be taken out."""


@dataclass(frozen=True)
class Slice:
    """Bytes of the file as they are."""

    start: int
    length: int


@dataclass(frozen=True)
class Content:
    """What of a file is passed on, in order. type: by what it holds. cleaned: whether its metadata was taken out."""

    path: Path
    type: str
    pieces: Sequence[Slice | bytes]
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


Clean = Callable[[BinaryIO, int], Sequence[Slice | bytes]]


def _known(head: bytes) -> tuple[str, Clean | None]:
    """The type by the first bytes, and how it is cleaned; None where a file of that type says nothing by itself."""
    if head.startswith(b"\xff\xd8"):
        return "image/jpeg", _jpeg
    if head.startswith(_PNG):
        return "image/png", _png
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp", _webp
    if head[4:8] == b"ftyp":
        return ("image/heic", _heic) if head[8:12] in _HEIC_BRANDS else (OCTETS, _never)
    if head.startswith(b"%PDF-"):
        return "application/pdf", None
    if head.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3")):
        return "audio/mpeg", None
    if head.startswith(b"OggS"):
        return "audio/ogg", None
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"GIF8", b"RIFF", b"\x1aE\xdf\xa3", b"FUJIFILM")):
        return OCTETS, _never  # TIFF and the raw formats of cameras, GIF, AVI and WAV, Matroska
    return OCTETS, None


def _never(file: BinaryIO, size: int) -> Sequence[Slice | bytes]:
    raise ValueError


# --- JPEG (ITU-T T.81, Exif 3.0) --------------------------------------------------------------------------------------

_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # what ends a scan
_EXIF: Final = b"Exif\0\0"


def _jpeg(file: BinaryIO, size: int) -> Sequence[Slice | bytes]:
    """Tables, frames and scans; of the APPn segments JFIF, the colour profile and Adobe's colour transform."""
    kept: list[Slice | bytes] = [b"\xff\xd8"]
    turned, at = 1, 2
    for _ in range(MOST_PIECES):
        marker = _read(file, at, 2)
        if marker[0] != 0xFF:
            raise ValueError
        code = marker[1]
        if code == 0xFF:  # fill
            at += 1
            continue
        if code == 0xD9:
            kept.append(b"\xff\xd9")  # what a camera or a phone puts behind it is not the picture
            first = 2 if isinstance(kept[1], bytes) and kept[1].startswith(b"\xff\xe0") else 1  # JFIF leads
            return [*kept[:first], *_turned(turned), *kept[first:]]
        if code in _ALONE or code == 0xD8:
            raise ValueError
        length = struct.unpack(">H", _read(file, at + 2, 2))[0]
        if length < 2:
            raise ValueError
        begins = _read(file, at + 4, min(length - 2, 32))
        if code == 0xE1 and begins.startswith(_EXIF):
            turned = _orientation(_read(file, at + 10, length - 8))
        elif code == 0xE0 and begins.startswith(b"JFIF\0"):
            kept.append(b"\xff\xe0\0\x10" + begins[:12] + b"\0\0")  # without its thumbnail
        elif _draws(code, begins):
            kept.append(Slice(at, 2 + length))
        at += 2 + length
        if code == 0xDA:
            end = _end_of_scan(file, at, size)
            kept.append(Slice(at, end - at))
            at = end
    raise ValueError


def _draws(code: int, begins: bytes) -> bool:
    if code == 0xE2:
        return begins.startswith(b"ICC_PROFILE\0")
    if code == 0xEE:
        return begins.startswith(b"Adobe")
    return 0xC0 <= code <= 0xDF


def _end_of_scan(file: BinaryIO, at: int, size: int) -> int:
    while at < size:
        file.seek(at)
        bite = file.read(BITE)
        found = _MARKER.search(bite)
        if found is not None:
            return at + found.start()
        at += max(1, len(bite) - 1)
    raise ValueError


def _orientation(tiff: bytes) -> int:
    """How the picture is to be turned (1 to 8); 1 where Exif does not say it, or says it in no known way."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return 1
    at = struct.unpack(order + "I", tiff[4:8])[0]
    entries = struct.unpack(order + "H", tiff[at : at + 2])[0] if at + 2 <= len(tiff) else 0
    for start in range(at + 2, min(at + 2 + 12 * entries, len(tiff) - 11), 12):
        tag, kind, count, value = struct.unpack(order + "HHIH", tiff[start : start + 10])
        if (tag, kind, count) == (0x0112, 3, 1):
            return int(value) if 1 <= value <= 8 else 1
    return 1


def _turned(orientation: int) -> list[Slice | bytes]:
    """An Exif segment that says how the picture is turned, and nothing else."""
    if orientation == 1:
        return []
    tiff = _turned_tiff(orientation)
    return [b"\xff\xe1" + struct.pack(">H", 2 + len(_EXIF) + len(tiff)) + _EXIF + tiff]


def _turned_tiff(orientation: int) -> bytes:
    """Exif with one entry, the orientation."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)


# --- PNG (W3C PNG, third edition) -------------------------------------------------------------------------------------

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT: Final = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"cICP", b"mDCV")
) | {b"cLLI", b"bKGD", b"hIST", b"pHYs", b"sPLT", b"acTL", b"fcTL", b"fdAT"}


def _png(file: BinaryIO, size: int) -> Sequence[Slice | bytes]:
    kept: list[Slice | bytes] = [_PNG]
    turned, at = 1, len(_PNG)
    for _ in range(MOST_PIECES):
        length, name = struct.unpack(">I4s", _read(file, at, 8))
        if at + 12 + length > size:
            raise ValueError
        if name == b"eXIf" and length <= BITE:
            turned = _orientation(_read(file, at + 8, length))
        if name in _PNG_KEPT:
            kept.append(Slice(at, 12 + length))
        elif not name[0] & 0x20:  # a critical one that is not known: the picture is not what it seems
            raise ValueError
        at += 12 + length
        if name == b"IEND":
            return [*kept[:2], *_turned_png(turned), *kept[2:]]
    raise ValueError


def _turned_png(orientation: int) -> list[Slice | bytes]:
    if orientation == 1:
        return []
    chunk = b"eXIf" + _turned_tiff(orientation)
    return [struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))]


# --- WebP (RFC 9649) --------------------------------------------------------------------------------------------------

_WEBP_KEPT: Final = (b"VP8 ", b"VP8L", b"ALPH", b"ANIM", b"ANMF", b"ICCP")


def _webp(file: BinaryIO, size: int) -> Sequence[Slice | bytes]:
    end = 8 + struct.unpack("<I", _read(file, 4, 4))[0]
    kept: list[Slice | bytes] = []
    turned, at = 1, 12
    for _ in range(MOST_PIECES):
        if at >= end:
            break
        name, length = struct.unpack("<4sI", _read(file, at, 8))
        padded = 8 + length + length % 2
        if at + padded > size:
            raise ValueError
        if name == b"VP8X":
            said = bytearray(_read(file, at, padded))
            said[8] &= ~0x0C  # there is neither Exif nor XMP
            kept.append(bytes(said))
        elif name == b"EXIF" and length <= BITE:
            turned = _orientation(_read(file, at + 8, length).removeprefix(_EXIF))
        elif name in _WEBP_KEPT:
            kept.append(Slice(at, padded))
        at += padded
    if not kept:
        raise ValueError
    if turned != 1 and isinstance(kept[0], bytes):
        kept[0] = kept[0][:8] + bytes([kept[0][8] | 0x08]) + kept[0][9:]
        kept.append(b"EXIF" + struct.pack("<I", len(_turned_tiff(turned))) + _turned_tiff(turned))
    length = sum(one.length if isinstance(one, Slice) else len(one) for one in kept)
    return [b"RIFF" + struct.pack("<I", 4 + length) + b"WEBP", *kept]


# --- HEIC (ISO/IEC 23008-12, 14496-12) --------------------------------------------------------------------------------

_HEIC_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif")
_HEIC_PICTURES: Final = (b"hvc1", b"hev1", b"lhv1", b"av01", b"jpeg", b"grid", b"iovl", b"iden", b"tmap")
_MOST_META: Final = 4 * 1024 * 1024  # bytes


def _heic(file: BinaryIO, size: int) -> Sequence[Slice | bytes]:
    """The same file with zeros in place of Exif and XMP: nothing moves, so that all offsets stay right.

    A box that is none of a still picture's is refused: a film beside the picture, or a maker's own.
    """
    metas, at = [], 0
    while at < size:
        name, start, end = _box(file, at, size)
        if name == b"meta":
            if end - start > _MOST_META:
                raise ValueError
            metas.append((start, _read(file, start, end - start)))
        elif name not in (b"ftyp", b"mdat"):
            raise ValueError
        at = end
    if len(metas) != 1:
        raise ValueError
    begins, meta = metas[0]
    blank = sorted(_extents_to_blank(meta, begins))
    kept: list[Slice | bytes] = []
    at = 0
    for start, length in blank:
        if start < at or start + length > size or length > _MOST_META:
            raise ValueError
        kept += [Slice(at, start - at), bytes(length)]
        at = start + length
    return [*kept, Slice(at, size - at)]


def _box(file: BinaryIO, at: int, size: int) -> tuple[bytes, int, int]:
    """Name, and where what is inside begins and ends."""
    length, name = struct.unpack(">I4s", _read(file, at, 8))
    start = at + 8
    if length == 1:
        length, start = struct.unpack(">Q", _read(file, at + 8, 8))[0], at + 16
    end = size if length == 0 else at + length
    if not start <= end <= size:
        raise ValueError
    return name, start, end


def _extents_to_blank(meta: bytes, begins: int) -> Iterator[tuple[int, int]]:
    boxes = {}
    at = 4  # behind version and flags
    while at < len(meta):
        length, name = struct.unpack(">I4s", meta[at : at + 8])
        if length < 8 or at + length > len(meta) or name in (b"uuid", b"udta", b"xml ", b"bxml"):
            raise ValueError
        boxes[name] = (at + 8, meta[at + 8 : at + length])
        at += length
    idat = begins + boxes[b"idat"][0] if b"idat" in boxes else None
    unwanted = set(_metadata_items(boxes[b"iinf"][1]))
    for item, method, start, length in _locations(boxes[b"iloc"][1]):
        if item in unwanted:
            if method == 2 or (method == 1 and idat is None):
                raise ValueError
            yield (start + (idat or 0) if method == 1 else start), length


def _metadata_items(iinf: bytes) -> Iterator[int]:
    """Ids of the items that are no picture: Exif, XMP, whatever is text."""
    version = iinf[0]
    at, count = (6, struct.unpack(">H", iinf[4:6])[0]) if version == 0 else (8, struct.unpack(">I", iinf[4:8])[0])
    for _ in range(count):
        length, name, its_version = struct.unpack(">I4sB", iinf[at : at + 9])
        if name != b"infe" or its_version not in (2, 3) or length < 20:
            raise ValueError
        wide = its_version == 3
        item = struct.unpack(">I" if wide else ">H", iinf[at + 12 : at + (16 if wide else 14)])[0]
        kind = iinf[at + (18 if wide else 16) : at + (22 if wide else 20)]
        if kind in (b"Exif", b"mime", b"uri "):
            yield item
        elif kind not in _HEIC_PICTURES:
            raise ValueError
        at += length


def _locations(iloc: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Item, how it lies (0: in the file, 1: in `idat`, 2: in another item), where, how long: each extent."""
    version, sizes, more = iloc[0], iloc[4], iloc[5]
    offset_size, length_size, base_size, index_size = sizes >> 4, sizes & 15, more >> 4, more & 15
    at = 6

    def number(width: int) -> int:
        nonlocal at
        if at + width > len(iloc):
            raise ValueError
        value = int.from_bytes(iloc[at : at + width], "big")
        at += width
        return value

    for _ in range(number(4 if version == 2 else 2)):
        item = number(4 if version == 2 else 2)
        method = number(2) & 15 if version in (1, 2) else 0
        if number(2) or method > 2:  # in another file
            raise ValueError
        base = number(base_size)
        for _ in range(number(2)):
            if version in (1, 2):
                number(index_size)
            start, length = base + number(offset_size), number(length_size)
            yield item, method, start, length


def _read(file: BinaryIO, at: int, length: int) -> bytes:
    """Exactly these bytes. Raises ValueError."""
    file.seek(at)
    found = file.read(length)
    if len(found) != length:
        raise ValueError
    return found
