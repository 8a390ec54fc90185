"""The rule of consent (protocol §7) as the hub applies it to what it keeps."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from ortoo.protocol import consent as rule
from ortoo.protocol.consent import Decisions
from ortoo.protocol.errors import Refused


def may_read(parts: Sequence[str], agency: str, kind: str, decisions: Decisions, at: datetime) -> list[str]:
    """Those of the parts that the rule gives to the agency at this time."""
    allowed = []
    for part in parts:
        with suppress(Refused):
            rule.may_read(decisions, agency=agency, kind=kind, part=part, at=at)
            allowed.append(part)
    return allowed
