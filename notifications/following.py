"""Following a feed: what is there first, then live; every entry once and in order, whatever nudges are lost."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from asgiref.sync import sync_to_async

from notifications import feed, push
from notifications.models import FeedEntry

BATCH = 100


async def follow(agency: str, after: int) -> AsyncIterator[FeedEntry]:
    """The agency's feed after `after`, for ever. The database alone says what there is; a nudge only says: look."""
    async with aclosing(push.nudges(agency)) as nudges:
        async for _ in nudges:
            while entries := await _read(agency, after, BATCH):
                for entry in entries:
                    yield entry
                    after = entry.sequence


_read = sync_to_async(feed.after, thread_sensitive=False)
