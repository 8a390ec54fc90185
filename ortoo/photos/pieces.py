"""Of what a cleaned photo is put together: bytes of the file where they lie, and new ones."""

from dataclasses import dataclass
from typing import BinaryIO, Final

BITE: Final = 64 * 1024  # bytes that are read at once
MOST_PIECES: Final = 100_000  # of a container: more are no photo's


@dataclass(frozen=True)
class Slice:
    """Bytes of the file as they are."""

    start: int
    length: int


Piece = Slice | bytes


def exactly(file: BinaryIO, at: int, length: int) -> bytes:
    """Exactly these bytes. Raises ValueError."""
    file.seek(at)
    found = file.read(length)
    if len(found) != length:
        raise ValueError
    return found
