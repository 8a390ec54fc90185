"""How a command runs: who, which hub, which language; what goes wrong, as one sentence and an exit code."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

from ortoo import joining, practice
from ortoo.attached import AttachmentError
from ortoo.cli import DONE, REFUSED, UNREACHABLE, UNTRUSTED, USAGE, kit
from ortoo.cli.screen import Screen
from ortoo.client import HubError, HubUnreachable
from ortoo.device import Device, DeviceError, Kept, Open
from ortoo.form import FormError
from ortoo.identity import Identity
from ortoo.memory import MemoryDamaged
from ortoo.practice import PracticeError
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from ortoo.words import Words

T = TypeVar("T")

SLOW: Final = 1.0  # seconds after which a person is told that something goes on
TRIES: Final = 3  # of somebody who types
FOR_PROGRAMS: Final = "ORTOO_PASSPHRASE_FILE"  # names a file with the passphrase

ELSEWHERE: Final = {  # what is not in ortoo.cli.commands
    "practice": "practice",
    **dict.fromkeys(("login", "logout", "lock", "waiting", "sessions", "passphrase", "recovery-codes"), "accounts"),
    **dict.fromkeys(("join", "apply"), "joining"),
    "members": "members",
    "partners": "partners",
    "coordinators": "coordinators",
    "witness": "witness",
    "audit": "audit",
    **dict.fromkeys(("inbox", "outbox", "trail"), "lists"),
    "services": "services",
    "notifications": "notifications",
    **dict.fromkeys(("find", "alternatives"), "finding"),
    "consent": "consents",
    "save": "saving",
    "receipt": "receipt",
    **dict.fromkeys(("forward", "chain"), "onward"),
    **dict.fromkeys(("second", "review"), "exceptions"),
}

# What these say is not that something may not be done, but that somebody lies or something was changed.
DISTRUST: Final = frozenset(
    {
        "signature_invalid",
        "chain_broken",
        "directory_fork",
        "checkpoint_rollback",
        "checkpoint_unwitnessed",
        "proof_invalid",
        "key_mismatch",
        "hash_mismatch",
    }
)


class Usage(Exception):
    """Something that the person has to say differently: a sentence in the catalogue, with its values."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key, values)
        self.key, self.values = key, values


class Differs(Usage):
    """What two people compared is not the same: nothing may be signed."""


@dataclass(frozen=True)
class Run:
    """One command with what it needs."""

    options: argparse.Namespace
    words: Words
    screen: Screen

    # --- who acts -----------------------------------------------------------------------------------------------------

    def acting(self) -> Identity | Kept:
        """The practice member of `--as`, where the practice folder knows it; else an account of this device."""
        wanted, known, device = self.options.handle or None, practice.handles(), Device()
        if wanted in known:
            return practice.identity(wanted)
        if device.all():
            return device.find(wanted, self.options.hub)
        if not known:
            raise PracticeError("no_practice", str(practice.folder()))
        if wanted:
            raise PracticeError("unknown_handle", wanted)
        raise Usage("error.no_handle", handles=", ".join(known))

    def account(self) -> Kept:
        """The account of this device, for what concerns signing in: `--as`, or the only one."""
        return Device().find(self.options.handle or None, self.options.hub)

    @property
    def hub(self) -> str:
        return str(self.options.hub or practice.hub())

    def session(self) -> AbstractAsyncContextManager[Session]:
        """A session of whoever acts, its directory synced. A locked account is unlocked first."""
        if getattr(self.options, "kit", None) is not None:
            return self._with_kit()
        acting = self.acting()
        if isinstance(acting, Kept):
            return joining.at_work(Device(), self.unlocked(acting))
        return Session.open(acting, self.hub, practice.state_folder())

    def _with_kit(self) -> AbstractAsyncContextManager[Session]:
        if self.options.kit == kit.TYPED and not self.screen.asks:
            raise Usage("error.needs_terminal")
        try:
            if self.options.kit == kit.TYPED:
                return kit.session({one: self.screen.question(self.words(f"col.{one}") + ":") for one in kit.LINES})
            return kit.session(kit.read(Path(self.options.kit)))
        except ValueError:
            raise Usage("error.kit") from None

    def unlocked(self, kept: Kept) -> Open:
        try:
            return Device().unlocked(kept)
        except DeviceError as error:
            if error.problem != "locked":
                raise
        return self.unlock(kept)[0]

    def unlock(self, kept: Kept) -> tuple[Open, str]:
        """The account, and the passphrase that opened it."""
        left = 1 if os.environ.get(FOR_PROGRAMS) else TRIES
        while True:
            passphrase, left = self.passphrase(kept.login), left - 1
            try:
                return Device().unlock(kept, passphrase), passphrase
            except Refused as refused:
                if refused.code != "cannot_open":
                    raise
            if not left:
                raise DeviceError("wrong_passphrase", kept.login)
            self.screen.warn(self.words("ask.passphrase.wrong"))

    def passphrase(self, login: str) -> str:
        """Of ORTOO_PASSPHRASE_FILE; else asked for. DeviceError (`locked`) where nobody is there to ask."""
        kept = self.passphrase_of_file()
        if kept is not None:
            return kept
        if not self.screen.asks:
            raise DeviceError("locked", login)
        return self.screen.question(self.words("ask.passphrase", login=login), secret=True)

    def passphrase_of_file(self, variable: str = FOR_PROGRAMS) -> str | None:
        """The first line of the file that the environment names, for programs."""
        named = os.environ.get(variable)
        if not named:
            return None
        try:
            kept = Path(named).read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
        except (OSError, ValueError):
            kept = ""
        if not kept:
            raise Usage("error.passphrase_file", path=named)
        return kept

    # --- what is asked ------------------------------------------------------------------------------------------------

    def told(self, option: str, question: str = "", **values: object) -> str:
        """The option's value, or what is typed when it is asked for."""
        given: str | None = getattr(self.options, option)
        if given is None:
            if not self.screen.asks:
                raise Usage("error.needs", option="--" + option.replace("_", "-"))
            given = self.screen.question(self.words(question or f"ask.{option}", **values))
        return readable(given)

    def sure(self, question: str) -> bool:
        """Whether somebody means it: asked, unless `--yes` said so."""
        if self.options.yes:
            return True
        if self.screen.json or not self.screen.asks:
            raise Usage("error.needs_yes")
        return self.screen.ask(question)

    async def patiently(self, work: Awaitable[T]) -> T:
        """The result; says on stderr that something goes on, if it takes longer than a second."""
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=SLOW)
        if done:
            return task.result()
        with self.screen.progress(self.words("progress")):
            return await task


