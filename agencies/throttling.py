"""Tries are limited by token buckets in the database, so that they hold for all processes and over restarts.

A name is kept as a keyed hash: the table says nothing of addresses or logins.
"""

import threading
import time
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from agencies.models import Bucket
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import expand

FORGOTTEN_AFTER = timedelta(days=2)


@dataclass(frozen=True)
class Limit:
    """At most `tries` at once under one name; one comes back every `back` seconds."""

    name: str
    tries: int
    back: float


def take(*asked: tuple[Limit, str]) -> None:
    """Take a try under each of these names, or none.

    Raises:
        Refused: `throttled`, with the seconds until there is one again (`after`).
    """
    now = timezone.now()
    wanted = sorted(((_key(limit, name), limit) for limit, name in asked), key=lambda one: one[0])
    with transaction.atomic():
        for key, limit in wanted:
            Bucket.objects.get_or_create(key=key, defaults={"tries": limit.tries, "at": now})
        locked = {
            bytes(row.key): row
            for row in Bucket.objects.select_for_update().filter(key__in=[key for key, _ in wanted]).order_by("key")
        }
        waits = []
        for key, limit in wanted:
            row = locked[key]
            row.tries = min(limit.tries, row.tries + max(0.0, (now - row.at).total_seconds()) / limit.back)
            row.at = now
            waits.append((1 - row.tries) * limit.back)
        longest = max(waits)
        if longest > 0:
            raise Refused("throttled", after=int(longest) + 1)
        for row in locked.values():
            row.tries -= 1
            row.save(update_fields=["tries", "at"])


def give_back(*asked: tuple[Limit, str]) -> None:
    """The try was a good one: as if it had not been. (Those before it stay counted: who has an account of his own does
    not buy tries with it.)
    """
    keys = [_key(limit, name) for limit, name in asked]
    Bucket.objects.filter(key__in=keys).update(tries=F("tries") + 1)


class InMemory:
    """Tries that are limited in this process's memory alone: for whoever must leave no trace, not even a keyed hash
    and a time. Each process has its own, so several let through so many times more.
    """

    def __init__(self, limit: Limit, most: int = 10_000) -> None:
        """most: names that are kept at once; with more, the one that was used longest ago is forgotten."""
        self._limit, self._most = limit, most
        self._left: dict[str, tuple[float, float]] = {}  # tries, and when they were so many
        self._lock = threading.Lock()

    def take(self, name: str) -> None:
        """Take a try. Refused: `throttled`, with the seconds until there is one again (`after`)."""
        limit, now = self._limit, time.monotonic()
        with self._lock:
            tries, at = self._left.pop(name, (float(limit.tries), now))
            tries = min(limit.tries, tries + (now - at) / limit.back)
            self._left[name] = (tries - 1 if tries >= 1 else tries, now)  # the last used lie last
            if len(self._left) > self._most:
                del self._left[next(iter(self._left))]
        if tries < 1:
            raise Refused("throttled", after=int((1 - tries) * limit.back) + 1)


def forget() -> None:
    """Remove buckets that are full again anyway."""
    Bucket.objects.filter(at__lt=timezone.now() - FORGOTTEN_AFTER).delete()


def _key(limit: Limit, name: str) -> bytes:
    return expand(settings.SECRET_KEY.encode(), f"throttle\0{limit.name}\0{name}".encode())
