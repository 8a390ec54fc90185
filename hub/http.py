"""GraphQL over HTTP (the specification of that name), as an ASGI application of its own beside Django's.

Django's handler costs a thread and a millisecond for each request; here a request makes one hop into the few database
threads. What the handler did otherwise is done by hand: host and origin, size, content types, headers.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from graphql import OperationType

from hub import answering, browsers, errors
from hub.addresses import address_of
from hub.answering import Parameters, from_json
from hub.browsers import SessionCookie
from hub.errors import BadRequest

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

MAX_BODY: Final = 32 * 1024 * 1024  # bytes: 16 referrals, each with 2 MiB of sealed parts
MAX_ANONYMOUS_BODY: Final = 64 * 1024  # without a token there is nothing large to say
READ_WITHIN: Final = 300.0  # seconds, for a whole body: 2 MiB over a telephone at 64 kbit/s
GRAPHQL: Final = "application/graphql-response+json"
JSON: Final = "application/json"
SECURITY: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


@dataclass(frozen=True)
class Answer:
    status: int
    body: Mapping[str, Any]
    media_type: str = JSON
    allow: str | None = None
    cookie: str | None = field(default=None, repr=False)  # what the browser is to keep of it


class GraphQLOverHTTP:
    """The ASGI application."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = secrets.token_hex(8)
        headers = headers_of(scope)
        media_type = _accepted(headers.get("accept"))
        try:
            answer = await _answer(scope, headers, receive, media_type, request_id)
        except BadRequest as bad:
            answer = _refused(bad, media_type)
        except Exception as error:
            told = errors.of_exception(error, request_id=request_id)
            answer = Answer(500, {"errors": [told]}, media_type or JSON)
        await _send(answer, send, request_id)


async def _answer(
    scope: Scope, headers: Mapping[str, str], receive: Receive, media_type: str | None, request_id: str
) -> Answer:
    check_host(headers)
    if scope["method"] not in ("GET", "POST"):
        told = errors.told("bad_request", "Use POST, or GET for queries.")
        return Answer(405, {"errors": [told]}, allow="GET, POST")
    if media_type is None:
        raise BadRequest.because("bad_request", f"The answer can be {GRAPHQL} or {JSON}.", status=406)
    caller = browsers.caller_of(scope, bearer(headers), address_of(scope), headers.get("ortoo-member"))
    most = MAX_ANONYMOUS_BODY if caller.token is None else MAX_BODY
    parameters = _of_url(scope) if scope["method"] == "GET" else await _of_body(headers, receive, most)
    prepared = await answering.prepare(parameters, caller)
    if prepared.kind is OperationType.SUBSCRIPTION:
        raise BadRequest.because("bad_request", "Subscriptions go over a WebSocket (graphql-transport-ws).")
    if scope["method"] == "GET" and prepared.kind is not OperationType.QUERY:
        told = errors.told("bad_request", "Mutations go by POST.")
        return Answer(405, {"errors": [told]}, media_type, allow="POST")
    if prepared.signs_in:
        browsers.check_sign_in(scope, caller)
    session = SessionCookie(caller)
    try:
        answer = await answering.answer(prepared, parameters, request_id, caller, session)
    except BadRequest as bad:
        if bad.is_signed_out:
            session.end()
        return _refused(bad, media_type, session.line)
    return Answer(200, answer, media_type, cookie=session.line)


def _refused(bad: BadRequest, media_type: str | None, cookie: str | None = None) -> Answer:
    """A request of which nothing was executed. As application/json its errors come with 200, as ever in GraphQL."""
    status = 200 if bad.status == 400 and media_type == JSON else bad.status
    return Answer(status, {"errors": bad.errors}, media_type or JSON, cookie=cookie)


# --- what a request says ----------------------------------------------------------------------------------------------


def headers_of(scope: Scope) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def bearer(headers: Mapping[str, str]) -> str | None:
    """The token of `Authorization: Bearer …`; None without the header. Raises BadRequest for another scheme."""
    return token_of(headers.get("authorization"))


