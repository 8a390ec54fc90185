"""Somebody with every right in the database changes something: it is found, and named."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import pytest

from ortoo import consenting
from ortoo.consenting import Scope
from ortoo.protocol.documents import read
from ortoo.protocol import schemas
from tests.hubs import Hub
from tests.log.reading import copied, logged
from tests.members import at_work
from tests.stores import REPOSITORY, Stores
from tests.stories.test_taking_back import tonight
from tests.stories.test_withdrawing import consent_of


@dataclass(frozen=True)
class Found:
    table: str
    row: str
    field: str
    how: str
    said: str


@dataclass
class Town:
    """A hub at rest, with referrals of all kinds, and a process that verifies copies of it."""

    practice: Path
    database: bytes
    anchor: str
    seen: str
    process: subprocess.Popen[str]

    def verify(self, folder: Path, *seen: str) -> list[Found]:
        asked = {"folder": str(folder), "anchor": self.anchor, "seen": list(seen)}
        to, back = cast(IO[str], self.process.stdin), cast(IO[str], self.process.stdout)
        to.write(json.dumps(asked) + "\n")
        to.flush()
        return [Found(*one) for one in json.loads(back.readline())]

    @contextmanager
    def copy(self, folder: Path) -> Iterator["Copy"]:
        shutil.copytree(self.practice / "logs", folder / "logs")
        (folder / "hub.sqlite3").write_bytes(self.database)
        yield Copy(folder)
        shutil.rmtree(folder)


@dataclass
class Copy:
    folder: Path

    def run(self, *statements: str) -> None:
        """As somebody whom no constraint stops."""
        with closing(sqlite3.connect(self.folder / "hub.sqlite3")) as database, database:
            database.execute("PRAGMA foreign_keys = OFF")
            database.execute("PRAGMA ignore_check_constraints = ON")
            for one in statements:
                assert database.execute(one).rowcount != 0, f"nothing was changed by {one}"


@pytest.fixture(scope="module")
def town(stores: Stores) -> Iterator[Town]:
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store).start()
        try:
            anchor, seen = asyncio.run(live(hub))
        finally:
            hub.stop()
        environment = store.environment
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.log.verifying"],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield Town(store.practice, copied(store), anchor, seen, process)
        finally:
            process.terminate()
            process.wait(10)


async def live(hub: Hub) -> tuple[str, str]:
    """Days at two agencies: all that is logged, in all states."""
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (plain,) = await nara.send(tonight(1))
        await delger.open_referral(plain.id)
        await nara.message(plain.id, "Ирж явна.")
        await delger.accept(plain.id)
        await delger.start(plain.id, note="Ирлээ.")
        (waits,) = await nara.send(tonight(2))
        (declined,) = await nara.send(tonight(3))
        await delger.open_referral(declined.id)
        await delger.decline(declined.id, "no_capacity")
        await delger.confirm_deletion(declined.id)
        (recalled,) = await nara.send(tonight(4))
        await delger.open_referral(recalled.id)
        await nara.recall(recalled.id, "sent_by_mistake")
        (narrowed,) = await nara.send(tonight(5))
        await delger.open_referral(narrowed.id)
        await consenting.withdraw(nara, consent_of(narrowed), Scope(("mgec",), sections=("safety",)))
        (withdrawn,) = await nara.send(tonight(6))
        await delger.open_referral(withdrawn.id)
        await consenting.withdraw(nara, consent_of(withdrawn))
        (closed,) = await nara.send(tonight(7))
        await delger.open_referral(closed.id)
        await delger.accept(closed.id)
        await delger.start(closed.id)
        await delger.close(closed.id, "service_given")
        anchor = read(nara.directory.entries[0], schemas.Network).sha256
        await logged(hub.store)
        seen = (hub.practice / "logs" / "log" / "activity" / "checkpoint").read_text(encoding="utf-8")
        return anchor, seen


def test_what_nobody_changed_is_as_it_was(town: Town, tmp_path: Path) -> None:
    with town.copy(tmp_path / "copy") as copy:
        assert town.verify(copy.folder, town.seen) == []
