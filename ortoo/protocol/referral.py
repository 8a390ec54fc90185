"""A referral (protocol §5): one agency asks one agency, under the person's consent for that agency."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from ortoo.protocol import consent, schemas, vocabulary
from ortoo.protocol.attachments import SealedFile
from ortoo.protocol.consent import Decisions
from ortoo.protocol.directory import Agency, Directory, View
from ortoo.protocol.documents import Document, SigningKey, canonical, check_clock, parse, sign, stamp, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.schemas import As, Consent, Referral, Routing, Section
from ortoo.protocol.sealing import NO_CONSENT, Binding, Blobs, Reader, Stored, base, check_blobs, check_form, seal_set

MAX_TOGETHER: Final = 16  # referrals accepted together
WHO_SENDS: Final = ("focal_point", "api")
NEVER_SENT: Final = ("evidence", "note")


@dataclass(frozen=True)
class SealedReferral:
    """A whole that a hub can accept: the signed document and the blobs that travel beside it."""

    document: Document[Referral]
    blobs: Blobs


@dataclass(frozen=True)
class Signer:
    """Who signs, for which agency, relying on which directory."""

    agency: str
    member: str
    key: SigningKey
    directory: Directory

    @property
    def author(self) -> schemas.Author:
        return schemas.Author(agency=self.agency, member=self.member)


def section_text(section: str, fields: Mapping[str, Any], files: Sequence[schemas.File] = ()) -> bytes:
    """A section as it is sealed: `{section, fields, files}` in canonical form.

    Raises `not_canonical` or `limit_exceeded` for what no reader would take: fractions, non-ASCII names, depth.
    """
    text = canonical(msgspec.to_builtins(Section(section=section, fields=dict(fields), files=list(files))))
    parse(text, max_text=None)
    return text


def read_section(part: str, text: bytes) -> Section:
    """The section that a part holds. `cannot_open` where the author sealed something else under this name."""
    try:
        section = schemas.fit(parse(text, max_text=None), Section)
    except Refused:
        raise Refused("cannot_open", "The part opened, but is not a section.", part=part) from None
    if section.section != part:
        raise Refused("cannot_open", "The part opened, but is another section than it says.", part=part)
    return section


def reader(view: View, agency: str, as_: As, public_keys: Mapping[str, bytes], parts: Iterable[str]) -> Reader:
    """An agency of the directory as a reader of these parts. public_keys: the epoch's KEM key by its hash."""
    state = view.agency(agency)
    if state is None or state.epoch is None:
        raise Refused("not_found", "The directory has no such agency, or it has no key yet.", reader=agency)
    return Reader(agency, as_, state.epoch.n, public_keys[state.epoch.kem], frozenset(parts))


def seal(
    signer: Signer,
    *,
    id: str,
    to: str,
    routing: Routing,
    decision: Document[Consent],
    texts: Mapping[str, bytes],
    public_keys: Mapping[str, bytes],
    at: datetime,
    parent: schemas.Named | None = None,
    files: Sequence[SealedFile] = (),
) -> SealedReferral:
    """Seal these parts for sender and recipient (and an exception's reviewer) and sign. It checks no consent.

    files: of the parts, sealed before for this very referral (`binding`).
    """
    view = signer.directory.now()
    parts = [*texts, *(one.said.part for one in files)]
    readers = [
        reader(view, to, "recipient", public_keys, parts),
        reader(view, signer.agency, "sender", public_keys, parts),
    ]
    exception = decision.body.exception
    if exception is not None:
        justification = [part for part in parts if base(part) == "justification"]
        readers.append(reader(view, exception.reviewer, "reviewer", public_keys, justification))
    sealed, blobs = seal_set(binding(signer, id, decision), texts, readers, keyed(files))
    body = Referral(
        network=signer.directory.id,
        at=stamp(at),
        directory=signer.directory.head,
        author=signer.author,
        id=id,
        to=to,
        routing=routing,
        authority=consent.authority_of(decision),
        parent=parent,
        sealed=sealed,
    )
    return SealedReferral(sign(body, signer.key), blobs)


def binding(signer: Signer, document: str, decision: Document[Consent]) -> Binding:
    """What the signer's seals in a document are bound to, under this decision."""
    return Binding(signer.directory.id, document, signer.agency, signer.key.public, decision.hash)


def keyed(files: Sequence[SealedFile]) -> dict[str, tuple[bytes, Stored]]:
    return {one.said.part: (one.key, one.stored) for one in files}


def anew(document: Document[Referral], signer: Signer, *, at: datetime) -> Document[Referral]:
    """The same referral, with what was sealed for it, signed at another time.

    Only of one that no hub has accepted: under one id there is one document.
    """
    return sign(msgspec.structs.replace(document.body, at=stamp(at), directory=signer.directory.head), signer.key)


def binding_of(document: Document[Any], view: View) -> Binding:
    """What the seals of a verified document are bound to: its author's key as of the size that it states."""
    body = document.body
    author = view.member(body.author.agency, body.author.member)
    if author is None:
        raise Refused("key_unknown", field="author")
    if isinstance(body, Consent):
        return Binding(body.network, body.document_id, body.author.agency, unb64(author.key), NO_CONSENT)
    consent_hash = unb64(body.authority.sha256)
    return Binding(body.network, body.id, body.author.agency, unb64(author.key), consent_hash)


# --- what hub and reader check ----------------------------------------------------------------------------------------


