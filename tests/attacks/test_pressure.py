"""What honest people meet when others are busy, slow or hostile at the same moment."""

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import msgspec
import pytest

from ortoo import contract, coordinating, drafting
from ortoo.form import Form
from ortoo.protocol import events, schemas
from ortoo.protocol import referral as sealing
from ortoo.protocol.documents import Document, as_set, new_id, sign
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, at_work, plain_form
from tests.stores import KINDS, Stores


@pytest.fixture(scope="module", params=KINDS)
def hub(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Hub]:
    with stores.opened(request.param, "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()


async def test_whoever_reads_while_others_write_sees_what_fits_together(hub: Hub) -> None:
    """State, steps and head are as of one moment: an honest hub's answer never looks like a liar's."""
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        at_work(hub, "mgec.solongo") as solongo,
    ):
        (sent,) = await nara.send(plain_form(901))
        await delger.open_referral(sent.id)
        done = asyncio.Event()

        async def write(session: Session) -> None:
            for number in range(15):
                await session.message(sent.id, f"{number}")

        async def read(session: Session) -> int:
            seen = 0
            while not done.is_set():
                await session.show(sent.id)  # verifies all of it
                seen += 1
            return seen

        reading = [asyncio.ensure_future(read(session)) for session in (solongo, solongo, nara)]
        await asyncio.gather(write(nara), write(delger))
        done.set()
        assert min(await asyncio.gather(*reading)) > 3
        assert [one.type for one in (await nara.show(sent.id)).steps].count("message") == 30


async def test_a_newer_decision_hides_nobodys_outbox(hub: Hub) -> None:
    """IOM coordinates and sends under its own decision; the recorder then decides anew: IOM still sees what it sent."""
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "iom.zaya") as zaya,
        at_work(hub, "mgec.delger") as delger,
    ):
        first = await decided(nara, "iom", ["needs"], ["coordinate", "give_service"])
        own = msgspec.structs.replace(
            first.body,
            author=schemas.Author(agency="iom", member=zaya.identity.member),
            directory=zaya.directory.head,
            to="mgec",
            granted=schemas.Granted(
                sections=["needs"],
                purposes=["give_service"],
                until=first.body.granted.until if first.body.granted else "",
            ),
        )
        second = sign(own, zaya.signer.key)
        await zaya.client.record_consent([contract.Sealed(envelope=second.envelope)])
        held = await zaya.show(await sealed_and_sent(nara, first, "iom"))
        await zaya.open_referral(held.id)
        parent = schemas.Named(id=held.id, sha256=held.document.sha256)
        sent = await sealed_and_sent(zaya, second, "mgec", parent=parent)
        third = msgspec.structs.replace(
            own, author=first.body.author, version=2, prev=second.sha256, directory=nara.directory.head
        )
        await nara.client.record_consent([contract.Sealed(envelope=sign(third, nara.signer.key).envelope)])
        assert sent in {one.node.id for one in (await zaya.client.outbox()).edges}
        assert (await zaya.show(sent)).decision.body.version == 2
        assert (await delger.show(sent)).decision.body.version == 2


async def test_a_sender_learns_of_its_own_right_alone(hub: Hub) -> None:
    """Whoever has got hold of a consent's id cannot ask whom she refused, whom she granted, and who was not asked."""
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "ecpat.hulan") as hulan:
        granted = await decided(nara, "mgec", ["needs"], ["give_service"])
        await decided(nara, "police-umnugobi", [], [], consent=granted.body.consent)
        answers = {}
        for to in ("mgec", "police-umnugobi", "hospital-umnugobi"):
            named = msgspec.structs.replace(granted.body, to=to)
            with pytest.raises(Refused) as refused:
                await sealed_and_sent(hulan, replace(granted, body=named), to)
            answers[to] = (refused.value.code, refused.value.message, refused.value.at.get("reader") == to)
        assert len(answers) == 3
        assert len(set(answers.values())) == 1


async def test_a_suspended_agency_is_handed_nothing_even_for_an_old_opening(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "hum.sodnom") as sodnom:
        (sent,) = await nara.send(to_the_hospital(plain_form(905)))
        referral = await sodnom.show(sent.id)
        event, _ = events.make(
            sodnom.signer, id=new_id(), referral=referral.document, prev=referral.head, type="opened", at=sodnom.now()
        )
        assert (await sodnom.client.open_referral(event.envelope)).sealed.wraps
        await nara.message(sent.id, "Хэдэн цагт?")
        await suspend(hub, sodnom.identity.agency, True)
        try:
            with pytest.raises(Refused, match="recipient_suspended"):
                await sodnom.client.open_referral(event.envelope)
            with pytest.raises(Refused, match="recipient_suspended"):
                await nara.message(sent.id, "Сонсож байна уу?")
            answer = await sodnom.client.referral(sent.id)
            assert answer is not None
            assert all(one.sealed is None for one in answer.events)
            assert (await sodnom.decline(sent.id, "no_capacity")).state == "declined"  # what it owes it may still do
        finally:
            await suspend(hub, sodnom.identity.agency, False)


