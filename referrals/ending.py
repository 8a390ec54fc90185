"""What has run out ends by itself: grants to the second, and what is kept of a referral that is over (protocol §9).

Nothing rests on how soon this comes: what has run out is not handed out and no step is taken on it
(`reading`, `steps`), whether or not anybody looks here.
"""

from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction

from agencies import clock, directory
from notifications import feed
from referrals import clocks, consent, enforcing, sealed, standing
from referrals.models import Decision, Referral

MOST: Final = 500  # at once; the rest a moment later


def end() -> None:
    """End what has run out by now. Safe to run at any time, in any number of processes."""
    now = clock.now()
    over = Decision.objects.filter(ends_at__lte=now, newest=True).order_by("ends_at")
    consents = list(dict.fromkeys(over.values_list("consent_id", flat=True)[:MOST]))
    full = Referral.objects.filter(empties_at__lte=now).order_by("empties_at")
    referrals = list(full.values_list("pk", "consent_id")[:MOST])
    kept = Decision.objects.filter(evidence_until__lte=now).order_by("evidence_until")
    proven = list(dict.fromkeys(kept.values_list("consent_id", flat=True)[:MOST]))
    failed: list[Exception] = []
    for act in (
        *(partial(_end, one, now) for one in consents),
        *(partial(_empty, *one, now) for one in referrals),
        *(partial(_let_evidence_go, one, now) for one in proven),
    ):
        try:
            act()
        except Exception as error:  # one that fails keeps no other alive
            failed.append(error)
    if failed:
        raise failed[0]


@transaction.atomic
def _end(id: UUID, now: datetime) -> None:
    directory.held()
    decisions = consent.lock([str(id)])[str(id)]
    lost = enforcing.enforce(str(id), decisions, at=now)
    enforcing.settled(str(id), now)
    standing.follow([one.referral for one in lost], now)
    if lost:
        feed.tell(enforcing.news(lost), at=now)


@transaction.atomic
def _let_evidence_go(id: UUID, now: datetime) -> None:
    directory.held()
    enforcing.let_evidence_go(str(id), consent.lock([str(id)])[str(id)], at=now)


@transaction.atomic
def _empty(id: UUID, under: UUID, now: datetime) -> None:
    """It was kept for as long as it was to be: nobody reads it from now on, its sender neither."""
    directory.held()
    consent.lock([str(under)])
    referral = Referral.objects.select_for_update().get(pk=id)
    if referral.empties_at is None or referral.empties_at > now:  # another process was quicker
        return
    sets = sealed.sets_of(referral)
    lost = sealed.destroy_keys(sets, referral.recipient_id)
    sealed.destroy_keys(sets)
    referral.empties_at = None
    if lost:
        enforcing.owe_deletion(referral, now)
    referral.save(update_fields=["empties_at", "deletion_owed_since"])
    clocks.ended(referral)
    standing.follow([referral], now)
