"""What went without the person's consent and is an agency's to review (protocol §7): what is to do, what was said."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Exists, OuterRef, Q

from agencies.signing_in import Actor
from coordination import access
from coordination.paging import Page, paged
from referrals.exceptions import VERDICTS
from referrals.models import Event, Referral

Todo = Literal["second", "review"]


@dataclass(frozen=True)
class Review:
    """to_do: None where it was reviewed, or taken back before it went. verdict: the newest."""

    referral: Referral
    to_do: Todo | None
    seconded_at: datetime | None
    verdict: str | None
    reviewed_at: datetime | None


def page(actor: Actor, *, waiting: bool, first: int, after: str | None) -> tuple[Page[Referral], list[Review]]:
    """The agency's, those sent last first. waiting: only where something is to do."""
    rows = access.reviews_of(actor.agency)
    if waiting:
        said = Event.objects.filter(referral=OuterRef("pk"), type__in=VERDICTS)
        rows = rows.filter(~Exists(said), Q(delivered_at__isnull=False) | Q(state="waiting"))
    found = paged(rows, "sent_at", (actor.agency, "reviews", waiting), first=first, after=after)
    events = Event.objects.filter(referral__in=found.items, type__in=("seconded", *VERDICTS)).order_by("place")
    steps: dict[object, dict[str, Event]] = {one.pk: {} for one in found.items}
    for event in events:
        steps[event.referral_id]["seconded" if event.type == "seconded" else "verdict"] = event
    return found, [_review(one, steps[one.pk]) for one in found.items]


def _review(referral: Referral, steps: dict[str, Event]) -> Review:
    second, verdict = steps.get("seconded"), steps.get("verdict")
    to_do: Todo | None = None
    if referral.state == "waiting":
        to_do = "second"
    elif verdict is None and referral.delivered_at is not None:
        to_do = "review"
    return Review(
        referral=referral,
        to_do=to_do,
        seconded_at=second.accepted_at if second is not None else None,
        verdict=verdict.type if verdict is not None else None,
        reviewed_at=verdict.accepted_at if verdict is not None else None,
    )