async def test_a_narrower_decision_takes_the_keys_at_once(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        granted = await decided(nara, "mgec", ["needs", "identity"], ["give_service"])
        sent = await sealed_and_sent(nara, granted, "mgec", ("needs", "identity"))
        assert granted.body.granted is not None
        narrower = msgspec.structs.replace(
            granted.body,
            version=2,
            prev=granted.sha256,
            granted=msgspec.structs.replace(granted.body.granted, sections=["needs"]),
        )
        await nara.client.record_consent([contract.Sealed(envelope=sign(narrower, nara.signer.key).envelope)])
        kept = hub.store.execute(
            "SELECT part FROM referrals_partkey WHERE agency_id = 'mgec' AND set_id ="  # noqa: S608 - an id of ours
            f" (SELECT sealed_id FROM referrals_referral WHERE id = '{stored(hub, sent)}')"
        )
        assert kept == [("needs",)]
        assert (await delger.open_referral(sent)).readable == ["needs"]


async def test_a_decline_waits_for_no_backup(hub: Hub) -> None:
    if hub.store.kind != "sqlite":
        return  # PostgreSQL's backups hold nobody up
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(plain_form(906))
        await delger.open_referral(sent.id)
        path = hub.store.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as backup:
            backup.execute("BEGIN")
            backup.execute("SELECT count(*) FROM referrals_partkey").fetchall()
            began = time.monotonic()
            await delger.decline(sent.id, "no_capacity")
            (other,) = await nara.send(plain_form(907))
            assert time.monotonic() - began < 5
            backup.execute("ROLLBACK")
        assert other


async def test_a_change_of_the_directory_waits_for_no_traffic(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mrc.jargal") as jargal:
        stop = asyncio.Event()

        async def send(session: Session, first: int) -> None:
            number = first
            while not stop.is_set():
                await session.send(plain_form(number))
                number += 1

        sending = [asyncio.ensure_future(send(nara, 2000)), asyncio.ensure_future(send(jargal, 3000))]
        await asyncio.sleep(1)
        began = time.monotonic()
        await asyncio.wait_for(suspend(hub, "legal-clinic", False), 15)
        assert time.monotonic() - began < 10
        stop.set()
        await asyncio.gather(*sending)


# --- small steps ------------------------------------------------------------------------------------------------------


async def decided(
    session: Session, to: str, sections: list[str], purposes: list[str], consent: str | None = None
) -> Document[schemas.Consent]:
    """A recorded decision: these sections for these purposes; nothing at all is a refusal."""
    form = Form.read(SHELTER_TONIGHT)
    template = drafting.decide(form, session.signer, at=session.now())
    body = next(one.body for one in template if one.body.granted is not None)
    assert body.granted is not None
    granted = (
        msgspec.structs.replace(body.granted, sections=as_set(sections), purposes=as_set(purposes))
        if sections
        else None
    )
    signed = sign(
        msgspec.structs.replace(
            body, to=to, consent=consent or body.consent, granted=granted, refused=[] if granted else ["*"]
        ),
        session.signer.key,
    )
    await session.client.record_consent([contract.Sealed(envelope=signed.envelope)])
    return signed


async def sealed_and_sent(
    session: Session,
    decision: Document[schemas.Consent],
    to: str,
    sections: tuple[str, ...] = ("needs",),
    parent: schemas.Named | None = None,
) -> str:
    form = Form.read(SHELTER_TONIGHT)
    one = sealing.seal(
        session.signer,
        id=new_id(),
        to=to,
        routing=drafting.routing_of(form),
        decision=decision,
        texts={name: sealing.section_text(name, form.sections[name]) for name in sections},
        public_keys=await session.public_keys({session.identity.agency, to}),
        at=session.now(),
        parent=parent,
    )
    (accepted,) = await session.client.send_referrals([contract.Sealed.of(one.document.envelope, one.blobs)])
    return accepted.id


def to_the_hospital(form: Form) -> Form:
    """The same form for another agency."""
    consent = replace(form.consent, grants={"hospital-umnugobi": next(iter(form.consent.grants.values()))})
    return replace(form, recipients=("hospital-umnugobi",), consent=consent)


async def suspend(hub: Hub, agency: str, yes: bool) -> None:
    async with at_work(hub, "nhrcm.bold") as bold, at_work(hub, "iom.emma") as emma:
        await coordinating.suspend(bold, agency, suspended=yes)
        (document,) = [one for one, _, _ in await coordinating.proposals(emma) if one.body.agency == agency]
        assert (await coordinating.add_signature(emma, document)).in_force


def stored(hub: Hub, id: str) -> str:
    """An id as the database writes it."""
    return id if hub.store.kind == "postgres" else id.replace("-", "")
