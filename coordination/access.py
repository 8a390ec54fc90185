"""What coordinators see of others' referrals: that they passed, and how they stand. Queries start here.

What waits for its second signature has not passed yet: nobody finds it but whoever is to sign (`reviews_of`).
"""

from django.db.models import F, Q, QuerySet

from coordination.models import Look
from referrals.models import Referral, TrailEntry


def passed() -> QuerySet[Referral]:
    """What came to its recipient, in the whole network."""
    return Referral.objects.filter(delivered_at__isnull=False)


def openings() -> QuerySet[TrailEntry]:
    """Each opening once: both sides' trails have it, and the sender's always."""
    return TrailEntry.objects.filter(type="opened", agency=F("referral__sender"), referral__delivered_at__isnull=False)


def reviews_of(agency: str) -> QuerySet[Referral]:
    """What goes without consent and is this agency's to review; or to sign for first, where nobody else can."""
    return Referral.objects.filter(Q(delivered_at__isnull=False) | Q(seconded_by_reviewer=True), reviewer=agency)


def looks() -> QuerySet[Look]:
    """All coordinators' looks: each of them sees the others'."""
    return Look.objects.all()
