"""Who may ask what: every operation of the API, every kind of asker, over HTTP and over a socket.

Each line is written out. Whoever is not named in it is told `not_signed_in` or `role_not_allowed`, before anything is
looked up: so the answer is the same whatever is there.
"""

import asyncio
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import websockets

from ortoo import administration, contract, joining, practice
from ortoo.client import SUBPROTOCOL
from ortoo.client import document as document_of
from ortoo.protocol.documents import b64, new_id
from tests.hubs import NO_TLS, Hub
from tests.members import at_work
from tests.people.newcomers import Newcomer, confirmed, expected, fingerprint
from tests.people.test_agencies import admitted
from tests.stores import REPOSITORY, Stores

NOBODY, WAITING, FOCAL, ADMIN, COORDINATOR, READS, WRITES, KIT = ASKERS = (
    "nobody",
    "waiting",
    "focal_point",
    "administrator",
    "coordinator",
    "api:read",
    "api:send,answer",
    "recovery",
)
ANYBODY: Final = {*ASKERS}
SIGNED_IN: Final = ANYBODY - {NOBODY}
PEOPLE: Final = SIGNED_IN - {READS, WRITES}
MEMBERS: Final = SIGNED_IN - {WAITING}

MAY: Final[dict[str, set[str]]] = {
    # the network and the directory
    "network": ANYBODY,
    "directory": ANYBODY,
    "directoryToCosign": ANYBODY,
    "cosignDirectory": ANYBODY,
    "activityLog": ANYBODY,
    "activityToCosign": ANYBODY,
    "cosignActivity": ANYBODY,
    "movePracticeClock": MEMBERS,
    "kemKeys": SIGNED_IN,
    "me": SIGNED_IN,
    "colleagues": MEMBERS,
    "agencyKeys": MEMBERS,
    # referrals
    "consent": {FOCAL, READS},
    "referral": {FOCAL, COORDINATOR, READS},
    "alternatives": {FOCAL, READS},
    "onward": {FOCAL, WRITES},
    "chain": {FOCAL, READS},
    "evidence": {FOCAL, READS},
    "evidenceListed": {FOCAL, READS},
    "evidencePiece": {FOCAL, READS},
    "inbox": {FOCAL, READS},
    "outbox": {FOCAL, READS},
    "trail": {FOCAL, READS},
    "logged": {FOCAL, COORDINATOR, READS},
    "overdue": {COORDINATOR},
    "statistics": {COORDINATOR},
    "feed": {FOCAL, READS},
    "recordConsent": {FOCAL, WRITES},
    "sendReferrals": {FOCAL, WRITES},
    "openReferral": {FOCAL, COORDINATOR, WRITES},
    "takeStep": {FOCAL, COORDINATOR, WRITES},
    "upload": {FOCAL, WRITES},
    "uploadPiece": {FOCAL, WRITES},
    "filePiece": {FOCAL, READS},
    # the person's receipt
    "receiptChallenge": ANYBODY,
    "lookWithReceipt": ANYBODY,
    "withdrawWithReceipt": ANYBODY,
    "proveWithReceipt": ANYBODY,
    # e-mail
    "notifications": {FOCAL, COORDINATOR},
    "saveNotifications": {FOCAL, COORDINATOR},
    "confirmAddress": {FOCAL, COORDINATOR},
    # services
    "services": {FOCAL, ADMIN, COORDINATOR, READS},
    "findServices": {FOCAL, ADMIN, COORDINATOR, READS},
    "saveService": {ADMIN},
    "endService": {ADMIN},
    "setFull": {FOCAL, ADMIN},
    "clearFull": {FOCAL, ADMIN},
    "setAccepting": {ADMIN},
    "setReceiving": {ADMIN},
    "saveContact": {ADMIN},
    # signing in
    "signIn": ANYBODY,
    "beginPasskeySignIn": ANYBODY,
    "newChallenge": ANYBODY,
    "proveSignatory": PEOPLE,
    "kitSignIn": ANYBODY,
    "signOut": PEOPLE,
    "sessions": PEOPLE,
    "endSession": PEOPLE,
    "keyring": PEOPLE,
    "saveKeyring": PEOPLE,
    "setUpAccount": {FOCAL, ADMIN, COORDINATOR},
    "changePassphrase": PEOPLE,
    "changeAuthenticator": PEOPLE,
    "newRecoveryCodes": PEOPLE,
    "passkeys": PEOPLE,
    "beginPasskey": PEOPLE,
    "addPasskey": PEOPLE,
    "removePasskey": PEOPLE,
    # members
    "invitation": ANYBODY,
    "enrol": ANYBODY,
    "waiting": PEOPLE,
    "invitations": {ADMIN, KIT},
    "invite": {ADMIN, KIT},
    "withdrawInvitation": {ADMIN, KIT},
    "candidates": {ADMIN, KIT},
    "turnAway": {ADMIN, KIT},
    "heldKeys": {ADMIN, KIT},
    "lastSeen": {ADMIN},
    "handOver": {ADMIN, KIT},
    "publishRoster": PEOPLE,  # the roster's own chain says whose signature counts
    "addPartner": {ADMIN},
    "apiTokens": {ADMIN},
    "issueApiToken": {ADMIN},
    "revokeApiToken": {ADMIN},
    # agencies
    "apply": ANYBODY,
    "applications": {COORDINATOR},
    "turnDown": {COORDINATOR},
    "proposals": {COORDINATOR},
    "propose": {COORDINATOR},
    # what passes between agencies
    "overseen": {COORDINATOR},
    "timeline": {COORDINATOR},
    "openings": {COORDINATOR},
    "looks": {COORDINATOR},
    "reviews": {COORDINATOR},
    "exportTrail": {COORDINATOR},
}

