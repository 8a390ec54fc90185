"""What `pip install ortoo` gives a partner: the protocol, the SDK and the command line, and no Django."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.stores import REPOSITORY


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return next(folder.glob("ortoo-*.whl"))


@pytest.fixture(scope="module")
def partner(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of an environment that holds the wheel and what it declares that it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("partner")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True, timeout=60)
    python = folder / "bin" / "python"
    pip = next((REPOSITORY / "vendor").glob("pip-*.whl")) / "pip"
    subprocess.run(
        [sys.executable, pip, "--python", python, "install", "--quiet", "--no-index", "--no-deps", wheel],
        check=True,
        timeout=120,
    )
    packages = next((folder / "lib").glob("python3*")) / "site-packages"
    # From the environment of the tests instead of a package index: what is installed is the same.
    for name in needed_by(Requirement(line) for line in metadata.distribution("ortoo").requires or ()):
        copy(metadata.distribution(name), packages)
    return folder / "bin"


def needed_by(requirements: Iterable[Requirement]) -> set[str]:
    """The names of all that these requirements ask for on this machine, directly or in turn."""
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        one = waiting.pop()
        if one.name in found or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        found.add(one.name)
        waiting += [Requirement(line) for line in metadata.distribution(one.name).requires or ()]
    return found


def copy(distribution: metadata.Distribution, to: Path) -> None:
    for file in distribution.files or ():
        if ".." not in file.parts and file.suffix != ".pyc":
            (to / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(distribution.locate_file(file)), to / file)


def test_it_holds_ortoo_and_nothing_that_would_hide_another_package(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} == {"ortoo", "ortoo-0.1.0.dist-info"}


def test_it_brings_its_vocabulary_scenarios_and_operations(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert "ortoo/data/vocabulary.json" in names
    assert "ortoo/data/scenarios/14-a-member-leaves.json" in names
    folder = REPOSITORY / "graphql" / "operations"
    operations = {f"ortoo/operations/{file.relative_to(folder)}" for file in folder.rglob("*.graphql")}
    assert operations
    assert operations <= names


def test_the_command_works_without_django(partner: Path, tmp_path: Path) -> None:
    help_ = subprocess.run([partner / "ortoo", "--help"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert help_.returncode == 0, help_.stderr
    assert "follow" in help_.stdout
    for absent in ("django", "graphene", "channels", "twisted", "graphql"):
        tried = subprocess.run([partner / "python", "-c", f"import {absent}"], cwd=tmp_path, capture_output=True)
        assert b"ModuleNotFoundError" in tried.stderr, absent


def test_every_module_of_it_imports_without_django(partner: Path, tmp_path: Path) -> None:
    walk = (
        "import importlib, pkgutil, ortoo\n"
        "for one in pkgutil.walk_packages(ortoo.__path__, 'ortoo.'):\n"
        "    one.name.endswith('__main__') or importlib.import_module(one.name)\n"
    )
    tried = subprocess.run([partner / "python", "-c", walk], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert tried.returncode == 0, tried.stderr
