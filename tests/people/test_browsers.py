"""A browser's page signs in and works: its session is a cookie, which no script and no other site's page can use."""

import asyncio
import dataclasses
import hashlib
import json
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import websockets
from websockets.asyncio.client import connect

from ortoo import practice
from ortoo.client import SUBPROTOCOL, Client, document, operation_names
from ortoo.joining import enrol
from ortoo.protocol.documents import b64
from ortoo.protocol.keys import stretch
from tests.hubs import NO_TLS, Hub
from tests.members import at_work
from tests.people.newcomers import Newcomer, confirmed, expected
from tests.stores import Stores

JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"
ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Strict"
GIVEN: Final = re.compile(rf"__Host-ortoo-([0-9a-f-]{{36}})=([A-Za-z0-9_-]{{43}}); Max-Age=(\d+); {ATTRIBUTES}")
FREE: Final = "{ me { handle } }"  # no document of ours


@pytest.fixture(scope="module")
def hub(stores: Stores) -> Iterator[Hub]:
    """A hub that takes our own documents alone from pages, as a real one does. What a cookie counts for does not depend
    on the store.
    """
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(dataclasses.replace(store, more={"ORTOO_TRUSTED_DOCUMENTS": "yes"}))
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()


def named(operation: str, /, **variables: Any) -> dict[str, Any]:
    """An operation as the browser client sends it."""
    return {"documentId": f"sha256:{hashlib.sha256(document(operation).encode()).hexdigest()}", "variables": variables}


ME: Final = named("me")


def cleared(member: str) -> str:
    return f"__Host-ortoo-{member}=; Max-Age=0; {ATTRIBUTES}"


def id_of(hub: Hub, handle: str = "mgec.delger") -> str:
    return practice.identity(handle, hub.practice).member


