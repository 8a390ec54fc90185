"""What follows a referral: opening, and the signed steps that answer it (protocol §9)."""

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction

from agencies import clock, directory
from agencies.signing_in import Actor
from audit import log
from notifications import feed
from ortoo.protocol import documents, events, schemas
from ortoo.protocol.consent import Decisions
from ortoo.protocol.documents import Document, b64, unb64
from ortoo.protocol.errors import Refused, naming
from ortoo.protocol.schemas import As
from ortoo.protocol.sealing import Blobs
from referrals import access, clocks, consent, enforcing, exceptions, files, reading, sealed, standing, trail
from referrals.models import Event, Referral

TAKEN: Final = frozenset(
    {
        "acknowledged",
        "more_asked",
        "accepted",
        "declined",
        "under_way",
        "handed_back",
        "closed",
        "recalled",
        "deleted",
        "message",
        "unreadable",
        "seconded",
        "upheld",
        "overturned",
    }
)

MOST_STEPS: Final = 1000  # on one referral
ENDING: Final = frozenset({"declined", "handed_back", "recalled", "closed"})  # after which no other of them is legal

Signed = Document[schemas.Event]


def open_referral(actor: Actor, envelope: str) -> tuple[Referral, Blobs]:
    """Record the member's own word that it opens, and hand out what its agency may read, in the same answer.

    Idempotent: the same event again is not recorded twice; what may be read is decided anew.

    Raises:
        Refused: among others with the rule's code if nothing is left that may be read, and then nothing is recorded.
    """
    signed = _read(actor, envelope)
    if signed.body.type != "opened":
        raise Refused("malformed", "Opening is the event `opened`.", field="type")
    with _naming(signed), transaction.atomic():
        referral, by, decisions = _hold(actor, signed)
        if by == "sender":
            raise Refused("step_illegal", "The sender reads its own referral without opening it.", state=referral.state)
        referral = _take(actor, signed, Blobs(), referral, by, decisions)
        access.must_not_be_suspended(actor.agency)  # also for an opening that is repeated: it is answered with keys
        # After what is wrong with the event itself (protocol §13); where it refuses, the event is undone with it.
        handed = reading.readable(referral, actor.agency, by, decisions, at=clock.now())
    return referral, handed


def take_step(actor: Actor, envelope: str, blobs: Blobs) -> Referral:
    """Take in a signed step other than opening. Gives the referral as it stands then.

    Idempotent by id and bytes.

    Raises:
        Refused: `head_moved` with the new head and state to the loser of a race, `step_illegal` with the state, or
            another code of protocol §13.
    """
    signed = _read(actor, envelope)
    if signed.body.type == "opened":
        raise Refused("malformed", "A referral is opened by `openReferral`.", field="type")
    if signed.body.type not in TAKEN:
        raise Refused("malformed", "This hub does not know this step yet.", field="type")
    with _naming(signed), transaction.atomic():
        referral, by, decisions = _hold(actor, signed)
        return _take(actor, signed, blobs, referral, by, decisions)


def _read(actor: Actor, envelope: str) -> Signed:
    signed = documents.read(envelope, schemas.Event)
    with _naming(signed):
        access.must_be_author(actor, signed.body.author.agency, signed.body.author.member)
    return signed


def _hold(actor: Actor, signed: Signed) -> tuple[Referral, As, Decisions]:
    """Hold the directory, lock the consent, then the referral: in the order of all who write. `not_found` for whoever
    has no part in it.
    """
    directory.held()
    found = access.referrals_of(actor).filter(pk=signed.body.on.id).values_list("consent_id", flat=True).first()
    if found is None:
        raise Refused("not_found")
    decisions = consent.lock([str(found)])[str(found)]
    referral = access.referrals_of(actor).select_for_update().get(pk=signed.body.on.id)
    now = clock.now()
    if signed.body.type != "opened" and enforcing.has_run_out(referral, decisions, now):
        # Nobody has looked yet; what is left to do is what is left of an expired one. (Opening is refused by the rule.)
        enforcing.enforce(str(found), decisions, at=now, only=[referral.pk])
        referral.refresh_from_db()
    return referral, _part_of(referral, actor.agency), decisions


def _part_of(referral: Referral, agency: str) -> As:
    if agency == referral.sender_id:
        return "sender"
    return "reviewer" if agency == referral.reviewer_id else "recipient"


