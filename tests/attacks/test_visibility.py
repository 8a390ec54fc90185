"""An agency sees its own referrals, and nothing of anybody else's: not even that they are there (protocol §1, §7)."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import pytest

from ortoo.protocol import schemas, vocabulary
from ortoo.protocol.documents import Document, b64, new_id
from ortoo.protocol.referral import SealedReferral
from ortoo.protocol.sealing import Blobs
from tests.attacks.searching import Search
from tests.attacks.stage import IDENTITY
from tests.attacks.town import NEEDS, PracticeTown, handed_in, written
from tests.log.reading import until
from tests.members import at_work, following
from tests.protocol.network import again, routing

NARA: Final = "mrc.nara"  # of the resource centre, before whom she decided
DELGER: Final = "mgec.delger"  # who was asked
UYANGA: Final = "osc.uyanga"  # who was asked too, and may know less
HULAN: Final = "ecpat.hulan"  # who had a grant once
DORJ: Final = "pct.dorj"  # at the police, whom she refused

# Whom somebody might ask about: two who hold a grant, one who was refused, one of whom nothing was said.
OTHERS: Final = ("mgec", "shelter-sainshand", "police-dornogobi", "prosecutor")


class Story:
    """She decided before Nara; Delger has opened, and they write to each other; a second referral lies unopened."""

    def __init__(self, town: PracticeTown) -> None:
        self.town, self.consent = town, new_id()
        self.decisions: dict[str, Document[schemas.Consent]] = {}
        for to, sections, refused in (
            ("mgec", ["needs", "identity"], []),
            ("shelter-sainshand", ["needs"], []),
            ("ecpat", ["needs"], []),
            ("kind:police", [], ["*"]),
        ):
            self.decisions[to] = town.decide(NARA, to, sections, refused=refused, consent=self.consent)
        town.record(NARA, *self.decisions.values())
        self.decisions["ecpat"] = town.decide(NARA, "ecpat", after=self.decisions["ecpat"])
        town.record(NARA, self.decisions["ecpat"])
        self.opened = town.refer(NARA, "mgec", self.decisions["mgec"], NEEDS | IDENTITY)
        self.unopened = town.refer(NARA, "mgec", self.decisions["mgec"])
        self.to_uyanga = town.refer(NARA, "shelter-sainshand", self.decisions["shelter-sainshand"])
        town.send(NARA, self.opened, self.unopened, self.to_uyanga)
        self.opening, self.answer = town.open(DELGER, self.opened)
        self.note = self._write(DELGER, self.opening.sha256)
        self.reply = self._write(NARA, self.opened.document.sha256)
        self.never_sent = town.refer(NARA, "mgec", self.decisions["mgec"])

    def _write(self, by: str, prev: str) -> Blobs:
        event, blobs = self.town.step(
            by, self.opened, "message", prev=prev, note="a word", decision=self.decisions["mgec"]
        )
        self.town.data(by, "take_step", step=handed_in(event, blobs))
        return blobs


@pytest.fixture(scope="module")
def story(town: PracticeTown) -> Story:
    return Story(town)


def test_the_log_says_to_an_agency_where_its_own_documents_are_and_of_no_others(story: Story) -> None:
    ours = {"mgec": [story.opened.document.sha256, story.opening.sha256, story.decisions["mgec"].sha256]}
    ours["shelter-sainshand"] = [story.to_uyanga.document.sha256, story.decisions["shelter-sainshand"].sha256]
    every = {one for documents in ours.values() for one in documents}

    def told(handle: str) -> set[str]:
        ((size,),) = story.town.hub.store.execute("SELECT max(size) FROM audit_checkpoint WHERE tree_id = 'activity'")
        if size is None:  # nothing is signed yet
            return set()
        return {one["document"] for one in story.town.data(handle, "logged", size=size, documents=sorted(every))}

    asyncio.run(until(lambda: told(NARA) == every))
    assert told(DELGER) == set(ours["mgec"])
    assert told(UYANGA) == set(ours["shelter-sainshand"])
    assert told("imm.ganbold") == set()


def id_of(whole: SealedReferral) -> str:
    return whole.document.body.id


def everything(town: PracticeTown, handle: str, *ids: str) -> str:
    """All that a member can ask for, of these ids and without any."""
    asked: list[tuple[str, Mapping[str, Any]]] = [
        *(("referral", {"id": id}) for id in ids),
        *(("consent", {"id": id}) for id in ids),
        ("inbox", {"first": 10}),
        ("outbox", {"first": 10}),
        ("trail", {"first": 50}),
        ("ids", {"first": 50}),
        ("feed", {"after": 0, "first": 500}),
        ("me", {}),
        ("colleagues", {}),
        ("agency_keys", {}),
    ]
    return "\n".join(town.ask(handle, operation, **variables).text for operation, variables in asked)


# --- a third agency ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("handle", [DORJ, HULAN])
def test_what_is_not_ones_own_is_as_if_it_were_not_there(story: Story, handle: str) -> None:
    town = story.town
    for operation in ("referral", "consent"):
        nothing = town.ask(handle, operation, id=new_id())
        assert nothing.json() == {"data": {operation: None}}
        ids = [id_of(one) for one in (story.opened, story.unopened, story.to_uyanga)]
        if handle != HULAN:  # she may see the decision that takes her grant back
            ids.append(story.consent)
        for id in ids:
            for spelt in (id, id.upper(), id.replace("-", ""), f"urn:uuid:{id}", f"{{{id}}}"):
                answer = town.ask(handle, operation, id=spelt)
                assert (answer.status_code, answer.text) == (nothing.status_code, nothing.text)


def test_its_lists_are_empty_wherever_they_begin(story: Story) -> None:
    town = story.town
    theirs = town.data(NARA, "outbox", first=1)
    cursor = theirs["edges"][0]["cursor"]
    empty = {"edges": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
    none = {"counts": {"late": 0, "clock": 0, "ours": 0, "waiting": 0}}
    for box in ("inbox", "outbox"):
        assert town.data(DORJ, box, first=50) == empty | none
        assert town.data(DORJ, box, first=50, counterpart=theirs["edges"][0]["node"]["recipient"]) == empty | none
        assert town.refused(DORJ, box, first=50, after=cursor) == {"code": "malformed", "field": "after"}
    assert town.data(DORJ, "trail", first=50) == empty
    trail = town.data(NARA, "trail", first=1)["pageInfo"]["endCursor"]
    assert town.refused(DORJ, "trail", first=50, after=trail) == {"code": "malformed", "field": "after"}
    assert town.ask(DORJ, "ids", first=50).json()["data"] == {"inbox": empty, "outbox": empty}
    assert town.data(DORJ, "feed", after=0, first=500) == []


async def test_its_feed_tells_of_its_own_alone_while_much_goes_on(story: Story) -> None:
    town = story.town
    decision = town.decide("zu.tuya", "immigration", ["needs"])
    town.record("zu.tuya", decision)
    own = town.refer("zu.tuya", "immigration", decision)
    async with at_work(town.hub, "imm.ganbold") as ganbold, following(ganbold, 0) as follower:
        theirs = town.refer(NARA, "mgec", story.decisions["mgec"])
        town.send(NARA, theirs)
        town.take(DELGER, theirs, "accepted")
        town.send("zu.tuya", own)
        await follower.reaches(1, within=10)
        assert [(one.sequence, one.kind, one.referral) for one in follower.entries] == [
            (1, "referral_sent", id_of(own))
        ]


STEPS: Final = [step for step in vocabulary.codes("steps") if step not in ("opened",)]


def test_a_step_on_what_is_anothers_is_answered_as_one_on_nothing(story: Story) -> None:
    town = story.town
    before = written(town.hub.store)
    for type in ["opened", *sorted(STEPS)]:
        for on in (story.opened, story.unopened, story.to_uyanga):
            told, nothing = (stepped(town, one, type) for one in (on, story.never_sent))
            assert told == nothing
            assert told["code"] == "not_found"
    assert written(town.hub.store) == before


def stepped(town: PracticeTown, on: SealedReferral, type: str) -> dict[str, Any]:
    """What a third agency is told of its step, but for the id that it handed in itself."""
    event, blobs = town.step(DORJ, on, type)
    if type == "opened":
        told = town.refused(DORJ, "open_referral", event=event.envelope)
    else:
        told = town.refused(DORJ, "take_step", step=handed_in(event, blobs))
    assert told.pop("referral", None) in (id_of(on), None)
    return told


def test_a_note_under_what_is_anothers_is_answered_as_one_under_nothing(story: Story) -> None:
    town, told = story.town, []
    for on in (story.opened, story.never_sent):
        event, blobs = town.step(DORJ, on, "message", note="a word", decision=story.decisions["mgec"])
        answer = town.refused(DORJ, "take_step", step=handed_in(event, blobs))
        assert answer.pop("referral") == id_of(on)
        told.append(answer)
    assert told == [{"code": "not_found"}] * 2


@pytest.mark.parametrize("handle", [DORJ, HULAN])
@pytest.mark.parametrize("to", OTHERS)
def test_whom_she_refused_or_allowed_is_not_found_out_by_sending(story: Story, handle: str, to: str) -> None:
    """Who has no grant that lives learns nothing of others under a consent whose id it knows: as if it were none."""
    town, told = story.town, []
    for consent in (story.consent, new_id()):
        decision = town.decide(handle, to, ["needs"], consent=consent)
        whole = town.refer(handle, to, decision)
        answer = town.refused(handle, "send_referrals", referrals=[handed_in(whole)])
        assert answer.pop("referral") == id_of(whole)
        told.append(answer)
    assert told == [{"code": "grant_missing", "part": "needs", "reader": to}] * 2


def test_who_holds_a_grant_is_told_of_one_agency_by_name(story: Story) -> None:
    town = story.town
    decision = town.decide(UYANGA, "police-dornogobi", ["needs"], consent=story.consent)
    whole = town.refer(UYANGA, "police-dornogobi", decision)
    assert town.refused(UYANGA, "send_referrals", referrals=[handed_in(whole)]) == {
        "code": "grant_refused",
        "referral": id_of(whole),
        "part": "needs",
        "reader": "police-dornogobi",
    }


def test_a_decision_under_what_is_anothers_is_refused_as_one_under_nothing(story: Story) -> None:
    town, told = story.town, []
    for consent in (story.consent, new_id()):
        for to in OTHERS:
            for recorder in ("mrc-umnugobi", "prosecutor"):  # before whom she decided, and before whom not
                decision = town.decide(DORJ, to, ["needs"], consent=consent, recorder=recorder)
                answer = town.refused(DORJ, "record_consent", decisions=[handed_in(decision)])
                assert (answer.pop("consent"), answer.pop("to")) == (consent, to)
                told.append(answer)
    assert told == [{"code": "consent_author", "field": "author"}] * 16


def test_an_id_that_is_taken_is_told_without_a_word_of_what_has_it(story: Story) -> None:
    """Ids are their makers' (122 bits, most of them random): that one is taken is told, as it must be, and no more."""
    town = story.town
    decision = town.decide(DORJ, "prosecutor", ["needs"])
    town.record(DORJ, decision)
    whole = town.refer(DORJ, "prosecutor", decision, id=id_of(story.opened))
    told = town.refused(DORJ, "send_referrals", referrals=[handed_in(whole)])
    assert told == {"code": "id_reused", "referral": id_of(story.opened), "field": "id"}


