"""Without consent (protocol §7): a referral that takes two signatures, is marked, and is reviewed.

Where there is danger to life it leaves at once, and the second signature is owed within 24 hours; else it waits, seen
by nobody but its sender and whoever is to give the second. A reviewer's `overturned` ends access under all of the
consent.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from agencies import services
from notifications import outbox
from notifications.feed import Told
from ortoo.protocol import documents, events, schemas
from ortoo.protocol.consent import Decisions
from ortoo.protocol.directory import View
from ortoo.protocol.documents import Document
from ortoo.protocol.errors import Refused
from referrals import clocks, trail
from referrals.models import Event, Referral

VERDICTS: Final = ("upheld", "overturned")
SECOND_NEEDED: Final = "second_needed"


def of(body: schemas.Referral, decisions: Mapping[str, Decisions], view: View, now: datetime) -> dict[str, Any]:
    """How a referral begins: sent, or waiting for the second signature; on which basis; and who reviews it."""
    decision = decisions[body.authority.consent].newest[body.to].body
    if decision.exception is None:
        return {"state": "sent", "delivered_at": now, "basis": decision.basis}
    begun = events.begins(decision)
    return {
        "state": begun,
        "basis": decision.basis,
        "delivered_at": None if begun == "waiting" else now,
        "reviewer_id": decision.exception.reviewer,
        "seconded_by_reviewer": not events.others_who_second(body, view),
    }


def check_child_protection(body: schemas.Referral, decisions: Decisions) -> None:
    """A child without a safe guardian goes to child protection, or comes from there: `basis_not_allowed`."""
    if decisions.newest[body.to].body.basis != "child_at_risk":
        return
    if not services.any_gives("child_protection", (body.author.agency, body.to)):
        raise Refused("basis_not_allowed", "For a child at risk child protection decides.", field="to")


def news(referral: Referral) -> list[Told]:
    """Who is told of a referral that was sent, or that has got its second signature: its recipient, once it is to see
    it; and, until it is signed for, the agency of whoever is to sign.
    """
    id, urgency, told = str(referral.pk), referral.urgency, []
    if referral.delivered_at is not None:
        told.append(Told(referral.recipient_id, "referral_sent", id, urgency=urgency, sender=referral.sender_id))
    if referral.reviewer_id is not None and not is_seconded(referral):
        told.append(Told(referral.sender_id, SECOND_NEEDED, id, urgency=urgency))
    return told


def alert_reviewers(referrals: Iterable[Referral], now: datetime) -> None:
    """Those who are to review, or to sign for first, learn that there is something. By e-mail, which names nothing: the
    feed is their agency's focal points', who see none of it.
    """
    for one in referrals:
        if one.reviewer_id is not None and (one.delivered_at is not None or one.seconded_by_reviewer):
            outbox.alert_coordinators(one.urgency, now, of=one.reviewer_id)


def is_seconded(referral: Referral) -> bool:
    return Event.objects.filter(referral=referral, type="seconded").exists()


def check(
    signed: Document[schemas.Event], referral: Referral, document: Document[schemas.Referral], view: View
) -> None:
    """Who gives the second signature, who reviews: `second_signature_missing`, `role_not_allowed`, `step_illegal`."""
    type, member = signed.body.type, signed.body.author.member
    if type == "seconded":
        if referral.reviewer_id is None:
            raise Refused(
                "step_illegal", "It stands on her consent, and needs no second signature.", state=referral.state
            )
        events.check_second(signed, document, view)
        if member in _who_signed(referral, VERDICTS):
            raise Refused("role_not_allowed", "Whoever reviewed it gives no second signature.", field="author")
    if type in VERDICTS:
        if member in _who_signed(referral, ("seconded",)):
            raise Refused("role_not_allowed", "Whoever gave the second signature does not review it.", field="author")
        if referral.consent.overturned_at is not None:
            raise Refused("step_illegal", "It was reviewed, and overturned.", state=referral.state)


def _who_signed(referral: Referral, types: Sequence[str]) -> set[str]:
    """The members who have signed one of these steps on anything under the same consent."""
    signed = Event.objects.filter(referral__consent=referral.consent_id, type__in=types)
    return {documents.read(one, schemas.Event).body.author.member for one in signed.values_list("envelope", flat=True)}


def deliver(referral: Referral, now: datetime) -> list[Told]:
    """It has got its second signature: from now on its recipient sees it, and its clocks run."""
    referral.delivered_at = now
    clocks.begin([referral], now)
    trail.delivered(referral, now)
    return news(referral)
