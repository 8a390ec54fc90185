"""What she takes back is gone at once, for whom she says; what she prolongs stays; what has run out ends by itself."""

import asyncio
import html
import json
import os
import random
import re
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ortoo import consenting
from ortoo.attached import Attached
from ortoo.client import HubUnreachable
from ortoo.consenting import Scope
from ortoo.days import ULAANBAATAR
from ortoo.form import Form, Grant
from ortoo.protocol.errors import Refused
from ortoo.reading import Referral
from ortoo.session import Session
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.members import THREE_AGENCIES, at_work, feed_of
from tests.stores import Store
from tests.stories.test_answering import is_kept, is_there, keys_of, rows
from tests.stories.test_clocks import DAY, kinds, moved
from tests.stories.test_taking_back import refused, tonight

RACES = int(os.environ.get("ORTOO_RACES", "20"))
ATTACHED = int(os.environ.get("ORTOO_RACES", "6"))  # at most 200: an agency begins 100 uploads at once
FOUR = ["needs", "identity", "contact", "safety"]


def texts_of(store: Store, referral: str) -> list[bytes]:
    """The ciphertexts that are kept of a referral and of the notes on it."""
    id = referral if store.kind == "postgres" else referral.replace("-", "")
    own = "SELECT sealed_id FROM referrals_referral WHERE id ="
    notes = "SELECT sealed_id FROM referrals_event WHERE referral_id ="
    which = f"set_id IN ({own} '{id}' UNION {notes} '{id}') ORDER BY id"
    found = rows(store, f"SELECT ciphertext FROM referrals_part AS one WHERE {which}")  # noqa: S608
    return [bytes(text) for (text,) in found]


def in_files_of_the_database(store: Store, text: bytes) -> bool:
    """Whether PostgreSQL's own files of this database hold these bytes, dead rows included. (Not its log: pg_wal.)"""
    store.execute("CHECKPOINT")
    ((data, oid),) = store.execute(
        "SELECT current_setting('data_directory'), oid FROM pg_database WHERE datname = current_database()"
    )
    return any(text in path.read_bytes() for path in (Path(data) / "base" / str(oid)).iterdir())


def consent_of(referral: Referral) -> str:
    return referral.decision.body.consent


