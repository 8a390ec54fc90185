"""What is shown of consents and referrals, and how it is read for a whole page at once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import graphene
from graphql import FieldNode, FragmentSpreadNode

from agencies import clock
from agencies.scalars import Bytes, Envelope
from agencies.signing_in import Actor
from ortoo.protocol.sealing import Blobs as SealedBlobs
from referrals import clocks, consent, reading, steps
from referrals.models import Clock
from referrals.models import Decision as DecisionRow
from referrals.models import Event as EventRow
from referrals.models import Referral as ReferralRow
from referrals.models import TrailEntry as TrailRow
from referrals.pages import Page
from referrals.trail import Page as TrailPage


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


def blobs_shown(blobs: SealedBlobs | None) -> Blobs | None:
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


def decision_shown(row: DecisionRow) -> Decision:
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
    withdrawals = graphene.List(
        graphene.NonNull(Envelope),
        required=True,
        description="What the person took back with her code, as the code signed it: for the recorder alone.",
    )


class Link(graphene.ObjectType):
    """The header of a referral under a consent: what its recorder sees of what others passed on."""

    id = graphene.ID(required=True, description="The referral's id.")
    state = graphene.String(required=True, description="A code of the vocabulary's states.")
    sent_at = graphene.DateTime(required=True, description="When the hub accepted it.")
    envelope = Envelope(required=True, description="The signed document: from whom to whom, of what it was made.")
    sha256 = Bytes(required=True, description="H of the document.")


def link_shown(row: ReferralRow) -> Link:
    return Link(id=str(row.pk), state=row.state, sent_at=row.sent_at, envelope=row.envelope, sha256=bytes(row.sha256))


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
        description="`acknowledge`, `decide`, `answer` (the sender, what it was asked), `report`, `delete`, "
        "`second` (the sender, the second signature).",
    )
    due_at = graphene.DateTime(required=True, description="Until when.")
    late = graphene.Boolean(required=True, description="Whether that has passed.")


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
    deletion_owed_since = graphene.DateTime(
        description="Since when the recipient owes its signed word that its copies are gone; null where it owes none."
    )
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


def referrals_shown(actor: Actor, rows: Sequence[ReferralRow], info: Any) -> list[Referral]:
    """Referrals with what is asked for of them, in a number of queries that does not depend on how many they are.

    All of it is as of the row: a step that comes in between is not shown yet, so that state, steps and head agree.
    """
    asked, now = asked_in(info), clock.now()
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
            deletion_owed_since=row.deletion_owed_since,
            urgency=row.urgency,
            services=row.services,
            place=row.place,
            language=row.language,
            minor=row.minor,
            envelope=row.envelope,
            sha256=bytes(row.sha256),
            decision=decision_shown(decisions[row.pk]) if row.pk in decisions else None,
            owed=[owed_shown(one, now) for one in owed.get(row.pk, ())],
            head=heads.get(row.pk),
            sealed=blobs_shown(own.get(row.pk)),
            events=[_event(one, notes) for one in events if one.referral_id == row.pk],
        )
        for row in rows
    ]


def asked_in(info: Any) -> set[str]:
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


def owed_shown(row: Clock, now: datetime) -> Owed:
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
        sealed=blobs_shown(notes.get(row.pk)),
    )


class Opening(graphene.ObjectType):
    """The answer to a signed opening."""

    referral = graphene.Field(Referral, required=True, description="The referral as it stands now.")
    sealed = graphene.Field(Blobs, required=True, description="What the own agency may read of it now.")


class PageInfo(graphene.ObjectType):
    """Where a page ends (Relay)."""

    has_next_page = graphene.Boolean(required=True, description="Whether more follow.")
    end_cursor = graphene.String(description="Hand it in as `after`, with the same filter, to get them.")


class ReferralEdge(graphene.ObjectType):
    """A referral in a list."""

    cursor = graphene.String(required=True, description="Its place in the list.")
    tier = graphene.String(
        required=True,
        description="How it stood when the first page was asked for: `late` (the own agency's clock has run out), "
        "`clock` (it runs), `ours` (to do, without a clock), `waiting` (for the other side), `rest`.",
    )
    node = graphene.Field(Referral, required=True, description="The referral, as it is now.")


class Counts(graphene.ObjectType):
    """How many referrals of a list there are now in each tier but the rest; 1,000 means that many or more."""

    late = graphene.Int(required=True, description="The own agency owes something, and is late.")
    clock = graphene.Int(required=True, description="The own agency owes something, and its clock runs.")
    ours = graphene.Int(required=True, description="The own agency has something to do, without a clock.")
    waiting = graphene.Int(required=True, description="The other side owes something.")


class ReferralConnection(graphene.ObjectType):
    """A page of referrals. The pages that follow a first one show the order that the list had then: what changes its
    place meanwhile is shown neither twice nor never.
    """

    edges = graphene.List(graphene.NonNull(ReferralEdge), required=True, description="The referrals of this page.")
    page_info = graphene.Field(PageInfo, required=True, description="Where the page ends.")
    counts = graphene.Field(Counts, required=True, description="How many there are in the whole list.")


def page_shown(actor: Actor, page: Page, info: Any) -> ReferralConnection:
    nodes = referrals_shown(actor, [one.referral for one in page.rows], info)
    edges = [
        ReferralEdge(cursor=one.cursor, tier=one.tier, node=node) for one, node in zip(page.rows, nodes, strict=True)
    ]
    return ReferralConnection(
        edges=edges,
        page_info=PageInfo(has_next_page=page.more, end_cursor=edges[-1].cursor if edges else None),
        counts=Counts(**asdict(page.counts)) if page.counts is not None else None,
    )


class TrailEntry(graphene.ObjectType):
    """Something that happened on a referral of the own agency. Who, what and when; never any content."""

    referral = graphene.ID(required=True, description="On which referral.")
    counterpart = graphene.String(required=True, description="The other agency of it.")
    agency = graphene.String(required=True, description="Who did it.")
    member = graphene.ID(required=True, description="The member who signed it.")
    type = graphene.String(required=True, description="`referral_sent`, or a code of the vocabulary's steps.")
    reason = graphene.String(description="A code of the list that the step takes its reason from.")
    at = graphene.DateTime(required=True, description="When the hub accepted it.")


class TrailEdge(graphene.ObjectType):
    """An entry of the trail."""

    cursor = graphene.String(required=True, description="Its place in the trail.")
    node = graphene.Field(TrailEntry, required=True, description="The entry.")


class TrailConnection(graphene.ObjectType):
    """A page of the trail, the newest first."""

    edges = graphene.List(graphene.NonNull(TrailEdge), required=True, description="The entries of this page.")
    page_info = graphene.Field(PageInfo, required=True, description="Where the page ends.")


def trail_shown(page: TrailPage) -> TrailConnection:
    edges = [TrailEdge(cursor=cursor, node=_entry(row)) for row, cursor in page.rows]
    end = edges[-1].cursor if edges else None
    return TrailConnection(edges=edges, page_info=PageInfo(has_next_page=page.more, end_cursor=end))


def _entry(row: TrailRow) -> TrailEntry:
    return TrailEntry(
        referral=str(row.referral_id),
        counterpart=row.counterpart_id,
        agency=row.by_id,
        member=str(row.member),
        type=row.type,
        reason=row.reason,
        at=row.at,
    )
