"""Seeds of agencies' old epochs go when nothing is left that is sealed to them (protocol §4)."""

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from agencies import directory
from agencies.models import AgencyKey
from ortoo.protocol.directory import Agency
from referrals import sealed
from referrals.models import Wrap


def forget_old_seeds() -> None:
    """Safe to run at any time, in any number of processes. The newest epoch's seeds always stay."""
    view = directory.in_force().now()
    for agency in sorted({agency for agency, epoch in _unneeded_of_any() if _is_old(view.agency(agency), epoch)}):
        with transaction.atomic():
            # Held alone: nobody who still relies on an older epoch is in the middle of sealing to it.
            directory.committed_alone()
            own = directory.in_force().now().agency(agency)
            if own is None or own.epoch is None or not _all_hold_what_is_needed(own, own.epoch.n):
                continue
            if _unneeded().filter(agency=agency, epoch__lt=own.epoch.n).delete()[0]:
                transaction.on_commit(sealed.empty_write_ahead_log, robust=True)


def _unneeded_of_any() -> QuerySet[AgencyKey, tuple[str, int]]:
    return _unneeded().values_list("agency_id", "epoch").distinct()


def _is_old(own: Agency | None, epoch: int) -> bool:
    """Not the newest one: looked at before anything is locked, as it is the rule that there is nothing to do."""
    return own is not None and own.epoch is not None and epoch < own.epoch.n


def _all_hold_what_is_needed(own: Agency, newest: int) -> bool:
    """Nothing old goes while somebody lacks what is still needed (protocol §4)."""
    sealed_to = set(Wrap.objects.filter(agency=own.handle).values_list("epoch", flat=True).distinct())
    held = {(str(one), epoch) for one, epoch in _seeds_of(own).values_list("member_id", "epoch")}
    needed = {newest} | (sealed_to & {epoch for _, epoch in held})
    return all((one.id, epoch) in held for one in own.members for epoch in needed)


def _seeds_of(own: Agency) -> QuerySet[AgencyKey]:
    return AgencyKey.objects.filter(agency=own.handle, member__in=[one.id for one in own.members])


def _unneeded() -> QuerySet[AgencyKey]:
    """Seeds of epochs to which no wrap is left, the newest ones among them."""
    needed = Wrap.objects.filter(agency=OuterRef("agency"), epoch=OuterRef("epoch"))
    return AgencyKey.objects.filter(~Exists(needed))
