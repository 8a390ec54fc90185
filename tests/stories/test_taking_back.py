"""Taken back, handed back, copies deleted, and sent once more: what the other side can open then, and what it owes."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from ortoo import contract
from ortoo.client import HubUnreachable
from ortoo.form import Form, FormError
from ortoo.protocol import schemas
from ortoo.protocol.documents import as_set, sign, stamp
from ortoo.protocol.errors import Refused
from ortoo.reading import Referral
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import SCENARIOS, SHELTER_TONIGHT, all_ids, at_work, feed_of
from tests.sdk.line import Line
from tests.stories.test_answering import is_kept, is_there, keys_of

HANDED_BACK = SCENARIOS / "10-handed-back.json"


def tonight(number: int) -> Form:
    """Nara's form for the shelter, unlike every other number's."""
    form = Form.read(SHELTER_TONIGHT)
    return replace(form, sections={**form.sections, "needs": {**form.sections["needs"], "dependants": number}})


def refusal(answer: Any) -> tuple[str, Any]:
    assert isinstance(answer, Refused), answer
    return answer.code, answer.at.get("state")


async def refused(work: Any) -> tuple[str, Any]:
    (answer,) = await asyncio.gather(work, return_exceptions=True)
    return refusal(answer)


async def test_what_was_taken_back_is_opened_by_nobody_and_its_deletion_is_owed(hub: Hub) -> None:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        at_work(hub, "mgec.solongo") as solongo,
    ):
        (sent,) = await nara.send(tonight(1))
        await delger.open_referral(sent.id)
        await nara.message(sent.id, "Ирж явна.")
        await delger.accept(sent.id)
        keys = keys_of(hub.store, sent.id, "mgec")
        own = keys_of(hub.store, sent.id, "mrc-umnugobi")
        assert (len(keys), len(own)) == (5, 5)
        assert all(is_there(hub.store, key) for key in keys)
        told = len(await feed_of(delger)), len(await feed_of(nara))

        recalled = await nara.recall(sent.id, "another_accepted", "Уучлаарай.")

        assert recalled.state == "recalled"
        assert keys_of(hub.store, sent.id, "mgec") == []
        assert not [key for key in keys if is_kept(hub.store, key)]
        assert [(one.kind, one.referral) for one in (await feed_of(delger))[told[0] :]] == [("recalled", sent.id)]
        for session in (delger, solongo):
            assert await refused(session.open_referral(sent.id)) == ("step_illegal", "recalled")
            assert await refused(session.start(sent.id)) == ("step_illegal", "recalled")
        # Neither the sender's message nor its note on taking back; whoever wrote them reads them still.
        seen, kept = await delger.show(sent.id), await nara.show(sent.id)
        assert [step.note.status for step in seen.steps if step.note] == ["gone", "gone"]
        assert [step.note.text for step in kept.steps if step.note] == ["Ирж явна.", "Уучлаарай."]
        assert [part.status for part in (await nara.open_referral(sent.id)).parts] == ["readable"] * 4
        assert keys_of(hub.store, sent.id, "mrc-umnugobi") == own

        ended = next(step for step in seen.steps if step.type == "recalled")
        assert seen.deletion_owed_since == kept.deletion_owed_since == ended.at
        assert await refused(nara.confirm_deletion(sent.id)) == ("step_illegal", "recalled")
        assert (await solongo.confirm_deletion(sent.id)).deletion_owed_since is None
        assert (await nara.show(sent.id)).deletion_owed_since is None
        assert [one.kind for one in (await feed_of(nara))[told[1] :]] == ["deleted"]


async def test_who_had_not_opened_it_owes_nothing(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(tonight(2))
        assert (await nara.recall(sent.id, "sent_by_mistake")).deletion_owed_since is None
        assert await refused(delger.open_referral(sent.id)) == ("step_illegal", "recalled")
        (declined,) = await nara.send(tonight(2))
        assert (await delger.decline(declined.id, "no_capacity")).deletion_owed_since is None
        (opened,) = await nara.send(tonight(2))
        await delger.open_referral(opened.id)
        assert (await delger.decline(opened.id, "no_capacity")).deletion_owed_since is not None


async def test_what_is_under_way_is_not_taken_back(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(tonight(3))
        await delger.accept(sent.id)
        await delger.start(sent.id)
        assert await refused(nara.recall(sent.id, "no_longer_needed")) == ("step_illegal", "under_way")
        assert (await delger.open_referral(sent.id)).readable == ["needs", "identity", "contact", "safety"]


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_handed_back_and_sent_to_another_under_a_new_decision(hub: Hub) -> None:
    """Scenario 10, but for its clock: 72 hours are over, and the aimag finds her another shelter."""
    form = Form.read(HANDED_BACK)
    async with (
        at_work(hub, "ado.chimeg") as chimeg,
        at_work(hub, "ado.gantulga") as gantulga,
        at_work(hub, "osc.uyanga") as uyanga,
        at_work(hub, "osc.batbayar") as batbayar,
        at_work(hub, "mgec.urna") as urna,
    ):
        (sent,) = await chimeg.send(form)
        assert await refused(uyanga.hand_back(sent.id, "needs_changed")) == ("step_illegal", "sent")
        await uyanga.open_referral(sent.id)
        await uyanga.accept(sent.id)
        await uyanga.start(sent.id)
        keys, told = keys_of(hub.store, sent.id, "shelter-sainshand"), len(await feed_of(chimeg))
        handed = await batbayar.hand_back(sent.id, "needs_changed", "72 цаг дууссан.")
        assert handed.state == "handed_back"
        assert not [key for key in keys if is_kept(hub.store, key)]
        assert await refused(uyanga.open_referral(sent.id)) == ("step_illegal", "handed_back")
        back = await chimeg.show(sent.id)
        assert [step.note.text for step in back.steps if step.note] == ["72 цаг дууссан."]
        assert back.deletion_owed_since is not None
        assert (await uyanga.confirm_deletion(sent.id)).deletion_owed_since is None
        assert [one.kind for one in (await feed_of(chimeg))[told:]] == ["handed_back", "deleted"]
        assert await refused(uyanga.close(sent.id, "partly_given")) == ("step_illegal", "handed_back")

        assert (await refused(gantulga.resend(form, "mgec", sent.id)))[0] == "grant_missing"
        assert len(gantulga.drafts) == 0
        await decided(chimeg, back, "mgec", ["needs", "identity", "safety"])
        again = await gantulga.resend(form, "mgec", sent.id)
        assert (again.recipient, again.state, again.document.body.parent) == ("mgec", "sent", None)
        assert again.document.body.authority.consent == sent.document.body.authority.consent
        assert (await urna.open_referral(again.id)).readable == ["needs", "identity", "safety"]
        assert again.part_names == ["needs", "identity", "safety"]  # what she refused to everybody is not there
        assert gantulga.sent_before(form) == (again.id,)


async def decided(by: Session, earlier: Referral, to: str, sections: list[str], version: int = 1) -> None:
    """She decides on one more agency, before the same recorder."""
    body = msgspec.structs.replace(
        earlier.decision.body,
        at=stamp(by.now()),
        directory=by.directory.head,
        author=by.signer.author,
        to=to,
        version=version,
        prev=None if version == 1 else earlier.decision.sha256,
        granted=schemas.Granted(
            sections=as_set(sections), purposes=["give_service"], until=stamp(by.now() + timedelta(days=90))
        ),
        refused=[],
    )
    envelope = sign(body, by.identity.secrets.sign).envelope
    await by.client.record_consent([contract.Sealed(envelope=envelope)])


async def test_a_narrower_decision_rules_what_is_sent_again(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        form = tonight(4)
        (sent,) = await nara.send(form)
        await decided(nara, sent, "mgec", ["needs", "safety"], version=2)
        again = await nara.resend(form, "mgec")
        assert again.decision.body.version == 2
        assert (await delger.open_referral(again.id)).readable == ["needs", "safety"]
        assert nara.sent_before(form) == (sent.id, again.id)


async def test_nobodys_form_goes_out_under_anothers_consent(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mrc.jargal") as jargal:
        (sent,) = await nara.send(tonight(5))
        before = len(jargal.drafts)
        for session, of, problem in (
            (jargal, None, "never_sent"),
            (jargal, sent.id, "other_than_sent"),
            (nara, sent.id, "other_than_sent"),
        ):
            with pytest.raises(FormError) as raised:
                await session.resend(tonight(6), "mgec", of)
            assert raised.value.problem == problem
        assert len(jargal.drafts) == before
        urgent = replace(tonight(5), routing=replace(tonight(5).routing, urgency="standard"))
        with pytest.raises(FormError):
            await jargal.resend(urgent, "mgec", sent.id)
        assert (await jargal.resend(tonight(5), "mgec", sent.id)).recipient == "mgec"


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_sent_again_with_its_answer_lost_it_is_one_referral(hub: Hub) -> None:
    form = tonight(7)
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(form)
    async with Line(hub.port) as line, at_work(hub, "mrc.nara", line.url) as nara:
        before = len(nara.drafts)
        line.swallow_mutations = 5
        with pytest.raises(HubUnreachable):
            await nara.resend(form, "mgec")
        assert len(nara.drafts) == before + 1
        again = await nara.resend(form, "mgec")
        assert len(nara.drafts) == before
        listed = await all_ids(nara, "outbox")  # of the whole module's stories
        assert listed.index(again.id) - listed.index(sent.id) == 1


async def test_of_two_who_take_back_or_hand_back_at_once_one_is_told_what_happened(hub: Hub) -> None:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mrc.jargal") as jargal,
        at_work(hub, "mgec.delger") as delger,
        at_work(hub, "mgec.solongo") as solongo,
    ):
        (first,), (second,), (third,) = [await nara.send(tonight(8 + n)) for n in range(3)]

        answers = await at_once((nara, jargal), first.id, "recalled", "no_longer_needed")
        (lost,) = [one for one in answers if not isinstance(one, Referral)]
        assert refusal(lost) == ("head_moved", "recalled")

        await delger.accept(second.id)
        answers = await at_once((delger, solongo), second.id, "handed_back", "needs_changed")
        (lost,) = [one for one in answers if not isinstance(one, Referral)]
        assert refusal(lost) == ("head_moved", "handed_back")

        # The two sides against each other: one of both happens, and the other is told of it.
        await delger.accept(third.id)
        recall = await nara.sign_step(third.id, "recalled", reason="no_longer_needed")
        start = await delger.sign_step(third.id, "under_way")
        both = await asyncio.gather(nara.hand_in(recall), delger.hand_in(start), return_exceptions=True)
        (won,) = [one for one in both if isinstance(one, Referral)]
        (lost,) = [one for one in both if not isinstance(one, Referral)]
        assert won.state in ("recalled", "under_way")
        assert refusal(lost) == ("step_illegal", won.state)
        assert (await nara.show(third.id)).state == (await delger.show(third.id)).state == won.state


async def at_once(sessions: tuple[Session, ...], id: str, type: str, reason: str) -> list[Any]:
    """Signed on the same head before either is handed in."""
    signed = [await one.sign_step(id, type, reason=reason) for one in sessions]
    acts = [one.hand_in(step) for one, step in zip(sessions, signed, strict=True)]
    return list(await asyncio.gather(*acts, return_exceptions=True))


async def test_a_flood_of_steps_keeps_nobody_from_taking_back(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(tonight(12))
        await delger.open_referral(sent.id)
        id = sent.id if hub.store.kind == "postgres" else sent.id.replace("-", "")
        hub.store.execute(f"UPDATE referrals_referral SET steps = 1000 WHERE id = '{id}'")  # noqa: S608 - its own id
        assert (await refused(delger.message(sent.id, "…")))[0] == "limit_exceeded"
        assert (await refused(delger.confirm_deletion(sent.id)))[0] == "limit_exceeded"
        assert (await nara.recall(sent.id, "became_unsafe")).state == "recalled"
        assert (await delger.confirm_deletion(sent.id)).deletion_owed_since is None
        assert (await refused(delger.confirm_deletion(sent.id)))[0] == "limit_exceeded"


async def test_what_this_device_still_kept_of_it_goes_before_the_deletion_is_signed(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,), (other,) = [await nara.send(tonight(13 + n)) for n in range(2)]
        await delger.open_referral(sent.id)
        kept = [await delger.sign_step(id, "accepted", note="Ор бэлэн.") for id in (sent.id, other.id)]
        await nara.recall(sent.id, "no_longer_needed")
        await delger.confirm_deletion(sent.id)
        left = [json.loads(path.read_text()) for path in (hub.practice / "state" / "mgec.delger.outbox").glob("*.json")]
        envelopes = [one["step"]["envelope"] for one in left]
        assert kept[0].sealed.envelope not in envelopes
        assert kept[1].sealed.envelope in envelopes
        assert (await delger.hand_in(kept[1])).state == "accepted"
