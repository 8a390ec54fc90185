"""A network, its referrals and their steps, each made on one side and verified and opened on the other.

The stories of tests/sdk/test_reading.py are told to Python and to the browser at once: whatever a hub says, honest or
not, both must see the same, or refuse it with the same code and the same field.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from ortoo import contract, drafting
from ortoo.form import Form
from ortoo.protocol import checkpoint, events, referral, schemas
from ortoo.protocol.consent import Decisions
from ortoo.protocol.documents import SigningKey, b64, read, sign, stamp
from ortoo.protocol.errors import Refused
from ortoo.protocol.referral import SealedReferral
from ortoo.reading import Part, Reader, Referral
from tests.protocol.network import plain
from tests.protocol.refusing import refused as refuses
from tests.sdk.conftest import SCENARIOS
from tests.sdk.network import Network, Story, found
from tests.sdk.test_reading import *  # noqa: F403
from tests.vectors.sealed_vectors import blobs_of
from tests.web.browser import Browser, browser
from tests.web.test_both_ways import blobs_from

T = TypeVar("T")

NOTHING_FOR_ONE = "07-driver-interpreter"  # the form has nothing that one of its recipients may read
FORMS = pytest.mark.parametrize(
    "path",
    [path for path in sorted(SCENARIOS.glob("*.json")) if path.stem != NOTHING_FOR_ONE],
    ids=lambda path: path.stem,
)


@pytest.fixture(scope="module")
def node() -> Iterator[Browser]:
    with browser("cross-referrals.ts") as one:
        yield one


class Watched(Network):
    """The practice network, whose readers are two: Python's and the browser's, which must agree."""

    node: Browser

    @property
    def root(self) -> str:
        return self.directory.head.root

    def replay(self) -> Any:
        return self.node.ask("replay", entries=self.directory.entries, anchor=self.directory.network.sha256)

    def reader(self, agency: str, opened: dict[str, str] | None = None) -> Reader:
        return Both(self, agency, opened or {})


class Both(Reader):
    def __init__(self, network: Watched, agency: str, opened: dict[str, str]) -> None:
        epoch = network.epochs[agency]
        super().__init__(agency, network.directory, {1: epoch}, opened)
        self._node = network.node
        self._asked = {"root": network.root, "agency": agency, "epochs": {1: b64(epoch.seed)}, "opened": opened}

    def verify(self, answer: contract.Referral, now: datetime) -> Referral:
        self._asked |= {"answer": camel(answer), "now": now.isoformat()}
        mine = told_or_refused(lambda: super(Both, self).verify(answer, now))
        told = told_or_refused(lambda: self._node.ask("verify", **self._asked))
        if isinstance(mine, Refused):
            assert isinstance(told, Refused), told
            assert (told.code, told.at) == (mine.code, mine.at)
            raise mine
        assert not isinstance(told, Refused), told
        since = told.pop("deletion_owed_since")
        assert (since is None) == (mine.deletion_owed_since is None)
        assert told == {
            "id": mine.id,
            "as": mine.as_,
            "state": mine.state,
            "head": mine.head,
            "parts": mine.part_names,
            "epochs": sorted(self.epochs_needed(mine, now)),
            "steps": [
                {
                    "id": one.id,
                    "agency": one.agency,
                    "as": one.as_,
                    "type": one.type,
                    "reason": one.reason,
                    "note": spelled(one.note) if one.note else None,
                }
                for one in mine.steps
            ],
        }
        return mine

    def parts(self, of: Referral, sealed: contract.Blobs | None, now: datetime) -> list[Part]:
        mine = super().parts(of, sealed, now)
        blobs = plain(sealed) if sealed is not None else None
        assert self._node.ask("parts", **self._asked, sealed=blobs, later=now.isoformat()) == [
            spelled(one) for one in mine
        ]
        return mine


def told_or_refused(ask: Callable[[], T]) -> T | Refused:
    try:
        return ask()
    except Refused as refusal:
        return refusal


def spelled(part: Part) -> dict[str, Any]:
    told: dict[str, Any] = {"name": part.name, "status": part.status}
    if part.problem is not None:
        told["problem"] = part.problem.code
    if part.section is not None:
        told["holds"] = plain(part.section)
    elif part.text is not None:
        told["holds"] = {"text": part.text, "files": []}
    return told


def camel(value: Any) -> Any:
    """An answer of the contract as GraphQL gives it."""
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    if isinstance(value, dict):
        return {re.sub("_([a-z0-9])", lambda m: m[1].upper(), name): camel(one) for name, one in value.items()}
    return [camel(one) for one in value] if isinstance(value, list) else value


@pytest.fixture
def network(node: Browser, watched: Watched) -> Watched:
    """For the stories that tests/sdk tells."""
    return watched


@pytest.fixture(scope="module")
def watched(node: Browser) -> Watched:
    founded = found()
    network = Watched(founded.directory, founded.members, founded.epochs, founded.coordinators, founded.log)
    network.node = node
    network.replay()
    return network


def as_asked(network: Watched, handle: str) -> dict[str, Any]:
    """What the browser has to know in order to sign and seal for a member."""
    signer = network.signer(handle)
    return {
        "root": network.root,
        "signer": {"agency": signer.agency, "member": signer.member, "seed": b64(signer.key.seed)},
        "public_keys": {kem: b64(key) for kem, key in network.public_keys.items()},
    }


def as_form(form: Form) -> Any:
    return plain(
        {"routing": form.routing, "recipients": form.recipients, "sections": form.sections, "consent": form.consent}
    )


@pytest.fixture
def shelter() -> Form:
    return Form.read(SCENARIOS / "01-shelter-tonight.json")


@pytest.fixture
def three() -> Form:
    return Form.read(SCENARIOS / "02-three-agencies-three-views.json")


# --- the directory ----------------------------------------------------------------------------------------------------


def test_the_browser_replays_the_whole_directory_of_the_practice_network(watched: Watched) -> None:
    told, view = watched.replay(), watched.directory.now()
    assert told["head"] == plain(watched.directory.head)
    assert told["network"] == watched.directory.network.sha256
    assert len(told["agencies"]) == len(view.agencies()) > 20
    for theirs, mine in zip(told["agencies"], view.agencies(), strict=True):
        assert theirs == {
            "handle": mine.handle,
            "kind": mine.kind,
            "may": list(mine.may),
            "suspended": mine.suspended,
            "members": list(plain(mine.members)),
            "epoch": plain(mine.epoch),
        }


def test_a_directory_that_a_hub_changed_is_refused(watched: Watched, node: Browser) -> None:
    entries, anchor = watched.directory.entries, watched.directory.network.sha256
    place = next(i for i, one in enumerate(entries) if read_kind(one) == "roster")
    stranger = SigningKey.generate()
    roster = read(entries[place], schemas.Roster).body
    first = msgspec.structs.replace(roster.members[0], key=b64(stranger.public))
    swapped = msgspec.structs.replace(roster, members=[first, *roster.members[1:]])
    lie = [*entries[:place], sign(swapped, stranger).envelope, *entries[place + 1 :]]
    with refuses("signature_invalid"):
        node.ask("replay", entries=lie, anchor=anchor)
    without = [*entries[:place], *entries[place + 1 :]]
    with refuses("directory_fork", field="directory"):  # the next roster relies on another history
        node.ask("replay", entries=without, anchor=anchor)
    with refuses("directory_fork", field="network"):
        node.ask("replay", entries=entries, anchor=b64(bytes(32)))
    with refuses("chain_broken"):
        node.ask("append", root=watched.root, entry=entries[place])


def read_kind(envelope: str) -> str:
    found = re.search(r"vnd\.ortoo\.([a-z]+)\.v1", envelope)
    assert found
    return found[1]


def test_the_browser_opens_the_checkpoint_of_the_log(watched: Watched, node: Browser) -> None:
    origin, policy = "test.ortoo.example/log/directory", watched.directory.network.body.policy
    head = watched.directory.head
    note = checkpoint.sign_checkpoint(
        checkpoint.Checkpoint(origin, head.size, watched.directory.root_at(head.size)), watched.log
    )
    told = node.ask("open_checkpoint", note=note, origin=origin, policy=policy)
    assert told == {"size": head.size, "root": head.root, "cosigned": []}
    with refuses("checkpoint_unwitnessed"):
        node.ask(
            "open_checkpoint",
            note=note.replace(f"\n{head.size}\n", f"\n{head.size + 1}\n"),
            origin=origin,
            policy=policy,
        )


# --- what the browser drafts ------------------------------------------------------------------------------------------


def sender_of(watched: Watched, form: Form) -> str:
    """The member whose form it is, by handle."""
    assert form.sender is not None
    return form.sender[1]


@FORMS
def test_what_the_browser_drafts_python_accepts_and_opens(watched: Watched, node: Browser, path: Path) -> None:
    form, at = Form.read(path), datetime.now(UTC).replace(microsecond=0)
    handle = sender_of(watched, form)
    signer = watched.signer(handle)
    told = node.ask("draft", **as_asked(watched, handle), form=as_form(form), at=at.isoformat())
    decisions = [read(one, schemas.Consent) for one in told["decisions"]]
    mine = drafting.decide(form, signer, at=at)
    same_id = {msgspec.structs.replace(one.body, consent=mine[0].body.consent).to for one in decisions}
    assert same_id == {one.body.to for one in mine}
    for theirs, expected in zip(decisions, mine, strict=True):
        assert msgspec.structs.replace(theirs.body, consent=expected.body.consent) == expected.body
    known = Decisions.of(decisions)
    for one, to in zip(told["referrals"], form.recipients, strict=True):
        sealed = SealedReferral(read(one["envelope"], schemas.Referral), blobs_from(one["blobs"]))
        referral.check(sealed, watched.directory, known, now=at)
        story = Story(watched, sealed, known.newest[to], at=at)
        story.state = events.begins(known.newest[to].body)
        reader = watched.reader(to)
        verified = reader.verify(story.answer(to), at)
        opened = {part.name: part for part in reader.parts(verified, story.blobs(to), at)}
        agency = watched.directory.now().agency(to)
        assert agency is not None
        assert set(opened) == set(form.parts_for(to, agency.kind))
        for name, part in opened.items():
            assert part.section is not None, part
            assert part.section.fields == form.sections[name]


@FORMS
def test_what_python_drafts_the_browser_accepts(watched: Watched, node: Browser, path: Path) -> None:
    form, at = Form.read(path), datetime.now(UTC)
    signer = watched.signer(sender_of(watched, form))
    decisions = drafting.decide(form, signer, at=at)
    for one in drafting.seal(form, signer, decisions, watched.public_keys, at=at, parts={}):
        asked = {"root": watched.root, "envelope": one.document.envelope, "blobs": blobs_of(one.blobs)}
        envelopes = [decision.envelope for decision in decisions]
        now = at.isoformat()
        assert node.ask("check_referral", **asked, decisions=envelopes, now=now)
        with refuses("clock_skew", field="at"):
            late = (at + timedelta(minutes=11)).isoformat()
            node.ask("check_referral", **asked, decisions=envelopes, now=late)
        others = [decision.envelope for decision in decisions if decision.body.to != one.document.body.to]
        with refuses("grant_missing", reader=one.document.body.to):
            node.ask("check_referral", **asked, decisions=others, now=now)
    for agency in watched.directory.now().agencies():
        told = node.ask("parts_for", form=as_form(form), agency=agency.handle, kind=agency.kind)
        assert tuple(told) == form.parts_for(agency.handle, agency.kind)


def test_neither_drafts_what_gives_one_recipient_nothing(watched: Watched, node: Browser) -> None:
    form, at = Form.read(SCENARIOS / f"{NOTHING_FOR_ONE}.json"), datetime.now(UTC)
    handle = sender_of(watched, form)
    decisions = drafting.decide(form, watched.signer(handle), at=at)
    with refuses("grant_missing", reader="immigration"):
        drafting.seal(form, watched.signer(handle), decisions, watched.public_keys, at=at, parts={})
    with refuses("grant_missing", reader="immigration"):
        node.ask("draft", **as_asked(watched, handle), form=as_form(form), at=at.isoformat())


def test_the_browser_drafts_nothing_that_she_refused(watched: Watched, node: Browser, shelter: Form) -> None:
    asked, at = as_asked(watched, "mrc.nara"), datetime.now(UTC).isoformat()
    closed = replace(shelter, consent=replace(shelter.consent, refusals={"mgec": ("identity",)}))
    with refuses("grant_refused", part="identity", reader="mgec"):
        node.ask("draft", **asked, form=as_form(closed), at=at)
    without = replace(shelter, consent=replace(shelter.consent, grants={}))
    with refuses("grant_missing", reader="mgec"):
        node.ask("draft", **asked, form=as_form(without), at=at)


def test_a_form_goes_out_again_with_what_may_still_be_read(watched: Watched, node: Browser, shelter: Form) -> None:
    at = datetime.now(UTC).replace(microsecond=0)
    signer = watched.signer("mrc.nara")
    (decision,) = (one for one in drafting.decide(shelter, signer, at=at) if one.body.to == "mgec")
    asked = {**as_asked(watched, "mrc.nara"), "form": as_form(shelter), "at": at.isoformat()}
    told = node.ask("draft_again", **asked, decision=decision.envelope)
    sealed = SealedReferral(read(told["envelope"], schemas.Referral), blobs_from(told["blobs"]))
    known = Decisions.of([decision])
    referral.check(sealed, watched.directory, known, now=at)
    allowed = drafting.parts_allowed(shelter, "mgec", "ngo", known, at=at)
    assert {part.name for part in sealed.document.body.sealed.parts} == set(allowed)
    over = {**asked, "at": (at + timedelta(days=400)).isoformat()}
    with refuses("grant_expired", reader="mgec"):
        node.ask("draft_again", **over, decision=decision.envelope)


# --- steps ------------------------------------------------------------------------------------------------------------


def test_steps_of_the_browser_are_read_by_both(watched: Watched, node: Browser, shelter: Form) -> None:
    story = Story.sent(watched, shelter, "mrc.nara")
    for handle, type, reason, note in (
        ("mgec.delger", "opened", None, None),
        ("mgec.delger", "message", None, "Ор бэлэн. 😊"),
        ("mrc.nara", "message", None, ""),
        ("mgec.delger", "declined", "other", "Өнөө шөнө дүүрэн."),
    ):
        agency = watched.signer(handle).agency
        told = node.ask(
            "step",
            **as_asked(watched, handle),
            referral=story.sealed.document.envelope,
            decision=story.decision.envelope,
            prev=story.head(agency),
            type=type,
            reason=reason,
            note=note,
            at=stamp(story.at),
        )
        event, blobs = read(told["envelope"], schemas.Event), blobs_from(told["blobs"])
        events.check(
            event,
            blobs,
            referral=story.sealed.document,
            state=story.state,
            directory=watched.directory,
            decisions=Decisions.of([story.decision]),
            now=story.at,
        )
        story.state = events.after(story.state, type, events.part_of(agency, story.sealed.document.body))
        story.steps.append((event, blobs))
    story.deletion_owed_since = story.at
    for agency in ("mgec", "mrc-umnugobi"):
        verified = watched.reader(agency).verify(story.answer(agency), story.at)
        assert [one.note.text for one in verified.steps if one.note] == ["Ор бэлэн. 😊", "", "Өнөө шөнө дүүрэн."]