async def test_by_section_by_agency_and_in_whole(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(tonight(201))
        id = sent.id
        assert (await delger.open_referral(id)).readable == FOUR
        await nara.message(id, "Ирж явна.")
        await delger.accept(id)
        keys = keys_of(hub.store, id, "mgec")
        told = len(await feed_of(delger))

        (narrower,) = await consenting.withdraw(nara, consent_of(sent), Scope(("mgec",), sections=("safety",)))
        assert (narrower.body.version, narrower.body.refused) == (2, ["safety"])
        gone = [key for key in keys if key not in keys_of(hub.store, id, "mgec")]
        assert len(gone) == 1
        assert not is_kept(hub.store, gone[0])
        opened = await delger.open_referral(id)
        assert opened.readable == FOUR[:3]
        assert [part.status for part in opened.parts] == ["readable"] * 3 + ["gone"]
        assert (opened.referral.state, opened.referral.deletion_owed_since is not None) == ("accepted", True)
        assert [one.kind for one in opened.referral.owed] == ["report", "delete"]
        assert [(one.kind, one.referral) for one in (await feed_of(delger))[told:]] == [("narrowed", id)]
        settled = await delger.confirm_deletion(id)
        assert (settled.deletion_owed_since, [one.kind for one in settled.owed]) == (None, ["report"])
        with pytest.raises(Refused, match="not_found"):  # it is taken back already
            await consenting.withdraw(nara, consent_of(sent), Scope(("mgec",), sections=("safety",)))

        written = len(delger.drafts)
        await delger.sign_step(id, "under_way", note="Ирлээ.")  # written, and not handed in
        assert len(delger.drafts) == written + 1
        await consenting.withdraw(nara, consent_of(sent), Scope(("mgec",)))
        assert keys_of(hub.store, id, "mgec") == []
        assert not [key for key in keys if is_kept(hub.store, key)]
        assert await refused(delger.open_referral(id)) == ("step_illegal", "withdrawn")
        assert await refused(delger.start(id)) == ("step_illegal", "withdrawn")
        seen, kept = await delger.show(id), await nara.show(id)
        assert len(delger.drafts) == written  # the device keeps nothing of it
        assert [step.note.status for step in seen.steps if step.note] == ["gone"]
        assert [step.note.text for step in kept.steps if step.note] == ["Ирж явна."]
        assert (seen.state, seen.deletion_owed_since is not None) == ("withdrawn", True)
        assert [one.kind for one in seen.owed] == ["delete"]
        assert (await nara.open_referral(id)).readable == FOUR

        closed = await delger.close(id, "service_given")  # the help may go on: it is closed, without a word
        assert (closed.state, closed.deletion_owed_since is not None) == ("closed", True)
        assert (await delger.confirm_deletion(id)).deletion_owed_since is None

        texts = texts_of(hub.store, id)
        assert len(texts) == 5
        assert all(is_there(hub.store, text[-64:]) for text in texts)
        if hub.store.kind == "postgres":
            assert all(in_files_of_the_database(hub.store, text[:64]) for text in texts)
        everybody = await consenting.withdraw(nara, consent_of(sent))
        assert [(one.body.to, one.body.granted, one.body.refused) for one in everybody] == [("*", None, ["*"])]
        assert texts_of(hub.store, id) == keys_of(hub.store, id, "mrc-umnugobi") == []
        assert not [text for text in texts if is_kept(hub.store, text[-64:])]
        assert (await nara.open_referral(id)).readable == []
        assert "Done." in hub.store.manage("scrub")  # PostgreSQL keeps dead rows until a table is written anew
        if hub.store.kind == "postgres":
            assert not [text for text in texts if in_files_of_the_database(hub.store, text[:64])]
        log = hub.log.read_bytes() if hub.log.exists() else b""
        assert not [text for text in texts if text[-64:] in log or text[-64:].hex().encode() in log]


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_one_agency_of_three_loses_it_and_the_others_learn_nothing(hub: Hub) -> None:
    form = Form.read(THREE_AGENCIES)
    assert form.sender
    async with at_work(hub, form.sender[1]) as sender:
        sent = await sender.send(form)
        first, *others = sent
        before = {one.id: [(e.kind, e.at) for e in await feed_of(sender)] for one in others}
        kept = {one.id: keys_of(hub.store, one.id, one.recipient) for one in others}
        await consenting.withdraw(sender, consent_of(first), Scope((first.recipient,)))
        assert (await sender.show(first.id)).state == "withdrawn"
        for one in others:
            shown = await sender.show(one.id)
            assert (shown.state, shown.changed_at) == ("sent", one.changed_at)
            assert keys_of(hub.store, one.id, one.recipient) == kept[one.id]
        assert [e.kind for e in (await feed_of(sender))[len(before[others[0].id]) :]] == ["withdrawn"]


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_what_was_taken_back_can_be_closed_and_no_word_follows(hub: Hub) -> None:
    """Also where the agency may read something still, of which nothing was sent here."""
    form = tonight(207)
    wider = {"mgec": replace(form.consent.grants["mgec"], sections=(*FOUR, "medical"))}
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(replace(form, consent=replace(form.consent, grants=wider)))
        await delger.accept(sent.id)
        await delger.start(sent.id)
        await consenting.withdraw(nara, consent_of(sent), Scope(("mgec",), sections=tuple(FOUR)))
        assert (await delger.show(sent.id)).state == "withdrawn"
        assert (await delger.close(sent.id, "service_given")).state == "closed"
        for one in (nara, delger):
            assert await refused(one.message(sent.id, "Сайн уу.")) == ("step_illegal", "closed")


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_by_purpose_until_none_is_left_and_two_who_decide_at_once(hub: Hub) -> None:
    form = tonight(203)
    grants = {"mgec": replace(form.consent.grants["mgec"], purposes=("give_service", "coordinate"))}
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mrc.jargal") as jargal,
        at_work(hub, "mgec.urna") as urna,
    ):
        (sent,) = await nara.send(replace(form, consent=replace(form.consent, grants=grants)))
        id = consent_of(sent)
        await consenting.new_version(nara, id, {}, {"kind:police": ("*",), "iom": ("account",)})
        everything = {"mgec", "kind:police", "iom"}
        assert {*(await urna.decisions(id)).newest} == everything  # it coordinates
        await consenting.withdraw(nara, id, Scope(purposes=("coordinate",)))
        assert {*(await urna.decisions(id)).newest} == {"mgec"}  # and does no longer
        assert {*(await jargal.decisions(id)).newest} == everything
        assert (await urna.open_referral(sent.id)).readable == FOUR

        longer = {"mgec": Grant(("needs",), ("give_service",), 30)}
        ended = await asyncio.gather(
            consenting.new_version(nara, id, longer),
            consenting.withdraw(jargal, id, Scope(purposes=("give_service",))),
            return_exceptions=True,
        )
        lost = [one for one in ended if isinstance(one, BaseException)]
        assert all(isinstance(one, Refused) and one.code == "head_moved" for one in lost), lost
        assert len(lost) <= 1
        with pytest.raises(Refused, match=r"consent_author|not_found"):
            await consenting.withdraw(urna, id)


