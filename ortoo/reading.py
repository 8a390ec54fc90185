"""What a reader checks of all that it is shown (protocol §5, "A reader MUST"), and what it can open of it.

From the hub's answer nothing is taken but the signed documents, the sealed bytes and what only the hub can know: the
order and the time of acceptance. Whatever else it says beside them must agree with them.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

from ortoo import contract
from ortoo.protocol import attachments, consent, events, referral, schemas, vocabulary
from ortoo.protocol.consent import Decisions
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, check_clock, instant, read, unb64, verify
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.schemas import As, Section
from ortoo.protocol.sealing import Binding, Blobs, base, open_key, open_set, open_wrap

Status = Literal["readable", "not_granted", "not_yet", "gone", "damaged"]


@dataclass(frozen=True)
class Attachment:
    """A file as its section or note describes it (§6); nothing of it is fetched yet. All that is said is text.

    event: of whose note it is; None: the referral's. decision: H of that which it is evidence of, of no referral then.
    size: bytes as it is sealed. problem: why it cannot be opened.
    """

    referral: str
    event: str | None
    said: schemas.File
    size: int = 0
    key: bytes = dataclasses.field(default=b"", repr=False)
    context: bytes = dataclasses.field(default=b"", repr=False)
    part: schemas.SealedPart | None = dataclasses.field(default=None, repr=False)
    problem: Refused | None = None
    decision: str | None = None

    def opening(self) -> attachments.Opening:
        """What opens it, from its first byte on. Raises its `problem`."""
        if self.problem is not None or self.part is None:
            raise self.problem or Refused("blob_missing", part=self.said.part)
        return attachments.Opening(self.key, self.context, self.said, self.part)


@dataclass(frozen=True)
class Part:
    """One part of a referral, or a note: its text if it is readable, else what became of it.

    readable: opened. not_granted: sealed for others. not_yet: to be had by opening. gone: withdrawn, run out, declined
    or retained no longer. damaged: it does not open, or is not what was signed (`problem`).
    """

    name: str
    status: Status
    section: Section | None = None
    text: str | None = None
    problem: Refused | None = None
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True)
class Step:
    """A verified event. at: when the hub accepted it. note: None where there is none."""

    id: str
    agency: str
    member: str
    as_: As
    type: str
    reason: str | None
    at: datetime
    note: Part | None
    document: Document[schemas.Event]


@dataclass(frozen=True)
class Referral:
    """A verified referral with its steps.

    as_: what the reader's own agency is in it. head: H that the own agency's next event names as `prev`.
    deletion_owed_since: since when the recipient owes its signed word that its copies are gone; None: it owes none.
    owed: what has to be done and until when, by the hub's word.
    """

    id: str
    sender: str
    recipient: str
    as_: As
    state: str
    sent_at: datetime
    changed_at: datetime
    routing: schemas.Routing
    document: Document[schemas.Referral]
    decision: Document[schemas.Consent]
    head: str
    steps: tuple[Step, ...]
    deletion_owed_since: datetime | None = None
    owed: tuple[contract.Owed, ...] = ()

    @property
    def is_late(self) -> bool:
        """Its recipient owes an answer, a decision or a word on how it goes, and the time is over."""
        return any(one.late and one.agency == self.recipient and one.kind != "delete" for one in self.owed)

    @property
    def wants_another(self) -> bool:
        """Its sender may ask who else could take it: it came to nothing, or its recipient is late."""
        return self.as_ == "sender" and (self.is_late or self.state in events.CAME_TO_NOTHING)

    @property
    def counterpart(self) -> str:
        return self.recipient if self.as_ == "sender" else self.sender

    @property
    def until(self) -> datetime | None:
        """Until when the recipient may read, as decided."""
        granted = self.decision.body.granted
        return instant(granted.until) if granted else None

    @property
    def part_names(self) -> list[str]:
        """Its sections: the files belong to them."""
        return in_order(part.name for part in self.document.body.sealed.parts if "/" not in part.name)

    @property
    def files(self) -> list[tuple[str | None, str]]:
        """Each file that the signed documents name: of which step's note (None: the referral's), and its part's name;
        in an order that stays, so that a person may name one by its place.
        """
        named: list[tuple[str | None, str]] = []
        documents: list[Document[Any]] = [self.document, *(step.document for step in self.steps)]
        for event, one in zip((None, *(step.id for step in self.steps)), documents, strict=True):
            parts = one.body.sealed.parts if one.body.sealed is not None else []
            named += [(event, name) for name in in_order(part.name for part in parts if "/" in part.name)]
        return named


@dataclass(frozen=True)
class Link:
    """The header of a referral under a consent: what its recorder sees of what others passed on.

    parent: the id of the referral that it was made from; None where nothing was passed on. state: the hub's word.
    """

    id: str
    sender: str
    recipient: str
    state: str
    sent_at: datetime
    parent: str | None
    part_names: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """How a version of a decision was given: the part `evidence` with its files, or what became of it."""

    decision: Document[schemas.Consent]
    part: Part


@dataclass(frozen=True)
class Damaged:
    """An item that did not verify, and why. The others stand."""

    id: str
    refused: Refused


class Reader:
    """One agency's eyes: its directory, its epoch keys, and H of what it has opened before."""

    def __init__(
        self,
        agency: str,
        directory: Directory,
        epochs: Mapping[int, KemKey],
        opened: Mapping[str, str],
    ) -> None:
        self._agency, self._directory, self._epochs, self._opened = agency, directory, epochs, opened

    # --- verifying ----------------------------------------------------------------------------------------------------

    def verify(self, answer: contract.Referral, now: datetime) -> Referral:
        """The referral, if all of it holds; else Refused."""
        document = _same(read(answer.envelope, schemas.Referral), answer.sha256)
        body = document.body
        self._check_answer(answer, body)
        if self._opened.get(body.id, document.sha256) != document.sha256:
            raise Refused("id_reused", "Another referral was opened under this id before.", field="id")
        as_ = events.part_of(self._agency, body)
        self._check_referral(document, answer)
        decision = self._check_decision(answer.decision, body)
        self._check_rule(document, decision)
        steps, state, head = self._check_steps(answer, document, decision)
        self._check_state(answer, state, document.body, decision, now)
        if answer.head != head:
            raise Refused("chain_broken", "The hub names another head than the signed steps.", field="head")
        narrowed = decision.body.version > body.authority.version or decision.body.receipt is not None
        self._check_deletion(answer, steps, narrowed=narrowed)
        return Referral(
            id=body.id,
            sender=body.author.agency,
            recipient=body.to,
            as_=as_,
            state=answer.state,
            sent_at=answer.sent_at,
            changed_at=answer.changed_at,
            routing=body.routing,
            document=document,
            decision=decision,
            head=head,
            steps=steps,
            deletion_owed_since=answer.deletion_owed_since,
            owed=tuple(answer.owed),
        )

    def _check_answer(self, answer: contract.Referral, body: schemas.Referral) -> None:
        """What the hub says beside the document agrees with it."""
        routing = body.routing
        for field, said, signed in (
            ("id", answer.id, body.id),
            ("sender", answer.sender, body.author.agency),
            ("recipient", answer.recipient, body.to),
            ("urgency", answer.urgency, routing.urgency),
            ("services", sorted(answer.services), sorted(routing.services)),
            ("place", answer.place, routing.place),
            ("language", answer.language, routing.language),
            ("minor", answer.minor, routing.minor),
        ):
            if said != signed:
                raise Refused("malformed", "The hub says something else than the document.", field=field)

    def _check_referral(self, document: Document[schemas.Referral], answer: contract.Referral) -> None:
        referral.check_shape(document.body)
        view = self._directory.check_signed(document, referral.WHO_SENDS)
        referral.check_suspension(document.body, view)
        check_clock(document.body.at, answer.sent_at)

    def _check_decision(self, answer: contract.Decision, body: schemas.Referral) -> Document[schemas.Consent]:
        decision = _same(read(answer.envelope, schemas.Consent), answer.sha256)
        self._directory.check_signed(decision, referral.WHO_SENDS)
        consent.check_decision(decision.body, minor=body.routing.minor)
        if decision.body.consent != body.authority.consent or decision.body.to != body.to:
            raise Refused("authority_mismatch", field="authority", reader=body.to)
        consent.check_signer(decision.body)
        return decision

    def _check_rule(self, document: Document[schemas.Referral], decision: Document[schemas.Consent]) -> None:
        """The rule of §7 as it stood when the referral was made; under a newer version only that it grew from there."""
        body = document.body
        if decision.body.version < body.authority.version:
            raise Refused("authority_mismatch", field="authority", reader=body.to)
        view = self._directory.at(body.directory.size)
        if decision.body.version > body.authority.version:
            referral.check_keys(body)
            return
        decisions = Decisions.of([decision])
        if decision.body.recorder == body.author.agency:
            referral.check_consent(body, view, decisions, at=instant(body.at))
            return
        recipient = view.agency(body.to)
        parts = [key.part for key in body.sealed.keys if key.agency == body.to]
        kind = recipient.kind if recipient else ""
        consent.check_parts(decisions, agency=body.to, kind=kind, parts=parts, at=instant(body.at))
        consent.check_authority(decisions, body.authority, body.to)
        referral.check_keys(body)

    def _check_steps(
        self,
        answer: contract.Referral,
        document: Document[schemas.Referral],
        decision: Document[schemas.Consent],
    ) -> tuple[tuple[Step, ...], str, str]:
        """The steps, each signed, legal and the next in its agency's chain; the state after them; the own head."""
        body, state = document.body, events.begins(decision.body)
        heads: dict[str, str] = {}
        steps = []
        for one in answer.events:
            event = _same(read(one.envelope, schemas.Event), one.sha256)
            author = event.body.author.agency
            if (one.id, one.agency, one.type, one.reason) != (
                event.body.id,
                author,
                event.body.type,
                event.body.reason,
            ):
                raise Refused("malformed", "The hub says something else than the document.", field="event")
            if event.body.prev != heads.get(author, document.sha256):
                raise Refused("chain_broken", field="prev")
            state = self._check_step(event, document, decision, state, one.accepted_at)
            heads[author] = event.sha256
            steps.append(self._step(one, event, body))
        return tuple(steps), state, heads.get(self._agency, document.sha256)

    def _check_step(
        self,
        event: Document[schemas.Event],
        document: Document[schemas.Referral],
        decision: Document[schemas.Consent],
        state: str,
        accepted_at: datetime,
    ) -> str:
        body = event.body
        as_ = events.part_of(body.author.agency, document.body)
        if body.on.id != document.body.id or body.on.sha256 != document.sha256:
            raise Refused("malformed", "The event is on another referral.", field="on")
        view = self._directory.check_signed(event, events.who_acts(body, document.body))
        if body.type == "seconded":
            events.check_second(event, document, view)
        check_clock(body.at, accepted_at)
        try:
            after = events.after(state, body.type, as_)
        except Refused:
            # what the person took back, or what ran out, has no signed step of an agency: closing may follow it
            if body.type != "closed" or "withdrawn" not in vocabulary.terms("states")[state]["next"]:
                raise
            state, after = "withdrawn", "closed"
        events.check_shape(body, state)
        self._check_authority(body, document.body, decision)
        return after

    def _check_authority(
        self, event: schemas.Event, body: schemas.Referral, decision: Document[schemas.Consent]
    ) -> None:
        authority = event.authority
        if authority is None:
            return
        if (authority.consent, authority.to) != (body.authority.consent, body.to):
            raise Refused("authority_mismatch", field="authority")
        if authority.version == decision.body.version and authority.sha256 != decision.sha256:
            raise Refused("authority_mismatch", field="authority")

    def _check_state(
        self,
        answer: contract.Referral,
        state: str,
        body: schemas.Referral,
        decision: Document[schemas.Consent],
        now: datetime,
    ) -> None:
        if answer.state == state:
            return
        granted, renewed = decision.body.granted, decision.body.version > body.authority.version
        over = granted is None or renewed or now >= instant(granted.until)  # an earlier version may have run out
        ended = answer.state == "withdrawn" or (answer.state == "expired" and over)
        if not ended or answer.state not in vocabulary.terms("states")[state]["next"]:
            raise Refused("chain_broken", "The hub says another state than the signed steps.", field="state")

    def _check_deletion(self, answer: contract.Referral, steps: Sequence[Step], *, narrowed: bool) -> None:
        """What is owed is what the signed steps say; after a withdrawal, also of a part, or an expiry, which no step of
        theirs ended, it is the hub's word.

        narrowed: there may have been one. (What she took back with her code names other agencies, too: it is shown to
        none.)
        """
        said, ended = answer.deletion_owed_since, any(one.type in events.ENDED_ACCESS for one in steps)
        if not ended and (narrowed or answer.state not in events.READABLE - {"closed"}):
            return
        if said != _deletion_owed_since(steps):
            raise Refused(
                "malformed", "The hub says something else than the signed steps.", field="deletion_owed_since"
            )

    # --- decisions ----------------------------------------------------------------------------------------------------

    def decisions(self, answer: contract.Consent) -> Decisions:
        """The newest decisions under a consent, as far as the hub shows them, each signed by who may sign it."""
        verified = []
        for one in answer.decisions:
            decision = _same(read(one.envelope, schemas.Consent), one.sha256)
            self._directory.check_signed(decision, referral.WHO_SENDS)
            consent.check_decision(decision.body)
            consent.check_signer(decision.body)
            if (decision.body.consent, decision.body.recorder) != (answer.id, answer.recorder):
                raise Refused("authority_mismatch", field="consent")
            verified.append(decision)
        return Decisions.of(verified, [self._taken_back(one) for one in answer.withdrawals])

    def _taken_back(self, envelope: str) -> consent.Withdrawal:
        """What a code took back: signed by the code's own key, for this network. Whose code it was the hub says."""
        document = read(envelope, schemas.Receipt)
        verify(document, unb64(document.body.key))
        if document.body.network != self._directory.id or document.body.do != "withdraw":
            raise Refused("malformed", field="withdrawals")
        return consent.Withdrawal.by_receipt(document)

    def evidence(self, answers: Sequence[contract.Evidence]) -> list[Evidence]:
        """How decisions before the own agency were given, in the order of signing; one that is bad never hides the
        others, but a decision that does not hold is refused.
        """
        found = []
        for one in answers:
            decision = self._recorded_here(one.decision)
            part = self._open(decision, one.sealed, "gone")["evidence"]
            files = partial(self._files, document=decision, answer=one.sealed, decision=decision.sha256)
            found.append(Evidence(decision, _section(part, files)))
        return sorted(found, key=lambda one: (one.decision.body.at, one.decision.body.to, one.decision.body.version))

    def epochs_of_evidence(self, answers: Sequence[contract.Decision]) -> set[int]:
        """The own epochs to which evidence of these is sealed, by what was signed alone. Raises Refused."""
        decisions = [self._recorded_here(one) for one in answers]
        return {one.epoch for each in decisions if each.body.sealed is not None for one in each.body.sealed.readers}

    def _recorded_here(self, answer: contract.Decision) -> Document[schemas.Consent]:
        decision = _same(read(answer.envelope, schemas.Consent), answer.sha256)
        self._directory.check_signed(decision, referral.WHO_SENDS)
        consent.check_decision(decision.body)
        consent.check_signer(decision.body)
        if decision.body.recorder != self._agency or decision.body.sealed is None:
            raise Refused(
                "authority_mismatch", "This is no decision before this agency with evidence.", field="consent"
            )
        return decision

    def links(self, consent: str, answers: Sequence[contract.Link]) -> list[Link]:
        """What was sent under a consent, each header signed by its sender; in the hub's order of sending."""
        found = []
        for one in answers:
            document = _same(read(one.envelope, schemas.Referral), one.sha256)
            body = document.body
            referral.check_shape(body)
            self._directory.check_signed(document, referral.WHO_SENDS)
            check_clock(body.at, one.sent_at)
            if (body.id, body.authority.consent) != (one.id, consent):
                raise Refused("authority_mismatch", field="consent", referral=one.id)
            parent = body.parent.id if body.parent is not None else None
            parts = in_order(part.name for part in body.sealed.parts if "/" not in part.name)
            found.append(Link(one.id, body.author.agency, body.to, one.state, one.sent_at, parent, tuple(parts)))
        return found

    # --- opening ------------------------------------------------------------------------------------------------------

    def parts(self, of: Referral, sealed: contract.Blobs | None, now: datetime) -> list[Part]:
        """Each part of a referral, in the order of the vocabulary; one that is bad never hides the others."""
        handed = any(one.agency == self._agency and one.type == "opened" for one in of.steps)
        missing: Status = "not_yet" if of.state in events.READABLE and not handed else "gone"
        parts = self._open(of.document, sealed, missing)
        files = partial(self._files, document=of.document, answer=sealed, referral=of.id)
        return [
            _section(parts[name], files) if self._may_still_read(of, name, now) else Part(name, "gone")
            for name in of.part_names
        ]

    def epochs_needed(self, of: Referral, now: datetime) -> set[int]:
        """The own epochs to which anything of it is sealed that may still be read, by what was signed alone."""
        if of.as_ == "recipient" and any(step.type in events.ENDED_ACCESS for step in of.steps):
            return set()
        documents: list[Document[Any]] = [
            of.document,
            *(step.document for step in of.steps if step.document.body.sealed),
        ]
        if of.as_ == "sender" and of.decision.body.recorder != self._agency:
            # Who passed it on reads under the decision on itself, which is not here: it is needed for all one knows.
            return {one.epoch for doc in documents for one in doc.body.sealed.readers if one.agency == self._agency}
        needed = set()
        for document in documents:
            sealed: schemas.Sealed = document.body.sealed
            parts = [key.part for key in sealed.keys if key.agency == self._agency]
            if any(self._rule_allows(of, part, now) for part in parts):
                needed |= {reader.epoch for reader in sealed.readers if reader.agency == self._agency}
        return needed

    def _may_still_read(self, of: Referral, part: str, now: datetime) -> bool:
        """A recipient applies the rule to itself, whatever the hub hands out."""
        return of.as_ != "recipient" or self._rule_allows(of, part, now)

    def _rule_allows(self, of: Referral, part: str, now: datetime) -> bool:
        agency = self._directory.now().agency(self._agency)
        decisions = Decisions.of([of.decision])
        try:
            consent.may_read(decisions, agency=self._agency, kind=agency.kind if agency else "", part=part, at=now)
        except Refused:
            return False
        return True

    def _step(self, answer: contract.Event, event: Document[schemas.Event], body: schemas.Referral) -> Step:
        note = None
        if event.body.sealed is not None:
            note = self._note(self._open(event, answer.sealed, "gone")["note"], event, answer.sealed)
        return Step(
            id=event.body.id,
            agency=event.body.author.agency,
            member=event.body.author.member,
            as_=events.part_of(event.body.author.agency, body),
            type=event.body.type,
            reason=event.body.reason,
            at=answer.accepted_at.astimezone(UTC),
            note=note,
            document=event,
        )

    def _open(self, document: Document[Any], answer: contract.Blobs | None, missing: Status) -> dict[str, Part]:
        """Each part of a verified document by name, its text in UTF-8, or what became of it."""
        sealed: schemas.Sealed = document.body.sealed
        granted = {key.part for key in sealed.keys if key.agency == self._agency}
        try:
            blobs = answer.decoded() if answer is not None else Blobs()
            opened = self._unseal(document, sealed, blobs) if self._agency in blobs.wraps else {}
        except Refused as refused:
            opened = dict.fromkeys(granted, refused)
        parts = {}
        for name in (part.name for part in sealed.parts if "/" not in part.name):
            if name not in granted:
                parts[name] = Part(name, "not_granted")
                continue
            found = opened.get(name)
            if found is None or (isinstance(found, Refused) and found.code == "blob_missing"):
                parts[name] = Part(name, missing)
            elif isinstance(found, Refused):
                parts[name] = Part(name, "damaged", problem=found)
            else:
                parts[name] = Part(name, "readable", text=found.decode("utf-8", "replace"))
        return parts

    def _unseal(self, document: Document[Any], sealed: schemas.Sealed, blobs: Blobs) -> Mapping[str, bytes | Refused]:
        binding, key = self._binding_and_key(document, sealed)
        return open_set(binding, sealed, blobs, self._agency, key)

    def _note(self, part: Part, event: Document[schemas.Event], answer: contract.Blobs | None) -> Part:
        if part.text is None:
            return part
        try:
            note = events.read_note(part.text.encode())
        except Refused as refused:
            return Part(part.name, "damaged", problem=refused)
        files = self._files(
            part.name, note.files, document=event, answer=answer, referral=event.body.on.id, event=event.body.id
        )
        return Part(part.name, "readable", text=note.text, files=files)

    def _files(
        self,
        of: str,
        said: Sequence[schemas.File],
        *,
        document: Document[Any],
        answer: contract.Blobs | None,
        referral: str = "",
        event: str | None = None,
        decision: str | None = None,
    ) -> tuple[Attachment, ...]:
        """The files that a section or note describes; one that is bad never hides the others."""
        found = []
        for one in said:
            attachment = Attachment(referral, event, one, decision=decision)
            try:
                found.append(self._file(of, attachment, document, answer))
            except Refused as refused:
                found.append(dataclasses.replace(attachment, problem=refused.within(part=one.part)))
        return tuple(found)

    def _file(self, of: str, named: Attachment, document: Document[Any], answer: contract.Blobs | None) -> Attachment:
        sealed: schemas.Sealed = document.body.sealed
        said = named.said
        part = next((one for one in sealed.parts if one.name == said.part), None)
        key = next((one for one in sealed.keys if (one.part, one.agency) == (said.part, self._agency)), None)
        if part is None or key is None or base(said.part) != of:
            raise Refused("cannot_open", "The document does not name this file, or not here.")
        attachments.check_said(said, part)
        blobs = answer.decoded() if answer is not None else Blobs()
        sealed_key = blobs.keys.get((said.part, self._agency))
        if sealed_key is None:
            raise Refused("blob_missing")
        binding, epoch_key = self._binding_and_key(document, sealed)
        reader_key = open_wrap(binding, sealed, blobs, self._agency, epoch_key)
        opened = open_key(binding, key, sealed_key, reader_key)
        return dataclasses.replace(named, size=part.size, key=opened, context=binding.part(said.part), part=part)

    def _binding_and_key(self, document: Document[Any], sealed: schemas.Sealed) -> tuple[Binding, KemKey]:
        """What the document's seals are bound to, and the own agency's key to which they were made."""
        mine = next((one for one in sealed.readers if one.agency == self._agency), None)
        if mine is None:
            raise Refused("cannot_open", "Nothing here is sealed for this agency.", reader=self._agency)
        key = self._epochs.get(mine.epoch)
        if key is None:
            raise Refused("cannot_open", "The key of this epoch was not handed over to this member.", epoch=mine.epoch)
        return referral.binding_of(document, self._directory.at(document.body.directory.size)), key


