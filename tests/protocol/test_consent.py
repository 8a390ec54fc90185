"""Consent (protocol §7): the rule against a model of it written apart, and who may sign what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ortoo.protocol import consent, referral, schemas
from ortoo.protocol.consent import Decisions, Withdrawal
from ortoo.protocol.documents import Document, SigningKey, as_set, b64, new_id, stamp
from ortoo.protocol.errors import Refused
from ortoo.protocol.referral import SealedReferral
from tests.protocol.network import NOW, Town, again, routing
from tests.protocol.network import given as decisions
from tests.protocol.refusing import refused

LATER = NOW + timedelta(days=30)
PURPOSES = ["give_service", "assess", "coordinate"]
SECTIONS = ["needs", "identity", "medical"]
EXCEPTION = schemas.ConsentException(reviewer="nhrcm", overrides=None, tell_after=None)
BY_THE_GUARDIAN = schemas.Given(by="guardian", how="signed", language="mn", interpreter=False, witness=False)


@pytest.fixture(scope="module")
def place() -> Town:
    return Town()


# --- the rule, against a model written from the text of §7 alone ------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """A decision, as the model knows it."""

    sections: Sequence[str]
    purposes: Sequence[str]
    refused: Sequence[str]
    hours: int  # until the grant ends


@dataclass(frozen=True)
class TakenBack:
    agencies: Sequence[str]
    sections: Sequence[str]
    purposes: Sequence[str]


def model(
    said: Mapping[str, Said],
    taken_back: Sequence[TakenBack],
    recorder: str,
    agency: str,
    kind: str,
    part: str,
    hour: int,
) -> str:
    """`yes`, or the code, for a consent without exception."""
    section = part.split("/")[0]
    mine = said.get(agency)
    gone: set[str] = set()
    for one in taken_back:
        if ("*" in one.agencies or agency in one.agencies) and ("*" in one.sections or section in one.sections):
            gone |= set(one.purposes)
    granted = set(mine.purposes) if mine and mine.sections else set()
    if "*" in gone or (granted and granted <= gone):
        return "consent_withdrawn"
    if agency == recorder:
        return "yes"
    if section == "evidence":
        return "grant_missing"
    about_it = [said[to] for to in (agency, "kind:" + kind, "*") if to in said]
    narrow = section in ("note", "justification")
    for decision in about_it:
        if "*" in decision.refused or (section in decision.refused and not narrow):
            return "grant_refused"
    if not granted:
        return "grant_missing"
    if not narrow and section not in mine.sections and "*" not in mine.sections:  # type: ignore[union-attr]
        return "grant_missing"
    if hour >= mine.hours:  # type: ignore[union-attr]
        return "grant_expired"
    return "yes"


def some_of(names: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(names), unique=True, max_size=len(names))


def all_or(names: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.one_of(st.just(["*"]), some_of(names).filter(bool))


SAID = st.builds(
    Said,
    sections=st.one_of(st.just(["*"]), some_of(SECTIONS)),
    purposes=some_of(PURPOSES).filter(bool),
    refused=st.one_of(st.just([]), st.just(["*"]), some_of(SECTIONS)),
    hours=st.integers(0, 4),
)
MATRIX = st.dictionaries(st.sampled_from(["shelter", "police", "mrc", "kind:police", "kind:social_service", "*"]), SAID)
TAKEN_BACK = st.lists(
    st.builds(
        TakenBack,
        agencies=all_or(["shelter", "police", "mrc"]),
        sections=all_or([*SECTIONS, "note"]),
        purposes=all_or(PURPOSES),
    ),
    max_size=2,
)


def signed(place: Town, said: Mapping[str, Said], taken_back: Sequence[TakenBack], id: str) -> Decisions:
    documents = []
    for to, one in said.items():
        by_name = to != "*" and not to.startswith("kind:")
        documents.append(
            place.decide(
                "nara",
                to,
                one.sections if by_name else (),
                purposes=one.purposes,
                refused=one.refused,
                until=NOW + timedelta(hours=one.hours),
                consent=id,
            )
        )
    scopes = tuple(
        schemas.Scope(agencies=list(one.agencies), sections=list(one.sections), purposes=list(one.purposes))
        for one in taken_back
    )
    return Decisions.of(documents, [Withdrawal((scope,)) for scope in scopes])


def as_model(said: Mapping[str, Said]) -> Mapping[str, Said]:
    """Kinds and everybody are granted nothing, whatever was drawn for them."""
    return {
        to: one if to in ("shelter", "police", "mrc") else Said((), one.purposes, one.refused, one.hours)
        for to, one in said.items()
    }


def answer(known: Decisions, agency: str, kind: str, part: str, at: datetime) -> str:
    try:
        consent.may_read(known, agency=agency, kind=kind, part=part, at=at)
    except Refused as caught:
        return caught.code
    return "yes"


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    said=MATRIX,
    taken_back=TAKEN_BACK,
    part=st.sampled_from([*SECTIONS, "medical/file-1", "note", "evidence", "justification"]),
    hour=st.integers(0, 4),
)
def test_the_rule_is_the_model(
    place: Town, said: Mapping[str, Said], taken_back: Sequence[TakenBack], part: str, hour: int
) -> None:
    known = signed(place, said, taken_back, new_id())
    for agency, kind in (("shelter", "social_service"), ("police", "police"), ("mrc", "ngo"), ("nhrcm", "ministry")):
        recorder = "mrc" if said else ""
        expected = model(as_model(said), taken_back, recorder, agency, kind, part, hour)
        assert answer(known, agency, kind, part, NOW + timedelta(hours=hour)) == expected


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(said=MATRIX, taken_back=TAKEN_BACK, parts=some_of(SECTIONS), hour=st.integers(0, 4))
def test_no_grant_no_sealing_accepted(
    place: Town, said: Mapping[str, Said], taken_back: Sequence[TakenBack], parts: Sequence[str], hour: int
) -> None:
    """A referral to the shelter is accepted exactly if the model lets it read every part of it; else with its code."""
    id, at = new_id(), NOW + timedelta(hours=hour)
    known = signed(place, said, taken_back, id)
    decision = known.newest.get("shelter") or place.decide("nara", "shelter", ["*"], consent=id)
    one = place.refer("nara", "shelter", decision, dict.fromkeys(parts, b"{}"), at=at)
    told = [
        model(as_model(said), taken_back, "mrc" if said else "", agency, kind, part, hour)
        for agency, kind in (("shelter", "social_service"), ("mrc", "ngo"))
        for part in parts
    ]
    if not parts:
        told = [model(as_model(said), taken_back, "mrc" if said else "", "shelter", "social_service", "note", hour)]
    order = ["consent_withdrawn", "grant_refused", "grant_missing", "grant_expired"]
    codes = sorted({code for code in told if code != "yes"}, key=order.index)
    expected = codes[0] if codes else ("yes" if parts else "grant_missing")
    try:
        referral.check(one, place.directory, known, now=at)
        seen, named = "yes", True
    except Refused as caught:
        seen, named = caught.code, "reader" in caught.at
    assert (seen, named) == (expected, True)


# --- the rule, in stories ---------------------------------------------------------------------------------------------


def test_what_was_refused_to_a_kind_is_refused_to_each_of_that_kind(place: Town) -> None:
    id = new_id()
    known = decisions(
        place.decide("nara", "police", ["*"], consent=id),
        place.decide("nara", "kind:police", refused=["medical"], consent=id),
    )
    with refused("grant_refused", part="medical", reader="police"):
        consent.may_read(known, agency="police", kind="police", part="medical", at=NOW)
    assert consent.may_read(known, agency="police", kind="police", part="needs", at=NOW) == {"give_service"}


def test_a_grant_ends_at_its_instant(place: Town) -> None:
    known = decisions(place.decide("nara", "shelter", ["needs"], until=LATER))
    assert consent.may_read(known, agency="shelter", kind="ngo", part="needs", at=LATER - timedelta(seconds=1))
    with refused("grant_expired"):
        consent.may_read(known, agency="shelter", kind="ngo", part="needs", at=LATER)


def test_a_file_is_governed_by_its_section(place: Town) -> None:
    known = decisions(place.decide("nara", "shelter", ["needs"], refused=["medical"]))
    assert consent.may_read(known, agency="shelter", kind="ngo", part="needs/file-1", at=NOW)
    with refused("grant_refused", part="medical/file-2"):
        consent.may_read(known, agency="shelter", kind="ngo", part="medical/file-2", at=NOW)


def test_she_withdraws_one_purpose_and_the_other_stays(place: Town) -> None:
    known = decisions(
        place.decide("nara", "shelter", ["needs"], purposes=["give_service", "assess"]),
        withdrawals=[Withdrawal((schemas.Scope(agencies=["shelter"], sections=["*"], purposes=["assess"]),))],
    )
    assert consent.may_read(known, agency="shelter", kind="ngo", part="needs", at=NOW) == {"give_service"}


def test_two_withdrawals_together_take_back_every_purpose(place: Town) -> None:
    takes = [
        Withdrawal((schemas.Scope(agencies=["*"], sections=["needs"], purposes=[purpose]),))
        for purpose in ("give_service", "assess")
    ]
    known = decisions(
        place.decide("nara", "shelter", ["needs"], purposes=["give_service", "assess"]), withdrawals=takes
    )
    with refused("consent_withdrawn", part="needs", reader="shelter"):
        consent.may_read(known, agency="shelter", kind="ngo", part="needs", at=NOW)


def test_a_withdrawal_binds_the_consent_whatever_is_granted_later(place: Town) -> None:
    first = place.decide("nara", "shelter", ["needs"])
    newer = place.decide("nara", "shelter", ["needs", "identity"], after=first)
    taken = Withdrawal((schemas.Scope(agencies=["shelter"], sections=["*"], purposes=["*"]),))
    with refused("consent_withdrawn"):
        consent.may_read(
            decisions(first, newer, withdrawals=[taken]), agency="shelter", kind="ngo", part="needs", at=NOW
        )


def test_only_the_newest_version_counts(place: Town) -> None:
    first = place.decide("nara", "shelter", ["needs", "medical"])
    narrower = place.decide("nara", "shelter", ["needs"], after=first)
    for known in (decisions(first, narrower), decisions(narrower, first)):
        with refused("grant_missing", part="medical"):
            consent.may_read(known, agency="shelter", kind="ngo", part="medical", at=NOW)


def test_overturned_ends_access_of_all_but_recorder_and_reviewer(place: Town) -> None:
    decision = place.decide("nara", "police", ["*"], basis="danger_to_life", exception=EXCEPTION)
    known = decisions(decision, withdrawals=[Withdrawal.overturned(decision.body)])
    with refused("consent_withdrawn"):
        consent.may_read(known, agency="police", kind="police", part="needs", at=NOW)
    assert consent.may_read(known, agency="mrc", kind="ngo", part="needs", at=NOW) == frozenset()
    assert consent.may_read(known, agency="nhrcm", kind="ministry", part="justification", at=NOW) == frozenset()
    with refused("grant_missing"):
        consent.may_read(known, agency="nhrcm", kind="ministry", part="needs", at=NOW)


# --- authority and basis ----------------------------------------------------------------------------------------------


def check(place: Town, one: SealedReferral, known: Decisions, at: datetime = NOW) -> None:
    referral.check(one, place.directory, known, now=at)


def test_a_decision_on_another_agency_is_no_authority(place: Town) -> None:
    id = new_id()
    mine, other = (place.decide("nara", to, ["needs"], consent=id) for to in ("shelter", "police"))
    with refused("authority_mismatch", reader="shelter"):
        check(place, place.refer("nara", "shelter", other, {"needs": b"{}"}), decisions(mine, other))


def test_an_unknown_decision_is_no_authority(place: Town) -> None:
    id = new_id()
    real, invented = (place.decide("nara", "shelter", ["needs"], consent=id, retain_days=days) for days in (90, 91))
    with refused("authority_mismatch"):
        check(place, place.refer("nara", "shelter", invented, {"needs": b"{}"}), decisions(real))
    future = place.decide("nara", "shelter", ["needs"], after=real)
    with refused("authority_mismatch"):
        check(place, place.refer("nara", "shelter", future, {"needs": b"{}"}), decisions(real))


def test_an_older_version_is_superseded(place: Town) -> None:
    first = place.decide("nara", "shelter", ["needs"])
    newer = place.decide("nara", "shelter", ["needs"], after=first)
    with refused("consent_superseded", reader="shelter"):
        check(place, place.refer("nara", "shelter", first, {"needs": b"{}"}), decisions(first, newer))


def test_the_rule_is_told_before_a_fault_of_authority(place: Town) -> None:
    first = place.decide("nara", "shelter", ["needs", "medical"])
    newer = place.decide("nara", "shelter", ["needs"], refused=["medical"], after=first)
    with refused("grant_refused", part="medical"):
        check(place, place.refer("nara", "shelter", first, {"medical": b"{}"}), decisions(first, newer))


def test_of_several_faults_withdrawn_comes_first(place: Town) -> None:
    decision = place.decide(
        "nara", "shelter", ["needs", "identity"], refused=["medical"], until=NOW + timedelta(hours=1)
    )
    taken = [Withdrawal((schemas.Scope(agencies=["shelter"], sections=["identity"], purposes=["*"]),))]
    at = NOW + timedelta(hours=1)
    texts = dict.fromkeys(("needs", "contact", "medical", "identity"), b"{}")
    expected = ["consent_withdrawn", "grant_refused", "grant_missing", "grant_expired"]
    for code, part in zip(expected, ["identity", "medical", "contact", "needs"], strict=True):
        with refused(code, part=part, reader="shelter"):
            check(
                place,
                place.refer("nara", "shelter", decision, texts, at=at),
                decisions(decision, withdrawals=taken),
                at,
            )
        del texts[part]


@pytest.mark.parametrize(
    ("basis", "minor", "code"),
    [
        ("informed_consent", True, "basis_not_allowed"),
        ("guardian_and_assent", True, None),
        ("guardian_and_assent", False, None),
        ("informed_consent", False, None),
        ("child_at_risk", False, "basis_not_allowed"),
        ("child_at_risk", True, None),
        ("legal_duty", True, None),
        ("danger_to_life", True, None),
        ("danger_to_life", False, None),
    ],
)
def test_a_child_is_referred_on_guardian_and_assent_or_by_exception(
    place: Town, basis: str, minor: bool, code: str | None
) -> None:
    exceptional = basis not in ("informed_consent", "guardian_and_assent")
    given = {"given": BY_THE_GUARDIAN} if basis == "guardian_and_assent" else {}
    exception = EXCEPTION if exceptional else None
    decision = place.decide("nara", "shelter", ["needs"], basis=basis, exception=exception, **given)
    texts = {"needs": b"{}"} | ({"justification": b"{}"} if exceptional else {})
    one = place.refer("nara", "shelter", decision, texts, minor=minor)
    if code is None:
        check(place, one, decisions(decision))
    else:
        with refused(code, field="basis"):
            check(place, one, decisions(decision))


def for_a_child(place: Town, sections: Sequence[str] = ("needs",), by: str | None = "guardian", **more: Any) -> Any:
    """What is decided for a child on the shelter, in somebody's words."""
    given = schemas.Given(by=by, how="signed", language="mn", interpreter=False, witness=False)
    return place.decide("nara", more.pop("to", "shelter"), sections, basis="guardian_and_assent", given=given, **more)


