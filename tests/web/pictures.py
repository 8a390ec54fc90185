"""The client's screens, looked at: axe finds nothing, and there is a picture, in docs/screens, at two widths.

By the stories that pass them, in both languages. Pictures are taken wherever one is missing;
`ORTOO_SCREENS=anew make test` takes all of them anew.
"""

import base64
import os
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Locator, Page, expect

from tests.stores import REPOSITORY
from tests.web.visits import Axe

FOLDER: Final = REPOSITORY / "docs" / "screens"
LANGUAGES: Final = ("mn", "en")
SCHEMES: Final[tuple[Literal["light"], Literal["dark"]]] = ("light", "dark")
SIZES: Final = ({"width": 360, "height": 740}, {"width": 1280, "height": 800})
QUALITY: Final = 50  # of WebP
MOST: Final = 60_000  # bytes
DRAWN: Final = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


async def look(page: Page, name: str, at: Locator | None = None) -> None:
    """This screen can be used by everybody, in each language and each theme; its pictures. Leaves it as it was.

    at: what they show, on a screen that is longer.
    """
    language = await page.locator('.languages button[aria-pressed="true"]').get_attribute("lang")
    is_dark = await page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert language is not None
    axe = await Axe.beside(page)
    for said in (*(one for one in LANGUAGES if one != language), language):
        await speak(page, said)
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await page.evaluate(DRAWN)
            rules = None if scheme == SCHEMES[0] else ["color-contrast"]  # a theme has other colours, and nothing else
            assert (name, said, scheme, await axe.found(rules)) == (name, said, scheme, [])
    await page.emulate_media(color_scheme="dark" if is_dark else "light", reduced_motion=None)
    await picture(page, name, at)


async def picture(page: Page, name: str, at: Locator | None = None) -> None:
    """This screen, whole, as `docs/screens/NAME-LANGUAGE-WIDTH.webp`. Leaves the page as it was."""
    places = {
        (said, size["width"]): FOLDER / f"{name}-{said}-{size['width']}.webp" for said in LANGUAGES for size in SIZES
    }
    if all(one.exists() for one in places.values()) and os.environ.get("ORTOO_SCREENS") != "anew":
        return
    FOLDER.mkdir(exist_ok=True)
    language, viewport = await page.locator("html").get_attribute("lang"), page.viewport_size
    assert language is not None
    assert viewport is not None
    for said in LANGUAGES:
        await speak(page, said)
        for size in SIZES:
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            if at is not None:
                await page.evaluate(DRAWN)
                await at.evaluate("(one) => one.scrollIntoView({ block: 'center', behavior: 'instant' })")
            await take(page, places[said, size["width"]], whole=at is None)
    await speak(page, language)
    await page.set_viewport_size(viewport)


async def speak(page: Page, language: str) -> None:
    await page.locator(f'.languages button[lang="{language}"]').click()
    await expect(page.locator("html")).to_have_attribute("lang", language)


async def take(page: Page, place: Path, *, whole: bool) -> None:
    await page.evaluate(DRAWN)
    session = await page.context.new_cdp_session(page)
    size = (await session.send("Page.getLayoutMetrics"))["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
    how = {"format": "webp", "quality": QUALITY} | ({"captureBeyondViewport": True, "clip": clip} if whole else {})
    taken = base64.b64decode((await session.send("Page.captureScreenshot", how))["data"])
    # Not detached: see visits.axe.
    assert len(taken) <= MOST, f"{place.name} has {len(taken)} bytes"
    place.write_bytes(taken)
