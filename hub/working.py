"""The work beside the requests: what has to happen by itself, in a worker of its own or inside the practice hub."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from django.db import close_old_connections, connection

from agencies import housekeeping
from hub import errors
from referrals import firing, standing
from referrals.housekeeping import forget_old_seeds

EVERY: Final = 60.0  # seconds
TICK: Final = 1.0  # seconds, between looks at what has run out

OFTEN: Final[Sequence[Callable[[], object]]] = (firing.fire,)
SOMETIMES: Final[Sequence[Callable[[], object]]] = (
    housekeeping.sweep,
    forget_old_seeds,
    standing.settle,
    standing.forget,
)


def work_until(stop: threading.Event) -> None:
    """Look every second at what has run out, and do the rest every minute. What fails is an incident in the log, and is
    tried again the next time.
    """
    swept = float("-inf")
    try:
        while not stop.is_set():
            is_time = time.monotonic() - swept >= EVERY
            work((*OFTEN, *SOMETIMES) if is_time else OFTEN)
            swept = time.monotonic() if is_time else swept
            stop.wait(TICK)
    finally:
        connection.close()


def work(parts: Sequence[Callable[[], object]] = (*OFTEN, *SOMETIMES)) -> None:
    """Do this work once; one that fails stops no other."""
    for one in parts:
        close_old_connections()
        try:
            one()
        except Exception as error:
            errors.of_exception(error, part=one.__module__)
