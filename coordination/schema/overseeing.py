"""What coordinators can ask about what passes between agencies. Each look is kept (coordination/looks.py)."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import graphene
from django.db.models import Model

from agencies import clock
from agencies.access import actor_in
from agencies.scalars import Bytes, Envelope, uuid_of
from coordination import exports, looks, reviews, timeline, trail
from coordination.models import Look as LookRow
from coordination.paging import Page
from ortoo import places
from ortoo.protocol.errors import Refused
from referrals.models import Clock
from referrals.models import Referral as ReferralRow
from referrals.models import TrailEntry as TrailRow
from referrals.schema.shown import Owed, PageInfo, owed_shown

MOST = 50  # rows of a page
MOST_OVERDUE = 500
ROLE = "coordinator"

Row = TypeVar("Row", bound=Model)


class Overdue(graphene.ObjectType):
    """Something that an agency should have done: what a coordinator sees of it."""

    referral = graphene.ID(required=True, description="The referral's id.")
    sender = graphene.String(required=True, description="The agency that asks.")
    recipient = graphene.String(required=True, description="The agency that is asked.")
    urgency = graphene.String(required=True, description="A code of the vocabulary.")
    owed = graphene.Field(Owed, required=True, description="What is owed, by whom, since when.")


class Overseen(graphene.ObjectType):
    """A referral as coordinators see it: who asked whom, when, on which basis, how it stands. Never what it says."""

    referral = graphene.ID(required=True, description="The referral's id.")
    sender = graphene.String(required=True, description="The agency that asks.")
    recipient = graphene.String(required=True, description="The agency that is asked.")
    sent_at = graphene.DateTime(required=True, description="When the hub accepted it.")
    came_at = graphene.DateTime(
        description="Since when its recipient sees it: later than it was sent where it waited for a second signature."
    )
    changed_at = graphene.DateTime(required=True, description="When its newest step was accepted.")
    state = graphene.String(required=True, description="A code of the vocabulary's states.")
    urgency = graphene.String(required=True, description="A code of the vocabulary.")
    services = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Codes of the services asked for."
    )
    place = graphene.String(required=True, description="The aimag, or the capital: ISO 3166-2:MN.")
    basis = graphene.String(required=True, description="On which basis it was sent: a code of the vocabulary.")
    without_consent = graphene.Boolean(required=True, description="Whether it went without the person's consent.")
    owed = graphene.List(
        graphene.NonNull(Owed), required=True, description="What has to be done, the most pressing first."
    )


class OverseenEdge(graphene.ObjectType):
    """A referral in the coordinators' trail."""

    cursor = graphene.String(required=True, description="Its place in the trail.")
    node = graphene.Field(Overseen, required=True, description="The referral, as it stands now.")


class OverseenConnection(graphene.ObjectType):
    """A page of the coordinators' trail."""

    edges = graphene.List(graphene.NonNull(OverseenEdge), required=True, description="The referrals of this page.")
    page_info = graphene.Field(PageInfo, required=True, description="Where the page ends.")


class Line(graphene.ObjectType):
    """Something that was signed on a referral."""

    type = graphene.String(required=True, description="`referral_sent`, or a code of the vocabulary's steps.")
    reason = graphene.String(description="A code of the list that the step takes its reason from.")
    agency = graphene.String(required=True, description="Who did it.")
    member = graphene.ID(required=True, description="The member who signed it.")
    at = graphene.DateTime(required=True, description="When the hub accepted it.")
    document = graphene.Field(Bytes, required=True, description="H(document): ask `logged` for the proof of it.")
    place = graphene.Int(
        description="The place of its leaf in the activity log, from 0; null while it is promised: not in a head that "
        "is in force yet."
    )


class Timeline(graphene.ObjectType):
    """A referral from its sending on."""

    referral = graphene.Field(Overseen, required=True, description="How it stands.")
    lines = graphene.List(graphene.NonNull(Line), required=True, description="In the order of acceptance.")


