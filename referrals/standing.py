"""Where each referral stands in its two agencies' lists, kept with every step, so that a list is read and not sorted.

Tier 0 is ours with a clock, 1 ours without, 2 waits for the other side, 3 is the rest. Within 0 and 2 what is due
first comes first, within 1 what has waited longest, within 3 the newest change. Whether something is late is looked at
when it is read: time alone moves nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, OuterRef, Subquery
from django.utils import timezone

from agencies import clock
from agencies.models import Agency
from ortoo.protocol import documents, schemas
from referrals.cursors import micros
from referrals.models import Clock, Consent, Decision, Event, ListHead, Referral, Standing

TURNED_DOWN: Final = ("declined", "handed_back")  # the sender chooses another
KEPT: Final = timedelta(hours=1)  # what was left, for whoever is still walking through the list as it was
MOST: Final = 500  # settled at once; the rest a minute later


@dataclass(frozen=True)
class Place:
    """Where a referral stands in a list."""

    tier: int
    key: int
    due_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Ended:
    """Turned down: since when, and until when its sender may choose another; None where there is nothing to choose."""

    at: datetime
    choosing_until: datetime | None


# --- kept -------------------------------------------------------------------------------------------------------------


def begin_lists(instance: Agency, **_: Any) -> None:
    """An agency is admitted."""
    ListHead.objects.get_or_create(agency=instance)


def follow(referrals: Sequence[Referral], now: datetime) -> None:
    """Put these referrals where they stand now, in the transaction of whatever moved them, which keeps others from
    moving them too. In a number of queries that does not depend on how many they are.

    The heads' row locks are taken last but for the feed's, and in one order.
    """
    places = places_of(referrals, now)
    kept = {(row.referral_id, row.box): row for row in Standing.objects.filter(referral__in=referrals, left=None)}
    moved = {at: place for at, place in places.items() if at not in kept or _place_of(kept[at]) != place}
    if not moved:
        return
    by_id = {one.pk: one for one in referrals}
    owners = {(id, box): _owner(by_id[id], box) for id, box in moved}
    versions = _moved_on(set(owners.values()))
    left = [kept[at].pk for at in moved if at in kept]
    if left:
        version = ListHead.objects.filter(agency=OuterRef("agency")).values("version")
        Standing.objects.filter(pk__in=left).update(left=Subquery(version), left_at=timezone.now())
    Standing.objects.bulk_create(
        Standing(
            agency_id=owners[id, box],
            box=box,
            referral_id=id,
            tier=place.tier,
            key=place.key,
            due_at=place.due_at,
            ends_at=place.ends_at,
            entered=versions[owners[id, box]],
        )
        for (id, box), place in moved.items()
    )


def _moved_on(agencies: Iterable[str]) -> dict[str, int]:
    """The next version of each of these agencies' lists, whose heads are locked from now on."""
    heads = ListHead.objects.filter(agency__in=sorted(agencies))
    locked = list(heads.select_for_update().order_by("agency"))
    heads.update(version=F("version") + 1)
    return {one.agency_id: one.version + 1 for one in locked}


def _owner(referral: Referral, box: str) -> str:
    return referral.recipient_id if box == Standing.INBOX else referral.sender_id


def _place_of(row: Standing) -> Place:
    return Place(row.tier, row.key, row.due_at, row.ends_at)


def sent_on(sender: str, sent: Sequence[Referral]) -> list[Referral]:
    """What waited for its sender to choose another, under the consents of what was sent just now, which are locked."""
    waiting = Standing.objects.filter(agency=sender, box=Standing.OUTBOX, tier=Standing.OURS, left=None)
    under = waiting.filter(referral__consent__in={one.consent_id for one in sent})
    return [row.referral for row in under.select_related("referral")]


def turned_down(consents: Iterable[str]) -> list[Referral]:
    """What was turned down under these consents, which are locked."""
    return list(Referral.objects.filter(consent__in=set(consents), state__in=TURNED_DOWN))


# --- found ------------------------------------------------------------------------------------------------------------


