"""All schemas of the protocol (§15), whole: a field may not be missing; what does not apply is null or []."""

import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from ortoo.protocol.errors import Refused

# --- types of §15 -----------------------------------------------------------------------------------------------------

_HANDLE: Final = r"[a-z0-9-]{2,40}"
_CODE: Final = r"[a-z0-9_]{1,64}"
_UUID7: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_TIME: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"

Id = Annotated[str, Meta(pattern=rf"^{_UUID7}\Z")]  # a lower-case UUIDv7
Handle = Annotated[str, Meta(pattern=rf"^{_HANDLE}\Z")]  # an agency
Code = Annotated[str, Meta(pattern=rf"^{_CODE}\Z")]
CodeOrAll = Annotated[str, Meta(pattern=rf"^({_CODE}|\*)\Z")]
HandleOrAll = Annotated[str, Meta(pattern=rf"^({_HANDLE}|\*)\Z")]
Addressee = Annotated[str, Meta(pattern=rf"^({_HANDLE}|kind:{_CODE}|\*)\Z")]  # an agency, a kind of agency, everybody
PartName = Annotated[str, Meta(pattern=rf"^{_CODE}(/file-[1-9][0-9]{{0,2}})?\Z")]
Bytes32 = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")]  # the base64url form of 32 bytes
KeyId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]\Z")]  # of 16 bytes
Time = Annotated[str, Meta(pattern=rf"^{_TIME}\Z")]
Place = Annotated[str, Meta(pattern=r"^MN(-[0-9]{1,3}(\.[a-z0-9-]{1,40})?)?\Z")]  # ISO 3166-2, soum or district
Count = Annotated[int, Meta(ge=0)]
Number = Annotated[int, Meta(ge=1)]
Text = Annotated[str, Meta(min_length=1)]
As = Literal["sender", "recipient", "reviewer"]  # an agency's part in a referral
Role = Literal["focal_point", "administrator", "coordinator", "api", "recovery"]

_TIMES: Final = ("at", "until", "renew_by", "tell_after")


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whatever stands in a payload. Times must be real ones; "all" is ["*"], alone."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if name in _TIMES and isinstance(value, str):
                datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ")
            if isinstance(value, list) and "*" in value and len(value) > 1:
                raise ValueError("'*' stands alone")


class Payload(Part, frozen=True, kw_only=True):
    """A whole payload."""

    network: Id
    at: Time


# --- the envelope -----------------------------------------------------------------------------------------------------


class EnvelopeSignature(Part, frozen=True, kw_only=True):
    keyid: KeyId
    sig: str


class Envelope(Part, frozen=True, kw_only=True):
    payload: str
    payloadType: str
    signatures: Annotated[list[EnvelopeSignature], Meta(min_length=1)]


# --- the directory ----------------------------------------------------------------------------------------------------


class TreeHead(Part, frozen=True, kw_only=True):
    """A tree that the author relied on: its size in entries, its root hash."""

    size: Count
    root: Bytes32


class Author(Part, frozen=True, kw_only=True):
    agency: Handle
    member: Id


class Coordinator(Part, frozen=True, kw_only=True):
    id: Id
    key: Bytes32


class Network(Payload, frozen=True, kw_only=True):
    version: Number
    prev: Bytes32 | None
    practice: bool
    coordinators: Annotated[list[Coordinator], Meta(min_length=1)]
    threshold: Number
    hub_key: Bytes32
    policy: Text  # C2SP tlog-policy
    continues: TreeHead | None
    min_protocol: Number


class Names(Part, frozen=True, kw_only=True):
    en: Text
    mn: Text


class MemberKeys(Part, frozen=True, kw_only=True):
    """A member's id, Ed25519 public key, and SHA-256 of the KEM public key."""

    id: Id
    key: Bytes32
    kem: Bytes32


class Admission(Payload, frozen=True, kw_only=True):
    agency: Handle
    version: Number
    prev: Bytes32 | None
    kind: Code
    names: Names
    admin: MemberKeys | None
    may: list[Literal["coordinate", "review"]]
    suspended: bool


class Signed(Payload, frozen=True, kw_only=True):
    """M+: what each document of a member carries."""

    directory: TreeHead
    author: Author


class RosterMember(MemberKeys, frozen=True, kw_only=True):
    roles: Annotated[list[Role], Meta(min_length=1)]


class Epoch(Part, frozen=True, kw_only=True):
    n: Number
    kem: Bytes32
    renew_by: Time


class Roster(Signed, frozen=True, kw_only=True):
    agency: Handle
    version: Number
    prev: Bytes32
    members: Annotated[list[RosterMember], Meta(min_length=1)]
    epoch: Epoch
    activity: TreeHead | None


# --- sealed sets ------------------------------------------------------------------------------------------------------


class SealedPart(Part, frozen=True, kw_only=True):
    name: PartName
    size: Number
    sha256: Bytes32


class SealedReader(Part, frozen=True, kw_only=True):
    """An agency that may read, its part in the referral, its epoch, and SHA-256 of its wrap."""

    agency: Handle
    as_: As = msgspec.field(name="as")
    epoch: Number
    sha256: Bytes32


class SealedKey(Part, frozen=True, kw_only=True):
    part: PartName
    agency: Handle
    sha256: Bytes32


class Sealed(Part, frozen=True, kw_only=True):
    parts: list[SealedPart]
    readers: Annotated[list[SealedReader], Meta(min_length=1)]
    keys: list[SealedKey]


# --- consent, referral, event -----------------------------------------------------------------------------------------


