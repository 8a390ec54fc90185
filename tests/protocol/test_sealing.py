"""Sealed sets (protocol §5): what opens is what was sealed, and whatever was moved or changed opens nowhere."""

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ortoo.protocol import referral, schemas, sealing
from ortoo.protocol.documents import Document, SigningKey, b64, new_id, read, sha256, sign
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import KemKey, seal_to
from ortoo.protocol.referral import SealedReferral
from ortoo.protocol.schemas import Consent, Referral
from ortoo.protocol.sealing import Binding, Blobs, Reader, open_set, pad, padme, seal, seal_set, unpad, unseal
from tests.protocol.network import NOW, Town
from tests.protocol.network import given as decisions
from tests.protocol.refusing import refused

TEXTS = {"needs": b'{"a":1}', "identity": "Сайнбуян".encode(), "contact": b""}
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def place() -> Town:
    """One town for all these tests, which only read it."""
    return Town()


@pytest.fixture(scope="module")
def decision(place: Town) -> Document[Consent]:
    return place.decide("nara", "shelter", ["*"])


@pytest.fixture(scope="module")
def sent(place: Town, decision: Document[Consent]) -> SealedReferral:
    return place.refer("nara", "shelter", decision, TEXTS)


def open_as(town: Town, one: SealedReferral, agency: str, blobs: Blobs | None = None, **binding: Any) -> dict[str, Any]:
    view = town.directory.at(one.document.body.directory.size)
    bound = dataclasses.replace(referral.binding_of(one.document, view), **binding)
    return open_set(bound, one.document.body.sealed, blobs or one.blobs, agency, town.epoch_key(agency))


def copied(blobs: Blobs) -> Blobs:
    return Blobs(dict(blobs.parts), dict(blobs.wraps), dict(blobs.keys))


# --- what opens is what was sealed ------------------------------------------------------------------------------------


def test_sender_and_recipient_open_what_was_sealed(place: Town, sent: SealedReferral) -> None:
    assert open_as(place, sent, "shelter") == TEXTS
    assert open_as(place, sent, "mrc") == TEXTS


def test_nobody_else_opens_anything(place: Town, sent: SealedReferral) -> None:
    for agency in ("police", "nhrcm"):
        with refused("cannot_open", reader=agency):
            open_as(place, sent, agency)
    # nor with the whole database in hand and its own keys, posing as the one or the other
    view = place.directory.now()
    for victim in ("shelter", "mrc"):
        with refused("cannot_open"):
            open_set(
                referral.binding_of(sent.document, view),
                sent.document.body.sealed,
                sent.blobs,
                victim,
                place.epoch_key("police"),
            )


@QUICK
@given(
    texts=st.dictionaries(
        st.sampled_from(["needs", "identity", "contact", "account", "safety"]), st.binary(max_size=3000), max_size=4
    ),
    shares=st.integers(min_value=0),
)
def test_each_reader_opens_its_own_parts_and_no_others(texts: dict[str, bytes], shares: int) -> None:
    keys = {"agency-a": KemKey(b"a" * 32), "agency-b": KemKey(b"b" * 32)}
    first = frozenset(part for number, part in enumerate(sorted(texts)) if shares >> number & 1)
    parts = {"agency-a": frozenset(texts), "agency-b": first}
    readers = [
        Reader(one, as_, 1, keys[one].public, parts[one])  # type: ignore[arg-type]
        for one, as_ in (("agency-a", "sender"), ("agency-b", "recipient"))
    ]
    binding = Binding(new_id(), new_id(), "agency-a", bytes(32), bytes(32))
    sealed, blobs = seal_set(binding, texts, readers)
    sealing.check_form(sealed)
    sealing.check_blobs(sealed, blobs)
    for agency, key in keys.items():
        assert open_set(binding, sealed, blobs, agency, key) == {part: texts[part] for part in parts[agency]}


@QUICK
@given(st.binary(max_size=40_000), st.binary(max_size=64))
def test_seal_gives_back_the_message_and_nothing_under_another_context(message: bytes, context: bytes) -> None:
    sealed = seal(b"k" * 32, context, message)
    assert unseal(b"k" * 32, context, sealed) == message
    assert len(sealed) == sealing.sealed_length(len(message))
    for key, other in ((b"k" * 32, context + b"x"), (b"j" * 32, context)):
        with refused("cannot_open"):
            unseal(key, other, sealed)


@pytest.mark.parametrize(
    ("message", "length"), [(0, 72), (32, 104), (16_383, 16_455), (16_384, 16_472), (32_768, 32_872)]
)
def test_how_long_a_seal_is(message: int, length: int) -> None:
    assert len(seal(bytes(32), b"", bytes(message))) == length == sealing.sealed_length(message)


