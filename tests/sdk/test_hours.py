"""Opening hours and the clocks that run by them: worked out by hand, and against a model that goes minute by minute."""

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.hours import DAYS, OFFICE, Hours, HoursError, Schedule, holidays, hours_of_agency

UB: Final = timezone(timedelta(hours=8))
EVERY_DAY: Final = ",".join(DAYS)
OFFICE_DAYS: Final = "MO,TU,WE,TH,FR"


def ub(text: str) -> datetime:
    """A moment by the clocks of Ulaanbaatar."""
    return datetime.fromisoformat(text).replace(tzinfo=UB)


def weekly(days: str, opens: str, closes: str) -> Schedule:
    return Schedule.parse([{"days": days, "opens": opens, "closes": closes}])


def office(*exceptions: dict[str, Any]) -> Hours:
    return Hours.of(Schedule.parse([{"days": OFFICE_DAYS, "opens": "09:00", "closes": "18:00"}], exceptions))


def closed(day: str) -> dict[str, Any]:
    return {"date": day, "opens": None, "closes": None}


NIGHTS = weekly(EVERY_DAY, "22:00", "06:00")
WEEK_NIGHTS = weekly(OFFICE_DAYS, "22:00", "06:00")
AROUND_THE_CLOCK = weekly(EVERY_DAY, "00:00", "24:00")
SATURDAY_TOO = weekly("MO,TU,WE,TH,FR,SA", "08:00", "20:00")


@pytest.mark.parametrize(
    ("hours", "start", "open_hours", "due"),
    [
        # Friday 17:55: five minutes are left of the week.
        (office(), "2026-11-27 17:55", 1, "2026-11-30 09:55"),
        (office(), "2026-11-27 17:55", 27, "2026-12-02 17:55"),
        # A clock that begins as the door closes, and one that ends then.
        (office(), "2026-11-27 18:00", 1, "2026-11-30 10:00"),
        (office(), "2026-11-27 09:00", 9, "2026-11-27 18:00"),
        # Begun on a Saturday, and before opening.
        (office(), "2026-11-28 12:00", 1, "2026-11-30 10:00"),
        (office(), "2026-11-27 07:00", 1, "2026-11-27 10:00"),
        # Across Republic Day, a Thursday.
        (office(), "2026-11-25 17:00", 2, "2026-11-27 10:00"),
        # Tsagaan Sar of 2027: Sunday to Tuesday.
        (office(), "2027-02-05 17:00", 3, "2027-02-10 11:00"),
        # Tsagaan Sar of 2026, Wednesday to Friday: three office days take ten days.
        (office(), "2026-02-17 12:00", 27, "2026-02-25 12:00"),
        # New Year.
        (office(), "2025-12-31 17:30", 1, "2026-01-02 09:30"),
        # Hours past midnight.
        (Hours.of(NIGHTS), "2026-11-30 05:00", 2, "2026-11-30 23:00"),
        (Hours.of(NIGHTS), "2026-11-30 23:00", 8, "2026-12-01 23:00"),
        # The night before a holiday lasts to its morning; the holiday's own night does not begin.
        (Hours.of(WEEK_NIGHTS), "2026-11-26 05:00", 2, "2026-11-27 23:00"),
        # Around the clock, through Tsagaan Sar too.
        (Hours.of(AROUND_THE_CLOCK), "2027-02-06 23:30", 72, "2027-02-09 23:30"),
        # Exceptions: closed on Monday; open on a Saturday; open for two hours of a holiday.
        (office(closed("2026-11-30")), "2026-11-27 17:00", 2, "2026-12-01 10:00"),
        (
            office({"date": "2026-11-28", "opens": "10:00", "closes": "14:00"}),
            "2026-11-27 17:00",
            6,
            "2026-11-30 10:00",
        ),
        (
            office({"date": "2026-11-26", "opens": "10:00", "closes": "12:00"}),
            "2026-11-25 17:00",
            2,
            "2026-11-26 11:00",
        ),
        # No hours given: those of an office. Two services: while either is open, counted once.
        (hours_of_agency([Schedule()]), "2026-11-27 17:55", 27, "2026-12-02 17:55"),
        (hours_of_agency([]), "2026-11-28 12:00", 1, "2026-11-30 10:00"),
        (hours_of_agency([OFFICE, NIGHTS]), "2026-11-27 17:30", 2, "2026-11-27 23:30"),
        (hours_of_agency([OFFICE, SATURDAY_TOO]), "2026-11-27 17:00", 5, "2026-11-28 10:00"),
    ],
)
def test_a_clock_ends_when_it_was_open_for_so_long(hours: Hours, start: str, open_hours: int, due: str) -> None:
    assert hours.due(ub(start), timedelta(hours=open_hours)) == ub(due)
    assert hours.open_between(ub(start), ub(due)) == timedelta(hours=open_hours)


