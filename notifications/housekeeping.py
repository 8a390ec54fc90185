"""What is over is removed: mails that were sent long ago, and everything of members who have left."""

from agencies import clock
from notifications import outbox, preferences


def sweep() -> None:
    """Safe to run at any time, in any number of processes."""
    outbox.sweep(clock.now())
    preferences.forget_ended()
