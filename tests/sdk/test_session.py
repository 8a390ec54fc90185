"""Members at work through the SDK, against a real hub over real sockets, on both stores."""

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path
from typing import Any

import pytest

from ortoo import administration, contract, practice
from ortoo.client import Client, HubError, HubUnreachable
from ortoo.form import Form, FormError
from ortoo.memory import Memory
from ortoo.protocol import checkpoint, schemas
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import SigningKey, sign, unb64
from ortoo.protocol.errors import Refused
from ortoo.reading import Referral
from ortoo.session import Arrival, Session
from tests.hubs import Hub
from tests.people.lying_hub import LyingHub
from tests.people.newcomers import Newcomer, confirmed, expected
from tests.sdk.conftest import SCENARIOS
from tests.sdk.line import Line

# What the SDK keeps, checks and refuses does not depend on the hub's store; races do, and have both.
ON_ONE_STORE = pytest.mark.parametrize("store_kind", ["sqlite"])


def at_work(
    hub: Hub, handle: str, url: str | None = None, state: str = "state"
) -> AbstractAsyncContextManager[Session]:
    return Session.open(practice.identity(handle, hub.practice), url or hub.url, hub.practice / state)


def form(name: str) -> Form:
    return Form.read(next(SCENARIOS.glob(f"{name}-*.json")))


async def test_a_bed_tonight_is_asked_for_opened_answered_and_closed(hub: Hub, shelter: Form) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        following = asyncio.ensure_future(first(delger, 1))
        await asyncio.sleep(0.5)
        (sent,) = await nara.send(shelter)
        (arrival,) = await asyncio.wait_for(following, 30)
        assert arrival.kind == "referral_sent"
        assert isinstance(arrival.referral, Referral)
        assert (arrival.referral.id, arrival.referral.state, arrival.sequence) == (sent.id, "sent", 1)

        opened = await delger.open_referral(sent.id)
        assert opened.readable == ["needs", "identity", "contact", "safety"]
        assert opened.parts[1].section is not None
        assert opened.parts[1].section.fields["given_name"] == "Цэцэгмаа"
        assert opened.referral.state == "opened"

        assert (await delger.acknowledge(sent.id)).state == "acknowledged"
        await delger.message(sent.id, "Ор бэлэн.")
        await nara.message(sent.id, "Баярлалаа.")
        assert (await delger.accept(sent.id)).state == "accepted"
        assert (await delger.start(sent.id)).state == "under_way"
        assert (await delger.close(sent.id, "service_given", "12 хоног байрласан.")).state == "closed"

        seen = await nara.show(sent.id)
        assert [step.type for step in seen.steps] == [
            "opened",
            "acknowledged",
            "message",
            "message",
            "accepted",
            "under_way",
            "closed",
        ]
        assert [step.note.text for step in seen.steps if step.note] == [
            "Ор бэлэн.",
            "Баярлалаа.",
            "12 хоног байрласан.",
        ]
        own = await nara.open_referral(sent.id)
        assert {part.status for part in own.parts} == {"readable"}
        assert [item.id for item in (await nara.outbox()).items] == [sent.id]
        assert [item.id for item in (await delger.inbox()).items] == [sent.id]
        assert await nara.ids() == [sent.id]


@ON_ONE_STORE
async def test_a_directory_that_another_program_saw_grow_meanwhile_is_no_rollback(hub: Hub, tmp_path: Path) -> None:
    async with at_work(hub, "mgec.delger") as follows, at_work(hub, "mgec.delger") as other:
        ask = follows.client.network
        is_answered = asyncio.Event()

        async def slowly() -> contract.Network:
            answer = await ask()
            await is_answered.wait()
            return answer

        follows.client.network = slowly  # type: ignore[method-assign]  # the line is slow
        syncing = asyncio.ensure_future(follows.sync())
        await asyncio.sleep(0.5)  # the directory has been answered, the clock has not
        newcomer = Newcomer("mgec.new", tmp_path)
        await confirmed(other, await newcomer.enrol(await expected(other, newcomer)))
        await other.sync()
        follows.memory.see_feed(1)  # what was told meanwhile is remembered beside what the other program saw
        is_answered.set()
        before = (await syncing).size
        assert (await follows.sync()).size > before


