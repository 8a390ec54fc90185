"""A quarter is counted when it is closed, once, for coordinators alone; what happens later changes nothing of it."""

import csv
import io
import re
from dataclasses import replace

import pytest

from coordination.statistics import Period
from ortoo import contract
from ortoo.protocol.errors import Refused
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.members import at_work, plain_form

DAY = 86_400
BOLD = ("--as", "nhrcm.bold")


def shown(found: contract.Statistics, name: str) -> dict[str, str]:
    (table,) = [one for one in found.tables if one.name == name]
    return {cell.code: str(cell.value) if cell.value is not None else cell.why for cell in table.cells}


async def test_a_quarter_is_counted_once_and_singles_nobody_out(own_hub: Hub) -> None:
    async with at_work(own_hub, "mrc.nara") as nara, at_work(own_hub, "mgec.delger") as delger:
        sent = [(await nara.send(plain_form(number)))[0] for number in range(9)]
        for number in range(6):
            form = plain_form(100 + number)
            sent += await nara.send(replace(form, routing=replace(form.routing, urgency="urgent")))
        await delger.sync()
        await delger.accept(sent[0].id)
        quarter = Period.newest_closed(nara.now())
        while not quarter.begins_at <= sent[0].sent_at < quarter.ends_at:
            quarter = Period(quarter.year + quarter.quarter // 4, quarter.quarter % 4 + 1)  # type: ignore[operator]

        async with at_work(own_hub, "nhrcm.bold") as bold:
            for period in (str(quarter), str(quarter.year), "2026-10", "20260", "2026-Q5", "МN"):
                with pytest.raises(Refused, match="malformed"):
                    await bold.client.statistics(period)
            with pytest.raises(Refused, match="role_not_allowed"):
                await nara.client.statistics()

            until_closed = int((quarter.closes_at - nara.now()).total_seconds()) + 60
            await nara.client.move_practice_clock(until_closed)
            found = await bold.client.statistics()
            assert (found.period, found.total.value, found.left_out) == (str(quarter), 15, [])
            assert shown(found, "urgency") == {"immediate": "withheld", "urgent": "6", "standard": "few"}
            assert sorted(shown(found, "month").values()) == ["few", "few", "withheld"]
            assert {cell.value for table in found.tables for cell in table.cells} == {None, 6}
            assert {(one.median, one.p90) for one in found.times} == {(None, None)}

            # Differencing of two looks: the withheld number cannot be had by changing what is beside it.
            execute = own_hub.store.execute
            execute("UPDATE referrals_referral SET urgency = 'standard' WHERE urgency = 'urgent'")
            assert await bold.client.statistics(str(quarter)) == found

            await nara.client.move_practice_clock(366 * DAY)
            year = await bold.client.statistics(str(quarter.year))
            assert (year.total.value, year.left_out, year.times) == (15, [], [])
            assert set(shown(year, "aimag").values()) == {"withheld", "few"}
            assert shown(year, "answer")["unanswered"] == "withheld"
            assert {shown(year, "answer")[code] for code in ("accepted", "recalled")} == {"few"}
            assert [table.name for table in year.tables] == ["aimag", "answer", "service"]  # one of 15 was taken on
            rooms = {one.service: (one.services, one.places) for one in year.rooms}
            assert rooms["shelter"] == (3, 24)
            assert rooms["interpretation"][1] is None
            assert found.rooms == []
            assert await bold.client.statistics(str(quarter)) == found

    ortoo = Ortoo(own_hub.practice, own_hub.url)
    said = ortoo(*BOLD, "coordinators", "statistics", "--period", str(quarter), "--table", "urgency").stdout
    assert "fewer than 5" in said
    assert "withheld" in said
    assert "40%" in said
    said = ortoo(*BOLD, "coordinators", "statistics", "--period", str(quarter), LANG="mn_MN.UTF-8").stdout
    assert "5-аас цөөн" in said
    written = ortoo(*BOLD, "coordinators", "statistics", "--period", str(quarter), "--format", "csv").stdout
    rows = {(row["table"], row["code"]): row for row in csv.DictReader(io.StringIO(written))}
    assert (rows["urgency", "urgent"]["number"], rows["urgency", "standard"]["why"]) == ("6", "few")
    said = ortoo(
        *BOLD, "--lang", "en", "coordinators", "statistics", "--period", str(quarter.year), "--table", "rooms"
    ).stdout
    assert re.search(r"^Shelter +3 +24 +15", said, re.MULTILINE), said
    assert re.search(r"^Interpretation +1 +not counted +fewer than 5", said, re.MULTILINE), said
    assert (
        ortoo.json(*BOLD, "coordinators", "statistics", "--period", str(quarter))["statistics"]["total"]["value"] == 15
    )
