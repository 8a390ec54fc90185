"""What is handed out (protocol §7): the rule is applied at each read, background jobs or not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from agencies import directory
from agencies.signing_in import Actor
from ortoo.protocol import consent as rule
from ortoo.protocol import documents, schemas
from ortoo.protocol.consent import Decisions
from ortoo.protocol.errors import Refused
from ortoo.protocol.schemas import As
from ortoo.protocol.sealing import Blobs
from referrals import access, consent, enforcing, files, sealed
from referrals.models import Decision, Event, PartKey, Referral
from referrals.rule import may_read

Key = TypeVar("Key")


def readable(referral: Referral, agency: str, by: As, decisions: Decisions, *, at: datetime) -> Blobs:
    """The wrap, keys and parts of the referral that `agency` may read now.

    Raises:
        Refused: `step_illegal` with the state if it lost its access, or the rule's code if nothing may be read.
    """
    if is_empty(referral, at):
        raise Refused("step_illegal", state=referral.state)
    body = documents.read(referral.envelope, schemas.Referral).body
    parts = [key.part for key in body.sealed.keys if key.agency == agency]
    kind = _kind(agency)
    allowed = may_read(parts, agency, kind, decisions, at)
    handed = sealed.hand_out({referral.sealed_id: allowed}, agency)[referral.sealed_id]
    if handed.wraps:
        return handed
    if parts and not allowed:
        rule.check_parts(decisions, agency=agency, kind=kind, parts=parts, at=at)
    raise Refused("step_illegal", state=referral.state)


def is_empty(referral: Referral, at: datetime) -> bool:
    """Whether it has been over for as long as it was to be kept."""
    return referral.empties_at is not None and referral.empties_at <= at


def is_read_no_more(referral: Referral, at: datetime) -> bool:
    """Whether its recipient has nothing left of it, or it has been kept for as long as it was to be."""
    own = PartKey.objects.filter(set=referral.sealed_id, agency=referral.recipient_id)
    return is_empty(referral, at) or not own.exists()


def _kind(agency: str) -> str:
    state = directory.in_force().now().agency(agency)
    return state.kind if state else ""


def own_blobs(actor: Actor, referrals: Sequence[Referral], at: datetime) -> dict[UUID, Blobs]:
    """To a sender: its own wraps and keys of each referral, without further ado. Recipients have to open."""
    sent = [one for one in referrals if one.sender_id == actor.agency and not is_empty(one, at)]
    return _hand_out(
        {one.pk: (one.sealed_id, one.consent_id, one.envelope) for one in sent}, schemas.Referral, actor, at
    )


def notes(actor: Actor, events: Sequence[Event], at: datetime) -> dict[UUID, Blobs]:
    """The sealed notes of these events, as far as the actor may read them now.

    A recipient reads the sender's notes once it has opened the referral: whoever reads has said so, signed (§9).
    """
    opened = {one.referral_id for one in events if one.type == "opened" and one.agency_id == actor.agency}
    noted = [
        one
        for one in events
        if one.sealed_id is not None
        and not is_empty(one.referral, at)
        and (actor.agency in (one.agency_id, one.referral.sender_id) or one.referral_id in opened)
    ]
    rows = {one.pk: (one.sealed_id, one.referral.consent_id, one.envelope) for one in noted}
    return _hand_out(rows, schemas.Event, actor, at)


def evidence(actor: Actor, decisions: Sequence[Decision], at: datetime) -> dict[int, Blobs]:
    """To the recorder: what is sealed to it of how these decisions were given, as far as it is to be kept."""
    kept = [one for one in decisions if _is_kept(one, at)]
    return _hand_out(
        {one.pk: (one.sealed_id, one.consent_id, one.envelope) for one in kept}, schemas.Consent, actor, at
    )


def _is_kept(decision: Decision, at: datetime) -> bool:
    """Whether its evidence is to be kept, whether or not anybody has looked yet."""
    if decision.evidence_until is None or decision.evidence_until > at:
        return decision.evidence_until is not None
    id = str(decision.consent_id)
    return enforcing.needed_until(id, consent.newest([id])[id], at) is not None


def evidence_piece(actor: Actor, decision: bytes, part: str, offset: int, *, at: datetime) -> bytes:
    """The same of a file that is evidence of a decision, named by its H. Raises Refused, as `file_piece`."""
    row = access.evidence_of(actor).filter(sha256=decision).first()
    kept = row.sealed_id if row is not None and _reads_evidence(actor, row, part, at) else None
    piece = files.read(kept, part, offset) if kept is not None else None
    if piece is None:
        raise Refused("not_found")
    return piece


def _reads_evidence(actor: Actor, row: Decision, part: str, at: datetime) -> bool:
    own, id = directory.in_force().now().agency(actor.agency), str(row.consent_id)
    if own is None or own.suspended or not _is_kept(row, at):
        return False
    if not PartKey.objects.filter(set=row.sealed_id, part=part, agency=actor.agency).exists():
        return False
    return bool(may_read([part], actor.agency, own.kind, consent.newest([id])[id], at))


def file_piece(actor: Actor, referral: UUID, event: UUID | None, part: str, offset: int, *, at: datetime) -> bytes:
    """At most a piece of a sealed file, from `offset` on: of the referral, or of the note of one of its steps.

    Raises:
        Refused: `not_found` for whoever may not read it now, as where there is none; `limit_exceeded` for an offset
            that is none of the file's.
    """
    row = access.referrals_of(actor).filter(pk=referral).first()
    kept = _set_read_by(actor, row, event, part, at) if row is not None else None
    piece = files.read(kept, part, offset) if kept is not None else None
    if piece is None:
        raise Refused("not_found")
    return piece


def _set_read_by(actor: Actor, row: Referral, event: UUID | None, part: str, at: datetime) -> int | None:
    """The sealed set, if the agency has a key for the part, is let read it by the rule, and has opened the referral
    where it has to.
    """
    kept = row.sealed_id
    if event is not None:
        kept = Event.objects.filter(pk=event, referral=row).values_list("sealed_id", flat=True).first()
    own = directory.in_force().now().agency(actor.agency)
    if own is None or own.suspended or is_empty(row, at):
        return None
    if not PartKey.objects.filter(set=kept, part=part, agency=actor.agency).exists():
        return None
    opened = Event.objects.filter(referral=row, agency_id=actor.agency, type="opened")
    if row.sender_id != actor.agency and not opened.exists():
        return None
    decisions = consent.newest({str(row.consent_id)})[str(row.consent_id)]
    return kept if may_read([part], actor.agency, own.kind, decisions, at) else None


def _hand_out(
    rows: Mapping[Key, tuple[int | None, UUID, str]],
    schema: type[schemas.Referral] | type[schemas.Event] | type[schemas.Consent],
    actor: Actor,
    at: datetime,
) -> dict[Key, Blobs]:
    own = directory.in_force().now().agency(actor.agency)
    if not rows or own is None or own.suspended:  # a suspended agency is told nothing new (§3)
        return {}
    decisions = consent.newest({str(one) for _, one, _ in rows.values()})
    sets: dict[int, list[str]] = {}
    for kept, one, envelope in rows.values():
        body = documents.read(envelope, schema).body
        parts = [key.part for key in body.sealed.keys if key.agency == actor.agency] if body.sealed else []
        if kept is not None:
            sets[kept] = may_read(parts, actor.agency, own.kind, decisions[str(one)], at)
    handed = sealed.hand_out(sets, actor.agency)
    return {pk: handed[kept] for pk, (kept, _, _) in rows.items() if kept in handed and handed[kept].wraps}
