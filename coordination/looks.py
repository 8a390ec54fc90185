"""The coordinators' own trail: each look at what passes between agencies is kept, and all of them see it."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, Final

from agencies import clock
from agencies.signing_in import Actor
from coordination import access
from coordination.models import Look
from coordination.paging import Page, paged
from ortoo.protocol.documents import stamp
from ortoo.protocol.errors import Refused
from referrals.filters import check_agency, check_moment
from referrals.models import Referral

WHAT: Final = ("trail", "timeline", "openings", "overdue", "export", "statistics")


def keep(
    actor: Actor, what: str, count: int, wanted: Mapping[str, Any] | None = None, referral: Referral | None = None
) -> Look:
    """This coordinator was shown so many rows just now. wanted: the filter."""
    said = {name: _said(value) for name, value in (wanted or {}).items() if value not in (None, False)}
    return Look.objects.create(
        agency_id=actor.agency,
        member=actor.member,
        what=what,
        referral=referral,
        wanted=said,
        count=count,
        at=clock.now(),
    )


def _said(value: Any) -> Any:
    return stamp(value) if isinstance(value, datetime) else value


@dataclass(frozen=True)
class Filter:
    """Which looks are wanted."""

    agency: str | None = None  # of the coordinator
    what: str | None = None
    since: datetime | None = None

    def check(self) -> None:
        """Raises Refused (`malformed`), with the field that names nothing."""
        check_agency(self.agency, "agency")
        check_moment(self.since, "since")
        if self.what is not None and self.what not in WHAT:
            raise Refused("malformed", f"This is one of: {', '.join(WHAT)}.", field="what")


def page(actor: Actor, wanted: Filter, *, first: int, after: str | None) -> Page[Look]:
    """The `first` looks that follow the cursor `after`, the newest first."""
    wanted.check()
    rows = access.looks().select_related("export")
    for name, value in (("agency", wanted.agency), ("what", wanted.what), ("at__gte", wanted.since)):
        if value is not None:
            rows = rows.filter(**{name: value})
    return paged(rows, "at", (actor.agency, "looks", *astuple(wanted)), first=first, after=after)
