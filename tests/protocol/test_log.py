"""Trees and signed heads (protocol §10): RFC 9162 proofs, C2SP notes, cosignatures and policies."""

import base64
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import (
    COSIGNATURE_KEY,
    NOTE_KEY,
    Checkpoint,
    Policy,
    VerifierKey,
    cosign,
    open_checkpoint,
    sign_checkpoint,
    with_cosignature,
)
from ortoo.protocol.documents import SigningKey, ctx, sha256
from ortoo.protocol.errors import Refused
from tests.protocol.network import NOW
from tests.protocol.refusing import refused

# --- trees ------------------------------------------------------------------------------------------------------------


def tree_by_definition(entries: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    left, right = tree_by_definition(entries[:split]), tree_by_definition(entries[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(40)]


@pytest.mark.parametrize("size", range(41))
def test_a_tree_is_that_of_rfc_9162(size: int) -> None:
    assert merkle.root(LEAVES[:size]) == tree_by_definition([bytes([number]) for number in range(size)])


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 40), st.data())
def test_every_proof_verifies_and_no_other(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    proof, root = merkle.inclusion_proof(LEAVES[:size], index), merkle.root(LEAVES[:size])
    merkle.verify_inclusion(index, size, LEAVES[index], proof, root)
    for wrong in (
        (index + 1, size, LEAVES[index], proof, root),
        (index, size, LEAVES[index], [*proof, bytes(32)], root),
        (index, size, LEAVES[index], proof, bytes(32)),
        (index, size, bytes(32), proof, root),
        (index, size, LEAVES[index][:31], proof, root),
        (-1, size, LEAVES[index], proof, root),
        (size, size, LEAVES[index], proof, root),
        *([(index, size, LEAVES[index], proof[:-1], root)] if proof else []),
        *([(index, size, LEAVES[index], [*proof[:-1], proof[-1][:31]], root)] if proof else []),
    ):
        with refused("proof_invalid"):
            merkle.verify_inclusion(*wrong)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 40), st.data())
def test_every_growth_verifies_and_no_other(size2: int, data: st.DataObject) -> None:
    size1 = data.draw(st.integers(1, size2))
    proof = merkle.consistency_proof(LEAVES[:size2], size1)
    root1, root2 = merkle.root(LEAVES[:size1]), merkle.root(LEAVES[:size2])
    merkle.verify_consistency(size1, size2, root1, root2, proof)
    for wrong in (
        (size2 + 1, size2, root1, root2, proof),
        (0, size2, merkle.EMPTY_ROOT, root2, proof),
        (size1, size2, bytes(32), root2, proof),
        (size1, size2, root1, bytes(32), proof),
        (size1, size2, root1, root2, [*proof, bytes(32)]),
        (size1, size2, root1[:31], root2, proof),
        *([(size1, size2, root1, root2, proof[:-1])] if proof else []),
    ):
        with refused("proof_invalid"):
            merkle.verify_consistency(*wrong)


def test_there_is_no_proof_of_what_is_not_there() -> None:
    for index in (-1, 3):
        with pytest.raises(ValueError, match="no such leaf"):
            merkle.inclusion_proof(LEAVES[:3], index)
    for size in (0, 4):
        with pytest.raises(ValueError, match="no such tree"):
            merkle.consistency_proof(LEAVES[:3], size)


def published(folder: Path) -> list[tuple[str, Any]]:
    found = sorted(folder.rglob("*.json"))
    return [(str(path.relative_to(folder)), json.loads(path.read_text())) for path in found]


def hashes(texts: list[str] | None) -> list[bytes]:
    return [base64.b64decode(text) for text in texts or []]


def verdict(*arguments: Any, by: Any) -> str:
    try:
        by(*arguments)
    except Refused as caught:
        return caught.code
    return "good"


@pytest.mark.shared
def test_the_published_inclusion_proofs(shared: Path) -> None:
    vectors = published(shared / "vectors" / "merkle" / "inclusion")
    assert len(vectors) > 90
    for name, one in vectors:
        leaf, root = hashes([one["leafHash"], one["root"]])
        seen = verdict(one["leafIdx"], one["treeSize"], leaf, hashes(one["proof"]), root, by=merkle.verify_inclusion)
        assert seen == ("proof_invalid" if one["wantErr"] else "good"), name


