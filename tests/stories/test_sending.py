"""Once, all or none, and never twice: what a hub promises of a send, whatever is repeated or wrong in it."""

import asyncio
from dataclasses import replace

import pytest

from ortoo import contract, drafting
from ortoo.drafting import Draft
from ortoo.form import Form
from ortoo.protocol import events
from ortoo.protocol import referral as sealing
from ortoo.protocol.documents import new_id
from ortoo.protocol.errors import Refused
from ortoo.protocol.referral import SealedReferral
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, THREE_AGENCIES, all_ids, at_work, feed_of


async def resealed(session: Session, draft: Draft, form: Form) -> SealedReferral:
    """The draft's first referral under the same id and decision, sealed and signed a second time: other bytes."""
    old = draft.referrals[0].document.body
    return sealing.seal(
        session.signer,
        id=old.id,
        to=old.to,
        routing=old.routing,
        decision=next(one for one in draft.decisions if one.body.to == old.to),
        texts={part: sealing.section_text(part, form.sections[part]) for part in ("needs", "identity")},
        public_keys=await session.public_keys(drafting.agencies_in(form, session.identity.agency)),
        at=session.now(),
    )


async def test_the_same_bytes_again_are_the_same_answer_and_one_referral(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        told = len(await feed_of(delger))
        draft = await nara.draft(Form.read(SHELTER_TONIGHT))
        for _ in range(2):
            decisions = await nara.client.record_consent(draft.sealed_decisions)
        assert [one.sha256 for one in decisions] == [one.sha256 for one in draft.decisions]

        at_once = await asyncio.gather(*(nara.client.send_referrals(draft.sealed_referrals) for _ in range(4)))
        again = await nara.client.send_referrals(draft.sealed_referrals)
        assert all(one == again for one in at_once)
        assert [one.id for one in again] == list(draft.ids)
        assert (await all_ids(nara, "outbox")).count(draft.ids[0]) == 1
        assert [one.referral for one in (await feed_of(delger))[told:]] == [draft.ids[0]]


async def test_the_same_id_with_other_bytes_is_refused(hub: Hub) -> None:
    form = Form.read(SHELTER_TONIGHT)
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        draft = await nara.draft(form)
        await nara.submit(draft, form)
        told = len(await feed_of(delger))
        other = await resealed(nara, draft, form)
        with pytest.raises(Refused) as raised:
            await nara.client.send_referrals([contract.Sealed.of(other.document.envelope, other.blobs)])
        assert (raised.value.code, raised.value.at["referral"]) == ("id_reused", draft.ids[0])
        kept = await nara.show(draft.ids[0])
        assert kept.document.sha256 == draft.referrals[0].document.sha256
        assert len(await feed_of(delger)) == told


async def test_a_step_handed_in_twice_is_taken_once(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(Form.read(SHELTER_TONIGHT))
        told = len(await feed_of(nara))
        received = await delger.show(sent.id)
        opened, _ = events.make(
            delger.signer,
            id=new_id(),
            referral=received.document,
            prev=received.head,
            type="opened",
            at=delger.now(),
        )
        openings = [await delger.client.open_referral(opened.envelope) for _ in range(2)]
        assert openings[0].sealed.keys
        assert [one.referral.head for one in openings] == [opened.sha256] * 2
        assert openings[0].sealed == openings[1].sealed
        accepted, _ = events.make(
            delger.signer,
            id=new_id(),
            referral=received.document,
            prev=opened.sha256,
            type="accepted",
            at=delger.now(),
        )
        answers = [await delger.client.take_step(contract.Sealed(envelope=accepted.envelope)) for _ in range(2)]
        assert answers[0] == answers[1]
        assert [one.kind for one in (await feed_of(nara))[told:]] == ["opened", "accepted"]

        reused, _ = events.make(
            delger.signer,
            id=accepted.body.id,
            referral=received.document,
            prev=accepted.sha256,
            type="under_way",
            at=delger.now(),
        )
        with pytest.raises(Refused) as raised:
            await delger.client.take_step(contract.Sealed(envelope=reused.envelope))
        assert (raised.value.code, raised.value.at["referral"]) == ("id_reused", sent.id)
        assert (await nara.show(sent.id)).state == "accepted"


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
@pytest.mark.parametrize("bad", [0, 1, 2])
async def test_one_bad_among_three_and_nothing_is_sent_to_any(hub: Hub, bad: int) -> None:
    form = Form.read(THREE_AGENCIES)
    readers = ("osc.uyanga", "glc.tamir", "nhrcm.altan")
    async with (
        at_work(hub, "mgec.solongo") as solongo,
        at_work(hub, readers[0]) as uyanga,
        at_work(hub, readers[1]) as tamir,
        at_work(hub, readers[2]) as altan,
    ):
        recipients = (uyanga, tamir, altan)
        before = [len(await feed_of(one)) for one in recipients]
        draft = await solongo.draft(form)
        await solongo.client.record_consent(draft.sealed_decisions)

        handed_in = draft.sealed_referrals
        handed_in[bad] = with_a_damaged_part(draft.referrals[bad])
        with pytest.raises(Refused) as raised:
            await solongo.client.send_referrals(handed_in)
        assert (raised.value.code, raised.value.at["part"]) == ("hash_mismatch", "needs")
        assert raised.value.at["referral"] == draft.ids[bad]

        assert [len(await feed_of(one)) for one in recipients] == before
        assert not set(draft.ids) & set(await all_ids(solongo, "outbox"))
        for session, id in zip(recipients, draft.ids, strict=True):
            assert id not in await all_ids(session, "inbox")
            assert await session.client.referral(id) is None

        # None of the ids is taken: the same three, whole this time, are three referrals.
        sent = await solongo.submit(draft)
        assert tuple(one.id for one in sent) == draft.ids
        assert [len(await feed_of(one)) for one in recipients] == [count + 1 for count in before]


def with_a_damaged_part(whole: SealedReferral) -> contract.Sealed:
    """As it was signed, but one bit of one ciphertext changed on the way."""
    parts = dict(whole.blobs.parts)
    parts["needs"] = bytes([parts["needs"][0] ^ 1]) + parts["needs"][1:]
    return contract.Sealed.of(whole.document.envelope, replace(whole.blobs, parts=parts))
