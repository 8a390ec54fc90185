"""Inbox, outbox and trail: their order, what they are asked for, and walks through pages while everything moves."""

import asyncio
import base64
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace as replace_struct

from ortoo import contract
from ortoo.contract import Filter, TrailFilter
from ortoo.protocol.documents import new_id, sign, stamp
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import at_work, plain_form
from tests.stores import KINDS, Store, Stores
from tests.stories.conftest import a_hub

HOUR, DAY = 3_600, 86_400
SENDER, RECIPIENT, THIRD = "mrc.nara", "mgec.delger", "ecpat.hulan"


def wrongly_placed(store: Store) -> object:
    """What stands elsewhere than where it belongs by all that has happened."""
    return store.ask("stories/checking_lists.py")


async def listed(session: Session, box: str, **wanted: object) -> list[str]:
    page = await getattr(session.client, box)(50, None, Filter(**wanted))
    return [edge.node.id for edge in page.edges]


# --- the order --------------------------------------------------------------------------------------------------------


@dataclass
class Town:
    """What was sent to the shelter, by what became of it; in the order of sending."""

    hub: Hub
    late: str
    running: str  # urgent, so that its clock is longer than any other's; papers, elsewhere
    asked: str
    declined: str
    closed: str
    elsewhere: str  # to another agency, and declined there
    before_the_last: datetime  # since then only `closed` has changed


@pytest.fixture(scope="module", params=KINDS)
def town(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Town]:
    for hub in a_hub(request.param, stores):
        yield asyncio.run(told(hub))


async def told(hub: Hub) -> Town:
    async with at_work(hub, SENDER) as nara, at_work(hub, RECIPIENT) as delger:

        async def sent(number: int, **routing: object) -> str:
            form = plain_form(number)
            (one,) = await nara.send(replace(form, routing=replace(form.routing, **routing)))  # type: ignore[arg-type]
            return one.id

        late = await sent(1)
        await nara.client.move_practice_clock(HOUR + 60)
        await asyncio.gather(nara.sync(), delger.sync())
        running = await sent(2, urgency="urgent", services=("documents",), place="MN-035")
        asked, declined, closed = await sent(3), await sent(4), await sent(5)
        await delger.ask_more(asked, "?")
        await delger.decline(declined, "no_capacity")
        await delger.accept(closed)
        form = plain_form(6)
        grants = {"ecpat": form.consent.grants["mgec"]}
        form = replace(form, recipients=("ecpat",), consent=replace(form.consent, grants=grants, refusals={}))
        (elsewhere,) = await nara.send(form)
        async with at_work(hub, THIRD) as hulan:
            await hulan.decline(elsewhere.id, "no_capacity")
        before = (await nara.client.network()).now  # by the hub's clock, to which nara's comes near
        await delger.close(closed, "service_given")
        return Town(hub, late, running, asked, declined, closed, elsewhere.id, before)


async def test_what_needs_the_agency_comes_first(town: Town) -> None:
    async with at_work(town.hub, SENDER) as nara, at_work(town.hub, RECIPIENT) as delger:
        inbox, outbox = await delger.client.inbox(), await nara.client.outbox()
    assert [(edge.tier, edge.node.id) for edge in inbox.edges] == [
        ("late", town.late),
        ("clock", town.running),
        ("waiting", town.asked),
        ("rest", town.closed),
        ("rest", town.declined),
    ]
    assert [(edge.tier, edge.node.id) for edge in outbox.edges] == [
        ("clock", town.asked),
        ("ours", town.declined),
        ("ours", town.elsewhere),
        ("waiting", town.late),
        ("waiting", town.running),
        ("rest", town.closed),
    ]
    assert inbox.counts == contract.Counts(late=1, clock=1, ours=0, waiting=1)
    assert outbox.counts == contract.Counts(late=0, clock=1, ours=2, waiting=2)
    assert wrongly_placed(town.hub.store) == []


