from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import graphene
from graphql import FieldNode, FragmentSpreadNode

from agencies import clock
from agencies.access import ANY, WORKERS, actor_in
from agencies.scalars import Bytes, Envelope, uuid_of
from agencies.signing_in import Actor
from ortoo.protocol.errors import Refused
from ortoo.protocol.sealing import Blobs as SealedBlobs
from referrals import access, clocks, consent, pages, reading, sending, steps
from referrals.models import Clock
from referrals.models import Decision as DecisionRow
from referrals.models import Event as EventRow
from referrals.models import Referral as ReferralRow

MOST_REFERRALS = 50
MOST_OVERDUE = 500


# --- what is handed in ------------------------------------------------------------------------------------------------


class PartInput(graphene.InputObjectType):
    """A sealed text."""

    name = graphene.String(required=True, description="The part's name, as the document lists it.")
    ciphertext = Bytes(required=True, description="The sealed, padded text.")


class WrapInput(graphene.InputObjectType):
    """A reader's key, sealed to the newest key of that agency."""

    agency = graphene.String(required=True, description="The reader.")
    wrap = Bytes(required=True, description="1,168 bytes.")


class KeyInput(graphene.InputObjectType):
    """A part's key under a reader's key."""

    part = graphene.String(required=True, description="The part.")
    agency = graphene.String(required=True, description="The reader.")
    key = Bytes(required=True, description="104 bytes.")


class SealedInput(graphene.InputObjectType):
    """A signed document and all that travels sealed beside it."""

    envelope = Envelope(required=True, description="The signed document.")
    parts = graphene.List(graphene.NonNull(PartInput), required=True, default_value=[], description="Sealed texts.")
    wraps = graphene.List(graphene.NonNull(WrapInput), required=True, default_value=[], description="Readers' keys.")
    keys = graphene.List(graphene.NonNull(KeyInput), required=True, default_value=[], description="Parts' keys.")


def _whole(handed_in: Mapping[str, Any]) -> tuple[str, SealedBlobs]:
    """A handed-in whole as its envelope and blobs; `malformed` for one that is there twice."""
    parts = {one.name: one.ciphertext for one in handed_in["parts"]}
    wraps = {one.agency: one.wrap for one in handed_in["wraps"]}
    keys = {(one.part, one.agency): one.key for one in handed_in["keys"]}
    for field, blobs in (("parts", parts), ("wraps", wraps), ("keys", keys)):
        if len(blobs) != len(handed_in[field]):
            raise Refused("malformed", "The same sealed part was handed in twice.", field=field)
    return handed_in["envelope"], SealedBlobs(parts, wraps, keys)


# --- what is shown ----------------------------------------------------------------------------------------------------


class Part(graphene.ObjectType):
    """A sealed text."""

    name = graphene.String(required=True, description="The part's name, as the document lists it.")
    ciphertext = Bytes(required=True, description="The sealed, padded text.")


class Wrap(graphene.ObjectType):
    """The own agency's key to a sealed set, sealed to its epoch key."""

    agency = graphene.String(required=True, description="The reader: the own agency.")
    wrap = Bytes(required=True, description="1,168 bytes.")


class Key(graphene.ObjectType):
    """A part's key under the own agency's key."""

    part = graphene.String(required=True, description="The part.")
    agency = graphene.String(required=True, description="The reader: the own agency.")
    key = Bytes(required=True, description="104 bytes.")


class Blobs(graphene.ObjectType):
    """What the own agency may read now, still sealed. What it may not read, or no more, is not here."""

    parts = graphene.List(graphene.NonNull(Part), required=True, description="Sealed texts.")
    wraps = graphene.List(graphene.NonNull(Wrap), required=True, description="The own agency's key.")
    keys = graphene.List(graphene.NonNull(Key), required=True, description="Parts' keys under it.")


def _blobs(blobs: SealedBlobs | None) -> Blobs | None:
    if blobs is None:
        return None
    return Blobs(
        parts=[Part(name=name, ciphertext=blob) for name, blob in blobs.parts.items()],
        wraps=[Wrap(agency=agency, wrap=blob) for agency, blob in blobs.wraps.items()],
        keys=[Key(part=part, agency=agency, key=blob) for (part, agency), blob in blobs.keys.items()],
    )


class Decision(graphene.ObjectType):
    """What the person decided about one addressee: the newest version, as it was signed."""

    consent = graphene.ID(required=True, description="The id that decisions taken together share.")
    to = graphene.String(required=True, description="An agency, `kind:…`, or `*` for everybody.")
    version = graphene.Int(required=True, description="1, 2, 3 … for this addressee.")
    envelope = Envelope(required=True, description="The signed document.")
    sha256 = Bytes(required=True, description="H of the document.")


