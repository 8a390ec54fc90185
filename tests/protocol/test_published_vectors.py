"""The published vectors of what the protocol builds on: what these libraries do is what the standards say."""

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, Suite
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from ortoo.protocol import keys
from ortoo.protocol.documents import SigningKey, signed_by
from ortoo.protocol.hpke import KemKey, seal_to
from ortoo.protocol.sealing import seal, unseal
from tests.protocol.refusing import refused

PUBLISHED = Path(cryptography_vectors.__file__).parent


def loaded(*path: str) -> Any:
    return json.loads(PUBLISHED.joinpath(*path).read_text())


def blocks(*path: str) -> Iterator[dict[str, str]]:
    """The `name = value` blocks of a NIST-like file, each beginning with its count; names in lower case."""
    block: dict[str, str] = {}
    for line in PUBLISHED.joinpath(*path).read_text().splitlines():
        name, equals, value = (part.strip() for part in line.partition("="))
        if name.lower() == "count" and block:
            yield block
            block = {}
        if equals and not line.startswith(("[", "#")):
            block[name.lower()] = value
        elif line.strip() == "FAIL":
            block["fail"] = "yes"
    yield block


# --- SealTo: HPKE with MLKEM768-X25519, HKDF-SHA256, AES-256-GCM ------------------------------------------------------

HYBRID = [one for one in loaded("HPKE", "hpke-pq-test-vectors.json") if (one["mode"], one["kem_id"]) == (0, 0x647A)]
CLASSIC = [
    one
    for one in loaded("HPKE", "test-vectors.json")
    if (one["mode"], one["kem_id"], one["kdf_id"], one["aead_id"]) == (0, 0x20, 1, 2)
]


def decapsulate(seed: bytes, enc: bytes) -> bytes:
    """The hybrid KEM of draft-ietf-hpke-pq (X-Wing), written here from its text."""
    expanded = hashlib.shake_256(seed).digest(96)
    x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
    ss_pq = MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).decapsulate(enc[:1088])
    ss_t = x25519.exchange(X25519PublicKey.from_public_bytes(enc[1088:]))
    return hashlib.sha3_256(ss_pq + ss_t + enc[1088:] + x25519.public_key().public_bytes_raw() + b"\\.//^\\").digest()


def opened_by_hand(suite_id: bytes, shared_secret: bytes, info: bytes, ct: bytes, aad: bytes = b"") -> bytes:
    """RFC 9180 §5.1 base mode with HKDF-SHA256 and AES-256-GCM, first message, written here from its text."""

    def extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite_id + label + ikm, "sha256")

    def expand(prk: bytes, label: bytes, context: bytes, length: int) -> bytes:
        labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + context
        return hmac.digest(prk, labelled + b"\x01", "sha256")[:length]

    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    secret = extract(shared_secret, b"secret", b"")
    key, nonce = expand(secret, b"key", context, 32), expand(secret, b"base_nonce", context, 12)
    return AESGCM(key).decrypt(nonce, ct, aad)


def test_there_are_vectors_of_the_hybrid_kem_and_of_the_rest() -> None:
    assert (len(HYBRID), len(CLASSIC)) == (2, 1)


@pytest.mark.parametrize("vector", HYBRID, ids=lambda one: f"kdf-{one['kdf_id']}")
def test_the_key_pair_of_a_seed_is_the_published_one(vector: dict[str, Any]) -> None:
    assert KemKey(bytes.fromhex(vector["skRm"])).public.hex() == vector["pkRm"]


@pytest.mark.parametrize("vector", HYBRID, ids=lambda one: f"kdf-{one['kdf_id']}")
def test_the_hybrid_kem_opens_what_was_published(vector: dict[str, Any]) -> None:
    seed, enc = bytes.fromhex(vector["skRm"]), bytes.fromhex(vector["enc"])
    assert decapsulate(seed, enc).hex() == vector["shared_secret"]
    suite = Suite(KEM.MLKEM768_X25519, {1: KDF.HKDF_SHA256, 17: KDF.SHAKE256}[vector["kdf_id"]], AEAD.CHACHA20_POLY1305)
    expanded = hashlib.shake_256(seed).digest(96)
    key = MLKEM768X25519PrivateKey(
        MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])
    )
    first, info = vector["encryptions"][0], bytes.fromhex(vector["info"])
    sealed, aad = enc + bytes.fromhex(first["ct"]), bytes.fromhex(first["aad"])
    assert openssl.hpke._decrypt_with_aad(suite, sealed, key, info, aad).hex() == first["pt"]