async def test_each_filter_and_several_at_once(town: Town) -> None:
    t, ends = town, town.before_the_last
    cases: list[tuple[dict[str, object], list[str]]] = [
        ({"state": "declined"}, [t.declined, t.elsewhere]),
        ({"urgency": "urgent"}, [t.running]),
        ({"need": "documents"}, [t.running]),
        ({"need": "shelter"}, [t.asked, t.declined, t.elsewhere, t.late, t.closed]),
        ({"place": "MN-035"}, [t.running]),
        ({"place": "MN-053"}, [t.asked, t.declined, t.elsewhere, t.late, t.closed]),  # Dalanzadgad lies in it
        ({"place": "MN-053.khanbogd"}, []),
        ({"place": "MN"}, [t.asked, t.declined, t.elsewhere, t.late, t.running, t.closed]),
        ({"counterpart": "ecpat"}, [t.elsewhere]),
        ({"overdue": True}, [t.late]),
        ({"since": ends}, [t.closed]),
        ({"state": "sent", "need": "shelter", "overdue": True}, [t.late]),
        ({"state": "sent", "counterpart": "ecpat"}, []),
    ]
    async with at_work(t.hub, SENDER) as nara, at_work(t.hub, THIRD) as hulan, at_work(t.hub, "pct.dorj") as dorj:
        for wanted, expected in cases:
            page = await nara.client.outbox(50, None, Filter(**wanted))  # type: ignore[arg-type]
            assert [edge.node.id for edge in page.edges] == expected, wanted
            tiers = [edge.tier for edge in page.edges]
            assert page.counts.ours == tiers.count("ours"), wanted
            assert page.counts.waiting == tiers.count("waiting"), wanted
            assert await listed(dorj, "outbox", **wanted) == await listed(dorj, "inbox", **wanted) == []
            assert set(await listed(hulan, "inbox", **wanted)) <= {t.elsewhere}
        first, second = (await nara.client.outbox(2, None, Filter(need="shelter"))), None
        assert first.page_info.has_next_page
        second = await nara.client.outbox(50, first.page_info.end_cursor, Filter(need="shelter"))
        ids = [edge.node.id for edge in (*first.edges, *second.edges)]
        assert ids == [t.asked, t.declined, t.elsewhere, t.late, t.closed]


UNKNOWN = {
    "state": "gone",
    "urgency": "very",
    "need": "nothing",
    "place": "MN-999",
    "counterpart": "nobody",
    "since": datetime(2026, 11, 25),  # has no zone
}


async def test_what_names_nothing_is_said_by_its_field(town: Town) -> None:
    async with at_work(town.hub, SENDER) as nara:
        for field, value in UNKNOWN.items():
            with pytest.raises(Refused) as refused:
                await listed(nara, "outbox", **{field: value})
            assert (refused.value.code, refused.value.at) == ("malformed", {"field": field})
        for field in ("counterpart", "since", "type"):
            with pytest.raises(Refused) as refused:
                await nara.client.trail(50, None, TrailFilter(**{field: UNKNOWN.get(field, "gone")}))  # type: ignore[arg-type]
            assert (refused.value.code, refused.value.at) == ("malformed", {"field": field})


async def test_a_cursor_is_good_for_its_own_list_and_filter_alone(town: Town) -> None:
    async with at_work(town.hub, SENDER) as nara, at_work(town.hub, RECIPIENT) as delger:
        cursor = (await nara.client.outbox(2)).page_info.end_cursor
        trail = (await nara.client.trail(2)).page_info.end_cursor
        assert cursor is not None
        assert trail is not None
        version, at, tier, key, id, kind = base64.urlsafe_b64decode(cursor).decode().split(" ")

        def made(*values: str) -> str:
            return base64.urlsafe_b64encode(" ".join(values).encode()).decode()

        assert made(version, at, tier, key, id, kind) == cursor
        bad = [
            "",
            "x",
            "Ω",
            cursor[:-8],
            trail,
            made(str(int(version) + 1000), at, tier, key, id, kind),  # of a list that is still to come
            made(version, "9" * 18, tier, key, id, kind),
            made(version, at, tier, "9" * 30, id, kind),
            made(version, at, "٣", key, id, kind),
            made(version, at, tier, key, "x", kind),
            made(version, at, tier, key, id, "x"),
            made(version, at, tier, key, kind),
            made("-1" * 400, at, tier, key, id, kind),
        ]
        tried: list[Callable[[], Awaitable[object]]] = [
            *(lambda text=text: nara.client.outbox(50, text) for text in bad),  # type: ignore[misc]
            lambda: nara.client.outbox(50, cursor, Filter(overdue=True)),
            lambda: nara.client.inbox(50, cursor),
            lambda: delger.client.outbox(50, cursor),
            lambda: delger.client.inbox(50, cursor),
            lambda: nara.client.trail(50, cursor),
            lambda: nara.client.trail(50, trail, TrailFilter(type="opened")),
            lambda: delger.client.trail(50, trail),
        ]
        for attempt in tried:
            with pytest.raises(Refused) as refused:
                await attempt()
            assert (refused.value.code, refused.value.at) == ("malformed", {"field": "after"})
        # Elsewhere in the own list: nothing but own rows, as from there.
        for place in (made(version, at, "0", "0", id, kind), made(version, at, "9", "0", id, kind)):
            found = await nara.client.outbox(50, place)
            assert {edge.node.sender for edge in found.edges} <= {"mrc-umnugobi"}


