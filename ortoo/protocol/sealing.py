"""Seal (protocol, first table), padding, and the sealed set that carries sections, notes and evidence (§5).

    dk ── Seal(dk, ctx("part", network, d, o, p), pad(text)) ──────────────────────── part
    rk ── SealTo(a's epoch key, ctx("reader", network, d, o, k, a, epoch, H(c)), rk) ─ wrap, 1,168 bytes
    rk ── Seal(rk, ctx("part-key", network, d, o, p, a), dk) ──────────────────────── key, 104 bytes

d: the document, o: the agency whose member made it, k: that member's signing key, c: the consent, p: part, a: reader.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from cryptography import cobblestone
from cryptography.exceptions import InvalidTag

from ortoo.protocol import schemas
from ortoo.protocol.documents import as_set, b64, ctx, sha256
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import WRAP, KemKey, seal_to

T = TypeVar("T")

KEY: Final = 104  # bytes of a sealed 32-byte key
MAX_PARTS: Final = 32
MAX_SECTIONS: Final = 16
MAX_READERS: Final = 3
MAX_SECTION: Final = 256 * 1024  # bytes before padding
MAX_NOTE: Final = 16 * 1024  # bytes before padding
MAX_FILES: Final = 10
MAX_FILE: Final = 50 * 1024 * 1024  # bytes before padding
CHUNK: Final = 16 * 1024  # bytes of a chunk of Cobblestone
HEADER: Final = 56  # bytes that Cobblestone puts in front: 24 of salt, 32 of commitment
TAG: Final = 16  # bytes after each chunk
NO_CONSENT: Final = bytes(32)  # stands for H(c) in a consent itself


# --- Seal -------------------------------------------------------------------------------------------------------------


def seal(key: bytes, context: bytes, message: bytes) -> bytes:
    """Cobblestone-256 (C2SP chunked-encryption): 72 bytes longer than the message (up to 16 KiB), key-committing."""
    sealer = cobblestone.Cobblestone256Encryptor(key, context)
    return bytes(sealer.update(message)) + bytes(sealer.finalize())


def sealed_length(length: int) -> int:
    """How long Seal makes a message of this length: the last chunk is never full, and may be empty."""
    return length + HEADER + TAG * (length // CHUNK + 1)


def unseal(key: bytes, context: bytes, sealed: bytes) -> bytes:
    """The whole message once all of it is authentic, else `cannot_open`."""
    opener = cobblestone.Cobblestone256Decryptor(key, context)
    try:
        early = bytes(opener.update(sealed))  # not authentic as a whole before finalize: never handed out
        return early + bytes(opener.finalize())
    except (InvalidTag, ValueError):
        raise Refused("cannot_open") from None


# --- padding ----------------------------------------------------------------------------------------------------------


def padme(length: int) -> int:
    """Padmé (PURBs, Nikitin et al. 2019): `length` rounded up so that it tells O(log log length) bits."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    return -(-length // step) * step


def pad(text: bytes, part: str) -> bytes:
    """text ‖ 0x80 ‖ zeros, up to max(minimum, Padmé(len(text) + 1)); minimum 256 bytes for a note, else 1,024."""
    minimum = 256 if part == "note" else 1024
    return (text + b"\x80").ljust(max(minimum, padme(len(text) + 1)), b"\0")


def unpad(padded: bytes) -> bytes:
    text, mark, zeros = padded.rpartition(b"\x80")
    if not mark or zeros.strip(b"\0"):
        raise Refused("cannot_open")
    return text


# --- sealed sets ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Binding:
    """What every seal of a set is bound to."""

    network: str
    document: str
    owner: str  # the author's agency
    author_key: bytes  # the author's Ed25519 public key
    consent: bytes  # H(c), or NO_CONSENT in a consent itself

    def part(self, part: str) -> bytes:
        return ctx("part", self.network, self.document, self.owner, part)

    def part_key(self, part: str, reader: str) -> bytes:
        return ctx("part-key", self.network, self.document, self.owner, part, reader)

    def reader(self, reader: str, epoch: int) -> bytes:
        return ctx("reader", self.network, self.document, self.owner, self.author_key, reader, epoch, self.consent)


@dataclass(frozen=True)
class Reader:
    """An agency to seal for: its part in the referral, its newest epoch and that epoch's public key."""

    agency: str
    as_: schemas.As
    epoch: int
    public_key: bytes
    parts: frozenset[str]


@dataclass(frozen=True)
class Stored:
    """Length and SHA-256 of a sealed file, which lies in the hub's storage and never in memory as a whole (§6)."""

    size: int
    sha256: str

    @classmethod
    def of(cls, blob: bytes) -> "Stored":
        return cls(len(blob), b64(sha256(blob)))


