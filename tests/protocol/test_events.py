"""Events (protocol §9): each step in each state by each side, written out; and what an event must be."""

from typing import Any

import pytest

from ortoo.protocol import events, schemas, vocabulary
from ortoo.protocol.consent import Withdrawal
from ortoo.protocol.documents import Document, b64, new_id
from ortoo.protocol.errors import Refused
from ortoo.protocol.referral import binding_of
from ortoo.protocol.schemas import Consent
from ortoo.protocol.sealing import Blobs, open_set
from tests.protocol.network import NOW, Town, again
from tests.protocol.network import given as decisions
from tests.protocol.refusing import refused

STATES = [
    "waiting",
    "sent",
    "opened",
    "acknowledged",
    "more_asked",
    "accepted",
    "under_way",
    "closed",
    "handed_back",
    "declined",
    "recalled",
    "withdrawn",
    "expired",
]

# For each step and side, the state after it, in the order of STATES; a dash where the step is not legal.
TABLE = """
opened       recipient  -         opened       opened       acknowledged more_asked accepted  under_way closed    -           -        -        -         -
opened       reviewer   waiting   sent         opened       acknowledged more_asked accepted  under_way closed    handed_back declined recalled withdrawn expired
acknowledged recipient  -         acknowledged acknowledged -            acknowledged -       -         -         -           -        -        -         -
more_asked   recipient  -         more_asked   more_asked   more_asked   -          -         -         -         -           -        -        -         -
accepted     recipient  -         accepted     accepted     accepted     accepted   -         -         -         -           -        -        -         -
declined     recipient  -         declined     declined     declined     declined   -         -         -         -           -        -        -         -
under_way    recipient  -         -            -            -            -          under_way -         -         -           -        -        -         -
handed_back  recipient  -         -            -            -            -          handed_back handed_back -     -           -        -        -         -
closed       recipient  -         -            -            -            -          closed    closed    -         -           -        -        closed    closed
recalled     sender     recalled  recalled     recalled     recalled     recalled   recalled  -         -         -           -        -        -         -
seconded     sender     sent      sent         opened       acknowledged more_asked accepted  under_way closed    handed_back declined recalled withdrawn expired
seconded     reviewer   sent      sent         opened       acknowledged more_asked accepted  under_way closed    handed_back declined recalled withdrawn expired
upheld       reviewer   -         sent         opened       acknowledged more_asked accepted  under_way closed    handed_back declined recalled withdrawn expired
overturned   reviewer   -         withdrawn    withdrawn    withdrawn    withdrawn  withdrawn withdrawn closed    handed_back declined recalled withdrawn expired
unreadable   recipient  -         sent         opened       acknowledged more_asked accepted  under_way closed    -           -        -        -         -
unreadable   reviewer   waiting   sent         opened       acknowledged more_asked accepted  under_way closed    handed_back declined recalled withdrawn expired
deleted      recipient  -         sent         opened       acknowledged more_asked accepted  under_way closed    handed_back declined recalled withdrawn expired
message      recipient  -         sent         opened       acknowledged more_asked accepted  under_way closed    -           -        -        -         -
message      sender     -         sent         opened       acknowledged more_asked accepted  under_way closed    -           -        -        -         -
"""  # noqa: E501
CELLS = {
    (type, by, state): after
    for type, by, *row in (line.split() for line in TABLE.strip().splitlines())
    for state, after in zip(STATES, row, strict=True)
}
TYPES = sorted({type for type, _, _ in CELLS})


@pytest.mark.parametrize("type", TYPES)
@pytest.mark.parametrize("by", ["sender", "recipient", "reviewer"])
def test_each_step_in_each_state_by_each_side(type: str, by: schemas.As) -> None:
    for state in STATES:
        expected = CELLS.get((type, by, state), "-")
        if expected == "-":
            with refused("step_illegal", state=state):
                events.after(state, type, by)
        else:
            assert (state, events.after(state, type, by)) == (state, expected)


