"""An administrator's work (protocol §3, §4): who belongs to the agency, with which keys, and the agency's own key.

Each change is one signed roster, published in one transaction with the seeds that its members need. So whatever breaks
off has happened whole or not at all, and whoever repeats it finds it done. Before: the directory is synced and proven;
after: what the hub holds is read back.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from ortoo import contract
from ortoo.account import Keys
from ortoo.client import HubError
from ortoo.protocol import schemas
from ortoo.protocol.directory import Agency
from ortoo.protocol.documents import Document, as_set, b64, sha256, sign, stamp, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import KemKey, check_public_key
from ortoo.protocol.keys import hand_over, safety_number
from ortoo.session import Session

RENEW: Final = timedelta(days=90)
WITNESSED_WITHIN: Final = 30  # seconds


@dataclass(frozen=True)
class Candidate:
    """Somebody who waits. number: to be compared by voice before anything is signed."""

    member: contract.Member
    keys: schemas.MemberKeys
    kem: bytes
    roles: tuple[str, ...]
    number: str


@dataclass(frozen=True)
class Paper:
    """What stands on the invitation: where, the code, and the network's fingerprint, each to be typed."""

    hub: str
    code: str
    fingerprint: str


async def invite(
    session: Session, names: contract.Names, roles: Sequence[str], again: str | None = None
) -> tuple[Paper, contract.Invitation]:
    made = await session.client.invite(names, roles, again)
    return Paper(session.client.hub, grouped(unb64(made.code)), grouped(unb64(session.identity.anchor))), made.listed


async def candidates(session: Session) -> list[Candidate]:
    """Who waits to be confirmed. The numbers are made here, of the keys that would be signed."""
    return [_candidate(session, one) for one in await session.client.candidates()]


def _candidate(session: Session, given: contract.Candidate) -> Candidate:
    kem = unb64(given.kem)
    listed = schemas.MemberKeys(id=given.member.id, key=given.key, kem=b64(sha256(kem)))
    check_public_key(kem, listed.kem)
    number = safety_number(session.directory.id, session.identity.agency, listed)
    return Candidate(given.member, listed, kem, tuple(given.roles), number)


async def confirm(session: Session, candidate: Candidate, roles: Sequence[str] | None = None) -> None:
    """Sign somebody in whose number was compared. Whoever came back with new keys is changed, with the next epoch."""
    await session.sync()
    state = _own(session)
    wanted = schemas.RosterMember(
        id=candidate.keys.id,
        key=candidate.keys.key,
        kem=candidate.keys.kem,
        roles=as_set(roles or candidate.roles),
    )
    if state.member(wanted.id) == wanted:
        await _hand_over_the_rest(session)
        return
    others = [one for one in state.members if one.id != wanted.id]
    await _publish(session, [*others, wanted], renew=state.member(wanted.id) is not None, fresh=[candidate.kem])


async def begin(session: Session) -> None:
    """The first roster of an agency that was just admitted: its first administrator, its first epoch."""
    await session.sync()
    state = _own(session)
    if state.roster is not None:
        return
    public = session.identity.secrets.public(session.identity.member)
    first = schemas.RosterMember(
        id=public.id, key=public.key, kem=public.kem, roles=as_set(["administrator", "focal_point"])
    )
    await _publish(session, [first], renew=True, fresh=[session.identity.secrets.kem.public])


async def remove(session: Session, member: str) -> None:
    """A roster without the member, with the next epoch: it is signed out everywhere, and opens nothing new."""
    await session.sync()
    state = _own(session)
    if state.member(member) is None:
        await _hand_over_the_rest(session)
        return
    await _publish(session, [one for one in state.members if one.id != member], renew=True)


async def change_roles(session: Session, member: str, roles: Sequence[str]) -> None:
    await session.sync()
    state = _own(session)
    before = state.member(member)
    if before is None:
        raise Refused("not_found", "The agency has no such member.")
    after = schemas.RosterMember(id=before.id, key=before.key, kem=before.kem, roles=as_set(roles))
    if after != before:
        await _publish(session, [after if one.id == member else one for one in state.members], renew=False)


async def rotate(session: Session) -> int:
    """The agency's next key, held by all its members. Gives the number of the epoch."""
    await session.sync()
    await _publish(session, _own(session).members, renew=True)
    epoch = _own(session).epoch
    if epoch is None:
        raise HubError("bad_answer", "The roster was not put in force.")
    return epoch.n


async def new_kit(session: Session, names: contract.Names, keys: Keys | None = None) -> Keys:
    """A recovery kit: keys for a paper, with which somebody can sign a roster when no administrator is left.

    keys: those that the caller has made and kept already, whatever becomes of the hub's answer.
    """
    keys = keys or Keys.generate()
    await session.client.add_partner(names, keys.public, "recovery")
    await _add(session, keys, "recovery")
    return keys


async def new_partner(session: Session, names: contract.Names, keys: Keys | None = None) -> Keys:
    """A partner system with keys of its own, to be carried to where it runs. keys: as for a kit."""
    keys = keys or Keys.generate()
    await session.client.add_partner(names, keys.public, "api")
    await _add(session, keys, "api")
    return keys


async def _add(session: Session, keys: Keys, role: str) -> None:
    await session.sync()
    public = keys.secrets.public(keys.member)
    listed = schemas.RosterMember(id=public.id, key=public.key, kem=public.kem, roles=as_set([role]))
    await _publish(session, [*_own(session).members, listed], renew=False, fresh=[keys.secrets.kem.public])


