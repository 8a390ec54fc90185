"""How the member is told by e-mail."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from ortoo import contract
from ortoo.cli import DONE
from ortoo.cli.commands import started, typed
from ortoo.cli.running import Command, Run, readable


async def notifications(run: Run) -> int:
    async with started(run) as session:
        return _shown(run, await run.patiently(session.client.notifications()))


async def set_(run: Run) -> int:
    """What is not named stays."""
    options = run.options
    given: dict[str, Any] = {
        "address": readable(options.address).strip() if options.address is not None else None,
        "language": options.language,
        "urgencies": options.urgency,
        "working_hours": options.hours == "working" if options.hours else None,
        "digest_hour": options.digest,
    }
    changes = {name: one for name, one in given.items() if one is not None}
    if options.no_digest:
        changes["digest_hour"] = None
    return await _change(run, **changes)


async def off(run: Run) -> int:
    return await _change(run, address="")


async def confirm(run: Run) -> int:
    async with started(run) as session:
        digits = readable("".join(run.options.digits))
        return _shown(run, await run.patiently(session.client.confirm_address(digits)))


async def _change(run: Run, **changes: Any) -> int:
    async with started(run) as session:
        before = await run.patiently(session.client.notifications())
        wanted = msgspec.structs.replace(before.wanted, **changes)
        return _shown(run, await run.patiently(session.client.save_notifications(wanted)))


def _shown(run: Run, one: contract.Notifications) -> int:
    if run.screen.json:
        run.screen.document({"notifications": {name: getattr(one, name) for name in one.__struct_fields__}})
        return DONE
    screen, words = run.screen, run.words
    if not one.available:
        screen.line(words("notifications.unavailable"))
        return DONE
    if not one.address:
        screen.line(words("notifications.none", command=typed(run, "notifications", "set", "--address", "…")))
        return DONE
    when = (
        words("notifications.at_once")
        if one.digest_hour is None
        else words("notifications.digest", hour=one.digest_hour)
    )
    facts = [
        ("email", one.address),
        ("language", words(f"language.{one.language}")),
        ("urgency", words.labels("urgency", one.urgencies) or "–"),
        ("when", when),
        ("hours", words("notifications.working" if one.working_hours else "notifications.any")),
    ]
    screen.facts(facts)
    if one.refused:
        screen.line(words("notifications.refused"), "bold red")
    elif not one.confirmed:
        command = typed(run, "notifications", "confirm", "CODE")
        screen.line(words("notifications.unconfirmed", command=command), "yellow")
    else:
        screen.line(words("notifications.confirmed"), "green")
    return DONE


COMMANDS: Final[Mapping[str, Command]] = {
    "notifications": notifications,
    "notifications set": set_,
    "notifications confirm": confirm,
    "notifications off": off,
}
