"""Passing on (protocol §9): what an agency was sent goes to a third one, sealed anew, where the person decided so.

Under the same consent id, so that whatever ends it ends every link; the recorder is told, and sees the chain.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from agencies import clock, directory
from agencies.signing_in import Actor
from notifications.feed import Told
from ortoo.protocol import consent as rule
from ortoo.protocol import schemas
from ortoo.protocol.consent import Decisions
from ortoo.protocol.documents import unb64
from ortoo.protocol.errors import Refused
from referrals import access, consent, reading
from referrals.models import Consent, Decision, Event, PartKey, Referral

FORWARDED: Final = "forwarded"
MOST_LINKS: Final = 500


def check_parent(body: schemas.Referral, known: Decisions, actor: Actor, *, at: datetime) -> None:
    """A referral onward holds nothing but what its sender was sent, has opened, and can still open. Without a parent
    the recorder sends; anybody else what it has passed on before, once more.

    known: what was decided under its consent, whose row is locked by the caller: nothing is taken back meanwhile.
    Raises Refused: `not_found`, `step_illegal` (with the parent's state), `grant_missing`, `malformed`.
    """
    if body.parent is None:
        if actor.agency not in {one.body.recorder for one in known.newest.values()}:
            passed_on = Referral.objects.filter(sender=actor.agency, consent=body.authority.consent)
            _check_held(body, actor, passed_on.values_list("sealed", flat=True))
        return
    parent = access.received_by(actor).filter(pk=body.parent.id, consent=body.authority.consent).first()
    if parent is None or bytes(parent.sha256) != unb64(body.parent.sha256):
        raise Refused("not_found", "There is no such referral to pass on, or it is not yours.", field="parent")
    opened = Event.objects.filter(referral=parent, agency_id=actor.agency, type="opened").exists()
    if not opened or reading.is_read_no_more(parent, at):
        raise Refused(
            "step_illegal", "Only what was opened, and can still be opened, is passed on.", state=parent.state
        )
    _check_held(body, actor, [parent.sealed_id])
    if body.routing.minor != parent.minor:
        raise Refused("malformed", "Whether she is a child stays as it was.", field="routing.minor")


def _check_held(body: schemas.Referral, actor: Actor, sets: Iterable[int]) -> None:
    """Its sender holds a key for each of its parts in one of these sealed sets."""
    held = set(PartKey.objects.filter(set__in=sets, agency_id=actor.agency).values_list("part", flat=True))
    for part in body.sealed.parts:
        if part.name not in held:
            raise Refused("grant_missing", part=part.name, reader=actor.agency)


def may_go(actor: Actor, referral: UUID, to: str, parts: Sequence[str]) -> Decision:
    """The decision under which these parts of what the actor's agency was sent may go to the agency `to`.

    The one thing that a holder of a live grant is told of the others' decisions (protocol §7, Who sees it).
    Raises Refused: `not_found`, `recipient_suspended`, or the rule's code.
    """
    access.must_not_be_suspended(actor.agency)
    found = access.received_by(actor).filter(pk=referral).first()
    view = directory.in_force().now()
    own, third = view.agency(actor.agency), view.agency(to)
    if found is None or own is None:
        raise Refused("not_found", field="referral")
    if third is None:
        raise Refused("not_found", "The directory has no such agency.", field="to")
    now, id = clock.now(), str(found.consent_id)
    known = consent.known_to(actor.agency, own.kind, consent.newest([id])[id], at=now)
    rule.check_parts(known, agency=to, kind=third.kind, parts=parts, at=now)
    decision = Decision.objects.filter(consent=id, to=to, newest=True).first()
    if decision is None or to not in known.newest:  # the recorder needs no decision in order to read
        raise Refused("grant_missing", reader=to)
    return decision


def chain(actor: Actor, id: UUID) -> list[Referral] | None:
    """All that was sent under a consent, in the order of sending, for its recorder alone; None for anybody else."""
    links = access.links_of(actor).filter(consent=id).order_by("sent_at", "pk")[:MOST_LINKS]
    return list(links) or None


def news(sent: Sequence[Referral]) -> list[Told]:
    """What recorders are told: that somebody passed on what they had sent; on which of theirs."""
    recorders = dict(Consent.objects.filter(pk__in={one.consent_id for one in sent}).values_list("pk", "recorder"))
    told = []
    for one in sent:
        recorder = recorders[one.consent_id]
        if one.sender_id != recorder:
            own = _begun_by(recorder, one)
            told.append(Told(recorder, FORWARDED, str(own.pk) if own else None, urgency=one.urgency))
    return told


def _begun_by(recorder: str, link: Referral) -> Referral | None:
    """The referral of the recorder's own at the beginning of this chain."""
    found: Referral | None = link
    while found is not None and found.sender_id != recorder:
        found = found.parent
    return found
