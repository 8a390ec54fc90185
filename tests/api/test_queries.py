"""How many queries an operation takes: pages the same for one row as for fifty, sending as few as it can."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import msgspec
import pytest

from ortoo import contract
from ortoo.client import document
from ortoo.form import Form, Grant
from ortoo.protocol import documents, schemas
from ortoo.protocol.documents import new_id
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, at_work, plain_form
from tests.stores import Store, Stores

MANY: Final = 50
TOGETHER: Final = 16  # the most that are sent in one call
TWO: Final = 2

Counted = Mapping[str, Any]


@pytest.fixture(scope="module")
def hub(stores: Stores) -> Iterator[Hub]:
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()


@pytest.fixture(scope="module")
def few_and_many(hub: Hub) -> tuple[Counted, Counted]:
    """Each page when one referral was sent, and when fifty were, all with a note."""
    return asyncio.run(_few_and_many(hub))


async def _few_and_many(hub: Hub) -> tuple[Counted, Counted]:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        at_work(hub, "nhrcm.bold") as bold,
    ):
        first = await answered(nara, delger, 0)
        await nara.message(first, "good")
        few = pages(hub, nara, delger, first, 1) | overseen(hub, bold, first)
        for number in range(1, MANY):
            await answered(nara, delger, number)
        for number in range(10):
            await nara.message(first, f"{number}")
        return few, pages(hub, nara, delger, first, 50) | overseen(hub, bold, first)


async def answered(nara: Session, delger: Session, number: int) -> str:
    (sent,) = await nara.send(plain_form(number))
    await delger.open_referral(sent.id)
    await delger.message(sent.id, "yes")
    return sent.id


def pages(hub: Hub, nara: Session, delger: Session, referral: str, entries: int) -> Counted:
    view = nara.directory.now()
    kems = sorted(one.epoch.kem for one in view.agencies() if one.epoch is not None)
    asked: list[tuple[str, Session, dict[str, Any]]] = [
        ("inbox", delger, {"first": MANY}),
        ("outbox", nara, {"first": MANY}),
        ("ids", nara, {"first": MANY}),
        ("trail", delger, {"first": MANY}),
        ("referral", delger, {"id": referral}),
        ("feed", delger, {"after": 0, "first": 500}),
        ("directory", nara, {"after": 0, "first": entries}),
        ("kem_keys", nara, {"hashes": kems[: min(entries, len(kems))]}),
    ]
    return count(hub.store, [ask(name, who, **variables) for name, who, variables in asked])


def overseen(hub: Hub, bold: Session, referral: str) -> Counted:
    """The coordinators' pages, as if all that was sent were to be reviewed."""
    passing = {"agency": "mgec", "overdue": False, "unanswered": False, "withoutConsent": False}
    asked: list[tuple[str, dict[str, Any]]] = [
        ("overseen", {"first": MANY, **passing}),
        ("openings", {"first": MANY, "agency": "mgec"}),
        ("timeline", {"id": referral}),
        ("reviews", {"first": MANY, "waiting": True}),
        ("looks", {"first": MANY}),
        ("export_trail", {"format": "xlsx", **passing}),
    ]
    hub.store.execute("UPDATE referrals_referral SET reviewer_id = 'nhrcm'")
    try:
        return count(hub.store, [ask(name, bold, **variables) for name, variables in asked])
    finally:
        hub.store.execute("UPDATE referrals_referral SET reviewer_id = NULL")


def ask(name: str, who: Session, label: str | None = None, **variables: Any) -> dict[str, Any]:
    return {
        "name": label or name,
        "document": document(name),
        "variables": variables,
        "token": who.identity.token,
    }


def count(store: Store, asked: Sequence[Mapping[str, Any]]) -> Counted:
    counted: Counted = store.ask("api/counting_queries.py", list(asked))
    for one in counted.values():  # a practice hub alone, whenever half a second is over
        one["queries"] = [query for query in one["queries"] if query != "SELECT agencies_practiceclock"]
    return counted


