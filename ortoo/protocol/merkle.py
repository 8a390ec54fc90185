"""The tree of a log (RFC 9162 §2.1): leaf and node hashes, roots, proofs and their verification."""

import hashlib
from collections.abc import Sequence
from typing import Final

from ortoo.protocol.errors import Refused

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_hashes(entries: Sequence[bytes]) -> list[bytes]:
    """`leaf_hash` of many: without a call for each, which takes as long as the hash."""
    sha256 = hashlib.sha256
    return [sha256(b"\x00" + entry).digest() for entry in entries]


def full_root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes as many as a power of two, quicker than `root`."""
    sha256 = hashlib.sha256
    while len(leaves) > 1:
        pairs = zip(leaves[::2], leaves[1::2], strict=True)
        leaves = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    return leaves[0]


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    growing = Growing()
    for leaf in leaves:
        growing.append(leaf)
    return growing.root()


class Growing:
    """A tree that only grows: the roots of its full subtrees, largest first; constant work to append."""

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    @classmethod
    def of(cls, size: int, peaks: bytes) -> "Growing":
        """The tree of this size, from `peaks`. ValueError where they cannot be those of one."""
        if len(peaks) != 32 * size.bit_count():
            raise ValueError("not the peaks of a tree of this size")
        tree = cls()
        tree.size, tree._peaks = size, [peaks[at : at + 32] for at in range(0, len(peaks), 32)]
        return tree

    @property
    def peaks(self) -> bytes:
        """The roots of its full subtrees, the largest first."""
        return b"".join(self._peaks)

    def copy(self) -> "Growing":
        other = Growing()
        other.size, other._peaks = self.size, list(self._peaks)
        return other

    def append(self, leaf: bytes) -> None:
        """Append a leaf hash."""
        self.size += 1
        node, size = leaf, self.size
        while size % 2 == 0:
            node = node_hash(self._peaks.pop(), node)
            size //= 2
        self._peaks.append(node)

    def root(self) -> bytes:
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """RFC 9162 §2.1.3.1: PATH(index, leaves)."""
    if not 0 <= index < len(leaves):
        raise ValueError("no such leaf")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root(leaves[:split])]


def consistency_proof(leaves: Sequence[bytes], size1: int) -> list[bytes]:
    """RFC 9162 §2.1.4.1: PROOF(size1, leaves)."""
    if not 0 < size1 <= len(leaves):
        raise ValueError("no such tree")
    return _subproof(size1, leaves, whole=True)


def _subproof(size1: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if size1 == len(leaves):
        return [] if whole else [root(leaves)]
    split = _split(len(leaves))
    if size1 <= split:
        return [*_subproof(size1, leaves[:split], whole=whole), root(leaves[split:])]
    return [*_subproof(size1 - split, leaves[split:], whole=False), root(leaves[:split])]


def _split(size: int) -> int:
    """The largest power of two smaller than size."""
    return 1 << ((size - 1).bit_length() - 1)


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], expected: bytes) -> None:
    """RFC 9162 §2.1.3.2; hashes of 32 bytes and the exact length insisted on. Else `proof_invalid`."""
    if not 0 <= index < size or not _are_hashes([leaf, expected, *proof]):
        raise Refused("proof_invalid")
    fn, sn, node = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            raise Refused("proof_invalid")
        if fn & 1 or fn == sn:
            node = node_hash(step, node)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            node = node_hash(node, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or node != expected:
        raise Refused("proof_invalid")


def verify_consistency(size1: int, size2: int, root1: bytes, root2: bytes, proof: Sequence[bytes]) -> None:
    """RFC 9162 §2.1.4.2, for size1 ≥ 1; hashes of 32 bytes and the exact length insisted on. Else `proof_invalid`."""
    if not 1 <= size1 <= size2 or not _are_hashes([root1, root2, *proof]):
        raise Refused("proof_invalid")
    if size1 == size2:
        if proof or root1 != root2:
            raise Refused("proof_invalid")
        return
    path = list(proof)
    if size1 & (size1 - 1) == 0:
        path.insert(0, root1)
    if not path:
        raise Refused("proof_invalid")
    fn, sn = size1 - 1, size2 - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    old = new = path[0]
    for step in path[1:]:
        if sn == 0:
            raise Refused("proof_invalid")
        if fn & 1 or fn == sn:
            old, new = node_hash(step, old), node_hash(step, new)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            new = node_hash(new, step)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0 or old != root1 or new != root2:
        raise Refused("proof_invalid")


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == 32 for value in values)
