"""Writing to the logs (protocol §10): entries of the directory tree, leaves of the activity tree, checkpoints."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final

from django.db import connection
from django.db.models import F, OuterRef, Q, Subquery

from audit.models import Checkpoint, Entry, Leaf, Tree
from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import Checkpoint as TreeHead
from ortoo.protocol.checkpoint import sign_checkpoint
from ortoo.protocol.documents import SigningKey, ctx, sha256

DIRECTORY: Final = "directory"
ACTIVITY: Final = "activity"
LOGS: Final = (DIRECTORY, ACTIVITY)


def hold(log: str) -> int:
    """The size that is in force, which cannot change before this transaction ends."""
    _lock(log, "pg_advisory_xact_lock_shared")
    return size_in_force(log)


def hold_alone(log: str) -> int:
    """The size of all that is committed, which nobody else can change before this transaction ends."""
    _lock(log, "pg_advisory_xact_lock")
    return size_of(log)


def take_alone(log: str) -> bool:
    """The same without waiting: False where somebody else has it."""
    return _lock(log, "pg_try_advisory_xact_lock")


def size_of(log: str) -> int:
    """How many entries are committed."""
    return _of_tree("SELECT size FROM audit_tree WHERE log = %s", log)


def size_in_force(log: str) -> int:
    """The size that the newest checkpoint with a quorum covers."""
    return _of_tree("SELECT in_force FROM audit_tree WHERE log = %s", log)


def _of_tree(query: str, log: str) -> int:
    """Not composed anew: each request asks this several times."""
    with connection.cursor() as cursor:
        cursor.execute(query, [log])
        found = cursor.fetchone()
        return int(found[0]) if found else 0


def _lock(log: str, function: str) -> bool:
    """Until the transaction ends: whoever relies on the log holds it shared, whoever changes it alone.

    PostgreSQL: an advisory lock, which queues; row locks would let sharers pass an appender who waits, for as long as
    there are any. SQLite: a writing transaction is alone anyway.
    """
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtext(%s))", [f"ortoo log {log}"])
        (taken,) = cursor.fetchone()
        return taken is not False


def append(log: str, entries: Sequence[bytes]) -> int:
    """Add entries at the end, in the caller's transaction, which holds the log alone. Gives the new size."""
    tree, _ = Tree.objects.get_or_create(log=log)
    Entry.objects.bulk_create(Entry(tree=tree, index=tree.size + i, data=entry) for i, entry in enumerate(entries))
    return _grow(tree, entries)


def _grow(tree: Tree, entries: Iterable[bytes]) -> int:
    growing = growing_of(tree)
    for entry in entries:
        growing.append(merkle.leaf_hash(entry))
    tree.size, tree.peaks = growing.size, growing.peaks
    tree.save(update_fields=["size", "peaks"])
    return tree.size


def growing_of(tree: Tree) -> merkle.Growing:
    """What is committed, as it stands in the tree's row."""
    return merkle.Growing.of(tree.size, bytes(tree.peaks))


def entries(log: str, after: int, upto: int) -> list[bytes]:
    """Entries after+1 … upto, in their order."""
    if log == ACTIVITY:
        leaves = Leaf.objects.filter(index__gte=after, index__lt=upto).order_by("index")
        return [entry_of(bytes(salt), bytes(document)) for salt, document in leaves.values_list("salt", "document")]
    rows = Entry.objects.filter(tree_id=log, index__gte=after, index__lt=upto).order_by("index")
    return [bytes(data) for data in rows.values_list("data", flat=True)]


# --- checkpoints ------------------------------------------------------------------------------------------------------


def sign(log: str, origin: str, key: SigningKey) -> Checkpoint:
    """The checkpoint over all that is committed, signed if it is not yet. The caller's transaction holds the log."""
    tree = Tree.objects.get(log=log)
    signed = newest_signed(log)
    if signed is not None and signed.size == tree.size:
        return signed
    root = growing_of(tree).root()
    note = sign_checkpoint(TreeHead(origin, tree.size, root), key)
    return Checkpoint.objects.create(tree=tree, size=tree.size, root=root, note=note)


