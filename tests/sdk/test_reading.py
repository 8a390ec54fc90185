"""A reader believes the documents and nothing that stands beside them. Each lie of a hub, next to the truth."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from ortoo import contract
from ortoo.form import Form
from ortoo.protocol.documents import b64, sign, unb64
from ortoo.protocol.errors import Refused
from tests.sdk.conftest import SCENARIOS
from tests.sdk.network import Network, Story, found


@pytest.fixture
def story(network: Network, shelter: Form) -> Story:
    """Nara's referral to the shelter; Delger opened it, wrote, and accepted."""
    story = Story.sent(network, shelter, "mrc.nara")
    story.step("mgec.delger", "opened")
    story.step("mgec.delger", "message", note="Ор бэлэн.")
    story.step("mrc.nara", "message", note="Баярлалаа.")
    story.step("mgec.delger", "accepted")
    return story


def refused(network: Network, answer: contract.Referral, agency: str = "mgec", **opened: str) -> Refused:
    with pytest.raises(Refused) as raised:
        network.reader(agency, opened).verify(answer, answer.sent_at)
    return raised.value


def test_both_sides_see_the_same_steps_and_read_the_notes(network: Network, story: Story) -> None:
    for agency in ("mgec", "mrc-umnugobi"):
        referral = network.reader(agency).verify(story.answer(agency), story.at)
        assert referral.state == "accepted"
        assert [step.type for step in referral.steps] == ["opened", "message", "message", "accepted"]
        notes = [step.note.text for step in referral.steps if step.note]
        assert notes == ["Ор бэлэн.", "Баярлалаа."]
        assert referral.head == story.head(agency)


def test_the_recipient_opens_four_sections(network: Network, story: Story) -> None:
    reader = network.reader("mgec")
    referral = reader.verify(story.answer("mgec"), story.at)
    parts = reader.parts(referral, story.blobs("mgec"), story.at)
    assert [(part.name, part.status) for part in parts] == [
        ("needs", "readable"),
        ("identity", "readable"),
        ("contact", "readable"),
        ("safety", "readable"),
    ]
    assert parts[1].section is not None
    assert parts[1].section.fields["given_name"] == "Цэцэгмаа"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"state": "closed"}, "chain_broken"),
        ({"state": "withdrawn"}, None),  # the hub's word, and a legal one: the person may have withdrawn
        ({"state": "expired"}, "chain_broken"),  # it has not run out
        ({"urgency": "standard"}, "malformed"),
        ({"place": "MN-1"}, "malformed"),
        ({"minor": True}, "malformed"),
        ({"sender": "iom"}, "malformed"),
        ({"recipient": "iom"}, "malformed"),
        ({"services": ["shelter"]}, "malformed"),
        ({"id": "01890000-0000-7000-8000-000000000000"}, "malformed"),
        ({"sha256": "A" * 43}, "hash_mismatch"),
        ({"head": "A" * 43}, "chain_broken"),
        ({"events": []}, "chain_broken"),
    ],
)
def test_what_stands_beside_the_document_is_not_believed(
    network: Network, story: Story, changed: dict[str, Any], code: str | None
) -> None:
    answer = story.answer("mgec", **changed)
    if code is None:
        network.reader("mgec").verify(answer, story.at)
    else:
        assert refused(network, answer).code == code


def test_a_hidden_reordered_or_repeated_step_is_seen(network: Network, story: Story) -> None:
    """Not the counterpart's newest one that changes no state: that shows with its next step alone."""
    steps = story.answer("mgec").events
    for lie in (steps[1:], [steps[1], steps[0], *steps[2:]], [*steps, steps[-1]], [*steps[:1], *steps[2:]]):
        code = refused(network, story.answer("mgec", events=lie)).code
        assert code in ("chain_broken", "step_illegal")


def test_a_reason_or_type_of_the_hubs_own_is_seen(network: Network, story: Story) -> None:
    steps = story.answer("mgec").events
    for change in ({"type": "declined"}, {"reason": "no_capacity"}, {"agency": "iom"}):
        lie = [*steps[:-1], msgspec.structs.replace(steps[-1], **change)]
        assert refused(network, story.answer("mgec", events=lie)).code == "malformed"


def test_a_changed_byte_in_any_document_is_seen(network: Network, story: Story) -> None:
    answer = story.answer("mgec")
    for envelope in (answer.envelope, answer.decision.envelope, answer.events[0].envelope):
        start = envelope.index('"sig":"') + 20
        letter = "A" if envelope[start] != "A" else "B"
        broken = envelope[:start] + letter + envelope[start + 1 :]
        lie = story.answer("mgec")
        if envelope == answer.envelope:
            lie = msgspec.structs.replace(lie, envelope=broken)
        elif envelope == answer.decision.envelope:
            lie = msgspec.structs.replace(lie, decision=msgspec.structs.replace(lie.decision, envelope=broken))
        else:
            event = msgspec.structs.replace(lie.events[0], envelope=broken)
            lie = msgspec.structs.replace(lie, events=[event, *lie.events[1:]])
        assert refused(network, lie).code == "signature_invalid"


