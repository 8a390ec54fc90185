from referrals.schema.operations import Mutation, Query

__all__ = ["Mutation", "Query"]
