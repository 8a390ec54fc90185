"""Writing to the logs (protocol §10): entries of the directory tree, its signed checkpoints, queued activity leaves."""

import secrets
from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import F

from audit.models import Checkpoint, Entry, QueuedLeaf, Tree
from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import Checkpoint as TreeHead
from ortoo.protocol.checkpoint import sign_checkpoint
from ortoo.protocol.documents import SigningKey

DIRECTORY = "directory"


def hold(log: str) -> int:
    """The size that is in force, which cannot change before this transaction ends."""
    _lock(log, shared=True)
    return size_in_force(log)


def hold_alone(log: str) -> int:
    """The size of all that is committed, which nobody else can change before this transaction ends."""
    _lock(log, shared=False)
    return Tree.objects.filter(log=log).values_list("size", flat=True).first() or 0


def size_in_force(log: str) -> int:
    """The size that the newest checkpoint with a quorum covers."""
    return Tree.objects.filter(log=log).values_list("in_force", flat=True).first() or 0


def _lock(log: str, *, shared: bool) -> None:
    """Until the transaction ends: whoever relies on the log holds it shared, whoever changes it alone.

    PostgreSQL: an advisory lock, which queues; row locks would let sharers pass an appender who waits, for as long as
    there are any. SQLite: a writing transaction is alone anyway.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        kind = "_shared" if shared else ""
        cursor.execute(f"SELECT pg_advisory_xact_lock{kind}(hashtext(%s))", [f"ortoo log {log}"])


def append(log: str, entries: Sequence[bytes]) -> int:
    """Add entries at the end, in the caller's transaction, which holds the log alone. Gives the new size."""
    tree, _ = Tree.objects.get_or_create(log=log)
    Entry.objects.bulk_create(Entry(tree=tree, index=tree.size + i, data=entry) for i, entry in enumerate(entries))
    tree.size += len(entries)
    tree.save(update_fields=["size"])
    return tree.size


def entries(log: str, after: int, upto: int) -> list[bytes]:
    """Entries after+1 … upto, in their order."""
    rows = Entry.objects.filter(tree_id=log, index__gte=after, index__lt=upto).order_by("index")
    return [bytes(data) for data in rows.values_list("data", flat=True)]


def sign(log: str, origin: str, key: SigningKey) -> Checkpoint:
    """The checkpoint over all that is committed, signed if it is not yet. The caller's transaction holds the log."""
    tree = Tree.objects.get(log=log)
    signed = newest_signed(log)
    if signed is not None and signed.size == tree.size:
        return signed
    root = merkle.root([merkle.leaf_hash(entry) for entry in entries(log, 0, tree.size)])
    note = sign_checkpoint(TreeHead(origin, tree.size, root), key)
    return Checkpoint.objects.create(tree=tree, size=tree.size, root=root, note=note)


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


def checkpoint_of(log: str, size: int) -> Checkpoint | None:
    return Checkpoint.objects.filter(tree_id=log, size=size).first()


def has_signed(log: str, size: int, root: bytes) -> bool:
    """Whether this hub ever signed this very tree head."""
    signed = Checkpoint.objects.filter(tree_id=log, size=size).values_list("root", flat=True).first()
    return signed is not None and bytes(signed) == root


def queue(documents: Iterable[bytes]) -> None:
    """Queue a leaf with a fresh salt for each H(document), in the transaction of what they record."""
    QueuedLeaf.objects.bulk_create(
        QueuedLeaf(salt=secrets.token_bytes(32), document=document) for document in documents
    )
