"""A member's and an agency's keys, the keyring and the ways to open it, the safety number (protocol §3, §4)."""

import secrets
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ortoo.protocol import schemas
from ortoo.protocol.documents import SigningKey, b64, canonical, ctx, parse, sha256, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import SEED, KemKey, seal_to
from ortoo.protocol.sealing import pad, seal, unpad, unseal

Method = Literal["passphrase", "recovery", "passkey"]

ARGON2_PASSES: Final = 3
ARGON2_MEMORY: Final = 64 * 1024  # KiB
ARGON2_LANES: Final = 1


def hkdf(secret: bytes, *, salt: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 (RFC 5869), 32 bytes."""
    return HKDF(hashes.SHA256(), 32, salt, info).derive(secret)


def expand(key: bytes, info: bytes) -> bytes:
    """Expansion only, 32 bytes: HMAC-SHA256(key, info ‖ 0x01), the first block of HKDF-Expand."""
    mac = HMAC(key, hashes.SHA256())
    mac.update(info + b"\x01")
    return mac.finalize()


# --- agency keys ------------------------------------------------------------------------------------------------------


def _agency_key_info(network: str, agency: str, epoch: int, member: str, member_key: bytes) -> bytes:
    return ctx("agency-key", network, agency, epoch, member, member_key)


def hand_over(
    seed: bytes, *, network: str, agency: str, epoch: int, member: str, member_key: bytes, member_kem: bytes
) -> bytes:
    """An epoch's seed, sealed to one member: 1,168 bytes."""
    return seal_to(member_kem, _agency_key_info(network, agency, epoch, member, member_key), seed)


def take_over(
    sealed: bytes, *, network: str, agency: str, epoch: schemas.Epoch, member: str, keys: "MemberSecrets"
) -> KemKey:
    """The agency's key of `epoch`, if the seed gives the very key that the directory names.

    HPKE base mode does not say who sealed: a seed that gives another key, or none, is refused with `key_mismatch` (§4).
    """
    info = _agency_key_info(network, agency, epoch.n, member, keys.sign.public)
    seed = keys.kem.open(info, sealed)
    key = KemKey(seed) if len(seed) == SEED else None
    if key is None or key.sha256 != epoch.kem:
        raise Refused("key_mismatch", reader=agency, epoch=epoch.n)
    return key


@dataclass(frozen=True)
class MemberSecrets:
    """A member's two key pairs, made on the member's own device."""

    sign: SigningKey
    kem: KemKey

    @classmethod
    def generate(cls) -> "MemberSecrets":
        return cls(SigningKey.generate(), KemKey.generate())

    def public(self, member: str) -> schemas.MemberKeys:
        return schemas.MemberKeys(id=member, key=b64(self.sign.public), kem=self.kem.sha256)


# --- the keyring ------------------------------------------------------------------------------------------------------


def new_keyring_key() -> bytes:
    """A fresh KK. Drawn anew when a way to open is changed or removed (§4)."""
    return secrets.token_bytes(32)


def seal_keyring(keyring: schemas.Keyring, kk: bytes, *, network: str, member: str, version: int) -> bytes:
    text = canonical(msgspec.to_builtins(keyring))
    return seal(kk, ctx("keyring", network, member, version), pad(text, "keyring"))


def open_keyring(
    sealed: bytes, kk: bytes, *, network: str, member: str, version: int, newest_seen: int = 0
) -> schemas.Keyring:
    """The keyring; `checkpoint_rollback` for an older version than this device has seen."""
    if version < newest_seen:
        raise Refused(
            "checkpoint_rollback",
            "An older keyring than before was handed out. Stop, and tell an administrator.",
        )
    text = unpad(unseal(kk, ctx("keyring", network, member, version), sealed))
    return schemas.fit(parse(text, max_text=None), schemas.Keyring)


def seal_unlock(kk: bytes, w: bytes, *, network: str, member: str, method: Method, unlock: str) -> bytes:
    """One way to open the keyring: KK under the key `w` of that way."""
    return seal(w, ctx("unlock", network, member, method, unlock), kk)


def open_unlock(sealed: bytes, w: bytes, *, network: str, member: str, method: Method, unlock: str) -> bytes:
    return unseal(w, ctx("unlock", network, member, method, unlock), sealed)


def wrapping_key(secret: bytes, method: Method, *, network: str, member: str) -> bytes:
    """`w` of a recovery code's 256 random bits or of a passkey's 32 bytes (WebAuthn PRF)."""
    return hkdf(secret, salt=ctx(method, network, member), info=ctx("wrap"))


@dataclass(frozen=True)
class Stretched:
    """What a passphrase gives: `auth` is what the hub receives, `w` never leaves the device."""

    auth: bytes
    w: bytes


def stretch(passphrase: str, login: str, *, network: str) -> Stretched:
    """Argon2id (RFC 9106) of the NFKC passphrase: 3 passes, 64 MiB, 1 lane; salt from network and login."""
    name = unicodedata.normalize("NFKC", login).lower()
    salt = sha256(ctx("passphrase", network, name))[:16]
    secret = unicodedata.normalize("NFKC", passphrase).encode()
    m = Argon2id(salt=salt, length=32, iterations=ARGON2_PASSES, lanes=ARGON2_LANES, memory_cost=ARGON2_MEMORY).derive(
        secret
    )
    return Stretched(auth=expand(m, ctx("auth")), w=expand(m, ctx("wrap")))


def prf_input(network: str) -> bytes:
    """What a client sends as `prf.eval.first` to a passkey."""
    return sha256(ctx("prf", network))


# --- the safety number ------------------------------------------------------------------------------------------------


def safety_number(network: str, agency: str, member: schemas.MemberKeys) -> str:
    """Six groups of five digits that two people compare by voice before a key is signed (§3)."""
    kem = unb64(member.kem, field="kem")
    digest = sha256(ctx("safety", network, agency, member.id, unb64(member.key, field="key"), kem))
    return " ".join(f"{int.from_bytes(digest[5 * i : 5 * i + 5], 'big') % 100000:05d}" for i in range(6))
