"""A device that is not as it should be: its clock is days off, its store is full, its live line is lost."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo.form import Form
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, all_ids, at_work
from tests.web.conftest import Visiting
from tests.web.sending import member, signed_in
from tests.web.test_drafts import NEED
from tests.web.test_inbox import form as plain

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

THREE_DAYS = 3 * 24 * 3600


async def test_on_a_device_whose_clock_is_days_off_the_hubs_time_counts(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        await nara.client.move_practice_clock(THREE_DAYS)
        await nara.sync()
        (sent,) = await nara.send(plain("A bed"))
        one = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.clock"), "en")
        page = one.page
        await page.get_by_text(one.said("app.clock_off", by="3 days")).wait_for()
        clock = page.locator(".inbox .row").first
        await expect(clock).to_contain_text("(0:5")  # an hour, of which some minutes may have gone
        await one.opens_first()
        await one.answers("accepted")
        now = (await nara.client.network()).now
        steps = (await nara.show(sent.id)).steps
        assert [step.type for step in steps] == ["opened", "accepted"]
        assert all(abs((step.at - now).total_seconds()) < 120 for step in steps)


async def test_where_the_store_is_full_it_is_said_and_what_was_typed_stays_on_the_screen(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = Form.read(SHELTER_TONIGHT)
    one = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.full"), "en")
    page = one.page
    await one.place("place.send")
    await one.need(form)
    await one.who_can(form.recipients)
    await one.heading("send.tell")
    await page.locator(NEED).fill("A bed")
    await page.locator(".send-place").get_by_text(one.said("app.saved")).wait_for()

    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Storage.overrideQuotaForOrigin", {"origin": one.visit.origin, "quotaSize": 1})
    full, typed = page.get_by_text(one.said("problem.store_full")).first, ""
    async with asyncio.timeout(90):  # Chromium looks at what is left now and then
        while not await full.is_visible():
            typed += "A bed, and a doctor. "
            await page.locator(NEED).fill(typed)
            await asyncio.sleep(2)
    await expect(page.locator(NEED)).to_have_value(typed)

    # Room was made: the next pause saves it, and it can be sent.
    await devtools.send("Storage.overrideQuotaForOrigin", {"origin": one.visit.origin})
    await page.locator(NEED).fill("A bed, and a doctor")
    await full.wait_for(state="detached")
    await one.tell(form)
    await one.decide(form)
    await one.heading("send.check")
    await page.keyboard.press("Control+Enter")
    await page.locator(".sent-rows li").wait_for()
    async with at_work(hub, "mrc.nara") as nara:
        assert len(await all_ids(nara, "outbox")) == 1


async def test_a_live_line_that_is_lost_comes_back_by_itself_with_what_was_missed(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    one = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.socket"), "en")
    async with at_work(hub, "mrc.nara") as nara:
        await one.page.get_by_text(one.said("app.live"), exact=True).wait_for()
        one.visit.line.cut()
        await one.page.get_by_text(one.said("app.offline")).first.wait_for()
        await nara.send(plain("A bed"))
        one.visit.line.mend()
        await one.page.get_by_text(one.said("app.live"), exact=True).wait_for()
        await one.shows_new()
        await one.page.locator(".inbox .row").first.wait_for()

        # Signed out without a line, that is done here at once and at the hub as soon as it can hear of it.
        await one.place("place.me")
        one.visit.line.cut()
        await one.press("me.sign_out")
        still_open = one.page.get_by_text(one.said("problem.still_open"))
        await still_open.wait_for()
        assert len(await one.page.context.cookies()) == 1
        one.visit.line.mend()
        await still_open.wait_for(state="detached")
        assert await one.page.context.cookies() == []
    one.visit.seen.errors.clear()
