"""Nobody forgets: reminders, escalations and what coordinators see, on a practice network whose clock is moved on."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec.structs import replace as replace_struct

from ortoo import contract
from ortoo.form import Form
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import SCENARIOS, at_work, plain_form

HOUR, DAY = 3_600, 86_400


async def moved(session: Session, seconds: int, id: str) -> list[str]:
    """What fell due on this referral, as it was told; and everybody's feed agrees."""
    answer = await session.client.move_practice_clock(seconds)
    await session.sync()
    return [one.kind for one in answer.fired if one.referral == id]


async def kinds(session: Session, id: str) -> list[str]:
    found, after = [], 0
    while page := await session.client.feed(after):
        found += [one.kind for one in page if one.referral == id]
        after = page[-1].sequence
    return found


@pytest.mark.parametrize("own_hub", ["postgres"], indirect=True)
async def test_nobody_answers_then_answers_and_forgets(own_hub: Hub) -> None:
    """Scenario 01's urgency: immediate. One hour to acknowledge, four to decide, two days to say how it goes."""
    async with (
        at_work(own_hub, "mrc.nara") as nara,
        at_work(own_hub, "mgec.delger") as delger,
        at_work(own_hub, "nhrcm.bold") as bold,
    ):
        (sent,) = await nara.send(plain_form(61))
        owed = (await nara.client.referral(sent.id)).owed  # type: ignore[union-attr]
        assert [(one.agency, one.kind, one.due_at - sent.sent_at) for one in owed] == [
            ("mgec", "acknowledge", timedelta(hours=1)),
            ("mgec", "decide", timedelta(hours=4)),
        ]
        assert await moved(nara, HOUR // 2 - 60, sent.id) == []
        with pytest.raises(Refused, match="step_illegal"):
            await nara.alternatives(sent.id)
        assert await moved(nara, 120, sent.id) == ["reminder"]
        assert await moved(nara, 60, sent.id) == []  # once
        assert sent.id not in [one.referral for one in await bold.client.overdue()]
        assert await moved(nara, HOUR // 2, sent.id) == ["escalated"]
        (late,) = [one for one in await bold.client.overdue() if one.referral == sent.id]
        assert (late.sender, late.recipient, late.owed.agency, late.owed.kind) == (
            "mrc-umnugobi",
            "mgec",
            "mgec",
            "acknowledge",
        )
        assert await moved(nara, 4 * HOUR, sent.id) == []  # that nobody answers was told
        assert await kinds(nara, sent.id) == ["escalated"]
        assert (await nara.show(sent.id)).wants_another
        found = [one.agency for one in await nara.alternatives(sent.id)]
        assert found == ["cfdc-umnugobi", "hospital-umnugobi"]  # for counselling; nobody else has such a bed
        assert await kinds(delger, sent.id) == ["referral_sent", "reminder", "escalated"]

        await delger.sync()
        await delger.acknowledge(sent.id)  # and then it is forgotten
        assert await moved(nara, 1, sent.id) in (["undecided"], [])  # the worker may have been quicker
        assert (await kinds(nara, sent.id))[-1] == "undecided"
        (late,) = [one for one in await bold.client.overdue() if one.referral == sent.id]
        assert late.owed.kind == "decide"

        await delger.accept(sent.id)
        assert sent.id not in [one.referral for one in await bold.client.overdue()]
        with pytest.raises(Refused, match="step_illegal"):
            await nara.alternatives(sent.id)
        assert await moved(nara, 2 * DAY - 60, sent.id) == []
        assert await moved(nara, 120, sent.id) == ["silent"]
        await delger.sync()
        await delger.start(sent.id)
        assert sent.id not in [one.referral for one in await bold.client.overdue()]
        await delger.close(sent.id, "service_given")
        assert (await nara.client.referral(sent.id)).owed == []  # type: ignore[union-attr]
        assert await moved(nara, 9 * DAY, sent.id) == []


@pytest.mark.parametrize("own_hub", ["postgres"], indirect=True)
async def test_a_question_stops_the_recipients_clocks_and_starts_the_senders(own_hub: Hub) -> None:
    async with at_work(own_hub, "mrc.nara") as nara, at_work(own_hub, "mgec.delger") as delger:
        (sent,) = await nara.send(plain_form(62))
        await delger.sync()
        await delger.ask_more(sent.id, "Хэдэн хүүхэд?")
        (owed,) = (await delger.client.referral(sent.id)).owed  # type: ignore[union-attr]
        assert (owed.agency, owed.kind) == ("mrc-umnugobi", "answer")
        assert await moved(nara, HOUR + 60, sent.id) == ["answer_due"]
        await nara.message(sent.id, "Хоёр.")
        (owed,) = (await delger.client.referral(sent.id)).owed  # type: ignore[union-attr]
        assert (owed.agency, owed.kind) == ("mgec", "decide")
        assert await moved(nara, 4 * HOUR + 60, sent.id) == ["undecided"]
        await delger.sync()
        await delger.decline(sent.id, "no_capacity")
        assert (await nara.client.referral(sent.id)).owed == []  # type: ignore[union-attr]


async def test_a_service_moves_its_hours_while_the_clock_runs(own_hub: Hub) -> None:
    """Twenty-seven hours of an office are days; of a service that is open day and night, twenty-seven hours."""
    form = replace(Form.read(SCENARIOS / "12-friday-afternoon.json"), sender=None)
    async with at_work(own_hub, "ecpat.hulan") as hulan, at_work(own_hub, "aum.purev") as purev:
        (sent,) = await hulan.send(form)

        async def acknowledged_within() -> timedelta:
            found = (await hulan.client.referral(sent.id)).owed  # type: ignore[union-attr]
            return next(one.due_at for one in found if one.kind == "acknowledge") - sent.sent_at

        assert await acknowledged_within() > timedelta(days=2)
        listed = await purev.client.services("aimag-umnugobi")
        assert listed is not None
        service = next(one for one in listed.services if one.code == "documents")
        days = "MO,TU,WE,TH,FR,SA,SU"
        always = contract.OpeningHours(days=days, opens="00:00", closes="24:00")
        await purev.client.save_service(
            service.id, replace_struct(service.offer, schedule=[always], open_on_holidays=True)
        )
        assert abs(await acknowledged_within() - timedelta(hours=27)) < timedelta(seconds=1)
        assert await moved(hulan, 27 * HOUR + 60, sent.id) == ["escalated"]


@pytest.mark.parametrize("own_hub", ["postgres"], indirect=True)
async def test_who_had_opened_owes_a_deletion_within_three_days(own_hub: Hub) -> None:
    async with (
        at_work(own_hub, "mrc.nara") as nara,
        at_work(own_hub, "mgec.delger") as delger,
        at_work(own_hub, "nhrcm.bold") as bold,
    ):
        (sent,) = await nara.send(plain_form(64))
        assert (await delger.open_referral(sent.id)).readable
        await delger.decline(sent.id, "no_capacity")
        assert await moved(nara, 72 * HOUR - 60, sent.id) == []
        assert await moved(nara, 120, sent.id) == ["deletion_due"]
        (late,) = [one for one in await bold.client.overdue() if one.referral == sent.id]
        assert (late.owed.agency, late.owed.kind) == ("mgec", "delete")
        await delger.sync()
        await delger.confirm_deletion(sent.id)
        assert sent.id not in [one.referral for one in await bold.client.overdue()]
