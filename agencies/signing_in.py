"""Who is asking: bearer tokens of members, kept as hashes; and how a person gets one (protocol §4).

A session is given for the passphrase's `auth` together with a second factor, and for nothing less. Whatever was wrong
of login, passphrase and second factor, there is one answer, by the same steps, and it costs a try.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from agencies import accounts, directory, second_factor, throttling
from agencies.changes import tell_rights_changed
from agencies.models import Account, KnownDevice, Member, Token
from agencies.second_factor import SecondFactor
from agencies.throttling import Limit
from ortoo.days import ULAANBAATAR
from ortoo.protocol.documents import b64, ctx, new_id, sha256, signed_by, unb64
from ortoo.protocol.errors import Refused

SESSION_FOR: Final = timedelta(days=30)
IDLE_FOR: Final = timedelta(hours=24)
USED_WITHIN: Final = timedelta(minutes=5)  # so exactly is a token's last use kept
KIT_FOR: Final = timedelta(hours=1)
MOST_SESSIONS: Final = 20
MOST_API_TOKENS: Final = 20
LONGEST_API_TOKEN: Final = timedelta(days=366)

BY_ADDRESS: Final = Limit("sign-in address", tries=100, back=5)  # a whole agency may share one
BY_LOGIN: Final = Limit("sign-in login", tries=10, back=300)  # for all strangers together
BY_DEVICE: Final = Limit("sign-in device", tries=10, back=60)  # for a device that has signed in before

NOBODYS_AUTH: Final = sha256(b"")

# What an API token may do: everything that its member may, within these.
SCOPES: Final = ("read", "send", "answer")


class SignInRefused(Exception):
    code = "sign_in_refused"
    message = "Login, passphrase or second factor are not right. Check all three, and the clock of your device."


@dataclass(frozen=True)
class Actor:
    """A member who is signed in.

    agency: its handle; "" for somebody whose agency is not admitted yet. roles: as of now; none for whoever waits to be
    confirmed. scopes: of SCOPES, what the token may be used for. token: its hash; session: whether it is a person's;
    signatory: whether a coordinator's key, which the network names, was proven in it.
    """

    agency: str
    member: str
    handle: str
    roles: frozenset[str]
    scopes: frozenset[str]
    token: bytes
    session: bool
    signatory: bool


# --- tokens -----------------------------------------------------------------------------------------------------------


def issue_token(
    member: Member,
    kind: Token.Kind,
    *,
    name: str,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> tuple[str, Token]:
    """A new bearer token: 256 random bits, shown once."""
    text, now = b64(secrets.token_bytes(32)), timezone.now()
    row = Token.objects.create(
        hash=sha256(text.encode()),
        id=new_id(),
        member=member,
        kind=kind,
        name=name,
        scopes=list(scopes),
        created_at=now,
        used_at=now,
        expires_at=expires_at,
    )
    return text, row


def actor_of(token: str) -> Actor | None:
    """The member whose token it is, while the token is good and the member is in the roster, or waits for it."""
    now = timezone.now()
    found = (
        live_tokens(now)
        .filter(hash=sha256(token.encode("utf-8", "replace")))
        .values_list(
            "hash",
            "kind",
            "scopes",
            "used_at",
            "signatory",
            "member_id",
            "member__handle",
            "member__agency_id",
            "member__candidate__key",
        )
        .first()
    )
    if found is None:
        return None
    token_hash, kind, scopes, used_at, signatory, member, handle, agency, waiting_key = found
    roles = _roles(agency, str(member), waiting_key)
    if roles is None:
        return None
    if now - used_at > USED_WITHIN:
        Token.objects.filter(hash=token_hash).update(used_at=now)
    allowed = scopes if kind == Token.Kind.API else SCOPES
    session = kind != Token.Kind.API
    signs = bool(signatory) and _is_signatory(signatory)
    return Actor(agency or "", str(member), handle, roles, frozenset(allowed), bytes(token_hash), session, signs)


def prove_signatory(actor: Actor, challenge: bytes, proof: bytes) -> None:
    """Whoever holds a key that the network names for its coordinators may see and hand in what they sign, as long as
    this session lasts: the key has signed a challenge of ours. `key_unknown`.
    """
    fresh, current = second_factor.use_challenge(challenge), directory.in_force()
    signed = ctx("coordinator-proof", current.id, actor.member, challenge)
    keys = [one.key for one in current.network.body.coordinators if signed_by(unb64(one.key), proof, signed)]
    if not fresh or not keys:
        raise Refused(
            "key_unknown", "This proves no coordinator's key of the network. Ask for a new challenge.", field="proof"
        )
    Token.objects.filter(hash=actor.token).update(signatory=keys[0])


def _is_signatory(key: str) -> bool:
    return any(one.key == key for one in directory.in_force().network.body.coordinators)


def still(actor: Actor) -> bool:
    """Whether the actor may still be served: looked at on each delivery, not only when connecting."""
    found = live_tokens(timezone.now()).filter(hash=actor.token).values_list("member__candidate__key").first()
    return found is not None and _roles(actor.agency or None, actor.member, found[0]) == actor.roles


def live_tokens(now: datetime) -> QuerySet[Token]:
    """Neither revoked nor run out; sessions that were not used for a day have run out."""
    idle = Q(kind=Token.Kind.SESSION, used_at__lt=now - IDLE_FOR)
    return Token.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None).exclude(idle)


def _roles(agency: str | None, member: str, waiting_key: str | None) -> frozenset[str] | None:
    """The member's roles; none yet for whoever waits; None for whoever has left.

    waiting_key: of who has enrolled and waits to be confirmed. Somebody who came back with another key than that in the
    roster is nobody before that: the paper with the code may have been read by others.
    """
    if agency is not None:
        view = directory.in_force().now()
        listed = view.member(agency, member)
        if listed is not None and waiting_key not in (None, listed.key):
            return frozenset()
        if listed is not None:
            return frozenset(view.roles(agency, listed))
    waits = Member.objects.filter(Q(candidate__isnull=False) | Q(agency=None), pk=member).exists()
    return frozenset() if waits else None


def end(tokens: QuerySet[Token]) -> int:
    """Revoke tokens: from the commit on nobody is served for them, and their sockets are closed."""
    ended = list(tokens.filter(revoked_at=None).values_list("pk", "member__agency_id"))
    Token.objects.filter(pk__in=[pk for pk, _ in ended]).update(revoked_at=timezone.now())
    for agency in {agency for _, agency in ended if agency}:
        tell_rights_changed(agency)
    return len(ended)


# --- signing in -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attempt:
    """What somebody hands in: login, the passphrase's `auth` (32 bytes), the second factor; where it comes from.

    device: the secret that this device was given when it signed in before. name: what to call the device in the list.
    """

    login: str
    auth: bytes
    second: SecondFactor
    address: str
    device: bytes | None = None
    name: str = ""


@dataclass(frozen=True)
class SignedIn:
    """token: shown once. device: the secret for the next time, where the device was not known yet."""

    token: str
    expires_at: datetime
    device: bytes | None
    account: Account


def sign_in(attempt: Attempt) -> SignedIn:
    """A session for the right passphrase and the right second factor.

    Raises:
        SignInRefused: for everything that was wrong.
        Refused: `throttled`, with the seconds to wait.
    """
    limits = _limits(attempt)
    throttling.take(*limits)
    now = timezone.now()
    with transaction.atomic():
        account = _checked(attempt, now)
        signed_in = _begin_session(account, attempt, now) if account is not None else None
    if signed_in is None:
        raise SignInRefused
    throttling.give_back(*limits)
    return signed_in


def _checked(attempt: Attempt, now: datetime) -> Account | None:
    """The account, if passphrase and second factor are its own. Every path does the same work."""
    login = accounts.normal(attempt.login)
    account = Account.objects.select_for_update().select_related("member").filter(login=login).first()
    expected = bytes(account.auth) if account is not None else NOBODYS_AUTH
    right = second_factor.same(sha256(attempt.auth), expected) and account is not None
    second = second_factor.check(account, attempt.second, now, use=right)
    if account is None or not right or not second:
        return None
    return account if _roles(account.member.agency_id, str(account.pk), None) is not None else None


def _begin_session(account: Account, attempt: Attempt, now: datetime) -> SignedIn:
    old = live_tokens(now).filter(member=account.pk, kind=Token.Kind.SESSION).order_by("-used_at")
    end(Token.objects.filter(pk__in=list(old.values_list("pk", flat=True)[MOST_SESSIONS - 1 :])))
    text, row = issue_token(account.member, Token.Kind.SESSION, name=attempt.name[:80], expires_at=now + SESSION_FOR)
    assert row.expires_at is not None  # noqa: S101 - just given
    device = None
    known = _known_devices(attempt).update(used_at=now)
    if not known:
        device = secrets.token_bytes(32)
        KnownDevice.objects.create(hash=sha256(device), account=account, used_at=now)
    return SignedIn(text, row.expires_at, device, account)


def _limits(attempt: Attempt) -> list[tuple[Limit, str]]:
    """A device that was signed in from before has tries of its own: strangers cannot use them up."""
    login = accounts.normal(attempt.login)
    if _known_devices(attempt).exists():
        own = BY_DEVICE, f"{login}\0{b64(sha256(attempt.device or b''))}"
    else:
        own = BY_LOGIN, login
    return [(BY_ADDRESS, attempt.address), own]


def _known_devices(attempt: Attempt) -> QuerySet[KnownDevice]:
    hashed = sha256(attempt.device or b"")
    return KnownDevice.objects.filter(hash=hashed, account__login=accounts.normal(attempt.login))


def sign_in_with_kit(member: str, challenge: bytes, proof: bytes, address: str) -> tuple[str, datetime]:
    """A session of an hour for the holder of a recovery kit: its key has signed a challenge of ours (protocol §4)."""
    throttling.take((BY_ADDRESS, address))
    fresh = second_factor.use_challenge(challenge)
    row = Member.objects.filter(pk=member).first()
    view = directory.in_force().now()
    listed = view.member(row.agency_id, member) if row is not None and row.agency_id else None
    key = unb64(listed.key) if listed is not None and "recovery" in listed.roles else bytes(32)
    signed = signed_by(key, proof, ctx("kit-sign-in", directory.in_force().id, member, challenge))
    if not fresh or row is None or listed is None or not signed:
        raise SignInRefused
    throttling.give_back((BY_ADDRESS, address))
    expires_at = timezone.now() + KIT_FOR
    token, _ = issue_token(row, Token.Kind.SESSION, name="kit", expires_at=expires_at)
    return token, expires_at


# --- sessions and tokens of partner systems ---------------------------------------------------------------------------


def sessions_of(actor: Actor) -> QuerySet[Token]:
    """The actor's own live sessions, the last used first."""
    return live_tokens(timezone.now()).filter(member=actor.member, kind=Token.Kind.SESSION).order_by("-used_at")


