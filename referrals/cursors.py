"""Cursors: a place in one list of one agency under one filter. They hold no secret and are not believed: whatever one
says, only what the agency may see is looked through.

    base64url("<values> <digest of agency, list and filter>")
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import F
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from ortoo.protocol.documents import b64
from ortoo.protocol.errors import Refused

LONGEST: Final = 500  # characters
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}\Z")  # in 64 bits
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def micros(at: datetime) -> int:
    """The moment as a number: microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def list_of(*about: Any) -> str:
    """By what a cursor is known to be of this very list, agency and filter."""
    said = json.dumps(about, default=str, ensure_ascii=True, sort_keys=True)
    return b64(hashlib.sha256(said.encode()).digest()[:9])


def write(kind: str, *values: object) -> str:
    return base64.urlsafe_b64encode(" ".join([*map(str, values), kind]).encode()).decode()


def read(text: str, kind: str, count: int) -> list[str]:
    """The values of a cursor, as text. Raises Refused (`malformed`)."""
    try:
        *values, of = base64.urlsafe_b64decode(text[:LONGEST]).decode().split(" ")
    except (binascii.Error, ValueError):
        raise no_cursor() from None
    if of != kind or len(values) != count:
        raise no_cursor()
    return values


def number(text: str) -> int:
    """A number that a database takes. Raises ValueError."""
    if not _NUMBER.match(text):
        raise ValueError(text)
    return int(text)


def no_cursor() -> Refused:
    return Refused("malformed", "This is not a cursor of this list with this filter. Begin at its top.", field="after")


def behind(columns: Sequence[str], values: Sequence[Any]) -> TupleGreaterThan:
    """What follows in ascending order. As a row, so that an index is entered there and not walked up to there."""
    return TupleGreaterThan(Tuple(*map(F, columns)), tuple(values))


def before(columns: Sequence[str], values: Sequence[Any]) -> TupleLessThan:
    """What follows in descending order."""
    return TupleLessThan(Tuple(*map(F, columns)), tuple(values))
