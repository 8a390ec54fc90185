"""Services in the Human Services Data Specification 3 (Open Referral), for directories elsewhere.

Each service stands as a whole document (its schema: service), with organization, location, schedules and more in it.
Ids are made of the network's and of what they stand for, so that the same thing keeps its id from export to export.
"""

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID, uuid5

from ortoo import contract
from ortoo.protocol import vocabulary
from ortoo.words import Words

_TIMEZONE: Final = 8  # hours from UTC
_OFFSET: Final = "+08:00"
_ENGLISH: Final = Words("en")


def services(network: str, of: contract.AgencyServices) -> list[dict[str, Any]]:
    """The agency's services. network: its id."""
    return [_Export(UUID(network), of.contact, one).service() for one in of.services]


class _Export:
    """One service on its way out."""

    def __init__(self, network: UUID, contact: contract.AgencyContact, one: contract.Service) -> None:
        self.network, self.contact, self.one = network, contact, one

    def service(self) -> dict[str, Any]:
        one = self.one
        open_to_all = self.contact.receiving and one.accepting
        return _said(
            id=one.id,
            organization_id=self._id("organization", one.agency),
            name=one.name_en,
            alternate_name=one.name,
            description=_ENGLISH.label("services", one.code),
            email=self.contact.email,
            status="active" if open_to_all else "temporarily closed",
            application_process="By referral through the network.",
            eligibility_description=self._eligibility(),
            minimum_age=one.min_age,
            maximum_age=one.max_age,
            alert=f"Full until {one.full_until.isoformat()}." if one.full_until else None,
            last_modified=one.changed_at.isoformat(),
            phones=self._phones("service", one.id),
            schedules=list(self._schedules()),
            service_areas=[self._area(place) for place in one.places],
            service_at_locations=self._locations(),
            languages=[self._language(code) for code in one.languages],
            organization=self._organization(),
            attributes=[self._taxonomy()],
        )

    def _organization(self) -> dict[str, Any]:
        contact = self.contact
        return _said(
            id=self._id("organization", contact.agency),
            name=contact.name_en,
            alternate_name=contact.name,
            description=_ENGLISH.label("agency_kinds", contact.kind),
            email=contact.email,
            phones=self._phones("organization", contact.agency),
        )

    def _phones(self, what: str, of: str) -> list[dict[str, Any]]:
        numbers = ((self.contact.phone, "In opening hours"), (self.contact.duty_phone, "Around the clock"))
        return [
            {"id": self._id("phone", what, of, number), "number": number, "type": "voice", "description": when}
            for number, when in numbers
            if number
        ]

    def _schedules(self) -> Iterator[dict[str, Any]]:
        one = self.one
        holidays = "On public holidays too." if one.open_on_holidays else "Not on public holidays."
        for hours in one.schedule:
            yield {
                "id": self._id("schedule", one.id, hours.days, hours.opens, hours.closes),
                "service_id": one.id,
                "timezone": _TIMEZONE,
                "wkst": "MO",
                "freq": "WEEKLY",
                "interval": 1,
                "byday": hours.days,
                "opens_at": hours.opens + _OFFSET,
                "closes_at": hours.closes + _OFFSET,
                "description": holidays,
            }
        for other in one.exceptions:
            yield _said(
                id=self._id("exception", one.id, other.date, other.opens or ""),
                service_id=one.id,
                valid_from=other.date,
                valid_to=other.date,
                dtstart=other.date,
                timezone=_TIMEZONE,
                count=1,
                opens_at=other.opens + _OFFSET if other.opens else None,
                closes_at=other.closes + _OFFSET if other.closes else None,
                description="Instead of the hours of the week." if other.opens else "Closed.",
            )

    def _area(self, place: str) -> dict[str, Any]:
        return {
            "id": self._id("area", self.one.id, place),
            "service_id": self.one.id,
            "name": _ENGLISH.place(place),
            "extent": place,
            "extent_type": "ISO 3166-2:MN",
        }

    def _locations(self) -> list[dict[str, Any]]:
        place = self.contact.place
        if not place:
            return []
        location = {
            "id": self._id("location", self.contact.agency, place),
            "location_type": "physical",
            "organization_id": self._id("organization", self.contact.agency),
            "name": _ENGLISH.place(place),
            "external_identifier": place,
            "external_identifier_type": "ISO 3166-2:MN",
        }
        return [
            {
                "id": self._id("service_at_location", self.one.id, place),
                "service_id": self.one.id,
                "location_id": location["id"],
                "location": location,
            }
        ]

    def _language(self, code: str) -> dict[str, Any]:
        return {
            "id": self._id("language", self.one.id, code),
            "service_id": self.one.id,
            "name": _ENGLISH.label("languages", code),
            "code": str(vocabulary.terms("languages")[code]["iso639_2"]) if code in _languages() else code,
        }

    def _taxonomy(self) -> dict[str, Any]:
        one = self.one
        term = self._id("term", one.code)
        return {
            "id": self._id("attribute", one.id, one.code),
            "link_id": one.id,
            "link_entity": "service",
            "taxonomy_term_id": term,
            "taxonomy_term": {
                "id": term,
                "code": one.code,
                "name": _ENGLISH.label("services", one.code),
                "description": _ENGLISH.label("services", one.code),
                "taxonomy": "Ortoo services",
                "language": "eng",
            },
        }

    def _eligibility(self) -> str | None:
        genders = [_ENGLISH(f"gender.{code}") for code in self.one.genders]
        said = [f"For: {', '.join(genders)}."] if genders else []
        if not self.one.dependants:
            said.append("Nobody can come along.")
        return " ".join(said) or None

    def _id(self, *of: str) -> str:
        return str(uuid5(self.network, "/".join(of)))


def _languages() -> frozenset[str]:
    return vocabulary.codes("languages")


def _said(**values: Any) -> dict[str, Any]:
    """Without what nothing is said of."""
    return {name: value for name, value in values.items() if value not in (None, "", [])}
