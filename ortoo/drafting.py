"""From a form to sealed wholes that a hub can accept, and their keeping until it has (LESSONS: sending).

A draft holds ciphertext and signed documents alone. It is kept, under a name that says nothing, from before the first
byte leaves until the hub's acceptance is held: whatever repeats a send, repeats the same bytes.
"""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from ortoo import attaching, contract, giving
from ortoo.attached import Attached
from ortoo.form import Consent, Form, FormError, Routing
from ortoo.giving import SealedEvidence, SealFile
from ortoo.memory import Turn, in_turn, write_whole
from ortoo.protocol import consent, referral, schemas, vocabulary
from ortoo.protocol.attachments import SealedFile
from ortoo.protocol.consent import Decisions
from ortoo.protocol.directory import View
from ortoo.protocol.documents import Document, as_set, b64, ctx, new_id, read, sign, stamp
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import expand
from ortoo.protocol.referral import NEVER_SENT, SealedReferral, Signer
from ortoo.protocol.sealing import Binding, Blobs
from ortoo.reading import Attachment

LEFT_FOR: Final = 24 * 3600  # seconds: what another program seals at this moment is younger


def files_in(sealed: schemas.Sealed | None) -> list[schemas.SealedPart]:
    """The files that a document names."""
    return [part for part in sealed.parts if "/" in part.name] if sealed is not None else []


def no_folder(attached: Attached, part: str, binding: Binding) -> SealedFile:
    """For forms without files: nothing was said of where they would be sealed."""
    raise ValueError("files are sealed into an outbox")


@dataclass(frozen=True)
class Draft:
    """form: the key of the form that it was made from. Decisions and referrals as the hub takes them. evidence: what
    is sealed beside the decisions, by H.
    """

    form: str
    decisions: tuple[Document[schemas.Consent], ...]
    referrals: tuple[SealedReferral, ...]
    evidence: Mapping[str, Blobs] = field(default_factory=dict)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(one.document.body.id for one in self.referrals)

    @property
    def files(self) -> list[schemas.SealedPart]:
        """The sealed files that its referrals name."""
        return [part for one in self.referrals for part in files_in(one.document.body.sealed)]

    @property
    def evidence_files(self) -> list[schemas.SealedPart]:
        """The sealed files that its decisions name."""
        return [part for one in self.decisions for part in files_in(one.body.sealed)]

    @property
    def sealed_evidence(self) -> SealedEvidence | None:
        return next((giving.SealedEvidence.of(one, self.evidence) for one in self.decisions if one.body.sealed), None)

    def anew(self, signer: Signer, *, at: datetime) -> "Draft":
        """The same, with what was sealed, signed again: only of referrals that no hub has accepted."""
        signed = (SealedReferral(referral.anew(one.document, signer, at=at), one.blobs) for one in self.referrals)
        return Draft(self.form, self.decisions, tuple(signed), self.evidence)

    @property
    def sealed_decisions(self) -> list[contract.Sealed]:
        return giving.handed_in(self.decisions, self.evidence)

    @property
    def sealed_referrals(self) -> list[contract.Sealed]:
        return [contract.Sealed.of(one.document.envelope, one.blobs) for one in self.referrals]


@dataclass(frozen=True)
class Again:
    """What a form is when it goes out once more, to one agency: the parts that the newest decision lets it read.

    of: the id of an earlier referral from the same form, whose consent it stands on.
    """

    of: str
    to: str
    decision: Document[schemas.Consent]
    parts: tuple[str, ...]


# --- making -----------------------------------------------------------------------------------------------------------


def decide(
    form: Form,
    signer: Signer,
    *,
    at: datetime,
    receipt: schemas.ReceiptKey | None = None,
    evidence: SealedEvidence | None = None,
) -> tuple[Document[schemas.Consent], ...]:
    """A signed decision for each addressee of the form, under one new consent id, recorded by the signer's agency.

    receipt: of the code that the person gets; None where she takes none. evidence: the form's, sealed under that id.
    """
    form.check_child()
    id = evidence.consent if evidence is not None else new_id()
    bodies = [_decision(form, signer, to, id, at, receipt, evidence) for to in form.decided_on]
    for body in bodies:
        consent.check_decision(body, minor=form.routing.minor)
    return tuple(sign(body, signer.key) for body in bodies)


