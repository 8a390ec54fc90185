"""What the hub answers, typed: the objects of graphql/schema.graphql that the documents in graphql/operations ask for.

All of it is the hub's word until it has been verified (`ortoo.reading`).
"""

from datetime import datetime
from typing import Final

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


class ActivityLog(Answer, frozen=True, kw_only=True):
    checkpoint: Checkpoint | None
    consistency: list[str]


class Logged(Answer, frozen=True, kw_only=True):
    document: str
    salt: str
    index: int
    proof: list[str]


class KemKey(Answer, frozen=True, kw_only=True):
    sha256: str
    key: str


class Member(Answer, frozen=True, kw_only=True):
    id: str
    handle: str
    name: str
    name_en: str
    agency: str
    roles: list[str]


class AgencyKey(Answer, frozen=True, kw_only=True):
    epoch: int
    sealed: str


class Unlock(Answer, frozen=True, kw_only=True):
    id: str
    method: str
    sealed: str
    passkey: str | None = None


class Keyring(Answer, frozen=True, kw_only=True):
    login: str
    version: int
    sealed: str
    unlocks: list[Unlock]


class SignIn(Answer, frozen=True, kw_only=True):
    token: str
    expires_at: datetime
    device: str | None
    member: Member
    keyring: Keyring


class Session(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    created_at: datetime
    used_at: datetime
    expires_at: datetime | None
    current: bool


class ApiToken(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    member: Member
    scopes: list[str]
    created_at: datetime
    used_at: datetime
    expires_at: datetime | None


class NewApiToken(Answer, frozen=True, kw_only=True):
    token: str
    listed: ApiToken


class Passkey(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    created_at: datetime
    used_at: datetime | None


class Invitation(Answer, frozen=True, kw_only=True):
    id: str
    agency: str
    handle: str
    name: str
    name_en: str
    roles: list[str]
    member: str | None
    expires_at: datetime


class NewInvitation(Answer, frozen=True, kw_only=True):
    code: str
    listed: Invitation


class Candidate(Answer, frozen=True, kw_only=True):
    member: Member
    key: str
    kem: str
    roles: list[str]
    since: datetime


class Waiting(Answer, frozen=True, kw_only=True):
    since: datetime
    roles: list[str]
    administrators: list[Member]


class HeldKey(Answer, frozen=True, kw_only=True):
    member: str
    epoch: int


class LastSeen(Answer, frozen=True, kw_only=True):
    """day: YYYY-MM-DD, in Ulaanbaatar."""

    member: str
    day: str


class Enrolment(Answer, frozen=True, kw_only=True):
    token: str
    member: Member
    recovery_codes: list[str]


class Application(Answer, frozen=True, kw_only=True):
    id: str
    handle: str
    kind: str
    name: str
    name_en: str
    admin: Candidate
    created_at: datetime


class Proposal(Answer, frozen=True, kw_only=True):
    envelope: str
    signatures: int
    threshold: int
    taken: bool
    in_force: bool


# --- what is handed in ------------------------------------------------------------------------------------------------


class NewUnlock(Answer, frozen=True, kw_only=True):
    id: str
    method: str
    sealed: str
    passkey: str | None = None


class NewKeyring(Answer, frozen=True, kw_only=True):
    sealed: str
    unlocks: list[NewUnlock]


class NewAccount(Answer, frozen=True, kw_only=True):
    login: str
    auth: str
    keyring: NewKeyring
    totp: str
    code: str


class NewKeys(Answer, frozen=True, kw_only=True):
    id: str
    key: str
    kem: str


class Names(Answer, frozen=True, kw_only=True):
    handle: str
    name: str
    name_en: str


class AgencyNames(Answer, frozen=True, kw_only=True):
    handle: str
    kind: str
    name: str
    name_en: str


class Seed(Answer, frozen=True, kw_only=True):
    member: str
    epoch: int
    sealed: str


class SecondFactor(Answer, frozen=True, kw_only=True):
    totp: str | None = None
    recovery: str | None = None
    passkey: str | None = None


# --- referrals --------------------------------------------------------------------------------------------------------


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
    withdrawals: list[str] = []


class ReceiptAgency(Answer, frozen=True, kw_only=True):
    handle: str
    name: str
    name_en: str
    phone: str


class ReceiptChallenge(Answer, frozen=True, kw_only=True):
    challenge: str
    network: str
    now: datetime
    help: ReceiptAgency | None


class ReceiptReferral(Answer, frozen=True, kw_only=True):
    state: str
    sent_at: datetime
    opened_at: datetime | None
    answered_at: datetime | None
    parts: list[str]
    owes_deletion: bool
    deleted_at: datetime | None
    out_of_backups_at: datetime | None


class ReceiptHolder(Answer, frozen=True, kw_only=True):
    to: str
    agency: ReceiptAgency | None
    sections: list[str]
    purposes: list[str]
    until: datetime | None
    refused: list[str]
    ended: str | None
    basis: str | None
    reviewer: ReceiptAgency | None
    referrals: list[ReceiptReferral]


class ReceiptShown(Answer, frozen=True, kw_only=True):
    """What a code shows. holders: None where it shows nothing, and only takes back."""

    mode: str
    recorder: ReceiptAgency
    holders: list[ReceiptHolder] | None
    documents: list[str]


class ReceiptProof(Answer, frozen=True, kw_only=True):
    networks: list[str]
    log: ActivityLog
    logged: list[Logged]


class Link(Answer, frozen=True, kw_only=True):
    id: str
    state: str
    sent_at: datetime
    envelope: str
    sha256: str


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


class Evidence(Answer, frozen=True, kw_only=True):
    decision: Decision
    sealed: Blobs | None = None


class Event(Answer, frozen=True, kw_only=True):
    id: str
    agency: str
    type: str
    reason: str | None
    accepted_at: datetime
    envelope: str
    sha256: str
    sealed: Blobs | None = None


class Upload(Answer, frozen=True, kw_only=True):
    size: int
    received: int
    whole: bool


class Owed(Answer, frozen=True, kw_only=True):
    agency: str
    kind: str
    due_at: datetime
    late: bool


class Overdue(Answer, frozen=True, kw_only=True):
    referral: str
    sender: str
    recipient: str
    urgency: str
    owed: Owed


class StatisticsCell(Answer, frozen=True, kw_only=True):
    """why: `value`; `few`, of fewer than five people or of none; `withheld`."""

    code: str
    value: int | None
    why: str


class StatisticsTable(Answer, frozen=True, kw_only=True):
    name: str
    cells: list[StatisticsCell]


class StatisticsTime(Answer, frozen=True, kw_only=True):
    """Minutes; None where too few had come to it."""

    urgency: str
    until: str
    median: int | None
    p90: int | None


class StatisticsRoom(Answer, frozen=True, kw_only=True):
    """places: None where nobody counts them."""

    service: str
    services: int
    places: int | None


class Statistics(Answer, frozen=True, kw_only=True):
    period: str
    made_at: datetime
    total: StatisticsCell
    left_out: list[str]
    tables: list[StatisticsTable]
    times: list[StatisticsTime]
    rooms: list[StatisticsRoom]


class Fired(Answer, frozen=True, kw_only=True):
    referral: str
    kind: str


class Moved(Answer, frozen=True, kw_only=True):
    now: datetime
    fired: list[Fired]


class Referral(Answer, frozen=True, kw_only=True):
    id: str
    sender: str
    recipient: str
    state: str
    sent_at: datetime
    changed_at: datetime
    deletion_owed_since: datetime | None = None
    urgency: str
    services: list[str]
    place: str
    language: str
    minor: bool
    envelope: str
    sha256: str
    decision: Decision
    owed: list[Owed] = []
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
    tier: str
    node: Referral


class Counts(Answer, frozen=True, kw_only=True):
    """How many there are in each tier; MOST_COUNTED means: or more."""

    late: int
    clock: int
    ours: int
    waiting: int


class Page(Answer, frozen=True, kw_only=True):
    edges: list[Edge]
    page_info: PageInfo
    counts: Counts


class Filter(Answer, frozen=True, kw_only=True):
    """What of a list is wanted. need: a service asked for; counterpart: the other agency; since: changed since then."""

    state: str | None = None
    urgency: str | None = None
    need: str | None = None
    place: str | None = None
    counterpart: str | None = None
    overdue: bool = False
    since: datetime | None = None


EVERYTHING: Final = Filter()
MOST_COUNTED: Final = 1000


class TrailFilter(Answer, frozen=True, kw_only=True):
    """What of the trail is wanted."""

    referral: str | None = None
    counterpart: str | None = None
    type: str | None = None
    since: datetime | None = None


THE_WHOLE_TRAIL: Final = TrailFilter()


class TrailEntry(Answer, frozen=True, kw_only=True):
    """Who did what on a referral of the own agency, as the hub tells it."""

    referral: str
    counterpart: str
    agency: str
    member: str
    type: str
    reason: str | None
    at: datetime


class TrailEdge(Answer, frozen=True, kw_only=True):
    cursor: str
    node: TrailEntry


class Trail(Answer, frozen=True, kw_only=True):
    edges: list[TrailEdge]
    page_info: PageInfo


class Oversight(Answer, frozen=True, kw_only=True):
    """What of the coordinators' trail is wanted."""

    agency: str | None = None
    place: str | None = None
    service: str | None = None
    urgency: str | None = None
    basis: str | None = None
    state: str | None = None
    overdue: bool = False
    unanswered: bool = False
    without_consent: bool = False
    since: datetime | None = None
    until: datetime | None = None


ALL_THAT_PASSES: Final = Oversight()


class Overseen(Answer, frozen=True, kw_only=True):
    referral: str
    sender: str
    recipient: str
    sent_at: datetime
    came_at: datetime | None
    changed_at: datetime
    state: str
    urgency: str
    services: list[str]
    place: str
    basis: str
    without_consent: bool
    owed: list[Owed]


class OverseenEdge(Answer, frozen=True, kw_only=True):
    cursor: str
    node: Overseen


class OverseenPage(Answer, frozen=True, kw_only=True):
    edges: list[OverseenEdge]
    page_info: PageInfo


class TimelineLine(Answer, frozen=True, kw_only=True):
    type: str
    reason: str | None
    agency: str
    member: str
    at: datetime
    document: str
    place: int | None


class Timeline(Answer, frozen=True, kw_only=True):
    referral: Overseen
    lines: list[TimelineLine]


class Opened(Answer, frozen=True, kw_only=True):
    referral: str
    sender: str
    recipient: str
    agency: str
    member: str
    at: datetime


class OpenedEdge(Answer, frozen=True, kw_only=True):
    cursor: str
    node: Opened


class Openings(Answer, frozen=True, kw_only=True):
    edges: list[OpenedEdge]
    page_info: PageInfo


class Look(Answer, frozen=True, kw_only=True):
    agency: str
    member: str
    what: str
    referral: str | None
    wanted: str
    count: int
    at: datetime
    record: str | None


class LookEdge(Answer, frozen=True, kw_only=True):
    cursor: str
    node: Look


class Looks(Answer, frozen=True, kw_only=True):
    edges: list[LookEdge]
    page_info: PageInfo


class Review(Answer, frozen=True, kw_only=True):
    referral: Overseen
    to_do: str | None
    seconded_at: datetime | None
    verdict: str | None
    reviewed_at: datetime | None


class ReviewEdge(Answer, frozen=True, kw_only=True):
    cursor: str
    node: Review


class Reviews(Answer, frozen=True, kw_only=True):
    edges: list[ReviewEdge]
    page_info: PageInfo


class Exported(Answer, frozen=True, kw_only=True):
    name: str
    content: str
    rows: int
    record: str


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


# --- services ---------------------------------------------------------------------------------------------------------


class OpeningHours(Answer, frozen=True, kw_only=True):
    days: str
    opens: str
    closes: str


class ExceptionalHours(Answer, frozen=True, kw_only=True):
    date: str
    opens: str | None = None
    closes: str | None = None


class Contact(Answer, frozen=True, kw_only=True):
    """How an agency is reached; what its own administrator says of it."""

    place: str = ""
    phone: str = ""
    duty_phone: str = ""
    email: str = ""


class AgencyContact(Contact, frozen=True, kw_only=True):
    agency: str
    kind: str
    name: str
    name_en: str
    receiving: bool


class Offer(Answer, frozen=True, kw_only=True):
    """What an administrator says of a service. name: in Mongolian."""

    code: str
    name: str
    name_en: str
    places: list[str]
    languages: list[str]
    schedule: list[OpeningHours] = []
    exceptions: list[ExceptionalHours] = []
    open_on_holidays: bool | None = None
    min_age: int | None = None
    max_age: int | None = None
    genders: list[str] = []
    dependants: bool = True
    capacity: int | None = None
    taken: int = 0


class Service(Offer, frozen=True, kw_only=True):
    id: str
    agency: str
    free: int | None
    accepting: bool
    full_until: datetime | None
    open_now: bool
    changed_at: datetime

    @property
    def offer(self) -> Offer:
        """What of it an administrator says, to be said anew with a change."""
        return Offer(**{name: getattr(self, name) for name in Offer.__struct_fields__})


class AgencyServices(Answer, frozen=True, kw_only=True):
    contact: AgencyContact
    services: list[Service]


class WhyNot(Answer, frozen=True, kw_only=True):
    """Why a service cannot take somebody. until: of `closed_until`, `full`; least, most: of `age`."""

    code: str
    until: datetime | None = None
    least: int | None = None
    most: int | None = None
    codes: list[str] = []


class FoundService(Answer, frozen=True, kw_only=True):
    service: Service
    contact: AgencyContact
    takes_now: bool
    why_not: list[WhyNot]
    open_until: datetime | None


class Alternative(Answer, frozen=True, kw_only=True):
    agency: str
    agreed: bool
    gives: list[FoundService]


class Wanted(Answer, frozen=True, kw_only=True):
    """How a member wants to be told by e-mail. address: empty for none. digest_hour: in Ulaanbaatar; None: at once."""

    address: str = ""
    language: str = "mn"
    urgencies: list[str] = []
    working_hours: bool = False
    digest_hour: int | None = None


class Notifications(Wanted, frozen=True, kw_only=True):
    """available: whether the hub sends e-mail. refused: there is no such mailbox, says its mail server."""

    available: bool
    confirmed: bool
    refused: bool

    @property
    def wanted(self) -> Wanted:
        """What of it the member says, to be said anew with a change."""
        return Wanted(**{name: getattr(self, name) for name in Wanted.__struct_fields__})
