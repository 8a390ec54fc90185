"""graphql-transport-ws over a raw socket: what a client may say, what it is told, and how a socket ends."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest
import redis.asyncio
import websockets
from websockets.asyncio.client import ClientConnection, connect

from ortoo import practice
from ortoo.client import SUBPROTOCOL, document
from tests.hubs import Hub
from tests.members import PUSHED, at_work, feed_of, following, plain_form
from tests.stores import Store

ME: Final = {"query": "{ me { handle } }"}
FOLLOW: Final = {"query": document("follow"), "operationName": "Follow", "variables": {"after": 0}}


class Socket:
    """A client of the protocol that says what it is told to."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def hear(self, within: float = 5) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await asyncio.wait_for(self.connection.recv(), within))
        return message

    async def init(self, token: str | None) -> None:
        await self.say(type="connection_init", payload={"authorization": f"Bearer {token}"} if token else None)
        assert await self.hear() == {"type": "connection_ack"}

    async def until_closed(self, within: float) -> AsyncIterator[str]:
        """The types of what is heard, without any answer to it."""
        while True:
            try:
                yield (await self.hear(within))["type"]
            except websockets.ConnectionClosed:
                return

    async def closed(self, within: float = 5) -> int:
        """The code with which the hub closes it; what was still said before is dropped."""
        async with asyncio.timeout(within):
            while True:
                try:
                    await self.connection.recv()
                except websockets.ConnectionClosed as end:
                    return end.rcvd.code if end.rcvd else 1006


@asynccontextmanager
async def opened(
    hub: Hub, token: str | None = None, *, subprotocol: str | None = SUBPROTOCOL, **more: Any
) -> AsyncIterator[Socket]:
    """A socket at the hub; signed in, where a token is given."""
    subprotocols = [websockets.Subprotocol(subprotocol)] if subprotocol else None
    async with connect(hub.socket, subprotocols=subprotocols, proxy=None, max_size=None, **more) as connection:
        socket = Socket(connection)
        if token:
            await socket.init(token)
        yield socket


# --- connecting -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subprotocol", [None, "graphql-ws", "nonsense"])
async def test_another_subprotocol_is_refused(served: Hub, subprotocol: str | None) -> None:
    """Told by a code; a client that hears of no subprotocol of its own may hang up first."""
    try:
        async with opened(served, subprotocol=subprotocol) as socket:
            assert await socket.closed() == 4406
    except websockets.NegotiationError:
        pass


async def test_who_does_not_introduce_himself_is_closed(served: Hub) -> None:
    async with opened(served) as socket:
        began = time.monotonic()
        assert await socket.closed(within=15) == 4408
        assert 8 < time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["nonsense"], 4400),
        (["[]"], 4400),
        (['"connection_init"'], 4400),
        (["{}"], 4400),
        (['{"type":1}'], 4400),
        (['{"type":"connection_terminate"}'], 4400),
        (['{"type":"start","id":"1","payload":{}}'], 4400),
        (['{"type":"connection_init","payload":{"x":NaN}}'], 4400),
        (['{"type":"connection_init","payload":{"x":"\\ud800"}}'], 4400),
        (["[" * 100_000], 4400),
        ([b"\x00\x01"], 4400),
        (['{"type":"subscribe","id":"1","payload":{"query":"{ network { id } }"}}'], 4401),
        (['{"type":"connection_init"}', '{"type":"connection_init"}'], 4429),
        (['{"type":"connection_init","payload":{"authorization":"Bearer nonsense"}}'], 4401),
        (['{"type":"connection_init","payload":{"authorization":"Basic YTpi"}}'], 4401),
        (['{"type":"connection_init","payload":{"authorization":{}}}'], 4401),
        (['{"type":"connection_init"}', '{"type":"subscribe","payload":{}}'], 4400),
        (['{"type":"connection_init"}', '{"type":"subscribe","id":"","payload":{}}'], 4400),
        (['{"type":"connection_init"}', '{"type":"subscribe","id":1,"payload":{}}'], 4400),
        (['{"type":"connection_init"}', '{"type":"subscribe","id":"1","payload":[]}'], 4400),
        (['{"type":"connection_init"}', '{"type":"complete"}'], 4400),
    ],
)
async def test_what_is_not_the_protocol_closes_the_socket(served: Hub, messages: list[str | bytes], code: int) -> None:
    async with opened(served) as socket:
        for message in messages:
            await socket.connection.send(message)
        assert await socket.closed() == code


async def test_the_origin_and_the_host_are_ours(served: Hub, token: str) -> None:
    evil = "ws://evil.example/graphql"
    for address, headers in (
        (served.socket, {"Origin": "https://evil.example"}),
        (served.socket, {"Origin": "null"}),
        (evil, {}),
    ):
        with pytest.raises(websockets.InvalidStatus) as refused:
            await connect(address, host="127.0.0.1", port=served.port, additional_headers=headers, proxy=None)
        assert refused.value.response.status_code == 403
    async with opened(served, token, additional_headers={"Origin": served.url}) as socket:
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}


