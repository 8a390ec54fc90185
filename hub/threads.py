"""The few threads in which the database is used.

A request makes one hop into one of them. They live as long as the process, and each keeps its database connection:
reading is quickest with two; writing waits for the disk, and so takes as many as the database serves at once. Pieces
of files wait for their storage, which may be away for long: they have threads of their own, so nobody waits behind.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThreads(ThreadPoolExecutor):
    """Threads that keep their database connection, and change it for a new one when it has broken."""

    def submit(self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        return super().submit(_with_live_connection, work, args, kwargs)


def _with_live_connection(work: Callable[..., T], args: Sequence[Any], kwargs: Mapping[str, Any]) -> T:
    close_old_connections()
    try:
        return work(*args, **kwargs)
    finally:
        close_old_connections()


# SQLite has one writer at a time: a second one would only wait, and sleep while it waits.
_ONE_WRITER = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")

readers: Final = DatabaseThreads(2, thread_name_prefix="read")
writers: Final = DatabaseThreads(1 if _ONE_WRITER else settings.ORTOO_THREADS, thread_name_prefix="write")
carriers: Final = DatabaseThreads(2, thread_name_prefix="carry")


async def read(work: Callable[P, T], *args: P.args) -> T:
    """Do it in a reader's thread."""
    return await asyncio.get_running_loop().run_in_executor(readers, work, *args)


async def write(work: Callable[P, T], *args: P.args) -> T:
    """Do it in a writer's thread."""
    return await asyncio.get_running_loop().run_in_executor(writers, work, *args)


async def carry(work: Callable[P, T], *args: P.args) -> T:
    """Do it in a thread that may wait for the storage of files."""
    return await asyncio.get_running_loop().run_in_executor(carriers, work, *args)


def serve(loop: asyncio.AbstractEventLoop) -> None:
    """Let `sync_to_async(…, thread_sensitive=False)`, by which the apps read, use the readers' threads too."""
    loop.set_default_executor(readers)
