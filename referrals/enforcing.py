"""What a newer decision no longer allows is destroyed with it, in its transaction (protocol §9)."""

from datetime import datetime

from agencies import directory
from ortoo.protocol import documents, schemas
from ortoo.protocol.consent import Decisions
from referrals import sealed
from referrals.models import Event, Referral
from referrals.rule import may_read


def enforce(consent: str, decisions: Decisions, *, at: datetime) -> None:
    """Destroy the keys, of all that was sent under the consent, of whoever may no longer read. It is locked."""
    for row in Referral.objects.filter(consent=consent):
        _enforce(row.sealed_id, documents.read(row.envelope, schemas.Referral).body.sealed, decisions, at)
    for event in Event.objects.filter(referral__consent=consent, sealed__isnull=False):
        body = documents.read(event.envelope, schemas.Event).body
        if body.sealed is not None and event.sealed_id is not None:
            _enforce(event.sealed_id, body.sealed, decisions, at)


def _enforce(kept: int, listed: schemas.Sealed, decisions: Decisions, at: datetime) -> None:
    for reader in listed.readers:
        parts = [key.part for key in listed.keys if key.agency == reader.agency]
        state = directory.in_force().now().agency(reader.agency)
        allowed = may_read(parts, reader.agency, state.kind if state else "", decisions, at)
        gone = [part for part in parts if part not in allowed]
        if gone:
            sealed.destroy_keys([kept], reader.agency, gone)