VARIABLES: Final[dict[str, Any]] = {
    "id": "00000000-0000-7000-8000-000000000000",
    "member": "00000000-0000-7000-8000-000000000000",
    "referral": "00000000-0000-7000-8000-000000000000",
    "consent": "00000000-0000-7000-8000-000000000000",
    "to": "mgec",
    "parts": ["needs"],
    "hashes": [],
    "sha256": b64(bytes(32)),
    "offset": 0,
    "piece": b64(bytes(10)),
    "part": "needs/file-1",
    "documents": [],
    "size": 1,
    "seconds": 0,
    "line": "\u2014 nobody AAAAAAAA\n",
    "decision": b64(bytes(32)),
    "after": 0,
    "first": 1,
    "decisions": [],
    "referrals": [],
    "event": "{}",
    "step": {"envelope": "{}"},
    "receipt": "{}",
    "login": "nobody.at.all",
    "auth": b64(bytes(32)),
    "newAuth": b64(bytes(32)),
    "second": {"totp": "000000"},
    "challenge": b64(bytes(32)),
    "proof": b64(bytes(64)),
    "sealed": b64(bytes(64)),
    "version": 900,
    "keyring": {"sealed": b64(bytes(64)), "unlocks": []},
    "totp": b64(bytes(20)),
    "code": b64(bytes(16)),
    "response": "{}",
    "name": "x",
    "names": {"handle": "x", "name": "x", "nameEn": "x"},
    "roles": [],
    "role": "x",
    "seeds": [],
    "roster": "{}",
    "kemKeys": [],
    "scopes": [],
    "days": 1,
    "document": "{}",
    "agency": {"handle": "x", "kind": "x", "name": "x", "nameEn": "x"},
    "keys": {"id": "x", "key": b64(bytes(32)), "kem": b64(bytes(10))},
    "handle": "mgec",
    "need": "shelter",
    "service": {
        "code": "x",
        "name": "x",
        "nameEn": "x",
        "places": [],
        "languages": [],
        "schedule": [],
        "exceptions": [],
        "genders": [],
        "dependants": True,
        "taken": 0,
    },
    "until": "2020-01-01T00:00:00Z",
    "notifications": {"address": "", "language": "mn", "urgencies": [], "workingHours": False},
    "digits": "00000000",
    "accepting": True,
    "receiving": True,
    "contact": {"place": "", "phone": "", "dutyPhone": "", "email": ""},
    "account": {
        "login": "x",
        "auth": b64(bytes(32)),
        "keyring": {"sealed": b64(bytes(64)), "unlocks": []},
        "totp": b64(bytes(20)),
        "code": "000000",
    },
    **dict.fromkeys(("overdue", "unanswered", "withoutConsent", "waiting"), False),
    "format": "csv",
}
FILTERS: Final = {"agency": "mgec", "service": "shelter"}  # elsewhere what one hands in under these names is whole
REFUSED: Final = {"not_signed_in", "role_not_allowed"}


