"""Pictures of the client's screens, in docs/screens: at two widths, in both languages.

Taken by the stories that pass them, wherever one is missing; `ORTOO_SCREENS=anew make test` takes all of them anew.
"""

import base64
import os
from pathlib import Path
from typing import Final

from playwright.async_api import Page, expect

from tests.stores import REPOSITORY

FOLDER: Final = REPOSITORY / "docs" / "screens"
LANGUAGES: Final = ("mn", "en")
SIZES: Final = ({"width": 360, "height": 740}, {"width": 1280, "height": 800})
QUALITY: Final = 50  # of WebP
MOST: Final = 60_000  # bytes
DRAWN: Final = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


async def picture(page: Page, name: str) -> None:
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
            await take(page, places[said, size["width"]])
    await speak(page, language)
    await page.set_viewport_size(viewport)


async def speak(page: Page, language: str) -> None:
    await page.locator(f'.languages button[lang="{language}"]').click()
    await expect(page.locator("html")).to_have_attribute("lang", language)


async def take(page: Page, place: Path) -> None:
    await page.evaluate(DRAWN)
    session = await page.context.new_cdp_session(page)
    size = (await session.send("Page.getLayoutMetrics"))["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
    how = {"format": "webp", "quality": QUALITY, "captureBeyondViewport": True, "clip": clip}
    taken = base64.b64decode((await session.send("Page.captureScreenshot", how))["data"])
    # Not detached: see visits.axe.
    assert len(taken) <= MOST, f"{place.name} has {len(taken)} bytes"
    place.write_bytes(taken)