class Opened(graphene.ObjectType):
    """Somebody opened a referral."""

    referral = graphene.ID(required=True, description="Which.")
    sender = graphene.String(required=True, description="The agency that asks.")
    recipient = graphene.String(required=True, description="The agency that is asked.")
    agency = graphene.String(required=True, description="Who opened it.")
    member = graphene.ID(required=True, description="The member who signed for that.")
    at = graphene.DateTime(required=True, description="When.")


class OpenedEdge(graphene.ObjectType):
    """An opening."""

    cursor = graphene.String(required=True, description="Its place in the list.")
    node = graphene.Field(Opened, required=True, description="The opening.")


class OpenedConnection(graphene.ObjectType):
    """A page of openings, the newest first."""

    edges = graphene.List(graphene.NonNull(OpenedEdge), required=True, description="The openings of this page.")
    page_info = graphene.Field(PageInfo, required=True, description="Where the page ends.")


class Look(graphene.ObjectType):
    """A coordinator looked at what passes between agencies."""

    agency = graphene.String(required=True, description="The coordinator's agency.")
    member = graphene.ID(required=True, description="The coordinator.")
    what = graphene.String(required=True, description=f"One of: {', '.join(f'`{one}`' for one in looks.WHAT)}.")
    referral = graphene.ID(description="Whose timeline.")
    wanted = graphene.String(required=True, description="Under which filter: JSON.")
    count = graphene.Int(required=True, description="How many rows were shown.")
    at = graphene.DateTime(required=True, description="When.")
    record = Envelope(description="What the hub signed and logged of an export.")


class LookEdge(graphene.ObjectType):
    """A look."""

    cursor = graphene.String(required=True, description="Its place in the list.")
    node = graphene.Field(Look, required=True, description="The look.")


class LookConnection(graphene.ObjectType):
    """A page of looks, the newest first."""

    edges = graphene.List(graphene.NonNull(LookEdge), required=True, description="The looks of this page.")
    page_info = graphene.Field(PageInfo, required=True, description="Where the page ends.")


class Review(graphene.ObjectType):
    """A referral without consent that the own agency reviews."""

    referral = graphene.Field(Overseen, required=True, description="How it stands.")
    to_do = graphene.String(description="`second`: to be signed for first; `review`; null where nothing is to do.")
    seconded_at = graphene.DateTime(description="When the second signature came.")
    verdict = graphene.String(description="The newest: `upheld` or `overturned`.")
    reviewed_at = graphene.DateTime(description="When that was signed.")


class ReviewEdge(graphene.ObjectType):
    """A referral to review."""

    cursor = graphene.String(required=True, description="Its place in the list.")
    node = graphene.Field(Review, required=True, description="The referral and its review.")


class ReviewConnection(graphene.ObjectType):
    """A page of referrals to review, those sent last first."""

    edges = graphene.List(graphene.NonNull(ReviewEdge), required=True, description="The referrals of this page.")
    page_info = graphene.Field(PageInfo, required=True, description="Where the page ends.")


class Exported(graphene.ObjectType):
    """The trail as a file."""

    name = graphene.String(required=True, description="What to call it.")
    content = graphene.Field(Bytes, required=True, description="The file.")
    rows = graphene.Int(required=True, description="How many referrals are in it.")
    record = Envelope(required=True, description="What the hub signed and logged: on the file's SHA-256.")


def _paged(first: str) -> dict[str, Any]:
    return {
        "first": graphene.Int(required=True, default_value=MOST, description=f"How many, at most {MOST}."),
        "after": graphene.String(description="The cursor behind which the page begins: with the same filter."),
        "since": graphene.DateTime(description=f"Only what {first} then or later."),
    }


