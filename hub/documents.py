"""GraphQL documents before anything is executed: parsed, validated and bounded once, then remembered.

The bounds hold whatever a document is made of: tokens, depth through fragments, aliases, and the number of fields that
it can ask for, multiplied by each `first` on the way.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    parse,
    validate,
)
from graphql.type import is_non_null_type
from graphql.utilities import coerce_input_value, type_from_ast

from hub.errors import BadRequest, of_coercion, place, told
from hub.schema import ANONYMOUS_FIELDS, schema

MAX_LENGTH: Final = 64 * 1024  # characters
MAX_TOKENS: Final = 2000
MAX_DEPTH: Final = 12
MAX_ALIASES: Final = 30
MAX_COST: Final = 20_000  # fields
PAGE: Final = 50  # what `first` is taken to be where a variable says it
REMEMBERED: Final = 500  # documents


@dataclass(frozen=True)
class Prepared:
    """A document that may be executed, and the operation chosen from it."""

    document: DocumentNode
    operation: OperationDefinitionNode

    @property
    def kind(self) -> OperationType:
        return self.operation.operation

    @property
    def name(self) -> str | None:
        return self.operation.name.value if self.operation.name else None

    def is_for_anybody(self) -> bool:
        """Whether it asks for nothing but what may be asked without a token."""
        fragments = _fragments(self.document)
        return _roots(self.operation.selection_set, fragments) <= ANONYMOUS_FIELDS


_remembered: OrderedDict[str, DocumentNode | BadRequest] = OrderedDict()
_lock = threading.Lock()


def prepare(text: str, operation_name: str | None) -> Prepared:
    """The document and its operation. Raises BadRequest."""
    document = _known(text)
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    for one in operations:
        if operation_name is None and len(operations) == 1:
            return Prepared(document, one)
        if one.name is not None and one.name.value == operation_name:
            return Prepared(document, one)
    raise BadRequest.because("bad_document", "Name one of the document's operations in `operationName`.")


def coerce(prepared: Prepared, variables: dict[str, Any]) -> None:
    """Refuse variables that do not fit their types, naming where and never the value. Raises BadRequest."""
    errors: list[dict[str, Any]] = []
    for definition in prepared.operation.variable_definitions:
        name = definition.variable.name.value
        type_ = type_from_ast(schema.graphql_schema, definition.type)
        if name not in variables:
            if definition.default_value is None and is_non_null_type(type_):
                errors.append(told("bad_variables", "This variable is missing.", field=f"${name}"))
            continue

        def note(path: list[str | int], _: Any, error: GraphQLError, name: str = name) -> None:
            code, message, at = of_coercion(error)
            where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
            errors.append(told(code, message, **{"field": f"${name}{where}", **at}))

        coerce_input_value(variables[name], type_, note)  # type: ignore[arg-type]
    if errors:
        raise BadRequest(errors[:10])


def _known(text: str) -> DocumentNode:
    if len(text) > MAX_LENGTH:
        raise BadRequest.because("limit_exceeded", "The document is too long.", field="query", most=MAX_LENGTH)
    with _lock:
        found = _remembered.get(text)
        if found is not None:
            _remembered.move_to_end(text)
    if found is None:
        found = _checked(text)
        with _lock:
            _remembered[text] = found
            while len(_remembered) > REMEMBERED:
                _remembered.popitem(last=False)
    if isinstance(found, BadRequest):
        raise BadRequest(found.errors, found.status)
    return found


def _checked(text: str) -> DocumentNode | BadRequest:
    try:
        document = parse(text, max_tokens=MAX_TOKENS, no_location=False)
    except (GraphQLError, RecursionError, UnicodeError) as error:
        where = place(error) if isinstance(error, GraphQLError) else {}
        return BadRequest([{**told("bad_document", "The document is not GraphQL, or has too many tokens."), **where}])
    try:
        errors = validate(schema.graphql_schema, document, max_errors=5)
        if errors:
            return BadRequest([{**told("bad_document", _safe(one)), **place(one)} for one in errors])
        _bound(document)
    except RecursionError:
        return BadRequest.because("limit_exceeded", "The document is too deep.", most=MAX_DEPTH)
    except BadRequest as bad:
        return bad
    return document


def _safe(error: GraphQLError) -> str:
    """graphql-core's sentence, which names fields and types of the document; of literals only that they do not fit."""
    message = error.message
    if message.startswith(
        ("Cannot query field", "Unknown argument", "Unknown type", "Field ", "Variable ", "Unknown ")
    ):
        return message[:300]
    return "The document does not fit the schema here."


# --- bounds -----------------------------------------------------------------------------------------------------------


def _bound(document: DocumentNode) -> None:
    fragments = _fragments(document)
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            seen = _Weighed()
            _weigh(one.selection_set, fragments, seen, depth=1, times=1)


@dataclass
class _Weighed:
    cost: int = 0
    aliases: int = 0


def _weigh(
    selections: SelectionSetNode,
    fragments: dict[str, FragmentDefinitionNode],
    seen: _Weighed,
    *,
    depth: int,
    times: int,
) -> None:
    if depth > MAX_DEPTH:
        raise BadRequest.because("limit_exceeded", "The document is too deep.", field="depth", most=MAX_DEPTH)
    for one in selections.selections:
        if isinstance(one, FragmentSpreadNode):
            _weigh(fragments[one.name.value].selection_set, fragments, seen, depth=depth, times=times)
            continue
        below = times
        if isinstance(one, FieldNode):
            seen.cost += times
            seen.aliases += one.alias is not None
            below = times * _first(one)
        if seen.cost > MAX_COST:
            raise BadRequest.because("limit_exceeded", "The document asks for too much.", field="cost", most=MAX_COST)
        if seen.aliases > MAX_ALIASES:
            raise BadRequest.because(
                "limit_exceeded", "The document has too many aliases.", field="aliases", most=MAX_ALIASES
            )
        inner = getattr(one, "selection_set", None)
        if inner is not None:
            deeper = depth + 1 if isinstance(one, FieldNode) else depth
            _weigh(inner, fragments, seen, depth=deeper, times=below)


def _first(field: FieldNode) -> int:
    for argument in field.arguments:
        if argument.name.value == "first":
            value = argument.value
            return max(1, int(value.value)) if isinstance(value, IntValueNode) else PAGE
    return 1


def _fragments(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}


def _roots(selections: SelectionSetNode, fragments: dict[str, FragmentDefinitionNode]) -> set[str]:
    names = set()
    for one in selections.selections:
        if isinstance(one, FieldNode):
            names.add(one.name.value)
        elif isinstance(one, FragmentSpreadNode):
            names |= _roots(fragments[one.name.value].selection_set, fragments)
        else:
            names |= _roots(one.selection_set, fragments)  # type: ignore[attr-defined]
    return names
