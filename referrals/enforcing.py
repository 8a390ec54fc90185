"""What may no longer be read is destroyed (protocol §9): by a newer decision or a withdrawal, when a grant has run out,
and when a referral has been over for as long as it was to be kept.

Whoever calls holds the consent's row, and writes what it decided in the same transaction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import QuerySet

from agencies import directory
from notifications.feed import Told
from ortoo.protocol import consent as rule
from ortoo.protocol import documents, events, schemas
from ortoo.protocol.consent import Decisions
from referrals import clocks, sealed
from referrals.models import Decision, Event, PartKey, Referral
from referrals.rule import may_read

WITHDRAWN: Final = "withdrawn"
EXPIRED: Final = "expired"
NARROWED: Final = "narrowed"  # something of it may no longer be read, and something may
LIVE: Final = (events.READABLE | {"waiting"}) - {"closed"}
OVER: Final = events.OVER
LOOKED_AGAIN: Final = timedelta(days=1)  # whether evidence is needed of what has run out and was not ended yet


@dataclass(frozen=True)
class Lost:
    """A referral of which somebody can read less now.

    by_recipient: else by its sender alone, of its own copy. kind: what is told of it.
    """

    referral: Referral
    by_recipient: bool
    kind: str


def enforce(consent: str, decisions: Decisions, *, at: datetime, only: Iterable[Any] | None = None) -> list[Lost]:
    """Destroy what these decisions and withdrawals no longer allow anybody to read, of all that was sent under the
    consent (or `only` these referrals), and the evidence of its decisions. Gives those of which somebody has lost
    something.

    The one way in which a consent ends, whoever signed it away and whether or not time did: a referral of which the
    recipient may read no section is `withdrawn` or `expired`, and whoever had opened what is gone owes a deletion.
    """
    rows = Referral.objects.filter(consent=consent)
    whole = rule.is_taken_back(decisions)
    if only is None:
        _enforce_on_evidence(consent, decisions, at, whole)
    else:
        rows = rows.filter(pk__in=list(only))
    enforced = [_enforce(one, decisions, at, whole) for one in rows.select_for_update().order_by("pk")]
    return [one for one in enforced if one is not None]


def has_run_out(referral: Referral, decisions: Decisions, at: datetime) -> bool:
    """Whether the grant under which it may be read is over, and nobody has enforced it yet."""
    granted = decisions.granted_to(referral.recipient_id)
    return referral.state in LIVE and granted is not None and documents.instant(granted.until) <= at


def _enforce(referral: Referral, decisions: Decisions, at: datetime, whole: bool) -> Lost | None:
    body = documents.read(referral.envelope, schemas.Referral).body
    lost = _destroy(referral.sealed_id, body.sealed, decisions, at, whole)
    for event in Event.objects.filter(referral=referral, sealed__isnull=False):
        note = documents.read(event.envelope, schemas.Event).body.sealed
        if note is not None and event.sealed_id is not None:
            lost |= _destroy(event.sealed_id, note, decisions, at, whole)
    ended = _end(referral, body, decisions, at)
    if ended:
        lost |= sealed.destroy_keys(sealed.sets_of(referral), referral.recipient_id)
    if referral.recipient_id not in lost and not ended:
        kind = _become_of(referral, decisions, at)
        return Lost(referral, by_recipient=False, kind=kind) if referral.sender_id in lost else None
    owe_deletion(referral, at)
    referral.changed_at = at
    referral.save(update_fields=["state", "changed_at", "empties_at", "deletion_owed_since"])
    clocks.ended(referral)
    return Lost(referral, by_recipient=True, kind=referral.state if ended else NARROWED)


def _become_of(referral: Referral, decisions: Decisions, at: datetime) -> str:
    """What has become of its sender's own copy."""
    if PartKey.objects.filter(set=referral.sealed_id, agency=referral.sender_id).exists():
        return NARROWED
    granted = decisions.granted_to(referral.sender_id)
    return EXPIRED if granted is not None and documents.instant(granted.until) <= at else WITHDRAWN


def evidence_of(consent: Any) -> QuerySet[Decision]:
    """The decisions under a consent of which evidence is still there."""
    return Decision.objects.filter(consent=consent, evidence_until__isnull=False).order_by("pk")