@pytest.mark.parametrize("by", ["person", "person_supported"])
def test_for_a_child_its_guardian_agrees_and_either_says_no(place: Town, by: str) -> None:
    consent.check_decision(for_a_child(place).body)
    consent.check_decision(for_a_child(place, (), by, refused=["*"]).body)
    with refused("basis_not_allowed", field="given.by"):
        consent.check_decision(for_a_child(place, by=by).body)


def test_what_goes_of_a_child_is_named_part_by_part(place: Town) -> None:
    at_risk = place.decide("nara", "shelter", ["*"], basis="child_at_risk", exception=EXCEPTION)
    for decision, texts in (
        (for_a_child(place, ["*"]), {"needs": b"{}"}),
        (at_risk, {"needs": b"{}", "justification": b"{}"}),
    ):
        with refused("basis_not_allowed", field="granted.sections"):
            check(place, place.refer("nara", "shelter", decision, texts, minor=True), decisions(decision))
        with refused("basis_not_allowed", field="granted.sections"):
            consent.check_decision(decision.body, minor=True)


@pytest.mark.parametrize("to", ["shelter", "kind:ngo", "*"])
@pytest.mark.parametrize(
    ("said", "later"), [(["account"], []), (["*"], ["account"]), (["account", "medical"], ["medical"])]
)
def test_a_childs_own_no_stands_against_its_guardians_yes(
    place: Town, to: str, said: list[str], later: list[str]
) -> None:
    no = for_a_child(place, (), "person", to=to, refused=said)
    for by in ("guardian", "grandmother", None):  # whoever speaks for it
        others = for_a_child(place, (), by, to=to, refused=later, after=no)
        with refused("basis_not_allowed", field="refused"):
            consent.check_version(others.body, decisions(no), at=NOW)
    for more in (said, ["*"]):
        consent.check_version(for_a_child(place, (), to=to, refused=more, after=no).body, decisions(no), at=NOW)
    # By its own word it ends; the guardian's yes may follow.
    lifted = for_a_child(place, (), "person_supported", to=to, refused=later, after=no)
    consent.check_version(lifted.body, decisions(no), at=NOW)
    yes = for_a_child(place, (), to=to, refused=later, after=lifted)
    consent.check_version(yes.body, decisions(no, lifted), at=NOW)


