"""Somebody with every right in the database changes something: it is found, and named."""

# ruff: noqa: S608

import asyncio
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast
from uuid import UUID

import pytest

from ortoo import bundle, consenting, forwarding
from ortoo.administration import grouped
from ortoo.attached import Attached
from ortoo.client import Client
from ortoo.consenting import Scope
from ortoo.form import Grant
from ortoo.protocol import merkle, schemas, tiles
from ortoo.protocol.checkpoint import Checkpoint, head_of, sign_checkpoint
from ortoo.protocol.documents import SigningKey, read, unb64
from ortoo.protocol.errors import Refused
from ortoo.receipts import draw, scope, withdraw
from tests import warm
from tests.hubs import Hub
from tests.log import tampering
from tests.log.reading import copied, logged
from tests.members import at_work
from tests.stores import REPOSITORY, Stores
from tests.stories.test_onward import to_iom
from tests.stories.test_taking_back import tonight
from tests.stories.test_withdrawing import consent_of
from tests.stories.test_without_consent import a_child


@dataclass(frozen=True)
class Found:
    table: str
    row: str
    field: str
    how: str
    said: str


@dataclass
class Town:
    """A hub at rest, with referrals of all kinds, and a process that verifies copies of it."""

    practice: Path
    database: bytes
    anchor: str
    seen: str
    process: subprocess.Popen[str]

    @property
    def log_key(self) -> SigningKey:
        return SigningKey(unb64((self.practice / "hub" / "activity.key").read_text(encoding="utf-8").strip()))

    def verify(self, folder: Path, *seen: str, anchor: str | None = None) -> list[Found]:
        asked = {"folder": str(folder), "anchor": anchor or self.anchor, "seen": list(seen)}
        to, back = cast(IO[str], self.process.stdin), cast(IO[str], self.process.stdout)
        to.write(json.dumps(asked) + "\n")
        to.flush()
        return [Found(*one) for one in json.loads(back.readline())]

    def environment(self, copy: "Copy") -> dict[str, str]:
        """Of a process of the hub on the copy."""
        keys = copy.folder / "hub"
        if not keys.exists():
            shutil.copytree(self.practice / "hub", keys)
        own = {"ORTOO_PRACTICE_DIR": str(copy.folder), "DATABASE_URL": f"sqlite:///{copy.folder / 'hub.sqlite3'}"}
        return {**os.environ, **own}

    @contextmanager
    def copy(self, folder: Path) -> Iterator["Copy"]:
        shutil.copytree(self.practice / "logs", folder / "logs")
        (folder / "hub.sqlite3").write_bytes(self.database)
        yield Copy(folder)
        shutil.rmtree(folder)


@dataclass
class Copy:
    folder: Path

    @property
    def log(self) -> Path:
        return self.folder / "logs" / "log" / "activity"

    def ask(self, question: str) -> str:
        with closing(sqlite3.connect(self.folder / "hub.sqlite3")) as database:
            return str(database.execute(question).fetchone()[0])

    def run(self, *statements: str) -> None:
        """As somebody whom no foreign key stops. Each changes something."""
        with closing(sqlite3.connect(self.folder / "hub.sqlite3")) as database, database:
            for one in statements:
                assert database.execute(one).rowcount != 0, f"nothing was changed by {one}"


@pytest.fixture(scope="module")
def town(stores: Stores) -> Iterator[Town]:
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store).start()
        try:
            anchor, seen = asyncio.run(live(hub))
        finally:
            hub.stop()
        environment = store.environment
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.log.verifying"],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield Town(store.practice, copied(store), anchor, seen, process)
        finally:
            process.terminate()
            process.wait(10)


