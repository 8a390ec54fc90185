"""What an attacker can make the hub write: never a word of the attacker's or a member's; and what an incident tells."""

import asyncio
import json
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

import httpx
import msgspec
import pytest
import websockets

from ortoo import practice
from ortoo.client import SUBPROTOCOL, HubError, document
from ortoo.contract import Sealed
from ortoo.form import Form
from ortoo.protocol.documents import sign
from ortoo.protocol.errors import Refused
from tests.hubs import NO_TLS, Hub
from tests.members import SHELTER_TONIGHT, at_work, feed_of, plain_form
from tests.stores import Kind, Stores

MARK: Final = "Mongoljin-Эрдэнэчимэг"
ESCAPED: Final = json.dumps(MARK)[1:-1]
ASCII_MARK: Final = "Mongoljin"  # a part of it, that headers can hold

# Everything that a line of the log may say, written out here.
FIELDS: Final = {"timestamp", "level", "event", "logger", "where", "error", "trace"} | {
    "incident",
    "request_id",
    "operation",
    "part",
}


@pytest.fixture
def store_kind() -> Kind:
    """What is logged does not know the store."""
    return "sqlite"


@pytest.fixture(scope="module")
def attacked(stores: Stores) -> Iterator[Hub]:
    """A hub after all these attacks, each of which carries the mark."""
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            by_http(hub)
            by_raw_bytes(hub)
            asyncio.run(by_socket(hub))
            asyncio.run(by_documents(hub))
            yield hub
        finally:
            hub.stop()


def by_http(hub: Hub) -> None:
    token = practice.identity("mrc.nara", hub.practice).token
    signed_in = {"Authorization": f"Bearer {token}"}
    query = {"query": "{ network { id } }"}
    answers = []
    with httpx.Client(base_url=hub.url, trust_env=False, timeout=30, verify=NO_TLS) as http:
        for header in (
            "Authorization",
            "Cookie",
            "Ortoo-Member",
            "User-Agent",
            "Referer",
            "X-Forwarded-For",
            "X-Request-Id",
            "Accept",
        ):
            answers.append(http.post("/graphql", json=query, headers={header: ASCII_MARK}))
        for value in (f"Bearer {ASCII_MARK}", f"Basic {ASCII_MARK}", f"Bearer {token}{ASCII_MARK}"):
            answers.append(http.post("/graphql", json=query, headers={"Authorization": value}))
        for header in ("Host", "Origin", "Content-Type", "Content-Encoding"):
            with_header = {**signed_in, header: f"{ASCII_MARK}.example"}
            answers.append(http.post("/graphql", content=json.dumps(query), headers=with_header))
        for path in (f"/{MARK}", f"/graphql/{MARK}", f"/healthz?{MARK}", f"/readyz/{MARK}", f"/static/{MARK}"):
            answers += [http.get(path, headers=signed_in), http.request(ASCII_MARK.upper(), path)]
        answers.append(http.get("/graphql", params={"query": f"{{ {ASCII_MARK} }}", "variables": MARK}))
        answers.append(http.get("/graphql", params={"query": f'{{ referral(id: "{MARK}") {{ id }} }}', "token": token}))
        for body in (
            MARK,
            json.dumps({"query": MARK}),
            json.dumps({"query": f"# {MARK}\n{{ me {{ id }} }}"}),
            json.dumps({"query": f"query {ASCII_MARK} {{ me {{ id }} {ASCII_MARK} }}", "operationName": MARK}),
            json.dumps({"query": "query ($v: ID!) { referral(id: $v) { id } }", "variables": {"v": MARK}}),
            json.dumps({"query": "query ($v: ID!) { referral(id: $v) { id } }", "variables": {MARK: [MARK]}}),
            json.dumps({"query": "{ me { id } }", "extensions": {MARK: MARK}}),
            json.dumps({"query": "{" * 5000 + MARK}),
            json.dumps({"query": document("take_step"), "variables": {"step": {"envelope": MARK}}}),
            json.dumps({"query": document("open_referral"), "variables": {"event": json.dumps({"payload": MARK})}}),
            json.dumps({"query": document("send_referrals"), "variables": {"referrals": [{"envelope": MARK}]}}),
            json.dumps({"query": document("inbox"), "variables": {"first": 50, "after": MARK}}),
        ):
            headers = {**signed_in, "Content-Type": "application/json"}
            answers.append(http.post("/graphql", content=body.encode(), headers=headers))
    assert {answer.status_code for answer in answers} >= {200, 401, 403, 404, 405, 415, 421}
    assert not [answer for answer in answers if answer.status_code >= 500]


