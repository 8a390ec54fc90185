"""An agency's life: applies, is admitted by the coordinators' threshold, begins, works, is suspended and reinstated."""

import asyncio
import secrets
from pathlib import Path

import pytest

from ortoo import administration, contract, coordinating, joining
from ortoo.client import Client, HubError
from ortoo.joining import Joined
from ortoo.protocol import schemas
from ortoo.protocol.documents import SigningKey, b64, new_id, read, sign
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import hand_over
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import at_work, plain_form
from tests.people.newcomers import Newcomer, confirmed, expected, fingerprint


async def applied(hub: Hub, newcomer: Newcomer, agency: str) -> Joined:
    async with Client(hub.url) as client:
        return await joining.apply(
            client,
            newcomer.device,
            fingerprint(hub),
            contract.AgencyNames(handle=agency, kind="ngo", name="Шинэ төв", name_en="New Centre"),
            newcomer.names(),
            login=newcomer.login,
            passphrase=newcomer.passphrase,
            authenticator=newcomer.authenticator,
            shown=newcomer.code(),
        )


async def admitted(hub: Hub, newcomer: Newcomer, agency: str) -> None:
    """Applied, admitted by two coordinators, and begun."""
    joined = await applied(hub, newcomer, agency)
    async with at_work(hub, "nhrcm.bold") as bold, at_work(hub, "iom.emma") as emma:
        (one,) = [each for each in await coordinating.applicants(bold) if each.number == joined.number]
        first = await coordinating.admit(bold, one)
        assert (first.signatures, first.threshold, first.in_force) == (1, 2, False)
        (document, _, _) = next(each for each in await coordinating.proposals(emma) if agency_of(each[0]) == agency)
        assert (await coordinating.add_signature(emma, document)).in_force
    async with newcomer.at_work() as session:
        await administration.begin(session)


def agency_of(document: object) -> str:
    return str(getattr(document, "body").agency)  # noqa: B009 - either kind of document


def newcomer(folder: Path) -> tuple[Newcomer, str]:
    agency = f"new-{secrets.token_hex(4)}"
    return Newcomer(f"{agency}.oyun", folder), agency


