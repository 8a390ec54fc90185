"""The commands, one function each: what it asks of the session, then what it shows."""

import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import timedelta
from typing import Final

from ortoo.cli import DONE
from ortoo.cli.running import Command, Run, Usage, readable
from ortoo.cli.screen import (
    instant_of,
    part_value,
    referral_value,
    sentence_value,
    shortened,
    step_value,
)
from ortoo.client import Line
from ortoo.form import Form
from ortoo.reading import Damaged, Referral
from ortoo.sentences import name, of_form
from ortoo.session import Arrival, Listed, Session

LEAST_ID: Final = 4  # characters by which a referral may be named


# --- sending ----------------------------------------------------------------------------------------------------------


async def send(run: Run) -> int:
    """Say who will read what, ask, send."""
    form = Form.read(run.options.form)
    words, screen = run.words, run.screen
    if not run.options.yes and (screen.json or not sys.stdin.isatty()):
        raise Usage("send.needs_yes")
    async with started(run) as session:
        view = session.directory.now()
        sentences = of_form(form, view, words, session.now())
        before = session.sent_before(form)
        if not screen.json:
            screen.line(words("send.who"), "bold")
            screen.sentences(sentences)
            if before:
                shown = shortened(list(before))
                screen.line("  " + words("send.before", ids=", ".join(shown.values())), "yellow")
            screen.line()
            if not run.options.yes and not screen.ask(words("send.ask")):
                screen.line(words("send.not_sent"))
                return DONE
        sent = await run.patiently(session.send(form))
        if screen.json:
            value = {
                "sent": [referral_value(one) for one in sent],
                "sentences": [sentence_value(one) for one in sentences],
                "sent_before": list(before),
            }
            screen.document(value)
            return DONE
        short = shortened([one.id for one in sent])
        screen.line(words("send.sent"), "green")
        screen.table(sent, view, short, sent=True)
        screen.line()
        screen.line(words("send.next", command=typed(run, "show", short[sent[0].id])), "dim")
    return DONE


# --- lists ------------------------------------------------------------------------------------------------------------


async def inbox(run: Run) -> int:
    async with started(run) as session:
        page = await run.patiently(session.inbox(run.options.first, run.options.after))
        _list(run, session, page, "inbox")
    return DONE


async def outbox(run: Run) -> int:
    async with started(run) as session:
        page = await run.patiently(session.outbox(run.options.first, run.options.after))
        _list(run, session, page, "outbox")
        waiting = len(session.drafts)
        if waiting and not run.screen.json:
            run.screen.warn(run.words("list.waits", count=waiting))
    return DONE


def _list(run: Run, session: Session, page: Listed, box: str) -> None:
    screen, words = run.screen, run.words
    if screen.json:
        value = {"referrals": [referral_value(one) for one in page.items], "after": page.after}
        screen.document(value | ({"waiting": len(session.drafts)} if box == "outbox" else {}))
        return
    if not page.items:
        screen.line(words(f"list.empty.{box}"))
        return
    screen.line(words(f"list.{box}"), "bold")
    short = shortened([one.id for one in page.items])
    screen.table(page.items, session.directory.now(), short, sent=box == "outbox")
    if page.after is not None:
        screen.line(words("list.more", command=typed(run, box, "--after", page.after)), "dim")


# --- one referral -----------------------------------------------------------------------------------------------------


async def show(run: Run) -> int:
    async with started(run) as session:
        id = await _named(run, session)
        referral = await run.patiently(session.show(id))
        if run.screen.json:
            run.screen.document({"referral": referral_value(referral)})
            return DONE
        run.screen.referral(referral, session.directory.now())
        if referral.as_ == "recipient" and referral.state == "sent":
            run.screen.line()
            command = typed(run, "open", _last(referral))
            run.screen.line(run.words("show.opening", command=command), "dim")
    return DONE


