"""Without a line: the client starts, what was seen is there as long as it may be, and what is decided is done once."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.hubs import Hub
from tests.members import at_work
from tests.web.conftest import Visiting
from tests.web.pictures import look
from tests.web.sending import Worker, member, signed_in
from tests.web.test_inbox import NEED, form
from tests.web.test_signing_in import KEPT

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

INSTALLED = "navigator.serviceWorker.getRegistration('/app/').then((one) => one?.active?.state === 'activated')"


async def begun_anew(one: Worker) -> None:
    """The page is loaded again and unlocked; its inbox stands."""
    await one.page.reload()
    await one.unlock()
    await one.page.locator(".inbox .filters").wait_for()


async def installed(page: Page) -> None:
    """The device keeps the release."""
    async with asyncio.timeout(30):
        while not await page.evaluate(INSTALLED):
            await asyncio.sleep(0.1)


async def row_opened(page: Page) -> None:
    await page.locator(".inbox .row").first.click()
    await page.locator("article h1").wait_for()


async def test_what_was_seen_is_there_without_a_line_and_gone_once_it_was_taken_back(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    one = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.offline"), "en")
    page, line = one.page, one.visit.line
    assert page.url == f"{one.visit.origin}/app/"
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(form(NEED))
        await one.shows_new()
        await one.opens_first()
        await page.go_back()  # as a phone does; what lies behind was there before the work began
        await page.locator(".inbox .filters").wait_for()
        await row_opened(page)
        await installed(page)

        # No line, and the page is loaded anew: it starts, unlocks, and says as of when it shows what.
        line.cut()
        await begun_anew(one)
        await page.get_by_text("this is the inbox as it was seen").wait_for()
        await row_opened(page)
        await page.get_by_text(NEED).wait_for()
        await page.get_by_text("this is how it was seen").wait_for()
        await look(page, "offline")
        assert NEED not in await page.evaluate(KEPT)

        # What is decided now waits, over a reload too, and is done once when the line is back.
        await one.answers_without_line("accepted")
        await begun_anew(one)
        await row_opened(page)
        await page.get_by_text(one.said("referral.unsent")).wait_for()
        assert [step.type for step in (await nara.show(sent.id)).steps] == ["opened"]
        line.mend()
        await one.sees_state("accepted")
        await expect(page.get_by_text("this is how it was seen")).to_have_count(0)
        assert [step.type for step in (await nara.show(sent.id)).steps] == ["opened", "accepted"]

        # Taken back by the sender: what was seen of it is on this device no longer.
        await nara.sync()
        await nara.recall(sent.id, "no_longer_needed")
        await one.sees_state("recalled")
        line.cut()
        await begun_anew(one)
        await row_opened(page)
        await page.locator("article .state", has_text=one.label("states", "recalled")).first.wait_for()
        assert NEED not in await page.locator("body").inner_text()
    one.visit.seen.errors.clear()


LOOK = "navigator.serviceWorker.getRegistration('/app/').then((one) => one.update()).then(() => 0, () => 0)"


async def test_a_new_release_is_taken_if_every_file_is_its_own_and_used_when_somebody_says_so(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    one = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.release"), "en")
    page, line = one.page, one.visit.line
    await installed(page)
    (kept,) = await page.evaluate("caches.keys()")

    def named(release: str, page_hash: str | None = None) -> Callable[[bytes], bytes]:
        """The service worker of another release; page_hash: it says that of the page."""

        def other(script: bytes) -> bytes:
            text, found = re.subn(rb'"id\\?":\\?"[0-9a-f]{16}', lambda one: one[0][:-16] + release.encode(), script)
            assert found == 1
            if page_hash is not None:
                text, found = re.subn(
                    rb'"/app/\\?":\\?"[0-9a-f]{64}', lambda one: one[0][:-64] + page_hash.encode(), text
                )
                assert found == 1
            return text

        return other

    # A file is not the one that its release names: nothing of it is taken, and that is said.
    line.files["/sw.js"] = named("0" * 16, "f" * 64)
    await page.evaluate(LOOK)
    await page.get_by_text(one.said("app.release.failed")).wait_for()
    assert await page.evaluate("caches.keys()") == [kept]

    # A whole one waits, says so, never under a form, and is used when somebody says so: the work is there again.
    line.files["/sw.js"] = named("1" * 16)
    await page.evaluate(LOOK)
    await one.button("app.release.use").wait_for()
    await one.place("place.send")
    await one.heading("send.need")
    assert await one.button("app.release.use").count() == 0
    await one.place("place.inbox")
    async with page.expect_event("load"):
        await one.press("app.release.use")
    await one.unlock()
    await page.locator(".inbox .filters").wait_for()
    async with asyncio.timeout(20):
        while await page.evaluate("caches.keys()") != ["release-" + "1" * 16]:
            await asyncio.sleep(0.1)
    line.cut()
    await begun_anew(one)
    one.visit.seen.errors.clear()
