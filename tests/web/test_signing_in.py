"""Signing in from a page, under the hub's own headers: what is asked, what is kept, what a thief of the device gets."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Page

from ortoo.client import Client, HubError
from ortoo.joining import Joined
from tests.hubs import Hub
from tests.members import at_work
from tests.people.newcomers import Newcomer, confirmed, expected, fingerprint
from tests.web.conftest import Visiting
from tests.web.pictures import look
from tests.web.test_hub import address

# What a page does does not depend on the store: once is enough.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

WRONG = "The login, passphrase or digits do not match. Digits count once: try again with the next ones."
KEPT = """async () => {
  const request = indexedDB.open("ortoo");
  const database = await new Promise((done) => { request.onsuccess = () => done(request.result); });
  const texts = [];
  for (const name of database.objectStoreNames) {
    const all = database.transaction(name).objectStore(name);
    for (const asked of [all.getAll(), all.getAllKeys()]) {
      const found = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
      for (const one of found) {
        texts.push(one instanceof Uint8Array ? new TextDecoder("latin1").decode(one) : JSON.stringify(one));
      }
    }
  }
  database.close();
  return texts.join("\\n") + JSON.stringify(localStorage) + JSON.stringify(sessionStorage);
}"""


async def enrolled(hub: Hub, folder: Path, login: str) -> tuple[Newcomer, Joined]:
    """Somebody of MGEC with an account, whom nobody has confirmed yet."""
    one = Newcomer(login, folder)
    async with at_work(hub, "mgec.delger") as administrator:
        paper = await expected(administrator, one)
    return one, await one.enrol(paper)


async def confirm(hub: Hub, joined: Joined) -> None:
    async with at_work(hub, "mgec.delger") as administrator:
        await confirmed(administrator, joined)


async def press(page: Page, name: str) -> None:
    await page.get_by_role("button", name=name, exact=True).click()


async def begin(page: Page, login: str, passphrase: str) -> None:
    """From the doors to the second step, or to what is wrong."""
    await page.locator("main").get_by_role("button", name=re.compile("^Sign in")).click()
    await page.get_by_label("Login").fill(login)
    await page.get_by_label("Passphrase", exact=True).fill(passphrase)
    await press(page, "Continue")


async def step(page: Page, digits: str) -> None:
    await page.get_by_label("Six digits").fill(digits)
    await press(page, "Continue")


async def at_me(page: Page) -> None:
    """At work: from the inbox, where work begins, to one's own page."""
    await page.get_by_role("navigation").get_by_role("button", name="Me", exact=True).click()
    await page.get_by_text("New Member").wait_for()


async def test_a_member_signs_in_locks_unlocks_and_signs_out(visit: Visiting, hub: Hub, tmp_path: Path) -> None:
    one, joined = await enrolled(hub, tmp_path, "mgec.page1")
    await confirm(hub, joined)
    browser = await visit(address(hub), locale="en-GB")
    page = await browser.go("/")

    await look(page, "doors")
    # A wrong passphrase, wrong digits and an unknown login are one sentence, told at the second step.
    await begin(page, one.login, "kiva-kiva-kiva-kiva-kiva")
    await step(page, one.code())
    await page.get_by_text(WRONG).first.wait_for()
    await page.goto(browser.origin)
    await begin(page, one.login, one.passphrase)
    await step(page, "000000")
    await page.get_by_text(WRONG).first.wait_for()

    # This device does not know the network, and nobody's other device has vouched for it yet: the paper does.
    await look(page, "second-step")
    await step(page, one.code())
    await page.get_by_label("Fingerprint of the network").fill(fingerprint(hub))
    await look(page, "fingerprint")
    await press(page, "Continue")
    await at_me(page)
    await look(page, "me")
    assert page.url == f"{browser.origin}/app/"
    (cookie,) = await page.context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (
        f"__Host-ortoo-{one.device.find(one.login).member}", True, True, "Strict",
    )  # fmt: skip
    kept = await page.evaluate(KEPT)
    for secret in (one.passphrase, cookie["value"], "New Member 2", "wrap"):
        assert secret not in kept

    # Whoever comes by at a locked page gets no further, nor does a page that is loaded anew.
    await press(page, "Lock now")
    await look(page, "unlock")
    for _ in range(2):
        await page.get_by_label("Passphrase", exact=True).fill("kiva-kiva-kiva-kiva-kiva")
        await press(page, "Unlock")
        await page.get_by_text("do not match").or_(page.get_by_text("does not open")).first.wait_for()
        assert await page.get_by_text("New Member").count() == 0
        await page.reload()
    await page.get_by_label("Passphrase", exact=True).fill(one.passphrase)
    await press(page, "Unlock")
    await at_me(page)

    await press(page, "Sign out")
    await page.locator("main").get_by_role("button", name=re.compile("^Sign in")).wait_for()
    # The page is covered at once; the hub ends the session while the doors are shown.
    while await page.context.cookies():
        await asyncio.sleep(0.05)
    async with Client(hub.url, cookie["value"]) as client:
        with pytest.raises(HubError):
            await client.me()
    # The device is known by now: the second time nobody asks for the paper.
    await begin(page, one.login, one.passphrase)
    await step(page, one.code())
    await at_me(page)
    # 400 and 403 stand on the console by themselves: the two tries above.
    browser.seen.errors.clear()


async def test_who_is_not_confirmed_yet_is_told_the_number_and_for_whom_it_is(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    one, joined = await enrolled(hub, tmp_path, "mgec.page2")
    browser = await visit(address(hub), locale="en-GB")
    page = await browser.go("/")
    await begin(page, one.login, one.passphrase)
    await step(page, one.code())
    await page.get_by_label("Fingerprint of the network").fill(fingerprint(hub))
    await press(page, "Continue")
    await page.get_by_text(joined.number).wait_for()
    await press(page, "See whether it is confirmed")
    await page.get_by_text("Not confirmed yet.").wait_for()
    await confirm(hub, joined)
    await at_me(page)  # the page turns by itself


async def test_another_network_is_not_passed_off(visit: Visiting, hub: Hub, tmp_path: Path) -> None:
    one, joined = await enrolled(hub, tmp_path, "mgec.page3")
    await confirm(hub, joined)
    browser = await visit(address(hub), locale="en-GB")
    page = await browser.go("/")
    await begin(page, one.login, one.passphrase)
    await step(page, one.code())
    paper = fingerprint(hub)
    other = ("b" if paper[0] != "b" else "c") + paper[1:]
    await page.get_by_label("Fingerprint of the network").fill(other)
    await press(page, "Continue")
    await page.locator(".errors").wait_for()
    assert await page.get_by_text("New Member").count() == 0
