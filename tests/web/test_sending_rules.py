"""What may not be sent is stopped before anything is sealed; and all of it can be done with the keyboard alone."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo import practice, receipts
from ortoo.client import Client
from ortoo.form import Form
from tests.cli.test_receipts import shown_of
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, all_ids, at_work
from tests.web.conftest import Visiting
from tests.web.sending import member, signed_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

PHONE = {"width": 360, "height": 740}


async def test_whom_she_refused_gets_nothing_and_a_child_needs_its_guardian_and_its_own_word(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = Form.read(SHELTER_TONIGHT)
    nara = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.rules1"), "en", viewport=PHONE)
    page = nara.page

    # Errors stand on top and take the focus; each leads to its field.
    await nara.place("place.send")
    await page.locator("#send-place").wait_for()
    await nara.press("send.continue")
    await expect(page.locator(".errors")).to_be_focused()
    await page.locator(".errors").get_by_text(nara.said("send.needs_service")).click()
    await expect(page.locator("#send-services")).to_be_focused()
    routing = replace(form.routing, services=("safety",), minor=True)
    await nara.need(replace(form, routing=routing))

    # She refuses the police, whom it was to go to: by its kind, by name, with everybody.
    await nara.who_can(("police-umnugobi",))
    await nara.tell(replace(form, sections={"needs": form.sections["needs"]}))
    await nara.heading("send.decision")
    refused = page.locator(".errors").get_by_text(
        nara.said("send.refused_agency", agency=nara.agency("police-umnugobi"))
    )
    for to in ("kind:police", "police-umnugobi", "*"):
        if to != "kind:police":
            await page.locator("#send-nobody-more").select_option(to)
        else:
            await nara.tick("send-nobody", to)
        await page.locator(".card").get_by_text(nara.said("send.nothing")).wait_for()
        await nara.press("send.she_agrees")
        await refused.wait_for()
        await page.locator(f'input[name="send-nobody"][value="{to}"]').uncheck()

    # Somebody under 18: the guardian consents, and the child has to agree.
    await nara.tick("send-how", "signed")
    await nara.press("send.she_agrees")
    await page.locator(".errors").get_by_text(nara.said("send.needs_assent")).wait_for()
    await page.locator("#send-assent").fill("Тэгье.")
    await nara.tick("send-guardian-safe", "no")
    await nara.press("send.she_agrees")
    await page.locator(".errors").get_by_text(nara.said("send.guardian_unsafe")).wait_for()
    # The code is made on a phone of theirs; a slip in what it shows is told while they are there.
    first, second = receipts.draw("full"), receipts.draw("full")
    network = practice.identity("mrc.nara", hub.practice).network
    await nara.tick("send-made", "own")
    part = page.locator("#send-part")
    await part.fill(shown_of(first.code, network)[:-1])
    await nara.press("send.she_agrees")
    await page.locator(".errors").get_by_text(nara.said("later.code.slip")).wait_for()
    await part.fill(shown_of(first.code, network))

    # She says no: nothing is sent, and it is kept.
    await nara.press("send.she_says_no")
    await page.locator(".draft-row").wait_for()
    async with at_work(hub, "mrc.nara") as session:
        assert await all_ids(session, "outbox") == []
        await page.locator(".draft-row").get_by_role("button", name=nara.said("verb.continue")).click()
        await nara.heading("send.decision")
        await nara.tick("send-guardian-safe", "yes")
        await nara.press("send.she_agrees")
        await nara.heading("send.check")
        await nara.look("send-check-child")

        # A code that stands for something else already is told, and another one taken.
        (other,) = await session.send(form, first.key(network))
        await session.recall(other.id, "no_longer_needed")
        await nara.press("send.send_to", agency=nara.agency("police-umnugobi"))
        await nara.heading("send.decision")
        await page.locator(".errors").get_by_text(nara.said("later.code.used")).wait_for()
        await part.fill(shown_of(second.code, network))
        await nara.press("send.she_agrees")
        await nara.heading("send.check")
        nara.visit.seen.errors.clear()

        # The police takes nobody any more: it comes back with the reason, and goes out when that is over.
        async with at_work(hub, "pum.enkh") as enkh:
            await enkh.client.set_receiving(False)
            await nara.press("send.send_to", agency=nara.agency("police-umnugobi"))
            await page.get_by_text(nara.said("problem.recipient_unavailable")).wait_for()
            await nara.place("place.inbox")
            await page.locator(".draft-row").get_by_text(nara.said("send.returned")).wait_for()
            assert await all_ids(session, "outbox") == [other.id]
            await enkh.client.set_receiving(True)
        await page.locator(".draft-row").get_by_role("button", name=nara.said("verb.continue")).click()
        await page.get_by_text(nara.said("send.returned")).wait_for()

        # Meanwhile the child says no to something more, to all of a kind: it is said, and shuts what it is about.
        await page.locator("button", has_text=nara.said("send.change")).first.click()
        await nara.heading("send.decision")
        reads = page.locator('input[name="send-decided-police-umnugobi"][value="needs"]')
        await expect(reads).to_be_checked()
        await page.locator("details.more:not(.files) summary").click()
        for to, section in (("kind:police", "needs"), ("*", "medical")):
            await page.locator("#send-partly-more").select_option(to)
            await page.locator(f'input[name="send-partly-{to}"][value="{section}"]').check()
        await expect(reads).to_have_count(0)
        said = page.locator("section", has=page.locator("#send-said"))
        for sentence in ("Police can’t read: what you need.", "No agency can read: health."):
            await expect(said).to_contain_text(sentence)
        await nara.look("send-decision-partly", page.locator("#send-partly-more"))
        await nara.press("send.she_agrees")
        await (
            page.locator(".errors").get_by_text(nara.said("send.nothing_agreed").partition("{agency}: ")[2]).wait_for()
        )
        await page.locator('input[name="send-partly-kind:police"][value="needs"]').uncheck()
        await page.locator('input[name="send-partly-kind:police"][value="account"]').check()
        await expect(reads).to_be_checked()
        await nara.press("send.she_agrees")
        await nara.heading("send.check")

        # On what was recorded then, in its next versions, and the one code for it.
        await nara.press("send.send_to", agency=nara.agency("police-umnugobi"))
        await page.locator(".sent-rows li").wait_for()
        await expect(page.locator(".receipt-code")).to_have_count(0)
        async with Client(nara.visit.origin) as theirs:
            held = {one.to for one in (await receipts.look(theirs, second.code)).holders or ()}
        assert held == {"police-umnugobi", "kind:police", "*"}
        (sent,) = [one for one in (await session.outbox()).items if one.id != other.id]
        decision = sent.decision.body
        assert (decision.basis, decision.given.by, decision.given.how) == ("guardian_and_assent", "guardian", "signed")
        decided = (await session.decisions(decision.consent)).newest
        assert {to: (one.body.version, one.body.refused) for to, one in decided.items()} == {
            "police-umnugobi": (1, []),
            "kind:police": (1, ["account"]),
            "*": (1, ["medical"]),
        }

        # The sender takes it back, and may ask another agency.
        await nara.press("send.done")
        await nara.opens_sent()
        await nara.answers("recalled", reason="became_unsafe")
        await nara.button("verb.choose_another").wait_for()
        assert (await session.show(sent.id)).state == "recalled"

        # What the child refuses later no guardian ends: the child does, by its own word.
        await nara.press("later.open")
        refused_part = page.locator('input[name="send-refused-police-umnugobi"][value="medical"]')

        async def decides_anew(refuses: bool) -> None:
            await nara.press("later.decide")
            await nara.heading("later.decide")
            await page.locator("details.more:not(.files) summary").click()
            await refused_part.set_checked(refuses)
            await nara.tick("send-how", "signed")
            await nara.press("send.she_agrees")

        await decides_anew(True)
        await page.get_by_text(nara.said("later.recorded")).wait_for()
        await decides_anew(False)
        await page.locator(".errors").get_by_text(nara.said("later.childs_no")).wait_for()
        await nara.tick("later-by", "person")
        await nara.look("consent-decide-child", page.locator('input[name="later-by"]').first)
        await nara.press("send.she_agrees")
        await page.get_by_text(nara.said("later.recorded")).wait_for()
        own = (await session.decisions(decision.consent)).newest["police-umnugobi"].body
        assert (own.version, own.given.by, own.granted, own.refused) == (3, "person", None, [])


async def test_sending_and_answering_need_no_mouse(visit: Visiting, hub: Hub, tmp_path: Path) -> None:
    nara = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.keys1"), "en")
    page, keys = nara.page, nara.page.keyboard

    async def to(selector: str) -> None:
        """Tab until it has the focus."""
        for _ in range(80):
            if await page.locator(selector).first.evaluate("one => one === document.activeElement"):
                return
            await keys.press("Tab")
        raise AssertionError(f"{selector} is not reached")

    await keys.press("n")
    await nara.heading("send.need")
    await expect(page.locator("h1")).to_be_focused()
    await to("#send-services")
    await keys.press("Space")
    await to("#send-urgency")
    await keys.press("Space")
    await keys.press("Enter")
    await nara.heading("send.who")
    await page.locator(".candidates").wait_for()
    await keys.press("Alt+ArrowLeft")
    await nara.heading("send.need")
    await expect(page.locator("#send-services")).to_be_checked()
    await to("#send-urgency")
    await keys.press("Enter")
    await nara.heading("send.who")
    await page.locator(".candidates").wait_for()
    await to('input[name="send-who"][value="mgec"]')
    await keys.press("Space")
    await keys.press("Enter")
    await nara.heading("send.tell")
    await to("#send-needs-need_in_own_words")
    await keys.type("Хонох газар")
    await to("#send-needs-when_needed")
    await keys.press("Enter")
    await nara.heading("send.decision")
    await nara.press("send.read_aloud")
    await nara.heading("send.read_aloud")
    await expect(page.locator("h1")).to_be_focused()
    await keys.press("Alt+ArrowLeft")  # each way back from it leads to her decision
    await nara.heading("send.decision")
    await to("#send-how")
    await keys.press("Space")
    await keys.press("Enter")
    await nara.heading("send.check")
    await keys.press("Control+Enter")
    await page.locator(".sent-rows li").wait_for()
    await expect(page.locator("h1")).to_be_focused()

    # The answer, as it would be given there.
    async with at_work(hub, "mgec.delger") as delger:
        (item,) = (await delger.inbox()).items
        await delger.ask_more(item.id, "Хэдэн хүүхэдтэй вэ?")
    await keys.press("g")
    await keys.press("i")
    await page.locator(".inbox .row").first.wait_for()
    await to(".inbox .row")
    await keys.press("Enter")
    await page.get_by_text("Хэдэн хүүхэдтэй вэ?").wait_for()
    await to(".answers .button.main")
    await keys.press("Enter")
    await to("#answer-note")
    await keys.type("Хоёр.")
    await to(".answer-form .button.main")
    await keys.press("Enter")
    await page.locator(".answer-form").wait_for(state="detached")
    async with at_work(hub, "mgec.delger") as delger:
        assert [one.type for one in (await delger.show(item.id)).steps][-1] == "message"
