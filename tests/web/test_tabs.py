"""Two tabs of one browser: one at a time works for a member, and neither loses what the other has written."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo.form import Form
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT
from tests.web.conftest import Visiting
from tests.web.pictures import look
from tests.web.sending import Worker, member, signed_in
from tests.web.test_drafts import NEED

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]


async def test_the_same_draft_in_two_tabs_is_gone_on_with_where_one_unlocks(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = Form.read(SHELTER_TONIGHT)
    first = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.tabs"), "en")
    await first.place("place.send")
    await first.need(form)
    await first.who_can(form.recipients)
    await first.heading("send.tell")
    await first.page.locator(NEED).fill("A bed")
    await first.page.locator(".send-place").get_by_text(first.said("app.saved")).wait_for()

    # Unlocked in a second tab, it is the same screen with what was written; the first one locks, and says why.
    page = await first.visit.context.new_page()
    await page.goto(f"{first.visit.origin}/app/")
    second = Worker(first.visit, page, first.who, "en", first.paper)
    await second.unlock()
    await second.heading("send.tell")
    await expect(page.locator(NEED)).to_have_value("A bed", timeout=30_000)
    await first.page.get_by_text(first.said("problem.another_tab")).wait_for()
    assert await first.page.locator(NEED).count() == 0
    await look(first.page, "another-tab")
    await page.locator(NEED).fill("A bed, and a doctor")
    await page.locator(".send-place").get_by_text(second.said("app.saved")).wait_for()

    # And back: the newest of both is gone on with.
    await first.unlock()
    await expect(first.page.locator(NEED)).to_have_value("A bed, and a doctor", timeout=30_000)
    await page.get_by_text(second.said("problem.another_tab")).wait_for()
    assert await first.page.get_by_text(first.said("problem.another_tab")).count() == 0
    await first.tell(form)
    await first.decide(form)
    await first.heading("send.check")
    await first.page.keyboard.press("Control+Enter")
    await first.page.locator(".sent-rows li").wait_for()

    # What was sent there is no draft here.
    await second.unlock()
    await page.locator(".inbox .filters").wait_for()
    assert await page.locator(".draft-row").count() == 0
