"""The work beside the requests: what has to happen by itself, in a worker of its own or inside the practice hub."""

import threading
from collections.abc import Callable, Sequence
from typing import Final

from django.db import close_old_connections, connection

from agencies import housekeeping
from hub import errors
from referrals.housekeeping import forget_old_seeds

EVERY: Final = 60.0  # seconds

WORK: Final[Sequence[Callable[[], None]]] = (housekeeping.sweep, forget_old_seeds)


def work_until(stop: threading.Event) -> None:
    """Do all the work every minute. What fails is an incident in the log, and is tried again the next minute."""
    try:
        while not stop.is_set():
            work()
            stop.wait(EVERY)
    finally:
        connection.close()


def work() -> None:
    """Do all the work once; one that fails stops no other."""
    for one in WORK:
        close_old_connections()
        try:
            one()
        except Exception as error:
            errors.of_exception(error, part=one.__module__)
