"""The client as the hub serves it: under the hub's own headers, beside the SDK, on a line that is slow."""

import pytest

from tests.hubs import Hub
from tests.web.conftest import Visiting
from tests.web.visits import axe

# What is served does not depend on the store: once is enough.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]


def address(hub: Hub) -> str:
    """As a person calls it: a passkey belongs to a name, never to an IP address."""
    return f"http://localhost:{hub.port}"


@pytest.mark.parametrize("size", [{"width": 360, "height": 640}, {"width": 1280, "height": 800}], ids=["phone", "desk"])
@pytest.mark.parametrize("path", ["/", "/app/clock.html"])
async def test_a_page_opens_under_the_hubs_policy(visit: Visiting, hub: Hub, path: str, size: dict[str, int]) -> None:
    one = await visit(address(hub), viewport=size)
    answer = await one.page.goto(f"{one.origin}{path}")
    assert answer is not None
    assert answer.status == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'; trusted-types ortoo" in policy
    await one.page.locator("h1, time, main").first.wait_for()
    assert (await one.page.locator("body").inner_text()).strip() != ""
    assert await axe(one.page) == []
    assert await one.page.evaluate("document.cookie.length + localStorage.length + sessionStorage.length") == 0


async def test_the_policy_holds_in_what_the_hub_serves(visit: Visiting, hub: Hub) -> None:
    """A script that got into the page makes no HTML from a string, and reaches nobody."""
    one = await visit(address(hub))
    page = await one.go("/")
    said = await page.evaluate(
        """async () => {
          const tried = [];
          try { document.body.innerHTML = "<p>" } catch (error) { tried.push(error.name) }
          try { await fetch("http://elsewhere.invalid/") } catch (error) { tried.push(error.name) }
          return tried;
        }"""
    )
    assert said == ["TypeError", "TypeError"]
    await one.settle()
    assert sorted(one.seen.violations) == [
        "connect-src: http://elsewhere.invalid/",
        "require-trusted-types-for: trusted-types-sink",
    ]
    assert one.seen.foreign == []
    one.seen.violations.clear()
    one.seen.errors.clear()
