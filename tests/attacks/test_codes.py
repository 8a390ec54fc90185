"""Each code of protocol §13 that a hub of this step can raise, raised through the API of a real one.

Of each something honest is made and one thing in it changed. The answer has the code and names what is at fault;
nothing of it was written, and nothing of what was sent stands in the answer.
"""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import pytest

from ortoo import contract, coordinating, drafting, practice
from ortoo.drafting import Draft
from ortoo.form import Form
from ortoo.protocol import referral as sealing
from ortoo.protocol import schemas
from ortoo.protocol.documents import Document, SigningKey, as_set, b64, new_id, sign, stamp
from ortoo.protocol.errors import SENTENCES, Refused
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, at_work
from tests.stores import Stores

# Raised by clients, or by what a later step brings; each by a test of the protocol's own or of the story named.
NOT_HERE: Final = {
    "threshold_not_met": "a proposal waits for signatures instead: tests/people/test_agencies.py",
    "second_signature_missing": "exceptions are not taken yet",
    "checkpoint_rollback": "a client's: tests/sdk/test_session.py",
    "checkpoint_unwitnessed": "a client's, in a network with witnesses",
    "proof_invalid": "the log's proofs come later",
    "key_mismatch": "a member's: tests/people/test_agencies.py",
    "cannot_open": "a reader's",
    "consent_withdrawn": "withdrawals are not taken yet",
    "upload_unknown": "attachments are not taken yet",
    "receipt_unknown": "receipts are not given out yet",
    "throttled": "tests/people/test_signing_in.py",
    "key_refused": "tests/people/test_signing_in.py",
}


@dataclass
class Scene:
    """The sender, the recipient, somebody else; and something honest to spoil."""

    hub: Hub
    nara: Session
    delger: Session
    dorj: Session
    form: Form

    async def draft(self) -> Draft:
        return await self.nara.draft(self.form)

    async def recorded(self) -> Draft:
        """A draft whose decisions the hub has."""
        draft = await self.draft()
        await self.nara.client.record_consent(draft.sealed_decisions)
        return draft

    async def sent(self) -> str:
        (one,) = await self.nara.submit(await self.draft())
        return one.id

    async def hand_in(self, body: Any, *, by: Session | None = None, blobs: contract.Sealed | None = None) -> None:
        """Sign a referral's body and send it, with the blobs given or the sealed whole's own."""
        envelope = sign(body, (by or self.nara).signer.key).envelope
        await self.raw(envelope, blobs)

    async def raw(self, envelope: str, blobs: contract.Sealed | None = None) -> None:
        whole = (
            contract.Sealed(envelope=envelope) if blobs is None else msgspec.structs.replace(blobs, envelope=envelope)
        )
        await self.nara.client.send_referrals([whole])

    async def decide(self, body: Any, by: Session | None = None) -> None:
        session = by or self.nara
        await session.client.record_consent([contract.Sealed(envelope=sign(body, session.signer.key).envelope)])


Attack = Callable[[Scene], Awaitable[None]]
ATTACKS: list[tuple[str, frozenset[str], Attack]] = []


def raises(code: str, *at: str) -> Callable[[Attack], Attack]:
    """The attack is answered with this code, and at least these names of what is at fault."""

    def note(attack: Attack) -> Attack:
        ATTACKS.append((code, frozenset(at), attack))
        return attack

    return note


@pytest.fixture(scope="module")
def hub(stores: Stores) -> Iterator[Hub]:
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()


# --- form -------------------------------------------------------------------------------------------------------------


@raises("limit_exceeded", "field", "most")
async def seventeen_together(scene: Scene) -> None:
    draft = await scene.draft()
    await scene.nara.client.send_referrals(draft.sealed_referrals * 17)


@raises("limit_exceeded", "field", "most")
async def no_referral_at_all(scene: Scene) -> None:
    await scene.nara.client.send_referrals([])


