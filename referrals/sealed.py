"""Keeping, handing out and destroying the blobs of sealed sets (protocol §5, §9)."""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import structlog
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from ortoo.protocol import schemas
from ortoo.protocol.sealing import Blobs
from referrals import files
from referrals.models import Event, File, Part, PartKey, Referral, SealedSet, Wrap

log = structlog.get_logger()

BUSY_TIMEOUT: Final = 20_000  # milliseconds, as in the settings
AGAIN_AFTER: Final = 0.25  # seconds
TRIES: Final = 14_400  # an hour: longer than any backup reads
_trying_again: Final = threading.Lock()


def sets_of(referral: Referral) -> list[int]:
    """The referral's own sealed set and those of the notes on it."""
    noted = Event.objects.filter(referral=referral, sealed__isnull=False).values_list("sealed_id", flat=True)
    return [referral.sealed_id, *noted]


def store(agency: str, documents: Sequence[tuple[schemas.Sealed, Blobs]]) -> list[SealedSet]:
    """Keep the blobs of several documents of an agency, in the caller's transaction. Their files are those that
    `files.named_in` has found: `blob_missing` for one that was taken meanwhile.
    """
    sets = [SealedSet.objects.create() for _ in documents]
    pairs = list(zip(sets, (blobs for _, blobs in documents), strict=True))
    epochs = {
        (one.pk, reader.agency): reader.epoch
        for one, (listed, _) in zip(sets, documents, strict=True)
        for reader in listed.readers
    }
    Part.objects.bulk_create(
        Part(set=one, name=name, ciphertext=blob) for one, kept in pairs for name, blob in kept.parts.items()
    )
    Wrap.objects.bulk_create(
        Wrap(set=one, agency_id=agency, epoch=epochs[one.pk, agency], wrap=blob)
        for one, kept in pairs
        for agency, blob in kept.wraps.items()
    )
    PartKey.objects.bulk_create(
        PartKey(set=one, part=part, agency_id=agency, key=blob)
        for one, kept in pairs
        for (part, agency), blob in kept.keys.items()
    )
    for one, kept in pairs:
        files.take(one, agency, kept.stored)
    return sets


def hand_out(sets: Mapping[int, Iterable[str]], agency: str) -> dict[int, Blobs]:
    """What is kept for `agency` of these sets, by set: of each only the parts named. Three queries for any number."""
    wanted = {one: set(parts) for one, parts in sets.items()}
    handed = {one: Blobs() for one in wanted}
    for one, part, key in PartKey.objects.filter(set_id__in=wanted, agency_id=agency).values_list(
        "set_id", "part", "key"
    ):
        if part in wanted[one]:
            handed[one].keys[part, agency] = bytes(key)
    with_keys = [one for one, blobs in handed.items() if blobs.keys]
    for one, wrap in Wrap.objects.filter(set_id__in=with_keys, agency_id=agency).values_list("set_id", "wrap"):
        handed[one].wraps[agency] = bytes(wrap)
    for one, name, ciphertext in Part.objects.filter(set_id__in=with_keys).values_list("set_id", "name", "ciphertext"):
        if (name, agency) in handed[one].keys:
            handed[one].parts[name] = bytes(ciphertext)
    return handed


def destroy_keys(sets: Sequence[int], agency: str | None = None, parts: Sequence[str] | None = None) -> set[str]:
    """An agency (None: whoever had a key) reads nothing of these sets (or not these parts of them) from now on: its
    keys go, then each wrap, text and file with no key left. Gives the agencies of which keys went.
    """
    gone = PartKey.objects.filter(set_id__in=sets)
    if agency is not None:
        gone = gone.filter(agency_id=agency)
    if parts is not None:
        gone = gone.filter(part__in=parts)
    lost = set(gone.values_list("agency_id", flat=True))
    gone.delete()
    keys = PartKey.objects.filter(set_id=OuterRef("set_id"))
    Wrap.objects.filter(~Exists(keys.filter(agency_id=OuterRef("agency_id"))), set_id__in=sets).delete()
    Part.objects.filter(~Exists(keys.filter(part=OuterRef("name"))), set_id__in=sets).delete()
    files.discard(File.objects.filter(~Exists(keys.filter(part=OuterRef("part"))), set_id__in=sets))
    transaction.on_commit(empty_write_ahead_log, robust=True)
    return lost


def empty_write_ahead_log() -> None:
    """SQLite's log still holds the pages as they were: what was destroyed would lie there until it is written over.

    Safe to run at any time: also for what a process destroyed that was killed before it came to this.
    """
    if connection.vendor != "sqlite" or log_emptied():
        return
    if _trying_again.acquire(blocking=False):  # somebody reads, a backup perhaps: nobody waits for that
        log.warning("write_ahead_log_kept")
        threading.Thread(target=_empty_it_later, daemon=True).start()


def log_emptied(wait: int = 0) -> bool:
    """Whether SQLite's log is empty now, after waiting for those who read (`wait`: milliseconds)."""
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA busy_timeout={wait}")
        try:
            busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT}")
    return not busy


def _empty_it_later() -> None:
    """One thread at a time. It lets go before it tries: what is destroyed after that has a thread of its own."""
    try:
        for _ in range(TRIES):
            time.sleep(AGAIN_AFTER)
            _trying_again.release()
            if log_emptied() or not _trying_again.acquire(blocking=False):
                return
        _trying_again.release()
        log.error("write_ahead_log_kept")
    finally:
        connection.close()
