"""The directions in which the rooms may import one another are checked, and the check catches who goes against them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stores import REPOSITORY

ROOMS = ("ortoo", "audit", "agencies", "notifications", "referrals", "coordination", "hub")


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_the_directions_hold() -> None:
    checked = lint_imports(REPOSITORY)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize(
    ("file", "line", "broken"),
    [
        ("ortoo/protocol/keys.py", "import django.conf", "The protocol and the clients know no Django"),
        ("ortoo/protocol/keys.py", "import ortoo.client", "The protocol knows neither SDK nor command line"),
        ("audit/log.py", "import ortoo.client", "The log knows bytes, not clients"),
        ("audit/log.py", "import agencies.models", "The rooms lie above one another"),
        ("agencies/keys.py", "import notifications.feed", "The rooms lie above one another"),
        ("notifications/feed.py", "import referrals.models", "The rooms lie above one another"),
        ("referrals/sending.py", "import coordination.trail", "The rooms lie above one another"),
        ("referrals/sending.py", "import hub.settings", "The rooms lie above one another"),
    ],
)
def test_an_import_that_goes_the_wrong_way_is_caught(tmp_path: Path, file: str, line: str, broken: str) -> None:
    for room in ROOMS:
        shutil.copytree(REPOSITORY / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    with (tmp_path / file).open("a", encoding="utf-8") as module:
        module.write(f"\n{line}\n")

    checked = lint_imports(tmp_path)

    assert checked.returncode == 1
    assert f"{broken} BROKEN" in checked.stdout
