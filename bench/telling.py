"""How soon the receiving agency is told: from the sending until a follower has it, verified."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Final

from ortoo.session import Arrival, Session
from tests.members import feed_of, plain_form

TIMES: Final = 20
APART: Final = 0.5  # seconds, so that the followers' own looks meet none of them in particular
FIRST: Final = 5000  # of the forms' numbers


async def measure(session: Any) -> tuple[float, float]:
    """Milliseconds, the medians: of a send until it is accepted, and from then until the other side has it."""
    accepted, told = [], []
    async with session("mrc.nara") as nara, session("mgec.delger") as delger:
        last = (await feed_of(delger))[-1].sequence
        async with aclosing(delger.follow(last)) as arrivals:
            coming = asyncio.ensure_future(_next(arrivals))
            for number in range(FIRST, FIRST + TIMES):
                await asyncio.sleep(APART)
                took, arrived = await _one(nara, number, coming)
                accepted.append(took)
                told.append(arrived)
                coming = asyncio.ensure_future(_next(arrivals))
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
    return statistics.median(accepted), statistics.median(told)


async def _one(nara: Session, number: int, coming: asyncio.Task[float]) -> tuple[float, float]:
    began = time.perf_counter()
    await nara.send(plain_form(number))
    accepted = time.perf_counter()
    return 1000 * (accepted - began), 1000 * max(0.0, await coming - accepted)


async def _next(arrivals: AsyncIterator[Arrival]) -> float:
    await anext(arrivals)
    return time.perf_counter()
