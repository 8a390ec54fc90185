from referrals.schema import alternatives, files, logged, operations


class Query(alternatives.Query, files.Query, logged.Query, operations.Query):
    pass


class Mutation(files.Mutation, operations.Mutation):
    pass


__all__ = ["Mutation", "Query"]