def decide_again(
    form: Form,
    signer: Signer,
    known: Decisions,
    *,
    at: datetime,
    receipt: schemas.ReceiptKey | None = None,
    evidence: SealedEvidence | None = None,
) -> tuple[Document[schemas.Consent], ...]:
    """What the form decides under the consent that was recorded when it could not be sent: what stands where it says
    the same, else the next version. Of whom the form says nothing any more, nothing is decided.
    """
    form.check_child()
    id = next(iter(known.newest.values())).body.consent
    decisions = []
    for to in sorted({*form.decided_on, *known.newest}):
        wanted, before = _decision(form, signer, to, id, at, receipt, evidence), known.newest.get(to)
        if before is not None:
            if wanted.sealed is None and before.body.sealed is None and _says_as_much(wanted, before.body):
                decisions.append(before)
                continue
            wanted = msgspec.structs.replace(wanted, version=before.body.version + 1, prev=before.sha256)
        consent.check_decision(wanted, minor=form.routing.minor)
        decisions.append(sign(wanted, signer.key))
    return tuple(decisions)


def _says_as_much(wanted: schemas.Consent, before: schemas.Consent) -> bool:
    """Whether it is that decision, but for who signed it and when."""
    when = {name: getattr(before, name) for name in ("at", "directory", "author", "version", "prev")}
    return msgspec.structs.replace(wanted, **when) == before


def _decision(
    form: Form,
    signer: Signer,
    to: str,
    id: str,
    at: datetime,
    receipt: schemas.ReceiptKey | None,
    evidence: SealedEvidence | None,
) -> schemas.Consent:
    wanted = form.consent
    return schemas.Consent(
        network=signer.directory.id,
        at=stamp(at),
        directory=signer.directory.head,
        author=signer.author,
        consent=id,
        recorder=signer.agency,
        to=to,
        version=1,
        prev=None,
        basis=wanted.basis,
        given=schemas.Given(
            by=wanted.given_by,
            how=wanted.given_how,
            language=wanted.language,
            interpreter=wanted.interpreter,
            witness=wanted.witness,
        ),
        granted=_granted(form, to, at),
        refused=as_set(wanted.refusals.get(to, ())),
        receipt=receipt,
        exception=_exception(form, at),
        retain_days=wanted.retain_days,
        sealed=evidence.sealed if evidence is not None and to == consent.ALL else None,
    )


def _granted(form: Form, to: str, at: datetime) -> schemas.Granted | None:
    grant = form.consent.grants.get(to)
    if grant is None:
        return None
    return schemas.Granted(
        sections=as_set(grant.sections),
        purposes=as_set(grant.purposes),
        until=stamp(grant.until(at, form.consent.basis)),
    )


def _exception(form: Form, at: datetime) -> schemas.ConsentException | None:
    without = form.consent.exception
    if without is None:
        return None
    tell = stamp(at + timedelta(days=without.tell_after_days)) if without.tell_after_days else None
    return schemas.ConsentException(reviewer=without.reviewer, overrides=None, tell_after=tell)


def agencies_in(form: Form, sender: str) -> set[str]:
    """Those whose keys are needed in order to seal."""
    without = form.consent.exception
    return {sender, *form.recipients, *({without.reviewer} if without else ())}


def check_agencies(form: Form, view: View) -> None:
    """FormError where the form names an agency that the directory does not have."""
    for place, to in enumerate(form.recipients):
        if view.agency(to) is None:
            raise FormError(f"recipients[{place}]", "unknown_agency")
    for to in form.consent.addressees:
        if not to.startswith("kind:") and to != consent.ALL and view.agency(to) is None:
            raise FormError("consent", "unknown_agency")
    if form.consent.exception is not None and view.agency(form.consent.exception.reviewer) is None:
        raise FormError("consent.exception.reviewer", "unknown_agency")


