"""The consents, sections and refusals of all fourteen scenarios (ortoo/data/scenarios): sealed, checked, opened.

Each scenario is played over the protocol alone: what its people sign is sealed with the keys of the practice network,
checked as a hub would, and opened as a recipient would. Clocks, lists and coordinators' views need a hub and are played
elsewhere.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import resources
from typing import Any

import pytest

from ortoo.protocol import consent, events, receipt, referral, schemas
from ortoo.protocol.consent import Decisions, Withdrawal
from ortoo.protocol.documents import Document, SigningKey, as_set, b64, new_id, stamp
from ortoo.protocol.errors import Refused
from ortoo.protocol.referral import SealedReferral, section_text
from ortoo.protocol.sealing import open_set
from tests.protocol.network import NOW, again, practice
from tests.protocol.refusing import refused

FOLDER = resources.files("ortoo") / "data" / "scenarios"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.name.endswith(".json"))

# Verbs that a hub, a clock or a coordinator's screen answers, and not the protocol.
NOT_HERE = {"list", "alternatives", "chain", "oversee", "look", "confirm_deletion"}
STEPS = {
    "acknowledge": "acknowledged",
    "accept": "accepted",
    "start": "under_way",
    "ask_more": "more_asked",
    "decline": "declined",
    "hand_back": "handed_back",
    "close": "closed",
    "recall": "recalled",
}


class Sent:
    """A referral under way: its documents, its state, what a hub would still hold of its keys."""

    def __init__(self, one: SealedReferral, sender: str, state: str) -> None:
        self.one, self.sender, self.state = one, sender, state
        self.heads: dict[str, str] = {}

    @property
    def to(self) -> str:
        return self.one.document.body.to


class Play:
    """One scenario on a practice network of its own."""

    def __init__(self, story: Mapping[str, Any]) -> None:
        self.story, self.town, self.now = story, practice(), NOW
        self.consent, self.receipt = new_id(), SigningKey.generate()
        self.decisions: list[Document[schemas.Consent]] = []
        self.withdrawals: list[Withdrawal] = []
        self.sent: list[Sent] = []
        self.stale_head: schemas.TreeHead | None = None
        wording = story["consent"]
        for to in sorted({one["to"] for one in (*wording["grants"], *wording["refusals"])}):
            grant = next((one for one in wording["grants"] if one["to"] == to), None)
            refusals = [one["sections"] for one in wording["refusals"] if one["to"] == to]
            self.decide(story["sender"]["member"], to, grant, [section for one in refusals for section in one])

    # --- consent ------------------------------------------------------------------------------------------------------

    @property
    def known(self) -> Decisions:
        return Decisions.of(self.decisions, self.withdrawals)

    def decide(self, by: str, to: str, grant: Mapping[str, Any] | None, refusals: list[str]) -> None:
        wording, before, newest = self.story["consent"], self.known.newest.get(to), next(iter(self.decisions), None)
        exception = wording.get("exception")
        document = self.town.decide(
            by,
            to,
            grant["sections"] if grant else (),
            purposes=grant["purposes"] if grant else ("give_service",),
            refused=refusals,
            until=self.now + timedelta(days=grant["days"]) if grant else None,
            at=stamp(self.now),
            consent=self.consent,
            recorder=newest.body.recorder if newest else self.town.people[by].agency,
            version=before.body.version + 1 if before else 1,
            prev=before.sha256 if before else None,
            basis=wording["basis"],
            given=schemas.Given(
                by=None if exception else wording.get("given_by", "person"),
                how=wording["given_how"],
                language=wording["language"],
                interpreter=wording["given_how"] == "by_interpreter",
                witness=False,
            ),
            receipt=schemas.ReceiptKey(key=b64(self.receipt.public), mode="full"),
            exception=schemas.ConsentException(reviewer=exception["reviewer"], overrides=None, tell_after=None)
            if exception
            else None,
        )
        self.town.directory.check_signed(document, referral.WHO_SENDS)
        consent.check_decision(document.body, minor=self.story["routing"]["minor"])
        consent.check_exception(document.body, NOW)
        author = self.town.directory.now().agency(document.body.author.agency)
        assert author is not None
        consent.check_version(document.body, self.known, at=self.now, author_kind=author.kind)
        self.decisions.append(document)

    # --- sending ------------------------------------------------------------------------------------------------------

    def chosen(self, to: str) -> list[str]:
        """The sections of the form that the decision on an agency grants; all justify themselves."""
        decision = self.known.newest.get(to)
        granted = decision.body.granted if decision else None
        names = granted.sections if granted else []
        return [one for one in self.story["sections"] if one in names or names == ["*"] or one == "justification"]

    def seal(self, by: str, to: str, sections: list[str] | None = None) -> SealedReferral:
        decision = self.known.newest.get(to) or next(iter(self.decisions))
        chosen = self.chosen(to) if sections is None else sections
        return referral.seal(
            self.town.signer(by),
            id=new_id(),
            to=to,
            routing=schemas.Routing(**{**self.story["routing"], "services": as_set(self.story["routing"]["services"])}),
            decision=decision,
            texts={one: section_text(one, self.story["sections"][one]) for one in chosen},
            public_keys=self.town.public_keys,
            at=self.now,
        )

    def accept(self, sealed: list[SealedReferral], by: str) -> None:
        """All of them, or none."""
        for one in sealed:
            self.town.directory.check_current(one.document, one.document.body.to)
            referral.check(one, self.town.directory, self.known, now=self.now)
        wording = self.story["consent"]
        waits = wording.get("exception", {}).get("second_member") == "required"
        self.sent += [Sent(one, self.town.people[by].agency, "waiting" if waits else "sent") for one in sealed]

    def send(self, step: Mapping[str, Any]) -> None:
        sealed = [self.seal(step["by"], to) for to in self.story["recipients"]]
        self.accept(sealed, step["by"])
        if "expect" in step:
            assert {one.state for one in self.sent} == {step["expect"]}

    def send_with(self, step: Mapping[str, Any]) -> None:
        change, recipients = step["change"], list(self.story["recipients"])
        if "drop_recipient" in change:
            recipients.remove(change["drop_recipient"])
        extra = change.get("add_key", {})
        head = self.town.directory.head
        sealed = []
        for to in recipients:
            sections = self.chosen(to) + ([extra["section"]] if extra.get("to") == to else [])
            one = self.seal(step["by"], to, sections)
            if change.get("stale_directory"):
                one = self.made_stale(one, step["by"], head)
            sealed.append(one)
        self.accept(sealed, step["by"])

    def made_stale(self, one: SealedReferral, by: str, head: schemas.TreeHead) -> SealedReferral:
        """As it would have been sealed one directory entry before."""
        before = schemas.TreeHead(size=head.size - 1, root=b64(self.town.directory.root_at(head.size - 1)))
        body = one.document.body
        readers = []
        for reader in body.sealed.readers:
            state = self.town.directory.at(before.size).agency(reader.agency)
            assert state is not None
            assert state.epoch is not None
            readers.append(
                schemas.SealedReader(agency=reader.agency, as_=reader.as_, epoch=state.epoch.n, sha256=reader.sha256)
            )
        sealed = schemas.Sealed(parts=body.sealed.parts, readers=as_set(readers), keys=body.sealed.keys)
        return SealedReferral(again(one.document, self.town.signer(by).key, directory=before, sealed=sealed), one.blobs)

    def resend(self, step: Mapping[str, Any]) -> None:
        self.accept([self.seal(step["by"], step["to"])], step["by"])

    def forward(self, step: Mapping[str, Any]) -> None:
        self.accept([self.seal(step["by"], step["to"], step["sections"])], step["by"])

    def new_consent_version(self, step: Mapping[str, Any]) -> None:
        for grant in step["grants"]:
            self.decide(step["by"], grant["to"], grant, [])

    def second(self, step: Mapping[str, Any]) -> None:
        for one in self.sent:
            event, _ = self.town.step(step["by"], one.one, "seconded", at=self.now)
            events.check_second(event, one.one.document, self.town.directory.now())
            self.take(one, step["by"], "seconded")
            if "expect" in step:
                assert one.state == step["expect"]

    # --- answering ----------------------------------------------------------------------------------------------------

    def mine(self, step: Mapping[str, Any]) -> Sent:
        agency = self.town.people[step["by"]].agency
        if agency == self.story["consent"].get("exception", {}).get("reviewer"):
            return self.sent[0]
        if "to" in step:
            return next(one for one in reversed(self.sent) if one.to == step["to"] and one.sender == agency)
        received = [one for one in reversed(self.sent) if one.to == agency]
        return received[0] if received else next(one for one in reversed(self.sent) if one.sender == agency)

    def take(self, one: Sent, by: str, type: str, **more: Any) -> None:
        agency = self.town.people[by].agency
        decision = self.known.newest[one.to]
        event, blobs = self.town.step(
            by,
            one.one,
            type,
            prev=one.heads.get(agency),
            at=self.now,
            decision=decision if more.get("note") is not None else None,
            **more,
        )
        events.check(
            event,
            blobs,
            referral=one.one.document,
            state=one.state,
            directory=self.town.directory,
            decisions=self.known,
            now=self.now,
        )
        state = events.after(one.state, type, events.part_of(agency, one.one.document.body))
        if event.body.prev != one.heads.get(agency, one.one.document.sha256):
            raise Refused("head_moved")
        one.state, one.heads[agency] = state, event.sha256

    def open(self, step: Mapping[str, Any]) -> None:
        if step.get("expect") == "signed_out":
            person = self.town.people[step["by"]]
            assert self.town.directory.now().member(person.agency, person.id) is None
            return
        one, agency = self.mine(step), self.town.people[step["by"]].agency
        readable = self.opened(one, step["by"])
        if "expect" in step:
            assert readable == {}
            assert self.why(one) == step["expect"]
            return
        self.take(one, step["by"], "opened")
        assert set(readable) == set(step["expect_sections"])
        for name, section in readable.items():
            assert section.fields == self.story["sections"][name]
        for name in step.get("expect_refused", ()):
            with pytest.raises(Refused):
                consent.may_read(self.known, agency=agency, kind=self.kind(agency), part=name, at=self.now)

    def why(self, one: Sent) -> str:
        if one.state in events.ENDED_ACCESS:
            return one.state
        try:
            consent.may_read(self.known, agency=one.to, kind=self.kind(one.to), part="note", at=self.now)
        except Refused as caught:
            return {"consent_withdrawn": "withdrawn", "grant_expired": "expired"}[caught.code]
        return "nothing"

    def kind(self, agency: str) -> str:
        state = self.town.directory.now().agency(agency)
        assert state is not None
        return state.kind

    def opened(self, one: Sent, by: str) -> dict[str, schemas.Section]:
        """What the member's agency opens, given every byte that was ever sent, less what the rule takes away."""
        agency, body = self.town.people[by].agency, one.one.document.body
        if one.state in events.ENDED_ACCESS and agency == one.to:
            return {}
        view = self.town.directory.at(body.directory.size)
        state = view.agency(agency)
        assert state is not None
        assert state.epoch is not None
        texts = open_set(
            referral.binding_of(one.one.document, view),
            body.sealed,
            one.one.blobs,
            agency,
            self.town.epochs[agency, state.epoch.n],
        )
        sections = {}
        for part, text in texts.items():
            assert not isinstance(text, Refused)
            try:
                consent.may_read(self.known, agency=agency, kind=self.kind(agency), part=part, at=self.now)
            except Refused:
                continue
            sections[part] = referral.read_section(part, text)
        return sections

    # --- whatever else happens ----------------------------------------------------------------------------------------

    def end_member(self, step: Mapping[str, Any]) -> None:
        gone = self.town.people[step["member"]]
        people = [one for one in self.town.people.values() if one.agency == gone.agency and one is not gone]
        self.town.append(self.town.roster(gone.agency, by=step["by"], people=people, new_epoch=True))

    def withdraw(self, step: Mapping[str, Any]) -> None:
        scope = step["scope"] if step["scope"] != "all" else {}
        names = {part: as_set(scope.get(part, ["*"])) for part in ("agencies", "sections", "purposes")}
        challenge = b"c" * 32
        document = receipt.make(
            self.receipt,
            network=self.town.network_id,
            challenge=challenge,
            do="withdraw",
            at=self.now,
            scope=[schemas.Scope(**names)],
        )
        receipt.check(document, network=self.town.network_id, challenge=challenge, now=self.now)
        self.withdrawals.append(Withdrawal.by_receipt(document))

    def review_exception(self, step: Mapping[str, Any]) -> None:
        self.take(self.mine(step), step["by"], step["verdict"])

    def message(self, step: Mapping[str, Any]) -> None:
        self.take(self.mine(step), step["by"], "message", note=step["text"])

    def together(self, step: Mapping[str, Any]) -> None:
        """Both are made on the head that both saw; the second one to arrive has to see what the first did."""
        errors = []
        before = [dict(one.heads) for one in self.sent]
        for inner in step["steps"]:
            try:
                if inner["do"] in STEPS and self.head_moved_since(inner, before):
                    raise Refused("head_moved")
                self.play(inner)
            except Refused as caught:
                errors.append(caught.code)
        assert errors == step["expect_errors"]

    def head_moved_since(self, step: Mapping[str, Any], before: list[dict[str, str]]) -> bool:
        one, agency = self.mine(step), self.town.people[step["by"]].agency
        return one.heads.get(agency) != before[self.sent.index(one)].get(agency)

    def play(self, step: Mapping[str, Any]) -> None:
        do = step["do"]
        if do in NOT_HERE:
            return
        if do.startswith("advance_"):
            unit = do.removeprefix("advance_")
            self.now += timedelta(**{unit: step[unit]})
        elif do in STEPS:
            reason = step.get("reason", step.get("outcome"))
            one = self.mine(step)
            if do == "close" and self.why(one) in ("withdrawn", "expired"):
                one.state = self.why(one)
            self.take(one, step["by"], STEPS[do], reason=reason, note=step.get("note"))
        else:
            verb: Callable[[Mapping[str, Any]], None] = getattr(self, do)
            verb(step)


