"""Joining: a member by a paper, an agency by applying."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from ortoo import contract, joining
from ortoo.account import Authenticator
from ortoo.administration import ungrouped
from ortoo.cli import DONE
from ortoo.cli.asking import (
    FINGERPRINT,
    INVITATION,
    account_value,
    hub_of,
    in_fours,
    need_a_terminal,
    new_passphrase,
    normal,
    say_waiting,
    show_codes,
    typed_from_paper,
    waiting_value,
    waits_for,
)
from ortoo.cli.running import TRIES, Command, Run, readable
from ortoo.client import Client
from ortoo.device import Device
from ortoo.joining import Joined
from ortoo.protocol.documents import b64
from ortoo.protocol.errors import Refused


async def join(run: Run) -> int:
    """From the paper to the safety number."""
    need_a_terminal(run)
    hub = hub_of(run)
    fingerprint = typed_from_paper(run, "fingerprint", FINGERPRINT)
    async with Client(hub) as client:
        await run.patiently(joining.anchored(client, fingerprint))
        code = typed_from_paper(run, "code", INVITATION)
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
        passphrase = run.passphrase_of_file() or new_passphrase(run)

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
    need_a_terminal(run)
    hub, options = hub_of(run), run.options
    fingerprint = typed_from_paper(run, "fingerprint", FINGERPRINT)
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
        passphrase = run.passphrase_of_file() or new_passphrase(run)

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


async def _enrolled(run: Run, login: str, enrol: Callable[[Authenticator, str], Awaitable[Joined]]) -> Joined:
    """The second factor is shown and proven; then it is handed in."""
    authenticator, screen, words = Authenticator.generate(), run.screen, run.words
    screen.say(words("join.authenticator"))
    screen.say(f"\n    {in_fours(authenticator.text)}", "bold")
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
    waits = await run.patiently(waits_for(joined.open))
    if run.screen.json:
        value = {
            "account": account_value(joined.open.kept),
            "recovery_codes": list(joined.recovery_codes),
            "safety_number": joined.number,
            "waiting": waiting_value(waits),
        }
        run.screen.document(value)
        return DONE
    screen, words = run.screen, run.words
    screen.line(words("join.codes"))
    show_codes(run, joined.recovery_codes)
    screen.line(words("join.number" if joined.open.kept.agency else "apply.number"))
    groups = joined.number.split()
    for three in (groups[:3], groups[3:]):
        screen.line("\n        " + "     ".join(three), "bold")
    screen.line()
    say_waiting(run, waits)
    return DONE


COMMANDS: Final[Mapping[str, Command]] = {
    "join": join,
    "apply": apply,
}