def _wanted() -> dict[str, Any]:
    return {
        "agency": graphene.String(description="Only with this agency, on either side."),
        "place": graphene.String(description="Only in this aimag, or the capital."),
        "service": graphene.String(description="Only those that ask for this service: a code of the vocabulary."),
        "urgency": graphene.String(description="Only of this urgency: a code of the vocabulary."),
        "basis": graphene.String(description="Only on this basis: a code of the vocabulary."),
        "state": graphene.String(description="Only in this state: a code of the vocabulary."),
        "overdue": graphene.Boolean(required=True, default_value=False, description="Only where somebody is late."),
        "unanswered": graphene.Boolean(
            required=True, default_value=False, description="Only what its recipient has yet to decide on."
        ),
        "without_consent": graphene.Boolean(
            required=True, default_value=False, description="Only what went without the person's consent."
        ),
        "since": graphene.DateTime(description="Only what came to its recipient then or later."),
        "until": graphene.DateTime(description="Only what came to its recipient before that."),
    }


class Query(graphene.ObjectType):
    overdue = graphene.List(
        graphene.NonNull(Overdue),
        required=True,
        description=f"For coordinators: what is owed too long, the longest first; at most {MOST_OVERDUE}.",
    )
    overseen = graphene.Field(
        OverseenConnection,
        required=True,
        description="For coordinators: what passes between all agencies, what came last to its recipient first.",
        **(_paged("came to its recipient") | _wanted()),
    )
    timeline = graphene.Field(
        Timeline,
        description="For coordinators: a referral from its sending on; null where it is not there, or has not come to "
        "its recipient.",
        id=graphene.ID(required=True, description="The referral's id."),
    )
    openings = graphene.Field(
        OpenedConnection,
        required=True,
        description="For coordinators: who opened what, the newest first.",
        **_paged("was opened"),
        until=graphene.DateTime(description="Only what was opened before that."),
        agency=graphene.String(description="Only by this agency."),
        referral=graphene.ID(description="Only of this referral."),
    )
    looks = graphene.Field(
        LookConnection,
        required=True,
        description="For coordinators: what any of them has looked at, the newest first.",
        **_paged("was looked at"),
        agency=graphene.String(description="Only by coordinators of this agency."),
        what=graphene.String(description="Only at this."),
    )
    reviews = graphene.Field(
        ReviewConnection,
        required=True,
        description="For coordinators: what went without consent and is the own agency's to review.",
        first=graphene.Int(required=True, default_value=MOST, description=f"How many, at most {MOST}."),
        after=graphene.String(description="The cursor behind which the page begins."),
        waiting=graphene.Boolean(
            required=True, default_value=False, description="Only those where something is still to do."
        ),
    )

    @staticmethod
    def resolve_overdue(root: object, info: Any) -> list[Overdue]:
        now = clock.now()
        return [_overdue(one, now) for one in trail.overdue(actor_in(info, ROLE), MOST_OVERDUE)]

    @staticmethod
    def resolve_overseen(
        root: object, info: Any, first: int, after: str | None = None, **wanted: Any
    ) -> OverseenConnection:
        actor = actor_in(info, ROLE)
        found = trail.page(actor, trail.Filter(**wanted), first=_bounded(first), after=after)
        return _connection(found, _overseen(found.items), OverseenConnection, OverseenEdge)

    @staticmethod
    def resolve_timeline(root: object, info: Any, id: str) -> Timeline | None:
        found = timeline.of(actor_in(info, ROLE), uuid_of(id))
        if found is None:
            return None
        return Timeline(referral=_overseen([found.referral])[0], lines=[_line(one) for one in found.lines])

    @staticmethod
    def resolve_openings(
        root: object, info: Any, first: int, after: str | None = None, referral: str | None = None, **wanted: Any
    ) -> OpenedConnection:
        actor = actor_in(info, ROLE)
        id = uuid_of(referral, "referral") if referral is not None else None
        found = timeline.openings(actor, timeline.Filter(referral=id, **wanted), first=_bounded(first), after=after)
        return _connection(found, [_opened(one) for one in found.items], OpenedConnection, OpenedEdge)

    @staticmethod
    def resolve_looks(root: object, info: Any, first: int, after: str | None = None, **wanted: Any) -> LookConnection:
        found = looks.page(actor_in(info, ROLE), looks.Filter(**wanted), first=_bounded(first), after=after)
        return _connection(found, [_look(one) for one in found.items], LookConnection, LookEdge)

    @staticmethod
    def resolve_reviews(
        root: object, info: Any, first: int, waiting: bool, after: str | None = None
    ) -> ReviewConnection:
        found, rows = reviews.page(actor_in(info, ROLE), waiting=waiting, first=_bounded(first), after=after)
        shown = [_review(one, overseen) for one, overseen in zip(rows, _overseen(found.items), strict=True)]
        return _connection(found, shown, ReviewConnection, ReviewEdge)


