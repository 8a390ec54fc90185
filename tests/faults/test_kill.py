"""A hub that is killed with `kill -9` under load: nothing that was acknowledged is lost, nothing is there twice."""

import asyncio
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Final

from ortoo.client import HubUnreachable
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import all_ids, at_work, feed_of, following, plain_form

SENDERS: Final = (
    "mrc.nara",
    "mrc.jargal",
    "hum.otgon",
    "mkb.erdene",
    "coe.bilguun",
    "ado.chimeg",
    "ecpat.hulan",
    "cfu.bayar",
)
EACH: Final = 25

# The kernel ends a hub with the thread that started it: this one lives as long as the tests do.
STARTING: Final = ThreadPoolExecutor(1)


async def send_all(session: Session, first: int, acknowledged: list[str], each: int = EACH) -> None:
    """Send `each` forms, each until the hub has answered; what the SDK gives up on is sent again as it was drafted."""
    for number in range(first, first + each):
        form = plain_form(number)
        while True:
            try:
                (sent,) = await session.send(form)
            except HubUnreachable:
                assert len(session.drafts) == 1  # it is kept until the hub has accepted it
                continue
            acknowledged.append(sent.id)
            break


async def test_killed_while_eight_clients_send_two_hundred(hub: Hub) -> None:
    acknowledged: list[str] = []
    async with AsyncExitStack() as stack:
        delger = await stack.enter_async_context(at_work(hub, "mgec.delger"))
        senders = [await stack.enter_async_context(at_work(hub, handle)) for handle in SENDERS]
        follower = await stack.enter_async_context(following(delger, 0))
        sending = asyncio.gather(
            *(send_all(session, place * EACH, acknowledged) for place, session in enumerate(senders))
        )
        before = []
        for at_least in (40, 120):  # twice, each time at some moment while all eight are sending
            while len(acknowledged) < at_least:
                assert not sending.done()
                await asyncio.sleep(0.01)
            await asyncio.sleep(random.uniform(0, 0.2))
            assert not sending.done()
            hub.kill()
            before.append(list(acknowledged))
            await asyncio.get_running_loop().run_in_executor(STARTING, hub.start)
            inbox = await all_ids(delger, "inbox")
            assert set(before[-1]) <= set(inbox)
        await asyncio.wait_for(sending, 120)
        assert len(acknowledged) == len(set(acknowledged)) == 200
        await follower.reaches(200, within=30)

        inbox = await all_ids(delger, "inbox")
        assert Counter(inbox) == Counter(acknowledged)  # each of the 200 once, and nothing else
        outboxes = [await all_ids(session, "outbox") for session in senders[1:]]  # nara and jargal share theirs
        assert Counter(id for ids in outboxes for id in ids) == Counter(acknowledged)

        feed = await feed_of(delger)
        assert [one.sequence for one in feed] == list(range(1, 201))
        assert Counter(one.referral for one in feed) == Counter(acknowledged)
        for session in senders:
            assert await feed_of(session) == []

        assert follower.entries == feed  # each once and in order, over both deaths
        assert follower.line in (["lost", "back"], ["lost", "back"] * 2)  # it may have slept through the second death
        assert all(len(session.drafts) == 0 for session in senders)
    assert "Traceback" not in hub.said()
