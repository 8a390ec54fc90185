"""The commands of those who sign in, join, administrate and coordinate, one function each."""

import json
import os
import platform
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ortoo import account, administration, contract, coordinating, joining, practice
from ortoo.account import Authenticator
from ortoo.administration import Candidate, Paper, grouped, ungrouped
from ortoo.cli import DONE
from ortoo.cli.commands import matching, started, typed
from ortoo.cli.running import TRIES, Command, Differs, Run, Usage, readable
from ortoo.cli.screen import instant_of, shortened
from ortoo.client import Client, HubError
from ortoo.coordinating import Applicant
from ortoo.device import Device, Kept, Open, replace_kept
from ortoo.joining import Joined
from ortoo.memory import write_whole
from ortoo.practice import PracticeError
from ortoo.protocol import schemas
from ortoo.protocol.documents import Document, b64, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import safety_number, stretch
from ortoo.sentences import name
from ortoo.session import Session

FINGERPRINT: Final = 32  # bytes, on paper in base32
INVITATION: Final = 16
LEAST_PASSPHRASE: Final = 12  # characters of one's own; the one that is offered has 64 bits
NETWORK: Final = "network"  # what `coordinators sign` calls the network's own document


# --- signing in -------------------------------------------------------------------------------------------------------


async def login(run: Run) -> int:
    device, options = Device(), run.options
    if options.login is None and len(kept := device.all()) == 1:
        options.login = kept[0].login
    if options.login is None and not run.screen.asks:
        raise Usage("error.needs", option="LOGIN")
    login = normal(run.told("login"))
    before = next((one for one in device.all() if login in (one.login, one.handle)), None)
    login = before.login if before else login
    hub = _hub(run, before)
    known = before is not None and before.hub == hub
    fingerprint = None if known and options.fingerprint is None else _typed_from_paper(run, "fingerprint", FINGERPRINT)
    async with Client(hub) as client:
        if fingerprint is not None:
            await run.patiently(joining.anchored(client, fingerprint))
        passphrase = run.passphrase(login)
        signing_in = joining.sign_in(
            client, device, fingerprint, login=login, passphrase=passphrase, second=_second(run), name=_device_name()
        )
        opened = await run.patiently(signing_in)
    waits = await run.patiently(_waiting(opened)) if not opened.kept.roles else None
    if run.screen.json:
        run.screen.document({"account": _account_value(opened.kept), "waiting": _waiting_value(waits)})
        return DONE
    kept_now, words = opened.kept, run.words
    run.screen.line(words("login.done", name=kept_now.names[words.language], login=kept_now.login), "green")
    if kept_now.roles:
        run.screen.line(words("roles", roles=words.labels("roles", kept_now.roles)))
    _say_waiting(run, waits)
    return DONE


def _second(run: Run) -> contract.SecondFactor:
    """The six digits or a recovery code; asked for in one line."""
    if run.options.recovery is not None:
        return contract.SecondFactor(recovery=readable(run.options.recovery))
    told = "".join(run.told("code", "ask.second").split())
    is_code = run.options.code is not None or (len(told) == 6 and told.isdigit())
    return contract.SecondFactor(totp=told) if is_code else contract.SecondFactor(recovery=told)


async def logout(run: Run) -> int:
    """End the session at the hub, then forget the account here."""
    opened = run.unlocked(run.account())
    try:
        async with Client(opened.kept.hub, opened.token) as client:
            await run.patiently(client.sign_out())
    except HubError as error:
        if error.code not in ("signed_out", "not_signed_in"):
            raise
    Device().forget(opened.kept.login)
    return _done(run, "logout.done", {"signed_out": opened.kept.login}, login=opened.kept.login)


async def lock(run: Run) -> int:
    """The account of `--as`; without it, all of this device."""
    logins = [one.login for one in ([run.account()] if run.options.handle else Device().all())]
    for one in logins:
        Device().lock(one)
    return _done(run, "lock.done", {"locked": logins}, logins=", ".join(logins) or "–")


