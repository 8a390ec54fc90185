"""Ids of others in every argument that takes one: as if they were not there, for everybody who may ask.

The contract itself is walked: an argument that comes in new has to be put into one of the tables here.
"""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
import websockets
from graphql import GraphQLInputObjectType, build_schema, get_named_type

from ortoo import administration, contract
from ortoo.account import Authenticator, Keys
from ortoo.client import SUBPROTOCOL
from ortoo.protocol import schemas
from ortoo.protocol.documents import as_set, b64, new_id
from tests.attacks.town import PracticeTown, handed_in
from tests.hubs import Hub
from tests.members import at_work
from tests.people.authenticator import Passkey
from tests.people.newcomers import Newcomer, expected
from tests.people.test_passkeys import ORIGIN
from tests.people.test_rights import MAY, NOBODY, OPERATIONS, tokens, variables
from tests.protocol.network import again
from tests.stores import REPOSITORY

SEED: Final = b64(bytes(1168))
NAMES: Final = {"handle": "new-agency.other", "name": "x", "nameEn": "x"}

# Each argument that names something by its id, and how the operation is asked with another id in it.
IDS: Final[Mapping[str, Callable[[str], dict[str, Any]]]] = {
    "consent.id": lambda id: {"id": id},
    "referral.id": lambda id: {"id": id},
    "alternatives.referral": lambda id: {"referral": id},
    "onward.referral": lambda id: {"referral": id, "to": "mgec", "parts": ["needs"]},
    "chain.consent": lambda id: {"consent": id},
    "evidence.consent": lambda id: {"consent": id},
    "trail.referral": lambda id: {"referral": id},
    "filePiece.referral": lambda id: {"referral": id, "event": None, "part": "needs/file-1", "offset": 0},
    "endSession.id": lambda id: {"id": id},
    "withdrawInvitation.id": lambda id: {"id": id},
    "turnAway.member": lambda id: {"member": id},
    "invite.again": lambda id: {"again": id, "names": NAMES, "roles": ["focal_point"]},
    "issueApiToken.member": lambda id: {"member": id, "name": "x", "scopes": ["read"], "days": 1},
    "revokeApiToken.id": lambda id: {"id": id},
    "handOver.seeds.member": lambda id: {"seeds": [{"member": id, "epoch": 1, "sealed": SEED}]},
    "turnDown.id": lambda id: {"id": id},
    "setFull.id": lambda id: {"id": id, "until": (datetime.now(UTC) + timedelta(days=2)).isoformat()},
    "clearFull.id": lambda id: {"id": id},
    "setAccepting.id": lambda id: {"id": id, "accepting": True},
    "kitSignIn.member": lambda id: {"member": id, "challenge": b64(bytes(32)), "proof": b64(bytes(64))},
}
# Of operations that are asked again below, with what has to be right before the id is looked at.
BELOW: Final = {
    "removePasskey.id",
    "openReferral.event",
    "takeStep.step.envelope",
    "publishRoster.roster",
    "publishRoster.seeds.member",
    "addPartner.keys.id",
    "setUpAccount.account.keyring.unlocks.id",
    "setUpAccount.account.keyring.unlocks.passkey",
}
# The same, in the same functions as one of those.
ALIKE: Final = {
    "enrol.keys.id": "addPartner.keys.id",
    "apply.keys.id": "addPartner.keys.id",
    **{
        f"{operation}.unlocks.{name}": f"setUpAccount.account.keyring.unlocks.{name}"
        for operation in ("changePassphrase.keyring", "enrol.account.keyring", "apply.account.keyring")
        for name in ("id", "passkey")
    },
    **{f"addPasskey.unlock.{name}": f"setUpAccount.account.keyring.unlocks.{name}" for name in ("id", "passkey")},
}
ELSEWHERE: Final = {
    "signIn.login": "test_signing_in.py",
    "endService.id": "test_services.py: false for what is not there",
    "saveService.id": "test_services.py: it is chosen by whoever adds a service",
    **dict.fromkeys(
        ("setUpAccount.account.login", "enrol.account.login", "apply.account.login"), "a name that one chooses"
    ),
    "signIn.second.passkey": "test_passkeys.py",
    **dict.fromkeys(
        ("lookWithReceipt.receipt", "withdrawWithReceipt.receipt", "proveWithReceipt.receipt"),
        "tests/stories/test_receipts.py",
    ),
    "proveWithReceipt.documents": "tests/stories/test_receipts.py",
    "sendReferrals.referrals.envelope": "tests/attacks/test_visibility.py",
    "recordConsent.decisions.envelope": "tests/attacks/test_visibility.py",
    "propose.document": "agencies alone stand in it, which the public directory has",
    "onward.to": "an agency's handle, which is public",
    "onward.parts": "names of parts, which the referral's own document has",
    "kemKeys.hashes": "of public keys, for everybody who is signed in",
    "upload.sha256": "tests/stories/test_attachments.py: of what an agency uploads itself; another's is another upload",
    "uploadPiece.sha256": "tests/stories/test_attachments.py: the same",
    "timeline.id": "tests/stories/test_overseeing.py: coordinators see that of all agencies",
    "openings.referral": "tests/stories/test_overseeing.py: the same",
    "filePiece.event": "tests/stories/test_attachments.py: of a referral that may be read",
    "evidencePiece.decision": "tests/stories/test_evidence.py",
    "logged.documents": "tests/attacks/test_visibility.py: hashes; what the own agency may not see is left out",
}
# What names nothing that the hub holds, whatever it is called: numbers, texts, keys, secrets, what is sealed; agencies'
# handles, which are public.
NO_IDS: Final = (
    *("after", "first", "days", "version", "epoch", "size", "line", "seconds", "offset", "piece"),
    *("need", "place", "places", "language", "languages", "at", "until", "age", "minAge", "maxAge", "minor"),
    *("gender", "genders", "dependants", "capacity", "taken", "accepting", "receiving", "phone", "dutyPhone", "email"),
    *("address", "urgencies", "workingHours", "digestHour", "digits"),
    *("days", "opens", "closes", "date", "openOnHolidays"),
    *("state", "urgency", "counterpart", "overdue", "since", "type", "period"),
    *("name", "nameEn", "handle", "kind", "roles", "role", "scopes", "method", "part", "agency"),
    *("key", "kem", "kemKeys", "sealed", "ciphertext", "wrap"),
    *("auth", "newAuth", "totp", "recovery", "code", "device", "challenge", "proof", "response"),
    *("service", "basis", "unanswered", "withoutConsent", "waiting", "what", "format", "unsent"),
)


