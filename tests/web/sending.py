"""A worker who sends and answers in a browser: filling in the six screens from a form, in either language."""

import json
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Locator, Page, TimeoutError, expect

from ortoo.form import Form
from ortoo.protocol import vocabulary
from tests.hubs import Hub
from tests.members import at_work
from tests.people.newcomers import Newcomer, confirmed, fingerprint
from tests.people.newcomers import expected as invited
from tests.stores import REPOSITORY
from tests.web import pictures
from tests.web.node import WEB
from tests.web.test_hub import address
from tests.web.visits import Visit

TEXT: Final = re.compile(r'^\s*"([\w.]+)":\s*("(?:[^"\\]|\\.)*"),$', re.MULTILINE)


@cache
def catalogue(language: str) -> dict[str, str]:
    """The client's own words."""
    parts = ("", "-agency", "-consent", "-further", "-overseeing", "-own")
    files = [WEB / "src" / "words" / f"{language}{part}.ts" for part in parts]
    return {key: json.loads(text) for one in files for key, text in TEXT.findall(one.read_text(encoding="utf-8"))}


async def member(hub: Hub, folder: Path, administrator: str, login: str, *roles: str) -> Newcomer:
    """Somebody new in the agency of this administrator, confirmed; without roles a focal point."""
    one = Newcomer(login, folder)
    async with at_work(hub, administrator) as session:
        joined = await one.enrol(await invited(session, one, *roles))
        await confirmed(session, joined)
    return one