async def waiting(run: Run) -> int:
    async with started(run) as session:
        told = await run.patiently(session.client.waiting())
        roles = list(session.identity.roles)
        if run.screen.json:
            run.screen.document({"waiting": _waiting_value(told), "roles": roles})
        elif told is None:
            run.screen.line(run.words("waiting.over", roles=run.words.labels("roles", roles)), "green")
        else:
            _say_waiting(run, told)
    return DONE


async def sessions(run: Run) -> int:
    async with started(run) as session:
        found = await run.patiently(session.client.sessions())
        short = shortened([one.id for one in found])
        if run.options.end is not None:
            id = _one_of(run.options.end, list(short))
            await run.patiently(session.client.end_session(id))
            return _done(run, "sessions.ended", {"ended": id}, id=short[id])
        if run.screen.json:
            run.screen.document({"sessions": [_session_value(one) for one in found]})
            return DONE
        rows = [
            (
                short[one.id],
                one.name or "–",
                run.words.moment(one.created_at),
                run.words.moment(one.used_at),
                run.words("sessions.current") if one.current else "",
            )
            for one in found
        ]
        run.screen.rows(("id", "device", "since", "used", "here"), rows)
    return DONE


async def passphrase(run: Run) -> int:
    """A new one, and with it a new KK. The session goes on; all others end."""
    kept = run.account()
    _need_a_terminal(run)
    opened, old = run.unlock(kept)
    new = _new_passphrase(run)
    before, after = (stretch(one, kept.login, network=kept.network) for one in (old, new))
    async with Client(kept.hub, opened.token) as client:
        newest = await run.patiently(client.keyring())
        if newest is None:
            raise HubError("bad_answer")
        seen = kept.keyring.version
        keys = account.open_kk(newest, opened.kk, network=kept.network, member=kept.member, newest_seen=seen)
        version = newest.version + 1
        keyring, kk = account.seal(keys, network=kept.network, version=version, w=after.w)
        await run.patiently(client.change_passphrase(b64(before.auth), b64(after.auth), keyring))
    unlocks = [contract.Unlock(id=one.id, method=one.method, sealed=one.sealed) for one in keyring.unlocks]
    sealed = contract.Keyring(login=kept.login, version=version, sealed=keyring.sealed, unlocks=unlocks)
    Device().keep(replace_kept(kept, keyring=sealed, device=None), kk, opened.token)
    return _done(run, "passphrase.done", {"keyring_version": version})


async def recovery_codes(run: Run) -> int:
    kept = run.account()
    opened, passphrase = run.unlock(kept)
    stretched = stretch(passphrase, kept.login, network=kept.network)
    async with Client(kept.hub, opened.token) as client:
        codes = await run.patiently(client.new_recovery_codes(b64(stretched.auth)))
    if run.screen.json:
        run.screen.document({"recovery_codes": codes})
        return DONE
    run.screen.line(run.words("recovery.new"))
    _show_codes(run, codes)
    return DONE


# --- joining ----------------------------------------------------------------------------------------------------------


async def join(run: Run) -> int:
    """From the paper to the safety number."""
    _need_a_terminal(run)
    hub = _hub(run)
    fingerprint = _typed_from_paper(run, "fingerprint", FINGERPRINT)
    async with Client(hub) as client:
        await run.patiently(joining.anchored(client, fingerprint))
        code = _typed_from_paper(run, "code", INVITATION)
        invited = await run.patiently(client.invitation(b64(ungrouped(code))))
        run.screen.say(
            run.words(
                "join.invited",
                name=invited.name_en if run.words.language == "en" else invited.name,
                agency=invited.agency,
                roles=run.words.labels("roles", invited.roles),
            ),
            "bold",
        )
        login = normal(run.told("login", "ask.login.offered", offered=invited.handle) or invited.handle)
        passphrase = run.passphrase_of_file() or _new_passphrase(run)

        async def enrol(authenticator: Authenticator, shown: str) -> Joined:
            return await joining.enrol(
                client,
                Device(),
                code,
                fingerprint,
                login=login,
                passphrase=passphrase,
                authenticator=authenticator,
                shown=shown,
            )

        joined = await _enrolled(run, login, enrol)
    return await _show_joined(run, joined)


