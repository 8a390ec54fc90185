"""Logs: one JSON object a line on stderr, and only fields that are known to hold nothing personal.

Of what libraries log, only where it was said is kept, and the trace: their texts and arguments may hold anything.
"""

import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from typing import Any, Final

import structlog

# Everything else is left out. Add a name only if no value that it can ever have comes from a person or a document.
FIELDS: Final = frozenset(
    ("timestamp", "level", "event", "logger", "where", "error", "trace", "incident", "request_id", "operation", "part")
)
SERVERS: Final = ("uvicorn", "uvicorn.access", "uvicorn.error", "uvicorn.asgi", "daphne", "django", "twisted")


def configure() -> None:
    """Send everything that this process logs through the filter, the standard library's loggers too."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_known_fields,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers = [_Library()]
    root.setLevel(logging.WARNING)
    for name in SERVERS:  # they bring handlers of their own, which write addresses and URLs
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)


def only_known_fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor that leaves out every field whose name is not listed."""
    return {name: value for name, value in event.items() if name in FIELDS}


def names(error: BaseException) -> str:
    """The type of an error and of what caused it, without their texts."""
    return " < ".join(type(one).__qualname__ for one in _chain(error))


def trace(error: BaseException) -> list[str]:
    """Where an error and what caused it came from, the innermost call last; no values, no texts."""
    return [
        f"{frame.filename}:{frame.lineno} {frame.name}"
        for one in reversed(list(_chain(error)))
        for frame in traceback.StackSummary.extract(
            traceback.walk_tb(one.__traceback__), lookup_lines=False, capture_locals=False
        )
    ]


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class _Library(logging.Handler):
    """What a library logs, without its words."""

    def emit(self, record: logging.LogRecord) -> None:
        said: dict[str, Any] = {"logger": record.name, "where": f"{record.module}:{record.lineno}"}
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            said |= {"error": names(error), "trace": trace(error)}
        log = structlog.get_logger()
        (log.error if record.levelno >= logging.ERROR else log.warning)("library", **said)
