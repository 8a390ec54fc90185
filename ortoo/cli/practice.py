"""`ortoo practice …`: what only a practice network has."""

from pathlib import Path
from typing import Any

from ortoo import practice
from ortoo.cli import DONE, REFUSED
from ortoo.cli.running import Run
from ortoo.practice.player import Played, Player, Scenario


async def play(run: Run) -> int:
    """Play scenario files one after the other; REFUSED if any step did not go as expected."""
    results = []
    for file in run.options.files:
        scenario = Scenario.read(Path(file))
        steps: list[Played] = []
        if not run.screen.json:
            run.screen.line(scenario.title, "bold")

        def report(played: Played, steps: list[Played] = steps) -> None:
            steps.append(played)
            if not run.screen.json:
                _show(run, played)

        as_expected = await Player(scenario, run.hub, practice.folder()).play(report)
        results.append((file, scenario, steps, as_expected))
        if not run.screen.json:
            key = "play.went_well" if as_expected else "play.went_wrong"
            run.screen.line(run.words(key, count=len(steps)), "green" if as_expected else "red")
    if run.screen.json:
        run.screen.document({"plays": [_value(*one) for one in results]})
    return DONE if all(as_expected for *_, as_expected in results) else REFUSED


def _show(run: Run, played: Played) -> None:
    key = f"play.{played.problem}" if played.problem else "play.step"
    text = run.words(
        key,
        place=played.place,
        by=played.by,
        verb=played.verb,
        expected=played.expected,
        seen=played.seen,
    )
    run.screen.line(text, "red" if played.problem else "")
    if played.remark:
        run.screen.line("    " + run.words(played.remark), "yellow")


def _value(file: str, scenario: Scenario, steps: list[Played], as_expected: bool) -> dict[str, Any]:
    return {
        "file": file,
        "title": scenario.title,
        "as_expected": as_expected,
        "steps": [vars(one) for one in steps],
    }
