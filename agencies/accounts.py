"""A person's account: login, what was stretched from the passphrase, the sealed keyring, the ways to open it.

The hub can open none of it (protocol §4).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agencies import second_factor, throttling
from agencies.models import Account, KnownDevice, Member, Passkey, Unlock
from agencies.throttling import Limit
from ortoo.protocol.documents import sha256
from ortoo.protocol.errors import Refused

METHODS: Final = ("passphrase", "recovery", "passkey")
MOST_UNLOCKS: Final = 20
MOST_KEYRING: Final = 64 * 1024  # bytes
SEALED_KEY: Final = (64, 128)  # bytes that a sealed KK may have
AGAIN: Final = Limit("passphrase again", tries=10, back=60)

_LOGIN = re.compile(r"[^\s\x00-\x1f\x7f]{3,80}")


@dataclass(frozen=True)
class NewUnlock:
    """A way to open the keyring. passkey: the credential's id, where it is one."""

    id: UUID
    method: str
    sealed: bytes
    passkey: bytes | None = None


@dataclass(frozen=True)
class NewKeyring:
    """A keyring under a KK of its own, with all the ways to open it."""

    sealed: bytes
    unlocks: Sequence[NewUnlock]


@dataclass(frozen=True)
class NewAccount:
    """auth: 32 bytes. totp: the secret that the client made; code: what its app shows, which proves that it took it."""

    login: str
    auth: bytes
    keyring: NewKeyring
    totp: bytes
    code: str


def normal(login: str) -> str:
    """The login as it is compared: NFKC, lower case (protocol §4)."""
    return unicodedata.normalize("NFKC", login).lower().strip()


def set_up(member: Member, new: NewAccount) -> tuple[Account, list[str]]:
    """Give a member an account. With it, the recovery codes of its second factor, shown once.

    Raises:
        Refused: `malformed` with the field, `id_reused` for a login that is taken.
    """
    login = normal(new.login)
    if not _LOGIN.fullmatch(login):
        raise Refused("malformed", "A login has 3 to 80 letters, and no space.", field="login")
    _check_auth(new.auth)
    step = _proven(new.totp, new.code)
    with transaction.atomic():
        if Account.objects.filter(login=login).exists() or Account.objects.filter(pk=member.pk).exists():
            raise Refused("id_reused", "This login is taken. Choose another one.", field="login")
        account = Account.objects.create(
            member=member,
            login=login,
            auth=sha256(new.auth),
            keyring=b"",
            keyring_version=0,
            totp=second_factor.seal_totp(new.totp, str(member.pk)),
            totp_step=step,
        )
        _keep(account, new.keyring)
        return account, second_factor.new_recovery_codes(account)


def save_keyring(account: Account, sealed: bytes, version: int) -> None:
    """The next version under the same KK. `head_moved` where another device was quicker."""
    _check_keyring(sealed)
    changed = Account.objects.filter(pk=account.pk, keyring_version=version - 1).update(
        keyring=sealed, keyring_version=version
    )
    if not changed:
        raise _moved()


def _moved() -> Refused:
    return Refused("head_moved", "The keyring was changed on another device. Read it again.", field="version")


def change(account: Account, auth: bytes, new_auth: bytes, new: NewKeyring, version: int) -> None:
    """Change the passphrase or the ways to open: a new KK, so that what was sealed under the old one is worth nothing.

    Devices have to sign in anew. version: for which it is sealed. Raises Refused: `key_refused` for a wrong passphrase,
    `throttled`, `head_moved` where another device was quicker.
    """
    check_passphrase(account, auth)
    _check_auth(new_auth)
    with transaction.atomic():
        locked = Account.objects.select_for_update().get(pk=account.pk)
        if locked.keyring_version != version - 1:
            raise _moved()
        locked.auth = sha256(new_auth)
        _keep(locked, new)
        KnownDevice.objects.filter(account=locked).delete()


