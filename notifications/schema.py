from collections.abc import AsyncIterator, Mapping
from typing import Any

import graphene
from django.conf import settings

from agencies.access import WORKERS, actor_in
from notifications import feed, following, preferences
from notifications.models import FeedEntry as FeedEntryRow
from notifications.models import Preference
from notifications.preferences import WHO, Wanted
from ortoo.protocol.errors import Refused

MOST_ENTRIES = 500


class FeedEntry(graphene.ObjectType):
    """Something that the agency has to be told. It says what happened and where to look; never any content."""

    sequence = graphene.Int(required=True, description="1, 2, 3 … in the agency's feed, without a gap.")
    kind = graphene.String(
        required=True,
        description="`referral_sent`; the type of the other side's step (a code of the vocabulary); what has run out, "
        "as `reminder` or `escalated`; `not_reached` if nobody of the recipient could be told of it.",
    )
    referral = graphene.ID(description="The referral that it is about.")
    event = graphene.ID(description="The step that it is about.")
    at = graphene.DateTime(required=True, description="When the hub accepted it.")


class Notifications(graphene.ObjectType):
    """How the member is told by e-mail, that something is new and nothing else. Nobody else sees it."""

    available = graphene.Boolean(required=True, description="Whether this hub sends any e-mail.")
    address = graphene.String(required=True, description="Where to; empty: no e-mail.")
    confirmed = graphene.Boolean(required=True, description="Whether the code that was sent there was typed back in.")
    refused = graphene.Boolean(
        required=True, description="Whether its mail server said that there is no such mailbox: nothing is sent there."
    )
    language = graphene.String(required=True, description="`mn` or `en`.")
    urgencies = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Of which referrals: codes of `urgency`."
    )
    working_hours = graphene.Boolean(
        required=True, description="Whether only while the agency is open. `immediate` comes at any time."
    )
    digest_hour = graphene.Int(
        description="At which hour of the day in Asia/Ulaanbaatar, once, 0 to 23; null: at once. `immediate` waits for "
        "no hour."
    )


class NotificationsInput(graphene.InputObjectType):
    """All of it; what is not said is as it is at first."""

    address = graphene.String(required=True, description="Where to; empty: no e-mail. A new one gets a code.")
    language = graphene.String(required=True, description="`mn` or `en`.")
    urgencies = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Of which referrals: codes of `urgency`."
    )
    working_hours = graphene.Boolean(required=True, description="Whether only while the agency is open.")
    digest_hour = graphene.Int(description="Once a day at this hour in Asia/Ulaanbaatar, 0 to 23; null: at once.")


class Query(graphene.ObjectType):
    notifications = graphene.Field(
        Notifications, required=True, description="How the member that asks is told by e-mail."
    )
    feed = graphene.List(
        graphene.NonNull(FeedEntry),
        required=True,
        description="The own agency's feed, in order.",
        after=graphene.Int(required=True, description="The sequence of the last entry that the client has; 0 for all."),
        first=graphene.Int(required=True, default_value=100, description=f"How many to give, at most {MOST_ENTRIES}."),
    )

    @staticmethod
    def resolve_notifications(root: object, info: Any) -> Notifications:
        return _shown(preferences.of(actor_in(info, *WHO)))

    @staticmethod
    def resolve_feed(root: object, info: Any, after: int, first: int) -> list[FeedEntryRow]:
        actor = actor_in(info, *WORKERS, scope="read")
        if after < 0 or not 1 <= first <= MOST_ENTRIES:
            raise Refused("limit_exceeded", field="first", most=MOST_ENTRIES)
        return feed.after(actor.agency, after, first)


class SaveNotifications(graphene.Mutation):
    """Say how to be told by e-mail. An address that is not confirmed gets a code, each time that it is said."""

    class Arguments:
        notifications = NotificationsInput(required=True, description="All of it.")

    Output = graphene.NonNull(Notifications)

    @staticmethod
    def mutate(root: object, info: Any, notifications: Mapping[str, Any]) -> Notifications:
        return _shown(preferences.save(actor_in(info, *WHO), Wanted(**notifications)))


class ConfirmAddress(graphene.Mutation):
    """Type in the code that was sent to the address. Safe to repeat."""

    class Arguments:
        digits = graphene.String(required=True, description="The code that the mail has; spaces do not count.")

    Output = graphene.NonNull(Notifications)

    @staticmethod
    def mutate(root: object, info: Any, digits: str) -> Notifications:
        return _shown(preferences.confirm(actor_in(info, *WHO), digits))


class Mutation(graphene.ObjectType):
    save_notifications = SaveNotifications.Field()
    confirm_address = ConfirmAddress.Field()


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


def _shown(row: Preference) -> Notifications:
    return Notifications(
        available=settings.ORTOO_SENDS_MAIL,
        address=row.address,
        confirmed=row.confirmed_at is not None,
        refused=row.refused_at is not None,
        language=row.language,
        urgencies=row.urgencies,
        working_hours=row.working_hours,
        digest_hour=row.digest_hour,
    )
