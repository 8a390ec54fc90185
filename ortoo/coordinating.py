"""A coordinator's signatures (protocol §3): made on the own machine, with a key made for this alone; the hub brings
them together until there are enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ortoo import contract
from ortoo.protocol import documents, schemas
from ortoo.protocol.documents import Document, as_set, b64, ctx, keyid, read, sha256, sign, stamp, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import check_public_key
from ortoo.protocol.keys import safety_number
from ortoo.session import Session


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


def _key(session: Session) -> documents.SigningKey:
    """The coordinator's key, if the network names it."""
    key = session.identity.coordinator
    named = {one.key for one in session.directory.network.body.coordinators}
    if key is None or b64(key.public) not in named:
        raise Refused("role_not_allowed", "You hold no coordinator's key of this network.")
    return key