def test_a_service_that_moves_its_hours_while_the_clock_runs() -> None:
    """What has run stays run; what is left runs by the new hours."""
    before, after = office(), Hours.of(weekly(OFFICE_DAYS, "13:00", "17:00"))
    start, moved = ub("2026-11-30 09:00"), ub("2026-12-01 12:00")
    assert before.due(start, timedelta(hours=18)) == ub("2026-12-01 18:00")
    left = timedelta(hours=18) - before.open_between(start, moved)
    assert left == timedelta(hours=6)
    assert after.due(moved, left) == ub("2026-12-02 15:00")


def test_nights() -> None:
    nights = Hours.of(WEEK_NIGHTS)
    assert nights.is_open(ub("2026-11-28 05:59:59"))  # Friday's night, on Saturday
    assert not nights.is_open(ub("2026-11-28 06:00"))
    assert nights.next_closing(ub("2026-11-27 12:00")) == ub("2026-11-28 06:00")
    assert nights.next_opening(ub("2026-11-28 06:00")) == ub("2026-11-30 22:00")
    assert nights.next_opening(ub("2026-11-30 22:00")) == ub("2026-12-01 22:00")
    assert not nights.is_open(ub("2026-11-30 05:00"))  # nobody opened on Sunday


def test_a_week_of_naadam() -> None:
    assert office().next_opening(ub("2026-07-09 18:00")) == ub("2026-07-16 09:00")
    assert not Hours.of(SATURDAY_TOO).is_open(ub("2026-07-11 12:00"))
    stays = Schedule.parse([{"days": EVERY_DAY, "opens": "08:00", "closes": "20:00"}], (), True)
    assert Hours.of(stays).is_open(ub("2026-07-11 12:00"))


def test_days_that_touch_at_midnight_are_one_time() -> None:
    two_days = Hours.of(weekly("MO,TU", "00:00", "24:00"))
    assert two_days.next_closing(ub("2026-11-30 10:00")) == ub("2026-12-02 00:00")
    assert two_days.next_opening(ub("2026-11-30 10:00")) == ub("2026-12-07 00:00")


def test_what_is_open_around_the_clock_does_not_close_unless_it_says_so() -> None:
    assert Hours.of(AROUND_THE_CLOCK).next_closing(ub("2027-02-06 12:00")) is None
    assert Hours.of(AROUND_THE_CLOCK).next_opening(ub("2027-02-06 12:00")) is None
    repairs = Schedule.parse([{"days": EVERY_DAY, "opens": "00:00", "closes": "24:00"}], [closed("2027-02-08")])
    assert Hours.of(repairs).next_closing(ub("2027-02-06 12:00")) == ub("2027-02-08 00:00")
    assert Hours.of(repairs).next_opening(ub("2027-02-06 12:00")) == ub("2027-02-09 00:00")
    assert Hours.of(repairs, NIGHTS).is_open(ub("2027-02-08 05:00")) is False  # nights close on holidays
    assert Hours.of(AROUND_THE_CLOCK, OFFICE).next_closing(ub("2027-02-06 12:00")) is None


def test_a_clock_ends_though_the_door_stays_shut() -> None:
    minute = Hours.of(weekly("SU", "12:00", "12:01"))
    assert minute.due(ub("2026-11-27 12:00"), timedelta(hours=27)) == ub("2027-11-28 12:00")
    assert Hours.of(Schedule()).due(ub("2026-11-27 12:00"), timedelta(hours=1)) == ub("2027-11-28 12:00")
    assert Hours.of(Schedule()).next_opening(ub("2026-11-27 12:00")) is None
    assert office().due(ub("2026-11-28 12:00"), timedelta()) == ub("2026-11-28 12:00")


def test_instants_have_a_zone_and_are_given_in_utc() -> None:
    due = office().due(ub("2026-11-27 17:55"), timedelta(hours=1))
    assert (due, due.tzinfo) == (datetime(2026, 11, 30, 1, 55, tzinfo=UTC), UTC)
    with pytest.raises(ValueError, match="zone"):
        office().is_open(datetime(2026, 11, 27, 12))


