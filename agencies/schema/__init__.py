from agencies.schema import directory, joining, signing_in


class Query(directory.Query, signing_in.Query, joining.Query):
    """What can be asked of agencies, their members and their keys."""


class Mutation(directory.Mutation, signing_in.Mutation, joining.Mutation):
    """What can be done about members, sessions and keys."""