# --- one roster -------------------------------------------------------------------------------------------------------


async def _publish(
    session: Session, members: Iterable[schemas.RosterMember], *, renew: bool, fresh: Sequence[bytes] = ()
) -> None:
    """Sign and publish a roster with these members. renew: with the next epoch. fresh: public keys new to the hub."""
    state, listed, now = _own(session), list(members), session.now()
    new = KemKey.generate() if renew else None
    seeds = await _needed_epochs(session) if state.epoch is not None else {}
    if new is not None:
        epoch = schemas.Epoch(n=state.last_epoch + 1, kem=new.sha256, renew_by=stamp(now + RENEW))
        seeds[epoch.n] = new
    else:
        assert state.epoch is not None  # noqa: S101 - a roster without one is always the first, which renews
        epoch = state.epoch
    prev, version = session.directory.roster_after(state.handle)
    body = schemas.Roster(
        network=session.directory.id,
        at=stamp(now),
        directory=session.directory.head,
        author=session.signer.author,
        agency=state.handle,
        version=version,
        prev=prev,
        members=as_set(listed),
        epoch=epoch,
        activity=None,
    )
    roster = sign(body, session.signer.key)
    known = await _kem_keys(session, listed)
    known |= {b64(sha256(key)): key for key in fresh}
    handed = await _seeds(session, state, listed, seeds, known, epoch.n if renew else 0)
    kem_keys = [*fresh, *([new.public] if new is not None else [])]
    await session.client.publish_roster(roster.envelope, [b64(one) for one in kem_keys], handed)
    await _read_back(session, roster, {one.epoch for one in handed})


async def _seeds(
    session: Session,
    state: Agency,
    members: Sequence[schemas.RosterMember],
    seeds: dict[int, KemKey],
    public: dict[str, bytes],
    new: int,
) -> list[contract.Seed]:
    """What each member needs and does not hold yet: the new epoch; for whoever is new or has new keys, all of them."""
    held = {(one.member, one.epoch) for one in await session.client.held_keys()} if state.roster is not None else set()
    kept = {(one.id, one.kem) for one in state.members}
    wanted = [
        (member, n)
        for member in members
        for n in sorted(seeds)
        if n == new or (member.id, member.kem) not in kept or (member.id, n) not in held
    ]
    return [
        contract.Seed(
            member=member.id,
            epoch=n,
            sealed=b64(
                hand_over(
                    seeds[n].seed,
                    network=session.directory.id,
                    agency=state.handle,
                    epoch=n,
                    member=member.id,
                    member_key=unb64(member.key),
                    member_kem=check_public_key(public[member.kem], member.kem),
                )
            ),
        )
        for member, n in wanted
    ]


async def _hand_over_the_rest(session: Session) -> None:
    """The change is there already; whoever still lacks a seed that is needed gets it."""
    state, seeds = _own(session), await _needed_epochs(session)
    known = await _kem_keys(session, state.members)
    missing = await _seeds(session, state, state.members, seeds, known, 0)
    if missing:
        await session.client.hand_over(missing)


async def _needed_epochs(session: Session) -> dict[int, KemKey]:
    """The agency's keys that something may still be read with, and the newest."""
    await session.agency_epochs()
    await session.drop_unneeded_epochs()
    return dict(await session.agency_epochs())


async def _kem_keys(session: Session, members: Iterable[schemas.RosterMember]) -> dict[str, bytes]:
    """The members' public keys that the hub has, by their hashes."""
    found = await session.client.kem_keys([one.kem for one in members])
    return {b64(unb64(one.sha256)): unb64(one.key) for one in found}


async def _read_back(session: Session, roster: Document[schemas.Roster], epochs: set[int]) -> None:
    """The roster is in force, the own seeds open to the directory's keys, every member holds the newest one."""
    await _until_in_force(session, roster)
    opened = await session.agency_epochs()
    holds = {one.member for one in await session.client.held_keys() if one.epoch == roster.body.epoch.n}
    without = {one.id for one in roster.body.members} - holds
    if without or not epochs <= opened.keys():
        raise HubError("bad_answer", "The hub does not hold all keys that were handed over. Repeat it.")


async def _until_in_force(session: Session, roster: Document[schemas.Roster]) -> None:
    """The hub has taken the roster; the network's witnesses see it within seconds, where there are any."""
    waits = session.directory.policy.quorum != "none"
    for tries in range(WITNESSED_WITHIN if waits else 1):
        if tries:
            await asyncio.sleep(1)
        await session.sync()
        if roster.sha256 in session.directory:
            return
    if not waits:
        raise Refused("head_moved", "Another administrator changed the members at the same time. Look, and repeat.")
    raise HubError("not_witnessed", "The network's witnesses have not seen it yet.")


def _own(session: Session) -> Agency:
    state = session.directory.now().agency(session.identity.agency)
    if state is None:
        raise Refused("not_found", "The agency is not admitted yet: the coordinators have to sign it.")
    return state


def grouped(data: bytes) -> str:
    """Bytes for a paper: base32 in groups of four, small letters."""
    from base64 import b32encode

    text = b32encode(data).decode().rstrip("=").lower()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def ungrouped(text: str) -> bytes:
    """What was typed from a paper. ValueError where it is not that."""
    from base64 import b32decode

    bare = "".join(text.split()).replace("-", "").upper()
    return b32decode(bare + "=" * (-len(bare) % 8))
