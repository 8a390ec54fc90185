"""When rights end: tokens that run out, members who are gone, agencies that are suspended; over HTTP and on a socket.

And what may not be seen takes as long as what is not there.
"""

import secrets
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from ortoo import administration, contract, coordinating, practice
from ortoo.client import document
from ortoo.protocol.documents import new_id
from tests.api.test_sockets import FOLLOW, ME, Socket, opened
from tests.attacks.town import PracticeTown, handed_in
from tests.hubs import NO_TLS, Hub
from tests.members import at_work
from tests.people.newcomers import Newcomer, confirmed, expected
from tests.people.test_rights import ADMIN, FOCAL, MAY, OPERATIONS, REFUSED, variables
from tests.stores import Store

LOOKED_EVERY: Final = 3.0  # seconds; a socket on which nothing happens is closed by then


def ago(**time: float) -> str:
    return str(datetime.now(UTC) - timedelta(**time))


def set_token(store: Store, handle: str, what: str) -> None:
    store.execute(
        f"UPDATE agencies_token SET {what}"  # noqa: S608 - written here
        f" WHERE member_id = (SELECT id FROM agencies_member WHERE handle = '{handle}')"
    )


def code_of(hub: Hub, token: str) -> tuple[int, str]:
    answer = httpx.post(
        hub.graphql, json=ME, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30, verify=NO_TLS
    )
    told = answer.json()
    return answer.status_code, told["errors"][0]["extensions"]["code"] if "errors" in told else "served"


# How a token of a member who did nothing wrong comes to its end: first what it is, then that it is over.
RUN_OUT: Final = {
    "cfu.otgoo": ("kind = 'session'", "expires_at = '{past}'"),  # a session, thirty days old
    "hum.sodnom": ("kind = 'session'", "used_at = '{yesterday}'"),  # a session that nobody used for a day
    "glc.ariun": ("kind = 'api', scopes = '[\"read\"]'", "expires_at = '{past}'"),  # a partner system's
    "pdo.ariunaa": ("kind = 'api', scopes = '[\"read\"]'", "revoked_at = '{past}'"),
}


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_what_runs_out_is_served_no_more_and_its_socket_is_closed(hub: Hub) -> None:
    tokens = {handle: practice.identity(handle, hub.practice).token for handle in RUN_OUT}
    async with AsyncExitStack() as stack:
        sockets: dict[str, Socket] = {}
        for handle, (is_one, _) in RUN_OUT.items():
            set_token(hub.store, handle, is_one)
            assert code_of(hub, tokens[handle]) == (200, "served")
            sockets[handle] = await stack.enter_async_context(opened(hub, tokens[handle]))
            await sockets[handle].say(type="subscribe", id="1", payload=FOLLOW)
        began = time.monotonic()
        for handle, (_, is_over) in RUN_OUT.items():
            set_token(hub.store, handle, is_over.format(past=ago(seconds=1), yesterday=ago(hours=24, minutes=1)))
            assert code_of(hub, tokens[handle]) == (401, "signed_out"), handle
        for handle, socket in sockets.items():
            assert await socket.closed(within=10) == 4401, handle
        assert time.monotonic() - began < LOOKED_EVERY + 3
        for token in tokens.values():
            async with opened(hub) as late:
                await late.say(type="connection_init", payload={"authorization": f"Bearer {token}"})
                assert await late.closed() == 4401


async def test_a_session_that_is_used_goes_on(hub: Hub) -> None:
    """Its last use is written down again, so that the day begins anew."""
    token = practice.identity("hdo.gerel", hub.practice).token
    set_token(hub.store, "hdo.gerel", f"kind = 'session', used_at = '{ago(hours=23)}'")
    assert code_of(hub, token) == (200, "served")
    set_token(hub.store, "hdo.gerel", "kind = 'session'")
    used = hub.store.execute(
        "SELECT used_at FROM agencies_token"
        " WHERE member_id = (SELECT id FROM agencies_member WHERE handle = 'hdo.gerel')"
    )[0][0]
    assert str(used) > ago(minutes=5)