def test_a_child_is_not_made_an_adult_by_the_next_version(place: Town) -> None:
    no = for_a_child(place, (), "person", refused=["*"])
    adults = place.decide("nara", "shelter", ["needs"], after=no)
    anothers = place.decide("nara", "police", ["needs"], consent=no.body.consent)
    for one in (adults, anothers):
        with refused("basis_not_allowed", field="basis"):
            consent.check_version(one.body, decisions(no), at=NOW)


def test_an_exception_carries_its_justification_and_nothing_else_does(place: Town) -> None:
    without = place.decide("nara", "shelter", ["needs"], basis="danger_to_life", exception=EXCEPTION)
    bare = place.refer("nara", "shelter", without, {"needs": b"{}"})
    with refused("grant_missing", reader="nhrcm"):
        check(place, bare, decisions(without))
    usual = place.refer("nara", "shelter", place.decide("nara", "shelter", ["needs"]), {"needs": b"{}"})
    with refused("basis_not_allowed", part="justification"):
        check(place, _changed(usual, place, authority=bare.document.body.authority), decisions(without))
    with_consent = place.decide("nara", "shelter", ["needs"])
    with refused("basis_not_allowed", part="justification"):
        check(
            place,
            place.refer("nara", "shelter", with_consent, {"needs": b"{}", "justification": b"{}"}),
            decisions(with_consent),
        )