async def live(hub: Hub) -> tuple[str, str]:
    """Days at two agencies: all that is logged, in all states."""
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (plain,) = await nara.send(tonight(1))
        await delger.open_referral(plain.id)
        await nara.message(plain.id, "Ирж явна.")
        await delger.accept(plain.id)
        await delger.start(plain.id, note="Ирлээ.")
        await logged(hub.store)
        (hub.practice / "early.sqlite3").write_bytes(copied(hub.store))
        shutil.copytree(hub.practice / "logs", hub.practice / "early-logs")
        await nara.send(tonight(2))  # and waits
        (declined,) = await nara.send(tonight(3))
        await delger.open_referral(declined.id)
        await delger.decline(declined.id, "no_capacity")
        await delger.confirm_deletion(declined.id)
        (recalled,) = await nara.send(tonight(4))
        await delger.open_referral(recalled.id)
        await nara.recall(recalled.id, "sent_by_mistake")
        (narrowed,) = await nara.send(tonight(5))
        await delger.open_referral(narrowed.id)
        await consenting.withdraw(nara, consent_of(narrowed), Scope(("mgec",), sections=("safety",)))
        (withdrawn,) = await nara.send(tonight(6))
        await delger.open_referral(withdrawn.id)
        await consenting.withdraw(nara, consent_of(withdrawn))
        given, picture = draw("full"), hub.practice / "picture.bin"
        picture.write_bytes(bytes(range(256)) * 8)
        hers = replace(tonight(8), attached={name: (Attached.of(picture),) for name in ("needs", "evidence")})
        (hers_sent,) = await nara.send(hers, given.key(nara.directory.id))
        await delger.open_referral(hers_sent.id)
        async with Client(hub.url) as her:
            await withdraw(her, given.code, [scope(["mgec"], ["safety"])])
        await passed_on(hub)
        await without_consent(hub)
        async with at_work(hub, "nhrcm.bold") as coordinator:
            await coordinator.client.export_trail("csv")
            await coordinator.client.export_trail("json")
        (closed,) = await nara.send(tonight(7))
        await delger.open_referral(closed.id)
        await delger.accept(closed.id)
        await delger.start(closed.id)
        await delger.close(closed.id, "service_given")
        anchor = read(nara.directory.entries[0], schemas.Network).sha256
        await logged(hub.store)
        seen = (hub.practice / "logs" / "log" / "activity" / "checkpoint").read_text(encoding="utf-8")
        return anchor, seen


async def passed_on(hub: Hub) -> None:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "iom.zaya") as zaya,
        at_work(hub, "mgec.delger") as delger,
    ):
        (sent,) = await nara.send(to_iom(8, "give_service", "coordinate"))
        await zaya.accept(sent.id)
        await consenting.new_version(zaya, consent_of(sent), {"mgec": Grant(("needs",), ("give_service",), 30)})
        onward = await forwarding.forward(zaya, sent.id, "mgec", ["needs"])
        await delger.acknowledge(onward.id)


async def without_consent(hub: Hub) -> None:
    """One that was overturned after its recipient had accepted it, one that waits for its second signature."""
    async with (
        at_work(hub, "zu.tuya") as tuya,
        at_work(hub, "zu.bold") as bold,
        at_work(hub, "cfd.tsend") as tsend,
        at_work(hub, "nhrcm.bold") as reviewer,
    ):
        (sent,) = await tuya.send(a_child(9))
        await bold.second(sent.id)
        await tsend.accept(sent.id)
        await reviewer.open_referral(sent.id)
        await reviewer.review(sent.id, "overturned")
        await tuya.send(a_child(10))


def test_what_nobody_changed_is_as_it_was(town: Town, tmp_path: Path) -> None:
    with town.copy(tmp_path / "copy") as copy:
        assert town.verify(copy.folder, town.seen) == []


def test_there_are_more_than_sixty_ways(town: Town) -> None:
    assert len({one.name for one in tampering.ALL}) == len(tampering.ALL) > 100


@pytest.mark.parametrize("tamper", tampering.ALL, ids=lambda one: one.name.replace(" ", "_"))
def test_a_change_is_found_and_named(town: Town, tmp_path: Path, tamper: tampering.Tamper) -> None:
    with town.copy(tmp_path / "copy") as copy:
        row = copy.ask(tamper.row) if tamper.row is not None else ""
        copy.run(*(one.replace("{id}", f"'{row}'") for one in tamper.statements))
        found = town.verify(copy.folder)
        named = [one for one in found if (one.table, one.how) == (tamper.table, tamper.how)]
        named = [one for one in named if tamper.field in ("*", one.field)]
        assert [one for one in named if not row or one.row.replace("-", "") == row.replace("-", "")], found


@pytest.mark.parametrize("path", ["tile/entries/000.p/{size}", "tile/0/000.p/{size}", "checkpoint", "signed"])
def test_a_file_of_the_log_that_was_changed_is_named(town: Town, tmp_path: Path, path: str) -> None:
    with town.copy(tmp_path / "copy") as copy:
        file = copy.log / path.format(size=head_of(town.seen).size)
        data = bytearray(file.read_bytes())
        data[-20] ^= 1
        file.write_bytes(data)
        assert {(one.table, one.row) for one in town.verify(copy.folder)} >= {
            ("log/activity", path.format(size=head_of(town.seen).size))
        }


def test_a_fork_shown_to_one_client_is_found_by_what_it_kept(town: Town, tmp_path: Path) -> None:
    head = head_of(town.seen)
    shown = sign_checkpoint(Checkpoint(head.origin, head.size, bytes(32)), town.log_key)
    with town.copy(tmp_path / "copy") as copy:
        (found,) = town.verify(copy.folder, shown)
        assert (found.table, found.row, found.how) == ("seen", "1", "changed")
        assert "a fork" in found.said