def arguments() -> set[str]:
    """`operation.argument.field…` of every leaf that can be handed in."""
    schema = build_schema((REPOSITORY / "graphql" / "schema.graphql").read_text(encoding="utf-8"))
    found: set[str] = set()

    def walk(path: str, kind: Any) -> None:
        named = get_named_type(kind)
        if isinstance(named, GraphQLInputObjectType):
            for name, field in named.fields.items():
                walk(f"{path}.{name}", field.type)
        else:
            found.add(path)

    for root in (schema.query_type, schema.mutation_type, schema.subscription_type):
        assert root is not None
        for operation, field in root.fields.items():
            for name, argument in field.args.items():
                walk(f"{operation}.{name}", argument.type)
    return found


def test_every_argument_of_the_contract_is_in_a_table() -> None:
    tried = {*IDS, *BELOW, *ALIKE, *ELSEWHERE}
    assert set(ALIKE.values()) <= BELOW
    named = {one for one in arguments() if one.rpartition(".")[2] not in NO_IDS}
    assert named - tried == set()
    assert tried <= arguments()


@dataclass
class Town:
    """Askers of every kind, and things of an agency that none of them belongs to."""

    hub: Hub
    practice: PracticeTown
    tokens: dict[str, str | None]
    foreign: dict[str, str]
    passkeys: list[bytes]  # of the members in OWNERS


