"""The activity tree grows: what was queued gets its place, is signed, and comes into force with the network's quorum
(protocol §10). One at a time does it, in whichever process; who queues waits for nobody.
"""

from typing import Final

from django.db import transaction
from django.utils import timezone

from agencies import directory, throttling
from agencies.publishing import BY_ADDRESS, has_quorum
from audit import guard, log, tiles
from ortoo.protocol import checkpoint
from ortoo.protocol.errors import Refused

BATCH: Final = 1000  # leaves of one transaction and checkpoint


def integrate() -> None:
    """Take in all that waits, sign it, and write both logs' files. Safe to run at any time, by any number at once."""
    _publish()
    while log.waiting() and _take_in():
        _publish()


def _take_in() -> bool:
    """One batch, in one transaction; False where somebody else is at it, or there is no such log."""
    if not log.size_in_force(log.DIRECTORY):
        return False
    own = directory.activity_log(directory.in_force())
    if own is None:
        return False
    origin, key = own
    with transaction.atomic():
        if not log.take_alone(log.ACTIVITY):
            return False
        guard.check(log.ACTIVITY, origin)
        log.place(BATCH)
        signed = log.sign(log.ACTIVITY, origin, key)
        if has_quorum(signed.note, origin, directory.in_force().policy):
            log.put_in_force(log.ACTIVITY, signed.size)
    return True


def _publish() -> None:
    """Write the files of both logs where something new was signed or cosigned."""
    newest = log.newest()
    if not newest[log.DIRECTORY].in_force or not any(tiles.is_behind(*one) for one in newest.items()):
        return
    current = directory.in_force()
    own = directory.activity_log(current)
    origins = {log.DIRECTORY: directory.origin_of(current), **({log.ACTIVITY: own[0]} if own is not None else {})}
    for name, origin in origins.items():
        if tiles.is_behind(name, newest[name]):
            tiles.publish(name, origin)


def cosign(size: int, line: str, address: str) -> bool:
    """Add a witness's line to the activity log's checkpoint of this size. Gives whether that is in force now.

    Raises Refused as `publishing.cosign` does.
    """
    throttling.take((BY_ADDRESS, address))
    current = directory.in_force()
    own = directory.activity_log(current)
    with transaction.atomic():
        log.hold_alone(log.ACTIVITY)
        signed = log.checkpoint_of(log.ACTIVITY, size)
        if own is None or signed is None or size < log.size_in_force(log.ACTIVITY):
            raise Refused("not_found", "This checkpoint is not the newest one. Look again.", field="size")
        note = checkpoint.with_cosignature(signed.note, line, current.policy, timezone.now())
        throttling.give_back((BY_ADDRESS, address))
        if note != signed.note:
            log.keep_note(signed, note)
        if not has_quorum(note, own[0], current.policy):
            return False
        log.put_in_force(log.ACTIVITY, size)
        return True