def test_a_reviewer_reads_the_justification_alone(place: Town) -> None:
    decision = place.decide("nara", "police", ["needs"], basis="danger_to_life", exception=EXCEPTION)
    one = place.refer("nara", "police", decision, {"needs": b"{}", "justification": b"{}"})
    check(place, one, decisions(decision))
    keys = {(key.part, key.agency) for key in one.document.body.sealed.keys}
    assert keys == {(part, to) for part in ("needs", "justification") for to in ("mrc", "police")} | {
        ("justification", "nhrcm")
    }


def test_the_reviewer_may_review_and_is_nobody_in_the_referral(place: Town) -> None:
    wrong = schemas.ConsentException(reviewer="shelter", overrides=None, tell_after=None)
    decision = place.decide("nara", "police", ["needs"], basis="danger_to_life", exception=wrong)
    one = place.refer("nara", "police", decision, {"needs": b"{}", "justification": b"{}"})
    with refused("basis_not_allowed", reader="shelter"):
        check(place, one, decisions(decision))
    for reviewer in ("mrc", "police"):
        own = schemas.ConsentException(reviewer=reviewer, overrides=None, tell_after=None)
        with refused("basis_not_allowed", field="exception.reviewer"):
            consent.check_decision(
                place.decide("nara", "police", ["needs"], basis="danger_to_life", exception=own).body
            )


