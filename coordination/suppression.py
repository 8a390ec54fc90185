"""Which cells of a table are not shown, so that nobody is singled out by what is (docs/decisions/0007).

A table counts each referral in one cell, or in several (`most`). What is not shown of it is one block:

    immediate   41          shown
    urgent      withheld    12: the cover, without which `standard` were 56 - 41 - 12
    standard    few          3

Whoever subtracts gets the sum of the block (15) and nothing about the parts of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

FEW: Final = 5  # people; fewer are not counted in public
VALUE, HIDDEN_FEW, WITHHELD = "value", "few", "withheld"


@dataclass(frozen=True, slots=True)
class Counted:
    """A referral, as far as hiding has to know it. One consent is one person."""

    person: UUID
    sender: str
    recipient: str


@dataclass(frozen=True, slots=True)
class Cell:
    """`why` is one of VALUE, HIDDEN_FEW, WITHHELD. A number of referrals, and only under VALUE."""

    value: int | None
    why: str = VALUE


def hide(groups: Mapping[str, Sequence[Counted]], *, most: int | None = None) -> dict[str, Cell]:
    """The cells of a table whose total everybody knows. All groups of it are given, the empty ones too.

    Nobody is as few as somebody is: that an aimag is empty would tell that she is not there.

    most: how many referrals there are, where one may be counted in several cells; None where in one.
    """
    few = [code for code, rows in groups.items() if _is_few(rows)]
    unsafe = [code for code, rows in groups.items() if code not in few and not is_safe(rows)]
    if not few and not unsafe:
        return {code: Cell(len(rows)) for code, rows in groups.items()}
    hidden = set(few) | set(unsafe)
    rest = sorted(groups.keys() - hidden, key=lambda code: (len(groups[code]), code))
    covers = [[], *([code] for code in rest), *(rest[:count] for count in range(2, len(rest) + 1))]
    known = [row for rows in groups.values() for row in rows]
    for cover in covers:
        if _holds([groups[code] for code in few], [groups[code] for code in [*unsafe, *cover]], known, most):
            return {code: _cell(code, rows, few, [*unsafe, *cover]) for code, rows in groups.items()}
    return dict.fromkeys(groups, Cell(None, WITHHELD))


def total(rows: Sequence[Counted]) -> Cell:
    """How many in all. That there was nobody in the whole country is no secret of anybody's."""
    if not rows or is_safe(rows):
        return Cell(len(rows))
    return Cell(None, HIDDEN_FEW if _is_few(rows) else WITHHELD)


def is_safe(rows: Iterable[Counted]) -> bool:
    """Five people or more; and so many or none to an agency that subtracts those whom it sent or was sent itself."""
    rows = list(rows)
    if _is_few(rows):
        return False
    for agency in {row.sender for row in rows} | {row.recipient for row in rows}:
        others = _people((row for row in rows if agency not in (row.sender, row.recipient)), FEW)
        if 0 < others < FEW:
            return False
    return True


def _holds(
    few: Sequence[Sequence[Counted]],
    withheld: Sequence[Sequence[Counted]],
    known: Sequence[Counted],
    most: int | None,
) -> bool:
    """Whether the sum of what is hidden leaves each of `few` anything from 0 to 4.

    So it does where what is withheld can take up the rest, even to somebody who knows that it is five or more each.
    """
    block = [row for rows in (*few, *withheld) for row in rows]
    alone = len(withheld) == 1 and (not few or not is_safe(withheld[0]))  # to an agency that looks for others in it
    if not withheld or alone or not is_safe(block):
        return False
    if few and len(block) - FEW * len(withheld) < FEW - 1:
        return False
    return most is None or _fits(block, known, most, len(withheld))


def _fits(block: Sequence[Counted], known: Sequence[Counted], most: int, withheld: int) -> bool:
    """No cell holds more than all referrals: the rest must fit in what is withheld, to each agency's knowledge too."""
    if len(block) > most * withheld:
        return False
    total = {(row.person, row.sender, row.recipient) for row in known}
    for agency in {row.sender for row in block} | {row.recipient for row in block}:
        others = sum(agency not in (row.sender, row.recipient) for row in block)
        at_least = sum(agency not in (sender, recipient) for _, sender, recipient in total)
        if others > at_least * withheld:
            return False
    return True


def _cell(code: str, rows: Sequence[Counted], few: Sequence[str], withheld: Sequence[str]) -> Cell:
    if code in few:
        return Cell(None, HIDDEN_FEW)
    return Cell(None, WITHHELD) if code in withheld else Cell(len(rows))


def _is_few(rows: Iterable[Counted]) -> bool:
    return _people(rows, FEW) < FEW


def _people(rows: Iterable[Counted], enough: int) -> int:
    """How many people they are, counted up to `enough`."""
    people: set[UUID] = set()
    for row in rows:
        people.add(row.person)
        if len(people) >= enough:
            break
    return len(people)
