"""Two scenarios at the keyboard, and a verb that nobody knows. tests/attacks/test_leaks.py plays all of them."""

import json
import re
import signal
from pathlib import Path
from typing import Any

from ortoo.form import Form
from ortoo.practice import fresh
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.members import PUSHED, SHELTER_TONIGHT, THREE_AGENCIES, at_work, feed_of, following

THE_ACCOUNT = ("What happened", "Worked in a canteen", "DebtBondage", "Debt bondage")


def test_two_scenarios_are_played_to_the_end(hub: Hub) -> None:
    run = Ortoo(hub.practice, hub.url)("--json", "practice", "play", str(SHELTER_TONIGHT), str(THREE_AGENCIES))
    assert run.returncode == 0, run.stdout + run.stderr
    first, second = json.loads(run.stdout)["plays"]
    for play, file in ((first, SHELTER_TONIGHT), (second, THREE_AGENCIES)):
        events = json.loads(file.read_text(encoding="utf-8"))["events"]
        assert play["as_expected"] is True
        assert [step["verb"] for step in play["steps"]] == [event["do"] for event in events]
        assert [step["problem"] for step in play["steps"]] == [None] * len(events)
    assert first["steps"][1]["seen"] == "contact, identity, needs, safety"
    assert first["steps"][5]["seen"] == "nothing"
    assert [step["seen"] for step in second["steps"][1:4]] == [
        "identity, medical, needs",
        "account, contact, identity, legal, needs",
        "account, needs",
    ]
    assert [step["remark"] for step in second["steps"] if step["remark"]] == ["play.file_arrived"]


def test_a_verb_that_nobody_knows_is_never_passed_over(hub: Hub, tmp_path: Path) -> None:
    strange = tmp_path / "strange.json"
    strange.write_text(SHELTER_TONIGHT.read_text(encoding="utf-8").replace('"acknowledge"', '"fly"'), encoding="utf-8")
    not_yet = Ortoo(hub.practice, hub.url)("--lang", "en", "practice", "play", str(strange))
    assert not_yet.returncode == 1
    assert re.search(r"fly .*does not know this step yet", not_yet.stdout), not_yet.stdout


async def test_the_shelter_is_told_within_a_second_and_opens_four_sections(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        told_before = len(await feed_of(delger))
        async with following(delger, told_before) as follower:
            (sent,) = await nara.send(Form.read(SHELTER_TONIGHT))
            await follower.reaches(told_before + 1, within=5)
            assert follower.entries[0].referral == sent.id
            assert follower.entries[0].kind == "referral_sent"
            assert follower.delay(told_before + 1) < PUSHED
        opened = await delger.open_referral(sent.id)
        assert opened.readable == ["needs", "identity", "contact", "safety"]
        assert [part.name for part in opened.parts] == opened.readable  # the account is not there, not even as a name
        assert "account" not in sent.part_names

        told_nara = len(await feed_of(nara))
        async with following(nara, told_nara) as follower:
            accepted = await delger.accept(sent.id)
            assert accepted.state == "accepted"
            await follower.reaches(told_nara + 1, within=5)
            assert (follower.entries[0].kind, follower.entries[0].referral) == ("accepted", sent.id)
            assert follower.delay(told_nara + 1) < PUSHED
        assert (await nara.show(sent.id)).state == "accepted"


def test_three_terminals(hub: Hub) -> None:
    """The hub in one, the shelter follows in a second, the centre sends in a third."""
    ortoo = Ortoo(hub.practice, hub.url)
    terminal = ortoo.started("--as", "mgec.solongo", "--lang", "en", "follow")
    try:
        assert terminal.stdout
        _read_until(terminal.stdout, "Ctrl-C stops")
        sent = ortoo("--as", "mrc.nara", "--lang", "en", "send", str(SHELTER_TONIGHT), "--yes")
        assert sent.returncode == 0, sent.stderr
        id = _the_only(re.findall(r"^([0-9a-f]{8,})\s", sent.stdout, re.MULTILINE))
        _read_until(terminal.stdout, f"open {id}")
    finally:
        terminal.send_signal(signal.SIGINT)
        rest, _ = terminal.communicate(timeout=15)
    assert terminal.returncode == 0, rest
    assert "Traceback" not in rest

    opened = ortoo("--as", "mgec.solongo", "--lang", "en", "open", id)
    assert opened.returncode == 0, opened.stderr
    assert "Цэцэгмаа" in opened.stdout
    for title in ("Needs and services asked for", "Who the person is", "How to reach the person safely"):
        assert f"\n{title}\n" in opened.stdout
    assert not [word for word in THE_ACCOUNT if word in opened.stdout]
    as_program: dict[str, Any] = ortoo.json("--as", "mgec.solongo", "open", id)
    assert len(as_program["sections"]) == 4

    accepted = ortoo("--as", "mgec.solongo", "--lang", "en", "accept", id)
    assert (accepted.returncode, accepted.stdout.strip()) == (0, "Accepted. Now: Accepted.")
    assert ortoo.json("--as", "mrc.nara", "show", id)["referral"]["state"] == "accepted"


def _read_until(stream: Any, words: str) -> None:
    while words not in (line := stream.readline()):
        assert line, f"it ended before it said {words!r}"


def _the_only(found: list[str]) -> str:
    (one,) = found
    return one


def test_all_that_ortoo_brings_is_played_each_in_a_network_of_its_own(hub: Hub, tmp_path: Path) -> None:
    """test_leaks.py plays all of them to the end, on both stores."""
    play = Ortoo(tmp_path / "nowhere", hub.url)  # no network of anybody is touched
    nothing = play("--lang", "en", "practice", "play")
    assert (nothing.returncode, "--all" in nothing.stderr) == (2, True)
    both = play("practice", "play", "--all", str(SHELTER_TONIGHT))
    assert both.returncode == 2
    with fresh.network() as (url, folder):
        assert url != hub.url
        run = Ortoo(folder, url)("--json", "practice", "play", str(SHELTER_TONIGHT))
        assert json.loads(run.stdout)["plays"][0]["as_expected"] is True
    assert not folder.exists()
