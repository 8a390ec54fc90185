from referrals.schema import alternatives, operations
from referrals.schema.operations import Mutation


class Query(alternatives.Query, operations.Query):
    pass


__all__ = ["Mutation", "Query"]