def _section(part: Part, files: Callable[[str, Sequence[schemas.File]], tuple[Attachment, ...]]) -> Part:
    """The section that a part holds, with its files."""
    if part.text is None:
        return part
    try:
        section = referral.read_section(part.name, part.text.encode())
    except Refused as refused:
        return Part(part.name, "damaged", problem=refused)
    return Part(part.name, "readable", section=section, files=files(part.name, section.files))


def _deletion_owed_since(steps: Sequence[Step]) -> datetime | None:
    """Since the step that ended the recipient's access, if it had opened before and has not confirmed since."""
    for place, one in enumerate(steps):
        if one.type in events.ENDED_ACCESS:
            opened = any(before.type == "opened" and before.as_ == "recipient" for before in steps[:place])
            confirmed = any(later.type == "deleted" for later in steps[place + 1 :])
            return one.at if opened and not confirmed else None
    return None


def needed_size(*answers: contract.Referral | contract.Decision | contract.Event | contract.Link) -> int:
    """The largest directory that these documents rely on; 0 where one cannot be read."""
    kinds: dict[type[Any], type[Any]] = {
        contract.Referral: schemas.Referral,
        contract.Link: schemas.Referral,
        contract.Decision: schemas.Consent,
        contract.Event: schemas.Event,
    }
    try:
        return max((read(one.envelope, kinds[type(one)]).body.directory.size for one in answers), default=0)
    except Refused:
        return 0


def in_order(parts: Any) -> list[str]:
    """Part names in the order of the vocabulary's sections."""
    order = {section: place for place, section in enumerate(vocabulary.terms("sections"))}
    return sorted(parts, key=lambda part: (order.get(part.split("/", 1)[0], len(order)), part))


def fields_in_order(section: Section) -> Sequence[tuple[str, Any]]:
    """A section's filled fields: its warnings first, then the vocabulary's order, then whatever else there is."""
    term = vocabulary.terms("sections").get(section.section, {})
    order = {name: place for place, name in enumerate(term.get("fields", ()))}
    return sorted(
        section.fields.items(),
        key=lambda field: (field[0] != "warnings", order.get(field[0], len(order)), field[0]),
    )


def _same(document: Document[Any], sha256: str) -> Document[Any]:
    if document.sha256 != sha256:
        raise Refused("hash_mismatch", field="sha256")
    return document
