"""The practice network of a running hub with everybody's keys in one hand: whatever can be signed, can be tried."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Final

import httpx
import msgspec

from ortoo import practice
from ortoo.client import document
from ortoo.contract import Sealed
from ortoo.protocol import schemas
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, SigningKey, b64, stamp, unb64
from ortoo.protocol.referral import SealedReferral, section_text
from ortoo.protocol.sealing import Blobs
from tests.hubs import NO_TLS, Hub
from tests.protocol.network import Person, Town
from tests.stores import Store

MARK: Final = "Mongoljin-Эрдэнэчимэг"  # stands in every text that is sealed
CODE_MARK: Final = "mongoljin_code"  # and this in codes and names that nobody knows
NEEDS: Final[Mapping[str, bytes]] = {"needs": section_text("needs", {"need_in_own_words": MARK})}


class PracticeTown(Town):
    """A town that its hub has founded. Signs in members' names, and asks the hub as any of them."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        identities = [practice.identity(handle, hub.practice) for handle in practice.handles(hub.practice)]
        self.people = {
            one.handle: Person(one.handle, one.agency, one.roles, one.member, one.secrets) for one in identities
        }
        self.tokens = {one.handle: one.token for one in identities}
        self.network_id = identities[0].network
        read = (json.loads(path.read_text()) for path in sorted((hub.practice / "coordinators").glob("*.json")))
        self.coordinators = [(one["id"], SigningKey(unb64(one["sign"]))) for one in read]
        self.epochs = {}
        self.http = httpx.Client(base_url=hub.url, trust_env=False, timeout=30, verify=NO_TLS)
        self.directory = Directory()
        for entry in self.data("mrc.nara", "directory", after=0, first=500)["entries"]:
            self.directory.append(entry)
        self.agencies = {
            one.handle: {"kind": one.kind, "may": one.may, "members": {}} for one in self.directory.now().agencies()
        }

    def __enter__(self) -> "PracticeTown":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    # --- asking -------------------------------------------------------------------------------------------------------

    def post(self, handle: str | None, body: Mapping[str, Any]) -> httpx.Response:
        headers = {"Accept": "application/json"}
        if handle is not None:
            headers["Authorization"] = f"Bearer {self.tokens[handle]}"
        return self.http.post("/graphql", json=body, headers=headers)

    def ask(self, handle: str | None, operation: str, **variables: Any) -> httpx.Response:
        """One of graphql/operations, asked by a member or by nobody."""
        return self.post(handle, {"query": document(operation), "variables": variables})

    def data(self, handle: str, operation: str, **variables: Any) -> Any:
        """What the one field of the operation answers. Fails where it is refused."""
        answer = self.ask(handle, operation, **variables).json()
        assert "errors" not in answer, answer
        (value,) = answer["data"].values()
        return value

    def refused(self, handle: str | None, operation: str, **variables: Any) -> dict[str, Any]:
        """The code of the refusal, and all that it names. Fails where anything was answered beside it."""
        return refusal(self.ask(handle, operation, **variables))

    # --- signing ------------------------------------------------------------------------------------------------------

    @cached_property
    def _founded_keys(self) -> dict[str, bytes]:
        hashes = sorted({one.epoch.kem for one in self.directory.now().agencies() if one.epoch is not None})
        return {one["sha256"]: unb64(one["key"]) for one in self.data("mrc.nara", "kem_keys", hashes=hashes)}

    @property
    def public_keys(self) -> dict[str, bytes]:
        return self._founded_keys | super().public_keys

    def head_at(self, size: int) -> schemas.TreeHead:
        return schemas.TreeHead(size=size, root=b64(self.directory.root_at(size)))

    def decide(
        self, by: str, to: str, sections: Sequence[str] = (), *, until: datetime | None = None, **more: Any
    ) -> Document[schemas.Consent]:
        now = datetime.now(UTC)
        more.setdefault("at", stamp(now))
        return super().decide(by, to, sections, until=until or now + timedelta(days=30), **more)

    def refer(
        self,
        by: str,
        to: str,
        decision: Document[schemas.Consent],
        texts: Mapping[str, bytes] = NEEDS,
        *,
        at: datetime | None = None,
        **more: Any,
    ) -> SealedReferral:
        return super().refer(by, to, decision, texts, at=at or datetime.now(UTC), **more)

    def step(
        self, by: str, on: SealedReferral, type: str, *, at: datetime | None = None, **more: Any
    ) -> tuple[Document[schemas.Event], Blobs]:
        return super().step(by, on, type, at=at or datetime.now(UTC), **more)

    # --- acting -------------------------------------------------------------------------------------------------------

    def record(self, by: str, *decisions: Document[schemas.Consent]) -> None:
        self.data(by, "record_consent", decisions=[handed_in(one) for one in decisions])

    def send(self, by: str, *wholes: SealedReferral) -> Any:
        return self.data(by, "send_referrals", referrals=[handed_in(one) for one in wholes])

    def open(self, by: str, on: SealedReferral, **more: Any) -> tuple[Document[schemas.Event], Any]:
        """The opening as it was signed, and its answer."""
        event, _ = self.step(by, on, "opened", **more)
        return event, self.data(by, "open_referral", event=event.envelope)

    def take(self, by: str, on: SealedReferral, type: str, **more: Any) -> tuple[Document[schemas.Event], Any]:
        """The step as it was signed, and its answer."""
        event, blobs = self.step(by, on, type, **more)
        return event, self.data(by, "take_step", step=handed_in(event, blobs))

    def publish(self, *documents: Document[Any]) -> None:
        """Take into force, in this order, what `directory` here has already taken in."""
        keys = [*super().public_keys.values(), *(one.secrets.kem.public for one in self.people.values())]
        asked = {"entries": [one.envelope for one in documents], "keys": [b64(one) for one in keys]}
        self.hub.store.ask("attacks/publishing.py", asked)


