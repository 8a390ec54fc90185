"""What can be asked and done about consents and referrals."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import graphene

from agencies import clock
from agencies.access import ANY, WORKERS, actor_in
from agencies.scalars import Envelope, uuid_of
from ortoo.protocol.errors import Refused
from referrals import access, consent, ending, firing, pages, sending, steps, trail
from referrals import onward as passing_on
from referrals.models import Standing
from referrals.schema.handed_in import SealedInput, whole_of
from referrals.schema.shown import (
    Consent,
    Decision,
    Fired,
    Link,
    Moved,
    Opening,
    Referral,
    ReferralConnection,
    TrailConnection,
    asked_in,
    blobs_shown,
    decision_shown,
    link_shown,
    page_shown,
    referrals_shown,
    trail_shown,
)

MOST_REFERRALS = 50
MOST_PARTS = 64


def _paged() -> dict[str, Any]:
    return {
        "first": graphene.Int(
            required=True, default_value=MOST_REFERRALS, description=f"How many, at most {MOST_REFERRALS}."
        ),
        "after": graphene.String(
            description="The cursor behind which the page begins: of this list, with the same filter, at most an hour "
            "old."
        ),
        "counterpart": graphene.String(description="Only with this other agency."),
    }


def _list_field(description: str) -> graphene.Field:
    return graphene.Field(
        ReferralConnection,
        required=True,
        description=f"{description} In this order: the own agency's to do and late; its clock runs; to do without a "
        "clock; waiting for the other side; the rest. Within each what is due first, the rest by its last change.",
        **_paged(),
        state=graphene.String(description="Only in this state: a code of the vocabulary."),
        urgency=graphene.String(description="Only of this urgency: a code of the vocabulary."),
        need=graphene.String(description="Only those that ask for this service: a code of the vocabulary."),
        place=graphene.String(description="Only there, or in what lies there."),
        overdue=graphene.Boolean(
            required=True, default_value=False, description="Only where somebody, of either side, is late."
        ),
        since=graphene.DateTime(description="Only what has changed since then."),
    )


class Query(graphene.ObjectType):
    consent = graphene.Field(
        Consent,
        description="A consent, if the own agency may see any of it.",
        id=graphene.ID(required=True, description="The consent's id."),
    )
    referral = graphene.Field(
        Referral,
        description="A referral that the own agency has sent or was sent; to its coordinators, one that it is to "
        "review; else null.",
        id=graphene.ID(required=True, description="The referral's id."),
    )
    onward = graphene.Field(
        Decision,
        required=True,
        description="The decision under which parts of what the own agency was sent may go to a third agency. Refused "
        "with the rule's code where they may not.",
        referral=graphene.ID(required=True, description="What the own agency was sent."),
        to=graphene.String(required=True, description="The agency that it is to go to."),
        parts=graphene.List(
            graphene.NonNull(graphene.String), required=True, description=f"Names of its parts, 1 to {MOST_PARTS}."
        ),
    )
    chain = graphene.List(
        graphene.NonNull(Link),
        description="All that was sent under a consent, by whomever, to its recorder; null to anybody else. In order "
        f"of sending, at most {passing_on.MOST_LINKS}.",
        consent=graphene.ID(required=True, description="The consent's id."),
    )
    inbox = _list_field("What the own agency was sent.")
    outbox = _list_field("What the own agency has sent.")
    trail = graphene.Field(
        TrailConnection,
        required=True,
        description="What happened on the own agency's referrals, whoever did it, the newest first.",
        **_paged(),
        referral=graphene.ID(description="Only on this referral."),
        type=graphene.String(description="Only this: `referral_sent`, or a code of the vocabulary's steps."),
        since=graphene.DateTime(description="Only since then."),
    )

    @staticmethod
    def resolve_consent(root: object, info: Any, id: str) -> Consent | None:
        actor = actor_in(info, *WORKERS, scope="read")
        row = access.consents_of(actor).filter(pk=uuid_of(id)).first()
        if row is None:
            return None
        decisions = consent.visible(actor, [row.pk])[row.pk]
        shown = [decision_shown(one) for one in decisions]
        taken_back = consent.taken_back(actor, row)
        return Consent(id=str(row.pk), recorder=row.recorder_id, decisions=shown, withdrawals=taken_back)

    @staticmethod
    def resolve_referral(root: object, info: Any, id: str) -> Referral | None:
        actor = actor_in(info, *WORKERS, "coordinator", scope="read")
        shown = referrals_shown(actor, list(access.referrals_of(actor).filter(pk=uuid_of(id))), info)
        return shown[0] if shown else None

    @staticmethod
    def resolve_onward(root: object, info: Any, referral: str, to: str, parts: list[str]) -> Decision:
        actor = actor_in(info, *WORKERS, scope="send")
        if not 1 <= len(parts) <= MOST_PARTS:
            raise Refused("limit_exceeded", field="parts", most=MOST_PARTS)
        return decision_shown(passing_on.may_go(actor, uuid_of(referral, "referral"), to, parts))

    @staticmethod
    def resolve_chain(root: object, info: Any, consent: str) -> list[Link] | None:
        links = passing_on.chain(actor_in(info, *WORKERS, scope="read"), uuid_of(consent, "consent"))
        return [link_shown(one) for one in links] if links is not None else None

    @staticmethod
    def resolve_inbox(
        root: object, info: Any, first: int, after: str | None = None, **wanted: Any
    ) -> ReferralConnection:
        return _page(info, Standing.INBOX, first, after, wanted)

    @staticmethod
    def resolve_outbox(
        root: object, info: Any, first: int, after: str | None = None, **wanted: Any
    ) -> ReferralConnection:
        return _page(info, Standing.OUTBOX, first, after, wanted)

    @staticmethod
    def resolve_trail(
        root: object, info: Any, first: int, after: str | None = None, referral: str | None = None, **wanted: Any
    ) -> TrailConnection:
        actor = actor_in(info, *WORKERS, scope="read")
        id = uuid_of(referral, "referral") if referral is not None else None
        wanted_of = trail.Filter(referral=id, **wanted)
        return trail_shown(trail.page(actor, wanted_of, first=_bounded(first), after=after))


def _page(info: Any, box: str, first: int, after: str | None, wanted: Mapping[str, Any]) -> ReferralConnection:
    actor = actor_in(info, *WORKERS, scope="read")
    counted = "counts" in asked_in(info)
    found = pages.page(actor, box, pages.Filter(**wanted), first=_bounded(first), after=after, counted=counted)
    return page_shown(actor, found, info)


def _bounded(first: int) -> int:
    if not 1 <= first <= MOST_REFERRALS:
        raise Refused("limit_exceeded", field="first", most=MOST_REFERRALS)
    return first


class RecordConsent(graphene.Mutation):
    """Record what a person decided: all decisions, or none. The same bytes again get the same answer."""

    class Arguments:
        decisions = graphene.List(
            graphene.NonNull(SealedInput), required=True, description="Signed decisions, at most 64."
        )

    Output = graphene.NonNull(graphene.List(graphene.NonNull(Decision)))

    @staticmethod
    def mutate(root: object, info: Any, decisions: list[Mapping[str, Any]]) -> list[Decision]:
        kept = consent.record(actor_in(info, *WORKERS, scope="send"), [whole_of(one) for one in decisions])
        return [decision_shown(one) for one in kept]


class SendReferrals(graphene.Mutation):
    """Send referrals made from one form: all, or none. The same bytes again get the same answer."""

    class Arguments:
        referrals = graphene.List(
            graphene.NonNull(SealedInput), required=True, description="Signed, sealed referrals, at most 16."
        )

    Output = graphene.NonNull(graphene.List(graphene.NonNull(Referral)))

    @staticmethod
    def mutate(root: object, info: Any, referrals: list[Mapping[str, Any]]) -> list[Referral]:
        actor = actor_in(info, *WORKERS, scope="send")
        return referrals_shown(actor, sending.send(actor, [whole_of(one) for one in referrals]), info)


class OpenReferral(graphene.Mutation):
    """Open a referral: a signed event `opened`, answered with the keys that the own agency may have now."""

    class Arguments:
        event = Envelope(required=True, description="The signed event.")

    Output = graphene.NonNull(Opening)

    @staticmethod
    def mutate(root: object, info: Any, event: str) -> Opening:
        actor = actor_in(info, *WORKERS, "coordinator", scope="answer")
        referral, handed = steps.open_referral(actor, event)
        return Opening(referral=referrals_shown(actor, [referral], info)[0], sealed=blobs_shown(handed))


class TakeStep(graphene.Mutation):
    """Take a signed step on a referral: acknowledge, accept, decline, ask for more, start, hand back, close, write; as
    its sender take it back; or, without access any more, confirm that the own copies are gone.
    """

    class Arguments:
        step = graphene.Argument(
            SealedInput, required=True, description="The signed event, and its note if it has one."
        )

    Output = graphene.NonNull(Referral)

    @staticmethod
    def mutate(root: object, info: Any, step: Mapping[str, Any]) -> Referral:
        actor = actor_in(info, *WORKERS, "coordinator", scope="answer")
        return referrals_shown(actor, [steps.take_step(actor, *whole_of(step))], info)[0]


class MovePracticeClock(graphene.Mutation):
    """Move the clock of a practice network on, never back, so that days pass in a moment; what falls due is told."""

    class Arguments:
        seconds = graphene.Int(required=True, description="By how much.")

    Output = graphene.NonNull(Moved)

    @staticmethod
    def mutate(root: object, info: Any, seconds: int) -> Moved:
        actor_in(info, scope=ANY)
        before = clock.now()
        now = clock.move_on(timedelta(seconds=seconds))
        firing.fire()
        ending.end()
        return Moved(now=now, fired=[Fired(referral=one.referral, kind=one.kind) for one in firing.fired_since(before)])


class Mutation(graphene.ObjectType):
    move_practice_clock = MovePracticeClock.Field()
    record_consent = RecordConsent.Field()
    send_referrals = SendReferrals.Field()
    open_referral = OpenReferral.Field()
    take_step = TakeStep.Field()
