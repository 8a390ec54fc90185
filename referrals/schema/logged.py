"""That what one signed is in the activity log (protocol §10)."""

from collections.abc import Iterable
from typing import Any

import graphene

from agencies import directory
from agencies.access import WORKERS, actor_in
from agencies.scalars import Bytes
from audit import log, tiles
from ortoo.protocol.errors import Refused
from referrals import access

MOST = 100  # documents at once


class Logged(graphene.ObjectType):
    """A document's place in the activity log, and the proof of it."""

    document = graphene.Field(Bytes, required=True, description="H(document).")
    salt = graphene.Field(Bytes, required=True, description="What the leaf was made with, 32 bytes.")
    index = graphene.Int(required=True, description="The place of the leaf, from 0.")
    proof = graphene.List(
        graphene.NonNull(Bytes), required=True, description="The inclusion proof (RFC 9162, section 2.1.3)."
    )


class Query(graphene.ObjectType):
    logged = graphene.List(
        graphene.NonNull(Logged),
        required=True,
        description="Where documents that the own agency may see, or its coordinators oversee, are logged, at most "
        f"{MOST}. Others are left out.",
        size=graphene.Int(required=True, description="Of the signed head that the proofs are for."),
        documents=graphene.List(graphene.NonNull(Bytes), required=True, description="H of each document."),
    )

    @staticmethod
    def resolve_logged(root: object, info: Any, size: int, documents: list[bytes]) -> list[Logged]:
        actor = actor_in(info, *WORKERS, "coordinator", scope="read")
        if len(documents) > MOST:
            raise Refused("limit_exceeded", field="documents", most=MOST)
        if log.checkpoint_of(log.ACTIVITY, size) is None:
            raise Refused("not_found", "The log has no signed head of this size.", field="size")
        return proofs(access.documents_of(actor, documents), size)


def proofs(documents: Iterable[bytes], size: int) -> list[Logged]:
    """Where these are in the tree of this size, which was signed; those that are not in it are left out."""
    own = directory.activity_log(directory.in_force())
    if own is None:
        raise Refused("not_found", "The network has no such log.", field="size")
    tree = tiles.tree(log.ACTIVITY, own[0], size)
    return [
        Logged(document=document, salt=one.salt, index=one.index, proof=tree.inclusion_proof(one.index))
        for document, one in log.placed(documents, size).items()
    ]
