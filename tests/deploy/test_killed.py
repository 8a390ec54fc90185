"""Processes that die behind nginx, and a Redis that is away: nothing is lost, doubled or missed."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Final

import pytest

from tests.deploy.served import Served
from tests.faults.test_kill import SENDERS, STARTING, send_all
from tests.members import LOOKED_UP, PUSHED, all_ids, at_work, feed_of, following, plain_form
from tests.services import Valkey
from tests.stores import Store

EACH: Final = 100
WITHOUT_REDIS: Final = 6  # seconds


@pytest.mark.timeout(400)  # a minute and a half on two cores that others use too
async def test_one_after_the_other_is_killed_while_five_members_send_five_hundred(served: Served) -> None:
    acknowledged: list[str] = []
    async with AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(at_work(served, who)) for who in ("mgec.delger", "mgec.solongo")]
        senders = [await stack.enter_async_context(at_work(served, who)) for who in SENDERS[1:6]]
        followers = [await stack.enter_async_context(following(reader, 0)) for reader in readers * 2]
        sending = asyncio.gather(
            *(send_all(session, place * EACH, acknowledged, EACH) for place, session in enumerate(senders))
        )
        for process, at_least in zip(served.processes, (120, 320), strict=True):
            while len(acknowledged) < at_least:
                assert not sending.done()
                await asyncio.sleep(0.01)
            before = list(acknowledged)
            process.kill()
            assert set(before) <= set(await all_ids(readers[0], "inbox"))  # the other one answers
            while len(acknowledged) < at_least + 40:  # and takes what is sent
                assert not sending.done()
                await asyncio.sleep(0.01)
            await asyncio.get_running_loop().run_in_executor(STARTING, process.start)
        await asyncio.wait_for(sending, 240)
        assert len(acknowledged) == len(set(acknowledged)) == 500

        assert Counter(await all_ids(readers[0], "inbox")) == Counter(acknowledged)  # each once, and nothing else
        outboxes = [await all_ids(session, "outbox") for session in senders]
        assert [len(ids) for ids in outboxes] == [EACH] * 5
        assert Counter(id for ids in outboxes for id in ids) == Counter(acknowledged)
        feed = await feed_of(readers[0])
        assert [one.sequence for one in feed] == list(range(1, 501))
        assert Counter(one.referral for one in feed) == Counter(acknowledged)
        for follower in followers:
            await follower.reaches(500, within=30)
            assert follower.entries == feed  # each once and in order
            assert "lost" in follower.line  # both processes have died, so everybody's socket has
            assert follower.line[-1] == "back"
        assert all(len(session.drafts) == 0 for session in senders)
    assert "Traceback" not in served.said()


@pytest.fixture
def with_own_redis(founded: Store, redis: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    served = Served(replace(founded, redis_url=redis.url))
    monkeypatch.setenv("SSL_CERT_FILE", str(served.nginx.certificate))
    try:
        yield served.start()
    finally:
        served.stop()


async def test_while_redis_is_away_sending_goes_on_and_push_comes_back_by_itself(
    with_own_redis: Served, redis: Valkey
) -> None:
    hub = with_own_redis
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        following(delger, 0) as one,
        following(delger, 0) as other,
    ):
        await nara.send(plain_form(1))
        for follower in (one, other):
            await follower.reaches(1, within=5)
            assert follower.delay(1) < PUSHED

        redis.stop()
        loop = asyncio.get_running_loop()
        back, sent = loop.time() + WITHOUT_REDIS, 1
        while loop.time() < back:
            sent += 1
            await asyncio.wait_for(nara.send(plain_form(sent)), 5)
            await asyncio.sleep(0.5)
        assert sent > 5
        for follower in (one, other):
            await follower.reaches(sent, within=5)  # it looks by itself, every three seconds
            assert max(follower.delay(number) for number in range(2, sent + 1)) < LOOKED_UP

        await loop.run_in_executor(STARTING, redis.start)
        await asyncio.sleep(3)  # by now both processes listen again
        for number in range(sent + 1, sent + 7):
            await nara.send(plain_form(number))
            for follower in (one, other):
                await follower.reaches(number, within=5)
                assert follower.delay(number) < PUSHED
        for follower in (one, other):
            assert follower.sequences == list(range(1, sent + 7))
            assert follower.line == []
    assert "Traceback" not in hub.said()
