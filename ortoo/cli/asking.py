"""What the commands of people, administrators and coordinators ask, check and show alike."""

import os
import unicodedata
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from ortoo import account, contract, practice
from ortoo.administration import ungrouped
from ortoo.cli import DONE
from ortoo.cli.commands import matching
from ortoo.cli.running import TRIES, Differs, Run, Usage, readable
from ortoo.cli.screen import instant_of
from ortoo.client import Client
from ortoo.device import Kept, Open
from ortoo.practice import PracticeError
from ortoo.protocol import schemas
from ortoo.session import Session

FINGERPRINT: Final = 32  # bytes, on paper in base32
INVITATION: Final = 16
LEAST_PASSPHRASE: Final = 12  # characters of one's own; the one that is offered has 64 bits
NETWORK: Final = "network"  # what `coordinators sign` calls the network's own document


def new_passphrase(run: Run) -> str:
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


def show_codes(run: Run, codes: Sequence[str]) -> None:
    run.screen.line()
    for place in range(0, len(codes), 2):
        run.screen.line("    " + "    ".join(codes[place : place + 2]), "bold")
    run.screen.line()


async def waits_for(opened: Open) -> contract.Waiting | None:
    async with Client(opened.kept.hub, opened.token) as client:
        return await client.waiting()


def say_waiting(run: Run, told: contract.Waiting | None) -> None:
    if told is None:
        return
    people = ", ".join(f"{name_of(run, one)} ({one.handle})" for one in told.administrators)
    roles = run.words.labels("roles", told.roles)
    if people:
        run.screen.line(run.words("waiting.for", people=people, roles=roles), "yellow")
    else:
        run.screen.line(run.words("waiting.for_coordinators", roles=roles), "yellow")


def name_of(run: Run, one: contract.Member | contract.Invitation | contract.Application) -> str:
    """As it is shown in the language of the run."""
    return one.name_en if run.words.language == "en" else one.name


async def people_of(session: Session) -> list[tuple[contract.Member, schemas.RosterMember]]:
    """The members that the directory has, with the names that the hub has for them."""
    state = session.directory.now().agency(session.identity.agency)
    known = {one.id: one for one in await session.client.colleagues()}
    listed = state.members if state else ()
    return sorted(((known[one.id], one) for one in listed if one.id in known), key=lambda pair: pair[0].handle)


async def member_named(run: Run, session: Session, who: str) -> contract.Member:
    found = [member for member, _ in await run.patiently(people_of(session))]
    for one in found:
        if who in (one.handle, one.id):
            return one
    raise Usage("error.no_member", who=readable(who), handles=", ".join(one.handle for one in found))


def compare(run: Run, numbers: set[str]) -> None:
    """The number that was heard has to be one of these. Raises Differs."""
    heard = "".join(letter for letter in run.told("number") if letter.isdigit())
    if heard not in {one.replace(" ", "") for one in numbers}:
        raise Differs("error.number_differs")


def normal(login: str) -> str:
    """As the hub compares it (protocol §4)."""
    return unicodedata.normalize("NFKC", login).lower().strip()


def hub_of(run: Run, known: Kept | None = None) -> str:
    """`--hub`; else the one that the account has; else the practice hub; else it is asked for."""
    if run.options.hub is None and known is not None:
        return known.hub
    if run.options.hub is None:
        with suppress(PracticeError):
            return practice.hub().rstrip("/")
    return run.told("hub").rstrip("/")


def typed_from_paper(run: Run, option: str, length: int) -> str:
    """A code or the fingerprint, as it was typed; never shown again in an error."""
    text = run.told(option)
    try:
        if len(ungrouped(text)) == length:
            return text
    except ValueError:
        pass
    raise Usage(f"error.paper.{option}")


def need_a_terminal(run: Run) -> None:
    if not run.screen.asks:
        raise Usage("error.needs_terminal")


def names_given(run: Run) -> contract.Names:
    options = run.options
    return contract.Names(handle=readable(options.who), name=readable(options.name), name_en=readable(options.name_en))


def reserve(path: Path) -> None:
    """The file is made first: keys that can be written nowhere would be in the directory for nothing."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise Usage("error.file_there", path=str(path)) from None
    except OSError:
        raise Usage("error.file", path=str(path)) from None


def one_of(given: str, ids: Sequence[str]) -> str:
    """The id that is meant, whole or shortened."""
    found = matching(given.lower().replace("-", ""), ids) if given else []
    if len(found) != 1:
        raise Usage("error.no_such_session_or_token")
    return found[0]


def in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def say_done(run: Run, key: str, value: Mapping[str, Any], /, **values: object) -> int:
    if run.screen.json:
        run.screen.document(value)
    else:
        run.screen.line(run.words(key, **values), "green")
    return DONE


def left_alone(run: Run) -> int:
    run.screen.line(run.words("left"))
    return DONE


def account_value(kept: Kept) -> dict[str, Any]:
    return {
        "login": kept.login,
        "handle": kept.handle,
        "agency": kept.agency,
        "member": kept.member,
        "roles": list(kept.roles),
        "hub": kept.hub,
    }


def waiting_value(told: contract.Waiting | None) -> dict[str, Any] | None:
    if told is None:
        return None
    people = [{"handle": one.handle, "name": one.name, "name_en": one.name_en} for one in told.administrators]
    return {"since": instant_of(told.since), "roles": told.roles, "administrators": people}
