"""Executes GraphQL operations in this process on the store of the environment, and counts their queries.

In: a JSON list of {"name", "document", "variables", "token"}.
Out: {name: {"answer", "queries": ["SELECT a_table", …]}}.
"""

import json
import os
import re
import sys
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "hub.settings"
django.setup()

from django.db import connection  # noqa: E402 - Django must be set up first
from django.test.utils import CaptureQueriesContext  # noqa: E402
from graphql import execute_sync, parse  # noqa: E402

from agencies import signing_in  # noqa: E402
from hub.answering import Context  # noqa: E402
from hub.schema import schema  # noqa: E402

PRACTICE_CLOCK = "SELECT agencies_practiceclock"  # of a practice network alone, and at most twice a second

_TABLE = re.compile(r'(?:FROM|INTO|UPDATE)\s+"?(\w+)')


def counted(asked: dict[str, Any]) -> dict[str, Any]:
    actor = signing_in.actor_of(asked["token"])  # replays the directory too, as a process does once
    with CaptureQueriesContext(connection) as captured:
        result = execute_sync(
            schema.graphql_schema,
            parse(asked["document"]),
            context_value=Context(actor, "0", ""),
            variable_values=asked["variables"],
        )
    if result.errors:
        raise SystemExit(f"{asked['name']}: {result.errors}")
    queries = [_named(one["sql"]) for one in captured.captured_queries]
    return {"answer": result.data, "queries": [one for one in queries if one != PRACTICE_CLOCK]}


def _named(statement: str) -> str:
    table = _TABLE.search(statement)
    return " ".join([statement.split(None, 1)[0].upper(), *([table[1]] if table else [])])


json.dump({asked["name"]: counted(asked) for asked in json.load(sys.stdin)}, sys.stdout)
