"""What a coordinator looks at: what passes between agencies, one referral's timeline with its proofs, who opened what,
who looked, what is to review; and the trail as a file. No content stands anywhere here.
"""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from ortoo import contract, overseeing
from ortoo.cli import DONE
from ortoo.cli.asking import reserve, say_done
from ortoo.cli.commands import LEAST_ID, matching, started, typed
from ortoo.cli.hours_typed import moment_typed, place_typed
from ortoo.cli.running import Command, Run, Usage, readable
from ortoo.cli.screen import instant_of, shortened
from ortoo.protocol import vocabulary
from ortoo.sentences import name
from ortoo.session import Session
from ortoo.words import Words

FILTERS: Final = ("agency", "place", "service", "urgency", "basis", "state", "since", "until", "referral", "what")
SWITCHES: Final = ("overdue", "unanswered", "without_consent", "waiting")


async def trail(run: Run) -> int:
    words, screen, wanted = run.words, run.screen, _wanted(run)
    async with started(run) as session:
        page = await run.patiently(session.client.overseen(run.options.first, run.options.after, wanted))
        found, view = [edge.node for edge in page.edges], session.directory.now()
    if screen.json:
        screen.document({"referrals": [_value(one) for one in found], "after": _after(page.page_info)})
        return DONE
    if not found:
        screen.line(words("trail.empty"))
        return DONE
    screen.line(words("oversee.title"), "bold")
    rows = [
        (
            words.moment(one.came_at or one.sent_at),
            f"{name(one.sender, view, words)} → {name(one.recipient, view, words)}",
            words.label("urgency", one.urgency),
            words.label("consent_bases", one.basis),
            words.label("states", one.state) + (f" · {words('oversee.late')}" if _is_late(one) else ""),
            one.referral,
        )
        for one in found
    ]
    screen.rows(("when", "between", "urgency", "basis", "state", "id"), rows)
    _say_more(run, "trail", page.page_info)
    return DONE


async def timeline(run: Run) -> int:
    words, screen = run.words, run.screen
    async with started(run) as session:
        found = await run.patiently(overseeing.timeline(session, run.options.id))
        view = session.directory.now()
    if found is None:
        raise Usage("error.no_such_id", id=readable(run.options.id))
    if screen.json:
        lines = [_plain(one.said) | {"mark": one.mark, "place": one.index} for one in found.lines]
        screen.document({"referral": _value(found.referral), "lines": lines})
        return DONE
    rows = [
        (
            words.moment(one.said.at),
            name(one.said.agency, view, words),
            _happened(one.said, words),
            words(f"oversee.{one.mark}", place=one.index),
        )
        for one in found.lines
    ]
    screen.rows(("when", "who", "what", "log"), rows)
    screen.line(words.label("states", found.referral.state), "bold")
    return DONE


async def openings(run: Run) -> int:
    words, screen, options = run.words, run.screen, run.options
    since, until = _moment(options.since), _moment(options.until)
    async with started(run) as session:
        asked = session.client.openings(
            options.first, options.after, agency=options.agency, referral=options.referral, since=since, until=until
        )
        page = await run.patiently(asked)
        view = session.directory.now()
    found = [edge.node for edge in page.edges]
    if screen.json:
        screen.document({"openings": [_plain(one) for one in found], "after": _after(page.page_info)})
        return DONE
    if not found:
        screen.line(words("trail.empty"))
        return DONE
    rows = [
        (
            words.moment(one.at),
            name(one.agency, view, words),
            one.member,
            f"{one.sender} → {one.recipient}",
            one.referral,
        )
        for one in found
    ]
    screen.rows(("when", "who", "member", "between", "id"), rows)
    _say_more(run, "openings", page.page_info)
    return DONE


async def access(run: Run) -> int:
    """What coordinators have looked at."""
    words, screen, options = run.words, run.screen, run.options
    async with started(run) as session:
        asked = session.client.looks(
            options.first, options.after, agency=options.agency, what=options.what, since=_moment(options.since)
        )
        page = await run.patiently(asked)
        view = session.directory.now()
    found = [edge.node for edge in page.edges]
    if screen.json:
        values = [_plain(one) | {"wanted": msgspec.json.decode(one.wanted)} for one in found]
        screen.document({"looks": values, "after": _after(page.page_info)})
        return DONE
    if not found:
        screen.line(words("trail.empty"))
        return DONE
    rows = [
        (
            words.moment(one.at),
            name(one.agency, view, words),
            one.member,
            words(f"look.{one.what}") if words.knows(f"look.{one.what}") else readable(one.what),
            one.referral or _filter(one.wanted),
            str(one.count),
        )
        for one in found
    ]
    screen.rows(("when", "who", "member", "what", "filter", "rows"), rows)
    _say_more(run, "access", page.page_info)
    return DONE


