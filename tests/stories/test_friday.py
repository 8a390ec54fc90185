"""Scenario 12, Friday afternoon: office hours, a reminder, an escalation, an acceptance that is forgotten."""

import json

from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.members import SCENARIOS


def test_friday_afternoon_is_played_to_the_end(own_hub: Hub) -> None:
    file = SCENARIOS / "12-friday-afternoon.json"
    run = Ortoo(own_hub.practice, own_hub.url)("--json", "practice", "play", str(file))
    assert run.returncode == 0, run.stdout + run.stderr
    (play,) = json.loads(run.stdout)["plays"]
    events = json.loads(file.read_text(encoding="utf-8"))["events"]
    assert [(step["verb"], step["problem"]) for step in play["steps"]] == [(event["do"], None) for event in events]
    assert [step["seen"] for step in play["steps"] if step["verb"].startswith("advance")] == [
        "nothing",
        "reminder",
        "escalated",
        "silent",
    ]