def post(
    hub: Hub, body: dict[str, Any], cookie: str | None = None, member: str | None = None, **headers: str | None
) -> httpx.Response:
    """From a page of this hub, which has the cookie and means its member (Delger); None leaves a header out."""
    member = member or id_of(hub)
    said: dict[str, str | None] = {
        "Origin": hub.url,
        "Content-Type": JSON,
        "Accept": GRAPHQL,
        "Ortoo-Member": member,
        "Cookie": f"__Host-ortoo-{member}={cookie}" if cookie is not None else None,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    sent = [(name, value) for name, value in said.items() if value is not None]
    with httpx.Client(trust_env=False, timeout=30, verify=NO_TLS) as client:
        return client.post(hub.graphql, content=json.dumps(body), headers=sent)


def codes(answer: httpx.Response) -> list[str]:
    return [one["extensions"]["code"] for one in answer.json().get("errors", [])]


def token_of(hub: Hub, handle: str = "mgec.delger") -> str:
    return practice.identity(handle, hub.practice).token


def who(answer: httpx.Response) -> str:
    return str(answer.json()["data"]["me"]["handle"])


async def somebody(hub: Hub, folder: Path) -> Newcomer:
    newcomer = Newcomer(f"mgec.{secrets.token_hex(4)}", folder)
    async with at_work(hub, "mgec.delger") as delger:
        await confirmed(delger, await newcomer.enrol(await expected(delger, newcomer)))
    return newcomer


def signing_in(newcomer: Newcomer) -> dict[str, Any]:
    kept = newcomer.device.find(newcomer.login)
    auth = stretch(newcomer.passphrase, newcomer.login, network=kept.network).auth
    return named("sign_in", login=newcomer.login, auth=b64(auth), second={"totp": newcomer.code()}, name="page")


# --- a session --------------------------------------------------------------------------------------------------------


async def test_a_page_signs_in_works_and_signs_out(hub: Hub, tmp_path: Path) -> None:
    newcomer = await somebody(hub, tmp_path)
    answer = post(hub, signing_in(newcomer))
    assert answer.json()["data"]["signIn"]["token"] == ""
    given = GIVEN.fullmatch(answer.headers["set-cookie"])
    assert given
    member, token = given[1], given[2]
    assert 30 * 86400 - 60 < int(given[3]) <= 30 * 86400
    assert token not in answer.text
    assert member == newcomer.device.find(newcomer.login).member

    working = post(hub, ME, token, member)
    assert (working.status_code, who(working)) == (200, newcomer.login)
    assert "set-cookie" not in working.headers
    assert token not in working.text

    gone = post(hub, named("sign_out"), token, member)
    assert (gone.json(), gone.headers["set-cookie"]) == ({"data": {"signOut": True}}, cleared(member))
    after = post(hub, ME, token, member)
    assert (after.status_code, codes(after), after.headers["set-cookie"]) == (401, ["signed_out"], cleared(member))
    assert token not in hub.said()


async def test_whoever_is_no_browser_gets_the_token_and_no_cookie(hub: Hub, tmp_path: Path) -> None:
    answer = post(hub, signing_in(await somebody(hub, tmp_path)), Origin=None)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", answer.json()["data"]["signIn"]["token"])
    assert "set-cookie" not in answer.headers


async def test_a_page_that_enrols_gets_its_session_as_a_cookie(hub: Hub, tmp_path: Path) -> None:
    newcomer = Newcomer(f"mgec.{secrets.token_hex(4)}", tmp_path)
    async with at_work(hub, "mgec.delger") as delger:
        paper = await expected(delger, newcomer)

    class Seen(Exception):
        pass

    async def stop_before_it_is_sent(request: httpx.Request) -> None:
        if b"mutation Enrol" in request.content:
            raise Seen(request.content)

    async with Client(paper.hub) as client:
        client._http.event_hooks = {"request": [stop_before_it_is_sent]}
        with pytest.raises(Seen) as seen:
            await enrol(
                client,
                newcomer.device,
                paper.code,
                paper.fingerprint,
                login=newcomer.login,
                passphrase=newcomer.passphrase,
                authenticator=newcomer.authenticator,
                shown=newcomer.code(),
            )
    answer = post(hub, json.loads(seen.value.args[0]))
    assert answer.json()["data"]["enrol"]["token"] == ""
    given = GIVEN.fullmatch(answer.headers["set-cookie"])
    assert given
    waiting = post(hub, named("waiting"), given[2], given[1])
    assert waiting.json()["data"]["waiting"] is not None
    assert given[2] not in answer.text + waiting.text + hub.said()


async def test_a_cookie_that_has_ended_keeps_nobody_from_signing_in(hub: Hub, tmp_path: Path) -> None:
    answer = post(hub, signing_in(await somebody(hub, tmp_path)), "A" * 43)
    assert answer.json()["data"]["signIn"]["token"] == ""
    assert GIVEN.fullmatch(answer.headers["set-cookie"])


def test_whoever_signs_out_by_another_token_keeps_the_cookie(hub: Hub) -> None:
    answer = post(hub, named("sign_out"), token_of(hub), Authorization=f"Bearer {token_of(hub, 'mrc.nara')}")
    assert answer.json() == {"data": {"signOut": True}}
    assert "set-cookie" not in answer.headers


# --- attacks: HTTP ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Origin": "https://evil.example"}, 403, "origin_refused"),
        ({"Origin": "null"}, 403, "origin_refused"),
        ({"Origin": None}, 401, "not_signed_in"),
        ({"Origin": "http://127.0.0.1:1"}, 401, "not_signed_in"),  # another page of this machine
        ({"Origin": "http://localhost:{port}"}, 401, "not_signed_in"),  # another name of this hub
        ({"Origin": "https://127.0.0.1:{port}"}, 401, "not_signed_in"),  # another scheme
        ({"Origin": "{url}/"}, 401, "not_signed_in"),
        ({"Sec_Fetch_Site": "cross-site"}, 403, "origin_refused"),
        ({"Sec_Fetch_Site": "same-site"}, 403, "origin_refused"),
        ({"Sec_Fetch_Site": "none"}, 403, "origin_refused"),
        ({"Content_Type": "text/plain"}, 415, "bad_request"),  # what a form can send
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415, "bad_request"),
        ({"Ortoo-Member": None}, 401, "not_signed_in"),  # a page that does not say whose cookie it means
        ({"Ortoo-Member": ""}, 401, "not_signed_in"),
        ({"Ortoo-Member": "x={token}; Path=/"}, 401, "not_signed_in"),
    ],
)
def test_the_cookie_counts_for_our_own_page_alone(
    hub: Hub, headers: dict[str, str | None], status: int, code: str
) -> None:
    known = {"port": hub.port, "url": hub.url, "token": token_of(hub)}
    said = {name: value.format(**known) if value else None for name, value in headers.items()}
    answer = post(hub, ME, token_of(hub), **said)
    assert (answer.status_code, codes(answer)) == (status, [code])
    assert "data" not in answer.json()
    assert "set-cookie" not in answer.headers


