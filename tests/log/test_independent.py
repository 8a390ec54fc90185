"""Somebody else's program, which shares nothing with this one, verifies the log from its files alone."""

import base64
import json
from pathlib import Path
from typing import Any, Final

import pytest

from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import Policy, head_of
from ortoo.protocol.tiles import TiledTree
from tests.hubs import Hub
from tests.log.reading import entries, folder, logged
from tests.members import at_work, plain_form
from tests.stores import REPOSITORY
from tests.web import node

SCRIPT: Final = REPOSITORY / "tests" / "log" / "verify_log.cjs"


@pytest.fixture
def store_kind() -> str:
    return "sqlite"


def said_of(given: dict[str, Any], file: Path) -> str:
    file.write_text(json.dumps(given), encoding="utf-8")
    run = node.run(node.node(), SCRIPT, file, NODE_PATH=str(node.PACKAGES))
    assert run.returncode == 0, run.stdout
    return run.stdout.strip()


async def test_sigstores_verifier_accepts_both_logs_and_nothing_that_was_changed(hub: Hub, tmp_path: Path) -> None:
    async with at_work(hub, "mrc.nara") as nara:
        for number in range(3):
            await nara.send(plain_form(number))
        await logged(hub.store)
        policy = nara.directory.policy
    for log, at in (("activity", 4), ("directory", 50)):
        given = proven(hub, policy, log, at)
        size = head_of(given["note"]).size
        assert said_of(given, tmp_path / "given.json") == f"verified {size}"
        changed = [
            (given | {"entry": base64.b64encode(b"another").decode()}, "calculated root hash does not match"),
            (given | {"index": at - 1}, "calculated root hash does not match"),
            (given | {"index": size}, "invalid index"),
            (given | {"proof": given["proof"][1:]}, "invalid hash count"),
            (given | {"note": given["note"].replace(f"\n{size}\n", f"\n{size + 1}\n")}, "invalid checkpoint signature"),
        ]
        for one, refusal in changed[:5] if log == "activity" else changed[:1]:
            assert refusal in said_of(one, tmp_path / "given.json")


def proven(hub: Hub, policy: Policy, log: str, index: int) -> dict[str, Any]:
    """A leaf's proof, from the log's files."""
    at = folder(hub.store, log)
    note = (at / "checkpoint").read_text(encoding="utf-8")
    size = head_of(note).size
    tree = TiledTree(size, lambda tile: (at / tile.path).read_bytes())
    entry, key = entries(at, size)[index], policy.log_named(f"/log/{log}")
    merkle.verify_inclusion(index, size, merkle.leaf_hash(entry), tree.inclusion_proof(index), tree.root())

    def text(raw: bytes) -> str:
        return base64.b64encode(raw).decode()

    proof = [text(one) for one in tree.inclusion_proof(index)]
    return {
        "note": note,
        "name": key.name,
        "key": text(key.public),
        "index": index,
        "entry": text(entry),
        "proof": proof,
    }
