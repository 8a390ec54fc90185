"""`ortoo consent …`: what she has decided, what she decides anew, what she takes back."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from ortoo import consent_record, consenting, receipts
from ortoo.attached import AttachmentError
from ortoo.cli import DONE, REFUSED
from ortoo.cli.commands import referral_named, started, wanted
from ortoo.cli.picking import evidence as evidence_of
from ortoo.cli.running import Command, Run, Usage
from ortoo.cli.screen import part_value, receipt_lines, receipt_value, sentence_value
from ortoo.consenting import Scope
from ortoo.form import Grant
from ortoo.protocol import schemas
from ortoo.protocol.consent import Decisions, Withdrawal
from ortoo.protocol.documents import Document, instant
from ortoo.protocol.errors import Refused
from ortoo.reading import Attachment, Evidence, Referral
from ortoo.sentences import of_withdrawals
from ortoo.session import Session


async def show(run: Run) -> int:
    """What was decided under the consent of a referral, as far as the own agency may see it."""
    async with started(run) as session:
        _, decisions = await _consent(run, session)
        _show(run, session, list(decisions.newest.values()), decisions.withdrawals)
    return DONE


async def decide(run: Run) -> int:
    """A new version of the decision on one agency: wider, narrower or for longer; or how she gave it, alone."""
    options, given = run.options, evidence_of(run)
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
        elif options.section or options.purpose or not (options.refuse or given):
            raise Usage("error.needs", option="--days")
        if options.refuse:
            refusals[to] = tuple(options.refuse)
        if session.directory.now().agency(to) is None and grants:
            raise Refused("not_found", reader=to)
        if not run.sure(run.words("decisions.ask_decide")):
            return DONE
        id = consent.decision.body.consent
        said = _said(decisions, to, options.by)
        signed = await run.patiently(consenting.new_version(session, id, grants, refusals, said, given))
        _show(run, session, signed)
        if given is not None and not run.screen.json:
            run.screen.line(run.words("evidence.given"), "green")
    return DONE


def _said(decisions: Decisions, to: str, by: str | None) -> schemas.Given | None:
    """How she says it this time: as before, by whom it is now."""
    if by is None:
        return None
    before = decisions.newest.get(to) or next(iter(decisions.newest.values()))
    return msgspec.structs.replace(before.body.given, by=by)


async def evidence(run: Run) -> int:
    """How she gave her decisions, as far as the own agency has recorded them; and its files, saved. One that cannot be
    saved never hides the others. Without a referral: of all decisions under which nothing was sent.
    """
    folder = Path(run.options.to) if run.options.to else None
    if folder is not None and not folder.is_dir():
        raise AttachmentError("no_such_folder", str(folder))
    async with started(run) as session:
        found = await run.patiently(_evidence(run, session))
        saved, not_saved = [], []
        for one in (one for each in found for one in each.part.files):
            if folder is None:
                break
            try:
                saved.append(await run.patiently(session.save(one, folder)))
            except Refused as refused:
                not_saved.append((one, refused))
        _show_evidence(run, found, saved, not_saved)
    return REFUSED if not_saved else DONE


async def _evidence(run: Run, session: Session) -> list[Evidence]:
    if run.options.id is None:
        return await session.unsent_evidence()
    consent, _ = await _consent(run, session)
    return await session.evidence(consent.decision.body.consent)


def _show_evidence(
    run: Run, found: Sequence[Evidence], saved: Sequence[Path], not_saved: Sequence[tuple[Attachment, Refused]]
) -> None:
    words, screen = run.words, run.screen
    if screen.json:
        value = {
            "evidence": [
                {"at": one.decision.body.at, "decision": one.decision.sha256, **part_value(one.part)} for one in found
            ],
            "saved": [str(path) for path in saved],
            "not_saved": [{"name": one.said.name, "code": refused.code} for one, refused in not_saved],
        }
        screen.document(value)
        return
    if not found:
        screen.line(words("evidence.none"), "dim")
    for one in found:
        screen.line(words("evidence.of", moment=words.moment(instant(one.decision.body.at))), "bold")
        screen.parts([one.part])
    for path in saved:
        screen.line(words("evidence.saved", path=str(path)), "green")
    for file, refused in not_saved:
        screen.warn(words("evidence.not_saved", name=file.said.name, why=screen.why(refused)))


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
        given = wanted(run, run.options.mode)
        await run.patiently(receipts.replace(session, consent.decision.body.consent, given))
        if run.screen.json:
            run.screen.document({"receipt": receipt_value(given)})
        for line in receipt_lines(given, run.words) if given is not None and not run.screen.json else ():
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


def _show(
    run: Run,
    session: Session,
    decisions: Sequence[Document[schemas.Consent]],
    withdrawals: Sequence[Withdrawal] = (),
) -> None:
    newest, view = sorted(decisions, key=lambda one: one.body.to), session.directory.now()
    said = consent_record.sentences(newest, view, run.words) + of_withdrawals(withdrawals, view, run.words)
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
    "consent evidence": evidence,
    "consent export": export,
    "consent receipt": receipt,
}