async def apply(run: Run) -> int:
    """The same for the first administrator of an agency that wishes to be admitted."""
    _need_a_terminal(run)
    hub, options = _hub(run), run.options
    fingerprint = _typed_from_paper(run, "fingerprint", FINGERPRINT)
    agency = contract.AgencyNames(
        handle=readable(options.who),
        kind=options.kind,
        name=readable(options.name),
        name_en=readable(options.name_en),
    )
    async with Client(hub) as client:
        await run.patiently(joining.anchored(client, fingerprint))
        names = contract.Names(
            handle=readable(options.admin), name=run.told("admin_name"), name_en=run.told("admin_name_en")
        )
        login = normal(run.told("login", "ask.login.offered", offered=names.handle) or names.handle)
        passphrase = run.passphrase_of_file() or _new_passphrase(run)

        async def apply(authenticator: Authenticator, shown: str) -> Joined:
            return await joining.apply(
                client,
                Device(),
                fingerprint,
                agency,
                names,
                login=login,
                passphrase=passphrase,
                authenticator=authenticator,
                shown=shown,
            )

        joined = await _enrolled(run, login, apply)
    return await _show_joined(run, joined)


def _new_passphrase(run: Run) -> str:
    """The one that is offered, or one's own, typed twice."""
    offered, screen, words = account.new_passphrase(), run.screen, run.words
    screen.say(words("passphrase.offered"))
    screen.say(f"\n    {offered}\n", "bold")
    for _ in range(TRIES):
        own = screen.question(words("ask.new_passphrase"), secret=True)
        if not own:
            return offered
        if len(own) < LEAST_PASSPHRASE:
            screen.warn(words("passphrase.short", least=LEAST_PASSPHRASE))
        elif screen.question(words("ask.new_passphrase.again"), secret=True) != own:
            screen.warn(words("passphrase.differs"))
        else:
            return own
    raise Usage("error.no_new_passphrase")


async def _enrolled(run: Run, login: str, enrol: Callable[[Authenticator, str], Awaitable[Joined]]) -> Joined:
    """The second factor is shown and proven; then it is handed in."""
    authenticator, screen, words = Authenticator.generate(), run.screen, run.words
    screen.say(words("join.authenticator"))
    screen.say(f"\n    {_in_fours(authenticator.text)}", "bold")
    screen.say(f"    {authenticator.uri(login)}\n", whole=True)
    left = TRIES
    while True:
        shown, left = "".join(screen.question(words("ask.shown")).split()), left - 1
        try:
            return await run.patiently(enrol(authenticator, shown))
        except Refused as refused:
            if refused.at.get("field") != "code" or not left:
                raise
        screen.warn(words("fault.malformed.code"))


async def _show_joined(run: Run, joined: Joined) -> int:
    waits = await run.patiently(_waiting(joined.open))
    if run.screen.json:
        value = {
            "account": _account_value(joined.open.kept),
            "recovery_codes": list(joined.recovery_codes),
            "safety_number": joined.number,
            "waiting": _waiting_value(waits),
        }
        run.screen.document(value)
        return DONE
    screen, words = run.screen, run.words
    screen.line(words("join.codes"))
    _show_codes(run, joined.recovery_codes)
    screen.line(words("join.number" if joined.open.kept.agency else "apply.number"))
    groups = joined.number.split()
    for three in (groups[:3], groups[3:]):
        screen.line("\n        " + "     ".join(three), "bold")
    screen.line()
    _say_waiting(run, waits)
    return DONE


def _show_codes(run: Run, codes: Sequence[str]) -> None:
    run.screen.line()
    for place in range(0, len(codes), 2):
        run.screen.line("    " + "    ".join(codes[place : place + 2]), "bold")
    run.screen.line()


async def _waiting(opened: Open) -> contract.Waiting | None:
    async with Client(opened.kept.hub, opened.token) as client:
        return await client.waiting()


def _say_waiting(run: Run, told: contract.Waiting | None) -> None:
    if told is None:
        return
    people = ", ".join(f"{one.name} ({one.handle})" for one in told.administrators)
    roles = run.words.labels("roles", told.roles)
    if people:
        run.screen.line(run.words("waiting.for", people=people, roles=roles), "yellow")
    else:
        run.screen.line(run.words("waiting.for_coordinators", roles=roles), "yellow")


