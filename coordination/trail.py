"""What passes between agencies: who asked whom, when, on which basis, how it stands and who is late. No content; and of
the routing only what a coordinator needs: urgency, services, and the aimag, which is no address.
"""

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from agencies import clock
from agencies.signing_in import Actor
from coordination import access, looks
from coordination.paging import Page, paged
from ortoo import places
from ortoo.protocol.errors import Refused
from referrals import clocks
from referrals.filters import check_agency, check_code, check_moment, check_place
from referrals.models import AskedService, Clock, Referral

ANSWERING = ("acknowledge", "decide")  # what is owed before the recipient has answered


@dataclass(frozen=True)
class Filter:
    """What of the trail is wanted: all that is said, at once."""

    agency: str | None = None  # of either side
    place: str | None = None  # an aimag
    service: str | None = None
    urgency: str | None = None
    basis: str | None = None
    state: str | None = None
    overdue: bool = False
    unanswered: bool = False
    without_consent: bool = False
    since: datetime | None = None  # came to its recipient then or later
    until: datetime | None = None  # and before that

    def check(self) -> None:
        """Raises Refused (`malformed`), with the field that names nothing."""
        check_agency(self.agency, "agency")
        check_place(self.place, "place")
        if self.place is not None and places.aimag(self.place) != self.place:
            raise Refused("malformed", "An aimag, or the capital: nothing smaller is told here.", field="place")
        check_code(self.service, "services", "service")
        check_code(self.urgency, "urgency", "urgency")
        check_code(self.basis, "consent_bases", "basis")
        check_code(self.state, "states", "state")
        check_moment(self.since, "since")
        check_moment(self.until, "until")


def page(actor: Actor, wanted: Filter, *, first: int, after: str | None) -> Page[Referral]:
    """The `first` referrals that follow the cursor `after`, what came last to its recipient first. It is a look."""
    rows = filtered(wanted)
    found = paged(rows, "delivered_at", (actor.agency, "overseen", *astuple(wanted)), first=first, after=after)
    looks.keep(actor, "trail", len(found.rows), asdict(wanted))
    return found


def filtered(wanted: Filter) -> QuerySet[Referral]:
    """All of them, in no order. Raises Refused (`malformed`)."""
    wanted.check()
    rows = access.passed()
    for name, value in (
        ("urgency", wanted.urgency),
        ("basis", wanted.basis),
        ("state", wanted.state),
        ("delivered_at__gte", wanted.since),
        ("delivered_at__lt", wanted.until),
    ):
        if value is not None:
            rows = rows.filter(**{name: value})
    if wanted.agency is not None:
        rows = rows.filter(Q(sender=wanted.agency) | Q(recipient=wanted.agency))
    if wanted.place not in (None, places.COUNTRY):
        rows = rows.filter(Q(place=wanted.place) | Q(place__startswith=f"{wanted.place}."))
    if wanted.service is not None:
        rows = rows.filter(Exists(AskedService.objects.filter(referral=OuterRef("pk"), service=wanted.service)))
    if wanted.without_consent:
        rows = rows.filter(reviewer__isnull=False)
    owed = Clock.objects.filter(referral=OuterRef("pk"))
    if wanted.overdue:
        rows = rows.filter(Exists(owed.filter(due_at__lte=clock.now())))
    if wanted.unanswered:
        rows = rows.filter(Exists(owed.filter(kind__in=ANSWERING)))
    return rows


def owed_on(rows: Sequence[Referral]) -> dict[UUID, list[Clock]]:
    """What is owed on each, the most pressing first."""
    return clocks.owed(rows)


def overdue(actor: Actor, most: int) -> list[Clock]:
    """All that has run out and is still owed, the longest first. It is a look."""
    found = clocks.overdue(most)
    looks.keep(actor, "overdue", len(found))
    return found