def test_colleagues_and_keys_are_ones_own(story: Story) -> None:
    town = story.town
    assert {one["agency"] for one in town.data(DORJ, "colleagues")} == {"police-ct"}
    assert {one["handle"] for one in town.data(DORJ, "colleagues")} == {"pct.dorj", "pct.nomin"}
    seeds = [town.data(handle, "agency_keys") for handle in (DORJ, "pct.nomin", DELGER, "mgec.urna")]
    assert len({one["sealed"] for few in seeds for one in few}) == 4


# --- the recipient, the recorder --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("handle", "seen"),
    [
        (NARA, {"mgec", "shelter-sainshand", "ecpat", "kind:police"}),
        ("mrc.jargal", {"mgec", "shelter-sainshand", "ecpat", "kind:police"}),
        (DELGER, {"mgec"}),
        ("mgec.urna", {"mgec"}),
        (UYANGA, {"shelter-sainshand"}),
        (HULAN, {"ecpat"}),
    ],
)
def test_who_sees_which_decisions(story: Story, handle: str, seen: set[str]) -> None:
    answer = story.town.data(handle, "consent", id=story.consent)
    assert {one["to"] for one in answer["decisions"]} == seen
    assert len(answer["decisions"]) == len(seen)
    for one in answer["decisions"]:
        assert one["envelope"] == story.decisions[one["to"]].envelope