def test_another_persons_decision_does_not_carry_it(network: Network, story: Story, shelter: Form) -> None:
    other = Story.sent(network, shelter, "mrc.nara")
    lie = story.answer("mgec", decision=other.answer("mgec").decision)
    assert refused(network, lie).code == "authority_mismatch"


def test_an_id_that_was_opened_with_another_document_is_refused(network: Network, story: Story) -> None:
    answer = story.answer("mgec")
    assert refused(network, answer, **{answer.id: "A" * 43}).code == "id_reused"
    network.reader("mgec", {answer.id: answer.sha256}).verify(answer, story.at)


def test_it_is_nobody_elses(network: Network, story: Story) -> None:
    assert refused(network, story.answer("iom"), "iom").code == "not_found"


def test_a_damaged_part_does_not_hide_the_others(network: Network, story: Story) -> None:
    reader, blobs = network.reader("mgec"), story.blobs("mgec")
    referral = reader.verify(story.answer("mgec"), story.at)
    first = bytearray(unb64(blobs.parts[0].ciphertext))
    first[40] ^= 1
    damaged = contract.Part(name=blobs.parts[0].name, ciphertext=b64(bytes(first)))
    lie = msgspec.structs.replace(blobs, parts=[damaged, *blobs.parts[1:]])
    status = {part.name: part.status for part in reader.parts(referral, lie, story.at)}
    assert status.pop(damaged.name) == "damaged"
    assert set(status.values()) == {"readable"}


def test_a_wrap_for_who_is_no_reader_of_a_note_opens_nothing_and_breaks_nothing(network: Network) -> None:
    """A hub hands the reviewer of an exception a wrap beside a note that was sealed to both sides alone."""
    form = Form.read(SCENARIOS / "04-child-alone-at-the-border.json")
    story = Story.sent(network, form, "zu.tuya")
    story.state = "waiting"
    story.step("zu.bold", "seconded")
    story.step("zu.tuya", "message", note="Хариу хэлнэ үү.")
    reviewer = form.consent.exception.reviewer  # type: ignore[union-attr]
    answer = story.answer(reviewer)
    seconded, note = answer.events
    given = contract.Blobs(wraps=[contract.Wrap(agency=reviewer, wrap=b64(bytes(1168)))])
    lied = msgspec.structs.replace(answer, events=[seconded, msgspec.structs.replace(note, sealed=given)])
    _, step = network.reader(reviewer).verify(lied, story.at).steps
    assert step.note is not None
    assert step.note.status == "not_granted"


def test_not_yet_gone_and_damaged_are_told_apart(network: Network, shelter: Form) -> None:
    story, reader = Story.sent(network, shelter, "mrc.nara"), network.reader("mgec")
    unopened = reader.verify(story.answer("mgec"), story.at)
    assert {part.status for part in reader.parts(unopened, None, story.at)} == {"not_yet"}
    story.step("mgec.delger", "opened")
    story.step("mgec.delger", "declined", reason="no_capacity")
    declined = reader.verify(story.answer("mgec"), story.at)
    assert {part.status for part in reader.parts(declined, None, story.at)} == {"gone"}
    blobs = story.blobs("mgec")
    no_wrap = msgspec.structs.replace(blobs, wraps=[contract.Wrap(agency="mgec", wrap=b64(bytes(1168)))])
    assert {part.status for part in reader.parts(unopened, no_wrap, story.at)} == {"damaged"}


def test_what_is_owed_is_what_the_steps_say(network: Network, story: Story) -> None:
    lie = story.answer("mgec", deletion_owed_since=story.at)  # it may still read
    assert refused(network, lie).at["field"] == "deletion_owed_since"
    story.step("mrc.nara", "recalled", reason="no_longer_needed")
    for agency in ("mgec", "mrc-umnugobi"):
        assert network.reader(agency).verify(story.answer(agency), story.at).deletion_owed_since == story.at
        for said in (None, story.at - timedelta(hours=72)):  # forgiven, or overdue, by the hub alone
            lie = story.answer(agency, deletion_owed_since=said)
            assert refused(network, lie, agency).at["field"] == "deletion_owed_since"
    story.step("mgec.delger", "deleted")
    for agency in ("mgec", "mrc-umnugobi"):
        assert network.reader(agency).verify(story.answer(agency), story.at).deletion_owed_since is None
        lie = story.answer(agency, deletion_owed_since=story.at)
        assert refused(network, lie, agency).code == "malformed"


