"""When somebody is there: opening hours in Asia/Ulaanbaatar, and clocks that run while it is open.

    shelter = Schedule.parse([{"days": "MO,TU,WE,TH,FR,SA,SU", "opens": "22:00", "closes": "06:00"}])
    Hours.of(shelter).is_open(at)
    hours_of_agency([shelter]).due(sent_at, timedelta(hours=27))

A span of time belongs to the day on which it begins: Friday 22:00–06:00 ends on Saturday, whatever Saturday is. On a
public holiday all is closed that does not say it opens then; an exception for a date comes before both.

Instants are aware datetimes: any zone in, UTC out.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from importlib import resources
from typing import Any, Final

from ortoo.days import ULAANBAATAR

DAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")  # as in iCalendar and HSDS; by date.weekday()
DAY: Final = 24 * 60  # minutes
HORIZON: Final = timedelta(days=366)  # what does not happen within a year of opening hours is not looked for
MOST_SPANS: Final = 21  # of a week
MOST_EXCEPTIONS: Final = 120  # of a schedule

_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")

Span = tuple[int, int]  # minutes from the midnight with which its day begins; past DAY on the day after


class HoursError(ValueError):
    """Hours that cannot be understood. field: where; problem: a stable word; never a value."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field, self.problem = field, problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


@dataclass(frozen=True)
class Weekly:
    """The same hours on some days of each week. closes: up to DAY, or past it for the morning after."""

    days: frozenset[int]
    opens: int
    closes: int


@dataclass(frozen=True)
class Schedule:
    """The hours of one service. exceptions: the spans of a date, none where it is closed."""

    weekly: tuple[Weekly, ...] = ()
    exceptions: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)
    open_on_holidays: bool = False

    @classmethod
    def parse(
        cls,
        weekly: Sequence[Mapping[str, Any]],
        exceptions: Sequence[Mapping[str, Any]] = (),
        open_on_holidays: bool | None = None,
    ) -> "Schedule":
        """Of its plain form. Raises HoursError.

        weekly: [{"days": "MO,TU", "opens": "22:00", "closes": "06:00"}]; to "24:00" is to the end of the day.
        exceptions: [{"date": "2026-12-31", "opens": "09:00", "closes": "13:00"}], both null where it is closed; a
            date may stand there twice.
        open_on_holidays: None: if it is open around the clock.
        """
        if len(weekly) > MOST_SPANS:
            raise HoursError("schedule", "too_many")
        if len(exceptions) > MOST_EXCEPTIONS:
            raise HoursError("exceptions", "too_many")
        spans = tuple(_weekly(one, f"schedule[{place}]") for place, one in enumerate(weekly))
        holidays = _around_the_clock(spans) if open_on_holidays is None else open_on_holidays
        return cls(spans, _exceptions(exceptions), holidays)

    @property
    def around_the_clock(self) -> bool:
        """Open at every moment of every week, exceptions and holidays apart."""
        return _around_the_clock(self.weekly)

    @property
    def never_closes(self) -> bool:
        return self.around_the_clock and self.open_on_holidays and not self.exceptions

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """What begins on that day."""
        if day in self.exceptions:
            return self.exceptions[day]
        if not self.open_on_holidays and day in holidays():
            return ()
        return tuple((one.opens, one.closes) for one in self.weekly if day.weekday() in one.days)


OFFICE: Final = Schedule((Weekly(frozenset(range(5)), 9 * 60, 18 * 60),))


