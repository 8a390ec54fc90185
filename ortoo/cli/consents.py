"""`ortoo consent …`: what she has decided, what she decides anew, what she takes back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from ortoo import consent_record, consenting, receipts
from ortoo.cli import DONE
from ortoo.cli.commands import referral_named, started
from ortoo.cli.receipt import of_new, value_of
from ortoo.cli.running import Command, Run, Usage
from ortoo.cli.screen import sentence_value
from ortoo.consenting import Scope
from ortoo.form import Grant
from ortoo.protocol import schemas
from ortoo.protocol.consent import Decisions
from ortoo.protocol.documents import Document
from ortoo.protocol.errors import Refused
from ortoo.reading import Referral
from ortoo.session import Session


async def show(run: Run) -> int:
    """What was decided under the consent of a referral, as far as the own agency may see it."""
    async with started(run) as session:
        _, decisions = await _consent(run, session)
        _show(run, session, list(decisions.newest.values()))
    return DONE


async def decide(run: Run) -> int:
    """A new version of the decision on one agency: wider, narrower or for longer."""
    options = run.options
    async with started(run) as session:
        consent, decisions = await _consent(run, session)
        to = options.to or consent.recipient
        granted = decisions.granted_to(to)
        grants, refusals = {}, {}
        if options.days is not None:
            sections = options.section or (granted.sections if granted else None)
            purposes = options.purpose or (granted.purposes if granted else None)
            if not sections or not purposes:
                raise Usage("error.needs", option="--section, --purpose")
            grants[to] = Grant(tuple(sections), tuple(purposes), options.days)
        elif options.section or options.purpose or not options.refuse:
            raise Usage("error.needs", option="--days")
        if options.refuse:
            refusals[to] = tuple(options.refuse)
        if session.directory.now().agency(to) is None and grants:
            raise Refused("not_found", reader=to)
        if not run.sure(run.words("decisions.ask_decide")):
            return DONE
        id = consent.decision.body.consent
        signed = await run.patiently(consenting.new_version(session, id, grants, refusals))
        _show(run, session, signed)
    return DONE


async def withdraw(run: Run) -> int:
    """Take back in whole, or from an agency, or sections or purposes."""
    options = run.options
    if options.section and options.purpose:
        raise Usage("error.section_or_purpose")
    scope = Scope(*(tuple(one) if one else None for one in (options.agency, options.section, options.purpose)))
    async with started(run) as session:
        consent, _ = await _consent(run, session)
        if not run.sure(run.words("decisions.ask_whole" if scope.is_whole else "decisions.ask_withdraw")):
            return DONE
        signed = await run.patiently(consenting.withdraw(session, consent.decision.body.consent, scope))
        _show(run, session, signed)
    return DONE


async def receipt(run: Run) -> int:
    """In place of a code that was lost, another one: shown once. The old one can still withdraw, and never look."""
    async with started(run) as session:
        consent, _ = await _consent(run, session)
        if not run.sure(run.words("receipt.ask_replace")):
            return DONE
        given = receipts.wanted(run.options.mode)
        await run.patiently(receipts.replace(session, consent.decision.body.consent, given))
        if run.screen.json:
            run.screen.document({"receipt": value_of(given)})
        for line in of_new(given, run.words) if given is not None and not run.screen.json else ():
            run.screen.line(line, "bold")
    return DONE


async def export(run: Run) -> int:
    """Write the record, as JSON or as a page to print, into a file that was not there."""
    path = Path(run.options.out)
    async with started(run) as session:
        _, decisions = await _consent(run, session)
        view, at = session.directory.now(), session.now()
        if path.suffix == ".html":
            text = consent_record.page(decisions, view, at)
        elif path.suffix == ".json":
            text = consent_record.as_json(decisions, view, at)
        else:
            raise Usage("error.export_file")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            raise Usage("error.cannot_write", path=str(path)) from None
        if run.screen.json:
            run.screen.document({"written": str(path)})
        else:
            run.screen.line(run.words("decisions.written", path=str(path)), "green")
    return DONE


async def _consent(run: Run, session: Session) -> tuple[Referral, Decisions]:
    referral = await session.show(await referral_named(run, session))
    return referral, await run.patiently(session.decisions(referral.decision.body.consent))


def _show(run: Run, session: Session, decisions: Sequence[Document[schemas.Consent]]) -> None:
    newest = sorted(decisions, key=lambda one: one.body.to)
    said = consent_record.sentences(newest, session.directory.now(), run.words)
    if run.screen.json:
        value: dict[str, Any] = {
            "consent": newest[0].body.consent,
            "decisions": [{"to": one.body.to, "version": one.body.version} for one in newest],
            "sentences": [sentence_value(one) for one in said],
        }
        run.screen.document(value)
        return
    run.screen.sentences(said)


COMMANDS: Final[dict[str, Command]] = {
    "consent show": show,
    "consent decide": decide,
    "consent withdraw": withdraw,
    "consent export": export,
    "consent receipt": receipt,
}
