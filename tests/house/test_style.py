"""Format, lint and types: `make check`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.stores import REPOSITORY


@pytest.mark.parametrize(
    "command",
    [["ruff", "format", "--check", "."], ["ruff", "check", "."], ["mypy"]],
    ids=["format", "lint", "types"],
)
def test_the_house_is_in_order(command: list[str]) -> None:
    program, *arguments = command
    checked = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert checked.returncode == 0, (checked.stdout + checked.stderr)[-6000:]
