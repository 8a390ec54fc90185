"""The trail of an agency: what happened on its referrals, by whom and when; nothing of what they say."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from agencies.signing_in import Actor
from ortoo.protocol import schemas, vocabulary
from ortoo.protocol.errors import Refused
from referrals import access, cursors
from referrals.filters import check_agency, check_moment
from referrals.models import Referral, TrailEntry

SENT: Final = "referral_sent"


def sent(referrals: Sequence[Referral], member: str) -> None:
    """These were sent just now, by this member."""
    TrailEntry.objects.bulk_create(
        entry for one in referrals for entry in _entries(one, SENT, None, one.sender_id, member, one.sent_at)
    )


def delivered(referral: Referral, at: datetime) -> None:
    """What had waited for its second signature came to its recipient just now."""
    begun = TrailEntry.objects.get(agency_id=referral.sender_id, referral=referral, type=SENT)
    _, received = _entries(referral, SENT, None, referral.sender_id, begun.member, at)
    received.save()


def stepped(referral: Referral, body: schemas.Event, at: datetime) -> None:
    """A step was accepted on this referral."""
    by = body.author
    TrailEntry.objects.bulk_create(_entries(referral, body.type, body.reason, by.agency, by.member, at))


def _entries(
    referral: Referral, type: str, reason: str | None, by: str, member: str | UUID, at: datetime
) -> list[TrailEntry]:
    """Both its agencies have a trail of it, the recipient from when it sees it."""
    both = (referral.sender_id, referral.recipient_id), (referral.recipient_id, referral.sender_id)
    return [
        TrailEntry(
            agency_id=agency,
            referral=referral,
            counterpart_id=other,
            by_id=by,
            member=member,
            type=type,
            reason=reason,
            at=at,
        )
        for agency, other in (both if referral.delivered_at is not None else both[:1])
    ]


# --- read -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Filter:
    """What of a trail is wanted."""

    referral: UUID | None = None
    counterpart: str | None = None
    type: str | None = None
    since: datetime | None = None

    def check(self) -> None:
        """Raises Refused, with the field that names nothing."""
        if self.type is not None and self.type != SENT and self.type not in vocabulary.codes("steps"):
            raise Refused("malformed", "The vocabulary has no such step.", field="type")
        check_agency(self.counterpart, "counterpart")
        check_moment(self.since, "since")


@dataclass(frozen=True)
class Page:
    rows: list[tuple[TrailEntry, str]]  # each with its cursor
    more: bool


def page(actor: Actor, wanted: Filter, *, first: int, after: str | None) -> Page:
    """The `first` entries that follow the cursor `after`, the newest first."""
    wanted.check()
    rows = access.trail_of(actor)
    for name, value in (("referral", wanted.referral), ("counterpart", wanted.counterpart), ("type", wanted.type)):
        if value is not None:
            rows = rows.filter(**{name: value})
    if wanted.since is not None:
        rows = rows.filter(at__gte=wanted.since)
    kind = cursors.list_of(actor.agency, "trail", *astuple(wanted))
    if after is not None:
        rows = rows.filter(cursors.before(("at", "id"), _position(after, kind)))
    found = list(rows.order_by("-at", "-id")[: first + 1])
    listed = [(one, cursors.write(kind, cursors.micros(one.at), one.pk)) for one in found[:first]]
    return Page(listed, more=len(found) > first)


def _position(text: str, kind: str) -> tuple[datetime, int]:
    at, id = cursors.read(text, kind, 2)
    try:
        return cursors.moment(cursors.number(at)), cursors.number(id)
    except (ValueError, OverflowError):
        raise cursors.no_cursor() from None
