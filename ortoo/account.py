"""A person's account, on the person's side (protocol §4): passphrase, keyring, ways to open it, second factor.

The hub receives `auth` and sealed bytes; what opens them never leaves the device.
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from ortoo import contract
from ortoo.protocol import schemas
from ortoo.protocol.documents import SigningKey, b64, new_id, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.keys import (
    MemberSecrets,
    new_keyring_key,
    open_keyring,
    open_unlock,
    seal_keyring,
    seal_unlock,
    stretch,
    wrapping_key,
)

GROUPS: Final = 5  # of a passphrase that is offered: 5 × 12.8 bits
CONSONANTS, VOWELS = "bcdfghjklmnprstvz", "aeiou"


@dataclass(frozen=True)
class Keys:
    """What a keyring holds, open.

    coordinator: the key of a coordinator of the network, where its holder is one.
    epochs: seeds of the agency's epochs, by number. seen: the newest directory that any device of the member saw.
    """

    member: str
    secrets: MemberSecrets = field(repr=False)
    coordinator: SigningKey | None = field(default=None, repr=False)
    epochs: Mapping[int, bytes] = field(default_factory=dict, repr=False)
    seen: schemas.Seen | None = None

    @classmethod
    def generate(cls, member: str | None = None) -> "Keys":
        return cls(member or new_id(), MemberSecrets.generate())

    @property
    def public(self) -> contract.NewKeys:
        key, kem = self.secrets.sign.public, self.secrets.kem.public
        return contract.NewKeys(id=self.member, key=b64(key), kem=b64(kem))

    def with_coordinator(self, key: SigningKey) -> "Keys":
        return replace(self, coordinator=key)

    def keyring(self) -> schemas.Keyring:
        return schemas.Keyring(
            sign=b64(self.secrets.sign.seed),
            kem=b64(self.secrets.kem.seed),
            coordinator=b64(self.coordinator.seed) if self.coordinator else None,
            epochs=[schemas.EpochSeed(n=n, seed=b64(seed)) for n, seed in sorted(self.epochs.items())],
            seen=self.seen,
        )

    @classmethod
    def of(cls, member: str, keyring: schemas.Keyring) -> "Keys":
        opened = MemberSecrets(SigningKey(unb64(keyring.sign)), KemKey(unb64(keyring.kem)))
        coordinator = SigningKey(unb64(keyring.coordinator)) if keyring.coordinator else None
        epochs = {one.n: unb64(one.seed) for one in keyring.epochs}
        return cls(member, opened, coordinator, epochs, keyring.seen)


# --- the passphrase ---------------------------------------------------------------------------------------------------


def new_passphrase() -> str:
    """One that can be spoken: five groups of four letters, 64 bits."""
    pair = [consonant + vowel for consonant in CONSONANTS for vowel in VOWELS]
    return "-".join(secrets.choice(pair) + secrets.choice(pair) for _ in range(GROUPS))


# --- the keyring ------------------------------------------------------------------------------------------------------


def seal(
    keys: Keys, *, network: str, version: int, w: bytes, recovery: Sequence[bytes] = ()
) -> tuple[contract.NewKeyring, bytes]:
    """The keyring under a fresh KK, to be opened by the passphrase (`w`) and each recovery code. With it, KK."""
    kk = new_keyring_key()
    sealed = seal_keyring(keys.keyring(), kk, network=network, member=keys.member, version=version)
    unlocks = [_unlock(kk, w, network, keys.member, "passphrase")]
    for code in recovery:
        under = wrapping_key(code, "recovery", network=network, member=keys.member)
        unlocks.append(_unlock(kk, under, network, keys.member, "recovery"))
    return contract.NewKeyring(sealed=b64(sealed), unlocks=unlocks), kk


def _unlock(kk: bytes, w: bytes, network: str, member: str, method: str) -> contract.NewUnlock:
    id = new_id()
    sealed = seal_unlock(kk, w, network=network, member=member, method=method, unlock=id)  # type: ignore[arg-type]
    return contract.NewUnlock(id=id, method=method, sealed=b64(sealed))


def open_with(
    kept: contract.Keyring, w: bytes, method: str, *, network: str, member: str, newest_seen: int = 0
) -> tuple[Keys, bytes]:
    """The keys, and KK, by one way to open. `cannot_open` where it opens nothing."""
    for one in kept.unlocks:
        if one.method != method:
            continue
        try:
            kk = open_unlock(
                unb64(one.sealed),
                w,
                network=network,
                member=member,
                method=method,  # type: ignore[arg-type]
                unlock=one.id,
            )
        except Refused:
            continue
        return open_kk(kept, kk, network=network, member=member, newest_seen=newest_seen), kk
    raise Refused("cannot_open", "This does not open the keys.")


def open_kk(kept: contract.Keyring, kk: bytes, *, network: str, member: str, newest_seen: int = 0) -> Keys:
    """The keys, by KK itself."""
    keyring = open_keyring(
        unb64(kept.sealed), kk, network=network, member=member, version=kept.version, newest_seen=newest_seen
    )
    return Keys.of(member, keyring)


# --- an account -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Authenticator:
    """The second factor that every person has: a secret for an authenticator app (RFC 6238)."""

    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> "Authenticator":
        return cls(secrets.token_bytes(20))

    @property
    def text(self) -> str:
        """As it is typed into an app that cannot scan."""
        return base64.b32encode(self.secret).decode()

    def uri(self, login: str) -> str:
        """As it is scanned."""
        return f"otpauth://totp/Ortoo:{quote(login)}?secret={self.text}&issuer=Ortoo&digits=6&period=30"

    def code(self, at: datetime) -> str:
        return TOTP(self.secret, 6, hashes.SHA1(), 30).generate(int(at.timestamp())).decode()  # noqa: S303


def new_account(
    keys: Keys, login: str, passphrase: str, authenticator: Authenticator, code: str, *, network: str
) -> tuple[contract.NewAccount, bytes]:
    """What is handed in to enrol, and KK."""
    stretched = stretch(passphrase, login, network=network)
    keyring, kk = seal(keys, network=network, version=1, w=stretched.w)
    account = contract.NewAccount(
        login=login, auth=b64(stretched.auth), keyring=keyring, totp=b64(authenticator.secret), code=code
    )
    return account, kk