async def reviews(run: Run) -> int:
    words, screen, options = run.words, run.screen, run.options
    async with started(run) as session:
        page = await run.patiently(session.client.reviews(options.first, options.after, waiting=options.waiting))
        view = session.directory.now()
    found = [edge.node for edge in page.edges]
    if screen.json:
        values = [_plain(one) | {"referral": _value(one.referral)} for one in found]
        screen.document({"reviews": values, "after": _after(page.page_info)})
        return DONE
    if not found:
        screen.line(words("reviews.none"))
        return DONE
    short = shortened([one.referral.referral for one in found])
    rows = [
        (
            words.moment(one.referral.sent_at),
            f"{name(one.referral.sender, view, words)} → {name(one.referral.recipient, view, words)}",
            words.label("consent_bases", one.referral.basis),
            _said_of(one, words),
            short[one.referral.referral],
        )
        for one in found
    ]
    screen.rows(("sent", "between", "basis", "what", "id"), rows)
    _say_more(run, "reviews", page.page_info)
    return DONE


async def export(run: Run) -> int:
    """The trail as a file, once the hub's signature was found to be on it."""
    path, options, wanted = Path(run.options.file), run.options, _wanted(run)
    reserve(path)
    try:
        async with started(run) as session:
            made = await run.patiently(session.client.export_trail(options.format, wanted))
            content = overseeing.file_of(session, made)
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return say_done(run, "export.done", {"file": str(path), "rows": made.rows}, path=path, count=made.rows)


async def review_named(run: Run, session: Session, given: str) -> str:
    """The id that is meant, whole or an end or beginning of one that the own agency reviews."""
    bare = given.lower().replace("-", "")
    if len(given) == 36:
        return given.lower()
    if len(bare) < LEAST_ID or not bare.isalnum():
        raise Usage("error.short_id", least=LEAST_ID)
    found, after, more = [], None, True
    while more:
        page = await run.patiently(session.client.reviews(50, after))
        found += matching(bare, [edge.node.referral.referral for edge in page.edges])
        after, more = page.page_info.end_cursor, page.page_info.has_next_page
    if not found:
        raise Usage("error.no_such_id", id=bare)
    if len(found) > 1:
        raise Usage("error.ambiguous_id", id=bare, ids=", ".join(shortened(found).values()))
    return found[0]


# --- said -------------------------------------------------------------------------------------------------------------


def _wanted(run: Run) -> contract.Oversight:
    options = run.options
    return contract.Oversight(
        agency=options.agency,
        place=place_typed(options.place) if options.place else None,
        service=options.service,
        urgency=options.urgency,
        basis=options.basis,
        state=options.state,
        overdue=options.overdue,
        unanswered=options.unanswered,
        without_consent=options.without_consent,
        since=_moment(options.since),
        until=_moment(options.until),
    )


def _moment(text: str | None) -> datetime | None:
    return moment_typed(text) if text else None


def _say_more(run: Run, action: str, info: contract.PageInfo) -> None:
    after = _after(info)
    if after is None:
        return
    given = [(one, getattr(run.options, one, None)) for one in FILTERS]
    said = [part for key, value in given if value for part in (f"--{key}", str(value))]
    said += [f"--{one.replace('_', '-')}" for one in SWITCHES if getattr(run.options, one, False)]
    command = typed(run, "coordinators", action, *said, "--first", str(run.options.first), "--after", after)
    run.screen.line(run.words("list.more", command=command), "dim")


def _after(info: contract.PageInfo) -> str | None:
    return info.end_cursor if info.has_next_page else None


def _is_late(one: contract.Overseen) -> bool:
    return any(owed.late for owed in one.owed)


def _happened(one: contract.TimelineLine, words: Words) -> str:
    if one.type == "referral_sent":
        return words("show.sent")
    terms = vocabulary.terms("steps").get(one.type, {}).get("code_from")
    text = words.label("steps", one.type)
    return f"{text}: {words.label(str(terms), one.reason)}" if one.reason and terms else text


def _said_of(one: contract.Review, words: Words) -> str:
    if one.to_do is not None:
        return words(f"reviews.{one.to_do}") if words.knows(f"reviews.{one.to_do}") else readable(one.to_do)
    return words.label("steps", one.verdict) if one.verdict else words.label("states", one.referral.state)


def _filter(wanted: str) -> str:
    given: Mapping[str, Any] = msgspec.json.decode(wanted)
    return " · ".join(f"{key}={readable(str(value))}" for key, value in given.items()) or "–"


def _value(one: contract.Overseen) -> dict[str, Any]:
    owed = [_plain(owed) for owed in one.owed]
    return _plain(one) | {"owed": owed, "late": _is_late(one)}


def _plain(one: contract.Answer) -> dict[str, Any]:
    """As programs read it: names with underscores, moments as instants."""
    fields = ((key, getattr(one, key)) for key in one.__struct_fields__)
    return {key: instant_of(value) if isinstance(value, datetime) else value for key, value in fields}


COMMANDS: Final[Mapping[str, Command]] = {
    "coordinators trail": trail,
    "coordinators timeline": timeline,
    "coordinators openings": openings,
    "coordinators access": access,
    "coordinators reviews": reviews,
    "coordinators export": export,
}
