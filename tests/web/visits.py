"""One person's browser in a test: a context of its own behind a line of its own, watched from the first byte."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, CDPSession, ConsoleMessage, Error, Page, WebError

from tests.web.line import Line
from tests.web.node import PACKAGES, WEB

AXE: Final = PACKAGES / "axe-core" / "axe.min.js"

TELL_VIOLATIONS: Final = """
addEventListener("securitypolicyviolation", (event) =>
  ortooViolation(`${event.effectiveDirective}: ${event.blockedURI}`));
"""

CLOCK: Final = """{
  const Device = Date;
  globalThis.Date = class extends Device {
    constructor(...of) { super(...(of.length > 0 ? of : [Device.now() + AHEAD])); }
    static now() { return Device.now() + AHEAD; }
  };
}
"""

# What the page has begun to keep of a release is fetched to its end, or the console tells of it.
KEPT_WHOLE: Final = """() => navigator.serviceWorker?.getRegistration("/app/").then((found) => found?.installing &&
  new Promise((done) => { found.installing.onstatechange = done; setTimeout(done, 5000); }).then(() => 0))"""


@dataclass
class Seen:
    """What no page of Ortoo does. A test that provokes one takes it out; whatever is left at the end fails the test."""

    violations: list[str] = field(default_factory=list)  # of the page's content security policy
    errors: list[str] = field(default_factory=list)  # on the console, or caught by nobody
    foreign: list[str] = field(default_factory=list)  # hosts that were asked for and are not the hub


@dataclass
class Visit:
    """`origin` as the browser calls it; `context` for further tabs; `line` to slow or cut."""

    origin: str
    context: BrowserContext
    line: Line
    seen: Seen
    page: Page

    async def go(self, path: str = "/") -> Page:
        await self.page.goto(f"{self.origin}{path}")
        return self.page

    async def settle(self) -> None:
        """Let what the pages did be told: a browser reports a violation some tasks after it."""
        for page in self.context.pages:
            with suppress(Error):  # a page that is gone, or that the line cut off
                await page.evaluate("new Promise((resolve) => setTimeout(resolve, 100))")
                await page.evaluate(KEPT_WHOLE)

    async def close(self) -> None:
        await self.settle()
        await self.context.close()
        self.line.stop()

    def assert_clean(self) -> None:
        assert self.seen == Seen(), f"seen at {self.origin}: {self.seen}"


async def begin(browser: Browser, origin: str, *, ahead: float = 0, **options: Any) -> Visit:
    """A context behind a line to `origin` alone; `options` are Playwright's (viewport, locale, color_scheme…).

    ahead: seconds by which the device's clock is; it keeps no release then, whose worker would not be the one it names.
    """
    line = Line(origin).start()
    try:
        if ahead:
            options["service_workers"] = "block"
            clock = CLOCK.replace("AHEAD", str(int(ahead * 1000)))
            (worker,) = (WEB / "dist" / "assets").glob("worker-*.js")
            line.files[f"/assets/{worker.name}"] = lambda content: clock.encode() + content
        proxy: Any = {"server": f"http://127.0.0.1:{line.port}", "bypass": "<-loopback>"}
        context = await browser.new_context(proxy=proxy, timezone_id="Asia/Ulaanbaatar", **options)
        context.set_default_timeout(60_000)
        seen = Seen(foreign=line.refused)

        def violate(what: str) -> None:
            seen.violations.append(what)

        def hear(message: ConsoleMessage) -> None:
            if message.type == "error":
                seen.errors.append(message.text)

        def hear_error(error: WebError) -> None:
            seen.errors.append(str(error.error))

        await context.expose_function("ortooViolation", violate)
        await context.add_init_script(TELL_VIOLATIONS)
        if ahead:
            await context.add_init_script(clock)
        context.on("console", hear)
        context.on("weberror", hear_error)
        return Visit(origin, context, line, seen, await context.new_page())
    except BaseException:
        line.stop()
        raise


class Axe:
    """axe beside one page as it is now, in a world of its own; the page's policy stays."""

    def __init__(self, session: CDPSession, world: int) -> None:
        self.session = session
        self.world = world

    @classmethod
    async def beside(cls, page: Page) -> "Axe":
        session = await page.context.new_cdp_session(page)
        frame = (await session.send("Page.getFrameTree"))["frameTree"]["frame"]["id"]
        world = await session.send("Page.createIsolatedWorld", {"frameId": frame, "worldName": "axe"})
        one = cls(session, world["executionContextId"])
        await one.evaluate(AXE.read_text(encoding="utf-8") + ";0")
        # Not detached: this Chromium crashes at the next passkey of a page that has an authenticator where one was.
        return one

    async def found(self, rules: list[str] | None = None) -> list[str]:
        """What is at fault, by all rules or these, each as `rule: where`."""
        only = json.dumps({"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {}))
        said = await self.evaluate(
            f"axe.run(document, {only}).then((found) => JSON.stringify("
            "found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(' ')}`))))"
        )
        found: list[str] = json.loads(said)
        return found

    async def evaluate(self, expression: str) -> Any:
        at = {"contextId": self.world, "returnByValue": True, "awaitPromise": True}
        answer = await self.session.send("Runtime.evaluate", {"expression": expression, **at})
        if "exceptionDetails" in answer:
            raise RuntimeError(f"axe did not run: {answer['exceptionDetails']}")
        return answer["result"].get("value")


async def axe(page: Page) -> list[str]:
    """What axe finds at fault in this page as it is."""
    return await (await Axe.beside(page)).found()


async def add_authenticator(page: Page) -> CDPSession:
    """A passkey's authenticator that is built in, says yes at once, and has `prf`. It lives as long as the session."""
    session = await page.context.new_cdp_session(page)
    await session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "hasPrf": True,
        "automaticPresenceSimulation": True,
    }
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session
