"""The root of the API: what each app brings."""

import graphene

import agencies.schema
import coordination.schema
import notifications.schema
import referrals.schema


class Query(agencies.schema.Query, notifications.schema.Query, referrals.schema.Query, coordination.schema.Query):
    """What can be asked. All but the network, its logs and invitations is for members who are signed in."""


class Mutation(
    coordination.schema.Mutation, agencies.schema.Mutation, notifications.schema.Mutation, referrals.schema.Mutation
):
    """What can be done. Each takes signed, sealed wholes and is safe to repeat: the same bytes, the same answer."""


class Subscription(notifications.schema.Subscription):
    """What can be followed, over `graphql-transport-ws`."""


schema = graphene.Schema(query=Query, mutation=Mutation, subscription=Subscription)

# What begins a session, and so answers with its token.
SIGNING_IN_FIELDS = frozenset({"signIn", "kitSignIn", "enrol", "apply"})

# What waits for the storage of files.
CARRYING_FIELDS = frozenset({"uploadPiece", "filePiece", "evidencePiece"})

# What may be asked by whoever has no token.
ANONYMOUS_FIELDS = frozenset(
    {
        "network",
        "directory",
        "directoryToCosign",
        "cosignDirectory",
        "activityLog",
        "activityToCosign",
        "cosignActivity",
        "invitation",
        "beginPasskeySignIn",
        "signIn",
        "newChallenge",
        "kitSignIn",
        "enrol",
        "apply",
        "receiptChallenge",
        "lookWithReceipt",
        "withdrawWithReceipt",
        "proveWithReceipt",
        "__typename",
    }
)