def check(sealed: SealedReferral, directory: Directory, decisions: Decisions, *, now: datetime) -> View:
    """All that can be verified without opening (§5), in the order of §13. Gives the view at the size that it states.

    `decisions` are those of its consent id that the caller may see. What only a hub knows (ids, what has changed
    since that size) is checked there.
    """
    document, body = sealed.document, sealed.document.body
    check_shape(body)
    view = directory.check_signed(document, WHO_SENDS)
    check_blobs(body.sealed, sealed.blobs)
    check_consent(body, view, decisions, at=now)
    check_clock(body.at, now)
    check_suspension(body, view)
    return view


def check_shape(body: Referral) -> None:
    """What a referral's own fields must agree on: `malformed`, `limit_exceeded`."""
    check_form(body.sealed)
    for name, codes in (("urgency", [body.routing.urgency]), ("services", body.routing.services)):
        if not set(codes) <= vocabulary.codes(name):
            raise Refused("malformed", "The vocabulary has no such code.", field=f"routing.{name}")
    if body.routing.language not in vocabulary.codes("languages"):
        raise Refused("malformed", "The vocabulary has no such language.", field="routing.language")
    if body.to == body.author.agency:
        raise Refused("malformed", "A referral goes to another agency.", field="to")
    for part in body.sealed.parts:
        if base(part.name) not in vocabulary.codes("sections") or base(part.name) in NEVER_SENT:
            raise Refused("malformed", "This part does not belong in a referral.", part=part.name)
    roles = {one.as_: one.agency for one in body.sealed.readers}
    if len(roles) != len(body.sealed.readers):
        raise Refused("malformed", "Two readers have the same part in it.", field="sealed.readers")
    if roles.get("sender") != body.author.agency:
        raise Refused("malformed", "The sender is a reader of its own referral.", reader=body.author.agency)
    if roles.get("recipient") != body.to:
        raise Refused("malformed", "The recipient is a reader of the referral.", reader=body.to)


def check_consent(body: Referral, view: View, decisions: Decisions, *, at: datetime) -> None:
    """The rule of §7 for each part and reader, then the authority, then the basis."""
    keys = _keys_of(body)
    asked = _recipient_first(body)
    if not body.sealed.parts:
        asked = asked[:1]  # nothing goes to anybody: what is wrong is what the recipient may not read
    faults = [_fault_of(one.agency, keys[one.agency], view, decisions, at) for one in asked]
    told = [refused for refused in faults if refused is not None]
    if told:
        raise min(told, key=lambda refused: consent.PRECEDENCE.index(refused.code))
    decision = consent.check_authority(decisions, body.authority, body.to)
    consent.check_minor(decision.body, minor=body.routing.minor)
    _check_exception(body, view, decision.body)
    check_keys(body)


def _recipient_first(body: Referral) -> Sequence[schemas.SealedReader]:
    return sorted(body.sealed.readers, key=lambda one: ("recipient", "reviewer", "sender").index(one.as_))


def _fault_of(agency: str, parts: Sequence[str], view: View, decisions: Decisions, at: datetime) -> Refused | None:
    kind = _agency(view, agency).kind
    try:
        if not parts:
            consent.check_reader_without_key(decisions, agency=agency, kind=kind, at=at)
        consent.check_parts(decisions, agency=agency, kind=kind, parts=parts, at=at)
    except Refused as refused:
        return refused
    return None


def check_suspension(body: Referral, view: View) -> None:
    """A suspended agency neither sends nor receives (§3). A hub asks its newest view, too."""
    for handle in (body.author.agency, body.to):
        if _agency(view, handle).suspended:
            raise Refused("recipient_suspended", reader=handle)


def _check_exception(body: Referral, view: View, decision: Consent) -> None:
    reviewer = next((one.agency for one in body.sealed.readers if one.as_ == "reviewer"), None)
    justified = any(part.name == "justification" for part in body.sealed.parts)
    if (decision.exception is not None) != justified:
        raise Refused(
            "basis_not_allowed",
            "A referral without consent, and no other, carries its justification.",
            part="justification",
        )
    if reviewer != (decision.exception.reviewer if decision.exception else None):
        raise Refused(
            "basis_not_allowed",
            "The reviewer is the agency that the exception names.",
            field="sealed.readers",
        )
    if reviewer in (body.author.agency, body.to):
        raise Refused("basis_not_allowed", "The reviewer is neither sender nor recipient.", field="sealed.readers")
    if reviewer is not None and "review" not in _agency(view, reviewer).may:
        raise Refused("basis_not_allowed", "This agency was not admitted to review.", reader=reviewer)


def check_keys(body: Referral) -> None:
    """Sender and recipient read every part of it; a reviewer the justification alone."""
    keys = _keys_of(body)
    for one in body.sealed.readers:
        expected = {part.name for part in body.sealed.parts}
        if one.as_ == "reviewer":
            expected = {part for part in expected if base(part) == "justification"}
        for part in sorted(expected ^ set(keys[one.agency])):
            raise Refused(
                "malformed",
                "This reader must have a key for all that is meant for it, and no other.",
                part=part,
                reader=one.agency,
            )


def _keys_of(body: Referral) -> dict[str, list[str]]:
    """The parts that each reader has a key for."""
    keys: dict[str, list[str]] = {one.agency: [] for one in body.sealed.readers}
    for key in body.sealed.keys:
        keys[key.agency].append(key.part)
    return keys


def _agency(view: View, handle: str) -> Agency:
    agency = view.agency(handle)
    if agency is None:
        raise Refused("epoch_stale", "The directory has no such agency.", reader=handle)
    return agency
