"""The person at her own page, with her code: she looks, takes back, leaves; and nothing of it stays on the device."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from ortoo.protocol import receipt
from ortoo.receipts import draw
from tests.hubs import Hub
from tests.members import at_work
from tests.stories.test_taking_back import tonight
from tests.web import pictures
from tests.web.conftest import Visiting
from tests.web.node import WEB
from tests.web.sending import member, signed_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

TEXT = re.compile(r'^\s*"?([\w.]+)"?:\s*("(?:[^"\\]|\\.)*"),$', re.MULTILINE)
PHONE = {"width": 360, "height": 740}
KEPT = """async () => [
  document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
  (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length,
]"""


@cache
def words(language: str) -> dict[str, str]:
    text = (WEB / "src" / "receipt" / f"receipt-{language}.ts").read_text(encoding="utf-8")
    return {key: json.loads(said) for key, said in TEXT.findall(text)}


@dataclass
class Her:
    page: Page
    language: str = "en"

    def said(self, key: str, **values: object) -> str:
        text = words(self.language)[key]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    async def press(self, key: str) -> None:
        await self.page.get_by_role("button", name=self.said(key), exact=True).click()

    async def heading(self, key: str) -> None:
        """The screen of this heading, which has the focus; usable by everybody in both languages and themes."""
        title = self.page.get_by_role("heading", level=1, name=self.said(key).partition("{")[0].strip())
        await expect(title).to_be_focused()

    async def look(self, name: str) -> None:
        await pictures.look(self.page, f"receipt-{name}")


def hidden(data: Any) -> Any:
    told = data["proveWithReceipt"]
    return {"proveWithReceipt": told | {"logged": told["logged"][1:]}}


def moved(data: Any) -> Any:
    first, *rest = data["proveWithReceipt"]["logged"]
    return {"proveWithReceipt": data["proveWithReceipt"] | {"logged": [first | {"index": first["index"] ^ 1}, *rest]}}


def emptied(data: Any) -> Any:
    return {"proveWithReceipt": data["proveWithReceipt"] | {"log": {"checkpoint": None, "consistency": []}}}


def refusing(data: Any) -> Any:
    """What she did not decide."""
    first, *rest = data["lookWithReceipt"]["holders"]
    return {"lookWithReceipt": data["lookWithReceipt"] | {"holders": [first | {"refused": ["needs"]}, *rest]}}


async def test_she_takes_back_a_part_and_all_while_the_shelter_has_it_open(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    given = draw("full")
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(tonight(9001), given.key(nara.directory.id))
        shelter = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.open"), "en")
        await shelter.opens_first()
        parts = shelter.page.locator("article details.part")
        await expect(parts).to_have_count(4)
        await shelter.answers("acknowledged")
        await expect(parts).to_have_count(4)  # what was read stays while it goes on

        origin = f"http://localhost:{hub.port}"
        browser = await visit(origin, viewport=PHONE, locale="en-GB")
        asked: list[str] = []
        browser.context.on("request", lambda request: asked.append(f"{request.url} {request.post_data or ''}"))
        page = await browser.go(f"/r/#{given.code.replace(' ', '')}")
        her = Her(page)
        assert page.url == f"{origin}/r/"
        await her.heading("about.title")
        await her.look("about")
        await her.press("next")
        field = page.get_by_label(her.said("code.label"))
        await expect(field).to_have_value(given.code)  # the picture on the card brought it
        await field.fill(given.code[:-1] + str((int(given.code[-1]) + 1) % 10))
        await her.press("code.look")
        await page.get_by_text(her.said("code.slip")).wait_for()
        await expect(field).to_be_focused()
        await her.look("slip")
        await field.fill("")
        await expect(page.locator(".error")).to_have_count(0)
        await field.press_sequentially(given.code.replace(" ", ""))
        await expect(field).to_have_value(given.code)
        await page.keyboard.press("Enter")
        await her.heading("shown.title")
        card = page.locator(".card", has_text="Mongolian Gender Equality Centre")
        await expect(card).to_contain_text(her.said("section.safety"))
        await expect(card).to_contain_text(her.said("shown.opened").partition("{")[0])
        await expect(page.get_by_role("status")).to_have_text(her.said("log.logged"), timeout=15_000)
        await her.look("shown")

        await her.press("take.open")
        await her.heading("take.title")
        await page.get_by_text(her.said("take.parts")).click()
        await page.get_by_role("checkbox", name=her.said("section.safety")).check()
        await her.look("choose")
        await her.press("next")
        await her.heading("sure.title")
        await page.get_by_text(her.said("sure.what", what=her.said("section.safety"))).wait_for()
        await her.look("sure")
        await her.press("sure.yes")
        await her.heading("done.title")
        await page.get_by_text("Mongolian Gender Equality Centre").wait_for()
        await expect(page.get_by_role("status")).to_have_text(her.said("log.logged.done"), timeout=15_000)
        await her.look("done")
        await expect(parts).to_have_count(0)  # while it is being read; what is left is opened anew
        await shelter.press("referral.open")
        await expect(parts).to_have_count(3)
        await her.press("done.look")
        await expect(card).not_to_contain_text(her.said("section.safety"))

        await her.press("take.open")
        await page.get_by_role("radio").first.check()
        await her.press("next")
        await her.press("sure.yes")
        await her.heading("done.title")
        await expect(parts).to_have_count(0)
        assert (await nara.open_referral(sent.id)).readable == []
        await her.press("done.look")
        await page.get_by_text(her.said("shown.nobody")).wait_for()

        # A hub that hides it, and one that shows another log.
        status = page.get_by_role("status")
        await expect(status).to_have_text(her.said("log.logged"), timeout=15_000)
        for operation, lie, told in (
            ("ProveWithReceipt", hidden, "log.promised"),
            ("ProveWithReceipt", hidden, "log.doubtful"),
            ("ProveWithReceipt", moved, "log.broken"),
            ("ProveWithReceipt", emptied, "log.broken"),
            ("LookWithReceipt", refusing, "log.broken"),
        ):
            browser.line.lies = {operation: lie}
            if (
                told == "log.doubtful"
            ):  # by the clock of her device, which is a day ahead, or the only one that is right
                await page.clock.set_system_time(datetime.now(UTC) + timedelta(days=1))
            await her.press("back")
            await her.press("code.look")
            where = page.get_by_role("status" if lie is hidden else "alert")
            await where.filter(has_text=her.said(told).partition("{")[0]).wait_for(timeout=20_000)
            if told == "log.doubtful":
                await page.clock.set_system_time(datetime.now(UTC))
            if lie in (hidden, moved):
                await pictures.look(page, f"receipt-{told.replace('.', '-')}", where.last)
        browser.line.lies = {}

        assert await page.evaluate(KEPT) == ["", 0, 0, 0, 0, 0]
        digits = receipt.parse_code(given.code)
        assert asked
        assert not [one for one in asked if digits in one or given.code in one]
        await her.press("leave")
        await page.wait_for_url(lambda url: not url.startswith(origin))
        browser.seen.foreign.clear()  # the neutral site, which the line of a test does not let through
        browser.seen.errors.clear()


async def test_a_code_that_opens_nothing_and_one_that_shows_nothing(visit: Visiting, hub: Hub) -> None:
    given = draw("withdraw")
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(tonight(9002), given.key(nara.directory.id))
        browser = await visit(f"http://localhost:{hub.port}", viewport={"width": 320, "height": 568}, locale="en-GB")
        page = await browser.go("/r/")
        her = Her(page)
        await her.press("next")
        field = page.get_by_label(her.said("code.label"))
        await field.fill("1234")
        await her.press("code.look")
        await page.get_by_text(her.said("code.short", count=4)).wait_for()
        await field.fill(draw("full").code)
        await her.press("code.look")
        alarm = page.get_by_role("alert")
        await expect(alarm).to_contain_text(her.said("fault.code"))
        await expect(alarm).to_contain_text("+976")
        await her.look("unknown")
        browser.line.cut()
        await her.press("code.look")
        await expect(alarm).to_contain_text(her.said("fault.line"))
        browser.line.mend()
        browser.seen.errors.clear()
        await field.fill(given.code)
        await her.press("code.look")
        await her.heading("shown.silent.title")
        await expect(page.locator(".card")).to_have_count(0)
        await her.look("silent")
        await her.press("take.open")
        await expect(page.get_by_role("radio")).to_have_count(1)
        await page.get_by_role("radio").check()
        await her.press("next")
        await her.press("sure.no")
        await her.heading("shown.silent.title")
        await her.press("take.open")
        await page.get_by_role("radio").check()
        await her.press("next")
        await her.press("sure.yes")
        await her.heading("done.title")
        assert (await nara.show(sent.id)).state == "withdrawn"
        await expect(page.get_by_role("status")).to_have_text(her.said("log.logged.done"), timeout=15_000)

        # Back from elsewhere: blank, and begun anew without the code.
        await page.goto("about:blank")
        await page.go_back()
        await her.heading("about.title")
        await her.press("next")
        await expect(page.get_by_label(her.said("code.label"))).to_have_value("")

        # What was sent and is over is not told as what they can read.
        shows = draw("full")
        (over,) = await nara.send(tonight(9004), shows.key(nara.directory.id))
        await nara.recall(over.id, "sent_by_mistake")
        await page.get_by_label(her.said("code.label")).fill(shows.code)
        await her.press("code.look")
        await her.heading("shown.title")
        card = page.locator(".card", has_text="Mongolian Gender Equality Centre")
        await expect(card).to_contain_text(her.said("shown.agreed").partition("{")[0])
        await expect(card).to_contain_text(her.said("shown.gone"))
        await expect(card).not_to_contain_text(her.said("shown.reads").partition("{")[0])


async def test_nothing_is_kept_of_the_page_itself(visit: Visiting, hub: Hub) -> None:
    browser = await visit(f"http://localhost:{hub.port}")
    answer: Any = await browser.page.goto(f"http://localhost:{hub.port}/r/")
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert "set-cookie" not in answer.headers
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
    await browser.page.get_by_role("heading", level=1).wait_for()  # all of it has arrived before the line goes
