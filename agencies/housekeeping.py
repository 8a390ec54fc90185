"""What runs out is removed: challenges, invitations, tokens, devices, counted tries."""

from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from agencies import throttling
from agencies.models import Challenge, Invitation, KnownDevice, Token

TOKENS_KEPT: Final = timedelta(days=90)  # after their end, so that it can be seen when it was
DEVICES_KEPT: Final = timedelta(days=365)  # after their last use


def sweep() -> None:
    """Remove what is over. Safe to run at any time, in any number of processes."""
    now = timezone.now()
    Challenge.objects.filter(expires_at__lt=now).delete()
    Invitation.objects.filter(expires_at__lt=now).delete()
    KnownDevice.objects.filter(used_at__lt=now - DEVICES_KEPT).delete()
    over = now - TOKENS_KEPT
    Token.objects.filter(Q(revoked_at__lt=over) | Q(expires_at__lt=over)).delete()
    throttling.forget()