@raises("limit_exceeded", "item")
async def too_deep(scene: Scene) -> None:
    payload = b64(b"[" * 40 + b"]" * 40)
    await scene.raw(envelope_of("referral", payload))


@raises("limit_exceeded", "item", "field")
async def too_large(scene: Scene) -> None:
    await scene.raw(envelope_of("referral", b64(b'{"a":"' + b"a" * 70_000 + b'"}')))


@raises("limit_exceeded", "referral", "field", "most")
async def too_many_parts(scene: Scene) -> None:
    draft = await scene.recorded()
    body = draft.referrals[0].document.body
    parts = [schemas.SealedPart(name=f"needs/file-{n}", size=300, sha256=b64(bytes(32))) for n in range(1, 40)]
    await scene.hand_in(with_sealed(body, parts=as_set([*body.sealed.parts, *parts])))


@raises("not_canonical", "item")
async def not_canonical(scene: Scene) -> None:
    draft = await scene.draft()
    await scene.raw(draft.referrals[0].document.envelope + " ")


@raises("not_canonical", "item")
async def not_canonical_second_of_two(scene: Scene) -> None:
    whole = (await scene.recorded()).sealed_referrals[0]
    broken = msgspec.structs.replace(whole, envelope=" " + whole.envelope)
    with pytest.raises(Refused) as refused:
        await scene.nara.client.send_referrals([whole, broken])
    assert refused.value.at["item"] == 1
    raise refused.value


@raises("version_unsupported", "field")
async def of_another_version(scene: Scene) -> None:
    draft = await scene.draft()
    await scene.raw(draft.referrals[0].document.envelope.replace(".v1+json", ".v2+json"))


@raises("malformed", "item", "field")
async def of_another_kind(scene: Scene) -> None:
    draft = await scene.draft()
    await scene.raw(draft.decisions[0].envelope)


@raises("malformed", "referral")
async def the_same_twice(scene: Scene) -> None:
    draft = await scene.recorded()
    await scene.nara.client.send_referrals(draft.sealed_referrals * 2)


@raises("malformed", "referral", "field")
async def onward(scene: Scene) -> None:
    draft = await scene.recorded()
    parent = schemas.Named(id=new_id(), sha256=b64(bytes(32)))
    await scene.hand_in(msgspec.structs.replace(draft.referrals[0].document.body, parent=parent))


@raises("malformed", "referral", "field")
async def a_code_that_is_none(scene: Scene) -> None:
    body = (await scene.recorded()).referrals[0].document.body
    await scene.hand_in(msgspec.structs.replace(body, routing=msgspec.structs.replace(body.routing, urgency="soon")))


@raises("malformed", "referral", "part", "reader")
async def a_key_for_nobody(scene: Scene) -> None:
    body = (await scene.recorded()).referrals[0].document.body
    more = schemas.SealedKey(part="needs", agency="police-ct", sha256=b64(bytes(32)))
    await scene.hand_in(with_sealed(body, keys=as_set([*body.sealed.keys, more])))


@raises("malformed", "consent", "to", "field")
async def with_a_receipt(scene: Scene) -> None:
    body = (await scene.draft()).decisions[0].body
    receipt = schemas.ReceiptKey(key=b64(SigningKey.generate().public), mode="full")
    await scene.decide(msgspec.structs.replace(body, receipt=receipt))


# --- signer -----------------------------------------------------------------------------------------------------------


@raises("signature_invalid", "referral")
async def signed_by_another_key(scene: Scene) -> None:
    draft = await scene.recorded()
    forged = sign(draft.referrals[0].document.body, SigningKey.generate())
    await scene.raw(forged.envelope, draft.sealed_referrals[0])


@raises("signature_invalid", "referral")
async def changed_after_signing(scene: Scene) -> None:
    draft = await scene.recorded()
    document = draft.referrals[0].document
    other = msgspec.structs.replace(document.body, routing=msgspec.structs.replace(document.body.routing, minor=True))
    changed = replace(sign(other, SigningKey.generate()), signatures=document.signatures)
    await scene.raw(changed.envelope, draft.sealed_referrals[0])