def handed_in(whole: SealedReferral | Document[Any] | str, blobs: Blobs | None = None) -> Any:
    """A whole as the API takes it (`SealedInput`)."""
    if isinstance(whole, SealedReferral):
        whole, blobs = whole.document, blobs or whole.blobs
    envelope = whole if isinstance(whole, str) else whole.envelope
    return msgspec.to_builtins(Sealed.of(envelope, blobs or Blobs()))


def refusal(answer: httpx.Response) -> dict[str, Any]:
    told = answer.json()
    assert not any((told.get("data") or {}).values()), "it was not refused"
    (error,) = told["errors"]
    assert error["message"]
    extensions: dict[str, Any] = error["extensions"]
    return extensions


def written(store: Store) -> list[tuple[Any, ...]]:
    """What a refused request must leave as it was: the rows of all tables, states, newest decisions, feeds.

    Not the log's heads and the tries of witnesses: what was written before is signed for in the background.
    """
    where = "sqlite_master WHERE type = 'table'" if store.kind == "sqlite" else "pg_tables WHERE schemaname = 'public'"
    name = "name" if store.kind == "sqlite" else "tablename"
    tables = sorted(row[0] for row in store.execute(f"SELECT {name} FROM {where}"))  # noqa: S608 - written here
    tables = [one for one in tables if one not in ("audit_checkpoint", "agencies_bucket")]
    counts = [f"SELECT '{one}' AS what, CAST(count(*) AS text) AS how FROM {one}" for one in tables]  # noqa: S608
    contents = [
        "SELECT 'state', CAST(id AS text) || state || CAST(changed_at AS text) FROM referrals_referral",
        "SELECT 'newest', CAST(id AS text) || CAST(newest AS text) FROM referrals_decision",
        "SELECT 'feed', agency_id || CAST(sequence AS text) FROM notifications_feedhead",
    ]
    return sorted(store.execute(" UNION ALL ".join(counts + contents)))