# --- what a referral must be ------------------------------------------------------------------------------------------


def _changed(one: SealedReferral, place: Town, **changes: Any) -> SealedReferral:
    return SealedReferral(again(one.document, place.signer("nara").key, **changes), one.blobs)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"routing": routing(urgency="soonish")}, "routing.urgency"),
        ({"routing": routing(services=["magic"])}, "routing.services"),
        ({"routing": routing(language="xx")}, "routing.language"),
        ({"to": "mrc"}, "to"),
    ],
)
def test_the_form_of_a_referral(place: Town, changes: dict[str, Any], field: str) -> None:
    decision = place.decide("nara", "shelter", ["needs"])
    one = place.refer("nara", "shelter", decision, {"needs": b"{}"})
    with refused("malformed", field=field):
        check(place, _changed(one, place, **changes), decisions(decision))


@pytest.mark.parametrize("part", ["evidence", "note", "unheard_of"])
def test_some_parts_are_never_sent(place: Town, part: str) -> None:
    decision = place.decide("nara", "shelter", ["*"])
    with refused("malformed", part=part):
        check(place, place.refer("nara", "shelter", decision, {part: b"{}"}), decisions(decision))


def test_sender_and_recipient_have_a_key_for_every_part(place: Town) -> None:
    decision = place.decide("nara", "shelter", ["*"])
    one = place.refer("nara", "shelter", decision, {"needs": b"{}", "identity": b"{}"})
    sealed = one.document.body.sealed
    for agency in ("mrc", "shelter"):
        fewer = [key for key in sealed.keys if (key.part, key.agency) != ("needs", agency)]
        changed = _changed(one, place, sealed=schemas.Sealed(parts=sealed.parts, readers=sealed.readers, keys=fewer))
        del changed.blobs.keys["needs", agency]
        with refused("malformed", part="needs", reader=agency):
            check(place, changed, decisions(decision))
        one = place.refer("nara", "shelter", decision, {"needs": b"{}", "identity": b"{}"})
        sealed = one.document.body.sealed


