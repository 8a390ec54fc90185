"""Whatever is decided, sent, passed on, taken back and run out, in whatever order: nobody opens what the person's
decisions forbid, and everybody what they allow. A model of thirty lines says which; a real hub is held to it.

`ORTOO_MACHINES=200` plays so many other lives than the few of a usual run.
"""

import asyncio
import os
import traceback
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from ortoo import administration, consenting, forwarding, receipts
from ortoo.client import Client, HubError
from ortoo.consenting import Scope
from ortoo.form import Evidence, Form, Grant
from ortoo.protocol import schemas
from ortoo.protocol.documents import instant
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, at_work
from tests.stories.test_answering import is_kept, rows

LIVES: Final = int(os.environ.get("ORTOO_MACHINES", "8"))
STEPS: Final = 24
RECORDER: Final = "mrc-umnugobi"
KINDS: Final = {RECORDER: "resource_centre", "mgec": "ngo", "iom": "international", "cfdc-umnugobi": "social_service"}
READERS: Final = ("mgec", "iom", "cfdc-umnugobi")
SECTIONS: Final = ("needs", "identity", "contact", "safety")
PURPOSES: Final = ("give_service", "assess")
ADDRESSEES: Final = (*READERS, "kind:ngo", "kind:international", "kind:police", "*")
MOST_DAYS: Final = 40  # that the clock is moved on: the agencies' keys are to be changed after ninety

some_sections = st.lists(st.sampled_from(SECTIONS), min_size=1, max_size=4, unique=True).map(tuple)
some_purposes = st.lists(st.sampled_from(PURPOSES), min_size=1, max_size=2, unique=True).map(tuple)
grants = st.tuples(some_sections, some_purposes, st.integers(1, 4))
which = st.integers(0, 63)


@dataclass
class Decided:
    """What she has decided on one addressee."""

    sections: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    until: datetime | None = None
    refused: frozenset[str] = frozenset()


@dataclass
class Life:
    """One person's consent, and what was sent under it."""

    id: str
    code: str
    decided: dict[str, Decided] = field(default_factory=dict)
    taken_back: list[schemas.Scope] = field(default_factory=list)
    proofs: int = 1  # of how she decided, that are still there
    sent: list["Sent"] = field(default_factory=list)

    def may(self, agency: str, section: str, at: datetime) -> bool:
        """The rule of consent as DOMAIN and protocol §7 say it, written once more."""
        everybody = self.decided.get("*", Decided())
        if everybody.refused == {"*"}:
            return False  # all is taken back
        own = self.decided.get(agency, Decided())
        covered: set[str] = set()
        for scope in self.taken_back:
            if {"*", agency} & set(scope.agencies) and {"*", section} & set(scope.sections):
                covered |= set(scope.purposes)
        if "*" in covered or (own.purposes and own.purposes <= covered):
            return False
        if agency == RECORDER:
            return True
        for one in (own, self.decided.get(f"kind:{KINDS[agency]}", Decided()), everybody):
            if {"*", section} & one.refused:
                return False
        granted = bool(own.sections) if section == "note" else section in own.sections
        return granted and own.until is not None and at < own.until


@dataclass
class Sent:
    """One referral; `parts` by reader: what is still there for it. `notes`: who has still what was written on it."""

    id: str
    sender: str
    recipient: str
    parts: dict[str, set[str]]
    state: str = "sent"
    notes: dict[str, set[str]] = field(default_factory=dict)
    keys: dict[tuple[str, str], bytes] = field(default_factory=dict)  # that the hub had, by reader and part or note

    @property
    def is_open_to_recipient(self) -> bool:
        return self.state in ("sent", "closed") and bool(self.parts[self.recipient])

    def has(self, reader: str, part: str) -> bool:
        return part in self.parts[reader] or reader in self.notes.get(part, ())