@QUICK
@given(st.binary(min_size=0, max_size=20_000), st.data())
def test_any_byte_changed_in_a_seal_is_noticed(message: bytes, data: st.DataObject) -> None:
    sealed = seal(b"k" * 32, b"context", message)
    place = data.draw(st.integers(0, len(sealed) - 1))
    flip = data.draw(st.integers(1, 255))
    changed = sealed[:place] + bytes([sealed[place] ^ flip]) + sealed[place + 1 :]
    with refused("cannot_open"):
        unseal(b"k" * 32, b"context", changed)
    cut = data.draw(st.integers(0, len(sealed) - 1))
    with refused("cannot_open"):
        unseal(b"k" * 32, b"context", sealed[:cut])
    with refused("cannot_open"):
        unseal(b"k" * 32, b"context", sealed + bytes([flip]))


@QUICK
@given(st.binary(max_size=64), st.data())
def test_any_byte_changed_in_a_wrap_is_noticed(info: bytes, data: st.DataObject) -> None:
    key = KemKey(b"w" * 32)
    wrap = seal_to(key.public, info, b"r" * 32)
    assert len(wrap) == 1168
    assert key.open(info, wrap) == b"r" * 32
    place, flip = data.draw(st.integers(0, len(wrap) - 1)), data.draw(st.integers(1, 255))
    with refused("cannot_open"):
        key.open(info, wrap[:place] + bytes([wrap[place] ^ flip]) + wrap[place + 1 :])
    with refused("cannot_open"):
        key.open(info + b"x", wrap)
    with refused("cannot_open"):
        KemKey(b"v" * 32).open(info, wrap)


# --- padding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "padded"),
    [
        (0, 0),
        (1, 1),
        (2, 2),
        (9, 10),
        (17, 18),
        (100, 104),
        (1024, 1024),
        (1025, 1088),
        (5000, 5120),
        (262_145, 270_336),
    ],
)
def test_padme(length: int, padded: int) -> None:
    assert padme(length) == padded


@QUICK
@given(st.binary(max_size=5000), st.sampled_from(["note", "needs", "evidence"]))
def test_padding_comes_off_again_and_hides_the_length(text: bytes, part: str) -> None:
    padded = pad(text, part)
    assert unpad(padded) == text
    assert len(padded) >= (256 if part == "note" else 1024)
    assert len(padded) <= max(1024, (len(text) + 1) * 1.12 + 1)
    assert padded.startswith(text + b"\x80")
    assert set(padded[len(text) + 1 :]) <= {0}


@pytest.mark.parametrize("padded", [b"", bytes(1024), b"text" + bytes(1020), b"text\x80" + bytes(3) + b"\x01"])
def test_a_text_without_its_mark_is_refused(padded: bytes) -> None:
    with refused("cannot_open"):
        unpad(padded)


def test_a_part_sealed_without_padding_does_not_open(place: Town) -> None:
    binding = Binding(new_id(), new_id(), "mrc", bytes(32), bytes(32))
    key = KemKey.generate()
    sealed, blobs = seal_set(binding, {"needs": b"x"}, [Reader("mrc", "sender", 1, key.public, frozenset(["needs"]))])
    reader_key = key.open(binding.reader("mrc", 1), blobs.wraps["mrc"])
    part_key = unseal(reader_key, binding.part_key("needs", "mrc"), blobs.keys["needs", "mrc"])
    blobs.parts["needs"] = bare = seal(part_key, binding.part("needs"), b"x" * 1024)
    part = msgspec.structs.replace(sealed.parts[0], sha256=b64(sha256(bare)), size=len(bare))
    opened = open_set(binding, msgspec.structs.replace(sealed, parts=[part]), blobs, "mrc", key)
    assert isinstance(opened["needs"], Refused)
    assert opened["needs"].code == "cannot_open"


