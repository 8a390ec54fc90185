"""What was signed, replayed (protocol §3, §7, §9): whether a hub's documents could have come about as it says.

The documents of one consent are taken in again in the order of the log: each signature against the directory of that
time, each chain, each step, each verdict of the rule. Pure: the hub's operator runs it over the database
(`manage.py verify`), and an auditor over a bundle (`ortoo audit verify`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from ortoo.protocol import consent as rule
from ortoo.protocol import documents, events, schemas
from ortoo.protocol import referral as rules
from ortoo.protocol.consent import Decisions
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, unb64
from ortoo.protocol.errors import Refused

Kind = Literal["consent", "referral", "event", "receipt"]
How = Literal["changed", "removed", "inserted", "reordered", "illegal"]

BEGINNING: Final = "sent"
SCHEMAS: Final[dict[Kind, type[schemas.Payload]]] = {
    "consent": schemas.Consent,
    "referral": schemas.Referral,
    "event": schemas.Event,
    "receipt": schemas.Receipt,
}


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was signed or logged. at: when the row says that it came in; None: it says nothing.

    how: `illegal` is what no hub would have accepted.
    """

    table: str
    row: str
    field: str
    how: How
    at: datetime | None
    told: str

    def __str__(self) -> str:
        when = f" of {documents.stamp(self.at)}" if self.at is not None else ""
        return f"{self.how}: {self.table} {self.row}{when}, {self.field}: {self.told}"


@dataclass(frozen=True)
class Kept:
    """A signed document as it is kept. place: in the activity log, or in the order of those that wait for one."""

    kind: Kind
    row: str
    envelope: str
    accepted_at: datetime
    place: int


@dataclass
class Taken:
    """A referral as the signed documents left it. heads: H of each agency's newest event. keys: of the referral and of
    each note on it, by id, which part's key is still there for which agency. kept_until: once it is over, until when
    what may be read of it is kept at least.
    """

    document: Document[schemas.Referral]
    state: str = BEGINNING
    opened: bool = False
    delivered_at: datetime | None = None  # since when its recipient sees it
    kept_until: datetime | None = None
    heads: dict[str, bytes] = field(default_factory=dict)
    events: list[Document[schemas.Event]] = field(default_factory=list)
    keys: dict[str, set[tuple[str, str]]] = field(default_factory=dict)

    def add(self, id: str, sealed: schemas.Sealed | None) -> None:
        if sealed is not None:
            self.keys[id] = {(key.part, key.agency) for key in sealed.keys}

    def destroy(self, agency: str) -> None:
        """All that was sealed to it."""
        self.keys = {id: {key for key in keys if key[1] != agency} for id, keys in self.keys.items()}