def test_a_recipient_without_any_grant_gets_the_answer_for_a_note(place: Town) -> None:
    none, no, over = (
        place.decide("nara", "shelter", refused=["identity"]),
        place.decide("nara", "shelter", refused=["*"]),
        place.decide("nara", "shelter", ["identity"], until=NOW),
    )
    for decision, code in ((none, "grant_missing"), (no, "grant_refused"), (over, "grant_expired")):
        with refused(code, reader="shelter"):
            check(place, place.refer("nara", "shelter", decision, {}), decisions(decision))


def test_who_was_suspended_neither_sends_nor_receives() -> None:
    for suspended in ("mrc", "shelter"):
        town = Town()
        town.append(town.admission(suspended, suspended=True))
        decision = town.decide("nara", "shelter", ["needs"])
        with refused("recipient_suspended", reader=suspended):
            check(town, town.refer("nara", "shelter", decision, {"needs": b"{}"}), decisions(decision))


def test_only_focal_points_and_partner_systems_send(place: Town) -> None:
    for by, code in (("robot", None), ("jargal", None), ("bold", "role_not_allowed"), ("kit", "role_not_allowed")):
        decision = place.decide(by, "police", ["needs"])
        one = place.refer(by, "police", decision, {"needs": b"{}"})
        if code is None:
            check(place, one, decisions(decision))
        else:
            with refused(code, field="author"):
                check(place, one, decisions(decision))


def test_a_clock_may_be_ten_minutes_off(place: Town) -> None:
    decision = place.decide("nara", "shelter", ["needs"])
    one = place.refer("nara", "shelter", decision, {"needs": b"{}"})
    for seconds in (-600, 600):
        check(place, one, decisions(decision), NOW + timedelta(seconds=seconds))
    for seconds in (-601, 601):
        with refused("clock_skew", field="at"):
            check(place, one, decisions(decision), NOW + timedelta(seconds=seconds))


# --- decisions by themselves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "changes", "code", "field"),
    [
        ("shelter", {"basis": "because"}, "basis_not_allowed", "basis"),
        ("shelter", {"basis": "danger_to_life"}, "basis_not_allowed", "exception"),
        ("shelter", {"exception": EXCEPTION}, "basis_not_allowed", "exception"),
        ("kind:police", {}, "malformed", "granted"),
        ("*", {}, "malformed", "granted"),
        ("shelter", {"refused": ["medcal"]}, "malformed", "refused"),
        ("shelter", {"refused": ["evidence"]}, "malformed", "refused"),
        ("shelter", {"refused": ["justification"]}, "malformed", "refused"),
    ],
)
def test_the_form_of_a_decision(place: Town, to: str, changes: dict[str, Any], code: str, field: str) -> None:
    with refused(code, field=field):
        consent.check_decision(place.decide("nara", to, ["needs"], **changes).body)


@pytest.mark.parametrize(("sections", "purposes"), [(["account", "wishes"], ["assess"]), (["needs"], ["gossip"])])
def test_nothing_unheard_of_is_granted(place: Town, sections: list[str], purposes: list[str]) -> None:
    with refused("malformed"):
        consent.check_decision(place.decide("nara", "shelter", sections, purposes=purposes).body)


def test_without_consent_access_ends_within_thirty_days(place: Town) -> None:
    for days, allowed in ((30, True), (31, False)):
        decision = place.decide(
            "nara", "police", ["needs"], basis="legal_duty", exception=EXCEPTION, until=NOW + timedelta(days=days)
        )
        if allowed:
            consent.check_decision(decision.body)
        else:
            with refused("basis_not_allowed", field="granted.until"):
                consent.check_decision(decision.body)
    later = place.decide(
        "nara",
        "police",
        ["needs"],
        after=decision,
        basis="legal_duty",
        exception=EXCEPTION,
        until=NOW + timedelta(days=31),
    )
    with refused("basis_not_allowed", field="granted.until"):
        consent.check_exception(later.body, NOW)


def test_a_receipt_key_that_anybody_can_sign_for_is_refused(place: Town) -> None:
    weak = schemas.ReceiptKey(key=b64((1).to_bytes(32, "little")), mode="full")
    with refused("key_refused", field="receipt.key"):
        consent.check_decision(place.decide("nara", "shelter", ["needs"], receipt=weak).body)
    good = schemas.ReceiptKey(key=b64(SigningKey.generate().public), mode="withdraw")
    consent.check_decision(place.decide("nara", "shelter", ["needs"], receipt=good).body)