@ON_ONE_STORE
async def test_a_key_that_was_renewed_meanwhile_is_no_false_key(hub: Hub, shelter: Form) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(shelter)
        async with at_work(hub, "mgec.delger", state="elsewhere") as other:
            assert await administration.rotate(other) == 2
        assert delger.directory.size < other.directory.size
        assert "identity" in (await delger.open_referral(sent.id)).readable
        assert delger.directory.size == other.directory.size
        assert sorted(await delger.agency_epochs()) == [1, 2]


@ON_ONE_STORE
async def test_what_is_sealed_while_a_key_is_renewed_goes_to_the_new_one(hub: Hub, shelter: Form) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(shelter)
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        ask, is_answered = nara.client.kem_keys, asyncio.Event()

        async def slowly(hashes: Sequence[str]) -> list[contract.KemKey]:
            answer = await ask(hashes)
            await is_answered.wait()
            return answer

        nara.client.kem_keys = slowly  # type: ignore[method-assign]  # the line is slow
        writing = asyncio.ensure_future(nara.message(sent.id, "Ирж байна."))
        await asyncio.sleep(0.5)
        assert await administration.rotate(delger) == 2
        await nara.sync()  # as another task of this session does, that follows
        is_answered.set()
        sealed = (await writing).steps[-1].document.body.sealed
        assert sealed is not None
        assert {one.agency: one.epoch for one in sealed.readers} == {"mgec": 2, "mrc-umnugobi": 1}


@ON_ONE_STORE
async def test_a_key_for_an_epoch_that_never_was_is_refused(hub: Hub) -> None:
    def one_more(data: dict[str, Any]) -> dict[str, Any]:
        return {"agencyKeys": [*data["agencyKeys"], data["agencyKeys"][0] | {"epoch": 2}]}

    async with LyingHub(hub.url) as lying, at_work(hub, "mgec.delger", lying.url) as delger:
        lying.lies["AgencyKeys"] = one_more
        with pytest.raises(Refused, match="key_mismatch") as refused:
            await delger.agency_epochs()
        assert refused.value.at["epoch"] == 2


@ON_ONE_STORE
async def test_an_agency_that_was_not_asked_sees_nothing(hub: Hub, shelter: Form) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "pct.dorj") as dorj:
        (sent,) = await nara.send(shelter)
        assert (await dorj.inbox()).items == ()
        assert await dorj.ids() == []
        for attempt in (dorj.show(sent.id), dorj.open_referral(sent.id), dorj.accept(sent.id)):
            with pytest.raises(Refused, match="not_found"):
                await attempt


@ON_ONE_STORE
async def test_three_agencies_are_asked_at_once_and_each_opens_its_own_view(hub: Hub, three: Form) -> None:
    async with at_work(hub, "mgec.solongo") as solongo:
        sent = await solongo.send(three)
    assert [one.recipient for one in sent] == ["shelter-sainshand", "legal-clinic", "nhrcm"]
    views = {
        "osc.uyanga": ["needs", "identity", "medical"],
        "glc.tamir": ["needs", "identity", "contact", "account", "legal"],
        "nhrcm.altan": ["needs", "account"],
    }
    for (handle, sections), one in zip(views.items(), sent, strict=True):
        async with at_work(hub, handle) as session:
            assert (await session.open_referral(one.id)).readable == sections
            others = [other.id for other in sent if other.id != one.id]
            assert await session.ids() == [one.id]
            for other in others:
                with pytest.raises(Refused, match="not_found"):
                    await session.show(other)


@ON_ONE_STORE
async def test_what_the_person_did_not_agree_to_never_leaves(hub: Hub) -> None:
    async with at_work(hub, form_sender("07")) as session:
        with pytest.raises(Refused) as raised:
            await session.send(form("07"))
        assert raised.value.code == "grant_missing"
        assert raised.value.at["reader"] == "immigration"
        assert (await session.outbox()).items == ()
        assert len(session.drafts) == 0


@ON_ONE_STORE
async def test_a_refused_section_is_refused_whoever_adds_it(hub: Hub) -> None:
    async with at_work(hub, form_sender("06")) as session:
        with pytest.raises(Refused) as raised:
            await session.draft(form("06"), parts={"iom": ["needs", "medical"]})
        assert (raised.value.code, raised.value.at["part"]) == ("grant_refused", "medical")


@ON_ONE_STORE
def form_sender(name: str) -> str:
    sender = form(name).sender
    assert sender is not None
    return sender[1]