@pytest.mark.parametrize("own_hub", ["sqlite"], indirect=True)
async def test_to_the_second_and_renewed_while_the_keys_are_there(own_hub: Hub) -> None:
    hub, form = own_hub, tonight(204)
    grants = {"mgec": replace(form.consent.grants["mgec"], days=20)}
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(replace(form, consent=replace(form.consent, grants=grants, retain_days=5)))
        (other,) = await nara.send(replace(tonight(205), consent=replace(form.consent, grants=grants, retain_days=5)))
        assert sent.until is not None
        assert sent.until.astimezone(ULAANBAATAR).strftime("%H:%M:%S") == "00:00:00"  # the end of that day
        await delger.open_referral(sent.id)
        await delger.open_referral(other.id)
        keys = keys_of(hub.store, sent.id, "mgec")
        await moved(nara, 14 * DAY, sent.id)
        assert (await kinds(nara, sent.id)).count("expiry_warning") == 1
        longer = {"mgec": Grant(tuple(FOUR), ("give_service",), 30)}
        await consenting.new_version(nara, consent_of(other), longer)
        left = int((sent.until - nara.now()).total_seconds())
        await moved(nara, left - 60, sent.id)
        await delger.sync()
        assert (await delger.open_referral(sent.id)).readable == FOUR
        await moved(nara, 60 + 1, sent.id)
        await delger.sync()
        answer = await refused(delger.open_referral(sent.id))
        assert answer in (("step_illegal", "expired"), ("grant_expired", None))
        assert keys_of(hub.store, sent.id, "mgec") == []
        assert not [key for key in keys if is_kept(hub.store, key)]
        seen = await delger.show(sent.id)
        assert (seen.state, [one.kind for one in seen.owed]) == ("expired", ["delete"])
        assert await refused(delger.accept(sent.id)) == ("step_illegal", "expired")
        assert (await delger.open_referral(other.id)).readable == FOUR  # renewed in time

        # A renewal that comes too late gives nothing back: it is sealed anew.
        await consenting.new_version(nara, consent_of(sent), longer)
        assert (await delger.show(sent.id)).state == "expired"
        again = await nara.resend(tonight(204), "mgec", sent.id)
        assert (await delger.open_referral(again.id)).readable == FOUR

        # Nobody has said that the copies are gone: it is told to sender and coordinators.
        await moved(nara, 3 * DAY, sent.id)
        await delger.sync()
        assert "deletion_due" in await kinds(nara, sent.id)
        # What is over is emptied when she was told, for its sender too.
        await delger.accept(other.id)
        await delger.start(other.id)
        await delger.close(other.id, "service_given")
        await moved(nara, 4 * DAY, other.id)
        assert (await nara.open_referral(other.id)).readable == FOUR
        await moved(nara, DAY + 1, other.id)
        assert (await nara.open_referral(other.id)).readable == []
        assert texts_of(hub.store, other.id) == []
        assert (await delger.show(other.id)).deletion_owed_since is not None
    assert await asyncio.to_thread(hub.store.manage, "verify")  # each went when it was to go


@pytest.mark.timeout(180 + 5 * RACES)
@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_nothing_is_read_after_a_withdrawal_was_acknowledged(hub: Hub) -> None:
    """Withdraw against open, accept and renew, all at the same moment, many times."""
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mrc.jargal") as jargal,
        at_work(hub, "mgec.urna") as urna,
    ):
        for number in range(RACES):
            (sent,) = await nara.send(tonight(1000 + number))
            id = consent_of(sent)
            longer = {"mgec": Grant(tuple(FOUR), ("give_service",), 30)}
            withdrawing = asyncio.ensure_future(consenting.withdraw(nara, id, Scope(("mgec",))))
            ended = await asyncio.gather(
                *in_any_order(
                    withdrawing,
                    urna.open_referral(sent.id),
                    urna.accept(sent.id),
                    consenting.new_version(jargal, id, longer),
                ),
                return_exceptions=True,
            )
            for one in ended:
                if isinstance(one, BaseException):
                    assert isinstance(one, Refused), repr(one)
                    assert one.code in ("head_moved", "step_illegal", "grant_refused", "grant_missing")
            if withdrawing.exception() is not None:  # jargal was quicker: she is asked again
                await consenting.withdraw(nara, id, Scope(("mgec",)))
            assert keys_of(hub.store, sent.id, "mgec") == []
            assert await refused(urna.open_referral(sent.id)) == ("step_illegal", "withdrawn")
    assert "deadlock" not in hub.said()