# --- changed, swapped, moved ------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_byte_changed_anywhere_is_refused(
    place: Town, decision: Document[Consent], sent: SealedReferral, data: st.DataObject
) -> None:
    """In the document, a part, a wrap or a key: the hub refuses it, and whoever skips the hub's check opens nothing."""
    known = decisions(decision)
    referral.check(sent, place.directory, known, now=NOW)  # as it was sent it is right
    blobs, envelope = copied(sent.blobs), sent.document.envelope
    stores: list[tuple[str, dict[Any, bytes]]] = [("parts", blobs.parts), ("wraps", blobs.wraps), ("keys", blobs.keys)]
    where, store = data.draw(st.sampled_from([("document", {}), *stores]))
    flip = data.draw(st.integers(1, 127))
    if where == "document":
        at = data.draw(st.integers(0, len(envelope) - 1))
        envelope = envelope[:at] + chr(ord(envelope[at]) ^ flip) + envelope[at + 1 :]
    else:
        name = data.draw(st.sampled_from(sorted(store)))
        at = data.draw(st.integers(0, len(store[name]) - 1))
        store[name] = store[name][:at] + bytes([store[name][at] ^ flip]) + store[name][at + 1 :]

    def hand_in() -> None:
        document = read(envelope, Referral)
        referral.check(SealedReferral(document, blobs), place.directory, known, now=NOW)

    with pytest.raises(Refused) as caught:
        hand_in()
    if where != "document":
        assert caught.value.code == "hash_mismatch"
        for agency in ("mrc", "shelter"):
            try:
                opened = open_as(place, sent, agency, blobs)
            except Refused:
                continue
            assert all(text == TEXTS[part] for part, text in opened.items() if not isinstance(text, Refused))


def _rehash(one: SealedReferral, town: Town, blobs: Blobs) -> SealedReferral:
    """What a malicious sender can do: name the changed blobs in a document that it signs itself."""
    sealed = one.document.body.sealed
    body = msgspec.structs.replace(
        one.document.body,
        sealed=msgspec.structs.replace(
            sealed,
            parts=sorted(
                (msgspec.structs.replace(p, sha256=b64(sha256(blobs.parts[p.name]))) for p in sealed.parts), key=_jcs
            ),
            readers=sorted(
                (msgspec.structs.replace(r, sha256=b64(sha256(blobs.wraps[r.agency]))) for r in sealed.readers),
                key=_jcs,
            ),
            keys=sorted(
                (msgspec.structs.replace(k, sha256=b64(sha256(blobs.keys[k.part, k.agency]))) for k in sealed.keys),
                key=_jcs,
            ),
        ),
    )
    return SealedReferral(sign(body, town.signer("nara").key), blobs)


def _jcs(part: Any) -> bytes:
    return json.dumps(msgspec.to_builtins(part), sort_keys=True, separators=(",", ":")).encode()


def _swap_parts(blobs: Blobs) -> None:
    blobs.parts["needs"], blobs.parts["identity"] = blobs.parts["identity"], blobs.parts["needs"]


def _swap_keys_of_parts(blobs: Blobs) -> None:
    keys = blobs.keys
    keys["needs", "shelter"], keys["identity", "shelter"] = keys["identity", "shelter"], keys["needs", "shelter"]


def _swap_keys_of_readers(blobs: Blobs) -> None:
    keys = blobs.keys
    keys["needs", "shelter"], keys["needs", "mrc"] = keys["needs", "mrc"], keys["needs", "shelter"]


@pytest.mark.parametrize("swap", [_swap_parts, _swap_keys_of_parts, _swap_keys_of_readers])
def test_swapped_parts_and_keys_open_nothing_and_hide_nothing(
    place: Town, sent: SealedReferral, swap: Callable[[Blobs], None]
) -> None:
    blobs = copied(sent.blobs)
    swap(blobs)
    with refused("hash_mismatch"):
        sealing.check_blobs(sent.document.body.sealed, blobs)
    opened = open_as(place, _rehash(sent, place, blobs), "shelter")
    damaged = {part for part, text in opened.items() if isinstance(text, Refused)}
    assert "needs" in damaged
    assert opened["contact"] == TEXTS["contact"]
    assert all(opened[part].code == "cannot_open" for part in damaged)


def test_swapped_wraps_open_nothing(place: Town, sent: SealedReferral) -> None:
    blobs = copied(sent.blobs)
    blobs.wraps["mrc"], blobs.wraps["shelter"] = blobs.wraps["shelter"], blobs.wraps["mrc"]
    forged = _rehash(sent, place, blobs)
    for agency in ("mrc", "shelter"):
        with refused("cannot_open"):
            open_as(place, forged, agency)


@pytest.mark.parametrize(
    "moved",
    [
        {"network": "01890000-0000-7000-8000-000000000000"},
        {"document": "01890000-0000-7000-8000-000000000000"},
        {"owner": "police"},
        {"author_key": b"\1" * 32},
        {"consent": b"\1" * 32},
        {"consent": sealing.NO_CONSENT},
    ],
)
def test_nothing_opens_in_another_document_or_under_another_author_or_consent(
    place: Town, sent: SealedReferral, moved: dict[str, Any]
) -> None:
    for agency in ("mrc", "shelter"):
        with refused("cannot_open"):
            open_as(place, sent, agency, **moved)


