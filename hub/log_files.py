"""The logs over HTTP, as C2SP tlog-tiles has it: the same paths and bytes as a static server over their folder gives.

/log/activity/checkpoint        text, not kept
/log/activity/tile/0/000.p/17   never changes: kept for a year
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from agencies import directory
from audit import log, tiles
from audit.files import CHECKPOINT, path_of
from hub import threads
from ortoo.protocol.errors import Refused
from ortoo.protocol.tiles import parse_path

MARK: Final = "/log/"  # in every path of a log
LONGEST: Final = 200  # characters of a path

Headers = list[tuple[bytes, bytes]]

ALWAYS: Final[Headers] = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'"),
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"referrer-policy", b"no-referrer"),
]
TEXT: Final[Headers] = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-cache")]
BYTES: Final[Headers] = [
    (b"content-type", b"application/octet-stream"),
    (b"cache-control", b"public, max-age=31536000, immutable"),
]
NOTHING: Final[Headers] = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]


def has(path: str) -> bool:
    return MARK in path and len(path) < LONGEST


async def serve(scope: Mapping[str, Any], send: Callable[[Mapping[str, Any]], Awaitable[None]]) -> None:
    """The ASGI application."""
    if scope["method"] not in ("GET", "HEAD"):
        status, headers, body = 405, [*NOTHING, (b"allow", b"GET, HEAD")], b"Use GET.\n"
    else:
        status, headers, body = await threads.read(_found, scope["path"].removeprefix("/"))
    headers = [*headers, *ALWAYS, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def _found(path: str) -> tuple[int, Headers, bytes]:
    for name, origin in _logs().items():
        prefix, _, rest = path.partition(path_of(origin) + "/")
        if prefix or not rest:
            continue
        if rest == CHECKPOINT and (newest := log.newest_in_force(name)) is not None:
            return 200, TEXT, newest.note.encode()
        tile, signed = parse_path(rest), log.newest_signed(name)
        if tile is not None and signed is not None and tile.covers <= signed.size:
            return 200, BYTES, tiles.read(name, origin, tile)
    return 404, NOTHING, b"There is no such file of a log.\n"


def _logs() -> dict[str, str]:
    """The origins of the logs that the network has in force."""
    try:
        current = directory.in_force()
    except Refused:
        return {}
    own = directory.activity_log(current)
    return {log.DIRECTORY: directory.origin_of(current)} | ({log.ACTIVITY: own[0]} if own is not None else {})
