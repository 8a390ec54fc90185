"""Each code of protocol §13 that this hub can raise is raised, by one thing that is wrong; and nothing is written.

What a refusal names is held against the whole of what it must name: the code, the referral, part, reader or field.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import pytest

from ortoo.client import document
from ortoo.protocol import schemas
from ortoo.protocol.documents import Document, SigningKey, as_set, b64, new_id, sha256
from ortoo.protocol.errors import SENTENCES
from ortoo.protocol.referral import SealedReferral, reader, section_text
from ortoo.protocol.sealing import NO_CONSENT, Binding, Blobs, seal_set
from tests.attacks.stage import IDENTITY, NARA, REVIEWED, Stage, Try, changed, flipped, relisted
from tests.attacks.town import CODE_MARK, MARK, NEEDS, PracticeTown, handed_in, refusal, written
from tests.protocol.network import again, dumps, envelope_of, plain, routing

TIME: Final = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")
STRANGE: Final = b64(bytes(32))  # a hash of nothing that there is

# Not to be met at this hub yet; the protocol's own tests and vectors raise them (tests/protocol, tests/vectors).
ELSEWHERE: Final[Mapping[str, str]] = {
    "threshold_not_met": "the directory is published by its coordinators' own command, not through the API",
    "chain_broken": "of the directory; through the API it is `head_moved`",
    "checkpoint_rollback": "a client's, of its hub",
    "checkpoint_unwitnessed": "a client's, of its hub; and that of a stranger who cosigns (test_founding.py)",
    "proof_invalid": "a client's, of its hub",
    "key_mismatch": "a client's, of the keys that it is handed",
    "cannot_open": "a reader's: the hub opens nothing",
    "upload_unknown": "of sealed files: tests/stories/test_attachments.py",
    "throttled": "only after many tries, which are counted: test_signing_in.py, test_receipts.py, test_attachments.py",
}


@dataclass(frozen=True)
class Case:
    code: str
    at: Mapping[str, Any]
    make: Callable[[Stage], Try]


CASES: dict[str, Case] = {}
Make = Callable[[Stage], Try]


def told(code: str, **at: Any) -> Callable[[Make], Make]:
    """The attack is answered with this code, and with just this (and what the attack itself says) as at fault."""

    def register(make: Make) -> Make:
        name = make.__name__
        assert name not in CASES
        CASES[name] = Case(code, at, make)
        return make

    return register


def each(code: str, attacks: Mapping[str, tuple[Make, Mapping[str, Any]]]) -> None:
    for name, (make, at) in attacks.items():
        assert name not in CASES
        CASES[name] = Case(code, at, make)


@pytest.fixture(scope="module")
def stage(town: PracticeTown) -> Stage:
    return Stage(town)


@pytest.mark.parametrize("name", CASES)
def test_is_refused_with_its_code_and_leaves_nothing(stage: Stage, name: str) -> None:
    check_refused(stage, CASES[name])


# Whoever signed in without the role is turned away before anything that was handed in is read.
AT_THE_DOOR: Final[Mapping[str, Any]] = {"field": "role"}


def check_refused(stage: Stage, case: Case) -> None:
    attack = case.make(stage)
    before = written(stage.town.hub.store)
    answer = stage.town.ask(attack.handle, attack.operation, **attack.variables)
    assert written(stage.town.hub.store) == before
    expected = {"code": case.code, **case.at, **({} if case.at is AT_THE_DOOR else attack.at)}
    found = refusal(answer)
    timed = {name for name, value in expected.items() if isinstance(value, re.Pattern)}
    assert all(expected[name].fullmatch(found.get(name, "")) for name in timed), found
    assert {**found, **dict.fromkeys(timed)} == {**expected, **dict.fromkeys(timed)}
    check_says_nothing(stage, answer.text, attack)


def check_says_nothing(stage: Stage, text: str, attack: Try) -> None:
    assert len(text) < 1000
    for word in (MARK, json.dumps(MARK)[1:-1], CODE_MARK, stage.town.tokens[attack.handle]):
        assert word not in text
    for whole in (
        one for given in attack.variables.values() for one in (given if isinstance(given, list) else [given])
    ):
        if isinstance(whole, dict):
            sealed = [one["ciphertext"] for one in whole["parts"]] + [one["wrap"] for one in whole["wraps"]]
            for blob in (whole["envelope"], *sealed, *(one["key"] for one in whole["keys"])):
                assert len(blob) < 24 or blob[8:32] not in text


def test_without_a_fault_all_of_it_is_taken(stage: Stage) -> None:
    """What the attacks change one thing of, is taken as it is."""
    town = stage.town
    whole = stage.whole(texts=NEEDS | IDENTITY)
    town.send(NARA, whole)
    opening, answer = town.open("mgec.delger", whole)
    assert {one["name"] for one in answer["sealed"]["parts"]} == {"needs", "identity"}
    event, blobs = stage.message("mgec.delger", whole, prev=opening.sha256)
    assert town.data("mgec.delger", "take_step", step=handed_in(event, blobs))["head"] == event.sha256


def test_the_list_of_codes_is_complete() -> None:
    raised = {case.code for case in CASES.values()}
    assert not raised & set(ELSEWHERE)
    assert raised | set(ELSEWHERE) == set(SENTENCES)


# --- form: limit_exceeded ---------------------------------------------------------------------------------------------


def payload_of(stage: Stage, **changes: Any) -> bytes:
    return dumps({**plain(stage.whole().document.body), **changes})


def nested(depth: int) -> Any:
    return [] if depth == 1 else [nested(depth - 1)]


@told("limit_exceeded", field="depth", most=8)
def a_payload_nine_deep(stage: Stage) -> Try:
    return stage.send_payload(payload_of(stage, more=nested(8)))


@told("limit_exceeded", field="a name", most=64)
def a_name_of_65_bytes(stage: Stage) -> Try:
    return stage.send_payload(payload_of(stage, **{"n" * 65: 1}))


@told("limit_exceeded", field="a text", most=4096)
def a_text_of_4097_bytes(stage: Stage) -> Try:
    return stage.send_payload(payload_of(stage, more=CODE_MARK.ljust(4097, "x")))


@told("limit_exceeded", field="payload", most=256 * 1024)
def a_payload_of_256_kib_and_one_byte(stage: Stage) -> Try:
    return stage.send_payload(b'"'.ljust(256 * 1024, b"x") + b'"')


@told("limit_exceeded", field="document", most=256 * 1024 * 4 // 3 + 4096)
def an_envelope_that_is_larger_than_any(stage: Stage) -> Try:
    return stage.send_envelope("{" + " " * 360_000 + "}")


@told("limit_exceeded", field="signatures", most=16)
def seventeen_signatures(stage: Stage) -> Try:
    keys = [SigningKey.generate() for _ in range(17)]
    return stage.send_envelope(envelope_of(payload_of(stage), "referral", *keys))


@told("limit_exceeded", field="referrals", most=16)
def seventeen_referrals(stage: Stage) -> Try:
    return Try(NARA, "send_referrals", {"referrals": [handed_in(stage.whole().document)] * 17})


@told("limit_exceeded", field="referrals", most=16)
def no_referral_at_all(stage: Stage) -> Try:
    return Try(NARA, "send_referrals", {"referrals": []})


@told("limit_exceeded", field="decisions", most=64)
def sixty_five_decisions(stage: Stage) -> Try:
    return Try(NARA, "record_consent", {"decisions": [handed_in(stage.decisions["mgec"])] * 65})


@told("limit_exceeded", field="consent", most=64)
def a_sixty_fifth_addressee(stage: Stage) -> Try:
    consent = new_id()
    many = [stage.town.decide(NARA, f"kind:k{n}", refused=["*"], consent=consent) for n in range(64)]
    stage.town.record(NARA, *many)
    return stage.record(stage.town.decide(NARA, "mgec", ["needs"], consent=consent))


def parts_named(*names: str) -> Callable[[list[Any]], list[Any]]:
    return lambda parts: [{**parts[0], "name": name} for name in names]


each(
    "limit_exceeded",
    {
        "thirty_three_parts": (
            lambda s: s.send_listed(s.whole(), parts=parts_named(*(f"s{n}" for n in range(33)))),
            {"field": "sealed.parts", "most": 32},
        ),
        "seventeen_sections": (
            lambda s: s.send_listed(s.whole(), parts=parts_named(*(f"s{n}" for n in range(17)))),
            {"field": "sealed.parts", "most": 16},
        ),
        "eleven_files": (
            lambda s: s.send_listed(s.whole(), parts=parts_named("needs", *(f"needs/file-{n}" for n in range(1, 12)))),
            {"field": "sealed.parts", "most": 10},
        ),
        "four_readers": (
            lambda s: s.send_listed(
                s.whole(), readers=lambda readers: readers + [{**readers[0], "agency": one} for one in ("moj", "iom")]
            ),
            {"field": "sealed.readers", "most": 3},
        ),
        "a_section_too_large": (
            lambda s: s.send_listed(s.whole(), parts=lambda parts: [{**parts[0], "size": 300_000}]),
            {"part": "needs", "most": 256 * 1024},
        ),
        "a_note_too_large": (
            lambda s: s.take_listed("mgec.delger", s.fresh, parts=lambda parts: [{**parts[0], "size": 20_000}]),
            {"part": "note", "most": 16 * 1024},
        ),
        "a_page_of_the_inbox_too_long": (
            lambda s: Try(NARA, "inbox", {"first": 51}),
            {"field": "first", "most": 50},
        ),
        "a_page_of_the_outbox_of_none": (
            lambda s: Try(NARA, "outbox", {"first": 0}),
            {"field": "first", "most": 50},
        ),
        "too_many_keys_at_once": (
            lambda s: Try(NARA, "kem_keys", {"hashes": [STRANGE] * 101}),
            {"field": "hashes", "most": 100},
        ),
        "a_page_of_the_directory_too_long": (
            lambda s: Try(NARA, "directory", {"after": 0, "first": 501}),
            {"field": "first", "most": 500},
        ),
    },
)


# --- form: not_canonical ----------------------------------------------------------------------------------------------


def unsorted_sections(stage: Stage) -> Try:
    body = plain(stage.town.decide(NARA, "mgec", ["identity", "needs"]).body)
    body["granted"]["sections"].reverse()
    envelope = envelope_of(dumps(body), "consent", stage.key(NARA))
    return Try(NARA, "record_consent", {"decisions": [handed_in(envelope)]}, {"item": 0})


def a_step_with_a_space(stage: Stage) -> Try:
    event, _ = stage.town.step("mgec.delger", stage.fresh, "acknowledged")
    envelope = envelope_of(event.payload + b" ", "event", stage.key("mgec.delger"))
    return Try("mgec.delger", "take_step", {"step": handed_in(envelope)})


def an_opening_with_a_space(stage: Stage) -> Try:
    event, _ = stage.town.step("mgec.delger", stage.fresh, "opened")
    envelope = envelope_of(b" " + event.payload, "event", stage.key("mgec.delger"))
    return Try("mgec.delger", "open_referral", {"event": envelope})


A_LIST: Final = {"field": "an unsorted or repeated list"}
A_NUMBER: Final = {"field": "a number outside 0…2^53−1"}
each(
    "not_canonical",
    {
        "not_utf_8": (lambda s: s.send_payload(b'{"a":"\xff"}'), {}),
        "not_json": (lambda s: s.send_payload(b'{"a"'), {}),
        "two_values": (lambda s: s.send_payload(b"{}{}"), {}),
        "nothing": (lambda s: s.send_payload(b""), {}),
        "a_space": (lambda s: s.send_payload(payload_of(s).replace(b",", b", ", 1)), {}),
        "a_line_end": (lambda s: s.send_payload(payload_of(s) + b"\n"), {}),
        "names_out_of_order": (lambda s: s.send_payload(b'{"b":1,"a":1}'), {}),
        "a_name_twice": (lambda s: s.send_payload(b'{"a":1,"a":1}'), {}),
        "an_escape_that_is_not_needed": (lambda s: s.send_payload(b'{"a":"\\u0041"}'), {}),
        "a_lone_surrogate": (lambda s: s.send_payload(b'{"a":"\\ud800"}'), {"field": "a lone surrogate"}),
        "a_fraction": (lambda s: s.send_payload(b'{"a":1.5}'), {}),
        "not_a_number": (lambda s: s.send_payload(b'{"a":NaN}'), {}),
        "below_zero": (lambda s: s.send_payload(b'{"a":-1}'), A_NUMBER),
        "two_to_the_53": (lambda s: s.send_payload(b'{"a":9007199254740992}'), A_NUMBER),
        "a_name_that_is_not_ascii": (
            lambda s: s.send_payload('{"нэр":1}'.encode()),
            {"field": "a name that is not ASCII"},
        ),
        "a_set_twice_the_same": (
            lambda s: s.send_payload(payload_of(s, routing={**plain(routing()), "services": ["shelter", "shelter"]})),
            A_LIST,
        ),
        "a_set_out_of_order": (
            lambda s: s.send_payload(payload_of(s, routing={**plain(routing()), "services": ["shelter", "legal"]})),
            A_LIST,
        ),
        "a_decision_with_a_set_out_of_order": (unsorted_sections, A_LIST),
        "a_step_with_a_space": (a_step_with_a_space, {}),
        "an_opening_with_a_space": (an_opening_with_a_space, {}),
        "an_envelope_with_a_space": (lambda s: s.send_envelope(s.whole().document.envelope + " "), {}),
        "an_envelope_that_is_not_json": (lambda s: s.send_envelope(MARK), {}),
    },
)


# --- form: version_unsupported, malformed -----------------------------------------------------------------------------


@told("version_unsupported", field="payloadType")
def a_referral_of_version_2(stage: Stage) -> Try:
    return stage.send_envelope(envelope_of(payload_of(stage), "referral", stage.key(NARA), version=2))


@told("version_unsupported", field="payloadType")
def a_step_of_version_2(stage: Stage) -> Try:
    event, _ = stage.town.step("mgec.delger", stage.fresh, "opened")
    envelope = envelope_of(event.payload, "event", stage.key("mgec.delger"), version=2)
    return Try("mgec.delger", "open_referral", {"event": envelope})


def without(stage: Stage, name: str) -> bytes:
    body = plain(stage.whole().document.body)
    del body[name]
    return dumps(body)


def twice(stage: Stage, name: str) -> Try:
    handed = handed_in(stage.whole())
    handed[name].append(handed[name][0])
    return Try(NARA, "send_referrals", {"referrals": [handed]}, {"field": name})


def without_key(stage: Stage, part: str, reader: str) -> Try:
    whole = stage.whole(texts=NEEDS | IDENTITY)
    return stage.send_listed(
        whole,
        changed(whole.blobs, keys={(part, reader): None}),
        keys=lambda keys: [one for one in keys if (one["part"], one["agency"]) != (part, reader)],
    )


def reader_named(readers: list[Any], old: str, **changes: Any) -> list[Any]:
    return [{**one, **changes} if one["agency"] == old else one for one in readers]


def routed(stage: Stage, **changes: Any) -> Try:
    return stage.send_changed(stage.whole(), routing=routing(**changes))


def to_oneself(stage: Stage) -> Try:
    return stage.send_changed(stage.whole(), to="mrc-umnugobi")


each(
    "malformed",
    {
        "a_field_that_nobody_knows": (
            lambda s: s.send_payload(payload_of(s, **{CODE_MARK: 1})),
            {"field": "$"},
        ),
        "a_field_missing": (lambda s: s.send_payload(without(s, "parent")), {"field": "$.parent"}),
        "an_id_that_is_none": (lambda s: s.send_payload(payload_of(s, id=CODE_MARK)), {"field": "$.id"}),
        "an_id_in_capitals": (lambda s: s.send_payload(payload_of(s, id=new_id().upper())), {"field": "$.id"}),
        "a_time_that_is_none": (
            lambda s: s.send_payload(payload_of(s, at="2026-02-30T00:00:00Z")),
            {"field": "$"},
        ),
        "a_decision_handed_in_as_a_referral": (
            lambda s: s.send_envelope(s.decisions["mgec"].envelope),
            {"field": "payloadType"},
        ),
        "a_kind_that_is_none": (
            lambda s: s.send_envelope(envelope_of(payload_of(s), "mongoljin", s.key(NARA))),
            {"field": "payloadType"},
        ),
        "two_signatures": (
            lambda s: s.send_envelope(envelope_of(payload_of(s), "referral", s.key(NARA), s.key("mrc.jargal"))),
            {"field": "signatures"},
        ),
        "an_envelope_that_is_none": (lambda s: s.send_envelope("{}"), {"field": "$.payload"}),
        "the_same_referral_twice": (lambda s: s.send(*[s.whole()] * 2), {}),
        "a_part_handed_in_twice": (lambda s: twice(s, "parts"), {}),
        "a_wrap_handed_in_twice": (lambda s: twice(s, "wraps"), {}),
        "a_key_handed_in_twice": (lambda s: twice(s, "keys"), {}),
        "a_part_listed_twice": (
            lambda s: s.send_listed(s.whole(), parts=lambda parts: [*parts, {**parts[0], "size": 1}]),
            {"part": "needs"},
        ),
        "a_reader_listed_twice": (
            lambda s: s.send_listed(s.whole(), readers=lambda readers: [*readers, {**readers[0], "epoch": 2}]),
            {"reader": "mgec"},
        ),
        "a_key_listed_twice": (
            lambda s: s.send_listed(
                s.whole(),
                keys=lambda keys: keys + [{**one, "sha256": STRANGE} for one in keys if one["agency"] == "mgec"],
            ),
            {"part": "needs", "reader": "mgec"},
        ),
        "a_key_for_a_reader_who_is_not_listed": (
            lambda s: s.send_listed(s.whole(), keys=lambda keys: [*keys, {**keys[0], "agency": "police-ct"}]),
            {"part": "needs", "reader": "police-ct"},
        ),
        "a_key_for_a_part_that_is_not_listed": (
            lambda s: s.send_listed(s.whole(), keys=lambda keys: [*keys, {**keys[0], "part": "safety"}]),
            {"part": "safety", "reader": "mgec"},
        ),
        "a_file_without_its_section": (
            lambda s: s.send_listed(s.whole(), parts=lambda parts: [*parts, {**parts[0], "name": "account/file-1"}]),
            {"part": "account/file-1"},
        ),
        "a_part_that_nobody_knows": (lambda s: s.send(s.whole(texts={"unheard_of": b"{}"})), {"part": "unheard_of"}),
        "a_note_in_a_referral": (lambda s: s.send(s.whole(texts={"note": b"{}"})), {"part": "note"}),
        "evidence_in_a_referral": (lambda s: s.send(s.whole(texts={"evidence": b"{}"})), {"part": "evidence"}),
        "two_recipients": (
            lambda s: s.send_listed(
                s.whole(), readers=lambda readers: [*readers, {**readers[0], "agency": "police-ct"}]
            ),
            {"field": "sealed.readers"},
        ),
        "a_sender_who_is_no_reader": (
            lambda s: s.send_listed(
                s.whole(),
                readers=lambda readers: reader_named(readers, "mrc-umnugobi", agency="police-ct"),
                keys=lambda keys: reader_named(keys, "mrc-umnugobi", agency="police-ct"),
            ),
            {"reader": "mrc-umnugobi"},
        ),
        "a_recipient_who_is_no_reader": (
            lambda s: s.send_listed(
                s.whole(),
                readers=lambda readers: reader_named(readers, "mgec", agency="police-ct"),
                keys=lambda keys: reader_named(keys, "mgec", agency="police-ct"),
            ),
            {"reader": "mgec"},
        ),
        "a_referral_to_oneself": (to_oneself, {"field": "to"}),
        "a_service_that_nobody_knows": (lambda s: routed(s, services=[CODE_MARK]), {"field": "routing.services"}),
        "an_urgency_that_nobody_knows": (lambda s: routed(s, urgency=CODE_MARK), {"field": "routing.urgency"}),
        "a_language_that_nobody_knows": (lambda s: routed(s, language=CODE_MARK), {"field": "routing.language"}),
        "another_network": (lambda s: s.send_changed(s.whole(), network=new_id()), {"field": "network"}),
        "a_recipient_without_one_key": (
            lambda s: without_key(s, "identity", "mgec"),
            {"part": "identity", "reader": "mgec"},
        ),
        "a_sender_without_one_key": (
            lambda s: without_key(s, "needs", "mrc-umnugobi"),
            {"part": "needs", "reader": "mrc-umnugobi"},
        ),
        "decisions_with_different_receipts": (
            lambda s: different_receipts(s),
            {"field": "receipt"},
        ),
        "a_look_that_takes_back": (
            lambda s: Try(NARA, "look_with_receipt", {"receipt": s.receipt(s.code, "withdraw", scope=[EVERYTHING])}),
            {"field": "do"},
        ),
        "a_withdrawal_of_nothing_known": (
            lambda s: Try(
                NARA, "withdraw_with_receipt", {"receipt": s.receipt(s.code, "withdraw", scope=[UNKNOWN_SECTION])}
            ),
            {"field": "scope.sections"},
        ),
        "another_part_as_evidence": (lambda s: evidence(s, part="needs"), {"field": "sealed.parts"}),
        "evidence_for_a_recipient": (lambda s: evidence(s, ("mgec", "sender")), {"field": "sealed.readers"}),
        "evidence_for_one_more": (
            lambda s: evidence(s, ("mrc-umnugobi", "sender"), ("mgec", "recipient")),
            {"field": "sealed.readers"},
        ),
        "evidence_for_oneself_before_another_recorder": (
            lambda s: evidence(s, ("iom", "sender"), by="iom.zaya", to="mgec", recorder="mrc-umnugobi"),
            {"field": "sealed.readers"},
        ),
        "evidence_without_a_key": (lambda s: evidence(s, keyed=False), {"field": "sealed.keys"}),
        "a_purpose_that_nobody_knows": (
            lambda s: s.record(s.town.decide(NARA, "mgec", ["needs"], purposes=[CODE_MARK])),
            {"field": "granted.purposes"},
        ),
        "a_section_that_nobody_knows": (
            lambda s: s.record(s.town.decide(NARA, "mgec", [CODE_MARK])),
            {"field": "granted.sections"},
        ),
        "a_refusal_that_nobody_knows": (
            lambda s: s.record(s.town.decide(NARA, "mgec", refused=["note"])),
            {"field": "refused"},
        ),
        "a_grant_to_a_kind": (lambda s: s.record(s.town.decide(NARA, "kind:police", ["needs"])), {"field": "granted"}),
        "a_grant_to_everybody": (lambda s: s.record(s.town.decide(NARA, "*", ["needs"])), {"field": "granted"}),
        "an_opening_that_is_another_step": (
            lambda s: without_referral(s.open("mgec.delger", s.fresh, type="accepted")),
            {"field": "type"},
        ),
        "a_step_that_is_an_opening": (
            lambda s: without_referral(s.take("mgec.delger", s.fresh, "opened")),
            {"field": "type"},
        ),
        "a_step_that_nobody_knows": (
            lambda s: without_referral(s.take("mgec.delger", s.fresh, CODE_MARK)),
            {"field": "type"},
        ),
        "a_decline_without_a_reason": (lambda s: s.take("mgec.delger", s.fresh, "declined"), {"field": "reason"}),
        "a_decline_for_a_reason_that_nobody_knows": (
            lambda s: s.take("mgec.delger", s.fresh, "declined", reason=CODE_MARK),
            {"field": "reason"},
        ),
        "taken_back_for_a_reason_to_decline": (
            lambda s: s.take(NARA, s.fresh, "recalled", reason="no_capacity"),
            {"field": "reason"},
        ),
        "taken_back_for_another_reason_and_not_said_which": (
            lambda s: s.take(NARA, s.fresh, "recalled", reason="other"),
            {"field": "sealed"},
        ),
        "handed_back_without_a_reason": (
            lambda s: s.take("mgec.delger", s.fresh, "handed_back"),
            {"field": "reason"},
        ),
        "a_deletion_with_a_note": (
            lambda s: s.take("mgec.delger", s.declined, "deleted", note=MARK, decision=s.decisions["mgec"]),
            {"field": "sealed"},
        ),
        "an_acceptance_with_a_reason": (
            lambda s: s.take("mgec.delger", s.fresh, "accepted", reason="no_capacity"),
            {"field": "reason"},
        ),
        "a_reason_that_needs_a_note": (
            lambda s: s.take("mgec.delger", s.fresh, "declined", reason="other"),
            {"field": "sealed"},
        ),
        "a_message_without_a_note": (lambda s: s.take("mgec.delger", s.fresh, "message"), {"field": "sealed"}),
        "a_note_where_none_goes": (
            lambda s: s.take("mgec.delger", s.fresh, "acknowledged", note=MARK, decision=s.decisions["mgec"]),
            {"field": "sealed"},
        ),
        "a_note_without_its_consent": (
            lambda s: changed_message(s, authority=None),
            {"field": "authority"},
        ),
        "a_note_to_a_third_agency": (
            lambda s: s.take_listed(
                "mgec.delger",
                s.fresh,
                readers=lambda readers: reader_named(readers, "mrc-umnugobi", agency="police-ct"),
                keys=lambda keys: reader_named(keys, "mrc-umnugobi", agency="police-ct"),
            ),
            {"field": "sealed.readers"},
        ),
        "a_note_that_one_side_cannot_read": (
            lambda s: s.take_listed("mgec.delger", s.fresh, keys=lambda keys: keys[:1]),
            {"field": "sealed.keys"},
        ),
        "a_step_on_other_bytes": (
            lambda s: s.open("mgec.delger", s.fresh, on=schemas.Named(id=s.fresh.document.body.id, sha256=STRANGE)),
            {"field": "on"},
        ),
        "an_id_to_look_up_that_is_none": (lambda s: Try(NARA, "referral", {"id": CODE_MARK}), {"field": "id"}),
        "a_cursor_that_is_none": (
            lambda s: Try(NARA, "inbox", {"first": 50, "after": CODE_MARK}),
            {"field": "after"},
        ),
    },
)


def evidence(
    stage: Stage,
    *readers: tuple[str, schemas.As],
    part: str = "evidence",
    by: str = NARA,
    to: str = "*",
    keyed: bool = True,
    left_out: bool = False,
    epoch: int | None = None,
    beside: Blobs | None = None,
    **more: Any,
) -> Try:
    """A decision with evidence of it, sealed as it should be but for what is said."""
    town, id, signer = stage.town, new_id(), stage.town.signer(by)
    binding = Binding(town.network_id, f"{id}/{to}/1", signer.agency, signer.key.public, NO_CONSENT)
    wanted = readers or (("mrc-umnugobi", "sender"),)
    sealed_for = [
        reader(town.directory.now(), agency, as_, town.public_keys, [part] if keyed else []) for agency, as_ in wanted
    ]
    sealed, blobs = seal_set(binding, {part: section_text(part, {"note": MARK})}, sealed_for)
    if epoch is not None:
        listed = [msgspec.structs.replace(one, epoch=epoch) for one in sealed.readers]
        sealed = msgspec.structs.replace(sealed, readers=listed)
    parts = {} if left_out else blobs.parts | (beside.parts if beside is not None else {})
    decision = town.decide(by, to, consent=id, sealed=sealed, **more)
    return stage.record(decision, by=by, blobs=Blobs(parts, blobs.wraps, blobs.keys))


def without_referral(attack: Try) -> Try:
    """Refused for what the operation is, not for the referral that it is about."""
    return Try(attack.handle, attack.operation, attack.variables)


def changed_message(stage: Stage, by: str = "mgec.delger", key: SigningKey | None = None, **changes: Any) -> Try:
    event, blobs = stage.message(by, stage.fresh)
    return stage.hand_in(by, again(event, key or stage.key(by), **changes), blobs)


# --- signer -----------------------------------------------------------------------------------------------------------


def signed_with(stage: Stage, key: SigningKey, by: str = NARA, **changes: Any) -> Try:
    whole = stage.whole(by=by)
    return stage.send(SealedReferral(again(whole.document, key, **changes), whole.blobs), by=by)


def a_keyid_that_is_another_keys(stage: Stage) -> Try:
    whole = stage.whole()
    envelope = json.loads(whole.document.envelope)
    other = json.loads(envelope_of(b"{}", "referral", stage.key("mrc.jargal")))
    envelope["signatures"][0]["keyid"] = other["signatures"][0]["keyid"]
    handed = handed_in(dumps(envelope).decode(), whole.blobs)
    return Try(NARA, "send_referrals", {"referrals": [handed]}, {"referral": whole.document.body.id})


def changed_after_signing(stage: Stage) -> Try:
    whole, other = stage.whole(), stage.whole()
    envelope = json.loads(whole.document.envelope)
    envelope["signatures"] = json.loads(other.document.envelope)["signatures"]
    handed = handed_in(dumps(envelope).decode(), whole.blobs)
    return Try(NARA, "send_referrals", {"referrals": [handed]}, {"referral": whole.document.body.id})


def forged_decision(stage: Stage, key: SigningKey, **changes: Any) -> Try:
    return stage.record(again(stage.town.decide(NARA, "mgec", ["needs"]), key, **changes))


each(
    "signature_invalid",
    {
        "signed_by_nobody": (lambda s: signed_with(s, SigningKey.generate()), {}),
        "signed_by_a_colleague_in_her_name": (lambda s: signed_with(s, s.key("mrc.jargal")), {}),
        "signed_by_another_agency_in_her_name": (lambda s: signed_with(s, s.key("pct.dorj")), {}),
        "a_keyid_that_is_another_keys": (a_keyid_that_is_another_keys, {}),
        "changed_after_it_was_signed": (changed_after_signing, {}),
        "a_decision_signed_by_a_colleague": (lambda s: forged_decision(s, s.key("mrc.jargal")), {}),
        "an_opening_signed_by_the_sender": (lambda s: s.open("mgec.delger", s.fresh, s.key(NARA)), {}),
        "a_message_signed_by_the_sender": (lambda s: changed_message(s, key=s.key(NARA)), {}),
        "signed_with_a_key_that_has_ended": (lambda s: signed_with(s, s.old_key, by="ado.gantulga"), {}),
        "signed_by_a_member_who_has_left": (
            lambda s: signed_with(s, s.key("aum.dulam"), by="aum.purev"),
            {},
        ),
    },
)


def head_before_her(stage: Stage) -> schemas.TreeHead:
    return stage.town.head_at(1)


each(
    "key_unknown",
    {
        "an_author_before_her_roster": (
            lambda s: s.send_changed(s.whole(), directory=head_before_her(s)),
            {"field": "author"},
        ),
        "a_decision_before_its_authors_roster": (
            lambda s: forged_decision(s, s.key(NARA), directory=head_before_her(s)),
            {"field": "author"},
        ),
        "an_opening_before_its_authors_roster": (
            lambda s: s.open("mgec.delger", s.fresh, directory=head_before_her(s)),
            {"field": "author"},
        ),
        "a_message_before_its_authors_roster": (
            lambda s: changed_message(s, directory=head_before_her(s)),
            {"field": "author"},
        ),
    },
)


def somebody_elses_opening(stage: Stage, by: str) -> Try:
    attack = stage.open("mgec.delger", stage.fresh)
    return Try(by, attack.operation, attack.variables, attack.at)


each(
    "role_not_allowed",
    {
        "a_coordinator_sends": (
            lambda s: s.send(s.whole(by="moj.oyun"), by="moj.oyun"),
            AT_THE_DOOR,
        ),
        "an_administrator_who_coordinates_sends": (
            lambda s: s.send(s.whole(by="iom.emma"), by="iom.emma"),
            AT_THE_DOOR,
        ),
        "a_coordinator_records": (
            lambda s: s.record(s.town.decide("moj.oyun", "mgec", ["needs"]), by="moj.oyun"),
            AT_THE_DOOR,
        ),
        "a_colleague_hands_it_in": (lambda s: s.send(s.whole(), by="mrc.jargal"), {"field": "author"}),
        "another_agency_hands_it_in": (lambda s: s.send(s.whole(), by="pct.dorj"), {"field": "author"}),
        "its_recipient_hands_it_in": (lambda s: s.send(s.whole(), by="mgec.delger"), {"field": "author"}),
        "another_agency_hands_in_a_decision": (
            lambda s: s.record(s.town.decide(NARA, "mgec", ["needs"]), by="mgec.delger"),
            {"field": "author"},
        ),
        "a_colleague_hands_in_an_opening": (
            lambda s: somebody_elses_opening(s, "mgec.urna"),
            {"field": "author"},
        ),
        "another_agency_hands_in_an_opening": (
            lambda s: somebody_elses_opening(s, "pct.dorj"),
            {"field": "author"},
        ),
        "another_agency_hands_in_a_step": (
            lambda s: s.take("pct.dorj", s.fresh, "accepted", signed_by="mgec.delger"),
            {"field": "author"},
        ),
        "what_a_member_who_has_left_signed": (
            lambda s: s.send(s.whole(by="aum.dulam"), by="aum.purev"),
            {"field": "author"},
        ),
    },
)


# --- directory --------------------------------------------------------------------------------------------------------


def sealed_to_epoch(stage: Stage, n: int, **changes: Any) -> Try:
    """To the legal clinic, under this epoch."""
    whole = stage.whole("legal-clinic")
    body = plain(whole.document.body) | {name: plain(value) for name, value in changes.items()}
    body["sealed"]["readers"] = as_set(reader_named(body["sealed"]["readers"], "legal-clinic", epoch=n))
    handed = handed_in(envelope_of(dumps(body), "referral", stage.key(NARA)), whole.blobs)
    return Try(NARA, "send_referrals", {"referrals": [handed]}, {"referral": whole.document.body.id})


each(
    "epoch_stale",
    {
        "an_epoch_that_has_ended": (lambda s: sealed_to_epoch(s, 1), {"reader": "legal-clinic"}),
        "an_epoch_that_is_to_come": (lambda s: sealed_to_epoch(s, 3), {"reader": "legal-clinic"}),
        "an_agency_that_is_not_there": (
            lambda s: to_nobody(s),
            {"reader": "nobody-here"},
        ),
        "evidence_to_an_epoch_that_is_none": (lambda s: evidence(s, epoch=7), {"reader": "mrc-umnugobi"}),
        "a_note_to_an_epoch_that_is_none": (
            lambda s: s.take_listed(
                "mgec.delger", s.fresh, readers=lambda readers: reader_named(readers, "mrc-umnugobi", epoch=7)
            ),
            {"reader": "mrc-umnugobi"},
        ),
    },
)


def to_nobody(stage: Stage) -> Try:
    whole = stage.whole()
    body = plain(whole.document.body) | {"to": "nobody-here"}
    for name in ("readers", "keys"):
        body["sealed"][name] = as_set(reader_named(body["sealed"][name], "mgec", agency="nobody-here"))
    handed = handed_in(envelope_of(dumps(body), "referral", stage.key(NARA)), whole.blobs)
    return Try(NARA, "send_referrals", {"referrals": [handed]}, {"referral": whole.document.body.id})


def stale(attack: Try, stage: Stage) -> Try:
    return Try(attack.handle, attack.operation, attack.variables, {**attack.at, "size": stage.town.directory.size})


def before_her_new_key(stage: Stage) -> Try:
    whole = stage.whole(by="ado.gantulga")
    body = plain(whole.document.body) | {"directory": plain(before(stage))}
    body["sealed"]["readers"] = as_set(reader_named(body["sealed"]["readers"], "aimag-dornogobi", epoch=1))
    handed = handed_in(envelope_of(dumps(body), "referral", stage.old_key), whole.blobs)
    at = {"referral": whole.document.body.id}
    return stale(Try("ado.gantulga", "send_referrals", {"referrals": [handed]}, at), stage)


def before(stage: Stage) -> schemas.TreeHead:
    return stage.town.head_at(stage.before)


each(
    "directory_stale",
    {
        "sealed_before_the_recipients_new_epoch": (
            lambda s: stale(sealed_to_epoch(s, 1, directory=before(s)), s),
            {"reader": "legal-clinic"},
        ),
        "signed_before_the_authors_new_key": (
            before_her_new_key,
            {"field": "author"},
        ),
        "signed_before_the_recipient_was_suspended": (
            lambda s: stale(s.send_changed(s.whole("mine-khanbogd"), directory=before(s)), s),
            {"reader": "mine-khanbogd"},
        ),
        "a_decision_signed_before_the_authors_new_key": (
            lambda s: stale(
                s.record(
                    again(s.town.decide("ado.gantulga", "mgec", ["needs"]), s.old_key, directory=before(s)),
                    by="ado.gantulga",
                ),
                s,
            ),
            {"field": "author"},
        ),
        "an_opening_signed_before_the_authors_new_key": (
            lambda s: stale(s.open("ado.gantulga", s.to_renewed, s.old_key, directory=before(s)), s),
            {"field": "author"},
        ),
    },
)


def never_signed(stage: Stage, handle: str, to: str) -> Try:
    """Between the founding's checkpoints: a true root, but not one that this hub ever signed."""
    size = 1 + 2 * len(stage.town.agencies) - 1
    view = stage.town.directory.at(size)
    assert view.member(stage.town.people[handle].agency, stage.town.people[handle].id)
    assert view.agency(to)
    return stage.send_changed(stage.whole(to, by=handle), by=handle, directory=stage.town.head_at(size))


