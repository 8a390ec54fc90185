"""Sockets that die without a goodbye, at any moment: the hub keeps nothing of them."""

import asyncio
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import websockets

from ortoo import practice
from ortoo.client import SUBPROTOCOL, document
from tests.hubs import Hub
from tests.members import PUSHED, at_work, following, plain_form
from tests.stores import Store

FOLLOW = {"query": document("follow"), "operationName": "Follow", "variables": {"after": 0}}
DEAD_OF_EACH = 8


class CountingHub(Hub):
    program = Path(__file__).with_name("counting_hub.py")

    async def holds(self) -> tuple[int, int]:
        """Followers who wait in it, and all its tasks."""
        assert self.process
        said = len(self.said())
        self.process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(10):
            while not (found := re.search(r"holds: (\d+) listeners, (\d+) tasks", self.said()[said:])):
                await asyncio.sleep(0.02)
        return int(found[1]), int(found[2])

    def open_files(self) -> int:
        assert self.process
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    async def comes_to_hold(self, listeners: int, tasks: int) -> None:
        async with asyncio.timeout(10):
            while await self.holds() != (listeners, tasks):
                await asyncio.sleep(0.1)


@pytest.fixture
def counting(founded: Store) -> Iterator[CountingHub]:
    hub = CountingHub(founded)
    hub.start()
    yield hub
    hub.stop()


async def socket_that_dies(hub: Hub, moment: str) -> None:
    """Go as far as `moment`, and be gone: the connection is reset, as when a telephone loses its network."""
    token = practice.identity("mgec.delger", hub.practice).token
    socket = await websockets.connect(hub.socket, subprotocols=[websockets.Subprotocol(SUBPROTOCOL)], proxy=None)

    async def say(**message: Any) -> None:
        await socket.send(json.dumps(message))

    if moment != "connected":
        await say(type="connection_init", payload={"authorization": f"Bearer {token}"})
    if moment not in ("connected", "signing in"):
        assert json.loads(await socket.recv())["type"] == "connection_ack"
    if moment in ("subscribing", "subscribed", "following"):
        await say(type="subscribe", id="feed", payload=FOLLOW)
    if moment in ("subscribed", "following"):
        assert json.loads(await socket.recv())["type"] == "next"
    if moment == "subscribing":
        await asyncio.sleep(int.from_bytes(os.urandom(1)) / 256 * 0.05)
    if moment == "following":
        await asyncio.sleep(0.3)
    socket.transport.abort()


async def test_a_socket_that_dies_at_any_moment_leaves_nothing(counting: CountingHub) -> None:
    moments = ("connected", "signing in", "signed in", "subscribing", "subscribed", "following")
    async with at_work(counting, "mrc.nara") as nara, at_work(counting, "mgec.delger") as delger:
        await nara.send(plain_form(1))
        for moment in moments:  # once each, so that all that is made once is there
            await socket_that_dies(counting, moment)
        await asyncio.sleep(1)
        listeners, tasks = await counting.holds()
        assert listeners == 0
        files = counting.open_files()

        async with following(delger, 0) as follower:
            assert (await counting.holds())[0] == 2  # it would be seen: one that follows, one that minds its rights
            await asyncio.gather(
                *(socket_that_dies(counting, moment) for moment in moments for _ in range(DEAD_OF_EACH))
            )
            await nara.send(plain_form(2))  # those who live are told, whoever died
            await follower.reaches(2, within=5)
            assert follower.delay(2) < PUSHED
        await counting.comes_to_hold(0, tasks)
        async with asyncio.timeout(10):
            while counting.open_files() > files:
                await asyncio.sleep(0.1)
    assert "Traceback" not in counting.said()
