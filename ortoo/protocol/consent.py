"""Consent (protocol §7): the rule, who may sign a decision, and what a decision must look like.

The rule is a pure function over signed documents and a time, the same in hub and clients.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

from ortoo.protocol import vocabulary
from ortoo.protocol.documents import Document, check_signing_key, instant, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.schemas import Authority, Consent, Granted, Receipt, Scope, Sealed
from ortoo.protocol.sealing import base, check_form

ALL: Final = "*"
MAX_DECISIONS: Final = 64  # of a consent id
MOST_DAYS: Final = timedelta(days=30)  # of a grant under an exception
FOR_A_CHILD: Final = "guardian_and_assent"  # the basis on which a child is referred
OWN_WORD: Final = ("person", "person_supported")  # by whom a decision is given that is the child's own
_WITHIN_ANY_GRANT: Final = ("note", "justification")  # parts that no section list names

# Over all parts of a document the first of these is told.
PRECEDENCE: Final = ("consent_withdrawn", "grant_refused", "grant_missing", "grant_expired")

Decided = Literal["agreed", "refused", "not_asked"]


def is_exception(basis: str) -> bool:
    term = vocabulary.terms("consent_bases").get(basis)
    return bool(term and term["exception"])


@dataclass(frozen=True)
class Withdrawal:
    """What was taken back under a consent id: by the person with her receipt, or by a reviewer's `overturned`."""

    scopes: tuple[Scope, ...]
    spared: frozenset[str] = frozenset()  # `overturned` leaves recorder and reviewer their access
    at: str | None = None  # when she signed it; None of what a reviewer overturned, which the event's time says

    @classmethod
    def by_receipt(cls, receipt: Document[Receipt]) -> "Withdrawal":
        return cls(tuple(receipt.body.scope or ()), at=receipt.body.at)

    @classmethod
    def overturned(cls, consent: Consent) -> "Withdrawal":
        everything = Scope(agencies=[ALL], sections=[ALL], purposes=[ALL])
        reviewer = {consent.exception.reviewer} if consent.exception else set()
        return cls((everything,), frozenset({consent.recorder, *reviewer}))

    @property
    def is_whole(self) -> bool:
        """Whether it takes everything back from everybody, the recorder too."""
        return not self.spared and any(
            ALL in one.agencies and ALL in one.sections and ALL in one.purposes for one in self.scopes
        )

    def on(self, agency: str) -> "Withdrawal":
        """What of it is about this agency: all that the agency itself may learn of it."""
        scopes = (
            msgspec.structs.replace(one, agencies=[agency]) for one in self.scopes if _covers(one.agencies, agency)
        )
        return Withdrawal(tuple(scopes), self.spared & {agency}, self.at)

    def purposes(self, agency: str, section: str) -> set[str]:
        """The purposes that it takes back from this agency for this section."""
        if agency in self.spared:
            return set()
        return {
            purpose
            for scope in self.scopes
            if _covers(scope.agencies, agency) and _covers(scope.sections, section)
            for purpose in scope.purposes
        }


@dataclass(frozen=True)
class Decisions:
    """All that was decided under one consent id: the newest version on each addressee, and what was withdrawn."""

    newest: Mapping[str, Document[Consent]]
    withdrawals: Sequence[Withdrawal] = field(default=())

    @classmethod
    def of(cls, documents: Iterable[Document[Consent]], withdrawals: Sequence[Withdrawal] = ()) -> "Decisions":
        newest: dict[str, Document[Consent]] = {}
        for document in documents:
            known = newest.get(document.body.to)
            if known is None or known.body.version < document.body.version:
                newest[document.body.to] = document
        return cls(newest, withdrawals)

    def on(self, agency: str, kind: str) -> list[Consent]:
        """The decisions that speak of an agency: by its name, by its kind, of everybody."""
        found = (self.newest.get(to) for to in (agency, f"kind:{kind}", ALL))
        return [one.body for one in found if one is not None]

    def changed_at(self, agency: str, kind: str) -> str:
        """When something was last decided about an agency, or taken back from it with her code."""
        taken_back = (one.at for one in self.withdrawals if one.at and one.on(agency).scopes)
        return max([one.at for one in self.on(agency, kind)] + list(taken_back))

    def granted_to(self, agency: str) -> Granted | None:
        decision = self.newest.get(agency)
        return decision.body.granted if decision else None


