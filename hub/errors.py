"""How errors are told to clients: a stable code, a safe sentence, what is at fault; never the text of an exception."""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from graphql import GraphQLError

from agencies.access import NotSignedIn
from agencies.signing_in import SignInRefused
from hub import logs
from ortoo.protocol.errors import Refused

log = structlog.get_logger()

Told = dict[str, Any]

_ARGUMENT = re.compile(r"Argument '(\w+)'")


class BadRequest(Exception):
    """A request of which nothing is executed.

    errors: as the answer shows them.
    status: of the HTTP answer.
    """

    def __init__(self, errors: Sequence[Told], status: int = 400) -> None:
        super().__init__(status)
        self.errors, self.status = errors, status

    @property
    def is_signed_out(self) -> bool:
        return any(one["extensions"]["code"] == "signed_out" for one in self.errors)

    @classmethod
    def because(cls, code: str, message: str, *, status: int = 400, **at: str | int) -> "BadRequest":
        return cls([told(code, message, **at)], status)


def told(code: str, message: str, **at: str | int) -> Told:
    """One entry of `errors`."""
    return {"message": message, "extensions": {"code": code, **at}}


def signed_out() -> BadRequest:
    return BadRequest.because("signed_out", "This token is not valid, or no longer. Sign in again.", status=401)


def not_signed_in() -> BadRequest:
    return BadRequest.because(NotSignedIn.code, NotSignedIn.message, status=401)


def of_exception(error: BaseException, **where: str | None) -> Told:
    """A refusal as it is; anything else as an incident, which is logged here, once.

    where: what the log shall say beside it (names of hub.logs.FIELDS).
    """
    refused = _refusal_in(error)
    if isinstance(refused, Refused):
        return told(refused.code, refused.message, **refused.at)
    if isinstance(refused, NotSignedIn | SignInRefused):
        return told(refused.code, refused.message)
    number = secrets.token_hex(5)
    log.error("incident", incident=number, error=logs.names(error), trace=logs.trace(error), **where)
    return told("internal", f"Something went wrong here. Incident {number}", incident=number)


def of_execution(errors: Sequence[GraphQLError], **where: str | None) -> list[Told]:
    """The errors of an executed operation, each with its path and place in the document."""
    incidents: dict[int, Told] = {}  # one exception may end several fields: it is one incident
    answer = []
    for error in errors:
        cause = _innermost(error)
        if id(cause) not in incidents:
            incidents[id(cause)] = _of_field(error, cause, where)
        answer.append({**incidents[id(cause)], **_place(error)})
    return answer


def _of_field(error: GraphQLError, cause: BaseException, where: Mapping[str, str | None]) -> Told:
    # graphql-core itself refuses an argument whose variable is missing, and says so in a text that may hold values.
    if isinstance(cause, GraphQLError) and (argument := _ARGUMENT.match(cause.message)):
        return told("bad_variables", "This argument is missing, or does not fit its type.", field=argument[1])
    return of_exception(cause, **where)


def _innermost(error: GraphQLError) -> BaseException:
    cause: BaseException = error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _refusal_in(error: BaseException) -> BaseException | None:
    cause = _innermost(error) if isinstance(error, GraphQLError) else error
    return cause if isinstance(cause, Refused | NotSignedIn | SignInRefused) else None


def of_coercion(error: GraphQLError) -> tuple[str, str, dict[str, str | int]]:
    """Code, sentence and what is at fault, of a value that does not fit: a scalar may refuse it with its own code."""
    refused = _refusal_in(error)
    if isinstance(refused, Refused):
        return refused.code, refused.message, refused.at
    return "bad_variables", "This variable does not fit its type.", {}


def _place(error: GraphQLError) -> dict[str, Any]:
    place: dict[str, Any] = {}
    if error.locations:
        place["locations"] = [{"line": one.line, "column": one.column} for one in error.locations]
    if error.path:
        place["path"] = error.path
    return place


def place(error: GraphQLError) -> dict[str, Any]:
    """Where in the document, and on which path, as GraphQL answers show it."""
    return _place(error)