@raises("key_unknown", "referral", "field")
async def before_the_author_was_a_member(scene: Scene) -> None:
    body = (await scene.recorded()).referrals[0].document.body
    first = schemas.TreeHead(size=1, root=b64(scene.nara.directory.root_at(1)))
    await scene.hand_in(msgspec.structs.replace(body, directory=first))


@raises("role_not_allowed", "referral", "field")
async def signed_for_a_colleague(scene: Scene) -> None:
    draft = await scene.recorded()
    body = draft.referrals[0].document.body
    jargal = practice.identity("mrc.jargal", scene.hub.practice)
    author = schemas.Author(agency="mrc-umnugobi", member=jargal.member)
    document = sign(msgspec.structs.replace(body, author=author), jargal.secrets.sign)
    await scene.raw(document.envelope, draft.sealed_referrals[0])


@raises("role_not_allowed", "referral", "field")
async def signed_for_another_agency(scene: Scene) -> None:
    body = (await scene.recorded()).referrals[0].document.body
    author = schemas.Author(agency="police-ct", member=scene.dorj.identity.member)
    await scene.hand_in(msgspec.structs.replace(body, author=author), by=scene.dorj)


@raises("role_not_allowed")
async def by_a_coordinator(scene: Scene) -> None:
    async with at_work(scene.hub, "nhrcm.bold") as bold:
        await bold.send(replace(scene.form, sender=None))


# --- directory --------------------------------------------------------------------------------------------------------


@raises("epoch_stale", "referral", "reader")
async def sealed_to_an_epoch_that_is_not(scene: Scene) -> None:
    body = (await scene.recorded()).referrals[0].document.body
    readers = [msgspec.structs.replace(one, epoch=7) if one.agency == "mgec" else one for one in body.sealed.readers]
    await scene.hand_in(with_sealed(body, readers=as_set(readers)))


@raises("directory_fork", "referral", "field")
async def relying_on_a_directory_that_is_not(scene: Scene) -> None:
    body = (await scene.recorded()).referrals[0].document.body
    await scene.hand_in(msgspec.structs.replace(body, directory=schemas.TreeHead(size=51, root=b64(bytes(32)))))


@raises("directory_fork", "referral")
async def relying_on_a_directory_of_the_future(scene: Scene) -> None:
    body = (await scene.recorded()).referrals[0].document.body
    await scene.hand_in(msgspec.structs.replace(body, directory=schemas.TreeHead(size=5000, root=b64(bytes(32)))))


@raises("directory_stale", "referral", "reader", "size")
async def the_recipients_admission_has_changed(scene: Scene) -> None:
    draft = await scene.recorded()
    await suspended(scene.hub, "mgec", False)
    await scene.nara.client.send_referrals(draft.sealed_referrals)


@raises("chain_broken")
async def a_roster_that_continues_nothing(scene: Scene) -> None:
    state = scene.delger.directory.now().agency("mgec")
    assert state is not None
    assert state.roster is not None
    body = msgspec.structs.replace(state.roster.body, version=9, directory=scene.delger.directory.head)
    await scene.delger.client.publish_roster(sign(body, scene.delger.signer.key).envelope, [], [])


# --- seal -------------------------------------------------------------------------------------------------------------


@raises("hash_mismatch", "referral", "part")
async def another_ciphertext(scene: Scene) -> None:
    draft = await scene.recorded()
    whole = draft.sealed_referrals[0]
    first = whole.parts[0]
    raw = bytearray(urlsafe_b64decode(first.ciphertext + "=" * (-len(first.ciphertext) % 4)))
    raw[0] ^= 1
    await scene.raw(
        whole.envelope,
        msgspec.structs.replace(
            whole, parts=[msgspec.structs.replace(first, ciphertext=b64(bytes(raw))), *whole.parts[1:]]
        ),
    )