def _evidence(
    parts: Sequence[str], readers: Sequence[tuple[str, str]], keys: Sequence[tuple[str, str]]
) -> schemas.Sealed:
    digest = b64(bytes(32))
    return schemas.Sealed(
        parts=as_set(schemas.SealedPart(name=one, size=1096, sha256=digest) for one in parts),
        readers=as_set(
            schemas.SealedReader(agency=one, as_=as_, epoch=1, sha256=digest)  # type: ignore[arg-type]
            for one, as_ in readers
        ),
        keys=as_set(schemas.SealedKey(part=part, agency=one, sha256=digest) for part, one in keys),
    )


@pytest.mark.parametrize(
    ("parts", "readers", "keys", "field"),
    [
        (["needs"], [("mrc", "sender")], [("needs", "mrc")], "sealed.parts"),
        ([], [("mrc", "sender")], [], "sealed.parts"),
        (["evidence"], [("shelter", "sender")], [("evidence", "shelter")], "sealed.readers"),
        (["evidence"], [("mrc", "recipient")], [("evidence", "mrc")], "sealed.readers"),
        (["evidence"], [("mrc", "sender"), ("shelter", "recipient")], [("evidence", "mrc")], "sealed.readers"),
        (["evidence"], [("mrc", "sender")], [], "sealed.keys"),
    ],
)
def test_evidence_is_the_recorders_alone(
    place: Town, parts: list[str], readers: list[tuple[str, str]], keys: list[tuple[str, str]], field: str
) -> None:
    decision = place.decide("nara", "shelter", ["needs"], sealed=_evidence(parts, readers, keys))
    with refused("malformed", field=field):
        consent.check_decision(decision.body)


def test_evidence_sealed_as_it_should_be(place: Town) -> None:
    sealed = _evidence(
        ["evidence", "evidence/file-1"], [("mrc", "sender")], [("evidence", "mrc"), ("evidence/file-1", "mrc")]
    )
    decision = place.decide("nara", "shelter", ["needs"], sealed=sealed)
    consent.check_decision(decision.body)
    assert decision.body.document_id == f"{decision.body.consent}/shelter/1"


# --- versions, and who signs them -------------------------------------------------------------------------------------


def test_a_decision_goes_on_from_its_newest_version(place: Town) -> None:
    first = place.decide("nara", "shelter", ["needs"])
    second = place.decide("nara", "shelter", ["needs"], after=first)
    consent.check_version(first.body, decisions(), at=NOW)
    consent.check_version(second.body, decisions(first), at=NOW)
    for late in (first, second):
        with refused("head_moved", field="prev", head=second.sha256):
            consent.check_version(late.body, decisions(first, second), at=NOW)
    with refused("head_moved", field="prev"):
        consent.check_version(second.body, decisions(), at=NOW)
    skipped = again(second, place.signer("nara").key, version=3)
    with refused("head_moved", field="prev", head=first.sha256):
        consent.check_version(skipped.body, decisions(first), at=NOW)


def test_all_decisions_of_one_consent_have_one_recorder(place: Town) -> None:
    first = place.decide("nara", "shelter", ["needs"])
    foreign = place.decide("dorj", "nhrcm", ["needs"], consent=first.body.consent)
    with refused("consent_author", field="recorder"):
        consent.check_version(foreign.body, decisions(first), at=NOW)


def test_consent_and_exception_do_not_mix(place: Town) -> None:
    first = place.decide("nara", "shelter", ["needs"])
    other = place.decide(
        "nara", "police", ["needs"], consent=first.body.consent, basis="danger_to_life", exception=EXCEPTION
    )
    with refused("basis_not_allowed", field="basis"):
        consent.check_version(other.body, decisions(first), at=NOW)


def test_a_consent_has_at_most_64_decisions(place: Town) -> None:
    id = new_id()
    known = [place.decide("nara", f"agency-{number}", ["needs"], consent=id) for number in range(64)]
    one_more = place.decide("nara", "shelter", ["needs"], consent=id)
    with refused("limit_exceeded", field="consent", most=64):
        consent.check_version(one_more.body, decisions(*known), at=NOW)
    consent.check_version(one_more.body, decisions(*known[:63]), at=NOW)


def passes_on(
    place: Town,
    held: Document[schemas.Consent],
    to: str = "shelter",
    sections: Sequence[str] = ("needs",),
    **changes: Any,
) -> Document[schemas.Consent]:
    """What the coordinating agency `nhrcm` writes on a third one."""
    return place.decide(
        "altan", to, sections, consent=held.body.consent, recorder="mrc", until=changes.pop("until", LATER), **changes
    )


