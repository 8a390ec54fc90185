from coordination.schema import overseeing


class Query(overseeing.Query):
    pass


class Mutation(overseeing.Mutation):
    pass


__all__ = ["Mutation", "Query"]
