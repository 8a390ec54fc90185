"""Who can take a person: what the hub's directory says, and what only the client knows: her own decisions, and what
stands in the sealed sections.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ortoo import contract
from ortoo.form import Form
from ortoo.protocol.consent import ALL, Decided


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


# --- who else could take what was sent --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Alternative:
    """An agency that could take a referral instead. agreed: her decisions cover it; else she has to be asked first."""

    agency: str
    agreed: bool
    gives: tuple[contract.FoundService, ...]

    @property
    def takes(self) -> bool:
        """Something of what is asked for it can give now."""
        return any(one.takes_now for one in self.gives)


@dataclass(frozen=True)
class Person:
    """What sealed sections say of whom a service may not take. What they don't say rules nobody out."""

    gender: str | None = None
    ages: tuple[int, int] | None = None
    dependants: int = 0

    @classmethod
    def of(cls, sections: Mapping[str, Mapping[str, Any]], today: date) -> "Person":
        identity, needs = sections.get("identity", {}), sections.get("needs", {})
        gender, dependants = identity.get("gender"), needs.get("dependants")
        return cls(
            gender if isinstance(gender, str) and gender != "NonSpecifiedUnknown" else None,
            _ages(identity.get("date_of_birth"), identity.get("age_estimated"), today),
            dependants if isinstance(dependants, int) else 0,
        )

    def fits(self, service: contract.Service) -> bool:
        """Whether the service takes such a person, as far as that is known."""
        if self.gender is not None and service.genders and self.gender not in service.genders:
            return False
        if self.dependants and not service.dependants:
            return False
        least, most = service.min_age or 0, service.max_age
        return self.ages is None or (least <= self.ages[1] and (most is None or self.ages[0] <= most))


def _ages(born: Any, estimated: Any, today: date) -> tuple[int, int] | None:
    """Between which ages: of a date of birth its year is enough to rule out what surely does not fit."""
    if isinstance(born, str) and born[:4].isdigit():
        years = today.year - int(born[:4])
        return max(0, years - 1), max(0, years)
    return (estimated, estimated) if isinstance(estimated, int) else None