@ON_ONE_STORE
async def test_a_form_of_somebody_else_is_not_sent(hub: Hub, shelter: Form) -> None:
    async with at_work(hub, "mgec.delger") as delger:
        with pytest.raises(FormError, match="somebody_elses"):
            await delger.send(shelter)


@ON_ONE_STORE
async def test_a_send_whose_answer_was_lost_is_one_referral(hub: Hub, shelter: Form) -> None:
    async with Line(hub.port) as line, at_work(hub, "mrc.nara", line.url) as nara:
        draft = await nara.draft(shelter)
        line.swallow = 2  # the answers to both mutations, or to the first one twice
        (sent,) = await nara.send(shelter)
        assert line.swallowed == 2
        assert (sent.id,) == draft.ids
        assert len((await nara.outbox()).items) == 1
        assert len(nara.drafts) == 0


@ON_ONE_STORE
async def test_a_draft_outlives_the_hub_and_is_sent_once(hub: Hub, shelter: Form) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        draft = await nara.draft(shelter)
        hub.kill()
        with pytest.raises(HubUnreachable):
            await nara.send(shelter)
        assert len(nara.drafts) == 1
        hub.start()
        sent = await nara.send(shelter)
    assert tuple(one.id for one in sent) == draft.ids
    async with at_work(hub, "mrc.nara") as again:
        assert again.sent_before(shelter) == draft.ids
        anew = await again.send(shelter)  # on purpose, a second time: another referral
        assert {one.id for one in anew}.isdisjoint(draft.ids)


@ON_ONE_STORE
async def test_a_step_whose_answer_was_lost_is_taken_once(hub: Hub, shelter: Form) -> None:
    """Repeated by hand, too, after the client had given up."""
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(shelter)
    async with Line(hub.port) as line, at_work(hub, "mgec.delger", line.url) as delger:
        for take in (
            lambda: delger.accept(sent.id, "Ор бэлэн."),
            lambda: delger.message(sent.id, "Хэдэн цагт ирэх вэ?"),
        ):
            seen = len((await delger.show(sent.id)).steps)
            line.swallow_mutations = 5
            with pytest.raises(HubUnreachable):
                await take()
            assert line.swallow_mutations == 0
            assert len(delger.drafts) == 1
            assert len((await take()).steps) == seen + 1
            assert len(delger.drafts) == 0
        assert len((await delger.message(sent.id, "Хэдэн цагт ирэх вэ?")).steps) == 3  # on purpose, a second time


@ON_ONE_STORE
async def test_a_step_that_never_arrived_is_made_anew(hub: Hub, shelter: Form) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.solongo") as solongo:
        (sent,) = await nara.send(shelter)
        async with Line(hub.port) as line, at_work(hub, "mgec.delger", line.url) as delger:
            await delger.open_referral(sent.id)
            line.lose_mutations = True
            with pytest.raises(HubUnreachable):
                await delger.message(sent.id, "Хэдэн цагт ирэх вэ?")
            line.lose_mutations = False
            await solongo.acknowledge(sent.id)  # meanwhile a colleague moves the agency's chain on
            told = await delger.message(sent.id, "Хэдэн цагт ирэх вэ?")
            assert [step.type for step in told.steps] == ["opened", "acknowledged", "message"]
            assert len(delger.drafts) == 0


@ON_ONE_STORE
async def test_a_draft_holds_none_of_her_words(hub: Hub, shelter: Form) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        await nara.draft(shelter)
    kept = b"".join(path.read_bytes() for path in (hub.practice / "state").rglob("*") if path.is_file())
    assert kept
    names = " ".join(str(path) for path in (hub.practice / "state").rglob("*"))
    for word in ("Цэцэгмаа", "Боржигон", "0000 1101", "ном захиалсан"):
        assert word.encode() not in kept
        assert json.dumps(word)[1:-1].encode() not in kept
        assert word not in names


async def test_of_two_colleagues_one_wins_and_the_other_is_told(hub: Hub, shelter: Form) -> None:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        at_work(hub, "mgec.solongo") as solongo,
    ):
        (sent,) = await nara.send(shelter)
        answers = await asyncio.gather(
            delger.accept(sent.id), solongo.decline(sent.id, "no_capacity"), return_exceptions=True
        )
        won = [one for one in answers if isinstance(one, Referral)]
        lost = [one for one in answers if isinstance(one, Refused)]
        assert len(won) == 1
        assert [one.code for one in lost] in (["head_moved"], ["step_illegal"])
        assert lost[0].at["state"] == won[0].state
        assert (await nara.show(sent.id)).state == won[0].state