def test_the_key_schedule_written_here_is_the_published_one() -> None:
    vector = CLASSIC[0]
    first = vector["encryptions"][0]
    opened = opened_by_hand(
        b"HPKE\x00\x20\x00\x01\x00\x02",
        bytes.fromhex(vector["shared_secret"]),
        bytes.fromhex(vector["info"]),
        bytes.fromhex(first["ct"]),
        bytes.fromhex(first["aad"]),
    )
    assert opened.hex() == first["pt"]


def test_seal_to_is_these_two_put_together() -> None:
    """The suite 0x647a, 0x0001, 0x0002 has no published vector: what we seal opens by hand, so it is what it says."""
    seed = bytes(range(32))
    wrap = seal_to(KemKey(seed).public, b"info", b"r" * 32)
    shared = decapsulate(seed, wrap[:1120])
    assert opened_by_hand(b"HPKE\x64\x7a\x00\x01\x00\x02", shared, b"info", wrap[1120:]) == b"r" * 32


# --- Seal: Cobblestone-256 --------------------------------------------------------------------------------------------

CHUNKED = [one for one in loaded("chunked-encryption", "vectors.json")["vectors"] if one["aead"] == "AEAD_AES_256_GCM"]


class Chunked:
    """C2SP chunked-encryption with AES-256-GCM, written here from its text, for any hash of its HKDF-Expand.

    It was published with SHA-256; Cobblestone-256, which the protocol uses, is the same with SHA-512.
    """

    def __init__(self, digest: str, key: bytes, salt: bytes, context: bytes) -> None:
        if len(key) != 32:
            raise ValueError("key")
        info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + context
        block, derived = b"", b""
        for number in (1, 2, 3):
            block = hmac.digest(key, block + info + bytes([number]), digest)
            derived += block
        self.key, self.nonce, self.header = derived[:32], derived[32:44], salt + derived[44:76]

    def _nonce(self, number: int) -> bytes:
        return bytes(left ^ right for left, right in zip(self.nonce, number.to_bytes(12, "big"), strict=True))

    def chunk(self, number: int, text: bytes) -> bytes:
        return AESGCM(self.key).encrypt(self._nonce(number), text, b"")

    def seal(self, message: bytes) -> bytes:
        count = len(message) // 16384 + 1
        return self.header + b"".join(self.chunk(n, message[n * 16384 : (n + 1) * 16384]) for n in range(count))

    def open(self, sealed: bytes) -> bytes:
        body = sealed[56:]
        if sealed[:56] != self.header or len(body) % 16400 < 16:
            raise InvalidTag
        pieces = [body[at : at + 16400] for at in range(0, len(body), 16400)]
        return b"".join(AESGCM(self.key).decrypt(self._nonce(n), piece, b"") for n, piece in enumerate(pieces))


def test_there_are_vectors_of_chunked_encryption() -> None:
    assert len(CHUNKED) == 34


@pytest.mark.parametrize("vector", CHUNKED, ids=lambda one: one["name"])
def test_chunked_encryption_as_it_is_written_here_is_the_published_one(vector: dict[str, Any]) -> None:
    sealed = base64.b64decode(vector["ciphertext"] or "")
    if vector.get("compressed"):
        sealed = zlib.decompress(sealed)

    def opened() -> bytes:
        chunked = Chunked("sha256", bytes.fromhex(vector["key"]), sealed[:24], vector["context"].encode())
        return chunked.open(sealed)

    if vector["expect"] == "success":
        assert hashlib.sha256(opened()).hexdigest() == vector["payload_sha256"]
    else:
        with pytest.raises((InvalidTag, ValueError)):
            opened()


@pytest.mark.parametrize("length", [0, 1, 7, 16_383, 16_384, 16_385, 32_768, 4_194_305])
@pytest.mark.parametrize("context", [b"", b"context", b"con\0text"])
def test_seal_is_that_with_sha_512(length: int, context: bytes) -> None:
    key, message = bytes(range(32)), bytes(length)
    sealed = seal(key, context, message)
    assert Chunked("sha512", key, sealed[:24], context).open(sealed) == message
    assert unseal(key, context, Chunked("sha512", key, b"s" * 24, context).seal(message)) == message