async def test_whoever_has_left_is_nobody_on_every_way(hub: Hub, tmp_path: Path) -> None:
    """A member, a partner system with its token, and somebody who was turned away: at once, on open sockets too."""
    async with AsyncExitStack() as stack:
        delger = await stack.enter_async_context(at_work(hub, "mgec.delger"))
        member, waits = (Newcomer(f"mgec.{secrets.token_hex(4)}", tmp_path) for _ in range(2))
        joined = await member.enrol(await expected(delger, member))
        await confirmed(delger, joined)
        waiting = await waits.enrol(await expected(delger, waits))
        names = contract.Names(handle=f"mgec.{secrets.token_hex(4)}", name="Систем", name_en="System")
        partner = await administration.new_partner(delger, names)
        issued = await delger.client.issue_api_token(partner.member, "x", ["read"], 1)
        tokens = [joined.open.token, issued.token, waiting.open.token]
        sockets = [await stack.enter_async_context(opened(hub, token)) for token in tokens]
        await administration.remove(delger, joined.open.kept.member)
        assert code_of(hub, tokens[0]) == (401, "signed_out")
        await administration.remove(delger, partner.member)
        assert code_of(hub, tokens[1]) == (401, "signed_out")
        await delger.client.turn_away(waiting.open.kept.member)
        assert code_of(hub, tokens[2]) == (401, "signed_out")
        for socket in sockets:
            assert await socket.closed(within=10) == 4401


# --- a suspended agency -----------------------------------------------------------------------------------------------

# It neither sends nor opens nor is told anything new (protocol §3). What it owes to others it may still do: answer what
# it has, write down what a person decides, sign out who leaves.
SUSPENDED: Final = {
    "sendReferrals": "recipient_suspended",
    "openReferral": "recipient_suspended",
    "openReferral again": "recipient_suspended",
    "takeStep on what it had opened": None,
    "takeStep on what it had sent": None,
    "recordConsent": None,
    "recordConsent on a third agency": "recipient_suspended",
    "onward": "recipient_suspended",
}


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_what_a_suspended_agency_may_still_do(hub: Hub) -> None:
    with PracticeTown(hub) as town:
        decision, back = (
            town.decide("mrc.nara", "mine-khanbogd", ["needs"], purposes=["give_service", "coordinate"]),
            town.decide("mkb.erdene", "mgec", ["needs"]),
        )
        consent = decision.body.consent
        town.record("mrc.nara", decision, town.decide("mrc.nara", "mgec", ["needs"], consent=consent))
        town.record("mkb.erdene", back)
        was_opened, unopened = (town.refer("mrc.nara", "mine-khanbogd", decision) for _ in range(2))
        town.send("mrc.nara", was_opened, unopened)
        sent = town.refer("mkb.erdene", "mgec", back)
        town.send("mkb.erdene", sent)
        opening, _ = town.open("mkb.erdene", was_opened)
        town.take("mgec.delger", sent, "acknowledged")
        assert town.data("mkb.erdene", "referral", id=sent.document.body.id)["sealed"] is not None
        onward = {"referral": was_opened.document.body.id, "to": "mgec", "parts": ["needs"]}
        assert town.data("mkb.erdene", "onward", **onward)["to"] == "mgec"
        assert decided_on(town, consent) == ["mgec", "mine-khanbogd"]

    async with at_work(hub, "nhrcm.bold") as bold, at_work(hub, "iom.emma") as emma:
        await coordinating.suspend(bold, "mine-khanbogd")
        (asked,) = [one for one, _, _ in await coordinating.proposals(emma) if one.body.agency == "mine-khanbogd"]
        assert (await coordinating.add_signature(emma, asked)).in_force

    with PracticeTown(hub) as town:
        new = town.refer("mkb.erdene", "mgec", back)
        step = town.step("mkb.erdene", was_opened, "accepted", prev=opening.sha256)
        message = town.step("mkb.erdene", sent, "message", note="x", decision=back)
        withdrawn = town.decide("mkb.erdene", "mgec", after=back)
        added = town.decide("mkb.erdene", "ecpat", ["needs"], consent=consent, recorder="mrc-umnugobi")
        answers = {
            "onward": town.ask("mkb.erdene", "onward", **onward),
            "recordConsent on a third agency": town.ask("mkb.erdene", "record_consent", decisions=[handed_in(added)]),
            "sendReferrals": town.ask("mkb.erdene", "send_referrals", referrals=[handed_in(new)]),
            "openReferral": town.ask(
                "mkb.erdene", "open_referral", event=town.step("mkb.erdene", unopened, "opened")[0].envelope
            ),
            "openReferral again": town.ask("mkb.erdene", "open_referral", event=opening.envelope),
            "takeStep on what it had opened": town.ask("mkb.erdene", "take_step", step=handed_in(*step)),
            "takeStep on what it had sent": town.ask("mkb.erdene", "take_step", step=handed_in(*message)),
            "recordConsent": town.ask("mkb.erdene", "record_consent", decisions=[handed_in(withdrawn)]),
        }
        codes = {name: first_code(answer.json()) for name, answer in answers.items()}
        assert codes == SUSPENDED
        to_it = town.refer("mrc.nara", "mine-khanbogd", decision)
        assert town.refused("mrc.nara", "send_referrals", referrals=[handed_in(to_it)])["code"] == "recipient_suspended"

        assert decided_on(town, consent) == ["mine-khanbogd"]  # whom else she chose it need not know any more

        # What is sealed is handed out no more, its own neither; lists and steps are.
        for id in (sent.document.body.id, was_opened.document.body.id):
            shown = town.data("mkb.erdene", "referral", id=id)
            assert shown["sealed"] is None
            assert all(one["sealed"] is None for one in shown["events"])
        for box in ("inbox", "outbox"):
            assert town.data("mkb.erdene", box, first=50)["edges"]

        # All else is as it was: each is asked, and nobody is turned away at the door who was not before.
        for field, text in sorted(OPERATIONS.items()):
            if field in ("signOut", "kitSignIn", "signIn", "enrol", "apply", "invitation"):
                continue  # for anybody, and counted by address
            told = town.post("mkb.erdene", {"query": text, "variables": variables(text)}).json()
            may = bool(MAY[field] & {FOCAL, ADMIN})
            assert (first_code(told) in REFUSED) != may or field == "publishRoster", (field, told)


