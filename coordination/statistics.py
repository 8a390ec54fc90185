"""What is counted of a closed period, as nothing but what may be shown: the one place for API, command and screen.

Each thing is counted in one kind of period alone, so that no month is the difference of a quarter and two others:

    quarter   months, urgency, who sends, who receives, how long it takes
    year      aimags; what was taken on and what was not; and of each by itself, where both are shown, the answers with
              the reasons of declining, and the services asked for

The year is made of the quarters whose totals are shown. docs/decisions/0007 has the argument.
"""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from coordination.suppression import VALUE, Cell, Counted, hide, is_safe, total
from ortoo.days import ULAANBAATAR
from ortoo.places import COUNTRY, aimag, places
from ortoo.protocol import vocabulary
from ortoo.protocol.errors import Refused

LATE_ANSWERS: Final = timedelta(days=7)  # a period is closed so long after its end, and its answers are those of then
ACCEPTED, ACCEPTED_WITHDRAWN, DECLINED = "accepted", "accepted_withdrawn", "declined"
RECALLED, WITHDRAWN, UNANSWERED = "recalled", "withdrawn", "unanswered"
TAKEN_ON, NOT_TAKEN_ON = "taken_on", "not_taken_on"  # accepted, whatever came then; all that was not: unmet need
ANSWER, SERVICE = "answer", "service"  # until the recipient's first answer; until the service is under way
QUANTILES: Final = ((0.5, 14), (0.9, 54))  # and in how many referrals: ten and fifty have five on each side
# A time is told as one of these at most, in minutes: a median is somebody's very own time.
STEPS: Final = (15, 30, 60, 120, 240, 480, 1440, 2880, 4320, 10080, 20160, 43200)

_PERIOD: Final = re.compile(r"(20[0-9]{2})(?:-Q([1-4]))?")


