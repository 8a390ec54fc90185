"""The command line against a real hub, as subprocesses: what people read, what programs get, how it ends."""

import json
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SCENARIO, Ortoo
from tests.hubs import Hub
from tests.warm import CLI

HER_WORDS = ("Цэцэгмаа", "Боржигон", "0000 1101", "ном захиалсан", "canteen", "The account", "his driver")


@pytest.fixture
def sent(ortoo: Ortoo) -> str:
    id = ortoo.json("--as", "mrc.nara", "send", str(SCENARIO), "--yes")["sent"][0]["id"]
    assert isinstance(id, str)
    return id


def test_the_whole_way_of_a_referral_at_the_keyboard(ortoo: Ortoo) -> None:
    run = ortoo("--as", "mrc.nara", "--lang", "en", "send", str(SCENARIO), "--yes")
    assert run.returncode == 0, run.stderr
    assert "can read: Needs and services asked for · Who the person is" in run.stdout
    assert "Police: can read nothing, whoever asks." in run.stdout
    assert "Sent: the hub has accepted it." in run.stdout
    assert "\x1b" not in run.stdout

    inbox = ortoo("--as", "mgec.delger", "--lang", "en", "inbox")
    short = re.search(r"^([0-9a-f]{8})\s", inbox.stdout, re.MULTILINE)
    assert short, inbox.stdout
    assert "Immediate danger" in inbox.stdout
    assert "What needs you now · 1" in inbox.stdout
    assert re.search(r"Answer by (\d{4}-\d\d-\d\d )?\d\d:\d\d \(0:59 left\)", inbox.stdout), inbox.stdout
    assert f"open {short[1]}" in inbox.stdout.splitlines()[-1]

    shown = ortoo("--as", "mgec.delger", "--lang", "en", "show", short[1])
    assert "Opening is recorded" in shown.stdout
    opened = ortoo("--as", "mgec.delger", "--lang", "en", "open", short[1])
    assert opened.returncode == 0, opened.stderr
    assert "Цэцэгмаа" in opened.stdout
    assert "What happened" not in opened.stdout
    contact = opened.stdout[opened.stdout.index("How to reach the person safely\n") :]
    assert contact.splitlines()[1] == "  ! Take care: Do not send messages · Someone else reads or hears the phone"

    for command, said in (
        (("acknowledge", short[1]), "Acknowledged. Now: Acknowledged."),
        (("message", short[1], "--text", "Ор бэлэн."), "Message sent."),
        (("accept", short[1]), "Accepted. Now: Accepted."),
        (("start", short[1]), "Started. Now: Service under way."),
        (("close", short[1], "--outcome", "service_given", "--note", "12 хоног"), "Closed. Now: Closed."),
    ):
        run = ortoo("--as", "mgec.delger", "--lang", "en", *command)
        assert (run.returncode, run.stdout.strip()) == (0, said), run.stderr

    shown = ortoo("--as", "mrc.nara", "--lang", "en", "show", short[1])
    assert "Ор бэлэн." in shown.stdout
    assert "Closed: Service given" in shown.stdout
    trail = ortoo("--as", "mrc.nara", "--lang", "en", "trail", "--agency", "mgec", "--since", "2020-01-01")
    assert trail.returncode == 0, trail.stderr
    assert "Closed: Service given" in trail.stdout.splitlines()[2]
    for text in (inbox.stdout, shown.stdout, run.stdout, trail.stdout):
        assert not [word for word in HER_WORDS if word in text]


def test_it_speaks_mongolian(ortoo: Ortoo, sent: str) -> None:
    run = ortoo("--as", "mrc.nara", "outbox", "--overdue", LANG="mn_MN.UTF-8")
    assert "Жагсаалтад ийм зүйл алга" in run.stdout
    run = ortoo("--as", "mrc.nara", "outbox", "--state", "sent", LANG="mn_MN.UTF-8")
    assert "Бусдаас хариу хүлээж буй · 1" in run.stdout
    assert "хүртэл хариулна (0:59 үлдсэн)" in run.stdout
    run = ortoo("--as", "mgec.delger", "show", sent[-8:], LANG="mn_MN.UTF-8")
    assert "Дадлагын сүлжээ" in run.stderr
    assert "Хэрэгцээ, хүссэн үйлчилгээ" in run.stdout
    assert "Нэн яаралтай" in run.stdout
    run = ortoo("--as", "mgec.delger", "--lang", "mn", "start", sent[-8:])
    assert run.returncode == 1
    assert "энэ алхам боломжгүй. Одоо: Илгээсэн." in run.stderr


