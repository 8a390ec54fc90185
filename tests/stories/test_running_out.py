"""What has run out is over to the second: whether or not anything runs that destroys it."""

import asyncio
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ortoo import forwarding, receipts
from ortoo.client import Client
from ortoo.form import Form, Grant
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import at_work
from tests.stories.test_answering import is_kept, keys_of
from tests.stories.test_attachments import a_file
from tests.stories.test_clocks import moved
from tests.stories.test_onward import THREE, handed_on, to_iom
from tests.stories.test_taking_back import refused
from tests.stories.test_withdrawing import consent_of


@pytest.mark.parametrize("own_hub", ["sqlite"], indirect=True)
async def test_to_the_second_where_nothing_runs_in_the_background(own_hub: Hub, tmp_path: Path) -> None:
    """Neither grants nor what is kept of a closed one last a moment longer where nobody destroys what is over."""
    hub, letter, given = own_hub, a_file(tmp_path, "letter.bin", b"x" * 70_000), receipts.draw("full")
    grants = {"iom": Grant(THREE, ("give_service",), 20), "mgec": Grant(THREE, ("give_service",), 60)}

    def form(number: int) -> Form:
        form = to_iom(number)
        consent = replace(form.consent, grants=grants, retain_days=5)
        return replace(form, consent=consent, attached={"needs": (letter,)})

    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "iom.zaya") as zaya,
        at_work(hub, "mgec.delger") as delger,
        Client(hub.url) as her,
    ):
        (closed,) = await nara.send(form(207), given.key(nara.directory.id))
        (held,) = await nara.send(form(208))
        onward, notes = {}, {}
        for one in (closed, held):
            await zaya.open_referral(one.id)
            written = await nara.message(one.id, "Ирж явна.", [letter])
            notes[one.id] = written.steps[-1].id
            onward[one.id] = await forwarding.forward(zaya, one.id, "mgec", ["needs"])
        await zaya.accept(closed.id)
        ended = await zaya.close(closed.id, "service_given")
        to_mgec = (await nara.decisions(consent_of(closed))).newest["mgec"]
        assert not await is_without_content(zaya, closed.id, notes[closed.id])

        # From now on nothing is destroyed: as if no process did its work.
        hub.store.execute(
            "CREATE TRIGGER nothing_runs BEFORE DELETE ON referrals_partkey BEGIN SELECT RAISE(ABORT, 'nobody'); END"
        )
        await clock_at(nara, hub, ended.changed_at + timedelta(days=5))
        for one in (nara, zaya, delger):
            await one.sync()
        kept = keys_of(hub.store, closed.id, "iom")
        assert len(kept) == 5  # the wrap, three sections and the file
        assert await is_without_content(zaya, closed.id, notes[closed.id])
        assert await is_without_content(nara, closed.id, notes[closed.id])
        assert await handed_on(zaya, closed, to_mgec, ("needs",)) == ("step_illegal", {"state": "closed"})
        for one in (nara, zaya):
            assert await refused(one.message(closed.id, "Сайн уу.")) == ("step_illegal", "closed")
        sent = [one for holder in (await receipts.look(her, given.code)).holders or [] for one in holder.referrals]
        assert [(one.state, bool(one.parts)) for one in sent] == [("closed", False), ("sent", True)]
        assert not await is_without_content(zaya, held.id, notes[held.id])

        assert held.until is not None
        await clock_at(nara, hub, held.until - timedelta(seconds=90))
        await zaya.sync()
        assert not await is_without_content(zaya, held.id, notes[held.id])
        assert (await zaya.open_referral(onward[held.id].id)).readable == ["needs"]
        await clock_at(nara, hub, held.until)
        for one in (nara, zaya, delger):
            await one.sync()
        assert await is_without_content(zaya, held.id, notes[held.id])
        assert (await zaya.open_referral(onward[held.id].id)).readable == []  # what it sent itself
        assert (await refused(forwarding.forward(zaya, held.id, "mgec", ["safety"])))[0] == "grant_missing"
        decision = (await nara.decisions(consent_of(held))).newest["mgec"]
        for is_again in (False, True):
            assert (await handed_on(zaya, held, decision, ("needs",), is_again=is_again))[0] == "grant_missing"
        assert len(keys_of(hub.store, held.id, "iom")) == 5
        assert not await is_without_content(nara, held.id, notes[held.id])  # the recorder's own
        for one in onward.values():
            assert (await delger.open_referral(one.id)).readable == ["needs"]  # for whom it has not ended

        # What was left is destroyed as soon as somebody does the work; nothing is written on what is empty.
        hub.store.execute("DROP TRIGGER nothing_runs")
        await moved(nara, 1, closed.id)
        assert keys_of(hub.store, held.id, "iom") == keys_of(hub.store, closed.id, "mrc-umnugobi") == []
        assert not [key for key in kept if is_kept(hub.store, key)]
        for one in (nara, zaya):
            assert (await refused(one.message(closed.id, "Сайн уу.")))[0] in ("step_illegal", "grant_expired")
    assert await asyncio.to_thread(hub.store.manage, "verify")


async def clock_at(session: Session, hub: Hub, moment: datetime) -> None:
    """The practice clock shows that moment or up to a second later, and nobody was told to look."""
    ahead = math.ceil((moment - datetime.now(UTC)).total_seconds())
    hub.store.execute(
        f"INSERT INTO agencies_practiceclock (id, ahead) VALUES (1, {ahead}) "  # noqa: S608 - a number
        f"ON CONFLICT (id) DO UPDATE SET ahead = {ahead}"
    )
    while (await session.client.network()).now < moment:
        await asyncio.sleep(0.05)


async def is_without_content(session: Session, id: str, noted: str) -> bool:
    """Whether the hub hands out nothing of a referral, its file, a note on it; fails where it does by half."""
    shown = await session.show(id)
    handed = [note.status == "readable" for step in shown.steps if (note := step.note) is not None and step.id == noted]
    (opened,) = await asyncio.gather(session.open_referral(id), return_exceptions=True)
    handed.append(not isinstance(opened, Refused) and bool(opened.readable))
    for event, part in ((None, "needs/file-1"), (noted, "note/file-1")):
        (piece,) = await asyncio.gather(session.client.file_piece(id, event, part, 0), return_exceptions=True)
        handed.append(not isinstance(piece, Refused))
    assert len(set(handed)) == 1, handed
    return not handed[0]