@pytest.mark.parametrize(
    ("entry", "field", "problem"),
    [
        ({"days": "MO", "opens": "9:00", "closes": "18:00"}, "schedule[0].opens", "not_a_time"),
        ({"days": "MO", "opens": "24:00", "closes": "18:00"}, "schedule[0].opens", "not_a_time"),
        ({"days": "MO", "opens": "09:00", "closes": "24:01"}, "schedule[0].closes", "not_a_time"),
        ({"days": "MO", "opens": "09:00", "closes": "09:00"}, "schedule[0].closes", "empty"),
        ({"days": "MO,XX", "opens": "09:00", "closes": "18:00"}, "schedule[0].days", "not_days"),
        ({"days": "MO,MO", "opens": "09:00", "closes": "18:00"}, "schedule[0].days", "not_days"),
        ({"days": "", "opens": "09:00", "closes": "18:00"}, "schedule[0].days", "not_days"),
        ({"days": "MO", "opens": "09:00", "closes": None}, "schedule[0].closes", "not_a_time"),
    ],
)
def test_hours_that_are_none(entry: dict[str, Any], field: str, problem: str) -> None:
    with pytest.raises(HoursError) as refused:
        Schedule.parse([entry])
    assert (refused.value.field, refused.value.problem) == (field, problem)


@pytest.mark.parametrize(
    ("exceptions", "problem"),
    [
        ([closed("2026-02-30")], "not_a_date"),
        ([closed("20261126")], "not_a_date"),
        ([closed("2026-11-26"), {"date": "2026-11-26", "opens": "09:00", "closes": "10:00"}], "named_twice"),
        ([{"date": "2026-11-26", "opens": "09:00", "closes": None}], "not_a_time"),
        ([closed("2026-11-26")] * 121, "too_many"),
    ],
)
def test_exceptions_that_are_none(exceptions: list[dict[str, Any]], problem: str) -> None:
    with pytest.raises(HoursError) as refused:
        Schedule.parse([{"days": "MO", "opens": "09:00", "closes": "18:00"}], exceptions)
    assert refused.value.problem == problem


# --- public holidays --------------------------------------------------------------------------------------------------


def test_the_days_off_by_law() -> None:
    assert sorted(day.isoformat() for day in holidays() if day.year == 2026) == [
        "2026-01-01",
        *("2026-02-18", "2026-02-19", "2026-02-20"),
        "2026-03-08",
        "2026-05-31",
        "2026-06-01",
        *(f"2026-07-{day}" for day in range(10, 16)),
        "2026-11-10",
        "2026-11-26",
        "2026-12-29",
    ]
    first_days = {day.year: day.isoformat() for day in reversed(named("Tsagaan Sar"))}
    assert [first_days[year] for year in range(2025, 2031)] == [
        *("2025-03-01", "2026-02-18", "2027-02-07", "2028-02-26", "2029-02-14", "2030-02-03")
    ]
    assert holidays()[date(2027, 2, 8)]["mn"] == "Цагаан сар"
    assert {day.year for day in holidays()} == {*range(2025, 2051)}


def test_movable_days_follow_the_moon() -> None:
    """Months begin up to two days after the new moon; their fifteenth day is about the full moon."""
    tsagaan_sar, chinggis, buddha = named("Tsagaan Sar"), named("Day of Chinggis Khaan"), named("Buddha’s Great Day")
    for day in [*tsagaan_sar[::3], *chinggis]:
        assert 0 <= (day - moon_before(day, full=False)).days <= 2, day
    for day in buddha:
        assert 0 <= (day + timedelta(days=1) - moon_before(day + timedelta(days=1), full=True)).days <= 2, day
    assert [day + timedelta(days=2) for day in tsagaan_sar[::3]] == tsagaan_sar[2::3]
    assert [len(one) for one in (tsagaan_sar, chinggis, buddha)] == [78, 26, 26]


def named(name: str) -> list[date]:
    """In order. A day that has two names is under the fixed one."""
    fixed = {date(2030, 11, 26): "Day of Chinggis Khaan", date(2049, 11, 26): "Day of Chinggis Khaan"}
    return sorted(day for day, one in holidays().items() if name in (one["en"], fixed.get(day)))


def moon_before(day: date, *, full: bool) -> date:
    """The day in Ulaanbaatar of the last new (or full) moon that is not after `day` (Meeus, chapter 49; to an hour)."""
    phase = 0.5 if full else 0.0
    k = math.floor((day.year + day.timetuple().tm_yday / 365.25 - 2000) * 12.3685) + 1 + phase
    while (found := _moon(k)) > day:
        k -= 1
    return found


