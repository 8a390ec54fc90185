"""Signed documents (protocol §2): canonical JSON, DSSE envelopes, hashes, ids, times.

An envelope, itself in canonical form:

    {"payload":"<base64url>","payloadType":"application/vnd.ortoo.<kind>.v1+json",
     "signatures":[{"keyid":"<base64url>","sig":"<base64url>"}]}

A signature covers PAE(payloadType, payload) = "DSSEv1 " ‖ len ‖ " " ‖ payloadType ‖ " " ‖ len ‖ " " ‖ payload.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, Generic, TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ortoo.protocol import ids, schemas
from ortoo.protocol.errors import Refused

MAX_PAYLOAD: Final = 256 * 1024  # bytes
MAX_ENVELOPE: Final = MAX_PAYLOAD * 4 // 3 + 4096  # bytes
MAX_SIGNATURES: Final = 16
MAX_DEPTH: Final = 8  # of a payload, the outermost being 1
MAX_NAME: Final = 64  # bytes of a member's name
MAX_TEXT: Final = 4096  # bytes of a string in a payload
MAX_INTEGER: Final = 2**53 - 1
CLOCK_SKEW: Final = 600  # seconds

_PAYLOAD_TYPE: Final = re.compile(r"application/vnd\.ortoo\.([a-z]+)\.v([0-9]+)\+json")

# A string of JSON; one that does not end runs to the end of the bytes, so that no byte is looked at twice.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)

P = TypeVar("P", bound=schemas.Payload)


# --- bytes, hashes, contexts ------------------------------------------------------------------------------------------


def b64(raw: bytes) -> str:
    """base64url without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def unb64(text: str, *, field: str = "base64") -> bytes:
    """The bytes of their one base64url form; anything else is `malformed`."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Refused("malformed", field=field) from None
    if b64(raw) != text:
        raise Refused("malformed", field=field)
    return raw


def sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def ctx(label: str, *elements: str | int | bytes) -> bytes:
    """The context `ortoo/v1/<label>, elements…`, each element preceded by its length as 4 bytes big-endian."""
    encoded = [f"ortoo/v1/{label}".encode()]
    for element in elements:
        encoded.append(element if isinstance(element, bytes) else str(element).encode())
    return b"".join(len(element).to_bytes(4, "big") + element for element in encoded)


def keyid(public_key: bytes) -> str:
    """A hint at a public key: base64url of the first 16 bytes of SHA-256(ctx("keyid", key))."""
    return b64(sha256(ctx("keyid", public_key))[:16])


def pae(payload_type: str, payload: bytes) -> bytes:
    """DSSE v1 pre-authentication encoding."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


# --- times ------------------------------------------------------------------------------------------------------------


def instant(text: str) -> datetime:
    """The instant that `YYYY-MM-DDThh:mm:ssZ` names."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """`YYYY-MM-DDThh:mm:ssZ` of an aware datetime, cut to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def check_clock(at: str, now: datetime) -> None:
    """Refuse with `clock_skew` what is stamped more than ten minutes away from `now`."""
    if abs((instant(at) - now).total_seconds()) > CLOCK_SKEW:
        raise Refused("clock_skew", field="at", now=stamp(now))


# --- canonical JSON (RFC 8785, narrowed to I-JSON without floats) -----------------------------------------------------


def canonical(value: Any) -> bytes:
    """The RFC 8785 form of a value of objects with ASCII names, lists, texts, integers, booleans and null."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode()
    except UnicodeEncodeError:
        raise Refused("not_canonical", field="a lone surrogate") from None


def parse(raw: bytes, *, max_depth: int = MAX_DEPTH, max_text: int | None = MAX_TEXT) -> Any:
    """The value of canonical bytes. `limit_exceeded` for depth and lengths, `not_canonical` for all else."""
    _bound_depth(raw, max_depth)
    try:
        value = json.loads(raw.decode("utf-8"), parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError):
        raise Refused("not_canonical") from None
    _bound_lengths(value, max_text)
    _check_names_and_numbers(value)
    if canonical(value) != raw:
        raise Refused("not_canonical")
    return value


def check_sets(value: Any) -> None:
    """Every list in a payload is a set: sorted by its elements' canonical bytes, none twice. Else `not_canonical`."""
    if isinstance(value, dict):
        for member in value.values():
            check_sets(member)
    elif isinstance(value, list):
        encoded = [canonical(element) for element in value]
        if any(left >= right for left, right in pairwise(encoded)):
            raise Refused("not_canonical", field="an unsorted or repeated list")
        for element in value:
            check_sets(element)


