"""The directory of services: kept by each agency's own members, and asked who can take a person now."""

import dataclasses
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
from msgspec.structs import replace

from ortoo import contract, coordinating, hsds, practice
from ortoo.client import Client
from ortoo.days import ULAANBAATAR
from ortoo.form import Routing
from ortoo.hours import hours_of_agency
from ortoo.protocol.documents import new_id
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import at_work, plain_form
from tests.people.newcomers import Newcomer
from tests.people.test_agencies import admitted, agency_of
from tests.stores import REPOSITORY

DALANZADGAD: Final = "MN-053.dalanzadgad"
EVERY_DAY: Final = "MO,TU,WE,TH,FR,SA,SU"
# What no agency of the practice network gives: each story has its own.
HOUSING: Final = contract.Offer(
    code="housing", name="Түр байр", name_en="Rooms", places=["MN"], languages=["mn"], open_on_holidays=True
)
AGENCIES: Final = [
    one["handle"] for one in json.loads((REPOSITORY / "ortoo" / "data" / "agencies.json").read_text())["agencies"]
]
ALWAYS: Final = [contract.OpeningHours(days=EVERY_DAY, opens="00:00", closes="24:00")]


def said(found: Sequence[contract.FoundService]) -> list[tuple[str, list[str]]]:
    return [(one.service.agency, [reason.code for reason in one.why_not]) for one in found]


def asking(hub: Hub, handle: str) -> Client:
    """The API alone: nothing here is sealed or proven."""
    return Client(hub.url, practice.identity(handle, hub.practice).token)


@dataclass
class Kept:
    """A service of its own for a story, ended with it."""

    client: Client
    offer: contract.Offer
    id: str = ""

    async def __aenter__(self) -> contract.Service:
        self.id = new_id()
        return await self.client.save_service(self.id, self.offer)

    async def __aexit__(self, *_: object) -> None:
        assert await self.client.end_service(self.id)


async def test_the_practice_network_says_what_its_agencies_give(hub: Hub) -> None:
    async with asking(hub, "mrc.nara") as nara:
        found = {handle: await nara.services(handle) for handle in AGENCIES}
        assert await nara.services("no-such-agency") is None
    listed = {handle: one for handle, one in found.items() if one is not None}
    assert sum(len(one.services) for one in listed.values()) == 61
    assert [service.code for one in listed.values() for service in one.services if not service.accepting] == [
        "employment"
    ]
    mgec = listed["mgec"]
    assert (mgec.contact.duty_phone, mgec.contact.place, mgec.contact.receiving) == (
        "+976 0000 9110",
        "MN-1.bayanzurkh",
        True,
    )
    (shelter,) = [one for one in mgec.services if one.code == "shelter"]
    assert (shelter.capacity, shelter.taken, shelter.free, shelter.min_age, shelter.max_age) == (14, 0, 14, 16, None)
    assert (shelter.genders, shelter.places) == (["Feminine", "TransgenderFeminine"], ["MN-053", "MN-063", "MN-1"])
    assert (shelter.open_now, shelter.open_on_holidays, shelter.name) == (
        True,
        True,
        "Эмэгтэйчүүдийн хамгаалах байр, Улаанбаатар",
    )


