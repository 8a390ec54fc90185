"""Partner systems: their keys and their tokens."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ortoo import administration, contract
from ortoo.account import Keys
from ortoo.cli import DONE
from ortoo.cli.asking import (
    member_named,
    names_given,
    one_of,
    reserve,
    say_done,
)
from ortoo.cli.commands import started
from ortoo.cli.running import Command, Run, readable
from ortoo.cli.screen import instant_of, shortened
from ortoo.memory import write_whole
from ortoo.protocol.documents import b64
from ortoo.protocol.errors import Refused


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
        names = names_given(run)
        reserve(path)
        keys = Keys.generate()
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
        write_whole(path, json.dumps(content, indent=1) + "\n")  # first: an answer that is lost loses no key
        try:
            await run.patiently(administration.new_partner(session, names, keys))
        except Refused:
            path.unlink(missing_ok=True)
            raise
        value = {"partner": {"handle": names.handle, "member": keys.member, "file": str(path)}}
        return say_done(run, "partners.added", value, handle=names.handle, file=str(path))


async def issue_token(run: Run) -> int:
    options, screen = run.options, run.screen
    async with started(run) as session:
        one = await member_named(run, session, options.who)
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
        id = one_of(run.options.id, list(short))
        await run.patiently(session.client.revoke_api_token(id))
        return say_done(run, "partners.revoked", {"revoked": id}, id=short[id])


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


COMMANDS: Final[Mapping[str, Command]] = {
    "partners": partners,
    "partners add": add_partner,
    "partners token": issue_token,
    "partners revoke": revoke,
}