def decided_on(town: PracticeTown, consent: str) -> list[str]:
    return [one["to"] for one in town.data("mkb.erdene", "consent", id=consent)["decisions"]]


def first_code(told: Any) -> str | None:
    return told["errors"][0]["extensions"]["code"] if told.get("errors") else None


# --- time -------------------------------------------------------------------------------------------------------------

MANY: Final = 20_000  # decisions of others: what is looked through shows by its time
TIMES: Final = 25
SERIES: Final = 3


def many_decisions(store: Store) -> str:
    """Versions of a decision under one consent, of which nobody but its agency may see any; the consent's id."""
    consent = new_id()
    if store.kind == "postgres":
        id, numbers = consent, f"generate_series(1, {MANY}) AS n"
        hashed = "sha256(CAST(n AS text)::bytea)"
    else:
        id, hashed = consent.replace("-", ""), "randomblob(32)"
        counted = f"SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {MANY}"  # noqa: S608
        numbers = f"(WITH RECURSIVE c(n) AS ({counted}) SELECT n FROM c)"  # noqa: S608
    store.execute(f"INSERT INTO referrals_consent (id, recorder_id) VALUES ('{id}', 'prosecutor')")  # noqa: S608
    rows = f"SELECT '{id}', 'prosecutor', n, false, 'prosecutor', {hashed}, '', '{ago(days=1)}' FROM {numbers}"  # noqa: S608
    columns = 'consent_id, "to", version, newest, author_id, sha256, envelope, accepted_at'
    store.execute(f"INSERT INTO referrals_decision ({columns}) {rows}")
    return consent


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_what_is_anothers_takes_as_long_as_what_is_not_there(hub: Hub) -> None:
    with PracticeTown(hub) as town:
        sixty = [town.decide("pro.battulga", "mgec", ["needs"])]
        consent = sixty[0].body.consent
        sixty += [town.decide("pro.battulga", f"kind:k{n}", refused=["*"], consent=consent) for n in range(60)]
        town.record("pro.battulga", *sixty)
        whole = town.refer("pro.battulga", "mgec", sixty[0])
        town.send("pro.battulga", whole)
        many_decisions(hub.store)
        async with at_work(hub, "iom.emma") as emma:
            names = contract.Names(handle=f"iom.{secrets.token_hex(4)}", name="Систем", name_en="System")
            partner = await administration.new_partner(emma, names)
            token = (await emma.client.issue_api_token(partner.member, "x", ["read"], 1)).listed.id
        for entry in town.data("mrc.nara", "directory", after=town.directory.size, first=500)["entries"]:
            town.directory.append(entry)
        decisions = {one: town.decide("pct.dorj", "ecpat", ["needs"], consent=one) for one in (consent, new_id())}
        sending = {
            one: {"referrals": [handed_in(town.refer("pct.dorj", "ecpat", decision))]}
            for one, decision in decisions.items()
        }
        theirs, nothing = sending.values()
        for operation, there, absent in (
            ("consent", lambda: {"id": consent}, lambda: {"id": new_id()}),
            ("referral", lambda: {"id": whole.document.body.id}, lambda: {"id": new_id()}),
            ("alternatives", lambda: {"referral": whole.document.body.id}, lambda: {"referral": new_id()}),
            ("end_session", lambda: {"id": token}, lambda: {"id": new_id()}),
            ("revoke_api_token", lambda: {"id": token}, lambda: {"id": new_id()}),
            ("send_referrals", lambda: theirs, lambda: nothing),
        ):
            check_time(town, operation, there, absent)