def seal(
    form: Form,
    signer: Signer,
    decisions: Sequence[Document[schemas.Consent]],
    public_keys: Mapping[str, bytes],
    *,
    at: datetime,
    parts: Mapping[str, Sequence[str]],
    seal_file: SealFile = no_folder,
) -> tuple[SealedReferral, ...]:
    """A sealed referral for each recipient, checked against the rule as the hub and the reader will (§5, §7).

    parts: which sections go to whom, where it is not what the grant says.
    Raises Refused, naming referral, part and reader, or FormError.
    """
    known, view = Decisions.of(decisions), signer.directory.now()
    check_agencies(form, view)
    sealed = []
    for to in form.recipients:
        agency = view.agency(to)
        if agency is None or to not in known.newest:
            raise Refused("grant_missing", reader=to)
        if agency.suspended:
            raise Refused("recipient_suspended", reader=to)
        chosen = parts.get(to, form.parts_for(to, agency.kind))
        sealed.append(_seal(form, signer, to, chosen, known, public_keys, at, seal_file))
    return tuple(sealed)


def seal_again(
    form: Form, signer: Signer, again: Again, public_keys: Mapping[str, bytes], *, at: datetime, seal_file: SealFile
) -> SealedReferral:
    """A new referral from a form that was sent before, to one agency. Raises Refused, or FormError."""
    form.check_guardian()
    agency = signer.directory.now().agency(again.to)
    if agency is not None and agency.suspended:
        raise Refused("recipient_suspended", reader=again.to)
    return _seal(form, signer, again.to, again.parts, Decisions.of([again.decision]), public_keys, at, seal_file)


def _seal(
    form: Form,
    signer: Signer,
    to: str,
    parts: Sequence[str],
    decisions: Decisions,
    public_keys: Mapping[str, bytes],
    at: datetime,
    seal_file: SealFile,
) -> SealedReferral:
    id, decision = new_id(), decisions.newest[to]
    binding = referral.binding(signer, id, decision)
    files = {
        part: [seal_file(one, f"{part}/file-{n}", binding) for n, one in enumerate(form.attached.get(part, ()), 1)]
        for part in parts
    }
    one = referral.seal(
        signer,
        id=id,
        to=to,
        routing=routing_of(form),
        decision=decision,
        texts={
            part: referral.section_text(part, form.sections[part], [one.said for one in files[part]]) for part in parts
        },
        files=[one for part in parts for one in files[part]],
        public_keys=public_keys,
        at=at,
    )
    try:
        referral.check(one, signer.directory, decisions, now=at)
    except Refused as refused:
        raise refused.within(referral=one.document.body.id) from None
    return one


def parts_allowed(form: Form, to: str, kind: str, decisions: Decisions, *, at: datetime) -> tuple[str, ...]:
    """The form's sections that an agency (of `kind`) may read under these decisions.

    Raises Refused where it may read nothing: with the rule's answer for a note, else `grant_missing`.
    """
    decision = decisions.newest.get(to)
    left_out = () if decision is not None and decision.body.exception else ("justification",)
    allowed = []
    for part in vocabulary.terms("sections"):
        if part not in form.sections or part in (*NEVER_SENT, *left_out):
            continue
        with suppress(Refused):
            consent.may_read(decisions, agency=to, kind=kind, part=part, at=at)
            allowed.append(part)
    if not allowed:
        consent.check_reader_without_key(decisions, agency=to, kind=kind, at=at)
    return tuple(allowed)


