"""Several processes of one hub, on PostgreSQL and Redis: what happens at one is told at the other; one may die."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

import pytest

from ortoo import practice
from ortoo.client import HubUnreachable
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import LOOKED_UP, PUSHED, at_work, feed_of, following, plain_form
from tests.services import Valkey
from tests.stores import Kind, Store


@pytest.fixture
def store_kind() -> Kind:
    return "postgres"


def at_work_through(hub: Hub, handle: str) -> AbstractAsyncContextManager[Session]:
    """With a memory of its own for each hub: the same member on two devices."""
    return Session.open(practice.identity(handle, hub.practice), hub.url, hub.practice / "state" / str(hub.port))


async def test_sent_through_one_and_told_through_the_other(start_hub: Callable[[], Hub]) -> None:
    one, other = start_hub(), start_hub()
    async with (
        at_work_through(one, "mrc.nara") as nara,
        at_work_through(other, "mrc.jargal") as jargal,
        at_work_through(other, "mgec.delger") as delger,
        following(delger, 0) as follower,
    ):
        for number in range(1, 6):
            await nara.send(plain_form(number))
            await follower.reaches(number, within=10)
        assert max(follower.delay(number) for number in range(1, 6)) < PUSHED

        # One dies while both are sent through; its client goes on at the other.
        async def send(session: Session, numbers: range) -> None:
            for number in numbers:
                await session.send(plain_form(number))

        sending = asyncio.gather(send(nara, range(10, 30)), send(jargal, range(30, 50)), return_exceptions=True)
        await follower.reaches(15, within=30)
        assert not sending.done()
        one.kill()
        through_the_dead_one, through_the_other = await sending
        assert isinstance(through_the_dead_one, HubUnreachable)
        assert through_the_other is None
        sent = len(await feed_of(delger))
        assert 25 <= sent < 45
        await follower.reaches(sent, within=10)
        assert follower.sequences == list(range(1, sent + 1))
        assert follower.entries == await feed_of(delger)
        assert follower.line == []  # its own hub was there all the time

        (again,) = await jargal.send(plain_form(60))
        await follower.reaches(sent + 1, within=10)
        assert follower.entries[-1].referral == again.id
        assert follower.delay(sent + 1) < PUSHED


async def test_while_redis_is_away_sends_go_on_and_nobody_misses_any(founded: Store, redis: Valkey) -> None:
    hub = Hub(replace(founded, redis_url=redis.url))
    hub.start()
    try:
        async with (
            at_work(hub, "mrc.nara") as nara,
            at_work(hub, "mgec.delger") as delger,
            following(delger, 0) as follower,
        ):
            await nara.send(plain_form(1))
            await follower.reaches(1, within=5)
            assert follower.delay(1) < PUSHED

            redis.stop()
            for number in range(2, 6):
                await asyncio.wait_for(nara.send(plain_form(number)), 5)
            await follower.reaches(5, within=5)  # nobody tells it: it looks by itself, every three seconds
            assert max(follower.delay(number) for number in range(2, 6)) < LOOKED_UP

            redis.start()
            await nara.send(plain_form(6))
            await follower.reaches(6, within=5)
            await asyncio.sleep(2)  # by now the hub listens again
            for number in range(7, 12):
                await nara.send(plain_form(number))
                await follower.reaches(number, within=5)
            assert max(follower.delay(number) for number in range(7, 12)) < PUSHED
            assert follower.sequences == list(range(1, 12))
            assert follower.line == []
    finally:
        hub.stop()
    assert "Traceback" not in hub.said()