@raises("size_mismatch", "referral", "part")
async def a_shorter_ciphertext(scene: Scene) -> None:
    draft = await scene.recorded()
    body = draft.referrals[0].document.body
    parts = [msgspec.structs.replace(one, size=one.size + 1) for one in body.sealed.parts]
    await scene.hand_in(with_sealed(body, parts=as_set(parts)), blobs=draft.sealed_referrals[0])


@raises("blob_missing", "referral", "part")
async def a_part_is_not_sent_along(scene: Scene) -> None:
    whole = (await scene.recorded()).sealed_referrals[0]
    await scene.raw(whole.envelope, msgspec.structs.replace(whole, parts=whole.parts[1:]))


@raises("blob_unexpected", "referral", "part")
async def a_part_too_many(scene: Scene) -> None:
    whole = (await scene.recorded()).sealed_referrals[0]
    more = contract.Part(name="health", ciphertext=b64(bytes(300)))
    await scene.raw(whole.envelope, msgspec.structs.replace(whole, parts=[*whole.parts, more]))


# --- consent ----------------------------------------------------------------------------------------------------------


@raises("grant_refused", "referral", "reader")
async def to_the_police_whom_she_refused(scene: Scene) -> None:
    await seal_and_send(scene, await scene.recorded(), "police-umnugobi", ("needs",))


@raises("grant_missing", "referral", "reader", "part")
async def a_section_that_she_did_not_grant(scene: Scene) -> None:
    await seal_and_send(scene, await scene.recorded(), "mgec", ("needs", "account"))


@raises("grant_missing", "referral")
async def under_a_consent_that_is_not(scene: Scene) -> None:
    draft = await scene.draft()  # never recorded
    await scene.nara.client.send_referrals(draft.sealed_referrals)


@raises("grant_expired", "referral", "reader")
async def after_its_end(scene: Scene) -> None:
    draft = await scene.draft()
    decision = on(draft, "mgec")
    assert decision.body.granted is not None
    soon = stamp(datetime.now(UTC) + timedelta(seconds=2))
    granted = msgspec.structs.replace(decision.body.granted, until=soon)
    short = sign(msgspec.structs.replace(decision.body, granted=granted), scene.nara.signer.key)
    await scene.nara.client.record_consent([contract.Sealed(envelope=short.envelope)])
    await asyncio.sleep(2.5)
    body = draft.referrals[0].document.body
    authority = msgspec.structs.replace(body.authority, sha256=short.sha256)
    await scene.hand_in(msgspec.structs.replace(body, authority=authority), blobs=draft.sealed_referrals[0])


@raises("authority_mismatch", "referral")
async def naming_another_decision(scene: Scene) -> None:
    draft = await scene.recorded()
    body = draft.referrals[0].document.body
    authority = msgspec.structs.replace(body.authority, sha256=b64(bytes(32)))
    await scene.hand_in(msgspec.structs.replace(body, authority=authority), blobs=draft.sealed_referrals[0])


@raises("consent_superseded", "referral")
async def under_an_older_version(scene: Scene) -> None:
    draft = await scene.recorded()
    decision = on(draft, "mgec")
    newer = msgspec.structs.replace(decision.body, version=2, prev=decision.sha256)
    await scene.decide(newer)
    await scene.nara.client.send_referrals(draft.sealed_referrals)


@raises("consent_author", "consent", "to", "field")
async def a_decision_by_somebody_else(scene: Scene) -> None:
    decision = on(await scene.recorded(), "mgec").body
    author = schemas.Author(agency="police-ct", member=scene.dorj.identity.member)
    await scene.decide(msgspec.structs.replace(decision, author=author, version=2, prev=b64(bytes(32))), by=scene.dorj)


