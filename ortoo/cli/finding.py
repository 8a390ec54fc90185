"""Who can take a person now, and who else could take what came to nothing."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ortoo import finding
from ortoo.cli import DONE
from ortoo.cli.commands import referral_named, started, typed
from ortoo.cli.hours_typed import moment_typed, place_typed
from ortoo.cli.running import Command, Run, Usage
from ortoo.cli.screen import shortened
from ortoo.cli.services_told import (
    alternative_value,
    decided_said,
    hindrances,
    match_value,
    named,
    open_said,
    room,
    why_not_said,
)
from ortoo.contract import FoundService
from ortoo.finding import Alternative, Match
from ortoo.form import Form
from ortoo.words import Words


async def find(run: Run) -> int:
    """Those who can, in order; then the others, each with why not. With a form: what she decided on each."""
    options, words = run.options, run.words
    form = Form.read(options.form) if options.form else None
    needs = [options.need] if options.need else list(form.routing.services) if form else []
    if not needs:
        raise Usage("error.needs", option="--need")
    place = options.place or (form.routing.place if form else None)
    asked: dict[str, Any] = {
        "place": place_typed(place) if place else None,
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
                named(one.found.contact, words),
                named(one.found.service, words),
                room(one.found.service, words),
                open_said(one.found, words),
                one.found.contact.duty_phone or one.found.contact.phone or "–",
                *decided_said(one, words),
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
                named(one.found.contact, words),
                named(one.found.service, words),
                " · ".join(hindrances(one, words, gender)),
                one.found.contact.duty_phone or one.found.contact.phone or "–",
            )
            for one in others
        ]
        screen.rows(("agency", "name", "why", "phone"), hindered)
    screen.line()


async def alternatives(run: Run) -> int:
    """Whom she has agreed to, to be sent at once with what is shown to be typed; then who needs her word first."""
    async with started(run) as session:
        id = await referral_named(run, session)
        found = await run.patiently(session.alternatives(id))
    words, screen = run.words, run.screen
    if screen.json:
        screen.document({"referral": id, "alternatives": [alternative_value(one) for one in found]})
        return DONE
    for key, agreed in (("alternatives.agreed", True), ("alternatives.to_ask", False)):
        several = [one for one in found if one.agreed is agreed]
        if several:
            screen.line(words(key, count=len(several)), "bold")
            _show_alternatives(run, several)
            screen.line()
    first = next((one for one in found if one.agreed), None)
    if first is not None:
        short = shortened([id])[id]
        screen.line(words("send.next", command=typed(run, "resend", "--of", short, "--to", first.agency)), "dim")
    else:
        screen.line(words("alternatives.ask" if found else "alternatives.none"), "yellow")
    return DONE


def _show_alternatives(run: Run, several: Sequence[Alternative]) -> None:
    rows = []
    for one in several:
        contact = one.gives[0].contact
        gives = "; ".join(_given_said(each, run.words) for each in one.gives)
        rows.append((named(contact, run.words), one.agency, gives, contact.duty_phone or contact.phone or "–"))
    run.screen.rows(("agency", "handle", "gives", "phone"), rows)


def _given_said(one: FoundService, words: Words) -> str:
    """Shelter: 14 of 14 · takes people, open now."""
    counted = [room(one.service, words)] if one.service.capacity is not None else []
    said = [words("services.open")] if one.takes_now else [why_not_said(reason, words) for reason in one.why_not]
    return f"{words.label('services', one.service.code)}: {' · '.join(counted + said)}"


COMMANDS: Final[Mapping[str, Command]] = {
    "find": find,
    "alternatives": alternatives,
}
