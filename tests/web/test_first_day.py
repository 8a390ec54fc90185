"""The first day in a page: from the paper to the inbox, broken off on the way, and what a paper or a hub may not do."""

import base64
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from ortoo import administration
from ortoo.account import Authenticator
from ortoo.administration import Paper
from tests.hubs import Hub
from tests.members import at_work
from tests.people.newcomers import Newcomer, expected
from tests.web.conftest import Visiting
from tests.web.pictures import look
from tests.web.sending import catalogue
from tests.web.test_hub import address
from tests.web.test_signing_in import press

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]


@dataclass
class Words:
    """What the page says of it, in one language."""

    door: str
    code: str
    fingerprint: str
    go_on: str
    type_it: str
    digits: str
    kit: str
    waiting: str
    passphrase: str
    unlock: str
    inbox: str


ENGLISH = Words(
    "First day: I have an invitation on paper", "Code of the invitation", "Fingerprint of the network", "Continue",
    "Type it here", "Six digits", "Your recovery kit", "Waiting to be confirmed", "Passphrase", "Unlock",
    "What needs you now",
)  # fmt: skip
MONGOLIAN = Words(
    "Анхны өдөр: надад цаасан урилга бий", "Урилгын код", "Сүлжээний хурууны хээ", "Үргэлжлүүлэх",
    "Энд бичнэ үү", "Зургаан оронтой тоо", "Таны сэргээх хэрэгсэл", "Баталгаажихыг хүлээж байна", "Нууц үг",
    "Түгжээг тайлах", "Таныг хүлээж буй",
)  # fmt: skip


async def invited(hub: Hub, login: str, folder: Path) -> Paper:
    async with at_work(hub, "mgec.delger") as administrator:
        return await expected(administrator, Newcomer(login, folder))


async def confirm(hub: Hub, number: str) -> None:
    """The administrator hears the number and signs."""
    async with at_work(hub, "mgec.delger") as administrator:
        (heard,) = [one for one in await administration.candidates(administrator) if one.number == number]
        await administration.confirm(administrator, heard)


async def at_paper(page: Page, said: Words = ENGLISH) -> None:
    await page.locator("main button.door").last.click()
    await press(page, said.door)
    await page.get_by_label(said.code).wait_for()


async def take(page: Page, code: str, fingerprint: str, said: Words = ENGLISH) -> None:
    await page.get_by_label(said.code).fill(code)
    await page.get_by_label(said.fingerprint).fill(fingerprint)
    await press(page, said.go_on)


async def choose(page: Page, said: Words = ENGLISH) -> str:
    """Take the passphrase that is offered."""
    passphrase = await page.locator(".offered").inner_text()
    await page.get_by_label(said.type_it, exact=True).fill(passphrase)
    await press(page, said.go_on)
    await page.get_by_label(said.digits).wait_for()
    return passphrase


async def prove(page: Page, said: Words = ENGLISH) -> None:
    """The authenticator takes the secret that is shown, and shows its digits."""
    shown = await page.locator(".offered").inner_text()
    app = Authenticator(base64.b32decode(shown.replace(" ", "")))
    await page.get_by_label(said.digits).fill(app.code(datetime.now(UTC)))
    await press(page, said.go_on)
    await page.get_by_role("heading", name=said.kit).wait_for()


async def copy_kit(page: Page, said: Words = ENGLISH) -> str:
    """Type back what is asked for. Gives the number to read out."""
    codes = [one.split("-") for one in await page.locator(".kit li").all_inner_texts()]
    for place in (0, 1):
        label = await page.locator(f"label[for=typed-{place}]").inner_text()
        code, group = map(int, re.findall(r"\d+", label))
        await page.locator(f"#typed-{place}").fill(codes[code - 1][group - 1])
    await press(page, said.go_on)
    await page.get_by_role("heading", name=said.waiting).wait_for()
    return await page.locator("p.number").inner_text()


