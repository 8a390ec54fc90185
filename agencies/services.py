"""The services of agencies: what their own members say of them, and who can take a person now.

Where a service cannot take somebody, it is said why: a code of REASONS, with the values that make it a sentence. What
the person refused is not among them: the hub does not know it, the client does (ortoo/finding.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from agencies import clock, directory
from agencies.changes import tell_hours_changed
from agencies.models import Agency, Service
from ortoo import places
from ortoo.hours import Hours, HoursError, Schedule, hours_of_agency
from ortoo.protocol import vocabulary
from ortoo.protocol.errors import Refused

MOST_SERVICES: Final = 100  # of an agency
MOST_PLACES: Final = 60
MOST_FOUND: Final = 200
MOST_PLACES_TAKEN: Final = 100_000
OLDEST: Final = 120  # years
CHILD: Final = (0, 17)
ADULT: Final = (18, OLDEST)
LONGEST_FULL: Final = timedelta(days=31)  # whoever is full for longer does not accept
FURTHEST: Final = timedelta(days=366)  # so far ahead somebody may be looked for

# Why not, the least hindrance first.
REASONS: Final = (
    "language",
    "closed_until",
    "full",
    "dependants",
    "gender",
    "age",
    "other_area",
    "not_accepting",
    "receiving_off",
    "suspended",
)
PASSING: Final = REASONS[:3]  # an interpreter may be found, a door opens, a place gets free


@dataclass(frozen=True)
class Offer:
    """What an administrator says of a service. schedule, exceptions: as ortoo.hours.Schedule.parse reads them.

    open_on_holidays: None: if it is open around the clock. genders: none for all. capacity: None where it is not
    counted; taken may be more than it.
    """

    code: str
    name_en: str
    name_mn: str
    places: Sequence[str]
    languages: Sequence[str]
    schedule: Sequence[Mapping[str, Any]] = ()
    exceptions: Sequence[Mapping[str, Any]] = ()
    open_on_holidays: bool | None = None
    min_age: int | None = None
    max_age: int | None = None
    genders: Sequence[str] = ()
    dependants: bool = True
    capacity: int | None = None
    taken: int = 0


@dataclass(frozen=True)
class Contact:
    """How an agency is reached, and where it is; empty where it does not say."""

    place: str = ""
    phone: str = ""
    duty_phone: str = ""
    email: str = ""


@dataclass(frozen=True)
class Wanted:
    """Who is to be taken, and for any of which needs; what is not said rules nobody out.

    ages: between which the person is.
    """

    needs: tuple[str, ...]
    at: datetime
    place: str | None = None
    language: str | None = None
    ages: tuple[int, int] | None = None
    gender: str | None = None
    dependants: int = 0


@dataclass(frozen=True)
class Reason:
    """Why not. until: of `closed_until` and `full`; least, most: of `age`; codes: what it takes, speaks, serves."""

    code: str
    until: datetime | None = None
    least: int | None = None
    most: int | None = None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A service that gives what is needed. reasons: none where it can take the person; open_until: None: no end."""

    service: Service
    reasons: tuple[Reason, ...]
    open_until: datetime | None = None
    near: int = field(default=2, repr=False)  # 0: the same soum or district; 1: the same aimag

    @property
    def takes(self) -> bool:
        return not self.reasons


# --- who can take somebody --------------------------------------------------------------------------------------------


def find(wanted: Wanted) -> list[Found]:
    """All services for these needs, those first that can take the person: the near ones, then those with most room.

    The others follow, the least hindered first. The same question gets the same order. One query, however many.
    """
    _check_wanted(wanted)
    view = directory.in_force().now()
    found = []
    for service in Service.objects.filter(code__in=wanted.needs).select_related("agency"):
        state = view.agency(service.agency_id)
        if state is None or state.roster is None:  # nobody is there to whom anything could be sealed
            continue
        reasons = why_not(service, wanted, suspended=state.suspended)
        hours = hours_of_service(service)
        open_until = hours.next_closing(wanted.at) if hours.is_open(wanted.at) else None
        found.append(Found(service, reasons, open_until, _near(service.agency, wanted.place)))
    return sorted(found, key=_rank)