def as_set(elements: Iterable[Any]) -> list[Any]:
    """The elements in the order that a payload's lists must have."""
    return sorted(elements, key=lambda element: canonical(msgspec.to_builtins(element)))


def _bound_depth(raw: bytes, most: int) -> None:
    depth = 0
    for bracket in re.findall(rb"[][{}]", _STRING.sub(b"", raw)):
        depth += 1 if bracket in b"[{" else -1
        if depth > most:
            raise Refused("limit_exceeded", field="depth", most=most)


def _no_float(_: str) -> Any:
    raise ValueError("not an integer")


def _bound_lengths(value: Any, max_text: int | None) -> None:
    if isinstance(value, dict):
        for name, member in value.items():
            if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME:
                raise Refused("limit_exceeded", field="a name", most=MAX_NAME)
            _bound_lengths(member, max_text)
    elif isinstance(value, list):
        for element in value:
            _bound_lengths(element, max_text)
    elif isinstance(value, str) and max_text is not None and len(value.encode("utf-8", "surrogatepass")) > max_text:
        raise Refused("limit_exceeded", field="a text", most=max_text)


def _check_names_and_numbers(value: Any) -> None:
    if isinstance(value, dict):
        for name, member in value.items():
            if not name.isascii():
                raise Refused("not_canonical", field="a name that is not ASCII")
            _check_names_and_numbers(member)
    elif isinstance(value, list):
        for element in value:
            _check_names_and_numbers(element)
    elif type(value) is int and not 0 <= value <= MAX_INTEGER:
        raise Refused("not_canonical", field="a number outside 0…2^53−1")


# --- keys that sign ---------------------------------------------------------------------------------------------------

# y-coordinates of the points of small order; with either sign bit such a key verifies what nobody signed.
_SMALL_ORDER_Y: Final = frozenset(
    int.from_bytes(bytes.fromhex(point), "little")
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
)


class SigningKey:
    """An Ed25519 key pair (RFC 8032), from a 32-byte seed."""

    def __init__(self, seed: bytes) -> None:
        self.seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()

    def __repr__(self) -> str:
        return f"SigningKey({keyid(self.public)})"

    @classmethod
    def generate(cls) -> "SigningKey":
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    def sign_raw(self, message: bytes) -> bytes:
        """The bare signature. Only PAE and C2SP notes are ever signed."""
        return self._key.sign(message)