FORKED: Final = {"field": "directory"}


def with_head(stage: Stage, **changes: Any) -> schemas.TreeHead:
    return msgspec.structs.replace(stage.town.directory.head, **changes)


def forked(attack: Try, stage: Stage, size: int | None = None) -> Try:
    at = {**attack.at, "size": stage.town.directory.size if size is None else size}
    return Try(attack.handle, attack.operation, attack.variables, at)


each(
    "directory_fork",
    {
        "another_root": (
            lambda s: forked(s.send_changed(s.whole(), directory=with_head(s, root=STRANGE)), s),
            FORKED,
        ),
        "a_directory_that_is_larger": (
            lambda s: forked(s.send_changed(s.whole(), directory=with_head(s, size=9999)), s, 9999),
            {},
        ),
        "a_directory_of_nothing": (
            lambda s: forked(s.send_changed(s.whole(), directory=with_head(s, size=0)), s, 0),
            {},
        ),
        "a_head_that_was_never_signed": (
            lambda s: forked(never_signed(s, NARA, "mgec"), s, 2 * len(s.town.agencies)),
            FORKED,
        ),
        "a_decision_with_another_root": (
            lambda s: forked(forged_decision(s, s.key(NARA), directory=with_head(s, root=STRANGE)), s),
            FORKED,
        ),
        "an_opening_with_another_root": (
            lambda s: forked(s.open("mgec.delger", s.fresh, directory=with_head(s, root=STRANGE)), s),
            FORKED,
        ),
        "a_message_with_another_root": (
            lambda s: forked(changed_message(s, directory=with_head(s, root=STRANGE)), s),
            FORKED,
        ),
    },
)


