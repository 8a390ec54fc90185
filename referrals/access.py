"""May this actor see that? Queries start here."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from agencies import directory
from agencies.access import WORKERS
from agencies.signing_in import Actor
from ortoo.protocol.errors import Refused
from referrals.models import Consent, Decision, Event, Referral, Standing, TrailEntry


def referrals_of(actor: Actor) -> QuerySet[Referral]:
    """What the actor's agency has sent or was sent; to its coordinators, what it is to review.

    What waits for its second signature is seen by nobody but its sender and whoever is to give it (protocol §7).
    """
    delivered, seen = Q(delivered_at__isnull=False), Q(pk__in=[])
    if actor.roles & set(WORKERS):
        seen |= Q(sender_id=actor.agency) | Q(delivered, recipient_id=actor.agency)
    if "coordinator" in actor.roles:
        seen |= Q(delivered | Q(seconded_by_reviewer=True), reviewer_id=actor.agency)
    return Referral.objects.filter(seen)


def received_by(actor: Actor) -> QuerySet[Referral]:
    """What the actor's agency was sent."""
    return Referral.objects.filter(recipient_id=actor.agency, delivered_at__isnull=False)


def links_of(actor: Actor) -> QuerySet[Referral]:
    """What was sent under the consents that the actor's agency has recorded: their headers (protocol §9)."""
    return Referral.objects.filter(consent__recorder_id=actor.agency)


def documents_of(actor: Actor, hashes: Sequence[bytes]) -> set[bytes]:
    """Which of these H are of documents that the actor may see, or as a coordinator oversees: referrals, their steps;
    and decisions: those on which what it sees stands, and for whoever works on referrals its agency's own.
    """
    works = bool(actor.roles & set(WORKERS))
    passed = Referral.objects.filter(delivered_at__isnull=False)
    overseen = passed if "coordinator" in actor.roles else passed.none()
    seen = (
        overseen.filter(sha256__in=hashes),
        Event.objects.filter(referral__in=overseen, sha256__in=hashes),
        referrals_of(actor).filter(sha256__in=hashes),
        Event.objects.filter(referral__in=referrals_of(actor), sha256__in=hashes),
        Decision.objects.filter(_rules(referrals_of(actor)), sha256__in=hashes),
        *([links_of(actor).filter(sha256__in=hashes), decisions_of(actor).filter(sha256__in=hashes)] if works else []),
    )
    return {bytes(sha256) for rows in seen for sha256 in rows.values_list("sha256", flat=True)}


def places_of(actor: Actor, box: str) -> QuerySet[Standing]:
    """Where the referrals of its inbox or outbox stand, and stood."""
    return Standing.objects.filter(agency_id=actor.agency, box=box)


def trail_of(actor: Actor) -> QuerySet[TrailEntry]:
    """What happened on what the actor's agency has sent or was sent."""
    return TrailEntry.objects.filter(agency_id=actor.agency)


def decisions_of(actor: Actor) -> QuerySet[Decision]:
    """Decisions that the actor's agency may see: as recorder, as author, as the one that it is about (protocol §7).

    What waits for its second signature is found nowhere by its recipient: neither is the decision that it stands on.
    """
    own = Q(consent__recorder_id=actor.agency) | Q(author_id=actor.agency)
    sent = Referral.objects.filter(recipient_id=actor.agency)
    waits = _rules(sent.filter(delivered_at=None)) & ~_rules(sent.filter(delivered_at__isnull=False))
    return Decision.objects.filter(own | Q(to=actor.agency) & ~waits)


def _rules(referrals: QuerySet[Referral]) -> Q:
    """Of decisions: one of these referrals stands on it."""
    return Q(Exists(referrals.filter(consent=OuterRef("consent"), recipient=OuterRef("to"))))


def recorded_by(actor: Actor) -> QuerySet[Consent]:
    """Consents under which people decided before the actor's agency."""
    return Consent.objects.filter(recorder_id=actor.agency)


def evidence_of(actor: Actor) -> QuerySet[Decision]:
    """Decisions before the actor's agency that evidence was given with: it alone may know of that (protocol §7)."""
    return Decision.objects.filter(consent__recorder_id=actor.agency, sealed__isnull=False)


def unsent_evidence_of(actor: Actor) -> QuerySet[Decision]:
    """Those of them under whose consent nothing was sent: no referral leads to them."""
    return evidence_of(actor).filter(consent__referrals__isnull=True)


def consents_of(actor: Actor) -> QuerySet[Consent]:
    """Looked at one by one: a list of all that the actor may see would be made for a consent that is there alone, and
    tell by the time which is.
    """
    return Consent.objects.filter(Exists(decisions_of(actor).filter(consent=OuterRef("pk"))))


def must_be_author(actor: Actor, agency: str, member: str) -> None:
    """What an actor hands in is signed by itself."""
    if (agency, member) != (actor.agency, actor.member):
        raise Refused(
            "role_not_allowed",
            "It is signed by somebody else than the member who is signed in.",
            field="author",
        )


def must_not_be_suspended(agency: str) -> None:
    """A suspended agency opens nothing and is told nothing new; what it owes it may still do (protocol §3)."""
    if directory.is_suspended(agency):
        raise Refused("recipient_suspended", reader=agency)