def test_programs_get_one_document_with_stable_names(ortoo: Ortoo, sent: str) -> None:
    inbox = ortoo.json("--as", "mgec.delger", "inbox")
    (item,) = inbox["referrals"]
    assert (item["id"], item["as"], item["state"], item["sender"]) == (sent, "recipient", "sent", "mrc-umnugobi")
    opened = ortoo.json("--as", "mgec.delger", "open", sent)
    assert [(one["name"], one["status"]) for one in opened["sections"]] == [
        ("needs", "readable"),
        ("identity", "readable"),
        ("contact", "readable"),
        ("safety", "readable"),
    ]
    assert opened["sections"][1]["fields"]["given_name"] == "Цэцэгмаа"
    assert ortoo.json("accept", sent, "--as", "mgec.delger")["referral"]["state"] == "accepted"

    run = ortoo("--json", "--as", "mgec.delger", "decline", sent, "--reason", "no_capacity")
    assert run.returncode == 1
    error = json.loads(run.stdout)["error"]
    assert (error["code"], error["state"]) == ("step_illegal", "accepted")


def test_ask_more_and_decline(ortoo: Ortoo, sent: str) -> None:
    asked = ortoo.json("--as", "mgec.delger", "ask-more", sent[-8:], "--note", "Хэдэн хүүхэдтэй вэ?")
    assert asked["referral"]["state"] == "more_asked"
    declined = ortoo.json("--as", "mgec.delger", "decline", sent[-8:], "--reason", "other", "--note", "Дүүрэн")
    assert declined["referral"]["state"] == "declined"
    seen = ortoo.json("--as", "mrc.nara", "show", sent[-8:])["referral"]["steps"]
    assert [(one["type"], one["reason"], one["note"]["text"]) for one in seen] == [
        ("more_asked", None, "Хэдэн хүүхэдтэй вэ?"),
        ("declined", "other", "Дүүрэн"),
    ]
    run = ortoo("--as", "mgec.delger", "open", sent[-8:])
    assert run.returncode == 1


