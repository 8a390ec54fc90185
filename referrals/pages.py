"""Lists of referrals, page by page: newest first, by a key (sent, id) that does not move when others come in."""

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from agencies.signing_in import Actor
from ortoo.protocol.errors import Refused
from referrals import access
from referrals.models import Referral


@dataclass(frozen=True)
class Page:
    rows: list[Referral]
    more: bool


def inbox(actor: Actor) -> QuerySet[Referral]:
    return access.referrals_of(actor).filter(recipient_id=actor.agency)


def outbox(actor: Actor) -> QuerySet[Referral]:
    return access.referrals_of(actor).filter(sender_id=actor.agency)


def page(listed: QuerySet[Referral], *, first: int, after: str | None) -> Page:
    """The `first` referrals that follow the cursor `after`."""
    if after is not None:
        sent_at, pk = _position(after)
        listed = listed.filter(Q(sent_at__lt=sent_at) | Q(sent_at=sent_at, id__lt=pk))
    rows = list(listed.order_by("-sent_at", "-id")[: first + 1])
    return Page(rows[:first], more=len(rows) > first)


def cursor(row: Referral) -> str:
    return base64.urlsafe_b64encode(f"{row.sent_at.isoformat()} {row.pk}".encode()).decode()


def _position(text: str) -> tuple[datetime, UUID]:
    try:
        sent_at, _, pk = base64.urlsafe_b64decode(text).decode().partition(" ")
        moment = datetime.fromisoformat(sent_at)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC), UUID(pk)
    except (binascii.Error, ValueError, OverflowError):
        raise Refused("malformed", "This is not a cursor of this list.", field="after") from None