def by_raw_bytes(hub: Hub) -> None:
    """What no client library would send."""
    for raw in (
        f"{ASCII_MARK}\r\n\r\n",
        f"GET /{MARK} HTTP/9.9\r\n\r\n",
        f"GET / HTTP/1.1\r\n{MARK}\r\n\r\n",
        f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: {ASCII_MARK}\r\n\r\n{MARK}",
        f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{MARK}\r\n",
        f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9{ASCII_MARK}\r\n\r\n{MARK}",
        f"GET /graphql HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {MARK}\r\n\r\n",
        f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000\r\n\r\n{MARK}",  # and goes away
    ):
        with socket.create_connection(("127.0.0.1", hub.port), timeout=1) as connection:
            connection.sendall(raw.encode())
            connection.settimeout(0.2)
            try:
                connection.recv(4096)
            except (TimeoutError, ConnectionError):
                continue


async def by_socket(hub: Hub) -> None:
    token = practice.identity("mrc.nara", hub.practice).token
    welcome = json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
    refused = json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {MARK}"}})
    follow = {"query": document("follow"), "operationName": MARK, "variables": {"after": MARK, MARK: MARK}}
    for messages in (
        [MARK],
        [MARK.encode()],
        [refused],
        [welcome, MARK],
        [welcome, json.dumps({"type": MARK, "payload": MARK})],
        [welcome, json.dumps({"type": "subscribe", "id": MARK, "payload": follow})],
        [welcome, json.dumps({"type": "subscribe", "id": MARK, "payload": {"query": MARK}})],
        [welcome, json.dumps({"type": "ping", "payload": {MARK: token}})],
    ):
        async with websockets.connect(
            hub.socket, subprotocols=[websockets.Subprotocol(SUBPROTOCOL)], proxy=None
        ) as connection:
            try:
                for message in messages:
                    await connection.send(message)
                    await asyncio.wait_for(connection.recv(), 2)
            except (websockets.ConnectionClosed, TimeoutError):
                continue
    for more in ({"origin": f"https://{ASCII_MARK}.example"}, {"user_agent_header": ASCII_MARK}):
        try:
            async with websockets.connect(hub.socket, proxy=None, **more):  # type: ignore[arg-type]
                pass
        except websockets.WebSocketException:
            continue


async def by_documents(hub: Hub) -> None:
    """Well signed by a member, and wrong in what they say: refused with a code, and told to nobody else."""
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        form = replace(Form.read(SHELTER_TONIGHT), sections={"needs": {"need_in_own_words": MARK}})
        draft = await nara.draft(form)
        await nara.client.record_consent(draft.sealed_decisions)
        (referral,) = draft.referrals
        plain = draft.sealed_referrals[0]
        body = referral.document.body
        for changed in (
            msgspec.structs.replace(body, to="nobody-here"),
            msgspec.structs.replace(body, at="2020-01-01T00:00:00Z"),
            msgspec.structs.replace(body, routing=msgspec.structs.replace(body.routing, place=MARK)),
            msgspec.structs.replace(body, routing=msgspec.structs.replace(body.routing, services=[ASCII_MARK])),
        ):
            try:
                envelope = sign(changed, nara.identity.secrets.sign).envelope
            except Refused:
                continue
            with pytest.raises(Refused):
                await nara.client.send_referrals([msgspec.structs.replace(plain, envelope=envelope)])
        with pytest.raises((Refused, HubError)):
            await delger.client.send_referrals([plain])
        with pytest.raises((Refused, HubError)):
            await nara.client.send_referrals([Sealed(envelope=plain.envelope)])
        (sent,) = await nara.send(form)
        await delger.message(sent.id, MARK)
        with pytest.raises(Refused):
            await delger.close(sent.id, "service_given", MARK)


def test_no_attack_writes_a_word_of_its_own_into_the_log(attacked: Hub) -> None:
    log = attacked.said()
    assert "answers at" in log
    for word in (MARK, ESCAPED, ASCII_MARK, ASCII_MARK.upper(), ASCII_MARK.lower()):
        assert word not in log
    assert "Traceback" not in log
    assert '"incident"' not in log


def test_no_key_or_token_or_document_is_in_the_log(attacked: Hub) -> None:
    log = attacked.said()
    for path in sorted((attacked.practice / "members").glob("*.json")):
        member = json.loads(path.read_text(encoding="utf-8"))
        for name in ("token", "sign", "kem", "member"):
            assert member[name] not in log, name
    assert "Bearer" not in log
    assert not re.findall(r"[A-Za-z0-9_-]{43,}", log)  # no 32 bytes of anything
    said = "\n".join(line for line in log.splitlines() if line.startswith("{"))  # the rest is what it says at its start
    for word in ("vnd.ortoo", "payload", "envelope", "mutation", "query {", "127.0.0.1", "/graphql"):
        assert word not in said, word