def test_an_agency_cannot_pass_off_what_it_received_as_its_own(place: Town, sent: SealedReferral) -> None:
    """The police copies parts, wraps and keys into a document of its own: they open for nobody in it."""
    decision = place.decide("dorj", "shelter", ["*"])
    own = place.refer("dorj", "shelter", decision, {"needs": b"x"}, id=sent.document.body.id)
    stolen = msgspec.structs.replace(own.document.body, sealed=sent.document.body.sealed)
    view = place.directory.now()
    dorj = place.signer("dorj")
    binding = Binding(stolen.network, stolen.id, "police", dorj.key.public, decision.hash)
    with refused("cannot_open"):
        open_set(binding, stolen.sealed, sent.blobs, "shelter", place.epoch_key("shelter"))
    assert view.agency("police") is not None


def test_an_older_epochs_key_does_not_open_it() -> None:
    town = Town()
    town.append(town.roster("shelter", new_epoch=True))
    one = town.refer("nara", "shelter", town.decide("nara", "shelter", ["*"]), TEXTS)
    binding = referral.binding_of(one.document, town.directory.now())
    with refused("cannot_open"):
        open_set(binding, one.document.body.sealed, one.blobs, "shelter", town.epochs["shelter", 1])
    assert open_set(binding, one.document.body.sealed, one.blobs, "shelter", town.epochs["shelter", 2]) == TEXTS


def test_sealing_again_draws_new_keys(place: Town) -> None:
    decision = place.decide("nara", "shelter", ["*"])
    one = place.refer("nara", "shelter", decision, TEXTS)
    other = place.refer("nara", "shelter", decision, TEXTS, id=one.document.body.id)
    for mine, theirs in ((one.blobs.parts, other.blobs.parts), (one.blobs.wraps, other.blobs.wraps)):
        assert not set(mine.values()) & set(theirs.values())
    assert not set(one.blobs.keys.values()) & set(other.blobs.keys.values())


# --- what a hub refuses unopened --------------------------------------------------------------------------------------


def _drop_part(blobs: Blobs) -> None:
    del blobs.parts["needs"]


def _drop_wrap(blobs: Blobs) -> None:
    del blobs.wraps["shelter"]


def _drop_key(blobs: Blobs) -> None:
    del blobs.keys["needs", "shelter"]


def _add_part(blobs: Blobs) -> None:
    blobs.parts["medical"] = b"x"


def _add_wrap(blobs: Blobs) -> None:
    blobs.wraps["police"] = bytes(1168)


def _add_key(blobs: Blobs) -> None:
    blobs.keys["needs", "police"] = bytes(104)


@pytest.mark.parametrize(
    ("change", "code", "at"),
    [
        (_drop_part, "blob_missing", {"part": "needs"}),
        (_drop_wrap, "blob_missing", {"reader": "shelter"}),
        (_drop_key, "blob_missing", {"part": "needs", "reader": "shelter"}),
        (_add_part, "blob_unexpected", {"part": "medical"}),
        (_add_wrap, "blob_unexpected", {"reader": "police"}),
        (_add_key, "blob_unexpected", {"part": "needs", "reader": "police"}),
    ],
)
def test_blobs_missing_and_left_over_are_named(
    sent: SealedReferral, change: Callable[[Blobs], None], code: str, at: dict[str, str]
) -> None:
    blobs = copied(sent.blobs)
    change(blobs)
    with refused(code, **at):
        sealing.check_blobs(sent.document.body.sealed, blobs)


@pytest.mark.parametrize("length", [0, 31, 1167, 1169])
def test_a_wrap_of_another_length_is_refused(place: Town, sent: SealedReferral, length: int) -> None:
    blobs = copied(sent.blobs)
    blobs.wraps["shelter"] = bytes(length)
    with refused("size_mismatch", reader="shelter"):
        sealing.check_blobs(_rehash(sent, place, blobs).document.body.sealed, blobs)


@pytest.mark.parametrize("length", [0, 103, 105])
def test_a_key_of_another_length_is_refused(place: Town, sent: SealedReferral, length: int) -> None:
    blobs = copied(sent.blobs)
    blobs.keys["needs", "shelter"] = bytes(length)
    with refused("size_mismatch", part="needs", reader="shelter"):
        sealing.check_blobs(_rehash(sent, place, blobs).document.body.sealed, blobs)


def test_a_part_of_another_size_than_it_says_is_refused(place: Town, sent: SealedReferral) -> None:
    blobs = copied(sent.blobs)
    blobs.parts["needs"] += b"x"
    with refused("size_mismatch", part="needs"):
        sealing.check_blobs(_rehash(sent, place, blobs).document.body.sealed, blobs)


