"""The directory of services: who can take a person now, and what an agency's own members say of its services."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import graphene

from agencies import clock, services
from agencies.access import actor_in
from agencies.models import Agency as AgencyRow
from agencies.models import Service as ServiceRow
from agencies.scalars import uuid_of
from agencies.services import ADULT, CHILD, MOST_FOUND, Contact, Found, Offer, Reason, Wanted

READERS = ("focal_point", "administrator", "coordinator", "api")


def _codes(description: str) -> graphene.List:
    return graphene.List(graphene.NonNull(graphene.String), required=True, description=description)


class OpeningHours(graphene.ObjectType):
    """The same hours on some days of each week, in Asia/Ulaanbaatar."""

    days = graphene.String(required=True, description="MO, TU, WE, TH, FR, SA, SU, with commas.")
    opens = graphene.String(required=True, description="HH:MM.")
    closes = graphene.String(
        required=True, description="HH:MM; to 24:00 is to the end of the day, earlier than `opens` the next morning."
    )


class ExceptionalHours(graphene.ObjectType):
    """Other hours on one date."""

    date = graphene.String(required=True, description="YYYY-MM-DD.")
    opens = graphene.String(description="HH:MM; null where it is closed that day.")
    closes = graphene.String(description="As in `OpeningHours`; null where it is closed that day.")


class AgencyContact(graphene.ObjectType):
    """How an agency is reached, and whether it takes referrals."""

    agency = graphene.String(required=True, description="The agency's handle.")
    kind = graphene.String(required=True, description="A code of `agency_kinds`.")
    name = graphene.String(required=True, description="The name to show, in Mongolian.")
    name_en = graphene.String(required=True, description="The name to show, in English.")
    place = graphene.String(required=True, description="Where it is: ISO 3166-2:MN with soum or district; or empty.")
    phone = graphene.String(required=True, description="In its hours; or empty.")
    duty_phone = graphene.String(required=True, description="Around the clock; or empty.")
    email = graphene.String(required=True, description="For what is no secret; or empty.")
    receiving = graphene.Boolean(required=True, description="The agency's own switch: whether it takes referrals.")


class Service(graphene.ObjectType):
    """What an agency gives, to whom, where and when."""

    id = graphene.ID(required=True, description="The service's id.")
    agency = graphene.String(required=True, description="The agency's handle.")
    code = graphene.String(required=True, description="A code of `services`.")
    name = graphene.String(required=True, description="The name to show, in Mongolian.")
    name_en = graphene.String(required=True, description="The name to show, in English.")
    places = _codes("What it serves, with all that lies in it: `MN`, ISO 3166-2:MN, soum or district.")
    schedule = graphene.List(
        graphene.NonNull(OpeningHours), required=True, description="The week; none: the hours of an office."
    )
    exceptions = graphene.List(graphene.NonNull(ExceptionalHours), required=True, description="Dates with other hours.")
    open_on_holidays = graphene.Boolean(required=True, description="Whether it keeps these hours on public holidays.")
    languages = _codes("Codes of `languages`.")
    min_age = graphene.Int(description="The youngest that it takes, in years.")
    max_age = graphene.Int(description="The oldest that it takes, in years.")
    genders = _codes("Codes of HTCDS `prs_Gender`; none: all.")
    dependants = graphene.Boolean(required=True, description="Whether children and others may come along.")
    capacity = graphene.Int(description="How many places there are; null where they are not counted.")
    taken = graphene.Int(required=True, description="How many of them are taken.")
    free = graphene.Int(description="How many are left; null where they are not counted.")
    accepting = graphene.Boolean(required=True, description="Whether it takes anybody at present.")
    full_until = graphene.DateTime(description="Until when it is full, whatever is counted.")
    open_now = graphene.Boolean(required=True, description="Whether it is open at this moment.")
    changed_at = graphene.DateTime(required=True, description="When anything of this was last said.")


class AgencyServices(graphene.ObjectType):
    """An agency with its services."""

    contact = graphene.Field(AgencyContact, required=True, description="How it is reached.")
    services = graphene.List(graphene.NonNull(Service), required=True, description="By code.")


class WhyNot(graphene.ObjectType):
    """Why a service cannot take somebody now."""

    code = graphene.String(
        required=True,
        description="`suspended`, `receiving_off`, `not_accepting`, `other_area`, `age`, `gender`, `dependants`, "
        "`full`, `closed_until`, `language`.",
    )
    until = graphene.DateTime(description="Of `closed_until` and `full`; null where nobody knows.")
    least = graphene.Int(description="Of `age`: the youngest that it takes.")
    most = graphene.Int(description="Of `age`: the oldest that it takes.")
    codes = _codes("Of `other_area`, `gender` and `language`: what it serves, takes, speaks.")


class FoundService(graphene.ObjectType):
    """A service that gives what is needed."""

    service = graphene.Field(Service, required=True, description="The service.")
    contact = graphene.Field(AgencyContact, required=True, description="How its agency is reached.")
    takes_now = graphene.Boolean(required=True, description="Whether it can take the person then.")
    why_not = graphene.List(
        graphene.NonNull(WhyNot), required=True, description="All that speaks against it, the greatest hindrance first."
    )
    open_until = graphene.DateTime(description="When it closes, where it is open then and closes within a year.")


class OpeningHoursInput(graphene.InputObjectType):
    """The same hours on some days of each week, in Asia/Ulaanbaatar."""

    days = graphene.String(required=True, description="MO, TU, WE, TH, FR, SA, SU, with commas.")
    opens = graphene.String(required=True, description="HH:MM.")
    closes = graphene.String(
        required=True, description="HH:MM; to 24:00 is to the end of the day, earlier than `opens` the next morning."
    )


class ExceptionalHoursInput(graphene.InputObjectType):
    """Other hours on one date."""

    date = graphene.String(required=True, description="YYYY-MM-DD.")
    opens = graphene.String(description="HH:MM; null where it is closed that day.")
    closes = graphene.String(description="Null where it is closed that day.")


class ServiceInput(graphene.InputObjectType):
    """All that is said of a service; whether it accepts and is full tonight is said apart."""

    code = graphene.String(required=True, description="A code of `services`.")
    name = graphene.String(required=True, description="The name to show, in Mongolian.")
    name_en = graphene.String(required=True, description="The name to show, in English.")
    places = _codes("What it serves: 1 to 60 codes.")
    languages = _codes("Codes of `languages`, at least one.")
    schedule = graphene.List(
        graphene.NonNull(OpeningHoursInput), required=True, description="The week; none: the hours of an office."
    )
    exceptions = graphene.List(
        graphene.NonNull(ExceptionalHoursInput), required=True, description="Dates with other hours, at most 120."
    )
    open_on_holidays = graphene.Boolean(description="Null: if it is open around the clock.")
    min_age = graphene.Int(description="The youngest that it takes, in years.")
    max_age = graphene.Int(description="The oldest that it takes, in years.")
    genders = _codes("Codes of HTCDS `prs_Gender`; none: all.")
    dependants = graphene.Boolean(required=True, description="Whether children and others may come along.")
    capacity = graphene.Int(description="How many places there are; null where they are not counted.")
    taken = graphene.Int(required=True, description="How many of them are taken.")


class ContactInput(graphene.InputObjectType):
    """How the own agency is reached."""

    place = graphene.String(required=True, description="Where it is: ISO 3166-2:MN with soum or district; or empty.")
    phone = graphene.String(required=True, description="In its hours; or empty.")
    duty_phone = graphene.String(required=True, description="Around the clock; or empty.")
    email = graphene.String(required=True, description="For what is no secret; or empty.")


class Query(graphene.ObjectType):
    services = graphene.Field(
        AgencyServices,
        description="An agency and its services; null where there is no such agency.",
        agency=graphene.String(required=True, description="The agency's handle."),
    )
    find_services = graphene.List(
        graphene.NonNull(FoundService),
        required=True,
        description="Who gives what is needed: first who can take the person then, the near ones first; then the "
        "others, each with why not. What is not said rules nobody out. At most 200.",
        need=graphene.String(required=True, description="A code of `services`."),
        place=graphene.String(description="Where the person is: ISO 3166-2:MN, soum or district."),
        language=graphene.String(description="The person's language, a code of `languages`."),
        at=graphene.DateTime(description="When, within a year; null: now."),
        age=graphene.Int(description="The person's age in years."),
        minor=graphene.Boolean(description="Whether the person is a child, where no age is said."),
        gender=graphene.String(description="A code of HTCDS `prs_Gender`."),
        dependants=graphene.Int(description="How many children and others come along."),
    )

    @staticmethod
    def resolve_services(root: object, info: Any, agency: str) -> AgencyServices | None:
        actor_in(info, *READERS, scope="read")
        row = AgencyRow.objects.filter(pk=agency).first()
        if row is None:
            return None
        return AgencyServices(contact=_contact(row), services=[_service(one) for one in services.of_agency(agency)])

    @staticmethod
    def resolve_find_services(
        root: object,
        info: Any,
        need: str,
        place: str | None = None,
        language: str | None = None,
        at: datetime | None = None,
        age: int | None = None,
        minor: bool | None = None,
        gender: str | None = None,
        dependants: int | None = None,
    ) -> list[FoundService]:
        actor_in(info, *READERS, scope="read")
        ages = (age, age) if age is not None else {True: CHILD, False: ADULT, None: None}[minor]
        wanted = Wanted((need,), at or clock.now(), place, language, ages, gender, dependants or 0)
        return [found_shown(one) for one in services.find(wanted)[:MOST_FOUND]]


class SaveService(graphene.Mutation):
    """Add a service to the own agency under a new id, or say all of one anew. Safe to repeat."""

    class Arguments:
        id = graphene.ID(required=True, description="The service's id: a UUIDv7 that the client draws for a new one.")
        service = ServiceInput(required=True, description="All that is said of it.")

    Output = graphene.NonNull(Service)

    @staticmethod
    def mutate(root: object, info: Any, id: str, service: Mapping[str, Any]) -> Service:
        actor = actor_in(info, "administrator")
        return _service(services.save(actor.agency, uuid_of(id), _offer(service)))


class EndService(graphene.Mutation):
    """The own agency gives a service no more. Says whether it did."""

    class Arguments:
        id = graphene.ID(required=True, description="The service's id.")

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, id: str) -> bool:
        return services.end(actor_in(info, "administrator").agency, uuid_of(id))


class SetFull(graphene.Mutation):
    """A service of the own agency is full until then, which undoes itself."""

    class Arguments:
        id = graphene.ID(required=True, description="The service's id.")
        until = graphene.DateTime(required=True, description="A moment to come, within 31 days.")

    Output = graphene.NonNull(Service)

    @staticmethod
    def mutate(root: object, info: Any, id: str, until: datetime) -> Service:
        actor = actor_in(info, "focal_point", "administrator")
        return _service(services.set_full(actor.agency, uuid_of(id), until))


class ClearFull(graphene.Mutation):
    """A service of the own agency is not full any more."""

    class Arguments:
        id = graphene.ID(required=True, description="The service's id.")

    Output = graphene.NonNull(Service)

    @staticmethod
    def mutate(root: object, info: Any, id: str) -> Service:
        actor = actor_in(info, "focal_point", "administrator")
        return _service(services.clear_full(actor.agency, uuid_of(id)))


class SetAccepting(graphene.Mutation):
    """Whether a service of the own agency takes anybody at present."""

    class Arguments:
        id = graphene.ID(required=True, description="The service's id.")
        accepting = graphene.Boolean(required=True, description="Whether it does.")

    Output = graphene.NonNull(Service)

    @staticmethod
    def mutate(root: object, info: Any, id: str, accepting: bool) -> Service:
        actor = actor_in(info, "administrator")
        return _service(services.set_accepting(actor.agency, uuid_of(id), accepting))


class SetReceiving(graphene.Mutation):
    """Whether the own agency takes any new referrals. Those that it has stay."""

    class Arguments:
        receiving = graphene.Boolean(required=True, description="Whether it does.")

    Output = graphene.NonNull(AgencyContact)

    @staticmethod
    def mutate(root: object, info: Any, receiving: bool) -> AgencyContact:
        return _contact(services.set_receiving(actor_in(info, "administrator").agency, receiving))


class SaveContact(graphene.Mutation):
    """How the own agency is reached, all of it."""

    class Arguments:
        contact = ContactInput(required=True, description="All of it.")

    Output = graphene.NonNull(AgencyContact)

    @staticmethod
    def mutate(root: object, info: Any, contact: Mapping[str, Any]) -> AgencyContact:
        return _contact(services.save_contact(actor_in(info, "administrator").agency, Contact(**contact)))


class Mutation(graphene.ObjectType):
    save_service = SaveService.Field()
    end_service = EndService.Field()
    set_full = SetFull.Field()
    clear_full = ClearFull.Field()
    set_accepting = SetAccepting.Field()
    set_receiving = SetReceiving.Field()
    save_contact = SaveContact.Field()


def _offer(given: Mapping[str, Any]) -> Offer:
    named = dict(given)
    return Offer(name_mn=named.pop("name"), **named)


def _service(row: ServiceRow) -> Service:
    now = clock.now()
    return Service(
        id=str(row.pk),
        agency=row.agency_id,
        code=row.code,
        name=row.name_mn,
        name_en=row.name_en,
        places=row.places,
        schedule=[OpeningHours(**one) for one in row.schedule],
        exceptions=[ExceptionalHours(**one) for one in row.exceptions],
        open_on_holidays=row.open_on_holidays,
        languages=row.languages,
        min_age=row.min_age,
        max_age=row.max_age,
        genders=row.genders,
        dependants=row.dependants,
        capacity=row.capacity,
        taken=row.taken,
        free=services.free(row),
        accepting=row.accepting,
        full_until=row.full_until if row.full_until is not None and now < row.full_until else None,
        open_now=services.hours_of_service(row).is_open(now),
        changed_at=row.changed_at,
    )


def _contact(row: AgencyRow) -> AgencyContact:
    return AgencyContact(
        agency=row.handle,
        kind=row.kind,
        name=row.name_mn,
        name_en=row.name_en,
        place=row.place,
        phone=row.phone,
        duty_phone=row.duty_phone,
        email=row.email,
        receiving=row.receiving,
    )


def found_shown(one: Found) -> FoundService:
    return FoundService(
        service=_service(one.service),
        contact=_contact(one.service.agency),
        takes_now=one.takes,
        why_not=[_why_not(reason) for reason in one.reasons],
        open_until=one.open_until,
    )


def _why_not(reason: Reason) -> WhyNot:
    return WhyNot(**vars(reason))
