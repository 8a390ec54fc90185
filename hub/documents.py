"""GraphQL documents before anything is executed: parsed, validated and bounded once, then remembered with the verdict.

The bounds hold whatever a document is made of: its length and tokens; depth, aliases and cost through all fragments.
Cost is the number of fields that it can ask for, multiplied by each `first` on the way.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_non_null_type,
    parse,
    type_from_ast,
    validate,
)
from graphql.type import SchemaMetaFieldDef, TypeMetaFieldDef
from graphql.utilities import coerce_input_value

from hub.errors import BadRequest, Told, of_coercion, place, told
from hub.schema import ANONYMOUS_FIELDS, CARRYING_FIELDS, SIGNING_IN_FIELDS, schema

MAX_LENGTH: Final = 32 * 1024  # characters
MAX_TOKENS: Final = 500  # ours have 100 at most, introspection 182; validating takes time by their square
MAX_DEPTH: Final = 16  # the usual introspection query has 15
MAX_ALIASES: Final = 30
MAX_COST: Final = 10_000  # fields
PAGE: Final = 50  # what `first` counts as where a variable says it: then its resolver bounds it
MAX_ERRORS: Final = 5
REMEMBERED: Final = 500  # documents


@dataclass(frozen=True)
class Prepared:
    """A document that may be executed, and the operation chosen from it."""

    document: DocumentNode
    operation: OperationDefinitionNode
    roots: frozenset[str]  # the outermost fields

    @property
    def is_for_anybody(self) -> bool:
        """Asks for nothing but what may be asked without a token."""
        return self.roots <= ANONYMOUS_FIELDS

    @property
    def signs_in(self) -> bool:
        return not self.roots.isdisjoint(SIGNING_IN_FIELDS)

    @property
    def carries(self) -> bool:
        """Brings or fetches pieces of files."""
        return not self.roots.isdisjoint(CARRYING_FIELDS)

    @property
    def kind(self) -> OperationType:
        return self.operation.operation

    @property
    def name(self) -> str | None:
        return self.operation.name.value if self.operation.name else None


@dataclass(frozen=True)
class _Verdict:
    """What is remembered of a document: its operations, or why it is refused."""

    operations: tuple[Prepared, ...] = ()
    refused: tuple[Told, ...] = ()


_remembered: OrderedDict[str, _Verdict] = OrderedDict()
_lock = threading.Lock()


def prepare(text: str, operation_name: str | None) -> Prepared:
    """The document and its operation. Raises BadRequest.

    One that is not known yet may take milliseconds: in a thread.
    """
    if len(text) > MAX_LENGTH:
        raise _beyond("The document is too long.", "query", MAX_LENGTH)
    with _lock:
        verdict = _remembered.get(text)
        if verdict is not None:
            _remembered.move_to_end(text)
    if verdict is None:
        verdict = _judge(text)
        with _lock:
            _remembered[text] = verdict
            while len(_remembered) > REMEMBERED:
                _remembered.popitem(last=False)
    if verdict.refused:
        raise BadRequest(verdict.refused)
    if operation_name is None and len(verdict.operations) == 1:
        return verdict.operations[0]
    for one in verdict.operations:
        if one.name is not None and one.name == operation_name:
            return one
    raise BadRequest.because("bad_document", "Name one of the document's operations in `operationName`.")


def is_known(text: str) -> bool:
    """Whether the verdict on the document is remembered."""
    return text in _remembered


def coerce(prepared: Prepared, variables: Mapping[str, Any]) -> None:
    """Refuse variables that do not fit their types, naming where and never the value. Raises BadRequest."""
    errors: list[Told] = []
    for definition in prepared.operation.variable_definitions:
        name = definition.variable.name.value
        type_: Any = type_from_ast(schema.graphql_schema, definition.type)
        if name not in variables:
            if definition.default_value is None and is_non_null_type(type_):
                errors.append(told("bad_variables", "This variable is missing.", field=f"${name}"))
            continue

        def note(path: list[str | int], _: Any, error: GraphQLError, name: str = name) -> None:
            code, message, at = of_coercion(error)
            where = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
            errors.append(told(code, message, **{"field": f"${name}{where}", **at}))

        try:
            coerce_input_value(variables[name], type_, note)
        except RecursionError:
            errors.append(told("limit_exceeded", "This variable is too deep.", field=f"${name}"))
    if errors:
        raise BadRequest(errors[:MAX_ERRORS])


def _judge(text: str) -> _Verdict:
    try:
        document = parse(text, max_tokens=MAX_TOKENS)
        errors = validate(schema.graphql_schema, document, max_errors=MAX_ERRORS)
        if errors:
            return _Verdict(refused=tuple({**told("bad_document", _safe(one)), **place(one)} for one in errors))
        return _Verdict(_operations(document))
    except GraphQLError as error:
        message = "This is not GraphQL here, or a document of too many words."
        return _Verdict(refused=({**told("bad_document", message), **place(error)},))
    except RecursionError:
        return _Verdict(refused=tuple(_beyond("The document is too deep.", "depth", MAX_DEPTH).errors))
    except BadRequest as bad:
        return _Verdict(refused=tuple(bad.errors))


def _operations(document: DocumentNode) -> tuple[Prepared, ...]:
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    operations = []
    for one in document.definitions:
        if isinstance(one, OperationDefinitionNode):
            asked = _Asked(fragments).by(one)
            _bound(asked)
            operations.append(Prepared(document, one, asked.roots))
    return tuple(operations)


def _safe(error: GraphQLError) -> str:
    """graphql-core's sentence where it is made of names alone; where it may repeat a literal, one of our own."""
    if any(isinstance(node, ValueNode) and not isinstance(node, VariableNode) for node in error.nodes or ()):
        return "A value that is written here does not fit its type."
    return error.message


