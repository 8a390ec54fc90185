"""Signed documents (protocol §2): one form, one signature, and what is refused before anything is believed."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ortoo.protocol import documents, schemas
from ortoo.protocol.documents import (
    SigningKey,
    as_set,
    b64,
    canonical,
    check_sets,
    ctx,
    instant,
    keyid,
    pae,
    parse,
    read,
    sign,
    unb64,
    verify,
)
from ortoo.protocol.errors import Refused
from tests.protocol.network import Town, dumps, envelope_of, plain
from tests.protocol.network import again as changed
from tests.protocol.refusing import refused

TEXT = st.text(max_size=40)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**53 - 1) | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=20), inner, max_size=4)
    ),
    max_leaves=12,
)
RECEIPT: dict[str, Any] = {
    "at": "2026-11-25T04:00:00Z",
    "challenge": b64(bytes(32)),
    "do": "look",
    "key": b64(bytes(32)),
    "network": "01935d2e-8f00-7000-8000-000000000001",
    "scope": None,
}


@pytest.fixture(scope="module")
def place() -> Town:
    return Town()


# --- canonical JSON ---------------------------------------------------------------------------------------------------


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(VALUES)
def test_canonical_is_rfc_8785(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)
    assert parse(canonical(value), max_depth=64) == value


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=60))
def test_parse_takes_one_form_only(raw: bytes) -> None:
    with suppress(Refused):
        assert rfc8785.dumps(parse(raw)) == raw


def test_every_escape_is_written_as_rfc_8785_writes_it() -> None:
    every = "".join(map(chr, range(0x20))) + '"\\/\x7f\u2028\U0001f60a'
    expected = (
        rb'"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f'
        rb"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"
    ) + '\\"\\\\/\x7f\u2028\U0001f60a"'.encode()
    assert canonical(every) == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" {}",
        b"{} ",
        b"{}\n",
        b"\xef\xbb\xbf{}",
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":-1}',
        b'{"a":-0}',
        b'{"a":01}',
        b'{"a":9007199254740992}',
        b'{"a":' + b"9" * 5000 + b"}",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"\xd0\xb0":1}',
        b'{"a":"\\u0061"}',
        b'{"a":"\\/"}',
        b'{"a":"\\u001F"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        b"{'a':1}",
        b'{"a":1,}',
        b'["',
        b"]",
        b"{}{}",
    ],
)
def test_what_is_not_canonical(raw: bytes) -> None:
    with refused("not_canonical"):
        parse(raw)


def test_depth_is_counted_before_parsing() -> None:
    assert parse(b"[[[[[[[[]]]]]]]]") == [[[[[[[[]]]]]]]]
    with refused("limit_exceeded", field="depth", most=8):
        parse(b"[[[[[[[[[]]]]]]]]]")
    with refused("limit_exceeded", field="depth"):
        parse(b"[" * 250_000)
    with refused("limit_exceeded", field="depth"):
        parse(b'{"a":' * 9)
    assert parse(b'["[[[[[[[[[[[[","\\"[[[[[[[[[[["]') == ["[" * 12, '"' + "[" * 11]


def test_a_text_that_never_ends_costs_no_more_than_another() -> None:
    began = time.monotonic()
    for raw in (b'["' + b'\\"' * 125_000, b'"' * 250_000, b'["' + b"\\" * 250_000):
        with refused("not_canonical"):
            parse(raw)
    assert time.monotonic() - began < 2


def test_lengths_are_told_before_form() -> None:
    assert parse(b'{"' + b"n" * 64 + b'":"' + b"t" * 4096 + b'"}')
    with refused("limit_exceeded", field="a name", most=64):
        parse(b'{"' + b"n" * 65 + b'":1.0}'.replace(b"1.0", b"1"))
    with refused("limit_exceeded", field="a name"):
        parse(('{"' + "н" * 33 + '":1}').encode())
    with refused("limit_exceeded", field="a text", most=4096):
        parse(('{"z":"' + "т" * 2049 + '","a":-1}').encode())
    with refused("not_canonical"):
        parse(('{"z":"' + "т" * 2048 + '","a":-1}').encode())


@pytest.mark.parametrize("value", [{"a": ["b", "a"]}, {"a": ["a", "a"]}, {"a": {"b": [[2, 1]]}}, [{"b": 1}, {"a": 1}]])
def test_every_list_is_a_set(value: Any) -> None:
    with refused("not_canonical"):
        check_sets(value)


def test_a_set_is_sorted_by_its_bytes() -> None:
    mixed = ["b", "a", "Б", "aa", "*", "я"]
    assert as_set(mixed) == ["*", "a", "aa", "b", "Б", "я"]
    check_sets({"a": as_set(mixed)})


# --- bytes ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["A", "AA=", "AA==", "AB", "A+", "A/", "A A", "AA\n", "é", "AAAAA"])
def test_base64_has_one_form(text: str) -> None:
    with refused("malformed"):
        unb64(text)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=64))
def test_base64_comes_back(raw: bytes) -> None:
    assert unb64(b64(raw)) == raw


def test_ctx_writes_each_element_behind_its_length() -> None:
    assert ctx("x", "ab", 7, b"\0") == (
        b"\x00\x00\x00\x0aortoo/v1/x" + b"\x00\x00\x00\x02ab" + b"\x00\x00\x00\x017" + b"\x00\x00\x00\x01\x00"
    )
    assert ctx("x", "a", "b") != ctx("x", "ab", "")


def test_pae_is_that_of_dsse() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-25T04:00:60Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-25T24:00:00Z",
        "0000-11-25T04:00:00Z",
        "2026-11-25 04:00:00Z",
        "2026-11-25T04:00:00",
        "2026-11-25T04:00:00+00:00",
        "2026-11-25T04:00:00.0Z",
        "2026-11-25t04:00:00z",
        "٢٠٢٦-11-25T04:00:00Z",
    ],
)
def test_a_time_is_a_real_one_to_the_second(text: str) -> None:
    with refused("malformed"):
        read(envelope_of(dumps({**RECEIPT, "at": text}), "receipt"), schemas.Receipt)


# --- envelopes --------------------------------------------------------------------------------------------------------


def test_what_is_signed_is_read_and_verified(place: Town) -> None:
    decision = place.decide("nara", "shelter", ["needs"])
    again = read(decision.envelope, schemas.Consent)
    assert again == decision
    verify(again, place.signer("nara").key.public)
    assert again.sha256 == b64(documents.sha256(pae("application/vnd.ortoo.consent.v1+json", again.payload)))


def test_forged_envelopes_of_these_tests_are_good_ones() -> None:
    key = SigningKey.generate()
    verify(read(envelope_of(dumps(RECEIPT), "receipt", key), schemas.Receipt), key.public)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"payloadType": "application/vnd.ortoo.receipt.v2+json"}, "version_unsupported"),
        ({"payloadType": "application/vnd.ortoo.receipt.v2+json", "more": 1}, "version_unsupported"),
        ({"payloadType": "application/vnd.ortoo.receipt.v1"}, "malformed"),
        ({"payloadType": "application/json"}, "malformed"),
        ({"payloadType": "application/vnd.ortoo.consent.v1+json"}, "malformed"),
        ({"payloadType": 1}, "malformed"),
        ({"payload": "AB"}, "malformed"),
        ({"payload": "e30="}, "malformed"),
        ({"signatures": []}, "malformed"),
        ({"signatures": [{"keyid": "A" * 22}]}, "malformed"),
        ({"signatures": [{"keyid": "A" * 21, "sig": "AA"}]}, "malformed"),
        ({"signatures": [{"keyid": "A" * 22, "sig": "A"}]}, "malformed"),
        ({"signatures": [{"keyid": "A" * 22, "sig": "AA"}] * 17}, "limit_exceeded"),
        ({"more": "x"}, "malformed"),
    ],
)
def test_the_envelope_has_one_form(change: dict[str, Any], code: str) -> None:
    outer = {**json.loads(envelope_of(dumps(RECEIPT), "receipt")), **change}
    with refused(code):
        read(dumps(outer), schemas.Receipt)


def test_an_envelope_is_canonical_too() -> None:
    envelope = envelope_of(dumps(RECEIPT), "receipt")
    for changed_envelope in (envelope + "\n", envelope.replace(":", ": ", 1), json.dumps(json.loads(envelope))):
        with refused("not_canonical"):
            read(changed_envelope, schemas.Receipt)
    with refused("not_canonical"):
        read(envelope.encode() + b"\xff", schemas.Receipt)
    with refused("not_canonical"):
        read(envelope.replace("payload", "payl\ud800ad", 1), schemas.Receipt)


def test_a_members_document_has_exactly_one_signature(place: Town) -> None:
    two = [SigningKey.generate(), SigningKey.generate()]
    with refused("malformed", field="signatures"):
        read(envelope_of(dumps(RECEIPT), "receipt", *two), schemas.Receipt)


def test_several_signatures_are_sorted(place: Town) -> None:
    outer = json.loads(place.directory.entries[0])
    outer["signatures"].reverse()
    with refused("not_canonical", field="signatures"):
        read(dumps(outer), schemas.Network)


def test_a_document_is_bounded(place: Town) -> None:
    with refused("limit_exceeded", field="document"):
        read("x" * 400_000, schemas.Receipt)
    with refused("limit_exceeded", field="payload", most=262_144):
        read(envelope_of(b"x" * (256 * 1024 + 1), "receipt"), schemas.Receipt)
    with refused("not_canonical"):
        read(envelope_of(b"x" * 256 * 1024, "receipt"), schemas.Receipt)


def test_faults_of_form_are_told_in_their_order() -> None:
    too_long, unsorted, unknown = "x" * 4097, ["b2", "a1"], {"more": 1}
    scope = {"agencies": unsorted, "sections": ["*"], "purposes": ["*"]}
    with refused("limit_exceeded"):
        read(envelope_of(dumps({**RECEIPT, "do": too_long, "scope": [scope], **unknown}), "receipt"), schemas.Receipt)
    with refused("not_canonical"):
        read(envelope_of(dumps({**RECEIPT, "scope": [scope], **unknown}), "receipt"), schemas.Receipt)
    with refused("malformed"):
        read(envelope_of(dumps({**RECEIPT, **unknown}), "receipt"), schemas.Receipt)


@pytest.mark.parametrize("field", sorted(RECEIPT))
def test_no_field_may_be_missing_or_of_another_type(field: str) -> None:
    with refused("malformed"):
        read(
            envelope_of(dumps({name: value for name, value in RECEIPT.items() if name != field}), "receipt"),
            schemas.Receipt,
        )
    with refused("malformed", field=f"$.{field}"):
        read(envelope_of(dumps({**RECEIPT, field: True}), "receipt"), schemas.Receipt)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("network", "01935D2E-8F00-7000-8000-000000000001"),
        ("network", "01935d2e-8f00-4000-8000-000000000001"),
        ("network", "01935d2e-8f00-7000-c000-000000000001"),
        ("network", "01935d2e-8f00-7000-8000-000000000001\n"),
        ("key", b64(bytes(31))),
        ("key", b64(bytes(33))),
        ("key", b64(bytes(32)) + "="),
        ("key", b64(bytes(32))[:-1] + "B"),
        ("do", "peek"),
        ("scope", []),
        ("scope", [{"agencies": ["*", "aa"], "sections": ["*"], "purposes": ["*"]}]),
        ("scope", [{"agencies": [], "sections": ["*"], "purposes": ["*"]}]),
        ("scope", [{"agencies": ["a"], "sections": ["*"], "purposes": ["*"]}]),
        ("scope", [{"agencies": ["A1"], "sections": ["*"], "purposes": ["*"]}]),
        ("scope", [{"agencies": ["*"], "sections": ["Needs"], "purposes": ["*"]}]),
        ("scope", [{"agencies": ["*"], "sections": ["n" * 65], "purposes": ["*"]}]),
    ],
)
def test_values_have_one_form(field: str, value: Any) -> None:
    with refused("malformed"):
        read(envelope_of(dumps({**RECEIPT, field: value}), "receipt"), schemas.Receipt)


@pytest.mark.parametrize(
    "name", ["needs/file-0", "needs/file-01", "needs/x", "needs/file-1000", "needs/", "/file-1", "a" * 65]
)
def test_parts_are_named_in_one_way(place: Town, name: str) -> None:
    decision = place.decide("nara", "shelter", ["*"])
    body = plain(place.refer("nara", "shelter", decision, {"needs": b"{}"}).document.body)
    body["sealed"]["parts"][0]["name"] = name
    with refused("malformed"):
        read(envelope_of(dumps(body), "referral"), schemas.Referral)


def test_no_refusal_quotes_what_it_refuses(place: Town) -> None:
    secret = "сайнбуян-1994"
    with pytest.raises(Refused) as caught:
        read(envelope_of(dumps({**RECEIPT, "do": secret}), "receipt"), schemas.Receipt)
    assert secret not in str(caught.value)
    assert secret not in repr(caught.value.at)
    assert caught.value.__cause__ is None


# --- signatures -------------------------------------------------------------------------------------------------------


def test_a_key_id_is_a_hint_and_no_proof(place: Town) -> None:
    nara, urna = place.signer("nara").key, place.signer("urna").key
    decision = place.decide("nara", "shelter", ["needs"])
    outer = json.loads(decision.envelope)
    outer["signatures"][0]["keyid"] = keyid(urna.public)
    posing = read(dumps(outer), schemas.Consent)
    for key in (nara, urna):
        with refused("signature_invalid"):
            verify(posing, key.public)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 511))
def test_any_bit_changed_in_a_signature_is_noticed(place: Town, bit: int) -> None:
    decision = place.decide("nara", "shelter", ["needs"])
    outer = json.loads(decision.envelope)
    signature = bytearray(unb64(outer["signatures"][0]["sig"]))
    signature[bit // 8] ^= 1 << bit % 8
    outer["signatures"][0]["sig"] = b64(bytes(signature))
    with refused("signature_invalid"):
        verify(read(dumps(outer), schemas.Consent), place.signer("nara").key.public)


def test_a_signature_does_not_pass_from_one_kind_to_another(place: Town) -> None:
    """The same payload under another kind has another PAE."""
    key = SigningKey.generate()
    outer = json.loads(envelope_of(dumps(RECEIPT), "record", key))
    outer["payloadType"] = "application/vnd.ortoo.receipt.v1+json"
    with refused("signature_invalid"):
        verify(read(dumps(outer), schemas.Receipt), key.public)


def test_changing_a_document_changes_its_hash(place: Town) -> None:
    decision = place.decide("nara", "shelter", ["needs"])
    other = changed(decision, place.signer("nara").key, retain_days=91)
    assert decision.sha256 != other.sha256
    assert sign(decision.body, place.signer("nara").key).sha256 == decision.sha256


def test_ids_sort_by_time() -> None:
    made = [documents.new_id() for _ in range(50)]
    assert len(set(made)) == 50
    assert all(one[14] == "7" and one[19] in "89ab" for one in made)
    time.sleep(0.002)
    assert documents.new_id() > made[0]


def test_instants_are_utc() -> None:
    assert instant("2026-11-25T04:00:00Z").isoformat() == "2026-11-25T04:00:00+00:00"
