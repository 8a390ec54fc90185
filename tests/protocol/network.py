"""A network brought to life in memory, with real keys: what the tests of the protocol act upon."""

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import msgspec

from ortoo.protocol import checkpoint, events, referral, schemas
from ortoo.protocol.consent import Decisions
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, SigningKey, as_set, b64, new_id, sign, stamp
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.keys import MemberSecrets
from ortoo.protocol.referral import SealedReferral, Signer
from ortoo.protocol.sealing import Blobs

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
UNSET: Any = object()

# A small cast. Nara's agency refers; Delger's gives shelter; Dorj is at the police; Bold reviews exceptions.
TOWN: Mapping[str, Mapping[str, Any]] = {
    "mrc": {
        "kind": "ngo",
        "may": [],
        "members": {"nara": ["administrator", "focal_point"], "jargal": ["focal_point"], "robot": ["api"]},
    },
    "shelter": {
        "kind": "social_service",
        "may": [],
        "members": {"delger": ["administrator", "focal_point"], "urna": ["focal_point"], "kit": ["recovery"]},
    },
    "police": {"kind": "police", "may": [], "members": {"dorj": ["administrator", "focal_point", "coordinator"]}},
    "nhrcm": {
        "kind": "ministry",
        "may": ["coordinate", "review"],
        "members": {"altan": ["administrator", "focal_point"], "bold": ["coordinator"]},
    },
}


@dataclass
class Person:
    handle: str
    agency: str
    roles: Sequence[str]
    id: str = field(default_factory=new_id)
    secrets: MemberSecrets = field(default_factory=MemberSecrets.generate)

    @property
    def listed(self) -> schemas.RosterMember:
        public = self.secrets.public(self.id)
        return schemas.RosterMember(id=public.id, key=public.key, kem=public.kem, roles=as_set(self.roles))


class Town:
    """The agencies, admitted and with their first rosters in force. `directory` holds it all."""

    def __init__(self, agencies: Mapping[str, Mapping[str, Any]] = TOWN) -> None:
        self.agencies = agencies
        self.people = {
            handle: Person(handle, agency, roles)
            for agency, spec in agencies.items()
            for handle, roles in spec["members"].items()
        }
        self.coordinators = [(new_id(), SigningKey.generate()) for _ in range(3)]
        self.log_key, self.hub_key = SigningKey.generate(), SigningKey.generate()
        self.epochs: dict[tuple[str, int], KemKey] = {}
        self.directory = Directory()
        self.network_id = new_id()
        self.append(self.network())
        for agency in agencies:
            self.append(self.admission(agency))
        for agency in agencies:
            self.append(self.roster(agency))

    def append(self, document: Document[Any]) -> Document[Any]:
        taken = self.directory.append(document.envelope)
        assert taken is not None
        return taken

    @property
    def public_keys(self) -> dict[str, bytes]:
        return {key.sha256: key.public for key in self.epochs.values()}

    @property
    def coordinator_keys(self) -> list[SigningKey]:
        return [key for _, key in self.coordinators]

    # --- directory documents ------------------------------------------------------------------------------------------

    def network(self, *keys: SigningKey, **changes: Any) -> Document[schemas.Network]:
        """The first network, or the next one."""
        before = self.directory.network if self.directory.size else None
        vkey = checkpoint.VerifierKey("hub.example/log/directory", checkpoint.NOTE_KEY, self.log_key.public)
        body: dict[str, Any] = {
            "network": self.network_id,
            "at": stamp(NOW),
            "version": before.body.version + 1 if before else 1,
            "prev": before.sha256 if before else None,
            "practice": True,
            "coordinators": as_set(schemas.Coordinator(id=one, key=b64(key.public)) for one, key in self.coordinators),
            "threshold": 2,
            "hub_key": b64(self.hub_key.public),
            "policy": f"log {vkey}\nquorum none\n",
            "continues": None,
            "min_protocol": 1,
        }
        return sign(schemas.Network(**{**body, **changes}), *(keys or self.coordinator_keys[:2]))

    def admission(self, agency: str, *keys: SigningKey, **changes: Any) -> Document[schemas.Admission]:
        """The agency's first admission, or its next one (which leaves the roster as it is)."""
        state = self.directory.now().agency(agency)
        spec = self.agencies.get(agency, {"kind": "ngo", "may": [], "members": {}})
        admin = next((p for p in self.people.values() if p.agency == agency and "administrator" in p.roles), None)
        body: dict[str, Any] = {
            "network": self.network_id,
            "at": stamp(NOW),
            "agency": agency,
            "version": state.admission.body.version + 1 if state else 1,
            "prev": state.admission.sha256 if state else None,
            "kind": spec["kind"],
            "names": schemas.Names(en=agency, mn=agency),
            "admin": admin.secrets.public(admin.id) if admin and state is None else None,
            "may": as_set(spec["may"]),
            "suspended": False,
        }
        return sign(schemas.Admission(**{**body, **changes}), *(keys or self.coordinator_keys[:2]))

    def roster(
        self,
        agency: str,
        *,
        by: str | None = None,
        key: SigningKey | None = None,
        people: Iterable[Person] | None = None,
        new_epoch: bool | None = None,
        **changes: Any,
    ) -> Document[schemas.Roster]:
        """The agency's first roster, or its next one; `new_epoch` draws the next key."""
        state = self.directory.now().agency(agency)
        assert state is not None
        mine = [one for one in self.people.values() if one.agency == agency]
        author = self.people[by] if by else next(one for one in mine if "administrator" in one.roles)
        if state.roster is None or new_epoch:
            n = state.last_epoch + 1
            epoch_key = self.epochs.setdefault((agency, n), KemKey.generate())
            epoch = schemas.Epoch(n=n, kem=epoch_key.sha256, renew_by=stamp(NOW + timedelta(days=90)))
        else:
            assert state.epoch is not None
            epoch = state.epoch
        body: dict[str, Any] = {
            "network": self.network_id,
            "at": stamp(NOW),
            "directory": self.directory.head,
            "author": schemas.Author(agency=agency, member=author.id),
            "agency": agency,
            "version": state.last_version + 1,
            "prev": state.roster.sha256 if state.roster else state.admission.sha256,
            "members": as_set(one.listed for one in (mine if people is None else people)),
            "epoch": epoch,
            "activity": None,
        }
        return sign(schemas.Roster(**{**body, **changes}), key or author.secrets.sign)

    # --- members' documents -------------------------------------------------------------------------------------------

    def signer(self, handle: str) -> Signer:
        person = self.people[handle]
        return Signer(person.agency, person.id, person.secrets.sign, self.directory)

    def decide(
        self,
        by: str,
        to: str,
        sections: Sequence[str] = (),
        *,
        purposes: Sequence[str] = ("give_service",),
        refused: Sequence[str] = (),
        until: datetime | None = None,
        after: Document[schemas.Consent] | None = None,
        **changes: Any,
    ) -> Document[schemas.Consent]:
        """A signed decision; the next version where it comes `after` one."""
        signer = self.signer(by)
        granted = schemas.Granted(
            sections=as_set(sections),
            purposes=as_set(purposes),
            until=stamp(until or NOW + timedelta(days=30)),
        )
        body: dict[str, Any] = {
            "network": self.network_id,
            "at": stamp(NOW),
            "directory": self.directory.head,
            "author": signer.author,
            "consent": after.body.consent if after else new_id(),
            "recorder": after.body.recorder if after else signer.agency,
            "to": to,
            "version": after.body.version + 1 if after else 1,
            "prev": after.sha256 if after else None,
            "basis": "informed_consent",
            "given": schemas.Given(by="person", how="signed", language="mn", interpreter=False, witness=False),
            "granted": granted if sections else None,
            "refused": as_set(refused),
            "receipt": None,
            "exception": None,
            "retain_days": 90,
            "sealed": None,
        }
        return sign(schemas.Consent(**{**body, **changes}), signer.key)

    def refer(
        self,
        by: str,
        to: str,
        decision: Document[schemas.Consent],
        texts: Mapping[str, bytes],
        *,
        at: datetime = NOW,
        minor: bool = False,
        id: str | None = None,
        parent: schemas.Named | None = None,
    ) -> SealedReferral:
        return referral.seal(
            self.signer(by),
            id=id or new_id(),
            to=to,
            routing=routing(minor=minor),
            decision=decision,
            texts=texts,
            public_keys=self.public_keys,
            at=at,
            parent=parent,
        )

    def step(
        self, by: str, on: SealedReferral, type: str, *, prev: str | None = None, at: datetime = NOW, **more: Any
    ) -> tuple[Document[schemas.Event], Blobs]:
        return events.make(
            self.signer(by),
            id=new_id(),
            referral=on.document,
            prev=prev or on.document.sha256,
            type=type,
            at=at,
            public_keys=self.public_keys,
            **more,
        )

    def epoch_key(self, agency: str, size: int | None = None) -> KemKey:
        view = self.directory.now() if size is None else self.directory.at(size)
        state = view.agency(agency)
        assert state is not None
        assert state.epoch is not None
        return self.epochs[agency, state.epoch.n]


