"""A log as plain files (protocol §10; C2SP tlog-tiles): where each lies, what it holds, and trees read from them.

A tile of level l holds up to 256 hashes of full subtrees of 256**l leaves, in their order. Tiles that are full never
change; the last of each level is partial, and its width stands in its name.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ortoo.protocol.errors import Refused
from ortoo.protocol.merkle import EMPTY_ROOT, node_hash

WIDTH: Final = 256
HEIGHT: Final = 8  # of the subtree that a full tile is
ENTRIES: Final = -1  # the level, as it were, of what the leaves are hashes of
HASH: Final = 32
MAX_ENTRY: Final = 65_535  # bytes of an entry, by its length of two bytes

_PATH: Final = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True)
class Tile:
    """level: 0 holds leaf hashes; ENTRIES is a bundle of entries. width: how many it holds, 1 to 256."""

    level: int
    index: int
    width: int

    @property
    def path(self) -> str:
        """`tile/<L>/<N>[.p/<W>]`, under the log's prefix."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        digits = str(self.index)
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        index = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
        return f"tile/{level}/{index}" + (f".p/{self.width}" if self.width < WIDTH else "")

    @property
    def covers(self) -> int:
        """The size that a tree has to have for it to exist."""
        return (self.index * WIDTH + self.width) << (HEIGHT * max(self.level, 0))


def parse_path(path: str) -> Tile | None:
    """The tile of this path; None for anything that is not exactly one."""
    found = _PATH.fullmatch(path)
    if found is None or not path.isascii():
        return None
    level, index, width = found.groups()
    tile = Tile(ENTRIES if level == "entries" else int(level), int(re.sub("[x/]", "", index)), int(width or WIDTH))
    return tile if tile.level < 64 and tile.path == path else None


def tiles_of(size: int, after: int = 0) -> Iterator[Tile]:
    """The tiles of a tree of this size that one of size `after` does not have, bundles and lower levels first."""
    for level in (ENTRIES, *range(64)):
        shift = HEIGHT * max(level, 0)
        before, now = after >> shift, size >> shift
        if not now:
            return
        if now > before:
            for index in range(before // WIDTH, -(-now // WIDTH)):
                yield Tile(level, index, min(WIDTH, now - index * WIDTH))


def bundle(entries: Sequence[bytes]) -> bytes:
    """Each entry behind its length of two bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def parse_bundle(data: bytes) -> list[bytes]:
    """Raises Refused (`malformed`)."""
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or len(data) - at < 2:
            raise Refused("malformed", field="tile")
        entries.append(data[at + 2 : end])
        at = end
    return entries


class TiledTree:
    """The tree of a size, read from tiles: roots and proofs in O(log n) tiles. Each is fetched once."""

    def __init__(self, size: int, fetch: Callable[[Tile], bytes]) -> None:
        """fetch: gives the bytes of a tile that a tree of this size has."""
        self.size = size
        self._fetch = fetch
        self._tiles: dict[Tile, bytes] = {}

    def root(self) -> bytes:
        return self._hash(0, self.size) if self.size else EMPTY_ROOT

    def root_at(self, size: int) -> bytes:
        """The root that the tree had when it was of this size."""
        if not 0 <= size <= self.size:
            raise ValueError("no such tree")
        return self._hash(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int) -> list[bytes]:
        """RFC 9162 §2.1.3.1."""
        if not 0 <= index < self.size:
            raise ValueError("no such leaf")
        proof, begin, end = [], 0, self.size
        while end - begin > 1:
            middle = begin + _split(end - begin)
            if index < middle:
                proof.append(self._hash(middle, end))
                end = middle
            else:
                proof.append(self._hash(begin, middle))
                begin = middle
        return proof[::-1]

    def consistency_proof(self, size1: int) -> list[bytes]:
        """RFC 9162 §2.1.4.1, from a tree of size1 ≥ 1 to this one."""
        if not 0 < size1 <= self.size:
            raise ValueError("no such tree")
        proof, begin, end, whole = [], 0, self.size, True
        while size1 != end:
            middle = begin + _split(end - begin)
            if size1 <= middle:
                proof.append(self._hash(middle, end))
                end = middle
            else:
                proof.append(self._hash(begin, middle))
                begin, whole = middle, False
        return [*([] if whole else [self._hash(begin, end)]), *proof[::-1]]

    def _hash(self, begin: int, end: int) -> bytes:
        """The hash over leaves begin … end - 1, which is a node of the tree of some size."""
        count = end - begin
        if count & (count - 1) == 0 and begin % count == 0:
            return self._node(count.bit_length() - 1, begin // count)
        middle = begin + _split(count)
        return node_hash(self._hash(begin, middle), self._hash(middle, end))

    def _node(self, height: int, index: int) -> bytes:
        """The root of the full subtree of 2**height leaves."""
        level, within = divmod(height, HEIGHT)
        first = index << within
        held = self._held(level, first // WIDTH)
        at = first % WIDTH
        hashes = [held[HASH * one : HASH * (one + 1)] for one in range(at, at + (1 << within))]
        while len(hashes) > 1:
            hashes = [node_hash(hashes[one], hashes[one + 1]) for one in range(0, len(hashes), 2)]
        return hashes[0]

    def _held(self, level: int, index: int) -> bytes:
        tile = Tile(level, index, min(WIDTH, (self.size >> (HEIGHT * level)) - index * WIDTH))
        if tile not in self._tiles:
            data = self._fetch(tile)
            if len(data) != HASH * tile.width:
                raise Refused("proof_invalid", "A tile of the log is of another length than its name says.")
            self._tiles[tile] = data
        return self._tiles[tile]


def _split(count: int) -> int:
    """The largest power of two smaller than count."""
    return 1 << ((count - 1).bit_length() - 1)