async def open_(run: Run) -> int:
    async with started(run) as session:
        id = await _named(run, session)
        opened = await run.patiently(session.open_referral(id))
        referral, screen = opened.referral, run.screen
        if screen.json:
            sections = [part_value(part) for part in opened.parts]
            screen.document({"referral": referral_value(referral), "sections": sections})
            return DONE
        screen.referral(referral, session.directory.now())
        screen.parts(opened.parts)
        screen.line()
        if referral.as_ == "sender":
            screen.line(run.words("open.own"), "dim")
            return DONE
        screen.line(run.words("open.recorded"), "dim")
        commands = [typed(run, verb, _last(referral)) for verb in ("acknowledge", "accept")]
        if referral.state in ("sent", "opened"):
            screen.line(run.words("open.next", commands=" · ".join(commands)), "dim")
    return DONE


async def acknowledge(run: Run) -> int:
    return await _step(run, "acknowledged")


async def accept(run: Run) -> int:
    return await _step(run, "accepted", note=run.options.note)


async def decline(run: Run) -> int:
    return await _step(run, "declined", reason=run.options.reason, note=run.options.note)


async def ask_more(run: Run) -> int:
    return await _step(run, "more_asked", note=run.options.note)


async def start(run: Run) -> int:
    return await _step(run, "under_way", note=run.options.note)


async def close(run: Run) -> int:
    return await _step(run, "closed", reason=run.options.outcome, note=run.options.note)


async def message(run: Run) -> int:
    text = readable(run.options.text)
    async with started(run) as session:
        id = await _named(run, session)
        referral = await run.patiently(session.message(id, text))
        if run.screen.json:
            run.screen.document({"referral": referral_value(referral)})
        else:
            run.screen.line(run.words("step.message"), "green")
    return DONE


async def _step(run: Run, type: str, *, reason: str | None = None, note: str | None = None) -> int:
    note = readable(note) if note is not None else None
    async with started(run) as session:
        id = await _named(run, session)
        referral = await run.patiently(session.step(id, type, reason=reason, note=note))
        if run.screen.json:
            run.screen.document({"referral": referral_value(referral)})
            return DONE
        words = run.words
        done, state = words.label("steps", type), words.label("states", referral.state)
        run.screen.line(words("step.done", step=done, state=state), "green")
    return DONE


# --- following --------------------------------------------------------------------------------------------------------


async def follow(run: Run) -> int:
    screen, words = run.screen, run.words

    def on_line(line: Line) -> None:
        screen.aside(words(f"follow.{line}"), "yellow" if line == "lost" else "green")

    async with started(run) as session:
        if not screen.json:
            agency = name(session.identity.agency, session.directory.now(), words)
            screen.line(words("follow.begins", agency=agency), "dim")
        seen = 0
        async with aclosing(session.follow(run.options.after, on_line)) as arrivals:
            async for arrival in arrivals:
                _show_arrival(run, session, arrival)
                seen += 1
                if run.options.count is not None and seen >= run.options.count:
                    session.memory.see_feed(arrival.sequence)
                    break
    return DONE


def _show_arrival(run: Run, session: Session, arrival: Arrival) -> None:
    screen, words = run.screen, run.words
    referral, step = arrival.referral, arrival.step
    if screen.json:
        value = {
            "sequence": arrival.sequence,
            "kind": arrival.kind,
            "at": instant_of(arrival.at),
            "referral": referral_value(referral) if referral is not None else None,
            "step": step_value(step) if step is not None else None,
        }
        screen.document(value)
        return
    time = words.moment(arrival.at)
    if isinstance(referral, Damaged):
        text = words("damaged.item", why=screen.why(referral.refused))
        screen.line(f"{time}  {_short(referral.id)}  {text}", "red")
    elif referral is None:
        screen.line(f"{time}  {words('follow.other', kind=words.label('steps', arrival.kind))}")
    else:
        _show_news(run, session, arrival, referral, time)


