"""Without her consent, in browsers: one sends, a colleague signs, the recipient reads, the reviewer ends it at once."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo.form import Form
from tests.hubs import Hub
from tests.members import SCENARIOS, at_work
from tests.web.conftest import Visiting
from tests.web.sending import Worker, member, signed_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

ALONE = SCENARIOS / "04-child-alone-at-the-border.json"
PHONE = {"width": 360, "height": 740}


def a_child() -> Form:
    """The child at the border, to the one agency that takes her in; what the browser does not ask is left out."""
    form = Form.read(ALONE)
    grants = {"cfdc-dornogobi": form.consent.grants["cfdc-dornogobi"]}
    return replace(form, recipients=("cfdc-dornogobi",), consent=replace(form.consent, grants=grants))


async def fill_exception(worker: Worker, form: Form, ground: str) -> None:
    """From her decision: she says no to the agency, and it goes without her consent."""
    page, why = worker.page, form.sections["justification"]
    await worker.heading("send.decision")
    await worker.press("without.begin")
    await worker.heading("without.title")
    await worker.press("sign_in.continue")  # nothing is chosen yet
    await expect(page.locator(".errors .to-field")).to_have_count(4)
    await worker.look("send-without")
    await worker.tick("without-ground", ground)
    await expect(page.locator(".errors .to-field")).to_have_count(3)  # one is put right, and the focus is where it was
    await expect(page.locator(".errors")).not_to_be_focused()
    await page.locator("#without-reason").fill(str(why["reason"]))
    await page.locator("#without-tried").fill(str(why["alternatives_tried"]))
    await page.locator("#without-law").fill(str(why["legal_ground"]))
    await worker.tick("without-told", "yes")
    await page.locator("#without-reviewer").select_option("nhrcm")
    await worker.tick("without-refused", "cfdc-dornogobi")
    await worker.tick("without-tell", "7")
    await worker.press("sign_in.continue")
    await worker.heading("send.check")


async def test_a_child_at_the_border_is_signed_for_by_two_and_a_reviewer_ends_it_on_the_open_screen(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = a_child()
    whole = replace(form, sections={name: one for name, one in form.sections.items() if name != "justification"})
    tuya = await signed_in(visit, hub, await member(hub, tmp_path, "zu.tuya", "zu.send1"), "en")
    bold = await signed_in(visit, hub, await member(hub, tmp_path, "zu.tuya", "zu.sign1"), "mn", viewport=PHONE)
    tsend = await signed_in(visit, hub, await member(hub, tmp_path, "cfd.tsend", "cfd.read1"), "en")

    await tuya.place("place.send")
    await tuya.need(whole)
    await tuya.who_can(whole.recipients)
    await tuya.tell(whole)
    await fill_exception(tuya, form, "child_at_risk")
    await tuya.look("send-check-without")
    await tuya.page.keyboard.press("Control+Enter")
    await tuya.heading("without.not_sent")
    assert await tuya.page.locator(".receipt-code").count() == 0  # she is told in a week, and no code tells her now
    await tuya.press("send.done")

    # It is nobody's but the own agency's; and its second signature is not its author's to give.
    assert await tsend.page.locator(".inbox .row").count() == 0
    await tuya.page.locator(".inbox .row").first.click()
    await tuya.page.get_by_text(tuya.said("without.unsigned")).wait_for()
    assert await tuya.button("answer.seconded").count() == 0

    # A colleague reads it, sees what she had refused, and signs.
    await bold.sees_row_in("inbox.needs", "waiting")
    row = await bold.sees_row("verb.sign")
    await row.click()
    await bold.page.get_by_text(str(form.sections["justification"]["reason"])).wait_for()
    await bold.page.get_by_text(bold.said("without.said_no")).wait_for()
    await bold.look("referral-to-sign")
    await bold.answers("seconded")
    await bold.sees_state("sent")
    assert await bold.button("answer.seconded").count() == 0

    # Marked for whoever receives it, too.
    await tsend.shows_new()
    await tsend.opens_first()
    await tsend.page.get_by_text(tsend.said("without.said_no")).wait_for()
    await tsend.look("referral-without")
    assert await tsend.reads() == ["needs", "identity", "safety", "child", "justification"]
    reason = tsend.page.get_by_text(str(form.sections["justification"]["reason"]))
    await reason.wait_for()

    async with at_work(hub, "zu.bold") as colleague:
        (id,) = [one.id for one in (await colleague.outbox()).items]
        sent = await colleague.show(id)
        exception = sent.decision.body.exception
        assert exception is not None
        assert exception.overrides is not None
        assert exception.tell_after is not None
        assert sent.decision.body.receipt is None
        assert exception.overrides.to == "cfdc-dornogobi"
        refusal = (await colleague.decisions(exception.overrides.consent)).newest["cfdc-dornogobi"]
        assert (refusal.sha256, list(refusal.body.refused)) == (exception.overrides.sha256, ["*"])

    # The reviewer finds it, sees who signed and what she had refused, and nothing of her but why: and says no.
    nhrcm = await member(hub, tmp_path, "nhrcm.altan", "nhrcm.review1", "coordinator")
    reviewer = await signed_in(visit, hub, nhrcm, "mn", viewport=PHONE)
    page = reviewer.page
    await (
        page.locator(".overview-rows li").first.get_by_text(reviewer.label("consent_bases", "child_at_risk")).wait_for()
    )
    await reviewer.look("overview")
    await page.locator(".overview-rows li").first.get_by_role("button").click()
    await reviewer.press("referral.open")
    await page.get_by_text(str(form.sections["justification"]["reason"])).wait_for()
    await page.get_by_text(reviewer.said("without.said_no")).wait_for()
    await reviewer.look("referral-to-review")
    assert await reviewer.reads() == ["justification"]
    await reviewer.answers("overturned")
    await page.get_by_text(reviewer.said("referral.overturned")).wait_for()
    await expect(page.locator(".answers")).to_have_count(0)  # there is nothing more to review
    await page.get_by_role("button", name=reviewer.said("app.back"), exact=True).click()
    await page.get_by_text(reviewer.said("overview.reviews.none")).wait_for()
    await expect(page.locator(".inbox")).to_have_count(0)  # a coordinator has no list of people

    # What stood open on the recipient's screen is gone without being asked for.
    await reason.wait_for(state="detached")
    await tsend.page.get_by_text(tsend.said("referral.owe_deletion")).wait_for()
    await tsend.page.get_by_text(tsend.said("referral.overturned")).wait_for()  # nobody had taken a consent back