def form_of(referral: schemas.Referral, decision: schemas.Consent, sections: Mapping[str, Mapping[str, Any]]) -> Form:
    """What was sent, as a form to send again: the sections that were read, and no decisions of its own."""
    routing, given = referral.routing, decision.given
    return Form(
        routing=Routing(routing.urgency, tuple(routing.services), routing.place, routing.language, routing.minor),
        recipients=(referral.to,),
        consent=Consent(
            basis=decision.basis,
            given_by=given.by,
            given_how=given.how,
            language=given.language,
            interpreter=given.interpreter,
            witness=given.witness,
            retain_days=decision.retain_days,
            grants={},
            refusals={},
        ),
        sections=sections,
    )


def routing_of(form: Form) -> schemas.Routing:
    """What the document says openly, as its schema has it."""
    routing = form.routing
    return schemas.fit(
        {
            "urgency": routing.urgency,
            "services": as_set(routing.services),
            "place": routing.place,
            "language": routing.language,
            "minor": routing.minor,
        },
        schemas.Routing,
    )


def form_key(form: Form, signer: Signer) -> str:
    """A name for this form of this member. Who does not have the member's key cannot guess a form from it."""
    return b64(expand(signer.key.seed, ctx("draft", signer.member, form.bytes)))


def sent_key(form: Form, signer: Signer) -> str:
    """The same of what may go to others, whatever evidence stays: by that it is known what was sent before."""
    return form_key(form.without_evidence, signer)


def resend_key(form: Form, signer: Signer, again: Again) -> str:
    """A name for sending this form to that agency once more, as little guessable."""
    return b64(expand(signer.key.seed, ctx("draft", signer.member, again.of, again.to, form.bytes)))


def step_key(
    signer: Signer,
    referral: str,
    type: str,
    reason: str | None,
    note: str | None,
    files: Sequence[Attached] = (),
) -> str:
    """A name for this step of this member on this referral, as little guessable as a form's."""
    named = [text for one in files for text in (one.name, one.sha256)]
    said = "\0".join((referral, type, reason or "", note or "", *named)).encode()
    return b64(expand(signer.key.seed, ctx("draft", signer.member, said)))


# --- keeping ----------------------------------------------------------------------------------------------------------