def check_time(town: PracticeTown, operation: str, there: Any, absent: Any) -> None:
    """What takes longer takes longer each time it is measured: one series in a thousand is one-sided by chance, three
    in a row are not.
    """
    seen = [apart(town, operation, there, absent)]
    while told_apart(seen[-1]) and len(seen) < SERIES:
        seen.append(apart(town, operation, there, absent))
    assert not told_apart(seen[-1]), (operation, [statistics.median(one) for one in seen])


def apart(town: PracticeTown, operation: str, there: Any, absent: Any) -> list[float]:
    """By how many seconds what is there took longer than what is not: asked in pairs, in turns."""
    took: dict[bool, list[float]] = {True: [], False: []}
    text = document(operation)
    for n in range(TIMES):
        for known in (True, False) if n % 2 else (False, True):
            asked = there() if known else absent()
            began = time.perf_counter()
            town.post("pct.dorj", {"query": text, "variables": asked})
            took[known].append(time.perf_counter() - began)
    return [known - unknown for known, unknown in zip(took[True], took[False], strict=True)]


def told_apart(by: Sequence[float]) -> bool:
    """Slower in nearly all pairs (of 25 fair coins, 21 fall on one side once in a thousand), and by more than a quarter
    of a millisecond in half of them, whatever else the machine does.
    """
    slower = sum(one > 0 for one in by)
    return max(slower, TIMES - slower) >= 21 and abs(statistics.median(by)) > 0.000_25


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
def test_the_check_of_time_sees_what_takes_longer(hub: Hub) -> None:
    """Fifty milliseconds more on one side are found, in one of the series at least where the machine does much else."""

    class Slow(PracticeTown):
        def post(self, handle: str | None, body: Any) -> httpx.Response:
            if body.get("variables", {}).get("id") == SLOW:
                time.sleep(0.05)
            return super().post(handle, body)

    with Slow(hub) as town:
        series = (apart(town, "referral", lambda: {"id": SLOW}, lambda: {"id": new_id()}) for _ in range(SERIES))
        assert any(map(told_apart, series))


SLOW: Final = "00000000-0000-7000-8000-000000000001"
