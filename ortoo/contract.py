"""What the hub answers, typed: the objects of graphql/schema.graphql that the documents in graphql/operations ask for.

All of it is the hub's word until it has been verified (`ortoo.reading`).
"""

from datetime import datetime

import msgspec

from ortoo.protocol.documents import b64, unb64
from ortoo.protocol.sealing import Blobs as OpenBlobs


class Answer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Fields that are not known here are passed over: a newer hub may say more."""


class Checkpoint(Answer, frozen=True, kw_only=True):
    note: str
    size: int
    root: str


class Network(Answer, frozen=True, kw_only=True):
    id: str
    practice: bool
    now: datetime
    directory: Checkpoint


class DirectoryPage(Answer, frozen=True, kw_only=True):
    checkpoint: Checkpoint
    entries: list[str]


class KemKey(Answer, frozen=True, kw_only=True):
    sha256: str
    key: str


class Member(Answer, frozen=True, kw_only=True):
    id: str
    handle: str
    name: str
    agency: str
    roles: list[str]


class AgencyKey(Answer, frozen=True, kw_only=True):
    epoch: int
    sealed: str


class Decision(Answer, frozen=True, kw_only=True):
    consent: str
    to: str
    version: int
    envelope: str
    sha256: str


class Consent(Answer, frozen=True, kw_only=True):
    id: str
    recorder: str
    decisions: list[Decision]


class Part(Answer, frozen=True, kw_only=True):
    name: str
    ciphertext: str


class Wrap(Answer, frozen=True, kw_only=True):
    agency: str
    wrap: str


class Key(Answer, frozen=True, kw_only=True):
    part: str
    agency: str
    key: str


class Blobs(Answer, frozen=True, kw_only=True):
    parts: list[Part] = []
    wraps: list[Wrap] = []
    keys: list[Key] = []

    def decoded(self) -> OpenBlobs:
        """The bytes. `malformed` where one is not base64url."""
        return OpenBlobs(
            parts={one.name: unb64(one.ciphertext) for one in self.parts},
            wraps={one.agency: unb64(one.wrap) for one in self.wraps},
            keys={(one.part, one.agency): unb64(one.key) for one in self.keys},
        )


class Event(Answer, frozen=True, kw_only=True):
    id: str
    agency: str
    type: str
    reason: str | None
    accepted_at: datetime
    envelope: str
    sha256: str
    sealed: Blobs | None = None


class Referral(Answer, frozen=True, kw_only=True):
    id: str
    sender: str
    recipient: str
    state: str
    sent_at: datetime
    changed_at: datetime
    urgency: str
    services: list[str]
    place: str
    language: str
    minor: bool
    envelope: str
    sha256: str
    decision: Decision
    head: str
    sealed: Blobs | None = None
    events: list[Event] = []


class Opening(Answer, frozen=True, kw_only=True):
    referral: Referral
    sealed: Blobs


class PageInfo(Answer, frozen=True, kw_only=True):
    has_next_page: bool
    end_cursor: str | None


class Edge(Answer, frozen=True, kw_only=True):
    cursor: str
    node: Referral


class Page(Answer, frozen=True, kw_only=True):
    edges: list[Edge]
    page_info: PageInfo


class IdNode(Answer, frozen=True, kw_only=True):
    id: str


class IdEdge(Answer, frozen=True, kw_only=True):
    node: IdNode


class Ids(Answer, frozen=True, kw_only=True):
    edges: list[IdEdge]
    page_info: PageInfo


class FeedEntry(Answer, frozen=True, kw_only=True):
    sequence: int
    kind: str
    referral: str | None
    event: str | None
    at: datetime


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A signed document and its blobs, as the hub takes them (`SealedInput`)."""

    envelope: str
    parts: list[Part] = []
    wraps: list[Wrap] = []
    keys: list[Key] = []

    @classmethod
    def of(cls, envelope: str, blobs: OpenBlobs) -> "Sealed":
        return cls(
            envelope=envelope,
            parts=[Part(name=name, ciphertext=b64(blob)) for name, blob in blobs.parts.items()],
            wraps=[Wrap(agency=agency, wrap=b64(blob)) for agency, blob in blobs.wraps.items()],
            keys=[Key(part=part, agency=agency, key=b64(blob)) for (part, agency), blob in blobs.keys.items()],
        )

    @property
    def blobs(self) -> OpenBlobs:
        return Blobs(parts=self.parts, wraps=self.wraps, keys=self.keys).decoded()
