"""A hub that lies to a page: what it changed is noticed, said in plain words on every screen, and nothing is sent."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from ortoo.form import Form
from ortoo.protocol.checkpoint import Checkpoint, sign_checkpoint
from ortoo.protocol.documents import SigningKey, b64, stamp, unb64
from tests import warm
from tests.hubs import Hub
from tests.members import SCENARIOS, SHELTER_TONIGHT, all_ids, at_work, plain_form
from tests.web.conftest import Visiting
from tests.web.pictures import look
from tests.web.sending import Worker, member, signed_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

Data = dict[str, Any]


def flipped(part: str) -> Callable[[Data], Data]:
    """One bit of one part's ciphertext is another."""

    def lie(data: Data) -> Data:
        for one in data["referral"]["sealed"]["parts"]:
            if one["name"] == part:
                sealed = bytearray(unb64(one["ciphertext"]))
                sealed[-1] ^= 1
                one["ciphertext"] = b64(bytes(sealed))
        return data

    return lie


def swapped(data: Data) -> Data:
    """Everybody's key under everybody else's name."""
    keys = [one["key"] for one in data["kemKeys"]]
    return {"kemKeys": [one | {"key": key} for one, key in zip(data["kemKeys"], [*keys[1:], keys[0]], strict=True)]}


class OfBefore:
    """What the hub itself said and signed some time ago, as if nothing had happened since."""

    def kept(self, data: Data) -> Data:
        self.then = {"directory": data["directory"] | {"entries": []}}
        return data

    def told(self, data: Data) -> Data:
        assert data["directory"]["checkpoint"]["size"] > self.then["directory"]["checkpoint"]["size"]
        return self.then


def forked(hub: Hub) -> Callable[[Data], Data]:
    """Another history of the same length, signed with the log's own key."""
    key = SigningKey(unb64((hub.practice / "hub" / "directory.key").read_text(encoding="utf-8").strip()))

    def lie(data: Data) -> Data:
        checkpoint = data["directory"]["checkpoint"]
        origin = checkpoint["note"].split("\n", 1)[0]
        note = sign_checkpoint(Checkpoint(origin, checkpoint["size"], bytes(32)), key)
        return {"directory": data["directory"] | {"checkpoint": checkpoint | {"note": note, "root": b64(bytes(32))}}}

    return lie


class Log:
    """The activity log as it was shown last, and other histories that the log's own key has signed."""

    def __init__(self, hub: Hub) -> None:
        self._key = SigningKey(unb64((hub.practice / "hub" / "activity.key").read_text(encoding="utf-8").strip()))

    def kept(self, data: Data) -> Data:
        self.then = data["activityLog"]["checkpoint"]
        return data

    def forked(self, data: Data) -> Data:
        return self._signed(self.then["size"])

    def smaller(self, data: Data) -> Data:
        return self._signed(self.then["size"] - 1)

    def _signed(self, size: int) -> Data:
        origin = self.then["note"].split("\n", 1)[0]
        note = sign_checkpoint(Checkpoint(origin, size, bytes(32)), self._key)
        return {"activityLog": {"checkpoint": {"note": note, "size": size, "root": b64(bytes(32))}, "consistency": []}}


def nowhere(data: Data) -> Data:
    """Nothing that anybody signed is in the log."""
    return {"logged": []}


def another_place(data: Data) -> Data:
    return {"logged": [one | {"index": one["index"] + 1} for one in data["logged"]]}


def later(data: Data) -> Data:
    """A quarter of an hour has gone by."""
    now = datetime.fromisoformat(data["network"]["now"]) + timedelta(minutes=15)
    return {"network": data["network"] | {"now": stamp(now)}}


def unsigned(data: Data) -> Data:
    """A note that somebody else signed."""
    checkpoint = data["directory"]["checkpoint"]
    origin = checkpoint["note"].split("\n", 1)[0]
    note = sign_checkpoint(Checkpoint(origin, checkpoint["size"], unb64(checkpoint["root"])), SigningKey.generate())
    return {"directory": data["directory"] | {"checkpoint": checkpoint | {"note": note}}}


async def alarmed(page: Page, one: Worker, code: str) -> None:
    await page.locator("main > [role=alert]").get_by_text(one.said(f"problem.{code}")).wait_for()


async def evidence(page: Page, one: Worker, folder: Path) -> Data:
    """The file that the page lets one save, as the command line explains it."""
    async with page.expect_download() as begun:
        await one.press("contradiction.save")
    file = await begun.value
    path = folder / file.suggested_filename
    await file.save_as(path)
    done = warm.run(warm.CLI, ["--json", "audit", "evidence", str(path)], environment=dict(os.environ), timeout=60)
    assert done.returncode == 0, done.stderr
    said: Data = json.loads(done.stdout)["evidence"]
    assert said["signed"] == [True, True]
    return said


