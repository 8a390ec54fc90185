"""The hub's API, typed: each operation is one document of graphql/operations, sent as it stands there.

Only transport is here: what comes back is the hub's word, and `ortoo.session` verifies it.
"""

import asyncio
import json
import random
import re
import ssl
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, TypeVar

import certifi
import httpx
import msgspec
import websockets
from websockets.asyncio.client import ClientConnection, connect

from ortoo import contract
from ortoo.protocol.documents import b64, unb64
from ortoo.protocol.errors import SENTENCES, Refused

T = TypeVar("T")

TRIES: Final = 5  # of one call, when the line fails
NO_HUB: Final = (502, 504)  # what a proxy says that reaches none
FIRST_PAUSE: Final = 0.25  # seconds; doubles with each try
LONGEST_PAUSE: Final = 15.0  # seconds, of a follower that waits for its hub
TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
MOST_MESSAGE: Final = 1024 * 1024  # bytes of a socket message: a feed entry is far below
ACKNOWLEDGED_WITHIN: Final = 10.0  # seconds
SIGNED_OUT: Final = (4401, 4403)  # close codes of graphql-transport-ws
SUBPROTOCOL: Final = "graphql-transport-ws"

Line = Literal["lost", "back"]


def _trusted() -> ssl.SSLContext:
    """Whose certificates count, for calls and for the socket alike: those that this machine trusts (or SSL_CERT_FILE,
    for a network with an authority of its own), and the public ones, which some systems do not bring."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class HubError(Exception):
    """The hub could not do it, for another reason than a rule of the protocol.

    code: the hub's (`internal`, `not_signed_in`, `signed_out`, `bad_document`, `bad_variables`) or `bad_answer`.
    incident: the number under which the operator finds it.
    """

    def __init__(self, code: str, message: str = "", incident: str | None = None) -> None:
        super().__init__(code, message, incident)
        self.code, self.message, self.incident = code, message, incident


class HubUnreachable(Exception):
    """No answer, after all tries. What was sent may have arrived: sending the same bytes again is safe."""

    def __init__(self, hub: str) -> None:
        super().__init__(hub)
        self.hub = hub


class Client:
    """One hub, one token. Use as an async context manager.

    Retries are safe because what is repeated is idempotent: the same bytes again, on lost connections, timeouts and 5xx
    alone, never on a refusal.

    Each call raises Refused, HubError or HubUnreachable.
    """

    def __init__(self, hub: str, token: str | None = None) -> None:
        self.hub = hub.rstrip("/")
        self._token = token
        headers = {"Accept": "application/graphql-response+json, application/json;q=0.9"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        # With an http: hub no TLS is spoken; to read all certificates for it would take longer than the call.
        self._tls = _trusted() if self.hub.startswith("https:") else None
        self._http = httpx.AsyncClient(headers=headers, timeout=TIMEOUT, trust_env=False, verify=self._tls or False)

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    # --- queries ------------------------------------------------------------------------------------------------------

    async def network(self) -> contract.Network:
        return await self._ask("network", contract.Network)

    async def directory(self, after: int = 0, first: int = 500) -> contract.DirectoryPage:
        return await self._ask("directory", contract.DirectoryPage, after=after, first=first)

    async def directory_to_cosign(self, after: int = 0, first: int = 500) -> contract.DirectoryPage:
        return await self._ask("directory_to_cosign", contract.DirectoryPage, after=after, first=first)

    async def cosign_directory(self, size: int, line: str) -> bool:
        return await self._ask("cosign_directory", bool, size=size, line=line)

    async def activity_log(self, after: int = 0) -> contract.ActivityLog:
        return await self._ask("activity_log", contract.ActivityLog, after=after)

    async def activity_to_cosign(self, after: int = 0) -> contract.ActivityLog:
        return await self._ask("activity_to_cosign", contract.ActivityLog, after=after)

    async def cosign_activity(self, size: int, line: str) -> bool:
        return await self._ask("cosign_activity", bool, size=size, line=line)

    async def logged(self, size: int, documents: Sequence[str]) -> list[contract.Logged]:
        return await self._ask("logged", list[contract.Logged], size=size, documents=list(documents))

    async def kem_keys(self, hashes: Sequence[str]) -> list[contract.KemKey]:
        return await self._ask("kem_keys", list[contract.KemKey], hashes=list(hashes))

    async def move_practice_clock(self, seconds: int) -> contract.Moved:
        return await self._ask_once("move_practice_clock", contract.Moved, seconds=seconds)

    async def overdue(self) -> list[contract.Overdue]:
        return await self._ask("overdue", list[contract.Overdue])

    async def statistics(self, period: str | None = None) -> contract.Statistics:
        """Of a closed quarter or year, `2026-Q4` or `2026`; of the last quarter that is closed."""
        return await self._ask("statistics", contract.Statistics, period=period)

    async def overseen(
        self, first: int = 50, after: str | None = None, wanted: contract.Oversight = contract.ALL_THAT_PASSES
    ) -> contract.OverseenPage:
        return await self._ask("overseen", contract.OverseenPage, first=first, after=after, **_one(wanted))

    async def timeline(self, id: str) -> contract.Timeline | None:
        return await self._ask("timeline", contract.Timeline | None, id=id)  # type: ignore[arg-type]

    async def openings(
        self,
        first: int = 50,
        after: str | None = None,
        *,
        agency: str | None = None,
        referral: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> contract.Openings:
        wanted = {"agency": agency, "referral": referral, "since": _said(since), "until": _said(until)}
        return await self._ask("openings", contract.Openings, first=first, after=after, **wanted)

    async def looks(
        self,
        first: int = 50,
        after: str | None = None,
        *,
        agency: str | None = None,
        what: str | None = None,
        since: datetime | None = None,
    ) -> contract.Looks:
        wanted = {"agency": agency, "what": what, "since": _said(since)}
        return await self._ask("looks", contract.Looks, first=first, after=after, **wanted)

    async def reviews(self, first: int = 50, after: str | None = None, *, waiting: bool = False) -> contract.Reviews:
        return await self._ask("reviews", contract.Reviews, first=first, after=after, waiting=waiting)

    async def export_trail(
        self, format: str, wanted: contract.Oversight = contract.ALL_THAT_PASSES
    ) -> contract.Exported:
        return await self._ask_once("export_trail", contract.Exported, format=format, **_one(wanted))

    async def me(self) -> contract.Member:
        return await self._ask("me", contract.Member)

    async def colleagues(self) -> list[contract.Member]:
        return await self._ask("colleagues", list[contract.Member])

    async def last_seen(self) -> list[contract.LastSeen]:
        return await self._ask("last_seen", list[contract.LastSeen])

    async def agency_keys(self) -> list[contract.AgencyKey]:
        return await self._ask("agency_keys", list[contract.AgencyKey])

    async def consent(self, id: str) -> contract.Consent | None:
        return await self._ask("consent", contract.Consent | None, id=id)  # type: ignore[arg-type]

    async def onward(self, referral: str, to: str, parts: Sequence[str]) -> contract.Decision:
        return await self._ask("onward", contract.Decision, referral=referral, to=to, parts=list(parts))

    async def chain(self, consent: str) -> list[contract.Link] | None:
        return await self._ask("chain", list[contract.Link] | None, consent=consent)  # type: ignore[arg-type]

    async def referral(self, id: str) -> contract.Referral | None:
        return await self._ask("referral", contract.Referral | None, id=id)  # type: ignore[arg-type]

    async def inbox(
        self, first: int = 50, after: str | None = None, wanted: contract.Filter = contract.EVERYTHING
    ) -> contract.Page:
        """after: the cursor of the page before, with the same filter."""
        return await self._ask("inbox", contract.Page, first=first, after=after, **_one(wanted))

    async def outbox(
        self, first: int = 50, after: str | None = None, wanted: contract.Filter = contract.EVERYTHING
    ) -> contract.Page:
        return await self._ask("outbox", contract.Page, first=first, after=after, **_one(wanted))

    async def trail(
        self, first: int = 50, after: str | None = None, wanted: contract.TrailFilter = contract.THE_WHOLE_TRAIL
    ) -> contract.Trail:
        return await self._ask("trail", contract.Trail, first=first, after=after, **_one(wanted))

    async def ids(
        self, inbox_after: str | None = None, outbox_after: str | None = None, first: int = 50
    ) -> tuple[contract.Ids, contract.Ids]:
        """The ids alone of a page of the inbox and of the outbox."""
        data = await self._send("ids", first=first, inboxAfter=inbox_after, outboxAfter=outbox_after)
        return _convert(data.get("inbox"), contract.Ids), _convert(data.get("outbox"), contract.Ids)

    async def feed(self, after: int, first: int = 100) -> list[contract.FeedEntry]:
        return await self._ask("feed", list[contract.FeedEntry], after=after, first=first)

    # --- mutations ----------------------------------------------------------------------------------------------------

    async def record_consent(self, decisions: Sequence[contract.Sealed]) -> list[contract.Decision]:
        return await self._ask("record_consent", list[contract.Decision], decisions=_plain(decisions))

    async def send_referrals(self, referrals: Sequence[contract.Sealed]) -> list[contract.Referral]:
        return await self._ask("send_referrals", list[contract.Referral], referrals=_plain(referrals))

    async def open_referral(self, event: str) -> contract.Opening:
        return await self._ask("open_referral", contract.Opening, event=event)

    async def upload(self, sha256: str) -> contract.Upload | None:
        """How far the own agency's upload of that sealed file is."""
        return await self._ask("upload", contract.Upload | None, sha256=sha256)  # type: ignore[arg-type]

    async def upload_piece(self, sha256: str, size: int, offset: int, piece: bytes) -> contract.Upload:
        return await self._ask(
            "upload_piece", contract.Upload, sha256=sha256, size=size, offset=offset, piece=b64(piece)
        )

    async def file_piece(self, referral: str, event: str | None, part: str, offset: int) -> bytes:
        """Sealed bytes of a file, to the end of the piece. event: of whose note it is; None: the referral's."""
        return unb64(await self._ask("file_piece", str, referral=referral, event=event, part=part, offset=offset))

    async def evidence(self, consent: str) -> list[contract.Evidence] | None:
        """How the decisions before the own agency under a consent were given; None where it is not its recorder."""
        return await self._ask("evidence", list[contract.Evidence] | None, consent=consent)  # type: ignore[arg-type]

    async def evidence_listed(self, after: str | None = None, *, unsent: bool = False) -> list[contract.Decision]:
        """The decisions before the own agency of which evidence was given: a page of them, after that H. unsent: only
        those under whose consent nothing was sent.
        """
        return await self._ask("evidence_listed", list[contract.Decision], after=after, unsent=unsent)

    async def evidence_piece(self, decision: str, part: str, offset: int) -> bytes:
        """Sealed bytes of a file that is evidence of a decision, to the end of the piece."""
        return unb64(await self._ask("evidence_piece", str, decision=decision, part=part, offset=offset))

    async def take_step(self, step: contract.Sealed) -> contract.Referral:
        return await self._ask("take_step", contract.Referral, step=_plain([step])[0])

    # --- the person's receipt -----------------------------------------------------------------------------------------

    async def receipt_challenge(self) -> contract.ReceiptChallenge:
        return await self._ask("receipt_challenge", contract.ReceiptChallenge)

    async def look_with_receipt(self, receipt: str) -> contract.ReceiptShown:
        """Not repeated by itself when the line fails: a challenge is good once."""
        return await self._ask_once("look_with_receipt", contract.ReceiptShown, receipt=receipt)

    async def withdraw_with_receipt(self, receipt: str) -> contract.ReceiptShown:
        return await self._ask_once("withdraw_with_receipt", contract.ReceiptShown, receipt=receipt)

    async def prove_with_receipt(self, receipt: str, after: int, documents: Sequence[str]) -> contract.ReceiptProof:
        """documents: H of each. Those that are not logged, or not for this code to know, are left out."""
        return await self._ask_once(
            "prove_with_receipt", contract.ReceiptProof, receipt=receipt, after=after, documents=list(documents)
        )

    # --- signing in ---------------------------------------------------------------------------------------------------

    async def sign_in(
        self, login: str, auth: str, second: contract.SecondFactor, *, device: str | None, name: str
    ) -> contract.SignIn:
        """Not repeated by itself when the line fails: each try counts, and a code is good once."""
        return await self._ask_once(
            "sign_in", contract.SignIn, login=login, auth=auth, second=_one(second), device=device, name=name
        )

    async def begin_passkey_sign_in(self) -> str:
        return await self._ask("begin_passkey_sign_in", str)

    async def new_challenge(self) -> str:
        return await self._ask("new_challenge", str)

    async def kit_sign_in(self, member: str, challenge: str, proof: str) -> str:
        return await self._ask_once("kit_sign_in", str, member=member, challenge=challenge, proof=proof)

    async def prove_signatory(self, challenge: str, proof: str) -> bool:
        return await self._ask_once("prove_signatory", bool, challenge=challenge, proof=proof)

    async def sign_out(self) -> bool:
        return await self._ask("sign_out", bool)

    async def sessions(self) -> list[contract.Session]:
        return await self._ask("sessions", list[contract.Session])

    async def end_session(self, id: str) -> bool:
        return await self._ask("end_session", bool, id=id)

    async def keyring(self) -> contract.Keyring | None:
        return await self._ask("keyring", contract.Keyring | None)  # type: ignore[arg-type]

    async def save_keyring(self, sealed: str, version: int) -> contract.Keyring:
        return await self._ask_once("save_keyring", contract.Keyring, sealed=sealed, version=version)

    async def set_up_account(self, account: contract.NewAccount) -> list[str]:
        return await self._ask_once("set_up_account", list[str], account=_one(account))

    async def change_passphrase(
        self, auth: str, new_auth: str, keyring: contract.NewKeyring, version: int
    ) -> contract.Keyring:
        variables = {"auth": auth, "newAuth": new_auth, "keyring": _one(keyring), "version": version}
        return await self._ask_once("change_passphrase", contract.Keyring, **variables)

    async def change_authenticator(self, auth: str, totp: str, code: str) -> bool:
        return await self._ask_once("change_authenticator", bool, auth=auth, totp=totp, code=code)

    async def new_recovery_codes(self, auth: str) -> list[str]:
        return await self._ask_once("new_recovery_codes", list[str], auth=auth)

    async def passkeys(self) -> list[contract.Passkey]:
        return await self._ask("passkeys", list[contract.Passkey])

    async def begin_passkey(self, auth: str) -> str:
        return await self._ask("begin_passkey", str, auth=auth)

    async def add_passkey(self, response: str, name: str, unlock: contract.NewUnlock | None = None) -> contract.Passkey:
        way = _one(unlock) if unlock is not None else None
        return await self._ask_once("add_passkey", contract.Passkey, response=response, name=name, unlock=way)

    async def remove_passkey(self, id: str, auth: str) -> bool:
        return await self._ask_once("remove_passkey", bool, id=id, auth=auth)

    async def api_tokens(self) -> list[contract.ApiToken]:
        return await self._ask("api_tokens", list[contract.ApiToken])

    async def issue_api_token(self, member: str, name: str, scopes: Sequence[str], days: int) -> contract.NewApiToken:
        return await self._ask_once(
            "issue_api_token", contract.NewApiToken, member=member, name=name, scopes=list(scopes), days=days
        )

    async def revoke_api_token(self, id: str) -> bool:
        return await self._ask("revoke_api_token", bool, id=id)

    # --- joining ------------------------------------------------------------------------------------------------------

    async def invitation(self, code: str) -> contract.Invitation:
        return await self._ask("invitation", contract.Invitation, code=code)

    async def invitations(self) -> list[contract.Invitation]:
        return await self._ask("invitations", list[contract.Invitation])

    async def invite(
        self, names: contract.Names, roles: Sequence[str], again: str | None = None
    ) -> contract.NewInvitation:
        return await self._ask_once("invite", contract.NewInvitation, names=_one(names), roles=list(roles), again=again)

    async def withdraw_invitation(self, id: str) -> bool:
        return await self._ask("withdraw_invitation", bool, id=id)

    async def enrol(self, code: str, keys: contract.NewKeys, account: contract.NewAccount) -> contract.Enrolment:
        return await self._ask_once("enrol", contract.Enrolment, code=code, keys=_one(keys), account=_one(account))

    async def waiting(self) -> contract.Waiting | None:
        return await self._ask("waiting", contract.Waiting | None)  # type: ignore[arg-type]

    async def candidates(self) -> list[contract.Candidate]:
        return await self._ask("candidates", list[contract.Candidate])

    async def add_partner(self, names: contract.Names, keys: contract.NewKeys, role: str) -> contract.Member:
        return await self._ask_once("add_partner", contract.Member, names=_one(names), keys=_one(keys), role=role)

    async def turn_away(self, member: str) -> bool:
        return await self._ask("turn_away", bool, member=member)

    async def held_keys(self) -> list[contract.HeldKey]:
        return await self._ask("held_keys", list[contract.HeldKey])

    async def publish_roster(self, roster: str, kem_keys: Sequence[str], seeds: Sequence[contract.Seed]) -> bool:
        return await self._ask(
            "publish_roster", bool, roster=roster, kemKeys=list(kem_keys), seeds=[_one(one) for one in seeds]
        )

    async def hand_over(self, seeds: Sequence[contract.Seed]) -> bool:
        return await self._ask("hand_over", bool, seeds=[_one(one) for one in seeds])

    async def apply(
        self,
        agency: contract.AgencyNames,
        names: contract.Names,
        keys: contract.NewKeys,
        account: contract.NewAccount,
    ) -> contract.Enrolment:
        return await self._ask_once(
            "apply",
            contract.Enrolment,
            agency=_one(agency),
            names=_one(names),
            keys=_one(keys),
            account=_one(account),
        )

    async def applications(self) -> list[contract.Application]:
        return await self._ask("applications", list[contract.Application])

    async def turn_down(self, id: str) -> bool:
        return await self._ask("turn_down", bool, id=id)

    async def proposals(self) -> list[contract.Proposal]:
        return await self._ask("proposals", list[contract.Proposal])

    async def propose(self, document: str) -> contract.Proposal:
        return await self._ask("propose", contract.Proposal, document=document)

    # --- services -----------------------------------------------------------------------------------------------------

    async def services(self, agency: str) -> contract.AgencyServices | None:
        return await self._ask("services", contract.AgencyServices | None, handle=agency)  # type: ignore[arg-type]

    async def find_services(
        self,
        need: str,
        *,
        place: str | None = None,
        language: str | None = None,
        at: datetime | None = None,
        age: int | None = None,
        minor: bool | None = None,
        gender: str | None = None,
        dependants: int | None = None,
    ) -> list[contract.FoundService]:
        """Who can take the person then, in order; then the others, each with why not. at: with a zone; None: now."""
        return await self._ask(
            "find_services",
            list[contract.FoundService],
            need=need,
            place=place,
            language=language,
            at=at.isoformat() if at is not None else None,
            age=age,
            minor=minor,
            gender=gender,
            dependants=dependants,
        )

    async def alternatives(self, referral: str) -> list[contract.Alternative] | None:
        """Who else could take it, by the hub's word alone: `Session.alternatives` weighs what only the client knows."""
        return await self._ask("alternatives", list[contract.Alternative] | None, referral=referral)  # type: ignore[arg-type]

    async def save_service(self, id: str, offer: contract.Offer) -> contract.Service:
        return await self._ask("save_service", contract.Service, id=id, service=_one(offer))

    async def end_service(self, id: str) -> bool:
        return await self._ask("end_service", bool, id=id)

    async def set_full(self, id: str, until: datetime) -> contract.Service:
        return await self._ask("set_full", contract.Service, id=id, until=until.isoformat())

    async def clear_full(self, id: str) -> contract.Service:
        return await self._ask("clear_full", contract.Service, id=id)

    async def set_accepting(self, id: str, accepting: bool) -> contract.Service:
        return await self._ask("set_accepting", contract.Service, id=id, accepting=accepting)

    async def set_receiving(self, receiving: bool) -> contract.AgencyContact:
        return await self._ask("set_receiving", contract.AgencyContact, receiving=receiving)

    async def save_contact(self, contact: contract.Contact) -> contract.AgencyContact:
        return await self._ask("save_contact", contract.AgencyContact, contact=_one(contact))

    # --- e-mail -------------------------------------------------------------------------------------------------------

    async def notifications(self) -> contract.Notifications:
        return await self._ask("notifications", contract.Notifications)

    async def save_notifications(self, wanted: contract.Wanted) -> contract.Notifications:
        """Not repeated by itself when the line fails: each time sends a code to an address that is not confirmed."""
        return await self._ask_once("save_notifications", contract.Notifications, notifications=_one(wanted))

    async def confirm_address(self, digits: str) -> contract.Notifications:
        return await self._ask("confirm_address", contract.Notifications, digits=digits)

    # --- subscription -------------------------------------------------------------------------------------------------

    async def follow(
        self, after: int, on_line: Callable[[Line], None] = lambda _: None
    ) -> AsyncGenerator[contract.FeedEntry, None]:
        """The feed after `after`, then live, for ever: each entry once and in order, over lost connections too.

        on_line: told `lost` once when the connection breaks and `back` when it stands again.
        Raises HubError where the hub does not want this member (any more), or hands out a feed with a gap.
        """
        lost, tries = False, 0
        while True:
            try:
                async with aclosing(self._listen(after)) as entries:
                    async for entry in entries:
                        tries = 0
                        if lost:
                            lost = False
                            on_line("back")
                        if entry is None or entry.sequence <= after:
                            continue
                        for one in await self._without_gap(entry, after):
                            after = one.sequence
                            yield one
            except (OSError, HubError, HubUnreachable, TimeoutError, websockets.WebSocketException) as error:
                if isinstance(error, HubError) and error.code != "internal":
                    raise
                _refuse_closed(error)
                if not lost:
                    lost = True
                    on_line("lost")
            await asyncio.sleep(_pause(tries))
            tries += 1

    async def _without_gap(self, entry: contract.FeedEntry, after: int) -> list[contract.FeedEntry]:
        """The entry, with those before it that the socket passed over: the sequence is gap-free."""
        if entry.sequence == after + 1:
            return [entry]
        found = await self.feed(after, first=min(entry.sequence - after, 100))
        if [one.sequence for one in found] != list(range(after + 1, after + 1 + len(found))) or not found:
            raise HubError("bad_answer", "The feed has a gap.")
        return found + ([entry] if found[-1].sequence + 1 == entry.sequence else [])

    async def _listen(self, after: int) -> AsyncGenerator[contract.FeedEntry | None, None]:
        """One connection: None once it stands, then the entries, until it breaks."""
        address = "ws" + self.hub.removeprefix("http") + "/graphql"
        async with connect(
            address,
            subprotocols=[websockets.Subprotocol(SUBPROTOCOL)],
            max_size=MOST_MESSAGE,
            proxy=None,
            ssl=self._tls,
            open_timeout=5,
        ) as socket:
            await _say(socket, type="connection_init", payload={"authorization": f"Bearer {self._token}"})
            acknowledged = await asyncio.wait_for(_hear(socket), ACKNOWLEDGED_WITHIN)
            while acknowledged["type"] == "ping":
                await _say(socket, type="pong")
                acknowledged = await asyncio.wait_for(_hear(socket), ACKNOWLEDGED_WITHIN)
            if acknowledged["type"] != "connection_ack":
                raise HubError("bad_answer")
            payload = {"query": document("follow"), "operationName": "Follow", "variables": {"after": after}}
            await _say(socket, type="subscribe", id="feed", payload=payload)
            yield None
            while True:
                message = await _hear(socket)
                match message["type"]:
                    case "ping":
                        await _say(socket, type="pong")
                    case "next":
                        yield _convert(_data(message.get("payload")).get("feed"), contract.FeedEntry)
                    case "error":
                        _raise_first(message.get("payload"))
                    case "complete":
                        return

    # --- one call -----------------------------------------------------------------------------------------------------

    async def _ask(self, operation: str, schema: type[T], /, **variables: Any) -> T:
        data = await self._send(operation, **variables)
        return _convert(next(iter(data.values()), None), schema)

    async def _ask_once(self, operation: str, schema: type[T], /, **variables: Any) -> T:
        """What is not safe to repeat: after a lost answer the caller looks what became of it."""
        data = await self._send(operation, 1, **variables)
        return _convert(next(iter(data.values()), None), schema)

    async def _send(self, operation: str, most: int = TRIES, /, **variables: Any) -> dict[str, Any]:
        query = document(operation)
        body = json.dumps({"query": query, "operationName": _operation(operation), "variables": variables}).encode()
        for tries in range(most):
            if tries:
                await asyncio.sleep(_pause(tries - 1))
            try:
                answer = await self._http.post(
                    f"{self.hub}/graphql", content=body, headers={"Content-Type": "application/json"}
                )
            except (httpx.TransportError, httpx.InvalidURL, httpx.UnsupportedProtocol):
                continue
            answer.stream = httpx.ByteStream(b"")  # it was read: else what was sent, too, stays until a collection
            if answer.status_code in NO_HUB:
                continue
            if answer.status_code < 500 or tries == most - 1:
                return _data(_json(answer))
        raise HubUnreachable(self.hub)


