"""Told to whoever listens: the rights of somebody in an agency have changed (after the commit), or its hours have.

The rooms above wake their sockets and set their clocks by it; this room knows nothing of them.
"""

from django.db import transaction
from django.dispatch import Signal

rights_changed = Signal()  # agency: the handle
hours_changed = Signal()  # agency: the handle; in the transaction that changes them


def tell_rights_changed(agency: str) -> None:
    transaction.on_commit(lambda: rights_changed.send(None, agency=agency), robust=True)


def tell_hours_changed(agency: str) -> None:
    """Clocks of the rooms above run by these hours: they are set anew with them, or neither is."""
    hours_changed.send(None, agency=agency)
