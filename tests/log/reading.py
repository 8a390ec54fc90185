"""The log as somebody reads it who has its files alone, and what the database says beside them."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import Checkpoint, head_of
from ortoo.protocol.documents import ctx, sha256
from ortoo.protocol.tiles import Tile, TiledTree, parse_bundle, tiles_of
from tests.stores import Store

LOGGED = (
    "referrals_referral",
    "referrals_event",
    "referrals_decision",
    "referrals_withdrawal",
    "coordination_export",
)


def folder(store: Store, log: str = "activity") -> Path:
    return store.practice / "logs" / "log" / log


def head(store: Store, log: str = "activity") -> Checkpoint:
    return head_of((folder(store, log) / "checkpoint").read_text(encoding="utf-8"))


def entries(at: Path, size: int) -> list[bytes]:
    """All entries of a tree of this size; its root, computed from them and from the tiles, is that of its files."""
    found: list[bytes] = []
    for tile in tiles_of(size):
        if tile.level < 0:
            found += parse_bundle((at / tile.path).read_bytes())
    hashes = [merkle.leaf_hash(entry) for entry in found]

    def fetch(tile: Tile) -> bytes:
        return (at / tile.path).read_bytes()

    assert len(found) == size
    assert TiledTree(size, fetch).root() == merkle.root(hashes)
    return found


def leaves(store: Store) -> list[tuple[int | None, bytes, bytes]]:
    """Place, salt and H(document) of each leaf in the database, in the order of acceptance."""
    rows = store.execute('SELECT "index", salt, document FROM audit_leaf ORDER BY id')
    return [(index, bytes(salt), bytes(document)) for index, salt, document in rows]


def documents(store: Store) -> list[bytes]:
    """H of each document that has to be logged."""
    return [
        bytes(sha256)
        for table in LOGGED
        for (sha256,) in store.execute(f"SELECT sha256 FROM {table}")  # noqa: S608
    ]


def check_whole(store: Store) -> int:
    """No leaf is lost, none is there twice, and no two checkpoints disagree. Gives the size of the log."""
    found = leaves(store)
    size = head(store).size
    assert sorted(document for _, _, document in found) == sorted(documents(store))
    assert sorted(index for index, _, _ in found if index is not None) == list(range(size))
    by_place = {index: sha256(ctx("leaf", salt, document)) for index, salt, document in found}
    logged = entries(folder(store), size)
    assert logged == [by_place[index] for index in range(size)]
    hashes = [merkle.leaf_hash(entry) for entry in logged]
    signed = store.execute("SELECT size, root FROM audit_checkpoint WHERE tree_id = 'activity'")
    for at, root in signed:
        assert bytes(root) == merkle.root(hashes[:at])
    assert len({at for at, _ in signed}) == len(signed)
    assert head(store).root == merkle.root(hashes)
    return size


def copied(store: Store) -> bytes:
    """A backup of an SQLite database."""
    with closing(sqlite3.connect(store.database_url.removeprefix("sqlite:///"))) as database:
        return database.serialize()


def restore(store: Store, backup: bytes) -> None:
    for path in store.practice.glob("hub.sqlite3*"):
        path.unlink()
    (store.practice / "hub.sqlite3").write_bytes(backup)


async def until(true: Callable[[], bool], within: float = 30) -> None:
    async with asyncio.timeout(within):
        while not true():
            await asyncio.sleep(0.02)


async def logged(store: Store) -> int:
    """Wait until everything that was accepted is in the log's files; `check_whole`."""

    def done() -> bool:
        path = folder(store) / "checkpoint"
        return path.exists() and head(store).size == len(documents(store))

    await until(done, 30)
    return check_whole(store)