def test_and_does_count_there(hub: Hub) -> None:
    for more in ({}, {"Sec_Fetch_Site": "same-origin"}, {"Cookie": f"a=b; {both(hub)};c=d"}):
        assert who(post(hub, ME, token_of(hub), **more)) == "mgec.delger"


def both(hub: Hub) -> str:
    """The cookies of two members who share a browser."""
    return "; ".join(f"__Host-ortoo-{id_of(hub, one)}={token_of(hub, one)}" for one in ("mgec.delger", "mrc.nara"))


def test_of_members_who_share_a_browser_each_page_is_served_as_the_one_it_names(hub: Hub) -> None:
    for handle in ("mgec.delger", "mrc.nara"):
        assert who(post(hub, ME, member=id_of(hub, handle), Cookie=both(hub))) == handle
    other = id_of(hub, "pct.dorj")
    answer = post(hub, ME, member=other, Cookie=both(hub))
    assert (answer.status_code, codes(answer), answer.headers["set-cookie"]) == (401, ["signed_out"], cleared(other))


@pytest.mark.parametrize(
    "cookie",
    [
        "{0}={1}; {0}={1}",
        "{0}={1}; {0}=",
        "{0}={1}; {0}={2}",
        "ortoo={1}",
        "{3}={1}",
        "{4}={1}",
        "{0}=",
        "{0}=" + "{1}" * 200,
        '{0}="{1}"',
        "{0}={1} x",
        "{0}=" + "é" * 43,
    ],
)
def test_a_cookie_that_is_none_of_ours_is_nobodys_and_is_cleared(hub: Hub, cookie: str) -> None:
    """Two of the name, one of another name, an empty, an overlong, a quoted one."""
    name = f"__Host-ortoo-{id_of(hub)}"
    others = (name.replace("Host", "Secure"), name.replace("Host", "host"))
    header = cookie.format(name, token_of(hub), token_of(hub, "mrc.nara"), *others)
    with httpx.Client(trust_env=False, verify=NO_TLS) as client:
        answer = client.post(
            hub.graphql,
            content=json.dumps(ME),
            headers=[
                (b"Origin", hub.url.encode()),
                (b"Content-Type", JSON.encode()),
                (b"Accept", GRAPHQL.encode()),
                (b"Ortoo-Member", id_of(hub).encode()),
                (b"Cookie", header.encode()),
            ],
        )
    said = (answer.status_code, codes(answer), answer.headers["set-cookie"])
    assert said == (401, ["signed_out"], cleared(id_of(hub)))


def test_two_lines_of_cookies_are_looked_at_both(hub: Hub) -> None:
    headers = [("Origin", hub.url), ("Content-Type", JSON), ("Accept", GRAPHQL), ("Ortoo-Member", id_of(hub))]
    cookie = f"__Host-ortoo-{id_of(hub)}={token_of(hub)}"
    for second, status in (("other=1", 200), (cookie, 401)):
        lines = [("Cookie", cookie), ("Cookie", second)]
        answer = httpx.post(
            hub.graphql, content=json.dumps(ME), headers=headers + lines, trust_env=False, verify=NO_TLS
        )
        assert answer.status_code == status


def test_a_get_with_the_cookie_is_nobodys(hub: Hub) -> None:
    for headers in ({"Origin": hub.url}, {}, {"Origin": hub.url, "Sec-Fetch-Site": "same-origin"}):
        answer = httpx.get(
            hub.graphql,
            params={"documentId": ME["documentId"]},
            headers={
                "Cookie": f"__Host-ortoo-{id_of(hub)}={token_of(hub)}",
                "Ortoo-Member": id_of(hub),
                "Accept": GRAPHQL,
                **headers,
            },
            trust_env=False,
            verify=NO_TLS,
        )
        assert (answer.status_code, codes(answer)) == (401, ["not_signed_in"])


