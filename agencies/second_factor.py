"""The second factor: codes of an authenticator app (RFC 6238), passkeys (WebAuthn level 3), recovery codes.

A wrong one and one that is not there take the same way and the same time.
"""

import base64
import json
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives import constant_time, hashes
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.conf import settings
from django.utils import timezone
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from agencies import throttling
from agencies.models import Account, Challenge, Passkey, RecoveryCode
from agencies.throttling import Limit
from ortoo.protocol.documents import b64, ctx, sha256
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import hkdf
from ortoo.protocol.sealing import seal, unseal

STEP: Final = 30  # seconds
DIGITS: Final = 6
RECOVERY_CODES: Final = 10
CHALLENGE_FOR: Final = timedelta(minutes=5)
MOST_PASSKEYS: Final = 10
BY_ADDRESS: Final = Limit("challenge address", tries=60, back=5)
NOBODYS_SECRET: Final = b"\0" * 20
SIGN_IN, KEY, RECEIPT = "sign in", "key", "receipt"  # what a challenge is for: it is good for nothing else


@dataclass(frozen=True)
class SecondFactor:
    """One of them: a code of the app, a recovery code, a passkey's assertion as JSON."""

    totp: str | None = None
    recovery: str | None = None
    passkey: str | None = None


def check(account: Account | None, given: SecondFactor, at: datetime, *, use: bool) -> bool:
    """Whether it is one of the account's. use: it is used up; without, a right one counts as wrong and stays good."""
    if given.passkey is not None:
        return is_assertion(account, given.passkey, at) is not None
    if given.recovery is not None:
        return use_recovery_code(account if use else None, given.recovery)
    secret = open_totp(account) if account is not None else NOBODYS_SECRET
    step = totp_step(secret, given.totp or "", at, after=account.totp_step if account is not None else 0)
    if account is None or secret == NOBODYS_SECRET or step is None:
        return False
    if use:
        account.totp_step, account.totp = step, seal_totp(secret, str(account.pk))
        account.save(update_fields=["totp_step", "totp"])
    return True


# --- codes of an app --------------------------------------------------------------------------------------------------


def totp_step(secret: bytes, code: str, at: datetime, *, after: int) -> int | None:
    """The time step that the code belongs to, one before and one after now included; None for a wrong or a used one."""
    now = int(at.timestamp()) // STEP
    found = None
    for step in (now - 1, now, now + 1):
        if _is_code(secret, code, step) and step > after:
            found = step
    return found


def _is_code(secret: bytes, code: str, step: int) -> bool:
    try:
        TOTP(secret, DIGITS, hashes.SHA1(), STEP).verify(code.encode(), step * STEP)  # noqa: S303 - RFC 6238
    except InvalidToken:
        return False
    return True


def seal_totp(secret: bytes, member: str) -> bytes:
    """As it is kept: under the hub's secret key, so that the database alone gives no codes."""
    return seal(_totp_key(settings.SECRET_KEY), ctx("totp", member), secret)


def open_totp(account: Account) -> bytes:
    """NOBODYS_SECRET where there is none, or none that the hub's secret keys open."""
    if account.totp is not None:
        for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            with suppress(Refused):
                return unseal(_totp_key(key), ctx("totp", str(account.pk)), bytes(account.totp))
    return NOBODYS_SECRET


def _totp_key(secret_key: str) -> bytes:
    return hkdf(secret_key.encode(), salt=b"", info=b"ortoo totp")


# --- recovery codes ---------------------------------------------------------------------------------------------------


def new_recovery_codes(account: Account) -> list[str]:
    """Ten fresh codes, four groups of four letters and digits; the ones before are void. Shown once."""
    codes = [secrets.token_bytes(10) for _ in range(RECOVERY_CODES)]
    account.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(hash=sha256(code), account=account) for code in codes)
    return ["-".join(_groups(base64.b32encode(code).decode().lower())) for code in codes]


def use_recovery_code(account: Account | None, code: str) -> bool:
    """Whether it is one of the account's; then it is used up."""
    letters = "".join(code.split()).replace("-", "").upper()
    try:
        hashed = sha256(base64.b32decode(letters))
    except ValueError:
        hashed = sha256(b"")
    return RecoveryCode.objects.filter(hash=hashed, account=account).delete()[0] == 1


def _groups(text: str) -> list[str]:
    return [text[at : at + 4] for at in range(0, len(text), 4)]


# --- passkeys ---------------------------------------------------------------------------------------------------------


