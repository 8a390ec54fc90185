"""What a test in a browser can ask for. Such a module says `pytestmark = pytest.mark.asyncio(loop_scope="session")`.

browser   one Chromium for each worker of the run
visit     a function: `await visit(origin)` opens one person's browser there; as many as a test needs, beside the SDK
pages     a small server with the client as it was built and whatever the test puts beside it
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Error, expect

from tests.conftest import HAS_FAILED
from tests.web import chromium, visits
from tests.web.pages import Pages, serving
from tests.web.visits import Visit

# What a page shows comes when it comes: how long a user waits is measured in bench/, not in tests.
expect.set_options(timeout=60_000)

Visiting = Callable[..., Awaitable[Visit]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    with chromium.home() as folder:
        async with chromium.driver() as playwright:
            started = await chromium.start(playwright, folder)
            try:
                yield started
            finally:
                await started.close()


@pytest.fixture
def served_first(request: pytest.FixtureRequest) -> None:
    """What a test's browsers visit stands before they come, and so until they have gone: none is cut off at the end."""
    for name in ("hub", "own_hub", "post", "pages", "gallery"):
        if name in request.fixturenames:
            request.getfixturevalue(name)


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, served_first: None, request: pytest.FixtureRequest) -> AsyncIterator[Visiting]:
    """Whatever a visit saw that no page of Ortoo does fails the test at its end. A failed one tells what it showed."""
    begun: list[Visit] = []

    async def begin(origin: str, **options: Any) -> Visit:
        one = await visits.begin(browser, origin, **options)
        begun.append(one)
        return one

    try:
        yield begin
    finally:
        for one in begun:
            if HAS_FAILED in request.node.stash:
                await tell(one)
            await one.close()
    for one in begun:
        one.assert_clean()


async def tell(visit: Visit) -> None:
    for page in visit.context.pages:
        try:
            print(f"--- {page.url}\n{await page.locator('body').aria_snapshot(timeout=5000)}")
        except Error as error:
            print(f"--- {page.url}: {error}")


@pytest.fixture
def pages() -> Iterator[Pages]:
    with serving() as served:
        yield served
