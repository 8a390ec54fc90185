"""Whether anybody of an agency could be told of a new referral. If nobody could, its sender is told, once.

Reached is an agency when a mail server has taken a mail about the referral to one of its members; when the feed's entry
was handed to one of them, or to a partner system of it (outbox.py: handed_out); or when one of them has used the hub
since.
"""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from agencies import clock, directory
from agencies.access import WORKERS
from agencies.models import Token
from notifications import feed, outbox
from notifications.models import Mail, Message, Reaching

AGAIN_AFTER: Final = timedelta(minutes=1)
MOST: Final = 200  # at once; the rest a moment later


def look() -> None:
    """Look at each new referral of which it is time to know. Safe to run in any number of processes."""
    if not settings.ORTOO_SENDS_MAIL:
        return
    now = clock.now()
    due = Reaching.objects.filter(look_at__lte=now).order_by("look_at").values_list("pk", flat=True)[:MOST]
    for referral in list(due):
        with transaction.atomic():
            rows = Reaching.objects.select_for_update(skip_locked=connection.vendor == "postgresql")
            row = rows.filter(pk=referral, look_at__lte=now).first()
            if row is not None:
                _look(row, now)


def _look(row: Reaching, now: datetime) -> None:
    messages = Message.objects.filter(referral=row.pk, to__agency=row.agency_id)
    if somebody_was_there(row.agency_id, row.since) or messages.filter(mail__sent_at__isnull=False).exists():
        row.delete()
        return
    hopeful = [one.send_after for one in messages.filter(mail__failed_at=None) if _may_come(one, now)]
    if hopeful:
        row.look_at = max(min(hopeful) + outbox.LATE, now + AGAIN_AFTER)
        row.save(update_fields=["look_at"])
        return
    feed.tell([feed.Told(row.sender_id, "not_reached", str(row.pk), urgency=row.urgency)], at=now)
    row.delete()


def _may_come(one: Message, now: datetime) -> bool:
    """It is not due for long, or has not been tried at all: the hub may have been down."""
    if one.send_after > now - outbox.LATE:
        return True
    return not Mail.objects.filter(
        Q(pk=one.mail_id) | Q(to=one.to_id, sent_at=None), failed_at=None, tries__gt=0
    ).exists()


def somebody_was_there(agency: str, since: datetime) -> bool:
    """Whether anybody whose work the feed is has used the hub since then, by the machine's clock."""
    state = directory.in_force().now().agency(agency)
    workers = [one.id for one in state.members if {*one.roles} & {*WORKERS}] if state else []
    return Token.objects.filter(member__in=workers, used_at__gte=since).exists()
