"""Nobody forgets, whatever happens to the processes: one reminder of many workers, one summary after a stop, a hub that
is not ready while nobody looks, and the recorder who is warned before consent ends.
"""

import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from ortoo.form import Form
from tests import warm
from tests.hubs import NO_TLS, Hub
from tests.members import SHELTER_TONIGHT, at_work, feed_of, plain_form
from tests.stores import REPOSITORY, Store

HOUR = 3_600
ON_ONE_STORE = pytest.mark.parametrize("own_hub", ["sqlite"], indirect=True)
WORKERS = 8


def moved(store: Store, seconds: int) -> None:
    """The practice clock, past every process: they see it a moment later, all at once."""
    store.execute("INSERT INTO agencies_practiceclock (id, ahead) VALUES (1, 0) ON CONFLICT DO NOTHING")
    store.execute(f"UPDATE agencies_practiceclock SET ahead = ahead + {seconds} WHERE id = 1")  # noqa: S608


def unwatched(store: Store, ago: timedelta) -> None:
    """As if nobody had looked at the clocks for so long."""
    (seen,) = store.execute("SELECT looked_at FROM referrals_watch")[0]
    at = seen if isinstance(seen, datetime) else datetime.fromisoformat(seen)
    before = (at - ago).isoformat(sep=" ")
    store.execute(f"UPDATE referrals_watch SET looked_at = '{before}'")  # noqa: S608


def health(store: Store) -> tuple[int, str]:
    run = warm.run(REPOSITORY / "manage.py", ["health"], environment=store.environment, timeout=30)
    return run.returncode, run.stdout + run.stderr


