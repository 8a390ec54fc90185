"""`GET /healthz`: the process answers. `GET /readyz`: it can do its work; 503 and what is not ready, if it cannot."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from channels.layers import get_channel_layer
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from agencies import clock
from audit import log
from hub import threads
from notifications import outbox
from ortoo.words import Words, language_of
from referrals import firing

LOGGED_WITHIN: Final = timedelta(minutes=5)
WITHIN: Final = 5.0  # seconds
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


async def health(scope: Mapping[str, Any], receive: Any, send: Send) -> None:
    """The ASGI application of both."""
    if scope["method"] not in ("GET", "HEAD"):
        await _say(send, 405, {"ready": False})
    elif scope["path"] == "/healthz":
        await _say(send, 200, {"alive": True})
    else:
        lacking = await missing()
        said = {"means": in_words(lacking)} if lacking else {}
        await _say(send, 503 if lacking else 200, {"ready": not lacking, "missing": lacking, **said})


async def missing() -> list[str]:
    """What the hub lacks to do its work: database, migrations, network, log, clocks, channel_layer, mail."""
    checks = [
        _lacks("database", threads.read(_look_at_database)),
        _lacks("channel_layer", _look_at_channel_layer()),
        _lacks("mail", threads.read(_look_at_mail)),
    ]
    return [lack for lack in await asyncio.gather(*checks) if lack]


def in_words(lacking: Sequence[str]) -> list[str]:
    """A sentence for each: what it means for the operator, and what to do."""
    words = Words(language_of())
    return [words(f"health.{lack}") for lack in lacking]


async def _lacks(part: str, check: Awaitable[str | None]) -> str | None:
    """What the check finds lacking; the part itself where it cannot be reached in time."""
    try:
        return await asyncio.wait_for(check, WITHIN)
    except Exception:
        return part


def _look_at_database() -> str | None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return "migrations"
    if not log.size_in_force(log.DIRECTORY):
        return "network"
    if log.is_late(timezone.now() - LOGGED_WITHIN):
        return "log"
    return "clocks" if firing.is_late(clock.now()) else None


def _look_at_mail() -> str | None:
    try:
        return "mail" if outbox.is_late(clock.now()) else None
    except DatabaseError:  # it is named already
        return None


async def _look_at_channel_layer() -> None:
    # To a group that nobody is in: a channel made for each check would stay subscribed in Redis for good.
    await get_channel_layer().group_send("ready", {"type": "ready"})


async def _say(send: Send, status: int, value: Mapping[str, Any]) -> None:
    body = json.dumps(value).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
