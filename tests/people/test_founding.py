"""A real network begins: its coordinators sign on their own machines, witnesses see it, an agency is admitted.

No practice folder anywhere: a production hub behind nginx, and the installed command, as people would use it.
"""

import json
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.make_keys import make
from ortoo.protocol.checkpoint import cosign
from ortoo.protocol.documents import SigningKey
from tests import warm
from tests.cli.conftest import Ortoo
from tests.deploy.served import HOST, Nginx, Process
from tests.people.terminal import Person, wrong
from tests.stores import REPOSITORY, Store, Stores


@dataclass
class RealHub:
    """One process behind nginx, on a PostgreSQL that is migrated and holds nothing."""

    store: Store
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        keys = self.store.folder / "keys"
        keys.mkdir(mode=0o700)
        make(keys)
        given = {name: value for name, value in self.store.environment.items() if name != "ORTOO_PRACTICE_DIR"}
        self.environment = given | {
            "ORTOO_ALLOWED_HOSTS": HOST,
            "ORTOO_TRUSTED_PROXY": "unix",
            "ORTOO_SECRET_KEY_FILE": str(keys / "secret_key"),
            "ORTOO_HUB_KEY_FILE": str(keys / "hub.key"),
            "ORTOO_DIRECTORY_LOG_KEY_FILE": str(keys / "directory.key"),
            "ORTOO_ACTIVITY_LOG_KEY_FILE": str(keys / "activity.key"),
            "ORTOO_LOG_DIR": str(self.store.folder / "logs"),
        }
        socket = self.store.folder / "hub.sock"
        self.process, self.nginx = (
            Process(self.store.folder, self.environment, socket),
            Nginx(self.store.folder / "nginx", [socket]),
        )

    @contextmanager
    def running(self) -> Iterator["RealHub"]:
        try:
            self.process.start()
            self.nginx.start()
            yield self
        finally:
            self.nginx.stop()
            self.process.stop()

    def manage(self, *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        with warm.open_temporary() as typing:
            typing.write(typed.encode())
            typing.seek(0)
            program = REPOSITORY / "manage.py"
            return warm.run(program, arguments, environment=self.environment, stdin=typing, timeout=60)

    def takes(self, *signed: Path) -> "subprocess.CompletedProcess[str]":
        return self.manage("found", "take", typed="".join(one.read_text() for one in signed))

    @property
    def is_ready(self) -> bool:
        with self.process.client as client:
            return client.get("/readyz").status_code == httpx.codes.OK


@pytest.fixture
def hub(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealHub]:
    with stores.opened("postgres", "migrated") as store:
        hub = RealHub(store)
        monkeypatch.setenv("SSL_CERT_FILE", str(hub.nginx.certificate))
        with hub.running():
            yield hub


@dataclass
class Coordinator:
    """Somebody with a machine of the own and a key in a file."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.passphrase = self.folder / f"{self.name}.passphrase"
        self.passphrase.write_text("correct horse of " + self.name)
        self.key = self.folder / f"{self.name}.json"
        self.public = self.command().json("coordinators", "key", "--file", str(self.key))["coordinator"]

    def command(self) -> Ortoo:
        ortoo = Ortoo(self.folder / "no practice")
        ortoo.environment |= {"ORTOO_KEY_PASSPHRASE_FILE": str(self.passphrase), "LANG": "en_GB.UTF-8"}
        return ortoo

    @property
    def named(self) -> list[str]:
        return ["--coordinator", f"{self.public['id']}:{self.public['key']}"]

    def signs(self, draft: Path, to: str = "signed") -> Path:
        out = self.folder / f"{self.name}-{to}.json"
        done = self.command().json(
            "coordinators", "found", str(draft), "--key", str(self.key), "--out", str(out), "--yes"
        )
        assert done["signed"] == str(out)
        return out


@dataclass
class WitnessAtWork:
    """A witness with a machine of its own."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.file = self.folder / f"{self.name[-2:]}.json"
        self.ortoo = Ortoo(self.folder / "no practice")
        self.ortoo.environment |= {"ORTOO_HOME": str(self.folder / self.name[-2:]), "LANG": "en_GB.UTF-8"}
        self.key = self.ortoo.json("witness", "key", "--name", self.name, "--file", str(self.file))["witness"]["key"]

    def works(self, hub: RealHub, fingerprint: str) -> "subprocess.CompletedProcess[str]":
        where = ("--hub", hub.nginx.url, "--fingerprint", fingerprint)
        return self.ortoo("--json", "witness", "run", "--file", str(self.file), *where, "--once")

    @contextmanager
    def keeps_working(self, hub: RealHub, fingerprint: str) -> Iterator[None]:
        where = ("--hub", hub.nginx.url, "--fingerprint", fingerprint, "--every", "1")
        process = self.ortoo.started("witness", "run", "--file", str(self.file), *where)
        try:
            yield
        finally:
            process.terminate()
            process.communicate(timeout=15)


def test_a_real_network_from_nothing_to_the_first_agency(hub: RealHub, tmp_path: Path) -> None:
    bold, emma, bat = (Coordinator(tmp_path / "keys", name) for name in ("bold", "emma", "bat"))
    first, second = (WitnessAtWork(tmp_path / "witnesses", f"witness.example/{name}") for name in ("w1", "w2"))
    named, witnesses = [*bold.named, *emma.named, *bat.named], ["--witness", first.key, "--witness", second.key]
    assert "PRIVATE" in bold.key.read_text()
    assert not hub.is_ready
    assert "No network has been founded" in hub.manage("found").stderr

    # What the protocol refuses is refused before anybody signs.
    draft = tmp_path / "network.json"
    for wrong_one, said in (
        ([*named, *witnesses, "--threshold", "3", "--quorum", "2"], "below the number of coordinators"),
        ([*named, *witnesses, "--threshold", "1", "--quorum", "2"], "any single coordinator"),
        ([*named, "--threshold", "2", "--quorum", "0"], "at least one of the witnesses"),
        ([*named, *witnesses, "--threshold", "2", "--quorum", "3"], "at least one of the witnesses"),
        ([*named, *bold.named, *witnesses, "--threshold", "2", "--quorum", "2"], "same coordinator or key"),
        ([*named, "--witness", "nonsense", "--threshold", "2", "--quorum", "1"], "malformed"),
    ):
        refused = hub.manage("found", "draft", *wrong_one)
        assert refused.returncode, wrong_one
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
        assert refused.stdout == ""
    assert "Nothing came" in hub.takes().stderr
    drafted = hub.manage("found", "draft", *named, *witnesses, "--threshold", "2", "--quorum", "2")
    assert "3 coordinators, of whom 2 decide together" in drafted.stderr
    draft.write_text(drafted.stdout)

    # Each looks at it and signs on the own machine; nobody else can.
    stranger = Coordinator(tmp_path / "stranger", "stranger")
    out = tmp_path / "stranger.json"
    theirs = ("--key", str(stranger.key), "--out", str(out), "--yes")
    refused = stranger.command()("coordinators", "found", str(draft), *theirs)
    assert (refused.returncode, "does not name the key" in refused.stderr) == (2, True)
    assert not out.exists()
    one, two = bold.signs(draft), emma.signs(draft)
    early = hub.takes(one)
    assert "1 of 2 signatures are there" in early.stderr
    assert bat.public["id"] in early.stderr
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(json.loads(draft.read_text()) | {"hub_key": stranger.public["key"]}))
    other = hub.takes(one, emma.signs(changed, "fooled"))
    assert "two different networks" in other.stderr
    assert "No network has been founded" in hub.manage("found").stderr

    taken = hub.takes(one, two)
    assert taken.returncode == 0, taken.stderr
    assert "1 entries, 0 in force" in taken.stdout
    fingerprint = taken.stdout.split("\n\n")[1].strip()
    assert hub.takes(two, one).stdout == taken.stdout
    again = hub.manage("found", "draft", *named, *witnesses, "--threshold", "2", "--quorum", "2")
    assert "on this hub already" in again.stderr

    # Nothing is in force before the witnesses have seen it: one of two is not enough.
    assert not hub.is_ready
    saruul = Person("saruul", tmp_path)
    waits = saruul.at_the_keyboard("apply", "nhrcm", *NHRCM, "--hub", hub.nginx.url, "--fingerprint", fingerprint)
    waits.reads("No network is in force")
    assert waits.ends() == 1
    assert first.works(hub, fingerprint).stdout == '{"log": "directory", "cosigned": 1}\n'
    assert first.works(hub, fingerprint).stdout == ""  # seen before
    assert not hub.is_ready
    assert "has not yet cosigned: witness.example/w2" in hub.manage("found").stdout
    strange = WitnessAtWork(tmp_path / "witnesses", "witness.example/w3").works(hub, fingerprint)
    assert (strange.returncode, "does not name this witness" in strange.stdout) == (1, True)
    assert second.works(hub, fingerprint).stdout == '{"log": "directory", "cosigned": 1}\n'
    assert hub.is_ready
    assert "1 entries, 1 in force" in hub.manage("found").stdout
    other_paper = first.works(hub, "aaaa " * 13)
    assert other_paper.returncode == 4

    # Nobody else's word counts.
    with httpx.Client(base_url=hub.nginx.url, verify=ssl.create_default_context()) as client:
        note = asked(client, "query { directoryToCosign { checkpoint { note size } } }")["data"]
        note = note["directoryToCosign"]["checkpoint"]["note"]
        forged = cosign(note, "witness.example/w1", SigningKey.generate(), datetime.now(UTC))
        for size, line, code in (
            (1, forged, "checkpoint_unwitnessed"),
            (1, "nonsense", "malformed"),
            (2, forged, "not_found"),
            (0, forged, "not_found"),
            (-1, forged, "not_found"),
        ):
            answer = asked(client, COSIGN, size=size, line=line)
            assert answer["errors"][0]["extensions"]["code"] == code, answer

    # The first agency: its administrator is a coordinator; another coordinator waits to be admitted, too.
    applies(saruul, hub, fingerprint, "nhrcm", NHRCM)
    erik = Person("erik", tmp_path)
    applies(erik, hub, fingerprint, "iom", IOM)
    unproven = saruul.command()("coordinators", "applications")
    assert (unproven.returncode, "with a coordinator's key" in unproven.stderr) == (1, True)
    listed = signing(saruul, bold, "coordinators", "applications")["applications"]
    assert [each["handle"] for each in listed] == ["nhrcm", "iom"]
    heard = ("--number", saruul.number, "--yes")
    false = saruul.command(ORTOO_KEY_PASSPHRASE_FILE=str(bold.passphrase))(
        "coordinators", "admit", "nhrcm", "--key", str(bold.key), "--number", wrong(saruul.number), "--yes"
    )
    assert false.returncode == 4
    proposal = signing(saruul, bold, "coordinators", "admit", "nhrcm", "--may", "coordinate", *heard)["proposal"]
    assert proposal == {"signatures": 1, "threshold": 2, "taken": False, "in_force": False}
    proposal = signing(erik, emma, "coordinators", "sign", "nhrcm", *heard)["proposal"]
    assert proposal == {"signatures": 2, "threshold": 2, "taken": True, "in_force": False}
    assert saruul.json("waiting")["waiting"]["administrators"] == []

    early = saruul.command()("members", "begin")
    assert (early.returncode, "not admitted yet" in early.stderr) == (1, True)
    for witness in (first, second):
        assert witness.works(hub, fingerprint).stdout == '{"log": "directory", "cosigned": 2}\n'
    with first.keeps_working(hub, fingerprint), second.keeps_working(hub, fingerprint):
        assert saruul.json("members", "begin") == {"begun": "nhrcm"}
        assert saruul.json("members", "rotate")["epoch"] == 2
    assert "4 entries, 4 in force" in hub.manage("found").stdout

    # What is done is logged, and in force once both have seen it.
    log = hub.store.folder / "logs" / "log" / "activity"
    assert hub.manage("shell", "-c", "from audit import log; log.queue([bytes(32)])").returncode == 0
    assert hub.manage("work", "--once").returncode == 0
    assert ((log / "signed").exists(), (log / "checkpoint").exists()) == (True, False)
    for witness in (first, second):
        assert '{"log": "activity", "cosigned": 1}\n' in witness.works(hub, fingerprint).stdout
    assert hub.manage("work", "--once").returncode == 0
    assert (log / "checkpoint").read_text().count("\u2014 witness.example/") == 2

    # Its operator takes back what was signed: whoever saw it, refuses.
    hub.store.execute("DELETE FROM audit_entry WHERE index >= 2")
    hub.store.execute("DELETE FROM audit_checkpoint WHERE size > 2")
    hub.store.execute("UPDATE audit_tree SET size = 2, in_force = 2")
    rolled_back = first.works(hub, fingerprint)
    assert rolled_back.returncode == 4, rolled_back
    assert "checkpoint_rollback" in rolled_back.stdout


COSIGN = "mutation ($size: Int!, $line: String!) { cosignDirectory(size: $size, line: $line) }"
NHRCM = ("--kind", "human_rights", "--name", "ХЭҮК", "--name-en", "NHRCM", "--admin", "nhrcm.saruul")
IOM = ("--kind", "international", "--name", "ОУШБ", "--name-en", "IOM", "--admin", "iom.erik")


def asked(client: httpx.Client, query: str, **variables: Any) -> Any:
    return client.post("/graphql", json={"query": query, "variables": variables}).json()


def applies(person: Person, hub: RealHub, fingerprint: str, agency: str, named: tuple[str, ...]) -> None:
    names = ("--admin-name", "Саруул", "--admin-name-en", "Saruul", "--login", person.login)
    where = ("--hub", hub.nginx.url, "--fingerprint", fingerprint)
    person.finishes(person.at_the_keyboard("apply", agency, *named, *names, *where))


def signing(person: Person, coordinator: Coordinator, *arguments: str) -> Any:
    """A coordinator's command on the person's machine, with the key in its file."""
    command = person.command(ORTOO_KEY_PASSPHRASE_FILE=str(coordinator.passphrase))
    return command.json(*arguments, "--key", str(coordinator.key))
