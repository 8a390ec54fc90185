"""Tabs of one browser: one at a time works for a member, and neither loses what the other has written; two members who
share the browser each work as themselves."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo.form import Form
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, at_work
from tests.people.newcomers import Newcomer
from tests.web.conftest import Visiting
from tests.web.pictures import look
from tests.web.sending import Worker, member, signed_in
from tests.web.test_drafts import NEED

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]


async def in_another_tab(one: Worker, who: Newcomer) -> Worker:
    page = await one.visit.context.new_page()
    await page.goto(f"{one.visit.origin}/app/")
    return Worker(one.visit, page, who, "en", one.paper)


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
    second = await in_another_tab(first, first.who)
    page = second.page
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


async def test_two_members_who_share_a_browser_each_work_as_themselves(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    nara = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.shares"), "en")
    await nara.place("place.me")
    await nara.press("me.lock")

    # A colleague of another agency signs in beside her, in a tab of his own.
    delger = await in_another_tab(nara, await member(hub, tmp_path, "mgec.delger", "mgec.shares"))
    await delger.press("unlock.other")
    await delger.sign_in()

    # She unlocks, and is nobody but herself: what she sends is hers, and arrives at his.
    await nara.unlock()
    await nara.send(Form.read(SHELTER_TONIGHT))
    await nara.press("send.done")
    await delger.opens(await delger.sees_row_in("inbox.needs", "sent"))
    await nara.opens_sent_in("opened")

    # She signs out: of her own session alone.
    await nara.place("place.me")
    await nara.press("me.sign_out")
    await nara.page.locator("button.door").first.wait_for()
    await delger.answers("acknowledged")
    async with at_work(hub, "mrc.nara") as session:
        assert [one.state for one in (await session.outbox()).items] == ["acknowledged"]


async def test_a_tab_whose_unlocking_is_overtaken_by_another_stays_locked(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    first = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.overtaken"), "en")
    await first.place("place.me")
    await first.press("me.lock")
    second = await in_another_tab(first, first.who)
    page = second.page
    line = first.visit.line
    line.late = {"ActivityLog": iter((6,))}
    await first.unlock()
    while "ActivityLog" not in line.asked:
        await page.wait_for_timeout(100)
    await second.unlock()
    await second.place("place.send")
    await second.heading("send.need")
    await first.page.get_by_text(first.said("problem.locked")).wait_for()
    assert await first.page.locator(".inbox").count() == 0
    assert await page.get_by_text(second.said("problem.another_tab")).count() == 0