# What each further referral of a call costs, all else being read and written together: the head that its author relied
# on is looked up; its sealed set gets a number; its recipient's feed is locked (one after the other, in one order, or
# two calls would deadlock) and moved on.
FOR_EACH_FURTHER: Final = {
    "SELECT audit_checkpoint": 1,
    "INSERT referrals_sealedset": 1,
    "SELECT notifications_feedhead": 2,
    "UPDATE notifications_feedhead": 1,
}
# Of an agency that never had an entry.
FIRST_ENTRY: Final = {"SAVEPOINT", "INSERT notifications_feedhead", "RELEASE"}

# Of a page of referrals: the list's head with its counts; the page; their events; of the notes the decisions that rule
# them, keys, wraps and texts; for a sender the same of its own referrals; the heads; what is owed; the decisions shown.
# The rest asks whether the directory has grown.
AT_MOST: Final = {
    "inbox": 11,
    "outbox": 15,
    "ids": 19,
    "trail": 1,
    "referral": 12,
    "feed": 1,
    "directory": 2,
    "kem_keys": 1,
    # The page, what is owed, the look that is kept. Of a timeline what was signed, and its places; of an export its
    # record and its leaf.
    "overseen": 4,
    "openings": 3,
    "timeline": 6,
    "reviews": 3,
    "looks": 1,
    "export_trail": 11,
}


@pytest.mark.parametrize("page", AT_MOST)
def test_a_page_takes_as_many_queries_for_fifty_as_for_one(few_and_many: tuple[Counted, Counted], page: str) -> None:
    few, many = few_and_many
    assert size_of(page, few[page]["answer"]) < size_of(page, many[page]["answer"])
    assert many[page]["queries"] == few[page]["queries"]
    assert len(many[page]["queries"]) <= AT_MOST[page], many[page]["queries"]


def size_of(page: str, answer: Mapping[str, Any]) -> int:
    match page:
        case "inbox" | "outbox" | "trail" | "overseen" | "openings" | "reviews" | "looks":
            return len(answer[page]["edges"])
        case "ids":
            return len(answer["outbox"]["edges"])
        case "referral":
            return len(answer["referral"]["events"])
        case "timeline":
            return len(answer["timeline"]["lines"])
        case "export_trail":
            return int(answer["exportTrail"]["rows"])
        case "directory":
            return len(answer["directory"]["entries"])
        case _:
            (rows,) = answer.values()
            return len(rows)


def test_the_pages_of_both_sides_are_full(few_and_many: tuple[Counted, Counted]) -> None:
    few, many = few_and_many
    for box in ("inbox", "outbox"):
        assert [size_of(box, one[box]["answer"]) for one in (few, many)] == [1, MANY]
        assert all(len(edge["node"]["events"]) >= 1 for edge in many[box]["answer"][box]["edges"])
    assert [size_of("feed", one["feed"]["answer"]) for one in (few, many)] == [2, 1 + MANY + 10]


async def test_who_is_found_takes_as_many_queries_for_fifty_as_for_one(hub: Hub) -> None:
    async with (
        at_work(hub, "mgec.delger") as delger,
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "glc.tamir") as tamir,
    ):
        (sent,) = await nara.send(for_care(plain_form(700)))
        await tamir.decline(sent.id, "no_capacity")
        offer = contract.Offer(
            code="addiction_care", name="Эмчилгээ", name_en="Care", places=["MN"], languages=["mn"], capacity=3
        )
        asked = [
            ask("find_services", delger, need="addiction_care", place="MN-053", age=30),
            ask("services", delger, handle="mgec"),
            ask("last_seen", delger),
            ask("alternatives", nara, referral=sent.id),
        ]
        counted = []
        for more in (1, MANY - 1):
            for _ in range(more):
                await delger.client.save_service(new_id(), offer)
            counted.append(count(hub.store, asked))
    few, many = counted
    assert [len(one["find_services"]["answer"]["findServices"]) for one in counted] == [1, MANY]
    assert [[each["agency"] for each in one["alternatives"]["answer"]["alternatives"]] for one in counted] == [
        ["mgec"]
    ] * 2
    for name, most in (("find_services", 2), ("services", 2), ("last_seen", 1), ("alternatives", 8)):
        assert many[name]["queries"] == few[name]["queries"]
        assert len(many[name]["queries"]) <= most, many[name]["queries"]