def why_not(service: Service, wanted: Wanted, *, suspended: bool) -> tuple[Reason, ...]:
    """Why the service cannot take the person at that moment, the greatest hindrance first; empty where it can."""
    said = (
        Reason("suspended") if suspended else None,
        None if service.agency.receiving else Reason("receiving_off"),
        None if service.accepting else Reason("not_accepting"),
        _area(service, wanted.place),
        _age(service, wanted.ages),
        _gender(service, wanted.gender),
        Reason("dependants") if wanted.dependants and not service.dependants else None,
        _full(service, wanted.at),
        _closed(service, wanted.at),
        _language(service, wanted.language),
    )
    return tuple(one for one in said if one is not None)


def _area(service: Service, place: str | None) -> Reason | None:
    """A place that is said no more exactly than the aimag is served where any of it is."""
    if place is None or any(places.lies_in(place, one) or places.lies_in(one, place) for one in service.places):
        return None
    return Reason("other_area", codes=tuple(service.places))


def _age(service: Service, ages: tuple[int, int] | None) -> Reason | None:
    least, most = service.min_age, service.max_age
    if ages is None or ((least is None or least <= ages[1]) and (most is None or ages[0] <= most)):
        return None
    return Reason("age", least=least, most=most)


def _gender(service: Service, gender: str | None) -> Reason | None:
    if gender is None or not service.genders or gender in service.genders:
        return None
    return Reason("gender", codes=tuple(service.genders))


def _full(service: Service, at: datetime) -> Reason | None:
    if service.full_until is not None and at < service.full_until:
        return Reason("full", until=service.full_until)
    return Reason("full") if free(service) == 0 else None


def _closed(service: Service, at: datetime) -> Reason | None:
    hours = hours_of_service(service)
    return None if hours.is_open(at) else Reason("closed_until", until=hours.next_opening(at))


def _language(service: Service, language: str | None) -> Reason | None:
    if language is None or language in service.languages:
        return None
    return Reason("language", codes=tuple(service.languages))


def _near(agency: Agency, place: str | None) -> int:
    if place is None or places.aimag(agency.place) != places.aimag(place):
        return 2
    return 0 if agency.place == place else 1


def _rank(one: Found) -> tuple[Any, ...]:
    hindrance = max((REASONS.index(reason.code) for reason in one.reasons), default=-1)
    never = datetime.max.replace(tzinfo=UTC)
    until = max(
        (reason.until or never for reason in one.reasons if reason.code in ("closed_until", "full")), default=None
    )
    room = free(one.service)
    return (
        hindrance,
        until or datetime.min.replace(tzinfo=UTC),
        len(one.reasons),
        one.near,
        -(room if room is not None else 0),
        one.service.agency_id,
        str(one.service.pk),
    )


def free(service: Service) -> int | None:
    """How many places are left; None where they are not counted."""
    return None if service.capacity is None else max(0, service.capacity - service.taken)


def _check_wanted(wanted: Wanted) -> None:
    now = clock.now()
    if not {*wanted.needs} <= vocabulary.codes("services"):
        raise Refused("malformed", "This is not a service.", field="need")
    if wanted.place is not None and not places.is_known(wanted.place):
        raise Refused("malformed", "This is not a place.", field="place")
    if wanted.language is not None and wanted.language not in vocabulary.codes("languages"):
        raise Refused("malformed", "This is not a language.", field="language")
    if wanted.ages is not None and not 0 <= wanted.ages[0] <= wanted.ages[1] <= OLDEST:
        raise Refused("malformed", f"An age is from 0 to {OLDEST}.", field="age")
    if wanted.gender is not None and wanted.gender not in vocabulary.GENDERS:
        raise Refused("malformed", "This is not a gender of HTCDS.", field="gender")
    if not 0 <= wanted.dependants <= 100:
        raise Refused("malformed", "So many do not come along.", field="dependants")
    if wanted.at.tzinfo is None or not now - FURTHEST <= wanted.at <= now + FURTHEST:
        raise Refused("malformed", "A moment has a zone, and is within a year.", field="at")


