"""What this hub has logged, as a bundle for an auditor (`ortoo/bundle.py`), by whoever has the database."""

from collections.abc import Iterator, Sequence
from itertools import islice

from agencies import clock, directory, keys
from audit import log, tiles
from ortoo import bundle
from ortoo.protocol.checkpoint import head_of
from ortoo.protocol.errors import Refused
from referrals import verifying

BATCH = 100  # consents, or records


def export(consents: Sequence[str] | None = None) -> Iterator[str]:
    """The lines: of all consents, or of these. Everything up to the newest checkpoint with a quorum. Raises Refused."""
    current = directory.in_force()
    own, newest = directory.activity_log(current), log.newest()
    notes = newest[log.DIRECTORY].in_force, newest[log.ACTIVITY].in_force
    if own is None or not all(notes):
        raise Refused("not_found", "Nothing was logged yet with a quorum of witnesses.")
    logged = _logged(own[0], head_of(notes[1]).size, consents)
    yield from bundle.write(current, notes, logged, keys.hub(), clock.now())


def _logged(origin: str, size: int, consents: Sequence[str] | None) -> Iterator[bundle.Logged]:
    batches = verifying.batches(None, BATCH) if consents is None else iter([sorted(consents)])
    for ids in batches:
        tree = tiles.tree(log.ACTIVITY, origin, size)  # its tiles are kept no longer than a batch
        for case in verifying.load(ids):
            for kind, row, at in verifying.rows(case):
                leaf = case.leaves.get(bytes(row.sha256))
                if leaf is not None and leaf.index is not None and leaf.index < size:
                    yield bundle.Logged(
                        consent=str(case.consent.pk),
                        kind=kind,
                        envelope=row.envelope,
                        accepted_at=at,
                        index=leaf.index,
                        salt=bytes(leaf.salt),
                        proof=tree.inclusion_proof(leaf.index),
                    )
    if consents is None:
        yield from _records(origin, size)


def _records(origin: str, size: int) -> Iterator[bundle.Logged]:
    every = verifying.records()
    while some := list(islice(every, BATCH)):
        tree = tiles.tree(log.ACTIVITY, origin, size)
        placed = log.placed([sha256 for _, sha256, _ in some], size)
        for envelope, sha256, at in some:
            leaf = placed.get(sha256)
            if leaf is not None:
                yield bundle.Logged(
                    consent="",
                    kind=bundle.RECORD,
                    envelope=envelope,
                    accepted_at=at,
                    index=leaf.index,
                    salt=leaf.salt,
                    proof=tree.inclusion_proof(leaf.index),
                )
