"""A hub that was restored from a backup goes on (protocol §10): under new logs, which the coordinators declare.

Nothing is signed under the old logs any more: others have seen more of them than the backup has. The new ones begin
with what the backup had, and with the document that says what the old ones had reached.
"""

from dataclasses import dataclass

import msgspec
from django.db import transaction
from django.utils import timezone

from agencies import directory, keys, publishing, sequencing
from audit import log
from audit.files import SIGNED, folder_of
from ortoo.protocol import schemas
from ortoo.protocol.checkpoint import NOTE_KEY, Checkpoint, Policy, VerifierKey, open_signed
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, b64, stamp
from ortoo.protocol.errors import Refused


@dataclass(frozen=True)
class Lost:
    """How many entries of each log were signed once and are gone."""

    directory: int
    activity: int


def reached(origin: str, policy: Policy, given: str | None, name: str) -> Checkpoint | None:
    """The newest head of an old log that is given, in its files, or in the database; its signature verified."""
    path, row = folder_of(origin) / SIGNED, log.newest_signed(name)
    notes = [given, path.read_text(encoding="utf-8") if path.exists() else None, row.note if row is not None else None]
    heads = [open_signed(note, origin, policy).checkpoint for note in notes if note is not None]
    return max(heads, key=lambda head: head.size, default=None)


def draft(seen: str | None = None) -> tuple[schemas.Network, Lost]:
    """The next version of the network's document, for the coordinators to sign, and what is lost with it.

    seen: the newest note of the directory log that somebody has, where the hub's own files are gone. Raises Refused.
    """
    with transaction.atomic():
        current = directory.committed_alone()
    if not current.size:
        raise Refused("not_found", "No network has been founded on this hub yet.")
    network, policy, origin = current.network, current.policy, directory.origin_of(current)
    own = {"directory": keys.directory_log().public, "activity": keys.activity_log().public}
    if any(key.public in own.values() for key in policy.logs):
        raise Refused(
            "key_refused",
            "These log keys are named by the network already. Put directory.key and activity.key away, make new ones.",
            field="policy",
        )
    head = reached(origin, policy, seen, log.DIRECTORY)
    if head is None:
        raise Refused("not_found", "No checkpoint of the directory log is known: bring one that a witness has.")
    body = network.body
    prefix = f"{origin.partition('/')[0]}/{body.version + 1}/log"
    logs = [f"log {VerifierKey(f'{prefix}/{name}', NOTE_KEY, key)}" for name, key in own.items()]
    others = [line for line in body.policy.splitlines() if not line.startswith("log ")]
    body = msgspec.structs.replace(
        body,
        at=stamp(timezone.now()),
        version=body.version + 1,
        prev=network.sha256,
        policy="\n".join([*logs, *others]) + "\n",
        continues=schemas.TreeHead(size=head.size, root=b64(head.root)),
    )
    return body, Lost(head.size - current.size, _lost_activity(policy))


def _lost_activity(policy: Policy) -> int:
    origins = [key.name for key in policy.logs if key.name.endswith("/log/activity")]
    heads = [reached(origin, policy, None, log.ACTIVITY) for origin in origins]
    return max([head.size for head in heads if head is not None], default=0) - log.size_of(log.ACTIVITY)


def take(document: Document[schemas.Network]) -> Directory:
    """Go on with it: the newest entry of the new directory log; the activity log is signed anew. Raises Refused."""
    if document.body.continues is None:
        raise Refused("malformed", "This document continues no log.", field="continues")
    with transaction.atomic():
        publishing.append([document.envelope])
        current = directory.committed_alone()
        own = directory.activity_log(current)
        if own is not None and log.size_of(log.ACTIVITY):
            signed = log.sign_anew(log.ACTIVITY, *own)
            if publishing.has_quorum(signed.note, own[0], current.policy):
                log.put_in_force(log.ACTIVITY, signed.size)
    sequencing.integrate()
    return current