@pytest.mark.shared
def test_the_published_consistency_proofs(shared: Path) -> None:
    """One good one has roots of 12 bytes ("don't care"): the protocol insists on hashes."""
    vectors = published(shared / "vectors" / "merkle" / "consistency")
    assert len(vectors) > 80
    for name, one in vectors:
        root1, root2 = hashes([one["root1"], one["root2"]])
        seen = verdict(one["size1"], one["size2"], root1, root2, hashes(one["proof"]), by=merkle.verify_consistency)
        good = not one["wantErr"] and len(root1) == len(root2) == 32
        assert seen == ("good" if good else "proof_invalid"), name


def test_a_leaf_of_the_activity_tree_tells_nothing() -> None:
    salt, document = bytes(range(32)), bytes(32)
    by_hand = b"\0\0\0\x0dortoo/v1/leaf" + b"\0\0\0\x20" + salt + b"\0\0\0\x20" + document
    assert sha256(ctx("leaf", salt, document)) == hashlib.sha256(by_hand).digest()


# --- checkpoints ------------------------------------------------------------------------------------------------------

ORIGIN = "hub.example/log/directory"
LOG, W1, W2, W3 = (SigningKey(bytes([number]) * 32) for number in (1, 2, 3, 4))
LOG_LINE = f"log {VerifierKey(ORIGIN, NOTE_KEY, LOG.public)}\n"
WITNESSES = "".join(
    f"witness {name} {VerifierKey('w.example/' + name, COSIGNATURE_KEY, key.public)}\n"
    for name, key in (("w1", W1), ("w2", W2), ("w3", W3))
)
ALONE = Policy.parse(LOG_LINE + "quorum none\n")
TWO_OF_THREE = Policy.parse(LOG_LINE + WITNESSES + "group all 2 w1 w2 w3\nquorum all\n")
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))
NOTE = sign_checkpoint(HEAD, LOG)


def witnessed(*keys: tuple[str, SigningKey], note: str = NOTE) -> str:
    return note + "".join(cosign(note, f"w.example/{name}", key, NOW) for name, key in keys)


def test_a_checkpoint_is_written_as_c2sp_writes_it() -> None:
    text = f"{ORIGIN}\n42\n{base64.b64encode(bytes(range(32))).decode()}\n"
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n\x01" + LOG.public).digest()[:4]
    line = base64.b64encode(key_id + LOG.sign_raw(text.encode())).decode()
    assert f"{text}\n\u2014 {ORIGIN} {line}\n" == NOTE


def test_a_cosignature_is_written_as_c2sp_writes_it() -> None:
    text = NOTE.split("\n\n")[0] + "\n"
    seconds = 1_795_579_200
    key_id = hashlib.sha256(b"w.example/w1\n\x04" + W1.public).digest()[:4]
    signed = W1.sign_raw(f"cosignature/v1\ntime {seconds}\n{text}".encode())
    line = base64.b64encode(key_id + seconds.to_bytes(8, "big") + signed).decode()
    assert NOW.timestamp() == seconds
    assert cosign(NOTE, "w.example/w1", W1, NOW) == f"\u2014 w.example/w1 {line}\n"


def test_the_logs_own_signature_is_enough_where_no_quorum_is_asked() -> None:
    opened = open_checkpoint(NOTE, ORIGIN, ALONE)
    assert opened.checkpoint == HEAD
    assert opened.cosigned == {}
    assert opened.is_fresh(ALONE, NOW)


def test_two_of_three_witnesses_make_a_quorum() -> None:
    opened = open_checkpoint(witnessed(("w1", W1), ("w3", W3)), ORIGIN, TWO_OF_THREE)
    assert opened.cosigned == {"w1": NOW, "w3": NOW}
    for too_few in (NOTE, witnessed(("w1", W1)), witnessed(("w1", W1), ("w1", W1))):
        with refused("checkpoint_unwitnessed"):
            open_checkpoint(too_few, ORIGIN, TWO_OF_THREE)