@pytest.fixture(scope="session")  # as its hub: a worker that comes back to this module finds its members' accounts
def town(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with PracticeTown(hub) as known:
        yield asyncio.run(told(hub, known, tmp_path_factory.mktemp("ids")))


async def told(hub: Hub, known: PracticeTown, folder: Path) -> Town:
    decision = known.decide("zu.tuya", "immigration", ["needs"])
    known.record("zu.tuya", decision)
    whole = known.refer("zu.tuya", "immigration", decision)
    known.send("zu.tuya", whole)
    foreign = {"referral": whole.document.body.id, "consent": decision.body.consent}
    async with AsyncExitStack() as stack:
        hulan = await stack.enter_async_context(at_work(hub, "ecpat.hulan"))
        newcomer = Newcomer(f"ecpat.{secrets.token_hex(4)}", folder)
        joined = await newcomer.enrol(await expected(hulan, newcomer))
        foreign["candidate"] = joined.open.kept.member
        waiting = await stack.enter_async_context(newcomer.at_work())
        foreign["session"] = (await waiting.client.sessions())[0].id
        await expected(hulan, Newcomer(f"ecpat.{secrets.token_hex(4)}", folder))
        foreign["invitation"] = (await hulan.client.invitations())[-1].id
        names = contract.Names(handle=f"ecpat.{secrets.token_hex(4)}", name="Систем", name_en="System")
        foreign["partner"] = (await administration.new_partner(hulan, names)).member
        issued = await hulan.client.issue_api_token(foreign["partner"], "x", ["read"], 1)
        foreign["token"] = issued.listed.id
        names = contract.Names(handle=f"ecpat.{secrets.token_hex(4)}", name="Хайрцаг", name_en="Kit")
        foreign["kit"] = (await administration.new_kit(hulan, names)).member
        foreign["member"] = hulan.identity.member
    passkeys = [with_passkey(known, handle) for handle in OWNERS]
    made = await tokens(hub, folder)
    for entry in known.data("mrc.nara", "directory", after=known.directory.size, first=500)["entries"]:
        known.directory.append(entry)
    return Town(hub, known, made, foreign, passkeys)


OWNERS: Final = ("hum.otgon", "lum.soyol")
AUTH: Final = secrets.token_bytes(32)


def with_passkey(known: PracticeTown, handle: str) -> bytes:
    """Give a practice member an account and a passkey; the passkey's id."""
    unlock = {"id": new_id(), "method": "passphrase", "sealed": b64(bytes(64))}
    known.data(handle, "set_up_account", account=account(unlock))
    passkey = Passkey(ORIGIN)
    response = passkey.register(known.data(handle, "begin_passkey", auth=b64(AUTH)))
    known.data(handle, "add_passkey", response=response, name="x")
    return passkey.id


def account(*unlocks: Mapping[str, Any]) -> dict[str, Any]:
    app = Authenticator.generate()
    return {
        "login": f"x{secrets.token_hex(4)}",
        "auth": b64(AUTH),
        "keyring": {"sealed": b64(bytes(64)), "unlocks": list(unlocks)},
        "totp": b64(app.secret),
        "code": app.code(datetime.now(UTC)),
    }


def post(town: Town, token: str | None, text: str, asked: Mapping[str, Any]) -> str:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = {"query": text, "variables": asked}
    return town.practice.http.post("/graphql", json=body, headers=headers).text


async def over_a_socket(town: Town, token: str | None, text: str, asked: list[dict[str, Any]]) -> list[str]:
    payload = {"authorization": f"Bearer {token}"} if token else None
    told = []
    async with websockets.connect(
        town.hub.socket, subprotocols=[websockets.Subprotocol(SUBPROTOCOL)], proxy=None
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        for one in asked:
            await socket.send(
                json.dumps({"type": "subscribe", "id": "1", "payload": {"query": text, "variables": one}})
            )
            answer = json.loads(await asyncio.wait_for(socket.recv(), 20))
            told.append(json.dumps(answer["payload"]))
            if answer["type"] == "next":
                assert json.loads(await socket.recv())["type"] == "complete"
    return told


@pytest.mark.parametrize("argument", sorted(IDS))
async def test_another_ones_another_kinds_and_an_unknown_id_are_told_apart_by_nothing(
    town: Town, argument: str
) -> None:
    operation = argument.partition(".")[0]
    text, asks = OPERATIONS[operation], IDS[argument]
    askers = {NOBODY} if operation == "kitSignIn" else MAY[operation]  # tries are counted by address
    for asker in sorted(askers):
        asked = [variables(text) | asks(id) for id in (new_id(), *town.foreign.values())]
        token = town.tokens[asker]
        nothing, *answers = [post(town, token, text, one) for one in asked]
        codes = [one["extensions"]["code"] for one in json.loads(nothing).get("errors", [])]
        assert codes == (
            []
            if operation in ("consent", "referral", "alternatives", "chain", "evidence", "trail")
            else [NOT_THERE.get(operation, "not_found")]
        )
        assert set(answers) == {nothing}, (asker, operation)
        heard = await over_a_socket(town, token, text, asked[:3])
        assert {json.dumps(json.loads(nothing))} == set(heard), (asker, operation)
    assert_all_is_still_there(town)


NOT_THERE: Final = {"kitSignIn": "sign_in_refused"}


def assert_all_is_still_there(town: Town) -> None:
    count = "SELECT count(*) FROM agencies_"
    for table, column, name in (
        ("candidate", "member_id", "candidate"),
        ("invitation", "id", "invitation"),
        ("member", "id", "partner"),
    ):
        id = town.foreign[name] if town.hub.store.kind == "postgres" else town.foreign[name].replace("-", "")
        assert town.hub.store.execute(f"{count}{table} WHERE {column} = '{id}'")[0][0] == 1
    id = town.foreign["token"] if town.hub.store.kind == "postgres" else town.foreign["token"].replace("-", "")
    assert town.hub.store.execute(f"SELECT revoked_at FROM agencies_token WHERE id = '{id}'") == [(None,)]  # noqa: S608


def test_another_ones_passkey_is_as_one_that_is_not_there(town: Town) -> None:
    _, theirs = town.passkeys
    for auth, code in ((AUTH, "not_found"), (bytes(32), "key_refused")):
        answers = {
            town.practice.ask(OWNERS[0], "remove_passkey", id=b64(id), auth=b64(auth)).text
            for id in (theirs, secrets.token_bytes(32))
        }
        assert len(answers) == 1
        assert code in answers.pop()


def test_a_step_on_what_is_anothers_is_as_one_on_nothing(town: Town) -> None:
    known = town.practice
    decision = known.decide("zu.tuya", "immigration", ["needs"])
    never_sent = known.refer("zu.tuya", "immigration", decision)
    for by in ("mgec.solongo", "pct.dorj"):
        for type, operation in (("opened", "open_referral"), ("accepted", "take_step")):
            event, blobs = known.step(by, never_sent, type)
            told = set()
            for id in (event.body.on.id, *town.foreign.values()):
                on = msgspec.structs.replace(event.body.on, id=id)
                other = again(event, known.people[by].secrets.sign, on=on)
                asked = {"event": other.envelope} if type == "opened" else {"step": handed_in(other, blobs)}
                told.add(known.ask(by, operation, **asked).text.replace(id, "ID"))
            assert len(told) == 1
            assert "not_found" in told.pop()


def test_a_roster_takes_nobody_in_who_did_not_enrol_there(town: Town) -> None:
    """Somebody of another agency, and whoever waits there: as an id that nobody has. And seeds go to nobody else."""
    known, by = town.practice, "mgec.delger"
    state = known.directory.now().agency("mgec")
    assert state is not None
    assert state.roster is not None
    strange, told, seeded, abroad = known.people["mgec.solongo"].listed, set(), set(), set()
    for id in (new_id(), *town.foreign.values()):
        more = schemas.RosterMember(id=id, key=strange.key, kem=strange.kem, roles=["focal_point"])
        roster = known.roster("mgec", by=by, members=as_set([*state.members, more]))
        told.add(known.ask(by, "publish_roster", roster=roster.envelope, kemKeys=[], seeds=[]).text)
        roster = known.roster("mgec", by=by, members=as_set(state.members), at="2026-01-01T00:00:00Z")
        seed = {"member": id, "epoch": 1, "sealed": SEED}
        seeded.add(known.ask(by, "publish_roster", roster=roster.envelope, kemKeys=[], seeds=[seed]).text)
        theirs = again(roster, known.people[by].secrets.sign, agency="ecpat", members=[more])
        abroad.add(known.ask(by, "publish_roster", roster=theirs.envelope, kemKeys=[], seeds=[]).text)
    assert [len(told), len(seeded), len(abroad)] == [1, 1, 1]
    assert "not_found" in told.pop()
    assert "blob_unexpected" in seeded.pop()
    assert "role_not_allowed" in abroad.pop()


def test_seeds_are_of_epochs_that_there_are(town: Town) -> None:
    known = town.practice
    member = known.people["mgec.solongo"].id
    for epoch in (-1, 0, 900, 2**31 - 1):
        seeds = [{"member": member, "epoch": epoch, "sealed": SEED}]
        assert known.refused("mgec.delger", "hand_over", seeds=seeds) == {"code": "not_found", "field": "seeds"}


def test_that_an_id_is_taken_is_told_without_a_word_of_who_has_it(town: Town) -> None:
    """Ids of new members are drawn by their devices: the hub cannot have two of one."""
    known, keys = town.practice, Keys.generate()
    public = {"key": keys.public.key, "kem": keys.public.kem}
    own = known.people["mgec.solongo"].id
    answers = set()
    for id in (own, *(town.foreign[one] for one in ("candidate", "partner", "kit", "member"))):
        names = {"handle": f"mgec.{secrets.token_hex(4)}", "name": "x", "nameEn": "x"}
        told = known.ask("mgec.delger", "add_partner", names=names, keys={"id": id, **public}, role="api")
        answers.add(told.text)
    assert len(answers) == 1
    assert "id_reused" in answers.pop()


def test_another_ones_way_to_open_and_passkey_do_not_enter_a_keyring(town: Town) -> None:
    known, by = town.practice, "pct.nomin"
    _, theirs = town.passkeys
    taken = known.data(OWNERS[1], "keyring")["unlocks"][0]["id"]

    def set_up(*unlocks: Mapping[str, Any]) -> dict[str, Any]:
        return known.refused(by, "set_up_account", account=account(*unlocks))

    own = {"id": new_id(), "method": "passphrase", "sealed": b64(bytes(64))}
    assert set_up({**own, "id": taken}) == {"code": "id_reused", "field": "unlocks"}
    assert set_up(own, own) == {"code": "malformed", "field": "unlocks"}
    for passkey in (theirs, secrets.token_bytes(32)):
        other = {"id": new_id(), "method": "passkey", "sealed": b64(bytes(64)), "passkey": b64(passkey)}
        assert set_up(own, other) == {"code": "not_found", "field": "unlocks"}


# --- who has it -------------------------------------------------------------------------------------------------------

SENDER, RECIPIENT, THIRD = "zu.tuya", "imm.ganbold", "mgec.solongo"
SEEN: Final = {
    ("referral", SENDER): True,
    ("referral", RECIPIENT): True,
    ("referral", THIRD): False,
    ("consent", SENDER): True,
    ("consent", RECIPIENT): True,
    ("consent", THIRD): False,
}


@pytest.mark.parametrize(("operation", "handle"), SEEN)
def test_a_referral_and_its_consent_are_of_both_agencies(town: Town, operation: str, handle: str) -> None:
    shown = town.practice.data(handle, operation, id=town.foreign[operation])
    assert (shown is not None) == SEEN[operation, handle]
    for box, listed in (("outbox", handle == SENDER), ("inbox", handle == RECIPIENT)):
        ids = [one["node"]["id"] for one in town.practice.data(handle, box, first=50)["edges"]]
        assert (town.foreign["referral"] in ids) == listed
    told = [one["referral"] for one in town.practice.data(handle, "feed", after=0, first=500)]
    assert (town.foreign["referral"] in told) == (handle == RECIPIENT)
