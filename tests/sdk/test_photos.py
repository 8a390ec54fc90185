"""What a photo says beside its picture is taken out (LESSONS: photos carry places, devices, names), or it is refused.

Each photo here is put together by its own standard, with words planted wherever that standard has room for them.
"""

import struct
import zlib
from pathlib import Path
from typing import Final

import pytest

from ortoo.attached import Attached, AttachmentError
from ortoo.photos import NotClean, content_of
from ortoo.practice import photo

PLANTED: Final = b"GPS-47.9-N-Samsung-of-Tsetsegmaa"
PICTURE: Final = b"\x12\x34picture bytes\x56\x78" * 40
TURNED: Final = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)  # orientation 6, and nothing else
EXIF: Final = b"II*\0" + struct.pack("<IHHHIHHHHII", 8, 2, 0x0112, 3, 1, 6, 0, 0x010F, 2, len(PLANTED), 38) + PLANTED


def segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(content)) + content


FRAME: Final = segment(0xDB, b"\0" + b"\x10" * 64) + segment(0xC0, bytes([8, 0, 8, 0, 8, 1, 1, 0x11, 0]))
SCAN: Final = segment(0xDA, bytes([1, 1, 0, 0, 63, 0])) + PICTURE + b"\xff\x00\xff\xd0" + PICTURE
PROFILE: Final = segment(0xE2, b"ICC_PROFILE\0\1\1" + b"colours" * 10)
ADOBE: Final = b"Adobe\0\x64\0\0\0\0\1"  # how the colours are to be taken
JPEG: Final = (
    b"\xff\xd8"
    + segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\1\1" + PLANTED)
    + segment(0xE1, b"Exif\0\0" + EXIF)
    + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>" + PLANTED)
    + PROFILE
    + segment(0xE2, b"MPF\0" + PLANTED)
    + segment(0xED, b"Photoshop 3.0\0" + PLANTED)
    + segment(0xEE, ADOBE + PLANTED)
    + segment(0xEF, PLANTED)
    + segment(0xFE, PLANTED)
    + FRAME
    + SCAN
    + segment(0xFE, PLANTED)
    + b"\xff\xd9"
    + b"a film behind the picture: "
    + PLANTED
)


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


HEADER: Final = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
PNG: Final = (
    b"\x89PNG\r\n\x1a\n"
    + HEADER
    + chunk(b"tEXt", b"Author\0" + PLANTED)
    + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(PLANTED))
    + chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + PLANTED)
    + chunk(b"tIME", b"\x07\xea\x0b\x1a\x0c\0\0")
    + chunk(b"eXIf", EXIF)
    + chunk(b"prVt", PLANTED)
    + chunk(b"IDAT", zlib.compress(b"\0\x80"))
    + chunk(b"IEND", b"")
    + PLANTED
)


