"""What there is to tell an agency: it goes into its feed, and out by e-mail."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Told:
    """An agency is told of something: the kind, and the ids by which it can be looked up.

    urgency: of the referral. sender: who is told if nobody of the agency could be reached.
    """

    agency: str
    kind: str
    referral: str | None = None
    event: str | None = None
    urgency: str = "standard"
    sender: str | None = None