@raises("basis_not_allowed", "consent", "to", "field")
async def without_consent(scene: Scene) -> None:
    decision = on(await scene.draft(), "mgec").body
    await scene.decide(
        msgspec.structs.replace(
            decision,
            basis="vital_interest",
            exception=schemas.ConsentException(reviewer="nhrcm", overrides=None, tell_after=None),
            refused=[],
        )
    )


# --- steps ------------------------------------------------------------------------------------------------------------


@raises("id_reused", "referral", "field")
async def the_same_id_for_something_else(scene: Scene) -> None:
    draft = await scene.recorded()
    await scene.nara.client.send_referrals(draft.sealed_referrals)
    body = draft.referrals[0].document.body
    other = msgspec.structs.replace(body, routing=msgspec.structs.replace(body.routing, urgency="standard"))
    await scene.hand_in(other, blobs=draft.sealed_referrals[0])


@raises("clock_skew", "referral")
async def an_hour_ago(scene: Scene) -> None:
    draft = await scene.recorded()
    body = draft.referrals[0].document.body
    old = msgspec.structs.replace(body, at=stamp(datetime.now(UTC) - timedelta(hours=1)))
    await scene.hand_in(old, blobs=draft.sealed_referrals[0])


@raises("recipient_suspended", "referral", "reader")
async def to_a_suspended_agency(scene: Scene) -> None:
    draft = await scene.recorded()
    await suspended(scene.hub, "mgec", True)
    try:
        await scene.nara.sync()
        await seal_and_send(scene, draft, "mgec", ("needs",))
    finally:
        await suspended(scene.hub, "mgec", False)


@raises("recipient_unavailable", "referral", "reader")
async def to_an_agency_that_takes_none(scene: Scene) -> None:
    draft = await scene.recorded()
    scene.hub.store.execute("UPDATE agencies_agency SET receiving = 0 WHERE handle = 'mgec'")
    try:
        await scene.nara.client.send_referrals(draft.sealed_referrals)
    finally:
        scene.hub.store.execute("UPDATE agencies_agency SET receiving = 1 WHERE handle = 'mgec'")


@raises("head_moved", "referral", "field", "head", "state")
async def on_an_older_head(scene: Scene) -> None:
    id = await scene.sent()
    await scene.delger.open_referral(id)
    await take(scene.delger, id, "acknowledged", prev=b64(bytes(32)))


@raises("step_illegal", "referral", "state")
async def a_step_out_of_order(scene: Scene) -> None:
    id = await scene.sent()
    await scene.delger.decline(id, "no_capacity")
    await take(scene.delger, id, "accepted")


@raises("step_illegal", "referral", "state")
async def the_sender_accepts_its_own(scene: Scene) -> None:
    id = await scene.sent()
    await scene.delger.open_referral(id)
    await take(scene.nara, id, "acknowledged")


@raises("not_found")
async def a_step_on_what_is_not(scene: Scene) -> None:
    id = await scene.sent()
    await take(scene.delger, id, "acknowledged", on=schemas.Named(id=new_id(), sha256=b64(bytes(32))))


@raises("not_found", "consent", "to", "field")
async def a_decision_on_an_agency_that_is_not(scene: Scene) -> None:
    decision = on(await scene.draft(), "mgec").body
    await scene.decide(msgspec.structs.replace(decision, to="no-such-agency"))


# --- small steps ------------------------------------------------------------------------------------------------------


def envelope_of(kind: str, payload: str) -> str:
    signature = {"keyid": b64(bytes(16)), "sig": b64(bytes(64))}
    value = {
        "payload": payload,
        "payloadType": f"application/vnd.ortoo.{kind}.v1+json",
        "signatures": [signature],
    }
    return json.dumps(value, separators=(",", ":"))


def with_sealed(body: schemas.Referral, **changed: Any) -> schemas.Referral:
    return msgspec.structs.replace(body, sealed=msgspec.structs.replace(body.sealed, **changed))