def _decision(row: DecisionRow) -> Decision:
    return Decision(
        consent=str(row.consent_id),
        to=row.to,
        version=row.version,
        envelope=row.envelope,
        sha256=bytes(row.sha256),
    )


class Consent(graphene.ObjectType):
    """A consent, as far as the own agency may see it."""

    id = graphene.ID(required=True, description="The consent's id.")
    recorder = graphene.String(required=True, description="The agency before which the person decided.")
    decisions = graphene.List(
        graphene.NonNull(Decision),
        required=True,
        description="The newest version on each addressee that may be seen.",
    )


class Event(graphene.ObjectType):
    """A signed step on a referral."""

    id = graphene.ID(required=True, description="The step's id.")
    agency = graphene.String(required=True, description="Whose step it is.")
    type = graphene.String(required=True, description="A code of the vocabulary's steps.")
    reason = graphene.String(description="A code of the list that the step takes its reason from.")
    accepted_at = graphene.DateTime(required=True, description="When the hub accepted it.")
    envelope = Envelope(required=True, description="The signed document.")
    sha256 = Bytes(required=True, description="H of the document.")
    sealed = graphene.Field(Blobs, description="The note, sealed, if there is one that may be read now.")


class Owed(graphene.ObjectType):
    """Something that an agency has to do on a referral until a certain time."""

    agency = graphene.String(required=True, description="Who owes it.")
    kind = graphene.String(
        required=True,
        description="`acknowledge`, `decide`, `answer` (the sender, what it was asked), `report` (how it goes).",
    )
    due_at = graphene.DateTime(required=True, description="Until when.")
    late = graphene.Boolean(required=True, description="Whether that has passed.")


class Overdue(graphene.ObjectType):
    """Something that an agency should have done: what a coordinator sees of it."""

    referral = graphene.ID(required=True, description="The referral's id.")
    sender = graphene.String(required=True, description="The agency that asks.")
    recipient = graphene.String(required=True, description="The agency that is asked.")
    urgency = graphene.String(required=True, description="A code of the vocabulary.")
    owed = graphene.Field(Owed, required=True, description="What is owed, by whom, since when.")


class Moved(graphene.ObjectType):
    """A practice network's clock was moved on."""

    now = graphene.DateTime(required=True, description="What it shows.")
    fired = graphene.List(graphene.NonNull(lambda: Fired), required=True, description="What fell due by that.")


class Fired(graphene.ObjectType):
    """Something fell due, and was told."""

    referral = graphene.ID(required=True, description="On which referral.")
    kind = graphene.String(required=True, description="As the feed says it: `reminder`, `escalated`, …")


class Referral(graphene.ObjectType):
    """A referral from one agency to one agency, and where it stands."""

    id = graphene.ID(required=True, description="The referral's id.")
    sender = graphene.String(required=True, description="The agency that asks.")
    recipient = graphene.String(required=True, description="The agency that is asked.")
    state = graphene.String(required=True, description="A code of the vocabulary's states.")
    sent_at = graphene.DateTime(required=True, description="When the hub accepted it.")
    changed_at = graphene.DateTime(required=True, description="When its newest step was accepted.")
    urgency = graphene.String(required=True, description="A code of the vocabulary.")
    services = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Codes of the services asked for."
    )
    place = graphene.String(required=True, description="Where: ISO 3166-2:MN, with soum or district.")
    language = graphene.String(required=True, description="The person's language, a code of the vocabulary.")
    minor = graphene.Boolean(required=True, description="Whether the person is a child.")
    envelope = Envelope(required=True, description="The signed document.")
    sha256 = Bytes(required=True, description="H of the document.")
    decision = graphene.Field(
        Decision,
        required=True,
        description="The decision that rules it now: the newest one on the recipient.",
    )
    owed = graphene.List(
        graphene.NonNull(Owed), required=True, description="What has to be done, the most pressing first."
    )
    head = Bytes(required=True, description="What the own agency's next step must name as `prev`.")
    sealed = graphene.Field(
        Blobs, description="To the sender, its own keys. The recipient gets its keys by `openReferral` alone."
    )
    events = graphene.List(
        graphene.NonNull(Event),
        required=True,
        description="The steps of both sides, in the order of acceptance.",
    )