async def test_who_can_take_her_comes_first_and_each_other_says_why_not(hub: Hub) -> None:
    async with asking(hub, "mrc.nara") as nara:
        find = nara.find_services
        woman = await find("shelter", place=DALANZADGAD, language="mn", age=30, gender="Feminine")
        assert said(woman) == [("mgec", []), ("cfdc-umnugobi", ["age"]), ("shelter-sainshand", ["other_area"])]
        assert [one.takes_now for one in woman] == [True, False, False]
        assert woman[0].contact.duty_phone == "+976 0000 9110"
        assert (woman[1].why_not[0].least, woman[1].why_not[0].most) == (None, 17)
        assert woman[2].why_not[0].codes == ["MN-063"]

        man = await find("shelter", place=DALANZADGAD, language="zh", age=40, gender="Masculine")
        assert said(man) == [
            ("mgec", ["gender", "language"]),
            ("cfdc-umnugobi", ["age", "language"]),
            ("shelter-sainshand", ["other_area", "language"]),
        ]
        assert man[0].why_not[0].codes == ["Feminine", "TransgenderFeminine"]
        assert man[0].why_not[1].codes == ["mn", "en"]

        girl = await find("shelter", place="MN-053.khanbogd", age=12, gender="Feminine")
        assert said(girl) == [("cfdc-umnugobi", []), ("mgec", ["age"]), ("shelter-sainshand", ["other_area"])]
        assert said(await find("shelter", place="MN-053", minor=False))[0] == ("mgec", [])
        assert said(await find("shelter", place="MN-053", minor=True))[-1] == ("shelter-sainshand", ["other_area"])

        # What is not said rules nobody out; and the same question has the same answer.
        everybody = await find("shelter")
        assert all(one.takes_now for one in everybody)
        assert len(everybody) == 3
        assert said(everybody) == said(await find("shelter"))
        assert await find("compensation") == []


async def test_full_tonight_undoes_itself(hub: Hub) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=9)
    async with (
        asking(hub, "mgec.delger") as delger,
        asking(hub, "mgec.solongo") as solongo,
        Kept(delger, replace(HOUSING, code="compensation", schedule=ALWAYS)) as rooms,
    ):
        full = await solongo.set_full(rooms.id, until)  # not an administrator
        assert full.full_until == until
        (found,) = await solongo.find_services("compensation")
        assert [(one.code, one.until) for one in found.why_not] == [("full", until)]
        before, after = until - timedelta(seconds=1), until
        assert [(await solongo.find_services("compensation", at=at))[0].takes_now for at in (before, after)] == [
            False,
            True,
        ]
        assert (await solongo.clear_full(rooms.id)).full_until is None
        assert (await solongo.find_services("compensation"))[0].takes_now
        for never in (datetime.now(UTC) - timedelta(seconds=1), until + timedelta(days=31)):
            assert await refused(solongo.set_full(rooms.id, never)) == ("malformed", "until")


async def test_a_service_moves_its_hours_while_a_clock_runs(hub: Hub) -> None:
    """Standard urgency: 27 hours of those in which the asked service is open (three days of an office)."""
    routing = Routing("standard", ("housing",), "MN-053", "mn", False)
    async with at_work(hub, "mrc.nara") as nara, asking(hub, "mgec.delger") as delger:
        async with Kept(delger, replace(HOUSING, schedule=ALWAYS)) as rooms:
            (sent,) = await nara.send(dataclasses.replace(plain_form(900), routing=routing))
            by_day_and_night = await owed(nara, sent.id)
            assert by_day_and_night == sent.sent_at + timedelta(hours=27)
            half_days = [contract.OpeningHours(days=EVERY_DAY, opens="00:00", closes="12:00")]
            await delger.save_service(rooms.id, replace(HOUSING, schedule=half_days))
            assert by_day_and_night + timedelta(hours=24) <= await owed(nara, sent.id)
            await delger.save_service(rooms.id, replace(HOUSING, schedule=ALWAYS))
            assert await owed(nara, sent.id) == by_day_and_night
        assert await owed(nara, sent.id) == hours_of_agency([]).due(sent.sent_at, timedelta(hours=27))


async def owed(session: Session, referral: str) -> datetime:
    """When an answer is owed."""
    found = await session.client.referral(referral)
    assert found is not None
    return next(one.due_at for one in found.owed if one.kind == "acknowledge")


