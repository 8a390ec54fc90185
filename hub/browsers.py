"""What a browser's page is given and may do: its session lives in a cookie that no script can read.

A cookie goes along with whatever any page asks for, so it counts only where the browser itself says that one of our own
pages asks: a POST whose `Origin` is this very address. Members who share a browser have a cookie each, named for them;
a page says whose it means, and is nobody's where it says nothing. Whoever sends `Authorization` is served for that
alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from hub.errors import BadRequest

# A browser takes this name from this host alone, by https, for every path. The member's id follows.
COOKIE: Final = "__Host-ortoo-"
MEMBER: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Strict"
TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 bits in base64url
NOBODYS: Final = ""  # the token of a cookie that cannot be one of ours: it is answered like one that has ended


@dataclass(frozen=True)
class Caller:
    """Who sends a request, as far as the request says.

    token: None where it has none. of_cookie: the member whose cookie brought it. origin: of the page that asks; None
    outside of browsers. is_own_page: it is one of this very address. address: the client's, for limits alone.
    """

    token: str | None
    address: str
    of_cookie: str | None = None
    is_own_page: bool = False
    origin: str | None = None


@dataclass
class SessionCookie:
    """What becomes of the session's cookie with an answer. Resolvers say it, the answer's header tells the browser."""

    caller: Caller
    line: str | None = field(default=None, repr=False)

    def give(self, member: str, token: str, expires_at: datetime) -> str:
        """The token as the answer may show it: not at all to a page, which gets it as the member's cookie."""
        if self.caller.origin is None:
            return token
        lasts = max(0, int((expires_at - datetime.now(UTC)).total_seconds()))
        self.line = f"{COOKIE}{member}={token}; Max-Age={lasts}; {ATTRIBUTES}"
        return ""

    def end(self) -> None:
        """The session of this request is over; a cookie that did not bring it is another one's."""
        if self.caller.of_cookie is not None:
            self.line = f"{COOKIE}{self.caller.of_cookie}=; Max-Age=0; {ATTRIBUTES}"


def caller_of(scope: Mapping[str, Any], token: str | None, address: str, member: Any = None) -> Caller:
    """Who asks, where `token` is that of `Authorization`, or whose cookie is meant. It counts for POST and for sockets.

    Raises BadRequest where the browser says that another site's page asks with the cookie.
    """
    origins = _values(scope, b"origin")
    origin = origins[0] if origins else None
    own = origins == [_address_of(scope)]
    if token is not None or not isinstance(member, str) or not MEMBER.fullmatch(member):
        return Caller(token, address, is_own_page=own, origin=origin)
    if not own or scope.get("method", "POST") != "POST":
        return Caller(None, address, is_own_page=own, origin=origin)
    _check_site(scope)
    return Caller(_token_of(_cookies(scope, member)), address, of_cookie=member, is_own_page=own, origin=origin)


def check_sign_in(scope: Mapping[str, Any], caller: Caller) -> None:
    """Signing in from a page: from one of our own, and over HTTP, where a cookie can be given. Raises BadRequest.

    Else another page of this machine could sign somebody in as somebody else, or read the token.
    """
    if caller.origin is None:
        return
    if scope["type"] == "websocket":
        raise BadRequest.because("bad_request", "Sign in over HTTP.")
    if not caller.is_own_page:
        raise _refused()
    _check_site(scope)


def _check_site(scope: Mapping[str, Any]) -> None:
    if any(site != "same-origin" for site in _values(scope, b"sec-fetch-site")):
        raise _refused()


def _refused() -> BadRequest:
    return BadRequest.because("origin_refused", "Pages of another origin may not use this hub.", status=403)


def _address_of(scope: Mapping[str, Any]) -> str | None:
    """The origin of this hub's own pages, as the browser that sent this request knows it."""
    hosts = _values(scope, b"host")
    is_secure = scope.get("scheme") in ("https", "wss")  # a server may say nothing where it is not
    return f"http{'s' if is_secure else ''}://{hosts[0].lower()}" if len(hosts) == 1 else None


def _cookies(scope: Mapping[str, Any], member: str) -> list[str]:
    """The values of all cookies of this member's name."""
    pairs = (pair.strip().partition("=") for line in _values(scope, b"cookie") for pair in line.split(";"))
    return [value for name, _, value in pairs if name == f"{COOKIE}{member}"]


def _token_of(cookies: list[str]) -> str:
    """A browser sends one cookie of this name: of several nobody can say who put them there."""
    return cookies[0] if len(cookies) == 1 and TOKEN.fullmatch(cookies[0]) else NOBODYS


def _values(scope: Mapping[str, Any], name: bytes) -> list[str]:
    return [value.decode("latin-1") for header, value in scope["headers"] if header.lower() == name]
