"""The directory of services: what the own agency gives, and who can take a person now."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import Any, Final

import msgspec

from ortoo import contract, finding, hsds, places
from ortoo.cli import DONE
from ortoo.cli.asking import left_alone, say_done
from ortoo.cli.commands import matching, started
from ortoo.cli.running import Command, Run, Usage, readable
from ortoo.cli.screen import instant_of, shortened
from ortoo.days import ULAANBAATAR, end_of_day, end_of_night, next_time
from ortoo.finding import Match
from ortoo.form import Form
from ortoo.hours import DAYS, HoursError, Schedule
from ortoo.protocol.documents import new_id
from ortoo.session import Session
from ortoo.words import Words

TONIGHT: Final = "tonight"
ALWAYS: Final = "always"

_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_HOURS: Final = re.compile(r"(?:([A-Z,-]+) )?([0-9:]{4,5})-([0-9:]{4,5})")


# --- the list ---------------------------------------------------------------------------------------------------------


async def services(run: Run) -> int:
    async with started(run) as session:
        found = await _of(run, session, run.options.agency or session.identity.agency)
        if run.screen.json:
            listed = [service_value(one) for one in found.services]
            run.screen.document({"contact": _contact_value(found.contact), "services": listed})
            return DONE
        words, contact = run.words, found.contact
        run.screen.line(_named(contact, words), "bold")
        told = ("place", words.place(contact.place)), *((one, getattr(contact, one)) for one in _REACHED)
        run.screen.facts([(name, value or "–") for name, value in told])
        if not contact.receiving:
            run.screen.line(words("reason.receiving_off"), "bold red")
        run.screen.line()
        if not found.services:
            run.screen.line(words("services.none"))
            return DONE
        short = shortened([one.id for one in found.services])
        rows = [
            (
                one.code,
                _named(one, words),
                hours_said(one, words),
                _room(one, words),
                standing(one, words),
                short[one.id],
            )
            for one in found.services
        ]
        run.screen.rows(("code", "name", "hours", "room", "state", "id"), rows)
    return DONE


async def export(run: Run) -> int:
    """One JSON document for directories elsewhere: a list of services of HSDS 3."""
    async with started(run) as session:
        found = await _of(run, session, run.options.agency or session.identity.agency)
        run.screen.document(hsds.services(session.directory.id, found))
    return DONE


# --- kept -------------------------------------------------------------------------------------------------------------


async def full(run: Run) -> int:
    async with started(run) as session:
        one = await _mine(run, session)
        until = until_typed(run.options.until, session.now())
        changed = await run.patiently(session.client.set_full(one.id, until))
        return _said(run, "services.full", changed, until=run.words.moment(until))


async def free(run: Run) -> int:
    async with started(run) as session:
        one = await _mine(run, session)
        return _said(run, "services.free", await run.patiently(session.client.clear_full(one.id)))


async def accepting(run: Run) -> int:
    async with started(run) as session:
        one, on = await _mine(run, session), run.options.switch == "on"
        changed = await run.patiently(session.client.set_accepting(one.id, on))
        return _said(run, f"services.accepting.{run.options.switch}", changed)


async def receiving(run: Run) -> int:
    async with started(run) as session:
        contact = await run.patiently(session.client.set_receiving(run.options.switch == "on"))
        return say_done(run, f"services.receiving.{run.options.switch}", {"contact": _contact_value(contact)})


async def contact(run: Run) -> int:
    """What is not named stays."""
    async with started(run) as session:
        before = (await _of(run, session, session.identity.agency)).contact
        names = contract.Contact.__struct_fields__
        given = {name: getattr(run.options, name) for name in names}
        changed = contract.Contact(
            **{name: getattr(before, name) if one is None else readable(one) for name, one in given.items()}
        )
        after = await run.patiently(session.client.save_contact(changed))
        return say_done(run, "services.contact", {"contact": _contact_value(after)})


async def set_(run: Run) -> int:
    """Add a service, or change what is named of one; what is not named stays."""
    async with started(run) as session:
        found = await _of(run, session, session.identity.agency)
        mine = _matching(run, found.services)
        if len(mine) > 1:
            raise Usage("error.several_services", ids=", ".join(shortened([one.id for one in mine]).values()))
        if mine:
            id, offer = mine[0].id, mine[0].offer
        else:
            id, offer = new_id(), _new(run)
        changed = await run.patiently(session.client.save_service(id, _changed(run, offer)))
        return _said(run, "services.saved" if mine else "services.added", changed)


async def end(run: Run) -> int:
    async with started(run) as session:
        one = await _mine(run, session)
        if not run.sure(run.words("services.end.ask", name=_named(one, run.words))):
            return left_alone(run)
        await run.patiently(session.client.end_service(one.id))
        return say_done(run, "services.ended", {"ended": one.id}, name=_named(one, run.words))


async def _of(run: Run, session: Session, agency: str) -> contract.AgencyServices:
    found = await run.patiently(session.client.services(agency))
    if found is None:
        raise Usage("error.no_agency", who=readable(agency))
    return found


async def _mine(run: Run, session: Session) -> contract.Service:
    """The service of the own agency that CODE means: a code of which it has one, or an id."""
    found = await _of(run, session, session.identity.agency)
    mine = _matching(run, found.services)
    if len(mine) > 1:
        raise Usage("error.several_services", ids=", ".join(shortened([one.id for one in mine]).values()))
    if not mine:
        codes = ", ".join(sorted({one.code for one in found.services})) or "–"
        raise Usage("error.no_service", code=readable(run.options.code), codes=codes)
    return mine[0]


def _matching(run: Run, found: Sequence[contract.Service]) -> list[contract.Service]:
    wanted = run.options.code
    by_code = [one for one in found if one.code == wanted]
    if by_code or not wanted:
        return by_code
    ids = matching(wanted.lower().replace("-", ""), [one.id for one in found])
    return [one for one in found if one.id in ids]


def _said(run: Run, key: str, changed: contract.Service, /, **values: object) -> int:
    return say_done(run, key, {"service": service_value(changed)}, name=_named(changed, run.words), **values)


def _new(run: Run) -> contract.Offer:
    """What a new service has to be given."""
    options = run.options
    for name in ("name", "name_en", "place", "language"):
        if not getattr(options, name):
            raise Usage("error.new_service", option="--" + name.replace("_", "-"), code=readable(options.code))
    return contract.Offer(code=options.code, name="", name_en="", places=[], languages=[])


def _changed(run: Run, offer: contract.Offer) -> contract.Offer:
    options = run.options
    given: dict[str, Any] = {
        "name": readable(options.name) if options.name is not None else None,
        "name_en": readable(options.name_en) if options.name_en is not None else None,
        "places": [_place(one) for one in options.place] if options.place else None,
        "languages": options.language,
        "schedule": [hours_typed(one) for one in options.hours] if options.hours else None,
        "exceptions": _exceptions(options.closed, options.open_on) if options.closed or options.open_on else None,
        "open_on_holidays": options.holidays == "open" if options.holidays else None,
        "dependants": options.dependants == "yes" if options.dependants else None,
        "genders": options.gender,
        "min_age": options.min_age,
        "max_age": options.max_age,
        "capacity": options.capacity,
        "taken": options.taken,
    }
    changed = msgspec.structs.replace(offer, **{name: one for name, one in given.items() if one is not None})
    for name in options.clear or ():
        changed = msgspec.structs.replace(changed, **_CLEARED[name])
    return changed


# --- who can take a person --------------------------------------------------------------------------------------------


async def find(run: Run) -> int:
    """Those who can, in order; then the others, each with why not. With a form: what she decided on each."""
    options, words = run.options, run.words
    form = Form.read(options.form) if options.form else None
    needs = [options.need] if options.need else list(form.routing.services) if form else []
    if not needs:
        raise Usage("error.needs", option="--need")
    place = options.place or (form.routing.place if form else None)
    asked: dict[str, Any] = {
        "place": _place(place) if place else None,
        "language": options.language or (form.routing.language if form else None),
        "at": moment_typed(options.at) if options.at else None,
        "age": options.age,
        "minor": form.routing.minor if form and options.age is None else None,
        "gender": options.gender,
        "dependants": options.dependants,
    }
    async with started(run) as session:
        found = {
            need: finding.matches(await run.patiently(session.client.find_services(need, **asked)), form)
            for need in needs
        }
        if run.screen.json:
            value = {need: [match_value(one) for one in several] for need, several in found.items()}
            run.screen.document({"found": value})
            return DONE
        for need, several in found.items():
            _show(run, need, several, options.gender)
        first = next((one for several in found.values() for one in several if one.takes), None)
        if first is None:
            run.screen.line(words("find.nobody"), "yellow")
    return DONE


def _show(run: Run, need: str, found: Sequence[Match], gender: str | None) -> None:
    words, screen = run.words, run.screen
    takes, others = [one for one in found if one.takes], [one for one in found if not one.takes]
    label = words.label("services", need)
    if not found:
        screen.line(words("find.none", service=label))
        return
    screen.line(words("find.takes", service=label, count=len(takes)), "bold")
    if takes:
        rows = [
            (
                _named(one.found.contact, words),
                _named(one.found.service, words),
                _room(one.found.service, words),
                _open_said(one.found, words),
                one.found.contact.duty_phone or one.found.contact.phone or "–",
                *_decided(one, words),
            )
            for one in takes
        ]
        decided = ("consent",) if takes[0].decided else ()
        screen.rows(("agency", "name", "room", "open", "phone", *decided), rows)
    if others:
        screen.line()
        screen.line(words("find.others", count=len(others)), "bold")
        hindered = [
            (
                _named(one.found.contact, words),
                _named(one.found.service, words),
                " · ".join(hindrances(one, words, gender)),
                one.found.contact.duty_phone or one.found.contact.phone or "–",
            )
            for one in others
        ]
        screen.rows(("agency", "name", "why", "phone"), hindered)
    screen.line()


def _decided(one: Match, words: Words) -> tuple[str, ...]:
    return (words(f"decided.{one.decided}"),) if one.decided else ()


def hindrances(one: Match, words: Words, gender: str | None) -> list[str]:
    """Her refusal first, then what the hub says, in sentences."""
    refused = [words("decided.refused")] if one.decided == "refused" else []
    return refused + [why_not_said(reason, words, gender) for reason in one.found.why_not]


def why_not_said(reason: contract.WhyNot, words: Words, gender: str | None = None) -> str:
    match reason.code:
        case "closed_until" | "full" if reason.until is not None:
            return words(f"reason.{reason.code}.until", until=words.moment(reason.until))
        case "other_area":
            return words("reason.other_area", places=" · ".join(words.place(one) for one in reason.codes))
        case "language":
            return words("reason.language", languages=words.labels("languages", reason.codes))
        case "gender" if gender == "Masculine" and gender not in reason.codes:
            return words("reason.gender.men")
        case "gender":
            return words("reason.gender", genders=_genders(reason.codes, words))
        case "age":
            return words("reason.age", ages=_ages(reason.least, reason.most, words))
        case code if words.knows(f"reason.{code}"):
            return words(f"reason.{code}")
        case code:
            return readable(code)


# --- said -------------------------------------------------------------------------------------------------------------

_REACHED: Final = ("phone", "duty_phone", "email")
_CLEARED: Final[Mapping[str, Mapping[str, Any]]] = {
    "hours": {"schedule": [], "open_on_holidays": None},
    "exceptions": {"exceptions": []},
    "ages": {"min_age": None, "max_age": None},
    "genders": {"genders": []},
    "capacity": {"capacity": None, "taken": 0},
}


def _named(one: contract.Offer | contract.AgencyContact, words: Words) -> str:
    return one.name_en if words.language == "en" else one.name


def standing(one: contract.Service, words: Words) -> str:
    """Whether it takes anybody, and what is said beside that."""
    if not one.accepting:
        return words("reason.not_accepting")
    if one.full_until is not None:
        return words("reason.full.until", until=words.moment(one.full_until))
    if one.free == 0:
        return words("reason.full")
    return words("services.open" if one.open_now else "services.closed")


def hours_said(one: contract.Offer, words: Words) -> str:
    """Mon–Fri 09:00–18:00; around the clock."""
    said = [f"{_days(hours.days, words)} {hours.opens}–{hours.closes}" for hours in one.schedule]
    if not said:
        return words("hours.office")
    plain: list[dict[str, Any]] = msgspec.to_builtins([*one.schedule])
    if Schedule.parse(plain).around_the_clock:
        said = [words("hours.always")]
    if one.exceptions:
        said.append(words("hours.exceptions", count=len(one.exceptions)))
    return " · ".join(said)


def _days(days: str, words: Words) -> str:
    """Runs of three and more days as first and last."""
    names = words("hours.days").split()
    wanted = sorted(DAYS.index(day) for day in days.split(",") if day in DAYS)
    runs: list[list[int]] = []
    for day in wanted:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    said = [
        f"{names[one[0]]}–{names[one[-1]]}" if len(one) > 2 else ", ".join(names[day] for day in one) for one in runs
    ]
    return ", ".join(said)


def _open_said(found: contract.FoundService, words: Words) -> str:
    return words("hours.always") if found.open_until is None else words.moment(found.open_until)


def _room(one: contract.Service, words: Words) -> str:
    return "–" if one.capacity is None else words("services.room", free=one.free, capacity=one.capacity)


def _genders(codes: Iterable[str], words: Words) -> str:
    return " · ".join(words(f"gender.{code}") if words.knows(f"gender.{code}") else readable(code) for code in codes)


def _ages(least: int | None, most: int | None, words: Words) -> str:
    if least is None:
        return words("ages.to", most=most)
    return words("ages.from", least=least) if most is None else f"{least}–{most}"


# --- for programs -----------------------------------------------------------------------------------------------------


def service_value(one: contract.Service) -> dict[str, Any]:
    value: dict[str, Any] = {name: getattr(one, name) for name in one.__struct_fields__}
    return value | {
        "schedule": [vars_of(hours) for hours in one.schedule],
        "exceptions": [vars_of(hours) for hours in one.exceptions],
        "full_until": instant_of(one.full_until),
        "changed_at": instant_of(one.changed_at),
    }


def _contact_value(contact: contract.AgencyContact) -> dict[str, Any]:
    return vars_of(contact)


def match_value(one: Match) -> dict[str, Any]:
    found = one.found
    return {
        "takes_now": one.takes,
        "decided": one.decided,
        "why_not": [vars_of(reason) | {"until": instant_of(reason.until)} for reason in found.why_not],
        "open_until": instant_of(found.open_until),
        "service": service_value(found.service),
        "contact": _contact_value(found.contact),
    }


def vars_of(one: contract.Answer) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


# --- typed ------------------------------------------------------------------------------------------------------------


def until_typed(text: str, now: datetime) -> datetime:
    """`tonight` (to 08:00), a time of day, a day (to its end), or day and time, by the clocks of Ulaanbaatar."""
    if text == TONIGHT:
        return end_of_night(now)
    if clock := _CLOCK.fullmatch(text):
        return next_time(now, time(int(clock[1]), int(clock[2])))
    moment = moment_typed(text)
    return end_of_day(moment, 0) if len(text) == len("2026-11-27") else moment


def moment_typed(text: str) -> datetime:
    """2026-11-27, 2026-11-27 18:00: by the clocks of Ulaanbaatar, unless a zone is said."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Usage("error.moment") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ULAANBAATAR)


