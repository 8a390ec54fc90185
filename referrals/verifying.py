"""Everything that this hub says was signed, against the logs, the directory of that time and the rule (protocol §10).

`manage.py verify` runs it, with the database's rights and none of the hub's keys. What only the hub says (when a
document came in, to ten minutes; services and capacity) it holds against what is signed where that tells.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection, models, transaction

from audit.models import Leaf
from ortoo.protocol import documents, schemas
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, b64, sha256, unb64
from ortoo.verifying import Finding, How, Kept, Kind, Replay, replay
from referrals import enforcing
from referrals.models import (
    AskedService,
    Consent,
    Decision,
    Event,
    File,
    Part,
    PartKey,
    ReceiptKey,
    Referral,
    TrailEntry,
    Withdrawal,
    Wrap,
)
from referrals.trail import SENT

LOGGED: Final[Mapping[Kind, type[models.Model]]] = {
    "consent": Decision,
    "referral": Referral,
    "event": Event,
    "receipt": Withdrawal,
}
TABLES: Final[Mapping[Kind, str]] = {kind: model._meta.db_table for kind, model in LOGGED.items()}
Check = Callable[[Directory], Iterator[Finding]]


@dataclass(frozen=True)
class Above:
    """How a room above keeps what the hub itself signed. at: the field that says when; check: what is not as signed."""

    at: str
    check: Check


_above: Final[dict[type[models.Model], Above]] = {}  # tables of other signed documents that are logged
AT_ONCE: Final = 1000  # leaves
WAITING: Final = 1 << 62  # the place, as it were, of the first leaf that waits for one


def also_logged(model: type[models.Model], *, at: str, check: Check) -> None:
    """A room above keeps signed documents, too: each row has its `envelope`, its `sha256`, and a leaf."""
    _above[model] = Above(at, check)


def kept_above(directory: Directory) -> Iterator[Finding]:
    """What of the documents of the rooms above is not as it was signed and logged."""
    for one in _above.values():
        yield from one.check(directory)


def records() -> Iterator[tuple[str, bytes, datetime]]:
    """What the hub itself signed and logged: envelopes, H of each, and when."""
    for model, one in _above.items():
        rows = model._default_manager.order_by("pk").values_list("envelope", "sha256", one.at)
        for envelope, hashed, at in rows.iterator(AT_ONCE):
            yield envelope, bytes(hashed), at


@dataclass
class Case:
    """The rows of one consent, read in one moment. leaves: by H of what they record."""

    consent: Consent
    decisions: list[Decision] = field(default_factory=list)
    referrals: list[Referral] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    withdrawals: list[Withdrawal] = field(default_factory=list)
    receipts: list[ReceiptKey] = field(default_factory=list)
    asked: dict[UUID, set[str]] = field(default_factory=lambda: defaultdict(set))
    trail: dict[UUID, list[TrailEntry]] = field(default_factory=lambda: defaultdict(list))
    parts: dict[int, list[Part]] = field(default_factory=lambda: defaultdict(list))
    files: dict[int, list[File]] = field(default_factory=lambda: defaultdict(list))
    wraps: dict[int, list[Wrap]] = field(default_factory=lambda: defaultdict(list))
    keys: dict[int, list[PartKey]] = field(default_factory=lambda: defaultdict(list))
    leaves: dict[bytes, Leaf] = field(default_factory=dict)


# --- read -------------------------------------------------------------------------------------------------------------


def batches(after: str | None, many: int, newer_than: int | None = None) -> Iterator[list[str]]:
    """Ids of consents in their order, `many` at once. newer_than: only those with something from this place on."""
    last = after
    while True:
        rows = Consent.objects.order_by("pk")
        if last is not None:
            rows = rows.filter(pk__gt=last)
        ids = [str(pk) for pk in rows.values_list("pk", flat=True)[:many]]
        if not ids:
            return
        last = ids[-1]
        wanted = ids if newer_than is None else _touched(ids, newer_than)
        if wanted:
            yield wanted


def _touched(ids: Sequence[str], newer_than: int) -> list[str]:
    hashes = {
        bytes(sha256): str(consent)
        for rows in (
            Decision.objects.filter(consent__in=ids).values_list("sha256", "consent"),
            Referral.objects.filter(consent__in=ids).values_list("sha256", "consent"),
            Event.objects.filter(referral__consent__in=ids).values_list("sha256", "referral__consent"),
            Withdrawal.objects.filter(consent__in=ids).values_list("sha256", "consent"),
        )
        for sha256, consent in rows
    }
    old = Leaf.objects.filter(document__in=list(hashes), index__lt=newer_than).values_list("document", flat=True)
    new = hashes.keys() - {bytes(one) for one in old}
    return sorted({hashes[one] for one in new})


def load(ids: Sequence[str]) -> list[Case]:
    """All rows of these consents as of one moment, in a bounded number of queries."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cases = {one.pk: Case(one) for one in Consent.objects.filter(pk__in=ids).order_by("pk")}
        by_referral: dict[UUID, Case] = {}
        by_set: dict[int, Case] = {}
        for decision in Decision.objects.filter(consent__in=ids).order_by("pk"):
            cases[decision.consent_id].decisions.append(decision)
            if decision.sealed_id is not None:
                by_set[decision.sealed_id] = cases[decision.consent_id]
        for withdrawal in Withdrawal.objects.filter(consent__in=ids).order_by("pk"):
            cases[withdrawal.consent_id].withdrawals.append(withdrawal)
        for receipt in ReceiptKey.objects.filter(consent__in=ids).order_by("pk"):
            cases[receipt.consent_id].receipts.append(receipt)
        for referral in Referral.objects.filter(consent__in=ids).order_by("pk"):
            case = by_referral[referral.pk] = by_set[referral.sealed_id] = cases[referral.consent_id]
            case.referrals.append(referral)
        for event in Event.objects.filter(referral__in=by_referral).order_by("referral", "place"):
            case = by_referral[event.referral_id]
            case.events.append(event)
            if event.sealed_id is not None:
                by_set[event.sealed_id] = case
        for asked in AskedService.objects.filter(referral__in=by_referral):
            by_referral[asked.referral_id].asked[asked.referral_id].add(asked.service)
        for entry in TrailEntry.objects.filter(referral__in=by_referral).order_by("pk"):
            by_referral[entry.referral_id].trail[entry.referral_id].append(entry)
        for part in Part.objects.filter(set__in=by_set):
            by_set[part.set_id].parts[part.set_id].append(part)
        for file in File.objects.filter(set__in=by_set):
            if file.set_id is not None:
                by_set[file.set_id].files[file.set_id].append(file)
        for wrap in Wrap.objects.filter(set__in=by_set):
            by_set[wrap.set_id].wraps[wrap.set_id].append(wrap)
        for key in PartKey.objects.filter(set__in=by_set):
            by_set[key.set_id].keys[key.set_id].append(key)
        for case in cases.values():
            hashes = [bytes(row.sha256) for _, row, _ in rows(case)]
            case.leaves = {bytes(one.document): one for one in Leaf.objects.filter(document__in=hashes)}
    return list(cases.values())