def may_read(decisions: Decisions, *, agency: str, kind: str, part: str, at: datetime) -> frozenset[str]:
    """The rule of §7: the purposes for which `agency` (of `kind`) may read `part` at `at`; else Refused.

    Raises, in the order of the rule: consent_withdrawn, grant_refused, grant_missing, grant_expired.
    The recorder and a reviewer may read for no purpose of the person's: they get an empty set.
    """
    section = base(part)
    on_agency = decisions.on(agency, kind)
    granted = decisions.granted_to(agency)
    withdrawn = {purpose for one in decisions.withdrawals for purpose in one.purposes(agency, section)}
    anybody = next(iter(decisions.newest.values()), None)
    fault = {"part": part, "reader": agency}

    if section == "justification" and any(_reviews(one.body, agency) for one in decisions.newest.values()):
        return frozenset()
    if ALL in withdrawn or (granted and set(granted.purposes) <= withdrawn):
        raise Refused("consent_withdrawn", **fault)
    if anybody is not None and anybody.body.recorder == agency:
        return frozenset()
    if section == "evidence":
        raise Refused("grant_missing", **fault)
    if any(_refuses(decision, section) for decision in on_agency):
        raise Refused("grant_refused", **fault)
    if granted is None or not _grants(granted, section):
        raise Refused("grant_missing", **fault)
    if not at < instant(granted.until):
        raise Refused("grant_expired", **fault)
    return frozenset(granted.purposes) - withdrawn


def decided(decisions: Decisions, *, agency: str, kind: str, parts: Iterable[str], at: datetime) -> Decided:
    """What she has decided on an agency (of `kind`) as to these parts: `agreed` where it may read any of them at `at`.

    `refused` where all of them were refused or taken back, by name, kind or `*`; else `not_asked`, or not any more.
    """
    codes = set()
    for part in parts:
        try:
            may_read(decisions, agency=agency, kind=kind, part=part, at=at)
        except Refused as refused:
            codes.add(refused.code)
        else:
            return "agreed"
    return "refused" if codes and codes <= {"consent_withdrawn", "grant_refused"} else "not_asked"


def is_taken_back(decisions: Decisions) -> bool:
    """Whether everything was taken back, by the newest decision on everybody or by herself: then the sender's keys go,
    too.
    """
    everybody = decisions.newest.get(ALL)
    refused = everybody is not None and everybody.body.refused == [ALL]
    return refused or any(one.is_whole for one in decisions.withdrawals)


def check_parts(decisions: Decisions, *, agency: str, kind: str, parts: Iterable[str], at: datetime) -> None:
    """Every part may be read, or the first fault by PRECEDENCE is raised, naming part and reader."""
    faults = []
    for part in parts:
        try:
            may_read(decisions, agency=agency, kind=kind, part=part, at=at)
        except Refused as refused:
            faults.append(refused)
    if faults:
        raise min(faults, key=lambda refused: PRECEDENCE.index(refused.code))


def check_reader_without_key(decisions: Decisions, *, agency: str, kind: str, at: datetime) -> None:
    """A listed reader to whom nothing goes: the rule's answer for a note, else `grant_missing`."""
    try:
        may_read(decisions, agency=agency, kind=kind, part="note", at=at)
    except Refused as refused:
        raise Refused(refused.code, reader=agency) from None
    raise Refused("grant_missing", reader=agency)


def check_authority(decisions: Decisions, authority: Authority, addressee: str) -> Document[Consent]:
    """The decision that a document passes under: on the addressee, known by its H, and the newest version.

    `authority_mismatch`, `consent_superseded`.
    """
    decision = decisions.newest.get(authority.to)
    if authority.to != addressee or decision is None or decision.body.consent != authority.consent:
        raise Refused("authority_mismatch", field="authority", reader=addressee)
    if authority.version < decision.body.version:
        raise Refused("consent_superseded", field="authority", reader=addressee)
    if (authority.version, authority.sha256) != (decision.body.version, decision.sha256):
        raise Refused("authority_mismatch", field="authority", reader=addressee)
    return decision