def test_a_checkpoint_signed_by_another_key_is_no_checkpoint(town: Town, tmp_path: Path) -> None:
    with town.copy(tmp_path / "copy") as copy:
        (copy.log / "checkpoint").write_text(sign_checkpoint(head_of(town.seen), SigningKey.generate()))
        (found,) = town.verify(copy.folder)
        assert (found.table, found.row, found.field, found.how) == ("log/activity", "checkpoint", "note", "changed")


def test_a_rollback_from_an_old_backup_is_found(town: Town, tmp_path: Path) -> None:
    """Of the database alone by the log's own files; of these too, by what somebody outside has seen."""
    with town.copy(tmp_path / "copy") as copy:
        (copy.folder / "hub.sqlite3").write_bytes((town.practice / "early.sqlite3").read_bytes())
        assert ("audit_tree", "activity", "size", "removed") in named(town.verify(copy.folder))
        shutil.rmtree(copy.folder / "logs")
        shutil.copytree(town.practice / "early-logs", copy.folder / "logs")
        assert town.verify(copy.folder) == []  # by itself it is whole
        assert ("audit_tree", "activity", "size", "removed") in named(town.verify(copy.folder, town.seen))


def test_a_history_without_its_last_step_that_the_logs_own_key_signed_anew_is_found(town: Town, tmp_path: Path) -> None:
    """Somebody with the database, the files and the log's key takes a step out everywhere: only what others have seen
    tells it, and tells it for certain.
    """
    with town.copy(tmp_path / "copy") as copy:
        size = head_of(town.seen).size
        entries = tiles.parse_bundle((copy.log / "tile" / "entries" / "000.p" / str(size)).read_bytes())[:-1]
        hashes = [merkle.leaf_hash(one) for one in entries]
        growing = merkle.Growing()
        for one in hashes:
            growing.append(one)
        head = Checkpoint(head_of(town.seen).origin, size - 1, growing.root())
        note = sign_checkpoint(head, town.log_key)
        (copy.log / "tile" / "entries" / "000.p" / str(size - 1)).write_bytes(tiles.bundle(entries))
        (copy.log / "tile" / "0" / "000.p" / str(size - 1)).write_bytes(b"".join(hashes))
        for name in ("signed", "checkpoint"):
            (copy.log / name).write_text(note, encoding="utf-8")
        last = f'SELECT document FROM audit_leaf WHERE "index" = {size - 1}'  # the close of the last referral
        event = f"SELECT id FROM referrals_event WHERE sha256 = ({last})"
        referral = copy.ask(f"SELECT referral_id FROM referrals_event WHERE id = ({event})")
        copy.run(
            f"DELETE FROM referrals_trailentry WHERE type = 'closed' AND referral_id = '{referral}'",
            f"DELETE FROM referrals_event WHERE id = ({event})",
            "UPDATE referrals_referral SET state = 'under_way', steps = steps - 1, empties_at = NULL"
            f" WHERE id = '{referral}'",
            f'DELETE FROM audit_leaf WHERE "index" = {size - 1}',
            f"DELETE FROM audit_checkpoint WHERE tree_id = 'activity' AND size >= {size - 1}",
            f"UPDATE audit_tree SET size = {size - 1}, in_force = {size - 1}, peaks = x'{growing.peaks.hex()}'"
            " WHERE log = 'activity'",
            "INSERT INTO audit_checkpoint (size, root, note, signed_at, tree_id) VALUES"
            f" ({size - 1}, x'{head.root.hex()}', '{note}', '2026-01-01', 'activity')",
        )
        assert town.verify(copy.folder) == []
        assert named(town.verify(copy.folder, town.seen)) == [("audit_tree", "activity", "size", "removed")]


def test_another_network_than_on_paper_is_none(town: Town, tmp_path: Path) -> None:
    with town.copy(tmp_path / "copy") as copy:
        found = town.verify(copy.folder, anchor="A" * 43)
        assert named(found)[0] == ("audit_entry", "0", "data", "illegal")


