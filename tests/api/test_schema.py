"""The contract: true to the code, described throughout, and what the SDK sends fits it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
    parse,
    validate,
)

from ortoo.client import document
from tests.stores import REPOSITORY

FILE = REPOSITORY / "graphql" / "schema.graphql"
OPERATIONS = sorted((REPOSITORY / "graphql" / "operations").glob("*.graphql"))
PRINT = (
    "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'hub.settings'; django.setup();"
    "from hub.management.commands.contract import contract; sys.stdout.buffer.write(contract().encode())"
)


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema(FILE.read_text(encoding="utf-8"))


def test_the_file_is_what_the_code_says() -> None:
    printed = subprocess.run([sys.executable, "-c", PRINT], cwd=REPOSITORY, check=True, capture_output=True, timeout=60)
    assert FILE.read_text(encoding="utf-8") == printed.stdout.decode(), "run: .venv/bin/python manage.py contract"


def test_everything_in_it_is_described(contract: GraphQLSchema) -> None:
    assert [name for name, one in _described(contract) if not (one.description or "").strip()] == []


def _described(contract: GraphQLSchema) -> Iterator[tuple[str, Any]]:
    for name, kind in contract.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        yield name, kind
        for field_name, field in getattr(kind, "fields", {}).items():
            yield f"{name}.{field_name}", field
            for argument_name, argument in getattr(field, "args", {}).items():
                yield f"{name}.{field_name}({argument_name})", argument
        for value_name, value in getattr(kind, "values", {}).items():
            yield f"{name}.{value_name}", value


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_what_the_sdk_sends_fits_it(contract: GraphQLSchema, path: Any) -> None:
    assert validate(contract, parse(document(path.stem))) == []


def test_every_fragment_is_of_use() -> None:
    sent = "".join(document(path.stem) for path in OPERATIONS)
    kept = {path.stem for path in (REPOSITORY / "graphql" / "operations" / "fragments").iterdir()}
    assert kept == set(re.findall(r"fragment (\w+) on", sent))


def test_each_root_field_is_asked_for_by_the_sdk(contract: GraphQLSchema) -> None:
    asked = {
        (operation.operation.value, field.name.value)
        for path in OPERATIONS
        for operation in parse(path.read_text(encoding="utf-8")).definitions
        if isinstance(operation, OperationDefinitionNode)
        for field in operation.selection_set.selections
    }
    roots = {
        "query": contract.query_type,
        "mutation": contract.mutation_type,
        "subscription": contract.subscription_type,
    }
    offered = {(kind, name) for kind, root in roots.items() if root for name in root.fields}
    assert asked == offered
