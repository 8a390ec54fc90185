"""The commands, one function each: what it asks of the session, then what it shows."""

import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from datetime import timedelta
from typing import Final

from ortoo import receipts
from ortoo.attached import Attached
from ortoo.cli import DONE
from ortoo.cli.picking import note_of, with_evidence, with_files
from ortoo.cli.running import Command, Run, Usage
from ortoo.cli.screen import (
    instant_of,
    part_value,
    receipt_lines,
    receipt_value,
    referral_value,
    sentence_value,
    shortened,
    step_value,
)
from ortoo.client import HubUnreachable, Line
from ortoo.form import Form
from ortoo.reading import Damaged, Referral
from ortoo.sentences import Sentence, name, of_form, of_resending
from ortoo.session import Arrival, Session

MOST_NAMED: Final = 20  # documents that are not in the log
LEAST_ID: Final = 4  # characters by which a referral may be named


# --- sending ----------------------------------------------------------------------------------------------------------


async def send(run: Run) -> int:
    """Say who will read what, ask, send."""
    form = with_evidence(run, with_files(run, Form.read(run.options.form)))
    _must_be_sure(run)
    async with started(run) as session:
        sentences = of_form(form, session.directory.now(), run.words, session.now())
        before = session.sent_before(form)
        if _agreed(run, sentences, before):
            given = _new_receipt(run, session, form)
            # A slip in her phone's part is told before anything is sent.
            key = given.key(session.directory.id) if given is not None else None
            try:
                sent = await run.patiently(session.send(form, key))
            except HubUnreachable:
                _give(run, given)  # it may have arrived, or will with the next try
                raise
            if key is not None and sent[0].decision.body.receipt != key:
                given = None  # the same form went from another program at this moment, with a code of its own
                run.screen.aside(run.words("receipt.as_before"))
            _sent(run, session, sent, sentences, before, given)
            _give(run, given)
    return DONE


def _new_receipt(run: Run, session: Session, form: Form) -> receipts.Receipt | receipts.OwnReceipt | None:
    """The code for her. None where she takes none, and where this very form waits, which has its own."""
    mode = run.options.receipt or form.consent.receipt_mode
    if session.unsent(form) is not None:
        run.screen.aside(run.words("receipt.as_before"))
        return None
    return wanted(run, mode)


def wanted(run: Run, mode: str | None) -> receipts.Receipt | receipts.OwnReceipt | None:
    """A new code of this mode, or that which she made on her own phone."""
    new, part = receipts.wanted(mode), run.options.own_code
    if part is None:
        return new
    if new is None:
        raise Usage("error.own_code_none")
    return receipts.OwnReceipt(part, new.mode)


def _give(run: Run, given: receipts.Receipt | receipts.OwnReceipt | None) -> None:
    """Show the code, once; to programs it is in the answer."""
    if given is None or run.screen.json:
        return
    for line in receipt_lines(given, run.words):
        run.screen.line(line, "bold")


async def resend(run: Run) -> int:
    """Say what this agency will read under the newest decisions, ask, send. Without a form: what `--of` held."""
    if not run.options.form and not run.options.of:
        raise Usage("error.needs", option="FORM.json, --of")
    given = with_files(run, Form.read(run.options.form)) if run.options.form else None
    if given is None and run.options.attach:
        raise Usage("error.needs", option="FORM.json")
    _must_be_sure(run)
    async with started(run) as session:
        of = await referral_named(run, session, run.options.of) if run.options.of else None
        form = given if given is not None else await run.patiently(session.form_of(str(of)))
        again = await run.patiently(session.resending(form, run.options.to, of))
        view = session.directory.now()
        sentences = of_resending(form, again.decision.body, again.parts, view, run.words)
        before = session.sent_before(form)
        if _agreed(run, sentences, before):
            _sent(run, session, [await run.patiently(session.send_again(form, again))], sentences, before)
    return DONE


def _must_be_sure(run: Run) -> None:
    if not run.options.yes and (run.screen.json or not sys.stdin.isatty()):
        raise Usage("send.needs_yes")


def _agreed(run: Run, sentences: Sequence[Sentence], before: Sequence[str]) -> bool:
    """Whether to send, after it was said who will read what. before: what the form was sent as."""
    words, screen = run.words, run.screen
    if screen.json:
        return True
    screen.line(words("send.who"), "bold")
    screen.sentences(sentences)
    if before:
        shown = shortened(list(before))
        screen.line("  " + words("send.before", ids=", ".join(shown.values())), "yellow")
    screen.line()
    if run.options.yes or screen.ask(words("send.ask")):
        return True
    screen.line(words("send.not_sent"))
    return False


def _sent(
    run: Run,
    session: Session,
    sent: Sequence[Referral],
    sentences: Sequence[Sentence],
    before: Sequence[str],
    given: receipts.Receipt | receipts.OwnReceipt | None = None,
) -> None:
    words, screen = run.words, run.screen
    if screen.json:
        value = {
            "sent": [referral_value(one) for one in sent],
            "sentences": [sentence_value(one) for one in sentences],
            "sent_before": list(before),
            "receipt": receipt_value(given),
        }
        screen.document(value)
        return
    short = shortened([one.id for one in sent])
    screen.line(words("send.sent"), "green")
    screen.table(sent, session.directory.now(), short, sent=True)
    screen.line()
    screen.line(words("send.next", command=typed(run, "show", short[sent[0].id])), "dim")


# --- one referral -----------------------------------------------------------------------------------------------------


