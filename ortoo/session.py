"""A member at work: the hub's API, the member's keys, and a directory that was verified.

    async with Session.open(identity, "http://127.0.0.1:8000", state_folder) as session:
        sent = await session.send(Form.read("form.json"))
        opened = await session.open_referral(sent[0].id)

Whatever it returns has been verified (`ortoo.reading`); whatever it refuses is Refused with a code of protocol §13.
The hub's other failures are HubError and HubUnreachable (`ortoo.client`).
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec

from ortoo import attaching, continuing, contract, drafting, evidence, giving, logged
from ortoo.attached import Attached
from ortoo.attaching import Progress
from ortoo.client import Client, HubError, HubUnreachable, Line
from ortoo.days import ULAANBAATAR
from ortoo.drafting import Again, Draft, Outbox
from ortoo.finding import Alternative, Person
from ortoo.form import Evidence as Given
from ortoo.form import Form, FormError
from ortoo.giving import SealedEvidence
from ortoo.identity import Identity
from ortoo.memory import Memory, Remembered, Turn
from ortoo.protocol import consent, documents, events, hpke, schemas
from ortoo.protocol import referral as sealing
from ortoo.protocol.attachments import SealedFile
from ortoo.protocol.checkpoint import Checkpoint, Policy, open_checkpoint
from ortoo.protocol.consent import Decisions
from ortoo.protocol.directory import LOG, Directory
from ortoo.protocol.documents import Document, b64, new_id, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.keys import take_over
from ortoo.protocol.referral import Signer
from ortoo.protocol.sealing import Binding, Blobs, Stored
from ortoo.reading import Attachment, Damaged, Evidence, Link, Part, Reader, Referral, Step, needed_size

CLOCK_TOLERANCE: Final = timedelta(seconds=60)  # beyond it a client works by the hub's time, and says so
Decided = tuple[Document[schemas.Consent], ...] | None  # decisions that are recorded; None: not yet
REMADE: Final = (
    "directory_stale",
    "epoch_stale",
    "clock_skew",
)  # nothing was written: seal again, and send that
SIGNED_AGAIN: Final = ("directory_stale", "clock_skew", "head_moved")  # with the same files, which may have taken long
TRIES: Final = 5  # of a step that is safe to redo on the true head


@dataclass(frozen=True)
class Synced:
    """What a sync found. own: entries about the own agency that are new to this member; practice: a practice network.

    clock_off: how far the device's clock is from the hub's; zero within a minute. withheld: H of documents that the
    hub has accepted from this device and still not logged (protocol §10). lost: entries about the own agency that were
    seen, and are gone since the hub was restored from a backup.
    """

    size: int
    own: tuple[Document[Any], ...]
    practice: bool
    clock_off: timedelta
    withheld: tuple[str, ...] = ()
    lost: tuple[Document[Any], ...] = ()


@dataclass(frozen=True)
class Opened:
    """A referral with its parts: each readable, or what became of it."""

    referral: Referral
    parts: tuple[Part, ...]

    @property
    def files(self) -> list[Attachment | None]:
        """Its files, in the order of `Referral.files`; None for one that is not shown, since it may not be read."""
        notes = [step.note for step in self.referral.steps if step.note is not None]
        shown = {(one.event, one.said.part): one for part in (*self.parts, *notes) for one in part.files}
        return [shown.get(named) for named in self.referral.files]

    @property
    def readable(self) -> list[str]:
        return [part.name for part in self.parts if part.status == "readable"]


@dataclass(frozen=True)
class SignedStep:
    """A step that was signed and kept, and not yet handed in. key: its name in the outbox."""

    key: str
    referral: str
    sealed: contract.Sealed


@dataclass(frozen=True)
class Row:
    """A line of a list. item: whole, or what is wrong with it; tier, owed: the hub's word."""

    item: Referral | Damaged
    tier: str  # late, clock, ours, waiting, rest
    owed: tuple[contract.Owed, ...]


@dataclass(frozen=True)
class Listed:
    """A page of the inbox or outbox, in the order in which it needs somebody. counts: of the whole list."""

    rows: tuple[Row, ...]
    after: str | None  # the cursor for the next page; None at the end
    counts: contract.Counts

    @property
    def items(self) -> tuple[Referral | Damaged, ...]:
        return tuple(row.item for row in self.rows)


@dataclass(frozen=True)
class Arrival:
    """An entry of the feed, and the referral that it is about as it stands now."""

    sequence: int
    kind: str
    at: datetime
    referral: Referral | Damaged | None
    event: str | None = None

    @property
    def step(self) -> Step | None:
        """The step that this entry tells of; None for a new referral."""
        if not isinstance(self.referral, Referral):
            return None
        return next((step for step in self.referral.steps if step.id == self.event), None)


