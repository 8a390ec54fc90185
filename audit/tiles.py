"""The logs as plain files (protocol §10; C2SP tlog-tiles), which any static server can serve, and trees read from them.

    <folder>/log/activity/checkpoint            the newest signed note with a quorum
    <folder>/log/activity/signed                the newest note that this hub signed: what it never falls behind again
    <folder>/log/activity/tile/0/000.p/17       tiles and entry bundles, written before the checkpoint that needs them

The path of a log is its origin without the host. What is not there yet is made from the database: a process on another
machine, or one that comes before the sequencer has written, answers the same.
"""

import os
import secrets
from pathlib import Path

from django.conf import settings

from audit import log
from ortoo.protocol import merkle
from ortoo.protocol.tiles import ENTRIES, WIDTH, Tile, TiledTree, bundle, tiles_of

CHECKPOINT = "checkpoint"
SIGNED = "signed"


def folder_of(origin: str) -> Path:
    """Where the files of the log of this origin lie."""
    return Path(settings.ORTOO_LOG_DIR) / path_of(origin)


def path_of(origin: str) -> str:
    """`log/activity` of `hub.example/log/activity`."""
    return origin.partition("/")[2]


def tree(name: str, origin: str, size: int) -> TiledTree:
    """The tree of this size, which is committed."""
    return TiledTree(size, lambda tile: read(name, origin, tile))


def read(name: str, origin: str, tile: Tile) -> bytes:
    """The tile, which a tree that is committed has."""
    try:
        return (folder_of(origin) / tile.path).read_bytes()
    except OSError:
        return _made(name, origin, tile)


def _made(name: str, origin: str, tile: Tile) -> bytes:
    if tile.level <= 0:
        begin = tile.index * WIDTH
        entries = log.entries(name, begin, begin + tile.width)
        if len(entries) != tile.width:
            raise LookupError(f"the {name} log lacks an entry below {begin + tile.width}")
        return bundle(entries) if tile.level == ENTRIES else b"".join(map(merkle.leaf_hash, entries))
    below = (Tile(tile.level - 1, tile.index * WIDTH + at, WIDTH) for at in range(tile.width))
    return b"".join(_root_of(read(name, origin, one)) for one in below)


def _root_of(full: bytes) -> bytes:
    growing = merkle.Growing()
    for at in range(0, len(full), 32):
        growing.append(full[at : at + 32])
    return growing.root()


def publish(name: str, origin: str) -> None:
    """Write what the newest checkpoints need, then these. Safe to repeat, to interrupt, and to run twice at once."""
    signed, in_force = log.newest_signed(name), log.newest_in_force(name)
    if signed is None:
        return
    folder = folder_of(origin)
    for tile in tiles_of(signed.size, _written(folder)):
        path = folder / tile.path
        if not path.exists():
            _write(path, _made(name, origin, tile))
    _write(folder / SIGNED, signed.note.encode())
    if in_force is not None:
        _write(folder / CHECKPOINT, in_force.note.encode())


def _written(folder: Path) -> int:
    """The size for which all tiles were written."""
    try:
        return int((folder / SIGNED).read_text(encoding="utf-8").split("\n")[1])
    except (OSError, ValueError, IndexError):
        return 0


def _write(path: Path, content: bytes) -> None:
    """For everybody to read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(0o644)
    partial.replace(path)