async def test_the_trail_says_who_did_what_and_when(town: Town) -> None:
    t = town
    async with (
        at_work(t.hub, SENDER) as nara,
        at_work(t.hub, RECIPIENT) as delger,
        at_work(t.hub, THIRD) as hulan,
    ):
        both = [
            (t.closed, "mgec", "closed", "service_given"),
            (t.elsewhere, "ecpat", "declined", "no_capacity"),
            (t.elsewhere, "mrc-umnugobi", "referral_sent", None),
            (t.closed, "mgec", "accepted", None),
            (t.declined, "mgec", "declined", "no_capacity"),
            (t.asked, "mgec", "more_asked", None),
            *((one, "mrc-umnugobi", "referral_sent", None) for one in (t.closed, t.declined, t.asked)),
            *((one, "mrc-umnugobi", "referral_sent", None) for one in (t.running, t.late)),
        ]
        for session, counterpart in ((nara, None), (delger, "mrc-umnugobi")):
            entries, after = [], None
            while True:
                page = await session.client.trail(4, after)
                entries += [edge.node for edge in page.edges]
                after = page.page_info.end_cursor
                if not page.page_info.has_next_page:
                    break
            seen = [(one.referral, one.agency, one.type, one.reason) for one in entries]
            assert seen == [one for one in both if counterpart is None or one[0] != t.elsewhere]
            assert [one.at for one in entries] == sorted((one.at for one in entries), reverse=True)
            members = {one.agency: one.member for one in entries}
            assert members["mgec"] == delger.identity.member
            assert members["mrc-umnugobi"] == nara.identity.member
            assert {one.counterpart for one in entries} == ({counterpart} if counterpart else {"mgec", "ecpat"})

        async def trail(session: Session, **wanted: object) -> list[str]:
            found = await session.client.trail(50, None, TrailFilter(**wanted))  # type: ignore[arg-type]
            return [edge.node.type for edge in found.edges]

        assert await trail(nara, type="declined") == ["declined", "declined"]
        assert await trail(nara, counterpart="ecpat") == ["declined", "referral_sent"]
        assert await trail(nara, referral=t.closed) == ["closed", "accepted", "referral_sent"]
        assert await trail(nara, since=t.before_the_last) == ["closed"]
        assert await trail(hulan) == ["declined", "referral_sent"]
        assert await trail(hulan, referral=t.closed) == await trail(hulan, referral=new_id()) == []
        assert await trail(hulan, counterpart="mgec") == []


# --- what is to be chosen anew ----------------------------------------------------------------------------------------


async def test_the_sender_chooses_another_until_it_has_or_may_no_more(own_hub: Hub) -> None:
    async with at_work(own_hub, SENDER) as nara, at_work(own_hub, RECIPIENT) as delger:

        async def declined(number: int) -> str:
            (sent,) = await nara.send(plain_form(number))
            await delger.decline(sent.id, "no_capacity")
            return sent.id

        async def ours() -> list[str]:
            page = await nara.client.outbox()
            assert page.counts.ours == [edge.tier for edge in page.edges].count("ours")
            return [edge.node.id for edge in page.edges if edge.tier == "ours"]

        resent, refused, forgotten = [await declined(number) for number in (1, 2, 3)]
        assert await ours() == [resent, refused, forgotten]
        again = await nara.resend(plain_form(1), "mgec")
        assert await ours() == [refused, forgotten]
        await delger.accept(again.id)
        await delger.hand_back(again.id, "no_capacity")
        assert await ours() == [refused, forgotten, again.id]

        before = (await nara.show(refused)).decision
        changed = {"version": 2, "prev": before.sha256, "granted": None, "refused": ["*"], "at": stamp(nara.now())}
        taken_back = replace_struct(before.body, directory=nara.directory.head, **changed)
        await nara.client.record_consent([contract.Sealed(envelope=sign(taken_back, nara.signer.key).envelope)])
        assert await ours() == [forgotten, again.id]

        await nara.client.move_practice_clock(400 * DAY)
        own_hub.store.manage("work", "--once")
        assert await ours() == []
        assert wrongly_placed(own_hub.store) == []


