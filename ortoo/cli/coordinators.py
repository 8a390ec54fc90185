"""A coordinator's commands: what is signed by the threshold, each signature on the own machine."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from ortoo import contract, coordinating, keyring
from ortoo.administration import grouped
from ortoo.cli import DONE, counted, overseeing
from ortoo.cli.asking import NETWORK, compare, left_alone, name_of, need_a_terminal, new_passphrase, reserve, say_done
from ortoo.cli.commands import started
from ortoo.cli.running import TRIES, Command, Run, Usage, readable
from ortoo.cli.screen import instant_of, shortened
from ortoo.coordinating import Applicant, CoordinatorKey
from ortoo.device import Device
from ortoo.memory import write_whole
from ortoo.protocol import schemas
from ortoo.protocol.checkpoint import Policy
from ortoo.protocol.documents import Document, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import safety_number
from ortoo.sentences import name
from ortoo.session import Session
from ortoo.words import Words

MOST_OVERDUE: Final = 500  # the hub gives no more at once
FOR_PROGRAMS: Final = "ORTOO_KEY_PASSPHRASE_FILE"  # names a file with the passphrase; people are asked


# --- what is overdue --------------------------------------------------------------------------------------------------


async def overdue(run: Run) -> int:
    """Who owes what to whom for too long, the longest first: no word of whom it is about."""
    words, screen = run.words, run.screen
    async with started(run) as session:
        found, now, view = await run.patiently(session.client.overdue()), session.now(), session.directory.now()
    if screen.json:
        screen.document({"overdue": [_overdue_value(one) for one in found], "capped": len(found) >= MOST_OVERDUE})
        return DONE
    if not found:
        screen.line(words("overdue.none"))
        return DONE
    short = shortened(list(dict.fromkeys(one.referral for one in found)))
    rows = [
        (
            late_said(now - one.owed.due_at, words),
            name(one.owed.agency, view, words),
            words(f"owed.{one.owed.kind}") if words.knows(f"owed.{one.owed.kind}") else readable(one.owed.kind),
            f"{one.sender} → {one.recipient}",
            words.label("urgency", one.urgency),
            short[one.referral],
        )
        for one in found
    ]
    screen.rows(("late", "owes", "owed", "between", "urgency", "id"), rows)
    if len(found) >= MOST_OVERDUE:
        screen.line(words("overdue.capped", count=len(found)), "yellow")
    return DONE


def late_said(late: timedelta, words: Words) -> str:
    """By the greatest whole unit: 3 days, 5 hours, 12 minutes."""
    for unit, span in (("days", timedelta(days=1)), ("hours", timedelta(hours=1))):
        if late >= span:
            return words(f"late.{unit}", count=late // span)
    return words("late.minutes", count=max(0, late // timedelta(minutes=1)))


def _overdue_value(one: contract.Overdue) -> dict[str, Any]:
    return {
        "referral": one.referral,
        "sender": one.sender,
        "recipient": one.recipient,
        "urgency": one.urgency,
        "owes": one.owed.agency,
        "kind": one.owed.kind,
        "due_at": instant_of(one.owed.due_at),
    }


# --- the key, and the network's first document ------------------------------------------------------------------------


async def new_key(run: Run) -> int:
    """A coordinator's key, in a file that only a passphrase opens; and what the network's document needs of it."""
    path = Path(run.options.file)
    reserve(path)
    try:
        passphrase = run.passphrase_of_file(FOR_PROGRAMS)
        if passphrase is None:
            need_a_terminal(run)
            passphrase = new_passphrase(run)
        made = CoordinatorKey.generate()
        made.write(path, passphrase)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if run.screen.json:
        run.screen.document({"coordinator": {"id": made.id, "key": made.public.key, "file": str(path)}})
        return DONE
    run.screen.line(run.words("coordinators.key", path=path))
    run.screen.line(f"\n    {made.id}:{made.public.key}\n", "bold")
    return DONE


async def keep_key(run: Run) -> int:
    """Take the key into the account's keyring: all its devices sign with it, and nobody types its passphrase again."""
    opened = run.unlocked(run.account())
    await run.patiently(keyring.save_coordinator(Device(), opened, _read_key(run).key))
    return say_done(run, "coordinators.kept", {"kept": opened.kept.login}, login=opened.kept.login)


