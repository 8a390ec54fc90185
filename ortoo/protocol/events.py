"""Events (protocol §9): signed steps of a referral, each agency's in a chain of its own; legal steps only.

Types and states are the vocabulary's (`steps`, `states`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from ortoo.protocol import consent, schemas, vocabulary
from ortoo.protocol.attachments import SealedFile
from ortoo.protocol.consent import Decisions
from ortoo.protocol.directory import Directory, View
from ortoo.protocol.documents import Document, canonical, check_clock, instant, parse, sign, stamp
from ortoo.protocol.errors import Refused
from ortoo.protocol.referral import Signer, binding, keyed, reader
from ortoo.protocol.schemas import As, Authority, Consent, Event, Note, Referral, Role, Sealed
from ortoo.protocol.sealing import Blobs, base, check_blobs, check_form, seal_set

WHO_ACTS: Final[tuple[Role, ...]] = ("focal_point", "api")
READABLE: Final = frozenset({"sent", "opened", "acknowledged", "more_asked", "accepted", "under_way", "closed"})
ENDED_ACCESS: Final = frozenset({"declined", "handed_back", "recalled", "withdrawn", "expired"})
OVER: Final = ENDED_ACCESS | {"closed"}
CAME_TO_NOTHING: Final = ENDED_ACCESS - {"withdrawn"}  # somebody else may be asked
NOTED: Final = frozenset(
    {"message", "more_asked", "accepted", "declined", "under_way", "handed_back", "closed", "recalled"}
)


def after(state: str, type: str, by: As) -> str:
    """The state after a legal step; `step_illegal` (with the present state) for any other."""
    step = vocabulary.terms("steps").get(type)
    if step is None:
        raise Refused("malformed", "The vocabulary has no such step.", field="type")
    if by not in _actors(type, str(step["by"])):
        raise Refused("step_illegal", "This step is not for this side of the referral to take.", state=state)
    to = state
    match type:
        case "opened" | "unreadable" if by == "reviewer":
            legal = True  # its justification, whatever became of the referral; a seconder's while it waits
        case "opened":
            legal, to = state in READABLE, "opened" if state == "sent" else state
        case "unreadable" | "message":
            legal = state in READABLE
        case "deleted":
            legal = state != "waiting"
        case "seconded":
            legal, to = True, "sent" if state == "waiting" else state
        case "upheld":
            legal = state != "waiting"
        case "overturned":  # on the consent, so also where this referral has ended by itself
            legal, to = state != "waiting", "withdrawn" if state in READABLE - {"closed"} else state
        case _:
            to = str(step["to"])
            legal = to in vocabulary.terms("states")[state]["next"]
    if not legal:
        raise Refused("step_illegal", state=state)
    return to


def _actors(type: str, by: str) -> tuple[str, ...]:
    """The vocabulary names the agency whose step it mostly is; §7 and §9 say who else may take it."""
    if by == "both":
        return ("sender", "recipient")
    if type in ("opened", "unreadable"):
        return ("recipient", "reviewer")
    if type == "seconded":
        return ("sender", "reviewer")  # `check_second` says which of the two
    return (by,)


def kept_until(state: str, decision: schemas.Consent, since: datetime) -> datetime:
    """Until when the content of a referral is kept that is over since then: so many days as she was told
    (`retain_days`); of one that came to nothing not less than her consent lasts, since until then its sender may send
    it to somebody else.
    """
    until = since + timedelta(days=decision.retain_days)
    if state == "closed" or decision.granted is None:
        return until
    return max(until, instant(decision.granted.until))


def ended_by(referral: Referral, state: str, kind: str, decisions: Decisions, at: datetime) -> str | None:
    """What has become of a referral of which the recipient (of `kind`) may read no section at `at`: `expired` where
    time alone has done it, else `withdrawn`. None where it may, or where nothing is left to end.
    """
    parts = [key.part for key in referral.sealed.keys if key.agency == referral.to]
    if (
        state not in (READABLE | {"waiting"}) - {"closed"}
        or not parts
        or _reads_any(parts, referral.to, kind, decisions, at)
    ):
        return None
    granted = decisions.granted_to(referral.to)
    if granted is None:
        return "withdrawn"
    before = instant(granted.until) - timedelta(seconds=1)
    return "expired" if _reads_any(parts, referral.to, kind, decisions, before) else "withdrawn"


def _reads_any(parts: Sequence[str], agency: str, kind: str, decisions: Decisions, at: datetime) -> bool:
    return consent.decided(decisions, agency=agency, kind=kind, parts=parts, at=at) == "agreed"


def check_shape(event: Event, state: str) -> None:
    """The reason that the step needs, from its list; a note where it may or must have one. `malformed`."""
    step = vocabulary.terms("steps").get(event.type)
    if step is None:
        raise Refused("malformed", "The vocabulary has no such step.", field="type")
    reasons = step.get("code_from")
    if (event.reason is not None) != (reasons is not None):
        raise Refused(
            "malformed",
            "This step needs a reason." if reasons else "This step has no reason.",
            field="reason",
        )
    if reasons and event.reason not in vocabulary.codes(reasons):
        raise Refused("malformed", "The vocabulary has no such reason for this step.", field="reason")
    if (event.sealed is None) != (event.authority is None):
        raise Refused("malformed", "What is sealed names the consent that it passes under.", field="authority")
    if event.sealed is not None:
        _check_note(event, event.sealed, state)
    elif event.type == "message" or _needs_note(event, reasons):
        raise Refused("malformed", "This step needs a note.", field="sealed")


def _needs_note(event: Event, reasons: str | None) -> bool:
    return bool(reasons) and vocabulary.terms(str(reasons))[str(event.reason)].get("note") == "required"


def _check_note(event: Event, sealed: Sealed, state: str) -> None:
    if event.type not in NOTED or (event.type == "closed" and state in ENDED_ACCESS):
        raise Refused("malformed", "This step takes no note.", field="sealed")
    check_form(sealed)
    names = [part.name for part in sealed.parts]
    if "note" not in names or any(base(name) != "note" for name in names):
        raise Refused("malformed", "With a step only a note is sealed.", field="sealed.parts")
    roles = sorted((one.as_, one.agency) for one in sealed.readers)
    if [as_ for as_, _ in roles] != ["recipient", "sender"] or event.author.agency not in [a for _, a in roles]:
        raise Refused("malformed", "A note is read by sender and recipient.", field="sealed.readers")
    if len(sealed.keys) != len(names) * len(roles):
        raise Refused("malformed", "Both sides have a key for each part of a note.", field="sealed.keys")


def check(
    document: Document[Event],
    blobs: Blobs | None,
    *,
    referral: Document[Referral],
    state: str,
    directory: Directory,
    decisions: Decisions,
    now: datetime,
) -> View:
    """All that can be verified of an event without opening its note, in the order of §13, but for its chain.

    Gives the view at the size that it states. Whether the step is legal is `after`'s to say.
    blobs: None where they may have been destroyed since, and are not looked at.
    """
    event = document.body
    check_shape(event, state)
    if event.on.id != referral.body.id or event.on.sha256 != referral.sha256:
        raise Refused("malformed", "The event is on another referral.", field="on")
    if event.sealed is not None:
        readers = {one.as_: one.agency for one in event.sealed.readers}
        if readers != {"sender": referral.body.author.agency, "recipient": referral.body.to}:
            raise Refused("malformed", "A note is read by sender and recipient.", field="sealed.readers")
    view = directory.check_signed(document, who_acts(event, referral.body))
    part_of(event.author.agency, referral.body)
    if event.sealed is not None:
        if blobs is not None:
            check_blobs(event.sealed, blobs)
        if event.authority is not None:
            _check_consent(event.sealed, event.authority, referral.body, view, decisions, now)
    elif blobs is not None:
        _check_no_blobs(blobs)
    check_clock(event.at, now)
    return view


def _check_consent(
    sealed: Sealed, authority: Authority, referral: Referral, view: View, decisions: Decisions, now: datetime
) -> None:
    parts = [part.name for part in sealed.parts]
    for handle in (referral.to, referral.author.agency):
        agency = view.agency(handle)
        if agency is None:
            raise Refused("epoch_stale", reader=handle)
        consent.check_parts(decisions, agency=handle, kind=agency.kind, parts=parts, at=now)
    if authority.consent != referral.authority.consent:
        raise Refused("authority_mismatch", field="authority")
    consent.check_authority(decisions, authority, referral.to)


def _check_no_blobs(blobs: Blobs) -> None:
    for part in blobs.parts:
        raise Refused("blob_unexpected", part=part)
    for agency in blobs.wraps:
        raise Refused("blob_unexpected", reader=agency)
    for part, agency in blobs.keys:
        raise Refused("blob_unexpected", part=part, reader=agency)


def who_acts(event: Event, referral: Referral) -> tuple[Role, ...]:
    """The roles that may sign it: focal points and partner systems; for the reviewer its coordinators (§3)."""
    for one in referral.sealed.readers:
        if one.agency == event.author.agency and one.as_ == "reviewer":
            return ("coordinator",)
    return WHO_ACTS


def part_of(agency: str, referral: Referral) -> As:
    """What an agency is in a referral; `not_found` for one that is nothing in it."""
    for one in referral.sealed.readers:
        if one.agency == agency:
            return one.as_
    raise Refused("not_found")


def check_second(event: Document[Event], referral: Document[Referral], view: View) -> None:
    """The second signature on an exception is another member's (§7).

    Of the sending agency; of the reviewer's only where the sending agency has nobody else who could sign.
    """
    author, sender = event.body.author, referral.body.author
    if author == sender:
        raise Refused("second_signature_missing", "The second signature is another member's.", field="author")
    if author.agency != sender.agency and others_who_second(referral.body, view):
        raise Refused(
            "second_signature_missing", "The second signature is a colleague's of who sent it.", field="author"
        )


def others_who_second(referral: Referral, view: View) -> bool:
    """Whether the sending agency has another member who may sign."""
    sender = referral.author
    state = view.agency(sender.agency)
    members = state.members if state else ()
    return any(one.id != sender.member and set(WHO_ACTS) & set(one.roles) for one in members)


def begins(decision: Consent) -> str:
    """The state in which a referral under this decision begins: an exception waits for its second signature, but for
    danger to life, where that may follow (§7).
    """
    return "waiting" if decision.exception is not None and decision.basis != "danger_to_life" else "sent"


def make(
    signer: Signer,
    *,
    id: str,
    referral: Document[Referral],
    prev: str,
    type: str,
    at: datetime,
    reason: str | None = None,
    note: str | None = None,
    decision: Document[Consent] | None = None,
    public_keys: Mapping[str, bytes] | None = None,
    files: Sequence[SealedFile] = (),
) -> tuple[Document[Event], Blobs]:
    """A signed event, its note (if any) sealed to both sides under `decision`, the newest on the recipient.

    files: of the note, sealed before for this very event (`binding`).
    """
    sealed, blobs = None, Blobs()
    if note is not None:
        if decision is None or public_keys is None:
            raise ValueError("a note is sealed under a decision, to public keys")
        view, body = signer.directory.now(), referral.body
        parts = ["note", *(one.said.part for one in files)]
        readers = [
            reader(view, body.author.agency, "sender", public_keys, parts),
            reader(view, body.to, "recipient", public_keys, parts),
        ]
        texts = {"note": note_text(note, [one.said for one in files])}
        sealed, blobs = seal_set(binding(signer, id, decision), texts, readers, keyed(files))
    event = Event(
        network=signer.directory.id,
        at=stamp(at),
        directory=signer.directory.head,
        author=signer.author,
        id=id,
        on=schemas.Named(id=referral.body.id, sha256=referral.sha256),
        prev=prev,
        type=type,
        reason=reason,
        authority=consent.authority_of(decision) if decision is not None and note is not None else None,
        sealed=sealed,
    )
    return sign(event, signer.key), blobs


def anew(document: Document[Event], signer: Signer, *, prev: str, at: datetime) -> Document[Event]:
    """The same step, with what was sealed for it, signed on another head and at another time.

    Only of one that no hub has accepted: under one id there is one document.
    """
    body = msgspec.structs.replace(document.body, prev=prev, at=stamp(at), directory=signer.directory.head)
    return sign(body, signer.key)


def note_text(text: str, files: Sequence[schemas.File] = ()) -> bytes:
    return canonical(msgspec.to_builtins(Note(text=text, files=list(files))))


def read_note(text: bytes) -> Note:
    try:
        return schemas.fit(parse(text, max_text=None), Note)
    except Refused:
        raise Refused("cannot_open", "The note opened, but is not a note.", part="note") from None