@dataclass
class Blobs:
    """The bytes that travel beside a document. stored: sealed files, which travel by themselves."""

    parts: dict[str, bytes] = field(default_factory=dict)
    wraps: dict[str, bytes] = field(default_factory=dict)  # by reader
    keys: dict[tuple[str, str], bytes] = field(default_factory=dict)  # by (part, reader)
    stored: dict[str, Stored] = field(default_factory=dict)


def seal_set(
    binding: Binding,
    texts: Mapping[str, bytes],
    readers: Sequence[Reader],
    files: Mapping[str, tuple[bytes, Stored]] | None = None,
) -> tuple[schemas.Sealed, Blobs]:
    """Seal each text once and its key for each reader who may read it. Fresh keys, every time (§5).

    files: sealed before, in this very document, each with its key.
    """
    blobs = Blobs()
    part_keys = {part: secrets.token_bytes(32) for part in texts}
    for part, (key, stored) in (files or {}).items():
        part_keys[part], blobs.stored[part] = key, stored
    for part, text in texts.items():
        check_length(part, text)
        blobs.parts[part] = seal(part_keys[part], binding.part(part), pad(text, part))
    for reader in readers:
        reader_key = secrets.token_bytes(32)
        info = binding.reader(reader.agency, reader.epoch)
        blobs.wraps[reader.agency] = seal_to(reader.public_key, info, reader_key)
        for part in reader.parts:
            context = binding.part_key(part, reader.agency)
            blobs.keys[part, reader.agency] = seal(reader_key, context, part_keys[part])
    return describe(blobs, readers), blobs


def describe(blobs: Blobs, readers: Sequence[Reader]) -> schemas.Sealed:
    """What the document says of its blobs."""
    return schemas.Sealed(
        parts=as_set(
            schemas.SealedPart(name=part, size=one.size, sha256=one.sha256) for part, one in parts_in(blobs).items()
        ),
        readers=as_set(
            schemas.SealedReader(
                agency=one.agency, as_=one.as_, epoch=one.epoch, sha256=b64(sha256(blobs.wraps[one.agency]))
            )
            for one in readers
        ),
        keys=as_set(
            schemas.SealedKey(part=part, agency=agency, sha256=b64(sha256(blob)))
            for (part, agency), blob in blobs.keys.items()
        ),
    )


def parts_in(blobs: Blobs) -> dict[str, Stored]:
    """Length and hash of each part, whether its bytes are here or in the storage."""
    return {part: Stored.of(blob) for part, blob in blobs.parts.items()} | blobs.stored


def longest(part: str) -> int:
    """The most bytes that the text of this part may have before padding (§14)."""
    return MAX_NOTE if part == "note" else MAX_FILE if "/" in part else MAX_SECTION


def check_length(part: str, text: bytes) -> None:
    most = longest(part)
    if len(text) > most:
        raise Refused("limit_exceeded", part=part, most=most)


def check_form(sealed: schemas.Sealed) -> None:
    """Counts, sizes, doubles, and what names a part or reader that is not listed: `limit_exceeded` or `malformed`."""
    names = [part.name for part in sealed.parts]
    agencies = [reader.agency for reader in sealed.readers]
    pairs = [(key.part, key.agency) for key in sealed.keys]
    if len(names) > MAX_PARTS:
        raise Refused("limit_exceeded", field="sealed.parts", most=MAX_PARTS)
    if sum("/" not in name for name in names) > MAX_SECTIONS:
        raise Refused("limit_exceeded", field="sealed.parts", most=MAX_SECTIONS)
    if sum("/" in name for name in names) > MAX_FILES:
        raise Refused("limit_exceeded", field="sealed.parts", most=MAX_FILES)
    if len(agencies) > MAX_READERS:
        raise Refused("limit_exceeded", field="sealed.readers", most=MAX_READERS)
    if len(pairs) > MAX_PARTS * MAX_READERS:
        raise Refused("limit_exceeded", field="sealed.keys", most=MAX_PARTS * MAX_READERS)
    for part in sealed.parts:
        if part.size > sealed_length(padme(longest(part.name) + 1)):
            raise Refused("limit_exceeded", part=part.name, most=longest(part.name))
    for one in _doubles(names):
        raise Refused("malformed", "The same part is named twice.", part=one)
    for one in _doubles(agencies):
        raise Refused("malformed", "The same reader is named twice.", reader=one)
    for name, agency in _doubles(pairs):
        raise Refused("malformed", "The same key is named twice.", part=name, reader=agency)
    for name, agency in pairs:
        if name not in names or agency not in agencies:
            raise Refused("malformed", "A key names a part or reader that is not listed.", part=name, reader=agency)
    for name in names:
        if base(name) not in names:
            raise Refused("malformed", "A file goes with the section that describes it.", part=name)


def _doubles(elements: Sequence[T]) -> list[T]:
    seen: set[T] = set()
    return [one for one in elements if one in seen or seen.add(one)]  # type: ignore[func-returns-value]