# --- bounds -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Size:
    """What a selection asks for, fragments included. depth: levels; cost: fields; roots: the outermost fields."""

    depth: int = 0
    cost: int = 0
    aliases: int = 0
    roots: frozenset[str] = frozenset()

    def beside(self, other: "_Size") -> "_Size":
        return _Size(
            max(self.depth, other.depth),
            self.cost + other.cost,
            self.aliases + other.aliases,
            self.roots | other.roots,
        )


def _bound(size: _Size) -> None:
    if size.depth > MAX_DEPTH:
        raise _beyond("The document is too deep.", "depth", MAX_DEPTH)
    if size.aliases > MAX_ALIASES:
        raise _beyond("The document has too many aliases.", "aliases", MAX_ALIASES)
    if size.cost > MAX_COST:
        raise _beyond("The document asks for too much.", "cost", MAX_COST)


def _beyond(message: str, field: str, most: int) -> BadRequest:
    return BadRequest.because("limit_exceeded", message, field=field, most=most)


class _Asked:
    """Sizes up valid documents. Each fragment is walked once, however often it is spread: spreading is a sum."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._sizes: dict[str, _Size] = {}

    def by(self, operation: OperationDefinitionNode) -> _Size:
        return self._selection(operation.selection_set, schema.graphql_schema.get_root_type(operation.operation))

    def _selection(self, selections: SelectionSetNode, parent: GraphQLNamedType | None) -> _Size:
        size = _Size()
        for one in selections.selections:
            match one:
                case FieldNode():
                    size = size.beside(self._field(one, parent))
                case FragmentSpreadNode():
                    size = size.beside(self._fragment(one.name.value))
                case InlineFragmentNode(type_condition=None):
                    size = size.beside(self._selection(one.selection_set, parent))
                case InlineFragmentNode():
                    on = schema.graphql_schema.get_type(one.type_condition.name.value)
                    size = size.beside(self._selection(one.selection_set, on))
        return size

    def _fragment(self, name: str) -> _Size:
        if name not in self._sizes:
            fragment = self._fragments[name]
            on = schema.graphql_schema.get_type(fragment.type_condition.name.value)
            self._sizes[name] = self._selection(fragment.selection_set, on)
        return self._sizes[name]

    def _field(self, node: FieldNode, parent: GraphQLNamedType | None) -> _Size:
        field = _definition(node, parent)
        below = _Size()
        if node.selection_set is not None and field is not None:
            below = self._selection(node.selection_set, get_named_type(field.type))
        size = _Size(
            depth=1 + below.depth,
            cost=1 + _first(node, field) * below.cost,
            aliases=(node.alias is not None) + below.aliases,
            roots=frozenset((node.name.value,)),
        )
        _bound(size)  # here already, so that the numbers stay small
        return size


def _definition(node: FieldNode, parent: GraphQLNamedType | None) -> GraphQLField | None:
    name = node.name.value
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) and name in parent.fields:
        return parent.fields[name]
    return {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}.get(name)


def _first(node: FieldNode, field: GraphQLField | None) -> int:
    """How many of what is below the field it may give."""
    for argument in node.arguments:
        if argument.name.value == "first":
            return max(1, int(argument.value.value)) if isinstance(argument.value, IntValueNode) else PAGE
    default = field.args["first"].default_value if field is not None and "first" in field.args else 1
    return default if isinstance(default, int) else PAGE