def test_the_table_holds_every_step_of_the_vocabulary() -> None:
    assert set(TYPES) == vocabulary.codes("steps")
    assert set(STATES) == vocabulary.codes("states")
    with refused("malformed", field="type"):
        events.after("sent", "forgotten", "sender")


# --- a referral under way ---------------------------------------------------------------------------------------------


class Case:
    """Nara's referral to the shelter."""

    def __init__(self, town: Town, decision: Document[Consent]) -> None:
        self.town, self.decision = town, decision
        self.referral = town.refer("nara", decision.body.to, decision, {"needs": b"{}"})

    def check(
        self, event: Document[schemas.Event], blobs: Blobs | None = None, state: str = "sent", **more: Any
    ) -> None:
        known = more.pop("known", decisions(self.decision))
        events.check(
            event,
            Blobs() if blobs is None else blobs,
            referral=self.referral.document,
            state=state,
            directory=self.town.directory,
            decisions=known,
            now=NOW,
        )


@pytest.fixture
def case() -> Case:
    town = Town()
    return Case(town, town.decide("nara", "shelter", ["needs"]))


def test_the_shelter_accepts(case: Case) -> None:
    event, blobs = case.town.step("delger", case.referral, "accepted")
    case.check(event, blobs)


def test_a_message_is_read_by_both_sides_and_nobody_else(case: Case) -> None:
    town = case.town
    event, blobs = town.step("delger", case.referral, "message", note="Танд ор бий.", decision=case.decision)
    case.check(event, blobs)
    assert event.body.sealed is not None
    binding = binding_of(event, town.directory.now())
    for agency in ("mrc", "shelter"):
        opened = open_set(binding, event.body.sealed, blobs, agency, town.epoch_key(agency))["note"]
        assert not isinstance(opened, Refused)
        assert events.read_note(opened).text == "Танд ор бий."
    with refused("cannot_open"):
        open_set(binding, event.body.sealed, blobs, "police", town.epoch_key("police"))


@pytest.mark.parametrize(
    ("type", "reason", "note", "field"),
    [
        ("declined", None, None, "reason"),
        ("declined", "another_accepted", None, "reason"),
        ("declined", "other", None, "sealed"),
        ("closed", None, None, "reason"),
        ("closed", "no_capacity", None, "reason"),
        ("accepted", "no_capacity", None, "reason"),
        ("recalled", None, None, "reason"),
        ("recalled", "no_capacity", None, "reason"),
        ("recalled", "other", None, "sealed"),
        ("handed_back", None, None, "reason"),
        ("handed_back", "another_accepted", None, "reason"),
        ("handed_back", "other", None, "sealed"),
        ("deleted", "no_longer_needed", None, "reason"),
        ("message", None, None, "sealed"),
        ("acknowledged", None, "x", "sealed"),
        ("opened", None, "x", "sealed"),
        ("deleted", None, "x", "sealed"),
        ("unheard_of", None, None, "type"),
    ],
)
def test_reasons_and_notes_where_they_belong(
    case: Case, type: str, reason: str | None, note: str | None, field: str
) -> None:
    event, blobs = case.town.step("delger", case.referral, type, reason=reason, note=note, decision=case.decision)
    with refused("malformed", field=field):
        case.check(event, blobs, "accepted")


@pytest.mark.parametrize(
    ("by", "type", "reason", "note"),
    [
        ("nara", "recalled", "another_accepted", None),
        ("nara", "recalled", "another_accepted", "Уучлаарай."),
        ("nara", "recalled", "other", "Утсаар ярив."),
        ("delger", "handed_back", "needs_changed", None),
        ("delger", "handed_back", "needs_changed", "72 цаг дууссан."),
        ("delger", "deleted", None, None),
    ],
)
def test_taken_back_handed_back_and_deleted_with_a_note_where_one_may_be(
    case: Case, by: str, type: str, reason: str | None, note: str | None
) -> None:
    decision = case.decision if note else None
    event, blobs = case.town.step(by, case.referral, type, reason=reason, note=note, decision=decision)
    case.check(event, blobs, "accepted")