def sign_anew(log: str, origin: str, key: SigningKey) -> Checkpoint:
    """What is committed, signed under another origin: nothing of it is in force before that is."""
    tree = Tree.objects.get(log=log)
    Checkpoint.objects.filter(tree=tree, size=tree.size).delete()
    Tree.objects.filter(log=log).update(in_force=0)
    return sign(log, origin, key)


def keep_note(checkpoint: Checkpoint, note: str) -> None:
    """The checkpoint with one more witness's line."""
    checkpoint.note = note
    checkpoint.save(update_fields=["note"])


def put_in_force(log: str, size: int) -> None:
    """From the commit on, everything up to this size is in force."""
    Tree.objects.filter(log=log, in_force__lt=size).update(in_force=size)


def newest_signed(log: str) -> Checkpoint | None:
    return Checkpoint.objects.filter(tree_id=log).order_by("-size").first()


def newest_in_force(log: str) -> Checkpoint | None:
    return Checkpoint.objects.filter(tree_id=log, size=F("tree__in_force")).first()


@dataclass(frozen=True)
class Notes:
    """A log's newest notes: that was signed, and that is in force; empty where there is none."""

    signed: str = ""
    in_force: str = ""


def newest() -> Mapping[str, Notes]:
    """Of both logs, in one query: this is asked twice a second."""
    notes = dict.fromkeys(LOGS, Notes())
    with connection.cursor() as cursor:
        cursor.execute(*_newest_query())
        for log, note, size, in_force in cursor.fetchall():
            notes[log] = Notes(note, note if size == in_force else notes[log].in_force)
    return notes


@cache
def _newest_query() -> tuple[str, tuple[Any, ...]]:
    """Composed once: that takes ten times as long as to ask it."""
    signed = Checkpoint.objects.filter(tree=OuterRef("tree")).order_by("-size").values("size")[:1]
    rows = Checkpoint.objects.filter(Q(size=Subquery(signed)) | Q(size=F("tree__in_force"))).order_by("size")
    sql, values = rows.values_list("tree", "note", "size", "tree__in_force").query.sql_with_params()
    return sql, values


def checkpoint_of(log: str, size: int) -> Checkpoint | None:
    return Checkpoint.objects.filter(tree_id=log, size=size).first()


def has_signed(log: str, size: int, root: bytes) -> bool:
    """Whether this hub ever signed this very tree head."""
    signed = Checkpoint.objects.filter(tree_id=log, size=size).values_list("root", flat=True).first()
    return signed is not None and bytes(signed) == root


# --- leaves of the activity tree --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Placed:
    """A document's leaf that has its place in the activity tree."""

    index: int
    salt: bytes


def queue(documents: Iterable[bytes]) -> None:
    """Queue a leaf with a fresh salt for each H(document), in the transaction of what they record."""
    Leaf.objects.bulk_create(Leaf(salt=secrets.token_bytes(32), document=document) for document in documents)


def waiting() -> bool:
    """Whether leaves wait for their place."""
    return Leaf.objects.filter(index=None).exists()


def is_late(before: datetime) -> bool:
    """Whether a leaf waits that was queued before."""
    return Leaf.objects.filter(index=None, queued_at__lt=before).exists()


def place(most: int) -> int:
    """Give up to `most` leaves that wait the next places, in their order. Gives the tree's size.

    In the caller's transaction, which holds the activity log alone. Who queues holds nothing: nobody waits for this.
    """
    tree, _ = Tree.objects.get_or_create(log=ACTIVITY)
    leaves = list(Leaf.objects.filter(index=None).order_by("pk")[:most])
    for offset, leaf in enumerate(leaves):
        leaf.index = tree.size + offset
    Leaf.objects.bulk_update(leaves, ["index"], batch_size=200)
    return _grow(tree, (entry_of(bytes(leaf.salt), bytes(leaf.document)) for leaf in leaves))


def placed(documents: Iterable[bytes], upto: int) -> Mapping[bytes, Placed]:
    """Where these documents' leaves are in the tree of this size; those that are not in it are left out."""
    rows = Leaf.objects.filter(document__in=list(documents), index__lt=upto)
    return {
        bytes(document): Placed(index, bytes(salt))
        for document, index, salt in rows.values_list("document", "index", "salt")
    }


def entry_of(salt: bytes, document: bytes) -> bytes:
    """The activity log's entry of a document, of which it tells nothing (protocol §10)."""
    return sha256(ctx("leaf", salt, document))
