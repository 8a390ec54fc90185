"""The shell in a real Chromium: every part in every state, the way back, the way out, the language, the focus.

The gallery (web/gallery) shows what is not to be reached without a hub; it is built here and never served by one.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.web.conftest import Visiting
from tests.web.node import run
from tests.web.pages import Pages, serving
from tests.web.visits import axe

pytestmark = pytest.mark.asyncio(loop_scope="session")

PHONE = {"width": 360, "height": 740}
NARROW = {"width": 320, "height": 568}
LAPTOP = {"width": 1280, "height": 800}

LOOKS = [("mn", "light", PHONE), ("en", "light", NARROW), ("en", "dark", LAPTOP)]


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    built: Path = tmp_path_factory.mktemp("gallery")
    done = run("vite", "build", "--mode", "gallery", "--outDir", str(built), "--emptyOutDir")
    assert done.returncode == 0, done.stdout
    with serving() as pages:
        for file in (one for one in built.rglob("*.*") if one.suffix in (".html", ".js", ".css")):
            pages.own[f"/{file.relative_to(built).as_posix()}"] = file.read_text(encoding="utf-8")
        yield pages


async def show(page: Page, origin: str, what: str, language: str = "mn", theme: str = "light") -> None:
    await page.goto(f"{origin}/gallery.html?show={what}&language={language}&theme={theme}")
    await page.locator("html[data-shows]").wait_for()


async def scrolls_sideways(page: Page) -> bool:
    return bool(
        await page.evaluate(
            "[document.documentElement, document.querySelector('main')]"
            ".some((one) => one.scrollWidth > one.clientWidth)"
        )
    )


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.innerText"))


@pytest.mark.parametrize(("language", "theme", "size"), LOOKS)
async def test_every_state_can_be_used_by_everybody(
    visit: Visiting, gallery: Pages, language: str, theme: str, size: dict[str, int]
) -> None:
    one = await visit(gallery.origin, viewport=size)
    await show(one.page, one.origin, "parts", language, theme)
    shows = str(await one.page.locator("html").get_attribute("data-shows")).split()
    assert len(shows) >= 15
    for what in shows:
        await show(one.page, one.origin, what, language, theme)
        await expect(one.page.locator(".desk-referral .waiting")).to_have_count(0)
        if size is not NARROW:  # it differs from PHONE in what fits, which axe does not see
            assert (what, await axe(one.page)) == (what, [])
        assert (what, await scrolls_sideways(one.page)) == (what, False)
        # On a wide screen list and referral stand side by side, each with its heading.
        assert await one.page.locator("h1:visible").count() in ((1, 2) if size["width"] >= 900 else (1,))


async def test_the_list_of_50_000_is_walked_by_keys_and_its_words_are_whole(visit: Visiting, gallery: Pages) -> None:
    one = await visit(gallery.origin, viewport=PHONE)
    await show(one.page, one.origin, "parts")
    rows = one.page.locator(".list li")
    assert await rows.first.get_attribute("aria-setsize") == "50000"
    assert await rows.count() < 30
    await one.page.locator(".list .row").first.focus()
    where = "[document.activeElement.closest('li').ariaPosInSet, document.querySelectorAll('.list li').length < 30]"
    for key, row in (("ArrowDown", "2"), ("End", "50000"), ("ArrowUp", "49999"), ("Home", "1")):
        await one.page.keyboard.press(key)
        await expect(one.page.locator("li:has(:focus)")).to_have_attribute("aria-posinset", row)
        assert await one.page.evaluate(where) == [row, True]
    cut = await one.page.evaluate(
        "Array.from(document.querySelectorAll('.row')).filter((row) => row.scrollHeight > row.clientHeight + 1).length"
    )
    assert cut == 0
    # Scrolled away, the row keeps the focus.
    await one.page.evaluate("document.querySelector('.list').scrollTop = 1e6")
    await expect(one.page.locator("li:has(:focus)")).to_have_attribute("aria-posinset", "1")


async def test_seconds_are_never_read_out(visit: Visiting, gallery: Pages) -> None:
    one = await visit(gallery.origin)
    await show(one.page, one.origin, "parts", "en")
    clock = one.page.locator("p .clock", has_text="0:24:00")
    await expect(clock.locator(".unseen")).to_have_text("Confirm deletion by 19:24")
    assert await clock.locator("[aria-hidden=true]").count() == 1


async def test_errors_take_the_focus_once_and_lead_to_their_fields(visit: Visiting, pages: Pages) -> None:
    one = await visit(pages.origin, locale="en-GB")
    page = await one.go("/")
    await page.locator("button.door").click()
    await page.get_by_label("Login").press("Enter")
    await expect(page.locator(".errors")).to_be_focused()
    field = page.get_by_label("Login")
    assert await field.get_attribute("aria-invalid") == "true"
    assert str(await field.get_attribute("aria-describedby")).split() == ["login-error"]
    await page.get_by_role("button", name="Enter your login").click()
    await expect(field).to_be_focused()
    # In the other language the errors stay, and the focus where it is.
    await page.get_by_role("button", name="Монгол").click()
    await expect(page.locator(".errors")).to_contain_text("Нэвтрэх нэрээ бичнэ үү")
    await expect(page.get_by_role("button", name="Монгол")).to_be_focused()


async def test_the_language_is_switched_at_once_and_nothing_typed_is_lost(visit: Visiting, pages: Pages) -> None:
    one = await visit(pages.origin, locale="en-GB")
    page = await one.go("/")
    await page.locator("button.door").click()
    await page.get_by_label("Login").fill("дулмаа")
    await page.get_by_role("button", name="Монгол").click()
    await expect(page.locator("h1")).to_have_text("Нэвтрэх")
    assert await page.locator("#login").input_value() == "дулмаа"
    assert await page.locator("html").get_attribute("lang") == "mn"
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("lang", "mn")


async def test_back_goes_one_screen_back_and_the_address_and_title_say_nothing(visit: Visiting, pages: Pages) -> None:
    one = await visit(pages.origin, locale="mn-MN")
    page = await one.go("/blank.html")
    await one.go("/")
    await expect(page.locator("h1")).to_be_focused()
    assert await page.title() == "Өртөө · Хуудас"
    entries = await page.evaluate("history.length")
    await page.locator("button.door").click()
    await expect(page.locator("h1")).to_have_text("Нэвтрэх")
    assert await focused(page) == "Нэвтрэх"
    assert (await page.title(), page.url) == ("Өртөө · Маягт", f"{one.origin}/")
    assert await page.evaluate("history.length") == entries + 1
    await page.evaluate("history.back()")
    await expect(page.locator("h1")).to_have_text("Өртөө")
    await page.locator("button.door").click()
    await page.get_by_role("button", name="Буцах").click()
    await expect(page.locator("h1")).to_have_text("Өртөө")
    await page.evaluate("history.back()")
    await page.wait_for_url("**/blank.html")


async def test_leave_takes_the_page_away_and_back_brings_nothing_typed(visit: Visiting, gallery: Pages) -> None:
    one = await visit(gallery.origin)
    for way in ("button", "Shift"):
        await show(one.page, one.origin, "shell")
        await one.page.locator("button.door").click()
        await one.page.locator("#login").fill("дулмаа")
        if way == "button":
            await one.page.get_by_role("button", name="Гарах").click()
        else:
            for _ in range(3):
                await one.page.keyboard.press("Shift")
        await one.page.wait_for_url("**/app/clock.html?site")
        await expect(one.page.locator("h1")).to_have_text(re.compile(r"\d\d:\d\d"))
        await one.page.evaluate("history.back()")
        await one.page.locator("html[data-shows]").wait_for()
        assert "дулмаа" not in await one.page.content()
        await expect(one.page.locator("h1")).to_have_text("Өртөө")


async def test_capitals_do_not_leave(visit: Visiting, gallery: Pages) -> None:
    one = await visit(gallery.origin)
    await show(one.page, one.origin, "shell")
    await one.page.locator("button.door").click()
    await one.page.locator("#login").fill("")
    for letter in ("KeyA", "KeyB", "KeyC", "KeyD"):
        await one.page.keyboard.press(f"Shift+{letter}")
    assert await one.page.locator("#login").input_value() == "ABCD"


async def test_without_an_answer_from_the_hub_it_says_so_and_keeps_what_was_typed(
    visit: Visiting, pages: Pages
) -> None:
    one = await visit(pages.origin, locale="en-GB")
    page = await one.go("/")
    await page.locator("button.door").click()
    await page.get_by_label("Login").fill("dulmaa@mrc-umnugobi")
    await page.get_by_label("Passphrase").fill("a passphrase that nobody has")
    one.line.cut()
    await page.get_by_role("button", name="Continue").click()
    await expect(page.locator(".errors")).to_contain_text("What you typed is still here")
    assert await page.get_by_label("Passphrase").input_value() == "a passphrase that nobody has"
    one.seen.errors.clear()  # Chromium itself writes down that a fetch failed


async def test_a_worker_that_does_not_start_is_told(visit: Visiting, pages: Pages) -> None:
    one = await visit(pages.origin, locale="en-GB")
    await one.context.route("**/assets/worker-*.js", lambda route: route.abort())
    page = await one.go("/")
    await expect(page.get_by_role("alert")).to_contain_text("No answer came")
    one.seen.errors.clear()