def authority_of(decision: Document[Consent]) -> Authority:
    body = decision.body
    return Authority(consent=body.consent, to=body.to, version=body.version, sha256=decision.sha256)


# --- recording --------------------------------------------------------------------------------------------------------


def check_decision(consent: Consent, *, minor: bool | None = None) -> None:
    """What a decision must look like by itself: `limit_exceeded`, `malformed`, `key_refused` or `basis_not_allowed`."""
    if consent.sealed is not None:
        _check_evidence(consent, consent.sealed)
    if consent.granted is not None and (consent.to == ALL or consent.to.startswith("kind:")):
        raise Refused("malformed", "Only an agency by name can be granted anything.", field="granted")
    _check_codes(consent)
    if consent.receipt is not None:
        check_signing_key(unb64(consent.receipt.key), field="receipt.key")
    term = vocabulary.terms("consent_bases").get(consent.basis)
    if term is None:
        raise Refused("basis_not_allowed", "The vocabulary has no such basis.", field="basis")
    if (consent.exception is not None) != bool(term["exception"]):
        missing = "An exception names its reviewer." if term["exception"] else "This basis has no exception."
        raise Refused("basis_not_allowed", missing, field="exception")
    if consent.exception is not None and consent.exception.reviewer in (consent.recorder, consent.to):
        raise Refused("basis_not_allowed", "The reviewer is neither sender nor recipient.", field="exception.reviewer")
    if consent.version == 1:
        check_exception(consent, instant(consent.at))
    if consent.basis == FOR_A_CHILD and consent.granted is not None and consent.given.by != "guardian":
        raise Refused("basis_not_allowed", "A child's yes alone grants nothing.", field="given.by")
    if minor is not None:
        check_minor(consent, minor=minor)


def _check_codes(consent: Consent) -> None:
    """A section or purpose that nobody knows would be granted or refused to no effect, unseen. `malformed`."""
    granted = consent.granted
    for where, list_name, named in (
        ("refused", "sections", consent.refused),
        ("granted.sections", "sections", granted.sections if granted else []),
        ("granted.purposes", "purposes", granted.purposes if granted else []),
    ):
        if not set(named) - {ALL} <= nameable(list_name):
            raise Refused("malformed", "The vocabulary has no such code to decide about.", field=where)


def nameable(list_name: str) -> set[str]:
    """The codes that a decision may name: not the sections whose readers are fixed (evidence, justification)."""
    return {code for code, term in vocabulary.terms(list_name).items() if "readers" not in term}


def _check_evidence(consent: Consent, sealed: Sealed) -> None:
    check_form(sealed)
    if not sealed.parts or any(base(part.name) != "evidence" for part in sealed.parts):
        raise Refused("malformed", "With a decision only evidence is sealed.", field="sealed.parts")
    if [(one.agency, one.as_) for one in sealed.readers] != [(consent.recorder, "sender")]:
        raise Refused("malformed", "Evidence is read by the recorder alone.", field="sealed.readers")
    if len(sealed.keys) != len(sealed.parts):
        raise Refused("malformed", "The recorder has a key for each part of the evidence.", field="sealed.keys")


def check_minor(consent: Consent, *, minor: bool) -> None:
    """A child's referral stands on guardian and assent or on an exception, and each part that goes was chosen;
    `child_at_risk` is for children only.
    """
    basis, granted = consent.basis, consent.granted
    if minor and basis != FOR_A_CHILD and not is_exception(basis):
        raise Refused(
            "basis_not_allowed",
            "For a child the guardian's consent and the child's assent are needed.",
            field="basis",
        )
    if not minor and basis == "child_at_risk":
        raise Refused("basis_not_allowed", "This basis is for children only.", field="basis")
    if minor and granted is not None and ALL in granted.sections:
        raise Refused("basis_not_allowed", "What may be read of a child is named.", field="granted.sections")