async def test_what_a_hub_has_changed_is_refused_in_plain_words_and_nothing_is_sent(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = Form.read(SHELTER_TONIGHT)
    one = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.lied-to"), "mn")
    page, line = one.page, one.visit.line
    line.lies["Logged"] = nowhere
    await one.send(form)
    await one.press("send.done")
    async with at_work(hub, "mrc.nara") as nara:
        before = await all_ids(nara, "outbox")

    # A part that was changed is not opened; the others are.
    line.lies["Referral"] = flipped("identity")
    await one.opens_sent()
    said = f"{one.label('sections', 'identity')}: {one.said('referral.damaged')}"
    await page.locator("article").get_by_text(said, exact=True).wait_for()
    assert await one.reads() == ["needs", "contact", "safety"]
    await look(page, "referral-damaged")

    # What the hub took and does not show in its log is missing once it should be there; before, it is waited for.
    marks = page.locator("article .in-log")
    await expect(marks).to_have_text([one.said("log.promised")] * 2)
    line.lies = {"Logged": nowhere, "Network": later}
    await page.reload()
    await one.unlock()
    await one.opens_sent()
    await expect(marks).to_have_text([one.said("log.missing")] * 2)
    await page.get_by_text(one.said("log.missing.about")).wait_for()
    await look(page, "referral-missing")

    # A proof of another place is none: nothing is opened any more, and nothing leaves.
    line.lies = {"Logged": another_place}
    await page.reload()
    await one.unlock()
    await alarmed(page, one, "proof_invalid")

    # Once it is in the log it is proven to be.
    line.lies.clear()
    await page.reload()
    await one.unlock()
    await one.opens_sent()
    await expect(marks).to_have_text([one.said("log.logged")] * 2)

    # Another key in place of the recipient's: nothing leaves.
    before_that = OfBefore()
    line.asked.clear()
    line.lies = {"KemKeys": swapped, "Directory": before_that.kept}
    await page.reload()
    await one.unlock()
    await one.to_check(form)
    await page.keyboard.press("Control+Enter")
    await alarmed(page, one, "key_mismatch")
    assert "SendReferrals" not in line.asked
    assert "RecordConsent" not in line.asked
    await look(page, "alarm")

    # It stays on every screen, and what was written is kept.
    await one.place("place.inbox")
    await alarmed(page, one, "key_mismatch")
    await page.locator(".draft-row").wait_for()

    # A directory that is older than what was seen, or another one, is none to begin with.
    await member(hub, tmp_path, "mrc.nara", "mrc.since")
    line.lies.clear()
    await page.reload()
    await one.unlock()
    await page.locator(".draft-row").wait_for()
    for lie, code in (
        (before_that.told, "checkpoint_rollback"),
        (forked(hub), "directory_fork"),
        (unsigned, "checkpoint_unwitnessed"),
    ):
        line.lies = {"Directory": lie}
        await page.reload()
        await one.unlock()
        await alarmed(page, one, code)
        assert await page.locator(".inbox").count() == 0

    # Another history of the log of all that was signed, or a shorter one: the same, and a file shows it to anybody.
    log = Log(hub)
    line.lies = {"ActivityLog": log.kept}
    await page.reload()
    await one.unlock()
    await page.locator(".draft-row").wait_for()
    for lie, code, verdict in (
        (log.smaller, "checkpoint_rollback", "rollback"),
        (log.forked, "proof_invalid", "fork"),
    ):
        line.lies = {"ActivityLog": lie}
        await page.reload()
        await one.unlock()
        await alarmed(page, one, code)
        assert await page.locator(".inbox").count() == 0
        assert (await evidence(page, one, tmp_path))["verdict"] == verdict
    await look(page, "alarm-evidence")

    # The honest hub is gone on with.
    line.lies.clear()
    await page.reload()
    await one.unlock()
    await page.locator(".draft-row").wait_for()
    assert await page.locator("main > [role=alert]").inner_text() == ""
    async with at_work(hub, "mrc.nara") as nara:
        assert await all_ids(nara, "outbox") == before


async def test_a_directory_that_grew_while_it_was_asked_for_twice_is_no_lie(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    """Both lists hold what a new colleague of another agency signed, so each brings the directory up."""
    async with at_work(hub, "mgec.delger") as delger:
        (sent,) = await delger.send(replace(Form.read(SCENARIOS / "03-declined-and-rerouted.json"), sender=None))
    one = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.twice"), "en")
    line = one.visit.line
    await one.page.locator(".inbox .fold").click()
    line.late = {"Directory": iter((2, 4))}
    line.cut()
    colleague = await member(hub, tmp_path, "osc.uyanga", "osc.new")
    async with colleague.at_work() as new:
        await new.open_referral(sent.id)
        await new.send(plain_form(1))
    line.mend()
    row = await one.sees_row_in("inbox.needs", "sent")
    await one.sees_row_in("inbox.others", "opened")
    assert line.asked.count("Directory") >= 2
    await one.opens(row)
    assert set(await one.page.locator("[role=alert]").all_inner_texts()) == {""}
    one.visit.seen.errors.clear()  # Chromium itself writes down that the line was cut