def hours_typed(text: str) -> contract.OpeningHours:
    """`MO-FR 09:00-18:00`, `SA,SU 10:00-14:00`, `22:00-06:00` for every day; `always`."""
    if text == ALWAYS:
        return contract.OpeningHours(days=",".join(DAYS), opens="00:00", closes="24:00")
    found = _HOURS.fullmatch(text.upper().replace("–", "-"))
    if found is None:
        raise Usage("error.hours")
    days = ",".join(_each_day(found[1])) if found[1] else ",".join(DAYS)
    hours = contract.OpeningHours(days=days, opens=found[2].zfill(5), closes=found[3].zfill(5))
    _check(schedule=[vars_of(hours)])
    return hours


def _each_day(text: str) -> list[str]:
    days: list[str] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise Usage("error.hours")
        start, stop = DAYS.index(first), DAYS.index(last or first)
        if stop < start:
            raise Usage("error.hours")
        days += DAYS[start : stop + 1]
    return sorted(set(days), key=DAYS.index)


def _exceptions(closed: Sequence[str] | None, opened: Sequence[str] | None) -> list[contract.ExceptionalHours]:
    """`2026-12-31`, and `2026-12-31 09:00-13:00`."""
    found = [contract.ExceptionalHours(date=day) for day in closed or ()]
    for text in opened or ():
        day, _, span = text.replace("–", "-").partition(" ")
        opens, _, closes = span.partition("-")
        found.append(contract.ExceptionalHours(date=day, opens=opens.zfill(5), closes=closes.zfill(5)))
    _check(schedule=[], exceptions=[vars_of(one) for one in found])
    return found


def _check(schedule: Sequence[Mapping[str, Any]], exceptions: Sequence[Mapping[str, Any]] = ()) -> None:
    try:
        Schedule.parse(schedule, exceptions)
    except HoursError:
        raise Usage("error.exceptions" if exceptions else "error.hours") from None


def _place(text: str) -> str:
    if not places.is_known(text):
        raise Usage("error.place", place=readable(text))
    return text


COMMANDS: Final[Mapping[str, Command]] = {
    "services": services,
    "services export": export,
    "services full": full,
    "services free": free,
    "services accepting": accepting,
    "services receiving": receiving,
    "services contact": contact,
    "services set": set_,
    "services end": end,
    "find": find,
}
