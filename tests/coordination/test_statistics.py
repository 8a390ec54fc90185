"""Nobody is singled out by what is published: whoever subtracts, or solves linear programs, learns no small number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations, count, product
from typing import Final
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from coordination import statistics
from coordination.statistics import Happened, Period, Room, Statistics
from coordination.suppression import FEW, HIDDEN_FEW, VALUE, WITHHELD, Cell, Counted, hide, is_safe

AGENCIES: Final = ("mgec", "mrc-umnugobi", "ecpat", "police", "clinic", "court", "border")
Published = Mapping[str, Cell]


# --- the attacker -----------------------------------------------------------------------------------------------------


def intervals(
    tables: Sequence[Published], total: int, own: Sequence[Mapping[str, int]] | None = None
) -> list[dict[str, tuple[float, float]]]:
    """What each cell may be, to somebody who has all tables and divides the same referrals in all their ways at once.

    The unknowns are all referrals by all tables together (month × urgency × …): each published number, each `few` and
    the total are its sums. own: what of each cell is the attacker's own doing, who then looks for the others; where it
    is an outsider, it also knows that what is withheld beside a `few` is five or more.
    """
    shape = tuple(len(one) for one in tables)
    places = np.arange(int(np.prod(shape))).reshape(shape)
    equal, least_most, margins = [(np.ones(places.size), total)], [], []
    for axis, table in enumerate(tables):
        partly = any(cell.why == HIDDEN_FEW for cell in table.values())
        margin = {}
        for index, (code, cell) in enumerate(table.items()):
            row = np.zeros(places.size)
            row[np.take(places, index, axis).ravel()] = 1
            margin[code] = row
            mine = own[axis].get(code, 0) if own else 0
            if cell.why == VALUE:
                assert cell.value is not None
                equal.append((row, cell.value - mine))
            elif cell.why == HIDDEN_FEW:
                least_most.append((row, max(0, FEW - 1 - mine)))
            elif partly and own is None:
                least_most.append((-row, -FEW))
        margins.append(margin)
    found = []
    for margin in margins:
        found.append(
            {code: (_least(row, equal, least_most), -_least(-row, equal, least_most)) for code, row in margin.items()}
        )
    return found


def _least(row: np.ndarray, equal: list, most: list) -> float:  # type: ignore[type-arg]
    solved = linprog(
        row,
        A_ub=np.array([one for one, _ in most]) if most else None,
        b_ub=[value for _, value in most] if most else None,
        A_eq=np.array([one for one, _ in equal]),
        b_eq=[value for _, value in equal],
        method="highs",
    )
    assert solved.status == 0, solved.message
    return float(solved.fun)


def attack(groups: Sequence[Mapping[str, Sequence[Counted]]]) -> None:
    """Fails where the attacker narrows a small cell, as an outsider or as any of the agencies."""
    tables = [hide(one) for one in groups]
    rows = [row for rows in groups[0].values() for row in rows]
    for table, found, truth in zip(tables, intervals(tables, len(rows)), groups, strict=True):
        for code, cell in table.items():
            if cell.why == HIDDEN_FEW:
                least, most = found[code]
                assert least <= 1e-6, (code, found, table)
                assert most >= FEW - 1 - 1e-6, (code, found, table)
            if cell.why == WITHHELD:
                least, most = found[code]
                assert most - least >= FEW - 1 - 1e-6, (code, found, table)
            if cell.value is not None:
                assert is_safe(truth[code])
    for agency in {row.sender for row in rows} | {row.recipient for row in rows}:
        _attack_from_within(agency, groups, tables, rows)


def _attack_from_within(
    agency: str,
    groups: Sequence[Mapping[str, Sequence[Counted]]],
    tables: Sequence[Published],
    rows: Sequence[Counted],
) -> None:
    """An agency that subtracts all that it sent and was sent is never sure that one to four others are there."""
    own = [{code: sum(_involves(row, agency) for row in of) for code, of in one.items()} for one in groups]
    others = sum(not _involves(row, agency) for row in rows)
    for table, found, truth in zip(tables, intervals(tables, others, own), groups, strict=True):
        for code, (least, _) in found.items():
            people = {row.person for row in truth[code] if not _involves(row, agency)}
            if 0 < len(people) < FEW:
                assert least <= 1e-6, (agency, code, found, table)


def _involves(row: Counted, agency: str) -> bool:
    return agency in (row.sender, row.recipient)


# --- what is attacked -------------------------------------------------------------------------------------------------

_people = count(1)


def some(number: int, *, person: UUID | None = None) -> list[Counted]:
    """So many referrals, of people of their own or of one person; each agency has a part of them."""
    return [
        Counted(person or UUID(int=next(_people)), AGENCIES[at % 7], AGENCIES[(at + 1) % 7]) for at in range(number)
    ]


def divided(*numbers: int) -> dict[str, list[Counted]]:
    return {chr(ord("a") + at): some(number) for at, number in enumerate(numbers)}


def whys(table: Published) -> str:
    return " ".join(str(cell.value) if cell.value is not None else cell.why for cell in table.values())


def test_a_small_cell_takes_another_with_it() -> None:
    assert whys(hide(divided(41, 12, 3))) == "41 withheld few"
    assert whys(hide(divided(41, 12, 0))) == "41 withheld few"  # nobody is told as few as somebody
    assert whys(hide(divided(41, 12, 9))) == "41 12 9"
    assert whys(hide(divided(60, 3, 4, 30, 8, 11))) == "60 few few 30 withheld 11"
    assert whys(hide(divided(4, 4, 4))) == "withheld withheld withheld"


def test_six_referrals_of_one_person_are_few() -> None:
    groups = divided(40, 20) | {"she": some(6, person=UUID(int=9999999))}
    assert whys(hide(groups)) == "40 withheld few"


def test_what_one_agency_alone_made_is_not_shown_where_it_could_subtract_itself() -> None:
    lone = [Counted(UUID(int=next(_people)), "mgec", "court") for _ in range(9)] + [
        Counted(UUID(int=next(_people)), "police", "clinic") for _ in range(2)
    ]
    assert not is_safe(lone)
    assert whys(hide(divided(40, 30) | {"lone": lone})) == "40 withheld withheld"
    assert is_safe(lone[:9])  # nobody else is in it: there is nobody to find


def test_plain_suppression_would_be_broken() -> None:
    """The attack is real: without the cover, subtraction and linear programs give the number away."""
    plain = {"a": Cell(41), "b": Cell(12), "c": Cell(None, HIDDEN_FEW)}
    assert intervals([plain], 56)[0]["c"] == pytest.approx((3, 3))
    together = dict.fromkeys("abc", Cell(None, HIDDEN_FEW)) | {"d": Cell(50)}
    assert intervals([together], 62)[0]["a"] == pytest.approx((4, 4))  # three of at most four, twelve together
    close = {"a": Cell(None, WITHHELD), "b": Cell(None, HIDDEN_FEW)}
    assert intervals([close], 6)[0]["b"] == pytest.approx((0, 1))  # a cover that is too small


@st.composite
def periods(draw: st.DrawFn) -> list[dict[str, list[Counted]]]:
    """The same referrals, divided in three ways. Some people have several, some agencies nearly all."""
    number = draw(st.integers(1, 90))
    people, spread = draw(st.integers(1, number)), draw(st.integers(1, 7))
    weights = [draw(st.lists(st.integers(1, 40), min_size=size, max_size=size)) for size in (2, 3, 4)]
    random = draw(st.randoms(use_true_random=False))
    rows = [
        Counted(UUID(int=random.randint(1, people)), *random.sample(AGENCIES[: spread + 1], 2)) for _ in range(number)
    ]
    groups: list[dict[str, list[Counted]]] = [{chr(97 + at): [] for at in range(len(one))} for one in weights]
    for row in rows:
        for weight, one in zip(weights, groups, strict=True):
            one[random.choices(list(one), weight)[0]].append(row)
    return groups


@settings(max_examples=30, deadline=None)
@given(periods())
def test_no_small_cell_is_narrowed(groups: list[dict[str, list[Counted]]]) -> None:
    rows = [row for of in groups[0].values() for row in of]
    if is_safe(rows):
        attack(groups)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sets(st.sampled_from("abcd"), min_size=1, max_size=3), min_size=9, max_size=60))
def test_no_small_service_is_narrowed(asked: list[set[str]]) -> None:
    """One referral is in several cells. The attacker knows how many there are, even how many requests, and that none
    asks for a service twice.
    """
    rows = some(len(asked))
    groups = {code: [row for row, of in zip(rows, asked, strict=True) if code in of] for code in "abcd"}
    table = hide(groups, most=len(rows))
    shown = [cell.why for cell in table.values()]
    few = np.array([cell.why == HIDDEN_FEW for cell in table.values()])
    least = [cell.value if cell.value is not None else 0 for cell in table.values()]
    if HIDDEN_FEW in shown:  # it knows then that what is withheld is five or more
        least = [FEW if cell.why == WITHHELD else value for cell, value in zip(table.values(), least, strict=True)]
    most = [
        cell.value if cell.value is not None else FEW - 1 if cell.why == HIDDEN_FEW else len(rows)
        for cell in table.values()
    ]
    for at in np.flatnonzero(few):
        sought = np.eye(4)[at]
        equal = [(np.ones(4), sum(map(len, groups.values())))]
        bounds = list(zip(least, most, strict=True))
        low = linprog(sought, A_eq=[equal[0][0]], b_eq=[equal[0][1]], bounds=bounds, method="highs")
        high = linprog(-sought, A_eq=[equal[0][0]], b_eq=[equal[0][1]], bounds=bounds, method="highs")
        assert (low.status, high.status) == (0, 0)
        assert low.fun <= 1e-6, (table, groups)
        assert -high.fun >= FEW - 1 - 1e-6, (table, groups)


def numbers(length: int, total: int) -> Iterator[tuple[int, ...]]:
    if length == 1:
        yield (total,)
        return
    for first in range(total + 1):
        yield from ((first, *rest) for rest in numbers(length - 1, total - first))


@pytest.mark.parametrize("total", [9, 12, 16])
def test_no_division_of_few_people_is_narrowed(total: int) -> None:
    """Every way to divide so many in three, not only those that chance finds."""
    for each in numbers(3, total):
        if list(each) == sorted(each):
            attack([divided(*each)])


# --- a period ---------------------------------------------------------------------------------------------------------


def happened(number: int, **other: object) -> list[Happened]:
    values = {
        "month": "2026-10",
        "urgency": "urgent",
        "place": "MN-053.khanbogd",
        "services": ("shelter",),
        "sender_kind": "ngo",
        "recipient_kind": "police",
        "answer": "accepted",
        "answered": 3_000.0,
        "served": None,
    } | other
    return [Happened(one.person, one.sender, one.recipient, **values) for one in some(number)]  # type: ignore[arg-type]


def shown(found: Statistics, name: str) -> dict[str, str]:
    (table,) = [one for one in found.tables if one.name == name]
    return {code: str(cell.value) if cell.value is not None else cell.why for code, cell in table.cells.items()}


def test_a_quarter_and_its_times() -> None:
    rows = (
        happened(120, urgency="immediate")
        + happened(30, month="2026-11", answered=90_000.0)
        + happened(20, month="2026-12", urgency="standard", answered=None)
    )
    found = statistics.of_quarter(Period(2026, 4), rows)
    assert found.total == Cell(170)
    assert shown(found, "month") == {"2026-10": "120", "2026-11": "30", "2026-12": "20"}
    assert shown(found, "urgency") == {"immediate": "120", "urgent": "30", "standard": "20"}
    kinds = shown(found, "sender_kind")  # all are of one kind: its number would tell that nobody is of the others
    assert (kinds.pop("ngo"), set(kinds.values())) == ("withheld", {"few"})
    times = {(one.urgency, one.until): (one.median, one.p90) for one in found.times}
    assert times["immediate", "answer"] == (60, 60)  # fifty minutes, told as an hour
    assert times["urgent", "answer"] == (2880, None)
    assert times["standard", "answer"] == times["immediate", "service"] == (None, None)


def test_a_quarter_of_three_people_says_nothing_but_that() -> None:
    found = statistics.of_quarter(Period(2026, 4), happened(3))
    assert {why for table in found.tables for why in shown(found, table.name).values()} == {"few"}
    assert (found.total, found.times) == (Cell(None, HIDDEN_FEW), [])
    nobody = statistics.of_quarter(Period(2026, 4), [])
    assert {why for table in nobody.tables for why in shown(nobody, table.name).values()} == {"0"}


def test_a_year_divides_each_outcome_by_itself() -> None:
    """Ninety asked for shelter, and of three of them it is not told that they were not taken on."""
    taken = happened(87) + happened(13, services=("legal_aid",))
    refused = happened(3, answer="unanswered") + happened(12, services=("legal_aid",), answer="declined.no_capacity")
    found = statistics.of_year(taken + refused, [])
    assert shown(found, "outcome") == {"taken_on": "100", "not_taken_on": "15"}
    answers = shown(found, "answer")
    assert (answers["accepted"], answers["accepted_withdrawn"]) == ("withheld", "few")
    assert (answers["declined.no_capacity"], answers["unanswered"]) == ("withheld", "few")
    assert shown(found, "taken_on")["shelter"] == "87"
    assert (shown(found, "not_taken_on")["shelter"], shown(found, "not_taken_on")["legal_aid"]) == ("few", "withheld")
    assert "service" not in [table.name for table in found.tables]  # from which the three could be subtracted


def test_a_year_in_which_hardly_anybody_was_refused_counts_services_of_all() -> None:
    """All ask for shelter and two for a doctor too: with 100 referrals and 102 requests, shelter cannot cover."""
    rows = happened(98) + happened(2, services=("shelter", "medical"))
    found = statistics.of_year(rows, ["2026-Q1"], [Room("shelter", 3, 40)])
    assert [table.name for table in found.tables] == ["aimag", "answer", "service"]
    assert set(shown(found, "service").values()) == {"withheld"}
    rows = happened(90) + happened(20, services=("legal_aid",)) + happened(2, services=("shelter", "medical"))
    services = shown(statistics.of_year(rows, []), "service")
    assert (services["shelter"], services["legal_aid"], services["medical"]) == ("92", "withheld", "few")
    assert shown(found, "aimag")["MN-053"] == "withheld"
    assert (found.left_out, found.rooms) == (["2026-Q1"], [Room("shelter", 3, 40)])


# What is drawn, and, as the last of each, what is there for nobody: a cell that the attacker has to think of.
ANSWERS: Final = ("accepted", "accepted_withdrawn", "declined.no_capacity", "unanswered", "recalled")
SERVICES: Final = ("shelter", "legal_aid", "medical", "documents")
ASKED: Final = [codes for size in range(1, 5) for codes in combinations(SERVICES, size)]


@st.composite
def years(draw: st.DrawFn) -> list[Happened]:
    number = draw(st.integers(9, 80))
    people, spread = draw(st.integers(5, number)), draw(st.integers(1, 6))
    drawn = (ANSWERS[:-1], [codes for codes in ASKED if SERVICES[-1] not in codes])
    weights = [draw(st.lists(st.sampled_from((1, 5, 40)), min_size=len(one), max_size=len(one))) for one in drawn]
    random = draw(st.randoms(use_true_random=False))
    rows = []
    for _ in range(number):
        answer, services = (random.choices(codes, weight)[0] for codes, weight in zip(drawn, weights, strict=True))
        (row,) = happened(1, answer=answer, services=services)
        sender, recipient = random.sample(AGENCIES[: spread + 1], 2)
        rows.append(replace(row, person=UUID(int=random.randint(1, people)), sender=sender, recipient=recipient))
    return rows


@settings(max_examples=12, deadline=None)
@given(years())
def test_no_small_outcome_answer_or_service_is_narrowed(rows: list[Happened]) -> None:
    """All tables of a year at once, by an outsider and by the agency that has the largest part in it: the unknowns are
    answers by all that may be asked for together.
    """
    found = statistics.of_year(rows, [])
    if found.total.value is None:
        return
    parts = {agency: [row for row in rows if _involves(row, agency)] for agency in AGENCIES}
    for agency in (None, max(AGENCIES, key=lambda one: len(parts[one]))):
        others = [row for row in rows if agency is None or not _involves(row, agency)]
        equal: list[tuple[np.ndarray, float]] = [(np.ones(len(ANSWERS) * len(ASKED)), len(others))]  # type: ignore[type-arg]
        most: list[tuple[np.ndarray, float]] = []  # type: ignore[type-arg]
        small, hidden = [], []
        for name, code, cell in [(one.name, *of) for one in found.tables for of in one.cells.items()]:
            counted = _counted_in(name, code)
            if not counted.any():
                continue
            there = [row for row in others if _is_in(name, code, row.answer, row.services)]
            own = sum(_is_in(name, code, row.answer, row.services) for row in rows) - len(there)
            if cell.value is not None:
                equal.append((counted, cell.value - own))
            elif cell.why == HIDDEN_FEW:
                most.append((counted, max(0, FEW - 1 - own)))
            if cell.value is None:
                hidden.append((code, cell, counted))
            if 0 < len({row.person for row in there}) < FEW:
                small.append((code, counted))
        if agency is not None:
            assert [code for code, counted in small if _least(counted, equal, most) > 1e-6] == [], (agency, found)
            continue
        for code, cell, counted in hidden:
            least, greatest = _least(counted, equal, most), -_least(-counted, equal, most)
            assert greatest - least >= FEW - 1 - 1e-6, (code, found)
            assert cell.why != HIDDEN_FEW or least <= 1e-6, (code, found)


def _is_in(table: str, code: str, answer: str, services: Sequence[str]) -> bool:
    match table:
        case "answer":
            return answer == code
        case "outcome":
            return statistics.outcome(answer) == code
        case "aimag":
            return False  # another way to divide the same, which is attacked above
    return code in services and table in ("service", statistics.outcome(answer))


@cache
def _counted_in(table: str, code: str) -> np.ndarray:  # type: ignore[type-arg]
    """Which of the unknowns."""
    return np.array([float(_is_in(table, code, answer, services)) for answer, services in product(ANSWERS, ASKED)])


def test_the_answers_are_those_of_the_first_decision() -> None:
    at = Period(2026, 4).begins_at
    became = statistics.by_referral(
        [
            (1, "acknowledged", None, at),
            (1, "declined", "no_capacity", at),
            (2, "accepted", None, at),
            (2, "under_way", None, at),
            (3, "recalled", None, at),
        ]
    )
    assert became[1].in_the_end(False) == "declined.no_capacity"
    assert became[2].in_the_end(False) == "accepted"
    assert became[2].in_the_end(True) == "accepted_withdrawn"
    assert (became[3].in_the_end(True), became[3].answered_at) == ("recalled", None)
    assert [became[4].in_the_end(gone) for gone in (True, False)] == ["withdrawn", "unanswered"]
    assert set(statistics.answers()) > {"accepted", "accepted_withdrawn", "recalled", "withdrawn", "unanswered"}


def test_a_period_is_one_of_ulaanbaatar() -> None:
    quarter = Period.parse("2026-Q4")
    assert quarter.begins_at.isoformat() == "2026-09-30T16:00:00+00:00"
    assert quarter.closes_at.isoformat() == "2027-01-07T16:00:00+00:00"
    assert quarter.months == ["2026-10", "2026-11", "2026-12"]
    assert Period.newest_closed(quarter.closes_at) == quarter
    assert str(Period.newest_closed(quarter.begins_at)) == "2026-Q2"
    assert [str(one) for one in Period.parse("2026").quarters] == ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4"]