def test_lines_come_together_one_by_one() -> None:
    first, second = (cosign(NOTE, f"w.example/{name}", key, NOW) for name, key in (("w1", W1), ("w3", W3)))
    note = with_cosignature(with_cosignature(NOTE, first, TWO_OF_THREE, NOW), second, TWO_OF_THREE, NOW)
    assert note == witnessed(("w1", W1), ("w3", W3))
    assert with_cosignature(note, first, TWO_OF_THREE, NOW) == note  # again, and older: nothing changes
    assert with_cosignature(note, cosign(NOTE, "w.example/w1", W1, NOW - timedelta(hours=1)), TWO_OF_THREE, NOW) == note
    newer = with_cosignature(
        note, cosign(NOTE, "w.example/w1", W1, NOW + timedelta(hours=1)), TWO_OF_THREE, NOW + timedelta(hours=1)
    )
    assert open_checkpoint(newer, ORIGIN, TWO_OF_THREE).cosigned["w1"] == NOW + timedelta(hours=1)
    assert newer.count("w.example/w1") == 1


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("checkpoint_unwitnessed", cosign(NOTE, "w.example/w1", SigningKey.generate(), NOW)),  # another's key
        ("checkpoint_unwitnessed", cosign(NOTE, "w.example/w9", W1, NOW)),  # another's name
        ("checkpoint_unwitnessed", cosign(NOTE.replace("\n42\n", "\n43\n"), "w.example/w1", W1, NOW)),
        ("checkpoint_unwitnessed", NOTE.splitlines()[-1] + "\n"),  # the log's own
        ("clock_skew", cosign(NOTE, "w.example/w1", W1, NOW + timedelta(minutes=11))),
        ("malformed", cosign(NOTE, "w.example/w1", W1, NOW).rstrip()),
        ("malformed", cosign(NOTE, "w.example/w1", W1, NOW) * 2),
        ("malformed", "\n"),
        ("malformed", ""),
        ("malformed", "w.example/w1 AAAA\n"),
        ("malformed", "\u2014 w.example/w1 " + "A" * 400 + "\n"),
        ("checkpoint_unwitnessed", "\u2014 \ud800 AAAAAAAA\n"),
    ],
)
def test_a_line_that_is_no_witnesss_is_not_added(code: str, line: str) -> None:
    with refused(code):
        with_cosignature(NOTE, line, TWO_OF_THREE, NOW)


def test_old_cosignatures_are_said_to_be_old() -> None:
    opened = open_checkpoint(witnessed(("w1", W1), ("w2", W2)), ORIGIN, TWO_OF_THREE)
    assert opened.is_fresh(TWO_OF_THREE, NOW + timedelta(hours=24))
    assert not opened.is_fresh(TWO_OF_THREE, NOW + timedelta(hours=24, seconds=1))


def test_strangers_lines_are_passed_over() -> None:
    stranger = SigningKey(b"x" * 32)
    open_checkpoint(witnessed(("w1", W1), ("w2", W2), ("stranger", stranger)), ORIGIN, TWO_OF_THREE)
    with refused("checkpoint_unwitnessed"):
        open_checkpoint(witnessed(("w1", W1), ("w2", stranger)), ORIGIN, TWO_OF_THREE)


def test_a_bad_line_of_a_known_key_spoils_the_whole() -> None:
    other = sign_checkpoint(Checkpoint(ORIGIN, 43, bytes(32)), LOG)
    foreign = cosign(other, "w.example/w3", W3, NOW)
    with refused("checkpoint_unwitnessed"):
        open_checkpoint(witnessed(("w1", W1), ("w2", W2)) + foreign, ORIGIN, TWO_OF_THREE)
    head, _, line = other.rpartition("\n\n")
    with refused("checkpoint_unwitnessed"):
        open_checkpoint(NOTE.rpartition("\n\n")[0] + "\n\n" + line, ORIGIN, ALONE)
    assert head


def test_a_log_key_counts_for_its_own_origin_alone() -> None:
    elsewhere = sign_checkpoint(Checkpoint("hub.example/log/activity", 42, bytes(32)), LOG)
    for origin in (ORIGIN, "hub.example/log/activity"):
        with refused("checkpoint_unwitnessed"):
            open_checkpoint(elsewhere, origin, ALONE)


