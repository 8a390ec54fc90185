"""The work beside the requests: what has to happen by itself, in a worker of its own or inside the practice hub."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from django.conf import settings
from django.db import close_old_connections, connection

from agencies import housekeeping, sequencing
from hub import errors
from notifications import delivery, reaching
from notifications.housekeeping import sweep as sweep_mail
from ortoo.protocol.errors import Refused
from referrals import due, ending, files, firing, sealed, standing
from referrals.housekeeping import forget_old_seeds

EVERY: Final = 60.0  # seconds
TICK: Final = 1.0  # seconds, between looks at what has run out

RUN_OUT: Final[Sequence[Callable[[], object]]] = (firing.fire, ending.end)
OFTEN: Final[Sequence[Callable[[], object]]] = (*RUN_OUT, reaching.look)
SOMETIMES: Final[Sequence[Callable[[], object]]] = (
    housekeeping.sweep,
    forget_old_seeds,
    standing.settle,
    standing.forget,
    files.sweep,
    sealed.empty_write_ahead_log,
    sweep_mail,
)
SEQUENCING: Final = 0.5  # seconds, between looks at what waits for its place in the activity log
FAILED: Final = 5.0  # seconds, where that failed
REFUSED: Final = 30.0  # seconds, where the hub may not sign
BESIDE: Final[Sequence[Callable[[], object]]] = (delivery.deliver,)  # waits for others, and so in threads of its own
LEFT_TO_END: Final = 10.0  # seconds for a mail that is on its way when the worker stops


def work_until(stop: threading.Event) -> None:
    """Look every second at what has run out, and do the rest every minute. What fails is an incident in the log, and is
    tried again the next time.
    """
    beside = [
        threading.Thread(target=_beside_until, args=(stop, one), daemon=True)
        for one in BESIDE
        for _ in range(delivery.THREADS if settings.ORTOO_SENDS_MAIL else 0)
    ]
    beside.append(threading.Thread(target=_sequence_until, args=(stop,), daemon=True))
    for thread in beside:
        thread.start()
    swept = float("-inf")
    try:
        while not stop.is_set():
            is_time = time.monotonic() - swept >= EVERY
            work((*OFTEN, *SOMETIMES) if is_time else (_end_what_ran_out, reaching.look))
            swept = time.monotonic() if is_time else swept
            stop.wait(TICK)
        until = time.monotonic() + LEFT_TO_END
        for thread in beside:
            thread.join(max(0, until - time.monotonic()))
    finally:
        connection.close()


def _end_what_ran_out() -> None:
    if due.anything():
        work(RUN_OUT)


def _beside_until(stop: threading.Event, part: Callable[[], object]) -> None:
    try:
        while not stop.is_set():
            work((part,))
            stop.wait(TICK)
    finally:
        connection.close()


def _sequence_until(stop: threading.Event) -> None:
    """In a thread of its own: within a second, whatever else there is to do."""
    refused = ""
    try:
        while not stop.is_set():
            close_old_connections()
            try:
                sequencing.integrate()
                refused = ""
            except (
                Refused
            ) as error:  # what was signed and what is there do not fit: nobody signs before somebody looked
                if error.message != refused:
                    structlog.get_logger().error("log_not_signed", error=f"{error.code}: {error.message}")
                refused = error.message
            except Exception as error:
                errors.of_exception(error, part=sequencing.__name__)
                stop.wait(FAILED)
            stop.wait(REFUSED if refused else SEQUENCING)
    finally:
        connection.close()


def work(parts: Sequence[Callable[[], object]] = (sequencing.integrate, *OFTEN, *SOMETIMES, *BESIDE)) -> None:
    """Do this work once; one that fails stops no other."""
    for one in parts:
        close_old_connections()
        try:
            one()
        except Exception as error:
            errors.of_exception(error, part=one.__module__)