# --- walks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("own_hub", ["postgres"], indirect=True)
async def test_a_walk_sees_the_list_as_it_was_whatever_moves_meanwhile(own_hub: Hub) -> None:
    """Three walks at once through both boxes, a page of three at a time; between pages referrals come, steps are taken
    and time passes. Each walk gives what a look at the whole list gave when it began: none twice, none left out.
    """
    chance = random.Random(6)
    async with at_work(own_hub, SENDER) as nara, at_work(own_hub, RECIPIENT) as delger:
        numbers = iter(range(1000))
        states: dict[str, str] = {}

        async def send() -> None:
            form = plain_form(next(numbers))
            urgency = chance.choice(["immediate", "urgent", "standard"])
            (sent,) = await nara.send(replace(form, routing=replace(form.routing, urgency=urgency)))
            states[sent.id] = "sent"

        async def step() -> None:
            live = [id for id, state in states.items() if state not in ("declined", "closed", "handed_back")]
            id = chance.choice(live)
            moves: dict[str, list[Callable[[], Awaitable[object]]]] = {
                "sent": [lambda: delger.acknowledge(id), lambda: delger.decline(id, "no_capacity")],
                "acknowledged": [lambda: delger.ask_more(id, "?"), lambda: delger.accept(id)],
                "more_asked": [lambda: nara.message(id, "."), lambda: delger.accept(id)],
                "accepted": [lambda: delger.hand_back(id, "no_capacity"), lambda: delger.close(id, "service_given")],
            }
            await chance.choice(moves[states[id]])()
            states[id] = (await nara.show(id)).state

        async def pass_time() -> None:
            await nara.client.move_practice_clock(chance.choice([60, HOUR, 5 * HOUR, DAY]))
            await asyncio.gather(nara.sync(), delger.sync())

        async def whole(session: Session, box: str) -> list[tuple[str, str]]:
            page = await getattr(session.client, box)(50)
            assert not page.page_info.has_next_page
            return [(edge.tier, edge.node.id) for edge in page.edges]

        for _ in range(11):
            await send()
        for _ in range(8):
            await step()
        for _ in range(3):
            walks = [(delger, "inbox"), (nara, "outbox"), (nara, "outbox")]
            expected = [await whole(*one) for one in walks]
            seen: list[list[tuple[str, str]]] = [[], [], []]
            after: list[str | None] = [None, None, None]
            ended: set[int] = set()
            while len(ended) < len(walks):
                for place, (session, box) in enumerate(walks):
                    if place in ended:
                        continue
                    page = await getattr(session.client, box)(3, after[place])
                    seen[place] += [(edge.tier, edge.node.id) for edge in page.edges]
                    after[place] = page.page_info.end_cursor
                    if not page.page_info.has_next_page:
                        ended.add(place)
                # Also two at the same moment: nobody waits for the other's page.
                await asyncio.gather(chance.choice([send, step])(), send())
                await chance.choice([step, pass_time])()
            for one, whole_list in zip(seen, expected, strict=True):
                assert [id for _, id in one] == [id for _, id in whole_list]
                late = {"late": "clock"}  # a minute may have passed since the look at the whole
                assert [late.get(tier, tier) for tier, _ in one] == [late.get(tier, tier) for tier, _ in whole_list]
        assert wrongly_placed(own_hub.store) == []

        # An hour later nobody walks on through what was.
        old = after[0] or (await delger.client.inbox(3)).page_info.end_cursor
        await step()
        await pass_time()
        hours_ago = (datetime.now(UTC) - timedelta(hours=2)).strftime("%Y-%m-%d %H:%M:%S.000000")
        own_hub.store.execute(
            f"UPDATE referrals_standing SET left_at = '{hours_ago}' WHERE left_at IS NOT NULL"  # noqa: S608 - our own
        )
        own_hub.store.manage("work", "--once")
        assert own_hub.store.execute("SELECT count(*) FROM referrals_standing WHERE left_at IS NOT NULL")[0][0] == 0
        with pytest.raises(Refused) as refused:
            await delger.client.inbox(3, old)
        assert (refused.value.code, refused.value.at) == ("not_found", {"field": "after"})
        assert len(await whole(delger, "inbox")) == len(states)
