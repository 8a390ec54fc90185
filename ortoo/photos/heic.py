"""HEIC and AVIF (ISO/IEC 23008-12, 14496-12): boxes `length name …`; `meta` says which items there are and where in
`mdat` or `idat` they lie.

The file stays as long as it is, so that all offsets stay right: zeros stand wherever no picture is. A box or a property
that is none of a still picture's is refused: a film beside the picture, or a maker's own.
"""

import struct
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import BinaryIO, Final

from ortoo.photos.pieces import Piece, Slice, exactly

BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"mif2", b"avif")
_IN_META: Final = frozenset(
    {b"hdlr", b"pitm", b"iinf", b"iloc", b"iref", b"iprp", b"idat", b"grpl", b"dinf"}  # one of each at most
)
_PROPERTIES: Final = frozenset(  # what is needed to draw; others name people and times (udes, crtt), or are unknown
    {b"hvcC", b"lhvC", b"av1C", b"jpgC", b"ispe", b"pixi", b"pasp", b"colr", b"clap", b"irot", b"imir", b"auxC"}
    | {b"clli", b"mdcv", b"cclv", b"amve", b"rloc", b"lsel", b"tols", b"oinf", b"a1op", b"a1lx"}
)
_PICTURES: Final = (b"hvc1", b"hev1", b"lhv1", b"av01", b"jpeg", b"grid", b"iovl", b"iden", b"tmap")
_TEXTS: Final = (b"Exif", b"mime", b"uri ")
_NO_EXIF: Final = bytes(4) + b"MM\0*" + struct.pack(">IHI", 8, 0, 0)  # without an entry: readers refuse mere zeros
_MOST: Final = 4 * 1024 * 1024  # bytes of `meta`, and of what is blanked in one place

Range = tuple[int, int]  # of the file: from, up to


@dataclass(frozen=True)
class Box:
    """start: where in the file its content begins."""

    name: bytes
    start: int
    content: bytes

    @property
    def range(self) -> Range:
        return self.start, self.start + len(self.content)


@dataclass(frozen=True)
class Item:
    """said: where its name and its content's type stand."""

    kind: bytes
    said: Range


def clean(file: BinaryIO, size: int) -> Sequence[Piece]:
    meta, data = _outermost(file, size)
    boxes = _boxes(meta, 4, _IN_META)
    inside = {one.name: one for one in boxes}
    if len(inside) < len(boxes):
        raise ValueError
    _check_properties(inside)
    items = _items(inside[b"iinf"])
    idat = [inside[b"idat"].range] if b"idat" in inside else []
    drawn, told, exif = _lying(inside[b"iloc"], items, idat)
    gaps = [gap for area in (*data, *idat) for gap in _gaps(area, drawn)]
    if not all(any(begin <= start and stop <= end for begin, end in gaps) for start, stop in told):
        raise ValueError
    said = [one.said for one in items.values()] + _handler_name(inside)
    return _blanked(size, sorted(gaps + said), exif)


def _outermost(file: BinaryIO, size: int) -> tuple[Box, list[Range]]:
    """`meta`, and where what it points to lies."""
    metas, data, at = [], [], 0
    while at < size:
        name, start, end = _box(file, at, size)
        if name == b"meta" and end - start <= _MOST:
            metas.append(Box(name, start, exactly(file, start, end - start)))
        elif name == b"mdat":
            data.append((start, end))
        elif name != b"ftyp":
            raise ValueError
        at = end
    (meta,) = metas
    return meta, data


def _box(file: BinaryIO, at: int, size: int) -> tuple[bytes, int, int]:
    """Name, and where what is inside begins and ends."""
    length, name = struct.unpack(">I4s", exactly(file, at, 8))
    start = at + 8
    if length == 1:
        length, start = struct.unpack(">Q", exactly(file, at + 8, 8))[0], at + 16
    end = size if length == 0 else at + length
    if not start <= end <= size:
        raise ValueError
    return name, start, end


def _boxes(outer: Box, at: int, among: Set[bytes]) -> list[Box]:
    """The boxes inside, from there on. Raises ValueError for one that is none of these."""
    found = []
    while at < len(outer.content):
        length, name = struct.unpack(">I4s", outer.content[at : at + 8])
        if length < 8 or at + length > len(outer.content) or name not in among:
            raise ValueError
        found.append(Box(name, outer.start + at + 8, outer.content[at + 8 : at + length]))
        at += length
    return found


def _check_properties(inside: dict[bytes, Box]) -> None:
    if b"iprp" in inside:
        for one in _boxes(inside[b"iprp"], 0, {b"ipco", b"ipma"}):
            if one.name == b"ipco":
                _boxes(one, 0, _PROPERTIES)
    if b"dinf" in inside and len(inside[b"dinf"].content) > 28:  # more than «in this file»
        raise ValueError


def _items(iinf: Box) -> dict[int, Item]:
    raw = iinf.content
    at, count = (6, struct.unpack(">H", raw[4:6])[0]) if raw[0] == 0 else (8, struct.unpack(">I", raw[4:8])[0])
    items: dict[int, Item] = {}
    for _ in range(count):
        length, name, version = struct.unpack(">I4sB", raw[at : at + 9])
        if name != b"infe" or version not in (2, 3):
            raise ValueError
        width = 4 if version == 3 else 2
        item, behind = int.from_bytes(raw[at + 12 : at + 12 + width], "big"), at + 12 + width + 2 + 4
        kind, end = raw[behind - 4 : behind], at + length
        if kind not in (*_PICTURES, *_TEXTS) or not behind <= end <= len(raw) or item in items:
            raise ValueError
        items[item] = Item(kind, (iinf.start + behind, iinf.start + end))
        at = end
    if at != len(raw):
        raise ValueError
    return items


def _lying(iloc: Box, items: dict[int, Item], idat: list[Range]) -> tuple[list[Range], list[Range], list[int]]:
    """Where pictures lie, where other items do, and where of these Exif begins."""
    drawn: list[Range] = []
    told: list[Range] = []
    exif: dict[int, int] = {}
    for item, method, start, length in _locations(iloc.content):
        is_picture = items[item].kind in _PICTURES
        if is_picture and method == 2:  # made of bytes of other pictures
            continue
        if method == 2 or length == 0:  # all of what it lies in
            raise ValueError
        if method == 1:
            start += idat[0][0]
        (drawn if is_picture else told).append((start, start + length))
        if items[item].kind == b"Exif" and item not in exif:
            if length < len(_NO_EXIF):
                raise ValueError
            exif[item] = start
    return drawn, told, list(exif.values())


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


def _gaps(area: Range, drawn: list[Range]) -> Iterator[Range]:
    """What of the area no picture needs."""
    at, end = area
    for start, stop in sorted(drawn):
        if stop <= at or start >= end:
            continue
        if start > at:
            yield at, start
        at = stop
    if at < end:
        yield at, end


def _handler_name(inside: dict[bytes, Box]) -> list[Range]:
    """Of the software, if it left one."""
    start, end = inside[b"hdlr"].range if b"hdlr" in inside else (0, 0)
    return [(start + 24, end)] if end - start > 24 else []


def _blanked(size: int, blank: list[Range], exif: list[int]) -> list[Piece]:
    kept: list[Piece] = []
    at = 0
    for start, end in blank:
        if not at <= start <= end <= size or end - start > _MOST:
            raise ValueError
        zeros = bytearray(end - start)
        for one in exif:
            if start <= one < end:
                zeros[one - start : one - start + len(_NO_EXIF)] = _NO_EXIF
        kept += [Slice(at, start - at), bytes(zeros)]
        at = end
    return [*kept, Slice(at, size - at)]
