"""The person herself, with her code and no account (protocol §8): she sees who holds what, and takes it back.

Whatever was wrong (an unknown code, a forged signature, a challenge that was used, a code that was replaced) there is
one answer, `receipt_unknown`, by the same steps. Nothing is kept of a look: neither that there was one, nor from where.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from agencies import clock, directory, second_factor
from agencies.models import Agency
from agencies.throttling import InMemory, Limit
from audit import log
from notifications import feed
from ortoo.protocol import consent as rule
from ortoo.protocol import documents, receipt, schemas, vocabulary
from ortoo.protocol.consent import ALL, Decisions
from ortoo.protocol.documents import unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.sealing import base
from referrals import consent, enforcing, standing
from referrals.models import Decision, Event, PartKey, ReceiptKey, Referral, Withdrawal
from referrals.reading import is_empty
from referrals.rule import may_read

FULL: Final = "full"
MOST_WITHDRAWALS: Final = 64  # under one consent; everything can be taken back always
MOST_DOCUMENTS: Final = 2 * 64 + 1  # decisions and withdrawals
OUT_OF_BACKUPS: Final = timedelta(days=30)  # protocol §9
TRIES: Final = InMemory(Limit("receipt", tries=60, back=2))
NOT_TO_BE_TAKEN_BACK: Final = frozenset({"legal_duty", "child_at_risk"})

Signed = documents.Document[schemas.Receipt]


@dataclass(frozen=True)
class Sent:
    """A referral to a holder. parts: those that it can open now."""

    state: str
    at: datetime
    opened_at: datetime | None
    answered_at: datetime | None
    parts: tuple[str, ...]
    owes_deletion: bool
    deleted_at: datetime | None
    out_of_backups_at: datetime | None


@dataclass(frozen=True)
class Holder:
    """What she decided on one addressee, what is left of it now, and what was sent there.

    to: an agency, `kind:…` or `*`. sections, purposes: what it may read now, and for what; empty where nothing.
    """

    to: str
    agency: Agency | None
    sections: tuple[str, ...]
    purposes: tuple[str, ...]
    until: datetime | None
    refused: tuple[str, ...]
    ended: str | None  # the rule's code, where something was granted and nothing may be read any more
    basis: str | None  # None where nothing was decided
    reviewer: Agency | None  # who reviews what went without her consent
    sent: tuple[Sent, ...]


@dataclass(frozen=True)
class Shown:
    """recorder: before whom she decided. holders: None where her code shows nothing (`withdraw`, or replaced).

    documents: the newest decisions and what was taken back with this very code, as signed; none where it shows nothing.
    """

    mode: str
    recorder: Agency
    holders: tuple[Holder, ...] | None
    documents: tuple[str, ...]


def challenge(address: str) -> bytes:
    """A challenge for a code's key to sign: good once, for five minutes. `throttled`."""
    TRIES.take(address)
    return second_factor.give_challenge(second_factor.RECEIPT)


def whom_to_call() -> Agency | None:
    """An agency that may coordinate and can be called, for whoever is helped no further by the page."""
    coordinating = [one.handle for one in directory.in_force().now().agencies() if "coordinate" in one.may]
    return Agency.objects.filter(pk__in=coordinating).exclude(phone="", duty_phone="").order_by("pk").first()


def look(envelope: str, address: str) -> Shown:
    """Who can read what, for what purpose, until when; whether they opened and answered.

    Raises:
        Refused: `receipt_unknown`, `throttled`; `malformed` or `clock_skew` by the document alone.
    """
    _, key = _answered(envelope, "look", address)
    if key is None or key.replaced:
        raise Refused("receipt_unknown")
    return _shown(key, clock.now())


def withdraw(envelope: str, address: str) -> Shown:
    """Take back what the document says, at once, for good. Gives what is left, as `look` does.

    Raises:
        Refused: as `look`; `basis_not_allowed` where it was passed on by a legal duty or for a child at risk;
            `limit_exceeded` after very many.
    """
    signed, key = _answered(envelope, "withdraw", address)
    if key is None:
        raise Refused("receipt_unknown")
    now = clock.now()
    with transaction.atomic():
        directory.held()
        id = str(key.consent_id)
        before = consent.lock([id])[id]
        _check_basis(before, now)
        taken_back = rule.Withdrawal.by_receipt(signed)
        is_again = _is_said_already(taken_back, before)
        if len(before.withdrawals) >= MOST_WITHDRAWALS:
            if is_again:
                return _shown(key, now)
            if not taken_back.is_whole:
                raise Refused("limit_exceeded", field="scope", most=MOST_WITHDRAWALS)
        # Said again it is kept, too: whoever finds a card must not learn from the log whether she was there before.
        Withdrawal.objects.create(consent_id=id, sha256=signed.hash, envelope=signed.envelope, accepted_at=now)
        log.queue([signed.hash])
        if is_again:
            return _shown(key, now)
        after = Decisions(before.newest, [*before.withdrawals, taken_back])
        lost = enforcing.enforce(id, after, at=now)
        moved = {one.pk: one for one in [*standing.turned_down([id]), *(one.referral for one in lost)]}
        standing.follow(list(moved.values()), now)
        feed.tell(enforcing.news(lost), at=now)
        return _shown(key, now)


