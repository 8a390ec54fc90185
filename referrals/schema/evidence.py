"""How decisions were given, to the recorder alone (protocol §7)."""

from typing import Any

import graphene

from agencies import clock
from agencies.access import WORKERS, actor_in
from agencies.scalars import Bytes, uuid_of
from ortoo.protocol.attachments import PIECE
from referrals import access, reading
from referrals.schema.shown import Blobs, Decision, blobs_shown, decision_shown

MOST = 100  # decisions at once


class Evidence(graphene.ObjectType):
    """A decision, and how it was given."""

    decision = graphene.Field(Decision, required=True, description="The decision that it is sealed to; any version.")
    sealed = graphene.Field(Blobs, description="What is sealed, to the own agency; null where it is gone.")


class Query(graphene.ObjectType):
    evidence = graphene.List(
        graphene.NonNull(Evidence),
        description="The decisions under a consent of which evidence was given, to their recorder. Null to anybody "
        "else, as for a consent that is not there.",
        consent=graphene.ID(required=True, description="The consent's id."),
    )
    evidence_listed = graphene.List(
        graphene.NonNull(Decision),
        required=True,
        description="The decisions before the own agency of which evidence was given, in the order of their H; at "
        f"most {MOST}.",
        after=Bytes(description="Only those whose H comes after this one."),
        unsent=graphene.Boolean(description="Only those under whose consent nothing was sent."),
    )
    evidence_piece = graphene.Field(
        Bytes,
        required=True,
        description="Sealed bytes of a file that is evidence of a decision before the own agency: from `offset` to the "
        "end of the piece.",
        decision=Bytes(required=True, description="H of the decision."),
        part=graphene.String(required=True, description="The part's name, as the decision lists it."),
        offset=graphene.Int(required=True, description=f"From which byte on. Pieces are of {PIECE} bytes."),
    )

    @staticmethod
    def resolve_evidence(root: object, info: Any, consent: str) -> list[Evidence] | None:
        actor = actor_in(info, *WORKERS, scope="read")
        recorded = access.recorded_by(actor).filter(pk=uuid_of(consent, "consent")).first()
        if recorded is None:
            return None
        found = list(access.evidence_of(actor).filter(consent=recorded).order_by("pk"))
        handed = reading.evidence(actor, found, clock.now())
        return [Evidence(decision=decision_shown(one), sealed=blobs_shown(handed.get(one.pk))) for one in found]

    @staticmethod
    def resolve_evidence_listed(
        root: object, info: Any, after: bytes | None = None, unsent: bool | None = None
    ) -> list[Decision]:
        actor = actor_in(info, *WORKERS, scope="read")
        rows = access.unsent_evidence_of(actor) if unsent else access.evidence_of(actor)
        if after is not None:
            rows = rows.filter(sha256__gt=after)
        return [decision_shown(one) for one in rows.order_by("sha256")[:MOST]]

    @staticmethod
    def resolve_evidence_piece(root: object, info: Any, decision: bytes, part: str, offset: int) -> bytes:
        actor = actor_in(info, *WORKERS, scope="read")
        return reading.evidence_piece(actor, decision, part, offset, at=clock.now())
