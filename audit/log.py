"""Writing to the logs (protocol §10): entries of the directory tree, its signed checkpoints, queued activity leaves."""

import secrets
from collections.abc import Iterable, Sequence

from django.db import connection, transaction

from audit.models import Checkpoint, Entry, QueuedLeaf, Tree
from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import Checkpoint as TreeHead
from ortoo.protocol.checkpoint import sign_checkpoint
from ortoo.protocol.documents import SigningKey

DIRECTORY = "directory"


def hold(log: str) -> int:
    """The size that the newest checkpoint covers, which cannot change before this transaction ends."""
    _lock(log, shared=True)
    return signed_size(log)


def signed_size(log: str) -> int:
    """The size that the newest checkpoint covers."""
    return Tree.objects.filter(log=log).values_list("signed", flat=True).first() or 0


def _lock(log: str, *, shared: bool) -> None:
    """Until the transaction ends: whoever relies on the log holds it shared, whoever appends alone.

    PostgreSQL: an advisory lock, which queues; row locks would let sharers pass an appender who waits, for as long as
    there are any. SQLite: a writing transaction is alone anyway.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        kind = "_shared" if shared else ""
        cursor.execute(f"SELECT pg_advisory_xact_lock{kind}(hashtext(%s))", [f"ortoo log {log}"])


def append(log: str, entries: Sequence[bytes]) -> int:
    """Add entries at the end, in the caller's transaction; gives the new size. `sign` it after the commit."""
    _lock(log, shared=False)
    Tree.objects.get_or_create(log=log)
    tree = Tree.objects.select_for_update().get(log=log)
    Entry.objects.bulk_create(Entry(tree=tree, index=tree.size + i, data=entry) for i, entry in enumerate(entries))
    tree.size += len(entries)
    tree.save(update_fields=["size"])
    return tree.size


def entries(log: str, after: int, upto: int) -> list[bytes]:
    """Entries after+1 … upto, in their order."""
    rows = Entry.objects.filter(tree_id=log, index__gte=after, index__lt=upto).order_by("index")
    return [bytes(data) for data in rows.values_list("data", flat=True)]


def sign(log: str, origin: str, key: SigningKey) -> None:
    """Sign a checkpoint over all that is committed, if there is none yet. Safe to repeat, by any process."""
    with transaction.atomic():
        _lock(log, shared=False)
        tree = Tree.objects.select_for_update().get(log=log)
        if tree.signed == tree.size:
            return
        root = merkle.root([merkle.leaf_hash(entry) for entry in entries(log, 0, tree.size)])
        note = sign_checkpoint(TreeHead(origin, tree.size, root), key)
        Checkpoint.objects.create(tree=tree, size=tree.size, root=root, note=note)
        tree.signed = tree.size
        tree.save(update_fields=["signed"])


def newest_checkpoint(log: str) -> Checkpoint | None:
    return Checkpoint.objects.filter(tree_id=log).order_by("-size").first()


def has_signed(log: str, size: int, root: bytes) -> bool:
    """Whether this hub ever signed this very tree head."""
    signed = Checkpoint.objects.filter(tree_id=log, size=size).values_list("root", flat=True).first()
    return signed is not None and bytes(signed) == root


def queue(documents: Iterable[bytes]) -> None:
    """Queue a leaf with a fresh salt for each H(document), in the transaction of what they record."""
    QueuedLeaf.objects.bulk_create(
        QueuedLeaf(salt=secrets.token_bytes(32), document=document) for document in documents
    )
