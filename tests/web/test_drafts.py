"""What is written and not sent yet: it outlives reload, lock and a lost line, is sent once, and is nobody else's."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo.form import Form
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, all_ids, at_work
from tests.web.conftest import Visiting
from tests.web.sending import Worker, member, signed_in
from tests.web.test_signing_in import KEPT

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

NEED = "#send-needs-need_in_own_words"
WORDS = "Өнөө шөнө хонох газар <b>хэрэгтэй</b>"


async def test_a_draft_outlives_reload_and_lock_and_the_next_member_sees_nothing_of_it(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = Form.read(SHELTER_TONIGHT)
    nara = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.draft1"), "en")
    jargal = await member(hub, tmp_path, "mrc.nara", "mrc.draft2")
    page = nara.page
    await page.keyboard.press("n")
    await nara.need(form)
    await nara.who_can(form.recipients)
    await nara.heading("send.tell")
    await page.locator(NEED).fill(WORDS)
    await page.locator("#send-identity-date_of_birth").fill("98.03.14")
    await page.locator(".send-place").get_by_text(nara.said("app.saved")).wait_for()

    # A switch of language loses nothing, nor does a reload: after the lock it is the same screen.
    await nara.speak("mn")
    await expect(page.locator(NEED)).to_have_value(WORDS)
    await nara.speak("en")
    await page.locator(".send-place").get_by_text(nara.said("app.saved")).wait_for()
    await page.reload()
    await nara.unlock()
    await nara.heading("send.tell")
    await expect(page.locator(NEED)).to_have_value(WORDS)
    date = page.locator("fieldset", has=page.locator("#send-identity-date_of_birth")).last.locator("input")
    assert [await one.input_value() for one in await date.all()] == ["98", "03", "14"]

    # Left for another place, it is a row with its verb; what it holds stands nowhere in the open.
    await nara.place("place.inbox")
    await page.locator(".draft-row").get_by_text("Shelter").wait_for()
    assert WORDS not in await page.evaluate(KEPT)
    await nara.place("place.me")
    await nara.press("me.lock")
    await nara.press("unlock.other")
    another = Worker(nara.visit, page, jargal, "en", nara.paper)
    await another.sign_in()
    await another.place("place.send")
    await another.heading("send.need")
    assert await page.locator(".draft-row").count() == 0
    await another.place("place.me")
    await another.press("me.lock")

    # Whose it is goes on where it was, and may throw it away.
    await page.reload()
    await page.locator(f'input[name="who"][value="{nara.who.login}"]').check()
    await nara.unlock()
    await page.locator(".draft-row").get_by_role("button", name=nara.said("verb.continue")).click()
    await nara.heading("send.tell")
    await expect(page.locator(NEED)).to_have_value(WORDS)
    await nara.place("place.inbox")
    await nara.press("send.discard")
    await page.get_by_text(nara.said("send.discard.sure")).wait_for()
    await nara.press("send.discard")
    await page.locator(".draft-row").wait_for(state="detached")
    async with at_work(hub, "mrc.nara") as session:
        assert await all_ids(session, "outbox") == []


async def test_what_is_sent_without_a_line_or_loses_its_answer_is_sent_once(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = Form.read(SHELTER_TONIGHT)
    nara = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.line1"), "en")
    page, line = nara.page, nara.visit.line

    # Composing works without a line, with the services as they were seen last. What is sent waits, and goes by itself.
    await nara.place("place.send")
    await nara.need(form)
    await page.locator(".candidates").wait_for()
    line.cut()
    await page.keyboard.press("Alt+ArrowLeft")
    await nara.heading("send.need")
    await nara.press("send.continue")
    await page.get_by_text("The services as they were seen last").wait_for()
    await nara.who_can(form.recipients)
    await nara.tell(form)
    await nara.decide(form)
    await nara.press("send.send_to", agency=nara.agency("mgec"))
    await nara.heading("send.waits")
    async with at_work(hub, "mrc.nara") as session:
        assert await all_ids(session, "outbox") == []
        line.mend()
        await page.locator(".sent-rows li").wait_for(timeout=60_000)
        assert len(await all_ids(session, "outbox")) == 1

        # Her card is gone with the page, and whoever comes back to it reads what is so in the list.
        await page.keyboard.press("/")
        await nara.heading("find.title")
        await page.keyboard.press("Alt+ArrowLeft")
        await page.locator(".inbox .fold").wait_for()
        await expect(page.locator(".receipt-code")).to_have_count(0)

        # The hub has taken it and the answer is lost; the page is loaded anew before it comes back.
        await nara.to_check(form)
        line.lose_answers("SendReferrals")
        await nara.press("send.send_to", agency=nara.agency("mgec"))
        async with asyncio.timeout(30):
            while len(await all_ids(session, "outbox")) < 2:
                await asyncio.sleep(0.1)
        # What names her code is there by now, so the code is too: nobody could be given it later.
        await nara.heading("send.sending")
        await page.locator(".receipt-code").wait_for()
        await page.get_by_text(nara.said("card.waits")).wait_for()
        await nara.look("send-goes")
        line.mend()
        await page.reload()
        await nara.unlock()
        await page.locator(".inbox .fold").wait_for()
        await page.locator(".draft-row").wait_for(state="detached")
        taken = await all_ids(session, "outbox")
        assert len(taken) == 2

    # The other side is a command line.
    ortoo = Ortoo(hub.practice, hub.url)
    read = ortoo.json("--as", "mgec.delger", "open", taken[0])
    assert [one["name"] for one in read["sections"]] == ["needs", "identity", "contact", "safety"]
    assert read["sections"][1]["fields"]["given_name"] == form.sections["identity"]["given_name"]
    assert ortoo("--as", "mgec.delger", "accept", taken[0]).returncode == 0
    nara.visit.seen.errors.clear()