def test_the_hub_cannot_be_its_own_witness() -> None:
    with refused("checkpoint_unwitnessed"):
        open_checkpoint(witnessed(("w1", LOG), ("w2", LOG)), ORIGIN, TWO_OF_THREE)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(NOTE.encode()) - 1), st.integers(1, 127))
def test_any_byte_changed_in_a_checkpoint_is_noticed(place: int, flip: int) -> None:
    raw = bytearray(NOTE.encode())
    raw[place] ^= flip
    with pytest.raises(Refused):
        open_checkpoint(raw.decode("utf-8", "replace"), ORIGIN, ALONE)


TEXT, LINES = NOTE.split("\n\n")


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        TEXT,
        TEXT + "\n\n",
        NOTE[:-1],
        NOTE + "\n",
        NOTE.replace("\n42\n", "\n042\n"),
        NOTE.replace("\n42\n", "\n+42\n"),
        NOTE.replace("\n42\n", "\n-42\n"),
        NOTE.replace("\n42\n", "\n٤٢\n"),
        NOTE.replace("\n42\n", "\n" + "9" * 17 + "\n"),
        NOTE.replace("=\n", "\n"),
        NOTE.replace("\n\n", "\nextension\n\n"),
        NOTE.replace("\u2014", "-"),
        NOTE.replace(ORIGIN, ORIGIN + "\t"),
        NOTE + "\u2014 w.example/w1 AAAA\n",
        NOTE + "\u2014 w.example/w1 AAAAAAA\n",
        NOTE + "\u2014 w+1 AAAAAAAA\n",
        NOTE + "\u2014  AAAAAAAA\n",
        NOTE + "\u2014 w.example/w1 AAAAAAAA\n" * 64,
    ],
)
def test_a_note_has_one_form(note: str) -> None:
    with refused("malformed"):
        open_checkpoint(note, ORIGIN, ALONE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "quorum none",
        LOG_LINE,
        LOG_LINE + "quorum none\nquorum none\n",
        LOG_LINE + "quorum w1\n",
        LOG_LINE + "quorum w1\n" + WITNESSES,
        LOG_LINE + LOG_LINE + "quorum none\n",
        LOG_LINE + "quorum\u00a0none\n",
        LOG_LINE + "quorum none\r\n",
        LOG_LINE + "quorum none\x7f\n",
        LOG_LINE.replace("+", "-") + "quorum none\n",
        LOG_LINE.replace("hub.", "hob.") + "quorum none\n",
        f"log {VerifierKey(ORIGIN, COSIGNATURE_KEY, LOG.public)}\nquorum none\n",
        f"witness w1 {VerifierKey('w', NOTE_KEY, W1.public)}\nquorum w1\n",
        WITNESSES + WITNESSES.replace("witness w", "witness x") + "quorum w1\n",
        WITNESSES + "group g 0 w1 w2\nquorum g\n",
        WITNESSES + "group g 3 w1 w2\nquorum g\n",
        WITNESSES + "group g any\nquorum g\n",
        WITNESSES + "group g any w1 w1\nquorum g\n",
        WITNESSES + "group g any w1 g\nquorum g\n",
        WITNESSES + "group g any w1 w2\ngroup h any w1 w3\nquorum h\n",
        WITNESSES + "group w1 any w2 w3\nquorum w1\n",
        WITNESSES + "group none any w2 w3\nquorum none\n",
        WITNESSES + "group g any none\nquorum g\n",
        WITNESSES + "unheard of\nquorum w1\n",
    ],
)
def test_a_policy_has_one_form(text: str) -> None:
    with refused("malformed", field="policy"):
        Policy.parse(text)


def test_groups_of_groups() -> None:
    policy = Policy.parse(
        "# two levels\n" + WITNESSES + " group\tours any w1 w2 \ngroup both all ours w3\n\nquorum both\n"
    )
    assert policy.satisfied_by({"w1": NOW, "w3": NOW})
    assert not policy.satisfied_by({"w1": NOW, "w2": NOW})
    assert not policy.satisfied_by({"w3": NOW})
