"""Searching on the device: among what was seen here, without the hub, names hidden until they are asked for."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo import receipts
from ortoo.client import Client
from ortoo.form import Form
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, at_work
from tests.web.conftest import Visiting
from tests.web.pictures import look
from tests.web.sending import member, signed_in
from tests.web.test_inbox import form as plain

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]


async def test_what_was_seen_here_is_found_by_its_words_without_asking_the_hub(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = Form.read(SHELTER_TONIGHT)
    name, card = str(form.sections["identity"]["given_name"]), receipts.draw("full")
    one = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.find"), "en")
    page = one.page
    async with at_work(hub, "mrc.nara") as nara:
        await nara.send(plain("soup"))
        await nara.send(form, card.key(nara.directory.id))
        await one.shows_new()
        await expect(page.locator(".inbox .row")).to_have_count(2)
        await page.locator(".inbox .row").last.click()  # the one that was sent later
        await one.press("referral.open")
        await page.locator("article .part").first.wait_for()
        await one.place("place.inbox")
        await page.locator(".inbox .filters").wait_for()
    one.visit.line.cut()  # nothing of it needs the hub

    await page.keyboard.press("/")
    await page.get_by_role("heading", level=1, name=one.said("find.title")).wait_for()
    field, rows = page.get_by_label(one.said("find.what"), exact=True), page.locator(".inbox .row")
    await field.fill(name[:4].lower())
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text(one.said("find.where", where=one.label("sections", "identity")))
    assert name not in await page.locator("main").inner_text()
    one.visit.line.mend()  # the other language is fetched when it is first asked for
    await look(page, "find")
    one.visit.line.cut()
    await one.press("referral.names.show")
    await expect(rows).to_contain_text(name)

    # By what the hub knows, too, of what was not opened; each word has to be somewhere.
    await field.fill("shelter dalanzadgad")
    await expect(rows).to_have_count(2)
    await field.fill(f"shelter {name}")
    await expect(rows).to_have_count(1)
    await field.fill("soup")  # sealed, and nobody here has opened it
    await page.get_by_text(one.said("find.count", count=0)).wait_for()
    assert await rows.count() == 0

    # Into what was found and back, then away: neither words nor hits stay.
    await field.fill(name)
    await rows.first.click()
    await page.locator("article h1").wait_for()
    await page.keyboard.press("Alt+ArrowLeft")
    await expect(field).to_have_value(name)
    assert "find" not in page.url

    # She takes it back: it leaves the screen by itself, and her name with it.
    await expect(rows).to_contain_text(name)
    one.visit.line.mend()
    async with Client(hub.url) as her:
        await receipts.withdraw(her, card.code, [receipts.everything()])
    await page.get_by_text(one.said("find.count", count=0)).wait_for(timeout=60_000)
    assert name not in await page.locator("main").inner_text()
    await one.place("place.me")
    await one.press("me.lock")
    await one.unlock()
    await one.place("place.inbox")
    await page.locator(".inbox .filters").wait_for()
    await page.keyboard.press("/")
    await expect(field).to_have_value("")
    one.visit.seen.errors.clear()
