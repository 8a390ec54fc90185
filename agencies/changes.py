"""Told to whoever listens, after the commit: rights of somebody in an agency, or its hours, have changed.

The rooms above (notifications) wake their sockets by it; this room knows nothing of them.
"""

from django.db import transaction
from django.dispatch import Signal

rights_changed = Signal()  # agency: the handle
hours_changed = Signal()  # the same: its services are open at other times


def tell_rights_changed(agency: str) -> None:
    transaction.on_commit(lambda: rights_changed.send(None, agency=agency), robust=True)


def tell_hours_changed(agency: str) -> None:
    transaction.on_commit(lambda: hours_changed.send(None, agency=agency), robust=True)