def token_of(value: Any) -> str | None:
    if value is None:
        return None
    scheme, _, token = value.partition(" ") if isinstance(value, str) else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise errors.signed_out()
    return str(token.strip())


def check_host(headers: Mapping[str, str]) -> None:
    """The host is one of ours; a browser's page of another origin may not use a member's token. Raises BadRequest."""
    if not is_our_host(headers):
        raise BadRequest.because("bad_request", "This hub is not reached under that host name.", status=421)
    origin = headers.get("origin")
    if origin is not None and not _is_allowed(origin):
        raise BadRequest.because("origin_refused", "Pages of another origin may not use this hub.", status=403)


def is_our_host(headers: Mapping[str, str]) -> bool:
    domain, _ = split_domain_port(headers.get("host", ""))
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _is_allowed(origin: str) -> bool:
    try:
        host = urlsplit(origin).hostname
    except ValueError:
        return False
    return host is not None and validate_host(f"[{host}]" if ":" in host else host, settings.ALLOWED_HOSTS)


def _accepted(accept: str | None) -> str | None:
    """The media type to answer in; None where the client takes neither."""
    if accept is None:
        return JSON
    best, chosen = (0.0, 0), None
    for one in accept.split(","):
        name, *parameters = (word.strip().lower() for word in one.split(";"))
        media_type = {GRAPHQL: GRAPHQL, JSON: JSON, "*/*": JSON, "application/*": JSON}.get(name)
        wanted = _quality(parameters), 0 if "*" in name else 1
        if media_type and wanted[0] > 0 and wanted > best:
            best, chosen = wanted, media_type
    return chosen


def _quality(parameters: list[str]) -> float:
    for one in parameters:
        if one.startswith("q="):
            try:
                return float(one[2:])
            except ValueError:
                return 0.0
    return 1.0


def _of_url(scope: Scope) -> Parameters:
    try:
        text = scope["query_string"].decode("ascii")
        given: dict[str, Any] = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=8))
    except ValueError:
        raise BadRequest.because("bad_request", "The parameters of the URL are not well formed.") from None
    for name in ("variables", "extensions"):
        if name in given:
            given[name] = from_json(given[name])
    return Parameters.of(given)


async def _of_body(headers: Mapping[str, str], receive: Receive, most: int) -> Parameters:
    media_type, *parameters = (word.strip().lower() for word in headers.get("content-type", "").split(";"))
    charset = next((one[8:].strip('"') for one in parameters if one.startswith("charset=")), "utf-8")
    if media_type != JSON or charset not in ("utf-8", "utf8"):
        raise BadRequest.because("bad_request", f"The body is {JSON} in UTF-8.", status=415)
    if headers.get("content-encoding", "identity") != "identity":
        raise BadRequest.because("bad_request", "The body is not compressed.", status=415)
    length = headers.get("content-length", "0")
    if not length.isdigit() or len(length) > 12 or int(length) > most:
        raise _too_large(most)
    try:
        async with asyncio.timeout(READ_WITHIN):
            body = await _read(receive, most)
    except TimeoutError:
        raise BadRequest.because("bad_request", "The body did not come in time.", status=408) from None
    return Parameters.of_json(body)


async def _read(receive: Receive, most: int) -> bytes:
    pieces, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest.because("bad_request", "The client went away.")
        size += len(message.get("body", b""))
        if size > most:
            raise _too_large(most)
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(pieces)


def _too_large(most: int) -> BadRequest:
    return BadRequest.because("limit_exceeded", "The request is too large.", status=413, field="body", most=most)


async def _send(answer: Answer, send: Send, request_id: str) -> None:
    body = msgspec.json.encode(answer.body)
    headers = [
        (b"content-type", f"{answer.media_type}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        *SECURITY,
    ]
    if answer.allow:
        headers.append((b"allow", answer.allow.encode()))
    if answer.cookie:
        headers.append((b"set-cookie", answer.cookie.encode()))
    if answer.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
