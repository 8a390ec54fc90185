"""Which code belongs to which consent (protocol §8). One code a consent; one that was lost is replaced, and never looks
again.
"""

from django.db.models import QuerySet

from ortoo.protocol import schemas
from ortoo.protocol.consent import Decisions
from ortoo.protocol.documents import unb64
from ortoo.protocol.errors import Refused
from referrals.models import ReceiptKey


def follow(consent: str, decisions: Decisions) -> None:
    """From now on the consent's receipt is the one that all its newest decisions name. The consent's row is locked.

    So a lost code is replaced by new versions of all decisions together, or not at all.

    Raises:
        Refused: `malformed` where they name several; `key_refused` for a key that was used before.
    """
    receipts = [one.body.receipt for one in decisions.newest.values()]
    if any(one != receipts[0] for one in receipts):
        raise Refused(
            "malformed",
            "All decisions under one consent name the same receipt. Make new versions of all of them together.",
            field="receipt",
            consent=consent,
        )
    receipt = receipts[0]
    if receipt is None:
        _current(consent).update(replaced=True)
        return
    known = ReceiptKey.objects.filter(key=unb64(receipt.key)).first()
    if known is None:
        _current(consent).update(replaced=True)
        _keep(consent, receipt)
    elif str(known.consent_id) != consent or known.replaced:
        raise _used(consent)
    elif known.mode != receipt.mode:
        ReceiptKey.objects.filter(pk=known.pk).update(mode=receipt.mode)


def _keep(consent: str, receipt: schemas.ReceiptKey) -> None:
    _, created = ReceiptKey.objects.get_or_create(
        key=unb64(receipt.key), defaults={"consent_id": consent, "mode": receipt.mode}
    )
    if not created:  # by another consent at the same moment
        raise _used(consent)


def _current(consent: str) -> QuerySet[ReceiptKey]:
    return ReceiptKey.objects.filter(consent=consent, replaced=False)


def _used(consent: str) -> Refused:
    return Refused(
        "key_refused", "This receipt was used before. Make a new code.", field="receipt.key", consent=consent
    )