def riff(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


EXTENDED: Final = riff(b"VP8X", bytes([0x0C, 0, 0, 0]) + bytes(6))
WEBP_BODY: Final = (
    EXTENDED + riff(b"VP8 ", PICTURE) + riff(b"EXIF", EXIF) + riff(b"XMP ", PLANTED) + riff(b"XYZW", PLANTED)
)
WORDS: Final = riff(b"XYZW", PLANTED)


def riff_of(body: bytes) -> bytes:
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


WEBP: Final = riff_of(WEBP_BODY) + PLANTED


NAME: Final = b"Samsung editor"  # of the software, and of each item
LEFT: Final = b"left of another picture: " + PLANTED
HEIC_EXIF: Final = b"\0\0\0\6Exif\0\0" + EXIF
NO_EXIF: Final = b"\0\0\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"  # Exif that says nothing


def box(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", 8 + len(content)) + name + content


def heic(more: bytes = b"", beside: bytes = b"", property: bytes = b"", exif_length: int | None = None) -> bytes:
    """A picture, its Exif and its XMP in `mdat`, and what an earlier picture left there. more: boxes within `meta`;
    beside: after all; property: of the picture; exif_length: as `iloc` says it.
    """

    def entry(item: int, kind: bytes) -> bytes:
        return box(b"infe", b"\2\0\0\0" + struct.pack(">HH", item, 0) + kind + NAME + b"\0")

    ftyp = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    items = [(1, b"hvc1", PICTURE), (2, b"Exif", HEIC_EXIF), (3, b"mime", PLANTED)]
    hdlr = box(b"hdlr", bytes(8) + b"pict" + bytes(12) + NAME + b"\0")
    iinf = box(b"iinf", b"\0\0\0\0" + struct.pack(">H", 3) + b"".join(entry(item, kind) for item, kind, _ in items))
    iprp = box(b"iprp", box(b"ipco", box(b"ispe", bytes(12)) + property) + box(b"ipma", bytes(8)))

    def meta(begins: int) -> bytes:
        places, at = b"", begins
        for item, kind, content in items:
            length = exif_length if kind == b"Exif" and exif_length is not None else len(content)
            places += struct.pack(">HHHII", item, 0, 1, at, length)
            at += len(content)
        iloc = box(b"iloc", b"\0\0\0\0\x44\0" + struct.pack(">H", 3) + places)
        return box(b"meta", b"\0\0\0\0" + hdlr + iinf + iloc + iprp + more)

    begins = len(ftyp) + len(meta(0)) + 8
    return ftyp + meta(begins) + box(b"mdat", b"".join(content for _, _, content in items) + LEFT) + beside


def cleaned(folder: Path, raw: bytes, name: str = "x") -> bytes:
    (folder / name).write_bytes(raw)
    content = content_of(folder / name)
    assert content.cleaned
    read = b"".join(content.read())
    assert len(read) == content.size
    return read


@pytest.mark.parametrize(("raw", "type"), [(JPEG, "jpeg"), (PNG, "png"), (WEBP, "webp"), (heic(), "heic")])
def test_nothing_that_was_planted_is_left_and_the_picture_is(tmp_path: Path, raw: bytes, type: str) -> None:
    read = cleaned(tmp_path, raw)
    assert PLANTED in raw
    assert PLANTED not in read
    assert b"Samsung" not in read
    assert (PICTURE if type != "png" else zlib.compress(b"\0\x80")) in read
    assert content_of(tmp_path / "x").type == f"image/{type}"
    # What is clean stays as it is, byte for byte.
    assert cleaned(tmp_path, read, "y") == read


def test_what_is_kept_written_out(tmp_path: Path) -> None:
    jfif = segment(0xE0, b"JFIF\0\1\2\0\0\1\0\1\0\0")
    turned = segment(0xE1, b"Exif\0\0" + TURNED)
    assert (
        cleaned(tmp_path, JPEG)
        == b"\xff\xd8" + jfif + turned + PROFILE + segment(0xEE, ADOBE) + FRAME + SCAN + b"\xff\xd9"
    )
    data = chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")
    assert cleaned(tmp_path, PNG) == PNG[:8] + HEADER + chunk(b"eXIf", TURNED) + data
    body = riff(b"VP8X", bytes([0x08, 0, 0, 0]) + bytes(6)) + riff(b"VP8 ", PICTURE) + riff(b"EXIF", TURNED)
    assert cleaned(tmp_path, WEBP) == riff_of(body)
    film = riff_of(EXTENDED[:8] + bytes(10) + riff(b"ANMF", bytes(16) + riff(b"ALPH", b"x") + riff(b"VP8 ", PICTURE)))
    assert cleaned(tmp_path, film) == film
    blank = heic().replace(HEIC_EXIF, NO_EXIF + bytes(len(HEIC_EXIF) - len(NO_EXIF)))
    for words in (LEFT, PLANTED, NAME):
        blank = blank.replace(words, bytes(len(words)))
    assert cleaned(tmp_path, heic()) == blank


NOT_UNDERSTOOD: Final[dict[str, bytes]] = {
    "a JPEG without an end": JPEG[: JPEG.index(b"\xff\xd9")],
    "a JPEG that is cut in a segment": JPEG[:40],
    "a JPEG with a segment of no length": b"\xff\xd8\xff\xe1\0\1" + JPEG[2:],
    "a JPEG with bytes between its segments": b"\xff\xd8xx" + JPEG[2:],
    "a PNG that is cut": PNG[:60],
    "a PNG with a critical chunk that nobody knows": PNG[:8] + HEADER + chunk(b"ABCD", PLANTED) + PNG[33:],
    "a WebP that says it is longer": WEBP[:4] + struct.pack("<I", 10**6) + WEBP[8:],
    "a WebP with words in a frame": riff_of(EXTENDED + riff(b"ANMF", bytes(16) + riff(b"VP8 ", PICTURE) + WORDS)),
    "a HEIC with XMP in a box of its own": heic(more=box(b"uuid", PLANTED)),
    "a HEIC with an item that nobody knows": heic().replace(b"hvc1", b"abcd"),
    "a HEIC with a film beside": heic(beside=box(b"moov", PLANTED)),
    "a HEIC with a maker's box": heic(beside=box(b"mpvd", PLANTED)),
    "a HEIC that is cut": heic()[:-20],
    "a HEIC with a box that nobody knows": heic(more=box(b"abcd", PLANTED)),
    "a HEIC whose picture has a name": heic(property=box(b"udes", PLANTED)),
    "a HEIC with a box twice": heic(more=box(b"iprp", b"")),
    "a HEIC whose Exif is all of the file": heic(exif_length=0),
    "a HEIC whose Exif goes on behind its data": heic(exif_length=10_000),
    "a HEIC whose Exif has no room to say nothing": heic(exif_length=8),
    "a film": box(b"ftyp", b"isom\0\0\0\0mp42") + box(b"moov", PLANTED),
    "a TIFF": b"II*\0\x08\0\0\0" + EXIF,
    "a GIF": b"GIF89a" + PLANTED,
    "a JPEG XL": b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"Exif", EXIF),
    "a JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n" + box(b"xml ", PLANTED),
    "a Photoshop file": b"8BPS\0\1" + PLANTED,
    "a film of an old camera": box(b"wide", b"") + box(b"moov", PLANTED),
    "a film of Windows": b"0&\xb2u\x8ef\xcf\x11" + PLANTED,
    "a picture of Olympus": b"IIRO\x08\0\0\0" + EXIF,
}


@pytest.mark.parametrize("what", NOT_UNDERSTOOD)
def test_what_is_not_understood_is_refused_unless_somebody_chose_to_keep_it(tmp_path: Path, what: str) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(NOT_UNDERSTOOD[what])
    with pytest.raises(NotClean):
        content_of(path)
    with pytest.raises(AttachmentError) as refused:
        Attached.of(path)
    assert (refused.value.problem, refused.value.name) == ("not_clean", "x.jpg")
    kept = Attached.of(path, keep_metadata=True)
    assert not kept.cleaned
    assert b"".join(kept.content.read()) == NOT_UNDERSTOOD[what]


def test_no_cut_of_a_photo_and_no_changed_byte_is_more_than_it_can_take(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for raw in (JPEG, PNG, WEBP, heic()):
        head = min(len(raw), 500)
        damaged: list[bytes] = [raw[:at] for at in range(16, head, 7)]
        damaged += [raw[:at] + bytes([raw[at] ^ 0xFF]) + raw[at + 1 :] for at in range(16, head, 5)]
        for one in damaged:
            path.write_bytes(one)
            try:
                list(content_of(path).read())
            except NotClean:
                continue


@pytest.mark.parametrize(
    ("raw", "type"),
    [
        (b"%PDF-1.7 and more", "application/pdf"),
        (b"OggS" + bytes(40), "audio/ogg"),
        ("Захидал".encode(), "application/octet-stream"),
        (b"", "application/octet-stream"),
        (b"<html><script>", "application/octet-stream"),
    ],
)
def test_other_files_go_as_they_are_under_a_type_that_does_no_harm(tmp_path: Path, raw: bytes, type: str) -> None:
    (tmp_path / "x.jpg").write_bytes(raw)
    attached = Attached.of(tmp_path / "x.jpg")
    assert (attached.type, attached.cleaned, attached.size) == (type, False, len(raw))
    assert b"".join(attached.content.read()) == raw


def test_what_cannot_be_attached_is_said(tmp_path: Path) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(50 * 1024 * 1024 + 1)
    wrong = {large: "too_large", tmp_path / "no": "no_such_file", tmp_path: "no_such_file"}
    for path, problem in wrong.items():
        with pytest.raises(AttachmentError) as refused:
            Attached.of(path)
        assert refused.value.problem == problem


def test_the_practice_photo_says_where_it_was_taken_until_it_is_attached(tmp_path: Path) -> None:
    photo.write(tmp_path / "x.jpg", 20_000)
    raw = (tmp_path / "x.jpg").read_bytes()
    assert b"N\0\0\0" in raw[:200]
    read = cleaned(tmp_path, raw)
    assert b"Exif" not in read
    assert 19_000 < len(read) < len(raw) < 21_000
