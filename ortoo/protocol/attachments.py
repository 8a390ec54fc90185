"""Attachments (protocol §6): sealed and opened as streams, so that what is held does not grow with the file."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from cryptography import cobblestone
from cryptography.exceptions import InvalidTag

from ortoo.protocol import schemas
from ortoo.protocol.documents import b64
from ortoo.protocol.errors import Refused
from ortoo.protocol.sealing import MAX_FILE, Stored, padme, sealed_length

PIECE: Final = 1024 * 1024  # bytes in which a sealed file is carried
BITE: Final = 64 * 1024  # bytes that are padded at once
LEAST: Final = 1024  # bytes of a padded file
LARGEST: Final = sealed_length(padme(MAX_FILE + 1))  # bytes of a sealed file


@dataclass(frozen=True)
class SealedFile:
    """A file that was sealed: what its section says of it, its key, and what lies in the storage."""

    said: schemas.File
    key: bytes = field(repr=False)
    stored: Stored


class Measure:
    """Length and SHA-256 of what passes."""

    def __init__(self) -> None:
        self.size, self._digest = 0, hashlib.sha256()

    def of(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self.take(chunk)
            yield chunk

    def take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._digest.update(chunk)

    @property
    def sha256(self) -> str:
        return b64(self._digest.digest())

    @property
    def stored(self) -> Stored:
        return Stored(self.size, self.sha256)


def padded_length(size: int) -> int:
    """How long a file of `size` bytes is once it is padded."""
    return max(LEAST, padme(size + 1))


def seal(key: bytes, context: bytes, chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The sealed bytes of a file of exactly `size` bytes; `size_mismatch` where it has another length."""
    sealing = Sealing(key, context, size)
    for chunk in chunks:
        yield sealing.take(chunk)
    yield from sealing.end()


class Sealing:
    """A file of exactly `size` bytes as it is sealed; `size_mismatch` where it has another length."""

    def __init__(self, key: bytes, context: bytes, size: int) -> None:
        self._sealer = cobblestone.Cobblestone256Encryptor(key, context)
        self._size, self._passed = size, 0

    def take(self, text: bytes) -> bytes:
        """What the next bytes of the file are, sealed."""
        self._passed += len(text)
        if self._passed > self._size:
            raise Refused("size_mismatch", "The file grew while it was read.")
        return bytes(self._sealer.update(text))

    def end(self) -> Iterator[bytes]:
        """The rest, with what pads it."""
        if self._passed < self._size:
            raise Refused("size_mismatch", "The file shrank while it was read.")
        left = padded_length(self._size) - self._size - 1
        yield bytes(self._sealer.update(b"\x80"))
        while left:
            zeros = min(left, BITE)
            yield bytes(self._sealer.update(bytes(zeros)))
            left -= zeros
        yield bytes(self._sealer.finalize())


def check_said(said: schemas.File, part: schemas.SealedPart) -> None:
    """What a section says of its file fits to what the document says: before anything is fetched."""
    if said.size > MAX_FILE:
        raise Refused("limit_exceeded", part=part.name, most=MAX_FILE)
    if sealed_length(padded_length(said.size)) != part.size:
        raise Refused("size_mismatch", part=part.name)


class Opening:
    """A file as it is opened. Nothing of what `take` gives may be shown before `end` has returned."""

    def __init__(self, key: bytes, context: bytes, said: schemas.File, part: schemas.SealedPart) -> None:
        check_said(said, part)
        self._said, self._part = said, part
        self._opener = cobblestone.Cobblestone256Decryptor(key, context)
        self._sealed, self._text, self._pad = Measure(), Measure(), 0

    def take(self, sealed: bytes) -> bytes:
        """What the next sealed bytes hold of the file."""
        self._sealed.take(sealed)
        if self._sealed.size > self._part.size:
            raise Refused("size_mismatch", part=self._part.name)
        try:
            return self._unpadded(bytes(self._opener.update(sealed)))
        except (InvalidTag, ValueError):
            raise Refused("cannot_open", part=self._part.name) from None

    def end(self) -> bytes:
        """The rest of the file, now that all of it is authentic and is what the document and the section name."""
        if self._sealed.size != self._part.size:
            raise Refused("size_mismatch", part=self._part.name)
        if self._sealed.sha256 != self._part.sha256:
            raise Refused("hash_mismatch", part=self._part.name)
        try:
            rest = self._unpadded(bytes(self._opener.finalize()))
        except (InvalidTag, ValueError):
            raise Refused("cannot_open", part=self._part.name) from None
        if self._pad != padded_length(self._said.size) - self._said.size:
            raise Refused("cannot_open", part=self._part.name)
        if self._text.sha256 != self._said.sha256:
            raise Refused("hash_mismatch", "The file is not the one that its section describes.", part=self._part.name)
        return rest

    def _unpadded(self, padded: bytes) -> bytes:
        text = padded[: self._said.size - self._text.size]
        self._text.take(text)
        pad = padded[len(text) :]
        if pad:
            first, zeros = (pad[:1], pad[1:]) if self._pad == 0 else (b"\x80", pad)
            if first != b"\x80" or zeros.strip(b"\0"):
                raise Refused("cannot_open", part=self._part.name)
            self._pad += len(pad)
        return text
