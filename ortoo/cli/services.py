"""What the own agency gives, kept by its members."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from ortoo import contract, hsds
from ortoo.cli import DONE
from ortoo.cli.asking import left_alone, say_done
from ortoo.cli.commands import matching, started
from ortoo.cli.hours_typed import exceptions_typed, hours_typed, place_typed, until_typed
from ortoo.cli.running import Command, Run, Usage, readable
from ortoo.cli.screen import shortened
from ortoo.cli.services_told import contact_value, hours_said, named, room, service_value, standing
from ortoo.protocol.documents import new_id
from ortoo.session import Session

_REACHED: Final = ("phone", "duty_phone", "email")
_CLEARED: Final[Mapping[str, Mapping[str, Any]]] = {
    "hours": {"schedule": [], "open_on_holidays": None},
    "exceptions": {"exceptions": []},
    "ages": {"min_age": None, "max_age": None},
    "genders": {"genders": []},
    "capacity": {"capacity": None, "taken": 0},
}


async def services(run: Run) -> int:
    async with started(run) as session:
        found = await _of(run, session, run.options.agency or session.identity.agency)
        if run.screen.json:
            listed = [service_value(one) for one in found.services]
            run.screen.document({"contact": contact_value(found.contact), "services": listed})
            return DONE
        words, contact = run.words, found.contact
        run.screen.line(named(contact, words), "bold")
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
                named(one, words),
                hours_said(one, words),
                room(one, words),
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
        return say_done(run, f"services.receiving.{run.options.switch}", {"contact": contact_value(contact)})


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
        return say_done(run, "services.contact", {"contact": contact_value(after)})


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
        if not run.sure(run.words("services.end.ask", name=named(one, run.words))):
            return left_alone(run)
        await run.patiently(session.client.end_service(one.id))
        return say_done(run, "services.ended", {"ended": one.id}, name=named(one, run.words))


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
    return say_done(run, key, {"service": service_value(changed)}, name=named(changed, run.words), **values)


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
        "places": [place_typed(one) for one in options.place] if options.place else None,
        "languages": options.language,
        "schedule": [hours_typed(one) for one in options.hours] if options.hours else None,
        "exceptions": exceptions_typed(options.closed, options.open_on) if options.closed or options.open_on else None,
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
}