def last_seen(agency: str) -> list[tuple[str, date]]:
    """On which day, in Ulaanbaatar, each member of the agency was last here, as far as a token tells it; no finer."""
    seen = Token.objects.filter(member__agency=agency).values_list("member_id").annotate(last=Max("used_at"))
    return [(str(member), last.astimezone(ULAANBAATAR).date()) for member, last in seen.order_by("member_id")]


def end_session(actor: Actor, id: UUID) -> None:
    """End one of the actor's own sessions. `not_found`."""
    if not end(sessions_of(actor).filter(id=id)):
        raise Refused("not_found")


def sign_out(actor: Actor) -> None:
    end(Token.objects.filter(hash=actor.token).exclude(kind=Token.Kind.PRACTICE))


def api_tokens_of(agency: str) -> QuerySet[Token]:
    """The live tokens of the agency's partner systems, the newest first."""
    live = live_tokens(timezone.now()).filter(member__agency=agency, kind=Token.Kind.API)
    return live.select_related("member").order_by("-created_at")


def issue_api_token(agency: str, member: str, *, name: str, scopes: Sequence[str], days: int) -> tuple[str, Token]:
    """A token for a member with the role `api`. An older one stays good until it is revoked or runs out: so a partner
    changes over without a gap. `not_found` for another's member.
    """
    if not scopes or not set(scopes) <= set(SCOPES):
        raise Refused("malformed", f"Scopes are some of: {', '.join(SCOPES)}.", field="scopes")
    if not 1 <= days <= LONGEST_API_TOKEN.days:
        raise Refused("limit_exceeded", field="days", most=LONGEST_API_TOKEN.days)
    listed = directory.in_force().now().member(agency, member)
    if listed is None or "api" not in listed.roles:
        raise Refused("not_found", "The agency has no such partner system.", field="member")
    if api_tokens_of(agency).filter(member=member).count() >= MOST_API_TOKENS:
        raise Refused("limit_exceeded", field="tokens", most=MOST_API_TOKENS)
    row = Member.objects.get(pk=member)
    expires_at = timezone.now() + timedelta(days=days)
    return issue_token(row, Token.Kind.API, name=name[:80], scopes=sorted(set(scopes)), expires_at=expires_at)


def revoke_api_token(agency: str, id: UUID) -> None:
    """From now on nobody is served for it. `not_found`."""
    if not end(api_tokens_of(agency).filter(id=id)):
        raise Refused("not_found")