@pytest.mark.parametrize("length", [0, 7, 16_384, 40_000])
def test_chunks_left_out_doubled_swapped_or_added_are_noticed(length: int) -> None:
    """The kinds of failure of the published vectors, made anew, since those were made with SHA-256."""
    key = bytes(range(32))
    by_hand = Chunked("sha512", key, b"s" * 24, b"context")
    sealed = by_hand.seal(bytes(length))
    chunks = [sealed[56:][at : at + 16400] for at in range(0, len(sealed) - 56, 16400)]
    header = sealed[:56]
    broken = [
        b"",
        sealed[:10],
        sealed[:24],
        sealed[:40],
        header,
        sealed[:-1],
        sealed[:-16],
        sealed + bytes(12),
        sealed + bytes(20),
        sealed + by_hand.chunk(len(chunks), b"more"),
        header + b"".join(chunks[:-1]),
        header + b"".join([chunks[0], *chunks]) if length else b"\0" + sealed[1:],
        header[:24] + bytes(32) + b"".join(chunks),
        bytes(24) + header[24:] + b"".join(chunks),
    ]
    if len(chunks) > 1:
        broken += [header + b"".join([chunks[1], chunks[0], *chunks[2:]]), header + b"".join([chunks[0], chunks[0]])]
    for one in broken:
        with refused("cannot_open"):
            unseal(key, b"context", one)
    with refused("cannot_open"):
        unseal(key, b"other", sealed)
    with refused("cannot_open"):
        unseal(bytes(32), b"context", sealed)
    for wrong in (key[:31], key + b"x"):
        with pytest.raises(ValueError, match="key"):
            unseal(wrong, b"context", sealed)


# --- signing, derivation, passphrase ----------------------------------------------------------------------------------


def test_ed25519() -> None:
    lines = PUBLISHED.joinpath("asymmetric", "Ed25519", "sign.input").read_text().splitlines()
    assert len(lines) == 1024
    for line in lines[::8]:
        seed_and_public, public, message, signed = (bytes.fromhex(one) for one in line.split(":")[:4])
        key, signature = SigningKey(seed_and_public[:32]), signed[:64]
        assert (key.public, key.sign_raw(message)) == (public, signature)
        assert signed_by(public, signature, message)
        assert not signed_by(public, signature, message + b"x")
        assert not signed_by(public, signature[:63] + bytes([signature[63] ^ 1]), message)


def test_aes_256_gcm() -> None:
    """Those with a nonce of 96 bits and a tag of 128, which are the only ones that the protocol uses."""
    tried = 0
    for one in blocks("ciphers", "AES", "GCM", "gcmDecrypt256.rsp"):
        raw = {name: bytes.fromhex(one.get(name, "")) for name in ("key", "iv", "ct", "aad", "tag", "pt")}
        if len(raw["iv"]) != 12 or len(raw["tag"]) != 16:
            continue
        tried += 1
        if "fail" in one:
            with pytest.raises(InvalidTag):
                AESGCM(raw["key"]).decrypt(raw["iv"], raw["ct"] + raw["tag"], raw["aad"])
        else:
            assert AESGCM(raw["key"]).decrypt(raw["iv"], raw["ct"] + raw["tag"], raw["aad"]) == raw["pt"]
    assert tried == 375


def test_hkdf_and_its_expansion() -> None:
    """Each has 32 bytes of output at least, of which ours takes the first 32."""
    tried = 0
    for one in blocks("KDF", "rfc-5869-HKDF-SHA256.txt"):
        raw = {name: bytes.fromhex(one.get(name, "")) for name in ("ikm", "salt", "info", "prk", "okm")}
        assert keys.hkdf(raw["ikm"], salt=raw["salt"], info=raw["info"]) == raw["okm"][:32]
        assert keys.expand(raw["prk"], raw["info"]) == raw["okm"][:32]
        tried += 1
    assert tried == 3


def test_argon2id() -> None:
    tried = 0
    for one in blocks("KDF", "argon2id.txt"):
        optional = {
            name: bytes.fromhex(one[given]) for name, given in (("ad", "ad"), ("secret", "secret")) if given in one
        }
        argon = Argon2id(
            salt=bytes.fromhex(one["salt"]),
            length=int(one["length"]),
            iterations=int(one["iter"]),
            lanes=int(one["lanes"]),
            memory_cost=int(one["memcost"]),
            **optional,
        )
        assert argon.derive(bytes.fromhex(one["pass"])).hex() == one["output"]
        tried += 1
    assert tried >= 4


def test_the_costs_of_a_passphrase_are_those_of_the_protocol() -> None:
    assert (keys.ARGON2_PASSES, keys.ARGON2_MEMORY, keys.ARGON2_LANES) == (3, 65_536, 1)


def test_hkdf_expand_of_the_library_is_ours() -> None:
    assert keys.expand(b"k" * 32, b"info") == HKDFExpand(SHA256(), 32, b"info").derive(b"k" * 32)