def add_passkey(account: Account, response: str, name: str, unlock: NewUnlock | None) -> Passkey:
    """Keep a passkey, and the way to open the keyring by it, if it gives one: under the same KK.

    Raises Refused: `malformed`, `id_reused`, `limit_exceeded`, `not_found` for the way of another passkey.
    """
    with transaction.atomic():
        passkey = second_factor.finish_registration(account, response, name, timezone.now())
        if unlock is not None:
            if unlock.method != "passkey":
                raise Refused("malformed", "A passkey's way to open is `passkey`.", field="unlock")
            if account.unlocks.count() >= MOST_UNLOCKS:
                raise Refused("limit_exceeded", field="unlock", most=MOST_UNLOCKS)
            if Unlock.objects.filter(pk=unlock.id).exists():
                raise Refused("id_reused", field="unlock")
            way = _unlock(account, unlock)
            if way.passkey != passkey:
                raise Refused("not_found", "There is no such passkey.", field="unlock")
            way.save()
        return passkey


def check_passphrase(account: Account, auth: bytes) -> None:
    """Whoever changes how the account is signed in to says the passphrase once more: a session alone is not enough.

    Raises Refused: `key_refused`, `throttled`.
    """
    throttling.take((AGAIN, str(account.pk)))
    if not second_factor.same(sha256(auth), bytes(account.auth)):
        raise Refused("key_refused", "This is not the passphrase.", field="auth")
    throttling.give_back((AGAIN, str(account.pk)))


def change_totp(account: Account, auth: bytes, totp: bytes, code: str) -> None:
    """Take another authenticator app. Raises Refused: `key_refused`, `throttled`, `malformed` for a wrong code."""
    check_passphrase(account, auth)
    step = _proven(totp, code)
    account.totp, account.totp_step = second_factor.seal_totp(totp, str(account.pk)), step
    account.save(update_fields=["totp", "totp_step"])


def new_recovery_codes(account: Account, auth: bytes) -> list[str]:
    check_passphrase(account, auth)
    with transaction.atomic():
        return second_factor.new_recovery_codes(account)


def _proven(totp: bytes, code: str) -> int:
    """The time step of the code that the app shows for this secret."""
    if len(totp) != 20:
        raise Refused("malformed", "The secret of the authenticator has 20 bytes.", field="totp")
    step = second_factor.totp_step(totp, code, timezone.now(), after=0)
    if step is None:
        raise Refused("malformed", "This is not the code that the authenticator shows now.", field="code")
    return step


def _keep(account: Account, new: NewKeyring) -> None:
    _check_keyring(new.sealed)
    if not 1 <= len(new.unlocks) <= MOST_UNLOCKS:
        raise Refused("limit_exceeded", field="unlocks", most=MOST_UNLOCKS)
    if not any(one.method == "passphrase" for one in new.unlocks):
        raise Refused("malformed", "The passphrase stays a way to open.", field="unlocks")
    ids = {one.id for one in new.unlocks}
    if len(ids) < len(new.unlocks):
        raise Refused("malformed", "The same way to open is there twice.", field="unlocks")
    account.keyring, account.keyring_version = new.sealed, account.keyring_version + 1
    account.save()
    account.unlocks.all().delete()
    if Unlock.objects.filter(pk__in=ids).exists():
        raise Refused("id_reused", field="unlocks")
    Unlock.objects.bulk_create(_unlock(account, one) for one in new.unlocks)


def _unlock(account: Account, new: NewUnlock) -> Unlock:
    if new.method not in METHODS:
        raise Refused("malformed", f"A way to open is one of: {', '.join(METHODS)}.", field="unlocks")
    if not SEALED_KEY[0] <= len(new.sealed) <= SEALED_KEY[1]:
        raise Refused("size_mismatch", field="unlocks")
    passkey = Passkey.objects.filter(account=account, pk=new.passkey).first() if new.passkey is not None else None
    if (passkey is None) != (new.method != "passkey"):
        raise Refused("not_found", "There is no such passkey.", field="unlocks")
    return Unlock(id=new.id, account=account, method=new.method, sealed=new.sealed, passkey=passkey)


def _check_keyring(sealed: bytes) -> None:
    if not 1 <= len(sealed) <= MOST_KEYRING:
        raise Refused("limit_exceeded", field="keyring", most=MOST_KEYRING)


def _check_auth(auth: bytes) -> None:
    if len(auth) != 32:
        raise Refused("malformed", "`auth` has 32 bytes.", field="auth")
