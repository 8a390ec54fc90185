"""Passing on, in browsers: what one may read goes where she agreed, nowhere else; the recorder sees where it went."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo import consenting
from ortoo.form import Grant
from ortoo.protocol import schemas
from tests.hubs import Hub
from tests.members import at_work
from tests.stories.test_onward import to_iom
from tests.stories.test_withdrawing import consent_of
from tests.web.conftest import Visiting
from tests.web.sending import member, signed_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]


async def test_two_sections_go_on_under_her_decision_and_the_recorder_sees_the_chain(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    zaya = await signed_in(visit, hub, await member(hub, tmp_path, "iom.emma", "iom.pass1"), "en")
    nara = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.chain1"), "mn")
    async with at_work(hub, "mrc.nara") as recorder, at_work(hub, "mgec.delger") as delger:
        (sent,) = await recorder.send(to_iom(7001))
        before = len((await delger.inbox()).items)
        await zaya.shows_new()
        await zaya.opens_first()
        page = zaya.page
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
        await zaya.look("referral-onward")
        await pass_on("needs", "safety")
        await page.get_by_text(zaya.said("onward.sent", agency=zaya.agency("mgec"))).wait_for()
        zaya.visit.seen.errors.clear()
        (onward,) = [one for one in (await delger.inbox()).items if one.sender == "iom"]
        assert onward.document.body.parent == schemas.Named(id=sent.id, sha256=sent.document.sha256)
        assert (await delger.open_referral(onward.id)).readable == ["needs", "safety"]

        await nara.until(nara.page.locator(".inbox .fold"), nara.new)
        await nara.opens_sent_in("opened")
        await nara.page.locator("details.more summary", has_text=nara.said("onward.chain")).click()
        links = nara.page.locator(".chain li")
        await expect(links).to_have_count(2)
        passed = nara.said("onward.passed_by", **{"from": nara.agency("iom"), "to": nara.agency("mgec")})
        await expect(links.last).to_contain_text(passed)
        await nara.look("referral-chain")
