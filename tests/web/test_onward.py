"""Passing on, in browsers: what one may read goes where she agreed, nowhere else; the recorder sees where it went."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo import consenting
from ortoo.form import Grant
from ortoo.protocol import schemas
from ortoo.reading import Referral
from tests.hubs import Hub
from tests.members import at_work
from tests.stories.test_attachments import CONTENT, a_file
from tests.stories.test_onward import to_iom
from tests.stories.test_withdrawing import consent_of
from tests.web.conftest import Visiting
from tests.web.sending import member, signed_in
from tests.web.test_files import STORED

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]


async def test_two_sections_go_on_under_her_decision_and_the_recorder_sees_the_chain(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    zaya = await signed_in(visit, hub, await member(hub, tmp_path, "iom.emma", "iom.pass1"), "en")
    nara = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.chain1"), "mn")
    async with at_work(hub, "mrc.nara") as recorder, at_work(hub, "mgec.delger") as delger:
        letter, film = a_file(tmp_path, "letter.bin", b"x" * 70_000), a_file(tmp_path, "film.bin")
        form = replace(to_iom(7001), sender=None, attached={"needs": (letter, film), "identity": (letter,)})
        (sent,) = await recorder.send(form)
        before = len((await delger.inbox()).items)
        await zaya.shows_new()
        await zaya.opens_first()
        page = zaya.page
        onward_form = page.locator("details.more form:has(#onward-to)")
        await page.locator("details.more summary", has_text=zaya.said("onward.title")).click()
        await zaya.press("onward.title")
        await page.get_by_text(zaya.said("onward.needs_to")).first.wait_for()

        async def pass_on(*sections: str) -> None:
            await page.locator("#onward-to").select_option("mgec")
            for section in ("needs", "identity", "safety"):
                box = page.locator(f'input[name="onward-sections"][value="{section}"]')
                await box.set_checked(section in sections)
            await zaya.press("onward.title")

        # Nothing was decided on it: nothing leaves, and what was chosen stays.
        await pass_on("needs")
        await page.get_by_text(zaya.said("onward.not_agreed")).wait_for()
        await expect(page.locator("#onward-to")).to_have_value("mgec")
        assert len((await delger.inbox()).items) == before
        zaya.visit.seen.errors.clear()

        # She agreed to two of the three: with the third nothing goes; without it, they do.
        grant = {"mgec": Grant(("needs", "safety"), ("give_service",), 30)}
        await consenting.new_version(recorder, consent_of(sent), grant)
        await pass_on("needs", "identity")
        await page.get_by_text(zaya.said("onward.not_agreed")).wait_for()
        assert len((await delger.inbox()).items) == before
        # Of the sections that go on the files go with them, but for those that were left out. The hub's answer is lost:
        # it is kept, over a reload, and is one referral.
        await page.locator('input[name="onward-sections"][value="identity"]').uncheck()
        boxes = page.locator('input[name="onward-files"]')
        assert [await box.get_attribute("value") for box in await boxes.all()] == ["needs/file-1", "needs/file-2"]
        await boxes.first.uncheck()
        await zaya.look("referral-onward", onward_form)
        zaya.visit.line.lose_answers("SendReferrals")
        await pass_on("needs", "safety")
        waits = page.get_by_text(zaya.said("onward.waits", agency=zaya.agency("mgec")))
        await waits.wait_for(timeout=60_000)
        await zaya.look("referral-onward-waits", onward_form)
        (onward,) = [one for one in (await delger.inbox()).items if one.sender == "iom"]
        assert await page.evaluate(STORED) > 0
        await page.reload()
        zaya.visit.line.mend()
        await zaya.unlock()
        for _ in range(300):
            if await page.evaluate(STORED) == 0:
                break
            await page.wait_for_timeout(100)
        assert await page.evaluate(STORED) == 0  # nothing of it stays here
        zaya.visit.seen.errors.clear()
        assert [one.id for one in (await delger.inbox()).items if one.sender == "iom"] == [onward.id]
        assert onward.document.body.parent == schemas.Named(id=sent.id, sha256=sent.document.sha256)
        opened = await delger.open_referral(onward.id)
        assert opened.readable == ["needs", "safety"]
        ((part, said),) = [(one.said.part, one) for section in opened.parts for one in section.files]
        assert (part, said.said.name) == ("needs/file-1", "film.bin")
        assert (await delger.save(said, tmp_path)).read_bytes() == CONTENT

        # The line is cut before anything left: it goes by itself when there is one again, once.
        await zaya.opens_first()
        await zaya.page.locator("details.more summary", has_text=zaya.said("onward.title")).click()
        zaya.visit.line.cut()
        await pass_on("safety")
        await waits.wait_for(timeout=60_000)
        zaya.visit.line.mend()
        await page.get_by_text(zaya.said("onward.sent", agency=zaya.agency("mgec"))).wait_for(timeout=60_000)
        await expect(waits).to_have_count(0)
        zaya.visit.seen.errors.clear()
        assert len([one for one in (await delger.inbox()).items if one.sender == "iom"]) == 2

        # Who coordinates asks her about an agency of which she had decided nothing: recorded and passed on in one go.
        (other,) = await recorder.send(to_iom(7002, "give_service", "coordinate"))
        await zaya.place("place.inbox")
        row = page.locator(".inbox .row", has_text=zaya.label("states", "sent")).first
        await zaya.until(row, zaya.new)
        await row.click()
        await zaya.press("referral.open")
        await page.locator("article .part").first.wait_for()
        await zaya.page.locator("details.more summary", has_text=zaya.said("onward.title")).click()
        await page.locator("#onward-to").select_option("mgec")
        await page.get_by_role("heading", name=zaya.said("onward.ask", agency=zaya.agency("mgec"))).wait_for()
        await page.locator('input[name="onward-sections"][value="needs"]').check()
        await zaya.press("onward.agreed")
        for missing in ("onward.needs_purposes", "onward.needs_how"):
            await page.get_by_text(zaya.said(missing)).first.wait_for()
        purposes = page.locator('input[name="onward-purposes"]')
        assert [await box.get_attribute("value") for box in await purposes.all()] == ["give_service"]
        await purposes.first.check()
        await page.locator("#onward-how").select_option("spoken_by_phone")
        await zaya.look("referral-onward-ask", page.locator("section[aria-labelledby=onward-asked]"))
        zaya.visit.line.lose_answers("RecordConsent")  # and its answer is lost in between
        await zaya.press("onward.agreed")
        await waits.wait_for(timeout=60_000)
        zaya.visit.line.mend()
        await page.get_by_text(zaya.said("onward.sent", agency=zaya.agency("mgec"))).wait_for(timeout=60_000)
        zaya.visit.seen.errors.clear()
        (coordinated,) = [
            one
            for one in (await delger.inbox()).items
            if isinstance(one, Referral) and one.document.body.parent and one.document.body.parent.id == other.id
        ]
        assert (await delger.open_referral(coordinated.id)).readable == ["needs"]
        decision = (await recorder.decisions(consent_of(other))).newest["mgec"].body
        assert decision.granted is not None
        assert other.decision.body.granted is not None
        assert (decision.author.agency, decision.version, decision.given.how) == ("iom", 1, "spoken_by_phone")
        assert (decision.granted.sections, decision.granted.purposes) == (["needs"], ["give_service"])
        assert decision.granted.until == other.decision.body.granted.until
        # She has decided now: more than that is the recorder's to ask.
        await page.locator("#onward-to").select_option("mgec")
        await expect(page.locator("#onward-purposes")).to_have_count(0)
        await pass_on("needs", "identity")
        await page.get_by_text(zaya.said("onward.not_agreed")).wait_for()
        zaya.visit.seen.errors.clear()

        await nara.until(nara.page.locator(".inbox .fold"), nara.new)
        await nara.opens_sent_in("opened")
        await nara.page.locator("details.more summary", has_text=nara.said("onward.chain")).click()
        links = nara.page.locator(".chain li")
        await expect(links.first).to_be_visible()
        passed = nara.said("onward.passed_by", **{"from": nara.agency("iom"), "to": nara.agency("mgec")})
        await expect(links.last).to_contain_text(passed)
        await nara.look("referral-chain")
