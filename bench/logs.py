"""What the log costs, beside the bare primitives in the same language; as JSON, from a process on the bench's store."""

import hashlib
import json
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import django
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

django.setup()

from agencies import directory, sequencing  # noqa: E402 - after Django is set up
from audit import log  # noqa: E402
from audit.verifying import Rebuilding  # noqa: E402
from ortoo.protocol import documents, merkle, schemas  # noqa: E402
from ortoo.protocol.documents import SigningKey, b64, sha256, sign  # noqa: E402
from ortoo.protocol.tiles import WIDTH, Tile, TiledTree, bundle, tiles_of  # noqa: E402

LEAVES: Final = 20_000  # that are integrated
SIGNATURES: Final = 3_000
PROOFS: Final = 200


def timed(work: Callable[[], object]) -> float:
    """Seconds; the better of two, since others are on the machine."""
    took = []
    for _ in range(2):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def integration() -> float:
    """Leaves a second, from the queue into signed trees and files."""
    for _ in range(0, LEAVES, 1000):
        log.queue(secrets.token_bytes(32) for _ in range(1000))
    began = time.perf_counter()
    sequencing.integrate()
    return LEAVES / (time.perf_counter() - began)


def tiles(folder: Path, count: int) -> None:
    """The files of a log of random entries."""
    levels: dict[int, list[bytes]] = {0: []}
    entries = [secrets.token_bytes(32) for _ in range(count)]
    levels[0] = [merkle.leaf_hash(one) for one in entries]
    for tile in tiles_of(count):
        path = folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        begin = tile.index * WIDTH
        if tile.level < 0:
            path.write_bytes(bundle(entries[begin : begin + tile.width]))
            continue
        if tile.level not in levels:
            below = levels[tile.level - 1]
            levels[tile.level] = [merkle.root(below[at : at + WIDTH]) for at in range(0, len(below) - WIDTH + 1, WIDTH)]
        path.write_bytes(b"".join(levels[tile.level][begin : begin + tile.width]))


def rebuild(folder: Path, count: int) -> None:
    rebuilding = Rebuilding(folder, count, [count])
    roots = [root for entries in rebuilding.bundles() for root in rebuilding.take(entries)]
    rebuilding.finish()
    assert len(roots) == 1
    assert not rebuilding.wrong


def bare(count: int) -> None:
    """As many hashes of the same lengths: a leaf's and a node's for each."""
    leaf, node = bytes(33), bytes(65)
    for _ in range(count):
        hashlib.sha256(leaf).digest()
        hashlib.sha256(node).digest()


def proofs(folder: Path, count: int) -> dict[str, float]:
    """Of a proof alone: tiles that are read, hashes in it, milliseconds."""
    read: list[Tile] = []

    def fetch(tile: Tile) -> bytes:
        read.append(tile)
        return (folder / tile.path).read_bytes()

    began, hashes = time.perf_counter(), 0
    for at in range(PROOFS):
        hashes += len(TiledTree(count, fetch).inclusion_proof(at * count // PROOFS))
    took = time.perf_counter() - began
    return {"tiles": len(read) / PROOFS, "hashes": hashes / PROOFS, "ms": 1000 * took / PROOFS}


def signatures() -> tuple[float, float]:
    """Seconds for checking documents, and for the bare verification of as many."""
    key = SigningKey.generate()
    named = schemas.Named(id=documents.new_id(), sha256=b64(sha256(b"")))
    what = schemas.What(code="measured", agency=None, count=None)
    body = schemas.Record(
        network=documents.new_id(), at="2026-01-01T00:00:00Z", id=documents.new_id(), on=named, what=what
    )
    signed = [sign(body, key) for _ in range(1)] * SIGNATURES
    public, message = Ed25519PublicKey.from_public_bytes(key.public), signed[0].pae
    signature = signed[0].signatures[0].sig

    def ours() -> None:
        for one in signed:
            documents.verify(one, key.public)

    def alone() -> None:
        for _ in signed:
            public.verify(signature, message)

    return timed(ours), timed(alone)


def memory() -> int:
    """The most that this process ever had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def make(folder: Path, count: int) -> None:
    """In a process of its own, whose memory is not counted."""
    subprocess.run([sys.executable, "-m", "bench.logs", "make", str(folder), str(count)], check=True)


def main() -> None:
    if sys.argv[1] == "make":
        tiles(Path(sys.argv[2]), int(sys.argv[3]))
        return
    count = int(sys.argv[1])
    directory.in_force()
    with tempfile.TemporaryDirectory(prefix="ortoo-") as name:
        small, large = Path(name) / "small", Path(name) / "large"
        make(small, 1000)
        make(large, count)
        rebuild(small, 1000)
        before = memory()
        found = {"rebuilding": (timed(lambda: rebuild(large, count)), timed(lambda: bare(count)))}
        grown = memory() - before
        cost = {"1000": proofs(small, 1000), str(count): proofs(large, count)}
    found["signatures"] = signatures()
    print(json.dumps({**found, "count": count, "grown": grown, "proofs": cost, "integrated": integration()}))


main()
