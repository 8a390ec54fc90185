"""People at the keyboard: a command on a terminal of its own, whose questions are read and then answered."""

import json
import os
import pty
import re
import select
import time
from base64 import b32decode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ortoo.account import Authenticator
from tests import warm
from tests.cli.conftest import Ortoo
from tests.people.newcomers import Newcomer

PATIENCE = 30  # seconds until a question or the end has to come
SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """One command. It is the terminal's own, as `getpass` wants it."""

    def __init__(self, *arguments: str, environment: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self._process = warm.start(
            warm.CLI,
            arguments,
            environment=environment | {"COLUMNS": "120", "TERM": "xterm", "NO_COLOR": "1"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            own_terminal=True,
        )
        os.close(theirs)
        self.said, self._seen = "", 0

    def reads(self, pattern: str) -> re.Match[str]:
        """Wait for what the screen says, after what was read before."""
        until = time.monotonic() + PATIENCE
        while not (found := re.compile(pattern).search(self.said, self._seen)):
            if not self._more(until):
                self._process.kill()
                raise AssertionError(f"it never said {pattern!r}, but:\n{self.said}")
        self._seen = found.end()
        return found

    def types(self, text: str) -> None:
        os.write(self._ours, text.encode() + b"\n")

    def answers(self, question: str, text: str) -> None:
        self.reads(question)
        self.types(text)

    def presses(self, key: bytes) -> None:
        os.write(self._ours, key)

    def ends(self) -> int:
        """Its exit code, once it has said all."""
        until = time.monotonic() + PATIENCE
        while self._more(until):
            pass
        code = self._process.wait(PATIENCE)
        os.close(self._ours)
        return code

    def _more(self, until: float) -> bool:
        left = until - time.monotonic()
        if left <= 0 or not select.select([self._ours], [], [], left)[0]:
            return False
        try:
            data = os.read(self._ours, 65536)
        except OSError:  # the other side is closed
            return False
        self.said += SEQUENCES.sub("", data.decode(errors="replace")).replace("\r\n", "\n")
        return bool(data)


@dataclass(frozen=True)
class Paper:
    """As it was handed over."""

    hub: str
    code: str
    fingerprint: str


@dataclass
class Person(Newcomer):
    """Somebody with a device of the own, on which the command is installed and no practice folder is."""

    number: str = ""
    codes: tuple[str, ...] = ()

    def command(self, device: str = "device", **more: str) -> Ortoo:
        """On one of the person's devices, which stays unlocked for a while."""
        home = self.folder / self.login / device
        (home / "runtime").mkdir(parents=True, exist_ok=True)
        secret = home / "typed"
        secret.write_text(self.passphrase + "\n", encoding="utf-8")
        ortoo = Ortoo(home / "no practice")
        ortoo.environment |= {
            "ORTOO_HOME": str(home),
            "ORTOO_PASSPHRASE_FILE": str(secret),
            "XDG_RUNTIME_DIR": str(home / "runtime"),
            "LANG": "en_GB.UTF-8",
        }
        ortoo.environment |= more
        return ortoo

    def at_the_keyboard(self, *arguments: str, device: str = "device", **more: str) -> Terminal:
        environment = self.command(device).environment
        del environment["ORTOO_PASSPHRASE_FILE"]
        return Terminal(*arguments, environment=environment | more)

    def json(self, *arguments: str) -> Any:
        return self.command().json(*arguments)

    def joins(self, paper: Paper) -> Terminal:
        """Everything is typed; the passphrase that is offered is taken."""
        terminal = self.at_the_keyboard("join", "--hub", paper.hub)
        terminal.answers("fingerprint, from the paper: $", paper.fingerprint)
        terminal.answers("The code on the paper: $", paper.code)
        terminal.reads("You are invited: ")
        terminal.answers(f"Enter takes: {re.escape(self.login)}. Login: $", "")
        return self.finishes(terminal)

    def finishes(self, terminal: Terminal) -> Terminal:
        """Passphrase, second factor, number: the same for who joins and who applies."""
        self.passphrase = terminal.reads(r"\n +([a-z]{4}(?:-[a-z]{4}){4})\n")[1]
        terminal.answers("or type one of your own: $", "")
        secret = terminal.reads(r"\n +((?:[A-Z2-7]{4} ?){8})\n")[1].replace(" ", "")
        assert f"secret={secret}&" in terminal.reads(r"otpauth://totp/Ortoo:\S+")[0]
        self.authenticator = Authenticator(b32decode(secret))
        terminal.answers("Six digits that it shows now: $", "000000")
        terminal.reads("This is not what the authenticator shows now")
        terminal.answers("Six digits that it shows now: $", self.code())
        terminal.reads("Ten recovery codes")
        self.codes = tuple(terminal.reads(r"\n\n((?: +\S+ +\S+\n){5})")[1].split())
        self.number = " ".join(terminal.reads(r"\n +(\d{5} +\d{5} +\d{5})\n\n +(\d{5} +\d{5} +\d{5})\n").groups())
        assert terminal.ends() == 0, terminal.said
        assert self.passphrase not in json.dumps(self._files())
        return terminal

    def _files(self) -> list[str]:
        """All that the device keeps."""
        folder = self.folder / self.login / "device"
        kept = [path for path in folder.rglob("*") if path.is_file() and path.name != "typed"]
        return [path.read_text(encoding="utf-8", errors="replace") for path in kept]


def wrong(number: str) -> str:
    """The same with another last digit."""
    return number[:-1] + str((int(number[-1]) + 1) % 10)


def practice_terminal(practice: Path, url: str, *arguments: str) -> Terminal:
    """A practice member at the keyboard."""
    return Terminal(*arguments, environment=Ortoo(practice, url).environment | {"LANG": "en_GB.UTF-8"})
