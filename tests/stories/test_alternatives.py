"""Who else could take it: declined, handed back, taken back or late, and never somebody whom she refused."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx
import msgspec
import pytest
from msgspec.structs import replace as said_of

from ortoo import contract, practice
from ortoo.client import document
from ortoo.finding import Alternative
from ortoo.form import Form, FormError, Grant, Routing
from ortoo.protocol import schemas
from ortoo.protocol.documents import new_id, sign, stamp
from ortoo.protocol.errors import Refused
from ortoo.reading import Referral
from ortoo.session import Session
from tests.attacks.test_pressure import suspend
from tests.hubs import NO_TLS, Hub
from tests.members import SHELTER_TONIGHT, at_work
from tests.people.lying_hub import LyingHub
from tests.people.test_services import ALWAYS, HOUSING, Kept, asking

# No agency of the practice network gives it: each story has its own rooms.
ROOMS: Final = said_of(HOUSING, schedule=ALWAYS)
ADMINS: Final = {
    "mgec": "mgec.delger",
    "legal-clinic": "glc.tamir",
    "labour-umnugobi": "lum.khongor",
    "ecpat": "ecpat.hulan",
    "police-ct": "pct.dorj",
    "hospital-umnugobi": "hum.otgon",
    "mrc-umnugobi": "mrc.nara",
}


def looking_for_rooms(
    number: int,
    agreed: Sequence[str] = ("mgec",),
    refusals: Mapping[str, tuple[str, ...]] | None = None,
    *,
    services: tuple[str, ...] = ("housing",),
    minor: bool = False,
    **sections: Any,
) -> Form:
    """Nara asks the centre for rooms for her. number: unlike every other form."""
    form = Form.read(SHELTER_TONIGHT)
    grants = {to: Grant(("needs", "identity"), ("give_service",), 30) for to in agreed}
    basis, by = ("guardian_and_assent", "guardian") if minor else ("informed_consent", "person")
    child = {"child": {"assent": "Тэгье."}} if minor else {}
    return replace(
        form,
        sender=None,
        recipients=("mgec",),
        routing=Routing("urgent", services, "MN-053.dalanzadgad", "mn", minor),
        consent=replace(form.consent, basis=basis, given_by=by, grants=grants, refusals=refusals or {}),
        sections={"needs": {"people": number}, **child, **sections},
    )


class Town:
    """Agencies that have rooms, as long as a story lasts, and a referral to the centre that was declined."""

    def __init__(self, hub: Hub, **rooms: contract.Offer) -> None:
        self.hub, self.rooms = hub, {name.replace("_", "-"): one for name, one in rooms.items()}
        self.kept: dict[str, contract.Service] = {}

    async def __aenter__(self) -> "Town":
        self._stack = AsyncExitStack()
        self.nara = await self._stack.enter_async_context(at_work(self.hub, "mrc.nara"))
        self.delger = await self._stack.enter_async_context(at_work(self.hub, "mgec.delger"))
        self.clients = {
            agency: await self._stack.enter_async_context(asking(self.hub, ADMINS[agency])) for agency in self.rooms
        }
        for agency, offer in self.rooms.items():
            self.kept[agency] = await self._stack.enter_async_context(Kept(self.clients[agency], offer))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def declined(self, form: Form) -> Referral:
        (sent,) = await self.nara.send(form)
        await self.delger.decline(sent.id, "no_capacity")
        return sent


def names(found: Sequence[Alternative]) -> list[tuple[str, bool]]:
    return [(one.agency, one.agreed) for one in found]


async def refused(work: Any) -> tuple[str, Any]:
    with pytest.raises(Refused) as raised:
        await work
    return raised.value.code, raised.value.at.get("state")


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_whom_she_refused_who_was_tried_and_the_own_agency_are_never_named(hub: Hub) -> None:
    async with Town(
        hub,
        mgec=ROOMS,
        mrc_umnugobi=ROOMS,
        legal_clinic=ROOMS,
        labour_umnugobi=ROOMS,
        ecpat=ROOMS,
        police_ct=ROOMS,
        hospital_umnugobi=ROOMS,
    ) as town:
        refusals = {"ecpat": ("*",), "kind:police": ("*",), "hospital-umnugobi": ("needs",)}
        agreed = ("mgec", "legal-clinic", "hospital-umnugobi")
        sent = await town.declined(looking_for_rooms(1, agreed, refusals))
        found = await town.nara.alternatives(sent.id)
        assert names(found) == [("labour-umnugobi", False), ("legal-clinic", True)]  # the near one first
        assert [[one.service.code for one in each.gives] for each in found] == [["housing"], ["housing"]]
        assert all(one.takes for one in found)
        by_the_hub = await town.nara.client.alternatives(sent.id)  # it names them no more than the client does
        assert [(one.agency, one.agreed) for one in by_the_hub or ()] == names(found)

        # One step: what was sent goes to another agency, without the file that it was made from.
        again = await town.nara.resend(await town.nara.form_of(sent.id), "legal-clinic", sent.id)
        assert (again.recipient, again.part_names) == ("legal-clinic", ["needs"])
        assert again.routing == sent.routing
        assert names(await town.nara.alternatives(sent.id)) == [("labour-umnugobi", False)]
        assert (await refused(town.nara.alternatives(again.id))) == ("step_illegal", "sent")
        unasked = town.nara.resend(await town.nara.form_of(sent.id), "labour-umnugobi", sent.id)
        assert (await refused(unasked))[0] == "grant_missing"

        # She is asked again, and wants nobody else: a refusal of everything by everybody.
        await decides(town.nara, sent, "*", refused=["*"])
        assert await town.nara.alternatives(sent.id) == await town.nara.client.alternatives(sent.id) == []


async def decides(by: Session, earlier: Referral, to: str, *, refused: Sequence[str]) -> None:
    """She decides on one more addressee, before the same recorder."""
    body = msgspec.structs.replace(
        earlier.decision.body,
        at=stamp(by.now()),
        directory=by.directory.head,
        author=by.signer.author,
        to=to,
        granted=None,
        refused=list(refused),
    )
    envelope = sign(body, by.identity.secrets.sign).envelope
    await by.client.record_consent([contract.Sealed(envelope=envelope)])


async def test_an_adult_is_not_sent_where_children_go_nor_a_child_where_adults_do(hub: Hub) -> None:
    async with Town(
        hub,
        legal_clinic=said_of(ROOMS, min_age=18),
        labour_umnugobi=said_of(ROOMS, max_age=17),
        ecpat=said_of(ROOMS, min_age=16, max_age=20),
    ) as town:
        adult = await town.declined(looking_for_rooms(2))
        assert {one.agency for one in await town.nara.alternatives(adult.id)} == {"legal-clinic", "ecpat"}
        child = await town.declined(looking_for_rooms(2, minor=True))
        assert {one.agency for one in await town.nara.alternatives(child.id)} == {"labour-umnugobi", "ecpat"}
        # What only the sealed section says, the hub is not asked: her client leaves out who takes nobody of nine.
        of_nine = await town.declined(looking_for_rooms(3, minor=True, identity={"age_estimated": 9}))
        assert {one.agency for one in await town.nara.alternatives(of_nine.id)} == {"labour-umnugobi"}


async def test_what_stands_sealed_is_weighed_by_the_client_alone(hub: Hub) -> None:
    async with Town(
        hub,
        legal_clinic=said_of(ROOMS, genders=["Feminine"]),
        labour_umnugobi=said_of(ROOMS, dependants=False),
        ecpat=ROOMS,
    ) as town:
        for number, sections, left in (
            (4, {"identity": {"gender": "Feminine"}, "needs": {"dependants": 2}}, {"legal-clinic", "ecpat"}),
            (5, {"identity": {"gender": "Masculine"}, "needs": {"people": 1}}, {"labour-umnugobi", "ecpat"}),
        ):
            sent = await town.declined(looking_for_rooms(number, **sections))
            assert {one.agency for one in await town.nara.alternatives(sent.id)} == left
            by_the_hub = await town.nara.client.alternatives(sent.id)
            assert {one.agency for one in by_the_hub or ()} == {"legal-clinic", "labour-umnugobi", "ecpat"}


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_who_takes_nobody_now_is_not_named(hub: Hub) -> None:
    async with Town(hub, legal_clinic=ROOMS, labour_umnugobi=ROOMS, ecpat=ROOMS) as town:
        sent = await town.declined(looking_for_rooms(6))

        async def named() -> set[str]:
            return {one.agency for one in await town.nara.alternatives(sent.id)}

        assert await named() == {"legal-clinic", "labour-umnugobi", "ecpat"}
        tamir, khongor, hulan = (town.clients[one] for one in ("legal-clinic", "labour-umnugobi", "ecpat"))
        await tamir.set_receiving(False)
        assert await named() == {"labour-umnugobi", "ecpat"}
        await tamir.set_receiving(True)
        await khongor.set_accepting(town.kept["labour-umnugobi"].id, False)
        assert await named() == {"legal-clinic", "ecpat"}
        await khongor.set_accepting(town.kept["labour-umnugobi"].id, True)
        await hulan.save_service(town.kept["ecpat"].id, said_of(ROOMS, places=["MN-063"]))
        assert await named() == {"legal-clinic", "labour-umnugobi"}
        await hulan.save_service(town.kept["ecpat"].id, said_of(ROOMS, code="compensation"))
        assert await named() == {"legal-clinic", "labour-umnugobi"}
        async with Kept(hulan, ROOMS):
            assert "ecpat" in await named()
        assert "ecpat" not in await named()  # it gives it no more

        await suspend(hub, "legal-clinic", True)
        try:
            assert await named() == {"labour-umnugobi"}
        finally:
            await suspend(hub, "legal-clinic", False)
        await suspend(hub, "mrc-umnugobi", True)
        try:
            assert (await refused(town.nara.alternatives(sent.id)))[0] == "recipient_suspended"
        finally:
            await suspend(hub, "mrc-umnugobi", False)
        assert await named() == {"legal-clinic", "labour-umnugobi"}


async def test_who_gives_most_of_it_now_comes_first_and_what_passes_is_said(hub: Hub) -> None:
    seldom = [contract.OpeningHours(days="SU", opens="00:00", closes="00:01")]
    async with Town(
        hub,
        labour_umnugobi=ROOMS,
        legal_clinic=ROOMS,
        ecpat=said_of(ROOMS, schedule=seldom),
        police_ct=said_of(ROOMS, capacity=2, taken=2),
        hospital_umnugobi=said_of(ROOMS, languages=["ru"]),
    ) as town:
        tamir = town.clients["legal-clinic"]
        async with (
            Kept(tamir, said_of(ROOMS, code="compensation")),
            Kept(tamir, said_of(ROOMS, capacity=3, taken=3)),  # of two for the same, the one that can take her
        ):
            sent = await town.declined(looking_for_rooms(7, services=("housing", "compensation")))
            found = await town.nara.alternatives(sent.id)
            said = [
                (one.agency, sorted((each.service.code, *(why.code for why in each.why_not)) for each in one.gives))
                for one in found
            ]
            assert said == [
                ("legal-clinic", [("compensation",), ("housing",)]),
                ("labour-umnugobi", [("housing",)]),
                ("hospital-umnugobi", [("housing", "language")]),
                ("ecpat", [("housing", "closed_until")]),
                ("police-ct", [("housing", "full")]),
            ]
            assert [one.takes for one in found] == [True, True, False, False, False]


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_for_the_sender_alone_and_once_it_came_to_nothing(hub: Hub) -> None:
    async with Town(hub, legal_clinic=ROOMS) as town, at_work(hub, "mrc.jargal") as jargal:
        nara, delger = town.nara, town.delger
        form = looking_for_rooms(8)
        (recalled,), (handed_back,), (closed,), (declined,) = [await nara.send(form) for _ in range(4)]
        assert await refused(nara.alternatives(recalled.id)) == ("step_illegal", "sent")
        await nara.recall(recalled.id, "another_accepted")
        for one in (handed_back, closed):
            await delger.accept(one.id)
            assert await refused(nara.alternatives(one.id)) == ("step_illegal", "accepted")
        await delger.hand_back(handed_back.id, "needs_changed")
        await delger.close(closed.id, "service_given")
        await delger.decline(declined.id, "no_capacity")
        assert await refused(nara.alternatives(closed.id)) == ("step_illegal", "closed")
        for one in (recalled, handed_back, declined):
            assert names(await jargal.alternatives(one.id)) == [("legal-clinic", False)]
            assert (await nara.show(one.id)).wants_another
            assert not (await delger.show(one.id)).wants_another
        assert not (await nara.show(closed.id)).wants_another

        # To its recipient, and to everybody else, as what is not there.
        ids = (recalled.id, declined.id, closed.id, new_id())
        answers = {raw(hub, handle, id) for handle in ("mgec.delger", "ecpat.hulan") for id in ids}
        assert answers == {(200, '{"data":{"alternatives":null}}')}
        for id in (declined.id, new_id()):
            assert (await refused(delger.alternatives(id)))[0] == "not_found"
            assert (await refused(delger.form_of(id)))[0] == "not_found"


def raw(hub: Hub, handle: str, id: str) -> tuple[int, str]:
    token = practice.identity(handle, hub.practice).token
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    asked = {"query": document("alternatives"), "variables": {"referral": id}}
    answer = httpx.post(hub.graphql, json=asked, headers=headers, trust_env=False, timeout=30, verify=NO_TLS)
    return answer.status_code, answer.text.replace(" ", "")


async def test_a_hub_that_lies_of_her_decisions_is_not_followed(hub: Hub) -> None:
    """It names whom she refused, who was asked, the own agency and nobody, and says she agreed to all."""
    async with Town(hub, labour_umnugobi=ROOMS) as town, LyingHub(hub.url) as lying:
        refusals = {"ecpat": ("*",), "kind:police": ("*",)}
        sent = await town.declined(looking_for_rooms(9, ("mgec", "legal-clinic"), refusals))

        def lie(data: dict[str, Any]) -> dict[str, Any]:
            (honest,) = data["alternatives"]
            told = []
            for agency in ("police-ct", "ecpat", "mgec", "mrc-umnugobi", "nobody", "legal-clinic", "labour-umnugobi"):
                (given,) = honest["gives"]
                service = given["service"] | {"agency": agency}
                told.append({"agency": agency, "agreed": True, "gives": [given | {"service": service}]})
            return {"alternatives": [*told, {"agency": "aimag-umnugobi", "agreed": True, "gives": honest["gives"]}]}

        lying.lies["Alternatives"] = lie
        async with at_work(hub, "mrc.nara", lying.url) as nara:
            assert names(await nara.alternatives(sent.id)) == [("legal-clinic", True), ("labour-umnugobi", False)]


async def test_what_cannot_be_read_any_more_is_not_sent_again_without_its_form(hub: Hub) -> None:
    async with Town(hub) as town, LyingHub(hub.url) as lying:
        sent = await town.declined(looking_for_rooms(10))
        lying.lies["Referral"] = lambda data: {"referral": data["referral"] | {"sealed": None}}
        async with at_work(hub, "mrc.nara", lying.url) as nara:
            with pytest.raises(FormError, match="gone"):
                await nara.form_of(sent.id)


async def test_what_ran_out_has_to_be_asked_again(hub: Hub) -> None:
    async with Town(hub, legal_clinic=ROOMS) as town:
        form = looking_for_rooms(11, ("mgec", "legal-clinic"))
        sent = await town.declined(form)
        assert names(await town.nara.alternatives(sent.id)) == [("legal-clinic", True)]
        newer = (await town.nara.decisions(sent.decision.body.consent)).newest["legal-clinic"]
        over = datetime.now(UTC) - timedelta(seconds=1)
        body = msgspec.structs.replace(
            newer.body,
            at=stamp(town.nara.now()),
            version=2,
            prev=newer.sha256,
            granted=schemas.Granted(sections=["needs"], purposes=["give_service"], until=stamp(over)),
        )
        envelope = sign(body, town.nara.identity.secrets.sign).envelope
        await town.nara.client.record_consent([contract.Sealed(envelope=envelope)])
        assert names(await town.nara.alternatives(sent.id)) == [("legal-clinic", False)]