def test_the_recipient_does_not_learn_who_else_was_asked_or_refused(story: Story) -> None:
    """However it is spelt: documents in their envelopes are looked into."""
    others = [id_of(story.to_uyanga), story.to_uyanga.document.sha256, "shelter-sainshand", "kind:police"]
    ids = [id_of(one) for one in (story.opened, story.unopened, story.to_uyanga)]
    text = everything(story.town, DELGER, story.consent, *ids)
    search = Search([*others, id_of(story.opened)])
    assert search.found_in(text.encode()) == {id_of(story.opened)}
    assert search.found_in(everything(story.town, NARA, story.consent, *ids).encode()) >= set(others)


def of_reader(blobs: Blobs, reader: str) -> set[str]:
    """The wraps and keys of one reader, as an answer would spell them."""
    keys = {b64(key) for (_, agency), key in blobs.keys.items() if agency == reader}
    return keys | {b64(blobs.wraps[reader])}


def found(text: str, blobs: Blobs, reader: str) -> list[str]:
    return [one for one in of_reader(blobs, reader) if one in text]


def test_before_it_is_opened_no_key_and_no_part_is_handed_out(story: Story) -> None:
    town, whole = story.town, story.unopened
    _, taken = town.take(DELGER, whole, "acknowledged")
    shown = town.data(DELGER, "referral", id=id_of(whole))
    assert (shown["sealed"], shown["state"]) == (None, "acknowledged")
    text = everything(town, DELGER, id_of(whole)) + str(taken)
    for reader in ("mgec", "mrc-umnugobi"):
        assert not found(text, whole.blobs, reader)
    assert not [part for part, blob in whole.blobs.parts.items() if b64(blob) in text]