# --- judge ------------------------------------------------------------------------------------------------------------


def judge(case: Case, directory: Directory, now: datetime) -> list[Finding]:
    """What of this consent's rows is not as it was signed, logged and allowed."""
    replayed = replay(list(_kept(case)), directory)
    findings = [
        Finding(TABLES.get(one.table, one.table), one.row, one.field, one.how, one.at, one.told)  # type: ignore[call-overload]
        for one in replayed.findings
    ]
    findings += _logged(case, replayed)
    findings += _decided(case, replayed)
    findings += _receipts(case, replayed)
    for referral in case.referrals:
        document = replayed.read.get(("referral", str(referral.pk)))
        if document is not None:
            findings += _sent(case, referral, document)
    for event in case.events:
        signed = replayed.read.get(("event", str(event.pk)))
        if signed is not None:
            findings += _stepped(event, signed)
    findings += _overturned(case)
    findings += _ordered(case)
    findings += _trailed(case, replayed)
    findings += _stands(case, replayed, now)
    return findings


def _kept(case: Case) -> Iterator[Kept]:
    for kind, one, at in rows(case):
        leaf = case.leaves.get(bytes(one.sha256))
        place = WAITING * 2 if leaf is None else WAITING + leaf.pk if leaf.index is None else leaf.index
        yield Kept(kind, str(one.pk), one.envelope, at, place)