def check_blobs(sealed: schemas.Sealed, blobs: Blobs) -> None:
    """Every blob is there, is the one that the document names, has the length of its kind; none is left over.

    `hash_mismatch`, `size_mismatch`, `blob_missing`, `blob_unexpected`, in this order, naming part and reader.
    """
    listed = _listed(sealed, blobs)
    for found, named, at in listed:
        if found is not None and found.sha256 != named.sha256:
            raise Refused("hash_mismatch", **at)
    for found, named, at in listed:
        if found is not None and found.size != named.size:
            raise Refused("size_mismatch", **at)
    for found, _, at in listed:
        if found is None:
            raise Refused("blob_missing", **at)
    check_nothing_more(sealed, blobs)


def _listed(sealed: schemas.Sealed, blobs: Blobs) -> list[tuple[Stored | None, Stored, dict[str, str | int]]]:
    """Each blob that the document names: what is there, if anything is; what is named; where it stands."""
    parts = parts_in(blobs)
    wraps = {agency: Stored.of(blob) for agency, blob in blobs.wraps.items()}
    keys = {pair: Stored.of(blob) for pair, blob in blobs.keys.items()}
    listed: list[tuple[Stored | None, Stored, dict[str, str | int]]] = []
    listed += [(parts.get(p.name), Stored(p.size, p.sha256), {"part": p.name}) for p in sealed.parts]
    listed += [(wraps.get(r.agency), Stored(WRAP, r.sha256), {"reader": r.agency}) for r in sealed.readers]
    for k in sealed.keys:
        listed.append((keys.get((k.part, k.agency)), Stored(KEY, k.sha256), {"part": k.part, "reader": k.agency}))
    return listed


def check_nothing_more(sealed: schemas.Sealed, blobs: Blobs) -> None:
    for part in (blobs.parts.keys() | blobs.stored.keys()) - {part.name for part in sealed.parts}:
        raise Refused("blob_unexpected", part=part)
    for agency in blobs.wraps.keys() - {reader.agency for reader in sealed.readers}:
        raise Refused("blob_unexpected", reader=agency)
    for part, agency in blobs.keys.keys() - {(key.part, key.agency) for key in sealed.keys}:
        raise Refused("blob_unexpected", part=part, reader=agency)


def open_set(
    binding: Binding, sealed: schemas.Sealed, blobs: Blobs, reader: str, epoch_key: KemKey
) -> dict[str, bytes | Refused]:
    """Every part that was sealed for `reader` and handed over, as its text, or as what is wrong with it.

    One bad part never hides the others. Only a wrap that does not open is raised: then nothing opens.
    """
    reader_key = open_wrap(binding, sealed, blobs, reader, epoch_key)
    opened: dict[str, bytes | Refused] = {}
    for key in sealed.keys:
        if key.agency == reader and (key.part, reader) in blobs.keys:
            try:
                opened[key.part] = _open_part(binding, sealed, blobs, key, reader_key)
            except Refused as refused:
                opened[key.part] = refused.within(part=key.part, reader=reader)
    return opened


def open_wrap(binding: Binding, sealed: schemas.Sealed, blobs: Blobs, reader: str, epoch_key: KemKey) -> bytes:
    """The reader's own key of the set; Refused where its wrap does not open."""
    check_form(sealed)
    mine = next((one for one in sealed.readers if one.agency == reader), None)
    wrap = blobs.wraps.get(reader)
    if mine is None or wrap is None:
        raise Refused("cannot_open", "Nothing here is sealed for this agency.", reader=reader)
    if len(wrap) != WRAP or b64(sha256(wrap)) != mine.sha256:
        raise Refused("hash_mismatch", reader=reader)
    return epoch_key.open(binding.reader(reader, mine.epoch), wrap)


def _open_part(
    binding: Binding, sealed: schemas.Sealed, blobs: Blobs, key: schemas.SealedKey, reader_key: bytes
) -> bytes:
    part = next(one for one in sealed.parts if one.name == key.part)
    ciphertext = blobs.parts.get(key.part)
    if ciphertext is None:
        raise Refused("blob_missing")
    if b64(sha256(ciphertext)) != part.sha256:
        raise Refused("hash_mismatch")
    if len(ciphertext) != part.size:
        raise Refused("size_mismatch")
    part_key = open_key(binding, key, blobs.keys[key.part, key.agency], reader_key)
    return unpad(unseal(part_key, binding.part(key.part), ciphertext))


def open_key(binding: Binding, key: schemas.SealedKey, sealed_key: bytes, reader_key: bytes) -> bytes:
    """A part's key, out of what is sealed under the reader's own."""
    if b64(sha256(sealed_key)) != key.sha256:
        raise Refused("hash_mismatch")
    if len(sealed_key) != KEY:
        raise Refused("size_mismatch")
    return unseal(reader_key, binding.part_key(key.part, key.agency), sealed_key)


def base(part: str) -> str:
    """The section that governs a part: its name up to any `/`."""
    return part.split("/", 1)[0]
