"""The worker: what runs out is removed, what is alive stays; one failure stops nothing else; it ends when told."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ortoo import administration
from tests import warm
from tests.hubs import Hub
from tests.members import at_work, plain_form
from tests.people.newcomers import Newcomer, confirmed, expected
from tests.people.test_agencies import admitted, newcomer
from tests.stores import REPOSITORY, Store

OLD, NEW = "2020-01-01 00:00:00+00:00", "2099-01-01 00:00:00+00:00"


def blob(store: Store, letter: str) -> str:
    """32 bytes as the database writes them."""
    return f"'\\x{letter * 64}'" if store.kind == "postgres" else f"x'{letter * 64}'"


def some_that_are_over_and_some_that_are_not(store: Store) -> None:
    for letter, moment in (("a", OLD), ("b", NEW)):
        key = blob(store, letter)
        store.execute(f"INSERT INTO agencies_challenge (hash, expires_at) VALUES ({key}, '{moment}')")  # noqa: S608
        store.execute(f"INSERT INTO agencies_bucket (key, tries, at) VALUES ({key}, 1, '{moment}')")  # noqa: S608
    store.execute(
        f"UPDATE agencies_token SET revoked_at = '{OLD}'"  # noqa: S608
        " WHERE member_id = (SELECT id FROM agencies_member WHERE handle = 'mrc.nara')"
    )


def count(store: Store, table: str) -> int:
    return int(store.execute(f"SELECT count(*) FROM agencies_{table}")[0][0])  # noqa: S608


def test_what_is_over_is_removed(founded: Store) -> None:
    some_that_are_over_and_some_that_are_not(founded)
    tokens = count(founded, "token")
    for _ in range(2):  # safe to repeat
        founded.manage("work", "--once")
        assert (count(founded, "challenge"), count(founded, "bucket"), count(founded, "token")) == (1, 1, tokens - 1)


@pytest.mark.parametrize("store_kind", ["postgres"])
def test_a_worker_works_and_ends_when_it_is_told(founded: Store) -> None:
    some_that_are_over_and_some_that_are_not(founded)
    worker = subprocess.Popen(
        [sys.executable, REPOSITORY / "manage.py", "work"],
        cwd=REPOSITORY,
        env=founded.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until = time.monotonic() + 30
        while count(founded, "challenge") > 1:
            assert time.monotonic() < until
            time.sleep(0.1)
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=15)
        assert worker.returncode == 0
        assert "Traceback" not in said
    finally:
        worker.kill()
        worker.wait()


@pytest.mark.parametrize("store_kind", ["sqlite"])
def test_what_fails_is_an_incident_in_the_log(founded: Store) -> None:
    founded.execute("DROP TABLE agencies_challenge")
    run = warm.run(REPOSITORY / "manage.py", ["work", "--once"], environment=founded.environment, timeout=60)
    assert run.returncode == 0
    assert run.stderr.count('"event": "incident"') == 1
    assert '"part": "agencies.housekeeping"' in run.stderr


async def test_old_seeds_go_when_nothing_is_left_that_is_sealed_to_them(hub: Hub, tmp_path: Path) -> None:
    """Two rotations: what was sealed to the first epoch still opens, for a newcomer too, and the second's seeds go."""
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    async with oyun.at_work() as session, at_work(hub, "mgec.delger") as delger:

        def held() -> set[int]:
            rows = f"SELECT DISTINCT epoch FROM agencies_agencykey WHERE agency_id = '{agency}'"  # noqa: S608
            return {epoch for (epoch,) in hub.store.execute(rows)}

        (sent,) = await session.send(plain_form(71))  # the sender's own copy is sealed to its first epoch
        assert await administration.rotate(session) == 2
        assert await administration.rotate(session) == 3
        hub.store.manage("work", "--once")
        assert held() == {1, 3}
        assert (await session.show(sent.id)).state == "sent"
        second = Newcomer(f"{agency}.second", tmp_path)
        await confirmed(session, await second.enrol(await expected(session, second)))
        async with second.at_work() as colleague:
            assert sorted(await colleague.agency_epochs()) == [1, 3]
            assert (await colleague.open_referral(sent.id)).readable
        await delger.decline(sent.id, "no_capacity")
        hub.store.manage("work", "--once")
        assert held() == {1, 3}  # the sender still reads what it sent
        assert (await session.open_referral(sent.id)).readable