def _shown(actor: Actor, rows: Sequence[ReferralRow], info: Any) -> list[Referral]:
    """Referrals with what is asked for of them, in a number of queries that does not depend on how many they are.

    All of it is as of the row: a step that comes in between is not shown yet, so that state, steps and head agree.
    """
    asked, now = _asked(info), clock.now()
    events: list[EventRow] = []
    if "events" in asked:
        steps_of = {row.pk: row.steps for row in rows}
        found = EventRow.objects.filter(referral__in=rows).select_related("referral").order_by("place")
        events = [one for one in found if one.place <= steps_of[one.referral_id]]
    notes = reading.notes(actor, events, now) if "sealed" in asked else {}
    own = reading.own_blobs(actor, rows, now) if "sealed" in asked else {}
    heads = steps.heads(list(rows), actor.agency) if "head" in asked else {}
    decisions = consent.ruling(rows) if "decision" in asked else {}
    owed = clocks.owed(rows) if "owed" in asked else {}
    return [
        Referral(
            id=str(row.pk),
            sender=row.sender_id,
            recipient=row.recipient_id,
            state=row.state,
            sent_at=row.sent_at,
            changed_at=row.changed_at,
            urgency=row.urgency,
            services=row.services,
            place=row.place,
            language=row.language,
            minor=row.minor,
            envelope=row.envelope,
            sha256=bytes(row.sha256),
            decision=_decision(decisions[row.pk]) if row.pk in decisions else None,
            owed=[_owed(one, now) for one in owed.get(row.pk, ())],
            head=heads.get(row.pk),
            sealed=_blobs(own.get(row.pk)),
            events=[_event(one, notes) for one in events if one.referral_id == row.pk],
        )
        for row in rows
    ]


def _asked(info: Any) -> set[str]:
    """The names of all fields that are asked for below, wherever: what is not among them need not be looked up."""
    names: set[str] = set()
    waiting = [node.selection_set for node in info.field_nodes]
    seen: set[str] = set()
    while waiting:
        selections = waiting.pop()
        for one in selections.selections if selections is not None else ():
            if isinstance(one, FragmentSpreadNode):
                if one.name.value not in seen:
                    seen.add(one.name.value)
                    waiting.append(info.fragments[one.name.value].selection_set)
                continue
            if isinstance(one, FieldNode):
                names.add(one.name.value)
            waiting.append(one.selection_set)
    return names


def _owed(row: Clock, now: datetime) -> Owed:
    return Owed(agency=row.owes_id, kind=row.kind, due_at=row.due_at, late=row.due_at <= now)


def _event(row: EventRow, notes: Mapping[UUID, SealedBlobs]) -> Event:
    return Event(
        id=str(row.pk),
        agency=row.agency_id,
        type=row.type,
        reason=row.reason,
        accepted_at=row.accepted_at,
        envelope=row.envelope,
        sha256=bytes(row.sha256),
        sealed=_blobs(notes.get(row.pk)),
    )


class Opening(graphene.ObjectType):
    """The answer to a signed opening."""

    referral = graphene.Field(Referral, required=True, description="The referral as it stands now.")
    sealed = graphene.Field(Blobs, required=True, description="What the own agency may read of it now.")


class PageInfo(graphene.ObjectType):
    """Where a page ends (Relay)."""

    has_next_page = graphene.Boolean(required=True, description="Whether older ones follow.")
    end_cursor = graphene.String(description="Hand it in as `after` to get them.")


class ReferralEdge(graphene.ObjectType):
    """A referral in a list."""

    cursor = graphene.String(required=True, description="Its place in the list.")
    node = graphene.Field(Referral, required=True, description="The referral.")


class ReferralConnection(graphene.ObjectType):
    """A page of referrals, the newest first."""

    edges = graphene.List(graphene.NonNull(ReferralEdge), required=True, description="The referrals of this page.")
    page_info = graphene.Field(PageInfo, required=True, description="Where the page ends.")


# --- operations -------------------------------------------------------------------------------------------------------


def _connection_field(description: str) -> graphene.Field:
    return graphene.Field(
        ReferralConnection,
        required=True,
        description=description,
        first=graphene.Int(
            required=True, default_value=MOST_REFERRALS, description=f"How many, at most {MOST_REFERRALS}."
        ),
        after=graphene.String(description="The cursor behind which the page begins."),
    )