def signed_by(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the platform's Ed25519 (OpenSSL) verifies it."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def check_signing_key(public_key: bytes, *, field: str = "key") -> None:
    """Refuse with `key_refused` an Ed25519 key of small order or not in canonical form."""
    y = int.from_bytes(public_key, "little") & ((1 << 255) - 1)
    if len(public_key) != 32 or y >= 2**255 - 19 or y in _SMALL_ORDER_Y:
        raise Refused("key_refused", field=field)


# --- documents --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Signature:
    keyid: str
    sig: bytes


@dataclass(frozen=True)
class Document(Generic[P]):
    """A parsed envelope. Its signatures are NOT verified by being here: see `verify`."""

    kind: str
    payload: bytes
    signatures: tuple[Signature, ...]
    body: P

    @cached_property
    def pae(self) -> bytes:
        return pae(payload_type(self.kind), self.payload)

    @cached_property
    def hash(self) -> bytes:
        """H(doc): SHA-256 of the PAE bytes."""
        return sha256(self.pae)

    @cached_property
    def sha256(self) -> str:
        """H(doc) as documents write it."""
        return b64(self.hash)

    @cached_property
    def envelope(self) -> str:
        """The envelope in canonical form."""
        signatures = [{"keyid": one.keyid, "sig": b64(one.sig)} for one in self.signatures]
        return canonical(
            {"payload": b64(self.payload), "payloadType": payload_type(self.kind), "signatures": signatures}
        ).decode()


def payload_type(kind: str) -> str:
    return f"application/vnd.ortoo.{kind}.v1+json"


def sign(body: P, *keys: SigningKey) -> Document[P]:
    """The document of this body, signed by each key; the signatures sorted by keyid."""
    kind = schemas.kind_of(body)
    payload = canonical(msgspec.to_builtins(body))
    message = pae(payload_type(kind), payload)
    signatures = sorted(
        (Signature(keyid(key.public), key.sign_raw(message)) for key in keys),
        key=lambda one: (one.keyid, one.sig),
    )
    document = Document(kind, payload, tuple(signatures), body)
    read(document.envelope, type(body))  # what we would refuse, we do not sign
    return document


def read(envelope: str | bytes, schema: type[P]) -> Document[P]:
    """Parse an envelope whose payload must fit `schema`. Bounds, canonical form, version, schema: in this order.

    Parsing comes before verifying, since the payload names the author whose key verifies it. Nothing of the result
    may be relied on before `verify`.
    """
    raw = envelope.encode("utf-8", "surrogatepass") if isinstance(envelope, str) else envelope
    if len(raw) > MAX_ENVELOPE:
        raise Refused("limit_exceeded", field="document", most=MAX_ENVELOPE)
    outer = parse(raw, max_text=None)
    kind, payload, signatures = _unwrap(outer)
    if len(payload) > MAX_PAYLOAD:
        raise Refused("limit_exceeded", field="payload", most=MAX_PAYLOAD)
    if kind != schemas.kind_of(schema):
        raise Refused("malformed", field="payloadType")
    value = parse(payload)
    check_sets(value)
    body = schemas.fit(value, schema)
    _check_signatures(kind, signatures)
    return Document(kind, payload, signatures, body)


def join(one: Document[P], other: Document[P]) -> Document[P]:
    """The same document with the signatures of both."""
    if one.hash != other.hash:
        raise ValueError("not the same document")
    signatures = sorted({*one.signatures, *other.signatures}, key=lambda each: (each.keyid, each.sig))
    return Document(one.kind, one.payload, tuple(signatures), one.body)


def kind_of_envelope(envelope: str | bytes) -> str:
    """The kind that an envelope claims; the rest unread."""
    raw = envelope.encode("utf-8", "surrogatepass") if isinstance(envelope, str) else envelope
    if len(raw) > MAX_ENVELOPE:
        raise Refused("limit_exceeded", field="document", most=MAX_ENVELOPE)
    return _unwrap(parse(raw, max_text=None))[0]


def _unwrap(outer: Any) -> tuple[str, bytes, tuple[Signature, ...]]:
    """The kind, payload and signatures of an envelope, its faults told in the order of §13."""
    listed, claimed = (outer.get(name) if isinstance(outer, dict) else None for name in ("signatures", "payloadType"))
    if isinstance(listed, list) and len(listed) > MAX_SIGNATURES:
        raise Refused("limit_exceeded", field="signatures", most=MAX_SIGNATURES)
    match = _PAYLOAD_TYPE.fullmatch(claimed) if isinstance(claimed, str) else None
    if match and match[2] != "1":
        raise Refused("version_unsupported", field="payloadType")
    try:
        envelope = msgspec.convert(outer, schemas.Envelope)
    except msgspec.ValidationError as error:
        raise Refused("malformed", field=schemas.path_of(error)) from None
    if not match:
        raise Refused("malformed", field="payloadType")
    signatures = tuple(Signature(one.keyid, unb64(one.sig, field="signatures")) for one in envelope.signatures)
    return match[1], unb64(envelope.payload, field="payload"), signatures


def _check_signatures(kind: str, signatures: Sequence[Signature]) -> None:
    if kind not in ("network", "admission") and len(signatures) != 1:
        raise Refused("malformed", field="signatures")
    if list(signatures) != sorted(signatures, key=lambda one: (one.keyid, one.sig)):
        raise Refused("not_canonical", field="signatures")


def verify(document: Document[Any], public_key: bytes) -> None:
    """Check the one signature of a document against the key that the directory gives for its author."""
    signature = document.signatures[0]
    if signature.keyid != keyid(public_key) or not signed_by(public_key, signature.sig, document.pae):
        raise Refused("signature_invalid")


def signers(document: Document[Any], public_keys: Iterable[bytes]) -> set[bytes]:
    """Which of these keys have signed it. Distinct keys are counted, never signatures (§2)."""
    found = set()
    for key in public_keys:
        hint = keyid(key)
        if any(one.keyid == hint and signed_by(key, one.sig, document.pae) for one in document.signatures):
            found.add(key)
    return found


def new_id() -> str:
    """A lower-case UUIDv7 (RFC 9562 §5.7)."""
    return ids.uuid7()
