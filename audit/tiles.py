"""The logs as plain files (protocol §10; C2SP tlog-tiles), which any static server can serve, and trees read from them.

    <folder>/log/activity/checkpoint            the newest signed note with a quorum
    <folder>/log/activity/signed                the newest note that this hub signed: what it never falls behind again
    <folder>/log/activity/tile/0/000.p/17       tiles and entry bundles, written before the checkpoint that needs them

The path of a log is its origin without the host. What is not there yet is made from the database: a process on another
machine, or one that comes before the sequencer has written, answers the same.
"""

import fcntl
import os
import secrets
import shutil
from pathlib import Path

from audit import guard, log
from audit.files import CHECKPOINT, SIGNED, folder_of
from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import head_of
from ortoo.protocol.errors import Refused
from ortoo.protocol.tiles import ENTRIES, WIDTH, Tile, TiledTree, bundle, tiles_of

_published: dict[str, log.Notes] = {}  # by log: those that this process wrote or found written


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


def is_behind(name: str, newest: log.Notes) -> bool:
    """Whether there is something to `publish`, as far as this process knows."""
    return _published.get(name, log.Notes()) != newest


def publish(name: str, origin: str) -> None:
    """Write what the newest checkpoints need, then these. Safe to repeat and to interrupt.

    One process of a machine does it, and another one that comes meanwhile leaves it.
    """
    folder = folder_of(origin)
    _open_folder(folder)
    with (folder / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        newest = log.newest()[name]
        if newest.signed:
            guard.check(name, origin)
            _write_all(name, origin, newest)
        _published[name] = newest


def _write_all(name: str, origin: str, newest: log.Notes) -> None:
    folder = folder_of(origin)
    for tile in tiles_of(head_of(newest.signed).size, _written(folder)):
        path = folder / tile.path
        if not path.exists():
            _write(path, _made(name, origin, tile))
        if tile.width == WIDTH:  # the partial ones are needed no longer
            shutil.rmtree(path.with_name(f"{path.name}.p"), ignore_errors=True)
    _write(folder / SIGNED, newest.signed.encode())
    if newest.in_force:
        _write(folder / CHECKPOINT, newest.in_force.encode())


def _written(folder: Path) -> int:
    """The size for which all tiles were written."""
    try:
        return head_of((folder / SIGNED).read_text(encoding="utf-8")).size
    except (OSError, ValueError, Refused):
        return 0


def _open_folder(folder: Path) -> None:
    """For everybody to read, whatever this process keeps to itself otherwise (umask)."""
    if not folder.is_dir():
        _open_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)


def _write(path: Path, content: bytes) -> None:
    """For everybody to read, whole or not at all."""
    _open_folder(path.parent)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(0o644)
    partial.replace(path)
