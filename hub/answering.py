"""One operation, from its parameters to its answer: the same over HTTP and over a socket."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from graphql import ExecutionResult, OperationType, execute_sync

from agencies import signing_in
from agencies.signing_in import Actor
from hub import documents, errors, threads, trusted
from hub.browsers import Caller, SessionCookie
from hub.documents import Prepared
from hub.errors import BadRequest
from hub.schema import schema


@dataclass(frozen=True)
class Context:
    """What resolvers know of the request: who asks (None: nobody is signed in), its number in the log, and from where.

    address: the client's network address, for limits alone; never kept or logged.
    session: takes the token of a session that begins, and hears that this one has ended.
    """

    actor: Actor | None
    request_id: str
    address: str
    session: SessionCookie = field(default_factory=lambda: SessionCookie(Caller(None, "")))


@dataclass(frozen=True)
class Parameters:
    """GraphQL over HTTP, section 5: the parameters of a request, their types checked."""

    query: str
    operation_name: str | None
    variables: dict[str, Any]

    @classmethod
    def of_json(cls, text: bytes | str) -> "Parameters":
        """Raises BadRequest."""
        return cls.of(from_json(text))

    @classmethod
    def of(cls, value: Any) -> "Parameters":
        """Raises BadRequest."""
        if not isinstance(value, dict):
            raise BadRequest.because("bad_request", "The body is one JSON object (no batches).")
        query, document_id, name = value.get("query"), value.get("documentId"), value.get("operationName")
        variables, extensions = value.get("variables"), value.get("extensions")
        if document_id is not None:
            if query not in (None, "") or not isinstance(document_id, str):  # graphql-ws insists on a `query`
                raise BadRequest.because(
                    "bad_request", "`documentId` is a text, in place of `query`.", field="documentId"
                )
            query = trusted.text_of(document_id)
        if not isinstance(query, str):
            raise BadRequest.because("bad_request", "`query` is a text.", field="query")
        if name is not None and not isinstance(name, str):
            raise BadRequest.because("bad_request", "`operationName` is a text.", field="operationName")
        if variables is not None and not isinstance(variables, dict):
            raise BadRequest.because("bad_request", "`variables` is an object.", field="variables")
        if extensions is not None and not isinstance(extensions, dict):
            raise BadRequest.because("bad_request", "`extensions` is an object.", field="extensions")
        return cls(query, name, variables or {})


_BACKSLASH, _NUL = rb"\\", rb"\u0000"  # as JSON writes them


def from_json(text: bytes | str) -> Any:
    """What a client wrote in JSON, strictly: no lone surrogates, NaN or U+0000, which no database would take.

    Raises BadRequest.
    """
    try:
        raw = text if isinstance(text, bytes) else text.encode()
        if _NUL in raw.replace(_BACKSLASH, b""):  # after a backslash, u0000 is text
            raise ValueError
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BadRequest.because("bad_request", "This is not JSON, or it holds what no text may hold.") from None


async def prepare(parameters: Parameters, caller: Caller) -> Prepared:
    """The operation that is asked for; a document that is not known yet is read in a thread. Raises BadRequest."""
    trusted.check(parameters.query, caller)
    if documents.is_known(parameters.query):
        return documents.prepare(parameters.query, parameters.operation_name)
    return await threads.read(documents.prepare, parameters.query, parameters.operation_name)


async def answer(
    prepared: Prepared, parameters: Parameters, request_id: str, caller: Caller, session: SessionCookie
) -> dict[str, Any]:
    """Sign in and execute, in one hop into a database thread. Raises BadRequest where nothing was executed."""
    return await _hop(prepared)(_answer, prepared, parameters, request_id, caller, session)


def _hop(prepared: Prepared) -> Callable[..., Awaitable[dict[str, Any]]]:
    if prepared.carries:
        return threads.carry
    return threads.write if prepared.kind is OperationType.MUTATION else threads.read


def _answer(
    prepared: Prepared, parameters: Parameters, request_id: str, caller: Caller, session: SessionCookie
) -> dict[str, Any]:
    actor = signed_in(prepared, caller)
    result = execute_sync(
        schema.graphql_schema,
        prepared.document,
        context_value=Context(actor, request_id, caller.address, session),
        variable_values=parameters.variables,
        operation_name=prepared.name,
    )
    if result.data is None:
        refuse_variables(result, prepared, parameters)
    return told(result, request_id)


def told(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    """The answer as clients get it."""
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = errors.of_execution(result.errors, request_id=request_id)
    return answer


def refuse_variables(result: ExecutionResult, prepared: Prepared, parameters: Parameters) -> None:
    """Raises BadRequest if it is for its variables that nothing was executed: then no error has a path.

    Their errors are made anew, because graphql-core's repeat the values.
    """
    if all(error.path is None for error in result.errors or ()):
        documents.coerce(prepared, parameters.variables)


def signed_in(prepared: Prepared, caller: Caller) -> Actor | None:
    """The member whose token it is; None where the operation is for anybody. Raises BadRequest (401).

    A browser sends its cookie along whether or not the page means to: one that has ended keeps nobody from signing in.
    """
    actor = signing_in.actor_of(caller.token) if caller.token is not None else None
    if caller.token is not None and actor is None and not (caller.of_cookie and prepared.is_for_anybody):
        raise errors.signed_out()
    if actor is None and not prepared.is_for_anybody:
        raise errors.not_signed_in()
    return actor
