"""Eight members who write at once, on a database that has one writer: they wait, and none is told of a lock."""

import asyncio
import sqlite3
import time
from contextlib import AsyncExitStack, closing
from pathlib import Path
from threading import Event, Thread

import pytest

from ortoo.session import Session
from tests.faults.test_kill import SENDERS
from tests.hubs import Hub
from tests.members import at_work, feed_of, plain_form
from tests.stores import Kind


@pytest.fixture
def store_kind() -> Kind:
    return "sqlite"


def write_in_between(database: Path, stop: Event, locked: list[float]) -> None:
    """Another process's writer, such as an operator's command: takes the write lock again and again for a while."""
    with closing(sqlite3.connect(database, timeout=20, isolation_level=None)) as connection:
        while not stop.is_set():
            connection.execute("BEGIN IMMEDIATE")
            taken = time.monotonic()
            time.sleep(0.08)
            connection.execute("UPDATE notifications_feedhead SET sequence = sequence")
            connection.execute("COMMIT")
            locked.append(time.monotonic() - taken)
            time.sleep(0.05)


async def write(session: Session, recipient: Session, first: int) -> None:
    """Whatever is refused or fails for any reason fails the test: there is no race here that somebody may lose."""
    for number in range(first, first + 2):
        (sent,) = await session.send(plain_form(number))
        await recipient.open_referral(sent.id)
        await asyncio.gather(session.message(sent.id, "Баярлалаа."), recipient.message(sent.id, "Ор бэлэн."))
        if number % 2:
            await recipient.decline(sent.id, "no_capacity")
        else:
            await recipient.accept(sent.id)


async def test_eight_writers_and_a_ninth_process(hub: Hub) -> None:
    stop, locked = Event(), list[float]()
    ninth = Thread(target=write_in_between, args=(hub.practice / "hub.sqlite3", stop, locked), daemon=True)
    async with AsyncExitStack() as stack:
        delger = await stack.enter_async_context(at_work(hub, "mgec.delger"))
        senders = [await stack.enter_async_context(at_work(hub, handle)) for handle in SENDERS]
        ninth.start()
        try:
            await asyncio.gather(*(write(session, delger, place * 2) for place, session in enumerate(senders)))
        finally:
            stop.set()
            ninth.join(30)
        assert len(locked) > 10  # it did stand in the way

        feed = await feed_of(delger)
        assert [one.sequence for one in feed] == list(range(1, 33))
        assert sorted(one.kind for one in feed) == ["message"] * 16 + ["referral_sent"] * 16
        states = [edge.node.state for edge in (await delger.client.inbox(50)).edges]
        assert sorted(states) == ["accepted"] * 8 + ["declined"] * 8
    said = hub.said()
    for word in ("locked", "Traceback", "internal"):
        assert word not in said