@pytest.mark.parametrize(("said", "locale", "scheme"), [(MONGOLIAN, "mn-MN", "light"), (ENGLISH, "en-GB", "dark")])
async def test_a_newcomer_gets_from_the_paper_to_the_inbox_however_often_the_page_is_loaded_anew(
    visit: Visiting, hub: Hub, tmp_path: Path, said: Words, locale: str, scheme: str
) -> None:
    paper = await invited(hub, f"mgec.first.{locale[:2]}", tmp_path)
    browser = await visit(address(hub), locale=locale, color_scheme=scheme)
    page = await browser.go("/")
    await at_paper(page, said)
    await look(page, "first-day-paper")
    await take(page, paper.code, paper.fingerprint, said)
    await page.get_by_label(said.type_it, exact=True).wait_for()
    await look(page, "first-day-passphrase")
    first = await page.locator(".offered").inner_text()
    letters = "а-я" if locale == "mn-MN" else "a-z"
    assert re.fullmatch(rf"[{letters}]{{4}}(-[{letters}]{{4}}){{4}}", first)

    # Broken off before it is handed in: nothing was made, and the same paper is good.
    await choose(page, said)
    await page.locator("svg.qr").wait_for()
    await look(page, "first-day-authenticator")
    await page.reload()
    await at_paper(page, said)
    await take(page, paper.code, paper.fingerprint, said)
    passphrase = await choose(page, said)
    assert passphrase != first

    # Typed back wrong, the kit is not on paper. Printed, it stands alone.
    await prove(page, said)
    await look(page, "first-day-kit")
    await press(page, said.go_on)
    await expect(page.locator(".errors li")).to_have_count(2)
    await page.emulate_media(media="print")
    assert await page.locator("main :is(h1, form > p, input, button):visible").count() == 0
    await expect(page.locator(".kit li")).to_have_count(10)
    await page.emulate_media(media="screen", color_scheme=scheme)  # type: ignore[arg-type]
    number = await copy_kit(page, said)
    await look(page, "first-day-waiting")
    assert re.fullmatch(r"(\d{5} ){5}\d{5}", number)

    # Broken off while waiting: the passphrase leads back to the same number, and the page turns by itself.
    await page.reload()
    await page.get_by_label(said.passphrase, exact=True).fill(passphrase)
    await press(page, said.unlock)
    await page.get_by_text(number).wait_for()
    browser.line.late = {"ActivityLog": iter((6,))}  # for longer than between two looks whether it is confirmed
    await confirm(hub, number)
    await page.get_by_role("heading", name=said.inbox).wait_for()
    assert page.url == f"{browser.origin}/app/"
    while browser.line.asked.count("ActivityLog") > browser.line.answered.count("ActivityLog"):
        await page.wait_for_timeout(300)
    await page.locator("nav.frame-places button").nth(1).click()
    await page.locator('input[name="send-services"]').first.check()
    await page.locator(".send-place").get_by_text(catalogue(locale[:2])["app.saved"]).wait_for()


async def test_a_link_is_wiped_from_the_address_and_a_paper_of_another_network_or_used_before_leads_nowhere(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    paper = await invited(hub, "mgec.first.link", tmp_path)
    code, fingerprint = paper.code.replace(" ", ""), paper.fingerprint.replace(" ", "")
    browser = await visit(address(hub), locale="en-GB")
    page = await browser.go(f"/#{code}.{fingerprint}")
    await expect(page.get_by_label("Code of the invitation")).to_have_value(code)
    assert page.url == f"{browser.origin}/"

    other = ("b" if fingerprint[0] != "b" else "c") + fingerprint[1:]
    await take(page, code, other)
    await page.get_by_text("This is not the network that the paper names.").first.wait_for()
    await take(page, code[:-2] + ("aa" if code[-2:] != "aa" else "ba"), fingerprint)
    await page.get_by_text("This code is not known").first.wait_for()

    # A passphrase of one's own that is easily guessed, or is not what stands above, is none.
    await take(page, code, fingerprint)
    await page.get_by_label("Type it here", exact=True).fill("bada-bada-bada-bada-bada")
    await press(page, "Continue")
    await page.get_by_text("This is not the passphrase above.").first.wait_for()
    await press(page, "My own")
    await page.get_by_label("Your own passphrase").fill("mgec.first.link1234")
    await press(page, "Continue")
    await page.get_by_text("This one is easily guessed.").first.wait_for()
    await page.get_by_label("Your own passphrase").fill("seven grey camels drink")
    # A login that somebody has is told at its field, and nothing typed is lost.
    await page.get_by_label("Login").fill("mgec.delger")
    await press(page, "Continue")
    await page.get_by_label("Six digits").fill("000000")
    await press(page, "Continue")
    await page.get_by_text("The authenticator shows other digits now").first.wait_for()

    # Somebody else was quicker with the same paper.
    await Newcomer("mgec.first.thief", tmp_path).enrol(paper)
    shown = await page.locator(".offered").inner_text()
    app = Authenticator(base64.b32decode(shown.replace(" ", "")))
    await page.get_by_label("Six digits").fill(app.code(datetime.now(UTC)))
    await press(page, "Continue")
    await page.get_by_text("This code is not known, was used already").first.wait_for()
