"""The person herself, with her code and no account: she sees who holds what, and takes it back."""

import asyncio
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from ortoo import consenting, contract, drafting, receipt_proofs, receipts
from ortoo.client import Client
from ortoo.form import Form, Grant
from ortoo.protocol import documents, receipt, schemas
from ortoo.protocol.consent import may_read
from ortoo.protocol.documents import Document, SigningKey, b64, new_id, sign, stamp, unb64
from ortoo.protocol.errors import Refused
from ortoo.reading import Referral
from ortoo.receipts import Receipt, draw, everything, look, scope, withdraw
from ortoo.session import Session
from tests.attacks.searching import Search
from tests.attacks.town import written
from tests.attacks.wiretap import Wiretap
from tests.hubs import Hub
from tests.members import THREE_AGENCIES, at_work, feed_of
from tests.people.lying_hub import LyingHub
from tests.people.test_ends import SERIES, TIMES, told_apart
from tests.protocol.network import again
from tests.stories.test_answering import is_kept, keys_of, rows, sqlite_files
from tests.stories.test_taking_back import refused, tonight
from tests.stories.test_withdrawing import FOUR, consent_of, in_any_order, texts_of

RACES = int(os.environ.get("ORTOO_RACES", "8"))
UNKNOWN = ("receipt_unknown", {})


def somewhere(hub: Hub, place: int) -> Client:
    """Somebody without an account, at an address of her own: tries are counted by it."""
    client = Client(hub.url)
    client._http = httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(local_address=f"127.0.0.{place + 10}"), timeout=30
    )
    return client


async def sent_with(session: Session, form: Form, given: Receipt) -> Referral:
    (sent,) = await session.send(form, given.key(session.directory.id))
    return sent


def the(shown: contract.ReceiptShown, to: str) -> contract.ReceiptHolder:
    (found,) = [one for one in shown.holders or [] if one.to == to]
    return found


async def sent_under(session: Session, form: Form, decisions: Sequence[Document[schemas.Consent]]) -> Any:
    """What the hub answers to a referral under these decisions, whatever the own client knows of them."""
    keys = await session.public_keys(("mrc-umnugobi", "mgec"))
    sealed = drafting.seal(form, session.signer, decisions, keys, at=session.now(), parts={})
    handed_in = [contract.Sealed.of(one.document.envelope, one.blobs) for one in sealed]
    return await answer(session.client.send_referrals(handed_in))


async def in_the_log(her: Client, code: str, shown: contract.ReceiptShown, **more: Any) -> receipt_proofs.Proof:
    """Once everything that her code stands for is proven to be logged."""
    async with asyncio.timeout(20):
        while (proof := await receipt_proofs.prove(her, code, shown, **more)).mark != "logged":
            assert proof.mark == "promised"
            await asyncio.sleep(0.3)
    assert proof.head is not None
    return proof


async def asked(her: Client, code: str) -> str:
    """A look that is signed with the code, over a challenge of its own."""
    fresh = await her.receipt_challenge()
    key = receipt.key_of(code, network=fresh.network)
    return receipt.make(key, network=fresh.network, challenge=unb64(fresh.challenge), do="look", at=fresh.now).envelope


def receipt_of(envelope: str) -> str:
    return documents.read(envelope, schemas.Receipt).sha256


async def answer(work: Any) -> tuple[str, dict[str, Any]]:
    (answered,) = await asyncio.gather(work, return_exceptions=True)
    assert isinstance(answered, Refused), answered
    return answered.code, dict(answered.at)


