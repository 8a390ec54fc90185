"""A member's life: invited on paper, enrolled, confirmed, at work, gone; and the agency's key with it."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from ortoo import administration
from ortoo.client import HubError
from ortoo.contract import FeedEntry
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import at_work, plain_form
from tests.people.newcomers import Newcomer, confirmed, expected


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_invited_enrolled_confirmed_and_at_work(hub: Hub, tmp_path: Path) -> None:
    sarnai = Newcomer("mgec.sarnai", tmp_path)
    async with at_work(hub, "mgec.delger") as delger, at_work(hub, "mrc.nara") as nara:
        (before,) = await nara.send(plain_form(1))
        paper = await expected(delger, sarnai)
        joined = await sarnai.enrol(paper)

        # She waits, is told for whom, and can do nothing yet.
        async with sarnai.at_work() as waiting:
            told = await waiting.client.waiting()
            assert told is not None
            assert [one.handle for one in told.administrators] == ["mgec.delger"]
            with pytest.raises(Refused) as refused:
                await waiting.inbox()
            assert refused.value.code == "role_not_allowed"

        # The administrator sees that somebody waits, compares, signs.
        (candidate,) = [one for one in await administration.candidates(delger) if one.member.handle == "mgec.sarnai"]
        assert candidate.number == joined.number
        await administration.confirm(delger, candidate)

        async with sarnai.at_work() as at_her_desk:
            opened = await at_her_desk.open_referral(before.id)  # of the time before her: the seed was handed over
            assert opened.readable
            assert await at_her_desk.client.waiting() is None
            assert (await at_her_desk.accept(before.id, "Ор бэлэн.")).state == "accepted"


async def test_who_leaves_is_served_nothing_more_from_that_moment(hub: Hub, tmp_path: Path) -> None:
    bold = Newcomer("mgec.bold", tmp_path)
    async with at_work(hub, "mgec.delger") as delger, at_work(hub, "mrc.nara") as nara:
        await confirmed(delger, await bold.enrol(await expected(delger, bold)))
        (before,) = await nara.send(plain_form(3))
        async with bold.at_work() as session:
            member = session.identity.member
            start = (await session.client.feed(0, 500))[-1].sequence
            follower = asyncio.ensure_future(first(session, start))
            await asyncio.sleep(0.5)
            await administration.remove(delger, member)
            with pytest.raises(HubError, match="signed_out"):  # its socket is closed, though nothing came
                await asyncio.wait_for(follower, 30)
            with pytest.raises(HubError, match="signed_out"):
                await session.inbox()
        with pytest.raises(HubError, match="sign_in_refused"):
            await bold.sign_in(hub)
        await nara.sync()
        (after,) = await nara.send(plain_form(4))
        # The next epoch is what is sealed to, and the others hold both.
        assert after.document.body.sealed.readers[0].epoch > before.document.body.sealed.readers[0].epoch
        assert (await delger.open_referral(before.id)).readable
        assert (await delger.open_referral(after.id)).readable


async def first(session: Session, after: int) -> FeedEntry:
    async with aclosing(session.client.follow(after)) as entries:
        return await anext(entries)