def _logged(case: Case, replayed: Replay) -> Iterator[Finding]:
    for kind, row, at in rows(case):
        document = replayed.read.get((kind, str(row.pk)))
        if document is not None and document.hash != bytes(row.sha256):
            yield _changed(TABLES[kind], row.pk, "sha256", at, b64(document.hash))
        elif bytes(row.sha256) not in case.leaves:
            yield Finding(TABLES[kind], str(row.pk), "sha256", "inserted", at, "No leaf of the log is of it.")


def rows(case: Case) -> Iterator[tuple[Kind, Any, datetime]]:
    for decision in case.decisions:
        yield "consent", decision, decision.accepted_at
    for referral in case.referrals:
        yield "referral", referral, referral.sent_at
    for event in case.events:
        yield "event", event, event.accepted_at
    for withdrawal in case.withdrawals:
        yield "receipt", withdrawal, withdrawal.accepted_at


def _changed(table: str, row: object, field: str, at: datetime | None, was: object) -> Finding:
    return Finding(table, str(row), field, "changed", at, f"What was signed gives {was}.")


def _columns(table: str, row: Any, at: datetime, signed: Mapping[str, object]) -> Iterator[Finding]:
    for name, was in signed.items():
        has = getattr(row, name)
        if (bytes(has) if isinstance(has, memoryview | bytearray) else has) != was:
            yield _changed(table, row.pk, name.removesuffix("_id"), at, b64(was) if isinstance(was, bytes) else was)


def _decided(case: Case, replayed: Replay) -> Iterator[Finding]:
    for row in case.decisions:
        document: Document[schemas.Consent] | None = replayed.read.get(("consent", str(row.pk)))
        if document is None:
            continue
        body, newest = document.body, replayed.decisions.newest.get(document.body.to)
        is_newest = newest is not None and newest.hash == document.hash
        signed = {
            "consent_id": UUID(body.consent),
            "to": body.to,
            "version": body.version,
            "author_id": body.author.agency,
            "newest": is_newest,
        }
        yield from _columns(TABLES["consent"], row, row.accepted_at, signed)
        until = enforcing.ends_at(body)
        if row.ends_at is not None and row.ends_at != until:
            yield _changed(TABLES["consent"], row.pk, "ends_at", row.accepted_at, until)
        if (body.sealed is None) != (row.sealed_id is None):
            told = "evidence" if body.sealed else "no evidence"
            yield _changed(TABLES["consent"], row.pk, "sealed", row.accepted_at, told)
        if body.recorder != case.consent.recorder_id:
            yield _changed("referrals_consent", case.consent.pk, "recorder", row.accepted_at, body.recorder)


def _receipts(case: Case, replayed: Replay) -> Iterator[Finding]:
    """Her codes' keys, by which she is known: those that decisions name, the newest one alone not replaced."""
    table, kept = "referrals_receiptkey", {b64(bytes(one.key)): one for one in case.receipts}
    current = {one.body.receipt.key for one in replayed.decisions.newest.values() if one.body.receipt is not None}
    for key, mode in replayed.receipts.items():
        row = kept.pop(key, None)
        if row is None:
            yield Finding(table, key, "key", "removed", None, "A decision names it.")
        elif row.mode != mode:
            yield _changed(table, row.pk, "mode", None, mode)
        elif row.replaced != (key not in current):
            yield _changed(table, row.pk, "replaced", None, key not in current)
    for row in kept.values():
        yield Finding(table, str(row.pk), "key", "inserted", None, "No decision of this consent names it.")


def _overturned(case: Case) -> Iterator[Finding]:
    """That a reviewer took all of it back is said by the signed step, and since then."""
    said = min((one.accepted_at for one in case.events if one.type == "overturned"), default=None)
    if case.consent.overturned_at != said:
        yield _changed("referrals_consent", case.consent.pk, "overturned_at", said, said)