# --- seal -------------------------------------------------------------------------------------------------------------

KEY: Final = ("needs", "mgec")
AT_PART: Final = {"part": "needs"}
AT_WRAP: Final = {"reader": "mgec"}
AT_KEY: Final = {"part": "needs", "reader": "mgec"}


def beside(stage: Stage, change: Callable[[Blobs], Mapping[str, Any]]) -> Try:
    whole = stage.whole()
    return stage.send_beside(whole, **change(whole.blobs))


def note_beside(stage: Stage, change: Callable[[Blobs], Mapping[str, Any]]) -> Try:
    event, blobs = stage.message("mgec.delger", stage.fresh)
    return stage.hand_in("mgec.delger", event, changed(blobs, **change(blobs)))


def shorter(stage: Stage, kind: str) -> Try:
    """One byte less than its kind has, and the document says so."""
    whole = stage.whole()
    if kind == "wrap":
        wrap = whole.blobs.wraps["mgec"][:-1]
        return stage.send_listed(
            whole,
            changed(whole.blobs, wraps={"mgec": wrap}),
            readers=lambda readers: reader_named(readers, "mgec", sha256=b64(sha256(wrap))),
        )
    key = whole.blobs.keys[KEY][:-1]
    return stage.send_listed(
        whole,
        changed(whole.blobs, keys={KEY: key}),
        keys=lambda readers: reader_named(readers, "mgec", sha256=b64(sha256(key))),
    )