def test_taken_back_confirmed_and_sent_to_another(ortoo: Ortoo, sent: str) -> None:
    def say(handle: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return ortoo("--as", handle, "--lang", "en", *arguments)

    assert say("mgec.delger", "open", sent[-8:]).returncode == 0
    missing = say("mrc.nara", "recall", sent[-8:], "--reason", "other")
    assert missing.returncode == 1
    assert "This reason needs a note: say --note TEXT." in missing.stderr
    recalled = say("mrc.nara", "recall", sent[-8:], "--reason", "another_accepted", "--note", "Уучлаарай")
    assert recalled.returncode == 0, recalled.stderr
    assert recalled.stdout.splitlines() == [
        "Taken back. Now: Taken back by the sender.",
        "The note stays with your agency: the other side can open nothing any more.",
    ]
    shown = say("mgec.delger", "show", sent[-8:])
    assert "has not confirmed yet that its copies are gone, since 20" in shown.stdout
    assert re.search(r"Delete every copy .* confirm-deletion " + sent[-12:].replace("-", "")[-8:], shown.stdout)
    assert "Taken back: Another agency has accepted" in shown.stdout
    assert "Уучлаарай" not in shown.stdout
    wrong = say("mgec.delger", "recall", sent[-8:], "--reason", "no_longer_needed")
    assert wrong.returncode == 1
    assert "Only what your agency sent can be taken back" in wrong.stderr
    assert ortoo.json("--as", "mrc.nara", "show", sent)["referral"]["deletion_owed_since"]
    confirmed = say("mgec.delger", "confirm-deletion", sent[-8:])
    assert confirmed.stdout.strip() == "Own copies deleted. Now: Taken back by the sender."
    assert ortoo.json("--as", "mrc.nara", "show", sent)["referral"]["deletion_owed_since"] is None

    refused = say("mrc.nara", "resend", str(SCENARIO), "--to", "legal-clinic", "--yes")
    assert (refused.returncode, "The person has not agreed to this" in refused.stderr) == (1, True)
    again = say("mrc.nara", "resend", str(SCENARIO), "--to", "mgec", "--yes")
    assert again.returncode == 0, again.stderr
    assert "Mongolian Gender Equality Centre can read: Needs and services asked for" in again.stdout
    assert "Not sent to it: What happened." in again.stdout
    assert "Sent: the hub has accepted it." in again.stdout
    (newest,) = ortoo.json("--as", "mgec.delger", "inbox", "--state", "sent")["referrals"]
    assert (newest["state"], newest["id"] != sent) == ("sent", True)
    assert say("mgec.delger", "accept", newest["id"]).returncode == 0
    handed = say("mgec.delger", "hand-back", newest["id"], "--reason", "needs_changed", "--note", "72 цаг")
    assert handed.stdout.strip() == "Handed back. Now: Handed back."  # it had not opened it: nothing is owed
    unknown = say("mrc.jargal", "resend", str(SCENARIO), "--to", "mgec", "--yes")
    assert unknown.returncode == 2
    assert "never sent from this device" in unknown.stderr
    named = ("resend", str(SCENARIO), "--to", "mgec", "--of", sent, "--yes")
    assert say("mrc.jargal", *named).returncode == 0


def test_a_decline_for_another_reason_needs_a_note(ortoo: Ortoo, sent: str) -> None:
    run = ortoo("--json", "--as", "mgec.delger", "decline", sent, "--reason", "other")
    assert run.returncode == 1
    assert json.loads(run.stdout)["error"]["code"] == "malformed"


def test_follow_shows_a_new_referral_and_what_to_type(hub: Hub, ortoo: Ortoo) -> None:
    following = ortoo.started("--as", "mgec.delger", "--lang", "en", "follow")
    try:
        assert following.stdout
        while "Ctrl-C stops" not in (line := following.stdout.readline()):
            assert line, "it ended"
        ortoo.json("--as", "mrc.nara", "send", str(SCENARIO), "--yes")
        new = following.stdout.readline()
        assert re.search(r"Immediate danger: New referral [0-9a-f]{8} from .+: Psychosocial support · Shelter", new), (
            new
        )
        next_line = following.stdout.readline()
        assert re.search(
            rf"Next: (ortoo|{re.escape(str(CLI))}|\S+/ortoo) --as mgec.delger open [0-9a-f]{{8}}", next_line
        )
        hub.kill()
        assert "The connection is lost" in following.stdout.readline()
        hub.start()
        assert "The connection is back" in following.stdout.readline()
    finally:
        following.send_signal(signal.SIGINT)
        rest, _ = following.communicate(timeout=15)
    assert following.returncode == 0
    assert "Traceback" not in rest


def test_follow_for_programs(ortoo: Ortoo, sent: str) -> None:
    entry = ortoo.json("--as", "mgec.delger", "follow", "--after", "0", "--count", "1")
    assert (entry["sequence"], entry["kind"], entry["referral"]["id"]) == (1, "referral_sent", sent)


def test_nobody_is_asked_where_nobody_is(ortoo: Ortoo) -> None:
    run = ortoo("--as", "mrc.nara", "send", str(SCENARIO))
    assert run.returncode == 2
    assert "Nothing was sent" in run.stderr
    assert ortoo.json("--as", "mrc.nara", "outbox")["referrals"] == []


def test_names_that_are_no_ones(ortoo: Ortoo, sent: str) -> None:
    for id, said in (("ffffffff", "No referral"), ("abc", "at least 4"), ("../etc", "at least 4")):
        run = ortoo("--as", "mgec.delger", "--lang", "en", "show", id)
        assert run.returncode == 2
        assert said in run.stderr
    again = ortoo.json("--as", "mrc.nara", "send", str(SCENARIO), "--yes")
    assert again["sent_before"] == [sent]
    run = ortoo("--as", "mgec.delger", "--lang", "en", "show", sent[:6])
    assert run.returncode == 2
    assert "may mean" in run.stderr
    run = ortoo("--as", "pct.dorj", "show", sent)
    assert run.returncode == 1
    assert "not_found" in run.stderr


def test_what_the_person_refused_ends_with_one(ortoo: Ortoo, tmp_path: Path) -> None:
    form = json.loads(SCENARIO.read_text(encoding="utf-8"))
    form["consent"]["refusals"].append({"to": "mgec", "sections": ["contact"]})
    (tmp_path / "form.json").write_text(json.dumps(form), encoding="utf-8")
    run = ortoo("--json", "--as", "mrc.nara", "send", str(tmp_path / "form.json"), "--yes")
    error = json.loads(run.stdout)["error"]
    assert run.returncode == 1
    assert (error["code"], error["part"], error["reader"]) == ("grant_refused", "contact", "mgec")


def test_hostile_text_moves_nothing_on_the_screen(ortoo: Ortoo, tmp_path: Path) -> None:
    form: Any = json.loads(SCENARIO.read_text(encoding="utf-8"))
    form["sections"]["needs"]["need_in_own_words"] = "a\x1b]0;pwned\x07\x1b[2J\u202edlrow [bold]b[/bold] :smile:"
    (tmp_path / "form.json").write_text(json.dumps(form), encoding="utf-8")
    id = ortoo.json("--as", "mrc.nara", "send", str(tmp_path / "form.json"), "--yes")["sent"][0]["id"]
    run = ortoo("--as", "mgec.delger", "open", id)
    assert not set("\x1b\x07\u202e") & set(run.stdout)
    assert "[bold]b[/bold] :smile:" in run.stdout
    ortoo.json("--as", "mgec.delger", "message", id, "--text", "x\x1b[31my")
    assert "\x1b" not in ortoo("--as", "mrc.nara", "show", id).stdout


def test_a_hub_that_is_away_is_said_in_one_sentence(hub: Hub, ortoo: Ortoo) -> None:
    hub.kill()
    run = ortoo("--as", "mgec.delger", "--lang", "en", "inbox")
    assert run.returncode == 3
    assert "does not answer" in run.stderr
    assert "Traceback" not in run.stderr
    assert "Still working" in run.stderr


def test_a_directory_that_is_not_the_invitations_ends_with_four(hub: Hub, ortoo: Ortoo) -> None:
    path = hub.practice / "network.json"
    network = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**network, "anchor": "A" * 43}), encoding="utf-8")
    run = ortoo("--json", "--as", "mgec.delger", "inbox")
    assert run.returncode == 4
    assert json.loads(run.stdout)["error"]["code"] == "directory_fork"