# --- documents --------------------------------------------------------------------------------------------------------


@cache
def document(name: str) -> str:
    """The operation of graphql/operations/<name>.graphql with the fragments that it names: as it is sent."""
    texts = [_text(f"{name}.graphql")]
    named = _fragments(texts[0])
    for fragment in named:
        texts.append(_text(f"fragments/{fragment}.graphql"))
        named += [one for one in _fragments(texts[-1]) if one not in named]
    return "\n".join(texts)


def operation_names() -> list[str]:
    """All operations that there are, by the names that `document` takes."""
    return sorted(one.name.removesuffix(".graphql") for one in _operations().iterdir() if one.name.endswith(".graphql"))


def _text(name: str) -> str:
    return _operations().joinpath(name).read_text(encoding="utf-8")


def _fragments(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"\.\.\.(\w+)", text)))


@cache
def _operations() -> Traversable:
    """Beside this module in a wheel."""
    packaged = resources.files("ortoo") / "operations"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[1] / "graphql" / "operations"


def _operation(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


# --- answers ----------------------------------------------------------------------------------------------------------


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise HubError("bad_answer", f"HTTP {answer.status_code}") from None


def _data(answer: Any) -> dict[str, Any]:
    if not isinstance(answer, dict):
        raise HubError("bad_answer")
    if answer.get("errors"):
        _raise_first(answer["errors"])
    if not isinstance(answer.get("data"), dict):
        raise HubError("bad_answer")
    data: dict[str, Any] = answer["data"]
    return data


def _raise_first(errors: Any) -> None:
    """A code of the protocol is Refused, whatever else is HubError."""
    first = errors[0] if isinstance(errors, list) and errors else errors
    if not isinstance(first, dict):
        raise HubError("bad_answer")
    extensions = first.get("extensions")
    said = dict(extensions) if isinstance(extensions, Mapping) else {}
    code, message = str(said.pop("code", "bad_answer")), str(first.get("message", ""))
    if code in SENTENCES:
        at = {k: v for k, v in said.items() if isinstance(v, str | int) and not isinstance(v, bool)}
        raise Refused(code, message or None, **at)
    incident = said.get("incident")
    raise HubError(code, message, str(incident) if incident is not None else None)


def _convert(value: Any, schema: type[T]) -> T:
    try:
        return msgspec.convert(value, schema)
    except msgspec.ValidationError:
        raise HubError("bad_answer") from None


def _said(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None


def _one(value: contract.Answer) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(value)
    return plain


def _plain(sealed: Sequence[contract.Sealed]) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = msgspec.to_builtins(list(sealed))
    return plain


# --- the line ---------------------------------------------------------------------------------------------------------


def _pause(tries: int) -> float:
    """Seconds: doubling, bounded, and spread so that many clients do not come back at once."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries, 10)) * random.uniform(0.5, 1.0)  # noqa: S311


async def _say(socket: ClientConnection, **message: Any) -> None:
    await socket.send(json.dumps(message))


async def _hear(socket: ClientConnection) -> dict[str, Any]:
    try:
        message = json.loads(await socket.recv())
    except ValueError:
        raise HubError("bad_answer") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise HubError("bad_answer")
    return message


def _refuse_closed(error: Exception) -> None:
    """A socket that the hub closed because it does not know the member (any more) is not opened again."""
    if isinstance(error, websockets.ConnectionClosed) and error.rcvd and error.rcvd.code in SIGNED_OUT:
        raise HubError("signed_out") from None
    if isinstance(error, websockets.InvalidStatus) and error.response.status_code in (401, 403):
        raise HubError("signed_out") from None
