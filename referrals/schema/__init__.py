from referrals.schema import alternatives, evidence, files, logged, operations, receipts


class Query(alternatives.Query, evidence.Query, files.Query, logged.Query, operations.Query):
    pass


class Mutation(files.Mutation, operations.Mutation, receipts.Mutation):
    pass


__all__ = ["Mutation", "Query"]