# --- members ----------------------------------------------------------------------------------------------------------


async def members(run: Run) -> int:
    async with started(run) as session:
        found = await run.patiently(_people(session))
        waits = await session.client.candidates() if "administrator" in session.identity.roles else []
        if run.screen.json:
            run.screen.document({"members": [_member_value(*one) for one in found], "waiting": len(waits)})
            return DONE
        rows = [
            (member.handle, member.name, run.words.labels("roles", listed.roles), listed.id) for member, listed in found
        ]
        run.screen.rows(("handle", "name", "roles", "id"), rows)
        if waits:
            command = typed(run, "members", "candidates")
            run.screen.line(run.words("members.waiting", count=len(waits), command=command), "yellow")
    return DONE


async def invite(run: Run) -> int:
    options, screen, words = run.options, run.screen, run.words
    async with started(run) as session:
        again = (await _member(run, session, options.again)).id if options.again else None
        asked = administration.invite(session, _names(run), options.role, again)
        paper, listed = await run.patiently(asked)
        if screen.json:
            screen.document({"invitation": _invitation_value(listed), "paper": vars(paper)})
            return DONE
        shown = listed.name_en if words.language == "en" else listed.name
        screen.line(words("invite.paper", name=shown), "bold")
        screen.line()
        _show_paper(run, paper)
        screen.line()
        screen.line(words("invite.until", day=words.moment(listed.expires_at)))
        screen.line(words("invite.next", command=typed(run, "members", "candidates")), "dim")
    return DONE


def _show_paper(run: Run, paper: Paper) -> None:
    run.screen.facts([("hub", paper.hub), ("code", paper.code), ("fingerprint", paper.fingerprint)])


async def invitations(run: Run) -> int:
    """Who is expected and has not come yet."""
    async with started(run) as session:
        found = await run.patiently(session.client.invitations())
        if run.screen.json:
            run.screen.document({"invitations": [_invitation_value(one) for one in found]})
            return DONE
        if not found:
            run.screen.line(run.words("invitations.none"))
            return DONE
        rows = [
            (one.handle, one.name, run.words.labels("roles", one.roles), run.words.moment(one.expires_at))
            for one in found
        ]
        run.screen.rows(("handle", "name", "roles", "until"), rows)
    return DONE


async def withdraw(run: Run) -> int:
    """The paper is worth nothing any more. A handle may have several."""
    async with started(run) as session:
        who = run.options.who
        found = [one for one in await run.patiently(session.client.invitations()) if who in (one.handle, one.id)]
        if not found:
            raise Usage("error.no_invitation", who=readable(who))
        for one in found:
            await run.patiently(session.client.withdraw_invitation(one.id))
        return _done(run, "invitations.withdrawn", {"withdrawn": [one.id for one in found]}, who=who)


async def candidates(run: Run) -> int:
    """Who waits. The numbers are not shown: they are to be heard from the people themselves."""
    async with started(run) as session:
        found = await run.patiently(administration.candidates(session))
        if run.screen.json:
            run.screen.document({"candidates": [_candidate_value(one) for one in found]})
            return DONE
        if not found:
            run.screen.line(run.words("candidates.none"))
            return DONE
        rows = [
            (one.member.handle, one.member.name, run.words.labels("roles", one.roles), one.member.id) for one in found
        ]
        run.screen.rows(("handle", "name", "roles", "id"), rows)
        command = typed(run, "members", "confirm", found[0].member.handle)
        run.screen.line(run.words("candidates.next", command=command), "dim")
    return DONE


async def confirm(run: Run) -> int:
    """Sign somebody in whose number was heard; never one whose number differs."""
    async with started(run) as session:
        one = await _candidate(run, session)
        roles = run.words.labels("roles", one.roles)
        run.screen.say(run.words("confirm.who", name=one.member.name, handle=one.member.handle, roles=roles))
        _compare(run, {one.number})
        await run.patiently(administration.confirm(session, one))
        return _done(
            run,
            "confirm.done",
            {"confirmed": {"handle": one.member.handle, "member": one.member.id, "roles": list(one.roles)}},
            name=one.member.name,
            roles=roles,
        )


