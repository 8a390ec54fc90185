"""An administrator's commands: who belongs to the agency, and the agency's key."""

from collections.abc import Mapping
from typing import Any, Final

from ortoo import administration, contract
from ortoo.account import Keys
from ortoo.administration import Candidate, Paper, grouped
from ortoo.cli import DONE, UNREACHABLE
from ortoo.cli.asking import compare, left_alone, member_named, name_of, names_given, people_of, say_done
from ortoo.cli.commands import started, typed
from ortoo.cli.running import Command, Run, Usage, readable
from ortoo.cli.screen import instant_of
from ortoo.client import HubError, HubUnreachable
from ortoo.protocol import schemas
from ortoo.protocol.documents import unb64
from ortoo.sentences import name
from ortoo.session import Session


async def members(run: Run) -> int:
    async with started(run) as session:
        found = await run.patiently(people_of(session))
        waits = await session.client.candidates() if "administrator" in session.identity.roles else []
        if run.screen.json:
            run.screen.document({"members": [_member_value(*one) for one in found], "waiting": len(waits)})
            return DONE
        rows = [
            (member.handle, name_of(run, member), run.words.labels("roles", listed.roles), listed.id)
            for member, listed in found
        ]
        run.screen.rows(("handle", "name", "roles", "id"), rows)
        if waits:
            command = typed(run, "members", "candidates")
            run.screen.line(run.words("members.waiting", count=len(waits), command=command), "yellow")
    return DONE


async def invite(run: Run) -> int:
    options, screen, words = run.options, run.screen, run.words
    async with started(run) as session:
        again = (await member_named(run, session, options.again)).id if options.again else None
        asked = administration.invite(session, names_given(run), options.role, again)
        paper, listed = await run.patiently(asked)
        if screen.json:
            screen.document({"invitation": _invitation_value(listed), "paper": vars(paper)})
            return DONE
        screen.line(words("invite.paper", name=name_of(run, listed)), "bold")
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
            (one.handle, name_of(run, one), run.words.labels("roles", one.roles), run.words.moment(one.expires_at))
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
        return say_done(run, "invitations.withdrawn", {"withdrawn": [one.id for one in found]}, who=who)


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
            (one.member.handle, name_of(run, one.member), run.words.labels("roles", one.roles), one.member.id)
            for one in found
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
        run.screen.say(run.words("confirm.who", name=name_of(run, one.member), handle=one.member.handle, roles=roles))
        compare(run, {one.number})
        await run.patiently(administration.confirm(session, one))
        return say_done(
            run,
            "confirm.done",
            {"confirmed": {"handle": one.member.handle, "member": one.member.id, "roles": list(one.roles)}},
            name=name_of(run, one.member),
            roles=roles,
        )


async def turn_away(run: Run) -> int:
    async with started(run) as session:
        one = await _candidate(run, session)
        if not run.sure(run.words("turn_away.ask", name=name_of(run, one.member))):
            return left_alone(run)
        await run.patiently(session.client.turn_away(one.member.id))
        return say_done(run, "turn_away.done", {"turned_away": one.member.handle}, name=name_of(run, one.member))


async def remove(run: Run) -> int:
    async with started(run) as session:
        one = await member_named(run, session, run.options.who)
        if not run.sure(run.words("remove.ask", name=name_of(run, one))):
            return left_alone(run)
        await run.patiently(administration.remove(session, one.id))
        return say_done(run, "remove.done", {"removed": one.handle}, name=name_of(run, one))


async def roles(run: Run) -> int:
    async with started(run) as session:
        one, wanted = await member_named(run, session, run.options.who), sorted(set(run.options.role))
        await run.patiently(administration.change_roles(session, one.id, wanted))
        value = {"member": {"handle": one.handle, "id": one.id, "roles": wanted}}
        return say_done(run, "roles.done", value, name=name_of(run, one), roles=run.words.labels("roles", wanted))


async def rotate(run: Run) -> int:
    async with started(run) as session:
        epoch = await run.patiently(administration.rotate(session))
        return say_done(run, "rotate.done", {"epoch": epoch}, epoch=epoch)


async def begin(run: Run) -> int:
    async with started(run) as session:
        await run.patiently(administration.begin(session))
        agency = name(session.identity.agency, session.directory.now(), run.words)
        return say_done(run, "begin.done", {"begun": session.identity.agency}, agency=agency)


async def kit(run: Run) -> int:
    """A recovery kit, for paper and a safe. Its seeds stand nowhere else."""
    async with started(run) as session:
        keys, published = Keys.generate(), True
        try:
            await run.patiently(administration.new_kit(session, names_given(run), keys))
        except (HubError, HubUnreachable) as error:  # it may have been taken all the same: the paper is shown
            published = False
            run.screen.warn(run.words("kit.unsure"))
            if isinstance(error, HubError) and error.code in ("signed_out", "not_signed_in"):
                raise
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
        else:
            run.screen.line(run.words("kit.paper"), "bold")
            run.screen.line()
            run.screen.facts(list(facts.items()))
    return DONE if published else UNREACHABLE


async def _candidate(run: Run, session: Session) -> Candidate:
    who = run.options.who
    for one in await run.patiently(administration.candidates(session)):
        if who in (one.member.handle, one.member.id):
            return one
    raise Usage("error.no_candidate", who=readable(who))


def _member_value(member: contract.Member, listed: schemas.RosterMember) -> dict[str, Any]:
    return {
        "id": listed.id,
        "handle": member.handle,
        "name": member.name,
        "name_en": member.name_en,
        "roles": list(listed.roles),
    }


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
        "name_en": one.member.name_en,
        "roles": list(one.roles),
    }


COMMANDS: Final[Mapping[str, Command]] = {
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
}
