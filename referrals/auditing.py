"""The whole verification (protocol §10): both logs, the directory, and each consent's rows, on several processors,
resumable. Memory does not grow with the database: consents are read in batches, and a bounded number waits.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from django.db import connections

from agencies import clock
from agencies import verifying as directory_rows
from audit import log
from audit import verifying as logs
from audit.files import SIGNED, folder_of
from ortoo.memory import write_whole
from ortoo.protocol.checkpoint import VerifierKey
from ortoo.protocol.directory import Directory
from ortoo.protocol.errors import Refused
from ortoo.verifying import Finding
from referrals import verifying
from referrals.models import Consent

BATCH: Final = 20  # consents
WAITING: Final = 4  # batches for each processor

Progress = Callable[[str, int, int], None]  # of what, done, of how many


@dataclass
class State:
    """How far a verification has come. heads: the notes of the logs that it is about; verified: those of the last one
    that came to its end and found nothing; done: the consents up to this id.
    """

    heads: list[str] = field(default_factory=list)
    verified: list[str] = field(default_factory=list)
    size: int = 0  # of the activity log, when that was verified
    done: str | None = None

    @classmethod
    def read(cls, path: Path | None) -> "State":
        """Empty where there is none. Raises ValueError for a file that is not one."""
        if path is None or not path.exists():
            return cls()
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except TypeError as error:
            raise ValueError from error

    def write(self, path: Path | None) -> None:
        if path is not None:
            write_whole(path, json.dumps(asdict(self)) + "\n")


@dataclass(frozen=True)
class Asked:
    """What is to be verified. anchor: H of the network's first document, from paper; None: believed. seen: notes that
    somebody outside keeps. only_new: of the rows only those of consents with something after the last verified head.
    """

    anchor: str | None = None
    seen: Sequence[str] = ()
    workers: int = 1
    state: Path | None = None
    only_new: bool = False


def verify(asked: Asked, progress: Progress) -> Iterator[Finding]:
    """Everything that is not as it was signed and logged. The hub may go on meanwhile."""
    state = State.read(asked.state)
    findings: list[Finding] = []
    directory = directory_rows.replay(asked.anchor, findings)
    yield from findings
    if not directory.size:
        yield Finding("audit_entry", "0", "data", "removed", None, "No directory can be replayed.")
        return
    found = False
    for one in (*_logs(directory, [*asked.seen, *state.verified], progress), *_directory_rows(directory)):
        found = True
        yield one
    heads, size = _heads(directory), log.size_of(log.ACTIVITY)
    if state.heads != heads:
        state.heads, state.done = heads, None
    newer_than = state.size if asked.only_new and state.verified else None
    for one in _rows(directory, asked, state, newer_than, progress):
        found = True
        yield one
    for one in (*verifying.kept_above(directory), *verifying.unrecorded()):
        found = True
        yield one
    state.done = None
    if not found and not findings:
        state.verified, state.size = heads, size
    state.write(asked.state)


def _origins(directory: Directory) -> dict[str, VerifierKey]:
    policy, found = directory.policy, {}
    for name in log.LOGS:
        try:
            found[name] = policy.log_named(f"/log/{name}")
        except Refused:
            continue  # a network that names no such log
    return found


def _logs(directory: Directory, seen: Sequence[str], progress: Progress) -> Iterator[Finding]:
    for name, key in _origins(directory).items():
        yield from logs.verify(
            name,
            key.name,
            directory.policy,
            seen,
            lambda done, of, name=name: progress(name, done, of),  # type: ignore[misc]
        )


def _heads(directory: Directory) -> list[str]:
    paths = [folder_of(key.name) / SIGNED for key in _origins(directory).values()]
    return [path.read_text(encoding="utf-8") for path in paths if path.exists()]


def _rows(
    directory: Directory, asked: Asked, state: State, newer_than: int | None, progress: Progress
) -> Iterator[Finding]:
    """In their order, so that what was done can be left out the next time."""
    many = Consent.objects.count()
    done = Consent.objects.filter(pk__lte=state.done).count() if state.done is not None else 0
    clean = True
    for ids, found in _judged(verifying.batches(state.done, BATCH, newer_than), directory, asked.workers):
        yield from found
        done += len(ids)
        progress("consents", done, many)
        clean = clean and not found
        if clean:  # what was found is found again
            state.done = ids[-1]
            state.write(asked.state)


Judged = tuple[list[str], list[Finding]]


def _judged(batches: Iterator[list[str]], directory: Directory, workers: int) -> Iterator[Judged]:
    if workers == 1:
        for ids in batches:
            yield ids, _judge(ids, directory)
        return
    _shared.append(directory)
    waiting: deque[tuple[list[str], Future[list[Finding]]]] = deque()
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        connections.close_all()  # no process uses another one's: all are forked now, before this one asks anything more
        pool.submit(_forked).result()
        for ids in batches:
            waiting.append((ids, pool.submit(_judge_elsewhere, ids)))
            if len(waiting) >= workers * WAITING:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()


_shared: list[Directory] = []  # what forked processes have from the one that forked them


def _forked() -> None:
    """The first that is submitted forks all of them."""


def _judge_elsewhere(ids: list[str]) -> list[Finding]:
    return _judge(ids, _shared[-1])


def _judge(ids: Sequence[str], directory: Directory) -> list[Finding]:
    found = _judge_by(ids, directory)
    newer = _grown(directory) if found else directory
    return found if newer.size == directory.size else _judge_by(ids, newer)


def _judge_by(ids: Sequence[str], directory: Directory) -> list[Finding]:
    try:
        cases = verifying.load(ids)
        now = clock.now()  # after: what ran out since is gone
        return [found for case in cases for found in verifying.judge(case, directory, now)]
    except (TypeError, ValueError, KeyError):  # somebody has written what no hub writes: the others are judged still
        if len(ids) > 1:
            return [found for id in ids for found in _judge_by([id], directory)]
        told = "A row of this consent holds what cannot be read."
        return [Finding("referrals_consent", ids[0], "row", "changed", None, told)]


def _grown(directory: Directory) -> Directory:
    """The same with what came in since it was replayed."""
    grown = directory.copy()
    try:
        for entry in log.entries(log.DIRECTORY, directory.size, log.size_of(log.DIRECTORY)):
            grown.append(entry.decode())
    except (Refused, ValueError):
        return directory
    return grown


def _directory_rows(directory: Directory) -> list[Finding]:
    while True:
        before = log.size_of(log.DIRECTORY), log.size_in_force(log.DIRECTORY)
        found = list(directory_rows.verify(_grown(directory)))
        if not found or before == (log.size_of(log.DIRECTORY), log.size_in_force(log.DIRECTORY)):
            return found
