"""Who may ask at all."""

from typing import Any

from agencies.signing_in import Actor


class NotSignedIn(Exception):
    """The operation is for members who are signed in."""

    code = "not_signed_in"
    message = "Sign in first: send a member's token as `Authorization: Bearer …`."


def actor_in(info: Any) -> Actor:
    """The member who asks."""
    actor: Actor | None = info.context.actor
    if actor is None:
        raise NotSignedIn
    return actor
