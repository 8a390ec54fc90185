"""The outbox: what members are told by e-mail. It is written with the event, and worked off by any number of workers.

A message waits for its moment. All that waits for one member then goes out as one mail, which says that there is
something new and nothing else. One mail to a member is on its way at a time, so that a mail server that comes back
after days brings each member one.

A worker that takes a mail first says, in a transaction of its own, until when it has it: if it dies, another one takes
the mail then, under the same id.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from agencies import services
from notifications import preferences
from notifications.models import Mail, Message, Preference, Reaching
from notifications.news import Told
from ortoo.days import ULAANBAATAR
from ortoo.hours import Hours
from ortoo.protocol.documents import new_id

IMMEDIATE: Final = "immediate"  # the urgency that waits for no hour
LATE: Final = timedelta(minutes=15)  # what is unsent for longer turns health red, and counts as not reached
ANSWERS: Final = 12  # that one try waits for, at most: so long it is held by the worker that sends it
FIRST_PAUSE: Final = timedelta(seconds=20)  # doubles with each try
LONGEST_PAUSE: Final = timedelta(minutes=10)
GIVEN_UP_AFTER: Final = timedelta(days=5)  # RFC 5321, section 4.5.4.1
KEPT_FOR: Final = timedelta(days=30)  # what was sent or has failed

_ON_ITS_WAY: Final = Q(sent_at=None, failed_at=None)


@dataclass(frozen=True)
class Letter:
    """A mail that is to be tried now. code: of one that confirms the address."""

    id: UUID
    kind: str
    address: str
    language: str
    code: str | None


# --- written ----------------------------------------------------------------------------------------------------------


def write(news: "Sequence[Told]", at: datetime) -> None:
    """Write what members shall be told of the news, in the caller's transaction. A few queries for any number."""
    if not settings.ORTOO_SENDS_MAIL:
        return
    told = {one.agency for one in news}
    reachable = Preference.objects.filter(preferences.REACHABLE, agency__in=told)
    found = [to for to in reachable if preferences.FEED in preferences.roles_of(to)]
    hours = _hours(news, found)
    rows = []
    for one in news:
        for to in found:
            if to.agency_id == one.agency and one.urgency in to.urgencies:
                after = send_after(to, one.urgency, at, hours.get(one.agency))
                urgent = one.urgency == IMMEDIATE
                rows.append(Message(to=to, referral=one.referral, urgent=urgent, send_after=after))
    Message.objects.bulk_create(rows)
    Reaching.objects.bulk_create(_reachings(news, rows, at, hours))


def alert_coordinators(urgency: str, at: datetime, *, of: str | None = None) -> None:
    """What somebody owes has not come in time; or those `of` one agency have something to review. In the caller's
    transaction.
    """
    if not settings.ORTOO_SENDS_MAIL:
        return
    reachable = Preference.objects.filter(preferences.REACHABLE, **({"agency": of} if of is not None else {}))
    found = [to for to in reachable if urgency in to.urgencies and preferences.OVERDUE in preferences.roles_of(to)]
    by_hours = {to.agency_id for to in found if to.working_hours}
    hours = services.hours_of_all(by_hours) if by_hours else {}
    Message.objects.bulk_create(
        Message(
            to=to,
            referral=None,
            urgent=urgency == IMMEDIATE,
            send_after=send_after(to, urgency, at, hours.get(to.agency_id)),
        )
        for to in found
    )


def _hours(news: "Sequence[Told]", found: Iterable[Preference]) -> dict[str, Hours]:
    """Of the agencies that are told of something that may wait."""
    waiting = {one.agency for one in news if one.urgency != IMMEDIATE}
    wanted = {to.agency_id for to in found if to.working_hours} | {one.agency for one in news if one.sender is not None}
    return services.hours_of_all(waiting & wanted) if waiting & wanted else {}


def send_after(to: Preference, urgency: str, at: datetime, hours: Hours | None) -> datetime:
    """When a member wants to be told of what happened `at`."""
    if urgency == IMMEDIATE:
        return at
    moment = at if to.digest_hour is None else _next(to.digest_hour, at)
    if to.working_hours and hours is not None and not hours.is_open(moment):
        return hours.next_opening(moment) or moment
    return moment


def _next(hour: int, at: datetime) -> datetime:
    """The next time that it is this hour in Ulaanbaatar."""
    today = at.astimezone(ULAANBAATAR).replace(hour=hour, minute=0, second=0, microsecond=0)
    return today if today > at else today + timedelta(days=1)


def _reachings(
    news: "Sequence[Told]", rows: Iterable[Message], at: datetime, hours: dict[str, Hours]
) -> list[Reaching]:
    """Of each new referral, when to look whether it has reached anybody: some time after the first who is to be told;
    where nobody is, after as much time in the agency's hours.
    """
    first: dict[str | None, datetime] = {}
    for row in rows:
        first[row.referral] = min(row.send_after, first.get(row.referral, row.send_after))
    made = []
    for one in news:
        if one.sender is None:
            continue
        if one.referral in first:
            look_at = first[one.referral] + LATE
        else:
            look_at = at + LATE if one.urgency == IMMEDIATE else hours[one.agency].due(at, LATE)
        made.append(
            Reaching(
                referral=one.referral,
                agency_id=one.agency,
                sender_id=one.sender,
                urgency=one.urgency,
                since=timezone.now(),
                look_at=look_at,
            )
        )
    return made


