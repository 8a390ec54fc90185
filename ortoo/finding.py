"""Who can take a person: what the hub's directory says, and what only the client knows: her own decisions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ortoo import contract
from ortoo.form import Form
from ortoo.protocol.consent import ALL

Decided = Literal["agreed", "refused", "not_asked"]


@dataclass(frozen=True)
class Match:
    """A service that was found. decided: what the form's consent says of its agency; None without a form."""

    found: contract.FoundService
    decided: Decided | None = None

    @property
    def takes(self) -> bool:
        """It can take the person now, and she has not refused it."""
        return self.found.takes_now and self.decided != "refused"


def decided(form: Form, agency: str, kind: str) -> Decided:
    """What the person has decided on an agency: a refusal of all goes before whatever was agreed to."""
    refusals = form.consent.refusals
    if any(ALL in refusals.get(to, ()) for to in (agency, f"kind:{kind}", ALL)):
        return "refused"
    return "agreed" if form.parts_for(agency, kind) else "not_asked"


def matches(found: Iterable[contract.FoundService], form: Form | None = None) -> Sequence[Match]:
    """In the hub's order, but those whom she has refused at the end."""
    marked = [
        Match(one, decided(form, one.service.agency, one.contact.kind) if form is not None else None) for one in found
    ]
    return sorted(marked, key=lambda one: one.decided == "refused")