@dataclass
class Asking:
    hub: Hub
    http: httpx.Client
    tokens: dict[str, str | None]


@pytest.fixture(scope="module")
def asking(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            found = asyncio.run(tokens(hub, tmp_path_factory.mktemp("askers")))
            with httpx.Client(trust_env=False, timeout=30, verify=NO_TLS) as http:
                yield Asking(hub, http, found)
        finally:
            hub.stop()


async def tokens(hub: Hub, folder: Path) -> dict[str, str | None]:
    """A token of each kind of asker, made as it is made in life."""
    found: dict[str, str | None] = {NOBODY: None}
    found[FOCAL] = practice.identity("mgec.solongo", hub.practice).token
    found[COORDINATOR] = practice.identity("nhrcm.bold", hub.practice).token
    oyun = Newcomer("new-agency.oyun", folder)
    await admitted(hub, oyun, "new-agency")
    async with oyun.at_work() as session:
        waiting = Newcomer("new-agency.waits", folder)
        found[WAITING] = (await waiting.enrol(await expected(session, waiting))).open.token
        names = contract.Names(handle="new-agency.system", name="Систем", name_en="System")
        partner = await administration.new_partner(session, names)
        for scopes in (["read"], ["send", "answer"]):
            made = await session.client.issue_api_token(partner.member, ",".join(scopes), scopes, 30)
            found["api:" + ",".join(scopes)] = made.token
        kit_names = contract.Names(handle="new-agency.kit", name="Хайрцаг", name_en="Kit")
        kit = await administration.new_kit(session, kit_names)
        second = Newcomer("new-agency.second", folder)
        await confirmed(session, await second.enrol(await expected(session, second, "administrator")))
    async with second.at_work() as session:
        found[ADMIN] = session.identity.token
    async with joining.with_kit(hub.url, fingerprint(hub), "new-agency", kit, folder / "kit") as holder:
        found[KIT] = holder.identity.token
    return found


def operations() -> dict[str, str]:
    """The documents that the SDK sends, by the root field that they ask for first."""
    found = {}
    for path in (REPOSITORY / "graphql" / "operations").glob("*.graphql"):
        text = document_of(path.stem)
        if path.stem not in ("follow", "ids"):
            found[text.split("{", 1)[1].split("(")[0].split("{")[0].split("}")[0].strip()] = text
    return found


OPERATIONS: Final = operations()


def test_every_operation_has_its_line() -> None:
    assert OPERATIONS.keys() == MAY.keys()


def variables(document: str) -> dict[str, Any]:
    head = document.split("{", 1)[0]
    named = {name: VARIABLES[name] for name in VARIABLES if f"${name}:" in head}
    named |= {name: code for name, code in FILTERS.items() if f"${name}: String" in head}
    return {**named, "after": None} if re.search(r"\$after: (String|Bytes)", head) else named


@pytest.mark.parametrize("field", sorted(OPERATIONS))
def test_over_http(asking: Asking, field: str) -> None:
    document = OPERATIONS[field]
    for asker in ASKERS:
        if field == "signOut" and asker in MAY[field]:
            continue  # it would end the session of the others' lines; test_signing_in.py signs out
        token = asking.tokens[asker]
        answer = asking.http.post(
            asking.hub.graphql,
            json={"query": document, "variables": variables(document)},
            headers={"Authorization": f"Bearer {token}"} if token else {},
        ).json()
        check(field, asker, answer)


@pytest.mark.parametrize("asker", ASKERS)
async def test_over_a_socket(asking: Asking, asker: str) -> None:
    token = asking.tokens[asker]
    payload = {"authorization": f"Bearer {token}"} if token else None
    for field, document in sorted(OPERATIONS.items()):
        if field == "signOut" and asker in MAY[field]:
            continue
        async with websockets.connect(
            asking.hub.socket, subprotocols=[websockets.Subprotocol(SUBPROTOCOL)], proxy=None
        ) as socket:
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(await socket.recv())["type"] == "connection_ack"
            asked = {"query": document, "variables": variables(document)}
            await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": asked}))
            told = json.loads(await asyncio.wait_for(socket.recv(), 20))
            check(field, asker, told["payload"] if told["type"] == "next" else {"errors": told["payload"]})


def check(field: str, asker: str, answer: Any) -> None:
    codes = {one["extensions"]["code"] for one in answer.get("errors", [])}
    assert "internal" not in codes, (field, asker)
    if asker in MAY[field]:
        assert not codes & REFUSED or field == "publishRoster", (field, asker, answer)
    else:
        assert codes & REFUSED, (field, asker, answer)
        assert not (answer.get("data") or {}).get(field), (field, asker)


@pytest.mark.parametrize("asker", [one for one in ASKERS if one not in (FOCAL, READS)])
async def test_following_is_for_those_who_read(asking: Asking, asker: str) -> None:
    token = asking.tokens[asker]
    payload = {"authorization": f"Bearer {token}"} if token else None
    async with websockets.connect(
        asking.hub.socket, subprotocols=[websockets.Subprotocol(SUBPROTOCOL)], proxy=None
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        await socket.recv()
        query = {"query": "subscription { feed(after: 0) { sequence } }"}
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": query}))
        told = json.loads(await asyncio.wait_for(socket.recv(), 20))
        errors = told["payload"] if told["type"] == "error" else told["payload"]["errors"]
        assert errors[0]["extensions"]["code"] in REFUSED


async def test_an_administrator_sees_and_ends_nothing_of_another_agency(asking: Asking, tmp_path: Path) -> None:
    """Foreign ids in every argument that takes one: as if they were not there."""
    hub = asking.hub
    newcomer = Newcomer(f"mgec.{secrets.token_hex(4)}", tmp_path)
    async with at_work(hub, "mgec.delger") as delger, at_work(hub, "ecpat.hulan") as hulan:
        paper = await expected(delger, newcomer)
        (invitation,) = [one for one in await delger.client.invitations() if one.handle == newcomer.login]
        joined = await newcomer.enrol(paper)
        names = contract.Names(handle=f"mgec.{secrets.token_hex(4)}", name="Систем", name_en="System")
        partner = await administration.new_partner(delger, names)
        token = await delger.client.issue_api_token(partner.member, "x", ["read"], 1)
        seed = contract.Seed(member=joined.open.kept.member, epoch=1, sealed=b64(bytes(1168)))
        mine = [
            hulan.client.withdraw_invitation(invitation.id),
            hulan.client.turn_away(joined.open.kept.member),
            hulan.client.hand_over([seed]),
            hulan.client.issue_api_token(partner.member, "x", ["read"], 1),
            hulan.client.revoke_api_token(token.listed.id),
            hulan.client.invite(newcomer.names(), ["focal_point"], joined.open.kept.member),
            hulan.client.end_session(new_id()),
        ]
        for attempt in mine:
            with pytest.raises(Exception) as refused:  # noqa: PT011 - the code is what is looked at
                await attempt
            assert getattr(refused.value, "code", None) == "not_found"
        assert [one.member.handle for one in await delger.client.candidates()].count(newcomer.login) == 1
        assert await hulan.client.candidates() == []
        assert await hulan.client.api_tokens() == []
