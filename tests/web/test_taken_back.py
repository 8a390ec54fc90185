"""Stories that end with what she takes back at her own page: on each side a browser, each side in its own language."""

from dataclasses import replace
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

    # The agency before which she decided sees what she took back, and from whom.
    await jargal.opens_sent_in("accepted")
    await jargal.press("later.open")
    hers = {"agency": jargal.agency("mine-khanbogd"), "sections": jargal.said("later.everything")}
    await jargal.page.get_by_text(jargal.said("later.by_her_code", **hers)).wait_for()


async def test_from_the_consul_home_through_four_agencies_and_all_of_it_taken_back(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = Form.read(SCENARIOS / "06-consul-and-home.json")
    onward = ("needs", "identity", "safety")
    bilguun = await signed_in(visit, hub, await member(hub, tmp_path, "coe.bilguun", "coe.home6"), "mn")
    zaya = await signed_in(visit, hub, await member(hub, tmp_path, "iom.emma", "iom.home6"), "en")
    delger = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.home6"), "mn", viewport=PHONE)
    tuul = await signed_in(visit, hub, await member(hub, tmp_path, "mfa.saran", "mfa.home6"), "en", viewport=PHONE)
    # A page offers days of its own, and refuses a part to one agency, not to all of them.
    grants = form.consent.grants | {"iom": replace(form.consent.grants["iom"], days=180)}
    await bilguun.send(replace(form, consent=replace(form.consent, grants=grants, refusals={})))
    code = await code_of(bilguun)

    await zaya.shows_new()
    await zaya.opens_first()
    assert await zaya.reads() == ["needs", "identity", "contact", "account", "safety"]
    await zaya.answers("accepted")
    await tuul.shows_new()
    await tuul.opens_first()
    assert await tuul.reads() == ["needs", "identity", "legal"]

    # Home is a third agency: nothing goes there before she has decided on it; she does, before whom she let coordinate.
    await zaya.page.locator("details.more summary", has_text=zaya.said("onward.title")).click()
    await zaya.page.locator("#onward-to").select_option("mgec")
    await zaya.page.get_by_role("heading", name=zaya.said("onward.ask", agency=zaya.agency("mgec"))).wait_for()
    for section in onward:
        await zaya.page.locator(f'input[name="onward-sections"][value="{section}"]').check()
    await zaya.page.locator('input[name="onward-purposes"][value="give_service"]').check()
    await zaya.page.locator("#onward-how").select_option("spoken_by_phone")
    await zaya.press("onward.agreed")
    await zaya.page.get_by_text(zaya.said("onward.sent", agency=zaya.agency("mgec"))).wait_for()

    await delger.shows_new()
    await delger.opens_first()
    assert await delger.reads() == [*onward]
    await delger.answers("accepted")
    await delger.sees_state("accepted")

    await bilguun.opens_sent_in("accepted")
    await bilguun.page.locator("details.more summary", has_text=bilguun.said("onward.chain")).click()
    chain = bilguun.page.locator(".chain")
    for agency in ("iom", "mgec"):
        await expect(chain).to_contain_text(bilguun.agency(agency))

    # She takes back all of it, and it is gone on each screen that stands open, however many hands it went through.
    her_visit = await visit(f"http://localhost:{hub.port}", viewport=PHONE, locale="en-GB")
    her = await at_her_page(await her_visit.go("/r/"), code)
    await her.press("take.open")
    await her.page.get_by_role("radio").first.check()
    await her.press("next")
    await her.press("sure.yes")
    await her.heading("done.title")
    for one in (delger, tuul, zaya, bilguun):
        await one.page.locator("article details.part").first.wait_for(state="detached")
        await one.sees_state("withdrawn")
        await expect(one.button("referral.open")).to_have_count(0)