async def test_capacity_is_counted(hub: Hub) -> None:
    async with asking(hub, "mgec.delger") as delger:
        offer = replace(HOUSING, code="alternative_care", schedule=ALWAYS, capacity=4, taken=3)
        async with Kept(delger, offer) as rooms:
            assert rooms.free == 1
            for taken, free, why in ((4, 0, ["full"]), (6, 0, ["full"]), (0, 4, [])):
                changed = await delger.save_service(rooms.id, replace(offer, taken=taken))
                assert changed.free == free
                assert said(await delger.find_services("alternative_care")) == [("mgec", why)]


async def test_open_hours_are_ulaanbaatars(hub: Hub) -> None:
    day = (datetime.now(ULAANBAATAR) + timedelta(days=3)).replace(hour=0, minute=0, second=0, microsecond=0)
    office = [contract.OpeningHours(days=EVERY_DAY, opens="09:00", closes="18:00")]
    night = [contract.OpeningHours(days=EVERY_DAY, opens="22:00", closes="06:00")]
    shut = [contract.ExceptionalHours(date=f"{day + timedelta(days=1):%Y-%m-%d}")]
    async with (
        asking(hub, "mgec.delger") as delger,
        Kept(delger, replace(HOUSING, code="addiction_care", schedule=office, exceptions=shut)) as one,
    ):

        async def at(hour: int, minute: int = 0) -> contract.FoundService:
            moment = day + timedelta(hours=hour, minutes=minute)
            (found,) = await delger.find_services("addiction_care", at=moment)
            return found

        assert (await at(17, 59)).open_until == day + timedelta(hours=18)
        early, late = await at(8, 59), await at(18)
        assert [(why.code, why.until) for why in early.why_not] == [("closed_until", day + timedelta(hours=9))]
        # It closes at 18:00, and the day after is an exception.
        assert late.why_not[0].until == day + timedelta(days=2, hours=9)
        assert late.open_until is None
        await delger.save_service(one.id, replace(HOUSING, code="addiction_care", schedule=night))
        assert (await at(5, 59)).takes_now
        assert (await at(6)).why_not[0].until == day + timedelta(hours=22)
        assert (await at(23)).open_until == day + timedelta(days=1, hours=6)


async def test_the_near_ones_and_those_with_most_room_come_first(hub: Hub) -> None:
    async with (
        asking(hub, "lum.khongor") as khongor,
        asking(hub, "mrc.nara") as nara,
        asking(hub, "mgec.delger") as delger,
        asking(hub, "glc.tamir") as tamir,
    ):
        rooms = replace(HOUSING, schedule=ALWAYS)
        async with (
            Kept(tamir, replace(rooms, capacity=50)),
            Kept(nara, replace(rooms, capacity=2)),
            Kept(khongor, replace(rooms, capacity=5)),
            Kept(delger, replace(rooms, capacity=9, languages=["en"])),
        ):
            found = await nara.find_services("housing", place=DALANZADGAD, language="mn", dependants=2)
            assert said(found) == [
                ("labour-umnugobi", []),
                ("mrc-umnugobi", []),
                ("legal-clinic", []),
                ("mgec", ["language"]),
            ]
            async with Kept(nara, replace(rooms, dependants=False, places=["MN-053.khanbogd"])):
                by_id = await nara.find_services("housing", place=DALANZADGAD, language="mn", dependants=2)
                assert said(by_id)[-1] == ("mrc-umnugobi", ["other_area", "dependants"])
                in_khanbogd = await nara.find_services("housing", place="MN-053.khanbogd")
                assert all(one.takes_now for one in in_khanbogd)


