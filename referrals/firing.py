"""What has run out is told, each thing once, by whichever of any number of processes comes first.

Each takes the referral's lock, looks at the clock again, and tells in the same transaction. Was nobody looking for a
while, all agencies are told at once: one thing each, not a flood of old alarms.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from agencies import clock
from notifications import feed, outbox
from notifications.feed import Told
from ortoo.protocol import vocabulary
from referrals.clocks import UNANSWERED
from referrals.models import Clock, Decision, Referral, Watch

# What is told when a clock has run out. `acknowledge` has a reminder at the half.
TOLD: Final[Mapping[str, str]] = {
    "acknowledge": "escalated",
    "decide": "undecided",
    "answer": "answer_due",
    "report": "silent",
    "delete": "deletion_due",
    "second": "second_member_missing_escalated",
}
ENDS: Final = "expiry_warning"
CAUGHT_UP: Final = "caught_up"  # what ran out while nobody looked: look at the lists
GONE: Final = ("closed", "withdrawn", "expired")  # nothing of it is left that could end
MOST: Final = 500  # at once; the rest a moment later
DOWN_FOR: Final = timedelta(minutes=15)  # nobody looked for so long: the hub was down
LATE_BY: Final = timedelta(minutes=5)  # so long after it ran out everything was looked at, or nobody does
LOOKED_WITHIN: Final = timedelta(seconds=10)  # as exactly it is kept


@dataclass(frozen=True)
class Fired:
    """A clock that has run out, its half (`reminder`), or a decision that will end."""

    referral: str
    kind: str


def fire() -> None:
    """Tell of all that has run out by now. Safe to run at any time."""
    now, today = clock.now(), timezone.now()
    watch, _ = Watch.objects.get_or_create(pk=1, defaults={"looked_at": today})
    if today - watch.looked_at > DOWN_FOR:
        _catch_up(now, today)
        return
    due = list(Clock.objects.filter(next_at__lte=now).order_by("next_at").values_list("referral_id", "kind")[:MOST])
    for referral, kind in due:
        with transaction.atomic():
            _tell(_fire(referral, kind, now), now)
    ending = list(_ending(now).order_by("warn_at")[:MOST])
    for decision in ending:
        with transaction.atomic():
            _tell(_warn(decision, now), now)
    if len(due) < MOST and len(ending) < MOST and today - watch.looked_at > LOOKED_WITHIN:
        Watch.objects.filter(pk=1, looked_at__lt=today).update(looked_at=today)


def is_late(now: datetime) -> bool:
    """Whether something has run out and nobody looks at it: no worker does its work."""
    before = now - LATE_BY
    return Clock.objects.filter(next_at__lt=before).exists() or _ending(before).exists()


def fired_since(moment: datetime) -> list[Fired]:
    """What was told since then and is still owed, by whichever process."""
    rows = Clock.objects.filter(Q(reminded_at__gte=moment) | Q(fired_at__gte=moment)).order_by("due_at", "pk")
    found = []
    for row in rows:
        if row.reminded_at is not None and row.reminded_at >= moment:
            found.append(Fired(str(row.referral_id), "reminder"))
        if row.fired_at is not None and row.fired_at >= moment:
            found.append(Fired(str(row.referral_id), TOLD[row.kind]))
    warned = Decision.objects.filter(warned_at__gte=moment).select_related("consent")
    return found + [Fired(str(one.pk), ENDS) for one in map(_resting_on, warned) if one is not None]


# --- clocks -----------------------------------------------------------------------------------------------------------


def _fire(referral: Any, kind: str, now: datetime) -> Sequence[Told]:
    """One clock, if nobody else has it and it still runs."""
    locked = Referral.objects.select_for_update(skip_locked=connection.vendor == "postgresql").filter(pk=referral)
    found = locked.first()
    row = Clock.objects.filter(referral=referral, kind=kind, next_at__lte=now).first() if found is not None else None
    if found is None or row is None:
        return ()
    news = _run_out(row, found, now)
    row.save()
    return news


def _run_out(row: Clock, referral: Referral, now: datetime) -> Sequence[Told]:
    """What is told of a clock that has reached its half or its end, and from now on is as if it was."""
    if row.kind == "decide" and referral.state in UNANSWERED:
        row.next_at = None  # that nobody answers is told already; this waits for an answer
        return ()
    if row.due_at > now:
        row.reminded_at, row.next_at, what = now, row.due_at, "reminder"
        told = [row.owes_id]
    else:
        row.fired_at, row.next_at, what = now, None, TOLD[row.kind]
        told = sorted({referral.sender_id, row.owes_id})
    return [Told(agency, what, str(referral.pk), urgency=referral.urgency) for agency in told]


# --- decisions that end -----------------------------------------------------------------------------------------------


def _ending(now: datetime) -> Any:
    return Decision.objects.filter(newest=True, warn_at__lte=now).select_related("consent")


def _warn(decision: Decision, now: datetime) -> Sequence[Told]:
    """The recorder, of the newest referral that rests on it; nobody where there is none."""
    if not Decision.objects.filter(pk=decision.pk, warn_at__lte=now).update(warn_at=None, warned_at=now):
        return ()
    referral = _resting_on(decision)
    if referral is None:
        return ()
    return [Told(decision.consent.recorder_id, ENDS, str(referral.pk), urgency=referral.urgency)]


def _resting_on(decision: Decision) -> Referral | None:
    """The newest referral that the recorder may see and that is not over."""
    recorder = decision.consent.recorder_id
    own = Referral.objects.filter(Q(sender=recorder) | Q(recipient=recorder))
    resting = own.filter(consent=decision.consent_id, recipient=decision.to).exclude(state__in=GONE)
    return resting.order_by("-sent_at", "-pk").first()


# --- told -------------------------------------------------------------------------------------------------------------


def _tell(news: Sequence[Told], now: datetime) -> None:
    """Each agency what concerns it, the coordinators that something is overdue, in the caller's transaction."""
    if not news:
        return
    order = list(vocabulary.terms("urgency"))
    of: defaultdict[str, list[Told]] = defaultdict(list)
    for one in sorted(news, key=lambda one: order.index(one.urgency)):
        of[one.agency].append(one)
    overdue = [one for one in news if one.kind in TOLD.values()]
    if overdue:
        outbox.alert_coordinators(min((one.urgency for one in overdue), key=order.index), now)
    feed.tell([_as_one(each) for each in of.values()], at=now)