def handed_out(agency: str, referrals: Sequence[UUID]) -> None:
    """Somebody of the agency reads of these in the feed: it is reached."""
    if settings.ORTOO_SENDS_MAIL:
        reached = Reaching.objects.filter(referral__in=referrals, agency=agency)
        if reached.exists():  # else nothing is written where somebody only reads
            reached.delete()


# --- worked off -------------------------------------------------------------------------------------------------------


def take(now: datetime) -> Letter | None:
    """The next mail that is due, held for this worker; None where none is. What is urgent comes first.

    It is looked at again whether it may still be sent: whose membership or address has ended gets nothing.
    """
    _join(now)
    due = Q(next_try_at__lte=now) & _ON_ITS_WAY
    while Mail.objects.filter(due).exists():
        with transaction.atomic():
            waiting = Mail.objects.filter(due).order_by("-urgent", "next_try_at").select_for_update(**_skipping())
            mail = waiting.first()
            if mail is None:  # another worker has it
                return None
            to = Preference.objects.get(pk=mail.to_id)
            if not _may_be_sent(mail, to):
                mail.delete()
                continue
            if mail.kind == Mail.Kind.NEWS and not mail.may_have_arrived:
                _waiting(to, now).update(mail=mail)
            mail.tries, mail.may_have_arrived, mail.next_try_at = mail.tries + 1, True, now + _held_for()
            mail.save(update_fields=["tries", "may_have_arrived", "next_try_at"])
        code = preferences.code_of(mail.pk, to) if mail.kind == Mail.Kind.CODE else None
        return Letter(mail.pk, mail.kind, to.address, to.language, code)
    return None


def _join(now: datetime) -> None:
    """Make one mail of all that waits for each member to whom none is on its way."""
    on_its_way = Mail.objects.filter(_ON_ITS_WAY).values("to")
    due = Message.objects.filter(mail=None, send_after__lte=now).exclude(to__in=on_its_way)
    for pk in set(due.values_list("to", flat=True)):
        with transaction.atomic():
            to = Preference.objects.select_for_update().filter(pk=pk).first()  # one worker at a time makes it
            if to is None or to.mails.filter(_ON_ITS_WAY).exists():
                continue
            urgent = set(_waiting(to, now).values_list("urgent", flat=True))
            if urgent:
                mail = Mail.objects.create(
                    id=new_id(), to=to, kind=Mail.Kind.NEWS, urgent=True in urgent, made_at=now, next_try_at=now
                )
                _waiting(to, now).update(mail=mail)


def _waiting(to: Preference, now: datetime) -> Any:
    return Message.objects.filter(to=to, mail=None, send_after__lte=now)


def _may_be_sent(mail: Mail, to: Preference) -> bool:
    if not preferences.is_told(to):
        return False
    return to.asked == mail.pk if mail.kind == Mail.Kind.CODE else preferences.is_reachable(to)


def _held_for() -> timedelta:
    return timedelta(seconds=ANSWERS * settings.EMAIL_TIMEOUT)


def _skipping() -> dict[str, bool]:
    """SQLite has no locks of rows: its transactions that write come one after the other."""
    return {"skip_locked": True} if connection.vendor == "postgresql" else {}


def sent(letter: Letter, now: datetime) -> None:
    """The mail server has taken it."""
    Mail.objects.filter(_ON_ITS_WAY, pk=letter.id).update(sent_at=now)


def refused(letter: Letter, now: datetime) -> None:
    """There is no such mailbox: nothing more is sent there before the member confirms an address again."""
    with transaction.atomic():
        mail = Mail.objects.select_for_update().filter(_ON_ITS_WAY, pk=letter.id).first()
        if mail is None:
            return
        mail.failed_at = now
        mail.save(update_fields=["failed_at"])
        Preference.objects.filter(pk=mail.to_id, address=letter.address).update(refused_at=now)
        told = Message.objects.filter(Q(mail=mail) | Q(to=mail.to_id, mail=None)).values_list("referral", flat=True)
        Reaching.objects.filter(referral__in=set(told)).update(look_at=now + SEEN_WITHIN)
        Message.objects.filter(to=mail.to_id, mail=None).delete()


def failed(letter: Letter, now: datetime, *, surely: bool) -> None:
    """It is tried again later. surely: the mail server has not taken it; else it may have."""
    mail = Mail.objects.filter(_ON_ITS_WAY, pk=letter.id).first()
    if mail is None:
        return
    if now - mail.made_at > GIVEN_UP_AFTER:
        Mail.objects.filter(_ON_ITS_WAY, pk=mail.pk).update(failed_at=now)
        return
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(mail.tries - 1, 10))
    spread = random.uniform(0.5, 1.0)  # noqa: S311 - so that not all come back at once
    next_try = {"next_try_at": now + pause * spread}
    Mail.objects.filter(_ON_ITS_WAY, pk=mail.pk).update(**next_try, **({"may_have_arrived": False} if surely else {}))


# --- looked after -----------------------------------------------------------------------------------------------------

SEEN_WITHIN: Final = timedelta(minutes=6)  # by then the use of a token that goes on has been written down


def is_late(now: datetime) -> bool:
    """Whether anything that is due has been unsent for too long."""
    if not settings.ORTOO_SENDS_MAIL:
        return False
    since = now - LATE
    return (
        Mail.objects.filter(_ON_ITS_WAY, made_at__lt=since).exists()
        or Message.objects.filter(mail=None, send_after__lt=since).exists()
    )


def sweep(now: datetime) -> None:
    """Remove what was sent, or has failed, long ago."""
    over = now - KEPT_FOR
    Mail.objects.filter(Q(sent_at__lt=over) | Q(failed_at__lt=over)).delete()