@pytest.mark.timeout(120 + 5 * ATTACHED)
@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_what_is_attached_at_that_moment_is_gone_with_it_or_refused(hub: Hub, tmp_path: Path) -> None:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mrc.jargal") as jargal,
        at_work(hub, "mgec.urna") as urna,
    ):
        attached_before = attached_files(hub.store)
        for number in range(ATTACHED):
            (sent,) = await nara.send(tonight(6000 + number))
            await urna.open_referral(sent.id)
            by, path = (urna, nara)[number % 2], tmp_path / f"{number}.bin"
            path.write_bytes(secrets.token_bytes(2000))
            attaching = asyncio.ensure_future(by.message(sent.id, "Зураг.", [Attached.of(path)]))
            await asyncio.sleep(random.uniform(0, 0.3))  # at any moment of its way
            await consenting.withdraw(jargal, consent_of(sent))
            assert texts_of(hub.store, sent.id) == []
            (attached,) = await asyncio.gather(attaching, return_exceptions=True)
            if not isinstance(attached, Referral):
                assert isinstance(attached, Refused), repr(attached)
                assert attached.code in ("step_illegal", "head_moved", "consent_withdrawn", "grant_refused")
            assert texts_of(hub.store, sent.id) == []
            for one in (urna, nara):
                notes = [step.note for step in (await one.show(sent.id)).steps if step.note is not None]
                assert {note.status for note in notes} <= {"gone"}
        # Of the files only those are left that no step was accepted with: no key opens them, and a day ends them.
        assert attached_files(hub.store) == attached_before
    assert "deadlock" not in hub.said()


def attached_files(store: Store) -> int:
    """Files that some document names."""
    return int(store.execute("SELECT count(*) FROM referrals_file WHERE set_id IS NOT NULL")[0][0])


def in_any_order(*acts: Any) -> list[Any]:
    return random.sample(acts, len(acts))


@pytest.mark.parametrize("own_hub", ["sqlite"], indirect=True)
async def test_killed_while_it_withdraws_it_is_whole_or_absent(own_hub: Hub) -> None:
    hub = own_hub
    async with at_work(hub, "mrc.nara") as nara:
        sent = [(await nara.send(tonight(3000 + number)))[0] for number in range(6)]
        keys = {one.id: keys_of(hub.store, one.id, "mgec") for one in sent}
        acknowledged: list[str] = []
        killed = 0
        while len(acknowledged) < len(sent):
            withdrawing = asyncio.ensure_future(take_all_back(nara, sent, acknowledged))
            if killed < 2:
                count = len(acknowledged)
                while len(acknowledged) == count and not withdrawing.done():
                    await asyncio.sleep(0.001)
                await asyncio.sleep(random.uniform(0, 0.05))
                hub.kill()
                killed += 1
                await asyncio.gather(withdrawing, return_exceptions=True)
                hub.start()
            await asyncio.gather(withdrawing, return_exceptions=True)
            for one in sent:
                left, state = keys_of(hub.store, one.id, "mgec"), (await nara.show(one.id)).state
                assert (state, left) in (("sent", keys[one.id]), ("withdrawn", [])), one.id
                assert state == "withdrawn" or one.id not in acknowledged
        assert not [key for several in keys.values() for key in several if is_kept(hub.store, key)]

        # While a backup reads, what was destroyed stays in SQLite's log, also over a kill and a start; no longer.
        (last,) = await nara.send(tonight(3100))
        gone = keys_of(hub.store, last.id, "mgec")
        arguments = [sys.executable, "-c", READS, str(hub.practice / "hub.sqlite3")]
        with subprocess.Popen(arguments, stdout=subprocess.PIPE) as backup:
            assert backup.stdout is not None
            assert backup.stdout.readline() == b"reads\n"
            await consenting.withdraw(nara, consent_of(last), Scope(("mgec",)))
            with pytest.raises(RuntimeError, match="reads the database"):
                hub.store.manage("scrub")
            hub.kill()
            hub.start()
            await nara.show(last.id)
            assert all(is_there(hub.store, key) for key in gone)
            backup.kill()
        async with asyncio.timeout(10):
            while any(is_there(hub.store, key) for key in gone):
                await asyncio.sleep(0.1)


