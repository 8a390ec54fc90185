"""A client that is shown a different history stops, says so, and keeps what somebody else can judge."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ortoo import evidence
from ortoo.logged import MOST
from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import Checkpoint, head_of, sign_checkpoint
from ortoo.protocol.documents import SigningKey, b64, ctx, sha256, unb64
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.log.reading import head, logged
from tests.members import at_work, plain_form
from tests.people.lying_hub import LyingHub

ORIGIN = "practice.ortoo.example/log/activity"


@pytest.fixture
def store_kind() -> str:
    return "sqlite"


def signed(hub: Hub, size: int, root: bytes, origin: str = ORIGIN) -> dict[str, Any]:
    """A head that the log's own key signed: what a hub can show that keeps two histories."""
    name = origin.rpartition("/")[2]
    key = SigningKey(unb64((hub.practice / "hub" / f"{name}.key").read_text(encoding="utf-8").strip()))
    note = sign_checkpoint(Checkpoint(origin, size, root), key)
    return {"note": note, "size": size, "root": b64(root)}


def shows(checkpoint: dict[str, Any] | None, *consistency: bytes) -> Callable[[dict[str, Any]], dict[str, Any]]:
    said = {"checkpoint": checkpoint, "consistency": [b64(one) for one in consistency]}
    return lambda _: {"activityLog": said}


def explained(hub: Hub, path: str, *arguments: str) -> str:
    ortoo = Ortoo(hub.practice)
    ortoo.environment |= {"LANG": "en_GB.UTF-8"}
    run = ortoo(*arguments, "audit", "evidence", path)
    assert run.returncode == 0, run.stderr
    return str(run.stdout)


async def stopped(lying: LyingHub, hub: Hub) -> Refused:
    with pytest.raises(Refused) as raised:
        async with at_work(hub, "mrc.nara", lying.url):
            pass
    return raised.value