async def turn_away(run: Run) -> int:
    async with started(run) as session:
        one = await _candidate(run, session)
        if not run.sure(run.words("turn_away.ask", name=one.member.name)):
            return _left(run)
        await run.patiently(session.client.turn_away(one.member.id))
        return _done(run, "turn_away.done", {"turned_away": one.member.handle}, name=one.member.name)


async def remove(run: Run) -> int:
    async with started(run) as session:
        one = await _member(run, session, run.options.who)
        if not run.sure(run.words("remove.ask", name=one.name)):
            return _left(run)
        await run.patiently(administration.remove(session, one.id))
        return _done(run, "remove.done", {"removed": one.handle}, name=one.name)


async def roles(run: Run) -> int:
    async with started(run) as session:
        one, wanted = await _member(run, session, run.options.who), sorted(set(run.options.role))
        await run.patiently(administration.change_roles(session, one.id, wanted))
        value = {"member": {"handle": one.handle, "id": one.id, "roles": wanted}}
        return _done(run, "roles.done", value, name=one.name, roles=run.words.labels("roles", wanted))


async def rotate(run: Run) -> int:
    async with started(run) as session:
        epoch = await run.patiently(administration.rotate(session))
        return _done(run, "rotate.done", {"epoch": epoch}, epoch=epoch)


async def begin(run: Run) -> int:
    async with started(run) as session:
        await run.patiently(administration.begin(session))
        agency = name(session.identity.agency, session.directory.now(), run.words)
        return _done(run, "begin.done", {"begun": session.identity.agency}, agency=agency)


async def kit(run: Run) -> int:
    """A recovery kit, for paper and a safe. Its seeds stand nowhere else."""
    async with started(run) as session:
        keys = await run.patiently(administration.new_kit(session, _names(run)))
        facts = {
            "hub": session.client.hub,
            "fingerprint": grouped(unb64(session.identity.anchor)),
            "agency": session.identity.agency,
            "member": keys.member,
            "sign": grouped(keys.secrets.sign.seed),
            "kem": grouped(keys.secrets.kem.seed),
        }
        if run.screen.json:
            run.screen.document({"kit": facts})
            return DONE
        run.screen.line(run.words("kit.paper"), "bold")
        run.screen.line()
        run.screen.facts(list(facts.items()))
    return DONE


async def _people(session: Session) -> list[tuple[contract.Member, schemas.RosterMember]]:
    """The members that the directory has, with the names that the hub has for them."""
    state = session.directory.now().agency(session.identity.agency)
    known = {one.id: one for one in await session.client.colleagues()}
    listed = state.members if state else ()
    return sorted(((known[one.id], one) for one in listed if one.id in known), key=lambda pair: pair[0].handle)


async def _member(run: Run, session: Session, who: str) -> contract.Member:
    found = [member for member, _ in await run.patiently(_people(session))]
    for one in found:
        if who in (one.handle, one.id):
            return one
    raise Usage("error.no_member", who=readable(who), handles=", ".join(one.handle for one in found))


async def _candidate(run: Run, session: Session) -> Candidate:
    who = run.options.who
    for one in await run.patiently(administration.candidates(session)):
        if who in (one.member.handle, one.member.id):
            return one
    raise Usage("error.no_candidate", who=readable(who))


def _compare(run: Run, numbers: set[str]) -> None:
    """The number that was heard has to be one of these. Raises Differs."""
    heard = "".join(letter for letter in run.told("number") if letter.isdigit())
    if heard not in {one.replace(" ", "") for one in numbers}:
        raise Differs("error.number_differs")


# --- partner systems --------------------------------------------------------------------------------------------------