def _sent(case: Case, row: Referral, document: Document[schemas.Referral]) -> Iterator[Finding]:
    body, table = document.body, TABLES["referral"]
    signed = {
        "id": UUID(body.id),
        "sender_id": body.author.agency,
        "recipient_id": body.to,
        "consent_id": UUID(body.authority.consent),
        "urgency": body.routing.urgency,
        "services": body.routing.services,
        "place": body.routing.place,
        "language": body.routing.language,
        "minor": body.routing.minor,
        "parent_id": UUID(body.parent.id) if body.parent is not None else None,
        "reviewer_id": next((one.agency for one in body.sealed.readers if one.as_ == "reviewer"), None),
        "basis": _basis(case, body.authority),
    }
    yield from _columns(table, row, row.sent_at, signed)
    if case.asked[row.pk] != set(body.routing.services):
        yield _changed("referrals_askedservice", row.pk, "service", row.sent_at, ", ".join(body.routing.services))


def _basis(case: Case, authority: schemas.Authority) -> str | None:
    named = (one for one in case.decisions if bytes(one.sha256) == unb64(authority.sha256))
    return next((documents.read(one.envelope, schemas.Consent).body.basis for one in named), None)


def _stepped(row: Event, document: Document[schemas.Event]) -> Iterator[Finding]:
    body = document.body
    signed = {
        "id": UUID(body.id),
        "referral_id": UUID(body.on.id),
        "agency_id": body.author.agency,
        "type": body.type,
        "reason": body.reason,
        "prev": unb64(body.prev),
    }
    yield from _columns(TABLES["event"], row, row.accepted_at, signed)
    if (body.sealed is None) != (row.sealed_id is None):
        yield _changed(TABLES["event"], row.pk, "sealed", row.accepted_at, "a note" if body.sealed else "no note")


def _ordered(case: Case) -> Iterator[Finding]:
    """The places of a referral's steps: 1, 2, 3 …, in the order of the log and of time."""
    table = TABLES["event"]
    for referral in case.referrals:
        steps = [one for one in case.events if one.referral_id == referral.pk]
        if referral.steps != len(steps):
            how: How = "removed" if referral.steps > len(steps) else "inserted"
            told = f"{len(steps)} steps are here."
            yield Finding(TABLES["referral"], str(referral.pk), "steps", how, referral.sent_at, told)
        before, last = -1, referral.sent_at
        for place, one in enumerate(steps, 1):
            leaf = case.leaves.get(bytes(one.sha256))
            at = leaf.pk if leaf is not None else before
            if one.place != place or at < before:
                told = f"In the log it is not step {one.place}."
                yield Finding(table, str(one.pk), "place", "reordered", one.accepted_at, told)
            if one.accepted_at < last:
                told = "It is said to have come in before what it follows."
                yield Finding(table, str(one.pk), "accepted_at", "changed", one.accepted_at, told)
            before, last = max(before, at), max(last, one.accepted_at)
        if referral.changed_at < last:
            told = "It has changed after that."
            yield Finding(TABLES["referral"], str(referral.pk), "changed_at", "changed", referral.sent_at, told)


def _trailed(case: Case, replayed: Replay) -> Iterator[Finding]:
    """Both agencies' trails say what was signed, each once, and nothing else."""
    for referral in case.referrals:
        document = replayed.read.get(("referral", str(referral.pk)))
        if document is None:
            continue
        sender, recipient = document.body.author.agency, document.body.to
        expected: Counter[tuple[Any, ...]] = Counter()
        said = [(SENT, None, document.body.author, referral.sent_at)]
        for event in case.events:
            step = replayed.read.get(("event", str(event.pk)))
            if step is not None and event.referral_id == referral.pk:
                said.append((step.body.type, step.body.reason, step.body.author, event.accepted_at))
        taken = replayed.referrals.get(str(referral.pk))
        delivered = taken.delivered_at if taken is not None else referral.sent_at
        if referral.delivered_at != delivered:
            yield _changed(TABLES["referral"], referral.pk, "delivered_at", referral.sent_at, delivered)
        for type, reason, author, at in said:
            expected[sender, recipient, author.agency, author.member, type, reason, at] += 1
            seen = delivered if type == SENT else at
            if delivered is not None and seen is not None and seen >= delivered:
                expected[recipient, sender, author.agency, author.member, type, reason, seen] += 1
        for row in case.trail[referral.pk]:
            line = (row.agency_id, row.counterpart_id, row.by_id, str(row.member), row.type, row.reason, row.at)
            if expected[line]:
                expected[line] -= 1
                continue
            field, how = _nearest(line, expected)
            told = "Nothing that was signed gives this line."
            yield Finding("referrals_trailentry", str(row.pk), field, how, row.at, told)
        for line, many in expected.items():
            if many:
                told = f"The trail of {line[0]} has no line of {line[4]}."
                yield Finding("referrals_trailentry", str(referral.pk), "row", "removed", line[-1], told)


