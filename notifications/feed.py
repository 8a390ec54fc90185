"""The feed: what an agency has to be told, in a sequence without a gap."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from notifications import outbox, push
from notifications.models import FeedEntry, FeedHead
from notifications.news import Told


def tell(news: Sequence[Told], at: datetime) -> None:
    """Write feed entries, and what goes out by e-mail, in the caller's transaction; nudge whoever listens once it is
    committed.

    The heads' row locks are taken last and in one order: they are the bottleneck, and would deadlock otherwise.
    """
    outbox.write(news, at)
    entries = []
    for agency in sorted({one.agency for one in news}):
        FeedHead.objects.get_or_create(agency_id=agency)
        head = FeedHead.objects.select_for_update().get(agency_id=agency)
        for one in (one for one in news if one.agency == agency):
            head.sequence += 1
            entries.append(
                FeedEntry(
                    agency_id=agency,
                    sequence=head.sequence,
                    kind=one.kind,
                    referral=one.referral,
                    event=one.event,
                    at=at,
                )
            )
        head.save(update_fields=["sequence"])
        transaction.on_commit(lambda agency=agency, sequence=head.sequence: push.nudge(agency, sequence))
    FeedEntry.objects.bulk_create(entries)


def after(agency: str, sequence: int, most: int) -> list[FeedEntry]:
    """The entries that follow `sequence`, at most `most`, in order."""
    entries = list(FeedEntry.objects.filter(agency_id=agency, sequence__gt=sequence).order_by("sequence")[:most])
    outbox.handed_out(agency, [one.referral for one in entries if one.referral is not None])
    return entries
