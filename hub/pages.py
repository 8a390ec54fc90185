"""The browser client's files, as its build left them in web/dist: read once at the start, and answered from memory.

A request's path is looked up in a dictionary and never touches the disk, so no path leads out of the folder.
"""

import hashlib
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Scope = Mapping[str, Any]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

APP: Final = "/app.html"
APP_AT: Final = ("/", "/app/")
LEAVE: Final = "/leave"  # the button of every page: the same bytes for all hubs, whatever site each leads to
RECEIPT: Final = "/receipt.html"
RECEIPT_AT: Final = ("/r/", RECEIPT)  # the person's page: no trace of it stays in a browser's cache
NOT_BUILT: Final = (
    "The browser client is not built: run `python3 bootstrap.py` where the hub's code lies, then start the hub again.\n"
)
TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
UNKNOWN: Final = "application/octet-stream"
ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}  # the best first; the build leaves such a file beside the plain one

# docs/protocol.md §11. 'self' of connect-src is the WebSocket of the same origin, too (CSP level 3).
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types ortoo",
    )
)
OWN: Final = ("camera", "publickey-credentials-create", "publickey-credentials-get")  # codes are scanned; passkeys
OFF: Final = (
    *("accelerometer", "autoplay", "browsing-topics", "display-capture", "encrypted-media", "fullscreen"),
    *("geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi"),
    *("payment", "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
SECURITY: Final = (
    ("Content-Security-Policy", POLICY),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", ", ".join([*(f"{name}=(self)" for name in OWN), *(f"{name}=()" for name in OFF)])),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
)


@dataclass(frozen=True)
class Page:
    """One file. bodies: by content encoding; "" is the file as it is."""

    path: str
    bodies: Mapping[str, bytes]

    def headers(self, encoding: str) -> Headers:
        """All but the length."""
        digest = hashlib.sha256(self.bodies[encoding]).hexdigest()[:32]
        said = {
            "Content-Type": TYPES.get(os.path.splitext(self.path)[1], UNKNOWN),
            "Cache-Control": _kept(self.path),
            "ETag": f'"{digest}"',  # another one for each encoding, as they are other bytes
        }
        if len(self.bodies) > 1:
            said["Vary"] = "Accept-Encoding"
        if encoding:
            said["Content-Encoding"] = encoding
        if self.path == "/sw.js":
            said["Service-Worker-Allowed"] = "/app/"
        return _raw([*said.items(), *SECURITY])


class Pages:
    """The ASGI application. `has` says which requests are its own. leave_site: where LEAVE leads."""

    def __init__(self, folder: Path, leave_site: str) -> None:
        self._leave_site = leave_site
        self._pages = {page.path: page for page in _read(folder)}
        if APP in self._pages:
            self._pages |= dict.fromkeys(APP_AT, self._pages[APP])
        if RECEIPT in self._pages:
            self._pages |= dict.fromkeys(RECEIPT_AT, self._pages[RECEIPT])
        # Hashed once: nothing of a file changes while the hub runs.
        self._headers = {
            (page.path, encoding): page.headers(encoding) for page in self._pages.values() for encoding in page.bodies
        }

    def has(self, path: str) -> bool:
        return path in self._pages or path in (*APP_AT, *RECEIPT_AT, LEAVE)

    async def __call__(self, scope: Scope, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _plain(send, scope, 405, "Use GET.\n", ("Allow", "GET, HEAD"))
            return
        if scope["path"] == LEAVE:
            await _plain(send, scope, 303, "", ("Location", self._leave_site))
            return
        page = self._pages.get(scope["path"])
        if page is None:
            await _plain(send, scope, 503, NOT_BUILT)
            return
        encoding = _wanted(_value(scope, b"accept-encoding"), page.bodies)
        headers, body = self._headers[page.path, encoding], page.bodies[encoding]
        if dict(headers)[b"etag"].decode() in _tags(_value(scope, b"if-none-match")):
            await _answer(send, scope, 304, headers, b"")
        else:
            await _answer(send, scope, 200, [*headers, (b"content-length", str(len(body)).encode())], body)


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(folder: Path) -> Iterator[Page]:
    """What lies in the folder; neither links, which may lead out of it, nor what begins with a dot."""
    found = dict(_files(folder, ""))
    for path, body in found.items():
        if os.path.splitext(path)[1] in ENCODINGS.values() and os.path.splitext(path)[0] in found:
            continue  # of another one
        packed = {name: found[path + ending] for name, ending in ENCODINGS.items() if path + ending in found}
        yield Page(path, {"": body} | packed)


def _files(folder: Path, under: str) -> Iterator[tuple[str, bytes]]:
    if folder.is_symlink() or not folder.is_dir():
        return
    for one in sorted(os.scandir(folder), key=lambda one: one.name):
        if one.name.startswith(".") or one.is_symlink():
            continue
        if one.is_dir(follow_symlinks=False):
            yield from _files(Path(one.path), f"{under}/{one.name}")
        elif one.is_file(follow_symlinks=False):
            yield f"{under}/{one.name}", Path(one.path).read_bytes()


def _kept(path: str) -> str:
    """For how long a browser may keep it: what the build names by its content never changes."""
    if path == RECEIPT:
        return "no-store"
    return "public, max-age=31536000, immutable" if path.startswith("/assets/") else "no-cache"


# --- answering --------------------------------------------------------------------------------------------------------


def _wanted(accepted: str, bodies: Mapping[str, bytes]) -> str:
    """The best encoding that the client takes by name; "" where there is none."""
    taken = set()
    for one in accepted.lower().split(","):
        name, _, weight = (word.strip() for word in one.partition(";"))
        if not weight.replace(" ", "").startswith("q=0") or weight.strip("q=0. "):
            taken.add(name)
    return next((name for name in ENCODINGS if name in bodies and name in taken), "")


def _tags(given: str) -> set[str]:
    return {one.strip().removeprefix("W/") for one in given.split(",")}


def _value(scope: Scope, name: bytes) -> str:
    return ",".join(value.decode("latin-1") for header, value in scope["headers"] if header.lower() == name)


def _raw(headers: list[tuple[str, str]]) -> Headers:
    return [(name.lower().encode(), value.encode()) for name, value in headers]


async def _plain(send: Send, scope: Scope, status: int, text: str, *more: tuple[str, str]) -> None:
    kept = [("Content-Type", TYPES[".txt"]), ("Cache-Control", "no-store"), *more, *SECURITY]
    body = text.encode()
    await _answer(send, scope, status, [*_raw(kept), (b"content-length", str(len(body)).encode())], body)


async def _answer(send: Send, scope: Scope, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