@dataclass
class Replay:
    """One consent's documents. read: each that can be read, by its row. receipts: the mode of each key that a decision
    has named. evidence: of a decision, by its row: which part's key is still there for which agency.
    """

    directory: Directory
    decisions: Decisions = field(default_factory=lambda: Decisions.of([]))
    referrals: dict[str, Taken] = field(default_factory=dict)
    read: dict[tuple[Kind, str], Document[Any]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    receipts: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    _together: datetime | None = None  # when the decisions came in that have ended nothing yet

    def take(self, kept: Iterable[Kept]) -> None:
        """In the order of their places. What decisions end, they end together where they came in together."""
        for one in sorted(kept, key=lambda one: one.place):
            if self._together is not None and (one.kind, one.accepted_at) != ("consent", self._together):
                self.ends(self._together)
                self._together = None
            try:
                document = documents.read(one.envelope, SCHEMAS[one.kind])
            except Refused as refused:
                self.find(one, "envelope", "changed", f"It cannot be read: {refused.code}.")
                continue
            self.read[one.kind, one.row] = document
            try:
                self._take(one, document)
            except Refused as refused:
                at = refused.at.get("field") or refused.at.get("part") or "envelope"
                how: How = "changed" if refused.code == "signature_invalid" else "illegal"
                self.find(one, str(at), how, f"{refused.message} [{refused.code}]")
        if self._together is not None:
            self.ends(self._together)

    def find(self, kept: Kept, field: str, how: How, told: str) -> None:
        self.findings.append(Finding(kept.kind, kept.row, field, how, kept.accepted_at, told))

    def ends(self, at: datetime) -> None:
        """What the decisions have ended by this time, whoever looked."""
        self.evidence = self._left(self.evidence, at)
        for one in self.referrals.values():
            body = one.document.body
            one.keys = self._left(one.keys, at)
            ended = events.ended_by(body, one.state, self._kind(body.to), self.decisions, at)
            if ended is not None:
                one.state = ended
                one.destroy(body.to)
                self._is_over(one, at)

    def _is_over(self, one: Taken, at: datetime) -> None:
        """at: when at the latest. What ran out was over before, whenever that was looked at."""
        decision = self.decisions.newest.get(one.document.body.to)
        if decision is None:
            return
        granted = decision.body.granted
        since = min(at, documents.instant(granted.until)) if granted is not None else at
        one.kept_until = events.kept_until(one.state, decision.body, since)

    def _left(self, sets: dict[str, set[tuple[str, str]]], at: datetime) -> dict[str, set[tuple[str, str]]]:
        return {id: {key for key in keys if self._reads(key[1], key[0], at)} for id, keys in sets.items()}

    def _reads(self, agency: str, part: str, at: datetime) -> bool:
        if rule.is_taken_back(self.decisions):
            return False
        try:
            rule.may_read(self.decisions, agency=agency, kind=self._kind(agency), part=part, at=at)
        except Refused:
            return False
        return True

    def _kind(self, handle: str) -> str:
        agency = self.directory.now().agency(handle)
        return agency.kind if agency is not None else ""

    def _take(self, kept: Kept, document: Document[Any]) -> None:
        match kept.kind:
            case "consent":
                self._take_decision(kept, document)
            case "referral":
                self._take_referral(kept, document)
            case "event":
                self._take_event(kept, document)
            case "receipt":
                self._take_withdrawal(kept, document)

    def _take_withdrawal(self, kept: Kept, document: Document[schemas.Receipt]) -> None:
        """Of her own, with her code's own key; its challenge only the hub could judge."""
        body, at = document.body, kept.accepted_at
        if body.network != self.directory.id or body.do != "withdraw" or body.key not in self.receipts:
            raise Refused("receipt_unknown", field="key")
        documents.verify(document, unb64(body.key))
        taken_back = rule.Withdrawal.by_receipt(document)
        self.decisions = Decisions(self.decisions.newest, [*self.decisions.withdrawals, taken_back])
        self.ends(at)
        documents.check_clock(body.at, at)

    def _take_decision(self, kept: Kept, document: Document[schemas.Consent]) -> None:
        body, at = document.body, kept.accepted_at
        if at != self._together:
            self.ends(at)  # what had run out before is not renewed
        before, self._together = self.decisions, at
        self.decisions = Decisions.of([*before.newest.values(), document], before.withdrawals)
        if body.sealed is not None:
            self.evidence[kept.row] = {(key.part, key.agency) for key in body.sealed.keys}
        try:
            self.directory.check_signed(document, rules.WHO_SENDS)
            rule.check_decision(body)
            author = self.directory.at(body.directory.size).agency(body.author.agency)
            rule.check_version(body, before, at=at, author_kind=author.kind if author else "")
            documents.check_clock(body.at, at)
        finally:
            if body.receipt is not None:
                self.receipts[body.receipt.key] = body.receipt.mode

    def _take_referral(self, kept: Kept, document: Document[schemas.Referral]) -> None:
        body, at = document.body, kept.accepted_at
        one = self.referrals[body.id] = Taken(document)
        decision = self.decisions.newest.get(body.to)
        one.state = events.begins(decision.body) if decision is not None else BEGINNING
        one.delivered_at = at if one.state == BEGINNING else None
        one.add(kept.row, body.sealed)
        rules.check_shape(body)
        view = self.directory.check_signed(document, rules.WHO_SENDS)
        rules.check_consent(body, view, self.decisions, at=at)
        rules.check_suspension(body, view)
        documents.check_clock(body.at, at)
        self._check_parent(body)

    def _check_parent(self, body: schemas.Referral) -> None:
        """It was made from what its sender was sent under the same consent, and had opened (protocol §9)."""
        if body.parent is None:
            return
        parent = self.referrals.get(body.parent.id)
        if parent is None or parent.document.sha256 != body.parent.sha256:
            raise Refused("not_found", "It was made from what is not there.", field="parent")
        if parent.document.body.to != body.author.agency or not parent.opened:
            raise Refused("step_illegal", "It was made from what its sender had not opened.", field="parent")

    def _take_event(self, kept: Kept, document: Document[schemas.Event]) -> None:
        body, at = document.body, kept.accepted_at
        one = self.referrals.get(body.on.id)
        if one is None:
            raise Refused("malformed", "It is on a referral that is not there.", field="referral")
        if body.type != "opened":
            self.ends(at)
        head, by = one.heads.get(body.author.agency, one.document.hash), _side(body, one.document.body)
        before = one.state
        one.heads[body.author.agency] = document.hash
        one.events.append(document)
        one.add(kept.row, body.sealed)
        try:
            events.check(
                document,
                None,
                referral=one.document,
                state=before,
                directory=self.directory,
                decisions=self.decisions,
                now=at,
            )
            if unb64(body.prev) != head:
                raise Refused("chain_broken", "It does not follow this agency's event before.", field="prev")
            if body.type == "seconded":
                events.check_second(document, one.document, self.directory.at(body.directory.size))
            if body.type == "opened":
                self._check_opening(body, one.document.body, at)
                one.opened = one.opened or by == "recipient"
        finally:
            one.state = events.after(before, body.type, by)
            if one.state in events.OVER and one.state != before:
                self._is_over(one, at)
            if before == "waiting" and one.state == BEGINNING:
                one.delivered_at = at
            if one.state in events.ENDED_ACCESS and before not in events.ENDED_ACCESS:
                one.destroy(one.document.body.to)
            if body.type == "overturned":
                self._overturn(one.document.body, at)

    def _overturn(self, referral: schemas.Referral, at: datetime) -> None:
        decision = self.decisions.newest.get(referral.to)
        if decision is not None:
            everything = rule.Withdrawal.overturned(decision.body)
            self.decisions = Decisions(self.decisions.newest, [*self.decisions.withdrawals, everything])
            self.ends(at)

    def _check_opening(self, body: schemas.Event, referral: schemas.Referral, at: datetime) -> None:
        """Something could be read then."""
        agency = self.directory.at(body.directory.size).agency(body.author.agency)
        faults = []
        for key in referral.sealed.keys:
            if key.agency == body.author.agency:
                try:
                    rule.may_read(
                        self.decisions,
                        agency=key.agency,
                        kind=agency.kind if agency else "",
                        part=key.part,
                        at=at,
                    )
                    return
                except Refused as refused:
                    faults.append(refused)
        if faults:
            raise min(faults, key=lambda refused: rule.PRECEDENCE.index(refused.code))


def _side(event: schemas.Event, referral: schemas.Referral) -> schemas.As:
    return next((one.as_ for one in referral.sealed.readers if one.agency == event.author.agency), "recipient")


def replay(kept: Sequence[Kept], directory: Directory) -> Replay:
    """The documents of one consent, all of them, as they were signed and accepted."""
    replayed = Replay(directory)
    replayed.take(kept)
    return replayed