def _enforce_on_evidence(consent: str, decisions: Decisions, at: datetime, whole: bool) -> None:
    """The recorder reads it for as long as she has not taken back all of it."""
    for row in evidence_of(consent):
        listed = documents.read(row.envelope, schemas.Consent).body.sealed
        if listed is not None and row.sealed_id is not None and _destroy(row.sealed_id, listed, decisions, at, whole):
            evidence_of(consent).filter(pk=row.pk).update(evidence_until=None)


def let_evidence_go(consent: str, decisions: Decisions, *, at: datetime) -> None:
    """Evidence goes so many days after it was given as she was told, but not before what it is the evidence of: while
    something was granted, or is kept that was sent, it is kept, too.
    """
    due, until = evidence_of(consent).filter(evidence_until__lte=at), needed_until(consent, decisions, at)
    if until is not None:
        due.update(evidence_until=until)
        return
    sealed.destroy_keys([one for one in due.values_list("sealed_id", flat=True) if one is not None])
    due.update(evidence_until=None)


def needed_until(consent: str, decisions: Decisions, at: datetime) -> datetime | None:
    """Until when evidence is needed at least, however old it is; None where it is not any more."""
    sent = Referral.objects.filter(consent=consent)
    ends = [ends_at(one.body) for one in decisions.newest.values()]
    ends += sent.filter(empties_at__isnull=False).values_list("empties_at", flat=True)
    later = [one for one in ends if one is not None and one > at]
    if not later and sent.filter(state__in=LIVE).exists():
        return at + LOOKED_AGAIN
    return max(later, default=None)


def _destroy(kept: int, listed: schemas.Sealed, decisions: Decisions, at: datetime, whole: bool) -> set[str]:
    """Gives the agencies of which keys went."""
    lost: set[str] = set()
    for reader in listed.readers:
        parts = [key.part for key in listed.keys if key.agency == reader.agency]
        allowed = [] if whole else may_read(parts, reader.agency, _kind(reader.agency), decisions, at)
        gone = [part for part in parts if part not in allowed]
        if gone:
            lost |= sealed.destroy_keys([kept], reader.agency, gone)
    return lost


def _end(referral: Referral, body: schemas.Referral, decisions: Decisions, at: datetime) -> bool:
    """Where the recipient may read no section of it any more, that is what has become of it."""
    ended = events.ended_by(body, referral.state, _kind(referral.recipient_id), decisions, at)
    if ended is None:
        return False
    referral.state = ended
    referral.empties_at = empties_at(referral, decisions, at)
    return True


def owe_deletion(referral: Referral, at: datetime) -> None:
    """Whoever had opened what is gone now owes its signed word that its copies are gone, too."""
    opened = Event.objects.filter(referral=referral, agency_id=referral.recipient_id, type="opened").exists()
    if opened and referral.deletion_owed_since is None:
        referral.deletion_owed_since = at


def empties_at(referral: Referral, decisions: Decisions, at: datetime) -> datetime | None:
    """When a referral that is over from now on is emptied."""
    decision = decisions.newest.get(referral.recipient_id)
    return events.kept_until(referral.state, decision.body, at) if decision is not None else None


def news(lost: Iterable[Lost]) -> list[Told]:
    """What both agencies of each are told; its sender alone, that its own copy is gone, where nothing else has changed:
    so nothing stays in what its clients keep of it.
    """
    return [told for one in lost for told in _news_of(one)]


def _news_of(lost: Lost) -> list[Told]:
    one, told = lost.referral, {lost.referral.sender_id}
    if lost.by_recipient and one.delivered_at:
        told.add(one.recipient_id)
    return [Told(agency, lost.kind, str(one.pk), urgency=one.urgency) for agency in sorted(told)]


def ends_at(body: schemas.Consent) -> datetime | None:
    return documents.instant(body.granted.until) if body.granted is not None else None


def settled(consent: str, at: datetime) -> None:
    """What had run out by now under this consent has been enforced."""
    Decision.objects.filter(consent=consent, newest=True, ends_at__lte=at).update(ends_at=None)


def _kind(agency: str) -> str:
    state = directory.in_force().now().agency(agency)
    return state.kind if state else ""
