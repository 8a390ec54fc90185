"""A coordinator's signatures (protocol §3): made on the own machine, with a key made for this alone; the hub brings
them together until there are enough.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from ortoo import contract
from ortoo.memory import write_whole
from ortoo.protocol import documents, schemas
from ortoo.protocol.directory import check_founding
from ortoo.protocol.documents import (
    Document,
    SigningKey,
    as_set,
    b64,
    ctx,
    keyid,
    new_id,
    read,
    sha256,
    sign,
    stamp,
    unb64,
)
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import check_public_key
from ortoo.protocol.keys import safety_number
from ortoo.session import Session


@dataclass(frozen=True)
class CoordinatorKey:
    """A coordinator's id and key, as the network names them."""

    id: str
    key: SigningKey = field(repr=False)

    @classmethod
    def generate(cls) -> "CoordinatorKey":
        return cls(new_id(), SigningKey.generate())

    @property
    def public(self) -> schemas.Coordinator:
        return schemas.Coordinator(id=self.id, key=b64(self.key.public))

    def write(self, path: Path, passphrase: str) -> None:
        """Into a file that only its owner reads and only the passphrase opens (PKCS #8, encrypted)."""
        key = Ed25519PrivateKey.from_private_bytes(self.key.seed)
        encrypted = BestAvailableEncryption(passphrase.encode())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encrypted).decode()
        value = {"coordinator": self.id, "key": b64(self.key.public), "sealed": pem}
        write_whole(path, json.dumps(value, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path, passphrase: str) -> "CoordinatorKey":
        """Raises OSError; ValueError where the file is not that; Refused (`cannot_open`) for a wrong passphrase."""
        value = json.loads(path.read_text(encoding="utf-8"))
        try:
            id, sealed = str(UUID(value["coordinator"])), str(value["sealed"]).encode()
        except (KeyError, TypeError) as error:
            raise ValueError from error
        try:
            opened = load_pem_private_key(sealed, passphrase.encode())
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise Refused("cannot_open", "This passphrase does not open the key.") from None
        if not isinstance(opened, Ed25519PrivateKey):
            raise ValueError("not a coordinator's key")
        return cls(id, SigningKey(opened.private_bytes_raw()))


def read_draft(path: Path) -> schemas.Network:
    """A network that is to be founded, or to go on, as the operator drafted it. ValueError; Refused."""
    value = json.loads(path.read_text(encoding="utf-8"))
    body: schemas.Network = schemas.fit(value, schemas.Network)
    if body.practice:
        raise Refused("malformed", "This is a practice network.", field="practice")
    if body.continues is None:
        check_founding(body)
    return body


def sign_draft(body: schemas.Network, key: CoordinatorKey) -> Document[schemas.Network]:
    """The network's first document with one coordinator's signature. `role_not_allowed` for a key it does not name."""
    if key.public not in body.coordinators:
        raise Refused("role_not_allowed", "The network that is to be founded does not name this key.", field="key")
    return sign(body, key.key)


@dataclass(frozen=True)
class Applicant:
    """An agency that applies. number: of its first administrator, to be compared by voice before anything is signed."""

    application: contract.Application
    admin: schemas.MemberKeys
    number: str


async def applicants(session: Session) -> list[Applicant]:
    await _prove(session)
    found = []
    for one in await session.client.applications():
        kem = unb64(one.admin.kem)
        admin = schemas.MemberKeys(id=one.admin.member.id, key=one.admin.key, kem=b64(sha256(kem)))
        check_public_key(kem, admin.kem)
        found.append(Applicant(one, admin, safety_number(session.directory.id, one.handle, admin)))
    return found


async def admit(session: Session, applicant: Applicant, may: Sequence[str] = ()) -> contract.Proposal:
    """Sign the first admission of an agency whose administrator's number was compared."""
    one = applicant.application
    await session.sync()
    if session.directory.now().agency(one.handle) is not None:
        raise Refused("id_reused", "An agency of this handle is admitted already.")
    body = schemas.Admission(
        network=session.directory.id,
        at=stamp(session.now()),
        agency=one.handle,
        version=1,
        prev=None,
        kind=one.kind,
        names=schemas.Names(en=one.name_en, mn=one.name),
        admin=applicant.admin,
        may=as_set(may),
        suspended=False,
    )
    return await _propose(session, body)


async def suspend(session: Session, agency: str, *, suspended: bool = True) -> contract.Proposal:
    """Sign that the agency takes part in nothing new; `suspended=False` reinstates it."""
    return await _change(session, agency, admin=None, suspended=suspended)


async def readmit(session: Session, agency: str, admin: schemas.MemberKeys) -> contract.Proposal:
    """Sign a new first administrator for an agency that lost its last one: the roster before ends with it."""
    return await _change(session, agency, admin=admin)


async def _change(session: Session, agency: str, **changed: Any) -> contract.Proposal:
    """Sign the next version of an agency's admission."""
    await session.sync()
    state = session.directory.now().agency(agency)
    if state is None:
        raise Refused("not_found", "The directory has no such agency.", field="agency")
    before = state.admission
    next_one = {"version": before.body.version + 1, "prev": before.sha256, "at": stamp(session.now())}
    return await _propose(session, msgspec.structs.replace(before.body, **next_one, **changed))


async def proposals(session: Session) -> list[tuple[Document[Any], contract.Proposal, bool]]:
    """What waits for signatures: the document, how it stands, and whether one has signed it oneself."""
    await _prove(session)
    key = _key(session)
    found = []
    for one in await session.client.proposals():
        document = _read(one.envelope)
        signed = any(each.keyid == keyid(key.public) for each in document.signatures)
        found.append((document, one, signed))
    return found


async def add_signature(session: Session, document: Document[Any]) -> contract.Proposal:
    """Sign what another coordinator proposed, once it was read and is meant."""
    mine = sign(document.body, _key(session))
    if mine.hash != document.hash:
        raise Refused("malformed", "The proposal is not what it reads as.")
    await _prove(session)
    return await session.client.propose(mine.envelope)


async def turn_down(session: Session, application: str) -> None:
    await _prove(session)
    await session.client.turn_down(application)


async def _propose(session: Session, body: schemas.Admission) -> contract.Proposal:
    await _prove(session)
    return await session.client.propose(sign(body, _key(session)).envelope)


async def _prove(session: Session) -> None:
    """Whoever is not known as a coordinator by the roster proves the key: the first ones sign before any roster is."""
    if "coordinator" in session.identity.roles:
        return
    challenge = await session.client.new_challenge()
    said = ctx("coordinator-proof", session.directory.id, session.identity.member, unb64(challenge))
    await session.client.prove_signatory(challenge, b64(_key(session).sign_raw(said)))


def _read(envelope: str) -> Document[Any]:
    kind = documents.kind_of_envelope(envelope)
    return read(envelope, schemas.Network if kind == "network" else schemas.Admission)


def _key(session: Session) -> SigningKey:
    """The coordinator's key, if the network names it."""
    key = session.identity.coordinator
    named = {one.key for one in session.directory.network.body.coordinators}
    if key is None or b64(key.public) not in named:
        raise Refused("role_not_allowed", "You hold no coordinator's key of this network.")
    return key
