"""Handed back after three days, her next decision, a bed elsewhere: five people, each in a browser of their own."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo import consenting
from ortoo.form import Form, Grant
from tests.hubs import Hub
from tests.members import at_work
from tests.stories.test_clocks import DAY, moved
from tests.stories.test_taking_back import HANDED_BACK
from tests.web.conftest import Visiting
from tests.web.sending import member, signed_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

PHONE = {"width": 360, "height": 740}
OVER = "72 цаг дууссан. Урт хугацаагаар байрлах газар хэрэгтэй."
THREE = ("needs", "identity", "safety")


async def test_after_three_days_she_goes_on_to_another_shelter_by_her_next_decision(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = Form.read(HANDED_BACK)
    # A page offers days of its own, and refuses a part to one agency, not to all of them.
    grants = {to: replace(one, days=14) for to, one in form.consent.grants.items()}
    consent = replace(form.consent, grants=grants, refusals={"kind:mining_company": ("*",)})
    chimeg = await signed_in(visit, hub, await member(hub, tmp_path, "ado.chimeg", "ado.back1"), "mn")
    uyanga = await signed_in(visit, hub, await member(hub, tmp_path, "osc.uyanga", "osc.back1"), "en", viewport=PHONE)
    await chimeg.send(replace(form, consent=consent))
    await uyanga.shows_new()
    await uyanga.opens_first()
    assert await uyanga.reads() == [*THREE]
    for step in ("acknowledged", "accepted", "under_way"):
        await uyanga.answers(step)
    await uyanga.sees_state("under_way")

    async with at_work(hub, "ado.chimeg") as session:
        (sent,) = (await session.outbox()).items
        given = sent.decision.body.given
        assert (given.by, given.how) == ("person_supported", "thumbprint")
        await moved(session, 3 * DAY, sent.id)

        # A colleague who comes in then hands her back, and owes that the copies are gone; nothing opens any more.
        batbayar = await signed_in(visit, hub, await member(hub, tmp_path, "osc.uyanga", "osc.back2"), "en")
        await batbayar.page.locator(".inbox .row").first.click()
        await batbayar.answers("handed_back", reason="needs_changed", note=OVER)
        await batbayar.sees_state("handed_back")
        await expect(batbayar.button("referral.open")).to_have_count(0)
        await expect(batbayar.button("answer.closed")).to_have_count(0)
        await batbayar.answers("deleted")

        # At the aimag it stands with what was written; another shelter is offered, and those that cannot are not.
        gantulga = await signed_in(visit, hub, await member(hub, tmp_path, "ado.chimeg", "ado.back2"), "mn")
        await (await gantulga.sees_row("verb.choose_another")).click()
        await gantulga.page.get_by_text(OVER).wait_for()
        decided = {"mgec": Grant(THREE, ("give_service",), 90)}
        await consenting.new_version(session, sent.decision.body.consent, decided)
        await gantulga.press("verb.choose_another")
        await gantulga.heading("send.who")
        choices = gantulga.page.locator('input[name="send-who"]')
        await choices.first.wait_for()
        offered = {await one.get_attribute("value") for one in await choices.all()}
        assert "mgec" in offered
        assert not {"shelter-sainshand", "cfdc-umnugobi"} & offered
        await gantulga.who_can(("mgec",))
        await gantulga.heading("send.check")  # her next decision covers it

        # Without a line nobody can say what she decided: it stays a draft, and becomes no consent of its own.
        await gantulga.place("place.inbox")
        gantulga.visit.line.cut()
        await gantulga.page.locator(".draft-row").get_by_role("button", name=gantulga.said("verb.continue")).click()
        await gantulga.heading("send.check")
        await gantulga.page.get_by_text(gantulga.said("problem.line")).wait_for(timeout=30_000)
        await gantulga.page.keyboard.press("Control+Enter")
        gantulga.visit.line.mend()
        await gantulga.page.get_by_text(gantulga.said("send.under_decision")).wait_for(timeout=30_000)
        gantulga.visit.seen.errors.clear()
        await gantulga.page.keyboard.press("Control+Enter")
        await gantulga.page.locator(".sent-rows").get_by_text(gantulga.agency("mgec")).wait_for()
        await gantulga.press("send.done")
        await gantulga.place("place.inbox")

        urna = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.back1"), "en")
        await urna.opens_first()
        assert await urna.reads() == [*THREE]
        await urna.answers("accepted")
        await urna.answers("under_way")
        await urna.answers("closed", reason="moved_on", note="Охиныдоо очихоор болсон.")
        await gantulga.sees_row_in("inbox.rest", "closed")
        both = (await session.outbox()).items
        assert {one.state for one in both} == {"handed_back", "closed"}
        assert {one.decision.body.consent for one in both} == {sent.decision.body.consent}