async def partners(run: Run) -> int:
    async with started(run) as session:
        found = await run.patiently(session.client.api_tokens())
        if run.screen.json:
            run.screen.document({"tokens": [_token_value(one) for one in found]})
            return DONE
        if not found:
            run.screen.line(run.words("partners.none"))
            return DONE
        short = shortened([one.id for one in found])
        rows = [
            (
                short[one.id],
                one.member.handle,
                one.name,
                " ".join(one.scopes),
                run.words.moment(one.used_at),
                run.words.moment(one.expires_at) if one.expires_at else "–",
            )
            for one in found
        ]
        run.screen.rows(("id", "handle", "name", "scopes", "used", "until"), rows)
    return DONE


async def add_partner(run: Run) -> int:
    """Keys of its own for a partner system, in a file that only its owner reads."""
    path = Path(run.options.file)
    async with started(run) as session:
        names = _names(run)
        _reserve(path)
        try:
            keys = await run.patiently(administration.new_partner(session, names))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        content = {
            "hub": session.client.hub,
            "network": session.directory.id,
            "anchor": session.identity.anchor,
            "agency": session.identity.agency,
            "handle": names.handle,
            "member": keys.member,
            "sign": b64(keys.secrets.sign.seed),
            "kem": b64(keys.secrets.kem.seed),
        }
        write_whole(path, json.dumps(content, indent=1) + "\n")
        value = {"partner": {"handle": names.handle, "member": keys.member, "file": str(path)}}
        return _done(run, "partners.added", value, handle=names.handle, file=str(path))