def read(name: str) -> Mapping[str, Any]:
    story: Mapping[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return story


@pytest.mark.parametrize("name", NAMES)
def test_it_plays_to_its_end(name: str) -> None:
    story = read(name)
    play = Play(story)
    for step in story["events"]:
        if "expect_error" in step:
            before = (len(play.sent), [one.state for one in play.sent], len(play.decisions))
            with refused(step["expect_error"]):
                play.play(step)
            assert before == (len(play.sent), [one.state for one in play.sent], len(play.decisions))
        else:
            play.play(step)
    assert play.sent


@pytest.mark.parametrize("name", NAMES)
def test_what_was_not_granted_is_not_even_there(name: str) -> None:
    """Just the sections of the recipient's grant are in the document, and a third agency that holds all of its bytes
    and its own keys opens none of them."""
    story = read(name)
    play = Play(story)
    grants = {one["to"]: one["sections"] for one in story["consent"]["grants"]}
    for to in story["recipients"]:
        if to not in grants:
            continue
        one = play.seal(story["sender"]["member"], to)
        names = {part.name for part in one.document.body.sealed.parts}
        assert names == {section for section in story["sections"] if section in (*grants[to], "justification")}
        words = [str(value) for section in story["sections"].values() for value in section.values()]
        blobs = b"".join([*one.blobs.parts.values(), *one.blobs.wraps.values(), *one.blobs.keys.values()])
        assert not any(word.encode() in blobs for word in words if len(word) > 6)
        assert not any(word in one.document.envelope for word in words if len(word) > 12 and not word.isascii())
        readers = {reader.agency for reader in one.document.body.sealed.readers}
        outsider = next(agency for agency in play.town.agencies if agency not in readers)
        binding = referral.binding_of(one.document, play.town.directory.now())
        with refused("cannot_open"):
            open_set(binding, one.document.body.sealed, one.blobs, outsider, play.town.epoch_key(outsider))
        with refused("cannot_open"):
            open_set(binding, one.document.body.sealed, one.blobs, to, play.town.epoch_key(outsider))


def test_there_are_fourteen() -> None:
    assert len(NAMES) == 14
