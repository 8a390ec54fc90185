"""Who else could take it: for the sender of a referral that came to nothing, or whose recipient is late.

What the hub knows it leaves out here: agencies that were tried, that take nobody of this age or place, or nobody at
all; and whom she refused. Her decisions on this very referral stand signed in the open, and a sender may ask the rule
about any agency (§7, Who sees it): no answer tells more than that.

What is sealed the hub must not learn, least of all of a referral that it knows: gender, age, who comes along. It is not
asked for them. The client reads them in what its own agency sent, and leaves out who cannot take her then; it also
holds what is said of her decisions against the signed ones (`ortoo/finding.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from agencies import clock, directory, services
from agencies.services import ADULT, CHILD, PASSING, Found, Wanted
from agencies.signing_in import Actor
from ortoo.protocol import consent as rule
from ortoo.protocol import documents, schemas
from ortoo.protocol.consent import Decisions
from ortoo.protocol.errors import Refused
from ortoo.protocol.events import CAME_TO_NOTHING
from referrals import access, clocks, consent
from referrals.models import Referral

MOST: Final = 50


@dataclass(frozen=True)
class Alternative:
    """An agency that could take it. agreed: her decisions let it read something of this referral already.

    gives: of each service asked for that it gives, the one that can take the person, or will soonest.
    """

    agency: str
    agreed: bool
    gives: tuple[Found, ...]


def alternatives(actor: Actor, id: UUID) -> list[Alternative] | None:
    """Who else could take what the actor's agency has sent, best first, at most MOST; None where it sent no such thing.

    First who gives most of what is asked for now, then as `findServices` ranks.

    Raises:
        Refused: `step_illegal` (with the state) while it is on its way and nobody late; the rule's code where the
        sender has no grant left to pass anything on; `recipient_suspended`.
    """
    sent = access.referrals_of(actor).filter(sender_id=actor.agency)
    referral = sent.select_related("consent").filter(pk=id).first()
    if referral is None:
        return None
    access.must_not_be_suspended(actor.agency)
    now = clock.now()
    if referral.state not in CAME_TO_NOTHING and not _is_late(referral, now):
        raise Refused("step_illegal", referral=str(id), state=referral.state)
    decisions = _decisions(referral, now)
    tried = sent.filter(consent=referral.consent_id).values_list("recipient", flat=True)
    left_out = {actor.agency, referral.consent.recorder_id, *tried}
    gives = _by_agency(one for one in services.find(_wanted(referral, now)) if one.service.agency_id not in left_out)
    parts = _parts(referral)
    found = []
    for agency, several in gives.items():
        kind = several[0].service.agency.kind
        decided = rule.decided(decisions, agency=agency, kind=kind, parts=parts, at=now)
        if decided != "refused":
            found.append(Alternative(agency, decided == "agreed", several))
    # Stable: who gives as much stays in the order of `find`.
    return sorted(found, key=lambda one: -sum(each.takes for each in one.gives))[:MOST]


def _is_late(referral: Referral, now: datetime) -> bool:
    """Its recipient owes an answer, a decision or a word on how it goes, and the time is over."""
    owed = clocks.owed([referral])[referral.pk]
    return any(one.owes_id == referral.recipient_id and one.kind != "delete" and one.due_at <= now for one in owed)


def _decisions(referral: Referral, now: datetime) -> Decisions:
    """Her newest decisions, for a sender that may ask about others: the recorder, or one whose grant lives."""
    found = consent.newest([str(referral.consent_id)])[str(referral.consent_id)]
    own = directory.in_force().now().agency(referral.sender_id)
    kind = own.kind if own is not None else ""
    rule.may_read(found, agency=referral.sender_id, kind=kind, part="note", at=now)
    return found


def _wanted(referral: Referral, now: datetime) -> Wanted:
    ages = CHILD if referral.minor else ADULT
    return Wanted(tuple(referral.services), now, referral.place, referral.language, ages)


def _by_agency(ranked: Iterable[Found]) -> dict[str, tuple[Found, ...]]:
    """The best of each agency for each service, in the order in which the agencies are first met."""
    best: dict[str, dict[str, Found]] = {}
    for one in ranked:
        if all(reason.code in PASSING for reason in one.reasons):
            best.setdefault(one.service.agency_id, {}).setdefault(one.service.code, one)
    return {agency: tuple(by_code.values()) for agency, by_code in best.items()}


def _parts(referral: Referral) -> list[str]:
    """What it would be about: the sections that were sent, but for what stands in for her consent (§7)."""
    body = documents.read(referral.envelope, schemas.Referral).body
    return [part.name for part in body.sealed.parts if part.name != "justification"]