@dataclass(frozen=True)
class Period:
    """A quarter, or a year where `quarter` is None; by Ulaanbaatar's calendar."""

    year: int
    quarter: int | None

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Raises Refused: `malformed`."""
        found = _PERIOD.fullmatch(text)
        if found is None:
            raise Refused("malformed", "A period is a year or a quarter: 2026, 2026-Q4.", field="period")
        return cls(int(found[1]), int(found[2]) if found[2] else None)

    @classmethod
    def newest_closed(cls, now: datetime) -> "Period":
        """The last quarter that is closed."""
        here = (now - LATE_ANSWERS).astimezone(ULAANBAATAR)
        quarter = (here.month - 1) // 3
        return cls(here.year, quarter) if quarter else cls(here.year - 1, 4)

    def __str__(self) -> str:
        return f"{self.year}-Q{self.quarter}" if self.quarter else str(self.year)

    @property
    def quarters(self) -> list["Period"]:
        return [self] if self.quarter else [Period(self.year, number) for number in range(1, 5)]

    @property
    def months(self) -> list[str]:
        first = 3 * (self.quarter or 1) - 2
        return [f"{self.year}-{month:02d}" for month in range(first, first + (3 if self.quarter else 12))]

    @property
    def begins_at(self) -> datetime:
        return datetime(self.year, 3 * (self.quarter or 1) - 2, 1, tzinfo=ULAANBAATAR).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        follows = Period(self.year, self.quarter + 1) if self.quarter and self.quarter < 4 else None
        return follows.begins_at if follows else datetime(self.year + 1, 1, 1, tzinfo=ULAANBAATAR).astimezone(UTC)

    @property
    def closes_at(self) -> datetime:
        return self.ends_at + LATE_ANSWERS


@dataclass(frozen=True, slots=True)
class Happened(Counted):
    """A referral and what became of it until its period was closed.

    answered, served: seconds from when its recipient saw it; None where it did not come to that.
    """

    month: str
    urgency: str
    place: str
    services: tuple[str, ...]
    sender_kind: str
    recipient_kind: str
    answer: str
    answered: float | None
    served: float | None


@dataclass(frozen=True)
class Table:
    name: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Time:
    """Within how many minutes half (`median`) and nine of ten (`p90`) had come to it; None: too few to tell."""

    urgency: str
    until: str  # ANSWER, SERVICE
    median: int | None
    p90: int | None


@dataclass(frozen=True)
class Room:
    """What agencies say that they have of a service. services: how many give it; places: at once, of those that count
    them; None where none does. It is of no person.
    """

    service: str
    services: int
    places: int | None


@dataclass(frozen=True)
class Statistics:
    """left_out: the quarters of a year whose referrals are not in its tables, since their totals are not shown.

    rooms: of a year, against its demand.
    """

    total: Cell
    tables: Sequence[Table]
    times: Sequence[Time]
    left_out: Sequence[str] = ()
    rooms: Sequence[Room] = ()


def answers() -> list[str]:
    """All that may become of a referral, the reasons of declining one by one."""
    reasons = (f"{DECLINED}.{code}" for code in vocabulary.terms("decline_reasons"))
    return [ACCEPTED, ACCEPTED_WITHDRAWN, *reasons, RECALLED, WITHDRAWN, UNANSWERED]


def of_quarter(period: Period, rows: Sequence[Happened]) -> Statistics:
    """All referrals that came to their recipients in this quarter."""
    kinds = list(vocabulary.terms("agency_kinds"))
    counted = (
        _counted("month", period.months, rows, lambda row: (row.month,)),
        _counted("urgency", vocabulary.terms("urgency"), rows, lambda row: (row.urgency,)),
        _counted("sender_kind", kinds, rows, lambda row: (row.sender_kind,)),
        _counted("recipient_kind", kinds, rows, lambda row: (row.recipient_kind,)),
    )
    in_all = total(rows)
    shown = [_table(name, groups, in_all) for name, groups in counted]
    return Statistics(in_all, shown, _times(rows, shown[1]) if in_all.why == VALUE else [])


def of_year(rows: Sequence[Happened], left_out: Sequence[str], rooms: Sequence[Room] = ()) -> Statistics:
    """All referrals of the quarters of the year whose totals are shown."""
    aimags = [COUNTRY, *(code for code in places() if aimag(code) == code)]
    in_all = total(rows)
    in_aimag = _table(*_counted("aimag", aimags, rows, lambda row: (aimag(row.place),)), in_all)
    return Statistics(in_all, [in_aimag, *_outcomes(rows, in_all)], [], left_out, rooms)


def _outcomes(rows: Sequence[Happened], in_all: Cell) -> list[Table]:
    """Where both outcomes can be shown, each is a total of its own, and is divided like one: never the services of all
    beside those of a part, from which the rest could be subtracted. Else nothing is said of outcomes.
    """
    _, parts = _counted("outcome", (TAKEN_ON, NOT_TAKEN_ON), rows, lambda row: (outcome(row.answer),))
    outcomes = _table("outcome", parts, in_all)
    if not all(cell.value for cell in outcomes.cells.values()):
        return [_table(*_counted("answer", answers(), rows, _answer), in_all), _services("service", rows, in_all)]
    given: dict[str, Cell] = {}
    for part, of in parts.items():
        codes = [code for code in answers() if outcome(code) == part]
        given |= _table(*_counted("answer", codes, of, _answer), outcomes.cells[part]).cells
    services = [_services(part, of, outcomes.cells[part]) for part, of in parts.items()]
    return [outcomes, Table("answer", {code: given[code] for code in answers()}), *services]


def outcome(answer: str) -> str:
    return TAKEN_ON if answer in (ACCEPTED, ACCEPTED_WITHDRAWN) else NOT_TAKEN_ON


def _answer(row: Happened) -> tuple[str]:
    return (row.answer,)


def _services(name: str, rows: Sequence[Happened], in_all: Cell) -> Table:
    _, services = _counted(name, vocabulary.terms("services"), rows, lambda row: row.services)
    return _table(name, services, in_all, most=len(rows))


def _counted(
    name: str, codes: Iterable[str], rows: Sequence[Happened], of: Callable[[Happened], Iterable[str]]
) -> tuple[str, dict[str, list[Happened]]]:
    """Each code of the vocabulary has its group, whether anybody is in it or not."""
    groups: dict[str, list[Happened]] = {code: [] for code in codes}
    for row in rows:
        for code in of(row):
            groups[code].append(row)
    return name, groups


def _table(name: str, groups: Mapping[str, Sequence[Happened]], in_all: Cell, most: int | None = None) -> Table:
    if in_all.why != VALUE or in_all.value == 0:
        return Table(name, dict.fromkeys(groups, in_all))
    return Table(name, hide(groups, most=most))


def _times(rows: Sequence[Happened], urgencies: Table) -> list[Time]:
    """Only of urgencies that are shown. From a time follows that so many had come to it, and from that, with as many
    in all, that hardly any had not: `least` is more than follows by what few may be.
    """
    found = []
    for urgency, cell in urgencies.cells.items():
        of = [row for row in rows if row.urgency == urgency]
        for until in (ANSWER, SERVICE):
            took = [(seconds, row) for row in of if (seconds := _took(row, until)) is not None]
            took.sort(key=lambda one: one[0])
            median, p90 = (
                _quantile(took, part) if cell.value is not None and cell.value >= least else None
                for part, least in QUANTILES
            )
            found.append(Time(urgency, until, median, p90))
    return found


def _took(row: Happened, until: str) -> float | None:
    return row.answered if until == ANSWER else row.served


def _quantile(took: Sequence[tuple[float, Happened]], part: float) -> int | None:
    """Minutes, a whole step; None unless five people and more are on each side of it."""
    at = math.ceil(part * len(took))
    sides = took[:at], took[at:]
    if not all(is_safe(row for _, row in side) for side in sides):
        return None
    minutes = took[at - 1][0] / 60
    return next((step for step in STEPS if minutes <= step), None)


def by_referral(events: Iterable[tuple[object, str, str | None, datetime]]) -> Mapping[object, "Answers"]:
    """What became of each referral by its steps, in their order: referral, type, reason, when."""
    found: dict[object, Answers] = defaultdict(Answers)
    for referral, type, reason, at in events:
        found[referral].take(type, reason, at)
    return found


class Answers:
    """What a referral came to, step by step. The first decision counts: whoever hands back had accepted."""

    __slots__ = ("answer", "answered_at", "served_at")

    def __init__(self) -> None:
        self.answer: str | None = None
        self.answered_at: datetime | None = None
        self.served_at: datetime | None = None

    def take(self, type: str, reason: str | None, at: datetime) -> None:
        if type != "recalled" and self.answered_at is None:
            self.answered_at = at
        if type == "under_way" and self.served_at is None:
            self.served_at = at
        if self.answer is None and type in (ACCEPTED, RECALLED):
            self.answer = type
        elif self.answer is None and type == DECLINED:
            self.answer = f"{DECLINED}.{reason}"

    def in_the_end(self, withdrawn: bool) -> str:
        if withdrawn and self.answer in (None, ACCEPTED):
            return WITHDRAWN if self.answer is None else ACCEPTED_WITHDRAWN
        return self.answer or UNANSWERED
