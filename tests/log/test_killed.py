"""The sequencer is killed under load (`kill -9`), and runs twice: no leaf is lost, none is twice, nothing disagrees.

ORTOO_KILLS says how often, for whoever has the time; in the suite it is a handful.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

import pytest

from ortoo import practice
from ortoo.session import Session
from tests.faults.test_kill import SENDERS
from tests.hubs import Hub
from tests.log.reading import check_whole, documents, head, logged
from tests.members import at_work, plain_form
from tests.stores import REPOSITORY, Store

KILLS: Final = int(os.environ.get("ORTOO_KILLS", "5"))


class Worker:
    """`manage.py work` beside the hub: another sequencer, which may die at any moment."""

    def __init__(self, store: Store) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", SEQUENCER], cwd=REPOSITORY, env=store.environment, stderr=subprocess.PIPE, text=True
        )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        _, said = self.process.communicate(timeout=15)
        assert "Traceback" not in said, said


# With hardly a pause: a kill meets it in the midst of its work.
SEQUENCER: Final = """
import os, time, django
os.environ["DJANGO_SETTINGS_MODULE"] = "hub.settings"
django.setup()
from agencies import sequencing
while True:
    sequencing.integrate()
    time.sleep(0.01)
"""


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
        stop.set()
        await asyncio.gather(*sending)
        size = await logged(hub.store)
        assert size > KILLS * 6
        for session in senders:
            while session.memory.now.unproven:  # a hundred proofs at once
                await session.sync()
            assert session.activity == head(hub.store)
    assert "Traceback" not in hub.said()


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