each(
    "hash_mismatch",
    {
        "a_part_changed_on_the_way": (
            lambda s: beside(s, lambda b: {"parts": {"needs": flipped(b.parts["needs"])}}),
            AT_PART,
        ),
        "a_wrap_changed_on_the_way": (
            lambda s: beside(s, lambda b: {"wraps": {"mgec": flipped(b.wraps["mgec"])}}),
            AT_WRAP,
        ),
        "a_key_changed_on_the_way": (lambda s: beside(s, lambda b: {"keys": {KEY: flipped(b.keys[KEY])}}), AT_KEY),
        "a_part_cut_short_on_the_way": (
            lambda s: beside(s, lambda b: {"parts": {"needs": b.parts["needs"][:-1]}}),
            AT_PART,
        ),
        "a_note_changed_on_the_way": (
            lambda s: note_beside(s, lambda b: {"parts": {"note": flipped(b.parts["note"])}}),
            {"part": "note"},
        ),
    },
)
each(
    "size_mismatch",
    {
        "a_part_of_another_size": (
            lambda s: s.send_listed(s.whole(), parts=lambda parts: [{**parts[0], "size": parts[0]["size"] + 1}]),
            AT_PART,
        ),
        "a_wrap_of_1167_bytes": (lambda s: shorter(s, "wrap"), AT_WRAP),
        "a_key_of_103_bytes": (lambda s: shorter(s, "key"), AT_KEY),
    },
)
each(
    "blob_missing",
    {
        "a_part_left_out": (lambda s: beside(s, lambda _: {"parts": {"needs": None}}), AT_PART),
        "a_wrap_left_out": (lambda s: beside(s, lambda _: {"wraps": {"mgec": None}}), AT_WRAP),
        "a_key_left_out": (lambda s: beside(s, lambda _: {"keys": {KEY: None}}), AT_KEY),
        "evidence_left_out": (lambda s: evidence(s, left_out=True), {"part": "evidence"}),
        "a_note_left_out": (lambda s: note_beside(s, lambda _: {"parts": {"note": None}}), {"part": "note"}),
    },
)
each(
    "blob_unexpected",
    {
        "a_part_too_many": (lambda s: beside(s, lambda _: {"parts": {"safety": b"x"}}), {"part": "safety"}),
        "a_wrap_too_many": (lambda s: beside(s, lambda _: {"wraps": {"police-ct": b"x"}}), {"reader": "police-ct"}),
        "a_key_too_many": (
            lambda s: beside(s, lambda _: {"keys": {("needs", "police-ct"): b"x"}}),
            {"part": "needs", "reader": "police-ct"},
        ),
        "a_file_handed_in_beside_its_evidence": (
            lambda s: evidence(s, beside=Blobs(parts={"evidence/file-1": b"x"})),
            {"part": "evidence/file-1"},
        ),
        "a_part_beside_a_decision": (
            lambda s: s.record(s.town.decide(NARA, "mgec", ["needs"]), blobs=Blobs(parts={"evidence": b"x"})),
            {"part": "evidence"},
        ),
        "a_wrap_beside_a_step_without_a_note": (
            lambda s: s.hand_in(
                "mgec.delger", s.town.step("mgec.delger", s.fresh, "accepted")[0], Blobs(wraps={"mgec": b"x"})
            ),
            {"reader": "mgec"},
        ),
    },
)