def test_every_line_of_the_log_has_known_fields_alone(attacked: Hub) -> None:
    lines = [json.loads(line) for line in attacked.said().splitlines() if line.startswith("{")]
    assert {name for line in lines for name in line} <= FIELDS


# --- incidents --------------------------------------------------------------------------------------------------------


def test_an_incident_tells_a_number_and_is_logged_once_with_its_trace(start_hub: Callable[[], Hub]) -> None:
    hub = start_hub()
    hub.store.execute("DROP TABLE notifications_feedentry")
    identity = practice.identity("mrc.nara", hub.practice)
    headers = {"Authorization": f"Bearer {identity.token}"}
    query = {"query": document("feed"), "variables": {"after": 0, "first": 10}}
    answer = httpx.post(hub.graphql, json=query, headers=headers, trust_env=False, timeout=30, verify=NO_TLS)
    check_told(answer.json()["errors"], answer.text, hub)

    over_socket = asyncio.run(first_over_socket(hub, identity.token, query))
    assert over_socket["type"] in ("next", "error")
    payload = over_socket["payload"]
    check_told(payload if isinstance(payload, list) else payload["errors"], json.dumps(over_socket), hub)
    assert len(incidents(hub)) == 2


async def first_over_socket(hub: Hub, token: str, query: dict[str, Any]) -> dict[str, Any]:
    subprotocols = [websockets.Subprotocol(SUBPROTOCOL)]
    async with websockets.connect(hub.socket, subprotocols=subprotocols, proxy=None) as connection:
        init = {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        await connection.send(json.dumps(init))
        assert json.loads(await connection.recv())["type"] == "connection_ack"
        await connection.send(json.dumps({"type": "subscribe", "id": "1", "payload": query}))
        answer: dict[str, Any] = json.loads(await asyncio.wait_for(connection.recv(), 10))
        return answer


def check_told(errors: list[dict[str, Any]], text: str, hub: Hub) -> None:
    (error,) = errors
    number = error["extensions"]["incident"]
    assert re.fullmatch(r"[0-9a-f]{10}", number)
    assert error["extensions"] == {"code": "internal", "incident": number}
    assert error["message"] == f"Something went wrong here. Incident {number}"
    for word in ("feedentry", "no such table", "sqlite", "OperationalError", "Traceback", ".py", "SELECT"):
        assert word not in text
    (logged,) = [one for one in incidents(hub) if one["incident"] == number]
    assert hub.said().count(number) == 1
    assert logged["level"] == "error"
    assert "OperationalError" in logged["error"]
    assert any(re.search(r"notifications/feed\.py:\d+ after$", frame) for frame in logged["trace"])
    for word in ("no such table", "SELECT", "feedentry"):  # where it happened, not what was said
        assert word not in hub.said()


def incidents(hub: Hub) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in hub.said().splitlines() if line.startswith("{")]
    return [line for line in lines if "incident" in line]


async def test_an_incident_while_sending_leaves_nothing_of_it_behind(start_hub: Callable[[], Hub]) -> None:
    hub = start_hub()
    async with at_work(hub, "mrc.nara") as nara:
        await nara.send(plain_form(1))
        hub.store.execute("ALTER TABLE notifications_feedentry RENAME TO away")
        before = rows(hub)
        with pytest.raises(HubError) as caught:
            await nara.send(plain_form(2))
        assert (caught.value.code, len(str(caught.value.incident))) == ("internal", 10)
        assert rows(hub) == before
        (logged,) = incidents(hub)
        assert logged["incident"] == caught.value.incident

        hub.store.execute("ALTER TABLE away RENAME TO notifications_feedentry")
        (sent,) = await nara.send(plain_form(2))  # the draft was kept, or is made anew: it arrives once
    async with at_work(hub, "mgec.delger") as delger:
        feed = await feed_of(delger)
        assert [one.sequence for one in feed] == [1, 2]
        assert feed[1].referral == sent.id


def rows(hub: Hub) -> list[Any]:
    tables = ("referrals_referral", "referrals_sealedset", "referrals_part", "referrals_partkey", "audit_leaf")
    heads = hub.store.execute("SELECT agency_id, sequence FROM notifications_feedhead ORDER BY agency_id")
    counts = [hub.store.execute(f"SELECT count(*) FROM {table}")[0][0] for table in tables[:-1]]  # noqa: S608 - written here
    return [*counts, heads]
