"""She takes back at her own page what one of two agencies has open: each side in a browser, in its own language."""

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from ortoo.form import Form
from tests.hubs import Hub
from tests.members import SCENARIOS, at_work
from tests.web.conftest import Visiting
from tests.web.sending import Worker, member, signed_in
from tests.web.test_receipt import Her

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

PHONE = {"width": 360, "height": 740}


async def code_of(sender: Worker) -> str:
    """Off the screen on which it was just sent; it is then done with."""
    code = "".join((await sender.page.locator(".receipt-code").inner_text()).split())
    await sender.press("send.done")
    return code


async def at_her_page(page: Page, code: str) -> Her:
    her = Her(page)
    await her.heading("about.title")
    await her.press("next")
    await page.get_by_label(her.said("code.label")).fill(code)
    await her.press("code.look")
    await her.heading("shown.title")
    return her


async def test_she_takes_it_back_from_the_mine_alone(visit: Visiting, hub: Hub, tmp_path: Path) -> None:
    form = Form.read(SCENARIOS / "05-withdraws-by-herself.json")
    jargal = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.take5"), "en")
    erdene = await signed_in(visit, hub, await member(hub, tmp_path, "mkb.erdene", "mkb.take5"), "mn", viewport=PHONE)
    await jargal.send(form)
    code = await code_of(jargal)
    async with at_work(hub, "iom.zaya") as zaya:
        (to_iom,) = [one for one in (await zaya.inbox()).items if one.sender == "mrc-umnugobi"]
        await zaya.accept(to_iom.id)

        await erdene.shows_new()
        await erdene.opens_first()
        assert await erdene.reads() == ["needs", "contact", "livelihood"]
        given = str(form.sections["identity"]["given_name"])
        assert given not in await erdene.page.locator("body").inner_text()

        her_visit = await visit(f"http://localhost:{hub.port}", viewport=PHONE, locale="en-GB")
        her = await at_her_page(await her_visit.go("/r/"), code)
        cards = her.page.locator(".card")
        await expect(cards.filter(has_text=jargal.agency("iom"))).to_have_count(1)
        mine = cards.filter(has_text=jargal.agency("mine-khanbogd"))
        await expect(mine).to_have_count(1)
        await her.press("take.open")
        await her.page.get_by_text(her.said("take.agency", agency=jargal.agency("mine-khanbogd"))).click()
        await her.press("next")
        await her.press("sure.yes")
        await her.heading("done.title")

        # On the mine's screen it is gone while it is read; and they sign that their copies are, too.
        await erdene.page.locator("article details.part").first.wait_for(state="detached")
        await erdene.sees_state("withdrawn")
        await erdene.page.get_by_text(erdene.said("referral.owe_deletion")).wait_for()
        await erdene.answers("deleted")
        await erdene.page.get_by_text(erdene.said("referral.owe_deletion")).wait_for(state="detached")

        await her.press("done.look")
        await her.heading("shown.title")
        await expect(mine.get_by_text(her.said("section.livelihood"))).to_have_count(0)
        assert (await zaya.open_referral(to_iom.id)).readable == ["needs", "identity", "contact", "livelihood"]