class Mutation(graphene.ObjectType):
    export_trail = graphene.Field(
        Exported,
        required=True,
        description=f"For coordinators: the trail as a file, at most {exports.MOST_ROWS} referrals. It is kept among "
        "the looks, and logged. Each is another one.",
        format=graphene.String(required=True, description="`csv`, `json` or `xlsx`."),
        **_wanted(),
    )

    @staticmethod
    def resolve_export_trail(root: object, info: Any, format: str, **wanted: Any) -> Exported:
        made = exports.export(actor_in(info, ROLE), trail.Filter(**wanted), format)
        return Exported(name=made.name, content=made.content, rows=made.rows, record=made.record)


def _bounded(first: int) -> int:
    if not 1 <= first <= MOST:
        raise Refused("limit_exceeded", field="first", most=MOST)
    return first


def _connection(page: Page[Row], shown: list[Any], connection: Callable[..., Any], edge: Callable[..., Any]) -> Any:
    edges = [edge(cursor=cursor, node=node) for (_, cursor), node in zip(page.rows, shown, strict=True)]
    end = edges[-1].cursor if edges else None
    return connection(edges=edges, page_info=PageInfo(has_next_page=page.more, end_cursor=end))


def _overdue(row: Clock, now: datetime) -> Overdue:
    referral = row.referral
    return Overdue(
        referral=str(referral.pk),
        sender=referral.sender_id,
        recipient=referral.recipient_id,
        urgency=referral.urgency,
        owed=owed_shown(row, now),
    )


def _overseen(rows: list[ReferralRow]) -> list[Overseen]:
    now, owed = clock.now(), trail.owed_on(rows)
    return [
        Overseen(
            referral=str(row.pk),
            sender=row.sender_id,
            recipient=row.recipient_id,
            sent_at=row.sent_at,
            came_at=row.delivered_at,
            changed_at=row.changed_at,
            state=row.state,
            urgency=row.urgency,
            services=row.services,
            place=places.aimag(row.place),
            basis=row.basis,
            without_consent=row.reviewer_id is not None,
            owed=[owed_shown(one, now) for one in owed[row.pk]],
        )
        for row in rows
    ]


def _line(one: timeline.Line) -> Line:
    return Line(
        type=one.type,
        reason=one.reason,
        agency=one.agency,
        member=one.member,
        at=one.at,
        document=one.document,
        place=one.place,
    )


def _opened(row: TrailRow) -> Opened:
    return Opened(
        referral=str(row.referral_id),
        sender=row.referral.sender_id,
        recipient=row.referral.recipient_id,
        agency=row.by_id,
        member=str(row.member),
        at=row.at,
    )


def _look(row: LookRow) -> Look:
    export = getattr(row, "export", None)
    return Look(
        agency=row.agency_id,
        member=str(row.member),
        what=row.what,
        referral=str(row.referral_id) if row.referral_id is not None else None,
        wanted=json.dumps(row.wanted, sort_keys=True),
        count=row.count,
        at=row.at,
        record=export.envelope if export is not None else None,
    )


def _review(one: reviews.Review, referral: Overseen) -> Review:
    return Review(
        referral=referral,
        to_do=one.to_do,
        seconded_at=one.seconded_at,
        verdict=one.verdict,
        reviewed_at=one.reviewed_at,
    )