class Given(Part, frozen=True, kw_only=True):
    """How the decision was given: codes of the vocabulary, or null in an exception."""

    by: Code | None
    how: Code | None
    language: Code | None
    interpreter: bool
    witness: bool


class Granted(Part, frozen=True, kw_only=True):
    sections: Annotated[list[CodeOrAll], Meta(min_length=1)]
    purposes: Annotated[list[Code], Meta(min_length=1)]
    until: Time


class ReceiptKey(Part, frozen=True, kw_only=True):
    key: Bytes32
    mode: Literal["full", "withdraw"]


class Decision(Part, frozen=True, kw_only=True):
    """A decision by name: consent id, addressee and H(document)."""

    consent: Id
    to: Addressee
    sha256: Bytes32


class ConsentException(Part, frozen=True, kw_only=True):
    reviewer: Handle
    overrides: Decision | None
    tell_after: Time | None


class Consent(Signed, frozen=True, kw_only=True):
    consent: Id
    recorder: Handle
    to: Addressee
    version: Number
    prev: Bytes32 | None
    basis: Code
    given: Given
    granted: Granted | None
    refused: list[CodeOrAll]
    receipt: ReceiptKey | None
    exception: ConsentException | None
    retain_days: Annotated[int, Meta(ge=1, le=365)]
    sealed: Sealed | None

    @property
    def document_id(self) -> str:
        """The id under which a consent's evidence is sealed."""
        return f"{self.consent}/{self.to}/{self.version}"


class Routing(Part, frozen=True, kw_only=True):
    urgency: Code
    services: Annotated[list[Code], Meta(min_length=1)]
    place: Place
    language: Code
    minor: bool


class Authority(Part, frozen=True, kw_only=True):
    """The decision under which a document passes: id, addressee, version and H(document)."""

    consent: Id
    to: Addressee
    version: Number
    sha256: Bytes32


class Named(Part, frozen=True, kw_only=True):
    """A document by id and H."""

    id: Id
    sha256: Bytes32


class Referral(Signed, frozen=True, kw_only=True):
    id: Id
    to: Handle
    routing: Routing
    authority: Authority
    parent: Named | None
    sealed: Sealed


class Event(Signed, frozen=True, kw_only=True):
    id: Id
    on: Named
    prev: Bytes32
    type: Code
    reason: Code | None
    authority: Authority | None
    sealed: Sealed | None


# --- receipt and record -----------------------------------------------------------------------------------------------


class Scope(Part, frozen=True, kw_only=True):
    """Agencies × sections × purposes that are withdrawn."""

    agencies: Annotated[list[HandleOrAll], Meta(min_length=1)]
    sections: Annotated[list[CodeOrAll], Meta(min_length=1)]
    purposes: Annotated[list[CodeOrAll], Meta(min_length=1)]


class Receipt(Payload, frozen=True, kw_only=True):
    key: Bytes32
    challenge: Bytes32
    do: Literal["look", "withdraw"]
    scope: Annotated[list[Scope], Meta(min_length=1)] | None


class What(Part, frozen=True, kw_only=True):
    code: Code
    agency: Handle | None
    count: Count | None


class Record(Payload, frozen=True, kw_only=True):
    id: Id
    on: Named | None
    what: What


KINDS: Final[dict[str, type[Payload]]] = {
    "network": Network,
    "admission": Admission,
    "roster": Roster,
    "consent": Consent,
    "referral": Referral,
    "event": Event,
    "receipt": Receipt,
    "record": Record,
}
_KIND_OF: Final = {schema: kind for kind, schema in KINDS.items()}

# --- texts inside seals (§15): canonical too, their lists in the order of their meaning -------------------------------


class File(Part, frozen=True, kw_only=True):
    part: PartName
    name: str
    type: str
    size: Count
    sha256: Bytes32


class Section(Part, frozen=True, kw_only=True):
    section: Code
    fields: dict[str, Any]
    files: list[File]


class Note(Part, frozen=True, kw_only=True):
    text: str
    files: list[File]


class EpochSeed(Part, frozen=True, kw_only=True):
    n: Number
    seed: Bytes32


class Seen(Part, frozen=True, kw_only=True):
    network: Number
    directory: TreeHead
    activity: TreeHead | None


class Keyring(Part, frozen=True, kw_only=True):
    """A member's secrets (§4): seeds of the Ed25519, KEM and coordinator keys and of the epochs; and what was seen."""

    sign: Bytes32
    kem: Bytes32
    coordinator: Bytes32 | None
    epochs: list[EpochSeed]
    seen: Seen | None


# --- fitting ----------------------------------------------------------------------------------------------------------

S = TypeVar("S", bound=Part)


def kind_of(body: Payload | type[Payload]) -> str:
    """The kind of a payload or of its schema."""
    return _KIND_OF[body if isinstance(body, type) else type(body)]


def fit(value: Any, schema: type[S]) -> S:
    """The value as `schema`; else `malformed`, naming the field and never its value."""
    try:
        return msgspec.convert(value, schema)
    except msgspec.ValidationError as error:
        raise Refused("malformed", field=path_of(error)) from None


def path_of(error: msgspec.ValidationError) -> str:
    """Where a value did not fit, as `$.routing.services[0]`. The rest of msgspec's sentence may quote values."""
    match = re.search(r" - at `((?:key in )?\$[^`]*)`\Z", str(error))
    missing = re.match(r"Object missing required field `([A-Za-z_0-9]+)`", str(error))
    path = match[1] if match else "$"
    return f"{path}.{missing[1]}" if missing else path
