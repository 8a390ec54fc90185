from coordination.schema import overseeing, statistics


class Query(overseeing.Query, statistics.Query):
    pass


class Mutation(overseeing.Mutation):
    pass


__all__ = ["Mutation", "Query"]