async def test_another_history_stops_the_client_and_is_kept(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        await nara.send(plain_form(1))
        size = await logged(hub.store)
        await nara.sync()
        assert nara.activity == head(hub.store)
        remembered = head_of(nara.memory.now.activity)
    async with LyingHub(hub.url) as lying:
        forked, longer = signed(hub, size, bytes(32)), signed(hub, size + 1, bytes(32))
        smaller = signed(hub, 1, bytes(32))
        for lie, code, verdict, said in (
            (shows(forked), "proof_invalid", "fork", "two different histories of the same length"),
            (shows(smaller), "checkpoint_rollback", "rollback", "shorter history"),
            (shows(None), "checkpoint_rollback", "rollback", "nothing at all"),
            (shows(longer, bytes(32)), "proof_invalid", "unproven", "no valid proof"),
            (shows(longer), "proof_invalid", "unproven", "no valid proof"),
        ):
            lying.lies["ActivityLog"] = lie
            refused = await stopped(lying, hub)
            assert refused.code == code
            path = str(refused.at["evidence"])
            assert evidence.explain(Path(path).read_text(encoding="utf-8")).verdict == verdict
            assert said in explained(hub, path)
            assert json.loads(explained(hub, path, "--json"))["evidence"]["verdict"] == verdict

        # Nothing of it was taken over: the honest hub is believed as before.
        async with at_work(hub, "mrc.nara") as nara:
            assert head_of(nara.memory.now.activity) == remembered

        # What the log has not signed is no evidence against it.
        stranger = sign_checkpoint(Checkpoint(ORIGIN, size, bytes(32)), SigningKey.generate())
        lying.lies["ActivityLog"] = shows({"note": stranger, "size": size, "root": b64(bytes(32))})
        assert "evidence" not in (await stopped(lying, hub)).at
        del lying.lies["ActivityLog"]

        # The directory: another head of the same size.
        entries = nara.directory.size
        other = signed(hub, entries, bytes(32), ORIGIN.replace("activity", "directory"))
        lying.lies["Directory"] = lambda _: {"directory": {"checkpoint": other, "entries": []}}
        refused = await stopped(lying, hub)
        assert refused.code == "directory_fork"
        assert evidence.explain(Path(str(refused.at["evidence"])).read_text(encoding="utf-8")).verdict == "fork"


async def test_evidence_that_was_changed_proves_nothing(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        await nara.send(plain_form(1))
        size = await logged(hub.store)
        await nara.sync()
    async with LyingHub(hub.url) as lying:
        lying.lies["ActivityLog"] = shows(signed(hub, size, bytes(32)))
        path = Path(str((await stopped(lying, hub)).at["evidence"]))
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert evidence.explain(json.dumps(kept)).verdict == "fork"
    forged = sign_checkpoint(Checkpoint(ORIGIN, size, bytes(range(32))), SigningKey.generate())
    for change in ({"shown": forged}, {"seen": forged}, {"shown": kept["seen"]}, {"seen": "nonsense"}, {"seen": ""}):
        assert evidence.explain(json.dumps(kept | change)).verdict == "nothing", change
    document = json.loads(kept["network"])
    document["signatures"] = document["signatures"][:1]
    broken = [kept | {"network": json.dumps(document)}, kept | {"network": ""}, kept | {"evidence": 2}, [], {"log": 1}]
    for one in broken:
        with pytest.raises((ValueError, Refused)):
            evidence.explain(json.dumps(one))
    (path.parent / "broken.json").write_text("{}", encoding="utf-8")
    ortoo = Ortoo(hub.practice)
    assert ortoo("audit", "evidence", str(path.parent / "broken.json")).returncode == 2
    assert ortoo("audit", "evidence", str(path.parent / "none.json")).returncode == 2


async def test_a_leaf_that_is_withheld_is_noticed_and_a_false_proof_is_refused(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(plain_form(1))
        await logged(hub.store)
    async with LyingHub(hub.url) as lying:
        lying.lies["Logged"] = lambda _: {"logged": []}
        async with at_work(hub, "mrc.nara", lying.url) as nara:
            assert nara.synced is not None
            assert nara.synced.withheld == ()  # it may come yet
            unproven = dict(nara.memory.now.unproven)
            assert sent.document.sha256 in unproven
            assert f"referral_sent {sent.id}" in nara.memory.now.named.values()
            long_ago(nara)
            assert (await nara.sync()).withheld == tuple(unproven)

        def another_salt(data: dict[str, Any]) -> dict[str, Any]:
            return {"logged": [one | {"salt": b64(bytes(32))} for one in data["logged"]]}

        def another_place(data: dict[str, Any]) -> dict[str, Any]:
            return {"logged": [one | {"index": one["index"] + 1} for one in data["logged"]]}

        def of_another(data: dict[str, Any]) -> dict[str, Any]:
            return {"logged": [one | {"document": b64(bytes(32))} for one in data["logged"]]}

        for lie in (another_salt, another_place, of_another):
            lying.lies["Logged"] = lie
            assert (await stopped(lying, hub)).code == "proof_invalid"

    async with at_work(hub, "mrc.nara") as nara:  # the honest hub shows it all
        assert nara.memory.now.unproven == {}
        index, salt = nara.memory.now.proven[sent.document.sha256]
        assert nara.activity is not None
        (one,) = await nara.client.logged(nara.activity.size, [sent.document.sha256])
        assert (one.index, one.salt) == (index, salt)
        merkle.verify_inclusion(
            index,
            nara.activity.size,
            merkle.leaf_hash(entry(salt, sent.document.sha256)),
            [unb64(each) for each in one.proof],
            nara.activity.root,
        )

    # A stranger's agency learns nothing of it.
    async with at_work(hub, "coe.bilguun") as stranger:
        assert await stranger.client.logged(nara.activity.size, [sent.document.sha256]) == []
        for size in (0, 10_000):
            with pytest.raises(Refused, match="not_found"):
                await stranger.client.logged(size, [])
        with pytest.raises(Refused, match="limit_exceeded"):
            await stranger.client.logged(nara.activity.size, [b64(bytes(32))] * 101)


async def test_whatever_is_logged_is_found_however_much_it_is(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        await asyncio.gather(*(nara.record(plain_form(number)) for number in range(MOST // 2 + 5)))
        await logged(hub.store)
        assert len(nara.memory.now.unproven) > MOST
        long_ago(nara)  # as after a log that was continued, where all of it is looked for again
        assert (await nara.sync()).withheld == ()
        assert nara.memory.now.unproven == {}


async def test_what_could_not_be_asked_for_is_not_called_withheld(hub: Hub) -> None:
    async with LyingHub(hub.url) as lying, at_work(hub, "mrc.nara", lying.url) as nara:
        await asyncio.gather(*(nara.record(plain_form(number)) for number in range(MOST // 2 + 5)))
        await logged(hub.store)
        long_ago(nara)
        lying.lies["Logged"] = lambda _: {"logged": None}
        assert len((await nara.sync()).withheld) == MOST  # no answer to the first question, and no other was put


def long_ago(session: Session) -> None:
    """As if these had been accepted a quarter of an hour ago."""
    path = session.memory.folder / f"{session.identity.handle}.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["unproven"] = dict.fromkeys(kept["unproven"], "2026-01-01T00:00:00Z")
    path.write_text(json.dumps(kept), encoding="utf-8")
    session.memory.see_proven({})  # read again


def entry(salt: str, document: str) -> bytes:
    return sha256(ctx("leaf", unb64(salt), unb64(document)))
