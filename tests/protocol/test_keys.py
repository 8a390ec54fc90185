"""Keys, keyrings, receipts (protocol §3, §4, §8)."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ortoo.protocol import hpke, keys, receipt, schemas
from ortoo.protocol.documents import SigningKey, b64, new_id, sign
from ortoo.protocol.hpke import KemKey
from tests.protocol.network import NOW, Town
from tests.protocol.refusing import refused

NETWORK = "01935d2e-8f00-7000-8000-000000000001"
MEMBER = "01935d2e-8f00-7000-8000-000000000002"


def test_this_build_of_the_library_is_the_one_the_protocol_was_written_for() -> None:
    hpke.self_check()


# --- agency keys ------------------------------------------------------------------------------------------------------


def handed(town: Town, seed: bytes, **changes: object) -> bytes:
    urna = town.people["urna"]
    given: dict[str, object] = {
        "network": town.network_id,
        "agency": "shelter",
        "epoch": 1,
        "member": urna.id,
        "member_key": urna.secrets.sign.public,
        "member_kem": urna.secrets.kem.public,
    }
    return keys.hand_over(seed, **{**given, **changes})  # type: ignore[arg-type]


def taken(town: Town, sealed: bytes, by: str = "urna") -> KemKey:
    state = town.directory.now().agency("shelter")
    assert state is not None
    assert state.epoch is not None
    return keys.take_over(
        sealed,
        network=town.network_id,
        agency="shelter",
        epoch=state.epoch,
        member=town.people[by].id,
        keys=town.people[by].secrets,
    )


def test_a_member_is_handed_the_agencys_key(town: Town) -> None:
    sealed = handed(town, town.epochs["shelter", 1].seed)
    assert len(sealed) == 1168
    assert taken(town, sealed).public == town.epochs["shelter", 1].public


def test_a_key_that_the_directory_does_not_name_is_refused(town: Town) -> None:
    with refused("key_mismatch", reader="shelter", epoch=1):
        taken(town, handed(town, KemKey.generate().seed))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_what_is_no_seed_at_all_is_refused_too(town: Town, length: int) -> None:
    """Anybody can seal anything to a member."""
    with refused("key_mismatch", reader="shelter", epoch=1):
        taken(town, handed(town, bytes(length)))


def test_a_key_handed_to_somebody_else_or_for_something_else_does_not_open(town: Town) -> None:
    seed = town.epochs["shelter", 1].seed
    with refused("cannot_open"):
        taken(town, handed(town, seed), by="delger")
    for changes in (
        {"network": NETWORK},
        {"agency": "mrc"},
        {"epoch": 2},
        {"member": town.people["delger"].id},
        {"member_key": town.people["delger"].secrets.sign.public},
    ):
        with refused("cannot_open"):
            taken(town, handed(town, seed, **changes))


def test_a_public_key_is_held_against_its_hash() -> None:
    key = KemKey.generate()
    assert hpke.check_public_key(key.public, key.sha256) == key.public
    for wrong in (KemKey.generate().public, key.public[:-1], key.public + b"\0"):
        with refused("key_mismatch", field="kem"):
            hpke.check_public_key(wrong, key.sha256)


# --- keyring ----------------------------------------------------------------------------------------------------------

KEYRING = schemas.Keyring(
    sign=b64(b"s" * 32),
    kem=b64(b"k" * 32),
    coordinator=None,
    epochs=[schemas.EpochSeed(n=2, seed=b64(b"2" * 32)), schemas.EpochSeed(n=1, seed=b64(b"1" * 32))],
    seen=None,
)


def test_a_keyring_opens_with_its_key_for_its_member_and_version() -> None:
    kk = keys.new_keyring_key()
    sealed = keys.seal_keyring(KEYRING, kk, network=NETWORK, member=MEMBER, version=3)
    assert keys.open_keyring(sealed, kk, network=NETWORK, member=MEMBER, version=3) == KEYRING
    assert len(sealed) == 1024 + 72
    for key, member, version in ((keys.new_keyring_key(), MEMBER, 3), (kk, NETWORK, 3), (kk, MEMBER, 2)):
        with refused("cannot_open"):
            keys.open_keyring(sealed, key, network=NETWORK, member=member, version=version)


def test_an_older_keyring_than_was_seen_is_refused() -> None:
    kk = keys.new_keyring_key()
    sealed = keys.seal_keyring(KEYRING, kk, network=NETWORK, member=MEMBER, version=3)
    with refused("checkpoint_rollback"):
        keys.open_keyring(sealed, kk, network=NETWORK, member=MEMBER, version=3, newest_seen=4)


def test_each_way_to_open_is_its_own() -> None:
    kk, code, unlock = keys.new_keyring_key(), b"c" * 32, new_id()
    w = keys.wrapping_key(code, "recovery", network=NETWORK, member=MEMBER)
    sealed = keys.seal_unlock(kk, w, network=NETWORK, member=MEMBER, method="recovery", unlock=unlock)
    assert keys.open_unlock(sealed, w, network=NETWORK, member=MEMBER, method="recovery", unlock=unlock) == kk
    assert keys.wrapping_key(code, "passkey", network=NETWORK, member=MEMBER) != w
    for method, other in (("passkey", unlock), ("recovery", new_id())):
        with refused("cannot_open"):
            keys.open_unlock(sealed, w, network=NETWORK, member=MEMBER, method=method, unlock=other)  # type: ignore[arg-type]


def test_a_passphrase_is_the_same_however_it_is_typed() -> None:
    composed = keys.stretch("Өвс й бор", "Nara@Example.org", network=NETWORK)
    decomposed = keys.stretch("Өвс и\u0306 бор", "nara@example.ORG", network=NETWORK)
    assert composed == decomposed
    assert composed.auth != composed.w
    assert keys.stretch("Өвс й бор ", "nara@example.org", network=NETWORK) != composed
    assert keys.stretch("Өвс й бор", "bold@example.org", network=NETWORK) != composed


def test_a_safety_number_is_thirty_digits_and_changes_with_every_part() -> None:
    member = schemas.MemberKeys(id=MEMBER, key=b64(b"k" * 32), kem=b64(b"m" * 32))
    number = keys.safety_number(NETWORK, "shelter", member)
    assert [len(group) for group in number.split(" ")] == [5] * 6
    assert number.replace(" ", "").isdigit()
    others = {
        keys.safety_number(MEMBER, "shelter", member),
        keys.safety_number(NETWORK, "mrc", member),
        keys.safety_number(NETWORK, "shelter", schemas.MemberKeys(id=NETWORK, key=member.key, kem=member.kem)),
        keys.safety_number(NETWORK, "shelter", schemas.MemberKeys(id=MEMBER, key=member.kem, kem=member.kem)),
        keys.safety_number(NETWORK, "shelter", schemas.MemberKeys(id=MEMBER, key=member.key, kem=member.key)),
    }
    assert len(others | {number}) == 6


# --- receipts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("digits", "check"), [("3339200596", "1"), ("6943515153", "0"), ("8609574271", "9")])
def test_the_check_digit_is_that_of_iso_7064(digits: str, check: str) -> None:
    """The numbers are of public registers that use MOD 11,10: two Croatian OIB, a German tax number."""
    assert receipt.check_digit(digits) == check


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789", min_size=31, max_size=31), st.integers(0, 31), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(digits: str, place: int, off: int) -> None:
    code = digits + receipt.check_digit(digits)
    assert receipt.parse_code(code) == digits
    wrong = code[:place] + str((int(code[place]) + off) % 10) + code[place + 1 :]
    with refused("malformed", field="receipt_code"):
        receipt.parse_code(wrong)


def test_a_code_is_typed_as_people_type() -> None:
    code = receipt.draw()
    assert [len(group) for group in code.split(" ")] == [4] * 8
    plain = code.replace(" ", "")
    for typed in (plain, code.replace(" ", "-"), code.replace(" ", "\u00a0"), f" {code} "):
        assert receipt.parse_code(typed) == plain[:31]
    for typed in ("", plain[:-1], plain + "0", "٣" * 32, plain.replace(plain[0], "o")):
        with refused("malformed", field="receipt_code"):
            receipt.parse_code(typed)


def test_a_code_signs_and_only_over_its_challenge() -> None:
    key, challenge = receipt.key_of(receipt.draw(), network=NETWORK), b"c" * 32
    look = receipt.make(key, network=NETWORK, challenge=challenge, do="look", at=NOW)
    receipt.check(look, network=NETWORK, challenge=challenge, now=NOW)
    with refused("receipt_unknown"):
        receipt.check(look, network=NETWORK, challenge=b"d" * 32, now=NOW)
    with refused("receipt_unknown"):
        receipt.check(look, network=MEMBER, challenge=challenge, now=NOW)


def test_a_wrong_signature_gets_the_answer_of_an_unknown_key() -> None:
    body = schemas.Receipt(
        network=NETWORK,
        at="2026-11-25T04:00:00Z",
        key=b64(SigningKey.generate().public),
        challenge=b64(b"c" * 32),
        do="look",
        scope=None,
    )
    for key in (body.key, b64((1).to_bytes(32, "little"))):
        forged = sign(msgspec.structs.replace(body, key=key), SigningKey.generate())
        with refused("receipt_unknown"):
            receipt.check(forged, network=NETWORK, challenge=b"c" * 32, now=NOW)


def test_a_withdrawal_has_a_scope_and_a_look_has_none() -> None:
    key, scope = SigningKey.generate(), [schemas.Scope(agencies=["*"], sections=["*"], purposes=["*"])]
    good = receipt.make(key, network=NETWORK, challenge=b"c" * 32, do="withdraw", at=NOW, scope=scope)
    receipt.check(good, network=NETWORK, challenge=b"c" * 32, now=NOW)
    for do, with_scope in (("look", scope), ("withdraw", None)):
        bad = receipt.make(key, network=NETWORK, challenge=b"c" * 32, do=do, at=NOW, scope=with_scope)  # type: ignore[arg-type]
        with refused("malformed", field="scope"):
            receipt.check(bad, network=NETWORK, challenge=b"c" * 32, now=NOW)


def test_the_code_is_in_nothing_that_is_sent() -> None:
    code = receipt.draw()
    key = receipt.key_of(code, network=NETWORK)
    envelope = receipt.make(key, network=NETWORK, challenge=b"c" * 32, do="look", at=NOW).envelope
    assert code.replace(" ", "") not in json.dumps(envelope)
    assert receipt.key_of(code, network=MEMBER).public != key.public
