from agencies.schema import directory, joining, services, signing_in


class Query(directory.Query, signing_in.Query, joining.Query, services.Query):
    """What can be asked of agencies, their members, their keys and their services."""


class Mutation(directory.Mutation, signing_in.Mutation, joining.Mutation, services.Mutation):
    """What can be done about members, sessions, keys and services."""