def _server() -> Fido2Server:
    entity = PublicKeyCredentialRpEntity(id=settings.ORTOO_RP_ID, name="Ortoo")
    return Fido2Server(entity, verify_origin=lambda origin: settings.ORTOO_ORIGIN.fullmatch(origin) is not None)


def begin_registration(account: Account) -> str:
    """WebAuthn creation options, as JSON. The PRF extension's input is the client's to add (protocol §4)."""
    known = [AttestedCredentialData(bytes(one.credential)) for one in account.passkeys.all()]
    if len(known) >= MOST_PASSKEYS:
        raise Refused("limit_exceeded", field="passkeys", most=MOST_PASSKEYS)
    user = PublicKeyCredentialUserEntity(id=account.pk.bytes, name=account.login, display_name=account.login)
    options, _ = _server().register_begin(
        user,
        known,
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.REQUIRED,
        challenge=give_challenge(_adding(account)),
    )
    return json.dumps(dict(options)["publicKey"])


def finish_registration(account: Account, response: str, name: str, at: datetime) -> Passkey:
    """Keep the credential that the authenticator made for a challenge of this account's: whoever asked for that one had
    said the passphrase. Raises Refused (`malformed`).
    """
    try:
        value = json.loads(response)
        challenge = _answered(value, _adding(account))
        data = _server().register_complete(_state(challenge), value).credential_data
    except (ValueError, KeyError, TypeError, AssertionError):
        raise _not_taken() from None
    if data is None or Passkey.objects.filter(pk=data.credential_id).exists():
        raise _not_taken()
    return Passkey.objects.create(
        id=data.credential_id, account=account, credential=bytes(data), name=name, created_at=at
    )


def begin_assertion(address: str) -> str:
    """WebAuthn request options, as JSON: the same for everybody, since nobody has said yet who it is. `throttled`."""
    throttling.take((BY_ADDRESS, address))
    options, _ = _server().authenticate_begin(
        user_verification=UserVerificationRequirement.REQUIRED, challenge=give_challenge(SIGN_IN)
    )
    return json.dumps(dict(options)["publicKey"])


def is_assertion(account: Account | None, response: str, at: datetime) -> Passkey | None:
    """The passkey of the account that answered a challenge of ours; None for anything else."""
    known: Sequence[Passkey] = list(account.passkeys.all()) if account is not None else []
    try:
        value = json.loads(response)
        challenge = _answered(value, SIGN_IN)
        credentials = [AttestedCredentialData(bytes(one.credential)) for one in known]
        used = _server().authenticate_complete(_state(challenge), credentials, value)
    except (ValueError, KeyError, TypeError):
        return None
    found = next(one for one in known if bytes(one.pk) == used.credential_id)
    Passkey.objects.filter(pk=found.pk).update(used_at=at)
    return found


def new_challenge(address: str) -> bytes:
    """A challenge for a recovery kit's key. `throttled`."""
    throttling.take((BY_ADDRESS, address))
    return give_challenge(KEY)


def use_challenge(challenge: bytes, what: str = KEY) -> bool:
    """Whether we gave it out for this and nobody has answered it yet; then it is used up."""
    hashed = sha256(ctx(what, challenge))
    return Challenge.objects.filter(hash=hashed, expires_at__gt=timezone.now()).delete()[0] == 1


def give_challenge(what: str) -> bytes:
    """32 bytes that are good once, for this, for five minutes. Whoever calls limits who may have how many."""
    challenge = secrets.token_bytes(32)
    Challenge.objects.create(hash=sha256(ctx(what, challenge)), expires_at=timezone.now() + CHALLENGE_FOR)
    return challenge


def _adding(account: Account) -> str:
    return f"add passkey {account.pk}"


def _answered(value: Any, what: str) -> bytes:
    """The challenge that it answers, which is used up by this. ValueError for one that we did not give out for this."""
    client_data = json.loads(_unb64(value["response"]["clientDataJSON"]))
    challenge = _unb64(client_data["challenge"])
    if not use_challenge(challenge, what):
        raise ValueError
    return challenge


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _state(challenge: bytes) -> dict[str, Any]:
    return {"challenge": b64(challenge), "user_verification": UserVerificationRequirement.REQUIRED}


def _not_taken() -> Refused:
    return Refused("malformed", "This passkey could not be taken. Try again, or use another way.", field="passkey")


def same(one: bytes, other: bytes) -> bool:
    return constant_time.bytes_eq(one, other)
