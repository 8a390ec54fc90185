"""A day to people, an instant to the rule: in this one place one becomes the other."""

from datetime import datetime, timedelta, timezone
from typing import Final

ULAANBAATAR: Final = timezone(timedelta(hours=8), "Asia/Ulaanbaatar")  # no summer time since 2017


def end_of_day(at: datetime, days: int) -> datetime:
    """Where "for so many days" ends: with that day in Ulaanbaatar, as an instant. Every client uses this one."""
    day = at.astimezone(ULAANBAATAR).replace(hour=0, minute=0, second=0, microsecond=0)
    return day + timedelta(days=days + 1)


def last_day(until: datetime) -> datetime:
    """The last day (as a moment in it, in Ulaanbaatar) on which something that ends at `until` may be read."""
    return (until - timedelta(seconds=1)).astimezone(ULAANBAATAR)
