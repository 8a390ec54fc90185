"""Who is asking: bearer tokens of members, kept as hashes."""

import secrets
from dataclasses import dataclass

from agencies import directory
from agencies.models import Member, Token
from ortoo.protocol.documents import b64, sha256


@dataclass(frozen=True)
class Actor:
    """A member who is signed in: agency (handle), member (id), roles as of now, and the hash of the token used."""

    agency: str
    member: str
    handle: str
    roles: frozenset[str]
    token: bytes


def issue_token(member: Member) -> str:
    """A new bearer token: 256 random bits, shown once."""
    token = b64(secrets.token_bytes(32))
    Token.objects.create(hash=sha256(token.encode()), member=member)
    return token


def actor_of(token: str) -> Actor | None:
    """The member whose token it is, if it was not revoked and the directory still has the member; else None."""
    found = (
        Token.objects.filter(hash=sha256(token.encode("utf-8", "replace")), revoked_at=None)
        .values_list("hash", "member_id", "member__handle", "member__agency_id")
        .first()
    )
    if found is None:
        return None
    token_hash, member, handle, agency = found
    listed = directory.in_force().now().member(agency, str(member))
    if listed is None:
        return None
    return Actor(agency, str(member), handle, frozenset(listed.roles), bytes(token_hash))


def still(actor: Actor) -> bool:
    """Whether the actor may still be served: looked at on each delivery, not only when connecting."""
    if not Token.objects.filter(hash=actor.token, revoked_at=None).exists():
        return False
    return directory.in_force().now().member(actor.agency, actor.member) is not None