def _reserve(path: Path) -> None:
    """The file is made first: keys that can be written nowhere would be in the directory for nothing."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise Usage("error.file_there", path=str(path)) from None
    except OSError:
        raise Usage("error.file", path=str(path)) from None


async def issue_token(run: Run) -> int:
    options, screen = run.options, run.screen
    async with started(run) as session:
        one = await _member(run, session, options.who)
        asked = session.client.issue_api_token(one.id, readable(options.name), options.scope, options.days)
        made = await run.patiently(asked)
        if screen.json:
            screen.document({"token": made.token, "listed": _token_value(made.listed)})
            return DONE
        screen.line(run.words("partners.token", handle=one.handle))
        screen.line(f"\n    {made.token}\n", "bold")
    return DONE


async def revoke(run: Run) -> int:
    async with started(run) as session:
        short = shortened([one.id for one in await run.patiently(session.client.api_tokens())])
        id = _one_of(run.options.id, list(short))
        await run.patiently(session.client.revoke_api_token(id))
        return _done(run, "partners.revoked", {"revoked": id}, id=short[id])


# --- coordinators -----------------------------------------------------------------------------------------------------


async def applications(run: Run) -> int:
    async with started(run) as session:
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
                one.application.name_en if run.words.language == "en" else one.application.name,
                run.words.label("agency_kinds", one.application.kind),
                f"{one.application.admin.member.name} ({one.application.admin.member.handle})",
                run.words.moment(one.application.created_at),
                one.application.id,
            )
            for one in found
        ]
        run.screen.rows(("handle", "name", "kind", "administrator", "since", "id"), rows)
    return DONE


async def admit(run: Run) -> int:
    """Sign an agency's admission, its administrator's number compared."""
    async with started(run) as session:
        one = await _applicant(run, session, run.options.who)
        may = sorted(set(run.options.may or ()))
        given = one.application
        body = schemas.Names(en=given.name_en, mn=given.name)
        _say_meaning(run, [_admits(run, given.handle, given.kind, body), *([_may(run, may)] if may else [])])
        _compare_applicant(run, one)
        if not run.sure(run.words("sign.ask")):
            return _left(run)
        return _signed(run, await run.patiently(coordinating.admit(session, one, may)))


async def readmit(run: Run) -> int:
    """An agency lost its last administrator: the new one applied under another handle, and is signed in for it."""
    async with started(run) as session:
        view, who = session.directory.now(), run.options.who
        if view.agency(who) is None:
            raise Usage("error.no_agency", who=readable(who))
        one = await _applicant(run, session, run.options.applied)
        _say_meaning(run, [run.words("sign.readmits", agency=name(who, view, run.words), handle=who)])
        _compare_applicant(run, one)
        if not run.sure(run.words("sign.ask")):
            return _left(run)
        return _signed(run, await run.patiently(coordinating.readmit(session, who, one.admin)))


async def suspend(run: Run) -> int:
    return await _suspend(run, suspended=True)


async def reinstate(run: Run) -> int:
    return await _suspend(run, suspended=False)


async def _suspend(run: Run, *, suspended: bool) -> int:
    async with started(run) as session:
        view, who = session.directory.now(), run.options.who
        if view.agency(who) is None:
            raise Usage("error.no_agency", who=readable(who))
        key = "sign.suspends" if suspended else "sign.reinstates"
        _say_meaning(run, [run.words(key, agency=name(who, view, run.words), handle=who)])
        if not run.sure(run.words("sign.ask")):
            return _left(run)
        return _signed(run, await run.patiently(coordinating.suspend(session, who, suspended=suspended)))


async def proposals(run: Run) -> int:
    async with started(run) as session:
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
    async with started(run) as session:
        document = await _proposed(run, session)
        _say_meaning(run, _meaning(run, session, document))
        admin = document.body.admin if isinstance(document.body, schemas.Admission) else None
        if admin is not None:
            await _compare_admin(run, session, document.body.agency, admin)
        if not run.sure(run.words("sign.ask")):
            return _left(run)
        return _signed(run, await run.patiently(coordinating.add_signature(session, document)))


async def turn_down(run: Run) -> int:
    async with started(run) as session:
        one = (await _applicant(run, session, run.options.who)).application
        if not run.sure(run.words("turn_down.ask", agency=one.name, handle=one.handle)):
            return _left(run)
        await run.patiently(session.client.turn_down(one.id))
        return _done(run, "turn_down.done", {"turned_down": one.handle}, agency=one.name)


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
    run.screen.say(run.words("sign.compare", name=admin.name, handle=admin.handle))
    _compare(run, {one.number})


async def _compare_admin(run: Run, session: Session, agency: str, admin: schemas.MemberKeys) -> None:
    """Whoever comes for an agency that lost its administrators applied under another handle: that number counts too."""
    applied = [one for one in await run.patiently(coordinating.applicants(session)) if one.admin == admin]
    who = applied[0].application.admin.member if applied else None
    shown = (who.name, who.handle) if who else (admin.id, agency)
    run.screen.say(run.words("sign.compare", name=shown[0], handle=shown[1]))
    _compare(run, {safety_number(session.directory.id, agency, admin), *(one.number for one in applied)})


def _meaning(run: Run, session: Session, document: Document[Any]) -> list[str]:
    """All that signing it would change, in sentences."""
    words, view, body = run.words, session.directory.now(), document.body
    if isinstance(body, schemas.Network):
        count = len(body.coordinators)
        return [words("sign.network", version=body.version, count=count, threshold=body.threshold)]
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
    value = {"signatures": proposal.signatures, "threshold": proposal.threshold, "in_force": proposal.in_force}
    if proposal.in_force:
        return _done(run, "sign.in_force", {"proposal": value})
    return _done(run, "sign.done", {"proposal": value}, count=proposal.signatures, threshold=proposal.threshold)


def _agency(document: Document[Any]) -> str:
    return str(document.body.agency) if isinstance(document.body, schemas.Admission) else NETWORK


def _about(document: Document[Any]) -> str:
    return f"{_agency(document)}  {document.hash.hex()[:8]}"


# --- what all share ---------------------------------------------------------------------------------------------------


def normal(login: str) -> str:
    """As the hub compares it (protocol §4)."""
    return unicodedata.normalize("NFKC", login).lower().strip()


def _hub(run: Run, known: Kept | None = None) -> str:
    """`--hub`; else the one that the account has; else the practice hub; else it is asked for."""
    if run.options.hub is None and known is not None:
        return known.hub
    if run.options.hub is None:
        with suppress(PracticeError):
            return practice.hub().rstrip("/")
    return run.told("hub").rstrip("/")


def _typed_from_paper(run: Run, option: str, length: int) -> str:
    """A code or the fingerprint, as it was typed; never shown again in an error."""
    text = run.told(option)
    try:
        if len(ungrouped(text)) == length:
            return text
    except ValueError:
        pass
    raise Usage(f"error.paper.{option}")


def _need_a_terminal(run: Run) -> None:
    if not run.screen.asks:
        raise Usage("error.needs_terminal")


def _device_name() -> str:
    """What the list of sessions calls this device; not what its owner calls it."""
    return f"ortoo, {platform.system()}"


def _names(run: Run) -> contract.Names:
    options = run.options
    return contract.Names(handle=readable(options.who), name=readable(options.name), name_en=readable(options.name_en))


def _one_of(given: str, ids: Sequence[str]) -> str:
    """The id that is meant, whole or shortened."""
    found = matching(given.lower().replace("-", ""), ids) if given else []
    if len(found) != 1:
        raise Usage("error.no_such_session_or_token")
    return found[0]


def _in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _done(run: Run, key: str, value: Mapping[str, Any], /, **values: object) -> int:
    if run.screen.json:
        run.screen.document(value)
    else:
        run.screen.line(run.words(key, **values), "green")
    return DONE


def _left(run: Run) -> int:
    run.screen.line(run.words("left"))
    return DONE


# --- for programs: stable names ---------------------------------------------------------------------------------------


def _account_value(kept: Kept) -> dict[str, Any]:
    return {
        "login": kept.login,
        "handle": kept.handle,
        "agency": kept.agency,
        "member": kept.member,
        "roles": list(kept.roles),
        "hub": kept.hub,
    }


def _waiting_value(told: contract.Waiting | None) -> dict[str, Any] | None:
    if told is None:
        return None
    people = [{"handle": one.handle, "name": one.name} for one in told.administrators]
    return {"since": instant_of(told.since), "roles": told.roles, "administrators": people}


def _session_value(one: contract.Session) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "created_at": instant_of(one.created_at),
        "used_at": instant_of(one.used_at),
        "expires_at": instant_of(one.expires_at),
        "current": one.current,
    }


def _member_value(member: contract.Member, listed: schemas.RosterMember) -> dict[str, Any]:
    return {"id": listed.id, "handle": member.handle, "name": member.name, "roles": list(listed.roles)}


def _invitation_value(one: contract.Invitation) -> dict[str, Any]:
    return {
        "id": one.id,
        "handle": one.handle,
        "name": one.name,
        "name_en": one.name_en,
        "roles": one.roles,
        "member": one.member,
        "expires_at": instant_of(one.expires_at),
    }


def _candidate_value(one: Candidate) -> dict[str, Any]:
    return {
        "member": one.member.id,
        "handle": one.member.handle,
        "name": one.member.name,
        "roles": list(one.roles),
    }


def _token_value(one: contract.ApiToken) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "handle": one.member.handle,
        "scopes": one.scopes,
        "created_at": instant_of(one.created_at),
        "used_at": instant_of(one.used_at),
        "expires_at": instant_of(one.expires_at),
    }


def _application_value(one: Applicant) -> dict[str, Any]:
    given = one.application
    return {
        "id": given.id,
        "handle": given.handle,
        "kind": given.kind,
        "name": given.name,
        "name_en": given.name_en,
        "administrator": {"handle": given.admin.member.handle, "name": given.admin.member.name},
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
    "login": login,
    "logout": logout,
    "lock": lock,
    "waiting": waiting,
    "sessions": sessions,
    "passphrase": passphrase,
    "recovery-codes": recovery_codes,
    "join": join,
    "apply": apply,
    "members": members,
    "members invite": invite,
    "members invitations": invitations,
    "members withdraw": withdraw,
    "members candidates": candidates,
    "members confirm": confirm,
    "members turn-away": turn_away,
    "members remove": remove,
    "members roles": roles,
    "members rotate": rotate,
    "members begin": begin,
    "members kit": kit,
    "partners": partners,
    "partners add": add_partner,
    "partners token": issue_token,
    "partners revoke": revoke,
    "coordinators applications": applications,
    "coordinators admit": admit,
    "coordinators readmit": readmit,
    "coordinators suspend": suspend,
    "coordinators reinstate": reinstate,
    "coordinators proposals": proposals,
    "coordinators sign": add_signature,
    "coordinators turn-down": turn_down,
}
