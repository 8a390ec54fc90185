"""`GET /healthz`: the process answers. `GET /readyz`: it can do its work; 503 and what is not ready, if it cannot."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from channels.layers import get_channel_layer
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from audit import log
from hub import threads

WITHIN: Final = 5.0  # seconds
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


async def health(scope: Mapping[str, Any], receive: Any, send: Send) -> None:
    """The ASGI application of both."""
    if scope["method"] not in ("GET", "HEAD"):
        await _say(send, 405, {"ready": False})
    elif scope["path"] == "/healthz":
        await _say(send, 200, {"alive": True})
    else:
        missing = await _missing()
        await _say(send, 503 if missing else 200, {"ready": not missing, "missing": missing})


async def _missing() -> list[str]:
    checks = {"database": threads.read(_check_database), "channel_layer": _check_channel_layer()}
    results = await asyncio.gather(*(_holds(check) for check in checks.values()))
    return [name for name, holds in zip(checks, results, strict=True) if not holds]


async def _holds(check: Awaitable[bool]) -> bool:
    try:
        return await asyncio.wait_for(check, WITHIN)
    except Exception:
        return False


def _check_database() -> bool:
    """Reachable, migrated, and with a network in it."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes()) and log.size_in_force(log.DIRECTORY) > 0


async def _check_channel_layer() -> bool:
    # To a group that nobody is in: a channel made for each check would stay subscribed in Redis for good.
    await get_channel_layer().group_send("ready", {"type": "ready"})
    return True


async def _say(send: Send, status: int, value: Mapping[str, Any]) -> None:
    body = json.dumps(value).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