async def test_openings_and_messages_at_the_same_moment_all_get_through(hub: Hub, shelter: Form) -> None:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        at_work(hub, "mgec.solongo") as solongo,
    ):
        (sent,) = await nara.send(shelter)
        opened = await asyncio.gather(delger.open_referral(sent.id), solongo.open_referral(sent.id))
        assert all(len(one.readable) == 4 for one in opened)
        await asyncio.gather(*(one.message(sent.id, "Сайн уу") for one in (delger, solongo, nara)))
        steps = [step.type for step in (await nara.show(sent.id)).steps]
        assert sorted(steps) == ["message", "message", "message", "opened", "opened"]


@ON_ONE_STORE
async def test_a_step_that_is_not_legal_is_refused_with_the_state(hub: Hub, shelter: Form) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(shelter)
        with pytest.raises(Refused) as raised:
            await delger.start(sent.id)
        assert (raised.value.code, raised.value.at["state"]) == ("step_illegal", "sent")
        await delger.decline(sent.id, "no_capacity")
        with pytest.raises(Refused) as raised:
            await delger.open_referral(sent.id)
        assert (raised.value.code, raised.value.at["state"]) == ("step_illegal", "declined")
        with pytest.raises(Refused) as raised:
            await nara.accept(sent.id)
        assert raised.value.code == "step_illegal"


# --- following --------------------------------------------------------------------------------------------------------


async def first(session: Session, count: int, after: int | None = 0) -> list[Arrival]:
    arrived = []
    async with aclosing(session.follow(after)) as arrivals:
        async for arrival in arrivals:
            arrived.append(arrival)
            if len(arrived) == count:
                break
    return arrived


async def _reaches(seen: list[int], number: int) -> None:
    async with asyncio.timeout(30):
        while len(seen) < number:
            await asyncio.sleep(0.02)


async def _until(heard: list[str], word: str) -> None:
    """Until the follower has noticed: how soon it does is the machine's business."""
    async with asyncio.timeout(30):
        while heard[-1:] != [word]:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("store_kind", ["postgres"])
async def test_a_follower_sees_each_entry_once_and_in_order_over_a_bad_line(hub: Hub, shelter: Form) -> None:
    seen: list[int] = []
    heard: list[str] = []
    async with (
        Line(hub.port) as line,
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger", line.url) as delger,
    ):

        async def follow() -> None:
            async with aclosing(delger.follow(0, heard.append)) as arrivals:
                async for arrival in arrivals:
                    seen.append(arrival.sequence)
                    if len(seen) == 6:
                        return

        following = asyncio.ensure_future(follow())
        for number in range(6):
            if number in (2, 4):
                await _reaches(seen, number)
                await line.cut()
                await _until(heard, "lost")
            await nara.send(dataclasses.replace(shelter, sections={"needs": {"dependants": number}}))
            if number in (2, 4):
                await line.mend()
                await _until(heard, "back")
        await asyncio.wait_for(following, 30)
    assert seen == [1, 2, 3, 4, 5, 6]
    assert heard == ["lost", "back", "lost", "back"]


@ON_ONE_STORE
async def test_a_follower_goes_on_where_it_stopped(hub: Hub, shelter: Form) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        for number in range(3):
            await nara.send(dataclasses.replace(shelter, sections={"needs": {"dependants": number}}))
        assert [one.sequence for one in await first(delger, 2, None)] == [1, 2]
    async with at_work(hub, "mgec.delger") as again:
        # the second was shown, and the follower was gone before it could say so: at least once
        assert [one.sequence for one in await first(again, 2, None)] == [2, 3]


# --- trust ------------------------------------------------------------------------------------------------------------


@ON_ONE_STORE
async def test_a_smaller_directory_than_seen_is_a_rollback(hub: Hub) -> None:
    identity = practice.identity("mgec.delger", hub.practice)
    async with at_work(hub, "mgec.delger") as delger:
        directory = delger.directory
    longer = [*directory.entries, renamed(directory, hub)]
    remember(hub, identity.network, longer, identity.anchor)
    with pytest.raises(Refused, match="checkpoint_rollback"):
        async with at_work(hub, "mgec.delger", state="remembered"):
            pass


