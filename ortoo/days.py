"""A day to people, an instant to the rule: in this one place one becomes the other."""

from datetime import datetime, time, timedelta, timezone
from typing import Final

ULAANBAATAR: Final = timezone(timedelta(hours=8), "Asia/Ulaanbaatar")  # no summer time since 2017


def end_of_day(at: datetime, days: int) -> datetime:
    """Where "for so many days" ends: with that day in Ulaanbaatar, as an instant. Every client uses this one."""
    day = at.astimezone(ULAANBAATAR).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=days + 1)


def last_day(until: datetime) -> datetime:
    """The last day (as a moment in it, in Ulaanbaatar) on which something that ends at `until` may be read."""
    return (until - timedelta(seconds=1)).astimezone(ULAANBAATAR)


def end_of_night(at: datetime) -> datetime:
    """Where "tonight" ends: at the next 08:00 in Ulaanbaatar."""
    return next_time(at, time(8))


def next_time(at: datetime, clock: time) -> datetime:
    """The next moment later than `at` at which the clocks of Ulaanbaatar show that."""
    here = at.astimezone(ULAANBAATAR)
    moment = datetime.combine(here.date(), clock, ULAANBAATAR)
    return moment if moment > here else moment + timedelta(days=1)
