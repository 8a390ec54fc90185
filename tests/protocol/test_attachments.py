"""Files as streams (protocol §6): what is opened is what was sealed, to the byte; memory does not grow with them."""

import tracemalloc
from collections.abc import Iterator
from typing import Final

import pytest

from ortoo.protocol import attachments, schemas, sealing
from ortoo.protocol.attachments import LARGEST, PIECE, Measure, Opening
from ortoo.protocol.documents import b64, sha256
from ortoo.protocol.errors import Refused
from ortoo.protocol.sealing import CHUNK, HEADER, MAX_FILE, TAG, Stored

KEY: Final = bytes(range(32))
CONTEXT: Final = b"needs/file-1 of one document"
PART: Final = "needs/file-1"


def said_of(text: bytes) -> schemas.File:
    return schemas.File(part=PART, name="x", type="x", size=len(text), sha256=b64(sha256(text)))


def part_of(sealed: bytes) -> schemas.SealedPart:
    one = Stored.of(sealed)
    return schemas.SealedPart(name=PART, size=one.size, sha256=one.sha256)


def sealed(text: bytes, key: bytes = KEY, context: bytes = CONTEXT) -> bytes:
    bites = (text[at : at + 1000] for at in range(0, len(text), 1000))
    return b"".join(attachments.seal(key, context, bites, len(text)))


def opened(raw: bytes, said: schemas.File, part: schemas.SealedPart, step: int = 4096) -> bytes:
    opening = Opening(KEY, CONTEXT, said, part)
    return b"".join([*(opening.take(raw[at : at + step]) for at in range(0, len(raw), step)), opening.end()])


@pytest.mark.parametrize("size", [0, 1, 1022, 1023, 1024, 1025, CHUNK - 1, CHUNK, CHUNK + 1, 100_000, 250_001])
def test_a_file_comes_back_and_is_as_long_as_it_was_said_to_be(size: int) -> None:
    text = bytes(n % 251 for n in range(size))
    raw = sealed(text)
    assert len(raw) == sealing.sealed_length(attachments.padded_length(size))
    for step in (1 << 20, 1000):
        assert opened(raw, said_of(text), part_of(raw), step) == text
    # One may open it whole, as any other part of a sealed set: it is the same construction.
    assert sealing.unpad(sealing.unseal(KEY, CONTEXT, raw)) == text


def test_the_padded_lengths_written_out() -> None:
    sizes = (0, 1023, 1024, 3_400_000, MAX_FILE)
    assert [attachments.padded_length(size) for size in sizes] == [1024, 1024, 1088, 3_407_872, 53_477_376]
    assert LARGEST == 53_477_376 + 56 + 16 * (53_477_376 // 16_384 + 1) == 53_529_672


def chunks_of(raw: bytes) -> list[bytes]:
    """Cobblestone's own chunks, behind its header."""
    body, step = raw[HEADER:], CHUNK + TAG
    return [body[at : at + step] for at in range(0, len(body), step)]


TEXT: Final = bytes(n % 253 for n in range(5 * CHUNK))
RAW: Final = sealed(TEXT)
HEAD, PARTS = RAW[:HEADER], chunks_of(RAW)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(HEAD + b"".join([PARTS[1], PARTS[0], *PARTS[2:]]), id="two chunks swapped"),
        pytest.param(HEAD + b"".join([PARTS[0], PARTS[0], *PARTS[2:]]), id="a chunk twice"),
        pytest.param(HEAD + b"".join(PARTS[:-1]), id="without its last chunk"),
        pytest.param(HEAD + b"".join([*PARTS[:2], *PARTS[3:]]), id="without one in the middle"),
        pytest.param(HEAD + b"".join([*PARTS, PARTS[-1]]), id="more than all"),
        pytest.param(RAW[:-1], id="a byte less"),
        pytest.param(RAW[:-1] + bytes([RAW[-1] ^ 1]), id="a bit of the last tag"),
        pytest.param(bytes([RAW[0] ^ 1]) + RAW[1:], id="a bit of the salt"),
        pytest.param(HEAD + b"".join([chunks_of(sealed(TEXT))[0], *PARTS[1:]]), id="a chunk of another sealing"),
        pytest.param(sealed(TEXT, context=b"needs/file-1 of another"), id="another document's"),
        pytest.param(sealed(TEXT, key=bytes(32)), id="under another key"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_whatever_is_not_the_file_is_refused_even_where_the_document_names_it(raw: bytes) -> None:
    # As the document's author would have named it: length and hash do not save the reader.
    said = said_of(TEXT)
    part = schemas.SealedPart(name=PART, size=len(RAW), sha256=b64(sha256(raw)))
    with pytest.raises(Refused) as refused:
        opened(raw, said, part)
    assert refused.value.code in ("cannot_open", "size_mismatch")
    assert refused.value.at == {"part": PART}
    # And as the hub would hand it out for the true one.
    with pytest.raises(Refused) as refused:
        opened(raw, said, part_of(RAW))
    assert refused.value.code in ("cannot_open", "size_mismatch", "hash_mismatch")


def test_a_section_that_describes_another_file_is_refused() -> None:
    longer = said_of(TEXT + b"x")  # of the same padded length: what follows is no pad
    with pytest.raises(Refused) as refused:
        opened(RAW, longer, part_of(RAW))
    assert refused.value.code in ("cannot_open", "hash_mismatch")
    other = said_of(TEXT[:-1] + b"?")
    with pytest.raises(Refused) as refused:
        opened(RAW, other, part_of(RAW))
    assert refused.value.code == "hash_mismatch"
    with pytest.raises(Refused) as refused:
        Opening(KEY, CONTEXT, said_of(b"short"), part_of(RAW))
    assert refused.value.code == "size_mismatch"
    huge = schemas.File(part=PART, name="x", type="x", size=MAX_FILE + 1, sha256=b64(bytes(32)))
    with pytest.raises(Refused) as refused:
        Opening(KEY, CONTEXT, huge, part_of(RAW))
    assert refused.value.code == "limit_exceeded"


@pytest.mark.parametrize("size", [len(TEXT) - 1, len(TEXT) + 1])
def test_a_file_that_changes_while_it_is_sealed_is_not_sealed(size: int) -> None:
    with pytest.raises(Refused) as refused:
        list(attachments.seal(KEY, CONTEXT, [TEXT], size))
    assert refused.value.code == "size_mismatch"


def test_memory_stays_flat_while_a_large_file_is_sealed_and_opened() -> None:
    size = 24 * PIECE

    def zeros() -> Iterator[bytes]:
        for _ in range(0, size, 65_536):
            yield bytes(65_536)

    text, whole = Measure(), Measure()
    for _ in whole.of(attachments.seal(KEY, CONTEXT, text.of(zeros()), size)):
        pass  # once for its hash: the opener is told it
    said = schemas.File(part=PART, name="x", type="x", size=size, sha256=text.sha256)
    part = schemas.SealedPart(name=PART, size=whole.size, sha256=whole.sha256)
    assert PIECE * 25 > whole.size > PIECE * 24

    opening = Opening(KEY, CONTEXT, said, part)
    tracemalloc.start()
    try:
        # Each sealing draws a salt of its own, so this is another one, which is refused at its end.
        passed = sum(len(opening.take(chunk)) for chunk in attachments.seal(KEY, CONTEXT, zeros(), size))
        with pytest.raises(Refused, match="hash_mismatch"):
            opening.end()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert passed > size - 2 * CHUNK
    assert peak < 2 * PIECE