class World:
    """The hub and the people, the same for all lives; each has an own consent."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.runner = asyncio.Runner()
        self.people = AsyncExitStack()
        self.moved = timedelta()
        self.number = 0
        self.has_left = False
        self.failures: list[str] = []

    def __enter__(self) -> "World":
        async def come() -> dict[str, Session]:
            names = {RECORDER: "mrc.nara", "mgec": "mgec.delger", "iom": "iom.zaya", "cfdc-umnugobi": "cfu.bayar"}
            names["second"] = "mgec.solongo"
            return {who: await self.people.enter_async_context(at_work(self.hub, name)) for who, name in names.items()}

        self.at_work = self.run(come())
        self.her = Client(self.hub.url)
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self.her._http.aclose())
        self.run(self.people.aclose())
        self.runner.close()

    def run(self, work: Any) -> Any:
        async def wait() -> Any:
            return await work

        return self.runner.run(wait())

    def tried(self, work: Awaitable[Any]) -> Any:
        """What it gives, or why it was refused."""
        try:
            return self.run(work)
        except (Refused, HubError) as refused:
            return refused


def told(step: Callable[..., None]) -> Callable[..., None]:
    """What happened in this life and how it failed: Hypothesis plays it again, and no hub is the same twice."""

    @wraps(step)
    def tell(self: Any, **arguments: Any) -> None:
        self.story.append(f"{step.__name__} {arguments}")
        try:
            step(self, **arguments)
        except BaseException:
            self.failures.append("\n".join([*self.story, traceback.format_exc()]))
            raise

    return tell


def machine(world: World) -> type[RuleBasedStateMachine]:
    recorder = world.at_work[RECORDER]
    store = world.hub.store

    class Consents(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.lives: list[Life] = []
            self.story: list[str] = []
            self.failures = world.failures

        # --- the model ------------------------------------------------------------------------------------------------

        def now(self) -> datetime:
            return recorder.now()

        def all_sent(self) -> list[tuple[Life, Sent]]:
            return [(life, one) for life in self.lives for one in life.sent]

        def settle(self) -> None:
            """What somebody may not read at this moment is gone for good; the hub's keys are those that are left."""
            at = self.now()
            for life in self.lives:
                life.proofs = life.proofs if life.may(RECORDER, "evidence", at) else 0
                ((kept,),) = rows(
                    store,
                    "SELECT count(*) FROM referrals_partkey AS one "  # noqa: S608
                    "JOIN referrals_decision AS d ON d.sealed_id = one.set_id "
                    f"WHERE d.consent_id = '{life.id.replace('-', '')}' AND one.agency_id = '{RECORDER}'",
                )
                assert kept == life.proofs, life
            for life, one in self.all_sent():
                for reader, parts in one.parts.items():
                    parts &= {part for part in parts if life.may(reader, part, at)}
                if one.state == "sent" and not one.parts[one.recipient]:
                    one.state = "ended"
                for readers in one.notes.values():
                    readers -= {reader for reader in readers if not life.may(reader, "note", at)}
                    if one.state not in ("sent", "closed"):
                        readers.discard(one.recipient)
                for reader, parts in one.parts.items():
                    assert self.kept(one, reader) == parts, (one.sender, one.recipient, reader, one.state, life)
                    notes = {note for note, readers in one.notes.items() if reader in readers}
                    assert self.kept_notes(one, reader) == notes, (one, reader, life)

        def kept(self, one: Sent, reader: str) -> set[str]:
            """The parts for which the hub keeps this reader a key."""
            found = rows(
                store,
                "SELECT part, key FROM referrals_partkey AS one "  # noqa: S608
                "JOIN referrals_referral AS r ON r.sealed_id = one.set_id "
                f"WHERE r.id = '{one.id.replace('-', '')}' AND one.agency_id = '{reader}'",
            )
            return self.had(one, reader, found)

        def kept_notes(self, one: Sent, reader: str) -> set[str]:
            """The notes for which it does."""
            found = rows(
                store,
                "SELECT e.id, key FROM referrals_partkey AS one "  # noqa: S608
                "JOIN referrals_event AS e ON e.sealed_id = one.set_id "
                f"WHERE e.referral_id = '{one.id.replace('-', '')}' AND one.agency_id = '{reader}'",
            )
            return self.had(one, reader, found)

        def had(self, one: Sent, reader: str, found: list[tuple[Any, ...]]) -> set[str]:
            one.keys |= {(reader, str(what)): bytes(key) for what, key in found}
            return {str(what) for what, _ in found}

        def take_in(self, life: Life, signed: Any) -> None:
            for document in signed:
                body, granted = document.body, document.body.granted
                life.decided[body.to] = Decided(
                    frozenset(granted.sections) if granted else frozenset(),
                    frozenset(granted.purposes) if granted else frozenset(),
                    instant(granted.until) if granted else None,
                    frozenset(body.refused),
                )

        # --- what happens ---------------------------------------------------------------------------------------------

        @initialize(asked=st.dictionaries(st.sampled_from(READERS), grants, min_size=2, max_size=3))
        @told
        def begin(self, asked: dict[str, Any]) -> None:
            self.send(asked=asked)

        @rule(asked=st.dictionaries(st.sampled_from(READERS), grants, min_size=1, max_size=3))
        @precondition(lambda self: len(self.lives) < 3)
        @told
        def send(self, asked: dict[str, Any]) -> None:
            form, world.number = Form.read(SHELTER_TONIGHT), world.number + 1
            decisions = {to: Grant(*one) for to, one in asked.items()}
            wanted = {section for sections, _, _ in asked.values() for section in sections}
            texts = {section: form.sections[section] for section in wanted}
            if "needs" in texts:
                texts["needs"] = {**texts["needs"], "dependants": world.number}
            texts["evidence"] = {"note": f"Хуруугаа дарсан {world.number}."}
            given = receipts.draw("full")
            consent = replace(form.consent, grants=decisions, refusals={}, retain_days=365)
            sent = world.run(
                recorder.send(
                    replace(form, recipients=tuple(sorted(asked)), sections=texts, consent=consent),
                    given.key(recorder.directory.id),
                )
            )
            life = Life(sent[0].decision.body.consent, given.code)
            self.take_in(life, [one.decision for one in sent])
            for one in sent:
                parts = set(asked[one.recipient][0])
                life.sent.append(Sent(one.id, RECORDER, one.recipient, {RECORDER: {*parts}, one.recipient: parts}))
            self.lives.append(life)
            self.settle()

        @rule(at=which)
        @told
        def open(self, at: int) -> None:
            _, one = self.pick(at)
            found = world.tried(world.at_work[one.recipient].open_referral(one.id))
            if one.is_open_to_recipient:
                assert set(found.readable) == one.parts[one.recipient]
            else:
                assert isinstance(found, Refused), (one, found)

        @rule(
            at=which,
            to=st.sampled_from(ADDRESSEES),
            grant=st.none() | grants,
            refused=some_sections | st.just(("*",)),
            proven=st.booleans(),
        )
        @told
        def decide(self, at: int, to: str, grant: Any, refused: tuple[str, ...], proven: bool) -> None:
            """Wider, narrower, for longer, refused by name, kind or to everybody; with evidence of it, or without."""
            life = self.lives[at % len(self.lives)]
            is_over = "*" in (to, *life.decided.get("*", Decided()).refused)
            evidence = Evidence({"note": "Утсаар хэлсэн."}) if proven and not is_over else None
            if to not in READERS or grant is None:
                decisions, refusals = {}, {to: refused}
            else:
                left = tuple(one for one in refused if one not in grant[0] and one != "*")
                decisions, refusals = {to: Grant(*grant)}, {to: left}
            signed = world.tried(consenting.new_version(recorder, life.id, decisions, refusals, evidence=evidence))
            if isinstance(signed, Refused):
                assert life.taken_back, signed  # what she took back by herself is not granted again under this id
            else:
                self.take_in(life, signed)
                life.proofs += evidence is not None
            self.settle()

        @rule(
            at=which, agencies=st.none() | st.sampled_from(READERS), sections=some_sections, what=st.sampled_from("asp")
        )
        @told
        def take_back(self, at: int, agencies: str | None, sections: tuple[str, ...], what: str) -> None:
            """By staff, by a narrower version."""
            life = self.lives[at % len(self.lives)]
            scope = Scope(
                (agencies,) if agencies else None,
                sections if what == "s" else None,
                (PURPOSES[at % 2],) if what == "p" else None,
            )
            signed = world.tried(consenting.withdraw(recorder, life.id, scope))
            if isinstance(signed, Refused):
                assert signed.code == "not_found" or life.taken_back, signed
            else:
                self.take_in(life, signed)
            for agency in READERS if agencies is None else (agencies,):
                for section in SECTIONS if what == "a" else sections if what == "s" else ():
                    assert not life.may(agency, section, self.now())
                if what == "p":
                    assert PURPOSES[at % 2] not in life.decided.get(agency, Decided()).purposes
            self.settle()

        @rule(
            at=which,
            agencies=st.sampled_from(["*", "*", *READERS]).map(lambda one: (one,)),
            sections=some_sections | st.just(("*",)),
            purposes=st.sampled_from([PURPOSES, PURPOSES[:1], PURPOSES[1:], ("*",)]),
        )
        @told
        def she_takes_back(
            self, at: int, agencies: tuple[str, ...], sections: tuple[str, ...], purposes: tuple[str, ...]
        ) -> None:
            """With her code."""
            life = self.lives[at % len(self.lives)]
            scope = receipts.scope(*(None if one == ("*",) else one for one in (agencies, sections, purposes)))
            done = world.tried(receipts.withdraw(world.her, life.code, [scope]))
            if isinstance(done, Refused):
                assert done.code == "throttled", done
                return
            life.taken_back.append(scope)
            self.settle()

        @rule(at=which, to=st.sampled_from(READERS), sections=some_sections)
        @told
        def forward(self, at: int, to: str, sections: tuple[str, ...]) -> None:
            life, one = self.pick(at)
            by, now = one.recipient, self.now()
            may = (
                one.is_open_to_recipient
                and to not in (by, one.sender)
                and all(part in one.parts[by] and life.may(to, part, now) for part in sections)
            )
            onward = world.tried(forwarding.forward(world.at_work[by], one.id, to, sections))
            assert isinstance(onward, Refused) != may, (onward, by, to, sections, one, life)
            if may and onward.id not in [other.id for other in life.sent]:
                life.sent.append(Sent(onward.id, by, to, {by: {*sections}, to: {*sections}}))
            self.settle()

        @rule(at=which, by_sender=st.booleans())
        @told
        def write(self, at: int, by_sender: bool) -> None:
            life, one = self.pick(at)
            sides, now = (one.sender, one.recipient), self.now()
            may = one.is_open_to_recipient and all(life.may(side, "note", now) for side in sides)
            written = world.tried(world.at_work[sides[not by_sender]].message(one.id, f"Сайн уу. {len(one.notes)}"))
            assert isinstance(written, Refused) != may, (written, one, life)
            if may:
                one.notes[written.steps[-1].id.replace("-", "")] = {*sides}
            self.settle()

        @rule(at=which, what=st.sampled_from(["declined", "handed_back", "recalled", "accepted", "closed"]))
        @told
        def answer(self, at: int, what: str) -> None:
            _, one = self.pick(at)
            recipient, sender = world.at_work[one.recipient], world.at_work[one.sender]
            steps: dict[str, Callable[[], Awaitable[Any]]] = {
                "declined": lambda: recipient.decline(one.id, "no_capacity"),
                "handed_back": lambda: recipient.hand_back(one.id, "no_capacity"),
                "recalled": lambda: sender.recall(one.id, "no_longer_needed"),
                "accepted": lambda: recipient.accept(one.id),
                "closed": lambda: recipient.close(one.id, "service_given"),
            }
            if not isinstance(world.tried(steps[what]()), Refused) and what != "accepted":
                assert one.state == "sent" or (one.state, what) == ("ended", "closed")
                if what != "closed":
                    one.parts[one.recipient] = set()
                if one.state == "sent":
                    one.state = what
            self.settle()

        @rule(at=which, hours=st.sampled_from([1, 20, 30]), to_the_end=st.booleans())
        @told
        def time_passes(self, at: int, hours: int, to_the_end: bool) -> None:
            if world.moved > timedelta(days=MOST_DAYS):
                return
            by = timedelta(hours=hours)
            ends = [one.until for life in self.lives for one in life.decided.values() if one.until is not None]
            left = [end - self.now() for end in ends if end > self.now()]
            if to_the_end and left:
                by = left[at % len(left)] + timedelta(seconds=1)
            world.run(recorder.client.move_practice_clock(int(by.total_seconds()) + 1))
            world.moved += by
            for session in world.at_work.values():
                world.tried(session.sync())
            self.settle()

        @rule()
        @told
        def change_key(self) -> None:
            world.run(administration.rotate(world.at_work["mgec"]))
            for session in world.at_work.values():
                world.tried(session.sync())

        @rule()
        @told
        def one_leaves(self) -> None:
            if world.has_left:
                return
            world.run(administration.remove(world.at_work["mgec"], world.at_work["second"].identity.member))
            world.has_left = True

        def pick(self, at: int) -> tuple[Life, Sent]:
            found = self.all_sent()
            return found[at % len(found)]

        # --- at the end of each life ----------------------------------------------------------------------------------

        def teardown(self) -> None:
            self.everybody_opens_everything()

        @told
        def everybody_opens_everything(self) -> None:
            for life in self.lives:
                for reader, session in world.at_work.items():
                    found = world.tried(session.evidence(life.id))
                    if reader == RECORDER:
                        assert sum(one.part.status == "readable" for one in found) == life.proofs, life
                    else:
                        assert isinstance(found, Refused | HubError), (reader, found)
            for _, one in self.all_sent():
                for reader in sorted({*KINDS, "second"}):
                    agency = "mgec" if reader == "second" else reader
                    found = self.opened(world.at_work[reader], one)
                    if agency == one.recipient:
                        is_there = one.is_open_to_recipient and not (reader == "second" and world.has_left)
                        assert found == (one.parts[agency] if is_there else None), (reader, one)
                    elif agency == one.sender:
                        assert (found or set()) == one.parts[agency], (reader, one)
                    else:
                        assert found is None, (reader, one)
                gone = [key for (reader, what), key in one.keys.items() if not one.has(reader, what)]
                assert not any(is_kept(store, key) for key in gone)

        def opened(self, session: Session, one: Sent) -> set[str] | None:
            try:
                return set(world.run(session.open_referral(one.id)).readable)
            except (Refused, HubError):
                return None

    return Consents


@pytest.mark.timeout(120 + 30 * LIVES)
@pytest.mark.parametrize("own_hub", ["sqlite"], indirect=True)
def test_nobody_opens_what_she_forbids_and_everybody_what_she_allows(own_hub: Hub) -> None:
    is_long = "ORTOO_MACHINES" in os.environ
    how = settings(
        max_examples=LIVES,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=not is_long,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    with World(own_hub) as world:
        with suppress(Exception):  # which is told below as it was the first time
            run_state_machine_as_test(machine(world), settings=how)  # type: ignore[no-untyped-call]
            return
        pytest.fail(world.failures[0])
