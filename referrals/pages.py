"""Inbox and outbox, page by page, in the order in which they need somebody (referrals/standing.py).

A walk sees the order that the list had when it began: what moves meanwhile is shown once, where it stood, and as it is
by now; what comes meanwhile is there when the list is looked at anew.
"""

from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Subquery

from agencies import clock
from agencies.signing_in import Actor
from ortoo import places
from ortoo.protocol.errors import Refused
from referrals import access, cursors
from referrals.cursors import micros
from referrals.filters import check_agency, check_code, check_moment, check_place
from referrals.models import AskedService, ListHead, Referral, Standing

MOST_COUNTED: Final = 1000  # in each tier; so many means: or more
ORDER: Final = ("tier", "key", "referral")

Tier = Literal["late", "clock", "ours", "waiting", "rest"]


@dataclass(frozen=True)
class Filter:
    """What of a list is wanted: all that is said, at once."""

    state: str | None = None
    urgency: str | None = None
    need: str | None = None  # a service that is asked for
    place: str | None = None  # with all that lies in it
    counterpart: str | None = None
    overdue: bool = False
    since: datetime | None = None  # changed since then

    def check(self) -> None:
        """Raises Refused (`malformed`), with the field that names nothing."""
        check_code(self.state, "states", "state")
        check_code(self.urgency, "urgency", "urgency")
        check_code(self.need, "services", "need")
        check_place(self.place, "place")
        check_agency(self.counterpart, "counterpart")
        check_moment(self.since, "since")


@dataclass(frozen=True)
class Listed:
    """A row of a page: the referral as it is, its tier as it was when the walk began, and its place."""

    referral: Referral
    tier: Tier
    cursor: str


@dataclass(frozen=True)
class Counts:
    """How many there are now in each tier but the rest, at most MOST_COUNTED."""

    late: int
    clock: int
    ours: int
    waiting: int


@dataclass(frozen=True)
class Page:
    rows: list[Listed]
    more: bool
    counts: Counts | None


@dataclass(frozen=True)
class Walk:
    """The list as of a version, and as late as it was at a moment."""

    version: int
    at: datetime


def page(actor: Actor, box: str, wanted: Filter, *, first: int, after: str | None, counted: bool = False) -> Page:
    """The `first` referrals that follow the cursor `after`. counted: with how many the whole list has.

    Raises:
        Refused: `malformed` for a filter, or a cursor that is not of this list and filter; `not_found` for a cursor
            that is too old.
    """
    wanted.check()
    kind, now = cursors.list_of(actor.agency, box, *astuple(wanted)), clock.now()
    if after is None:
        head, counts = _head(actor, box, wanted, now, counted)
        walk = Walk(head.version, now)
        found = _rows(actor, box, wanted, walk)[: first + 1]
        rows = list(found)
    else:
        walk, position = _position(after, kind)
        rows = list(_rows(actor, box, wanted, walk).filter(cursors.behind(ORDER, position))[: first + 1])
        # After the rows: what was forgotten before they were read is told here.
        head, counts = _head(actor, box, wanted, now, counted)
        if walk.version > head.version:
            raise cursors.no_cursor()
        if walk.version < head.forgotten:
            raise Refused("not_found", "This list has changed since long ago. Begin at its top.", field="after")
    listed = [Listed(row.referral, _tier(row, walk.at), _cursor(kind, walk, row)) for row in rows[:first]]
    return Page(listed, more=len(rows) > first, counts=counts)


def _rows(actor: Actor, box: str, wanted: Filter, walk: Walk) -> QuerySet[Standing]:
    there = Q(left__isnull=True) | Q(left__gt=walk.version)
    rows = access.places_of(actor, box).filter(there, entered__lte=walk.version)
    return _filtered(rows, box, wanted, walk.at).select_related("referral").order_by(*ORDER)


def _filtered(rows: QuerySet[Standing], box: str, wanted: Filter, at: datetime) -> QuerySet[Standing]:
    other = "referral__sender" if box == Standing.INBOX else "referral__recipient"
    for name, value in (
        ("referral__state", wanted.state),
        ("referral__urgency", wanted.urgency),
        (other, wanted.counterpart),
        ("referral__changed_at__gte", wanted.since),
    ):
        if value is not None:
            rows = rows.filter(**{name: value})
    if wanted.place is not None and wanted.place != places.COUNTRY:
        rows = rows.filter(Q(referral__place=wanted.place) | Q(referral__place__startswith=f"{wanted.place}."))
    if wanted.need is not None:
        rows = rows.filter(Exists(AskedService.objects.filter(referral=OuterRef("referral"), service=wanted.need)))
    if wanted.overdue:
        rows = rows.filter(due_at__lte=at, tier__lt=Standing.REST)
    return rows


def _tier(row: Standing, at: datetime) -> Tier:
    if row.tier == Standing.CLOCK:
        return "late" if row.due_at is not None and row.due_at <= at else "clock"
    return {Standing.OURS: "ours", Standing.WAITING: "waiting"}.get(row.tier, "rest")  # type: ignore[return-value]


# --- the head, and how many -------------------------------------------------------------------------------------------


class _CountOf(Subquery):
    template = "(SELECT COUNT(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def _head(actor: Actor, box: str, wanted: Filter, now: datetime, counted: bool) -> tuple[ListHead, Counts | None]:
    """The list's newest version and, if they are wanted, its counts: one query."""
    heads = ListHead.objects.filter(agency=actor.agency)
    if not counted:
        return heads.get(), None
    unsettled = access.places_of(actor, box).filter(left__isnull=True, tier__lt=Standing.REST)
    rows = _filtered(unsettled, box, wanted, now)
    late = Q(tier=Standing.CLOCK, key__lte=micros(now))
    tiers: dict[str, Any] = {
        "late": late,
        "clock": Q(tier=Standing.CLOCK, key__gt=micros(now)),
        "ours": Q(tier=Standing.OURS),
        "waiting": Q(tier=Standing.WAITING),
    }
    head = heads.annotate(
        **{name: _CountOf(rows.filter(which).order_by().values("pk")[:MOST_COUNTED]) for name, which in tiers.items()}
    ).get()
    return head, Counts(**{name: getattr(head, name) for name in tiers})


# --- cursors ----------------------------------------------------------------------------------------------------------


def _cursor(kind: str, walk: Walk, row: Standing) -> str:
    return cursors.write(kind, walk.version, micros(walk.at), row.tier, row.key, row.referral_id)


def _position(text: str, kind: str) -> tuple[Walk, tuple[int, int, UUID]]:
    version, at, tier, key, id = cursors.read(text, kind, 5)
    try:
        walk = Walk(cursors.number(version), cursors.moment(cursors.number(at)))
        return walk, (cursors.number(tier), cursors.number(key), UUID(id))
    except (ValueError, OverflowError):
        raise cursors.no_cursor() from None