def test_a_deletion_confirmed_beforehand_settles_nothing(network: Network, story: Story) -> None:
    story.step("mgec.delger", "deleted")
    story.step("mrc.nara", "recalled", reason="no_longer_needed")
    assert network.reader("mgec").verify(story.answer("mgec"), story.at).deletion_owed_since == story.at
    lie = story.answer("mgec", deletion_owed_since=None)
    assert refused(network, lie).at["field"] == "deletion_owed_since"


def test_who_never_opened_owes_nothing(network: Network, shelter: Form) -> None:
    story = Story.sent(network, shelter, "mrc.nara")
    story.step("mgec.delger", "accepted")
    story.step("mgec.delger", "handed_back", reason="needs_changed")
    assert network.reader("mgec").verify(story.answer("mgec"), story.at).deletion_owed_since is None


def test_what_ran_out_is_not_shown_whatever_the_hub_hands_out(network: Network, story: Story) -> None:
    reader = network.reader("mgec")
    referral = reader.verify(story.answer("mgec"), story.at)
    later = story.at + timedelta(days=92)
    assert {part.status for part in reader.parts(referral, story.blobs("mgec"), later)} == {"gone"}
    expired = reader.verify(story.answer("mgec", state="expired"), later)
    assert expired.state == "expired"


def test_closing_may_follow_a_withdrawal(network: Network, story: Story) -> None:
    story.state = "withdrawn"
    story.step("mgec.delger", "closed", reason="withdrawn")
    assert network.reader("mgec").verify(story.answer("mgec"), story.at).state == "closed"


def test_a_document_far_from_its_acceptance_is_refused(network: Network, story: Story) -> None:
    late = story.at + timedelta(minutes=11)
    assert refused(network, story.answer("mgec", sent_at=late)).code == "clock_skew"


def test_the_sender_reads_its_own(network: Network, story: Story) -> None:
    reader = network.reader("mrc-umnugobi")
    referral = reader.verify(story.answer("mrc-umnugobi"), story.at)
    assert referral.as_ == "sender"
    parts = reader.parts(referral, story.blobs("mrc-umnugobi"), story.at)
    assert {part.status for part in parts} == {"readable"}


def test_three_views_of_one_person(network: Network, three: Form) -> None:
    expected = {
        "shelter-sainshand": ["needs", "identity", "medical"],
        "legal-clinic": ["needs", "identity", "contact", "account", "legal"],
        "nhrcm": ["needs", "account"],
    }
    for agency, sections in expected.items():
        story, reader = Story.sent(network, three, "mgec.solongo", agency), network.reader(agency)
        referral = reader.verify(story.answer(agency), story.at)
        parts = reader.parts(referral, story.blobs(agency), story.at)
        assert [part.name for part in parts if part.status == "readable"] == sections


def test_a_grant_that_another_agency_made_longer_is_no_grant(network: Network, story: Story) -> None:
    """A hub and the recipient together: version 2, signed by the recipient, with a later end."""
    body = story.decision.body
    assert body.granted is not None
    delger = network.signer("mgec.delger")
    longer = msgspec.structs.replace(
        body,
        author=delger.author,
        version=2,
        prev=story.decision.sha256,
        granted=msgspec.structs.replace(body.granted, sections=["*"], until="2036-01-01T00:00:00Z"),
    )
    forged = sign(longer, delger.key)
    decision = contract.Decision(
        consent=body.consent, to=body.to, version=2, envelope=forged.envelope, sha256=forged.sha256
    )
    for agency in ("mgec", "mrc-umnugobi"):
        assert refused(network, story.answer(agency, decision=decision), agency).code == "consent_author"


def test_a_consent_that_its_recorder_never_recorded_is_none(network: Network, shelter: Form) -> None:
    """The police are named as recorder; a consulate signs for them, and sends."""
    signer = network.signer("coe.bilguun")
    story = Story.sent(network, replace(shelter, sender=None), "coe.bilguun")
    body = msgspec.structs.replace(story.decision.body, recorder="police-ct", version=1)
    forged = sign(body, signer.key)
    story.decision = forged
    answer = story.answer("mgec")
    assert refused(network, answer).code in ("authority_mismatch", "consent_author")


def test_a_referral_of_a_suspended_sender_is_refused_by_the_reader_too(shelter: Form) -> None:
    network = found()
    story = Story.sent(network, shelter, "mrc.nara")
    network.suspend("mrc-umnugobi")
    since = msgspec.structs.replace(story.sealed.document.body, directory=network.directory.head)
    story.sealed = replace(story.sealed, document=sign(since, network.signer("mrc.nara").key))
    assert refused(network, story.answer("mgec")).code == "recipient_suspended"