async def test_another_path_is_no_socket(served: Hub) -> None:
    with pytest.raises(websockets.InvalidStatus):
        await connect(served.socket + "x", proxy=None)


# --- operations -------------------------------------------------------------------------------------------------------


async def test_queries_go_over_a_socket_too(served: Hub, token: str) -> None:
    async with opened(served, token) as socket:
        for id in ("1", "1", "a b"):  # an id is free again once it is complete
            await socket.say(type="subscribe", id=id, payload=ME)
            assert await socket.hear() == {
                "type": "next",
                "id": id,
                "payload": {"data": {"me": {"handle": "mgec.delger"}}},
            }
            assert await socket.hear() == {"type": "complete", "id": id}


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "bad_request"),
        ({"query": 1}, "bad_request"),
        ({"query": "{ nosuchfield }"}, "bad_document"),
        ({"query": "{ ...A } fragment A on Query { ...A }"}, "bad_document"),
        ({"query": document("follow"), "variables": {"after": "x"}}, "bad_variables"),
        ({"query": document("follow"), "variables": {}}, "bad_variables"),
        ({"query": document("follow"), "variables": {"after": -1}}, "malformed"),
        ({"query": document("follow"), "operationName": "Other", "variables": {"after": 0}}, "bad_document"),
        ({"query": document("referral"), "variables": {"id": {}}}, "bad_variables"),
    ],
)
async def test_an_operation_that_is_refused_leaves_the_socket_open(
    served: Hub, token: str, payload: dict[str, Any], code: str
) -> None:
    async with opened(served, token) as socket:
        await socket.say(type="subscribe", id="1", payload=payload)
        told = await socket.hear()
        assert (told["type"], told["id"]) == ("error", "1")
        assert [one["extensions"]["code"] for one in told["payload"]] == [code]
        await socket.say(type="subscribe", id="1", payload=ME)
        assert (await socket.hear())["type"] == "next"


async def test_without_a_token_there_is_the_network_alone(served: Hub) -> None:
    async with opened(served) as socket:
        await socket.init(None)
        await socket.say(type="subscribe", id="1", payload={"query": "{ network { practice } }"})
        assert (await socket.hear())["payload"] == {"data": {"network": {"practice": True}}}
        assert (await socket.hear())["type"] == "complete"
        for payload in (ME, FOLLOW):
            await socket.say(type="subscribe", id="2", payload=payload)
            told = await socket.hear()
            assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "not_signed_in")


async def test_an_id_in_use_and_too_many_operations_close_the_socket(served: Hub, token: str) -> None:
    async with opened(served, token) as socket:
        for _ in range(2):
            await socket.say(type="subscribe", id="1", payload=FOLLOW)
        assert await socket.closed() == 4409
    async with opened(served, token) as socket:
        for n in range(32):
            await socket.say(type="subscribe", id=str(n), payload=FOLLOW)
        await socket.say(type="complete", id="0")  # makes room for another
        await socket.say(type="subscribe", id="0", payload=FOLLOW)
        await socket.say(type="ping")
        assert await socket.hear() == {"type": "pong"}
        await socket.say(type="subscribe", id="one more", payload=FOLLOW)
        assert await socket.closed() == 4429


async def test_what_was_completed_is_told_nothing_more(hub: Hub) -> None:
    token = practice.identity("mgec.delger", hub.practice).token
    async with at_work(hub, "mrc.nara") as nara, opened(hub, token) as socket:
        await socket.say(type="subscribe", id="1", payload=FOLLOW)
        await socket.say(type="subscribe", id="2", payload=FOLLOW)
        await nara.send(plain_form(1))
        assert sorted([(await socket.hear())["id"], (await socket.hear())["id"]]) == ["1", "2"]
        await socket.say(type="complete", id="1")
        await socket.say(type="complete", id="never there")
        await nara.send(plain_form(2))
        assert (await socket.hear())["id"] == "2"
        with pytest.raises(TimeoutError):
            await socket.hear(within=1)


async def test_a_message_that_is_too_large_closes_the_socket(served: Hub, token: str) -> None:
    async with opened(served, token) as socket:
        await socket.say(
            type="subscribe", id="1", payload={"query": "{ me { id } }", "variables": {"x": "a" * 1_100_000}}
        )
        assert await socket.closed() in (1006, 1009, 4400)


def many_entries(times: int) -> dict[str, Any]:
    """A query with a large answer."""
    return {"query": "{ " + " ".join(f"d{n}: directory(first: 100) {{ entries }}" for n in range(times)) + " }"}