READS = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1])
database.execute("BEGIN")
database.execute("SELECT count(*) FROM referrals_partkey").fetchone()
print("reads", flush=True)
time.sleep(600)
"""


async def take_all_back(session: Session, sent: list[Referral], acknowledged: list[str]) -> None:
    """Until the hub dies."""
    for one in sent:
        if one.id in acknowledged:
            continue
        try:
            await consenting.withdraw(session, consent_of(one), Scope(("mgec",)))
        except HubUnreachable:
            return
        except Refused as refused:
            if refused.code != "not_found":  # it was taken back, and the answer was lost
                raise
        acknowledged.append(one.id)


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_in_the_terminal_she_decides_anew_and_takes_back(hub: Hub, tmp_path: Path) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(tonight(206))
    ortoo, id = Ortoo(hub.practice, hub.url), sent.id
    anew = ("consent", "decide", id, "--days", "9", "--section", "needs", "--section", "safety", "--refuse", "identity")
    assert ortoo("--as", "mrc.nara", *anew).returncode == 2  # nobody is there to be asked
    said = ortoo("--as", "mrc.nara", "--lang", "en", *anew, "--yes").stdout
    assert re.search(r"Mongolian Gender Equality Centre can read: .*Until \d+ \w+ 20\d\d", said), said
    shown = ortoo.json("--as", "mgec.delger", "consent", "show", id)
    assert shown["decisions"] == [{"to": "mgec", "version": 2}]

    record, page = tmp_path / "record.json", tmp_path / "page.html"
    for path in (record, page):
        assert ortoo("--as", "mrc.nara", "consent", "export", id, "--out", str(path)).returncode == 0
        assert ortoo("--as", "mrc.nara", "consent", "export", id, "--out", str(path)).returncode == 2  # it is there
    assert ortoo("--as", "mrc.nara", "consent", "export", id, "--out", str(tmp_path / "x.txt")).returncode == 2
    value = json.loads(record.read_text(encoding="utf-8"))
    assert (value["@type"], value["dct:conformsTo"]) == (
        "dpv:ConsentRecord",
        "https://w3id.org/dpv/schema/dpv-27560#record",
    )
    assert value["dct:identifier"] == consent_of(sent)
    assert value["dpv:hasDataController"]["@id"] == "ortoo:mrc-umnugobi"
    (process,) = [one for one in value["dpv:hasProcess"] if one["dpv:hasRecipient"]["@id"] == "ortoo:mgec"]
    assert [one["@id"] for one in process["dpv:hasPersonalData"]] == ["ortoo:needs", "ortoo:safety"]
    assert [one["@id"] for one in process["dpv:hasProhibition"]["dpv:hasPersonalData"]] == ["ortoo:identity"]
    assert [one["@id"] for one in process["dpv:hasPurpose"]] == ["ortoo:give_service"]
    assert process["dpv:hasConsentStatus"]["@type"] == "dpv:ConsentGiven"
    assert process["dpv:hasConsentStatus"]["dct:valid"].endswith("T16:00:00Z")  # the end of that day in Ulaanbaatar
    read_to_her = value["dpv:hasNotice"]["dct:description"]
    printed = page.read_text(encoding="utf-8")
    assert all(html.escape(sentence) in printed for sentence in (*read_to_her["mn"], *read_to_her["en"]))
    assert {line.strip() for line in said.splitlines()} <= {*read_to_her["en"], ""}
    assert "Цэцэгмаа" not in printed + record.read_text(encoding="utf-8")

    slip = ("--agency", "mgec", "--agency", "iomm", "--yes")
    missed = ortoo("--as", "mrc.nara", "--lang", "en", "consent", "withdraw", id, *slip)
    assert (missed.returncode, "Nothing was taken back. [not_found: " in missed.stderr) == (1, True), missed.stderr
    whole = ortoo("--as", "mrc.nara", "--lang", "en", "consent", "withdraw", id, "--yes")
    assert (whole.returncode, "can read nothing" in whole.stdout) == (0, True), whole.stdout + whole.stderr
    assert ortoo.json("--as", "mrc.nara", "show", id)["referral"]["state"] == "withdrawn"
    again = ortoo("--as", "mrc.nara", "consent", "withdraw", id, "--yes")
    assert again.returncode == 1
    both = ("--section", "needs", "--purpose", "assess", "--yes")
    assert ortoo("--as", "mrc.nara", "consent", "withdraw", id, *both).returncode == 2