def _take(actor: Actor, signed: Signed, blobs: Blobs, referral: Referral, by: As, decisions: Decisions) -> Referral:
    """Verify and write one event on a referral whose row is locked."""
    known = Event.objects.filter(pk=signed.body.id).first()
    if known is not None and bytes(known.sha256) == signed.hash:
        files.forget_again(actor.agency, signed.body.sealed)
        return referral
    now = clock.now()
    current = directory.held()
    document = documents.read(referral.envelope, schemas.Referral)
    blobs = files.named_in(actor.agency, signed.body.sealed, blobs)
    events.check(
        signed,
        blobs,
        referral=document,
        state=referral.state,
        directory=current,
        decisions=decisions,
        now=now,
    )
    files.check_none_beside(blobs)
    current.check_current(signed)
    directory.check_signed_head(signed.body.directory)
    if known is not None:
        raise Refused("id_reused", field="id")
    exceptions.check(signed, referral, document, current.now())
    if signed.body.type == "opened":
        access.must_not_be_suspended(signed.body.author.agency)
    _check_notes_reader(signed)
    if referral.steps >= MOST_STEPS and not _may_always_follow(signed, referral):
        raise Refused("limit_exceeded", "There are too many steps on this referral.", field="events", most=MOST_STEPS)
    _check_head(signed, referral)
    state = events.after(referral.state, signed.body.type, by)
    if signed.body.type == "message" and reading.is_read_no_more(referral, now):
        raise Refused("step_illegal", "Nothing of it is left that could be talked about here.", state=referral.state)
    _write(signed, blobs, referral, state, decisions, now)
    return referral


def _may_always_follow(signed: Signed, referral: Referral) -> bool:
    """Else one side could write so much that the other can't take back, hand back or settle any more."""
    type = signed.body.type
    return type in ENDING or (type == "deleted" and referral.deletion_owed_since is not None)


def _check_notes_reader(signed: Signed) -> None:
    body = signed.body
    for reader in body.sealed.readers if body.sealed is not None else ():
        if reader.agency != body.author.agency:
            access.must_not_be_suspended(reader.agency)


def _check_head(signed: Signed, referral: Referral) -> None:
    head = heads([referral], signed.body.author.agency)[referral.pk]
    if unb64(signed.body.prev) != head:
        raise Refused("head_moved", field="prev", head=b64(head), state=referral.state)


def heads(referrals: list[Referral], agency: str) -> dict[UUID, bytes]:
    """H of the agency's newest event on each referral, or of the referral: what its next event names as `prev`."""
    found = {referral.pk: bytes(referral.sha256) for referral in referrals}
    known = {referral.pk: referral.steps for referral in referrals}
    rows = Event.objects.filter(referral__in=referrals, agency_id=agency).order_by("place")
    for referral, place, sha256 in rows.values_list("referral_id", "place", "sha256"):
        if place <= known[referral]:
            found[referral] = bytes(sha256)
    return found


def _write(signed: Signed, blobs: Blobs, referral: Referral, state: str, decisions: Decisions, now: datetime) -> None:
    body = signed.body
    kept = sealed.store(body.author.agency, [(body.sealed, blobs)])[0] if body.sealed is not None else None
    Event.objects.create(
        id=body.id,
        referral=referral,
        agency_id=body.author.agency,
        place=referral.steps + 1,
        type=body.type,
        reason=body.reason,
        prev=unb64(body.prev),
        sha256=signed.hash,
        envelope=signed.envelope,
        sealed=kept,
        accepted_at=now,
    )
    before, referral.state = referral.state, state
    news = exceptions.deliver(referral, now) if before == "waiting" and state == "sent" else []
    referral.steps, referral.changed_at = referral.steps + 1, now
    if state in enforcing.OVER and before != state:
        referral.empties_at = enforcing.empties_at(referral, decisions, now)
    if state in events.ENDED_ACCESS and before not in events.ENDED_ACCESS:
        _end_access(referral, now)
    elif body.type == "deleted":
        referral.deletion_owed_since = None
    referral.save(update_fields=["state", "steps", "changed_at", "deletion_owed_since", "empties_at", "delivered_at"])
    clocks.follow(referral, body.type, _part_of(referral, body.author.agency), now)
    trail.stepped(referral, body, now)
    log.queue([signed.hash])
    lost = consent.overturn(referral, decisions, now) if body.type == "overturned" else []
    others = [one for one in lost if one.referral.pk != referral.pk]
    standing.follow([*[one.referral for one in others], referral], now)
    if news:
        exceptions.alert_reviewers([referral], now)
    feed.tell([*(news or _told(referral, body)), *enforcing.news(others)], at=now)


def _told(referral: Referral, body: schemas.Event) -> list[feed.Told]:
    """Whom a step is told: the other side; both, of what the reviewer says; nobody who does not see the referral."""
    seeing = {referral.sender_id, *({referral.recipient_id} if referral.delivered_at is not None else ())}
    return [
        feed.Told(one, body.type, str(referral.pk), body.id, urgency=referral.urgency)
        for one in sorted(seeing - {body.author.agency})
    ]


def _end_access(referral: Referral, now: datetime) -> None:
    """The recipient opens nothing from now on: its keys go, also to notes, this step's own among them. If it had opened
    the referral, it owes a deletion.
    """
    sealed.destroy_keys(sealed.sets_of(referral), referral.recipient_id)
    opened = Event.objects.filter(referral=referral, agency_id=referral.recipient_id, type="opened").exists()
    referral.deletion_owed_since = now if opened else None


def _naming(signed: Signed) -> AbstractContextManager[None]:
    return naming(referral=signed.body.on.id)
