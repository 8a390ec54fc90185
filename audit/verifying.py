"""The logs, rebuilt from their files and held against the database and everything that was signed (protocol §10).

Nothing is believed but the files' bytes as far as a signed head vouches for them. Work and memory: one pass, a tile of
each level.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db.models import Subquery
from django.db.models.functions import Coalesce

from audit import log
from audit.files import CHECKPOINT, SIGNED, folder_of
from audit.models import Checkpoint, Entry, Leaf, Tree
from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import Policy, head_of, open_checkpoint, open_signed
from ortoo.protocol.errors import Refused
from ortoo.protocol.tiles import ENTRIES, WIDTH, Tile, parse_bundle
from ortoo.verifying import Finding, How

TABLES: Final = {log.DIRECTORY: "audit_entry", log.ACTIVITY: "audit_leaf"}

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Head:
    """Something that says what a log was at one size. where: the file, or the row."""

    where: str
    note: str
    quorum: bool  # has to be cosigned by the network's witnesses
    size: int | None = None  # that the row says
    root: bytes | None = None


class Rebuilding:
    """One log's tree from its bundles, and each tile of hashes compared with it on the way."""

    def __init__(self, folder: Path, size: int, wanted: Iterable[int]) -> None:
        """wanted: the sizes of which `take` gives the roots."""
        self.folder, self.size = folder, size
        self.wrong: list[str] = []  # files
        self._wanted = sorted(set(wanted) - {0}, reverse=True)
        self._full = merkle.Growing()  # of full tiles: their roots as it were leaves
        self._rest: list[bytes] = []  # leaf hashes
        self._above: list[list[bytes]] = []  # of each level above the leaves, the hashes of the tile that is not full

    @property
    def growing(self) -> merkle.Growing:
        tree = merkle.Growing.of(self._full.size * WIDTH, self._full.peaks)
        for leaf in self._rest:
            tree.append(leaf)
        return tree

    def bundles(self) -> Iterator[list[bytes]]:
        """The entries of each bundle, in order; it stops where one is not there or cannot be read."""
        for index in range(-(-self.size // WIDTH)):
            tile = Tile(ENTRIES, index, min(WIDTH, self.size - index * WIDTH))
            try:
                entries = parse_bundle(self._read(tile))[: tile.width]
            except (OSError, Refused):
                entries = []
            if len(entries) != tile.width:
                self.wrong.append(tile.path)
                return
            yield entries

    def _read(self, tile: Tile) -> bytes:
        """The file of the tile; of one that has become full meanwhile, the full one."""
        try:
            return (self.folder / tile.path).read_bytes()
        except FileNotFoundError:
            return (self.folder / Tile(tile.level, tile.index, WIDTH).path).read_bytes()

    def take(self, entries: Sequence[bytes]) -> Iterator[tuple[int, bytes]]:
        """Grow by the entries of one bundle, or fewer. Gives the roots at the sizes wanted."""
        leaves = merkle.leaf_hashes(entries)
        begin = self._full.size * WIDTH + len(self._rest)
        while self._wanted and self._wanted[-1] <= begin + len(leaves):
            size = self._wanted.pop()
            tree = self.growing
            for leaf in leaves[: size - begin]:
                tree.append(leaf)
            yield size, tree.root()
        self._rest += leaves
        if len(self._rest) >= WIDTH:
            full, self._rest = self._rest[:WIDTH], self._rest[WIDTH:]
            self._compare(0, self._full.size, full)
            root = merkle.full_root(full)
            self._full.append(root)
            self._push(1, root)

    def finish(self) -> None:
        """The tiles at the right edge, which are not full."""
        for level, hashes in enumerate([self._rest, *self._above]):
            if hashes:
                self._compare(level, (self.size >> (8 * level)) // WIDTH, hashes)

    def _push(self, level: int, node: bytes) -> None:
        if level > len(self._above):
            self._above.append([])
        hashes = self._above[level - 1]
        hashes.append(node)
        if len(hashes) == WIDTH:
            self._compare(level, (self._full.size >> (8 * level)) - 1, hashes)
            self._above[level - 1] = []
            self._push(level + 1, merkle.full_root(hashes))

    def _compare(self, level: int, index: int, hashes: Sequence[bytes]) -> None:
        tile = Tile(level, index, len(hashes))
        if tile.covers > self.size:
            return
        try:
            whole = b"".join(hashes)
            same = self._read(tile)[: len(whole)] == whole
        except OSError:
            same = False
        if not same:
            self.wrong.append(tile.path)
            if level == 0:  # one of the two
                self.wrong.append(Tile(ENTRIES, index, len(hashes)).path)


def verify(name: str, origin: str, policy: Policy, seen: Iterable[str], progress: Progress) -> Iterator[Finding]:
    """Everything that is not as it was logged. seen: notes that somebody outside of this hub has kept.

    The hub may go on meanwhile: what is read first is the smaller, so what comes in later is never missed.
    """
    published = _published(origin)
    heads: dict[int, list[Head]] = {}
    for head in _heads(name, origin, seen):
        yield from _signed(name, head, origin, policy)
        heads.setdefault(_size_of(head.note), []).append(head)
    tree = Tree.objects.filter(log=name).first()
    have = tree.size if tree is not None else 0
    if (reached := max(heads, default=0)) > have:
        yield Finding("audit_tree", name, "size", "removed", None, f"{reached} entries were signed, {have} are here.")
    rebuilding = Rebuilding(folder_of(origin), published, heads)
    begin = 0
    for entries in rebuilding.bundles():
        for size, root in rebuilding.take(entries):
            yield from _forked(heads[size], size, root)
        try:
            yield from _against_rows(name, begin, entries)
        except TypeError:  # SQLite keeps what it is given
            told = f"A row from place {begin} on holds something else than bytes."
            yield Finding(TABLES[name], str(begin), "data", "changed", None, told)
        begin += len(entries)
        progress(begin, rebuilding.size)
    if not rebuilding.wrong:
        rebuilding.finish()
        yield from _not_published(name, rebuilding, begin, have, heads)
    for path in rebuilding.wrong:
        yield Finding(f"log/{name}", path, "file", "changed", None, "The file is not what was logged, or is not there.")
    yield from _beyond(name)
    if tree is not None:
        if not rebuilding.wrong and (rebuilding.growing.size, rebuilding.growing.peaks) != (have, bytes(tree.peaks)):
            yield Finding("audit_tree", name, "peaks", "changed", None, "They are not the peaks of what was logged.")
        yield from _in_force(tree, origin, policy)


def _heads(name: str, origin: str, seen: Iterable[str]) -> Iterator[Head]:
    for row in Checkpoint.objects.filter(tree_id=name).order_by("size").iterator(1000):
        yield Head(f"audit_checkpoint {row.pk}", row.note, False, row.size, bytes(row.root))
    for file, quorum in ((SIGNED, False), (CHECKPOINT, True)):
        path = folder_of(origin) / file
        if path.exists():
            yield Head(f"log/{name} {file}", path.read_text(encoding="utf-8"), quorum)
    for number, note in enumerate(seen, 1):
        if _origin_of(note) == origin:
            yield Head(f"seen {number}", note, False)


def _origin_of(note: str) -> str:
    try:
        return head_of(note).origin
    except Refused:
        return ""


def _size_of(note: str) -> int:
    try:
        return head_of(note).size
    except Refused:
        return 0


def _published(origin: str) -> int:
    path = folder_of(origin) / SIGNED
    return _size_of(path.read_text(encoding="utf-8")) if path.exists() else 0


def _found(head: Head, field: str, how: How, told: str) -> Finding:
    table, _, row = head.where.partition(" ")
    return Finding(table, row, field, how, None, told)


def _signed(name: str, head: Head, origin: str, policy: Policy) -> Iterator[Finding]:
    try:
        earlier = _origin_of(head.note)
        if earlier != origin and earlier.endswith(f"/log/{name}") and any(key.name == earlier for key in policy.logs):
            return  # of the log that this one continues
        opened = (open_checkpoint if head.quorum else open_signed)(head.note, origin, policy).checkpoint
    except Refused as refused:
        yield _found(head, "note", "changed", f"{refused.message} [{refused.code}]")
        return
    if head.size is not None and head.size != opened.size:
        yield _found(head, "size", "changed", f"The note that was signed says {opened.size}.")
    if head.root is not None and head.root != opened.root:
        yield _found(head, "root", "changed", "It is not the root that was signed.")


def _against_rows(name: str, begin: int, entries: Sequence[bytes]) -> Iterator[Finding]:
    if name == log.ACTIVITY:
        yield from _leaves(begin, entries)
        return
    rows = Entry.objects.filter(tree_id=name, index__gte=begin, index__lt=begin + len(entries))
    kept = {index: bytes(data) for index, data in rows.values_list("index", "data")}
    for index, entry in enumerate(entries, begin):
        if index not in kept:
            yield Finding("audit_entry", str(index), "data", "removed", None, "It was logged, and is not here.")
        elif kept[index] != entry:
            how: How = "reordered" if kept[index] in entries else "changed"
            yield Finding("audit_entry", str(index), "data", how, None, "It is not what was logged at this place.")


def _leaves(begin: int, entries: Sequence[bytes]) -> Iterator[Finding]:
    rows = Leaf.objects.filter(index__gte=begin, index__lt=begin + len(entries))
    kept = {one.index: one for one in rows}
    for index, entry in enumerate(entries, begin):
        leaf = kept.get(index)
        if leaf is None:
            yield Finding("audit_leaf", str(index), "index", "removed", None, "It was logged, and is not here.")
            continue
        made = log.entry_of(bytes(leaf.salt), bytes(leaf.document))
        if made == entry:
            continue
        told = "It is not what was logged at this place."
        if made in entries:
            yield Finding("audit_leaf", str(index), "index", "reordered", leaf.queued_at, told)
        else:
            yield Finding("audit_leaf", str(index), "salt, document", "changed", leaf.queued_at, told)


def _forked(heads: Iterable[Head], size: int, root: bytes) -> Iterator[Finding]:
    for head in heads:
        if head_of(head.note).root != root:
            yield _found(head, "note", "changed", f"It says something else of the first {size} entries: a fork.")


def _not_published(
    name: str, rebuilding: Rebuilding, begin: int, have: int, heads: Mapping[int, Sequence[Head]]
) -> Iterator[Finding]:
    """What the database has and the files have not yet."""
    while begin < have and (entries := log.entries(name, begin, min(have, (begin // WIDTH + 1) * WIDTH))):
        for size, root in rebuilding.take(entries):
            yield from _forked(heads[size], size, root)
        begin += len(entries)


def _beyond(name: str) -> Iterator[Finding]:
    """What has a place that the tree does not have. In one statement, as of one moment."""
    rows = Leaf.objects.all() if name == log.ACTIVITY else Entry.objects.filter(tree_id=name)
    size = Coalesce(Subquery(Tree.objects.filter(log=name).values("size")), 0)
    for index in rows.filter(index__gte=size).order_by("index").values_list("index", flat=True)[:WIDTH]:
        yield Finding(TABLES[name], str(index), "index", "inserted", None, "The tree has no such place.")


def _in_force(tree: Tree, origin: str, policy: Policy) -> Iterator[Finding]:
    """What counts is what the quorum has cosigned."""
    row = Checkpoint.objects.filter(tree=tree, size=tree.in_force).first()
    told = ""
    if tree.in_force and row is None:
        told = f"No checkpoint of {tree.in_force} entries is here."
    elif row is not None:
        try:
            open_checkpoint(row.note, origin, policy)
        except Refused as refused:
            told = f"{refused.message} [{refused.code}]"
    if told:
        yield Finding("audit_tree", tree.log, "in_force", "changed", None, told)
