"""The inbox in a page: what arrives, what opening records, an answer that counts, and a colleague who was quicker."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo.form import Form
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, at_work
from tests.people.newcomers import fingerprint
from tests.web.conftest import Visiting
from tests.web.pictures import look
from tests.web.test_hub import address
from tests.web.test_signing_in import begin, confirm, enrolled, press, step

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

NEED = "<b>Өнөө шөнө</b> http://example.org"


def form(need: str) -> Form:
    sections = {"needs": {"need_in_own_words": need}}
    return replace(Form.read(SHELTER_TONIGHT), sender=None, sections=sections)


async def test_what_arrives_is_opened_answered_and_sometimes_answered_first_by_a_colleague(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    one, joined = await enrolled(hub, tmp_path, "mgec.inbox1")
    await confirm(hub, joined)
    browser = await visit(address(hub), locale="en-GB")
    page = await browser.go("/")
    await begin(page, one.login, one.passphrase)
    await step(page, one.code())
    await page.get_by_label("Fingerprint of the network").fill(fingerprint(hub))
    await press(page, "Continue")
    await page.get_by_role("heading", name="What needs you now").wait_for()
    await page.get_by_text("Filters").wait_for()

    # What arrives moves nothing: it gathers until it is asked for.
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(form(NEED))
        news = page.get_by_role("button", name="New: 1. Show")
        await news.wait_for()
        assert await page.locator(".inbox .row").count() == 0
        await news.click()
        assert NEED not in await page.locator("body").inner_text()
        await look(page, "inbox")

        # Opening is said to be recorded before it is, and is.
        await page.locator(".inbox .row").click()
        await page.get_by_text("Opening is recorded and signed in your name.").wait_for()
        assert [one.type for one in (await nara.show(sent.id)).steps] == []
        await look(page, "referral-unopened")
        await press(page, "Open and read")
        await page.get_by_text(NEED).wait_for()  # as text
        assert await page.locator("main a, main b").count() == 0
        # What the sender signed, the decision and the opening are each proven, here, to be in the log.
        await expect(page.locator("article .in-log")).to_have_text(["in the log"] * 3, timeout=15_000)
        await look(page, "referral")
        assert [one.type for one in (await nara.show(sent.id)).steps] == ["opened"]

        # A colleague declines while this one is about to accept.
        await press(page, "Accept")
        await page.get_by_text("You now care for this.").wait_for()
        await look(page, "answer")
        async with at_work(hub, "mgec.delger") as delger:
            await delger.decline(sent.id, "no_capacity")
        await page.locator(".answer-form").get_by_role("button", name="Send", exact=True).click()
        await page.get_by_text("Somebody in your agency answered first: Declined").wait_for()
        assert (await nara.show(sent.id)).state == "declined"
        await expect(page.get_by_role("button", name="Accept", exact=True)).to_have_count(0)

        # An answer that nobody was quicker with counts.
        (other,) = await nara.send(form("Хоол"))
        await page.get_by_role("button", name="New: ").click()
        await page.locator(".inbox .row").first.click()
        await press(page, "Open and read")
        await press(page, "Acknowledge")
        await page.locator(".answer-form").get_by_role("button", name="Send", exact=True).click()
        await page.get_by_role("button", name="Acknowledge", exact=True).wait_for(state="detached")
        await page.get_by_role("button", name="Accept", exact=True).wait_for()
        assert (await nara.show(other.id)).state == "acknowledged"

        # The line is lost while one is sent: said so, and sent once by itself when the line is back.
        await press(page, "Accept")
        browser.line.cut()
        await page.locator(".answer-form").get_by_role("button", name="Send", exact=True).click()
        await page.get_by_text("The line was lost.").wait_for()
        browser.line.mend()
        await page.get_by_role("button", name="Start the service", exact=True).wait_for(timeout=60_000)
        taken = [one.type for one in (await nara.show(other.id)).steps]
        assert taken == ["opened", "acknowledged", "accepted"]

    assert page.url == f"{browser.origin}/app/"
    browser.seen.errors.clear()