async def test_switches(hub: Hub) -> None:
    async with (
        asking(hub, "lum.khongor") as khongor,
        Kept(khongor, replace(HOUSING, schedule=ALWAYS)) as rooms,
    ):
        client = khongor
        assert not (await client.set_accepting(rooms.id, False)).accepting
        assert not (await client.set_receiving(False)).receiving
        assert said(await client.find_services("housing")) == [("labour-umnugobi", ["receiving_off", "not_accepting"])]
        saved = await client.save_service(rooms.id, replace(HOUSING, schedule=ALWAYS))
        assert not saved.accepting  # that is said apart
        await client.set_accepting(rooms.id, True)
        await client.set_receiving(True)
        assert said(await client.find_services("housing")) == [("labour-umnugobi", [])]


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_a_suspended_agency_is_named_as_such(hub: Hub, tmp_path: Path) -> None:
    agency = f"new-{secrets.token_hex(4)}"
    oyun = Newcomer(f"{agency}.oyun", tmp_path)
    await admitted(hub, oyun, agency)
    async with oyun.at_work() as session:
        contact = contract.Contact(place="MN-053", phone="+976 0000 1", duty_phone="", email="a@example.org")
        assert (await session.client.save_contact(contact)).place == "MN-053"
        async with (
            Kept(session.client, replace(HOUSING, code="compensation", schedule=ALWAYS)),
            at_work(hub, "nhrcm.bold") as bold,
            at_work(hub, "iom.emma") as emma,
        ):
            await coordinating.suspend(bold, agency)
            (document, _, _) = next(one for one in await coordinating.proposals(emma) if agency_of(one[0]) == agency)
            assert (await coordinating.add_signature(emma, document)).in_force
            assert said(await bold.client.find_services("compensation")) == [(agency, ["suspended"])]


async def test_an_agency_keeps_its_own_services_alone(hub: Hub) -> None:
    async with (
        asking(hub, "mgec.delger") as delger,
        asking(hub, "ecpat.hulan") as hulan,
        Kept(delger, HOUSING) as rooms,
    ):
        until = datetime.now(UTC) + timedelta(hours=1)
        assert await refused(hulan.save_service(rooms.id, HOUSING)) == ("id_reused", "id")
        assert await refused(hulan.set_full(rooms.id, until)) == ("not_found", "id")
        assert await refused(hulan.clear_full(rooms.id)) == ("not_found", "id")
        assert await refused(hulan.set_accepting(rooms.id, False)) == ("not_found", "id")
        assert not await hulan.end_service(rooms.id)
        shown = await hulan.services("mgec")
        assert shown is not None
        assert rooms in shown.services


async def test_a_service_that_is_said_twice_is_one(hub: Hub) -> None:
    async with asking(hub, "mgec.delger") as delger:
        async with Kept(delger, HOUSING) as rooms:
            again = await delger.save_service(rooms.id, HOUSING)
            assert replace(again, changed_at=rooms.changed_at) == rooms
            assert again.offer == replace(rooms.offer)
            listed = await delger.services("mgec")
            assert listed is not None
            assert [one.id for one in listed.services].count(rooms.id) == 1
        assert not await delger.end_service(rooms.id)


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"code": "no_such"}, ("malformed", "service")),
        ({"name": ""}, ("malformed", "name")),
        ({"name_en": "x" * 201}, ("malformed", "name")),
        ({"name": "a\u202eb"}, ("malformed", "name")),
        ({"places": []}, ("malformed", "places")),
        ({"places": ["MN-053.nowhere"]}, ("malformed", "places")),
        ({"languages": []}, ("malformed", "languages")),
        ({"languages": ["xx"]}, ("malformed", "languages")),
        ({"genders": ["women"]}, ("malformed", "genders")),
        ({"min_age": 18, "max_age": 17}, ("malformed", "age")),
        ({"max_age": 121}, ("malformed", "age")),
        ({"min_age": -1}, ("malformed", "age")),
        ({"capacity": -1}, ("malformed", "capacity")),
        ({"taken": 1}, ("malformed", "capacity")),
        ({"capacity": 1, "taken": -1}, ("malformed", "capacity")),
        ({"schedule": [contract.OpeningHours(days="MO", opens="9", closes="18:00")]}, ("malformed", "schedule")),
        ({"schedule": ALWAYS * 22}, ("limit_exceeded", "schedule")),
        ({"exceptions": [contract.ExceptionalHours(date="2027-02-29")]}, ("malformed", "exceptions")),
    ],
)
async def test_what_a_service_cannot_be(hub: Hub, wrong: dict[str, Any], fault: tuple[str, str]) -> None:
    async with asking(hub, "mgec.delger") as delger:
        id = new_id()
        assert await refused(delger.save_service(id, replace(HOUSING, **wrong))) == fault
        assert not await delger.end_service(id)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"need": "no_such"}, "need"),
        ({"place": "MN-999"}, "place"),
        ({"language": "xx"}, "language"),
        ({"age": 121}, "age"),
        ({"age": -1}, "age"),
        ({"gender": "woman"}, "gender"),
        ({"dependants": -1}, "dependants"),
        ({"at": datetime(9999, 12, 31, tzinfo=UTC)}, "at"),
        ({"at": datetime(2026, 11, 27)}, "at"),
    ],
)
async def test_what_cannot_be_asked(hub: Hub, asked: dict[str, Any], field: str) -> None:
    async with asking(hub, "mgec.delger") as delger:
        assert await refused(delger.find_services(**({"need": "shelter"} | asked))) == ("malformed", field)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"place": "MN-999"}, "place"),
        ({"phone": "call me"}, "phone"),
        ({"duty_phone": "+976" * 11}, "duty_phone"),
        ({"email": "mgec"}, "email"),
        ({"email": "a b@example.org"}, "email"),
    ],
)
async def test_how_an_agency_cannot_be_reached(hub: Hub, wrong: dict[str, str], field: str) -> None:
    async with asking(hub, "mgec.delger") as delger:
        before = await delger.services("mgec")
        contact = contract.Contact(place="MN-1.bayanzurkh", phone="+976 0000 9010", email="mgec@example.org")
        assert await refused(delger.save_contact(replace(contact, **wrong))) == ("malformed", field)
        assert await delger.services("mgec") == before


