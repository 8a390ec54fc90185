"""The sequencer and the database are killed under load (`kill -9`), and the sequencer runs twice: no leaf is lost, none
is twice, nothing disagrees.

ORTOO_KILLS says how often, for whoever has the time; in the suite it is a handful.
"""

import asyncio
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import pytest

from ortoo import practice
from ortoo.client import HubError, HubUnreachable
from ortoo.session import Session
from tests import warm
from tests.faults.test_kill import SENDERS, STARTING
from tests.hubs import Hub
from tests.log.reading import check_whole, documents, head, logged
from tests.members import at_work, plain_form
from tests.services import PostgreSQL
from tests.stores import Store, Stores

WHOLE: Final = "All of it is as it was signed and logged.\n"
KILLS: Final = int(os.environ.get("ORTOO_KILLS", "5"))


class Worker:
    """Another sequencer beside the hub, which may die at any moment."""

    def __init__(self, store: Store) -> None:
        self.log = store.folder / "sequencer.log"
        with self.log.open("wb") as log:
            program = Path(__file__).with_name("sequencer.py")
            self.process = warm.start(program, [], environment=store.environment, stdout=log, stderr=log)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(15)
        said = self.log.read_text()
        assert "Traceback" not in said, said


async def send(session: Session, first: int, stop: asyncio.Event) -> None:
    for number in range(first, first + 10_000):
        if stop.is_set():
            return
        await session.send(plain_form(number))


async def test_the_sequencer_is_killed_while_members_send(hub: Hub) -> None:
    stop = asyncio.Event()
    async with AsyncExitStack() as stack:
        senders = [await stack.enter_async_context(at_work(hub, handle)) for handle in SENDERS[:3]]
        sending = [asyncio.create_task(send(one, 10_000 * at, stop)) for at, one in enumerate(senders, start=1)]
        for _ in range(KILLS):
            worker, before = Worker(hub.store), len(documents(hub.store))
            while len(documents(hub.store)) < before + 6:
                await asyncio.sleep(random.uniform(0.1, 0.3))
            worker.kill()
        # Whoever verifies while it goes on meets nothing that is not as it was signed.
        for _ in range(2):
            assert await asyncio.to_thread(hub.store.manage, "verify", "--workers", "2") == WHOLE
        stop.set()
        await asyncio.gather(*sending)
        size = await logged(hub.store)
        assert size > KILLS * 6
        for session in senders:
            while session.memory.now.unproven:  # what was sent a moment ago is logged a moment later
                await session.sync()
            assert session.activity == head(hub.store)
    assert "Traceback" not in hub.said()


@pytest.fixture
def own_cluster() -> Iterator[tuple[PostgreSQL, Store]]:
    """A PostgreSQL of this test's own, and the practice network founded in it."""
    folder = Path(tempfile.mkdtemp(prefix="ortoo-"))
    folder.chmod(0o711)
    cluster = PostgreSQL(folder / "db")
    try:
        cluster.start()
        with Stores(folder, cluster).opened("postgres", "founded") as store:
            # Where a database is copied, its sequences' pages are logged as they are, without the numbers that are then
            # given out in advance: killed before the next checkpoint, they would go back.
            store.execute("CHECKPOINT")
            yield cluster, store
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


async def send_until_killed_no_more(
    session: Session, first: int, stop: asyncio.Event, acknowledged: list[str], broken: Counter[str]
) -> None:
    """Each form until the hub has answered. What the SDK gives up on is sent again as it was drafted."""
    for number in range(first, first + 10_000):
        while not stop.is_set():
            try:
                (sent,) = await session.send(plain_form(number))
            except (HubError, HubUnreachable) as error:
                broken[type(error).__name__] += 1
                await asyncio.sleep(0.1)
                continue
            acknowledged.append(sent.id)
            break
        if stop.is_set():
            return


async def test_the_database_is_killed_while_members_send(own_cluster: tuple[PostgreSQL, Store]) -> None:
    cluster, store = own_cluster
    stop = asyncio.Event()
    acknowledged: list[str] = []
    broken: Counter[str] = Counter()
    here = asyncio.get_running_loop().run_in_executor
    hub = Hub(store).start()
    try:
        async with AsyncExitStack() as stack:
            senders = [await stack.enter_async_context(at_work(hub, handle)) for handle in SENDERS[:3]]
            sending = [
                asyncio.create_task(send_until_killed_no_more(one, 10_000 * at, stop, acknowledged, broken))
                for at, one in enumerate(senders, start=1)
            ]
            for _ in range(KILLS):
                before = len(acknowledged)
                async with asyncio.timeout(60):
                    while len(acknowledged) < before + 6:
                        assert not any(one.done() for one in sending)
                        await asyncio.sleep(random.uniform(0.02, 0.1))
                await here(STARTING, cluster.kill)
                await here(STARTING, cluster.run)
            before = len(acknowledged)
            async with asyncio.timeout(60):
                while len(acknowledged) < before + 6:
                    await asyncio.sleep(0.05)
            stop.set()
            await asyncio.gather(*sending)
            size = await logged(store)
            kept = [str(id) for (id,) in store.execute("SELECT id FROM referrals_referral")]
            # What was on its way when it stopped may have arrived unanswered.
            assert set(acknowledged) <= set(kept)
            assert len(kept) == len(set(kept)) <= len(acknowledged) + len(senders)
            assert len(acknowledged) == len(set(acknowledged)) >= KILLS * 6
            assert size >= len(kept)
            for session in senders:
                while session.memory.now.unproven:
                    await session.sync()
                assert session.activity == head(store)
    finally:
        hub.stop()
    assert check_whole(store) == size
    assert store.manage("verify") == WHOLE


@pytest.mark.parametrize("store_kind", ["postgres"])
async def test_two_hubs_and_thirty_two_senders(start_hub: Callable[[], Hub]) -> None:
    hubs = start_hub(), start_hub()
    async with AsyncExitStack() as stack:

        async def one(at: int) -> None:
            hub, handle = hubs[at % 2], SENDERS[at % len(SENDERS)]
            folder = hub.practice / "state" / str(at)
            session = await stack.enter_async_context(
                Session.open(practice.identity(handle, hub.practice), hub.url, folder)
            )
            await session.send(plain_form(at))

        await asyncio.gather(*(one(at) for at in range(32)))
        size = await logged(hubs[0].store)
        assert size == len(documents(hubs[0].store)) >= 32 * 2
    hubs[0].stop()
    hubs[1].stop()
    assert check_whole(hubs[0].store) == size
    for hub in hubs:
        assert "Traceback" not in hub.said()