def routing(*, minor: bool = False, **changes: Any) -> schemas.Routing:
    body: dict[str, Any] = {
        "urgency": "urgent",
        "services": ["shelter"],
        "place": "MN-053.dalanzadgad",
        "language": "mn",
        "minor": minor,
    }
    return schemas.Routing(**{**body, **changes})


def given(*decisions: Document[schemas.Consent], **more: Any) -> Decisions:
    return Decisions.of(decisions, **more)


def practice() -> Town:
    """The practice network of ortoo/data/agencies.json."""
    text = (resources.files("ortoo") / "data" / "agencies.json").read_text(encoding="utf-8")
    return Town(
        {
            one["handle"]: {
                "kind": one["kind"],
                "may": one["may"],
                "members": {member["handle"]: member["roles"] for member in one["members"]},
            }
            for one in json.loads(text)["agencies"]
        }
    )


def again(document: Document[Any], key: SigningKey, **changes: Any) -> Document[Any]:
    """The document with these fields changed, signed anew."""
    return sign(msgspec.structs.replace(document.body, **changes), key)


# --- forging: written apart from the code under test ------------------------------------------------------------------


def envelope_of(payload: bytes, kind: str, *keys: SigningKey, version: int = 1) -> str:
    """An envelope over any bytes, correctly signed: what an attacker with a member's key can make."""
    kind_name = f"application/vnd.ortoo.{kind}.v{version}+json".encode()
    message = b"DSSEv1 %d %s %d %s" % (len(kind_name), kind_name, len(payload), payload)
    signatures = sorted(
        (
            {"keyid": url64(_keyid(key.public)), "sig": url64(key.sign_raw(message))}
            for key in (keys or [SigningKey.generate()])
        ),
        key=lambda one: one["keyid"],
    )
    outer = {"payload": url64(payload), "payloadType": kind_name.decode(), "signatures": signatures}
    return json.dumps(outer, sort_keys=True, separators=(",", ":"))


def _keyid(public: bytes) -> bytes:
    label = b"ortoo/v1/keyid"
    context = len(label).to_bytes(4, "big") + label + len(public).to_bytes(4, "big") + public
    return hashlib.sha256(context).digest()[:16]


def url64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def plain(body: Any) -> Any:
    """A payload as plain objects, to be changed at will."""
    return msgspec.to_builtins(body)


def dumps(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
