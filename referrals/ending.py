"""What has run out ends by itself: grants to the second, and what is kept of a referral that is over (protocol §9).

Nothing rests on how soon this comes: what has run out is not handed out and no step is taken on it
(`reading`, `steps`), whether or not anybody looks here.
"""

from datetime import datetime
from typing import Final

from django.db import transaction

from agencies import clock, directory
from notifications import feed
from referrals import clocks, consent, enforcing, reading, sealed, standing
from referrals.models import Decision, Referral

MOST: Final = 500  # at once; the rest a moment later


def end() -> None:
    """End what has run out by now. Safe to run at any time, in any number of processes."""
    now = clock.now()
    over = Decision.objects.filter(ends_at__lte=now, newest=True).order_by("ends_at")
    for one in dict.fromkeys(over.values_list("consent_id", flat=True)[:MOST]):
        with transaction.atomic():
            directory.held()
            decisions = consent.lock([str(one)])[str(one)]
            lost = enforcing.enforce(str(one), decisions, at=now)
            enforcing.settled(str(one), now)
            standing.follow(lost, now)
            feed.tell(enforcing.news(lost), at=now)
    full = Referral.objects.filter(empties_at__lte=now).order_by("empties_at")
    for pk, under in list(full.values_list("pk", "consent_id")[:MOST]):
        with transaction.atomic():
            directory.held()
            consent.lock([str(under)])
            _empty(Referral.objects.select_for_update().get(pk=pk), now)


def _empty(referral: Referral, now: datetime) -> None:
    """It was kept for as long as it was to be: nobody reads it from now on, its sender neither."""
    if referral.empties_at is None or referral.empties_at > now:  # another process was quicker
        return
    sets = reading.sets_of(referral)
    lost = sealed.destroy_keys(sets, referral.recipient_id)
    sealed.destroy_keys(sets)
    referral.empties_at = None
    if lost:
        enforcing.owe_deletion(referral, now)
    referral.save(update_fields=["empties_at", "deletion_owed_since"])
    clocks.ended(referral)
    standing.follow([referral], now)