def places_of(referrals: Sequence[Referral], now: datetime) -> dict[tuple[UUID, str], Place]:
    """Where each stands in the recipient's inbox and the sender's outbox, from what is owed and what has happened."""
    owed: dict[UUID, list[Clock]] = {one.pk: [] for one in referrals}
    for row in Clock.objects.filter(referral__in=referrals):
        owed[row.referral_id].append(row)
    ended = _ended(referrals)
    places = {}
    for one in referrals:
        if one.delivered_at is not None:
            places[one.pk, Standing.INBOX] = _place(one, one.recipient_id, owed[one.pk], None, now)
        places[one.pk, Standing.OUTBOX] = _place(one, one.sender_id, owed[one.pk], ended.get(one.pk), now)
    return places


def _place(referral: Referral, agency: str, owed: Sequence[Clock], ended: Ended | None, now: datetime) -> Place:
    ours = [one.due_at for one in owed if one.owes_id == agency]
    due = min(ours or [one.due_at for one in owed], default=None)
    if ours and due is not None:
        return Place(Standing.CLOCK, micros(due), due)
    if referral.state == "waiting":  # for the second signature, and in the sender's list alone
        return Place(Standing.OURS, micros(referral.sent_at), due)
    if ended is not None and ended.choosing_until is not None and ended.choosing_until > now:
        return Place(Standing.OURS, micros(ended.at), due, ended.choosing_until)
    if due is not None:
        return Place(Standing.WAITING, micros(due), due)
    return Place(Standing.REST, -micros(referral.changed_at))


def _ended(referrals: Sequence[Referral]) -> dict[UUID, Ended]:
    """Of those that were turned down: their sender chooses another until it has sent something anew under the same
    consent, or the decision is over.
    """
    down = [one for one in referrals if one.state in TURNED_DOWN]
    if not down:
        return {}
    events = Event.objects.filter(referral__in=down, type__in=TURNED_DOWN)
    at = dict(events.values_list("referral_id", "accepted_at"))
    under = {one.consent_id for one in down}
    later = Referral.objects.filter(consent__in=under, sender__in={one.sender_id for one in down})
    newest = {
        (row["consent_id"], row["sender_id"]): row["newest"]
        for row in later.values("consent_id", "sender_id").annotate(newest=Max("sent_at"))
    }
    until = _granted_until(down)
    found = {}
    for one in down:
        is_sent_on = newest[one.consent_id, one.sender_id] > at[one.pk]
        choosing = None if is_sent_on else until.get((one.consent_id, one.recipient_id))
        found[one.pk] = Ended(at[one.pk], choosing)
    return found


def _granted_until(referrals: Sequence[Referral]) -> dict[tuple[UUID, str], datetime]:
    """Until when what the person decided about each recipient lets it read, where it does."""
    consents, recipients = {one.consent_id for one in referrals}, {one.recipient_id for one in referrals}
    rows = Decision.objects.filter(consent__in=consents, to__in=recipients, newest=True)
    granted = {
        (consent, to): documents.read(envelope, schemas.Consent).body.granted
        for consent, to, envelope in rows.values_list("consent_id", "to", "envelope")
    }
    return {key: documents.instant(one.until) for key, one in granted.items() if one is not None}


# --- by itself --------------------------------------------------------------------------------------------------------


def settle() -> None:
    """Nobody chooses another any more where the decision has run out. Safe to run at any time, in any process."""
    now = clock.now()
    over = Standing.objects.filter(ends_at__lte=now, left=None).order_by("ends_at")
    for consent in dict.fromkeys(over.values_list("referral__consent", flat=True)[:MOST]):
        with transaction.atomic():
            Consent.objects.select_for_update().get(pk=consent)
            follow(turned_down([consent]), now)


def forget() -> None:
    """Remove places that were left long ago. Whoever still walks through so old a list begins again at the top."""
    before = timezone.now() - KEPT
    for agency in list(Standing.objects.filter(left_at__lt=before).values_list("agency", flat=True).distinct()):
        with transaction.atomic():
            head = ListHead.objects.select_for_update().get(agency=agency)
            old = Standing.objects.filter(agency=agency, left_at__lt=before)
            head.forgotten = max(head.forgotten, old.aggregate(newest=Max("left"))["newest"] or 0)
            head.save(update_fields=["forgotten"])
            old.filter(left__lte=head.forgotten).delete()
