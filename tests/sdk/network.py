"""The practice network founded in memory, with real keys and no hub: what tests of the SDK's own rules stand on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import msgspec

from ortoo import contract, drafting
from ortoo.form import Form
from ortoo.protocol import checkpoint, events, schemas
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, SigningKey, as_set, b64, new_id, sign, stamp
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.keys import MemberSecrets
from ortoo.protocol.referral import SealedReferral, Signer
from ortoo.protocol.sealing import Blobs
from ortoo.reading import Reader

HOST = "test.ortoo.example"


@dataclass
class Network:
    """Everybody of ortoo/data/agencies.json with keys, and the directory that they signed."""

    directory: Directory = field(default_factory=Directory)
    members: dict[str, tuple[str, str, MemberSecrets]] = field(default_factory=dict)  # by handle: agency, id, keys
    epochs: dict[str, KemKey] = field(default_factory=dict)  # by agency
    coordinators: list[SigningKey] = field(default_factory=lambda: [SigningKey.generate() for _ in range(3)])
    log: SigningKey = field(default_factory=SigningKey.generate)

    def signer(self, handle: str) -> Signer:
        agency, id, secrets = self.members[handle]
        return Signer(agency, id, secrets.sign, self.directory)

    def suspend(self, agency: str) -> None:
        """The coordinators suspend an agency."""
        state = self.directory.now().agency(agency)
        assert state is not None
        before = state.admission
        body = msgspec.structs.replace(
            before.body, version=before.body.version + 1, prev=before.sha256, admin=None, suspended=True
        )
        self.directory.append(sign(body, *self.coordinators[:2]).envelope)

    @property
    def public_keys(self) -> dict[str, bytes]:
        return {key.sha256: key.public for key in self.epochs.values()}

    def reader(self, agency: str, opened: dict[str, str] | None = None) -> Reader:
        return Reader(agency, self.directory, {1: self.epochs[agency]}, opened or {})


def found() -> Network:
    network = Network()
    agencies: list[dict[str, Any]] = json.loads(
        (resources.files("ortoo") / "data" / "agencies.json").read_text(encoding="utf-8")
    )["agencies"]
    coordinators = network.coordinators
    log_key = checkpoint.VerifierKey(f"{HOST}/log/directory", checkpoint.NOTE_KEY, network.log.public)
    now = stamp(datetime.now(UTC))
    body = schemas.Network(
        network=new_id(),
        at=now,
        version=1,
        prev=None,
        practice=True,
        coordinators=as_set(schemas.Coordinator(id=new_id(), key=b64(one.public)) for one in coordinators),
        threshold=2,
        hub_key=b64(SigningKey.generate().public),
        policy=f"log {log_key}\nquorum none\n",
        continues=None,
        min_protocol=1,
    )
    network.directory.append(sign(body, *coordinators).envelope)
    for agency in agencies:
        _admit(network, body.network, agency, coordinators, now)
    return network


def _admit(network: Network, id: str, agency: dict[str, Any], coordinators: Sequence[SigningKey], now: str) -> None:
    handle = agency["handle"]
    for one in agency["members"]:
        network.members[one["handle"]] = (handle, new_id(), MemberSecrets.generate())
    admin = next(one["handle"] for one in agency["members"] if "administrator" in one["roles"])
    _, admin_id, admin_secrets = network.members[admin]
    admission = schemas.Admission(
        network=id,
        at=now,
        agency=handle,
        version=1,
        prev=None,
        kind=agency["kind"],
        names=schemas.Names(**agency["name"]),
        admin=admin_secrets.public(admin_id),
        may=as_set(agency["may"]),
        suspended=False,
    )
    admitted = sign(admission, *coordinators[:2])
    network.directory.append(admitted.envelope)
    epoch = network.epochs[handle] = KemKey.generate()
    listed = []
    for one in agency["members"]:
        _, member, secrets = network.members[one["handle"]]
        public = secrets.public(member)
        listed.append(schemas.RosterMember(id=member, key=public.key, kem=public.kem, roles=as_set(one["roles"])))
    roster = schemas.Roster(
        network=id,
        at=now,
        directory=network.directory.head,
        author=schemas.Author(agency=handle, member=admin_id),
        agency=handle,
        version=1,
        prev=admitted.sha256,
        members=as_set(listed),
        epoch=schemas.Epoch(n=1, kem=epoch.sha256, renew_by=stamp(datetime.now(UTC) + timedelta(days=90))),
        activity=None,
    )
    network.directory.append(sign(roster, admin_secrets.sign).envelope)


@dataclass
class Story:
    """A referral and the steps on it, as an honest hub would hand them out."""

    network: Network
    sealed: SealedReferral
    decision: Document[schemas.Consent]
    state: str = "sent"
    deletion_owed_since: datetime | None = None
    steps: list[tuple[Document[schemas.Event], Blobs]] = field(default_factory=list)
    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def sent(cls, network: Network, form: Form, handle: str, to: str | None = None) -> "Story":
        signer, at = network.signer(handle), datetime.now(UTC)
        decisions = drafting.decide(form, signer, at=at)
        sealed = drafting.seal(form, signer, decisions, network.public_keys, at=at, parts={})
        chosen = next(one for one in sealed if to in (None, one.document.body.to))
        decision = next(one for one in decisions if one.body.to == chosen.document.body.to)
        return cls(network, chosen, decision, at=at)

    def head(self, agency: str) -> str:
        own = [event.sha256 for event, _ in self.steps if event.body.author.agency == agency]
        return own[-1] if own else self.sealed.document.sha256

    def step(self, handle: str, type: str, reason: str | None = None, note: str | None = None) -> None:
        signer = self.network.signer(handle)
        event, blobs = events.make(
            signer,
            id=new_id(),
            referral=self.sealed.document,
            prev=self.head(signer.agency),
            type=type,
            at=self.at,
            reason=reason,
            note=note,
            decision=self.decision if note is not None else None,
            public_keys=self.network.public_keys if note is not None else None,
        )
        as_ = events.part_of(signer.agency, self.sealed.document.body)
        self.state = events.after(self.state, type, as_)
        if type in ("declined", "handed_back", "recalled") and "opened" in [one.body.type for one, _ in self.steps]:
            self.deletion_owed_since = self.at
        if type == "deleted":
            self.deletion_owed_since = None
        self.steps.append((event, blobs))

    def answer(self, agency: str, **changed: Any) -> contract.Referral:
        """What a hub says of it to an agency; `changed` are the lies."""
        document = self.sealed.document
        body, decision = document.body, self.decision
        honest: dict[str, Any] = {
            "id": body.id,
            "sender": body.author.agency,
            "recipient": body.to,
            "state": self.state,
            "sent_at": self.at,
            "changed_at": self.at,
            "deletion_owed_since": self.deletion_owed_since,
            "urgency": body.routing.urgency,
            "services": list(body.routing.services),
            "place": body.routing.place,
            "language": body.routing.language,
            "minor": body.routing.minor,
            "envelope": document.envelope,
            "sha256": document.sha256,
            "decision": contract.Decision(
                consent=decision.body.consent,
                to=decision.body.to,
                version=decision.body.version,
                envelope=decision.envelope,
                sha256=decision.sha256,
            ),
            "head": self.head(agency),
            "sealed": None,
            "events": [self._event(event, blobs, agency) for event, blobs in self.steps],
        }
        return contract.Referral(**{**honest, **changed})

    def blobs(self, agency: str) -> contract.Blobs:
        return _for(self.sealed.blobs, agency)

    def _event(self, event: Document[schemas.Event], blobs: Blobs, agency: str) -> contract.Event:
        body = event.body
        return contract.Event(
            id=body.id,
            agency=body.author.agency,
            type=body.type,
            reason=body.reason,
            accepted_at=self.at,
            envelope=event.envelope,
            sha256=event.sha256,
            sealed=_for(blobs, agency) if body.sealed is not None else None,
        )


def _for(blobs: Blobs, agency: str) -> contract.Blobs:
    sealed = contract.Sealed.of("", blobs)
    return contract.Blobs(
        parts=sealed.parts,
        wraps=[one for one in sealed.wraps if one.agency == agency],
        keys=[one for one in sealed.keys if one.agency == agency],
    )