# --- consent ----------------------------------------------------------------------------------------------------------


def to_the_police(stage: Stage) -> Try:
    decision = stage.town.decide(NARA, "police-ct", ["needs"], consent=stage.consent)
    return stage.send(stage.whole("police-ct", decision=decision))


def under_another_consent(stage: Stage) -> Try:
    return stage.send(stage.whole(decision=stage.town.decide(NARA, "mgec", ["needs"])))


def named_as(stage: Stage, to: str = "mgec", **changes: Any) -> Try:
    whole = stage.whole(to)
    return stage.send_changed(whole, authority=msgspec.structs.replace(whole.document.body.authority, **changes))


def ecpats_decision(stage: Stage) -> Try:
    """To one agency, under the decision on another."""
    return stage.send(stage.whole("mgec", decision=stage.decisions["ecpat"]))


def message_under(stage: Stage, decision: str) -> Try:
    event, blobs = stage.message("mgec.delger", stage.fresh, decision=stage.decisions[decision])
    return stage.hand_in("mgec.delger", event, blobs)


def nothing_for_the_recipient(stage: Stage) -> Try:
    whole = stage.whole()
    return stage.send_listed(
        whole,
        changed(whole.blobs, keys={KEY: None}),
        keys=lambda keys: [one for one in keys if one["agency"] != "mgec"],
    )


def version_one_again(stage: Stage) -> Try:
    attack = stage.record(stage.town.decide(NARA, "mgec", ["needs"], consent=stage.consent))
    return Try(attack.handle, attack.operation, attack.variables, {**attack.at, "head": stage.decisions["mgec"].sha256})


def recorded_by_a_grantee(stage: Stage) -> Try:
    decision = stage.town.decide("mgec.delger", "moj", ["needs"], consent=stage.consent, recorder="mrc-umnugobi")
    return stage.record(decision, by="mgec.delger")


