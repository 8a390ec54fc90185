"""An agency sees its own referrals and nothing of anybody else's, not even that they are there.

Everything that the API takes an id in is asked by a third agency, by a colleague without the role, and by nobody: for
what is there, the answer is the one for what is not.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest

from ortoo import practice
from ortoo.contract import Sealed
from ortoo.form import Form
from ortoo.protocol import schemas
from ortoo.protocol.documents import b64, new_id, sign, stamp
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, THREE_AGENCIES, at_work
from tests.stores import REPOSITORY, Stores

ALL_OF_A_REFERRAL: Final = (REPOSITORY / "graphql" / "operations" / "referral.graphql").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def hub(stores: Stores) -> Iterator[Hub]:
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()


def ask(hub: Hub, handle: str, query: str, **variables: Any) -> Any:
    token = practice.identity(handle, hub.practice).token
    answer = httpx.post(
        hub.graphql,
        json={"query": query, "variables": variables},
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
        timeout=30,
    )
    return answer.json()


def step_on(by: Session, id: str, sha256: str, type: str) -> str:
    """A signed step on a referral, as far as somebody who knows its id and H could make it."""
    body = schemas.Event(
        network=by.directory.id,
        at=stamp(by.now()),
        directory=by.directory.head,
        author=by.signer.author,
        id=new_id(),
        on=schemas.Named(id=id, sha256=sha256),
        prev=sha256,
        type=type,
        reason=None,
        authority=None,
        sealed=None,
    )
    return sign(body, by.signer.key).envelope


async def test_for_a_third_agency_what_is_there_is_as_what_is_not(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "pct.dorj") as dorj:
        (sent,) = await nara.submit(await nara.draft(Form.read(SHELTER_TONIGHT)))
        consent = sent.decision.body.consent
        for there, elsewhere in ((sent.id, new_id()), (sent.id.upper(), new_id().upper())):
            assert same(hub, "query ($id: ID!) { consent(id: $id) { id decisions { to } } }", there, elsewhere)
            assert same(hub, ALL_OF_A_REFERRAL, there, elsewhere)
        assert same(hub, "query ($id: ID!) { consent(id: $id) { id recorder decisions { to } } }", consent, new_id())

        known, unknown = (sent.id, sent.document.sha256), (new_id(), b64(bytes(32)))
        opening = "mutation ($event: Envelope!) { openReferral(event: $event) { sealed { wraps { agency } } } }"
        answers = [ask(hub, "pct.dorj", opening, event=step_on(dorj, *one, "opened")) for one in (known, unknown)]
        assert without_ids(answers[0], known) == without_ids(answers[1], unknown)
        assert answers[0]["errors"][0]["extensions"]["code"] == "not_found"

        take = "mutation ($step: SealedInput!) { takeStep(step: $step) { id } }"
        for type in ("acknowledged", "accepted", "message", "closed"):
            answers = [
                ask(hub, "pct.dorj", take, step={"envelope": step_on(dorj, *one, type)}) for one in (known, unknown)
            ]
            assert without_ids(answers[0], known) == without_ids(answers[1], unknown)
            assert answers[0]["errors"][0]["extensions"]["code"] == "not_found"

        # The very document handed in again by somebody who has got hold of it.
        whole = Sealed(envelope=sent.document.envelope)
        again = "mutation ($all: [SealedInput!]!) { sendReferrals(referrals: $all) { id } }"
        answer = ask(hub, "pct.dorj", again, all=[{"envelope": whole.envelope}])
        assert answer["errors"][0]["extensions"]["code"] == "role_not_allowed"
        assert "data" not in answer or answer["data"] is None

        lists = "{ inbox { edges { cursor } } outbox { edges { cursor } } feed(after: 0) { sequence } }"
        assert ask(hub, "pct.dorj", lists)["data"] == {"inbox": {"edges": []}, "outbox": {"edges": []}, "feed": []}


def same(hub: Hub, query: str, there: str, elsewhere: str) -> bool:
    answers = [ask(hub, "pct.dorj", query, id=id) for id in (there, elsewhere)]
    assert None in answers[0].get("data", {}).values(), answers[0]
    return bool(answers[0] == answers[1])


def without_ids(answer: Any, ids: tuple[str, str]) -> str:
    text = json.dumps(answer)
    for id in ids:
        text = text.replace(id, "…")
    return text


async def test_a_recipient_sees_its_own_decision_and_its_own_view(hub: Hub) -> None:
    """One person, three agencies: none sees who else was asked, what was refused to others, or the others' sections."""
    form = Form.read(THREE_AGENCIES)
    assert form.sender is not None
    sender = form.sender[1]
    async with at_work(hub, sender) as worker:
        sent = await worker.send(form)
        assert len(sent) == 3
        consent = sent[0].decision.body.consent
        everybody = "query ($id: ID!) { consent(id: $id) { recorder decisions { to envelope } } }"
        own = ask(hub, sender, everybody, id=consent)["data"]["consent"]["decisions"]
        assert {one["to"] for one in own} >= {one.recipient for one in sent}
        for one in sent:
            handle = next(name for name in practice.handles(hub.practice) if agency_of(hub, name) == one.recipient)
            seen = ask(hub, handle, everybody, id=consent)["data"]["consent"]["decisions"]
            assert [decision["to"] for decision in seen] == [one.recipient]
            answer = ask(hub, handle, ALL_OF_A_REFERRAL, id=one.id)["data"]["referral"]
            assert answer["sealed"] is None  # before it is opened
            assert "wrap" not in json.dumps(answer["events"])
            for other in sent:
                if other.id != one.id:
                    assert ask(hub, handle, ALL_OF_A_REFERRAL, id=other.id)["data"]["referral"] is None
                    assert other.recipient not in json.dumps(answer)