def test_closing_after_she_withdrew_has_an_outcome_and_no_note(case: Case) -> None:
    taken = Withdrawal((schemas.Scope(agencies=["shelter"], sections=["*"], purposes=["*"]),))
    known = decisions(case.decision, withdrawals=[taken])
    bare, none = case.town.step("delger", case.referral, "closed", reason="withdrawn")
    case.check(bare, none, "withdrawn", known=known)
    noted, blobs = case.town.step(
        "delger", case.referral, "closed", reason="withdrawn", note="x", decision=case.decision
    )
    with refused("malformed", field="sealed"):
        case.check(noted, blobs, "withdrawn", known=known)


def test_no_note_passes_once_consent_is_gone(case: Case) -> None:
    event, blobs = case.town.step("delger", case.referral, "message", note="x", decision=case.decision)
    taken = Withdrawal((schemas.Scope(agencies=["shelter"], sections=["*"], purposes=["*"]),))
    with refused("consent_withdrawn", part="note", reader="shelter"):
        case.check(event, blobs, known=decisions(case.decision, withdrawals=[taken]))
    newer = case.town.decide("nara", "shelter", ["needs"], after=case.decision)
    with refused("consent_superseded"):
        case.check(event, blobs, known=decisions(newer))
    refusal = case.town.decide("nara", "shelter", refused=["*"], after=case.decision)
    with refused("grant_refused", part="note"):
        case.check(event, blobs, known=decisions(refusal))


def test_a_note_under_another_consent_is_refused(case: Case) -> None:
    other = case.town.decide("nara", "shelter", ["needs"])
    event, blobs = case.town.step("delger", case.referral, "message", note="x", decision=other)
    with refused("authority_mismatch"):
        case.check(event, blobs, known=decisions(case.decision))
    with refused("authority_mismatch"):
        case.check(event, blobs, known=decisions(other))


def test_a_note_is_sealed_to_both_sides(case: Case) -> None:
    event, blobs = case.town.step("delger", case.referral, "message", note="x", decision=case.decision)
    sealed = event.body.sealed
    assert sealed is not None
    delger = case.town.signer("delger").key
    one_sided = schemas.Sealed(
        parts=sealed.parts,
        readers=[one for one in sealed.readers if one.agency == "shelter"],
        keys=[one for one in sealed.keys if one.agency == "shelter"],
    )
    with refused("malformed", field="sealed.readers"):
        case.check(again(event, delger, sealed=one_sided), blobs)
    keyless = schemas.Sealed(parts=sealed.parts, readers=sealed.readers, keys=sealed.keys[:1])
    with refused("malformed", field="sealed.keys"):
        case.check(again(event, delger, sealed=keyless), blobs)
    with refused("malformed", field="authority"):
        case.check(again(event, delger, authority=None), blobs)
    with refused("malformed", field="authority"):
        case.check(again(event, delger, sealed=None), Blobs())


def test_a_note_to_a_third_agency_is_refused(case: Case) -> None:
    town = case.town
    elsewhere = Case(town, town.decide("nara", "police", ["needs"]))
    event, blobs = town.step("nara", elsewhere.referral, "message", note="x", decision=elsewhere.decision)
    here = schemas.Named(id=case.referral.document.body.id, sha256=case.referral.document.sha256)
    with refused("malformed", field="sealed.readers"):
        case.check(again(event, town.signer("nara").key, on=here), blobs)


def test_blobs_without_a_note_are_left_over(case: Case) -> None:
    event, _ = case.town.step("delger", case.referral, "accepted")
    for blobs in (Blobs(parts={"note": b"x"}), Blobs(wraps={"mrc": b"x"}), Blobs(keys={("note", "mrc"): b"x"})):
        with refused("blob_unexpected"):
            case.check(event, blobs)


