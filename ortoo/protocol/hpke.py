"""SealTo (protocol, first table): HPKE base mode, MLKEM768-X25519, HKDF-SHA256, AES-256-GCM; aad empty.

SealTo(pk, info, m) = enc ‖ ct, enc 1,120 bytes, ct 16 bytes longer than m (RFC 9180, draft-ietf-hpke-pq).
All binding is in `info`.
"""

import hashlib
import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from ortoo.protocol.documents import b64, sha256
from ortoo.protocol.errors import Refused

PUBLIC_KEY: Final = 1216  # bytes: 1,184 ML-KEM-768 ‖ 32 X25519
SEED: Final = 32  # bytes
OVERHEAD: Final = 1120 + 16  # bytes that SealTo adds
WRAP: Final = OVERHEAD + 32  # bytes of a sealed 32-byte key

_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class KemKey:
    """A KEM key pair from a 32-byte seed: SHAKE256 to 96 bytes, 64 for ML-KEM-768 and 32 for X25519 (X-Wing)."""

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED:
            raise ValueError("a KEM seed has 32 bytes")
        self.seed = seed
        expanded = hashlib.shake_256(seed).digest(96)
        mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        self._key = MLKEM768X25519PrivateKey(mlkem, x25519)
        self.public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        self.sha256 = b64(sha256(self.public))  # as `kem` in documents

    def __repr__(self) -> str:
        return f"KemKey({self.sha256})"

    @classmethod
    def generate(cls) -> "KemKey":
        return cls(secrets.token_bytes(SEED))

    def open(self, info: bytes, sealed: bytes) -> bytes:
        """What was sealed to this key under `info`, else `cannot_open`."""
        try:
            return _SUITE.decrypt(sealed, self._key, info=info)
        except (InvalidTag, ValueError):
            raise Refused("cannot_open") from None


def seal_to(public_key: bytes, info: bytes, message: bytes) -> bytes:
    """SealTo: `enc ‖ ct` that only the holder of the key's seed opens, and only under the same `info`."""
    if len(public_key) != PUBLIC_KEY:
        raise Refused("key_refused", field="kem")
    try:
        key = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public_key[:1184]),
            X25519PublicKey.from_public_bytes(public_key[1184:]),
        )
        return _SUITE.encrypt(message, key, info=info)
    except ValueError:
        raise Refused("key_refused", field="kem") from None


def check_public_key(public_key: bytes, kem: str) -> bytes:
    """The fetched key, if it is the very one that a document names by `kem`; else `key_mismatch`."""
    if len(public_key) != PUBLIC_KEY or b64(sha256(public_key)) != kem:
        raise Refused("key_mismatch", field="kem")
    return public_key


def self_check() -> None:
    """Assert at start-up that the library still is what the protocol was written for (§12)."""
    key = KemKey(bytes(SEED))
    sealed = seal_to(key.public, b"self-check", b"\0" * 32)
    if KEM.MLKEM768_X25519.enc_length() != 1120 or len(key.public) != PUBLIC_KEY or len(sealed) != WRAP:
        raise RuntimeError("this build of `cryptography` has another MLKEM768-X25519 than the protocol needs")
    if key.open(b"self-check", sealed) != b"\0" * 32:
        raise RuntimeError("this build of `cryptography` does not open what it sealed")