@dataclass
class Session:
    """Made by `Session.open`. One member, one hub."""

    identity: Identity
    client: Client
    memory: Memory
    drafts: Outbox
    directory: Directory = field(default_factory=Directory)
    synced: Synced | None = None
    activity: Checkpoint | None = None  # the newest head of the activity log
    _clock_off: timedelta = timedelta()
    on_progress: Progress | None = None  # told how far files are: bytes that are over, of how many
    on_epochs: Callable[["Session"], Awaitable[None]] | None = None  # told when seeds were taken over
    _epochs: dict[int, KemKey] = field(default_factory=dict)
    _handed: frozenset[int] | None = None  # the epochs whose seeds the hub hands out, once it was asked
    _dropped: set[int] = field(default_factory=set)
    _public_keys: dict[str, bytes] = field(default_factory=dict)
    _syncing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    @asynccontextmanager
    async def open(cls, identity: Identity, hub: str, state_folder: Path) -> AsyncIterator["Session"]:
        """Connect, and sync the directory. Raises Refused, HubError, HubUnreachable, MemoryDamaged."""
        async with Client(hub, identity.token) as client:
            memory = Memory(state_folder, identity.handle, identity.network)
            session = cls(identity, client, memory, Outbox(state_folder, identity.handle))
            await session.sync()
            session._take_from_keyring()
            yield session

    def now(self) -> datetime:
        """The device's time, or the hub's where the device is more than a minute off."""
        return datetime.now(UTC) + self._clock_off

    # --- the directory (protocol §3, §10) -----------------------------------------------------------------------------

    async def sync(self) -> Synced:
        """Fetch what is new in the directory, verify all of it, and remember it.

        Raises: checkpoint_rollback, directory_fork, proof_invalid, checkpoint_unwitnessed, and whatever a replay
        refuses. What a hub has shown that does not fit is kept as evidence.
        """
        async with self._syncing:
            notes: list[str] = []
            seen = self.memory.now  # before it is asked: another program may see more of it meanwhile
            try:
                network, (entries, checkpoint) = await asyncio.gather(
                    self.client.network(),
                    fetch_directory(self.client.directory, seen, notes.append),
                )
                self._set_clock(network.now)
                own: tuple[Document[Any], ...] = ()
                if not self.directory.entries or self.directory.entries != list(entries):
                    replayed, own = self._replay(entries, seen)
                else:
                    replayed = self.directory
                lost = self._check_continued(replayed, checkpoint, seen)
                self._check_checkpoint(replayed, checkpoint, seen)
            except Refused as refused:
                raise self._with_evidence(refused, notes, seen) from None
            self.directory = replayed
            if checkpoint != seen.checkpoint or len(entries) != len(seen.entries):
                self.memory.see_directory(entries, checkpoint)
            practice = self.directory.network.body.practice
            elsewhere = self.identity.seen.activity if self.identity.seen is not None else None
            looked = await logged.look(self.client, self.memory, self.directory.policy, elsewhere, self.now())
            self.activity = looked.head
            self.synced = Synced(self.directory.size, own, practice, self._clock_off, looked.withheld, lost)
            return self.synced

    def _with_evidence(self, refused: Refused, notes: Sequence[str], seen: Remembered) -> Refused:
        """What was shown of the directory, kept where it does not fit what was seen before."""
        if not seen.checkpoint or not notes:
            return refused
        directory, _ = self._replay(seen.entries, seen)
        policy = directory.policy
        return evidence.kept(
            refused, self.memory, policy, policy.log_named(LOG).name, seen=seen.checkpoint, shown=notes[-1]
        )

    def _replay(self, entries: Sequence[str], seen: Remembered) -> tuple[Directory, tuple[Document[Any], ...]]:
        """The directory of these entries; with the documents on the own agency that were not seen before.

        What this process has verified to the same first entries under the same anchor is gone on from.
        """
        anchor = self.identity.anchor
        known = [one for one in (self.directory, _verified.get(anchor)) if one is not None and one.size]
        begun = [one for one in known if one.entries == [*entries[: one.size]]]
        directory = max(begun, key=lambda one: one.size).copy() if begun else Directory(anchor)
        for entry in entries[directory.size :]:
            directory.append(entry)
        _verified[anchor] = directory
        new = entries[len(seen.entries) :] if seen.entries else ()
        own = [_on(self.identity.agency, entry) for entry in new]
        return directory, tuple(one for one in own if one is not None)

    def _check_continued(self, directory: Directory, note: str, seen: Remembered) -> tuple[Document[Any], ...]:
        """Where the hub goes on under another log: that its coordinators say so. Gives what was lost of the agency."""
        if not continuing.is_another_log(note, seen.checkpoint):
            return ()
        known, _ = self._replay(seen.entries, seen)
        continued = continuing.check(directory.entries, note, known, _opened(known, seen.checkpoint))
        _opened(directory, note)
        self.memory.see_continued(tuple(directory.entries), note)
        lost = (_on(self.identity.agency, entry) for entry in continued.lost)
        return tuple(one for one in lost if one is not None)

    def _check_checkpoint(self, directory: Directory, note: str, before: Remembered) -> None:
        """The signed checkpoint is over this very directory; and it continues the one that was seen before."""
        checkpoint = _opened(directory, note)
        if checkpoint.size != directory.size or checkpoint.root != directory.root_at(directory.size):
            raise Refused("directory_fork", size=checkpoint.size)
        if before.checkpoint and not continuing.is_another_log(note, before.checkpoint):
            seen = _opened(directory, before.checkpoint, upto=len(before.entries))
            if seen.size > checkpoint.size:
                raise Refused("checkpoint_rollback", size=checkpoint.size)
            if seen.root != directory.root_at(seen.size):
                raise Refused("directory_fork", size=seen.size)
        if self.identity.seen is not None:  # by another device of this member
            elsewhere = self.identity.seen
            if continuing.covers(directory, elsewhere.directory):
                return
            if elsewhere.directory.size > directory.size or elsewhere.network > directory.network.body.version:
                raise Refused("checkpoint_rollback", size=checkpoint.size)
            directory.check_head(elsewhere.directory)

    def _set_clock(self, hub: datetime) -> None:
        off = hub.astimezone(UTC) - datetime.now(UTC)
        self._clock_off = off if abs(off) > CLOCK_TOLERANCE else timedelta()

    def rule_time(self) -> datetime:
        """By which the rule of consent is judged: the later of both clocks. A hub that is late prolongs nothing."""
        return max(self.now(), datetime.now(UTC))

    # --- keys (protocol §4) -------------------------------------------------------------------------------------------

    async def agency_epochs(self) -> Mapping[int, KemKey]:
        """The own agency's keys by epoch, each proven against the directory. Never empty: that is an error."""
        own = self.directory.now().agency(self.identity.agency)
        if self._handed is None or own is None or own.epoch is None or own.epoch.n not in self._epochs:
            taken = await self._take_over()
            if not self._epochs:
                raise HubError(
                    "no_agency_key",
                    "No key of the agency was handed over to this member, or it was withheld.",
                )
            if taken and self.on_epochs is not None:
                await self.on_epochs(self)
        return self._epochs

    async def _take_over(self) -> bool:
        """Take over what the hub hands out, each seed proven; whether there was any that was not held already."""
        handed = await self.client.agency_keys()
        named, before = self._epochs_in_directory(), len(self._epochs)
        if any(one.epoch not in named for one in handed):
            await self.sync()  # the key may have been renewed since the directory was looked at
            named = self._epochs_in_directory()
        for one in handed:
            if one.epoch not in named:
                raise Refused(
                    "key_mismatch",
                    "A key was handed out for an epoch that the directory does not have.",
                    epoch=one.epoch,
                )
            if one.epoch not in self._epochs:
                self._epochs[one.epoch] = take_over(
                    unb64(one.sealed),
                    network=self.directory.id,
                    agency=self.identity.agency,
                    epoch=named[one.epoch],
                    member=self.identity.member,
                    keys=self.identity.secrets,
                )
        self._handed = frozenset(one.epoch for one in handed)
        self._dropped -= self._handed
        return len(self._epochs) > before

    def _take_from_keyring(self) -> None:
        """The seeds that another session took over: there, whatever the hub hands out. Each is proven all the same."""
        named = self._epochs_in_directory() if self.identity.epochs else {}
        for n, seed in self.identity.epochs.items():
            key = KemKey(seed)
            if n not in named or named[n].kem != key.sha256:
                raise Refused("key_mismatch", reader=self.identity.agency, epoch=n)
            self._epochs[n] = key

    async def drop_unneeded_epochs(self) -> None:
        """Hold no longer the seeds of epochs to which nothing is sealed that may still be read (`dropped`).

        The hub alone does not decide it. It must hand out the newest epoch's seed and not this one's; and this member
        must find nothing that is sealed to it and may still be read, by what was signed: in all that the hub lists, and
        with everything listed that was opened or sent from this device. Whatever does not verify is a reason to wait.
        It is looked once a day.
        """
        own = self.directory.now().agency(self.identity.agency)
        if own is None or own.epoch is None or not any(n < own.epoch.n for n in self._epochs):
            return
        await self._take_over()
        if self._handed is None or own.epoch.n not in self._handed:
            return
        asked = {n for n in self._epochs if n < own.epoch.n and n not in self._handed}
        looked = f"{datetime.now(UTC):%Y-%m-%d}: {sorted(asked)}"
        if not asked or self.memory.now.looked == looked:
            return
        unneeded = asked - await self._epochs_needed(asked)
        self.memory.see_looked(looked)
        for n in unneeded:
            self._epochs.pop(n, None)  # unless another task has found the same
        self._dropped |= unneeded

    async def _epochs_needed(self, asked: set[int]) -> set[int]:
        """Those of the epochs that something readable is sealed to; all, where that cannot be said."""
        needed: set[int] = set()
        missing = set(self.memory.now.opened) | {id for ids in self.memory.now.sent.values() for id in ids}
        at = min(self.now(), datetime.now(UTC))  # a hub that is ahead ends nothing
        for box in (self.inbox, self.outbox):
            async for one in _whole(box):
                if isinstance(one, Damaged):
                    return asked
                needed |= self._reader().epochs_needed(one, at)
                missing.discard(one.id)
        of_evidence = await self._epochs_of_evidence()
        return asked if missing or of_evidence is None else needed | of_evidence

    async def _epochs_of_evidence(self) -> set[int] | None:
        """Those to which it is sealed how people decided before the own agency; None where that cannot be said."""
        missing, needed, after = set(self.memory.now.evidence), set[int](), None
        while page := await self.client.evidence_listed(after):
            missing -= {one.sha256 for one in page}
            try:
                needed |= self._reader().epochs_of_evidence(page)
            except Refused:
                return None
            after = page[-1].sha256
        return None if missing else needed

    @property
    def seen(self) -> schemas.Seen:
        """The newest directory that this session saw."""
        version, head = self.directory.network.body.version, self.activity
        activity = schemas.TreeHead(size=head.size, root=b64(head.root)) if head is not None else None
        return schemas.Seen(network=version, directory=self.directory.head, activity=activity)

    def _accepted(self, *accepted: Document[Any]) -> None:
        """These the hub has accepted: the log has to hold them, which the next sync looks for."""
        named = {one.sha256: _called(one) for one in accepted}
        self.memory.see_accepted(named, documents.stamp(self.now()))

    @property
    def taken(self) -> Mapping[int, bytes]:
        """The seeds that this session took over and the keyring does not have, by epoch."""
        return {n: key.seed for n, key in self._epochs.items() if n not in self.identity.epochs}

    @property
    def dropped(self) -> frozenset[int]:
        """The epochs whose seeds are needed no longer, as far as this session has found."""
        return frozenset(self._dropped)

    def _epochs_in_directory(self) -> dict[int, schemas.Epoch]:
        """Every epoch that the own agency ever had."""
        epochs = {}
        for size in range(1, self.directory.size + 1):
            agency = self.directory.at(size).agency(self.identity.agency)
            if agency is not None and agency.epoch is not None:
                epochs[agency.epoch.n] = agency.epoch
        return epochs

    async def public_keys(self, agencies: Iterable[str], directory: Directory | None = None) -> Mapping[str, bytes]:
        """The newest public keys of these agencies by their hash, each checked against the directory."""
        named = list(agencies)
        while missing := self._missing_keys(named, directory or self.directory):  # which may grow while it is asked
            for key in await self.client.kem_keys(missing):
                if key.sha256 in missing:
                    self._public_keys[key.sha256] = hpke.check_public_key(unb64(key.key), key.sha256)
            if not self._public_keys.keys() >= set(missing):
                raise HubError("bad_answer", "The hub did not give a key that the directory names.")
        return self._public_keys

    def _missing_keys(self, agencies: Iterable[str], directory: Directory) -> list[str]:
        states = [directory.now().agency(agency) for agency in agencies]
        hashes = {one.epoch.kem for one in states if one is not None and one.epoch is not None}
        return sorted(hashes - self._public_keys.keys())

    @property
    def signer(self) -> Signer:
        """This member, relying on the directory as it is now."""
        return Signer(self.identity.agency, self.identity.member, self.identity.secrets.sign, self.directory)

    # --- sending ------------------------------------------------------------------------------------------------------

    async def record(
        self, form: Form, receipt: schemas.ReceiptKey | None = None
    ) -> tuple[Document[schemas.Consent], ...]:
        """Sign the form's decisions and have them recorded, without sending anything. Gives the signed decisions."""
        self._check_sender(form)
        drafting.check_agencies(form, self.directory.now())
        evidence = await self.bring_evidence(form.evidence, new_id(), 1) if form.evidence is not None else None
        decisions = drafting.decide(form, self.signer, at=self.now(), receipt=receipt, evidence=evidence)
        await self.hand_in_decisions(decisions, evidence)
        return decisions

    async def hand_in_decisions(
        self, decisions: Sequence[Document[schemas.Consent]], evidence: SealedEvidence | None = None
    ) -> None:
        """Have signed decisions recorded, all or none. Raises Refused."""
        blobs = giving.beside(decisions, evidence)
        await self.client.record_consent(giving.handed_in(decisions, blobs))
        self._accepted(*decisions)
        if evidence is not None:
            self.memory.see_evidence(blobs)
            self.drafts.forget_files(one.sha256 for one in drafting.files_in(evidence.sealed))

    async def bring_evidence(self, given: Given, consent: str, version: int) -> SealedEvidence:
        """Seal how she gave her decision, for this version of that on everybody, and bring its files to the hub: they
        belong to nothing there, and run out, until the decision is recorded.
        """
        evidence = await self._sealed_evidence(given, consent, version)
        await self._upload(drafting.files_in(evidence.sealed))
        return evidence

    async def _sealed_evidence(self, given: Given, consent: str, version: int) -> SealedEvidence:
        keys = await self.public_keys((self.identity.agency,))
        return giving.seal(self.signer, given, consent, version, keys, self.drafts.seal_file)

    async def evidence(self, consent: str) -> list[Evidence]:
        """How decisions before the own agency under this consent were given, each version with its own, in the order
        of signing. Raises Refused: `not_found` where another agency has recorded it.
        """
        answer = await self.client.evidence(consent)
        if answer is None:
            raise Refused("not_found", consent=consent)
        if needed_size(*(one.decision for one in answer)) > self.directory.size:
            await self.sync()
        await self.agency_epochs()
        found = self._reader().evidence(answer)
        if any(one.decision.body.consent != consent for one in found):
            raise Refused("authority_mismatch", field="consent")
        self.memory.see_evidence(one.decision.sha256 for one in found)
        return found

    async def unsent_evidence(self) -> list[Evidence]:
        """How decisions were given under which nothing was sent, as long as that is kept: no referral leads to them."""
        consents, after = dict[str, None](), None
        while page := await self.client.evidence_listed(after, unsent=True):
            consents |= dict.fromkeys(one.consent for one in page)
            after = page[-1].sha256
        found = [one for consent in consents for one in await self.evidence(consent) if one.part.status != "gone"]
        return sorted(found, key=lambda one: (one.decision.body.at, one.decision.body.consent))

    async def send(self, form: Form, receipt: schemas.ReceiptKey | None = None) -> list[Referral]:
        """Record the form's decisions and send a referral to each recipient, or to none.

        A draft of the same form that was not accepted yet is sent again as it was made; so repeating a send after a
        lost answer gives the referrals that are there, and so does the same form at the same moment, from another task
        or another program of this member. Raises FormError or Refused, before or at the hub; no draft is
        left then. After HubUnreachable it is kept. What was recorded before the hub refused the rest stands: the form
        then goes out under the next versions of that, and so does another one with the same code.

        receipt: of the code that the person gets (`ortoo.receipts`). A draft that is there keeps its own (`unsent`), as
        does what was sent at the same moment.
        """
        async with self.in_turn(drafting.form_key(form, self.signer)) as turn:
            if turn.became:
                return [await self.show(id) for id in turn.became]
            return await self.submit(self.unsent(form) or await self.draft(form, receipt=receipt), form, turn)

    def unsent(self, form: Form) -> Draft | None:
        """The draft of this form that the hub has not accepted, as far as this device knows."""
        return self.drafts.find(drafting.form_key(form, self.signer))

    async def draft(
        self,
        form: Form,
        parts: Mapping[str, Sequence[str]] | None = None,
        decisions: tuple[Document[schemas.Consent], ...] | None = None,
        receipt: schemas.ReceiptKey | None = None,
        evidence: SealedEvidence | None = None,
    ) -> Draft:
        """Seal a form for its recipients, check it against the rule, and keep it until it is accepted.

        parts: which sections go to whom where it is not what the grants say (the rule is checked all the same).
        decisions: those already recorded for this form; else new ones are signed. evidence: the form's, where it was
        sealed before.
        """
        self._check_sender(form)
        signer, at = self.signer, self.now()
        drafting.check_agencies(form, self.directory.now())
        keys = await self.public_keys(drafting.agencies_in(form, self.identity.agency))
        decided = decisions
        if decided is None:
            known = await self._recorded_for(form, receipt)
            if known is not None:
                evidence = await self._evidence_under(known, form)
                decided = drafting.decide_again(form, signer, known, at=at, receipt=receipt, evidence=evidence)
            else:
                if form.evidence is not None and (evidence is None or not giving.is_to_newest(evidence, signer)):
                    evidence = await self._sealed_evidence(form.evidence, new_id(), 1)
                decided = drafting.decide(form, signer, at=at, receipt=receipt, evidence=evidence)
        sealed = drafting.seal(form, signer, decided, keys, at=at, parts=parts or {}, seal_file=self.drafts.seal_file)
        draft = Draft(drafting.form_key(form, signer), decided, sealed, giving.beside(decided, evidence))
        self.drafts.keep(draft)
        return draft

    async def _recorded_for(self, form: Form, receipt: schemas.ReceiptKey | None) -> Decisions | None:
        """What was recorded for this form, or with this code, when the hub refused to send it; None where nothing was,
        or where she has taken something of it back, which counts for good.
        """
        names = (receipt.key if receipt is not None else "", drafting.form_key(form, self.signer))
        kept = next((kept for one in names if (kept := self.memory.now.recorded.get(one))), None)
        if kept is None or form.consent.exception is not None:  # without her consent nothing goes on for longer
            return None
        try:
            known = await self.decisions(kept)
        except Refused as refused:
            if refused.code != "not_found":
                raise
            return None
        bases = {one.body.basis for one in known.newest.values()}  # decisions under one consent have one
        return None if known.withdrawals or bases != {form.consent.basis} else known

    async def _evidence_under(self, known: Decisions, form: Form) -> SealedEvidence | None:
        """The form's evidence, for the next version of the decision on everybody; None where it is there already."""
        everybody = known.newest.get(consent.ALL)
        was_given = drafting.form_key(form, self.signer) in self.memory.now.recorded
        if form.evidence is None or (was_given and everybody is not None):
            return None
        id = next(iter(known.newest.values())).body.consent
        version = everybody.body.version + 1 if everybody is not None else 1
        return await self._sealed_evidence(form.evidence, id, version)

    async def submit(self, draft: Draft, form: Form | None = None, turn: Turn | None = None) -> list[Referral]:
        """Have a draft accepted. With its form, it is sealed anew where the directory moved on or it became too old.

        turn: told what it became, as soon as it is accepted.
        """
        if form is None:
            return await self._submit(draft, draft.form, None, turn)
        receipt = draft.decisions[0].body.receipt if draft.decisions else None

        def again(recorded: Decided, before: Draft) -> Awaitable[Draft]:
            return self.draft(form, decisions=recorded, receipt=receipt, evidence=before.sealed_evidence)

        return await self._submit(draft, drafting.sent_key(form, self.signer), again, turn)

    async def resend(self, form: Form, to: str, of: str | None = None) -> Referral:
        """Send a form that was sent before to one more agency, or to the same one again, in one step: a new referral
        under the newest decisions, with the sections that they let this agency read.

        of: the id of an earlier referral from this form; None for the newest that this device sent. Repeated after a
        lost answer it is one referral, as with `send`. Raises FormError or Refused, among others with the rule's code.
        """
        return await self.send_again(form, await self.resending(form, to, of))

    async def resending(self, form: Form, to: str, of: str | None = None) -> Again:
        """What `resend` would send, for a person to see it before. Nothing is sealed yet."""
        if form.sender is not None and form.sender[0] != self.identity.agency:
            raise FormError("sender", "somebody_elses")
        before = self.sent_before(form)
        if of is None and not before:
            raise FormError("form", "never_sent")
        earlier, answer = await self._fetch(of or before[-1])
        decisions = await self.decisions(earlier.document.body.authority.consent)
        agency = self.directory.now().agency(to)
        if agency is None:
            raise FormError("to", "unknown_agency")
        parts = drafting.parts_allowed(form, to, agency.kind, decisions, at=self.rule_time())
        if earlier.id not in before:
            await self._check_same_form(form, earlier, answer)
        return Again(earlier.id, to, decisions.newest[to], parts)

    async def send_again(self, form: Form, again: Again) -> Referral:
        """Send what `resending` gave."""
        key = drafting.resend_key(form, self.signer, again)

        async def draft() -> Draft:
            keys = await self.public_keys((self.identity.agency, again.to))
            seal_file = self.drafts.seal_file
            sealed = drafting.seal_again(form, self.signer, again, keys, at=self.now(), seal_file=seal_file)
            made = Draft(key, (), (sealed,))
            self.drafts.keep(made)
            return made

        async with self.in_turn(key) as turn:
            if turn.became:
                return await self.show(turn.became[0])
            kept = self.drafts.find(key) or await draft()
            (sent,) = await self._submit(kept, drafting.sent_key(form, self.signer), lambda *_: draft(), turn)
            return sent

    async def form_of(self, id: str) -> Form:
        """What the own agency sent as this referral, as a form again: to send it once more without its file.

        Raises FormError (`gone`) where it cannot be read any more, Refused (`not_found`) where it is not its sender.
        """
        referral, answer = await self._fetch(id)
        if referral.as_ != "sender":
            raise Refused("not_found", referral=id)
        await self.agency_epochs()
        sections = {part.name: part.section for part in self._opened(referral, answer.sealed).parts}
        read = {name: section.fields for name, section in sections.items() if section is not None}
        if len(read) != len(sections) or not read:
            raise FormError("form", "gone")
        if drafting.files_in(referral.document.body.sealed):
            raise FormError("form", "with_files")
        return drafting.form_of(referral.document.body, referral.decision.body, read)

    async def alternatives(self, id: str) -> list[Alternative]:
        """Who else could take what the own agency sent and came to nothing, or whose recipient is late; best first.

        The hub says who gives what is asked for (`referrals/alternatives.py`). Here whoever is refused by a decision
        that verifies is left out, and who cannot take the person as the sealed sections know her. `agreed` is what the
        signed decisions say, whatever the hub does.

        Raises Refused: `not_found` where the own agency is not its sender; `step_illegal` (with the state).
        """
        found = await self.client.alternatives(id)
        if found is None:
            raise Refused("not_found", referral=id)
        referral, answer = await self._fetch(id)
        if referral.as_ != "sender":
            raise Refused("not_found", referral=id)
        decisions = await self.decisions(referral.decision.body.consent)
        await self.agency_epochs()
        parts = self._opened(referral, answer.sealed).parts
        sections = {part.name: part.section.fields for part in parts if part.section is not None}
        person = Person.of(sections, self.now().astimezone(ULAANBAATAR).date())
        sent = [name for name in referral.part_names if name != "justification"]
        view, left_out = self.directory.now(), {referral.sender, referral.recipient}
        alternatives = []
        for one in found:
            agency = view.agency(one.agency)
            gives = tuple(each for each in one.gives if each.service.agency == one.agency and person.fits(each.service))
            if agency is None or agency.suspended or one.agency in left_out or not gives:
                continue
            decided = consent.decided(decisions, agency=one.agency, kind=agency.kind, parts=sent, at=self.rule_time())
            if decided != "refused":
                alternatives.append(Alternative(one.agency, decided == "agreed", gives))
        return alternatives

    async def decisions(self, consent: str) -> Decisions:
        """The newest decisions under a consent that the own agency may see, verified. `not_found`."""
        answer = await self.client.consent(consent)
        if answer is None or answer.id != consent:
            raise Refused("not_found", consent=consent)
        if needed_size(*answer.decisions) > self.directory.size:
            await self.sync()
        return self._reader().decisions(answer)

    def verified_decisions(self, answer: contract.Consent) -> Decisions:
        """What the hub shows of a consent, each decision signed by who may sign it. Raises Refused."""
        return self._reader().decisions(answer)

    def verified_links(self, consent: str, answers: Sequence[contract.Link]) -> list[Link]:
        """The headers of what was sent under a consent, each signed by its sender. Raises Refused."""
        return self._reader().links(consent, answers)

    async def _check_same_form(self, form: Form, earlier: Referral, answer: contract.Referral) -> None:
        """One person's form never goes out under another's consent: what was sent then is what the form says."""
        await self.agency_epochs()
        parts = self._opened(earlier, answer.sealed).parts if earlier.as_ == "sender" else ()
        same = all(part.section is not None and form.sections.get(part.name) == part.section.fields for part in parts)
        if not parts or not same or earlier.routing != drafting.routing_of(form):
            raise FormError("form", "other_than_sent")

    async def _submit(
        self,
        draft: Draft,
        form_key: str,
        made_again: Callable[[Decided, Draft], Awaitable[Draft]] | None,
        turn: Turn | None,
    ) -> list[Referral]:
        """made_again: makes a draft anew, given the decisions that were recorded by then."""
        recorded: Decided = None
        for tries in range(TRIES):
            try:
                if draft.decisions:
                    await self._upload(draft.evidence_files)
                    await self.client.record_consent(draft.sealed_decisions)
                    recorded = draft.decisions
                await self._upload(draft.files)
                accepted = await self.client.send_referrals(draft.sealed_referrals)
                break
            except Refused as refused:
                if recorded == (draft.decisions or None) and self._signs_again(refused, draft.files, tries):
                    await self.sync()
                    draft = draft.anew(self.signer, at=self.now())
                    self.drafts.keep(draft)
                    continue
                try:
                    if made_again is None or refused.code not in REMADE or tries == TRIES - 1:
                        raise
                    await self.sync()
                    draft = await made_again(recorded, draft)
                except (Refused, FormError):
                    self.drafts.drop_draft(draft)
                    if recorded is not None:
                        self._keep_recorded(draft.form, recorded, draft.evidence)
                    raise
        known = {one.document.body.id: one.document.sha256 for one in draft.referrals}
        if {one.id: one.sha256 for one in accepted} != known:
            raise HubError("bad_answer", "The hub accepted something else than was sent.")
        self._accepted(*draft.decisions, *(one.document for one in draft.referrals))
        if draft.evidence:
            self.memory.see_evidence(draft.evidence)
        for one in draft.decisions[:1]:
            self.memory.see_begun(one.body.consent)
        self.memory.see_sent(form_key, draft.ids)
        self.drafts.drop_draft(draft)
        if turn is not None:
            turn.became = draft.ids
        by_id = {one.id: one for one in accepted}
        return [await self._verify(by_id[id]) for id in draft.ids]

    def _keep_recorded(
        self, form: str, recorded: tuple[Document[schemas.Consent], ...], evidence: Mapping[str, Blobs]
    ) -> None:
        """Her decisions stand, though nothing was sent under them: they are not made twice (`_recorded_for`)."""
        self._accepted(*recorded)
        if evidence:
            self.memory.see_evidence(evidence)
        first = recorded[0].body
        self.memory.see_recorded(first.consent, [form, *([first.receipt.key] if first.receipt is not None else [])])

    async def _upload(self, files: Iterable[schemas.SealedPart]) -> None:
        """Bring sealed files to the hub, before the document that names them."""
        for one in files:
            path, stored = self.drafts.sealed_file(one.sha256), Stored(one.size, one.sha256)
            await attaching.upload(self.client, path, stored, self.on_progress or attaching.quietly)

    def _signs_again(self, refused: Refused, files: Sequence[schemas.SealedPart], tries: int) -> bool:
        """Whether what was refused goes out once more with the files that are uploaded already."""
        return bool(files) and refused.code in SIGNED_AGAIN and tries < TRIES - 1

    @asynccontextmanager
    async def in_turn(self, key: str) -> AsyncIterator[Turn]:
        """One at a time makes and hands in what the outbox has under this name."""
        async with self.drafts.in_turn(key) as turn:
            self.memory.look_again()  # what was done with it, by another program
            yield turn

    def sent_before(self, form: Form) -> tuple[str, ...]:
        """Ids of the referrals that this very form became earlier, from this device."""
        return self.memory.now.sent.get(drafting.sent_key(form, self.signer), ())

    def _check_sender(self, form: Form) -> None:
        if form.sender not in (None, (self.identity.agency, self.identity.handle)):
            raise FormError("sender", "somebody_elses")

    # --- lists --------------------------------------------------------------------------------------------------------

    async def inbox(
        self, first: int = 50, after: str | None = None, wanted: contract.Filter = contract.EVERYTHING
    ) -> Listed:
        """A page. Those that follow it show the list in the order that it had then: what changes its place meanwhile
        comes neither twice nor never.
        """
        return await self._list(await self.client.inbox(first, after, wanted))

    async def outbox(
        self, first: int = 50, after: str | None = None, wanted: contract.Filter = contract.EVERYTHING
    ) -> Listed:
        return await self._list(await self.client.outbox(first, after, wanted))

    async def _list(self, page: contract.Page) -> Listed:
        rows = [
            Row(await self._verified_or_damaged(edge.node), edge.tier, tuple(edge.node.owed)) for edge in page.edges
        ]
        return Listed(tuple(rows), page.page_info.end_cursor if page.page_info.has_next_page else None, page.counts)

    async def ids(self) -> list[str]:
        """The ids of all referrals that the agency sent or received."""
        found: dict[str, None] = {}
        inbox_after = outbox_after = None
        while True:
            inbox, outbox = await self.client.ids(inbox_after, outbox_after)
            found.update((edge.node.id, None) for edge in (*inbox.edges, *outbox.edges))
            if not inbox.page_info.has_next_page and not outbox.page_info.has_next_page:
                return list(found)
            inbox_after = inbox.page_info.end_cursor or inbox_after
            outbox_after = outbox.page_info.end_cursor or outbox_after

    # --- one referral -------------------------------------------------------------------------------------------------

    async def show(self, id: str) -> Referral:
        """The referral with its steps and notes; no section. `not_found`."""
        return (await self._fetch(id))[0]

    async def open_referral(self, id: str) -> Opened:
        """Open what the own agency may read: signed and recorded, in the reader's own name.

        The sender reads its own without that. Who loses a race against a colleague opens on the new head.
        """
        referral, answer = await self._fetch(id)
        await self.agency_epochs()
        if referral.as_ == "sender":
            return self._opened(referral, answer.sealed)
        for tries in range(TRIES):
            events.after(referral.state, "opened", referral.as_)
            event, _ = events.make(
                self.signer,
                id=new_id(),
                referral=referral.document,
                prev=referral.head,
                type="opened",
                at=self.now(),
            )
            try:
                opening = await self.client.open_referral(event.envelope)
            except Refused as refused:
                if not await self._may_try_again(refused, tries):
                    raise
                referral, _ = await self._fetch(id)
                continue
            verified = await self._verify(opening.referral, id)
            self._accepted(event)
            self.memory.see_opened(verified.id, verified.document.sha256)
            return self._opened(verified, opening.sealed)
        raise Refused("head_moved", referral=id)

    async def acknowledge(self, id: str) -> Referral:
        return await self.step(id, "acknowledged")

    async def accept(self, id: str, note: str | None = None) -> Referral:
        return await self.step(id, "accepted", note=note)

    async def decline(self, id: str, reason: str, note: str | None = None) -> Referral:
        """reason: a code of `decline_reasons`."""
        return await self.step(id, "declined", reason=reason, note=note)

    async def ask_more(self, id: str, note: str | None = None) -> Referral:
        return await self.step(id, "more_asked", note=note)

    async def start(self, id: str, note: str | None = None) -> Referral:
        return await self.step(id, "under_way", note=note)

    async def close(self, id: str, outcome: str, note: str | None = None) -> Referral:
        """outcome: a code of `outcomes`."""
        return await self.step(id, "closed", reason=outcome, note=note)

    async def hand_back(self, id: str, reason: str, note: str | None = None) -> Referral:
        """Give back what was accepted. reason: a code of `decline_reasons`. From then on nothing can be opened."""
        return await self.step(id, "handed_back", reason=reason, note=note)

    async def recall(self, id: str, reason: str, note: str | None = None) -> Referral:
        """Take back what was sent, until the service is under way. reason: a code of `recall_reasons`.

        The recipient's keys go with it, the note's too: the other side sees the reason, the note stays with the own.
        """
        return await self.step(id, "recalled", reason=reason, note=note)

    async def second(self, id: str) -> Referral:
        """Give the second signature on what a colleague sends without the person's consent (protocol §7).

        Raises Refused: `second_signature_missing` for whoever has signed it already.
        """
        return await self.step(id, "seconded")

    async def review(self, id: str, verdict: str) -> Referral:
        """Say, for the reviewing agency, whether there was ground to act without consent: `upheld`, or `overturned`,
        with which access under that consent ends at once.
        """
        return await self.step(id, verdict)

    async def confirm_deletion(self, id: str) -> Referral:
        """Sign that the own agency's copies are gone; first drop what this device keeps of it.

        What the device remembers is no copy: H of the document, so that nothing else is opened under the same id.
        """
        self.drafts.forget_steps(id)
        return await self.step(id, "deleted")

    async def message(self, id: str, text: str, files: Sequence[Attached] = ()) -> Referral:
        """Write to the other side. Safe to redo: who loses a race writes on the new head."""
        for tries in range(TRIES):
            try:
                return await self.step(id, "message", note=text, files=files)
            except Refused as refused:
                if not await self._may_try_again(refused, tries):
                    raise
        raise Refused("head_moved", referral=id)

    async def step(
        self,
        id: str,
        type: str,
        *,
        reason: str | None = None,
        note: str | None = None,
        files: Sequence[Attached] = (),
    ) -> Referral:
        """Take a step on the referral as it stands now. Gives it as it stands then.

        After HubUnreachable the step is kept: the same step again is the same bytes, and is taken once. So is the same
        step at the same moment, from another task or another program of this member.
        Raises Refused: `head_moved` (with `state`) where a colleague was quicker, `step_illegal` (with `state`).
        """
        key = drafting.step_key(self.signer, id, type, reason, note, files)
        async with self.in_turn(key) as turn:
            if turn.became:
                return await self.show(id)
            kept = self.drafts.find_step(key)
            answer = None
            if kept is not None:
                with suppress(Refused):  # it never arrived, and its time is over: as if it had not been made
                    answer = await self._taken(SignedStep(key, id, kept))
            if answer is None:
                answer = await self._taken(await self.sign_step(id, type, reason=reason, note=note, files=files))
            turn.became = (id,)
        return await self._verify(answer, id)

    async def hand_in(self, step: SignedStep) -> Referral:
        """Have a signed step taken. Gives the referral as it stands then."""
        return await self._verify(await self._taken(step), step.referral)

    async def _taken(self, step: SignedStep) -> contract.Referral:
        """What the hub answers, in which the step stands."""
        files = drafting.files_in(documents.read(step.sealed.envelope, schemas.Event).body.sealed)
        try:
            await self._upload(files)
            answer = await self.client.take_step(step.sealed)
        except Refused as refused:
            if not self._signs_again(refused, files, 0):
                self.drafts.drop_step(step.key, step.sealed)
            raise
        if step.sealed.envelope not in [one.envelope for one in answer.events]:
            raise HubError("bad_answer", "The step that was taken is not among the steps.")
        self._accepted(documents.read(step.sealed.envelope, schemas.Event))
        self.drafts.drop_step(step.key, step.sealed)
        return answer

    async def sign_step(
        self,
        id: str,
        type: str,
        *,
        reason: str | None = None,
        note: str | None = None,
        files: Sequence[Attached] = (),
    ) -> SignedStep:
        """The step on the referral as it stands now, signed and kept. Raises Refused where it is not legal.

        One that is kept with its files, and was not taken, is signed anew: what is uploaded is not uploaded again.
        """
        referral, _ = await self._fetch(id)
        events.after(referral.state, type, referral.as_)
        key = drafting.step_key(self.signer, id, type, reason, note, files)
        if files and (signed := self._signed_anew(key, referral)):
            return signed
        keys: Mapping[str, bytes] = {}
        if note is not None:
            keys = await self.public_keys((referral.sender, referral.recipient))
        event_id = new_id()
        sealed = self._seal_files(files, event_id, referral.decision)
        event, blobs = events.make(
            self.signer,
            id=event_id,
            referral=referral.document,
            prev=referral.head,
            type=type,
            at=self.now(),
            files=sealed,
            reason=reason,
            note=note,
            decision=referral.decision if note is not None else None,
            public_keys=keys if note is not None else None,
        )
        self._check_step(event, blobs, referral)
        step = SignedStep(key, id, contract.Sealed.of(event.envelope, blobs))
        self.drafts.keep_step(step.key, step.sealed)
        return step

    def _seal_files(
        self, files: Sequence[Attached], event: str, decision: Document[schemas.Consent]
    ) -> list[SealedFile]:
        binding = sealing.binding(self.signer, event, decision)
        return [self.drafts.seal_file(one, f"note/file-{n}", binding) for n, one in enumerate(files, 1)]

    def _signed_anew(self, key: str, referral: Referral) -> SignedStep | None:
        """The kept step of that name on the head as it is now; None where there is none, or where it has to be sealed
        again: under a newer decision, to a newer epoch.
        """
        kept = self.drafts.find_step(key)
        if kept is None:
            return None
        try:
            before = documents.read(kept.envelope, schemas.Event)
            event = events.anew(before, self.signer, prev=referral.head, at=self.now())
            parts = drafting.files_in(event.body.sealed)
            stored = {part.name: Stored(part.size, part.sha256) for part in parts}
            self._check_step(event, replace(kept.blobs, stored=stored), referral)
        except Refused:
            return None
        step = SignedStep(key, referral.id, msgspec.structs.replace(kept, envelope=event.envelope))
        self.drafts.keep_step(key, step.sealed)
        return step

    def _check_step(self, event: Document[schemas.Event], blobs: Blobs, referral: Referral) -> None:
        """All that the hub and the other side will check, before anything leaves."""
        events.check(
            event,
            blobs,
            referral=referral.document,
            state=referral.state,
            directory=self.directory,
            decisions=Decisions.of([referral.decision]),
            now=self.now(),
        )

    # --- files (protocol §6) ------------------------------------------------------------------------------------------

    async def save(self, attachment: Attachment, folder: Path) -> Path:
        """Fetch a file, open it, and put it into the folder under a name that is free. Gives where.

        Raises AttachmentError, Refused (its `problem`; what is wrong with what the hub gave), HubError, HubUnreachable.
        """
        return await attaching.save(
            self._fetch_of(attachment),
            folder,
            attachment.opening(),
            said=attachment.said,
            size=attachment.size,
            on_progress=self.on_progress or attaching.quietly,
        )

    async def seal_anew(self, attachment: Attachment, part: str, binding: Binding) -> SealedFile:
        """Fetch a file and seal it as `part` of another document, beside the drafts. Raises as `save` does."""
        on_progress = self.on_progress or attaching.quietly
        return await self.drafts.seal_anew(self._fetch_of(attachment), attachment, part, binding, on_progress)

    def _fetch_of(self, attachment: Attachment) -> attaching.Fetch:
        if attachment.decision is not None:
            return partial(self.client.evidence_piece, attachment.decision)
        return partial(self.client.file_piece, attachment.referral, attachment.event)

    async def _may_try_again(self, refused: Refused, tries: int) -> bool:
        if refused.code == "directory_stale":
            await self.sync()
        return refused.code in ("head_moved", "directory_stale") and tries < TRIES - 1

    # --- following ----------------------------------------------------------------------------------------------------

    async def follow(
        self, after: int | None = None, on_line: Callable[[Line], None] = lambda _: None
    ) -> AsyncGenerator[Arrival, None]:
        """What arrives for the agency after sequence `after` (None: after what this member followed last), for ever.

        Each entry once and in order, over lost connections; on_line is told `lost` and `back`.
        """
        start = self.memory.now.feed if after is None else after
        async with aclosing(self.client.follow(start, on_line)) as entries:
            async for entry in entries:
                yield await self._arrival(entry)
                if after is None:
                    self.memory.see_feed(entry.sequence)

    async def _arrival(self, entry: contract.FeedEntry) -> Arrival:
        referral: Referral | Damaged | None = None
        if entry.referral is not None:
            answer = await self._patiently(entry.referral)
            if answer is not None and answer.id == entry.referral:
                referral = await self._verified_or_damaged(answer)
            else:
                referral = Damaged(entry.referral, Refused("not_found"))
        return Arrival(entry.sequence, entry.kind, entry.at.astimezone(UTC), referral, entry.event)

    async def _patiently(self, id: str) -> contract.Referral | None:
        """A follower waits for its hub, at this point too."""
        pause = 1.0
        while True:
            try:
                return await self.client.referral(id)
            except HubUnreachable:
                await asyncio.sleep(pause)
                pause = min(2 * pause, 15.0)

    # --- verifying ----------------------------------------------------------------------------------------------------

    async def _fetch(self, id: str) -> tuple[Referral, contract.Referral]:
        answer = await self.client.referral(id)
        if answer is None:
            raise Refused("not_found", referral=id)
        return await self._verify(answer, id), answer

    async def _verify(self, answer: contract.Referral, id: str | None = None) -> Referral:
        """The answer, if all of it holds; and if it is the referral `id` where one was asked for."""
        if id not in (None, answer.id):
            raise Refused("malformed", "The hub gave another referral.", field="id")
        if needed_size(answer, answer.decision, *answer.events) > self.directory.size:
            await self.sync()
        if any(one.sealed is not None and one.sealed.wraps for one in answer.events):
            await self.agency_epochs()
        try:
            verified = self._reader().verify(answer, self.rule_time())
            if verified.as_ == "recipient" and verified.state in events.ENDED_ACCESS:
                self.drafts.forget_onward(verified.id)
                if verified.state in ("withdrawn", "expired"):
                    self.drafts.forget_steps(verified.id)
            return verified
        except Refused as refused:
            raise refused.within(referral=answer.id) from None

    async def _verified_or_damaged(self, answer: contract.Referral) -> Referral | Damaged:
        try:
            return await self._verify(answer)
        except Refused as refused:
            return Damaged(answer.id, refused)

    def _reader(self) -> Reader:
        return Reader(self.identity.agency, self.directory, self._epochs, self.memory.now.opened)

    def _opened(self, referral: Referral, sealed: contract.Blobs | None) -> Opened:
        return Opened(referral, tuple(self._reader().parts(referral, sealed, self.rule_time())))


