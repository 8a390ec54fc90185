"""Workers that are killed while they send mail: every message goes out, and what comes twice carries the same id."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import pytest

from tests.mail_server import MailServer
from tests.stores import REPOSITORY, Store

KILLED: Final = 20
AT_LEAST: Final = 200  # messages


class Mailing:
    """tests/faults/mailing.py at work."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.mailing"],
            cwd=REPOSITORY,
            env=store.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(store.folder / "mailing.log").open("ab"),
            text=True,
        )

    def __call__(self, command: str, answer: str) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline().split()
        assert said[0] == answer, (said, self.said())
        return int(said[1])

    def said(self) -> str:
        return (self.store.folder / "mailing.log").read_text(encoding="utf-8", errors="replace")

    @contextmanager
    def worker(self) -> Iterator[None]:
        """One that is killed at the end, whatever it is doing."""
        pid = self("work", "working")
        try:
            yield
        finally:
            os.kill(pid, signal.SIGKILL)

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(20) == 0


@pytest.mark.parametrize("store_kind", ["postgres"])
def test_killed_twenty_times_nothing_is_lost_and_repeats_carry_the_same_id(founded: Store) -> None:
    mail = MailServer(pause=0.02, timeout=5).start()
    store = replace(founded, more=mail.environment)
    mailing = Mailing(store)
    try:
        everybody = mailing("members", "members")
        assert everybody >= 40
        told = 0
        for killed in range(KILLED):
            if killed % 4 == 0 or mailing("open", "open") < 40:
                told += mailing("tell", "told")
            before = len(mail.received)
            with mailing.worker():
                wait_until(lambda before=before: len(mail.received) > before + 3)  # type: ignore[misc]
                time.sleep(random.uniform(0, 0.15))
            # What the dead one held is free again after a while: time is moved on.
            store.execute("DELETE FROM agencies_practiceclock")
            store.execute(f"INSERT INTO agencies_practiceclock (id, ahead) VALUES (1, {120 * (killed + 1)})")  # noqa: S608
        with mailing.worker():
            wait_until(lambda: mailing("open", "open") == 0, 60)
        assert told >= AT_LEAST
        assert "Traceback" not in mailing.said()
        assert '"incident"' not in mailing.said()

        mails = store.execute(
            "SELECT m.id, p.address FROM notifications_mail m JOIN notifications_preference p ON p.member_id = m.to_id"
            " WHERE m.sent_at IS NOT NULL"
        )
        received = defaultdict(list)
        for one in mail.received:
            received[one.id].append(one)
        assert received.keys() == {f"<{plain(id)}@hub.test>" for id, _ in mails}  # each, and no other
        assert {found[0].to for found in received.values()} == {address for _, address in mails}
        assert len({address for _, address in mails}) == everybody
        messages = store.execute("SELECT count(*) FROM notifications_message WHERE mail_id IS NOT NULL")
        assert messages == [(told,)]
        repeats = [found for found in received.values() if len(found) > 1]
        assert repeats  # else nobody was killed between sending and noting it
        for found in repeats:
            assert len({(one.to, str(one.message["Subject"]), one.text) for one in found}) == 1
    finally:
        mailing.end()
        mail.stop()


def plain(id: object) -> str:
    """As it is written in a mail: SQLite keeps 32 digits, PostgreSQL a UUID."""
    text = str(id).replace("-", "")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def wait_until(is_so: Callable[[], bool], within: float = 30) -> None:
    until = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)