async def test_services_in_the_form_that_other_directories_read(hub: Hub, shared: Path) -> None:
    schema = json.loads((shared / "data" / "hsds" / "schema_service.json").read_text(encoding="utf-8"))
    check = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    with pytest.raises(jsonschema.ValidationError):
        check.validate({"id": "1", "name": "no status"})
    async with asking(hub, "mgec.delger") as delger:
        exported, network = [], (await delger.network()).id
        shut = [contract.ExceptionalHours(date="2026-12-31")]
        async with Kept(delger, replace(HOUSING, schedule=ALWAYS, exceptions=shut, dependants=False)) as rooms:
            await delger.set_full(rooms.id, datetime.now(UTC) + timedelta(hours=1))
            for agency in AGENCIES:
                found = await delger.services(agency)
                assert found is not None
                exported += hsds.services(network, found)
        again = await delger.services("ecpat")
        assert again is not None
    assert len(exported) == 62
    for one in exported:
        check.validate(one)
    ids = [one["id"] for one in hsds.services(network, again)]
    assert ids == [one["id"] for one in exported if one["organization"]["name"].startswith("ECPAT")]
    (shelter,) = [one for one in exported if one["name"] == "Women’s shelter, Ulaanbaatar"]
    assert (shelter["minimum_age"], shelter["status"]) == (16, "active")
    assert shelter["eligibility_description"] == "For: women, transgender women."
    assert [area["extent"] for area in shelter["service_areas"]] == ["MN-053", "MN-063", "MN-1"]
    (hours,) = shelter["schedules"]
    assert (hours["byday"], hours["opens_at"], hours["closes_at"]) == (EVERY_DAY, "00:00+08:00", "24:00+08:00")
    assert [one["code"] for one in shelter["languages"]] == ["mon", "eng"]
    (housing,) = [one for one in exported if one["name"] == "Rooms"]
    assert housing["alert"].startswith("Full until ")
    assert [one.get("description") for one in housing["schedules"]] == ["On public holidays too.", "Closed."]


async def refused(asked: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as error:
        await asked
    return error.value.code, str(error.value.at.get("field"))