async def _whole(box: Callable[..., Awaitable[Listed]]) -> AsyncIterator[Referral | Damaged]:
    """All items of the inbox or outbox, page by page."""
    page = await box()
    while True:
        for one in page.items:
            yield one
        if page.after is None:
            return
        page = await box(after=page.after)


async def fetch_directory(
    ask: Callable[[int], Awaitable[contract.DirectoryPage]],
    known: Remembered,
    on_note: Callable[[str], None] = lambda _: None,
) -> tuple[tuple[str, ...], str]:
    """All entries of the directory log, the known ones first, and the checkpoint over them; nothing of it verified.

    Those of another log than the known one are fetched from the first on. on_note: told each checkpoint that is shown.
    """
    entries = list(known.entries)
    while True:
        page = await ask(len(entries))
        on_note(page.checkpoint.note)
        if continuing.is_another_log(page.checkpoint.note, known.checkpoint) and entries == list(known.entries):
            entries, known = [], Remembered(known.network)
            continue
        if page.checkpoint.size < len(entries):
            raise Refused("checkpoint_rollback", size=page.checkpoint.size)
        entries += page.entries[: page.checkpoint.size - len(entries)]
        if len(entries) == page.checkpoint.size:
            return tuple(entries), page.checkpoint.note
        if not page.entries:
            raise HubError("bad_answer", "The directory ends before its checkpoint.")


_verified: dict[str, Directory] = {}  # by anchor; nothing is added to these, only to copies


def _called(document: Document[Any]) -> str:
    """What a document is, for its author: its type, and the id under which it is looked up."""
    body = document.body
    if isinstance(body, schemas.Event):
        return f"{body.type} {body.on.id}"
    return f"decision {body.consent}" if isinstance(body, schemas.Consent) else f"referral_sent {body.id}"


def _on(agency: str, entry: str) -> Document[Any] | None:
    """The entry, verified before, if it is about this agency."""
    kind = documents.kind_of_envelope(entry)
    document: Document[Any]
    if kind == "admission":
        document = documents.read(entry, schemas.Admission)
    elif kind == "roster":
        document = documents.read(entry, schemas.Roster)
    else:
        return None
    return document if document.body.agency == agency else None


def _opened(directory: Directory, note: str, upto: int | None = None) -> Checkpoint:
    """The checkpoint, by the policy of the directory that it covers: a later one may name other witnesses."""
    policy = Policy.parse(directory.at(directory.size if upto is None else upto).network.body.policy)
    return open_checkpoint(note, policy.log_named(LOG).name, policy).checkpoint