class Query(graphene.ObjectType):
    consent = graphene.Field(
        Consent,
        description="A consent, if the own agency may see any of it.",
        id=graphene.ID(required=True, description="The consent's id."),
    )
    referral = graphene.Field(
        Referral,
        description="A referral that the own agency has sent or was sent; else null.",
        id=graphene.ID(required=True, description="The referral's id."),
    )
    inbox = _connection_field("What the own agency was sent, the newest first.")
    outbox = _connection_field("What the own agency has sent, the newest first.")
    overdue = graphene.List(
        graphene.NonNull(Overdue),
        required=True,
        description=f"For coordinators: what is owed too long, the longest first; at most {MOST_OVERDUE}.",
    )

    @staticmethod
    def resolve_consent(root: object, info: Any, id: str) -> Consent | None:
        actor = actor_in(info, *WORKERS, scope="read")
        row = access.consents_of(actor).filter(pk=uuid_of(id)).first()
        if row is None:
            return None
        decisions = consent.visible(actor, [row.pk])[row.pk]
        return Consent(id=str(row.pk), recorder=row.recorder_id, decisions=[_decision(one) for one in decisions])

    @staticmethod
    def resolve_referral(root: object, info: Any, id: str) -> Referral | None:
        actor = actor_in(info, *WORKERS, scope="read")
        shown = _shown(actor, list(access.referrals_of(actor).filter(pk=uuid_of(id))), info)
        return shown[0] if shown else None

    @staticmethod
    def resolve_inbox(root: object, info: Any, first: int, after: str | None = None) -> ReferralConnection:
        actor = actor_in(info, *WORKERS, scope="read")
        return _page(actor, pages.page(pages.inbox(actor), first=_bounded(first), after=after), info)

    @staticmethod
    def resolve_overdue(root: object, info: Any) -> list[Overdue]:
        actor_in(info, "coordinator")
        now = clock.now()
        return [_overdue(one, now) for one in clocks.overdue(MOST_OVERDUE)]

    @staticmethod
    def resolve_outbox(root: object, info: Any, first: int, after: str | None = None) -> ReferralConnection:
        actor = actor_in(info, *WORKERS, scope="read")
        return _page(actor, pages.page(pages.outbox(actor), first=_bounded(first), after=after), info)


def _overdue(row: Clock, now: datetime) -> Overdue:
    referral = row.referral
    return Overdue(
        referral=str(referral.pk),
        sender=referral.sender_id,
        recipient=referral.recipient_id,
        urgency=referral.urgency,
        owed=_owed(row, now),
    )


def _page(actor: Actor, page: pages.Page, info: Any) -> ReferralConnection:
    edges = [
        ReferralEdge(cursor=pages.cursor(row), node=node)
        for row, node in zip(page.rows, _shown(actor, page.rows, info), strict=True)
    ]
    end = edges[-1].cursor if edges else None
    return ReferralConnection(edges=edges, page_info=PageInfo(has_next_page=page.more, end_cursor=end))


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
        kept = consent.record(actor_in(info, *WORKERS, scope="send"), [_whole(one) for one in decisions])
        return [_decision(one) for one in kept]


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
        return _shown(actor, sending.send(actor, [_whole(one) for one in referrals]), info)


class OpenReferral(graphene.Mutation):
    """Open a referral: a signed event `opened`, answered with the keys that the own agency may have now."""

    class Arguments:
        event = Envelope(required=True, description="The signed event.")

    Output = graphene.NonNull(Opening)

    @staticmethod
    def mutate(root: object, info: Any, event: str) -> Opening:
        actor = actor_in(info, *WORKERS, scope="answer")
        referral, handed = steps.open_referral(actor, event)
        return Opening(referral=_shown(actor, [referral], info)[0], sealed=_blobs(handed))


class TakeStep(graphene.Mutation):
    """Take a signed step on a referral: acknowledge, accept, decline, ask for more, start, close, or write."""

    class Arguments:
        step = graphene.Argument(
            SealedInput, required=True, description="The signed event, and its note if it has one."
        )

    Output = graphene.NonNull(Referral)

    @staticmethod
    def mutate(root: object, info: Any, step: Mapping[str, Any]) -> Referral:
        actor = actor_in(info, *WORKERS, scope="answer")
        return _shown(actor, [steps.take_step(actor, *_whole(step))], info)[0]


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
        clocks.fire()
        return Moved(now=now, fired=[Fired(referral=one.referral, kind=one.kind) for one in clocks.fired_since(before)])


class Mutation(graphene.ObjectType):
    move_practice_clock = MovePracticeClock.Field()
    record_consent = RecordConsent.Field()
    send_referrals = SendReferrals.Field()
    open_referral = OpenReferral.Field()
    take_step = TakeStep.Field()