LINE: Final = ("agency", "counterpart", "by", "member", "type", "reason", "at")


def _nearest(line: tuple[Any, ...], expected: Counter[tuple[Any, ...]]) -> tuple[str, How]:
    """Which field was changed, where one alone is not as in a line that is missing."""
    for other, many in expected.items():
        different = [name for name, a, b in zip(LINE, line, other, strict=True) if a != b]
        if many and len(different) == 1:
            expected[other] -= 1
            return different[0], "changed"
    return "row", "inserted"


def _stands(case: Case, replayed: Replay, now: datetime) -> Iterator[Finding]:
    """The state of each referral, what is owed, and which of its keys are there."""
    rows = {str(one.pk): one for one in case.referrals}
    sets = {str(one.pk): one.sealed_id for one in (*case.referrals, *case.events) if one.sealed_id is not None}
    before = {id: (one.state, dict(one.keys)) for id, one in replayed.referrals.items()}
    evidence = dict(replayed.evidence)
    replayed.ends(now)
    yield from _proven(case, replayed, evidence, now)
    for id, one in replayed.referrals.items():
        row = rows.get(id)
        if row is None:
            continue
        table = TABLES["referral"]
        state, may_be = before[id]
        if row.state not in (state, one.state):
            yield _changed(table, row.pk, "state", row.sent_at, one.state)
        over = row.state in enforcing.OVER
        settled = any(step.body.type == "deleted" for step in one.events)
        owes = one.opened and row.state in enforcing.OVER - {"closed"} and not settled
        if owes and row.deletion_owed_since is None:
            yield _changed(table, row.pk, "deletion_owed_since", row.sent_at, "that a deletion is owed")
        if not one.opened and row.deletion_owed_since is not None:
            yield _changed(table, row.pk, "deletion_owed_since", row.sent_at, "that nothing was opened")
        if row.empties_at is not None and not over:
            yield _changed(table, row.pk, "empties_at", row.sent_at, "that it has not ended")
        kept_until = one.kept_until if over else None
        if kept_until is not None and kept_until > now and (row.empties_at is None or row.empties_at < kept_until):
            yield _changed(table, row.pk, "empties_at", row.sent_at, f"that it is kept until {kept_until}")
        emptied = kept_until is not None and kept_until <= now
        for document in (one.document, *one.events):
            sealed, kept = document.body.sealed, sets.get(document.body.id)
            if sealed is None or kept is None:
                continue
            must = set() if emptied else one.keys.get(document.body.id, set())
            yield from _blobs(case, kept, sealed, row.sent_at, must, may_be.get(document.body.id, set()))


def _proven(case: Case, replayed: Replay, may: Mapping[str, set[tuple[str, str]]], now: datetime) -> Iterator[Finding]:
    """The evidence of each decision: there for as long as it is to be kept. may: what of it may be there."""
    table = TABLES["consent"]
    for row in case.decisions:
        document: Document[schemas.Consent] | None = replayed.read.get(("consent", str(row.pk)))
        if document is None or document.body.sealed is None or row.sealed_id is None:
            continue
        body, must = document.body, replayed.evidence.get(str(row.pk), set())
        kept_until = row.accepted_at + timedelta(days=body.retain_days)
        if kept_until <= now:
            must = set()
        elif must and (row.evidence_until is None or row.evidence_until < kept_until):
            yield _changed(table, row.pk, "evidence_until", row.accepted_at, f"that it is kept until {kept_until}")
        yield from _blobs(case, row.sealed_id, body.sealed, row.accepted_at, must, may.get(str(row.pk), set()))


