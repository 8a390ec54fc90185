from referrals.schema import alternatives, logged, operations, receipts


class Query(alternatives.Query, logged.Query, operations.Query):
    pass


class Mutation(operations.Mutation, receipts.Mutation):
    pass


__all__ = ["Mutation", "Query"]