def test_two_sessions_never_mix(hub: Hub) -> None:
    """Whoever sends a token is that one; a wrong one is not made up for by the cookie, nor is the cookie cleared."""
    foreign = post(hub, ME, token_of(hub), Authorization=f"Bearer {token_of(hub, 'mrc.nara')}")
    assert who(foreign) == "mrc.nara"
    for wrong in ("Bearer " + "A" * 43, "Bearer", "Basic YTpi", ""):
        answer = post(hub, ME, token_of(hub), Authorization=wrong)
        assert (answer.status_code, codes(answer)) == (401, ["signed_out"])
        assert "set-cookie" not in answer.headers


async def test_no_other_page_signs_anybody_in(hub: Hub, tmp_path: Path) -> None:
    """Else its visitor would work on, unknowing, in the attacker's session."""
    newcomer = await somebody(hub, tmp_path)
    asked = signing_in(newcomer)
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Origin": "http://127.0.0.1:1", "Authorization": f"Bearer {token_of(hub)}"},
    ):
        answer = post(hub, asked, **headers)
        assert (answer.status_code, codes(answer)) == (403, ["origin_refused"]), headers
        assert "set-cookie" not in answer.headers
    assert GIVEN.fullmatch(post(hub, asked).headers["set-cookie"])  # nothing of it was executed: the code is still good


# --- attacks: sockets -------------------------------------------------------------------------------------------------


@asynccontextmanager
async def socket(
    hub: Hub, cookie: str | None, origin: str | None, token: str | None = None, member: Any = None
) -> AsyncIterator[Any]:
    member = id_of(hub) if member is None else member
    headers = {} if cookie is None else {"Cookie": f"__Host-ortoo-{member}={cookie}"}
    subprotocols = [websockets.Subprotocol(SUBPROTOCOL)]
    said = websockets.Origin(origin) if origin is not None else None
    async with connect(
        hub.socket, subprotocols=subprotocols, additional_headers=headers, origin=said, proxy=None
    ) as line:
        payload = {"member": member} | ({"authorization": f"Bearer {token}"} if token else {})
        await line.send(json.dumps({"type": "connection_init", "payload": payload}))
        yield line


async def asks(line: Any, body: dict[str, Any]) -> Any:
    """What a socket answers to an operation: its data, or the codes of its errors."""
    acknowledged = json.loads(await line.recv())
    assert acknowledged == {"type": "connection_ack"}
    await line.send(json.dumps({"type": "subscribe", "id": "1", "payload": body}))
    said = json.loads(await line.recv())
    if said["type"] == "error":
        return [one["extensions"]["code"] for one in said["payload"]]
    return said["payload"]["data"]


async def closed(line: Any) -> int:
    async with asyncio.timeout(15):
        while True:
            try:
                await line.recv()
            except websockets.ConnectionClosed as end:
                return end.rcvd.code if end.rcvd else 1006


async def test_a_socket_of_our_own_page_is_served_by_the_cookie(hub: Hub) -> None:
    async with socket(hub, token_of(hub), hub.url) as line:
        assert (await asks(line, ME))["me"]["handle"] == "mgec.delger"
    async with socket(hub, token_of(hub), hub.url, token_of(hub, "mrc.nara")) as line:  # what is said counts alone
        assert (await asks(line, ME))["me"]["handle"] == "mrc.nara"
    async with socket(hub, token_of(hub), hub.url, "A" * 43) as line:
        assert await closed(line) == 4401


