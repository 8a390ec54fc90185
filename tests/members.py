"""Members at work in tests that tell stories: each with its own keys, session and memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

from ortoo import practice
from ortoo.contract import FeedEntry
from ortoo.form import Form
from ortoo.session import Session
from tests.hubs import Hub
from tests.stores import REPOSITORY

SCENARIOS: Final = REPOSITORY / "ortoo" / "data" / "scenarios"
SHELTER_TONIGHT: Final = SCENARIOS / "01-shelter-tonight.json"
THREE_AGENCIES: Final = SCENARIOS / "02-three-agencies-three-views.json"

# Seconds. A socket looks by itself every three: what comes sooner, again and again, was pushed (far under a second on a
# machine that is not busy: bench/). What was not pushed has come by the second look.
PUSHED: Final = 2.5
LOOKED_UP: Final = 6


def at_work(hub: Hub, handle: str, url: str | None = None) -> AbstractAsyncContextManager[Session]:
    return Session.open(practice.identity(handle, hub.practice), url or hub.url, hub.practice / "state")


def plain_form(number: int) -> Form:
    """A short form for the shelter that any member may send, unlike every other number's."""
    return replace(Form.read(SHELTER_TONIGHT), sender=None, sections={"needs": {"dependants": number}})


async def feed_of(session: Session) -> list[FeedEntry]:
    """The whole feed of the member's agency, page by page."""
    entries: list[FeedEntry] = []
    while page := await session.client.feed(entries[-1].sequence if entries else 0):
        entries += page
    return entries


async def all_ids(session: Session, box: str) -> list[str]:
    """The ids of the whole `inbox` or `outbox`, in its order, as often as they are listed."""
    ids: list[str] = []
    after: str | None = None
    while True:
        page = await getattr(session.client, box)(50, after)
        ids += [edge.node.id for edge in page.edges]
        if not page.page_info.has_next_page:
            return ids
        after = page.page_info.end_cursor


@dataclass
class Follower:
    """What a live follower was given, each with the moment at which it had it."""

    entries: list[FeedEntry] = field(default_factory=list)
    told_at: list[datetime] = field(default_factory=list)
    line: list[str] = field(default_factory=list)

    @property
    def sequences(self) -> list[int]:
        return [one.sequence for one in self.entries]

    async def reaches(self, sequence: int, within: float) -> None:
        """Wait until it was given that entry; TimeoutError after `within` seconds."""
        async with asyncio.timeout(within):
            while not self.entries or self.entries[-1].sequence < sequence:
                await asyncio.sleep(0.01)

    def delay(self, sequence: int) -> float:
        """Seconds from the hub's acceptance (its clock is this machine's) until the follower had the entry."""
        place = self.sequences.index(sequence)
        return (self.told_at[place] - self.entries[place].at.astimezone(UTC)).total_seconds()


@asynccontextmanager
async def following(session: Session, after: int) -> AsyncIterator[Follower]:
    """Follow the feed after `after` in the background. What ended it, if anything did, is raised at the end."""
    seen = Follower()

    async def follow() -> None:
        async with aclosing(session.client.follow(after, seen.line.append)) as entries:
            async for entry in entries:
                seen.told_at.append(datetime.now(UTC))
                seen.entries.append(entry)

    task = asyncio.ensure_future(follow())
    try:
        await asyncio.sleep(0.5)  # it replays what is there, and then listens
        yield seen
        if task.done():
            task.result()  # a follower ends only with an error
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