async def show(run: Run) -> int:
    async with started(run) as session:
        id = await referral_named(run, session)
        referral = await run.patiently(session.show(id))
        if run.screen.json:
            run.screen.document({"referral": referral_value(referral)})
            return DONE
        run.screen.referral(referral, session.directory.now())
        _tell_what_is_owed(run, referral)
        _tell_of_alternatives(run, referral)
        if referral.as_ == "recipient" and referral.state == "sent":
            run.screen.line()
            command = typed(run, "open", _last(referral))
            run.screen.line(run.words("show.opening", command=command), "dim")
    return DONE


async def open_(run: Run) -> int:
    async with started(run) as session:
        id = await referral_named(run, session)
        opened = await run.patiently(session.open_referral(id))
        referral, screen = opened.referral, run.screen
        if screen.json:
            sections = [part_value(part) for part in opened.parts]
            screen.document({"referral": referral_value(referral), "sections": sections})
            return DONE
        screen.referral(referral, session.directory.now())
        screen.parts(opened.parts)
        screen.line()
        if referral.files:
            screen.line(run.words("save.how", command=typed(run, "save", _last(referral))), "dim")
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
    return await _noted(run, "accepted")


async def decline(run: Run) -> int:
    return await _noted(run, "declined", reason=run.options.reason)


async def ask_more(run: Run) -> int:
    return await _noted(run, "more_asked")


async def start(run: Run) -> int:
    return await _noted(run, "under_way")


async def close(run: Run) -> int:
    return await _noted(run, "closed", reason=run.options.outcome)


async def hand_back(run: Run) -> int:
    return await _noted(run, "handed_back", reason=run.options.reason)


async def recall(run: Run) -> int:
    return await _noted(run, "recalled", reason=run.options.reason)


async def confirm_deletion(run: Run) -> int:
    """Drop what this device keeps of it, and sign that the own copies are gone."""
    async with started(run) as session:
        id = await referral_named(run, session)
        _step_taken(run, "deleted", await run.patiently(session.confirm_deletion(id)))
    return DONE


async def message(run: Run) -> int:
    text, files = note_of(run)
    async with started(run) as session:
        id = await referral_named(run, session)
        referral = await run.patiently(session.message(id, text or "", files))
        if run.screen.json:
            run.screen.document({"referral": referral_value(referral)})
        else:
            run.screen.line(run.words("step.message"), "green")
    return DONE


async def _noted(run: Run, type: str, *, reason: str | None = None) -> int:
    note, files = note_of(run)
    return await _step(run, type, reason=reason, note=note, files=files)


async def _step(
    run: Run,
    type: str,
    *,
    reason: str | None = None,
    note: str | None = None,
    files: Sequence[Attached] = (),
) -> int:
    async with started(run) as session:
        id = await referral_named(run, session)
        referral = await run.patiently(session.step(id, type, reason=reason, note=note, files=files))
        _step_taken(run, type, referral)
        if type == "recalled" and note is not None and not run.screen.json:
            run.screen.line(run.words("step.note_stays"), "dim")
    return DONE


def _step_taken(run: Run, type: str, referral: Referral) -> None:
    words, screen = run.words, run.screen
    if screen.json:
        screen.document({"referral": referral_value(referral)})
        return
    done, state = words.label("steps", type), words.label("states", referral.state)
    screen.line(words("step.done", step=done, state=state), "green")
    _tell_what_is_owed(run, referral)


def _tell_what_is_owed(run: Run, referral: Referral) -> None:
    """To a recipient that lost its access after it had opened: its copies have to go, and it signs that they did."""
    if referral.as_ == "recipient" and referral.deletion_owed_since is not None:
        command = typed(run, "confirm-deletion", _last(referral))
        run.screen.line(run.words("step.owes_deletion", command=command), "yellow")


def _tell_of_alternatives(run: Run, referral: Referral) -> None:
    """To the sender of what came to nothing, or whose recipient is late: what to do next."""
    if referral.wants_another and not run.screen.json:
        command = typed(run, "alternatives", _last(referral))
        run.screen.line(run.words("show.alternatives", id=_last(referral), command=command), "yellow")


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
    elif arrival.kind == "caught_up":
        screen.line(f"{time}  {words('follow.caught_up', commands=typed(run, 'inbox'))}", "bold red")
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
        _tell_of_alternatives(run, referral)
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
    _tell_what_is_owed(run, referral)
    _tell_of_alternatives(run, referral)


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
    if synced.withheld:
        screen.warn(words("log.withheld", count=len(synced.withheld)))
        for sha256 in synced.withheld[:MOST_NAMED]:
            screen.warn("  " + session.memory.now.named.get(sha256, sha256))
    for lost in synced.lost:
        screen.warn(words("directory.lost", kind=words(f"directory.{lost.kind}"), version=lost.body.version))
    for document in synced.own:
        kind = words(f"directory.{document.kind}")
        screen.warn(words("directory.own", kind=kind, version=document.body.version))


async def referral_named(run: Run, session: Session, id: str | None = None) -> str:
    """The id that `ID` names: the whole, or a beginning or an end that only one of the agency's referrals has."""
    given = (id or run.options.id).lower()
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
    "show": show,
    "open": open_,
    "follow": follow,
    "acknowledge": acknowledge,
    "accept": accept,
    "decline": decline,
    "ask-more": ask_more,
    "message": message,
    "start": start,
    "hand-back": hand_back,
    "close": close,
    "recall": recall,
    "confirm-deletion": confirm_deletion,
    "resend": resend,
}
