"""Who else could take a referral."""

from typing import Any

import graphene

from agencies.access import WORKERS, actor_in
from agencies.scalars import uuid_of
from agencies.schema.services import FoundService, found_shown
from referrals import alternatives


class Alternative(graphene.ObjectType):
    """An agency that could take a referral instead."""

    agency = graphene.String(required=True, description="The agency's handle.")
    agreed = graphene.Boolean(
        required=True,
        description="Whether the person's decisions cover it already; else she has to be asked first.",
    )
    gives = graphene.List(
        graphene.NonNull(FoundService),
        required=True,
        description="Of each service asked for that it gives, the one that can take the person, or will soonest.",
    )


class Query(graphene.ObjectType):
    alternatives = graphene.List(
        graphene.NonNull(Alternative),
        description="Who else could take a referral that the own agency has sent and that was declined, handed back, "
        "taken back, has run out, or whose recipient is late; best first, at most "
        f"{alternatives.MOST}. Nobody whom the person refused, who was tried already, takes no referrals now or "
        "nobody of that age or place. What is sealed (gender, exact age, who comes along) is not weighed. Null where "
        "the own agency has sent no such referral.",
        referral=graphene.ID(required=True, description="The referral's id."),
    )

    @staticmethod
    def resolve_alternatives(root: object, info: Any, referral: str) -> list[Alternative] | None:
        actor = actor_in(info, *WORKERS, scope="read")
        found = alternatives.alternatives(actor, uuid_of(referral))
        if found is None:
            return None
        return [
            Alternative(agency=one.agency, agreed=one.agreed, gives=[found_shown(each) for each in one.gives])
            for one in found
        ]
