"""Making the statistics of a closed period, once, and keeping them as they were made."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from agencies import clock
from agencies.models import Agency
from agencies.services import given
from coordination import statistics
from coordination.models import Publication
from coordination.statistics import Happened, Period, Room, Statistics, Table, Time
from coordination.suppression import VALUE, Cell
from ortoo.days import ULAANBAATAR
from ortoo.protocol import vocabulary
from ortoo.protocol.errors import Refused
from referrals.enforcing import WITHDRAWN
from referrals.models import Event, Referral

COUNTED_STEPS = ("acknowledged", "more_asked", "accepted", "declined", "recalled", "under_way")


def published(text: str | None) -> tuple[Period, Statistics, datetime]:
    """The statistics of a period, and when they were made; without a period, of the last quarter that is closed.

    Whoever asks first has them made. From then on they are the same, whatever becomes of the referrals.

    Raises Refused: `malformed`, also where the period is not closed yet.
    """
    now = clock.now()
    period = Period.newest_closed(now) if text is None else Period.parse(text)
    if period.closes_at > now:
        raise Refused("malformed", "It is not closed yet: a week after its end it is.", field="period")
    row = Publication.objects.filter(pk=str(period)).first() or _publish(period, now)
    return period, _read(row.tables), row.made_at


def _publish(period: Period, now: datetime) -> Publication:
    """Two who ask at once make the same, and the primary key keeps one of them for both."""
    made = _of_quarter(period) if period.quarter else _of_year(period)
    with transaction.atomic():
        values = {"tables": _kept(made), "made_at": now}
        row, _ = Publication.objects.get_or_create(period=str(period), defaults=values)
    return row


def _of_quarter(period: Period) -> Statistics:
    return statistics.of_quarter(period, list(_happened(period, period.closes_at)))


def _of_year(period: Period) -> Statistics:
    """The quarters come first: what the year leaves out is what they did not show."""
    rows: list[Happened] = []
    left_out = []
    for quarter in period.quarters:
        _, shown, _ = published(str(quarter))
        if shown.total.why == VALUE:
            rows += _happened(quarter, period.closes_at)
        else:
            left_out.append(str(quarter))
    return statistics.of_year(rows, left_out, _rooms())


def _rooms() -> list[Room]:
    """As it is said when this is made: what was said before is not kept."""
    there = given()
    return [Room(code, *there[code]) for code in vocabulary.terms("services") if code in there]


def _happened(period: Period, until: datetime) -> Iterator[Happened]:
    """What came to its recipient in the period, and what became of it until then. Three queries."""
    within = {"delivered_at__gte": period.begins_at, "delivered_at__lt": period.ends_at}
    steps = Event.objects.filter(
        type__in=COUNTED_STEPS, accepted_at__lt=until, **{f"referral__{name}": at for name, at in within.items()}
    ).order_by("referral_id", "place")
    became = statistics.by_referral(steps.values_list("referral_id", "type", "reason", "accepted_at").iterator())
    kinds = dict(Agency.objects.values_list("handle", "kind"))
    referrals = Referral.objects.filter(**within).values_list(
        *("pk", "consent_id", "sender_id", "recipient_id", "delivered_at"),
        *("urgency", "place", "services", "state", "changed_at"),
    )
    for id, person, sender, recipient, at, urgency, place, services, state, changed_at in referrals.iterator():
        one = became[id]
        yield Happened(
            person=person,
            sender=sender,
            recipient=recipient,
            month=f"{at.astimezone(ULAANBAATAR):%Y-%m}",
            urgency=urgency,
            place=place,
            services=tuple(dict.fromkeys(services)),
            sender_kind=kinds[sender],
            recipient_kind=kinds[recipient],
            answer=one.in_the_end(state == WITHDRAWN and changed_at < until),
            answered=_seconds(at, one.answered_at),
            served=_seconds(at, one.served_at),
        )


def _seconds(since: datetime, until: datetime | None) -> float | None:
    return max(until - since, timedelta()).total_seconds() if until is not None else None


def _kept(made: Statistics) -> dict[str, Any]:
    """Cells in a list: PostgreSQL gives an object's keys an order of its own."""
    tables = [
        {"name": one.name, "cells": [[code, asdict(cell)] for code, cell in one.cells.items()]} for one in made.tables
    ]
    return asdict(made) | {"tables": tables}


def _read(kept: dict[str, Any]) -> Statistics:
    tables = [Table(one["name"], {code: Cell(**cell) for code, cell in one["cells"]}) for one in kept["tables"]]
    times = [Time(**time) for time in kept["times"]]
    rooms = [Room(**room) for room in kept["rooms"]]
    return Statistics(Cell(**kept["total"]), tables, times, kept["left_out"], rooms)
