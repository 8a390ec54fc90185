"""What people type of times, hours and places, understood or refused with a sentence."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final

from ortoo import contract, places
from ortoo.cli.running import Usage, readable
from ortoo.cli.services_told import vars_of
from ortoo.days import ULAANBAATAR, end_of_day, end_of_night, next_time
from ortoo.hours import DAYS, HoursError, Schedule

TONIGHT: Final = "tonight"
ALWAYS: Final = "always"
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_HOURS: Final = re.compile(r"(?:([A-Z,-]+) )?([0-9:]{4,5})-([0-9:]{4,5})")


def until_typed(text: str, now: datetime) -> datetime:
    """`tonight` (to 08:00), a time of day, a day (to its end), or day and time, by the clocks of Ulaanbaatar."""
    if text == TONIGHT:
        return end_of_night(now)
    if clock := _CLOCK.fullmatch(text):
        return next_time(now, time(int(clock[1]), int(clock[2])))
    moment = moment_typed(text)
    return end_of_day(moment, 0) if len(text) == len("2026-11-27") else moment


def moment_typed(text: str) -> datetime:
    """2026-11-27, 2026-11-27 18:00: by the clocks of Ulaanbaatar, unless a zone is said."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Usage("error.moment") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ULAANBAATAR)


def hours_typed(text: str) -> contract.OpeningHours:
    """`MO-FR 09:00-18:00`, `SA,SU 10:00-14:00`, `22:00-06:00` for every day; `always`."""
    if text == ALWAYS:
        return contract.OpeningHours(days=",".join(DAYS), opens="00:00", closes="24:00")
    found = _HOURS.fullmatch(text.upper().replace("–", "-"))
    if found is None:
        raise Usage("error.hours")
    days = ",".join(_each_day(found[1])) if found[1] else ",".join(DAYS)
    hours = contract.OpeningHours(days=days, opens=found[2].zfill(5), closes=found[3].zfill(5))
    _check(schedule=[vars_of(hours)])
    return hours


def _each_day(text: str) -> list[str]:
    days: list[str] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise Usage("error.hours")
        start, stop = DAYS.index(first), DAYS.index(last or first)
        if stop < start:
            raise Usage("error.hours")
        days += DAYS[start : stop + 1]
    return sorted(set(days), key=DAYS.index)


def exceptions_typed(closed: Sequence[str] | None, opened: Sequence[str] | None) -> list[contract.ExceptionalHours]:
    """`2026-12-31`, and `2026-12-31 09:00-13:00`."""
    found = [contract.ExceptionalHours(date=day) for day in closed or ()]
    for text in opened or ():
        day, _, span = text.replace("–", "-").partition(" ")
        opens, _, closes = span.partition("-")
        found.append(contract.ExceptionalHours(date=day, opens=opens.zfill(5), closes=closes.zfill(5)))
    _check(schedule=[], exceptions=[vars_of(one) for one in found])
    return found


def _check(schedule: Sequence[Mapping[str, Any]], exceptions: Sequence[Mapping[str, Any]] = ()) -> None:
    try:
        Schedule.parse(schedule, exceptions)
    except HoursError:
        raise Usage("error.exceptions" if exceptions else "error.hours") from None


def place_typed(text: str) -> str:
    if not places.is_known(text):
        raise Usage("error.place", place=readable(text))
    return text
