"""A hub that is killed (`kill -9`) while it takes in what is sent, passed on and taken back: each is whole or absent,
on both sides, and done once when it is asked for again.

ORTOO_KILLS says how often, for whoever has the time; in the suite it is a handful.
"""

import asyncio
import os
import random
import secrets
from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from ortoo import consenting, forwarding, receipts
from ortoo.client import Client, HubUnreachable
from ortoo.form import Form, Grant
from ortoo.protocol.errors import Refused
from ortoo.reading import Referral
from ortoo.session import Session
from tests.faults.test_kill import STARTING
from tests.hubs import Hub
from tests.members import at_work
from tests.stories.test_attachments import a_file, files_of, rows, stored
from tests.stories.test_onward import THREE, to_iom
from tests.stories.test_withdrawing import consent_of, texts_of

KILLS: Final = int(os.environ.get("ORTOO_KILLS", "3"))
CONTENT: Final = secrets.token_bytes(200_000)


def for_both(number: int) -> Form:
    """Sent to IOM, which may pass it on to MGEC."""
    form = to_iom(number)
    grants = {**form.consent.grants, "mgec": Grant(THREE, ("give_service",), 30)}
    return replace(form, consent=replace(form.consent, grants=grants))


async def links(session: Session, sent: Referral) -> dict[str, str]:
    """What was sent under the consent of this referral: recipient and state."""
    return {one.recipient: one.state for one in await forwarding.chain(session, consent_of(sent))}


async def opens(session: Session, id: str) -> bool:
    """Whether it can be opened; fails where it can and says nothing, or cannot and is still there."""
    try:
        return bool((await session.open_referral(id)).readable)
    except Refused as refused:
        if refused.code != "step_illegal":
            raise
        return False


@pytest.mark.timeout(120 + 20 * KILLS)
async def test_what_she_decides_is_whole_or_absent_and_done_once(hub: Hub, tmp_path: Path) -> None:
    done_before_the_kill, absent_after_it = 0, 0
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mrc.jargal") as jargal,
        at_work(hub, "iom.zaya") as zaya,
        at_work(hub, "mgec.delger") as delger,
        Client(hub.url) as her,
    ):
        for number in range(KILLS):
            code = receipts.draw("withdraw")
            (held,) = await nara.send(for_both(3 * number))
            (ending,) = await nara.send(for_both(3 * number + 1), code.key(nara.directory.id))
            for one in (held, ending):
                await zaya.open_referral(one.id)
            passed = await forwarding.forward(zaya, ending.id, "mgec", ["needs"])
            form = replace(for_both(3 * number + 2), attached={"needs": (a_file(tmp_path, content=CONTENT),)})
            known = rows(hub, "referral")

            async def withdraw(
                is_hers: bool = bool(number % 2), code: str = code.code, of: Referral = ending
            ) -> object:
                if is_hers:
                    return await receipts.withdraw(her, code, [receipts.everything()])
                return await consenting.withdraw(jargal, consent_of(of))

            def acts(form: Form = form, held: Referral = held, withdraw: Any = withdraw) -> list[Awaitable[Any]]:
                return [nara.send(form), forwarding.forward(zaya, held.id, "mgec", ["needs"]), withdraw()]

            running = [asyncio.ensure_future(one) for one in acts()]
            many = random.randrange(len(running))  # are answered before the kill, whatever the machine is busy with
            while sum(one.done() for one in running) < many:
                await asyncio.sleep(0.001)
            await asyncio.sleep(random.uniform(0, 0.3))
            hub.kill()
            ended = await asyncio.gather(*running, return_exceptions=True)
            assert all(isinstance(one, HubUnreachable) for one in ended if isinstance(one, BaseException)), ended
            sent, onward, withdrawn = (not isinstance(one, BaseException) for one in ended)  # as they were answered
            done_before_the_kill += sent + onward + withdrawn
            await asyncio.get_running_loop().run_in_executor(STARTING, hub.start)

            # Withdrawn everywhere, with nothing left of it, or nowhere.
            is_withdrawn = (await jargal.show(ending.id)).state == "withdrawn"
            assert is_withdrawn or not withdrawn
            assert await links(nara, ending) == (
                {"iom": "withdrawn", "mgec": "withdrawn"} if is_withdrawn else {"iom": "opened", "mgec": "sent"}
            )
            for session, id in ((zaya, ending.id), (delger, passed.id)):
                assert bool(texts_of(hub.store, id)) is not is_withdrawn
                assert await opens(session, id) is not is_withdrawn

            # Passed on, and read at its end and seen at its beginning; or neither.
            chain = await forwarding.chain(nara, consent_of(held))
            assert len(chain) == 2 or not onward
            for link in chain:
                assert await opens(delger if link.recipient == "mgec" else zaya, link.id)

            # Sent with its file, or not at all.
            is_sent = rows(hub, "referral") == known + len(chain)
            assert is_sent or not sent
            absent_after_it += (not is_sent) + (len(chain) == 1) + (not is_withdrawn)

            # Asked for again, each is there once.
            (new,) = await nara.send(form) if nara.unsent(form) else [await nara.show(nara.sent_before(form)[-1])]
            if len(chain) == 1:
                await forwarding.forward(zaya, held.id, "mgec", ["needs"])
            if not is_withdrawn:
                await withdraw()
            assert rows(hub, "referral") == known + 2
            assert await links(nara, held) == {"iom": "opened", "mgec": "opened" if len(chain) == 2 else "sent"}
            assert await links(nara, ending) == {"iom": "withdrawn", "mgec": "withdrawn"}
            assert texts_of(hub.store, ending.id) == texts_of(hub.store, passed.id) == []
            (file,) = files_of(await zaya.open_referral(new.id))
            assert (await zaya.save(file, tmp_path)).read_bytes() == CONTENT
            # Each object is known, and each that somebody wants is there; a row alone is of one that was on its way.
            known_of = dict(hub.store.execute("SELECT name, file_id FROM referrals_piece"))
            there = {path.name for path in stored(hub)}
            assert {name for name, file in known_of.items() if file is not None} <= there <= known_of.keys()
    print(f"{3 * KILLS} acts: {done_before_the_kill} answered before the kill, {absent_after_it} absent after it")
    assert "Traceback" not in hub.said()
    hub.stop()
    hub.store.manage("verify")
