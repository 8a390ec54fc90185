"""The trail as a file: CSV, JSON or XLSX. What one may export is what one may look at, and no more.

The hub signs a `record` (`exported`) on the file's SHA-256 and logs it: that so much left at once cannot be denied.
The file is written row by row; what is large is asked for in shorter periods.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from agencies import clock, directory, keys
from agencies.signing_in import Actor
from audit import log
from coordination import files, looks, trail
from coordination.models import Export
from ortoo import places
from ortoo.protocol import documents, schemas
from ortoo.protocol.directory import View
from ortoo.protocol.documents import b64, sha256, stamp
from ortoo.protocol.errors import Refused
from referrals.models import Clock, Referral

MOST_ROWS: Final = 5000  # in one file
AT_ONCE: Final = 500  # rows in memory
EXPORTED: Final = "exported"
COLUMNS: Final = (
    *("referral", "sent_at", "came_at", "sender", "sender_name", "recipient", "recipient_name", "urgency", "services"),
    *("place", "basis", "without_consent", "state", "changed_at", "owed", "due_at", "late"),
)


@dataclass(frozen=True)
class Exported:
    """A file, and what the hub signed of it."""

    name: str
    content: bytes
    rows: int
    record: str


def export(actor: Actor, wanted: trail.Filter, format: str) -> Exported:
    """The referrals under this filter, what came last to its recipient first, as a file that is logged.

    Raises Refused: `malformed` for a format that is not there or a filter; `limit_exceeded` for too many rows.
    """
    if format not in files.FORMATS:
        raise Refused("malformed", f"This is one of: {', '.join(files.FORMATS)}.", field="format")
    found = trail.filtered(wanted).order_by("-delivered_at", "-pk")
    ids = list(found.values_list("pk", flat=True)[: MOST_ROWS + 1])
    if len(ids) > MOST_ROWS:
        raise Refused("limit_exceeded", "Choose a shorter period, or more filters.", field="since", most=MOST_ROWS)
    content = files.FORMATS[format](COLUMNS, rows_of(ids))
    at = clock.now()
    record = schemas.Record(
        network=directory.in_force().id,
        at=stamp(at),
        id=documents.new_id(),
        on=schemas.Named(id=documents.new_id(), sha256=b64(sha256(content))),
        what=schemas.What(code=EXPORTED, agency=actor.agency, count=len(ids)),
    )
    signed = documents.sign(record, keys.hub())
    with transaction.atomic():
        look = looks.keep(actor, "export", len(ids), {**asdict(wanted), "format": format})
        Export.objects.create(id=UUID(record.id), look=look, sha256=signed.hash, envelope=signed.envelope)
        log.queue([signed.hash])
    return Exported(f"ortoo-{at:%Y%m%d-%H%M}.{format}", content, len(ids), signed.envelope)


def rows_of(ids: Sequence[UUID]) -> Iterator[list[Any]]:
    """Rows of COLUMNS: text, or True and False. The one place where they are made."""
    view, now = directory.in_force().now(), clock.now()
    for begin in range(0, len(ids), AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        referrals = Referral.objects.in_bulk(some)
        kept = [referrals[id] for id in some if id in referrals]
        owed = trail.owed_on(kept)
        for one in kept:
            pressing = owed[one.pk][0] if owed[one.pk] else None
            yield [*_row(one, pressing, view), pressing is not None and pressing.due_at <= now]


def _row(one: Referral, pressing: Clock | None, view: View) -> list[Any]:
    return [
        str(one.pk),
        stamp(one.sent_at),
        stamp(one.delivered_at),
        one.sender_id,
        _name(one.sender_id, view),
        one.recipient_id,
        _name(one.recipient_id, view),
        one.urgency,
        " ".join(one.services),
        places.aimag(one.place),
        one.basis,
        one.reviewer_id is not None,
        one.state,
        stamp(one.changed_at),
        f"{pressing.owes_id} {pressing.kind}" if pressing is not None else "",
        stamp(pressing.due_at) if pressing is not None else "",
    ]


def _name(agency: str, view: View) -> str:
    state = view.agency(agency)
    return state.admission.body.names.mn if state is not None else agency
