"""Who may do what to which thing: role × object × operation, each cell written out, over HTTP and over a socket.

Who is not named in a line is refused. What is another agency's, or a colleague's own, is answered as what is not there.
Roles that may not ask at all: test_rights.py. Ids of other kinds: test_ids.py.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import websockets
from websockets.sync.client import ClientConnection, connect

from ortoo import administration, contract, joining
from ortoo.account import Keys
from ortoo.client import SUBPROTOCOL
from ortoo.protocol.documents import b64, new_id
from ortoo.protocol.referral import SealedReferral
from tests.attacks.town import PracticeTown, handed_in
from tests.hubs import Hub
from tests.members import at_work
from tests.people.newcomers import Newcomer, confirmed, expected, fingerprint
from tests.people.test_ids import BELOW, IDS, account
from tests.people.test_rights import (
    ADMIN,
    ASKERS,
    COORDINATOR,
    FOCAL,
    KIT,
    MAY,
    NOBODY,
    OPERATIONS,
    READS,
    REFUSED,
    WAITING,
    WRITES,
    variables,
)
from tests.protocol.network import Person
from tests.stores import Stores

OURS, SENT, RECEIVED, COLLEAGUES, FOREIGN, NOBODYS = (
    "ours",
    "sent by us",
    "sent to us",
    "a colleague's own",
    "another agency's",
    "not there",
)
NOT_THERE: Final = (COLLEAGUES, FOREIGN, NOBODYS)  # told apart by nothing

MAY_TOUCH: Final[dict[tuple[str, str], set[str]]] = {
    # referrals
    ("referral", SENT): {FOCAL, READS},
    ("referral", RECEIVED): {FOCAL, READS},
    ("referral", FOREIGN): set(),
    ("referral", NOBODYS): set(),
    ("consent", SENT): {FOCAL, READS},
    ("consent", RECEIVED): {FOCAL, READS},
    ("consent", FOREIGN): set(),
    ("consent", NOBODYS): set(),
    ("alternatives", SENT): {FOCAL, READS},
    ("alternatives", RECEIVED): set(),
    ("alternatives", FOREIGN): set(),
    ("alternatives", NOBODYS): set(),
    ("onward", SENT): set(),
    ("onward", RECEIVED): {FOCAL, WRITES},
    ("onward", FOREIGN): set(),
    ("onward", NOBODYS): set(),
    ("chain", SENT): {FOCAL, READS},
    ("chain", RECEIVED): set(),
    ("chain", FOREIGN): set(),
    ("chain", NOBODYS): set(),
    ("trail", SENT): {FOCAL, READS},
    ("trail", RECEIVED): {FOCAL, READS},
    ("trail", FOREIGN): set(),
    ("trail", NOBODYS): set(),
    ("inbox", SENT): set(),
    ("inbox", RECEIVED): {FOCAL, READS},
    ("inbox", FOREIGN): set(),
    ("outbox", SENT): {FOCAL, READS},
    ("outbox", RECEIVED): set(),
    ("outbox", FOREIGN): set(),
    ("feed", SENT): set(),
    ("feed", RECEIVED): {FOCAL, READS},
    ("feed", FOREIGN): set(),
    ("openReferral", SENT): set(),
    ("openReferral", RECEIVED): {FOCAL, WRITES},
    ("openReferral", FOREIGN): set(),
    ("openReferral", NOBODYS): set(),
    ("takeStep: acknowledged", SENT): set(),
    ("takeStep: acknowledged", RECEIVED): {FOCAL, WRITES},
    ("takeStep: acknowledged", FOREIGN): set(),
    ("takeStep: acknowledged", NOBODYS): set(),
    ("takeStep: recalled", SENT): {FOCAL, WRITES},
    ("takeStep: recalled", RECEIVED): set(),
    ("takeStep: recalled", FOREIGN): set(),
    ("takeStep: recalled", NOBODYS): set(),
    # services
    ("saveService", OURS): {ADMIN},
    ("saveService", FOREIGN): set(),
    ("endService", OURS): {ADMIN},
    ("endService", FOREIGN): set(),
    ("endService", NOBODYS): set(),
    ("setFull", OURS): {FOCAL, ADMIN},
    ("setFull", FOREIGN): set(),
    ("setFull", NOBODYS): set(),
    ("clearFull", OURS): {FOCAL, ADMIN},
    ("clearFull", FOREIGN): set(),
    ("clearFull", NOBODYS): set(),
    ("setAccepting", OURS): {ADMIN},
    ("setAccepting", FOREIGN): set(),
    ("setAccepting", NOBODYS): set(),
    # members
    ("withdrawInvitation", OURS): {ADMIN, KIT},
    ("withdrawInvitation", FOREIGN): set(),
    ("withdrawInvitation", NOBODYS): set(),
    ("turnAway", OURS): {ADMIN, KIT},
    ("turnAway", FOREIGN): set(),
    ("turnAway", NOBODYS): set(),
    ("invite", OURS): {ADMIN, KIT},
    ("invite", FOREIGN): set(),
    ("invite", NOBODYS): set(),
    ("handOver", OURS): {ADMIN, KIT},
    ("handOver", FOREIGN): set(),
    ("handOver", NOBODYS): set(),
    ("issueApiToken", OURS): {ADMIN},
    ("issueApiToken", FOREIGN): set(),
    ("issueApiToken", NOBODYS): set(),
    ("revokeApiToken", OURS): {ADMIN},
    ("revokeApiToken", FOREIGN): set(),
    ("revokeApiToken", NOBODYS): set(),
    ("endSession", OURS): {ADMIN},
    ("endSession", COLLEAGUES): set(),
    ("endSession", FOREIGN): set(),
    ("endSession", NOBODYS): set(),
    # agencies
    ("turnDown", OURS): {COORDINATOR},  # the network's
    ("turnDown", NOBODYS): set(),
}
ELSEWHERE: Final = {
    "kitSignIn": "no role asks: test_agencies.py signs in with a kit",
    "removePasskey": "of oneself: test_passkeys.py, test_ids.py",
    "publishRoster": "the chain's rule, not a role: test_members.py, test_ids.py",
    "addPartner": "an id that its maker draws: test_ids.py",
    "setUpAccount": "of oneself: test_ids.py",
    "evidence": "it is sealed first: tests/stories/test_evidence.py",
    "filePiece": "a file is uploaded and opened first: tests/stories/test_attachments.py",
}


def test_every_operation_on_a_thing_has_its_lines() -> None:
    named = {line.partition(":")[0] for line, _ in MAY_TOUCH}
    assert {one.partition(".")[0] for one in (*IDS, *BELOW)} - named == ELSEWHERE.keys()


# --- the things -------------------------------------------------------------------------------------------------------


@dataclass
class World:
    """Askers of every kind of one agency (the coordinator's is another), and whatever else one touches."""

    hub: Hub
    known: PracticeTown
    tokens: dict[str, str | None]
    handles: dict[str, str]  # under which an asker signs, if it signs
    second: Newcomer
    folder: Path
    partners: dict[str, str] = field(default_factory=dict)  # by agency
    kept: dict[tuple[str, str], Any] = field(default_factory=dict)  # things that nobody changes
    sockets: dict[str, ClientConnection] = field(default_factory=dict)


ADMINS: Final = {"mgec": "mgec.delger", "nhrcm": "nhrcm.altan", "ecpat": "ecpat.hulan"}


@pytest.fixture(scope="module")
def world(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            found = asyncio.run(made(hub, tmp_path_factory.mktemp("objects")))
            yield found
            for socket in found.sockets.values():
                socket.close()
        finally:
            hub.stop()


async def made(hub: Hub, folder: Path) -> World:
    known = PracticeTown(hub)
    tokens: dict[str, str | None] = {
        NOBODY: None,
        FOCAL: known.tokens["mgec.solongo"],
        COORDINATOR: known.tokens["nhrcm.bold"],
    }
    second, waiting = Newcomer("mgec.second", folder), Newcomer("mgec.waits", folder)
    found = World(hub, known, tokens, {FOCAL: "mgec.solongo", COORDINATOR: "nhrcm.bold"}, second, folder)
    async with at_work(hub, "mgec.delger") as delger, at_work(hub, "ecpat.hulan") as hulan:
        joined = await second.enrol(await expected(delger, second, "administrator"))
        await confirmed(delger, joined)
        tokens[ADMIN] = joined.open.token
        tokens[WAITING] = (await waiting.enrol(await expected(delger, waiting))).open.token
        kit_names = contract.Names(handle="mgec.kit", name="Хайрцаг", name_en="Kit")
        kit = await administration.new_kit(delger, kit_names)
        for session in (delger, hulan):
            names = contract.Names(handle=f"{session.identity.agency}.system", name="Систем", name_en="System")
            partner = await administration.new_partner(session, names)
            found.partners[session.identity.agency] = partner.member
            if session is delger:
                known.people["mgec.system"] = Person("mgec.system", "mgec", ["api"], partner.member, partner.secrets)
                found.handles |= {READS: "mgec.system", WRITES: "mgec.system"}
                for asker, scopes in ((READS, ["read"]), (WRITES, ["send", "answer"])):
                    tokens[asker] = (await delger.client.issue_api_token(partner.member, asker, scopes, 30)).token
    async with joining.with_kit(hub.url, fingerprint(hub), "mgec", kit, folder / "kit") as holder:
        tokens[KIT] = holder.identity.token
    for entry in known.data("mrc.nara", "directory", after=known.directory.size, first=500)["entries"]:
        known.directory.append(entry)
    return found


def referral(world: World, whose: str) -> tuple[SealedReferral, str]:
    """A fresh one, and the id of the consent that it rests on."""
    sender, recipient = {
        SENT: ("mgec.solongo", "ecpat"),
        RECEIVED: ("mrc.nara", "mgec"),
        FOREIGN: ("zu.tuya", "immigration"),
        NOBODYS: ("zu.tuya", "immigration"),
    }[whose]
    decision = world.known.decide(sender, recipient, ["needs"])
    whole = world.known.refer(sender, recipient, decision)
    if whose != NOBODYS:
        world.known.record(sender, decision)
        world.known.send(sender, whole)
    return whole, decision.body.consent


def agency_of(asker: str, whose: str) -> str:
    return "ecpat" if whose == FOREIGN else "nhrcm" if asker == COORDINATOR else "mgec"


def invitation(world: World, agency: str) -> str:
    return str(invited(world, agency)["listed"]["id"])


def invited(world: World, agency: str) -> Any:
    names = {"handle": f"{agency}.{secrets.token_hex(4)}", "name": "Шинэ", "nameEn": "New"}
    return world.known.data(ADMINS[agency], "invite", names=names, roles=["focal_point"])


def candidate(world: World, agency: str) -> str:
    return str(enrolled(world, agency)["member"]["id"])


def enrolled(world: World, agency: str) -> Any:
    keys = Keys.generate()
    public = {"id": keys.member, "key": keys.public.key, "kem": keys.public.kem}
    unlock = {"id": new_id(), "method": "passphrase", "sealed": b64(bytes(64))}
    code = invited(world, agency)["code"]
    return world.known.ask(None, "enrol", code=code, keys=public, account=account(unlock)).json()["data"]["enrol"]


def service(world: World, agency: str) -> str:
    id = new_id()
    world.known.data(ADMINS[agency], "save_service", id=id, service=SERVICE)
    return id


def token(world: World, agency: str) -> str:
    issued = world.known.data(
        ADMINS[agency], "issue_api_token", member=world.partners[agency], name="x", scopes=["read"], days=1
    )
    return str(issued["listed"]["id"])


def application(world: World) -> str:
    keys = Keys.generate()
    handle = f"a{secrets.token_hex(4)}"
    unlock = {"id": new_id(), "method": "passphrase", "sealed": b64(bytes(64))}
    world.known.ask(
        None,
        "apply",
        agency={"handle": handle, "kind": "ngo", "name": "x", "nameEn": "x"},
        names={"handle": f"{handle}.x", "name": "x", "nameEn": "x"},
        keys={"id": keys.member, "key": keys.public.key, "kem": keys.public.kem},
        account=account(unlock),
    )
    listed = world.known.data("nhrcm.bold", "applications")
    return str(next(one["id"] for one in listed if one["handle"] == handle))


def session(world: World, whose: str, asker: str) -> str:
    """A session of the own (of the administrator, who has an account), of a colleague, of somebody elsewhere."""
    known = world.known
    if whose != OURS:
        known.tokens["other"] = enrolled(world, "ecpat" if whose == FOREIGN else "mgec")["token"]
        return str(known.data("other", "sessions")[0]["id"])
    if asker == ADMIN:
        known.tokens["again"] = asyncio.run(world.second.sign_in(world.hub)).token
        return next(one["id"] for one in known.data("again", "sessions") if one["current"])
    return new_id()  # nobody else has another one than that with which it asks


SERVICE: Final = {
    "code": "legal_aid",
    "name": "Хууль зүйн туслалцаа",
    "nameEn": "Legal aid",
    "places": ["MN-053"],
    "languages": ["mn"],
    "schedule": [],
    "exceptions": [],
    "genders": [],
    "dependants": True,
    "taken": 0,
}
SEED: Final = b64(bytes(1168))


# --- what is asked ----------------------------------------------------------------------------------------------------


def asked(world: World, line: str, whose: str, asker: str) -> tuple[dict[str, Any], str]:
    """Variables with a fresh thing, and the id that stands in them."""
    operation, _, step = line.partition(": ")
    if operation in (
        "referral",
        "consent",
        "alternatives",
        "onward",
        "chain",
        "trail",
        "inbox",
        "outbox",
        "feed",
        "openReferral",
        "takeStep",
    ):
        whole, consent = referral(world, whose)
        body = whole.document.body
        if operation == "consent":
            return {"id": consent}, consent
        if operation == "chain":
            return {"consent": consent}, consent
        if operation == "onward":
            return {"referral": body.id, "to": body.to, "parts": ["needs"]}, body.id
        if operation in ("openReferral", "takeStep"):
            by = world.handles.get(asker, "mgec.solongo")
            event, blobs = world.known.step(by, whole, step or "opened", **REASONS.get(step, {}))
            one = {"event": event.envelope} if operation == "openReferral" else {"step": handed_in(event, blobs)}
            return one, body.id
        if (operation, whose) == ("alternatives", SENT):  # of what came to nothing
            world.known.take("ecpat.hulan", whole, "declined", reason="no_capacity")
        return {"id": body.id, "referral": body.id}, body.id
    if operation == "endSession" and whose != NOBODYS:
        id = session(world, whose, asker)
        return {"id": id}, id
    agency = agency_of(asker, whose)
    id = new_id() if whose == NOBODYS else THINGS[operation](world, agency)
    return ASKS[operation](id), id


REASONS: Final[Mapping[str, Mapping[str, Any]]] = {"recalled": {"reason": "no_longer_needed"}}
THINGS: Final[Mapping[str, Callable[[World, str], str]]] = {
    **dict.fromkeys(
        ("saveService", "endService", "setFull", "clearFull", "setAccepting"),
        lambda world, agency: service(world, agency),
    ),
    "withdrawInvitation": lambda world, agency: invitation(world, agency),
    "turnAway": lambda world, agency: candidate(world, agency),
    "invite": lambda world, agency: world.known.people[ADMINS[agency]].id,
    "handOver": lambda world, agency: world.known.people[ADMINS[agency]].id,
    "issueApiToken": lambda world, agency: world.partners.get(agency, new_id()),
    "revokeApiToken": lambda world, agency: token(world, agency) if agency in world.partners else new_id(),
    "turnDown": lambda world, agency: application(world),
}
ASKS: Final[Mapping[str, Callable[[str], dict[str, Any]]]] = {
    **{one.partition(".")[0]: asks for one, asks in IDS.items()},
    "saveService": lambda id: {"id": id, "service": SERVICE},
    "endService": lambda id: {"id": id},
    "setFull": lambda id: {"id": id, "until": (datetime.now(UTC) + timedelta(days=2)).isoformat()},
    "invite": lambda id: {
        "again": id,
        "names": {"handle": f"mgec.{secrets.token_hex(4)}", "name": "x", "nameEn": "x"},
        "roles": ["focal_point"],
    },
}


def over_http(world: World, asker: str, text: str, values: Mapping[str, Any]) -> Any:
    sent = world.tokens[asker]
    headers = {"Authorization": f"Bearer {sent}"} if sent else {}
    return world.known.http.post("/graphql", json={"query": text, "variables": values}, headers=headers).json()


def over_a_socket(world: World, asker: str, text: str, values: Mapping[str, Any]) -> Any:
    """On the one that the asker keeps open."""
    if asker not in world.sockets:
        world.sockets[asker] = connected(world, asker)
    socket, id = world.sockets[asker], new_id()
    socket.send(json.dumps({"type": "subscribe", "id": id, "payload": {"query": text, "variables": values}}))
    told = heard(socket)
    if told["type"] == "error":
        return {"errors": told["payload"]}
    assert heard(socket) == {"type": "complete", "id": id}
    return told["payload"]


def heard(socket: ClientConnection) -> Any:
    """The next word; whether one still reads is answered on the way."""
    while (told := json.loads(socket.recv(20)))["type"] == "ping":
        socket.send(json.dumps({"type": "pong"}))
    return told


def connected(world: World, asker: str) -> ClientConnection:
    sent = world.tokens[asker]
    socket = connect(world.hub.socket, subprotocols=[websockets.Subprotocol(SUBPROTOCOL)], proxy=None)
    payload = {"authorization": f"Bearer {sent}"} if sent else None
    socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    assert json.loads(socket.recv(20))["type"] == "connection_ack"
    return socket


TRANSPORTS: Final = {"http": over_http, "socket": over_a_socket}


# --- each cell --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(("line", "whose"), MAY_TOUCH)
def test_each_asker(world: World, line: str, whose: str, transport: str) -> None:
    for asker in ASKERS:
        may = asker in MAY_TOUCH[line, whose]
        operation = line.partition(":")[0]
        if transport == "socket" and asker not in MAY[operation]:
            continue  # the door, over a socket, is test_rights.py's
        answer, id = answered(world, line, whose, asker, transport)
        codes = {one["extensions"]["code"] for one in answer.get("errors", [])}
        assert "internal" not in codes, (asker, answer)
        assert granted(answer, operation, id) == may, (asker, answer)
        if asker not in MAY[operation]:
            assert codes & REFUSED, (asker, answer)
        elif not may and whose in NOT_THERE and (line, NOBODYS) in MAY_TOUCH:
            nothing, other = answered(world, line, NOBODYS, asker, transport)
            assert json.dumps(answer).replace(id, "ID") == json.dumps(nothing).replace(other, "ID"), asker


SIGNED: Final = ("openReferral", "takeStep", "endSession")  # by the asker, or its own


def answered(world: World, line: str, whose: str, asker: str, transport: str) -> tuple[Any, str]:
    """The answer and the id that was asked about. Things that the asker may not change are made once."""
    operation, text = line.partition(":")[0], OPERATIONS[line.partition(":")[0]]
    key = (f"{line} {asker if operation in SIGNED else agency_of(asker, whose)}", whose)
    if asker in MAY_TOUCH[line, whose] or key not in world.kept:
        world.kept[key] = asked(world, line, whose, asker)
    values, id = world.kept[key]
    if operation not in ("inbox", "outbox", "feed"):
        asked_for = {name: value for name, value in values.items() if f"${name}:" in text}
        return TRANSPORTS[transport](world, asker, text, variables(text) | asked_for), id
    return listed(world, asker, operation, text, transport), id


def listed(world: World, asker: str, operation: str, text: str, transport: str) -> Any:
    """All pages of a list as one answer, or the first refusal."""
    found: list[Any] = []
    after: Any = 0 if operation == "feed" else None
    while True:
        answer = TRANSPORTS[transport](world, asker, text, variables(text) | {"first": 50, "after": after})
        value = (answer.get("data") or {}).get(operation)
        if not value:
            return answer if "errors" in answer else {"data": {operation: found}}
        found += value if operation == "feed" else value["edges"]
        if operation != "feed" and not value["pageInfo"]["hasNextPage"]:
            return {"data": {operation: found}}
        after = value[-1]["sequence"] if operation == "feed" else value["pageInfo"]["endCursor"]


def granted(answer: Any, operation: str, id: str) -> bool:
    """Whether it was shown, or done."""
    value = (answer.get("data") or {}).get(operation)
    if "errors" in answer or value in (None, False):
        return False
    return id in json.dumps(value) if operation in ("trail", "inbox", "outbox", "feed") else True
