"""What a client remembers (protocol §10, client state): the newest directory that it saw, how far it read its feed,
what it opened. One file for each member, written whole or not at all; several programs of one member may share it.
"""

import asyncio
import json
import os
import secrets
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Final

from ortoo.protocol.checkpoint import head_of
from ortoo.protocol.errors import Refused

try:
    import fcntl
except ImportError:  # Windows: one program at a time
    fcntl = None  # type: ignore[assignment]


LOOKS_AGAIN: Final = 0.05  # seconds; whether it is one's turn
LONG_AGO: Final = "2000-01-01T00:00:00Z"  # of what had its place in a log before


class MemoryDamaged(Exception):
    """The file is there and cannot be read. It is not thrown away by itself: it holds what protects from a rollback."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


@dataclass(frozen=True)
class Remembered:
    """entries: the directory, in full. checkpoint: the newest signed note over it. feed: the last sequence that was
    shown. opened: H by id of each referral that was opened. sent: ids of the referrals by the key of their form.
    activity: the newest signed note of the activity log. unproven: since when (H by time) documents of this member were
    accepted and not proven to be logged; proven: by H their place and their leaf's salt; named: what they are.
    evidence: H of the decisions of which it was given, or read, on this device. looked: when it was last looked which
    old epochs are still needed, and for which: `day: epochs`. recorded: the consent that was recorded for a sending
    which then was refused, by the key of its form and by the public key of her code.
    """

    network: str
    entries: tuple[str, ...] = ()
    checkpoint: str = ""
    feed: int = 0
    opened: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    looked: str = ""
    activity: str = ""
    unproven: Mapping[str, str] = field(default_factory=dict)
    proven: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    recorded: Mapping[str, str] = field(default_factory=dict)


class Memory:
    """The file `<folder>/<handle>.json`, and what is in it."""

    def __init__(self, folder: Path, handle: str, network: str) -> None:
        """Raises MemoryDamaged."""
        self.folder = folder
        self._path = folder / f"{handle}.json"
        self._network = network
        self.now = self._read()

    def look_again(self) -> None:
        """What another program of this member has seen meanwhile."""
        self.now = self._read()

    def see_directory(self, entries: tuple[str, ...], checkpoint: str) -> None:
        self._change(lambda kept: _longer(kept, entries, checkpoint))

    def see_continued(self, entries: tuple[str, ...], checkpoint: str) -> None:
        """The directory of a log that continues the one before, which was checked (`ortoo.continuing`). Whatever was
        logged before has to be found again.
        """
        self._change(
            lambda kept: replace(
                kept,
                entries=entries,
                checkpoint=checkpoint,
                activity="",
                unproven={**dict.fromkeys(kept.proven, LONG_AGO), **kept.unproven},
                proven={},
            )
        )

    def see_feed(self, sequence: int) -> None:
        self._change(lambda kept: replace(kept, feed=max(kept.feed, sequence)))

    def see_opened(self, id: str, sha256: str) -> None:
        self._change(lambda kept: replace(kept, opened={**kept.opened, id: kept.opened.get(id, sha256)}))

    def see_sent(self, form: str, ids: tuple[str, ...]) -> None:
        self._change(lambda kept: replace(kept, sent={**kept.sent, form: (*kept.sent.get(form, ()), *ids)}))

    def see_recorded(self, consent: str, names: Iterable[str]) -> None:
        """What was to be sent under it was refused: it goes on under it when that is put right."""
        self._change(lambda kept: replace(kept, recorded={**kept.recorded, **dict.fromkeys(names, consent)}))

    def see_begun(self, consent: str) -> None:
        """Something was sent under it: its code stands for that."""
        if consent in self.now.recorded.values():
            self._change(
                lambda kept: replace(
                    kept, recorded={name: one for name, one in kept.recorded.items() if one != consent}
                )
            )

    def see_evidence(self, decisions: Iterable[str]) -> None:
        """H of decisions that evidence goes with."""
        self._change(lambda kept: replace(kept, evidence=tuple(dict.fromkeys((*kept.evidence, *decisions)))))

    def see_looked(self, looked: str) -> None:
        self._change(lambda kept: replace(kept, looked=looked))

    def see_activity(self, note: str) -> None:
        if note != self.now.activity:
            self._change(lambda kept: _further(kept, note))

    def see_accepted(self, documents: Mapping[str, str], at: str) -> None:
        """By H what the hub has accepted now: its type and id."""
        new = {document: at for document in documents if document not in self.now.proven}
        self._change(lambda kept: replace(kept, unproven={**new, **kept.unproven}, named={**kept.named, **documents}))

    def see_proven(self, places: Mapping[str, tuple[int, str]]) -> None:
        """Where documents are in the activity log."""
        self._change(
            lambda kept: replace(
                kept,
                proven={**kept.proven, **places},
                unproven={document: at for document, at in kept.unproven.items() if document not in places},
            )
        )

    def _change(self, step: Any) -> None:
        """Read again, change, write: another program of this member may have written in between."""
        with alone(self._path):
            self.now = step(self._read())
            self._write(self.now)

    def _read(self) -> Remembered:
        if not self._path.exists():
            return Remembered(self._network)
        try:
            value = json.loads(self._path.read_text(encoding="utf-8"))
            if value["network"] != self._network:
                return Remembered(self._network)
            return Remembered(
                network=value["network"],
                entries=tuple(value["entries"]),
                checkpoint=value["checkpoint"],
                feed=int(value["feed"]),
                opened=dict(value["opened"]),
                sent={form: tuple(ids) for form, ids in value["sent"].items()},
                evidence=tuple(value.get("evidence", ())),
                recorded=dict(value.get("recorded", {})),
                looked=str(value.get("looked", "")),
                activity=str(value.get("activity", "")),
                unproven=dict(value.get("unproven", {})),
                named=dict(value.get("named", {})),
                proven={document: (int(at), str(salt)) for document, (at, salt) in value.get("proven", {}).items()},
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise MemoryDamaged(self._path) from None

    def _write(self, kept: Remembered) -> None:
        value = {
            "network": kept.network,
            "checkpoint": kept.checkpoint,
            "feed": kept.feed,
            "opened": dict(kept.opened),
            "sent": {form: list(ids) for form, ids in kept.sent.items()},
            "evidence": list(kept.evidence),
            "recorded": dict(kept.recorded),
            "looked": kept.looked,
            "activity": kept.activity,
            "named": dict(kept.named),
            "unproven": dict(kept.unproven),
            "proven": {document: list(place) for document, place in kept.proven.items()},
            "entries": list(kept.entries),
        }
        write_whole(self._path, json.dumps(value))


def _longer(kept: Remembered, entries: tuple[str, ...], checkpoint: str) -> Remembered:
    """The longer of two directories of which one begins with the other. Two that part are two histories: somebody lies,
    and what was kept is kept as it is.
    """
    both = min(len(entries), len(kept.entries))
    if entries[:both] != kept.entries[:both]:
        raise Refused("directory_fork", "Another program on this device was shown another directory.", size=both)
    if len(entries) < len(kept.entries):
        return kept
    return replace(kept, entries=entries, checkpoint=checkpoint)


def _further(kept: Remembered, note: str) -> Remembered:
    """The larger of two heads of one log; of two logs the one that is shown now."""
    before, now = head_of(kept.activity) if kept.activity else None, head_of(note)
    if before is None or before.origin != now.origin or now.size > before.size:
        return replace(kept, activity=note)
    if now.size == before.size and now.root != before.root:
        raise Refused("proof_invalid", "Another program on this device was shown another log.", size=now.size)
    return replace(kept, activity=note) if now.size == before.size else kept


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Whoever reads this file, changes and writes it does so alone, over all threads and programs."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(path.with_suffix(".lock"), "a") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@dataclass
class Turn:
    """became: what another has made of the same while this one waited; where it did not, for this one to say."""

    became: tuple[str, ...] = ()


@asynccontextmanager
async def in_turn(path: Path) -> AsyncIterator[Turn]:
    """As `alone`, of work that takes its time: the other tasks of a program that waits go on.

    What became of it is written where only those read it who waited: into the lock once it has no name any more.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if fcntl is None:
        yield Turn()
        return
    named = path.with_suffix(".lock")
    while True:
        with open(named, "a+", encoding="ascii") as lock:
            while not _has_locked(lock):
                await asyncio.sleep(LOOKS_AGAIN)
            if _is_named(lock, named):
                turn = Turn()
                try:
                    yield turn
                finally:
                    named.unlink()
                    lock.write("\n".join(turn.became))
                return
            lock.seek(0)
            became = tuple(lock.read().split())
        if became:
            yield Turn(became)
            return


def _has_locked(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _is_named(lock: IO[str], name: Path) -> bool:
    """Whether this is the file of that name, still."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), name.stat())
    except FileNotFoundError:
        return False


def write_whole(path: Path, text: str) -> None:
    """Write a private file so that a reader, or a crash, meets the old one or the new one and nothing between."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