# --- hours ------------------------------------------------------------------------------------------------------------


def schedule_of(service: Service) -> Schedule:
    return Schedule.parse(service.schedule, service.exceptions, service.open_on_holidays)


def hours_of_service(service: Service) -> Hours:
    """Its own; those of an office where it gives none."""
    return hours_of_agency([schedule_of(service)])


def hours_of(agency: str, asked: Iterable[str]) -> Hours:
    """By which the agency's clocks run when these services were asked for."""
    rows = Service.objects.filter(agency=agency, code__in=set(asked))
    return hours_of_agency(schedule_of(one) for one in rows)


def hours_of_all(agencies: Iterable[str]) -> dict[str, Hours]:
    """When anybody of each of these agencies is there: while any of its services is open. One query."""
    found: dict[str, list[Schedule]] = {agency: [] for agency in agencies}
    for row in Service.objects.filter(agency__in=found):
        found[row.agency_id].append(schedule_of(row))
    return {agency: hours_of_agency(schedules) for agency, schedules in found.items()}


# --- kept by the agency's own members ---------------------------------------------------------------------------------


def of_agency(agency: str) -> list[Service]:
    return list(Service.objects.filter(agency=agency).select_related("agency").order_by("code", "id"))


def given() -> dict[str, tuple[int, int | None]]:
    """Of each service that agencies in force give: how many do, and how many places they have that are counted; None
    where nobody counts them.
    """
    view = directory.in_force().now()
    found: dict[str, tuple[int, int | None]] = {}
    for agency, code, capacity in Service.objects.values_list("agency", "code", "capacity"):
        state = view.agency(agency)
        if state is None or state.suspended:
            continue
        number, places = found.get(code, (0, None))
        found[code] = number + 1, places if capacity is None else (places or 0) + capacity
    return found


def any_gives(code: str, agencies: Iterable[str]) -> bool:
    """Whether one of these agencies gives this service at all."""
    return Service.objects.filter(agency__in=set(agencies), code=code).exists()


WHAT_CLOCKS_RUN_BY: Final = ("code", "schedule", "exceptions", "open_on_holidays")


def save(agency: str, id: UUID, offer: Offer) -> Service:
    """Add a service under a new id, or say all of it anew. Safe to repeat.

    Raises:
        Refused: `malformed` with the field; `limit_exceeded`; `id_reused` for another agency's service.
    """
    schedule = _check_offer(offer)
    said: dict[str, Any] = {
        **vars(offer),
        "places": sorted(set(offer.places)),
        "languages": _in_order(offer.languages, vocabulary.terms("languages")),
        "genders": _in_order(offer.genders, vocabulary.GENDERS),
        "schedule": [dict(one) for one in offer.schedule],
        "exceptions": [dict(one) for one in offer.exceptions],
        "open_on_holidays": schedule.open_on_holidays,
        "changed_at": clock.now(),
    }
    with transaction.atomic():
        there = Service.objects.select_for_update().filter(pk=id).first()
        if there is not None and there.agency_id != agency:
            raise Refused("id_reused", "This id is that of another service.", field="id")
        if there is None and Service.objects.filter(agency=agency).count() >= MOST_SERVICES:
            raise Refused("limit_exceeded", field="services", most=MOST_SERVICES)
        Service.objects.update_or_create(id=id, defaults={**said, "agency_id": agency})
        if there is None or any(getattr(there, name) != said[name] for name in WHAT_CLOCKS_RUN_BY):
            tell_hours_changed(agency)
    return _own(agency, id)


def end(agency: str, id: UUID) -> bool:
    """The agency gives it no more. Whether it did."""
    with transaction.atomic():
        ended = bool(Service.objects.filter(agency=agency, pk=id).delete()[0])
        if ended:
            tell_hours_changed(agency)
    return ended