@pytest.mark.parametrize("origin", [None, "http://127.0.0.1:1", "http://localhost:{port}", "https://127.0.0.1:{port}"])
async def test_a_socket_of_another_page_is_nobodys(hub: Hub, origin: str | None) -> None:
    async with socket(hub, token_of(hub), origin and origin.format(port=hub.port)) as line:
        assert await asks(line, ME) == ["not_signed_in"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_a_socket_of_a_foreign_page_is_refused(hub: Hub, origin: str) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with socket(hub, token_of(hub), origin):
            pass
    assert refused.value.response.status_code == 403


async def test_a_socket_with_a_cookie_that_is_none_of_ours_is_closed(hub: Hub) -> None:
    twice = f"{token_of(hub)}; __Host-ortoo-{id_of(hub)}={token_of(hub)}"
    for cookie in ("A" * 43, "", token_of(hub) * 50, twice, None):
        async with socket(hub, cookie, hub.url) as line:
            assert await closed(line) == 4401
    for member in ("", 1, ["x"], {}):  # it does not say whose it means
        async with socket(hub, token_of(hub), hub.url, member=member) as line:
            assert await asks(line, ME) == ["not_signed_in"]


async def test_a_session_that_ends_closes_its_socket(hub: Hub, tmp_path: Path) -> None:
    given = GIVEN.fullmatch(post(hub, signing_in(await somebody(hub, tmp_path))).headers["set-cookie"])
    assert given
    async with socket(hub, given[2], hub.url, member=given[1]) as line:
        assert await asks(line, ME)
        post(hub, named("sign_out"), given[2], given[1])
        assert await closed(line) == 4401


async def test_a_page_does_not_sign_in_over_a_socket(hub: Hub, tmp_path: Path) -> None:
    """There it could only be told the token."""
    asked = signing_in(await somebody(hub, tmp_path))
    async with socket(hub, None, hub.url, member="") as line:
        assert await asks(line, asked) == ["bad_request"]
    async with socket(hub, None, None) as line:
        assert len((await asks(line, asked))["signIn"]["token"]) == 43


# --- trusted documents ------------------------------------------------------------------------------------------------


def test_every_operation_of_ours_is_known_by_its_hash(hub: Hub) -> None:
    """What is then still missing are variables, or rights."""
    for name in operation_names():
        if name != "sign_out":
            assert codes(post(hub, named(name), token_of(hub))) != ["document_unknown"], name
    assert len(operation_names()) > 70


@pytest.mark.parametrize(
    "body",
    [
        {"query": FREE},
        {"query": document("me") + " "},
        {"query": document("me") + "\n# more"},
        {"query": "query Me { me { handle } apiTokens { id } }", "operationName": "Me"},
        {"query": "{ __schema { types { name } } }"},
        {"documentId": "sha256:" + "0" * 64},
        {"documentId": ME["documentId"].upper()},
        {"documentId": ME["documentId"].removeprefix("sha256:")},
        {"documentId": ""},
    ],
)
async def test_a_page_asks_only_what_our_pages_ask(hub: Hub, body: dict[str, Any]) -> None:
    answer = post(hub, body, token_of(hub))
    assert (answer.status_code, codes(answer)) == (400, ["document_unknown"])
    async with socket(hub, token_of(hub), hub.url) as line:
        assert await asks(line, body) == ["document_unknown"]
    if "query" in body:  # with a cookie that has ended, too; whoever has a token may ask freely
        assert codes(post(hub, body, "A" * 43)) == ["document_unknown"]
        assert "errors" not in post(hub, body, Authorization=f"Bearer {token_of(hub)}").json()


def test_the_very_text_of_one_of_ours_is_that_one(hub: Hub) -> None:
    assert who(post(hub, {"query": document("me")}, token_of(hub))) == "mgec.delger"


@pytest.mark.parametrize(
    "body",
    [
        {"documentId": ME["documentId"], "query": document("me")},
        {"documentId": ME["documentId"], "query": FREE},
        {"documentId": 1},
        {"documentId": [ME["documentId"]]},
        {"documentId": {}},
    ],
)
def test_a_document_is_named_or_written_and_not_both(hub: Hub, body: dict[str, Any]) -> None:
    answer = post(hub, body, token_of(hub))
    assert (answer.status_code, codes(answer)) == (400, ["bad_request"])


def test_a_name_serves_whoever_has_a_token_too(hub: Hub) -> None:
    assert who(post(hub, ME, Origin=None, Authorization=f"Bearer {token_of(hub)}")) == "mgec.delger"


def test_where_the_hub_is_not_told_so_a_page_may_ask_freely(stores: Stores) -> None:
    """A practice hub, for whoever develops."""
    with stores.opened("sqlite", "founded") as store:
        practising = Hub(store).start()
        try:
            assert who(post(practising, {"query": FREE}, token_of(practising))) == "mgec.delger"
        finally:
            practising.stop()