async def found(run: Run) -> int:
    """Sign the network that is to be founded, on the own machine, without any hub."""
    words, screen = run.words, run.screen
    try:
        body = coordinating.read_draft(Path(run.options.who))
    except (OSError, ValueError):
        raise Usage("error.draft", path=readable(run.options.who)) from None
    key, out = _read_key(run), Path(run.options.out)
    if key.public not in body.coordinators:
        raise Usage("error.not_named", path=run.options.key)
    signed = coordinating.sign_draft(body, key)
    policy = Policy.parse(body.policy)
    screen.say(words("sign.means"), "bold")
    screen.say("  " + words("found.network", host=policy.log_named("/log/directory").name.partition("/")[0]))
    screen.say("  " + words("found.coordinators", count=len(body.coordinators), threshold=body.threshold))
    for one in body.coordinators:
        screen.say(f"    {one.id} {one.key}" + (f"  {words('found.yours')}" if one.id == key.id else ""))
    least = policy.groups[policy.quorum][0] if policy.quorum in policy.groups else 1
    screen.say("  " + words("found.witnesses", count=len(policy.witnesses), least=least))
    for witness in policy.witnesses.values():
        screen.say(f"    {witness}")
    screen.say("  " + words("found.fingerprint"))
    screen.say(f"\n    {grouped(unb64(signed.sha256))}\n", "bold")
    if not run.sure(words("found.ask")):
        return left_alone(run)
    reserve(out)
    write_whole(out, signed.envelope + "\n")
    value = {"signed": str(out), "fingerprint": grouped(unb64(signed.sha256))}
    return say_done(run, "found.signed", value, path=out)


def _read_key(run: Run) -> CoordinatorKey:
    """The key of `--key`, opened with its passphrase."""
    path = Path(run.options.key)
    kept, left = run.passphrase_of_file(FOR_PROGRAMS), TRIES
    while True:
        if kept is None and not run.screen.asks:
            raise Usage("error.needs_terminal")
        passphrase = kept or run.screen.question(run.words("ask.key_passphrase", path=path), secret=True)
        left -= 1
        try:
            return CoordinatorKey.read(path, passphrase)
        except Refused:
            if kept is not None or not left:
                raise
            run.screen.warn(run.words("ask.passphrase.wrong"))
        except (OSError, ValueError):
            raise Usage("error.key_file", path=path) from None


@asynccontextmanager
async def _coordinating(run: Run) -> AsyncIterator[Session]:
    """The session, with the key of `--key` where it is not the account's or the practice network's."""
    key = _read_key(run).key if run.options.key is not None else None
    async with started(run) as session:
        if key is not None:
            session.identity = replace(session.identity, coordinator=key)
        yield session


# --- what they sign ---------------------------------------------------------------------------------------------------


async def applications(run: Run) -> int:
    async with _coordinating(run) as session:
        found = await run.patiently(coordinating.applicants(session))
        if run.screen.json:
            run.screen.document({"applications": [_application_value(one) for one in found]})
            return DONE
        if not found:
            run.screen.line(run.words("applications.none"))
            return DONE
        rows = [
            (
                one.application.handle,
                name_of(run, one.application),
                run.words.label("agency_kinds", one.application.kind),
                f"{name_of(run, one.application.admin.member)} ({one.application.admin.member.handle})",
                run.words.moment(one.application.created_at),
                one.application.id,
            )
            for one in found
        ]
        run.screen.rows(("handle", "name", "kind", "administrator", "since", "id"), rows)
    return DONE


async def admit(run: Run) -> int:
    """Sign an agency's admission, its administrator's number compared."""
    async with _coordinating(run) as session:
        one = await _applicant(run, session, run.options.who)
        may = sorted(set(run.options.may or ()))
        given = one.application
        body = schemas.Names(en=given.name_en, mn=given.name)
        _say_meaning(run, [_admits(run, given.handle, given.kind, body), *([_may(run, may)] if may else [])])
        _compare_applicant(run, one)
        if not run.sure(run.words("sign.ask")):
            return left_alone(run)
        return _signed(run, await run.patiently(coordinating.admit(session, one, may)))


async def readmit(run: Run) -> int:
    """An agency lost its last administrator: the new one applied under another handle, and is signed in for it."""
    async with _coordinating(run) as session:
        view, who = session.directory.now(), run.options.who
        if view.agency(who) is None:
            raise Usage("error.no_agency", who=readable(who))
        one = await _applicant(run, session, run.options.applied)
        _say_meaning(run, [run.words("sign.readmits", agency=name(who, view, run.words), handle=who)])
        _compare_applicant(run, one)
        if not run.sure(run.words("sign.ask")):
            return left_alone(run)
        return _signed(run, await run.patiently(coordinating.readmit(session, who, one.admin)))