async def test_an_answer_that_is_too_large_for_a_socket_is_refused(served: Hub, token: str) -> None:
    async with opened(served, token) as socket:
        await socket.say(type="subscribe", id="1", payload=many_entries(30))
        told = await socket.hear()
        assert (told["type"], told["payload"][0]["extensions"]["code"]) == ("error", "limit_exceeded")
        await socket.say(type="subscribe", id="1", payload=ME)
        assert (await socket.hear())["type"] == "next"


async def test_a_client_that_does_not_read_is_not_served_on(served: Hub, token: str) -> None:
    """Once 256 KiB are on their way, answers wait for a pong; without one the socket is closed after half a minute."""
    large = many_entries(3)
    async with opened(served, token) as socket:
        for n in range(32):
            await socket.say(type="subscribe", id=str(n), payload=large)
        began = time.monotonic()
        heard = [message async for message in socket.until_closed(within=45)]
        assert socket.connection.close_code == 4499
        assert 25 < time.monotonic() - began < 45
        assert 1 <= heard.count("next") < 32
        assert heard.count("ping") == 1
    assert "incident" not in served.said()


async def test_a_client_that_reads_gets_as_much_as_it_asks_for(served: Hub, token: str) -> None:
    """Beyond 256 KiB it shows by its pongs that it reads."""
    large = many_entries(3)
    async with opened(served, token) as socket:
        heard = pings = 0
        for n in range(32):
            await socket.say(type="subscribe", id=str(n), payload=large)
        answers = 0
        while answers < 32:
            message = await socket.hear(within=30)
            if message["type"] == "ping":
                pings += 1
                await socket.say(type="pong")
            elif message["type"] == "next":
                answers += 1
                heard += len(json.dumps(message))
        assert heard > 5 * 1024 * 1024
        assert pings >= 1


# --- the feed ---------------------------------------------------------------------------------------------------------


async def test_what_is_there_is_replayed_and_what_comes_is_told_at_once(hub: Hub) -> None:
    """Ten sends, each told well before the look that every follower takes now and then."""
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        for number in range(1, 4):
            await nara.send(plain_form(number))
        async with following(delger, 1) as follower:
            await follower.reaches(3, within=5)
            for number in range(4, 14):
                await nara.send(plain_form(number))
                await follower.reaches(number, within=5)
        assert follower.sequences == list(range(2, 14))
        assert follower.entries == (await feed_of(delger))[1:]
        assert max(follower.delay(number) for number in range(4, 14)) < PUSHED


async def test_a_token_that_is_revoked_ends_the_socket(founded: Store, hub: Hub) -> None:
    token = practice.identity("mgec.delger", hub.practice).token
    async with at_work(hub, "mrc.nara") as nara, opened(hub, token) as quiet, opened(hub, token) as told:
        for socket in (quiet, told):
            await socket.say(type="subscribe", id="1", payload=FOLLOW)
        await nara.send(plain_form(1))
        assert (await told.hear())["type"] == "next"
        founded.execute(
            "UPDATE agencies_token SET revoked_at = CURRENT_TIMESTAMP"
            " WHERE member_id = (SELECT id FROM agencies_member WHERE handle = 'mgec.delger')"
        )
        await nara.send(plain_form(2))
        assert "next" not in [message async for message in told.until_closed(within=5)]
        assert told.connection.close_code == 4401
        assert await quiet.closed(within=10) == 4401
        async with opened(hub) as late:
            await late.say(type="connection_init", payload={"authorization": f"Bearer {token}"})
            assert await late.closed() == 4401


@pytest.mark.parametrize("store_kind", ["postgres"])
async def test_a_nudge_carries_the_agency_and_the_sequence_alone(founded: Store, start_hub: Callable[[], Hub]) -> None:
    """Everything that goes through Redis, looked at in Redis."""
    hub = start_hub()
    assert founded.redis_url
    listener = redis.asyncio.Redis.from_url(founded.redis_url)
    try:
        heard = listener.pubsub()
        await heard.psubscribe("*")
        async with (
            at_work(hub, "mrc.nara") as nara,
            at_work(hub, "mgec.delger") as delger,
            following(delger, 0) as follower,
        ):
            (sent,) = await nara.send(plain_form(1))
            await follower.reaches(1, within=5)
            await delger.acknowledge(sent.id)
        messages = []
        while message := await heard.get_message(timeout=1):
            if message["type"] == "pmessage":
                messages.append(message["data"])
        assert len(messages) >= 2
        for data in messages:
            assert len(data) < 120
            assert b"feed.nudge" in data
            assert b"mgec" in data or b"mrc" in data
            for secret in (sent.id, nara.identity.member, delger.identity.member):
                assert secret.encode() not in data
        assert await listener.keys("*") == []  # and nothing is kept there
    finally:
        await listener.aclose()