def test_a_narrow_terminal_breaks_no_word(ortoo: Ortoo, sent: str) -> None:
    """As on a telephone: 40 columns, of which no line needs more, and each word is whole."""
    screen = ortoo.on_a_terminal(40, "--lang", "en", "--as", "mrc.nara", "outbox")
    lines = [line.rstrip() for line in screen.splitlines()]
    assert max(map(len, lines)) <= 40
    assert f"{sent[-8:]}  ▲ Immediate danger  Sent" in screen
    for whole in ("Psychosocial support · Shelter", "Dalanzadgad", "Equality Centre"):
        assert any(whole in line for line in lines), screen
    wide = ortoo.on_a_terminal(170, "--lang", "en", "--as", "mrc.nara", "outbox")
    assert [line for line in wide.splitlines() if sent[-8:] in line and "Dalanzadgad" in line]


def test_the_next_step_can_be_typed_as_it_stands(ortoo: Ortoo, sent: str) -> None:
    run = ortoo("--lang", "en", "--as", "mgec.delger", "open", sent[-8:])
    found = re.search(r"Next: (.+? acknowledge [0-9a-f]{8})", run.stdout + run.stderr)
    assert found
    shell = ["sh", "-c", found[1]]
    typed = subprocess.run(shell, env=ortoo.environment, capture_output=True, text=True, timeout=60)
    assert typed.returncode == 0, typed.stderr
