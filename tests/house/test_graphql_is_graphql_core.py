"""`import graphql` is graphql-core, however the process was started: `graphql/` holds the contract and no Python."""

import os
import subprocess
import sys
import time
from pathlib import Path

import graphql
import httpx
import pytest

from tests.stores import REPOSITORY, Store

WHICH = "import graphql; print(graphql.__file__, callable(graphql.parse))"


def is_graphql_core(said: str) -> bool:
    path, parses = said.strip().splitlines()[-1].split()
    return parses == "True" and Path(path).parent.parent.name == "site-packages"


def run(*command: str | Path, **environment: str) -> str:
    ran = subprocess.run(
        [str(part) for part in command],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_folder_holds_no_python() -> None:
    assert list((REPOSITORY / "graphql").rglob("*.py")) == []


def test_in_pytest() -> None:
    assert is_graphql_core(f"{graphql.__file__} {callable(graphql.parse)}")


def test_in_python_started_in_the_repository() -> None:
    assert is_graphql_core(run(sys.executable, "-c", WHICH))


def test_in_python_with_the_repository_first_on_its_path() -> None:
    assert is_graphql_core(run(sys.executable, "-c", WHICH, PYTHONPATH=str(REPOSITORY)))


@pytest.mark.parametrize("store_kind", ["sqlite"])
def test_in_manage_py(store: Store) -> None:
    assert is_graphql_core(store.manage("shell", "--verbosity", "0", "-c", WHICH))


def test_beside_the_installed_command(tmp_path: Path) -> None:
    """A script starts with its own folder on the path, as `.venv/bin/ortoo` does, and finds the rest as installed."""
    script = tmp_path / "script.py"
    script.write_text(f"import ortoo.cli\n{WHICH}\n")
    assert is_graphql_core(run(sys.executable, script))


def test_in_daphne(tmp_path: Path) -> None:
    socket = tmp_path / "daphne.sock"
    daphne = Path(sys.executable).with_name("daphne")
    process = subprocess.Popen(
        [daphne, "-u", socket, "tests.house.which_graphql:application"],
        cwd=REPOSITORY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 30
        while not socket.exists():
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(socket))) as client:
            assert is_graphql_core(client.get("http://daphne/").text)
    finally:
        process.kill()
        process.wait(10)
