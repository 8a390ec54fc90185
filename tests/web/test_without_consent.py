"""Without her consent, in browsers: one sends, a colleague signs, the recipient reads, the reviewer ends it at once."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo import receipts
from ortoo.form import Form
from tests.hubs import Hub
from tests.members import SCENARIOS, at_work
from tests.stories.test_clocks import DAY, HOUR, moved
from tests.web.conftest import Visiting
from tests.web.sending import Worker, member, signed_in
from tests.web.test_hub import address
from tests.web.test_receipt import Her

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

ALONE = SCENARIOS / "04-child-alone-at-the-border.json"
NOBODY_ANSWERS = SCENARIOS / "08-nobody-answers.json"
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


async def test_for_danger_to_life_it_leaves_at_once_and_she_is_told_when_that_was_said(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = Form.read(NOBODY_ANSWERS)
    whole = replace(form, sections={name: form.sections[name] for name in ("needs", "safety")})
    why = form.sections["justification"]
    otgon = await signed_in(visit, hub, await member(hub, tmp_path, "hum.otgon", "hum.send1"), "en")
    page = otgon.page
    await otgon.place("place.send")
    await otgon.need(whole)
    await otgon.who_can(whole.recipients)
    await otgon.tell(whole)
    await otgon.heading("send.decision")
    await otgon.press("without.begin")
    await otgon.heading("without.title")
    await otgon.tick("without-ground", "danger_to_life")
    await page.get_by_text(otgon.said("without.leaves_now")).wait_for()
    await page.locator("#without-reason").fill(str(why["reason"]))
    await page.locator("#without-tried").fill(str(why["alternatives_tried"]))
    await otgon.tick("without-told", "no")
    await page.locator("#without-reviewer").select_option("nhrcm")
    await otgon.tick("without-tell", "0")
    await otgon.press("sign_in.continue")
    await otgon.heading("send.check")
    await page.keyboard.press("Control+Enter")
    await page.get_by_text(otgon.said("without.sent.about")).wait_for()
    await otgon.look("sent-danger-to-life")
    code = await page.locator(".receipt-code").inner_text()
    await otgon.press("send.done")

    # It is with the police at once. A colleague signs afterwards, late: who reviews it was told so.
    enkh = await signed_in(visit, hub, await member(hub, tmp_path, "pum.enkh", "pum.read1"), "mn", viewport=PHONE)
    await enkh.opens(await enkh.sees_row_in("inbox.needs", "sent"))
    await enkh.page.get_by_text(enkh.said("without.unsigned")).wait_for()
    assert await enkh.reads() == ["needs", "safety", "justification"]
    await enkh.answers("accepted")
    async with at_work(hub, "hum.otgon") as session, at_work(hub, "nhrcm.bold") as reviewer:
        (sent,) = (await session.outbox()).items
        assert await moved(session, 24 * HOUR - 600, sent.id) == []
        assert "second_member_missing_escalated" in await moved(session, 1200, sent.id)
        assert sent.id in [one.referral for one in await reviewer.client.overdue()]
        sodnom = await signed_in(visit, hub, await member(hub, tmp_path, "hum.otgon", "hum.sign1"), "en")
        await (await sodnom.sees_row("verb.sign")).click()
        await sodnom.page.get_by_text(str(why["reason"])).wait_for()
        await sodnom.answers("seconded")
        await expect(sodnom.button("answer.seconded")).to_have_count(0)
        assert sent.id not in [one.referral for one in await reviewer.client.overdue()]

        # She is told by her code, and takes it back: nobody says that she had decided it.
        browser = await visit(address(hub), viewport=PHONE, locale="en-GB")
        her = Her(await browser.go(f"/r/#{code.replace(' ', '')}"))
        await her.press("next")
        await her.press("code.look")
        await her.heading("shown.title")
        await her.page.get_by_text(her.said("shown.passed_on", agency="Umnugobi aimag hospital")).wait_for()
        card = her.page.locator(".card")
        await expect(card).to_contain_text(her.said("shown.without", basis=her.said("basis.danger_to_life")))
        await expect(card).to_contain_text(her.said("shown.reviewer", phone="").partition("{")[0].strip())
        await expect(her.page.get_by_role("status")).to_have_text(her.said("log.logged"), timeout=15_000)
        await her.look("without")
        await her.press("take.open")
        await her.page.get_by_role("radio").first.check()
        await her.press("next")
        await her.press("sure.yes")
        await her.heading("done.title")
        await enkh.page.get_by_text(enkh.said("referral.owe_deletion")).wait_for()

        # Nor do the pages of those who recorded it, on the screen and on paper.
        basis = f"On the basis of: {sodnom.label('consent_bases', 'danger_to_life')}."
        await sodnom.press("later.open")
        await sodnom.heading("without.mark")
        await sodnom.page.get_by_text(basis).wait_for()
        await sodnom.look("consent-without")
        await sodnom.press("later.record")
        record = sodnom.page.locator(".consent-record").last
        await record.get_by_role("heading", name=sodnom.said("without.mark")).wait_for()
        await record.get_by_text(basis).wait_for()
        await record.get_by_text("she took back with her code: everything").wait_for()
        await sodnom.look("consent-record-without")

        # What the law had passed on she learns on the day that was said, and is told that it is not taken back here.
        given, childs = receipts.draw("full"), a_child()
        assert childs.consent.exception is not None
        later = replace(childs.consent, exception=replace(childs.consent.exception, tell_after_days=7))
        async with at_work(hub, "zu.tuya") as tuya, at_work(hub, "zu.bold") as bold:
            (waits,) = await tuya.send(replace(childs, consent=later), given.key(tuya.directory.id))
            await bold.second(waits.id)
        for by, title in ((7 * DAY - 60, "shown.silent.title"), (120, "shown.title")):
            await moved(session, by, waits.id)
            browser = await visit(address(hub), viewport=PHONE, locale="en-GB")
            her = Her(await browser.go(f"/r/#{given.code.replace(' ', '')}"))
            await her.press("next")
            await her.press("code.look")
            await her.heading(title)
        law = her.said("shown.without", basis=her.said("basis.child_at_risk"))
        await expect(her.page.locator(".card", has_text="Child")).to_contain_text(law)
        await her.page.get_by_text(her.said("fault.basis")).wait_for()
        await expect(her.page.get_by_role("button", name=her.said("take.open"))).to_have_count(0)
        await her.look("law")