def test_an_event_belongs_to_its_referral(case: Case) -> None:
    event, _ = case.town.step("delger", case.referral, "accepted")
    delger = case.town.signer("delger").key
    for on in (
        schemas.Named(id=new_id(), sha256=case.referral.document.sha256),
        schemas.Named(id=case.referral.document.body.id, sha256=b64(bytes(32))),
    ):
        with refused("malformed", field="on"):
            case.check(again(event, delger, on=on))


def test_a_third_agency_takes_no_step(case: Case) -> None:
    event, _ = case.town.step("dorj", case.referral, "accepted")
    with refused("not_found"):
        case.check(event)


def test_an_event_signed_with_another_members_key_is_refused(case: Case) -> None:
    event, _ = case.town.step("delger", case.referral, "accepted")
    with refused("signature_invalid"):
        case.check(again(event, case.town.signer("urna").key))


def test_of_form_signer_and_consent_the_form_is_told_first(case: Case) -> None:
    event, blobs = case.town.step("delger", case.referral, "message", note="x", decision=case.decision)
    urna = case.town.signer("urna").key
    with refused("malformed", field="reason"):
        case.check(again(event, urna, reason="other"), blobs, known=decisions())
    with refused("signature_invalid"):
        case.check(again(event, urna), Blobs(), known=decisions())
    with refused("blob_missing"):
        case.check(event, Blobs(), known=decisions())
    with refused("grant_missing"):
        case.check(event, blobs, known=decisions())


# --- without consent: two signatures, and a review --------------------------------------------------------------------


@pytest.fixture
def urgent() -> Case:
    town = Town()
    exception = schemas.ConsentException(reviewer="nhrcm", overrides=None, tell_after=None)
    decision = town.decide("nara", "police", ["needs"], basis="danger_to_life", exception=exception)
    case = Case.__new__(Case)
    case.town, case.decision = town, decision
    case.referral = town.refer("nara", "police", decision, {"needs": b"{}", "justification": b"{}"})
    return case


def test_a_coordinator_of_the_reviewing_agency_opens_and_reviews(urgent: Case) -> None:
    for type in ("opened", "upheld", "overturned"):
        event, _ = urgent.town.step("bold", urgent.referral, type)
        urgent.check(event)


def test_a_focal_point_of_the_reviewing_agency_does_not(urgent: Case) -> None:
    event, _ = urgent.town.step("altan", urgent.referral, "opened")
    with refused("role_not_allowed", field="author"):
        urgent.check(event)


def test_nor_does_a_coordinator_once_its_agency_may_coordinate_no_more(urgent: Case) -> None:
    urgent.town.append(urgent.town.admission("nhrcm", may=["review"]))
    event, _ = urgent.town.step("bold", urgent.referral, "upheld")
    with refused("role_not_allowed", field="author"):
        urgent.check(event)


def second(case: Case, by: str) -> None:
    event, _ = case.town.step(by, case.referral, "seconded")
    case.check(event, state="waiting")
    events.check_second(event, case.referral.document, case.town.directory.now())


def test_another_member_of_the_agency_seconds(urgent: Case) -> None:
    second(urgent, "jargal")
    with refused("second_signature_missing", field="author"):
        second(urgent, "nara")


def test_the_reviewers_agency_seconds_only_where_nobody_else_can(urgent: Case) -> None:
    with refused("second_signature_missing", field="author"):
        second(urgent, "bold")
    urgent.town.append(urgent.town.roster("mrc", people=[urgent.town.people["nara"]], new_epoch=True))
    second(urgent, "bold")


def test_what_waits_is_nobodys_step_but_theirs(urgent: Case) -> None:
    assert events.part_of("nhrcm", urgent.referral.document.body) == "reviewer"
    for type in ("opened", "acknowledged", "accepted", "declined", "message"):
        with refused("step_illegal", state="waiting"):
            events.after("waiting", type, "recipient")
