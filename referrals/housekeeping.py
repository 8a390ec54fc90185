"""Seeds of agencies' old epochs go when nothing is left that is sealed to them (protocol §4)."""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from agencies import directory
from agencies.models import AgencyKey
from referrals import sealed
from referrals.models import Wrap


def forget_old_seeds() -> None:
    """Safe to run at any time, in any number of processes. The newest epoch's seeds always stay."""
    for agency in _unneeded().values_list("agency_id", flat=True).distinct():
        with transaction.atomic():
            # Held alone: nobody who still relies on an older epoch is in the middle of sealing to it.
            directory.committed_alone()
            own = directory.in_force().now().agency(agency)
            newest = own.epoch.n if own is not None and own.epoch is not None else 0
            if _unneeded().filter(agency=agency, epoch__lt=newest).delete()[0]:
                transaction.on_commit(sealed.empty_write_ahead_log, robust=True)


def _unneeded() -> QuerySet[AgencyKey]:
    """Seeds of epochs to which no wrap is left, the newest ones among them."""
    needed = Wrap.objects.filter(agency=OuterRef("agency"), epoch=OuterRef("epoch"))
    return AgencyKey.objects.filter(~Exists(needed))