def known_to(envelope: str, wanted: Sequence[bytes], address: str) -> list[bytes]:
    """Of these documents (H) those of which the code's holder may know: what was taken back with this very code; and
    where it shows them, the decisions. A code that was replaced is told of what was taken back with it, by H alone.

    Raises:
        Refused: as `look`; `limit_exceeded`.
    """
    if len(wanted) > MOST_DOCUMENTS:
        raise Refused("limit_exceeded", field="documents", most=MOST_DOCUMENTS)
    _, key = _answered(envelope, "look", address)
    # Looked for whoever asks: a code that is dead takes as long as one that never was.
    named = list(Withdrawal.objects.filter(sha256__in=wanted))
    own = [bytes(one.sha256) for one in named if key is not None and _is_of(one, key)]
    if key is None or (key.replaced and not own):
        raise Refused("receipt_unknown")
    if not _is_shown(key, consent.newest([str(key.consent_id)])[str(key.consent_id)], clock.now()):
        return own
    decided = Decision.objects.filter(consent=key.consent_id, sha256__in=wanted)
    return [*own, *(bytes(one) for one in decided.values_list("sha256", flat=True))]


def _is_of(one: Withdrawal, key: ReceiptKey) -> bool:
    """Whether it was signed with this code."""
    return unb64(documents.read(one.envelope, schemas.Receipt).body.key) == bytes(key.key)


def _answered(envelope: str, do: str, address: str) -> tuple[Signed, ReceiptKey | None]:
    """The document, and the key that it was signed with if it is one of ours. Every path does the same work."""
    TRIES.take(address)
    signed = documents.read(envelope, schemas.Receipt)
    if signed.body.do != do:
        raise Refused("malformed", field="do")
    if signed.body.scope is not None:
        receipt.check_scope(signed.body.scope)
        _check_agencies(signed.body.scope)
    given = unb64(signed.body.challenge)
    fresh = second_factor.use_challenge(given, second_factor.RECEIPT)
    key = ReceiptKey.objects.filter(key=unb64(signed.body.key)).first()
    receipt.check(signed, network=directory.in_force().id, challenge=given, now=clock.now())
    return signed, key if fresh else None


def _check_agencies(scopes: Sequence[schemas.Scope]) -> None:
    """By a slip in an agency's name nothing would end, and she would be told that it had."""
    view = directory.in_force().now()
    for named in {to for one in scopes for to in one.agencies} - {ALL}:
        if view.agency(named) is None:
            raise Refused("malformed", "There is no such agency to take back from.", field="scope.agencies")


def _is_said_already(taken_back: rule.Withdrawal, before: Decisions) -> bool:
    return any(one.is_whole or all(scope in one.scopes for scope in taken_back.scopes) for one in before.withdrawals)


def _check_basis(decisions: Decisions, now: datetime) -> None:
    """What the law had passed on is not taken back; and before she is to be told of it, that is not said either."""
    for one in decisions.newest.values():
        if one.body.basis in NOT_TO_BE_TAKEN_BACK and one.body.exception is not None:
            if not _is_told(decisions, now):
                raise Refused("receipt_unknown")
            raise Refused(
                "basis_not_allowed",
                "The law had it passed on, and it cannot be taken back here. Turn to the agency that reviews it.",
                reader=one.body.exception.reviewer,
            )


# --- what she is shown ------------------------------------------------------------------------------------------------


