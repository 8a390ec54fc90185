"""`ortoo practice …`: what only a practice network has."""

import base64
import json
import re
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ortoo import account, administration, practice
from ortoo.account import Authenticator, Keys
from ortoo.cli import DONE, REFUSED
from ortoo.cli.running import Command, Run, Usage
from ortoo.cli.screen import instant_of
from ortoo.client import Client
from ortoo.identity import Identity
from ortoo.memory import write_whole
from ortoo.practice import PracticeError, fresh
from ortoo.practice.player import Played, Player, Scenario
from ortoo.protocol.documents import unb64
from ortoo.protocol.errors import Refused
from ortoo.session import Session

SCENARIOS: Final = Path(__file__).resolve().parents[1] / "data" / "scenarios"
STEP: Final = timedelta(seconds=30)  # of an authenticator's codes


async def play(run: Run) -> int:
    """Play scenario files one after the other, or all, each in a network of its own; REFUSED if any step did not go as
    expected.
    """
    if bool(run.options.files) == run.options.all:
        raise Usage("error.play_what")
    results = []
    for file in run.options.files or sorted(map(str, SCENARIOS.glob("*.json"))):
        scenario = Scenario.read(Path(file))
        steps: list[Played] = []
        if not run.screen.json:
            run.screen.line(scenario.title, "bold")

        def report(played: Played, steps: list[Played] = steps) -> None:
            steps.append(played)
            if not run.screen.json:
                _show(run, played)

        with fresh.network() if run.options.all else nullcontext((run.hub, practice.folder())) as (hub, folder):
            as_expected = await Player(scenario, hub, folder).play(report)
        results.append((file, scenario, steps, as_expected))
        if not run.screen.json:
            key = "play.went_well" if as_expected else "play.went_wrong"
            run.screen.line(run.words(key, count=len(steps)), "green" if as_expected else "red")
    if run.screen.json:
        run.screen.document({"plays": [_value(*one) for one in results]})
    return DONE if all(as_expected for *_, as_expected in results) else REFUSED


def _show(run: Run, played: Played) -> None:
    key = f"play.{played.problem}" if played.problem else "play.step"
    text = run.words(
        key,
        place=played.place,
        by=played.by,
        verb=played.verb,
        expected=played.expected,
        seen=played.seen,
    )
    run.screen.line(text, "red" if played.problem else "")
    if played.remark:
        run.screen.line("    " + run.words(played.remark), "yellow")


def _value(file: str, scenario: Scenario, steps: list[Played], as_expected: bool) -> dict[str, Any]:
    return {
        "file": file,
        "title": scenario.title,
        "as_expected": as_expected,
        "steps": [vars(one) for one in steps],
    }


# --- time -------------------------------------------------------------------------------------------------------------


async def clock(run: Run) -> int:
    """What the network's clock shows; moved on first, where that is asked."""
    forward = run.options.forward
    by = _span(forward) if forward is not None else 0
    identity = practice.identity(run.options.handle or practice.handles()[0])
    async with Client(run.hub, identity.token) as client:
        moved = await run.patiently(client.move_practice_clock(by)) if by else None
        now = moved.now if moved is not None else (await client.network()).now
    if run.screen.json:
        run.screen.document({"now": instant_of(now)})
    else:
        run.screen.line(run.words("practice.clock", now=run.words.moment(now)))
    return DONE


def _span(text: str) -> int:
    """Seconds of 90m, 64h, 31d."""
    found = re.fullmatch(r"([0-9]{1,6})(m|h|d)", text)
    if found is None:
        raise Usage("error.span")
    return int(found[1]) * {"m": 60, "h": 3600, "d": 86400}[found[2]]


# --- signing in as in earnest -----------------------------------------------------------------------------------------


async def credentials(run: Run) -> int:
    """Login, passphrase and authenticator of a practice member, who has an account from the first time on."""
    identity = practice.identity(run.options.who)
    path = practice.folder() / "credentials" / f"{identity.handle}.json"
    if not path.exists():
        await run.patiently(_set_up(run.hub, identity, path))
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        facts = [(name, str(kept[name])) for name in ("login", "passphrase", "totp", "uri", "fingerprint")]
        codes = "  ".join(kept["recovery_codes"])
    except (OSError, ValueError, KeyError, TypeError):
        raise PracticeError("practice_damaged", str(path)) from None
    if run.screen.json:
        run.screen.document({"credentials": kept})
    else:
        run.screen.facts([*facts, ("recovery_codes", codes)])
    return DONE


def leaving_digits_to_sign_in(now: datetime) -> datetime:
    """The step before this one (RFC 6238), which the hub still takes: each code counts once, and whoever reads the
    secret signs in at once. Not when this step is nearly over: the one before would be too old when it is handed in.
    """
    return now - STEP if now.timestamp() % STEP.seconds < STEP.seconds / 2 else now


async def _set_up(hub: str, identity: Identity, path: Path) -> None:
    """Written down before it is handed in: an answer that is lost leaves nobody outside."""
    tried = path.with_suffix(".tried")
    again = tried.exists()
    if not again:
        fresh = {"passphrase": account.new_passphrase(), "totp": Authenticator.generate().text}
        write_whole(tried, json.dumps(fresh) + "\n")
    kept = json.loads(tried.read_text(encoding="utf-8"))
    login, authenticator = identity.handle, Authenticator(base64.b32decode(kept["totp"]))
    async with Session.open(identity, hub, practice.state_folder()) as session:
        # With what was seen, the keyring vouches for the network on a device that has not met it.
        keys = Keys(identity.member, identity.secrets, identity.coordinator, seen=session.seen)
        shown = authenticator.code(leaving_digits_to_sign_in(datetime.now(UTC)))
        new, _ = account.new_account(keys, login, kept["passphrase"], authenticator, shown, network=identity.network)
        try:
            recovery_codes = await session.client.set_up_account(new)
        except Refused as refused:
            if refused.code != "id_reused" or not again:
                tried.unlink()
                raise
            recovery_codes = []  # it was taken, and these went with the answer: `ortoo recovery-codes` makes others
    whole = {
        "login": login,
        **kept,
        "uri": authenticator.uri(login),
        "fingerprint": administration.grouped(unb64(identity.anchor)),
        "recovery_codes": recovery_codes,
    }
    write_whole(path, json.dumps(whole, ensure_ascii=False, indent=1) + "\n")
    tried.unlink()


COMMANDS: Final[Mapping[str, Command]] = {
    "practice play": play,
    "practice credentials": credentials,
    "practice clock": clock,
}
