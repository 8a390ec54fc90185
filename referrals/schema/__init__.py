from referrals.schema import alternatives, logged, operations
from referrals.schema.operations import Mutation


class Query(alternatives.Query, logged.Query, operations.Query):
    pass


__all__ = ["Mutation", "Query"]