@dataclass
class Worker:
    """One person at a page, whose words are those of a language."""

    visit: Visit
    page: Page
    who: Newcomer
    language: str
    paper: str  # the network's fingerprint
    screens: list[str] = field(default_factory=list)  # of the last sending
    is_looked_at: bool = False  # whether axe looks at each of them

    def said(self, key: str, **values: object) -> str:
        text = catalogue(self.language)[key]
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def label(self, terms: str, code: str) -> str:
        return vocabulary.label(terms, code, self.language)

    def button(self, key: str, **values: object) -> Locator:
        return self.page.get_by_role("button", name=self.said(key, **values), exact=True)

    async def press(self, key: str, **values: object) -> None:
        await self.button(key, **values).click()

    async def heading(self, key: str, **values: object) -> None:
        """The screen of this heading; those of sending are noted."""
        if key.startswith("send."):
            self.screens.append(key.removeprefix("send."))
        await self.page.get_by_role("heading", level=1, name=self.said(key, **values)).wait_for()
        if key.startswith("send.") and self.is_looked_at:
            await self.look(key.replace(".", "-"))

    async def look(self, name: str, at: Locator | None = None) -> None:
        await pictures.look(self.page, name, at)

    async def place(self, key: str) -> None:
        """Go to a place of the bar."""
        await self.page.locator("nav.frame-places").get_by_role("button", name=self.said(key), exact=True).click()

    async def speak(self, language: str) -> None:
        self.language = language
        await self.page.locator(f'.languages button[lang="{language}"]').click()
        await expect(self.page.locator("html")).to_have_attribute("lang", language)

    async def sign_in(self) -> None:
        """From the sign-in's first screen to its second step."""
        await self.page.get_by_label(self.said("sign_in.login")).fill(self.who.login)
        await self.page.get_by_label(self.said("sign_in.passphrase"), exact=True).fill(self.who.passphrase)
        await self.press("sign_in.continue")
        await self.page.get_by_label(self.said("sign_in.digits")).fill(self.who.code())
        await self.press("sign_in.continue")
        await self.page.get_by_label(self.said("sign_in.fingerprint")).fill(self.paper)
        await self.press("sign_in.continue")
        await self.page.locator(".inbox .filters, .overview").first.wait_for()

    async def unlock(self) -> None:
        await self.page.get_by_label(self.said("sign_in.passphrase"), exact=True).fill(self.who.passphrase)
        await self.press("unlock.do")

    # --- what arrives, and answering ---

    async def shows_new(self) -> None:
        """What has arrived is asked for, once it is told."""
        await self.new.click()

    @property
    def new(self) -> Locator:
        """What offers to show what has arrived."""
        return self.page.get_by_role("button", name=re.compile("^" + self.said("inbox.new", count="").split(".")[0]))

    async def opens_first(self) -> None:
        """The first row of the list, read as one who opens it."""
        await self.opens(self.page.locator(".inbox .row").first)

    async def opens(self, row: Locator) -> None:
        await row.click()
        await self.press("referral.open")
        await self.page.locator("article .part").first.wait_for()

    async def chooses(self, step: str) -> None:
        """To answer with this step: its form."""
        answer, more = self.button(f"answer.{step}"), self.button("answer.more")
        await answer.or_(more).first.wait_for()
        if not await answer.is_visible():  # on a phone some stand behind “More”
            await more.click()
        await answer.click()

    async def answers(self, step: str, *, reason: str = "", note: str = "") -> None:
        await self.chooses(step)
        if reason:
            await self.page.locator(f'input[name="answer-reason"][value="{reason}"]').check()
        if note:
            await self.page.locator("#answer-note").fill(note)
        form = self.page.locator(".answer-form")
        await form.get_by_role("button", name=self.said("answer.send"), exact=True).click()
        await self.page.locator(".answer-form").wait_for(state="detached")

    async def answers_without_line(self, step: str) -> None:
        await self.chooses(step)
        await self.page.locator(".answer-form").get_by_role("button", name=self.said("answer.send"), exact=True).click()
        await self.page.get_by_text(self.said("referral.unsent")).wait_for()

    async def opens_sent(self) -> None:
        """What was sent and nobody has opened yet, among what waits for others."""
        await self.opens_sent_in("sent")

    async def opens_sent_in(self, state: str) -> None:
        """The first in this state, among what waits for others."""
        fold = self.page.locator(".inbox .fold")
        if await fold.get_attribute("aria-expanded") == "false":
            await fold.click()
        rows = self.page.get_by_role("list", name=self.said("inbox.others"), exact=True).get_by_role("button")
        row = rows.filter(has=self.page.locator(".state", has_text=self.label("states", state))).first
        await self.until(row, self.new)
        await row.click()

    async def reads(self) -> list[str]:
        """The sections that stand open on the referral, in their order."""
        labels = {self.label("sections", code): code for code in vocabulary.codes("sections")}
        shown = await self.page.locator("article .part summary").all_inner_texts()
        return [labels[text.split(" (")[0]] for text in shown]

    def agency(self, handle: str) -> str:
        known = json.loads((REPOSITORY / "ortoo" / "data" / "agencies.json").read_text(encoding="utf-8"))
        (found,) = [one for one in known["agencies"] if one["handle"] == handle]
        return str(found["name"][self.language])

    async def sees_state(self, state: str) -> None:
        """On the referral that is open, after showing what is newer if that is offered."""
        word = self.page.locator("article .line-clock .state", has_text=self.label("states", state))
        await self.until(word, self.button("referral.newer.show"))

    async def sees_row(self, verb: str) -> Locator:
        """The first row with this verb (not `open`, which every other row has); what is new is shown when offered."""
        row = self.page.locator(".inbox .row", has_text=self.said(verb)).first
        await self.until(row, self.new)
        return row

    async def sees_row_in(self, section: str, state: str) -> Locator:
        """The first row in this state under that heading, after showing what is new."""
        rows = self.page.get_by_role("list", name=self.said(section), exact=True).locator(".row")
        row = rows.filter(has=self.page.get_by_text(self.label("states", state), exact=True)).first
        await self.until(row, self.new)
        return row

    async def until(self, wanted: Locator, newer: Locator) -> None:
        """Several changes may follow each other, and each is shown when it is asked for."""
        while True:
            await wanted.or_(newer).first.wait_for()
            if await wanted.count():
                return
            with suppress(TimeoutError):  # what was offered is shown already
                await newer.click(timeout=1000)

    # --- the six screens ---

    async def send(self, form: Form) -> None:
        """All of it, to “Sent”."""
        await self.to_check(form)
        await self.page.keyboard.press("Control+Enter")
        self.screens.append("sent")
        await self.page.get_by_role("heading", name=re.compile(re.escape(self.said("send.sent", at="")))).wait_for()

    async def to_check(self, form: Form) -> None:
        self.screens = []
        await self.place("place.send")
        await self.need(form)
        await self.who_can(form.recipients)
        await self.tell(form)
        await self.decide(form)
        await self.heading("send.check")

    async def need(self, form: Form) -> None:
        await self.heading("send.need")
        for code in form.routing.services:
            await self.tick("send-services", code)
        await self.page.locator("#send-place").select_option(form.routing.place)
        await self.tick("send-urgency", form.routing.urgency)
        await self.page.locator("#send-language").select_option(form.routing.language)
        if form.routing.minor:
            await self.tick("send-minor", "yes")
        await self.press("send.continue")

    async def who_can(self, agencies: tuple[str, ...]) -> None:
        await self.heading("send.who")
        await self.page.locator(".candidates").wait_for()
        for agency in agencies:
            box = self.page.locator(f'input[name="send-who"][value="{agency}"]')
            if await box.count():
                await box.check()
            else:
                await self.page.locator("#send-other").select_option(agency)
        await self.press("send.continue")

    async def tell(self, form: Form) -> None:
        await self.heading("send.tell")
        for section, fields in form.sections.items():
            group = self.page.locator("fieldset.section").filter(
                has=self.page.get_by_role("heading", name=self.label("sections", section), exact=True)
            )
            if await group.count() == 0:
                await self.page.get_by_role("button", name=self.label("sections", section), exact=True).click()
            for name, value in fields.items():
                await self.fill(group, section, name, value)
        await self.press("send.continue")

    async def fill(self, group: Locator, section: str, name: str, value: Any) -> None:
        type = str(vocabulary.terms("fields")[f"{section}.{name}"]["type"])
        if f"{section}.{name}" == "needs.services" or (type.startswith("htcds:") and name != "gender"):
            return  # asked on the first screen; not asked here
        id = f"send-{section}-{name}"
        if await self.page.locator(f"#{id}").count() == 0:
            await group.get_by_role(
                "button", name=self.said("send.more_of", name=self.label("sections", section)), exact=True
            ).click()
        match type.partition(":")[0]:
            case "yes_no":
                await self.tick(id, "yes" if value else "no")
            case "codes" | "iso3166":
                for code in value if isinstance(value, list) else [value]:
                    await self.tick(id, code)
            case "iso639_2" | "place" | "htcds":
                await self.page.locator(f"#{id}").select_option(value)
            case "list":
                await self.page.locator(f"#{id}").fill("\n".join(value))
            case _:
                await self.page.locator(f"#{id}").fill(str(value))

    async def decide(self, form: Form) -> None:
        """What the form's consent says, for those to whom it goes and those who are asked about too; and agree."""
        await self.heading("send.decision")
        await self.set_decisions(form)
        await self.tick("send-how", str(form.consent.given_how))
        await self.press("send.she_agrees")

    async def set_decisions(self, form: Form) -> None:
        also = [to for to in form.consent.grants if to not in form.recipients]
        if (
            also
            or any(one.purposes != ("give_service",) for one in form.consent.grants.values())
            or any(not to.startswith("kind:") for to in form.consent.refusals)
            or form.consent.given_by == "person_supported"
        ):
            await self.page.locator("details.more:not(.files) summary").click()
        for to in also:
            await self.page.locator("#send-also").select_option(to)
        for to, grant in form.consent.grants.items():
            for section in form.sections:
                cell = self.page.locator(f'button.cell[data-agency="{to}"][data-section="{section}"]')
                if (await cell.get_attribute("aria-pressed") == "true") != (section in grant.sections):
                    await cell.click()
                    await expect(cell).to_have_attribute("aria-pressed", str(section in grant.sections).lower())
            await self.tick(f"send-until-{to}", str(grant.days))
            for purpose in vocabulary.terms("purposes"):
                box = self.page.locator(f'input[name="send-purposes-{to}"][value="{purpose}"]')
                if grant.purposes != ("give_service",):
                    await box.set_checked(purpose in grant.purposes)
        for to, sections in form.consent.refusals.items():
            if sections == ("*",):
                await self.tick("send-nobody", to)
            for section in sections if sections != ("*",) else ():
                await self.tick(f"send-refused-{to}", section)
        if form.consent.given_by == "person_supported":
            await self.tick("send-by", "person_supported")

    async def tick(self, name: str, value: str) -> None:
        box = self.page.locator(f'input[name="{name}"][value="{value}"]')
        if await box.count() == 0:
            near = self.page.locator(f'.more-chips:has(input[name="{name}"])')
            await near.get_by_role("button").click()
        await box.check()


async def signed_in(
    visit: Callable[..., Awaitable[Visit]], hub: Hub, who: Newcomer, language: str, **options: Any
) -> Worker:
    """At the inbox of this browser, in this language."""
    locale = {"mn": "mn-MN", "en": "en-GB"}[language]
    browser = await visit(address(hub), locale=locale, **options)
    page = await browser.go("/")
    one = Worker(browser, page, who, language, fingerprint(hub))
    await page.locator("main").get_by_role("button", name=re.compile(f"^{one.said('doors.sign_in')}")).click()
    await one.sign_in()
    return one
