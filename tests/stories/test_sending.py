"""Once, all or none, and never twice: what a hub promises of a send, whatever is repeated or wrong in it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from ortoo import contract, drafting
from ortoo.attached import Attached
from ortoo.drafting import Draft
from ortoo.form import Form
from ortoo.protocol import events
from ortoo.protocol import referral as sealing
from ortoo.protocol.documents import new_id
from ortoo.protocol.errors import Refused
from ortoo.protocol.referral import SealedReferral
from ortoo.receipts import draw
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, THREE_AGENCIES, all_ids, at_work, feed_of, plain_form


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


@asynccontextmanager
async def twice(hub: Hub, handle: str, programs: int) -> AsyncIterator[tuple[Session, Session]]:
    """A member at work twice at once: in two programs that share what they keep, or in two tasks of one.

    Keys come late, so that both have begun before either has sealed anything.
    """
    async with at_work(hub, handle) as one, at_work(hub, handle) as another:
        for session in (one, another):
            come_late(session)
        yield one, another if programs == 2 else one


def come_late(session: Session) -> None:
    ask = session.client.kem_keys

    async def slowly(hashes: Sequence[str]) -> list[contract.KemKey]:
        await asyncio.sleep(0.3)
        return await ask(hashes)

    session.client.kem_keys = slowly  # type: ignore[method-assign]  # the line is slow


@pytest.mark.parametrize("programs", [1, 2])
@pytest.mark.parametrize("with_file", [False, True])
async def test_the_same_form_twice_at_once_is_one_sending(
    hub: Hub, tmp_path: Path, programs: int, with_file: bool
) -> None:
    form = replace(plain_form(100 + 2 * programs + with_file), attached=attached(tmp_path) if with_file else {})
    async with twice(hub, "mrc.nara", programs) as sessions, at_work(hub, "mgec.delger") as delger:
        before, left = len(await all_ids(delger, "inbox")), on_its_way(hub, "mrc.nara")
        (first,), (second,) = await asyncio.gather(*(one.send(form) for one in sessions))
        assert (second.id, second.decision.sha256) == (first.id, first.decision.sha256)
        assert len(await all_ids(delger, "inbox")) == before + 1
        assert [one.sent_before(form) for one in sessions] == [(first.id,)] * 2
        assert on_its_way(hub, "mrc.nara") == left
        (again,) = await sessions[0].send(form)  # once that was answered, it is meant
        assert (again.id != first.id, again.decision.body.consent != first.decision.body.consent) == (True, True)


async def test_of_two_codes_for_the_same_form_at_once_the_one_that_went_with_it_is_told(hub: Hub) -> None:
    form = plain_form(140)
    async with twice(hub, "mrc.nara", 2) as sessions:
        keys = [draw("full").key(one.directory.id) for one in sessions]
        sending = (one.send(form, key) for one, key in zip(sessions, keys, strict=True))
        (first,), (second,) = await asyncio.gather(*sending)
        assert first.decision.body.receipt == second.decision.body.receipt
        assert first.decision.body.receipt in keys


@pytest.mark.parametrize("programs", [1, 2])
async def test_what_is_refused_twice_at_once_is_decided_once(hub: Hub, programs: int) -> None:
    form = plain_form(150 + programs)
    async with twice(hub, "mrc.nara", programs) as sessions, at_work(hub, "mgec.delger") as delger:
        before = consents(hub)
        await delger.client.set_receiving(False)
        try:
            refused = await asyncio.gather(*(one.send(form) for one in sessions), return_exceptions=True)
        finally:
            await delger.client.set_receiving(True)
        assert [one.code for one in refused if isinstance(one, Refused)] == ["recipient_unavailable"] * 2
        (sent,) = await sessions[0].send(form)
        assert consents(hub) - before == {sent.decision.body.consent}


def consents(hub: Hub) -> set[str]:
    return {str(UUID(str(id))) for (id,) in hub.store.execute("SELECT consent_id FROM referrals_decision")}


@pytest.mark.parametrize("programs", [1, 2])
@pytest.mark.parametrize("with_file", [False, True])
async def test_a_form_resent_twice_at_once_is_one_sending(
    hub: Hub, tmp_path: Path, programs: int, with_file: bool
) -> None:
    form = replace(plain_form(110 + 2 * programs + with_file), attached=attached(tmp_path) if with_file else {})
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(form)
    async with twice(hub, "mrc.nara", programs) as sessions:
        left = on_its_way(hub, "mrc.nara")
        first, second = await asyncio.gather(*(one.resend(form, "mgec", sent.id) for one in sessions))
        assert first.id == second.id != sent.id
        assert [one for one in await all_ids(sessions[0], "outbox") if one > sent.id] == [first.id]
        assert on_its_way(hub, "mrc.nara") == left


@pytest.mark.parametrize("programs", [1, 2])
@pytest.mark.parametrize("with_file", [False, True])
async def test_the_same_message_twice_at_once_is_one_message(
    hub: Hub, tmp_path: Path, programs: int, with_file: bool
) -> None:
    files = attached(tmp_path)["needs"] if with_file else ()
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(plain_form(120 + 2 * programs + with_file))
    async with twice(hub, "mrc.nara", programs) as sessions:
        left = on_its_way(hub, "mrc.nara")
        await asyncio.gather(*(one.message(sent.id, "Зураг.", files) for one in sessions))
        notes = [step.note for step in (await sessions[0].show(sent.id)).steps]
        assert [(note.text, len(note.files)) for note in notes if note is not None] == [("Зураг.", len(files))]
        assert on_its_way(hub, "mrc.nara") == left


async def test_a_draft_that_took_anothers_place_is_not_dropped_with_it(hub: Hub, tmp_path: Path) -> None:
    form = replace(plain_form(130), attached=attached(tmp_path))
    async with at_work(hub, "mrc.nara") as nara:
        replaced, kept = await nara.draft(form), await nara.draft(form)
        with pytest.raises(Refused, match="blob_missing"):
            await nara.submit(replaced)
        (sent,) = await nara.send(form)
        assert sent.id == kept.ids[0]


def attached(folder: Path) -> dict[str, tuple[Attached, ...]]:
    (folder / "scan.bin").write_bytes(b"s" * 4_000)
    return {"needs": (Attached.of(folder / "scan.bin"),)}


def on_its_way(hub: Hub, handle: str) -> set[str]:
    """What lies in the member's outbox: other stories leave something there."""
    folder = hub.practice / "state" / f"{handle}.outbox"
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


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