def set_full(agency: str, id: UUID, until: datetime) -> Service:
    """Full until then; it undoes itself."""
    now = clock.now()
    if until.tzinfo is None or not now < until <= now + LONGEST_FULL:
        raise Refused("malformed", "Full until a moment to come, within a month.", field="until")
    return _change(agency, id, full_until=until)


def clear_full(agency: str, id: UUID) -> Service:
    return _change(agency, id, full_until=None)


def set_accepting(agency: str, id: UUID, accepting: bool) -> Service:
    return _change(agency, id, accepting=accepting)


def set_receiving(agency: str, receiving: bool) -> Agency:
    """The agency's own switch: whether it takes any referrals now. What it has stays."""
    Agency.objects.filter(pk=agency).update(receiving=receiving)
    return Agency.objects.get(pk=agency)


def save_contact(agency: str, contact: Contact) -> Agency:
    """How the agency is reached, whole. Raises Refused (`malformed`)."""
    if contact.place and not places.is_known(contact.place):
        raise Refused("malformed", "This is not a place.", field="place")
    for name in ("phone", "duty_phone"):
        number = getattr(contact, name)
        if len(number) > 40 or set(number) - set("0123456789 +-(),;"):
            raise Refused("malformed", "A telephone number has digits, spaces and + - ( ) , ;", field=name)
    if contact.email and not _is_email(contact.email):
        raise Refused("malformed", "This is not an e-mail address.", field="email")
    Agency.objects.filter(pk=agency).update(**vars(contact))
    return Agency.objects.get(pk=agency)


def _change(agency: str, id: UUID, **values: object) -> Service:
    """One field, of a service of the agency's own: whatever else is said of it meanwhile stays."""
    if not Service.objects.filter(agency=agency, pk=id).update(**values, changed_at=clock.now()):
        raise Refused("not_found", "The agency has no such service.", field="id")
    return _own(agency, id)


def _own(agency: str, id: UUID) -> Service:
    found = Service.objects.select_related("agency").filter(agency=agency, pk=id).first()
    if found is None:
        raise Refused("not_found", "The agency has no such service.", field="id")
    return found


def _check_offer(offer: Offer) -> Schedule:
    if offer.code not in vocabulary.codes("services"):
        raise Refused("malformed", "This is not a service.", field="service")
    for name in (offer.name_en, offer.name_mn):
        if not 1 <= len(name.strip()) <= len(name) <= 200 or not name.isprintable():
            raise Refused("malformed", "A name has 1 to 200 letters.", field="name")
    if not 1 <= len(offer.places) <= MOST_PLACES or not all(map(places.is_known, offer.places)):
        raise Refused("malformed", f"It serves 1 to {MOST_PLACES} places.", field="places")
    if not offer.languages or not set(offer.languages) <= vocabulary.codes("languages"):
        raise Refused("malformed", "It speaks at least one language.", field="languages")
    if not set(offer.genders) <= {*vocabulary.GENDERS}:
        raise Refused("malformed", "These are not genders of HTCDS.", field="genders")
    least, most = offer.min_age or 0, OLDEST if offer.max_age is None else offer.max_age
    if not 0 <= least <= most <= OLDEST:
        raise Refused("malformed", f"Ages are from 0 to {OLDEST}, in order.", field="age")
    if not 0 <= (offer.capacity or 0) <= MOST_PLACES_TAKEN or not 0 <= offer.taken <= MOST_PLACES_TAKEN:
        raise Refused("malformed", "So many places there are not.", field="capacity")
    if offer.capacity is None and offer.taken:
        raise Refused("malformed", "Taken are places that are counted.", field="capacity")
    try:
        return Schedule.parse(offer.schedule, offer.exceptions, offer.open_on_holidays)
    except HoursError as error:
        code = "limit_exceeded" if error.problem == "too_many" else "malformed"
        raise Refused(code, field=error.field.partition("[")[0], at=error.field) from None


def _in_order(given: Sequence[str], order: Iterable[str]) -> list[str]:
    return [one for one in order if one in given]


def _is_email(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return (
        bool(name and at and "." in host)
        and len(text) <= 254
        and text.isascii()
        and text.isprintable()
        and " " not in text
    )