def _blobs(
    case: Case,
    kept: int,
    sealed: schemas.Sealed,
    at: datetime,
    must: set[tuple[str, str]],
    may: set[tuple[str, str]],
) -> Iterator[Finding]:
    """Each blob is the one that was signed; what has to be there is, what has to be gone is gone."""
    texts = {one.name: (one.pk, bytes(one.ciphertext)) for one in case.parts[kept]}
    wraps = {one.agency_id: one for one in case.wraps[kept]}
    keys = {(one.part, one.agency_id): (one.pk, bytes(one.key)) for one in case.keys[kept]}
    named = {one.name: one.sha256 for one in sealed.parts}
    for name, (pk, blob) in texts.items():
        yield from _blob("referrals_part", pk, "ciphertext", blob, named.get(name), at)
    files = {one.part: one for one in case.files[kept]}
    for name, file in files.items():
        if name not in named:
            yield Finding("referrals_file", str(file.pk), "row", "inserted", at, "No signed document names it.")
        elif b64(bytes(file.sha256)) != named[name]:
            yield _changed("referrals_file", file.pk, "sha256", at, named[name])
    listed = {(one.part, one.agency): one.sha256 for one in sealed.keys}
    for which, (pk, blob) in keys.items():
        yield from _blob("referrals_partkey", pk, "key", blob, listed.get(which), at)
        if which in listed and which not in may:
            told = f"{which[1]} may not read {which[0]} any more, and its key is here."
            yield Finding("referrals_partkey", str(pk), "row", "illegal", at, told)
    readers = {one.agency: one for one in sealed.readers}
    for agency, row in wraps.items():
        reader = readers.get(agency)
        yield from _blob("referrals_wrap", row.pk, "wrap", bytes(row.wrap), reader.sha256 if reader else None, at)
        if reader is not None and row.epoch != reader.epoch:
            yield _changed("referrals_wrap", row.pk, "epoch", at, reader.epoch)
    for part, agency in sorted(must & listed.keys()):
        if (part, agency) not in keys:
            yield _gone("referrals_partkey", kept, f"{part} of {agency}", at)
        if agency not in wraps:
            yield _gone("referrals_wrap", kept, agency, at)
        if part not in texts and part not in files:
            yield _gone("referrals_file" if "/" in part else "referrals_part", kept, part, at)


def _gone(table: str, kept: int, what: str, at: datetime) -> Finding:
    return Finding(table, f"{kept}/{what}", "row", "removed", at, "It may be read, and is not here.")


def _blob(table: str, pk: int, field: str, blob: bytes, signed: str | None, at: datetime) -> Iterator[Finding]:
    if signed is None:
        yield Finding(table, str(pk), "row", "inserted", at, "No signed document names it.")
    elif b64(sha256(blob)) != signed:
        yield _changed(table, pk, field, at, signed)


# --- leaves without a document ----------------------------------------------------------------------------------------


def unrecorded() -> Iterator[Finding]:
    """Leaves whose document is in no table: its row was removed, or the leaf inserted."""
    after = 0
    while leaves := list(Leaf.objects.filter(pk__gt=after).order_by("pk")[:AT_ONCE]):
        after = leaves[-1].pk
        hashes = [bytes(one.document) for one in leaves]
        found = set(_recorded(hashes))
        for leaf in leaves:
            if bytes(leaf.document) not in found:
                how: How = "removed" if leaf.index is not None else "inserted"
                told = f"What was logged at place {leaf.index} is in no table."
                yield Finding("audit_leaf", str(leaf.pk), "document", how, leaf.queued_at, told)


def _recorded(hashes: Iterable[bytes]) -> Iterator[bytes]:
    wanted = list(hashes)
    for model in (*LOGGED.values(), *_above):
        rows = model._default_manager.filter(sha256__in=wanted).values_list("sha256", flat=True)
        yield from (bytes(one) for one in rows)