def an_exception(stage: Stage, reviewer: str = "nhrcm", **more: Any) -> Document[schemas.Consent]:
    exception = schemas.ConsentException(reviewer=reviewer, overrides=None, tell_after=None)
    given = schemas.Given(by=None, how=None, language=None, interpreter=False, witness=False)
    return stage.town.decide(
        NARA, "mgec", ["needs"], **{"basis": "danger_to_life", "exception": exception, "given": given, **more}
    )


def without_consent(
    stage: Stage, reviewer: str = "nhrcm", texts: Mapping[str, bytes] = NEEDS | REVIEWED
) -> SealedReferral:
    decision = an_exception(stage, reviewer)
    stage.town.record(NARA, decision)
    return stage.whole(decision=decision, texts=texts)


def sent_without_consent(stage: Stage) -> SealedReferral:
    whole = without_consent(stage)
    stage.town.send(NARA, whole)
    return whole


@told("second_signature_missing", field="author")
def the_first_signs_again(stage: Stage) -> Try:
    return stage.take(NARA, sent_without_consent(stage), "seconded")


@told("grant_missing", reader="nhrcm")  # nothing is there for its reviewer to read
def an_exception_without_a_justification(stage: Stage) -> Try:
    return stage.send(without_consent(stage, texts=NEEDS))


@told("not_found")  # reviews are the coordinators' there
def a_reviewers_focal_point_reviews(stage: Stage) -> Try:
    return stage.take("nhrcm.altan", sent_without_consent(stage), "overturned")


@told("consent_withdrawn", part="justification", reader="mgec")
def sent_once_more_after_it_was_overturned(stage: Stage) -> Try:
    decision = an_exception(stage)
    stage.town.record(NARA, decision)
    first, second = (stage.whole(decision=decision, texts=NEEDS | REVIEWED) for _ in range(2))
    stage.town.send(NARA, first)
    stage.town.take("nhrcm.bold", first, "overturned")
    return stage.send(second)


def another_reviewer(stage: Stage) -> Try:
    decision = an_exception(stage)
    stage.town.record(NARA, decision)
    exception = schemas.ConsentException(reviewer="iom", overrides=None, tell_after=None)
    changes = {"exception": exception, "version": 2, "prev": decision.sha256}
    return stage.record(again(decision, stage.key(NARA), **changes))


def another_ground(stage: Stage) -> Try:
    decision = an_exception(stage)
    stage.town.record(NARA, decision)
    changes = {"basis": "legal_duty", "version": 2, "prev": decision.sha256}
    return stage.record(again(decision, stage.key(NARA), **changes))


def of_a_child_by(stage: Stage, by: str) -> Document[schemas.Consent]:
    given = schemas.Given(by=by, how="signed", language="mn", interpreter=False, witness=False)
    return stage.town.decide(NARA, "mgec", ["needs"], basis="guardian_and_assent", given=given)


def of_a_child(stage: Stage, *, minor: bool = True, **more: Any) -> SealedReferral:
    """What a guardian agreed to, the child assenting; `more` is what the decision says otherwise."""
    given = schemas.Given(by="guardian", how="signed", language="mn", interpreter=False, witness=False)
    wanted = {"basis": "guardian_and_assent", "given": given, **more}
    decision = stage.town.decide(NARA, "mgec", ["needs"], **wanted)
    stage.town.record(NARA, decision)
    return stage.whole(decision=decision, minor=minor, texts=NEEDS)


def a_grown_woman_as_a_child_at_risk(stage: Stage) -> Try:
    decision = an_exception(stage, basis="child_at_risk")
    stage.town.record(NARA, decision)
    return stage.send(stage.whole(decision=decision, texts=NEEDS | REVIEWED))


def with_receipt(stage: Stage, key: str) -> Document[schemas.Consent]:
    return stage.town.decide(NARA, "mgec", ["needs"], receipt=schemas.ReceiptKey(key=key, mode="full"))


def different_receipts(stage: Stage) -> Try:
    one = with_receipt(stage, b64(SigningKey.generate().public))
    return without_addressee(stage.record(one, stage.town.decide(NARA, "ecpat", ["needs"], consent=one.body.consent)))


def without_addressee(attack: Try) -> Try:
    """What is wrong with several decisions together names their consent alone."""
    return Try(attack.handle, attack.operation, attack.variables, {"consent": attack.at["consent"]})


EVERYTHING: Final = schemas.Scope(agencies=["*"], sections=["*"], purposes=["*"])
UNKNOWN_SECTION: Final = schemas.Scope(agencies=["*"], sections=["everything"], purposes=["*"])
AT_AUTHORITY: Final = {"field": "authority", "reader": "mgec"}
each(
    "key_refused",
    {
        "a_receipt_that_anybody_can_sign_for": (lambda s: s.record(with_receipt(s, STRANGE)), {"field": "receipt.key"}),
        "a_receipt_of_another_person": (
            lambda s: without_addressee(s.record(with_receipt(s, b64(s.code.public)))),
            {"field": "receipt.key"},
        ),
    },
)
each(
    "receipt_unknown",
    {
        "a_look_over_no_challenge_of_ours": (
            lambda s: Try(NARA, "look_with_receipt", {"receipt": s.receipt(s.code, "look")}),
            {},
        ),
        "a_withdrawal_with_a_key_that_nobody_has": (
            lambda s: Try(
                NARA,
                "withdraw_with_receipt",
                {"receipt": s.receipt(SigningKey.generate(), "withdraw", scope=[EVERYTHING])},
            ),
            {},
        ),
    },
)
each(
    "consent_withdrawn",
    {
        "a_referral_after_she_took_all_back": (
            lambda s: s.send(s.whole("mgec", decision=s.taken_back)),
            {"part": "needs", "reader": "mrc-umnugobi"},  # its own copy, too
        ),
    },
)
each(
    "grant_refused",
    {
        "the_childs_no_against_the_guardians_yes": (
            lambda s: s.send(of_a_child(s, refused=["*"])),
            {"part": "needs", "reader": "mgec"},
        ),
        "a_kind_that_was_refused": (to_the_police, {"part": "needs", "reader": "police-ct"}),
        "a_section_that_was_refused": (
            lambda s: s.send(s.whole("hospital-dornogobi", IDENTITY)),
            {"part": "identity", "reader": "hospital-dornogobi"},
        ),
    },
)
each(
    "grant_missing",
    {
        "a_section_that_was_not_granted": (
            lambda s: s.send(s.whole("ecpat", IDENTITY)),
            {"part": "identity", "reader": "ecpat"},
        ),
        "a_consent_that_was_not_recorded": (under_another_consent, AT_KEY),
        "no_part_at_all": (lambda s: s.send(s.whole(texts={})), AT_WRAP),
        "a_reader_without_a_key": (nothing_for_the_recipient, AT_WRAP),
        "a_message_after_all_was_taken_back": (
            lambda s: s.hand_in(NARA, *s.message(NARA, s.narrowed)),
            {"part": "note", "reader": "cfdc-umnugobi"},
        ),
    },
)
each(
    "grant_expired",
    {
        "a_grant_that_has_run_out": (
            lambda s: s.send(s.whole("hospital-umnugobi")),
            {"part": "needs", "reader": "hospital-umnugobi"},
        ),
    },
)
each(
    "authority_mismatch",
    {
        "the_decision_on_another_agency": (ecpats_decision, AT_AUTHORITY),
        "a_decision_by_another_hash": (lambda s: named_as(s, sha256=STRANGE), AT_AUTHORITY),
        "a_version_that_is_to_come": (lambda s: named_as(s, version=2), AT_AUTHORITY),
        "a_note_under_the_decision_on_another": (lambda s: message_under(s, "ecpat"), AT_AUTHORITY),
    },
)
each(
    "consent_superseded",
    {
        "an_older_version": (
            lambda s: s.send(s.whole("shelter-sainshand", decision=s.first_version)),
            {"field": "authority", "reader": "shelter-sainshand"},
        ),
        "a_note_under_an_older_version": (
            lambda s: s.hand_in(NARA, *s.message(NARA, s.superseded, decision=s.first_version)),
            {"field": "authority", "reader": "shelter-sainshand"},
        ),
    },
)
each(
    "consent_author",
    {
        "recorded_by_a_grantee": (recorded_by_a_grantee, {"field": "author"}),
        "recorded_before_another_agency": (
            lambda s: s.record(s.town.decide("ecpat.hulan", "moj", ["needs"], consent=s.consent), by="ecpat.hulan"),
            {"field": "recorder"},
        ),
        "recorded_in_another_agencys_place": (
            lambda s: s.record(
                s.town.decide("ecpat.hulan", "moj", ["needs"], recorder="mrc-umnugobi"), by="ecpat.hulan"
            ),
            {"field": "author"},
        ),
    },
)
each(
    "basis_not_allowed",
    {
        "a_child_on_her_own_word": (lambda s: s.send(s.whole(minor=True)), {"field": "basis"}),
        "a_child_for_whom_somebody_else_than_its_guardian_agrees": (
            lambda s: s.record(of_a_child_by(s, "person")),
            {"field": "given.by"},
        ),
        "a_grown_woman_as_a_child_at_risk": (a_grown_woman_as_a_child_at_risk, {"field": "basis"}),
        "an_exception_without_its_reviewer": (
            lambda s: s.record(an_exception(s, exception=None)),
            {"field": "exception"},
        ),
        "an_exception_that_its_recipient_reviews": (
            lambda s: s.record(an_exception(s, "mgec")),
            {"field": "exception.reviewer"},
        ),
        "an_exception_that_nobody_admitted_reviews": (
            lambda s: s.send(without_consent(s, "legal-clinic")),
            {"reader": "legal-clinic"},
        ),
        "an_exception_for_longer_than_thirty_days": (
            lambda s: s.record(an_exception(s, until=datetime.now(UTC) + timedelta(days=31))),
            {"field": "granted.until"},
        ),
        "an_exception_that_changes_its_reviewer": (another_reviewer, {"field": "exception.reviewer"}),
        "an_exception_that_changes_its_ground": (another_ground, {"field": "basis"}),
        "a_basis_that_nobody_knows": (
            lambda s: s.record(s.town.decide(NARA, "mgec", ["needs"], basis=CODE_MARK)),
            {"field": "basis"},
        ),
        "a_justification_without_an_exception": (
            lambda s: s.send(s.whole(texts=NEEDS | REVIEWED)),
            {"part": "justification"},
        ),
    },
)


