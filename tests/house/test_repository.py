"""What must not be in the repository: places that only one machine has, keys, other people's state."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.stores import REPOSITORY

# With a class of one letter, so that this file does not find itself.
PLACES = re.compile(r"/[w]ork/|/[f]arm/|/[t]mp/|/[r]oot/|/[h]ome/\w|/[o]pt/")
KEYS = re.compile(r"-----[B]EGIN [A-Z ]*PRIVATE KEY|[A]KIA[0-9A-Z]{16}|[g]hp_[0-9A-Za-z]{36}")
STATE = (".sqlite3", ".key", ".pem", ".log", ".pyc")


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """Every file that is in git or would be added to it."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True).stdout.decode().split("\0")
    files = [REPOSITORY / name for name in names if name and (REPOSITORY / name).is_file()]
    assert REPOSITORY / "manage.py" in files
    return files


def found(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    return [
        f"{file.relative_to(REPOSITORY)}:{number}"
        for file in files
        if file.suffix not in {".whl", ".png", ".webp"}
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_place_of_one_machine_is_named(tracked: list[Path]) -> None:
    assert found(PLACES, tracked) == []


def test_no_key_is_kept(tracked: list[Path]) -> None:
    assert found(KEYS, tracked) == []
    assert [file for file in tracked if file.suffix in STATE] == []


def test_no_practice_network_is_kept(tracked: list[Path]) -> None:
    assert [file for file in tracked if file.is_relative_to(REPOSITORY / "practice")] == []


def test_every_package_is_pinned_by_hash_and_none_to_a_host() -> None:
    for lock in (REPOSITORY / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text
        pins = re.findall(r"^([a-z0-9-]+)==[^\n]*\\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
        assert pins == re.findall(r"^([a-z0-9-]+)[^\n]*", text, re.MULTILINE)


def test_what_make_run_installs_is_what_the_tests_ran_on() -> None:
    lines = re.compile(r"^([a-z0-9-]+==\S+)", re.MULTILINE)
    hub, test = (set(lines.findall((REPOSITORY / f"requirements/{name}.txt").read_text())) for name in ("hub", "test"))
    assert hub < test