async def suspend(run: Run) -> int:
    return await _suspend(run, suspended=True)


async def reinstate(run: Run) -> int:
    return await _suspend(run, suspended=False)


async def _suspend(run: Run, *, suspended: bool) -> int:
    async with _coordinating(run) as session:
        view, who = session.directory.now(), run.options.who
        if view.agency(who) is None:
            raise Usage("error.no_agency", who=readable(who))
        key = "sign.suspends" if suspended else "sign.reinstates"
        _say_meaning(run, [run.words(key, agency=name(who, view, run.words), handle=who)])
        if not run.sure(run.words("sign.ask")):
            return left_alone(run)
        return _signed(run, await run.patiently(coordinating.suspend(session, who, suspended=suspended)))


async def proposals(run: Run) -> int:
    async with _coordinating(run) as session:
        found = await run.patiently(coordinating.proposals(session))
        if run.screen.json:
            values = [
                _proposal_value(document, proposal) | {"signed": signed, "means": _meaning(run, session, document)}
                for document, proposal, signed in found
            ]
            run.screen.document({"proposals": values})
            return DONE
        if not found:
            run.screen.line(run.words("proposals.none"))
        for document, proposal, signed in found:
            run.screen.line(_about(document), "bold")
            for sentence in _meaning(run, session, document):
                run.screen.line(f"  {sentence}")
            have = run.words("sign.have", count=proposal.signatures, threshold=proposal.threshold)
            run.screen.line(f"  {have}" + (f" {run.words('sign.yours')}" if signed else ""), "dim")
    return DONE


async def add_signature(run: Run) -> int:
    """Sign what another coordinator proposed, once it was read. A new administrator's number is compared here too."""
    async with _coordinating(run) as session:
        document = await _proposed(run, session)
        _say_meaning(run, _meaning(run, session, document))
        admin = document.body.admin if isinstance(document.body, schemas.Admission) else None
        if admin is not None:
            await _compare_admin(run, session, document.body.agency, admin)
        if not run.sure(run.words("sign.ask")):
            return left_alone(run)
        return _signed(run, await run.patiently(coordinating.add_signature(session, document)))


async def turn_down(run: Run) -> int:
    async with _coordinating(run) as session:
        one = (await _applicant(run, session, run.options.who)).application
        if not run.sure(run.words("turn_down.ask", agency=name_of(run, one), handle=one.handle)):
            return left_alone(run)
        await run.patiently(coordinating.turn_down(session, one.id))
        return say_done(run, "turn_down.done", {"turned_down": one.handle}, agency=name_of(run, one))


async def _applicant(run: Run, session: Session, who: str) -> Applicant:
    """By handle; by the application's id, where several ask for the same handle."""
    found = await run.patiently(coordinating.applicants(session))
    named = [one for one in found if who in (one.application.handle, one.application.id)]
    if not named:
        raise Usage("error.no_application", who=readable(who))
    if len(named) > 1:
        raise Usage("error.several_applications", who=who, ids=", ".join(one.application.id for one in named))
    return named[0]


async def _proposed(run: Run, session: Session) -> Document[Any]:
    """What waits about this agency. One's own signature is no reason to leave a document out: signing is repeatable."""
    who = run.options.who
    found = await run.patiently(coordinating.proposals(session))
    named = [(document, signed) for document, _, signed in found if who in (_agency(document), document.hash.hex()[:8])]
    waits = [document for document, signed in named if not signed] or [document for document, _ in named]
    if not waits:
        raise Usage("error.no_proposal", who=readable(who))
    if len(waits) > 1:
        raise Usage("error.several_proposals", who=who, ids=", ".join(one.hash.hex()[:8] for one in waits))
    return waits[0]


def _compare_applicant(run: Run, one: Applicant) -> None:
    admin = one.application.admin.member
    run.screen.say(run.words("sign.compare", name=name_of(run, admin), handle=admin.handle))
    compare(run, {one.number})


async def _compare_admin(run: Run, session: Session, agency: str, admin: schemas.MemberKeys) -> None:
    """Whoever comes for an agency that lost its administrators applied under another handle: that number counts too."""
    applied = [one for one in await run.patiently(coordinating.applicants(session)) if one.admin == admin]
    who = applied[0].application.admin.member if applied else None
    shown = (name_of(run, who), who.handle) if who else (admin.id, agency)
    run.screen.say(run.words("sign.compare", name=shown[0], handle=shown[1]))
    compare(run, {safety_number(session.directory.id, agency, admin), *(one.number for one in applied)})


