"""Nudges through the channel layer: "look at this agency's feed". They carry the agency and the sequence, nothing else.

One listener a process feeds all its sockets. A lost nudge loses nothing: whoever follows looks every few seconds too.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import structlog
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

log = structlog.get_logger()

GROUP: Final = "feed"
LOOK_EVERY: Final = 3.0  # seconds
AGAIN_AFTER: Final = 1.0  # seconds, when the layer failed

_serving: asyncio.AbstractEventLoop | None = None
_listener: asyncio.Task[None] | None = None
_waiting: dict[str, set[asyncio.Event]] = {}


def serve(loop: asyncio.AbstractEventLoop) -> None:
    """This process serves on this loop: nudges are sent from it, and listened to on it."""
    global _serving, _listener
    if _serving is not loop:
        _serving = loop
        _listener = loop.create_task(_listen())


def nudge(agency: str, sequence: int) -> None:
    """Tell all processes, from any thread, after the commit. Never raises: the feed itself is what counts."""
    message = {"type": "feed.nudge", "agency": agency, "sequence": sequence}
    if _serving is not None and _serving.is_running():
        asyncio.run_coroutine_threadsafe(_send(message), _serving)
        return
    with suppress(Exception):  # a command beside the hub: whoever follows looks by itself in a few seconds
        async_to_sync(_send)(message)


async def nudges(agency: str) -> AsyncIterator[None]:
    """Once at the start, then after each nudge for the agency, and every few seconds."""
    event = asyncio.Event()
    _waiting.setdefault(agency, set()).add(event)
    try:
        while True:
            event.clear()
            yield
            with suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), LOOK_EVERY)
    finally:
        _waiting[agency].discard(event)
        if not _waiting[agency]:
            del _waiting[agency]


async def _send(message: dict[str, str | int]) -> None:
    layer = get_channel_layer()
    try:
        await layer.group_send(GROUP, message)
    except Exception as error:
        log.warning("nudge_lost", error=type(error).__name__)


async def _listen() -> None:
    """Wake whoever waits for the agency named, for as long as the process serves."""
    while True:
        layer = get_channel_layer()
        try:
            channel = await layer.new_channel()
            await layer.group_add(GROUP, channel)
            while True:
                message = await layer.receive(channel)
                for event in _waiting.get(message["agency"], ()):
                    event.set()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            log.warning("listening_again", error=type(error).__name__)
            await asyncio.sleep(AGAIN_AFTER)