def on(draft: Draft, addressee: str) -> Document[schemas.Consent]:
    return next(one for one in draft.decisions if one.body.to == addressee)


async def seal_and_send(scene: Scene, draft: Draft, to: str, sections: Sequence[str]) -> None:
    """Seal these sections for that agency, whatever she said, and send it."""
    one = sealing.seal(
        scene.nara.signer,
        id=new_id(),
        to=to,
        routing=drafting.routing_of(scene.form),
        decision=on(draft, "mgec"),
        texts={name: sealing.section_text(name, scene.form.sections[name]) for name in sections},
        public_keys=await scene.nara.public_keys({"mrc-umnugobi", to}),
        at=scene.nara.now(),
    )
    await scene.nara.client.send_referrals([contract.Sealed.of(one.document.envelope, one.blobs)])


async def take(by: Session, id: str, type: str, **changed: Any) -> None:
    """Hand in a step, legal or not, with these things in its body changed."""
    referral = await by.show(id)
    body = schemas.Event(
        network=by.directory.id,
        at=stamp(by.now()),
        directory=by.directory.head,
        author=by.signer.author,
        id=new_id(),
        on=schemas.Named(id=id, sha256=referral.document.sha256),
        prev=referral.head,
        type=type,
        reason=None,
        authority=None,
        sealed=None,
    )
    event = sign(msgspec.structs.replace(body, **changed), by.signer.key)
    await by.client.take_step(contract.Sealed(envelope=event.envelope))


async def suspended(hub: Hub, agency: str, yes: bool) -> None:
    """The coordinators' threshold suspends an agency, or says again that it is not."""
    async with at_work(hub, "nhrcm.bold") as bold, at_work(hub, "iom.emma") as emma:
        await coordinating.suspend(bold, agency, suspended=yes)
        (document,) = [one for one, _, _ in await coordinating.proposals(emma) if one.body.agency == agency]
        assert (await coordinating.add_signature(emma, document)).in_force


# --- the tests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "at", "attack"), ATTACKS, ids=[attack.__name__ for *_, attack in ATTACKS])
async def test_the_code_is_told_with_what_is_at_fault(hub: Hub, code: str, at: frozenset[str], attack: Attack) -> None:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        at_work(hub, "pct.dorj") as dorj,
    ):
        scene = Scene(hub, nara, delger, dorj, Form.read(SHELTER_TONIGHT))
        written = None
        try:
            await attack(scene)
        except Refused as refused:
            written = refused
        assert written is not None, "it was taken"
        assert written.code == code, str(written)
        assert at <= written.at.keys(), str(written)
        said = json.dumps(written.at, ensure_ascii=False) + written.message
        for word in ("Цэцэгмаа", "Боржигон", "ном захиалсан", nara.identity.token):
            assert word not in said
    assert "incident" not in hub.said()


def test_no_code_is_forgotten() -> None:
    raised = {code for code, _, _ in ATTACKS}
    assert raised | NOT_HERE.keys() == SENTENCES.keys()
    assert raised.isdisjoint(NOT_HERE)


async def test_what_was_refused_left_nothing(hub: Hub) -> None:
    """Among all that the attacks handed in, everything that is kept was accepted: it is whole and signed for."""
    for table, column in (("referrals_part", "set_id"), ("referrals_wrap", "set_id"), ("referrals_partkey", "set_id")):
        orphans = hub.store.execute(
            f"SELECT count(*) FROM {table} WHERE {column} NOT IN (SELECT sealed_id FROM referrals_referral)"  # noqa: S608
            f" AND {column} NOT IN (SELECT sealed_id FROM referrals_event WHERE sealed_id IS NOT NULL)"
        )
        assert orphans == [(0,)]
    queued = hub.store.execute("SELECT count(*) FROM audit_queuedleaf")[0][0]
    kept = sum(
        hub.store.execute(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608
        for table in ("referrals_referral", "referrals_decision", "referrals_event")
    )
    assert queued == kept