def test_each_side_is_handed_its_own_keys_alone(story: Story) -> None:
    town, blobs = story.town, story.opened.blobs
    opening = story.answer["sealed"]
    assert [one["agency"] for one in opening["wraps"]] == ["mgec"]
    assert {(one["part"], one["agency"]) for one in opening["keys"]} == {("needs", "mgec"), ("identity", "mgec")}
    id = id_of(story.opened)
    theirs = everything(town, DELGER, id) + str(story.answer)
    ours = everything(town, NARA, id)
    for one in (blobs, story.note, story.reply):
        assert not found(theirs, one, "mrc-umnugobi")
        assert not found(ours, one, "mgec")
        assert set(found(ours, one, "mrc-umnugobi")) == of_reader(one, "mrc-umnugobi")
    assert set(found(theirs, story.note, "mgec")) == of_reader(story.note, "mgec")


def test_a_part_that_she_took_back_is_not_handed_out(story: Story) -> None:
    town = story.town
    decision = town.decide(NARA, "mgec", ["needs", "identity"])
    town.record(NARA, decision)
    whole = town.refer(NARA, "mgec", decision, NEEDS | IDENTITY)
    town.send(NARA, whole)
    town.record(NARA, town.decide(NARA, "mgec", ["needs"], after=decision))
    _, answer = town.open(DELGER, whole)
    assert [one["name"] for one in answer["sealed"]["parts"]] == ["needs"]
    assert [(one["part"], one["agency"]) for one in answer["sealed"]["keys"]] == [("needs", "mgec")]
    text = str(answer) + everything(town, DELGER, id_of(whole))
    assert b64(whole.blobs.parts["identity"]) not in text
    assert b64(whole.blobs.keys["identity", "mgec"]) not in text


def test_a_grantee_who_sends_sees_its_referral_and_the_decision_that_rules_it(story: Story) -> None:
    """Not the recorder, and not the one decided about: it named the decision, and sees that one and its own."""
    town = story.town
    whole = passed_on(town, story.decisions["mgec"], story.decisions["shelter-sainshand"])
    (sent,) = town.send(UYANGA, whole)
    assert sent["decision"]["sha256"] == story.decisions["mgec"].sha256
    assert town.data(UYANGA, "referral", id=id_of(whole))["decision"]["to"] == "mgec"
    assert id_of(whole) in [one["node"]["id"] for one in town.data(UYANGA, "outbox", first=50)["edges"]]
    consent = town.data(UYANGA, "consent", id=story.consent)
    assert [one["to"] for one in consent["decisions"]] == ["shelter-sainshand"]
    assert town.data(NARA, "referral", id=id_of(whole)) is None


def passed_on(
    town: PracticeTown, decision: Document[schemas.Consent], own: Document[schemas.Consent], **asked: Any
) -> SealedReferral:
    """What Uyanga was sent under her own agency's decision, opened, and sealed anew for MGEC."""
    held = town.refer(NARA, "shelter-sainshand", own)
    town.send(NARA, held)
    town.open(UYANGA, held)
    parent = schemas.Named(id=id_of(held), sha256=held.document.sha256)
    whole = town.refer(UYANGA, "mgec", decision, parent=parent)
    signed = again(whole.document, town.people[UYANGA].secrets.sign, routing=routing(**asked))
    return SealedReferral(signed, whole.blobs)


def test_alternatives_tell_no_more_than_the_sender_may_ask_by_name(story: Story) -> None:
    """A grantee who sends on: whom she refused is left out while its grant lives, and nothing is told when it has
    ended.
    """
    town, told = story.town, {}
    for refusing in (True, False):
        consent = new_id()
        ours = town.decide(NARA, "mgec", ["needs"], consent=consent)
        theirs = town.decide(NARA, "shelter-sainshand", ["needs"], consent=consent)
        refusal = [town.decide(NARA, "kind:police", refused=["*"], consent=consent)] if refusing else []
        town.record(NARA, ours, theirs, *refusal)
        whole = passed_on(town, ours, theirs, services=["safety"])
        town.send(UYANGA, whole)
        town.take(DELGER, whole, "declined", reason="no_capacity")
        asked = {"referral": id_of(whole)}
        told[refusing] = [one["agency"] for one in town.data(UYANGA, "alternatives", **asked)]
        assert town.data(NARA, "alternatives", **asked) is None  # before whom she decided, but who did not send it
        town.record(NARA, town.decide(NARA, "shelter-sainshand", after=theirs))
        assert town.refused(UYANGA, "alternatives", **asked)["code"] == "grant_missing"
    assert told == {True: [], False: ["police-umnugobi", "police-ct"]}