@ON_ONE_STORE
async def test_another_directory_of_the_same_size_is_a_fork(hub: Hub) -> None:
    identity = practice.identity("mgec.delger", hub.practice)
    async with at_work(hub, "mgec.delger") as delger:
        directory = delger.directory
    before = Directory(identity.anchor)
    for entry in directory.entries[:-1]:
        before.append(entry)
    remember(hub, identity.network, [*before.entries, renamed(before, hub)], identity.anchor)
    with pytest.raises(Refused, match="directory_fork"):
        async with at_work(hub, "mgec.delger", state="remembered"):
            pass


@ON_ONE_STORE
async def test_another_network_than_the_invitations_is_refused(hub: Hub) -> None:
    identity = dataclasses.replace(practice.identity("mgec.delger", hub.practice), anchor="A" * 43)
    with pytest.raises(Refused, match="directory_fork"):
        async with Session.open(identity, hub.url, hub.practice / "elsewhere"):
            pass


def renamed(directory: Directory, hub: Hub) -> str:
    """A next entry that the coordinators could have signed: the mission's admission under another name."""
    agency = directory.now().agency("iom")
    assert agency is not None
    before = agency.admission
    body = schemas.Admission(
        **{
            **{name: getattr(before.body, name) for name in before.body.__struct_fields__},
            "version": 2,
            "prev": before.sha256,
            "admin": None,
            "names": schemas.Names(en="Renamed", mn="Шинэ нэр"),
        }
    )
    files = sorted((hub.practice / "coordinators").glob("*.json"))
    keys = [SigningKey(unb64(json.loads(path.read_text(encoding="utf-8"))["sign"])) for path in files[:2]]
    return sign(body, *keys).envelope


def log_key(folder: Path) -> SigningKey:
    return SigningKey(unb64((folder / "hub" / "directory.key").read_text(encoding="utf-8").strip()))


def remember(hub: Hub, network: str, entries: list[str], anchor: str) -> None:
    """Let a client have seen these entries, under a checkpoint that the log's own key signed."""
    directory = Directory(anchor)
    for entry in entries:
        directory.append(entry)
    origin = directory.policy.log_named("/log/directory").name
    head = checkpoint.Checkpoint(origin, directory.size, directory.root_at(directory.size))
    note = checkpoint.sign_checkpoint(head, log_key(hub.practice))
    Memory(hub.practice / "remembered", "mgec.delger", network).see_directory(tuple(entries), note)


@ON_ONE_STORE
async def test_no_key_is_not_the_same_as_nothing_to_read(hub: Hub, shelter: Form) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(shelter)
    hub.store.manage("shell", "-c", "from agencies.models import AgencyKey; AgencyKey.objects.all().delete()")
    async with at_work(hub, "mgec.delger") as delger:
        with pytest.raises(HubError, match="no_agency_key"):
            await delger.open_referral(sent.id)
        assert (await delger.show(sent.id)).state == "sent"  # nothing was recorded as opened


@ON_ONE_STORE
async def test_a_wrong_token_is_not_signed_in(hub: Hub) -> None:
    async with Client(hub.url, "wrong") as client:
        with pytest.raises(HubError) as raised:
            await client.inbox()
        assert raised.value.code in ("signed_out", "not_signed_in")
        with pytest.raises(HubError):
            async with aclosing(client.follow(0)) as entries:
                await anext(entries)


@ON_ONE_STORE
async def test_every_operation_is_understood_by_the_hub(hub: Hub) -> None:
    identity = practice.identity("mgec.delger", hub.practice)
    async with Client(hub.url, identity.token) as client:
        assert (await client.me()).handle == "mgec.delger"
        assert "mgec.delger" in [one.handle for one in await client.colleagues()]
        assert await client.consent("01890000-0000-7000-8000-000000000000") is None
        assert await client.feed(0) == []
        assert (await client.network()).practice
        for one in await client.kem_keys([]):
            raise AssertionError(one)


async def test_a_proxy_whose_hub_is_away_is_no_hub_and_not_a_bad_answer() -> None:
    """Whoever is told that the hub is out of reach keeps the draft, and tries again (LESSONS: sending)."""
    asked = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        asked += 1
        text = b"<html>Bad Gateway</html>"
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(text) + text)
        await writer.drain()
        writer.close()

    proxy = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with proxy, Client(f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}") as client:
        with pytest.raises(HubUnreachable):
            await client.network()
    assert asked == 5