def _moon(k: float) -> date:
    sun = math.radians(2.5534 + 29.10535670 * k)
    moon = math.radians(201.5643 + 385.81693528 * k)
    node = math.radians(160.7108 + 390.67050284 * k)
    days = 29.530588861 * k - 0.407 * math.sin(moon) + 0.173 * math.sin(sun) + 0.016 * math.sin(2 * moon)
    days += 0.0104 * math.sin(2 * node) + 0.0074 * math.sin(moon - sun) - 0.0051 * math.sin(moon + sun)
    epoch = datetime(2000, 1, 6, 14, 20, 37, tzinfo=UTC)
    return (epoch + timedelta(days=days)).astimezone(UB).date()


# --- the model --------------------------------------------------------------------------------------------------------

BEGINS: Final = ub("2027-02-05 00:00")  # a Friday; Tsagaan Sar is from the 7th to the 9th
DAYS_LONG: Final = 6
MINUTES: Final = DAYS_LONG * 24 * 60
CLOCK: Final = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(24 * 60)]

TIMES = st.sampled_from(["00:00", "00:01", "05:59", "06:00", "09:00", "12:30", "18:00", "22:00", "23:59"])
SPANS = st.fixed_dictionaries({"opens": TIMES, "closes": TIMES | st.just("24:00")}).filter(
    lambda one: one["opens"] != one["closes"]
)
DAY_SETS = st.sets(st.sampled_from(DAYS), min_size=1).map(lambda days: ",".join(sorted(days)))
ENTRIES = st.builds(lambda days, span: {"days": days, **span}, DAY_SETS, SPANS)
DATES = st.integers(4, 11).map(lambda day: f"2027-02-{day:02}")
EXCEPTIONS = st.dictionaries(DATES, st.lists(SPANS, max_size=2), max_size=3)
SCHEDULES = st.tuples(st.lists(ENTRIES, min_size=1, max_size=3), EXCEPTIONS, st.booleans())

Plain = tuple[list[dict[str, str]], dict[str, list[dict[str, str]]], bool]


def parsed(plain: Plain) -> Schedule:
    entries, exceptions, on_holidays = plain
    listed = [{"date": day, **span} for day, spans in exceptions.items() for span in spans]
    shut = [closed(day) for day, spans in exceptions.items() if not spans]
    return Schedule.parse(entries, [*listed, *shut], on_holidays)


def minute_by_minute(plains: Sequence[Plain]) -> list[bool]:
    """Open or not, for each minute of six days from BEGINS: each minute looks at its own day and the one before."""
    opened = []
    for day in (BEGINS + timedelta(days=one) for one in range(DAYS_LONG)):
        today = [span for plain in plains for span in on(plain, day)]
        yesterday = [span for plain in plains for span in on(plain, day - timedelta(days=1))]
        opened += [is_open(clock, today, yesterday) for clock in CLOCK]
    return opened


def is_open(clock: str, today: Sequence[dict[str, str]], yesterday: Sequence[dict[str, str]]) -> bool:
    return any(
        one["opens"] <= clock and (clock < one["closes"] or one["closes"] < one["opens"]) for one in today
    ) or any(one["closes"] < one["opens"] and clock < one["closes"] for one in yesterday)


def on(plain: Plain, at: datetime) -> list[dict[str, str]]:
    entries, exceptions, on_holidays = plain
    day = f"{at:%Y-%m-%d}"
    if day in exceptions:
        return exceptions[day]
    if day in ("2027-02-07", "2027-02-08", "2027-02-09") and not on_holidays:
        return []
    return [one for one in entries if DAYS[at.weekday()] in one["days"].split(",")]


@settings(max_examples=40, deadline=None)
@given(st.lists(SCHEDULES, min_size=1, max_size=2), st.integers(0, 2000), st.integers(1, 4000))
def test_it_agrees_with_a_model_that_goes_minute_by_minute(plains: list[Plain], start: int, span: int) -> None:
    model = minute_by_minute(plains)
    hours = Hours(tuple(parsed(plain) for plain in plains))
    at = BEGINS + timedelta(minutes=start)
    assert hours.is_open(at) == model[start]
    changes = [one for one in range(start + 1, MINUTES) if model[one] != model[one - 1]]
    for found, opens in ((hours.next_opening(at), True), (hours.next_closing(at), False)):
        first = next((one for one in changes if model[one] == opens), None)
        if first is not None:
            assert found == BEGINS + timedelta(minutes=first)
        else:
            assert found is None or found >= BEGINS + timedelta(minutes=MINUTES)
    opened = sum(model[start : start + span])
    assert hours.open_between(at, at + timedelta(minutes=span)) == timedelta(minutes=opened)
    if opened:
        last = max(one for one in range(start, start + span) if model[one])
        assert hours.due(at, timedelta(minutes=opened)) == BEGINS + timedelta(minutes=last + 1)