def coordinating(place: Town, sections: Sequence[str] = ("needs", "safety"), **more: Any) -> Document[schemas.Consent]:
    return place.decide("nara", "nhrcm", sections, purposes=["give_service", "coordinate"], until=LATER, **more)


def test_a_coordinating_agency_adds_a_third_one_within_what_it_holds(place: Town) -> None:
    held = coordinating(place)
    consent.check_version(passes_on(place, held).body, decisions(held), at=NOW, author_kind="ministry")


@pytest.mark.parametrize(
    ("to", "sections", "changes"),
    [
        ("shelter", ["needs", "medical"], {}),
        ("shelter", ["*"], {}),
        ("shelter", ["needs"], {"until": LATER + timedelta(seconds=1)}),
        ("shelter", ["needs"], {"purposes": ["coordinate"]}),
        ("shelter", ["needs"], {"purposes": ["investigate"]}),
        ("shelter", ["needs"], {"retain_days": 91}),
        ("shelter", ["needs"], {"basis": "guardian_and_assent", "given": BY_THE_GUARDIAN}),
        ("shelter", ["needs"], {"receipt": schemas.ReceiptKey(key=b64(bytes(31) + b"\7"), mode="full")}),
        ("nhrcm", ["needs"], {}),
        ("mrc", ["needs"], {}),
        ("kind:police", [], {"refused": ["*"]}),
        ("shelter", [], {"refused": ["*"]}),
    ],
)
def test_and_no_further(place: Town, to: str, sections: list[str], changes: dict[str, Any]) -> None:
    held = coordinating(place)
    with refused("consent_author"):
        consent.check_version(
            passes_on(place, held, to, sections, **changes).body, decisions(held), at=NOW, author_kind="ministry"
        )


def test_it_adds_only_first_versions(place: Town) -> None:
    held = coordinating(place)
    first = passes_on(place, held)
    second = passes_on(place, held, version=2, prev=first.sha256)
    with refused("consent_author", field="author"):
        consent.check_version(second.body, decisions(held, first), at=NOW, author_kind="ministry")
    recorders = place.decide("nara", "shelter", ["needs"], after=first, recorder="mrc")
    consent.check_version(recorders.body, decisions(held, first), at=NOW)


@pytest.mark.parametrize(
    "scope",
    [
        schemas.Scope(agencies=["nhrcm"], sections=["*"], purposes=["coordinate"]),
        schemas.Scope(agencies=["*"], sections=["*"], purposes=["*"]),
        schemas.Scope(agencies=["nhrcm"], sections=["needs"], purposes=["coordinate"]),
        schemas.Scope(agencies=["nhrcm"], sections=["needs"], purposes=["give_service"]),
    ],
)
def test_what_she_took_back_from_it_it_cannot_pass_on(place: Town, scope: schemas.Scope) -> None:
    held = coordinating(place)
    known = decisions(held, withdrawals=[Withdrawal((scope,))])
    with refused("consent_author"):
        consent.check_version(passes_on(place, held).body, known, at=NOW, author_kind="ministry")


@pytest.mark.parametrize("to", ["nhrcm", "kind:ministry", "*"])
def test_what_is_refused_to_it_it_cannot_pass_on(place: Town, to: str) -> None:
    held = coordinating(place, ["*"], refused=["medical"] if to == "nhrcm" else [])
    no = [] if to == "nhrcm" else [place.decide("nara", to, refused=["medical"], consent=held.body.consent)]
    known = decisions(held, *no)
    with refused("consent_author"):
        consent.check_version(passes_on(place, held, sections=["medical"]).body, known, at=NOW, author_kind="ministry")
    consent.check_version(passes_on(place, held, sections=["safety"]).body, known, at=NOW, author_kind="ministry")


def test_after_its_own_grant_ended_it_passes_on_nothing(place: Town) -> None:
    held = coordinating(place)
    with refused("consent_author"):
        consent.check_version(passes_on(place, held).body, decisions(held), at=LATER, author_kind="ministry")


def test_an_agency_that_does_not_coordinate_adds_nobody(place: Town) -> None:
    held = place.decide("nara", "nhrcm", ["needs"], until=LATER)
    with refused("consent_author", field="author"):
        consent.check_version(passes_on(place, held).body, decisions(held), at=NOW, author_kind="ministry")
    with refused("consent_author", field="author"):
        consent.check_version(passes_on(place, held).body, decisions(), at=NOW, author_kind="ministry")


def test_times_are_written_to_the_second() -> None:
    assert stamp(NOW) == "2026-11-25T04:00:00Z"
