"""Services and who can take somebody, as a screen says them and as a program gets them."""

from collections.abc import Iterable
from typing import Any

import msgspec

from ortoo import contract
from ortoo.cli.running import readable
from ortoo.cli.screen import instant_of
from ortoo.finding import Alternative, Match
from ortoo.hours import DAYS, Schedule
from ortoo.words import Words


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


def named(one: contract.Offer | contract.AgencyContact, words: Words) -> str:
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


def open_said(found: contract.FoundService, words: Words) -> str:
    return words("hours.always") if found.open_until is None else words.moment(found.open_until)


def room(one: contract.Service, words: Words) -> str:
    return "–" if one.capacity is None else words("services.room", free=one.free, capacity=one.capacity)


def _genders(codes: Iterable[str], words: Words) -> str:
    return " · ".join(words(f"gender.{code}") if words.knows(f"gender.{code}") else readable(code) for code in codes)


def _ages(least: int | None, most: int | None, words: Words) -> str:
    if least is None:
        return words("ages.to", most=most)
    return words("ages.from", least=least) if most is None else f"{least}–{most}"


def decided_said(one: Match, words: Words) -> tuple[str, ...]:
    return (words(f"decided.{one.decided}"),) if one.decided else ()


def service_value(one: contract.Service) -> dict[str, Any]:
    value: dict[str, Any] = {name: getattr(one, name) for name in one.__struct_fields__}
    return value | {
        "schedule": [vars_of(hours) for hours in one.schedule],
        "exceptions": [vars_of(hours) for hours in one.exceptions],
        "full_until": instant_of(one.full_until),
        "changed_at": instant_of(one.changed_at),
    }


def contact_value(contact: contract.AgencyContact) -> dict[str, Any]:
    return vars_of(contact)


def match_value(one: Match) -> dict[str, Any]:
    return {"takes_now": one.takes, "decided": one.decided, **_found_value(one.found)}


def alternative_value(one: Alternative) -> dict[str, Any]:
    gives = [{"takes_now": each.takes_now, **_found_value(each)} for each in one.gives]
    return {"agency": one.agency, "agreed": one.agreed, "takes_now": one.takes, "gives": gives}


def _found_value(found: contract.FoundService) -> dict[str, Any]:
    return {
        "why_not": [vars_of(reason) | {"until": instant_of(reason.until)} for reason in found.why_not],
        "open_until": instant_of(found.open_until),
        "service": service_value(found.service),
        "contact": contact_value(found.contact),
    }


def vars_of(one: contract.Answer) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}
