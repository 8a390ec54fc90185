"""Logs as plain files: C2SP tlog-tiles, with the specification's own examples."""

import pytest

from ortoo.protocol import merkle
from ortoo.protocol.errors import Refused
from ortoo.protocol.tiles import ENTRIES, WIDTH, Tile, TiledTree, bundle, parse_bundle, parse_path, tiles_of

LEAVES = [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]


def tiles(leaves: list[bytes]) -> dict[str, bytes]:
    """Every tile of a tree, made the slow way: from roots over whole runs of leaves."""
    found = {}
    for tile in tiles_of(len(leaves)):
        if tile.level >= 0:
            span = WIDTH**tile.level
            first = tile.index * WIDTH * span
            runs = (leaves[first + at * span : first + (at + 1) * span] for at in range(tile.width))
            found[tile.path] = b"".join(merkle.root(run) for run in runs)
    return found


def tree(leaves: list[bytes]) -> TiledTree:
    made = tiles(leaves)
    return TiledTree(len(leaves), lambda tile: made[tile.path])


def test_paths_are_those_of_the_specification() -> None:
    assert Tile(0, 1_234_067, WIDTH).path == "tile/0/x001/x234/067"
    assert Tile(ENTRIES, 1_234_067, 8).path == "tile/entries/x001/x234/067.p/8"
    assert Tile(2, 0, 1).path == "tile/2/000.p/1"
    assert parse_path("tile/0/x001/x234/067") == Tile(0, 1_234_067, WIDTH)
    assert parse_path("tile/63/000.p/255") == Tile(63, 0, 255)


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/x000",
        "tile/0/x001234",
        "tile/0/000/",
        "tile/0/../000",
        "tile/0/٠٠٠",
        "tile/entries/000.p/8\n",
        "tile/entries/",
        "checkpoint",
        "",
    ],
)
def test_a_path_that_is_not_exactly_one_is_none(path: str) -> None:
    assert parse_path(path) is None


def test_the_tiles_of_seventy_thousand() -> None:
    found = [tile for tile in tiles_of(70_000) if tile.level >= 0]
    assert [one for one in found if one.width < WIDTH] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert [sum(one.level == level and one.width == WIDTH for one in found) for level in (0, 1, 2)] == [273, 1, 0]
    assert [one.path for one in tiles_of(256)] == ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]
    assert list(tiles_of(0)) == []
    assert list(tiles_of(256, after=256)) == []
    assert [one.path for one in tiles_of(258, after=257)] == ["tile/entries/001.p/2", "tile/0/001.p/2"]
    assert all(one.covers <= 70_000 for one in found)
    assert Tile(1, 1, 18).covers > 70_000


def test_roots_and_proofs_are_those_of_the_leaves() -> None:
    for size in (1, 2, 3, 7, 8, 255, 256, 257, 700):
        of = tree(LEAVES[:size])
        assert of.root() == merkle.root(LEAVES[:size])
        for at in {0, size // 2, size - 1}:
            assert of.inclusion_proof(at) == merkle.inclusion_proof(LEAVES[:size], at)
            assert of.consistency_proof(at + 1) == merkle.consistency_proof(LEAVES[:size], at + 1)
            assert of.root_at(at + 1) == merkle.root(LEAVES[: at + 1])
    for wrong in (-1, 700):
        with pytest.raises(ValueError, match="no such leaf"):
            of.inclusion_proof(wrong)
    for wrong in (0, 701):
        with pytest.raises(ValueError, match="no such tree"):
            of.consistency_proof(wrong)


def test_a_proof_of_seventy_thousand_reads_a_handful_of_tiles() -> None:
    made, read = tiles(LEAVES), list[str]()

    def fetch(tile: Tile) -> bytes:
        read.append(tile.path)
        return made[tile.path]

    root = merkle.root(LEAVES)
    proof = TiledTree(70_000, fetch).inclusion_proof(66_000)
    merkle.verify_inclusion(66_000, 70_000, LEAVES[66_000], proof, root)
    assert len(read) == len(set(read)) <= 6
    proof = TiledTree(70_000, fetch).consistency_proof(65_537)
    merkle.verify_consistency(65_537, 70_000, merkle.root(LEAVES[:65_537]), root, proof)


def test_a_tile_of_another_length_is_refused() -> None:
    with pytest.raises(Refused, match="proof_invalid"):
        TiledTree(3, lambda tile: bytes(64)).root()


def test_bundles_hold_each_entry_behind_its_length() -> None:
    entries = [b"", b"a", bytes(65_535)]
    assert bundle(entries)[:5] == b"\0\0\0\x01a"
    assert parse_bundle(bundle(entries)) == entries
    for broken in (b"\0", b"\0\x02a", bundle(entries)[:-1]):
        with pytest.raises(Refused, match="malformed"):
            parse_bundle(broken)


def test_a_tree_grows_on_from_its_peaks() -> None:
    grown = merkle.Growing()
    for size, leaf in enumerate(LEAVES[:40], start=1):
        grown = merkle.Growing.of(grown.size, grown.peaks)
        grown.append(leaf)
        assert grown.root() == merkle.root(LEAVES[:size])
    for size in (39, 41, 0):
        with pytest.raises(ValueError, match="peaks"):
            merkle.Growing.of(size, grown.peaks)
