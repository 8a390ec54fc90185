"""Nobody forgets: what is owed on a referral, by whom, until when.

Clocks are set and stopped in the transaction of the step that does it, under the referral's lock. What happens when
they run out: referrals/firing.py.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from agencies import clock, services
from ortoo.protocol import events, vocabulary
from ortoo.protocol.schemas import As
from referrals import standing
from referrals.models import Clock, Referral

DELETED_WITHIN: Final = timedelta(hours=72)  # of losing access, for who had opened
SECONDED_WITHIN: Final = timedelta(hours=24)  # where there is danger to life, it leaves with one signature
BY_THE_CLOCK: Final = ("report", "delete", "second")  # day and night, whatever the urgency
UNANSWERED: Final = ("waiting", "sent", "opened")  # nothing that counts as an answer has come
LIVE: Final = events.READABLE - {"closed"}
AT_WORK: Final = ("accepted", "under_way")


# --- set and stopped --------------------------------------------------------------------------------------------------


def begin(referrals: Iterable[Referral], now: datetime) -> None:
    """Of referrals that were just sent: to be acknowledged, and to be decided."""
    rows = []
    for referral in referrals:
        rows.append(_of(referral, "acknowledge", referral.recipient_id, now, _within(referral, "acknowledge")))
        rows.append(_of(referral, "decide", referral.recipient_id, now, _within(referral, "decide")))
    Clock.objects.bulk_create(rows)


def await_second(referrals: Iterable[Referral], now: datetime) -> None:
    """Of referrals that left with one signature: the second is owed, whatever becomes of them."""
    Clock.objects.bulk_create(_of(one, "second", one.sender_id, now, SECONDED_WITHIN) for one in referrals)


def follow(referral: Referral, type: str, by: As, now: datetime) -> None:
    """After a step, in its transaction: what is owed from now on. `referral.state` is the new one."""
    if type == "deleted":
        _stop(referral, "delete")
    if type == "seconded":
        _stop(referral, "second")
    if referral.state in UNANSWERED:
        return
    if type == "more_asked":
        _stop(referral, "acknowledge", "decide", "answer", "report")
        _set(referral, "answer", referral.sender_id, now, _within(referral, "acknowledge"))
    elif referral.state == "more_asked":
        if by == "sender":
            _stop(referral, "answer")
            _set(referral, "decide", referral.recipient_id, now, _within(referral, "decide"))
    elif referral.state == "acknowledged":
        _stop(referral, "acknowledge", "answer")
        Clock.objects.filter(referral=referral, kind="decide", next_at=None, fired_at=None).update(next_at=F("due_at"))
    elif referral.state in AT_WORK:
        _stop(referral, "acknowledge", "decide", "answer")
        if by == "recipient":
            _set(referral, "report", referral.recipient_id, now, _days(referral))
    else:
        ended(referral)


def ended(referral: Referral) -> None:
    """After something of it went, in that transaction: what is owed for it, and no answer where nothing is left."""
    if referral.state not in LIVE:
        _stop(referral, "acknowledge", "decide", "answer", "report")
    since = referral.deletion_owed_since
    if since is None:
        _stop(referral, "delete")
    elif not Clock.objects.filter(referral=referral, kind="delete").exists():
        _set(referral, "delete", referral.recipient_id, since, DELETED_WITHIN)


def rehour(agency: str) -> None:
    """The agency's hours have changed: what runs by them, and has not run out, runs by the new ones from its start."""
    by_hours = [code for code, term in vocabulary.terms("urgency").items() if term["hours_kind"] == "agency_hours"]
    running = Clock.objects.filter(owes=agency, fired_at=None, referral__urgency__in=by_hours)
    running = running.exclude(next_at=None).exclude(kind__in=BY_THE_CLOCK)
    for referral, kind in running.values_list("referral_id", "kind"):
        with transaction.atomic():
            found = Referral.objects.select_for_update().get(pk=referral)
            row = Clock.objects.filter(referral=found, kind=kind, fired_at=None).first()
            if row is not None and row.next_at is not None:
                _time(row, found, _within(found, "decide" if kind == "decide" else "acknowledge"))
                row.save()
                standing.follow([found], clock.now())


def _set(referral: Referral, kind: str, owes: str, now: datetime, span: timedelta) -> None:
    Clock.objects.filter(referral=referral, kind=kind).delete()
    _of(referral, kind, owes, now, span).save()


def _stop(referral: Referral, *kinds: str) -> None:
    found = Clock.objects.filter(referral=referral)
    (found.filter(kind__in=kinds) if kinds else found).delete()


def _of(referral: Referral, kind: str, owes: str, now: datetime, span: timedelta) -> Clock:
    row = Clock(referral=referral, kind=kind, owes_id=owes, began_at=now)
    _time(row, referral, span)
    return row


def _time(row: Clock, referral: Referral, span: timedelta) -> None:
    """When the clock runs out, and its half."""
    if row.kind not in BY_THE_CLOCK and _term(referral)["hours_kind"] == "agency_hours":
        schedule = services.hours_of(row.owes_id, referral.services)
        row.due_at, half = schedule.due(row.began_at, span), schedule.due(row.began_at, span / 2)
    else:
        row.due_at, half = row.began_at + span, row.began_at + span / 2
    row.next_at = half if row.kind == "acknowledge" and row.reminded_at is None else row.due_at


def _term(referral: Referral) -> Mapping[str, Any]:
    return vocabulary.terms("urgency")[referral.urgency]


def _within(referral: Referral, what: str) -> timedelta:
    return timedelta(hours=_term(referral)[f"{what}_within_h"])


def _days(referral: Referral) -> timedelta:
    return timedelta(days=_term(referral)["feedback_within_d"])


# --- seen -------------------------------------------------------------------------------------------------------------


def owed(referrals: Sequence[Referral]) -> dict[Any, list[Clock]]:
    """What is owed on each, the most pressing first. One query for any number."""
    found: dict[Any, list[Clock]] = {one.pk: [] for one in referrals}
    for row in Clock.objects.filter(referral__in=referrals).order_by("due_at", "kind"):
        found[row.referral_id].append(row)
    return found


def overdue(most: int) -> list[Clock]:
    """All that has run out and is still owed, in the whole network, the longest first."""
    return list(Clock.objects.exclude(fired_at=None).select_related("referral").order_by("due_at", "pk")[:most])