async def test_eight_workers_and_one_clock_give_one_reminder(own_hub: Hub, tmp_path: Path) -> None:
    with ExitStack() as stack:
        for number in range(WORKERS):
            out = stack.enter_context((tmp_path / f"{number}.log").open("wb"))
            worker = warm.start(
                REPOSITORY / "manage.py", ["work"], environment=own_hub.store.environment, stdout=out, stderr=out
            )
            stack.callback(worker.wait, 20)
            stack.callback(worker.terminate)
        async with at_work(own_hub, "mrc.nara") as nara, at_work(own_hub, "mgec.delger") as delger:
            sent = [one.id for number in range(5) for one in await nara.send(plain_form(100 + number))]
            began = len(await feed_of(delger))
            moved(own_hub.store, HOUR // 2 + 60)
            told = await until(delger, began + 5)
            assert sorted((one.kind, one.referral) for one in told[began:]) == sorted(("reminder", id) for id in sent)
            moved(own_hub.store, HOUR // 2)
            told = await until(delger, began + 10)
            time.sleep(2.5)  # two more ticks of each worker
            told = await feed_of(delger)
            assert sorted((one.kind, one.referral) for one in told[began + 5 :]) == sorted(
                ("escalated", id) for id in sent
            )
            assert sorted((one.kind, one.referral) for one in await feed_of(nara)) == sorted(
                ("escalated", id) for id in sent
            )
        for number in range(WORKERS):
            assert "incident" not in (tmp_path / f"{number}.log").read_text()


async def until(session: object, length: int) -> list:  # type: ignore[type-arg]
    last = time.monotonic() + 20
    while len(found := await feed_of(session)) < length and time.monotonic() < last:  # type: ignore[arg-type]
        time.sleep(0.2)
    return found


async def test_a_hub_that_was_down_tells_one_thing_and_not_a_flood(own_hub: Hub) -> None:
    async with at_work(own_hub, "mrc.nara") as nara, at_work(own_hub, "mgec.delger") as delger:
        for number in range(4):
            await nara.send(plain_form(200 + number))
        (other,) = await nara.send(replace(Form.read(SHELTER_TONIGHT), sender=None, recipients=("mgec",)))
        assert len(await feed_of(delger)) == 5
    own_hub.kill()
    moved(own_hub.store, 6 * HOUR)
    unwatched(own_hub.store, timedelta(hours=6))
    own_hub.start()
    async with at_work(own_hub, "mrc.nara") as nara, at_work(own_hub, "mgec.delger") as delger:
        told = await feed_of(delger)
        assert [(one.kind, one.referral) for one in told[5:]] == [("caught_up", None)]
        assert [one.kind for one in await feed_of(nara)] == ["caught_up"]
        async with at_work(own_hub, "nhrcm.bold") as bold:
            late = {one.referral for one in await bold.client.overdue()}
            assert {one.referral for one in told[:5]} <= late
            assert other.id in late
        # From now on as always: what is answered late is answered, and the next thing is told by its name.
        await delger.acknowledge(other.id)
        assert [one.kind for one in await until(nara, 3)][1:] in (["acknowledged", "undecided"], ["acknowledged"])


@ON_ONE_STORE
async def test_one_thing_that_ran_out_is_told_as_itself(own_hub: Hub) -> None:
    async with at_work(own_hub, "mrc.nara") as nara:
        (sent,) = await nara.send(plain_form(300))
    own_hub.kill()
    moved(own_hub.store, 2 * HOUR)
    unwatched(own_hub.store, timedelta(hours=2))
    own_hub.start()
    async with at_work(own_hub, "mrc.nara") as nara, at_work(own_hub, "mgec.delger") as delger:
        for session in (nara, delger):
            told = (await feed_of(session))[-1]
            assert (told.kind, told.referral) == ("escalated", sent.id)


@ON_ONE_STORE
async def test_a_hub_is_not_ready_while_nobody_looks(own_hub: Hub) -> None:
    """What ran out five minutes ago, and no worker has seen it."""
    async with at_work(own_hub, "mrc.nara") as nara:
        await nara.send(plain_form(400))
    own_hub.kill()
    assert health(own_hub.store)[0] == 0
    moved(own_hub.store, HOUR // 2 + 4 * 60)
    assert health(own_hub.store)[0] == 0
    moved(own_hub.store, 2 * 60)
    code, said = health(own_hub.store)
    assert code == 1
    assert "manage.py work" in said
    work = warm.run(REPOSITORY / "manage.py", ["work", "--once"], environment=own_hub.store.environment, timeout=60)
    assert work.returncode == 0, work.stderr
    assert health(own_hub.store)[0] == 0
    own_hub.start()
    assert httpx.get(f"{own_hub.url}/readyz", verify=NO_TLS).json()["ready"]
    own_hub.kill()
    # Not yet; of each kind of thing alone that it has run out; and nothing has, but nobody looked for a while.
    assert own_hub.store.manage("shell", "--verbosity", "0", "-c", ASKED).split() == [
        "False",
        *(["True"] * 5),
        "False",
        "True",
    ]


ASKED = """
from datetime import timedelta
from agencies import clock
from django.utils import timezone
from referrals import due
from referrals.models import Clock, Decision, Referral, Watch

def at(kind, moment, seconds):
    kind.objects.update(**{moment: clock.now() + timedelta(seconds=seconds)})

KINDS = [(Decision, moment) for moment in ("warn_at", "ends_at", "evidence_until")]
KINDS += [(Clock, "next_at"), (Referral, "empties_at")]
for one in KINDS:
    at(*one, 60)
Watch.objects.update(looked_at=timezone.now())
print(due.anything())
for one in KINDS:
    at(*one, -1)
    print(due.anything())
    at(*one, 60)
print(due.anything())
Watch.objects.update(looked_at=timezone.now() - timedelta(seconds=11))
print(due.anything())
"""


@ON_ONE_STORE
async def test_the_recorder_is_warned_before_consent_ends(own_hub: Hub) -> None:
    """A week before; at the half where it lasts less than two; not of what is over or was renewed."""
    form, brief = plain_form(500), plain_form(501)
    grants = {to: replace(one, days=10) for to, one in brief.consent.grants.items()}
    brief = replace(brief, consent=replace(brief.consent, grants=grants))
    async with at_work(own_hub, "mrc.nara") as nara, at_work(own_hub, "mgec.delger") as delger:
        now, (long,) = nara.now(), await nara.send(form)
        (short,) = await nara.send(brief)
        (over,) = await nara.send(replace(brief, sections={"needs": {"dependants": 502}}))
        await delger.accept(over.id)
        await delger.start(over.id)
        await delger.close(over.id, "service_given")
        half = (grants["mgec"].until(now, "informed_consent") - now) / 2
        week = form.consent.grants["mgec"].until(now, "informed_consent") - now - timedelta(days=7)

        async def warned(at: timedelta) -> list[str]:
            """Of whom the recorder has been warned, so long after all was sent; nobody else ever is."""
            await nara.client.move_practice_clock(int((now + at - nara.now()).total_seconds()))
            await nara.sync()
            assert not [one for one in await feed_of(delger) if one.kind == "expiry_warning"]
            return [str(one.referral) for one in await feed_of(nara) if one.kind == "expiry_warning"]

        assert await warned(half - timedelta(hours=1)) == []
        assert await warned(half + timedelta(hours=1)) == [short.id]
        assert await warned(week - timedelta(hours=1)) == [short.id]
        assert await warned(week + timedelta(hours=1)) == [short.id, long.id]
        assert await warned(week + timedelta(days=30)) == [short.id, long.id]
