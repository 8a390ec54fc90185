"""How a command runs: who, which hub, which language; what goes wrong, as one sentence and an exit code."""

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ortoo import practice
from ortoo.cli import DONE, REFUSED, UNREACHABLE, UNTRUSTED, USAGE
from ortoo.cli.screen import Screen
from ortoo.client import HubError, HubUnreachable
from ortoo.form import FormError
from ortoo.identity import Identity
from ortoo.memory import MemoryDamaged
from ortoo.practice import PracticeError
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from ortoo.words import Words

T = TypeVar("T")

SLOW: Final = 1.0  # seconds after which a person is told that something goes on

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


@dataclass(frozen=True)
class Run:
    """One command with what it needs."""

    options: argparse.Namespace
    words: Words
    screen: Screen

    def identity(self, handle: str | None = None) -> Identity:
        """The practice member of `--as`, or of this handle."""
        wanted = handle or self.options.handle
        if not wanted:
            known = practice.handles()
            if not known:
                raise PracticeError("no_practice", str(practice.folder()))
            raise Usage("error.no_handle", handles=", ".join(known))
        return practice.identity(wanted)

    @property
    def hub(self) -> str:
        return str(self.options.hub or practice.hub())

    def session(self, handle: str | None = None) -> AbstractAsyncContextManager[Session]:
        """A session of the member, its directory synced. `handle`: another practice member than `--as`."""
        return Session.open(self.identity(handle), self.hub, practice.state_folder())

    async def patiently(self, work: Awaitable[T]) -> T:
        """The result; says on stderr that something goes on, if it takes longer than a second."""
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=SLOW)
        if done:
            return task.result()
        with self.screen.progress(self.words("progress")):
            return await task


Command = Callable[[Run], Coroutine[Any, Any, int]]


def run(options: argparse.Namespace, words: Words) -> int:
    screen = Screen(words, json=options.json)
    try:
        code = asyncio.run(_command(options.command)(Run(options, words, screen)))
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
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


def _command(name: str) -> Command:
    if name == "practice":
        from importlib import import_module

        play: Command = import_module("ortoo.cli.practice").play
        return play
    from ortoo.cli import commands

    return commands.COMMANDS[name]


def _explain(error: Exception, screen: Screen, words: Words) -> int:
    match error:
        case Usage():
            return _failed(screen, "usage", error.key, USAGE, **error.values)
        case FormError():
            problem = words(f"form.{error.problem}")
            return _failed(screen, "form", "form.error", USAGE, field=error.field, problem=problem)
        case PracticeError():
            values = {"name": error.name, "handles": ", ".join(practice.handles())}
            return _failed(screen, error.problem, f"error.{error.problem}", USAGE, **values)
        case HubUnreachable():
            return _failed(screen, "unreachable", "error.unreachable", UNREACHABLE, hub=error.hub)
        case MemoryDamaged():
            return _failed(screen, "memory_damaged", "error.memory", UNTRUSTED, path=error.path)
        case HubError():
            key = f"hub.{error.code}" if words.knows(f"hub.{error.code}") else "hub.other"
            return _failed(screen, error.code, key, REFUSED, code=error.code, incident=error.incident or "-")
        case _:
            return _failed(screen, "own_fault", "error.own_fault", REFUSED, name=type(error).__name__)


def _failed(screen: Screen, what: str, key: str, exit_code: int, /, **values: object) -> int:
    screen.failed(what, screen.words(key, **values))
    return exit_code