async def test_applies_is_admitted_begins_and_sends(hub: Hub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    joined = await applied(hub, oyun, agency)
    async with oyun.at_work() as waiting:
        told = await waiting.client.waiting()
        assert told is not None
        assert told.administrators == []  # the coordinators are waited for
        with pytest.raises(Refused, match="not_found"):
            await administration.begin(waiting)

    async with at_work(hub, "nhrcm.bold") as bold, at_work(hub, "nhrcm.uyanga") as uyanga:
        (application,) = [one for one in await coordinating.applicants(bold) if one.number == joined.number]
        await coordinating.admit(bold, application)
        again = await coordinating.admit(bold, application)  # signed twice by one is not two
        assert not again.in_force
        found = [one for one in await coordinating.proposals(uyanga) if agency_of(one[0]) == agency]
        document, _, signed = found[0]
        assert not signed
        assert document.body.admin == application.admin
        assert (await coordinating.add_signature(uyanga, document)).in_force
        assert [one for one in await coordinating.applicants(bold) if one.number == joined.number] == []

    async with oyun.at_work() as session:
        await administration.begin(session)
        await administration.begin(session)  # repeated: it is there
        (sent,) = await session.send(plain_form(1))
        async with at_work(hub, "mgec.delger") as delger:
            assert (await delger.open_referral(sent.id)).readable
            await delger.accept(sent.id)
        assert (await session.show(sent.id)).state == "accepted"
        # And its own people come.
        second = Newcomer(f"{agency}.second", tmp_path)
        await confirmed(session, await second.enrol(await expected(session, second)))
    async with second.at_work() as colleague:
        assert (await colleague.show(sent.id)).state == "accepted"


async def test_one_coordinator_admits_nobody(hub: Hub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    joined = await applied(hub, oyun, agency)
    async with at_work(hub, "nhrcm.bold") as bold:
        (application,) = [one for one in await coordinating.applicants(bold) if one.number == joined.number]
        proposal = await coordinating.admit(bold, application)
        document = read(proposal.envelope, schemas.Admission)
        # Signatures of keys that are no coordinators' do not count, and are not kept.
        forged = sign(document.body, bold.identity.coordinator or SigningKey.generate(), SigningKey.generate())
        with pytest.raises(Refused, match="signature_invalid"):
            await bold.client.propose(forged.envelope)
        await bold.sync()
        assert bold.directory.now().agency(agency) is None


async def test_who_is_no_coordinator_sees_and_signs_nothing(hub: Hub, tmp_path: Path) -> None:
    async with at_work(hub, "mgec.delger") as delger, at_work(hub, "moj.bat") as admin_of_coordinators:
        for session in (delger, admin_of_coordinators):
            for ask in (session.client.applications, session.client.proposals):
                with pytest.raises(Refused, match="role_not_allowed"):
                    await ask()
            with pytest.raises(Refused, match="role_not_allowed"):
                await coordinating.suspend(session, "mgec")


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_suspended_and_reinstated(hub: Hub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    async with (
        oyun.at_work() as session,
        at_work(hub, "nhrcm.bold") as bold,
        at_work(hub, "iom.emma") as emma,
    ):
        await coordinating.suspend(bold, agency)
        (document,) = [one for one, _, _ in await coordinating.proposals(emma) if agency_of(one) == agency]
        assert document.body.suspended
        assert (await coordinating.add_signature(emma, document)).in_force
        with pytest.raises(Refused, match="recipient_suspended"):
            await session.send(plain_form(2))
        await coordinating.suspend(emma, agency, suspended=False)
        (document,) = [one for one, _, _ in await coordinating.proposals(bold) if agency_of(one) == agency]
        assert (await coordinating.add_signature(bold, document)).in_force
        await session.sync()
        assert len(await session.send(plain_form(3))) == 1


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_two_coordinators_ask_for_the_same_and_one_of_both_is_signed(hub: Hub, tmp_path: Path) -> None:
    """The other one can no longer follow: it is not listed, and not taken."""
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    async with at_work(hub, "nhrcm.bold") as bold, at_work(hub, "iom.emma") as emma:
        await coordinating.suspend(bold, agency)
        (first,) = [one for one, _, _ in await coordinating.proposals(emma) if agency_of(one) == agency]
        await asyncio.sleep(1.1)  # another second, or it is the same document
        await coordinating.suspend(emma, agency)
        asked = [one for one, _, _ in await coordinating.proposals(bold) if agency_of(one) == agency]
        assert [one.sha256 for one in asked if one.sha256 == first.sha256] == [first.sha256]
        (second,) = [one for one in asked if one.sha256 != first.sha256]
        assert (await coordinating.add_signature(bold, second)).in_force
        assert [one for one, _, _ in await coordinating.proposals(bold) if agency_of(one) == agency] == []
        for session in (bold, emma):
            with pytest.raises(Refused, match="chain_broken"):
                await coordinating.add_signature(session, first)


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_the_last_administrator_is_lost_and_the_coordinators_begin_anew(hub: Hub, tmp_path: Path) -> None:
    """The agency's new first administrator enrols like an applicant; with the admission the old roster ends."""
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    dulam = Newcomer(f"{agency}.dulam", tmp_path)
    joined = await applied(hub, dulam, f"{agency}-again")
    async with at_work(hub, "nhrcm.bold") as bold, at_work(hub, "iom.emma") as emma:
        (one,) = [each for each in await coordinating.applicants(bold) if each.application.handle == f"{agency}-again"]
        number = joined.number
        assert one.number == number
        await coordinating.readmit(bold, agency, one.admin)
        (document,) = [each for each, _, _ in await coordinating.proposals(emma) if agency_of(each) == agency]
        assert (await coordinating.add_signature(emma, document)).in_force
    async with dulam.at_work() as session:
        session_agency = (await session.client.me()).agency
        assert session_agency == agency
    with pytest.raises(HubError, match="signed_out"):
        async with oyun.at_work() as ended:
            await ended.client.me()


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_a_kit_brings_an_agency_back(hub: Hub, tmp_path: Path) -> None:
    """The paper in the safe: it signs one roster, and lets in who comes."""
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    async with oyun.at_work() as session:
        kit = await administration.new_kit(
            session, contract.Names(handle=f"{agency}.kit", name="Хайрцаг", name_en="Kit")
        )
        (sent,) = await session.send(plain_form(4))
        lost = session.identity.member

    dulam = Newcomer(f"{agency}.dulam", tmp_path)
    async with joining.with_kit(hub.url, fingerprint(hub), agency, kit, tmp_path / "kit") as holder:
        for forbidden in (holder.inbox(), holder.send(plain_form(5))):
            with pytest.raises(Refused, match="role_not_allowed"):
                await forbidden
        paper = await expected(holder, dulam, "administrator", "focal_point")
        joined = await dulam.enrol(paper)
        await confirmed(holder, joined)
        await administration.remove(holder, lost)
    async with dulam.at_work() as session:
        assert (await session.open_referral(sent.id)).readable  # the old seed came along
        assert await administration.rotate(session) == 3


async def test_rotation_goes_on_wherever_it_was_stopped(hub: Hub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    async with oyun.at_work() as session:
        assert await administration.rotate(session) == 2
        assert await administration.rotate(session) == 3
        assert max(await session.agency_epochs()) == 3
        held = {(one.member, one.epoch) for one in await session.client.held_keys()}
        assert (session.identity.member, 3) in held


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_a_seed_that_is_not_the_agencys_is_refused_by_the_member(hub: Hub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    second = Newcomer(f"{agency}.second", tmp_path)
    async with oyun.at_work() as session:
        joined = await second.enrol(await expected(session, second))
        await confirmed(session, joined)
        member = joined.open.kept.member
        public = joined.open.keys.secrets
        wrong = hand_over(
            secrets.token_bytes(32),
            network=session.directory.id,
            agency=agency,
            epoch=1,
            member=member,
            member_key=public.sign.public,
            member_kem=public.kem.public,
        )
        await session.client.hand_over([contract.Seed(member=member, epoch=1, sealed=b64(wrong))])
    async with second.at_work() as colleague:
        with pytest.raises(Refused, match="key_mismatch"):
            await colleague.agency_epochs()


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_a_roster_that_forgets_somebodys_key_is_refused_whole(hub: Hub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    second = Newcomer(f"{agency}.second", tmp_path)
    async with oyun.at_work() as session:
        await second.enrol(await expected(session, second))
        (candidate,) = await administration.candidates(session)
        state = session.directory.now().agency(agency)
        assert state is not None
        assert state.roster is not None
        body = schemas.Roster(
            **{name: getattr(state.roster.body, name) for name in schemas.Roster.__struct_fields__}
            | {
                "version": 2,
                "prev": state.roster.sha256,
                "directory": session.directory.head,
                "members": sorted(
                    [
                        *state.roster.body.members,
                        schemas.RosterMember(
                            id=candidate.keys.id, key=candidate.keys.key, kem=candidate.keys.kem, roles=["focal_point"]
                        ),
                    ],
                    key=lambda one: one.id,
                ),
            }
        )
        roster = sign(body, session.signer.key).envelope
        with pytest.raises(Refused) as refused:
            await session.client.publish_roster(roster, [], [])
        assert (refused.value.code, refused.value.at["reader"]) == ("blob_missing", candidate.keys.id)
        await session.sync()
        assert session.directory.now().agency(agency).roster == state.roster  # type: ignore[union-attr]


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_partner_systems_have_keys_scopes_and_an_end(hub: Hub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    async with oyun.at_work() as session:
        names = contract.Names(handle=f"{agency}.system", name="Систем", name_en="System")
        keys = await administration.new_partner(session, names)
        reading = await session.client.issue_api_token(keys.member, "reads", ["read"], 30)
        sending = await session.client.issue_api_token(keys.member, "sends", ["send", "read"], 30)
        assert {one.name for one in await session.client.api_tokens()} == {"reads", "sends"}
        for bad in (["read", "everything"], []):
            with pytest.raises(Refused, match="malformed"):
                await session.client.issue_api_token(keys.member, "x", bad, 30)
        for member in (session.identity.member, new_id()):
            with pytest.raises(Refused, match="not_found"):
                await session.client.issue_api_token(member, "x", ["read"], 30)

        for token, may in ((reading.token, False), (sending.token, True)):
            identity = joining.partner(
                keys,
                token,
                network=session.directory.id,
                agency=agency,
                handle=names.handle,
                anchor=session.identity.anchor,
            )
            async with Session.open(identity, hub.url, tmp_path / token[:8]) as system:
                await system.inbox()
                if may:
                    assert await system.send(plain_form(6))
                else:
                    with pytest.raises(Refused, match="role_not_allowed"):
                        await system.send(plain_form(6))
                for forbidden in (system.client.sessions, system.client.candidates, system.client.api_tokens):
                    with pytest.raises(Refused, match="role_not_allowed"):
                        await forbidden()
                with pytest.raises(Refused, match="role_not_allowed"):
                    await system.client.hand_over([])

        (listed,) = [one for one in await session.client.api_tokens() if one.name == "reads"]
        await session.client.revoke_api_token(listed.id)
        async with Client(hub.url, reading.token) as revoked:
            with pytest.raises(HubError, match="signed_out"):
                await revoked.me()
        async with Client(hub.url, sending.token) as other:
            assert (await other.me()).handle == names.handle
