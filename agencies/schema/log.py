"""The logs, for clients and for witnesses: the newest heads, and that each continues the one before."""

from typing import Any

import graphene

from agencies import directory, sequencing
from agencies.scalars import Bytes
from agencies.schema.directory import Checkpoint, checkpoint_shown
from audit import log, tiles
from audit.models import Checkpoint as CheckpointRow
from ortoo.protocol.errors import Refused


class ActivityLog(graphene.ObjectType):
    """A signed head of the activity log, and that it continues the one that the asker has."""

    checkpoint = graphene.Field(Checkpoint, description="The newest signed head; null while nothing was logged.")
    consistency = graphene.List(
        graphene.NonNull(Bytes),
        required=True,
        description="The proof (RFC 9162, section 2.1.4) from the tree of size `after`; empty where that is 0 or it.",
    )


AFTER = graphene.Int(required=True, default_value=0, description="The size of the newest head that the asker has.")


class Query(graphene.ObjectType):
    activity_log = graphene.Field(
        ActivityLog, required=True, description="The newest head of the activity log that is in force.", after=AFTER
    )
    activity_to_cosign = graphene.Field(
        ActivityLog,
        required=True,
        description="For witnesses: the newest head that is signed, in force or not.",
        after=AFTER,
    )

    @staticmethod
    def resolve_activity_log(root: object, info: Any, after: int) -> ActivityLog:
        return newest_activity(after)

    @staticmethod
    def resolve_activity_to_cosign(root: object, info: Any, after: int) -> ActivityLog:
        return _continued(log.newest_signed(log.ACTIVITY), after)


class CosignActivity(graphene.Mutation):
    """A witness's line for a signed head of the activity log. Says whether that is in force now. Safe to repeat."""

    class Arguments:
        size = graphene.Int(required=True, description="The size of the checkpoint.")
        line = graphene.String(required=True, description="The line (C2SP tlog-cosignature), with its line break.")

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, size: int, line: str) -> bool:
        return sequencing.cosign(size, line, info.context.address)


class Mutation(graphene.ObjectType):
    cosign_activity = CosignActivity.Field()


def newest_activity(after: int) -> ActivityLog:
    return _continued(log.newest_in_force(log.ACTIVITY), after)


def _continued(newest: CheckpointRow | None, after: int) -> ActivityLog:
    if after < 0:
        raise Refused("limit_exceeded", field="after", most=2**31 - 1)
    own = directory.activity_log(directory.in_force()) if newest is not None else None
    if newest is None or own is None:
        return ActivityLog(checkpoint=None, consistency=[])
    proof = []
    if 0 < after < newest.size:  # whoever has seen a larger one is given the smaller, and knows what to think of it
        proof = tiles.tree(log.ACTIVITY, own[0], newest.size).consistency_proof(after)
    return ActivityLog(checkpoint=checkpoint_shown(newest), consistency=proof)
