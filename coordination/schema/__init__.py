from coordination.schema import statistics


class Query(statistics.Query):
    pass


__all__ = ["Query"]
