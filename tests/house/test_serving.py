"""`make run`: up with a founded network, up again with the same one, and one sentence where it cannot be."""

import json
import shutil
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.hubs import Hub
from tests.stores import REPOSITORY, Store


def test_it_says_where_to_look_and_what_to_type_next(hub: Hub) -> None:
    said = hub.said()
    assert f"The practice hub answers at {hub.url}\n" in said
    assert f"Open http://localhost:{hub.port}/ in a browser on this machine." in said
    assert f"{hub.url}/graphql" in said
    assert ".venv/bin/ortoo --as mgec.delger follow" in said
    assert ".venv/bin/ortoo --as mrc.nara send ortoo/data/scenarios/01-shelter-tonight.json" in said


def test_started_again_it_keeps_what_was_there_at_its_new_address(hub: Hub) -> None:
    before = network(hub)
    assert before["hub"] == hub.url
    hub.stop()
    address, hub.port = hub.url, 0

    hub.start()

    assert hub.url != address
    assert network(hub) == before | {"hub": hub.url}
    assert hub.said().count("Founded") == 0  # it was founded before it came here


def test_killed_and_started_again_it_serves_at_the_same_address(hub: Hub) -> None:
    address = hub.url
    hub.kill()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/healthz")

    hub.start()

    assert hub.url == address
    assert httpx.get(f"{address}/healthz").status_code == 200


@pytest.mark.parametrize("store_kind", ["sqlite"])
def test_a_hub_without_anything_founds_its_network_once(store: Store) -> None:
    hub = Hub(store).start()
    first = network(hub)
    hub.stop()
    hub.start()
    hub.stop()
    assert network(hub) == first
    assert hub.said().count("Founded") == 1


@pytest.mark.parametrize("store_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("port", "sentence"),
    [
        (None, "Port {port} is in use: stop what serves there, or choose another, as in `make run PORT=8123`."),
        ("eight", "'eight' is not a port: PORT= takes a number from 1 to 65535."),
        ("99999", "'99999' is not a port: PORT= takes a number from 1 to 65535."),
    ],
)
def test_a_port_that_cannot_be_had_is_one_sentence(store: Store, port: str | None, sentence: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = port or str(taken.getsockname()[1])
        tried = run_practice(REPOSITORY, port, store)
    assert tried.returncode == 1
    assert tried.stderr == f"CommandError: {sentence.format(port=port)}\n"
    assert not (store.practice / "network.json").exists()


@pytest.mark.parametrize("store_kind", ["sqlite"])
def test_a_network_of_an_earlier_version_is_one_sentence(founded: Store, tmp_path: Path) -> None:
    """A program with other tables than the one that founded it says what to do, and changes nothing."""
    other = tmp_path / "ortoo"
    left_out = shutil.ignore_patterns(".*", "node_modules", "dist", "docs", "tests", "practice", "__pycache__")
    shutil.copytree(REPOSITORY, other, ignore=left_out)
    initial = other / "referrals" / "migrations" / "0001_initial.py"
    initial.write_text(initial.read_text() + "\n# Since then a column is called otherwise.\n")
    before = (founded.practice / "network.json").read_bytes()

    tried = run_practice(other, "0", founded)

    assert tried.returncode == 1
    assert tried.stderr == (
        f"CommandError: The practice network in {founded.practice}/ was made by another version of Ortoo. Removing "
        "that folder forgets it, with all that was sent in it and the keys of its members; the next `make run` founds "
        "a new one.\n"
    )
    assert (founded.practice / "network.json").read_bytes() == before


def run_practice(program: Path, port: str, store: Store) -> subprocess.CompletedProcess[str]:
    """The command of a checkout that is to refuse, on this store; what it said."""
    return subprocess.run(
        [sys.executable, program / "manage.py", "run_practice", "--port", port],
        cwd=program,
        env=store.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def network(hub: Hub) -> dict[str, str]:
    read: dict[str, str] = json.loads((hub.practice / "network.json").read_text())
    return read
