from agencies.schema import directory, joining, log, services, signing_in


class Query(directory.Query, log.Query, signing_in.Query, joining.Query, services.Query):
    """What can be asked of agencies, their members, their keys and their services, and of the logs."""


class Mutation(directory.Mutation, log.Mutation, signing_in.Mutation, joining.Mutation, services.Mutation):
    """What can be done about members, sessions, keys and services."""
