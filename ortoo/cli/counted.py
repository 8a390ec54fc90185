"""A coordinator's command: the numbers of a closed period."""

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

from ortoo import contract
from ortoo.cli import DONE
from ortoo.cli.commands import started
from ortoo.cli.running import Command, Run, readable
from ortoo.cli.screen import instant_of
from ortoo.words import Words

_TERMS: Final = {
    "urgency": "urgency",
    "sender_kind": "agency_kinds",
    "recipient_kind": "agency_kinds",
    "service": "services",
    "taken_on": "services",
    "not_taken_on": "services",
}


async def statistics(run: Run) -> int:
    """What is shown of a closed period. Nothing is reckoned from it here but shares of what is shown."""
    async with started(run) as session:
        found = await run.patiently(session.client.statistics(run.options.period))
    tables = [one for one in found.tables if run.options.table in (None, one.name)]
    if run.screen.json:
        run.screen.document({"statistics": _value(found, tables)})
    elif run.options.format == "csv":
        rooms = found.rooms if run.options.table in (None, "rooms") else []
        run.screen.written(_csv(tables, rooms, run.words))
    else:
        _say(run, found, tables)
    return DONE


def _say(run: Run, found: contract.Statistics, tables: list[contract.StatisticsTable]) -> None:
    words, screen = run.words, run.screen
    screen.line(words("statistics.total", period=found.period, number=_said(found.total, words)), "bold")
    if found.left_out:
        screen.line(words("statistics.left_out", periods=", ".join(found.left_out)), "yellow")
    for table in tables:
        screen.line()
        screen.line(words(f"statistics.{table.name}"), "bold")
        rows = [
            (_label(table.name, cell.code, words), _said(cell, words), _share(cell, found.total))
            for cell in table.cells
        ]
        screen.rows(("counted", "referrals", "share"), rows)
    if found.times and run.options.table is None:
        screen.line()
        screen.line(words("statistics.times"), "bold")
        times = [
            (
                words.label("urgency", one.urgency),
                words(f"statistics.until.{one.until}"),
                _within(one.median, words),
                _within(one.p90, words),
            )
            for one in found.times
        ]
        screen.rows(("urgency", "until", "half", "nine_of_ten"), times)
    if found.rooms and run.options.table in (None, "rooms"):
        _say_rooms(run, found)
    screen.line(words("statistics.means"), "dim")


def _say_rooms(run: Run, found: contract.Statistics) -> None:
    """What there is beside what was asked for: of each outcome, or of both where they are not told apart."""
    words, screen = run.words, run.screen
    asked = [one for one in found.tables if _TERMS.get(one.name) == "services"]
    cells = {one.name: {cell.code: cell for cell in one.cells} for one in asked}
    rows = [
        (
            words.label("services", room.service),
            str(room.services),
            _places(room, words),
            *(_said(of[room.service], words) for of in cells.values()),
        )
        for room in found.rooms
    ]
    screen.line()
    screen.line(words("statistics.rooms"), "bold")
    names = ("asked_for" if one == "service" else one for one in cells)
    screen.rows(("services", "services_given", "places_given", *names), rows)
    screen.line(words("statistics.rooms.means"), "dim")


def _places(room: contract.StatisticsRoom, words: Words) -> str:
    return words("statistics.not_counted") if room.places is None else str(room.places)


def _said(cell: contract.StatisticsCell, words: Words) -> str:
    """Never 0 and never a gap where a number is not shown."""
    return str(cell.value) if cell.value is not None else words(f"statistics.{cell.why}")


def _share(cell: contract.StatisticsCell, total: contract.StatisticsCell) -> str:
    """In whole per cent, where both parts of it are shown."""
    return f"{cell.value / total.value:.0%}" if cell.value is not None and total.value else "–"


def _within(minutes: int | None, words: Words) -> str:
    if minutes is None:
        return words("statistics.too_few")
    for unit, length in (("days", 1440), ("hours", 60)):
        if minutes >= length:
            return words(f"statistics.within.{unit}", count=minutes // length)
    return words("statistics.within.minutes", count=minutes)


def _label(table: str, code: str, words: Words) -> str:
    if table == "aimag":
        return words.place(code)
    if table == "outcome":
        return words(f"statistics.outcome.{code}") if words.knows(f"statistics.outcome.{code}") else readable(code)
    if table == "answer":
        kind, _, reason = code.partition(".")
        known = words.knows(f"statistics.{kind}")
        return words(f"statistics.{kind}", reason=words.label("decline_reasons", reason)) if known else readable(code)
    return words.label(_TERMS[table], code) if table in _TERMS else readable(code)


def _csv(tables: list[contract.StatisticsTable], rooms: list[contract.StatisticsRoom], words: Words) -> str:
    text = io.StringIO()
    written = csv.writer(text)
    written.writerow(("table", "code", "label", "number", "why"))
    for table in tables:
        for cell in table.cells:
            label = _label(table.name, cell.code, words)
            written.writerow((table.name, cell.code, label, _said(cell, words), cell.why))
    for room in rooms:
        label = words.label("services", room.service)
        why = "not_counted" if room.places is None else "value"
        written.writerow(("services", room.service, label, room.services, "value"))
        written.writerow(("places", room.service, label, _places(room, words), why))
    return text.getvalue()


def _value(found: contract.Statistics, tables: list[contract.StatisticsTable]) -> dict[str, Any]:
    return {
        "period": found.period,
        "made_at": instant_of(found.made_at),
        "total": _cell_value(found.total),
        "left_out": found.left_out,
        "tables": {one.name: [_cell_value(cell) for cell in one.cells] for one in tables},
        "times": [
            {"urgency": one.urgency, "until": one.until, "median": one.median, "p90": one.p90} for one in found.times
        ],
        "rooms": [{"service": one.service, "services": one.services, "places": one.places} for one in found.rooms],
    }


def _cell_value(cell: contract.StatisticsCell) -> dict[str, Any]:
    return {"code": cell.code, "value": cell.value, "why": cell.why}


COMMANDS: Final[Mapping[str, Command]] = {"coordinators statistics": statistics}