def for_care(form: Form) -> Form:
    """Sent to the legal clinic, for what it does not give."""
    grants = {to: Grant(("needs",), ("give_service",), 30) for to in ("legal-clinic", "mgec")}
    return replace(
        form,
        recipients=("legal-clinic",),
        routing=replace(form.routing, services=("addiction_care",)),
        consent=replace(form.consent, grants=grants, refusals={}),
    )


async def test_sending_more_together_grows_only_where_it_must(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        others = [one.handle for one in nara.directory.now().agencies() if one.handle != nara.identity.agency]
        sent = {number: await sealed(nara, others[:number]) for number in (1, TWO, TOGETHER)}
        asked = [ask("send_referrals", nara, str(number), referrals=one) for number, one in sent.items()]
        again = [ask("send_referrals", nara, "again", referrals=sent[TOGETHER])]
        chains = [ask("chain", nara, f"chain {number}", consent=consent_of(sent[number])) for number in (1, TOGETHER)]
        counted = count(hub.store, asked + again + chains)
    few, many = counted.pop("chain 1"), counted.pop(f"chain {TOGETHER}")
    assert [len(one["answer"]["chain"]) for one in (few, many)] == [1, TOGETHER]
    assert few["queries"] == many["queries"]
    assert [len(one["answer"]["sendReferrals"]) for one in counted.values()] == [1, TWO, TOGETHER, TOGETHER]
    one, two, together, repeated = (Counter(one["queries"]) for one in counted.values())
    for more, further in ((two - one, TWO - 1), (together - one, TOGETHER - 1)):
        assert {query: times for query, times in more.items() if query not in FIRST_ENTRY} == {
            query: times * further for query, times in FOR_EACH_FURTHER.items()
        }
        assert all(more[query] <= further for query in FIRST_ENTRY)
    assert not [query for query in repeated if query.split()[0] in ("INSERT", "UPDATE", "DELETE")]
    assert repeated <= one  # what is there already costs no more for sixteen than for one


def consent_of(sent: Sequence[Mapping[str, Any]]) -> str:
    return documents.read(sent[0]["envelope"], schemas.Referral).body.authority.consent


async def sealed(nara: Session, recipients: Sequence[str]) -> list[dict[str, Any]]:
    """One form for these recipients: recorded, sealed, and not sent yet."""
    form = replace(
        Form.read(SHELTER_TONIGHT),
        sender=None,
        recipients=tuple(recipients),
        sections={"needs": {"dependants": len(recipients)}},
    )
    grants = {to: Grant(("needs",), ("give_service",), 30) for to in recipients}
    form = replace(form, consent=replace(form.consent, grants=grants, refusals={}))
    draft = await nara.draft(form)
    await nara.client.record_consent(draft.sealed_decisions)
    plain: list[dict[str, Any]] = msgspec.to_builtins(list(draft.sealed_referrals))
    return plain


async def test_a_period_is_counted_in_as_many_queries_for_fifty_as_for_one(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "nhrcm.bold") as bold:
        (first,) = await nara.send(plain_form(9_000))
        move = "UPDATE referrals_referral SET delivered_at = '2020-0{}-15 00:00:00'{}"
        hub.store.execute(move.format(5, ""))
        hub.store.execute(move.format(2, f" WHERE id = '{first.id.replace('-', '')}'"))
        asked = [ask("statistics", bold, period, period=period) for period in ("2020-Q1", "2020-Q2", "2020")]
        made, again = (count(hub.store, asked) for _ in range(2))
        assert made["2020-Q1"]["queries"] == made["2020-Q2"]["queries"]
        looked = ["SELECT coordination_publication", "INSERT coordination_look"]
        assert [again[period]["queries"] for period in again] == [looked] * 3
        assert made["2020-Q1"]["answer"]["statistics"]["total"]["why"] == "few"
