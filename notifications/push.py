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
SENT_WITHIN: Final = 5.0  # seconds
AGAIN_AFTER: Final = 1.0  # seconds, when the layer failed

_serving: asyncio.AbstractEventLoop | None = None
_tasks: list[asyncio.Task[None]] = []
_waiting: dict[str, set[asyncio.Event]] = {}
_to_send: dict[str, int] = {}  # the newest sequence of each agency whose nudge was not sent yet
_something_to_send = asyncio.Event()


def serve(loop: asyncio.AbstractEventLoop) -> None:
    """This process serves on this loop: nudges are sent from it, and listened to on it."""
    global _serving, _something_to_send
    if _serving is not loop:
        _serving = loop
        _something_to_send = asyncio.Event()
        _tasks[:] = [loop.create_task(_listen()), loop.create_task(_speak())]


def nudge(agency: str, sequence: int) -> None:
    """Tell all processes, from any thread, after the commit. Never raises: the feed itself is what counts."""
    if _serving is not None and _serving.is_running():
        _serving.call_soon_threadsafe(_remember, agency, sequence)
        return
    with suppress(Exception):  # a command beside the hub: whoever follows looks by itself in a few seconds
        async_to_sync(_send)(agency, sequence)


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


def _remember(agency: str, sequence: int) -> None:
    _to_send[agency] = max(sequence, _to_send.get(agency, 0))
    _something_to_send.set()


async def _speak() -> None:
    """Send what there is, one after the other: those that wait for a slow layer become one for each agency."""
    while True:
        await _something_to_send.wait()
        _something_to_send.clear()
        while _to_send:
            await _send(*_to_send.popitem())


async def _send(agency: str, sequence: int) -> None:
    message = {"type": "feed.nudge", "agency": agency, "sequence": sequence}
    try:
        await asyncio.wait_for(get_channel_layer().group_send(GROUP, message), SENT_WITHIN)
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
