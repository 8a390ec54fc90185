"""One referral from its sending on, each line with the hash of what was signed and its place in the log; and who opened
what, when, in the whole network.
"""

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import datetime
from uuid import UUID

from agencies.signing_in import Actor
from audit import log
from coordination import access, looks
from coordination.paging import Page, paged
from ortoo.protocol import documents, schemas
from referrals.filters import check_agency, check_moment
from referrals.models import Event, Referral, TrailEntry
from referrals.trail import SENT


@dataclass(frozen=True)
class Line:
    """What was signed: by whom, accepted when. place: of its leaf in the activity log; None while it is promised."""

    type: str
    reason: str | None
    agency: str
    member: str
    at: datetime
    document: bytes
    place: int | None


@dataclass(frozen=True)
class Timeline:
    referral: Referral
    lines: list[Line]


def of(actor: Actor, id: UUID) -> Timeline | None:
    """None for what is not there, or has not passed. It is a look."""
    referral = access.passed().filter(pk=id).first()
    if referral is None:
        return None
    events = Event.objects.filter(referral=referral, place__lte=referral.steps).order_by("place")
    lines = _placed(referral, list(events))
    looks.keep(actor, "timeline", len(lines), referral=referral)
    return Timeline(referral, lines)


def _placed(referral: Referral, events: Sequence[Event]) -> list[Line]:
    """In the order of acceptance. Who signed is in the documents."""
    places = log.placed([bytes(one.sha256) for one in (referral, *events)], log.size_in_force(log.ACTIVITY))
    author = documents.read(referral.envelope, schemas.Referral).body.author
    said = [(SENT, None, author, referral.sent_at, bytes(referral.sha256))]
    for one in events:
        by = documents.read(one.envelope, schemas.Event).body.author
        said.append((one.type, one.reason, by, one.accepted_at, bytes(one.sha256)))
    return [
        Line(type, reason, by.agency, by.member, at, document, placed.index if placed is not None else None)
        for type, reason, by, at, document in said
        for placed in (places.get(document),)
    ]


# --- who opened what --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filter:
    """Which openings are wanted."""

    agency: str | None = None  # that opened
    referral: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    def check(self) -> None:
        """Raises Refused (`malformed`), with the field that names nothing."""
        check_agency(self.agency, "agency")
        check_moment(self.since, "since")
        check_moment(self.until, "until")


def openings(actor: Actor, wanted: Filter, *, first: int, after: str | None) -> Page[TrailEntry]:
    """The `first` openings that follow the cursor `after`, the newest first. It is a look."""
    wanted.check()
    rows = access.openings().select_related("referral")
    for name, value in (
        ("by", wanted.agency),
        ("referral", wanted.referral),
        ("at__gte", wanted.since),
        ("at__lt", wanted.until),
    ):
        if value is not None:
            rows = rows.filter(**{name: value})
    found = paged(rows, "at", (actor.agency, "openings", *astuple(wanted)), first=first, after=after)
    given = asdict(wanted) | {"referral": str(wanted.referral) if wanted.referral is not None else None}
    looks.keep(actor, "openings", len(found.rows), given)
    return found
