"""A list by moment, the newest first, page by page: a row's moment and id never change, so a walk sees each once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet, UUIDField

from referrals import cursors

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    rows: list[tuple[Row, str]]  # each with its cursor
    more: bool

    @property
    def items(self) -> list[Row]:
        return [row for row, _ in self.rows]


def paged(rows: QuerySet[Row], by: str, about: Sequence[Any], *, first: int, after: str | None) -> Page[Row]:
    """The `first` rows behind the cursor `after`. by: the moment's column; about: whose list under which filter.

    Raises Refused (`malformed`) for a cursor that is not of this list.
    """
    kind = cursors.list_of(*about)
    if after is not None:
        rows = rows.filter(cursors.before((by, "pk"), _position(rows, after, kind)))
    found = list(rows.order_by(f"-{by}", "-pk")[: first + 1])
    listed = [(one, cursors.write(kind, cursors.micros(getattr(one, by)), one.pk)) for one in found[:first]]
    return Page(listed, more=len(found) > first)


def _position(rows: QuerySet[Row], text: str, kind: str) -> tuple[datetime, Any]:
    at, id = cursors.read(text, kind, 2)
    try:
        key = UUID(id) if isinstance(rows.model._meta.pk, UUIDField) else cursors.number(id)
        return cursors.moment(cursors.number(at)), key
    except (ValueError, OverflowError):
        raise cursors.no_cursor() from None