def _show_news(run: Run, session: Session, arrival: Arrival, referral: Referral, time: str) -> None:
    screen, words, view = run.screen, run.words, session.directory.now()
    short = _last(referral)
    agency = name(referral.counterpart, view, words)
    step = arrival.step
    if words.knows(f"follow.clock.{arrival.kind}"):
        side = "sender" if referral.as_ == "sender" else "recipient"
        key = f"follow.clock.{arrival.kind}"
        key = f"{key}.{side}" if words.knows(f"{key}.{side}") else key
        screen.line(f"{time}  {words(key, id=short, agency=agency)}", "bold red")
        return
    if step is None:
        services = words.labels("services", referral.routing.services)
        place = words.place(referral.routing.place)
        urgency = words.label("urgency", referral.routing.urgency)
        text = words("follow.new", id=short, agency=agency, services=services, place=place)
        screen.line(f"{time}  {urgency}: {text}", "bold red" if referral.routing.urgency == "immediate" else "bold")
        screen.line("  " + words("open.next", commands=typed(run, "open", short)), "dim")
        return
    state = words.label("states", referral.state)
    screen.line(f"{time}  {words('follow.step', agency=agency, id=short, step=screen.done(step), state=state)}")
    if step.note is not None:
        screen.line("  " + words("open.next", commands=typed(run, "show", short)), "dim")


# --- what all share ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def started(run: Run) -> AsyncIterator[Session]:
    """The member's session; first what the member must know."""
    async with AsyncExitStack() as stack:
        session = await run.patiently(stack.enter_async_context(run.session()))
        _tell(run, session)
        yield session


def _tell(run: Run, session: Session) -> None:
    """A practice network, a wrong clock, and whatever the directory says anew about the own agency: on stderr."""
    synced, words, screen = session.synced, run.words, run.screen
    if synced is None:
        return
    if synced.practice and not screen.json:
        screen.aside(words("practice"))
    if not session.identity.roles and run.options.command != "waiting":
        screen.aside(words("waiting.not_yet", command=typed(run, "waiting")))
    if synced.clock_off and synced.practice and synced.clock_off > timedelta():
        screen.aside(words("clock.practice", now=words.moment(session.now())))
    elif synced.clock_off:
        minutes = round(synced.clock_off.total_seconds() / 60)
        screen.warn(words("clock", minutes=minutes))
    for document in synced.own:
        kind = words(f"directory.{document.kind}")
        screen.warn(words("directory.own", kind=kind, version=document.body.version))


async def _named(run: Run, session: Session) -> str:
    """The id that `ID` names: the whole, or a beginning or an end that only one of the agency's referrals has."""
    given = run.options.id.lower()
    bare = given.replace("-", "")
    if len(given) == 36:
        return str(given)
    if len(bare) < LEAST_ID or not bare.isalnum():
        raise Usage("error.short_id", least=LEAST_ID)
    found = matching(bare, await run.patiently(session.ids()))
    if not found:
        raise Usage("error.no_such_id", id=bare)
    if len(found) > 1:
        raise Usage("error.ambiguous_id", id=bare, ids=", ".join(shortened(found).values()))
    return found[0]


def matching(bare: str, ids: Sequence[str]) -> list[str]:
    """The ids that begin or end so, dashes aside."""
    plain_ids = {id: id.replace("-", "") for id in ids}
    return [id for id, one in plain_ids.items() if one.startswith(bare) or one.endswith(bare)]


def _last(referral: Referral) -> str:
    return _short(referral.id)


def _short(id: str) -> str:
    return shortened([id])[id]


def typed(run: Run, *command: str) -> str:
    """What to type next, so that this terminal understands it."""
    who = ["--as", run.options.handle] if run.options.handle else []
    kit = ["--kit", run.options.kit] if getattr(run.options, "kit", None) else []
    return " ".join([_program(), *who, *command, *kit])


def _program() -> str:
    """How this program is called from here: by its name where the shell finds it, else by its path."""
    path = os.path.abspath(sys.argv[0])
    found = shutil.which("ortoo")
    if found is not None and os.path.samefile(found, path):
        return "ortoo"
    from_here = os.path.relpath(path)
    return path if from_here.startswith("..") else from_here


COMMANDS: Final[Mapping[str, Command]] = {
    "send": send,
    "inbox": inbox,
    "outbox": outbox,
    "show": show,
    "open": open_,
    "follow": follow,
    "acknowledge": acknowledge,
    "accept": accept,
    "decline": decline,
    "ask-more": ask_more,
    "message": message,
    "start": start,
    "close": close,
}