def agency_of(hub: Hub, handle: str) -> str:
    identity = practice.identity(handle, hub.practice)
    return identity.agency if "focal_point" in identity.roles else ""


async def test_an_opening_hands_out_the_readers_own_keys_alone(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.submit(await nara.draft(Form.read(SHELTER_TONIGHT)))
        opening = """mutation ($event: Envelope!) { openReferral(event: $event) {
            sealed { parts { name } wraps { agency } keys { part agency } } } }"""
        event = step_on(delger, sent.id, sent.document.sha256, "opened")
        sealed = ask(hub, "mgec.delger", opening, event=event)["data"]["openReferral"]["sealed"]
        assert sorted(one["name"] for one in sealed["parts"]) == ["contact", "identity", "needs", "safety"]
        assert [one["agency"] for one in sealed["wraps"]] == ["mgec"]
        assert {one["agency"] for one in sealed["keys"]} == {"mgec"}


async def test_who_has_not_the_role_sees_nothing_of_the_own_agencys_either(hub: Hub) -> None:
    """A coordinator and an administrator who is no focal point: they read no referral and no note."""
    async with at_work(hub, "iom.zaya") as zaya:
        form = Form.read(SHELTER_TONIGHT)
        (sent,) = await zaya.send(replace(form, sender=None))
        for query, variables in (
            (ALL_OF_A_REFERRAL, {"id": sent.id}),
            ("{ outbox { edges { node { id } } } }", {}),
            ("{ feed(after: 0) { sequence } }", {}),
            ("query ($id: ID!) { consent(id: $id) { id } }", {"id": sent.decision.body.consent}),
        ):
            answer = ask(hub, "iom.emma", query, **variables)
            assert answer["errors"][0]["extensions"]["code"] == "role_not_allowed"


@pytest.mark.parametrize("id", ["", "x", "1", "00000000-0000-0000-0000-000000000000", "\u202e", "a" * 1000])
def test_an_id_of_another_kind_is_told_as_such_or_is_nothing(hub: Hub, id: str) -> None:
    answer = ask(hub, "mgec.delger", ALL_OF_A_REFERRAL, id=id)
    if "errors" in answer:
        assert answer["errors"][0]["extensions"] == {"code": "malformed", "field": "id"}
    else:
        assert answer["data"]["referral"] is None


def test_nobody_sees_anything(hub: Hub) -> None:
    answer = httpx.post(hub.graphql, json={"query": "{ inbox { edges { cursor } } }"}, trust_env=False)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "not_signed_in")
