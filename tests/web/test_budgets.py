"""How long a cheap phone on a bad line waits: 256 kbit/s, 0.4 s there and back, a processor four times as slow.

The line is slowed below the browser, so workers are slowed too; the processor for the page alone, as Chromium can. What
a busy machine adds is taken out by a loop that is timed in the same page, and the best of five counts.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, expect

from ortoo.form import Form, Grant
from tests.hubs import Hub
from tests.members import THREE_AGENCIES, at_work
from tests.web.conftest import Visiting
from tests.web.sending import member, signed_in
from tests.web.test_hub import address
from tests.web.test_inbox import form

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

SLOWER: Final = 4
LOOP: Final = """() => {
  const begun = performance.now();
  let sum = 0;
  for (let at = 0; at < 3e7; at += 1) sum = (sum + at * at) % 1000003;
  return [performance.now() - begun, sum][0];
}"""
LOOP_TAKES: Final = 800.0  # milliseconds on the machine on which the limits were tried, idle and not slowed
SIGN_IN, OPENED, INBOX, FRAME = 4.0, 6.0, 1.0, 0.05  # seconds
PAUSE: Final = 0.45  # seconds; a little more than the page waits before it keeps a draft
ROWS: Final = 50
USUAL: Final = 5  # rows of an inbox


async def slowness(page: Page) -> float:
    """How many times as long as on the machine of the figures; at least 1."""
    return max(1.0, min([await page.evaluate(LOOP) for _ in range(3)]) / LOOP_TAKES)


async def best(tries: Callable[[], Awaitable[float]], within: float) -> float:
    """The shortest of at most five."""
    taken: list[float] = []
    while len(taken) < 5 and (not taken or min(taken) > within):
        taken.append(await tries())
    return min(taken)


async def slow_down(page: Page, times: int) -> None:
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": times})


async def test_signing_in_is_there_in_four_seconds(visit: Visiting, hub: Hub) -> None:
    async def once() -> float:
        browser = await visit(address(hub), locale="en-GB")  # of somebody who was never here: nothing is kept
        by = await slowness(browser.page)
        browser.line.slow(kbit=256, there_and_back=0.4)
        await slow_down(browser.page, SLOWER)
        begun = time.monotonic()
        page = await browser.go("/")
        await page.locator("main .door").last.click()
        await page.get_by_label("Login").fill("somebody")
        return (time.monotonic() - begun) / by

    assert await best(once, SIGN_IN) <= SIGN_IN


async def test_the_inbox_follows_in_six_seconds_and_fifty_rows_stand_in_one(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    who = await member(hub, tmp_path, "mgec.delger", "mgec.budget")
    async with at_work(hub, "mrc.nara") as nara:
        for _ in range(USUAL):
            await nara.send(form("soup"))
    one = await signed_in(visit, hub, who, "en")
    page = one.page
    by = await slowness(page)

    async def opened() -> float:
        """From the passphrase to the inbox, on a device that knows the network."""
        one.visit.line.slow(kbit=float("inf"), there_and_back=0)
        await page.reload()
        await page.get_by_role("heading", level=1, name=one.said("unlock.title")).wait_for()
        one.visit.line.slow(kbit=256, there_and_back=0.4)
        await slow_down(page, SLOWER)
        begun = time.monotonic()
        await one.unlock()
        await page.locator(".inbox .row").first.wait_for()
        return (time.monotonic() - begun) / by

    assert await best(opened, OPENED) <= OPENED
    one.visit.line.slow(kbit=float("inf"), there_and_back=0)

    async with at_work(hub, "mrc.nara") as nara:
        for _ in range(ROWS - USUAL):
            await nara.send(form("soup"))
    assert await best(opened, OPENED) <= OPENED  # however many there are: the first ones come first
    one.visit.line.slow(kbit=float("inf"), there_and_back=0)
    await page.locator('.inbox [aria-setsize="50"]').first.wait_for()

    async def shown() -> float:
        await one.place("place.me")
        await page.get_by_role("heading", level=1, name=one.said("me.title")).wait_for()
        taken = await page.evaluate(SHOW, one.said("place.inbox"))
        return float(taken) / 1000 / by

    assert await best(shown, INBOX) <= INBOX
    await expect(page.locator('.inbox [aria-setsize="50"]').first).to_be_visible()


SHOW: Final = """async (name) => {
  const begun = performance.now();
  [...document.querySelectorAll("nav.frame-places button")].find((one) => one.textContent === name).click();
  while (document.querySelectorAll('.inbox [aria-setsize="50"]').length === 0)
    await new Promise((done) => requestAnimationFrame(done));
  return performance.now() - begun;
}"""


async def test_typing_and_drawing_are_never_held_up_while_drafts_and_referrals_are_sealed(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    """For eight agencies that may read all of it. What counts is the page's own time, as Chromium traces it."""
    one = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.frame"), "en")
    page = one.page

    async def types() -> None:
        field = page.locator("#send-needs-need_in_own_words")
        for word in ("A bed", " for tonight,", " and a doctor", " who asks", " nothing"):
            await field.press_sequentially(word)
            await asyncio.sleep(PAUSE)  # then the draft is sealed, and she types on

    async def sends() -> None:
        await page.keyboard.press("Control+Enter")
        await page.locator(".sent-rows").wait_for()

    async def begin() -> None:
        await one.place("place.send")
        await one.need(FOR_MANY)
        await one.who_can(FOR_MANY.recipients)
        await one.heading("send.tell")

    async def typed() -> float:
        return await longest_task(page, types)

    async def sent() -> float:
        await one.tell(FOR_MANY)
        await one.decide(FOR_MANY)
        await one.heading("send.check")
        longest = await longest_task(page, sends)
        await begin()
        return longest

    await begin()
    assert await best(typed, FRAME) <= FRAME
    assert await best(sent, FRAME) <= FRAME


async def longest_task(page: Page, doing: Callable[[], Awaitable[None]]) -> float:
    """The longest that this page was busy at a stretch meanwhile, in seconds of its own time, slowed down."""
    by = await slowness(page)
    await slow_down(page, SLOWER)
    browser = page.context.browser
    assert browser is not None
    await browser.start_tracing(page=page, categories=["toplevel", "__metadata"])
    await doing()
    events = json.loads(await browser.stop_tracing())["traceEvents"]
    await slow_down(page, 1)
    threads = {(one["pid"], one["tid"]): one["args"]["name"] for one in events if one["name"] == "thread_name"}
    tasks = [one for one in events if one["name"] == "ThreadControllerImpl::RunTask" and "tdur" in one]
    names = [threads[one["pid"], one["tid"]] for one in tasks]
    assert names.count("DedicatedWorker thread") > 10  # it was sealed meanwhile, and not in the page
    taken = [one["tdur"] for one, name in zip(tasks, names, strict=True) if name == "CrRendererMain"]
    assert len(taken) > 20
    return float(max(taken)) / 1_000_000 / by


_THREE: Final = Form.read(THREE_AGENCIES)
MANY: Final = ("shelter-sainshand", "legal-clinic", "nhrcm", "iom", "moj", "immigration", "police-ct", "cfdc-dornogobi")
FOR_MANY: Final = replace(
    _THREE,
    recipients=MANY,
    consent=replace(
        _THREE.consent,
        grants={to: Grant(tuple(_THREE.sections), ("give_service",), 30) for to in MANY},
        refusals={},
    ),
)
