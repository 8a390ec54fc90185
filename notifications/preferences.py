"""How a member wants to be told by e-mail. An address counts once a code that was sent to it was typed back in.

The address stands nowhere but in its row and in the mails to it: in no log, error or answer to anybody else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives import constant_time
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agencies import clock, directory, throttling
from agencies.models import Member
from agencies.signing_in import Actor
from agencies.throttling import Limit
from notifications.models import Mail, Message, Preference
from ortoo.protocol import vocabulary
from ortoo.protocol.documents import new_id
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import expand

FEED: Final = "focal_point"  # whose work the feed is; a partner system follows it by itself
OVERDUE: Final = "coordinator"  # who looks at what has run out
WHO: Final = (FEED, OVERDUE)
LANGUAGES: Final = ("mn", "en")
DIGITS: Final = 8
CODE_FOR: Final = timedelta(hours=24)
LONGEST_ADDRESS: Final = 254

ASKED_BY: Final = Limit("address asked by", tries=5, back=900)
ASKED_FOR: Final = Limit("address asked for", tries=3, back=3600)  # whoever types it: nobody is flooded
CODES_BY: Final = Limit("address codes by", tries=5, back=600)

REACHABLE: Final = Q(confirmed_at__isnull=False, refused_at=None)

# What mail servers take everywhere: no quotes, no comments, nothing beyond ASCII.
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)


@dataclass(frozen=True)
class Wanted:
    """What a member says. address: empty for none; digest_hour: of the day in Ulaanbaatar, None: at once."""

    address: str = ""
    language: str = "mn"
    urgencies: Sequence[str] = tuple(vocabulary.terms("urgency"))
    working_hours: bool = False
    digest_hour: int | None = None


def of(actor: Actor) -> Preference:
    """The member's own; as it is before anything was said, where nothing was."""
    return Preference.objects.filter(pk=actor.member).first() or _row(actor, Wanted())


def save(actor: Actor, wanted: Wanted) -> Preference:
    """Say all of it anew. An address that is not confirmed gets a code, each time that it is said.

    What waits for an address that is changed does not go out any more.

    Raises Refused: `malformed` with the field, `throttled`; `not_found` where the hub sends no e-mail.
    """
    _check(wanted)
    if wanted.address and _needs_code(Preference.objects.filter(pk=actor.member).first(), wanted):
        throttling.take((ASKED_BY, actor.member), (ASKED_FOR, wanted.address.lower()))
    with transaction.atomic():
        Member.objects.select_for_update().get(pk=actor.member)  # one after the other, the first time too
        kept = Preference.objects.filter(pk=actor.member).first()
        row = _row(actor, wanted)
        if kept is not None and not _needs_code(kept, wanted):
            row.confirmed_at = kept.confirmed_at
            row.save()
            return row
        Message.objects.filter(to=actor.member, mail=None).delete()
        Mail.objects.filter(to=actor.member, sent_at=None, failed_at=None).delete()
        if wanted.address:
            row.asked, row.asked_at = UUID(new_id()), timezone.now()
        row.save()
        if row.asked is not None:
            now = clock.now()
            Mail.objects.create(id=row.asked, to=row, kind=Mail.Kind.CODE, urgent=True, made_at=now, next_try_at=now)
    return row


def confirm(actor: Actor, digits: str) -> Preference:
    """Type in the code that was sent to the address. Safe to repeat.

    Raises Refused: `not_found` for a code that is not it, or not any more; `throttled`.
    """
    throttling.take((CODES_BY, actor.member))
    typed = "".join(digits.split())
    with transaction.atomic():
        row = Preference.objects.select_for_update().filter(pk=actor.member).first()
        right = row.asked if row is not None else None
        expected = code_of(right, row) if row is not None and right is not None else "0" * DIGITS
        fits = constant_time.bytes_eq(typed.encode(errors="replace"), expected.encode())
        fresh = row is not None and row.asked_at is not None and timezone.now() - row.asked_at < CODE_FOR
        if row is None or right is None or not fits or not fresh:
            raise Refused("not_found", "This is not the code that was sent to the address.", field="digits")
        if row.confirmed_at is None:
            row.confirmed_at = timezone.now()
            row.save(update_fields=["confirmed_at"])
            row.mails.filter(kind=Mail.Kind.CODE, sent_at=None, failed_at=None).delete()
    throttling.give_back((CODES_BY, actor.member))
    return row


def code_of(mail: UUID, to: Preference) -> str:
    """The digits in the mail: made of the hub's secret, this mail and the address, so that they are kept nowhere."""
    made = expand(settings.SECRET_KEY.encode(), f"address\0{to.pk}\0{to.address}\0{mail}".encode())
    return str(int.from_bytes(made) % 10**DIGITS).zfill(DIGITS)


# --- who is told ------------------------------------------------------------------------------------------------------


def is_reachable(to: Preference) -> bool:
    return to.confirmed_at is not None and to.refused_at is None


def is_told(to: Preference) -> bool:
    """Whether the directory in force has the member still, in a role that is told anything."""
    return bool(roles_of(to) & {*WHO})


def roles_of(to: Preference) -> set[str]:
    listed = directory.in_force().now().member(to.agency_id, str(to.pk))
    return {*listed.roles} if listed is not None else set()


def forget_ended(agency: str | None = None) -> None:
    """Of whoever has left, or has that role no more, nothing is kept: neither the address nor what waits for it."""
    rows = Preference.objects.all() if agency is None else Preference.objects.filter(agency=agency)
    ended = [row.pk for row in rows if not is_told(row)]
    Preference.objects.filter(pk__in=ended).delete()


# --- what is said -----------------------------------------------------------------------------------------------------


def _needs_code(kept: Preference | None, wanted: Wanted) -> bool:
    return kept is None or kept.address != wanted.address or not is_reachable(kept)


def _row(actor: Actor, wanted: Wanted) -> Preference:
    return Preference(
        member_id=actor.member,
        agency_id=actor.agency,
        address=wanted.address,
        language=wanted.language,
        urgencies=[code for code in vocabulary.terms("urgency") if code in wanted.urgencies],
        working_hours=wanted.working_hours,
        digest_hour=wanted.digest_hour,
    )


def _check(wanted: Wanted) -> None:
    if wanted.address and not settings.ORTOO_SENDS_MAIL:
        raise Refused("not_found", "This hub sends no e-mail.", field="address")
    if wanted.address and (len(wanted.address) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(wanted.address)):
        raise Refused("malformed", "This is not an e-mail address.", field="address")
    if wanted.language not in LANGUAGES:
        raise Refused("malformed", f"The language is one of: {', '.join(LANGUAGES)}.", field="language")
    if not set(wanted.urgencies) <= vocabulary.codes("urgency"):
        raise Refused("malformed", "These are not urgencies.", field="urgencies")
    if wanted.digest_hour is not None and not 0 <= wanted.digest_hour < 24:
        raise Refused("malformed", "An hour is from 0 to 23.", field="digestHour")
