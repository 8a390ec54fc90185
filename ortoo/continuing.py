"""A log that was continued (protocol §10): a hub that was restored from a backup goes on under new origins.

Its directory begins with what the backup had. Then comes a version of the network's document that names new logs and
`continues` the head that the old log had reached, signed by the threshold of the coordinators: they say that what is
missing was lost. Whoever has seen more than they say was lost, stops.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ortoo.protocol import documents, schemas
from ortoo.protocol.checkpoint import Checkpoint, Policy, head_of
from ortoo.protocol.directory import LOG, Directory, need
from ortoo.protocol.documents import Document, b64
from ortoo.protocol.errors import Refused


@dataclass(frozen=True)
class Continued:
    """network: the document that says so. lost: entries of the directory that were seen and are not in it any more."""

    network: Document[schemas.Network]
    lost: tuple[str, ...]


def is_another_log(note: str, seen: str) -> bool:
    """Whether this checkpoint is of another log than the one that was seen before."""
    return bool(seen) and head_of(note).origin != head_of(seen).origin


def check(entries: Sequence[str], note: str, known: Directory, seen: Checkpoint) -> Continued:
    """That these entries, replayed already, continue the directory that was known, whose newest head was `seen`.

    Raises Refused (`directory_fork`) for whatever is not exactly that.
    """
    kept = _kept(entries, known.entries)
    network = _network(entries[kept:])
    declared = network.body.continues
    if declared is None or Policy.parse(network.body.policy).log_named(LOG).name != head_of(note).origin:
        raise _fork(kept)
    if declared.size < seen.size or (declared.size == seen.size and declared.root != b64(seen.root)):
        raise _fork(declared.size)  # more was seen than its coordinators say there was
    try:
        need(network, known.network.body)  # of those whom this device knows, whatever was lost
    except Refused:
        raise _fork(kept) from None
    return Continued(network, tuple(known.entries[kept:]))


def covers(directory: Directory, head: schemas.TreeHead) -> bool:
    """Whether this head of another device is of a log that this directory says it continues."""
    return any(declared.size > head.size or declared == head for declared in directory.continued())


def _kept(entries: Sequence[str], known: Sequence[str]) -> int:
    """How many entries both begin with."""
    both = min(len(entries), len(known))
    return next((at for at in range(both) if entries[at] != known[at]), both)


def _network(entries: Sequence[str]) -> Document[schemas.Network]:
    """The first of them, which must be the network's document."""
    if not entries or documents.kind_of_envelope(entries[0]) != "network":
        raise _fork(0)
    return documents.read(entries[0], schemas.Network)


def _fork(size: int) -> Refused:
    return Refused("directory_fork", "The directory is another one, and no coordinators say why.", size=size)
