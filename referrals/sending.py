"""Sending referrals (protocol §5): verified whole, written whole, told at once."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from agencies import clock, directory
from agencies.models import Agency
from agencies.signing_in import Actor
from audit import log
from notifications import feed
from ortoo.protocol import documents, schemas
from ortoo.protocol import referral as rules
from ortoo.protocol.consent import Decisions
from ortoo.protocol.directory import Directory, View
from ortoo.protocol.documents import Document
from ortoo.protocol.errors import Refused, naming
from ortoo.protocol.referral import MAX_TOGETHER, WHO_SENDS, SealedReferral
from ortoo.protocol.sealing import Blobs, check_blobs
from referrals import access, clocks, consent, exceptions, files, onward, sealed, standing, trail
from referrals.models import AskedService, Referral


def send(actor: Actor, handed_in: Sequence[tuple[str, Blobs]]) -> list[Referral]:
    """`accept`, once more where the same id came in by another road at the same moment: then it is seen."""
    try:
        return accept(actor, handed_in)
    except IntegrityError:
        return accept(actor, handed_in)


def accept(actor: Actor, handed_in: Sequence[tuple[str, Blobs]]) -> list[Referral]:
    """Accept sealed referrals together and put each in front of its recipient, or none of them.

    Idempotent: the same bytes under the same ids give the same referrals again.

    Raises:
        Refused: with a code of protocol §13 that names the referral, part and reader at fault.
    """
    if not 1 <= len(handed_in) <= MAX_TOGETHER:
        raise Refused("limit_exceeded", field="referrals", most=MAX_TOGETHER)
    wholes = [_read(actor, item, envelope, blobs) for item, (envelope, blobs) in enumerate(handed_in)]
    _check_no_double(wholes)
    kept = _kept(wholes)
    current = directory.in_force()
    wholes = [_checked(one, current, is_new=_is_new(one, kept)) for one in wholes]
    now = clock.now()
    with transaction.atomic():
        current = directory.held()  # until the commit: what it says cannot change under our hands
        named = {one.document.body.authority.consent for one in wholes}
        decisions = consent.lock_known(named, actor.agency, _kind(actor.agency, current.now()), at=now)
        kept = _kept(wholes)
        fresh = [one for one in wholes if _is_new(one, kept)]
        receiving = _receiving(one.document.body.to for one in fresh)
        for one in fresh:
            with _naming(one):
                body = one.document.body
                current.check_current(one.document, body.author.agency, body.to)
                view = current.at(body.directory.size)
                rules.check_consent(body, view, _known(body, view, decisions, now), at=now)
                exceptions.check_child_protection(body, decisions[body.authority.consent])
                onward.check_parent(body, decisions[body.authority.consent], actor, at=now)
                _check_steps(body, kept, now)
                rules.check_suspension(body, current.now())
                if body.to not in receiving:
                    raise Refused("recipient_unavailable", reader=body.to)
        sent = _store(fresh, decisions, current.now(), now)
        kept |= {row.id: row for row in sent}
        left = [one for one in sent if one.delivered_at is not None]
        clocks.begin(left, now)
        clocks.await_second([one for one in left if one.reviewer_id is not None], now)
        trail.sent(sent, actor.member)
        log.queue(one.document.hash for one in fresh)
        standing.follow([*sent, *standing.sent_on(actor.agency, sent)], now)
        told = [news for one in sent for news in exceptions.news(one)]
        exceptions.alert_reviewers(sent, now)
        feed.tell([*told, *onward.news(sent)], at=now)
    return [kept[UUID(one.document.body.id)] for one in wholes]


def _read(actor: Actor, item: int, envelope: str, blobs: Blobs) -> SealedReferral:
    """Form: what can be said without looking anything up."""
    with naming(item=item):  # where it cannot be read it has no id to be named by
        one = SealedReferral(documents.read(envelope, schemas.Referral), blobs)
    with _naming(one):
        body = one.document.body
        access.must_be_author(actor, body.author.agency, body.author.member)
        rules.check_shape(body)
    return one


def _check_no_double(wholes: Sequence[SealedReferral]) -> None:
    ids = [one.document.body.id for one in wholes]
    for one in ids:
        if ids.count(one) > 1:
            raise Refused("malformed", "The same referral was handed in twice.", referral=one)


def _checked(one: SealedReferral, current: Directory, *, is_new: bool) -> SealedReferral:
    """The same with its files, once signer, directory and blobs were found to be right."""
    sealed, agency = one.document.body.sealed, one.document.body.author.agency
    with _naming(one):
        if is_new:
            _verify(one, current)
        blobs = files.named_in(agency, sealed, one.blobs) if is_new else files.taken_before(agency, sealed, one.blobs)
        check_blobs(sealed, blobs)
        files.check_none_beside(blobs)
    return SealedReferral(one.document, blobs)


def _verify(one: SealedReferral, current: Directory) -> None:
    """Signer and directory, as of the size that the document states."""
    current.check_signed(one.document, WHO_SENDS)
    body = one.document.body
    current.check_current(one.document, body.author.agency, body.to)
    directory.check_signed_head(body.directory)


def _known(body: schemas.Referral, view: View, decisions: Mapping[str, Decisions], now: datetime) -> Decisions:
    """The decisions under which it is sent, as far as the sender may know of them."""
    kept = decisions.get(body.authority.consent, Decisions.of([]))
    return consent.known_to(body.author.agency, _kind(body.author.agency, view), kept, at=now)


def _kind(agency: str, view: View) -> str:
    state = view.agency(agency)
    return state.kind if state else ""


def _check_steps(body: schemas.Referral, kept: Mapping[UUID, Referral], now: datetime) -> None:
    if UUID(body.id) in kept:
        raise Refused("id_reused", field="id")
    documents.check_clock(body.at, now)


def _receiving(recipients: Iterable[str]) -> set[str]:
    """Those of the recipients that take in referrals at present."""
    return set(Agency.objects.filter(pk__in=set(recipients), receiving=True).values_list("pk", flat=True))


def _kept(wholes: Sequence[SealedReferral]) -> dict[UUID, Referral]:
    """Which of these ids are there already."""
    return Referral.objects.in_bulk([UUID(one.document.body.id) for one in wholes])


def _is_new(one: SealedReferral, kept: Mapping[UUID, Referral]) -> bool:
    """Not an exact repetition. (Under the same id with other bytes it is new, and refused later, in its order.)"""
    known = kept.get(UUID(one.document.body.id))
    return known is None or bytes(known.sha256) != one.document.hash


def _store(
    fresh: Sequence[SealedReferral], decisions: Mapping[str, Decisions], view: View, now: datetime
) -> list[Referral]:
    agency = fresh[0].document.body.author.agency if fresh else ""
    sets = sealed.store(agency, [(one.document.body.sealed, one.blobs) for one in fresh])
    rows = Referral.objects.bulk_create(
        _row(one.document, now, sealed=kept, **exceptions.of(one.document.body, decisions, view, now))
        for one, kept in zip(fresh, sets, strict=True)
    )
    AskedService.objects.bulk_create(
        AskedService(referral=row, service=service) for row in rows for service in row.services
    )
    return rows


def _row(document: Document[schemas.Referral], now: datetime, **kept: Any) -> Referral:
    body = document.body
    return Referral(
        id=UUID(body.id),
        sender_id=body.author.agency,
        recipient_id=body.to,
        consent_id=UUID(body.authority.consent),
        parent_id=UUID(body.parent.id) if body.parent is not None else None,
        urgency=body.routing.urgency,
        services=body.routing.services,
        place=body.routing.place,
        language=body.routing.language,
        minor=body.routing.minor,
        sha256=document.hash,
        envelope=document.envelope,
        sent_at=now,
        changed_at=now,
        **kept,
    )


def _naming(one: SealedReferral) -> AbstractContextManager[None]:
    return naming(referral=one.document.body.id)