def _meaning(run: Run, session: Session, document: Document[Any]) -> list[str]:
    """All that signing it would change, in sentences."""
    words, view, body = run.words, session.directory.now(), document.body
    if isinstance(body, schemas.Network):
        return _network_meaning(run, session.directory.network.body, body)
    state = view.agency(body.agency)
    if state is None:
        said = [_admits(run, body.agency, body.kind, body.names)]
        return said + ([_may(run, body.may)] if body.may else [])
    before, agency = state.admission.body, name(body.agency, view, words)
    said = []
    if body.admin is not None:
        said.append(words("sign.readmits", agency=agency, handle=body.agency))
    if body.suspended != before.suspended:
        key = "sign.suspends" if body.suspended else "sign.reinstates"
        said.append(words(key, agency=agency, handle=body.agency))
    if (body.kind, body.names) != (before.kind, before.names):
        kind, now = words.label("agency_kinds", body.kind), getattr(body.names, words.language)
        said.append(words("sign.renames", agency=agency, name=now, kind=kind))
    if list(body.may) != list(before.may):
        said.append(_may(run, body.may))
    return said or [words("sign.nothing", agency=agency)]


def _network_meaning(run: Run, before: schemas.Network, body: schemas.Network) -> list[str]:
    words, count = run.words, len(body.coordinators)
    said = [words("sign.network", version=body.version, count=count, threshold=body.threshold)]
    then, now = ({(one.id, one.key) for one in each.coordinators} for each in (before, body))
    said += [words("sign.network.adds", id=id, key=key) for id, key in sorted(now - then)]
    said += [words("sign.network.removes", id=id) for id, _ in sorted(then - now)]
    if body.policy != before.policy:
        said += [words("sign.network.policy"), *(f"  {line}" for line in body.policy.splitlines())]
    if body.hub_key != before.hub_key:
        said.append(words("sign.network.hub", key=body.hub_key))
    return said


def _admits(run: Run, handle: str, kind: str, names: schemas.Names) -> str:
    shown = getattr(names, run.words.language)
    return run.words("sign.admits", agency=shown, handle=handle, kind=run.words.label("agency_kinds", kind))


def _may(run: Run, may: Sequence[str]) -> str:
    shown = " · ".join(run.words(f"may.{one}") for one in may)
    return run.words("sign.may", may=shown or "–")


def _say_meaning(run: Run, sentences: Sequence[str]) -> None:
    run.screen.say(run.words("sign.means"), "bold")
    for sentence in sentences:
        run.screen.say(f"  {sentence}")


def _signed(run: Run, proposal: contract.Proposal) -> int:
    value = {"signatures": proposal.signatures, "threshold": proposal.threshold}
    value |= {"taken": proposal.taken, "in_force": proposal.in_force}
    if proposal.taken and not proposal.in_force:
        return say_done(run, "sign.taken", {"proposal": value})
    if proposal.in_force:
        return say_done(run, "sign.in_force", {"proposal": value})
    return say_done(run, "sign.done", {"proposal": value}, count=proposal.signatures, threshold=proposal.threshold)


def _agency(document: Document[Any]) -> str:
    return str(document.body.agency) if isinstance(document.body, schemas.Admission) else NETWORK


def _about(document: Document[Any]) -> str:
    return f"{_agency(document)}  {document.hash.hex()[:8]}"


def _application_value(one: Applicant) -> dict[str, Any]:
    given = one.application
    return {
        "id": given.id,
        "handle": given.handle,
        "kind": given.kind,
        "name": given.name,
        "name_en": given.name_en,
        "administrator": {
            "handle": given.admin.member.handle,
            "name": given.admin.member.name,
            "name_en": given.admin.member.name_en,
        },
        "created_at": instant_of(given.created_at),
    }


def _proposal_value(document: Document[Any], proposal: contract.Proposal) -> dict[str, Any]:
    return {
        "about": _agency(document),
        "id": document.hash.hex()[:8],
        "version": document.body.version,
        "signatures": proposal.signatures,
        "threshold": proposal.threshold,
    }


COMMANDS: Final[Mapping[str, Command]] = {
    **overseeing.COMMANDS,
    "coordinators overdue": overdue,
    **counted.COMMANDS,
    "coordinators key": new_key,
    "coordinators keep-key": keep_key,
    "coordinators found": found,
    "coordinators applications": applications,
    "coordinators admit": admit,
    "coordinators readmit": readmit,
    "coordinators suspend": suspend,
    "coordinators reinstate": reinstate,
    "coordinators proposals": proposals,
    "coordinators sign": add_signature,
    "coordinators turn-down": turn_down,
}
