"""Inbox, outbox and trail: what needs somebody first, with its clock and what to type next."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from ortoo import contract
from ortoo.cli import DONE
from ortoo.cli.commands import referral_named, started, typed
from ortoo.cli.hours_typed import moment_typed, place_typed
from ortoo.cli.running import Command, Run
from ortoo.cli.screen import ListLine, instant_of, referral_value, shortened
from ortoo.days import ULAANBAATAR
from ortoo.protocol import vocabulary
from ortoo.reading import Damaged, Referral
from ortoo.sentences import name
from ortoo.session import Listed, Row, Session
from ortoo.words import Words

OURS: Final = ("late", "clock", "ours")
TO_THE_MINUTE: Final = timedelta(hours=48)
FILTERS: Final = ("agency", "since", "referral", "type", "state", "urgency", "need", "place")


async def inbox(run: Run) -> int:
    wanted = _wanted(run)
    async with started(run) as session:
        page = await run.patiently(session.inbox(run.options.first, run.options.after, wanted))
        _show(run, session, page, "inbox")
    return DONE


async def outbox(run: Run) -> int:
    wanted = _wanted(run)
    async with started(run) as session:
        page = await run.patiently(session.outbox(run.options.first, run.options.after, wanted))
        _show(run, session, page, "outbox")
        waiting = len(session.drafts)
        if waiting and not run.screen.json:
            run.screen.warn(run.words("list.waits", count=waiting))
    return DONE


def _wanted(run: Run) -> contract.Filter:
    options = run.options
    return contract.Filter(
        state=options.state,
        urgency=options.urgency,
        need=options.need,
        place=place_typed(options.place) if options.place else None,
        counterpart=options.agency,
        overdue=options.overdue,
        since=moment_typed(options.since) if options.since else None,
    )


def _show(run: Run, session: Session, page: Listed, box: str) -> None:
    screen, words, now = run.screen, run.words, session.now()
    if screen.json:
        value = {"referrals": [_value(row) for row in page.rows], "after": page.after, "counts": _counts(page)}
        screen.document(value | ({"waiting": len(session.drafts)} if box == "outbox" else {}))
        return
    if not page.rows:
        screen.line(words("list.none" if _options(run) or run.options.after else f"list.empty.{box}"))
        return
    counts, view = page.counts, session.directory.now()
    short = shortened([one.id for one in page.items])
    needs = (counts.late, counts.clock, counts.ours)
    if not any(needs) and run.options.after is None:
        screen.line(words("list.nothing"), "bold")
    headings = {
        "list.needs": (OURS, _count(needs, words)),
        "list.others": (("waiting",), _count([counts.waiting], words)),
        "list.rest": (("rest",), ""),
    }
    for heading, (tiers, count) in headings.items():
        lines = [_line(row, session, now, words) for row in page.rows if row.tier in tiers]
        if lines:
            screen.line(words(heading, count=count), "bold")
            screen.listed(lines, view, short, sent=box == "outbox")
            screen.line()
    following = next((one for row in page.rows if (one := next_of(row, short[row.item.id]))), ())
    if following:
        screen.line(words("open.next", commands=typed(run, *following)), "dim")
    if page.after is not None:
        command = typed(run, box, *_options(run), *_first(run), "--after", page.after)
        screen.line(words("list.more", command=command), "dim")


def _line(row: Row, session: Session, now: datetime, words: Words) -> ListLine:
    return ListLine(row.item, clock_of(row, session.identity.agency, now, words), row.tier == "late")


def _options(run: Run) -> list[str]:
    """The filter, as it was typed."""
    given = [(one, getattr(run.options, one, None)) for one in FILTERS]
    said = [part for name, value in given if value for part in (f"--{name}", _quoted(str(value)))]
    return said + (["--overdue"] if getattr(run.options, "overdue", False) else [])


def _first(run: Run) -> list[str]:
    return ["--first", str(run.options.first)] if run.options.first != 50 else []


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _count(counted: Sequence[int], words: Words) -> str:
    """So many; or more, where the hub stopped counting."""
    whole = all(one < contract.MOST_COUNTED for one in counted)
    return str(sum(counted)) if whole else words("list.or_more", count=sum(counted))


# --- clocks -----------------------------------------------------------------------------------------------------------


def clock_of(row: Row, agency: str, now: datetime, words: Words) -> str:
    """Answer by 19:42 (0:42 left) · 12 min late. What is owed first; ours before theirs."""
    own = [one for one in row.owed if one.agency == agency]
    if row.tier == "ours":
        return words("list.choose")
    if not row.owed:
        return ""
    owed = min(own or row.owed, key=lambda one: one.due_at)
    if owed.due_at <= now:
        said = words("list.late", late=_span(now - owed.due_at, words))
    else:
        by, left = owed.due_at.astimezone(ULAANBAATAR), _left(owed.due_at - now, words)
        is_today = by.date() == now.astimezone(ULAANBAATAR).date()
        key = f"list.clock.{owed.kind}" if words.knows(f"list.clock.{owed.kind}") else "list.clock.acknowledge"
        said = words(key, by=by.strftime("%H:%M") if is_today else words.moment(by), left=left)
    return said if own else words("list.theirs", clock=said)


def _left(span: timedelta, words: Words) -> str:
    """0:42, and days where it is long."""
    if span >= TO_THE_MINUTE:
        return words("list.days", count=span.days)
    minutes = int(span.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02}"


def _span(span: timedelta, words: Words) -> str:
    minutes = int(span.total_seconds()) // 60
    if minutes < 60:
        return words("list.minutes", count=minutes)
    return words("list.hours", count=minutes // 60) if span < TO_THE_MINUTE else words("list.days", count=span.days)


# --- what to do next --------------------------------------------------------------------------------------------------


def next_of(row: Row, short: str) -> tuple[str, ...]:
    """The command by which the own agency goes on; none where it is the other side's turn, or nobody's."""
    item = row.item
    if isinstance(item, Damaged):
        return ()
    if item.as_ == "sender":
        return _next_of_sender(row, item, short)
    if item.deletion_owed_since is not None:
        return ("confirm-deletion", short)
    match item.state:
        case "sent":
            return ("open", short)
        case "opened":
            return ("acknowledge", short)
        case "acknowledged":
            return ("accept", short)
        case "accepted":
            return ("start", short)
        case "under_way":
            return ("message", short, "--text", "TEXT")
        case _:
            return ()


def _next_of_sender(row: Row, item: Referral, short: str) -> tuple[str, ...]:
    if item.state == "more_asked":
        return ("message", short, "--text", "TEXT")
    if row.tier == "ours" or item.is_late:
        return ("alternatives", short)
    return ()


# --- for programs -----------------------------------------------------------------------------------------------------


def _value(row: Row) -> dict[str, Any]:
    owed = [
        {"agency": one.agency, "kind": one.kind, "due_at": instant_of(one.due_at), "late": one.late} for one in row.owed
    ]
    return referral_value(row.item) | {"tier": row.tier, "owed": owed, "next": list(next_of(row, row.item.id))}


def _counts(page: Listed) -> dict[str, int]:
    counts = page.counts
    return {"late": counts.late, "clock": counts.clock, "ours": counts.ours, "waiting": counts.waiting}


# --- the trail --------------------------------------------------------------------------------------------------------


async def trail(run: Run) -> int:
    options, words, screen = run.options, run.words, run.screen
    since = moment_typed(options.since) if options.since else None
    async with started(run) as session:
        id = await referral_named(run, session, options.referral) if options.referral else None
        wanted = contract.TrailFilter(referral=id, counterpart=options.agency, type=options.type, since=since)
        page = await run.patiently(session.client.trail(options.first, options.after, wanted))
        entries = [edge.node for edge in page.edges]
        after = page.page_info.end_cursor if page.page_info.has_next_page else None
        if screen.json:
            screen.document({"entries": [_entry_value(one) for one in entries], "after": after})
            return DONE
        if not entries:
            screen.line(words("trail.empty"))
            return DONE
        view, short = session.directory.now(), shortened([*{one.referral for one in entries}])
        screen.line(words("trail.title"), "bold")
        rows = [
            (
                words.moment(one.at),
                short[one.referral],
                name(one.agency, view, words),
                _happened(one, words),
                name(one.counterpart, view, words),
            )
            for one in entries
        ]
        screen.rows(("when", "id", "who", "what", "with"), rows)
        if after is not None:
            command = typed(run, "trail", *_options(run), *_first(run), "--after", after)
            screen.line(words("list.more", command=command), "dim")
    return DONE


def _happened(one: contract.TrailEntry, words: Words) -> str:
    """What was done, and why: «Declined: No capacity now»."""
    if one.type == "referral_sent":
        return words("show.sent")
    terms = vocabulary.terms("steps").get(one.type, {}).get("code_from")
    text = words.label("steps", one.type)
    return f"{text}: {words.label(str(terms), one.reason)}" if one.reason and terms else text


def _entry_value(one: contract.TrailEntry) -> dict[str, Any]:
    return {
        "referral": one.referral,
        "counterpart": one.counterpart,
        "agency": one.agency,
        "member": one.member,
        "type": one.type,
        "reason": one.reason,
        "at": instant_of(one.at),
    }


COMMANDS: Final[Mapping[str, Command]] = {
    "inbox": inbox,
    "outbox": outbox,
    "trail": trail,
}