def test_a_section_has_at_most_256_kib_and_a_note_16(place: Town) -> None:
    decision = place.decide("nara", "shelter", ["*"])
    largest = place.refer("nara", "shelter", decision, {"needs": bytes(256 * 1024)})
    referral.check(largest, place.directory, decisions(decision), now=NOW)
    with refused("limit_exceeded", part="needs", most=262_144):
        place.refer("nara", "shelter", decision, {"needs": bytes(256 * 1024 + 1)})
    with refused("limit_exceeded", part="note", most=16_384):
        sealing.check_length("note", bytes(16 * 1024 + 1))
    sealed = largest.document.body.sealed
    sealing.check_form(sealed)
    larger = msgspec.structs.replace(sealed.parts[0], size=sealed.parts[0].size + 1)
    with refused("limit_exceeded", part="needs"):
        sealing.check_form(msgspec.structs.replace(sealed, parts=[larger]))


def _set_of(parts: list[str], readers: list[str], keys: list[tuple[str, str]] | None = None) -> Any:
    digest = b64(bytes(32))
    return schemas.Sealed(
        parts=[schemas.SealedPart(name=one, size=1096, sha256=digest) for one in parts],
        readers=[schemas.SealedReader(agency=one, as_="sender", epoch=1, sha256=digest) for one in readers],
        keys=[schemas.SealedKey(part=part, agency=one, sha256=digest) for part, one in keys or []],
    )


@pytest.mark.parametrize(
    ("parts", "readers", "keys", "code"),
    [
        ([f"s{n}" for n in range(17)], ["aa"], [], "limit_exceeded"),
        (["needs", *(f"needs/file-{n}" for n in range(1, 12))], ["aa"], [], "limit_exceeded"),
        ([f"needs/file-{n}" for n in range(1, 34)], ["aa"], [], "limit_exceeded"),
        (["needs"], ["aa", "bb", "cc", "dd"], [], "limit_exceeded"),
        (["needs", "needs"], ["aa"], [], "malformed"),
        (["needs"], ["aa", "aa"], [], "malformed"),
        (["needs"], ["aa"], [("needs", "aa"), ("needs", "aa")], "malformed"),
        (["needs"], ["aa"], [("identity", "aa")], "malformed"),
        (["needs"], ["aa"], [("needs", "bb")], "malformed"),
        (["identity/file-1"], ["aa"], [], "malformed"),
    ],
)
def test_the_form_of_a_sealed_set(parts: list[str], readers: list[str], keys: list[tuple[str, str]], code: str) -> None:
    with refused(code):
        sealing.check_form(_set_of(parts, readers, keys))


def test_sixteen_sections_and_three_readers_are_allowed() -> None:
    sealing.check_form(_set_of([f"s{n}" for n in range(16)], ["aa", "bb", "cc"]))
    sealing.check_form(_set_of(["needs", *(f"needs/file-{n}" for n in range(1, 11))], ["aa"]))


# --- keys that do not fit ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "public",
    [b"", bytes(1215), bytes(1217), b"\xff" * 1216, SigningKey(bytes(32)).public],
    ids=["nothing", "a byte less", "a byte more", "no point", "a key that signs"],
)
def test_nothing_is_sealed_to_what_is_no_key(public: bytes) -> None:
    with refused("key_refused", field="kem"):
        seal_to(public, b"", bytes(32))


def test_nothing_is_sealed_to_a_point_of_small_order() -> None:
    with refused("key_refused", field="kem"):
        seal_to(KemKey.generate().public[:1184] + bytes(32), b"", bytes(32))


# --- sections ---------------------------------------------------------------------------------------------------------


def test_a_section_is_read_back() -> None:
    text = referral.section_text("needs", {"goals": "Гэртээ харих", "people": 3})
    assert text == '{"fields":{"goals":"Гэртээ харих","people":3},"files":[],"section":"needs"}'.encode()
    assert referral.read_section("needs", text).fields["people"] == 3
    with refused("cannot_open", part="identity"):
        referral.read_section("identity", text)


@pytest.mark.parametrize("fields", [{"wages": 1.5}, {"нэр": "x"}, {"n": -1}, {"n": 2**53}, {"x": "\ud800"}])
def test_a_section_that_no_reader_would_take_is_not_sealed(fields: dict[str, Any]) -> None:
    with refused("not_canonical"):
        referral.section_text("needs", fields)


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"fields":{},"files":[],"section":"needs"} ', b"\xff"])
def test_what_is_no_section_does_not_show_as_one(text: bytes) -> None:
    with refused("cannot_open", part="needs"):
        referral.read_section("needs", text)
