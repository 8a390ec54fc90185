"""The scenarios that this version can tell, played to their end; and those that it can't, which never pass."""

import json
import re
import signal
from pathlib import Path
from typing import Any

from ortoo.form import Form
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.members import PUSHED, SCENARIOS, SHELTER_TONIGHT, THREE_AGENCIES, at_work, feed_of, following

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


def test_the_twelve_others_are_played_to_their_end(own_hub: Hub, tmp_path: Path) -> None:
    ortoo = Ortoo(own_hub.practice, own_hub.url)
    files = sorted(SCENARIOS.glob("*.json"))[2:]
    assert len(files) == 12
    plays = []
    for place in range(0, 12, 2):
        run = ortoo("--json", "practice", "play", *map(str, files[place : place + 2]))
        assert run.returncode == 0, run.stdout + run.stderr
        plays += json.loads(run.stdout)["plays"]
        if files[place].name.startswith("11"):
            _the_silent_are_told_of(ortoo)
    for play, file in zip(plays, files, strict=True):
        events = json.loads(file.read_text(encoding="utf-8"))["events"]
        assert [step["verb"] for step in play["steps"]] == [event["do"] for event in events]
        assert [step["problem"] for step in play["steps"]] == [None] * len(events)
    told = {play["file"].rpartition("/")[2][:2]: play["steps"] for play in plays}
    assert [(step["verb"], step["seen"]) for step in told["11"][1:8]] == [
        ("together", "done"),
        ("together", "done"),
        ("recall", "done"),
        ("open", "recalled"),
        ("start", "step_illegal"),
        ("confirm_deletion", "done"),
        ("look", "legal-clinic"),
    ]
    assert [(step["by"], step["verb"], step["seen"]) for step in told["14"][:10]] == [
        ("mrc.nara", "send", "done"),
        ("mgec.delger", "end_member", "done"),
        ("mgec.urna", "open", "signed_out"),
        ("mgec.solongo", "open", "contact, identity, needs"),  # with the seed of the epoch before
        ("mrc.nara", "send_with", "directory_stale"),  # sealed to the epoch before
        ("mgec.solongo", "accept", "done"),
        ("glc.tamir", "accept", "done"),
        ("glc.tamir", "open", "contact, identity, legal, needs"),
        ("receipt", "withdraw", "done"),  # from one agency one section
        ("glc.ariun", "open", "identity, legal, needs"),
    ]
    assert [(step["verb"], step["seen"]) for step in told["06"][4:9]] == [
        ("forward", "grant_missing"),
        ("new_consent_version", "done"),
        ("forward", "done"),
        ("accept", "done"),
        ("chain", "iom, mfa, mgec"),
    ]
    assert [(step["verb"], step["seen"]) for step in told["13"][3:4]] == [("forward", "grant_refused")]
    assert [(step["verb"], step["seen"]) for step in told["03"][3:7]] == [
        ("alternatives", "mgec; not cfdc-umnugobi, shelter-sainshand"),
        ("resend", "done"),
        ("open", "declined"),
        ("accept", "done"),
    ]
    assert [(step["verb"], step["seen"]) for step in told["10"][10:15]] == [
        ("alternatives", "mgec; not cfdc-umnugobi, shelter-sainshand"),
        ("resend", "grant_missing"),
        ("new_consent_version", "done"),
        ("resend", "done"),
        ("open", "identity, needs, safety"),
    ]

    listed = ortoo.json("--as", "nhrcm.uyanga", "coordinators", "overdue")
    assert listed["capped"] is False
    assert {*listed["overdue"][0]} == {"referral", "sender", "recipient", "urgency", "owes", "kind", "due_at"}
    assert [one["due_at"] for one in listed["overdue"]] == sorted(one["due_at"] for one in listed["overdue"])

    # A verb that nobody knows is never passed over.
    strange = tmp_path / "strange.json"
    strange.write_text(SHELTER_TONIGHT.read_text(encoding="utf-8").replace('"acknowledge"', '"fly"'), encoding="utf-8")
    not_yet = ortoo("--lang", "en", "practice", "play", str(strange))
    assert not_yet.returncode == 1
    assert re.search(r"fly .*does not know this step yet", not_yet.stdout), not_yet.stdout


def _the_silent_are_told_of(ortoo: Ortoo) -> None:
    # Whoever accepted it has been silent for a month; whose need it is stands nowhere.
    late = ortoo("--as", "nhrcm.uyanga", "--lang", "en", "coordinators", "overdue").stdout
    assert re.search(
        r"^\d+ d +Mongolian Gender Equality Centre +to say how it goes +"
        r"police-dornogobi → mgec +Immediate danger +[0-9a-f]{8} *$",
        late,
        re.MULTILINE,
    ), late
    outbox = ortoo("--as", "pdo.ariunaa", "--lang", "en", "outbox").stdout
    assert re.search(r"^Next: .* alternatives [0-9a-f]{8}$", outbox, re.MULTILINE), outbox


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