# --- steps ------------------------------------------------------------------------------------------------------------


def an_event_under_a_used_id(stage: Stage) -> Try:
    event, blobs = stage.town.step("mgec.delger", stage.opened, "accepted", prev=stage.opening.sha256)
    return stage.hand_in("mgec.delger", again(event, stage.key("mgec.delger"), id=stage.opening.body.id), blobs)


def moved(attack: Try, stage: Stage) -> Try:
    at = {**attack.at, "head": stage.opening.sha256, "state": "opened"}
    return Try(attack.handle, attack.operation, attack.variables, at)


def minutes(n: int) -> datetime:
    return datetime.now(UTC) + timedelta(minutes=n)


AT_CLOCK: Final = {"field": "at", "now": TIME}
each(
    "id_reused",
    {
        "an_id_with_other_bytes": (lambda s: s.send(s.whole(id=s.fresh.document.body.id)), {"field": "id"}),
        "a_steps_id_with_other_bytes": (an_event_under_a_used_id, {"field": "id"}),
    },
)
each(
    "clock_skew",
    {
        "eleven_minutes_ago": (lambda s: s.send(s.whole(at=minutes(-11))), AT_CLOCK),
        "in_eleven_minutes": (lambda s: s.send(s.whole(at=minutes(11))), AT_CLOCK),
        "decided_eleven_minutes_ago": (
            lambda s: s.record(s.town.decide(NARA, "mgec", ["needs"], at=minutes(-11).strftime("%Y-%m-%dT%H:%M:%SZ"))),
            AT_CLOCK,
        ),
        "accepted_eleven_minutes_ago": (
            lambda s: s.take("mgec.delger", s.fresh, "accepted", at=minutes(-11)),
            AT_CLOCK,
        ),
    },
)
each(
    "recipient_suspended",
    {
        "a_recipient_who_is_suspended": (lambda s: s.send(s.whole("mine-khanbogd")), {"reader": "mine-khanbogd"}),
        "a_sender_who_is_suspended": (
            lambda s: s.send(s.whole(by="mkb.erdene", decision=s.of_suspended), by="mkb.erdene"),
            {"reader": "mine-khanbogd"},
        ),
        "a_reader_who_is_suspended": (lambda s: s.open("mkb.erdene", s.to_suspended), {"reader": "mine-khanbogd"}),
    },
)
each(
    "recipient_unavailable",
    {"a_recipient_who_takes_none_now": (lambda s: s.send(s.whole("labour-umnugobi")), {"reader": "labour-umnugobi"})},
)
each(
    "head_moved",
    {
        "a_step_on_an_older_head": (
            lambda s: moved(s.take("mgec.urna", s.opened, "accepted"), s),
            {"field": "prev"},
        ),
        "an_opening_on_an_older_head": (lambda s: moved(s.open("mgec.urna", s.opened), s), {"field": "prev"}),
        "a_step_on_a_head_that_never_was": (
            lambda s: moved(s.take("mgec.urna", s.opened, "accepted", prev=STRANGE), s),
            {"field": "prev"},
        ),
        "version_one_again": (version_one_again, {"field": "prev"}),
        "version_two_first": (
            lambda s: s.record(s.town.decide(NARA, "mgec", ["needs"], version=2, prev=STRANGE)),
            {"field": "prev", "head": ""},
        ),
    },
)
each(
    "step_illegal",
    {
        "a_review_by_its_recipient": (lambda s: s.take("mgec.delger", s.fresh, "upheld"), {"state": "sent"}),
        "a_second_signature_where_she_agreed": (
            lambda s: s.take("mrc.jargal", s.fresh, "seconded"),
            {"state": "sent"},
        ),
        "the_sender_accepts": (lambda s: s.take(NARA, s.fresh, "accepted"), {"state": "sent"}),
        "the_sender_opens": (lambda s: s.open(NARA, s.fresh), {"state": "sent"}),
        "an_opening_after_all_was_taken_back": (lambda s: s.open("cfu.bayar", s.narrowed), {"state": "withdrawn"}),
        "accepted_after_all_was_taken_back": (
            lambda s: s.take("cfu.bayar", s.narrowed, "accepted"),
            {"state": "withdrawn"},
        ),
        "started_before_it_was_accepted": (lambda s: s.take("mgec.delger", s.fresh, "under_way"), {"state": "sent"}),
        "accepted_after_it_was_declined": (
            lambda s: s.take("mgec.delger", s.declined, "accepted", prev=s.decline.sha256),
            {"state": "declined"},
        ),
        "opened_after_it_was_declined": (
            lambda s: s.open("mgec.delger", s.declined, prev=s.decline.sha256),
            {"state": "declined"},
        ),
        "the_recipient_takes_back": (
            lambda s: s.take("mgec.delger", s.fresh, "recalled", reason="no_longer_needed"),
            {"state": "sent"},
        ),
        "the_sender_hands_back": (
            lambda s: s.take(NARA, s.fresh, "handed_back", reason="needs_changed"),
            {"state": "sent"},
        ),
        "handed_back_before_it_was_accepted": (
            lambda s: s.take("mgec.delger", s.fresh, "handed_back", reason="needs_changed"),
            {"state": "sent"},
        ),
        "taken_back_after_it_was_declined": (
            lambda s: s.take(NARA, s.declined, "recalled", reason="no_longer_needed"),
            {"state": "declined"},
        ),
        "the_sender_confirms_the_recipients_deletion": (
            lambda s: s.take(NARA, s.declined, "deleted"),
            {"state": "declined"},
        ),
        "a_message_after_it_was_declined": (
            lambda s: s.hand_in(NARA, *s.message(NARA, s.declined)),
            {"state": "declined"},
        ),
    },
)
each(
    "not_found",
    {
        "a_coordinator_opens_what_is_not_to_be_reviewed": (lambda s: s.open("nhrcm.bold", s.to_human_rights), {}),
        "a_coordinator_accepts": (lambda s: s.take("nhrcm.bold", s.to_human_rights, "accepted"), {}),
        "a_parent_that_is_nowhere": (
            lambda s: s.send_changed(s.whole(), parent=schemas.Named(id=new_id(), sha256=STRANGE)),
            {"field": "parent"},
        ),
        "a_parent_that_was_not_sent_to_it": (
            lambda s: s.send_changed(
                s.whole(), parent=schemas.Named(id=s.fresh.document.body.id, sha256=s.fresh.document.sha256)
            ),
            {"field": "parent"},
        ),
        "a_decision_on_an_agency_that_is_not_there": (
            lambda s: s.record(s.town.decide(NARA, "nobody-here", ["needs"])),
            {"field": "to"},
        ),
        "a_decision_before_an_agency_that_is_not_there": (
            lambda s: s.record(s.town.decide(NARA, "mgec", ["needs"], recorder="nobody-here")),
            {"field": "recorder"},
        ),
        "a_step_on_what_is_not_there": (
            lambda s: s.take("mgec.delger", s.whole(), "accepted"),
            {},
        ),
        "an_opening_of_what_is_not_there": (lambda s: s.open("mgec.delger", s.whole()), {}),
        "taken_back_by_a_third_agency": (
            lambda s: s.take("pct.dorj", s.fresh, "recalled", reason="no_longer_needed"),
            {},
        ),
        "a_step_of_a_third_agency": (lambda s: s.take("pct.dorj", s.fresh, "accepted"), {}),
    },
)


# --- of several faults the first in the order of §13 ------------------------------------------------------------------


def many_faults(*, until: str) -> Make:
    """A referral with every fault of this list from `until` on: the first of them is told."""
    faults = ["signature", "role", "fork", "hash", "grant", "clock"]
    at_fault = faults[faults.index(until) :]

    def make(stage: Stage) -> Try:
        by = "iom.emma" if "role" in at_fault else NARA
        to, texts = ("hospital-dornogobi", IDENTITY) if "grant" in at_fault else ("mgec", NEEDS)
        whole = stage.whole(to, texts, by=by, at=minutes(-11))
        changes = {"directory": with_head(stage, root=STRANGE)} if "fork" in at_fault else {}
        key = SigningKey.generate() if "signature" in at_fault else stage.key(by)
        blobs = whole.blobs
        if "hash" in at_fault:
            blobs = changed(blobs, parts={"identity": flipped(blobs.parts["identity"])}, wraps={to: None})
        return stage.send(SealedReferral(again(whole.document, key, **changes), blobs), by=by)

    return make


