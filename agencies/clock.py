"""The hub's time. A real hub's is the machine's; a practice network's can be moved on, so that days pass in a moment.

By it go referrals, consents and what is due. Sessions, codes and throttling go by the machine's clock always.
"""

import threading
import time
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from agencies.models import PracticeClock
from ortoo.protocol.errors import Refused

FARTHEST: Final = timedelta(days=3650)  # ahead of the machine, in all
LOOK_EVERY: Final = 0.5  # seconds: another process may have moved it

_lock = threading.Lock()
_ahead, _looked = timedelta(), float("-inf")


def now() -> datetime:
    """This instant, in UTC."""
    return timezone.now() + (ahead() if settings.ORTOO_PRACTICE_DIR is not None else timedelta())


def ahead() -> timedelta:
    """How far a practice network is ahead of the machine's clock."""
    global _ahead, _looked
    with _lock:
        if time.monotonic() - _looked > LOOK_EVERY:
            seconds = PracticeClock.objects.values_list("ahead", flat=True).first() or 0
            _ahead, _looked = timedelta(seconds=seconds), time.monotonic()
        return _ahead


def move_on(by: timedelta) -> datetime:
    """Move a practice network's clock on; never back. Gives what it shows then.

    Raises Refused: `role_not_allowed` in a real network, `limit_exceeded`.
    """
    global _looked
    if settings.ORTOO_PRACTICE_DIR is None:
        raise Refused("role_not_allowed", "Only the clock of a practice network can be moved.", field="clock")
    if by < timedelta() or ahead() + by > FARTHEST:
        raise Refused("limit_exceeded", field="seconds", most=int((FARTHEST - ahead()).total_seconds()))
    seconds = int(by.total_seconds())
    PracticeClock.objects.get_or_create(pk=1)
    PracticeClock.objects.filter(pk=1).update(ahead=F("ahead") + seconds)
    with _lock:
        _looked = float("-inf")
    return now()
