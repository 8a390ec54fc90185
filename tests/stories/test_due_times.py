"""When a clock runs out, its half too, as the hub keeps it: against a model that goes minute by minute."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace as said_of

from ortoo import contract
from ortoo.form import Routing
from ortoo.protocol.documents import new_id
from tests.hubs import Hub
from tests.members import at_work, plain_form
from tests.people.test_services import HOUSING, asking
from tests.sdk.test_hours import CLOCK, DAYS, SCHEDULES, Plain, is_open, on, ub
from tests.stores import Stores

# The day before Tsagaan Sar of 2027, a Saturday: the exceptions of SCHEDULES lie about it.
BEGINS: Final = ub("2027-02-06 10:17:23")
LATER: Final = (0, 3 * 3600 + 41, 4 * 3600 + 59, 5 * 3600)  # seconds after one another, all within one night and day
LEAST: Final = 40 * 60  # minutes of a week, else the model goes a long way
MINUTE: Final = timedelta(minutes=1)
WITHIN: Final = {"half": timedelta(hours=13.5), "acknowledge": timedelta(hours=27), "decide": timedelta(hours=45)}


@dataclass
class Running:
    """Referrals to the centre for rooms of which it has two, sent one after the other, that nobody answers."""

    hub: Hub
    services: tuple[str, str]

    def clocks(self) -> list[tuple[datetime, dict[str, datetime]]]:
        """Of each referral: since when its clocks run, and when they end."""
        asked = "SELECT referral_id, kind, began_at, due_at, next_at FROM referrals_clock ORDER BY began_at"
        found: dict[Any, tuple[datetime, dict[str, datetime]]] = {}
        for referral, kind, began, due, next_at in self.hub.store.execute(asked):
            times = found.setdefault(referral, (moment(began), {}))[1]
            times[kind] = moment(due)
            if kind == "acknowledge":
                times["half"] = moment(next_at)
        return list(found.values())

    def say(self, plains: Sequence[Plain]) -> None:
        asyncio.run(self._say(plains))

    async def _say(self, plains: Sequence[Plain]) -> None:
        async with asking(self.hub, "mgec.delger") as delger:
            for id, plain in zip(self.services, plains, strict=True):
                await delger.save_service(id, offer(plain))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def offer(plain: Plain) -> contract.Offer:
    entries, exceptions, on_holidays = plain
    other = [contract.ExceptionalHours(date=day, **span) for day, spans in exceptions.items() for span in spans]
    shut = [contract.ExceptionalHours(date=day) for day, spans in exceptions.items() if not spans]
    weekly = [contract.OpeningHours(**one) for one in entries]
    return said_of(HOUSING, schedule=weekly, exceptions=[*other, *shut], open_on_holidays=on_holidays)


@pytest.fixture(scope="module")
def running(stores: Stores) -> Iterator[Running]:
    """On SQLite: hours are reckoned by the hub, whatever it keeps them in."""
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            found = Running(hub, (new_id(), new_id()))
            seldom: Plain = ([{"days": "SU", "opens": "00:00", "closes": "00:01"}], {}, True)
            found.say([seldom, seldom])
            asyncio.run(sent(hub))
            yield found
        finally:
            hub.stop()


async def sent(hub: Hub) -> None:
    form = plain_form(950)
    form = replace(form, routing=Routing("standard", ("housing",), "MN-053", "mn", False))
    async with at_work(hub, "mrc.nara") as nara:
        await nara.client.move_practice_clock(int((BEGINS - nara.now()).total_seconds()))
        for later in LATER:
            if later:
                await nara.client.move_practice_clock(later)
            await nara.sync()
            await nara.send(form)


class Model:
    """Whether one of the services is open, minute by minute."""

    def __init__(self, plains: Sequence[Plain]) -> None:
        self.plains, self._days = plains, dict[str, list[bool]]()

    def is_open(self, at: datetime) -> bool:
        local = at.astimezone(BEGINS.tzinfo)
        flags = self._days.get(f"{local:%F}") or self._day(local)
        return flags[local.hour * 60 + local.minute]

    def _day(self, local: datetime) -> list[bool]:
        today = [span for plain in self.plains for span in on(plain, local)]
        before = [span for plain in self.plains for span in on(plain, local - timedelta(days=1))]
        flags = self._days[f"{local:%F}"] = [is_open(clock, today, before) for clock in CLOCK]
        return flags

    @property
    def in_a_week(self) -> int:
        """Minutes of one without holidays and exceptions."""
        return sum(sum(self._day(ub("2027-04-05 00:00") + timedelta(days=day))) for day in range(len(DAYS)))

    def ends(self, began: datetime) -> dict[str, datetime]:
        """When it has been open for as long as each clock runs."""
        found: dict[str, datetime] = {}
        open_for, at = timedelta(), began
        while len(found) < len(WITHIN):
            minute_ends = at.replace(second=0, microsecond=0) + MINUTE
            if self.is_open(at):
                for kind, within in WITHIN.items():
                    if open_for < within <= open_for + (minute_ends - at):
                        found[kind] = at + (within - open_for)
                open_for += minute_ends - at
            at = minute_ends
        return found


@settings(max_examples=15, deadline=None)
@given(plains=st.lists(SCHEDULES, min_size=2, max_size=2))
def test_each_clock_ends_when_the_model_says(running: Running, plains: list[Plain]) -> None:
    """The services move their hours while the clocks run: from their start on they run by the new ones."""
    model = Model(plains)
    assume(model.in_a_week >= LEAST)
    running.say(plains)
    clocks = running.clocks()
    assert len(clocks) == len(LATER)
    for began, ends in clocks:
        assert ends == model.ends(began)