def _as_one(news: Sequence[Told]) -> Told:
    """What an agency is told, if it is one thing; else that there is something, as urgent as the first of it."""
    return news[0] if len(news) == 1 else replace(news[0], kind=CAUGHT_UP, referral=None)


# --- after a stop -----------------------------------------------------------------------------------------------------


def _catch_up(now: datetime, today: datetime) -> None:
    """All that ran out while nobody looked, in one transaction. Of one thing an agency is told as always."""
    with transaction.atomic():
        watch = Watch.objects.select_for_update().get(pk=1)
        if today - watch.looked_at <= DOWN_FOR:  # another process has done it
            return
        due = Clock.objects.filter(next_at__lte=now)
        waiting = Referral.objects.filter(pk__in=due.values("referral")).order_by("pk")
        referrals = {one.pk: one for one in waiting.select_for_update()}
        rows = [one for one in due.order_by("due_at", "pk") if one.referral_id in referrals]
        news = [told for row in rows for told in _run_out(row, referrals[row.referral_id], now)]
        Clock.objects.bulk_update(rows, ["next_at", "reminded_at", "fired_at"], batch_size=MOST)
        news += [told for decision in _ending(now).order_by("warn_at") for told in _warn(decision, now)]
        _tell(news, now)
        watch.looked_at = today
        watch.save()
