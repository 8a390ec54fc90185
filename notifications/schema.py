from collections.abc import AsyncIterator
from typing import Any

import graphene

from agencies.access import WORKERS, actor_in
from notifications import feed, following
from notifications.models import FeedEntry as FeedEntryRow
from ortoo.protocol.errors import Refused

MOST_ENTRIES = 500


class FeedEntry(graphene.ObjectType):
    """Something that the agency has to be told. It says what happened and where to look; never any content."""

    sequence = graphene.Int(required=True, description="1, 2, 3 … in the agency's feed, without a gap.")
    kind = graphene.String(
        required=True,
        description="`referral_sent`, or the type of the other side's step (a code of the vocabulary).",
    )
    referral = graphene.ID(description="The referral that it is about.")
    event = graphene.ID(description="The step that it is about.")
    at = graphene.DateTime(required=True, description="When the hub accepted it.")


class Query(graphene.ObjectType):
    feed = graphene.List(
        graphene.NonNull(FeedEntry),
        required=True,
        description="The own agency's feed, in order.",
        after=graphene.Int(required=True, description="The sequence of the last entry that the client has; 0 for all."),
        first=graphene.Int(required=True, default_value=100, description=f"How many to give, at most {MOST_ENTRIES}."),
    )

    @staticmethod
    def resolve_feed(root: object, info: Any, after: int, first: int) -> list[FeedEntryRow]:
        actor = actor_in(info, *WORKERS, scope="read")
        if after < 0 or not 1 <= first <= MOST_ENTRIES:
            raise Refused("limit_exceeded", field="first", most=MOST_ENTRIES)
        return feed.after(actor.agency, after, first)


class Subscription(graphene.ObjectType):
    feed = graphene.Field(
        FeedEntry,
        required=True,
        description="The own agency's feed: what follows `after` at once, then live, in order and without a gap.",
        after=graphene.Int(required=True, description="The sequence of the last entry that the client has; 0 for all."),
    )

    @staticmethod
    async def subscribe_feed(root: object, info: Any, after: int) -> AsyncIterator[FeedEntryRow]:
        actor = actor_in(info, *WORKERS, scope="read")
        if after < 0:
            raise Refused("malformed", "A sequence is 0 or more.", field="after")
        async for entry in following.follow(actor.agency, after):
            yield entry

    @staticmethod
    def resolve_feed(root: FeedEntryRow, info: Any, after: int) -> FeedEntryRow:
        return root