async def test_she_looks_and_takes_back_a_part_then_an_agency_then_everything(hub: Hub) -> None:
    given = draw("full")
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        somewhere(hub, 1) as her,
    ):
        sent = await sent_with(nara, tonight(7001), given)
        id = sent.id
        shown = await look(her, given.code)
        assert (shown.mode, shown.recorder.handle) == ("full", "mrc-umnugobi")
        shelter = the(shown, "mgec")
        assert shelter.agency is not None
        assert shelter.agency.name_en == "Mongolian Gender Equality Centre"
        assert (shelter.sections, shelter.purposes, shelter.ended) == (FOUR, ["give_service"], None)
        assert (shelter.basis, shelter.reviewer) == ("informed_consent", None)
        assert shelter.until == sent.until
        (once,) = shelter.referrals
        assert (once.state, once.opened_at, once.answered_at, once.parts) == ("sent", None, None, FOUR)

        assert (await delger.open_referral(id)).readable == FOUR
        await delger.accept(id)
        (once,) = the(await look(her, given.code), "mgec").referrals
        assert (once.state, once.opened_at is not None, once.answered_at is not None) == ("accepted", True, True)

        keys, told = keys_of(hub.store, id, "mgec"), (len(await feed_of(delger)), len(await feed_of(nara)))
        shown = await withdraw(her, given.code, [scope(["mgec"], ["safety"])])
        (once,) = the(shown, "mgec").referrals
        assert (the(shown, "mgec").sections, once.parts, once.owes_deletion) == (FOUR[:3], FOUR[:3], True)
        assert len([key for key in keys if key not in keys_of(hub.store, id, "mgec")]) == 1
        proof = await in_the_log(her, given.code, shown)
        assert len(proof.marks) == len(shown.documents) > 1
        assert [one.kind for one in (await feed_of(delger))[told[0] :]] == ["narrowed"]
        assert [one.kind for one in (await feed_of(nara))[told[1] :]] == ["narrowed"]
        assert (await delger.open_referral(id)).readable == FOUR[:3]
        await delger.confirm_deletion(id)
        (once,) = the(await look(her, given.code), "mgec").referrals
        assert (once.owes_deletion, once.deleted_at is not None) == (False, True)

        # It stays: a wider version of the agency's own gives nothing back.
        await consenting.new_version(nara, consent_of(sent), {"mgec": Grant(tuple(FOUR), ("give_service",), 30)})
        assert the(await look(her, given.code), "mgec").sections == FOUR[:3]

        shown = await withdraw(her, given.code, [scope(purposes=["give_service"])])  # the only one
        assert (the(shown, "mgec").sections, the(shown, "mgec").ended) == ([], "consent_withdrawn")
        assert the(shown, "mgec").referrals[0].out_of_backups_at is not None
        assert keys_of(hub.store, id, "mgec") == []
        assert not [key for key in keys if is_kept(hub.store, key)]
        assert await refused(delger.open_referral(id)) == ("step_illegal", "withdrawn")
        assert (await nara.open_referral(id)).readable == FOUR

        texts = texts_of(hub.store, id)
        assert texts
        await withdraw(her, given.code, [everything()])
        assert texts_of(hub.store, id) == keys_of(hub.store, id, "mrc-umnugobi") == []
        assert not [text for text in texts if is_kept(hub.store, text[-64:])]
        assert (await nara.open_referral(id)).readable == []
        assert (await answer(nara.resend(tonight(7001), "mgec", id)))[0] == "consent_withdrawn"
        kept = len(rows(hub.store, "SELECT id FROM referrals_withdrawal"))
        told = len(await feed_of(nara))
        await withdraw(her, given.code, [everything()])  # said again, after an answer that was lost
        shown = await withdraw(her, given.code, [scope(["mgec"])])
        assert len(rows(hub.store, "SELECT id FROM referrals_withdrawal")) == kept + 2
        assert len(await feed_of(nara)) == told
        later = await in_the_log(her, given.code, shown, seen=proof)
        assert len(later.marks) == len(proof.marks) + 4  # each that she signed, and decisions


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_of_three_agencies_one_loses_it_and_the_others_learn_nothing(hub: Hub) -> None:
    form, given = Form.read(THREE_AGENCIES), draw("full")
    assert form.sender
    async with at_work(hub, form.sender[1]) as sender, somewhere(hub, 2) as her:
        first, *others = await sender.send(form, given.key(sender.directory.id))
        kept = {one.id: keys_of(hub.store, one.id, one.recipient) for one in others}
        shown = await withdraw(her, given.code, [scope([first.recipient])])
        assert the(shown, first.recipient).ended == "consent_withdrawn"
        assert all(the(shown, one.recipient).referrals[0].parts for one in others)
        assert (await sender.show(first.id)).state == "withdrawn"
        for one in others:
            now = await sender.show(one.id)
            assert (now.state, now.changed_at) == ("sent", one.changed_at)
            assert keys_of(hub.store, one.id, one.recipient) == kept[one.id]


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_she_takes_back_what_was_recorded_and_never_sent(hub: Hub) -> None:
    """No referral goes by her code, and no agency was shown anything: the decisions end all the same."""
    unsent, refusing = draw("full"), draw("withdraw")
    form = tonight(7008)
    nobody = replace(form, recipients=(), consent=replace(form.consent, grants={}, refusals={"mgec": ("*",)}))
    async with at_work(hub, "mrc.nara") as nara, somewhere(hub, 7) as her:
        recorded = await nara.record(form, unsent.key(nara.directory.id))
        id = recorded[0].body.consent
        shown = the(await look(her, unsent.code), "mgec")
        assert (shown.sections, shown.referrals) == (FOUR, [])
        shown = the(await withdraw(her, unsent.code, [everything()]), "mgec")
        assert (shown.sections, shown.ended, shown.referrals) == ([], "consent_withdrawn", [])
        assert (await sent_under(nara, form, recorded))[0] == "consent_withdrawn"
        wider = {"mgec": Grant(tuple(FOUR), ("give_service",), 30)}
        later = await consenting.new_version(nara, id, wider)  # whatever the agency signs later gives nothing back
        assert (await sent_under(nara, form, later))[0] == "consent_withdrawn"
        assert the(await look(her, unsent.code), "mgec").ended == "consent_withdrawn"

        # Where she had only refused, there is nothing to take back but what may come.
        (refused_all,) = await nara.record(nobody, refusing.key(nara.directory.id))
        assert (await withdraw(her, refusing.code, [everything()])).holders is None
        later = await consenting.new_version(nara, refused_all.body.consent, wider, {"mgec": ()})
        assert (await sent_under(nara, form, later))[0] == "consent_withdrawn"

        # She took no code: there is none to look or to take back with; the agency does it for her, sent or not.
        codeless, *_ = await nara.record(tonight(7009), None)
        assert codeless.body.receipt is None
        ended = await consenting.withdraw(nara, codeless.body.consent)
        assert {one.body.to for one in ended} == {"mgec", "*"}
        assert all(one.body.refused == ["*"] for one in ended)
        assert await answer(consenting.withdraw(nara, codeless.body.consent)) == (
            "not_found",
            {"consent": codeless.body.consent},
        )


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_what_was_refused_after_she_decided_goes_out_later_on_the_same_code(hub: Hub) -> None:
    """Recorded, and then the shelter took nobody: she does not decide twice, and makes no second code."""
    hers, taken = draw("full"), draw("full")
    form = tonight(7501)
    told = replace(form, sections={**form.sections, "evidence": {"note": "Гарын үсэг зурлаа."}})
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        somewhere(hub, 9) as her,
    ):
        key, network = hers.key(nara.directory.id), nara.directory.id
        recorded = "SELECT consent_id, version FROM referrals_decision ORDER BY id"
        before = rows(hub.store, recorded)
        await delger.client.set_receiving(False)
        for _ in range(2):
            assert (await answer(nara.send(told, key)))[0] == "recipient_unavailable"
        await delger.client.set_receiving(True)
        assert len({id for id, _ in rows(hub.store, recorded)} - {id for id, _ in before}) == 1

        # She thinks it over meanwhile: less for the shelter, and the police nothing.
        grant = replace(form.consent.grants["mgec"], sections=("needs", "identity"))
        less = replace(
            told,
            consent=replace(form.consent, grants={"mgec": grant}, refusals={"kind:police": ("*",), "*": ("legal",)}),
        )
        (sent,) = await nara.send(less, key)
        assert (await delger.open_referral(sent.id)).readable == ["needs", "identity"]
        known = (await nara.decisions(consent_of(sent))).newest
        assert {to: one.body.refused for to, one in known.items()} == {
            "mgec": [],
            "kind:police": ["*"],
            "*": ["legal"],
        }
        assert {one.body.receipt for one in known.values()} == {key}
        assert len({id for id, _ in rows(hub.store, recorded)} - {id for id, _ in before}) == 1
        shown = await look(her, hers.code)
        assert {one.to for one in shown.holders or []} == {"mgec", "kind:police", "*"}
        assert [one.part.section.fields for one in await nara.evidence(consent_of(sent)) if one.part.section] == [
            {"note": "Гарын үсэг зурлаа."}
        ] * 2  # of what she said first, and of what she said then

        # From then on the code stands for that, and for nothing else; nor for what she took back before it was sent.
        assert (await answer(nara.send(tonight(7502), key)))[0] == "key_refused"
        await delger.client.set_receiving(False)
        assert (await answer(nara.send(tonight(7503), taken.key(network))))[0] == "recipient_unavailable"
        await delger.client.set_receiving(True)
        await withdraw(her, taken.code, [everything()])
        assert (await answer(nara.send(tonight(7503), taken.key(network))))[0] == "key_refused"
        (other,) = await nara.send(tonight(7503), draw("full").key(network))
        assert (await delger.open_referral(other.id)).readable == FOUR


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_a_card_that_shows_nothing_and_one_that_was_lost(hub: Hub) -> None:
    silent, full = draw("withdraw"), draw("full")
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.urna") as urna, somewhere(hub, 4) as her:
        sent = await sent_with(nara, tonight(7002), silent)
        shown = await look(her, silent.code)
        assert (shown.mode, shown.holders) == ("withdraw", None)
        assert shown.recorder.handle == "mrc-umnugobi"

        renewed = await receipts.replace(nara, consent_of(sent), full)
        assert [one.body.version for one in renewed] == [2] * len(renewed)
        assert the(await look(her, full.code), "mgec").sections == FOUR
        assert await answer(look(her, silent.code)) == UNKNOWN
        assert (await urna.open_referral(sent.id)).readable == FOUR
        with pytest.raises(Refused, match=r"consent_author|not_found"):
            await receipts.replace(urna, consent_of(sent), draw("full"))
        with pytest.raises(Refused, match="key_refused"):  # a card that was lost may have been found
            await receipts.replace(nara, consent_of(sent), silent)

        # Of decisions on several, one alone cannot get another receipt.
        await consenting.new_version(nara, consent_of(sent), {}, {"kind:police": ("*",)})
        police = (await nara.decisions(consent_of(sent))).newest["kind:police"]
        assert police.body.receipt == full.key(nara.directory.id)
        alone = again(
            police,
            nara.signer.key,
            version=police.body.version + 1,
            prev=police.sha256,
            at=stamp(nara.now()),
            receipt=draw("full").key(nara.directory.id),
        )
        one_of_two = {"field": "receipt", "consent": consent_of(sent)}
        assert await answer(nara.hand_in_decisions([alone])) == ("malformed", one_of_two)

        decided = [one.sha256 for one in (await nara.decisions(consent_of(sent))).newest.values()]
        assert await answer(her.prove_with_receipt(await asked(her, silent.code), 0, decided)) == UNKNOWN
        shown = await withdraw(her, silent.code, [scope(["mgec"])])  # the lost one can take back still
        assert shown.holders is None
        assert await in_the_log(her, silent.code, shown)
        hers = [receipt_of(one) for one in shown.documents]
        answered = await her.prove_with_receipt(await asked(her, silent.code), 0, [*hers, *decided])
        assert [one.document for one in answered.logged] == hers
        assert (await her.prove_with_receipt(await asked(her, full.code), 0, hers)).logged == []  # another code's
        assert await refused(urna.open_referral(sent.id)) == ("step_illegal", "withdrawn")
        assert the(await look(her, full.code), "mgec").ended == "consent_withdrawn"

        await receipts.replace(nara, consent_of(sent), None)  # she takes none
        assert await answer(look(her, full.code)) == UNKNOWN


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_what_somebody_tries_without_her_code(hub: Hub) -> None:
    given, others = draw("full"), draw("full")
    async with at_work(hub, "mrc.nara") as nara, somewhere(hub, 3) as stranger:
        sent = await sent_with(nara, tonight(7003), given)
        another = await sent_with(nara, tonight(7004), others)
        with pytest.raises(Refused, match="key_refused"):  # one person's code for another's consent
            await nara.record(tonight(7005), given.key(nara.directory.id))

        async def ask(do: Any, key: SigningKey, **changes: Any) -> tuple[str, dict[str, Any]]:
            fresh = await stranger.receipt_challenge()
            challenge = changes.get("challenge", unb64(fresh.challenge))
            made = receipt.make(
                key,
                network=changes.get("network", fresh.network),
                challenge=challenge,
                do="withdraw" if do == "withdraw" else "look",
                at=fresh.now,
                scope=[everything()] if do == "withdraw" else None,
            )
            envelope = changes.get("envelope", lambda made: made.envelope)(made)
            call = {"look": stranger.look_with_receipt, "withdraw": stranger.withdraw_with_receipt, "prove": prove}[do]
            return await answer(call(envelope))

        decided = [one.sha256 for one in (await nara.decisions(consent_of(sent))).newest.values()]

        async def prove(envelope: str) -> contract.ReceiptProof:
            return await stranger.prove_with_receipt(envelope, 0, decided)

        hers = receipt.key_of(given.code, network=nara.directory.id)
        mine = SigningKey.generate()

        def in_her_name(made: Document[schemas.Receipt]) -> str:
            """Her public key, which each agency knows from its decision, over a signature of the stranger's own."""
            return claiming(made, mine, b64(hers.public))

        used = await stranger.receipt_challenge()
        document = receipt.make(
            hers, network=used.network, challenge=unb64(used.challenge), do="look", at=used.now
        ).envelope
        assert (await stranger.look_with_receipt(document)).mode == "full"
        assert await answer(stranger.look_with_receipt(document)) == UNKNOWN  # replayed
        for do in ("look", "withdraw", "prove"):
            assert await ask(do, mine) == UNKNOWN
            assert await ask(do, mine, envelope=in_her_name) == UNKNOWN
            assert await ask(do, hers, challenge=bytes(32)) == UNKNOWN
            assert await ask(do, hers, network=new_id()) == UNKNOWN
        fresh = await stranger.receipt_challenge()
        looked = receipt.make(hers, network=fresh.network, challenge=unb64(fresh.challenge), do="look", at=fresh.now)
        assert (await answer(stranger.withdraw_with_receipt(looked.envelope)))[0] == "malformed"
        assert await answer(look(stranger, draw("full").code)) == UNKNOWN
        with pytest.raises(Refused, match="malformed"):  # a slip is told on the device itself
            await look(stranger, given.code[:-1] + str((int(given.code[-1]) + 1) % 10))
        bad = schemas.Scope(agencies=["*"], sections=["everything"], purposes=["*"])
        assert await answer(withdraw(stranger, given.code, [bad])) == ("malformed", {"field": "scope.sections"})
        for one in (sent, another):
            assert (await nara.show(one.id)).state == "sent"

        foreign = await stranger.prove_with_receipt(await asked(stranger, others.code), 0, decided)
        assert foreign.logged == []
        await withdraw(stranger, others.code, [everything()])  # another's code takes nothing of hers
        assert (await nara.show(sent.id)).state == "sent"
        assert (await look(stranger, others.code)).holders is not None


