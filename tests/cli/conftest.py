import json
import os
import pty
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import warm
from tests.hubs import Hub
from tests.stores import REPOSITORY, Kind

SCENARIO = REPOSITORY / "ortoo" / "data" / "scenarios" / "01-shelter-tonight.json"


class Ortoo:
    """The installed command, as a person or a program would run it beside a practice folder."""

    def __init__(self, practice: Path, url: str | None = None) -> None:
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                # Compiled once, as where it is installed: else each of its hundreds of starts compiles it anew.
                if not name.startswith(("COLUMNS", "LANG", "LC_", "ORTOO_", "PYTHONDONTWRITEBYTECODE", "XDG_"))
            },
            "ORTOO_PRACTICE_DIR": str(practice),
            "ORTOO_HOME": str(practice.parent / "device"),
            "PYTHONUNBUFFERED": "1",
            **({"ORTOO_HUB": url} if url else {}),
        }

    def __call__(self, *arguments: str, typed: str | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        with warm.open_temporary() as typing:
            typing.write((typed or "").encode())
            typing.seek(0)
            stdin = typing if typed is not None else None
            return warm.run(warm.CLI, arguments, environment=self.environment | more, stdin=stdin, timeout=60)

    def on_a_terminal(self, columns: int, *arguments: str) -> str:
        """What a person sees on a terminal of that width, without its colours."""
        ours, theirs = pty.openpty()
        more = {"COLUMNS": str(columns), "TERM": "xterm", "NO_COLOR": "1"}
        try:
            shown = warm.start(warm.CLI, arguments, environment=self.environment | more, stdout=theirs)
            assert shown.wait(60) == 0
            os.set_blocking(ours, False)
            said = os.read(ours, 65536).decode()
        finally:
            os.close(ours)
            os.close(theirs)
        return re.sub(r"\x1b\[[0-9;]*m", "", said).replace("\r\n", "\n")

    def json(self, *arguments: str) -> Any:
        run = self("--json", *arguments)
        assert run.returncode == 0, run.stdout + run.stderr
        return json.loads(run.stdout)

    def started(self, *arguments: str) -> warm.Started:
        return warm.start(warm.CLI, arguments, environment=self.environment, stdout=subprocess.PIPE)


@pytest.fixture
def store_kind() -> Kind:
    """The command line meets the hub's API alone: one store tells as much as two."""
    return "sqlite"


@pytest.fixture
def ortoo(hub: Hub) -> Ortoo:
    return Ortoo(hub.practice, hub.url)


@pytest.fixture
def alone(tmp_path: Path) -> Ortoo:
    """Without a practice folder and without a hub."""
    return Ortoo(tmp_path / "practice")
