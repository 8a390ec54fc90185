"""`manage.py contract`: write graphql/schema.graphql, the API as clients see it, from the code."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from graphql import print_schema

from hub.schema import schema


def contract() -> str:
    """The schema in GraphQL's own language, descriptions included."""
    return print_schema(schema.graphql_schema) + "\n"


class Command(BaseCommand):
    help = "Write graphql/schema.graphql from the code."

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "graphql" / "schema.graphql"
        path.write_text(contract(), encoding="utf-8")
        self.stdout.write(f"Wrote {path.relative_to(settings.BASE_DIR)}")
