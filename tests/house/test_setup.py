"""Set-up on machines where something is missing: one sentence, a status that is not zero, nothing in the way of the
next try."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stores import REPOSITORY


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout without an environment, as far as set-up reads it."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in ("bootstrap.py", "pyproject.toml", "Makefile", "LICENSE", "README.md"):
        shutil.copy(REPOSITORY / name, folder)
    for name in ("requirements", "vendor"):
        shutil.copytree(REPOSITORY / name, folder / name)
    return folder


def bootstrap(clone: Path, *before: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *(before or ("bootstrap.py",))],
        cwd=clone,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_an_old_python_can_read_it() -> None:
    ast.parse((REPOSITORY / "bootstrap.py").read_text(), feature_version=(3, 6))


def test_an_old_python_is_told_that_it_is_old(clone: Path) -> None:
    as_if_old = "import sys, runpy; sys.version_info = (3, 9, 2); runpy.run_path('bootstrap.py', run_name='__main__')"
    tried = bootstrap(clone, "-c", as_if_old, PATH="")
    assert tried.returncode == 1
    assert tried.stderr.startswith("ortoo: Ortoo needs Python 3.11 or newer; this is 3.9 ")
    assert tried.stderr.count("\n") == 1
    assert not (clone / ".venv").exists()


def test_without_a_network_it_says_so_and_the_next_start_begins_anew(clone: Path) -> None:
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    offline = {"PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1", "PIP_CONFIG_FILE": os.devnull, **nowhere}
    for _ in range(2):
        tried = bootstrap(clone, **offline)
        assert tried.returncode == 1
        assert tried.stderr.startswith("ortoo: The package index cannot be reached")
        assert tried.stderr.count("\n") == 1
        assert tried.stdout.startswith("Making the environment")


def test_where_there_is_no_python_make_says_so(clone: Path) -> None:
    tried = subprocess.run(
        ["make", "--no-print-directory", "run", "PYTHON=python-that-is-not-there"],
        cwd=clone,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert tried.returncode != 0
    assert "ortoo: Python 3.11 or newer is needed, and there is no python-that-is-not-there here." in tried.stderr
    assert not (clone / ".venv").exists()


CLIENT = ("web/node_modules/.made-for-hub", "web/dist/app.html", "web/dist.new/app.html", "web/app.html")


def test_clean_forgets_it_all(clone: Path) -> None:
    for name in (".venv/bin/python", "practice/hub.sqlite3", "hub/__pycache__/x.pyc", "hub/kept.py", *CLIENT):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).touch()
    subprocess.run(["make", "clean"], cwd=clone, check=True, timeout=30)
    assert not (clone / ".venv").exists()
    assert not (clone / "practice").exists()
    assert [path.name for path in (clone / "hub").iterdir()] == ["kept.py"]
    assert [path.name for path in (clone / "web").iterdir()] == ["app.html"]
