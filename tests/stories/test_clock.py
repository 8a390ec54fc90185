"""A practice network's clock is moved on, never back; what goes by it goes on with it. A real one's stands firm."""

from datetime import UTC, datetime, timedelta

import pytest

from ortoo.protocol.errors import Refused
from tests.hubs import Hub
from tests.members import at_work, plain_form

DAY = 86_400


async def test_days_pass_in_a_moment(own_hub: Hub) -> None:
    async with at_work(own_hub, "mrc.nara") as nara, at_work(own_hub, "mgec.delger") as delger:
        (sent,) = await nara.send(plain_form(51))
        assert (await delger.open_referral(sent.id)).readable
        moved = (await nara.client.move_practice_clock(31 * DAY)).now
        assert abs(moved - datetime.now(UTC) - timedelta(days=31)) < timedelta(minutes=1)
        await nara.sync()
        await delger.sync()
        accepted = await delger.accept(sent.id)  # signed at the time that the hub shows
        assert accepted.steps[-1].at - accepted.sent_at >= timedelta(days=31)
        (later,) = await nara.send(plain_form(52))
        assert (await delger.open_referral(later.id)).readable
        for wrong in (-1, 3651 * DAY):
            with pytest.raises(Refused, match="limit_exceeded"):
                await nara.client.move_practice_clock(wrong)