def check_version(new: Consent, decisions: Decisions, *, at: datetime, author_kind: str = "") -> None:
    """Who may sign this version, and whether it continues the chain of its addressee (§7, Who signs).

    author_kind: the kind of the author's agency; needed where that is not the recorder.

    Raises: consent_author, limit_exceeded, basis_not_allowed, head_moved.
    """
    before = decisions.newest.get(new.to)
    first = next(iter(decisions.newest.values()), None)
    if new.author.agency != new.recorder:  # first: who may not coordinate learns nothing of what was decided
        _check_coordinating_author(new, decisions, kind=author_kind, at=at)
    if before is None and len(decisions.newest) >= MAX_DECISIONS:
        raise Refused("limit_exceeded", field="consent", most=MAX_DECISIONS)
    if first is not None and new.recorder != first.body.recorder:
        raise Refused("consent_author", "All decisions under one consent have the same recorder.", field="recorder")
    if first is not None and new.basis != first.body.basis:
        raise Refused("basis_not_allowed", "Decisions under one consent have the same basis.", field="basis")
    head, version = (before.sha256, before.body.version) if before else (None, 0)
    if (new.prev, new.version) != (head, version + 1):
        raise Refused("head_moved", field="prev", head=head or "")
    if before is not None and new.basis == FOR_A_CHILD and new.given.by not in OWN_WORD:
        _check_own_no(before.body.refused, new.refused)


def _check_own_no(before: Sequence[str], now: Sequence[str]) -> None:
    """What was refused for a child stands, whoever speaks for it: it ends by the child's own word alone."""
    if ALL not in now and not set(before) <= set(now):
        raise Refused("basis_not_allowed", "A child's own no stands against its guardian's yes.", field="refused")


def check_signer(decision: Consent) -> None:
    """What a reader can say of who signed a decision, without the others under the consent (§7): the recorder; or, for
    a first version on a third agency by name, one that may coordinate. Whether it may, hub and recorder know.
    """
    author = decision.author.agency
    if author == decision.recorder:
        return
    by_name = decision.to != ALL and not decision.to.startswith("kind:")
    if decision.version > 1 or not by_name or decision.to in (author, decision.recorder):
        raise Refused("consent_author", field="author")


def _check_coordinating_author(new: Consent, decisions: Decisions, *, kind: str, at: datetime) -> None:
    """Another agency may add a first decision on a third one, within what it holds, while it may coordinate."""
    author, wanted = new.author.agency, new.granted
    own = decisions.newest.get(author)
    by_name = new.to != ALL and not new.to.startswith("kind:")
    held = own.body.granted if own is not None else None
    if own is None or held is None or wanted is None or not by_name or new.to in (author, new.recorder):
        raise Refused("consent_author", field="author")
    beyond = Refused("consent_author", "It goes beyond what this agency was itself granted.", field="granted")
    if wanted.sections == [ALL] and held.sections != [ALL]:
        raise beyond
    for section in nameable("sections") if wanted.sections == [ALL] else wanted.sections:
        try:
            live = may_read(decisions, agency=author, kind=kind, part=section, at=at)
        except Refused:
            raise beyond from None
        if "coordinate" not in live:
            raise Refused("consent_author", field="author")
        if not set(wanted.purposes) <= live - {"coordinate"}:
            raise beyond
    same = (new.basis, new.exception, new.receipt, new.retain_days) == (
        own.body.basis,
        own.body.exception,
        own.body.receipt,
        own.body.retain_days,
    )
    if instant(wanted.until) > instant(held.until) or not same:
        raise beyond
    if new.to in decisions.newest:  # last: only who may coordinate learns that this was decided
        raise Refused("consent_author", field="author")


def check_exception(consent: Consent, first_at: datetime) -> None:
    """Under an exception a grant ends at most 30 days after version 1 (§7)."""
    if consent.exception is None or consent.granted is None:
        return
    if instant(consent.granted.until) - first_at > MOST_DAYS:
        raise Refused("basis_not_allowed", "Without consent access ends within 30 days.", field="granted.until")


# --- small words of the rule ------------------------------------------------------------------------------------------


def _covers(names: Sequence[str], name: str) -> bool:
    return name in names or ALL in names


def _refuses(decision: Consent, section: str) -> bool:
    if section in _WITHIN_ANY_GRANT:
        return ALL in decision.refused
    return _covers(decision.refused, section)


def _grants(granted: Granted, section: str) -> bool:
    return section in _WITHIN_ANY_GRANT or _covers(granted.sections, section)


def _reviews(consent: Consent, agency: str) -> bool:
    return consent.exception is not None and consent.exception.reviewer == agency