def test_the_command_names_it_and_goes_on_where_it_was(town: Town, tmp_path: Path) -> None:
    """With several processes; a clean run is remembered, and the next one looks only at what is new."""
    state = tmp_path / "state.json"
    with town.copy(tmp_path / "copy") as copy:
        environment = town.environment(copy)
        arguments = ["verify", "--network", grouped(unb64(town.anchor)), "--workers", "2", "--state", str(state)]

        def run(*more: str) -> tuple[int, str, str]:
            done = warm.run(REPOSITORY / "manage.py", [*arguments, *more], environment=environment, timeout=120)
            return done.returncode, done.stdout, done.stderr

        code, said, error = run()
        assert (code, said) == (0, "All of it is as it was signed and logged.\n"), error
        kept = json.loads(state.read_text(encoding="utf-8"))
        assert (kept["size"], kept["done"], len(kept["verified"])) == (head_of(town.seen).size, None, 2)
        copy.run(f"UPDATE referrals_referral SET urgency = 'routine' WHERE id = ({tampering.PLAIN})")
        assert run("--new")[0] == 0  # of an old row, and so it is not looked at
        last = str(UUID(copy.ask("SELECT max(id) FROM referrals_consent")))
        state.write_text(json.dumps(json.loads(state.read_text(encoding="utf-8")) | {"done": last}))
        assert run()[0] == 0  # it goes on where it was interrupted, behind that row; the next one begins anew
        code, said, error = run()
        assert (code, error) == (1, "1 things are not as they were signed and logged.\n")
        row = str(UUID(copy.ask(tampering.PLAIN)))
        assert re.fullmatch(
            rf"changed: referrals_referral {row} of 20\S+Z, urgency: What was signed gives \w+\.\n", said
        )
        state.write_text("[]")
        assert run()[0] == 1


def test_an_auditor_judges_a_bundle_without_the_hub(town: Town, tmp_path: Path) -> None:
    """All that was logged, or one consent's; what somebody changes in it afterwards is found, or refused."""
    path, part = tmp_path / "bundle.jsonl", tmp_path / "part.jsonl"
    size = head_of(town.seen).size
    fingerprint = ("--fingerprint", grouped(unb64(town.anchor)))
    with town.copy(tmp_path / "copy") as copy:
        consent = str(UUID(copy.ask(tampering.CONSENT)))
        for arguments in (["export_log", str(path)], ["export_log", str(part), "--consent", consent]):
            done = warm.run(REPOSITORY / "manage.py", arguments, environment=town.environment(copy), timeout=120)
            assert done.returncode == 0, done.stderr
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    assert not path.stat().st_mode & 0o077

    def judged(text: str) -> tuple[int, Any]:
        path.write_text(text, encoding="utf-8")
        run = warm.run(
            warm.CLI, ["--json", "audit", "verify", str(path), *fingerprint], environment=dict(os.environ), timeout=60
        )
        said = json.loads(run.stdout or run.stderr)
        return run.returncode, said

    code, said = judged("".join(lines))
    assert (code, said["bundle"]["documents"], said["bundle"]["whole"], said["bundle"]["findings"]) == (
        0,
        size,
        True,
        [],
    )
    code, said = judged(part.read_text(encoding="utf-8"))
    assert (code, said["bundle"]["documents"], said["bundle"]["whole"]) == (0, 7, False)

    place = next(number for number, line in enumerate(lines) if '"kind":"event"' in line)
    without, moved, changed = list(lines), list(lines), list(lines)
    del without[place]
    moved[place], moved[place + 1] = moved[place + 1], moved[place]
    changed[place] = changed[place].replace('"index":', '"index":1')
    for one in (without, moved, changed, lines[:-1], [*lines, lines[place]], ["[]\n"], lines[1:]):
        assert judged("".join(one))[0] in (2, 4)
    assert bundle_codes(without, town) == bundle_codes(changed, town) == "hash_mismatch"
    other = [lines[0].replace('"id":"0', '"id":"1'), *lines[1:]]
    assert bundle_codes(other, town) == "hash_mismatch"
    with pytest.raises(Refused, match="directory_fork"):
        bundle.verify(lines, "A" * 43)


def bundle_codes(lines: list[str], town: Town) -> str:
    with pytest.raises(Refused) as refused:
        bundle.verify(lines, town.anchor)
    return refused.value.code


def test_a_bundle_that_the_hubs_own_key_signed_over_what_was_not_logged_names_it(town: Town, tmp_path: Path) -> None:
    """The hub's key vouches for nothing but that it was the hub who exported."""
    with town.copy(tmp_path / "copy") as copy:
        copy.run(
            'UPDATE referrals_event SET envelope = replace(envelope, \'"sig":"\', \'"sig":"AAAA\')'
            f" WHERE id = ({tampering.ACCEPTED})",
            'UPDATE audit_leaf SET salt = zeroblob(32) WHERE "index" = 0',
        )
        path = tmp_path / "bundle.jsonl"
        done = warm.run(
            REPOSITORY / "manage.py", ["export_log", str(path)], environment=town.environment(copy), timeout=120
        )
        assert done.returncode == 0, done.stderr
        with path.open(encoding="utf-8") as lines:
            found = bundle.verify(lines, town.anchor)
        assert [(one.field, one.how) for one in found.findings if one.row == "at place 0"] == [("proof", "changed")]
        assert ("event", "envelope", "changed") in [(one.table, one.field, one.how) for one in found.findings]
        assert (found.documents, found.whole) == (head_of(town.seen).size - 1, False)


def named(found: list[Found]) -> list[tuple[str, str, str, str]]:
    return [(one.table, one.row, one.field, one.how) for one in found]
