"""What a list may be asked for: codes and names are known ones, moments have a zone; else the field is named."""

from datetime import datetime

from agencies import directory
from ortoo import places
from ortoo.protocol import vocabulary
from ortoo.protocol.errors import Refused


def check_code(code: str | None, terms: str, field: str) -> None:
    """Raises Refused (`malformed`)."""
    if code is not None and code not in vocabulary.codes(terms):
        raise Refused("malformed", "The vocabulary has no such code.", field=field)


def check_place(place: str | None, field: str) -> None:
    if place is not None and not places.is_known(place):
        raise Refused("malformed", "This is not a place.", field=field)


def check_agency(handle: str | None, field: str) -> None:
    if handle is not None and directory.in_force().now().agency(handle) is None:
        raise Refused("malformed", "The directory has no such agency.", field=field)


def check_moment(at: datetime | None, field: str) -> None:
    if at is not None and at.tzinfo is None:
        raise Refused("malformed", "A moment has a zone.", field=field)