def _shown(key: ReceiptKey, now: datetime) -> Shown:
    id = str(key.consent_id)
    recorder = Agency.objects.get(pk=key.consent.recorder_id)
    decisions = consent.newest([id])[id]
    if not _is_shown(key, decisions, now):
        return Shown(key.mode, recorder, None, ())
    sent = _sent(id, decisions, now)
    reviewers = [one.body.exception.reviewer for one in decisions.newest.values() if one.body.exception is not None]
    agencies = Agency.objects.in_bulk([*decisions.newest, *sent, *reviewers])
    said = {to for to, one in decisions.newest.items() if to != ALL or one.body.refused}  # else it carries evidence
    named = sorted({*said, *sent} - {recorder.pk})
    taken_back = Withdrawal.objects.filter(consent=key.consent_id).order_by("pk")
    return Shown(
        key.mode,
        recorder,
        tuple(_holder(to, agencies, decisions, sent, now) for to in named),
        (
            *(one.envelope for _, one in sorted(decisions.newest.items())),
            *(one.envelope for one in taken_back if _is_of(one, key)),
        ),
    )


def _is_shown(key: ReceiptKey, decisions: Decisions, now: datetime) -> bool:
    """Whether the code shows what was decided. What was passed on without her consent she is told of from `tell_after`
    on, which two have signed (§7).
    """
    return key.mode == FULL and not key.replaced and _is_told(decisions, now)


def _is_told(decisions: Decisions, now: datetime) -> bool:
    told = [one.body.exception.tell_after for one in decisions.newest.values() if one.body.exception is not None]
    return all(after is None or documents.instant(after) <= now for after in told)


def _holder(
    to: str, agencies: Mapping[str, Agency], decisions: Decisions, sent: Mapping[str, Sequence[Sent]], now: datetime
) -> Holder:
    agency = agencies.get(to)
    body = decisions.newest[to].body if to in decisions.newest else None
    granted = body.granted if body is not None else None
    sections, ended, purposes = [], None, set[str]()
    if granted is not None and agency is not None:
        everything = granted.sections == [ALL]
        for section in vocabulary.terms("sections"):
            if section not in (rule.nameable("sections") if everything else granted.sections):
                continue
            try:
                purposes |= rule.may_read(decisions, agency=to, kind=agency.kind, part=section, at=now)
                sections.append(section)
            except Refused as refused:
                ended = ended or refused.code
    return Holder(
        to=to,
        agency=agency,
        sections=tuple(sections),
        purposes=_in_order("purposes", purposes),
        until=documents.instant(granted.until) if granted is not None else None,
        refused=tuple(body.refused) if body is not None else (),
        ended=ended if not sections else None,
        basis=body.basis if body is not None else None,
        reviewer=agencies[body.exception.reviewer] if body is not None and body.exception is not None else None,
        sent=tuple(sent.get(to, ())),
    )


def _in_order(terms: str, codes: Iterable[str]) -> tuple[str, ...]:
    order = list(vocabulary.terms(terms))
    return tuple(sorted(codes, key=lambda one: (order.index(base(one)), one)))


def _sent(id: str, decisions: Decisions, now: datetime) -> dict[str, list[Sent]]:
    """What was sent under the consent, by recipient, in the order of sending."""
    referrals = list(Referral.objects.filter(consent=id).order_by("sent_at", "pk"))
    steps: dict[UUID, dict[str, datetime]] = {one.pk: {} for one in referrals}
    by_recipient = Event.objects.filter(referral__in=referrals).order_by("place")
    recipients = {one.pk: one.recipient_id for one in referrals}
    for referral, agency, type, at in by_recipient.values_list("referral_id", "agency_id", "type", "accepted_at"):
        if agency == recipients[referral]:
            steps[referral].setdefault(type, at)
    keys: dict[tuple[int, str], list[str]] = {}
    kept = PartKey.objects.filter(set__in=[one.sealed_id for one in referrals]).order_by("pk")
    for set_id, agency, part in kept.values_list("set_id", "agency_id", "part"):
        keys.setdefault((set_id, agency), []).append(part)
    kinds = dict(Agency.objects.filter(pk__in=recipients.values()).values_list("pk", "kind"))
    found: dict[str, list[Sent]] = {}
    for one in referrals:
        to, done = one.recipient_id, steps[one.pk]
        held = [] if is_empty(one, now) else keys.get((one.sealed_id, to), [])
        parts = may_read(held, to, kinds[to], decisions, now)
        deleted = done.get("deleted") if one.deletion_owed_since is None else None
        answers = [done[type] for type in ("accepted", "declined", "more_asked") if type in done]
        found.setdefault(to, []).append(
            Sent(
                state=one.state,
                at=one.sent_at,
                opened_at=done.get("opened"),
                answered_at=min(answers, default=None),
                parts=_in_order("sections", parts),
                owes_deletion=one.deletion_owed_since is not None,
                deleted_at=deleted,
                out_of_backups_at=one.changed_at + OUT_OF_BACKUPS
                if one.state in enforcing.OVER and not parts
                else None,
            )
        )
    return found