@dataclass(frozen=True)
class Hours:
    """Open while any of these schedules is."""

    schedules: tuple[Schedule, ...]

    @classmethod
    def of(cls, *schedules: Schedule) -> "Hours":
        return cls(schedules)

    def is_open(self, at: datetime) -> bool:
        return next(self._pieces(at, _utc(at) + timedelta.resolution), None) is not None

    def next_opening(self, after: datetime) -> datetime | None:
        """The first moment later than `after` at which it changes from closed to open; None within a year."""
        until = _utc(after)
        for begins, ends in self._pieces(after):
            if begins > until:
                return begins
            until = ends
        return None

    def next_closing(self, after: datetime) -> datetime | None:
        """The first moment later than `after` at which it changes from open to closed; None within a year."""
        if any(one.never_closes for one in self.schedules):
            return None
        until: datetime | None = None
        for begins, ends in self._pieces(after):
            if until is not None and begins > until:
                return until
            until = ends
        return until if until != _utc(after) + HORIZON else None

    def open_between(self, start: datetime, end: datetime) -> timedelta:
        """How long it is open from `start` to `end`."""
        return sum((ends - begins for begins, ends in self._pieces(start, end)), timedelta())

    def due(self, start: datetime, open_for: timedelta) -> datetime:
        """The instant at which it has been open for so long since `start`.

        At the latest a year after `start`: a clock ends, though a door stays shut.
        """
        left = open_for
        if left <= timedelta():
            return _utc(start)
        for begins, ends in self._pieces(start):
            if ends - begins >= left:
                return begins + left
            left -= ends - begins
        return _utc(start) + HORIZON

    def _pieces(self, since: datetime, until: datetime | None = None) -> Iterator[tuple[datetime, datetime]]:
        """When it is open from `since` to `until` (else for a year): in order, none over another; they may touch."""
        covered = _utc(since)
        until = covered + HORIZON if until is None else _utc(until)
        day = covered.astimezone(ULAANBAATAR).date() - timedelta(days=1)  # its night may last into `since`
        while (midnight := _midnight(day)) < until:
            for opens, closes in sorted(span for one in self.schedules for span in one.spans_of(day)):
                begins = max(midnight + timedelta(minutes=opens), covered)
                ends = min(midnight + timedelta(minutes=closes), until)
                if begins < ends:
                    yield begins, ends
                    covered = ends
            day += timedelta(days=1)


def hours_of_agency(asked: Iterable[Schedule]) -> Hours:
    """By which a clock in `agency_hours` runs: any of the asked services of that agency, else office hours."""
    given = tuple(one for one in asked if one.weekly)
    return Hours(given or (OFFICE,))


# --- public holidays --------------------------------------------------------------------------------------------------


@cache
def _file() -> dict[str, Any]:
    text = (resources.files("ortoo") / "data" / "holidays.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def holidays() -> Mapping[date, Mapping[str, str]]:
    """The days off by law, 2025 to 2050, each with its name in `en` and `mn`."""
    found = {date.fromisoformat(day): one for one in _file()["movable"] for day in one["dates"]}
    years = sorted({day.year for day in found})
    return found | {date.fromisoformat(f"{year}-{one['day']}"): one for year in years for one in _file()["fixed"]}


# --- parsing ----------------------------------------------------------------------------------------------------------


def _weekly(one: Mapping[str, Any], where: str) -> Weekly:
    days = str(one.get("days", "")).split(",")
    if not set(days) <= {*DAYS} or len(set(days)) != len(days):
        raise HoursError(f"{where}.days", "not_days")
    return Weekly(frozenset(DAYS.index(day) for day in days), *_span(one, where))


def _span(one: Mapping[str, Any], where: str) -> Span:
    opens, closes = _minute(one.get("opens"), f"{where}.opens"), _minute(one.get("closes"), f"{where}.closes")
    if opens == DAY:
        raise HoursError(f"{where}.opens", "not_a_time")
    if opens == closes:
        raise HoursError(f"{where}.closes", "empty")  # around the clock is 00:00 to 24:00
    return opens, closes if closes > opens else closes + DAY


def _minute(text: Any, where: str) -> int:
    if text == "24:00":
        return DAY
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise HoursError(where, "not_a_time")
    return int(found[1]) * 60 + int(found[2])


def _exceptions(given: Sequence[Mapping[str, Any]]) -> dict[date, tuple[Span, ...]]:
    found: dict[date, tuple[Span, ...]] = {}
    for place, one in enumerate(given):
        where = f"exceptions[{place}]"
        day = _date(one.get("date"), f"{where}.date")
        closed = one.get("opens") is None and one.get("closes") is None
        if day in found and (closed or not found[day]):
            raise HoursError(f"{where}.date", "named_twice")
        found[day] = () if closed else (*found.get(day, ()), _span(one, where))
    return found


def _date(text: Any, where: str) -> date:
    if isinstance(text, str) and _DATE.fullmatch(text):
        with suppress(ValueError):
            return date.fromisoformat(text)
    raise HoursError(where, "not_a_date")


def _around_the_clock(weekly: Iterable[Weekly]) -> bool:
    return {day for one in weekly if (one.opens, one.closes) == (0, DAY) for day in one.days} == {*range(7)}


def _midnight(day: date) -> datetime:
    """With which a day begins in Ulaanbaatar."""
    return datetime(day.year, day.month, day.day, tzinfo=ULAANBAATAR).astimezone(UTC)


def _utc(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant has a zone")
    return at.astimezone(UTC)