def form_before_all_else(stage: Stage) -> Try:
    """The first of two has every fault but one of form; the second has that one, and is told of."""
    first = many_faults(until="signature")(stage).variables["referrals"]
    second = stage.whole(by="iom.emma")
    doubled = relisted(second.document, stage.key("iom.emma"), parts=lambda parts: [*parts, {**parts[0], "size": 1}])
    handed = [*first, handed_in(doubled, second.blobs)]
    return Try("iom.emma", "send_referrals", {"referrals": handed}, {"referral": second.document.body.id})


def seal_faults(stage: Stage, *kinds: str) -> Try:
    whole = stage.whole(texts=NEEDS | IDENTITY)
    blobs = whole.blobs
    if "hash" in kinds:
        blobs = changed(blobs, keys={("needs", "mrc-umnugobi"): flipped(blobs.keys["needs", "mrc-umnugobi"])})
    if "missing" in kinds:
        blobs = changed(blobs, parts={"identity": None})
    blobs = changed(blobs, parts={"account": b"x"})
    if "size" not in kinds:
        return stage.send(SealedReferral(whole.document, blobs))
    return stage.send_listed(
        whole,
        blobs,
        parts=lambda parts: [{**one, "size": one["size"] + (one["name"] == "needs")} for one in parts],
    )


def step_faults(stage: Stage, *kinds: str) -> Try:
    """A start of what was only opened, by a colleague who has not seen the opening."""
    at = minutes(-11) if "clock" in kinds else None
    event, blobs = stage.town.step("mgec.urna", stage.opened, "under_way", at=at)
    reason = {"reason": "no_capacity"} if "form" in kinds else {}
    key = SigningKey.generate() if "signature" in kinds else stage.key("mgec.urna")
    return stage.hand_in("mgec.urna", again(event, key, **reason), blobs)


def child_and_clock(stage: Stage, **changes: Any) -> Try:
    whole = stage.whole(minor=True, at=minutes(-11))
    authority = msgspec.structs.replace(whole.document.body.authority, **changes)
    return stage.send_changed(whole, authority=authority)


ORDERED: Final[list[tuple[str, Mapping[str, Any], Make]]] = [
    ("limit_exceeded", {"field": "depth", "most": 8}, lambda s: s.send_payload(b"[" * 9 + b"1.5")),
    ("not_canonical", {}, lambda s: s.send_payload(b'{"b":1,"a":1}')),
    ("role_not_allowed", AT_THE_DOOR, form_before_all_else),
    ("role_not_allowed", AT_THE_DOOR, many_faults(until="signature")),
    ("role_not_allowed", AT_THE_DOOR, many_faults(until="role")),
    ("directory_fork", FORKED, lambda s: forked(many_faults(until="fork")(s), s)),
    ("hash_mismatch", {"part": "identity"}, many_faults(until="hash")),
    ("grant_refused", {"part": "identity", "reader": "hospital-dornogobi"}, many_faults(until="grant")),
    ("clock_skew", AT_CLOCK, many_faults(until="clock")),
    ("epoch_stale", {"reader": "legal-clinic"}, lambda s: sealed_to_epoch(s, 1, directory=with_head(s, root=STRANGE))),
    (
        "hash_mismatch",
        {"part": "needs", "reader": "mrc-umnugobi"},
        lambda s: seal_faults(s, "hash", "size", "missing"),
    ),
    ("size_mismatch", {"part": "needs"}, lambda s: seal_faults(s, "size", "missing")),
    ("blob_missing", {"part": "identity"}, lambda s: seal_faults(s, "missing")),
    ("blob_unexpected", {"part": "account"}, lambda s: seal_faults(s)),
    (
        "grant_refused",
        {"part": "identity", "reader": "hospital-dornogobi"},
        lambda s: s.send(s.whole("hospital-dornogobi", {"account": b"{}"} | IDENTITY)),
    ),
    (
        "grant_missing",
        {"part": "identity", "reader": "hospital-umnugobi"},
        lambda s: s.send(s.whole("hospital-umnugobi", NEEDS | IDENTITY)),
    ),
    ("grant_missing", {"part": "identity", "reader": "mgec"}, lambda s: wrong_consent_and_hash(s)),
    ("authority_mismatch", AT_AUTHORITY, lambda s: child_and_clock(s, sha256=STRANGE)),
    ("basis_not_allowed", {"field": "basis"}, lambda s: child_and_clock(s)),
    ("id_reused", {"field": "id"}, lambda s: s.send(s.whole(id=s.fresh.document.body.id, at=minutes(11)))),
    ("clock_skew", AT_CLOCK, lambda s: s.send(s.whole("mine-khanbogd", at=minutes(11)))),
    ("malformed", {"field": "reason"}, lambda s: step_faults(s, "form", "signature", "clock")),
    ("signature_invalid", {}, lambda s: step_faults(s, "signature", "clock")),
    ("clock_skew", AT_CLOCK, lambda s: step_faults(s, "clock")),
    ("head_moved", {"field": "prev"}, lambda s: moved(step_faults(s), s)),
    (
        "signature_invalid",
        {},
        lambda s: s.open("cfu.bayar", s.narrowed, SigningKey.generate()),
    ),
]


def wrong_consent_and_hash(stage: Stage) -> Try:
    """Under a consent that nobody recorded, and named by another hash."""
    whole = stage.whole(texts=IDENTITY)
    authority = msgspec.structs.replace(whole.document.body.authority, consent=new_id(), sha256=STRANGE)
    return stage.send_changed(whole, authority=authority)


@pytest.mark.parametrize(("code", "at", "make"), ORDERED, ids=[f"{n}-{one[0]}" for n, one in enumerate(ORDERED)])
def test_of_several_faults_the_first_is_told(stage: Stage, code: str, at: Mapping[str, Any], make: Make) -> None:
    check_refused(stage, Case(code, at, make))


# --- what a suspended agency owes, and who is no member any more ------------------------------------------------------


def test_a_suspended_agency_still_does_what_it_owes(stage: Stage) -> None:
    """It can't open or send, but it can say that it will not help."""
    whole = stage.to_suspended
    _, answer = stage.town.take("mkb.erdene", whole, "declined", reason="no_capacity")
    assert (answer["id"], answer["state"]) == (whole.document.body.id, "declined")


def test_a_member_who_has_left_is_signed_out(stage: Stage) -> None:
    before = written(stage.town.hub.store)
    for operation, variables in (
        ("me", {}),
        ("inbox", {"first": 50}),
        ("send_referrals", stage.send(stage.whole(by="aum.dulam")).variables),
    ):
        answer = stage.town.ask("aum.dulam", operation, **variables)
        assert (answer.status_code, refusal(answer)) == (401, {"code": "signed_out"})
    assert written(stage.town.hub.store) == before


# --- codes beside the protocol's --------------------------------------------------------------------------------------


def test_nobody_does_anything_without_being_signed_in(stage: Stage) -> None:
    before = written(stage.town.hub.store)
    opening, accepted = stage.open("mgec.delger", stage.fresh), stage.take("mgec.delger", stage.fresh, "accepted")
    recorded = stage.record(stage.town.decide(NARA, "mgec", ["needs"]))
    for attack in (stage.send(stage.whole()), recorded, opening, accepted):
        answer = stage.town.ask(None, attack.operation, **attack.variables)
        assert (answer.status_code, refusal(answer)) == (401, {"code": "not_signed_in"})
    assert written(stage.town.hub.store) == before


def test_a_revoked_token_does_nothing(stage: Stage) -> None:
    store = stage.town.hub.store
    store.execute(
        "UPDATE agencies_token SET revoked_at = created_at "
        "WHERE member_id = (SELECT id FROM agencies_member WHERE handle = 'ecpat.temuu')"
    )
    before = written(store)
    attack = stage.send(stage.whole(by="ecpat.temuu"), by="ecpat.temuu")
    answer = stage.town.ask(attack.handle, attack.operation, **attack.variables)
    assert (answer.status_code, refusal(answer)) == (401, {"code": "signed_out"})
    assert written(store) == before


def test_what_is_no_document_and_what_fits_no_variable(stage: Stage) -> None:
    before = written(stage.town.hub.store)
    whole = handed_in(stage.whole())
    send = document("send_referrals")
    for body, expected in (
        ({"query": "mutation {"}, {"code": "bad_document"}),
        ({"query": "{ nosuchfield }"}, {"code": "bad_document"}),
        ({"query": send, "variables": {}}, {"code": "bad_variables", "field": "$referrals"}),
        (
            {"query": send, "variables": {"referrals": [{**whole, CODE_MARK: 1}]}},
            {"code": "bad_variables", "field": "$referrals[0]"},
        ),
        (
            {"query": send, "variables": {"referrals": [{**whole, "envelope": {CODE_MARK: 1}}]}},
            {"code": "malformed", "field": "$referrals[0].envelope"},
        ),
    ):
        answer = stage.town.post(NARA, body)
        assert refusal(answer) == expected
        assert CODE_MARK not in answer.text
    assert written(stage.town.hub.store) == before
