"""Told to whoever listens, after the commit: the rights of somebody in an agency have changed.

The rooms above (notifications) wake their sockets by it; this room knows nothing of them.
"""

from django.db import transaction
from django.dispatch import Signal

rights_changed = Signal()  # agency: the handle


def tell_rights_changed(agency: str) -> None:
    transaction.on_commit(lambda: rights_changed.send(None, agency=agency), robust=True)