Command = Callable[[Run], Coroutine[Any, Any, int]]


def readable(text: str) -> str:
    """Text of the command line that is text at all: bytes that are no UTF-8 arrive as lone surrogates."""
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise Usage("error.text_file")
    return text


def run(options: argparse.Namespace, words: Words) -> int:
    screen = Screen(words, json=options.json, about=options.command)
    try:
        code = asyncio.run(_command(options)(Run(options, words, screen)))
        sys.stdout.flush()
        return code
    except (KeyboardInterrupt, EOFError):
        return DONE if options.command == "follow" else _failed(screen, "interrupted", "error.interrupted", 130)
    except BrokenPipeError:
        with suppress(OSError):  # whoever read the output has gone: nothing is left to say, at exit neither
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except Refused as refused:
        screen.refused(refused)
        return UNTRUSTED if refused.code in DISTRUST else REFUSED
    except Exception as error:
        return _explain(error, screen, words)


def _command(options: argparse.Namespace) -> Command:
    """`members` is the list, `members invite` one of its actions."""
    action = getattr(options, "action", None)
    name = f"{options.command} {action}" if action else options.command
    module = import_module(f"ortoo.cli.{ELSEWHERE.get(options.command, 'commands')}")
    command: Command = module.COMMANDS[name]
    return command


def _explain(error: Exception, screen: Screen, words: Words) -> int:
    match error:
        case Differs():
            return _failed(screen, "number_differs", error.key, UNTRUSTED, **error.values)
        case Usage():
            return _failed(screen, "usage", error.key, USAGE, **error.values)
        case FormError():
            problem = words(f"form.{error.problem}")
            return _failed(screen, "form", "form.error", USAGE, field=error.field, problem=problem)
        case AttachmentError():
            return _failed(screen, error.problem, f"file.{error.problem}", USAGE, name=error.name)
        case PracticeError():
            values = {"name": error.name, "handles": ", ".join(practice.handles())}
            return _failed(screen, error.problem, f"error.{error.problem}", USAGE, **values)
        case DeviceError():
            logins = ", ".join(one.login for one in _accounts())
            key = "error.no_accounts" if error.problem == "no_account" and not logins else f"error.{error.problem}"
            exit_code = {"damaged": UNTRUSTED, "wrong_passphrase": REFUSED}.get(error.problem, USAGE)
            return _failed(screen, error.problem, key, exit_code, name=error.name, logins=logins)
        case HubUnreachable():
            return _failed(screen, "unreachable", "error.unreachable", UNREACHABLE, hub=error.hub)
        case MemoryDamaged():
            return _failed(screen, "memory_damaged", "error.memory", UNTRUSTED, path=error.path)
        case HubError():
            keys = (f"hub.{error.code}.{screen.about}", f"hub.{error.code}", "hub.other")
            key = next(one for one in keys if words.knows(one))
            return _failed(screen, error.code, key, REFUSED, code=error.code, incident=error.incident or "-")
        case _:
            return _failed(screen, "own_fault", "error.own_fault", REFUSED, name=type(error).__name__)


def _accounts() -> list[Kept]:
    with suppress(DeviceError):
        return Device().all()
    return []


def _failed(screen: Screen, what: str, key: str, exit_code: int, /, **values: object) -> int:
    screen.failed(what, screen.words(key, **values))
    return exit_code
