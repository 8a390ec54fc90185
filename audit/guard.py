"""Before it signs anything, a hub compares its trees with what was signed before (protocol §10, start-up and restore).

A database that was restored from a backup, or changed, lacks what others have seen: a checkpoint over it would be a
second history. Nothing smaller or different is signed; `manage.py continue_log` is the way on.
"""

from collections.abc import Iterator

from audit import log
from audit.files import CHECKPOINT, SIGNED, folder_of
from audit.models import Tree
from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import Checkpoint as TreeHead
from ortoo.protocol.checkpoint import head_of
from ortoo.protocol.errors import Refused

AT_ONCE = 5000  # entries

_compared: set[str] = set()  # origins, in this process


def check(name: str, origin: str) -> None:
    """In whole once in each process, for each log; that it has not become smaller, each time.

    Raises Refused: `checkpoint_rollback` where the tree is smaller than a head that was signed, `proof_invalid` where
    it is another one.
    """
    if origin not in _compared:
        compare(name, origin)
        _compared.add(origin)
    elif (head := max(_signed_heads(name, origin), key=lambda head: head.size, default=None)) is not None:
        _must_reach(log.size_of(name), head, name)


def compare(name: str, origin: str) -> None:
    """The entries of the tree against its row, the newest checkpoints of the database, and those in the log's files."""
    heads = sorted(_signed_heads(name, origin), key=lambda head: head.size)
    tree = Tree.objects.filter(log=name).first()  # after them: it may grow meanwhile
    size = tree.size if tree is not None else 0
    if heads:
        _must_reach(size, heads[-1], name)
    growing = merkle.Growing()
    for head in heads:
        _grow(name, growing, head.size)
        _must_be(growing.root() == head.root, name, head.size)
    _grow(name, growing, size)
    _must_be(tree is None or growing.peaks == bytes(tree.peaks), name, size)


def _signed_heads(name: str, origin: str) -> Iterator[TreeHead]:
    newest = log.newest()[name]
    for note in (newest.signed, newest.in_force):
        if note:
            yield head_of(note)
    for path in (folder_of(origin) / SIGNED, folder_of(origin) / CHECKPOINT):
        if path.exists():  # one that cannot be read is no reason to sign
            yield head_of(path.read_text(encoding="utf-8"))


def _grow(name: str, growing: merkle.Growing, upto: int) -> None:
    while growing.size < upto:
        entries = log.entries(name, growing.size, min(upto, growing.size + AT_ONCE))
        _must_be(len(entries) > 0, name, growing.size)
        for entry in entries:
            growing.append(merkle.leaf_hash(entry))


def _must_reach(size: int, head: TreeHead, name: str) -> None:
    if head.size > size:
        raise Refused(
            "checkpoint_rollback",
            f"The {name} log holds {size} entries, and {head.size} were signed. Continue it: docs/operations.md.",
            size=size,
        )


def _must_be(same: bool, name: str, size: int) -> None:
    if not same:
        raise Refused(
            "proof_invalid",
            f"The {name} log is not what was signed of its first {size} entries. Continue it: docs/operations.md.",
            size=size,
        )