@pytest.mark.timeout(120 + 5 * RACES)
@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_nothing_is_read_after_she_took_it_back(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.urna") as urna:
        for number in range(RACES):
            async with somewhere(hub, 100 + number % 100) as her:  # tries are counted by address
                given = draw("withdraw")
                sent = await sent_with(nara, tonight(7100 + number), given)
                longer = {"mgec": Grant(tuple(FOUR), ("give_service",), 30)}
                ended = await asyncio.gather(
                    *in_any_order(
                        withdraw(her, given.code, [scope(["mgec"])]),
                        urna.open_referral(sent.id),
                        consenting.new_version(nara, consent_of(sent), longer),
                        urna.accept(sent.id),
                    ),
                    return_exceptions=True,
                )
                for one in ended:
                    if isinstance(one, BaseException):
                        assert isinstance(one, Refused), repr(one)
                        assert one.code in ("head_moved", "step_illegal", "consent_withdrawn")
                assert keys_of(hub.store, sent.id, "mgec") == []
                assert await refused(urna.open_referral(sent.id)) == ("step_illegal", "withdrawn")
    assert "deadlock" not in hub.said()


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_nobody_else_has_her_code_and_a_look_leaves_nothing(hub: Hub) -> None:
    given = draw("full")
    network = await network_of(hub)
    seed = receipt.key_of(given.code, network=network).seed
    digits = receipt.parse_code(given.code)
    async with Wiretap(hub.port) as tap, at_work(hub, "mrc.nara", tap.url) as nara, Client(tap.url) as her:
        await sent_with(nara, tonight(7006), given)
        await in_the_log(her, given.code, await look(her, given.code))
        before = written(hub.store)
        await in_the_log(her, given.code, await look(her, given.code))
        assert await answer(look(her, draw("full").code)) == UNKNOWN
        assert written(hub.store) == before
        await withdraw(her, given.code, [everything()])
        wire = tap.heard
    words = Search([given.code, digits, given.code.replace(" ", "-"), b64(seed), seed.hex()])
    kept = b"".join(path.read_bytes() for path in sqlite_files(hub.store))
    device = b"".join(path.read_bytes() for path in (hub.practice / "state").rglob("*") if path.is_file())
    for what in (wire, kept, device, hub.said().encode()):
        assert words.found_in(what) == set()
    public = receipt.key_of(given.code, network=network).public
    assert b64(public).encode() not in hub.said().encode()
    assert Search([b64(public)]).found_in(kept) == {b64(public)}  # the search finds what is there


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_too_many_tries_from_one_address_leave_all_others_theirs(hub: Hub) -> None:
    async with somewhere(hub, 60) as guesser, somewhere(hub, 61) as her:
        for _ in range(200):
            told = await asyncio.gather(guesser.receipt_challenge(), return_exceptions=True)
            if isinstance(told[0], Refused):
                break
        assert isinstance(told[0], Refused)
        assert told[0].code == "throttled"
        assert 1 <= int(told[0].at["after"]) <= 3
        assert (await her.receipt_challenge()).challenge


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_unknown_and_wrong_and_lost_codes_look_and_time_the_same(hub: Hub) -> None:
    lost, full = draw("full"), draw("full")
    async with at_work(hub, "mrc.nara") as nara:
        sent = await sent_with(nara, tonight(7007), lost)
        await receipts.replace(nara, consent_of(sent), full)
    network = nara.directory.id
    stranger = SigningKey.generate()
    known = b64(receipt.key_of(full.code, network=network).public)
    async with AsyncExitStack() as places:
        people = [await places.enter_async_context(somewhere(hub, place)) for place in range(70, 82)]

        async def took(n: int, key: SigningKey, claimed: str) -> float:
            her = people[n % len(people)]
            fresh = await her.receipt_challenge()
            made = receipt.make(key, network=network, challenge=unb64(fresh.challenge), do="look", at=fresh.now)
            envelope = claiming(made, key, claimed)
            proves = her.prove_with_receipt(envelope, 0, [b64(bytes(32))])
            looks = her.look_with_receipt(envelope)
            asked, other = (looks, proves) if n % 4 < 2 else (proves, looks)  # a pair asks the same
            other.close()
            began = time.perf_counter()
            assert await answer(asked) == UNKNOWN
            return time.perf_counter() - began

        async def apart(key: SigningKey, claimed: str) -> list[float]:
            by = []
            for n in range(TIMES):
                unknown = SigningKey.generate()
                pair = [(key, claimed), (unknown, b64(unknown.public))]
                first, second = [await took(n, *one) for one in (pair if n % 2 else pair[::-1])]
                by.append(first - second if n % 2 else second - first)
            return by

        old = receipt.key_of(lost.code, network=network)
        for key, claimed in ((old, b64(old.public)), (stranger, known)):
            seen = await apart(key, claimed)
            for _ in range(SERIES - 1):
                if told_apart(seen):
                    seen = await apart(key, claimed)
            assert not told_apart(seen), statistics.median(seen)


def claiming(made: Document[schemas.Receipt], key: SigningKey, public: str) -> str:
    """The document under that public key, signed with this one."""
    return sign(msgspec.structs.replace(made.body, key=public), key).envelope


async def network_of(hub: Hub) -> str:
    async with Client(hub.url) as client:
        return (await client.network()).id


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_the_recorder_sees_what_she_took_back_and_nobody_else_does(hub: Hub) -> None:
    given, others = draw("full"), draw("full")
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.urna") as urna,
        somewhere(hub, 6) as her,
    ):
        sent = await sent_with(nara, tonight(7301), given)
        another = await sent_with(nara, tonight(7302), others)
        await withdraw(her, given.code, [scope(["mgec"], ["safety"]), scope(["ecpat"])])
        await withdraw(her, others.code, [everything()])
        id = consent_of(sent)
        decisions = await nara.decisions(id)
        assert [one.scopes for one in decisions.withdrawals] == [(scope(["ecpat"]), scope(["mgec"], ["safety"]))]
        with pytest.raises(Refused, match="consent_withdrawn"):  # so that a client says so before it seals anything
            may_read(decisions, agency="mgec", kind="ngo", part="safety", at=nara.now())
        shown = await urna.client.consent(id)
        assert shown is not None
        assert (len(shown.decisions), shown.withdrawals) == (1, [])

        # A hub that shows another's withdrawal, a look, or one that it has changed.
        answer = await nara.client.consent(id)
        assert answer is not None
        fresh = await her.receipt_challenge()
        key = receipt.key_of(given.code, network=fresh.network)
        looked = receipt.make(key, network=fresh.network, challenge=unb64(fresh.challenge), do="look", at=fresh.now)
        foreign = receipt.make(
            key, network=new_id(), challenge=bytes(32), do="withdraw", at=fresh.now, scope=[everything()]
        )
        (real,) = answer.withdrawals
        changed = json.loads(real)
        changed["signatures"] = json.loads(looked.envelope)["signatures"]
        for one, code in (
            (looked.envelope, "malformed"),
            (foreign.envelope, "malformed"),
            (json.dumps(changed, separators=(",", ":")), "signature_invalid"),
        ):
            with pytest.raises(Refused, match=code):
                nara.verified_decisions(msgspec.structs.replace(answer, withdrawals=[one]))
        assert consent_of(another) != id


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_a_hub_that_lies_to_her_about_the_log(hub: Hub) -> None:
    given, other = draw("full"), draw("full")
    async with at_work(hub, "mrc.nara") as nara, somewhere(hub, 8) as her:
        sent = await sent_with(nara, tonight(7401), given)
        anchor = documents.read(nara.directory.networks[0], schemas.Network).sha256
        proof = await in_the_log(her, given.code, await look(her, given.code), anchor=anchor)
        shown = await withdraw(her, given.code, [scope(["mgec"], ["safety"])])
        proof = await in_the_log(her, given.code, shown, seen=proof)
        assert proof.network == anchor
        await sent_with(nara, tonight(7402), other)

        def telling(**change: Callable[[Any], Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
            def lie(data: dict[str, Any]) -> dict[str, Any]:
                told = data["proveWithReceipt"]
                return {"proveWithReceipt": told | {name: of(told[name]) for name, of in change.items()}}

            return lie

        def ten_minutes_on(data: dict[str, Any]) -> dict[str, Any]:
            """As late as the hub takes what is signed now."""
            told = data["receiptChallenge"]
            later = datetime.fromisoformat(told["now"]) + timedelta(seconds=597)
            return {"receiptChallenge": told | {"now": later.isoformat()}}

        def five_minutes_back(data: dict[str, Any]) -> dict[str, Any]:
            told = data["receiptChallenge"]
            earlier = datetime.fromisoformat(told["now"]) - timedelta(minutes=5)
            return {"receiptChallenge": told | {"now": earlier.isoformat()}}

        def unsigned(log: Any) -> Any:
            text, _, _ = log["checkpoint"]["note"].partition("\n\n")
            return log | {"checkpoint": log["checkpoint"] | {"note": f"{text}\n\n\u2014 nobody AAAAAAAA\n"}}

        async with LyingHub(hub.url) as lying, Client(lying.url) as liar:
            lying.lies["ProveWithReceipt"] = telling(logged=lambda told: told[1:])
            assert (await receipt_proofs.prove(liar, given.code, shown)).mark == "promised"
            lying.lies["ProveWithReceipt"] = telling(logged=lambda told: [])
            lying.lies["ReceiptChallenge"] = ten_minutes_on
            async with asyncio.timeout(20):
                while (await receipt_proofs.prove(liar, given.code, shown)).mark != "missing":
                    await asyncio.sleep(0.5)
            # One whose clock stands still says "not yet" for as long as her device has known of it, and no longer.
            del lying.lies["ReceiptChallenge"]
            yet = await receipt_proofs.prove(liar, given.code, shown)
            assert yet.mark == "promised"
            watched = replace(yet, since={one: at - 601 for one, at in yet.since.items()})
            assert (await receipt_proofs.prove(liar, given.code, shown, seen=watched)).mark == "missing"

            # One that is slow from the beginning: by her own clock it is long ago, and that they differ is told.
            nara._clock_off = timedelta(seconds=-597)
            await consenting.new_version(nara, consent_of(sent), {"mgec": Grant(tuple(FOUR), ("give_service",), 30)})
            later = await look(her, given.code)
            lying.lies["ReceiptChallenge"] = five_minutes_back
            assert (await receipt_proofs.prove(liar, given.code, later)).mark == "promised"
            async with asyncio.timeout(20):
                while (await receipt_proofs.prove(liar, given.code, later)).mark != "doubtful":
                    await asyncio.sleep(0.5)
            del lying.lies["ReceiptChallenge"]
            for lie, code in (
                (telling(logged=lambda told: [told[0] | {"index": told[0]["index"] ^ 1}, *told[1:]]), "proof_invalid"),
                (telling(log=lambda log: log | {"consistency": [b64(bytes(32))]}), "proof_invalid"),
                (telling(log=lambda log: {"checkpoint": None, "consistency": []}), "checkpoint_rollback"),
                (telling(log=unsigned), "checkpoint_unwitnessed"),
                (telling(networks=lambda told: told * 2), "chain_broken"),
            ):
                lying.lies["ProveWithReceipt"] = lie
                with pytest.raises(Refused, match=code):
                    await receipt_proofs.prove(liar, given.code, shown, seen=proof)
        with pytest.raises(Refused, match="directory_fork"):
            await receipt_proofs.prove(her, given.code, shown, anchor=b64(bytes(32)))

        # What is shown is what was signed, and was signed with this code or under it.
        of_another = (await look(her, other.code)).documents
        holders = [msgspec.structs.replace(one, refused=["needs"]) for one in shown.holders or []]
        wider = [msgspec.structs.replace(one, sections=["medical"]) for one in shown.holders or []]
        for lie in ({"documents": of_another}, {"documents": []}, {"holders": holders}, {"holders": wider}):
            with pytest.raises(Refused, match="hash_mismatch"):
                await receipt_proofs.prove(her, given.code, msgspec.structs.replace(shown, **lie))