class Outbox:
    """What one member made and the hub has not accepted yet, forms and steps: files in `<folder>/<handle>.outbox/`."""

    def __init__(self, folder: Path, handle: str) -> None:
        self._folder = folder / f"{handle}.outbox"

    def keep(self, draft: Draft) -> None:
        value = {
            "form": draft.form,
            "decisions": [msgspec.to_builtins(one) for one in draft.sealed_decisions],
            "referrals": [msgspec.to_builtins(one) for one in draft.sealed_referrals],
        }
        before = self._named_in(self._path(draft.form))
        write_whole(self._path(draft.form), json.dumps(value))
        self.forget_files({*before} - {one.sha256 for one in (*draft.evidence_files, *draft.files)})

    def find(self, form: str) -> Draft | None:
        """The draft of this form; None where there is none, or where what is there was damaged."""
        try:
            value: dict[str, Any] = json.loads(self._path(form).read_text(encoding="utf-8"))
            decisions = msgspec.convert(value["decisions"], list[contract.Sealed])
            referrals = msgspec.convert(value["referrals"], list[contract.Sealed])
            decided = [(read(one.envelope, schemas.Consent), one.blobs) for one in decisions]
            return Draft(
                form=form,
                decisions=tuple(one for one, _ in decided),
                evidence={one.sha256: blobs for one, blobs in decided if one.body.sealed is not None},
                referrals=tuple(SealedReferral(read(one.envelope, schemas.Referral), one.blobs) for one in referrals),
            )
        except (OSError, ValueError, KeyError, TypeError, Refused):
            return None

    def keep_step(self, key: str, step: contract.Sealed) -> None:
        write_whole(self._path(key), json.dumps({"step": msgspec.to_builtins(step)}))

    def find_step(self, key: str) -> contract.Sealed | None:
        """The step of that name; None where there is none, or where what is there was damaged."""
        try:
            return msgspec.convert(json.loads(self._path(key).read_text(encoding="utf-8"))["step"], contract.Sealed)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def in_turn(self, key: str) -> AbstractAsyncContextManager[Turn]:
        """The turn of whoever makes and hands in what has this name, over all tasks and programs of this member."""
        return in_turn(self._path(key))

    def drop_draft(self, draft: Draft) -> None:
        """Forget this draft, with its sealed files; not another one that took its place."""
        kept = self.find(draft.form)
        if kept is None or kept.ids == draft.ids:
            self.drop(draft.form)

    def drop_step(self, key: str, step: contract.Sealed) -> None:
        """Forget this step, with its sealed files; not another one that took its place."""
        kept = self.find_step(key)
        if kept is None or kept.envelope == step.envelope:
            self.drop(key)

    def drop(self, key: str) -> None:
        """Forget the form's draft, or the step, of that name, with its sealed files."""
        self.forget_files(self._named_in(self._path(key)))
        self._path(key).unlink(missing_ok=True)

    # --- sealed files -------------------------------------------------------------------------------------------------

    def seal_file(self, attached: Attached, part: str, binding: Binding) -> SealedFile:
        """Seal a file, which then lies beside the drafts until the one that names it is dropped."""
        self._forget_unnamed()
        return attaching.seal(attached, part, binding, self._folder)

    async def seal_anew(
        self,
        fetch: attaching.Fetch,
        attachment: Attachment,
        part: str,
        binding: Binding,
        on_progress: attaching.Progress,
    ) -> SealedFile:
        """The same of a file that the own agency was sent, as `part` of what it passes on."""
        self._forget_unnamed()
        opening, said, size = attachment.opening(), attachment.said, attachment.size
        return await attaching.seal_anew(
            fetch, self._folder, opening, binding, said=said, part=part, size=size, on_progress=on_progress
        )

    def sealed_file(self, sha256: str) -> Path:
        return attaching.sealed_path(self._folder, sha256)

    def forget_files(self, hashes: Iterable[str]) -> None:
        for one in hashes:
            self.sealed_file(one).unlink(missing_ok=True)

    def _forget_unnamed(self) -> None:
        """What was sealed by a program that was killed before it kept the draft."""
        old = [
            *(path for path in self._folder.glob("*.sealed")),
            *(path for path in self._folder.glob(".*.sealing")),
        ]
        named = {self.sealed_file(one) for path in self._kept() for one in self._named_in(path)} if old else set()
        for path in old:
            with suppress(OSError):
                if path not in named and time.time() - path.stat().st_mtime > LEFT_FOR:
                    path.unlink()

    def _named_in(self, path: Path) -> list[str]:
        """The hashes of the sealed files that a kept draft or step names."""
        step, draft = self.find_step(path.stem), self.find(path.stem)
        with suppress(Refused):
            if step is not None:
                return [part.sha256 for part in files_in(read(step.envelope, schemas.Event).body.sealed)]
            if draft is not None:
                return [part.sha256 for part in (*draft.evidence_files, *draft.files)]
        return []

    # --- all of it ----------------------------------------------------------------------------------------------------

    def forget_steps(self, referral: str) -> None:
        """Forget what was written on a referral and not accepted; but not that its copies were deleted."""
        for path in self._kept():
            step = self.find_step(path.stem)
            if step is None:
                continue
            with suppress(Refused):
                event = read(step.envelope, schemas.Event).body
                if event.on.id == referral and event.type != "deleted":
                    self.drop(path.stem)

    def forget_onward(self, referral: str) -> None:
        """Forget what was to be passed on of a referral and was not accepted."""
        for path in self._kept():
            draft = self.find(path.stem)
            parents = [one.document.body.parent for one in draft.referrals] if draft is not None else []
            if any(one is not None and one.id == referral for one in parents):
                self.drop(path.stem)

    def __len__(self) -> int:
        return len(self._kept())

    def _kept(self) -> list[Path]:
        return list(self._folder.glob("[!.]*.json")) if self._folder.is_dir() else []

    def _path(self, form: str) -> Path:
        return self._folder / f"{form}.json"
