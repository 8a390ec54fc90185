"""The directory (protocol §3): each attack on its chains is refused with its code and leaves it as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from ortoo.protocol import checkpoint, schemas
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, SigningKey, as_set, b64, new_id, sign, stamp
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.keys import MemberSecrets
from tests.protocol.network import NOW, Person, Town, again, dumps, envelope_of, plain
from tests.protocol.refusing import refused

SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
]
NOT_CANONICAL = [
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


@contextmanager
def unchanged(town: Town, code: str, **at: str | int) -> Iterator[None]:
    """The directory refuses with this code, and afterwards everything is as it was; what is right still goes in."""
    size, root = town.directory.size, town.directory.root_at(town.directory.size)
    agencies = {
        one.handle: (one.admission.sha256, one.roster and one.roster.sha256) for one in town.directory.now().agencies()
    }
    with refused(code, **at):
        yield
    assert (town.directory.size, town.directory.root_at(size)) == (size, root)
    assert agencies == {
        one.handle: (one.admission.sha256, one.roster and one.roster.sha256) for one in town.directory.now().agencies()
    }
    town.append(town.roster("police"))


def take(town: Town, document: Document[Any]) -> None:
    town.directory.append(document.envelope)


# --- the way it is meant ----------------------------------------------------------------------------------------------


def test_the_town_is_founded(town: Town) -> None:
    assert town.directory.size == 9
    view = town.directory.now()
    assert [one.handle for one in view.agencies()] == ["mrc", "nhrcm", "police", "shelter"]
    shelter = view.agency("shelter")
    assert shelter is not None
    assert len(shelter.members) == 3
    assert shelter.epoch is not None
    assert shelter.epoch.n == 1


def test_it_stands_as_it_stood_at_each_size(town: Town) -> None:
    before = town.directory.size
    town.append(town.roster("shelter", people=[town.people["delger"]], new_epoch=True))
    then, now = town.directory.at(before).agency("shelter"), town.directory.now().agency("shelter")
    assert then is not None
    assert now is not None
    assert (len(then.members), len(now.members)) == (3, 1)
    assert town.directory.at(1).agency("shelter") is None


def test_a_client_replays_the_same_directory(town: Town) -> None:
    copy = Directory(town.directory.network.sha256)
    for entry in town.directory.entries:
        copy.append(entry)
    assert copy.head == town.directory.head


def test_an_epoch_can_be_renewed_though_nobody_leaves(town: Town) -> None:
    town.append(town.roster("shelter", new_epoch=True))
    state = town.directory.now().agency("shelter")
    assert state is not None
    assert state.epoch is not None
    assert state.epoch.n == 2


def test_a_member_joins_without_a_new_epoch(town: Town) -> None:
    solongo = Person("solongo", "shelter", ["focal_point"])
    everybody = [*(one for one in town.people.values() if one.agency == "shelter"), solongo]
    town.append(town.roster("shelter", people=everybody))
    assert town.directory.now().member("shelter", solongo.id) is not None


def test_a_release_is_taken_in_unread(town: Town) -> None:
    assert town.directory.append(envelope_of(b'{"anything":1}', "release")) is None
    assert town.directory.size == 10


def test_a_later_network_replaces_a_coordinator(town: Town) -> None:
    newcomer = (new_id(), SigningKey.generate())
    signed_by = town.coordinator_keys[:2]
    town.coordinators = [*town.coordinators[:2], newcomer]
    town.append(town.network(*signed_by))
    take(town, town.admission("shelter", newcomer[1], town.coordinators[0][1]))


# --- network ----------------------------------------------------------------------------------------------------------


def test_a_network_that_the_invitation_does_not_name_is_a_fork(town: Town) -> None:
    other = Directory(b64(bytes(32)))
    with refused("directory_fork", field="network"):
        other.append(town.directory.entries[0])
    assert other.size == 0


def test_a_directory_begins_with_a_network(town: Town) -> None:
    empty = Directory()
    with refused("chain_broken"):
        empty.append(town.directory.entries[1])
    with refused("malformed"):
        empty.append(envelope_of(b"{}", "release"))
    with refused("chain_broken", field="version"):
        empty.append(town.network().envelope)
    assert empty.size == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": 3}, "chain_broken"),
        ({"version": 1}, "chain_broken"),
        ({"prev": b64(bytes(32))}, "chain_broken"),
        ({"prev": None}, "chain_broken"),
        ({"network": "01890000-0000-7000-8000-000000000000"}, "chain_broken"),
        ({"practice": False}, "malformed"),
        ({"threshold": 4}, "malformed"),
        ({"policy": "quorum none\nquorum none\n"}, "malformed"),
        ({"policy": "log what+0+\nquorum none\n"}, "malformed"),
        ({"min_protocol": 2}, "version_unsupported"),
    ],
)
def test_the_next_network_must_continue_the_one_before(town: Town, changes: dict[str, Any], code: str) -> None:
    with unchanged(town, code):
        take(town, town.network(*town.coordinator_keys, **changes))


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"threshold": 3}, "threshold"), ({"threshold": 2}, "policy")],
)
def test_a_real_network_needs_a_spare_coordinator_and_witnesses(
    town: Town, changes: dict[str, Any], field: str
) -> None:
    town.directory = Directory()
    with refused("malformed", field=field):
        take(town, town.network(*town.coordinator_keys, practice=False, **changes))


def test_one_signature_does_not_make_a_threshold_of_two(town: Town) -> None:
    with unchanged(town, "threshold_not_met", have=1, need=2):
        take(town, town.admission("shelter", town.coordinator_keys[0]))
    with unchanged(town, "threshold_not_met", have=1, need=2):
        take(town, town.network(town.coordinator_keys[2]))


def test_the_same_key_twice_counts_once(town: Town) -> None:
    key = town.coordinator_keys[0]
    with unchanged(town, "threshold_not_met", have=1, need=2):
        take(town, town.admission("shelter", key, key))


def test_strangers_do_not_count(town: Town) -> None:
    with unchanged(town, "threshold_not_met", have=1, need=2):
        take(town, town.admission("shelter", town.coordinator_keys[0], SigningKey.generate()))


def test_a_new_network_needs_the_threshold_of_the_old_one_too(town: Town) -> None:
    usurpers = [(new_id(), SigningKey.generate()) for _ in range(3)]
    town.coordinators, before = usurpers, town.coordinators
    with refused("threshold_not_met"):
        take(town, town.network())
    town.coordinators = before
    assert town.directory.size == 9


def test_a_coordinators_key_signs_nothing_else(town: Town) -> None:
    with unchanged(town, "key_refused", field="key"):
        take(town, town.network(hub_key=b64(town.coordinator_keys[0].public)))
    vkey = checkpoint.VerifierKey("elsewhere/log", checkpoint.NOTE_KEY, town.coordinator_keys[0].public)
    with unchanged(town, "key_refused", field="key"):
        take(town, town.network(policy=f"log {vkey}\nquorum none\n"))


@pytest.mark.parametrize("key", SMALL_ORDER + NOT_CANONICAL)
def test_a_key_that_verifies_what_nobody_signed_is_refused(town: Town, key: str) -> None:
    weak = b64(bytes.fromhex(key))
    admin = schemas.MemberKeys(id=new_id(), key=weak, kem=KemKey.generate().sha256)
    with unchanged(town, "key_refused", field="key"):
        take(town, town.admission("clinic", admin=admin))
    member = schemas.RosterMember(id=new_id(), key=weak, kem=KemKey.generate().sha256, roles=["focal_point"])
    members = as_set([town.people["delger"].listed, town.people["urna"].listed, town.people["kit"].listed, member])
    with unchanged(town, "key_refused", field="key"):
        take(town, town.roster("shelter", members=members))
    with unchanged(town, "key_refused", field="key"):
        take(town, town.network(hub_key=weak))


# --- admission --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": 1}, "chain_broken"),
        ({"version": 3}, "chain_broken"),
        ({"prev": None}, "chain_broken"),
        ({"prev": b64(bytes(32))}, "chain_broken"),
        ({"network": "01890000-0000-7000-8000-000000000000"}, "chain_broken"),
    ],
)
def test_the_next_admission_continues_the_one_before(town: Town, changes: dict[str, Any], code: str) -> None:
    with unchanged(town, code):
        take(town, town.admission("shelter", **changes))


def test_the_first_admission_names_an_administrator(town: Town) -> None:
    with unchanged(town, "malformed", field="admin"):
        take(town, town.admission("clinic", admin=None))


def test_an_admission_without_admin_leaves_the_roster(town: Town) -> None:
    take(town, town.admission("shelter", suspended=True))
    state = town.directory.now().agency("shelter")
    assert state is not None
    assert state.suspended
    assert len(state.members) == 3


def _tsetseg(town: Town) -> Person:
    return Person("tsetseg", "shelter", ["administrator", "focal_point"])


def test_a_readmission_ends_the_roster_and_its_members_sign_no_more(town: Town) -> None:
    tsetseg = _tsetseg(town)
    take(town, town.admission("shelter", admin=tsetseg.secrets.public(tsetseg.id)))
    state = town.directory.now().agency("shelter")
    assert state is not None
    assert (state.members, state.epoch) == ((), None)
    with unchanged(town, "key_unknown", field="author"):
        take(town, town.roster("shelter", new_epoch=True))


def test_after_a_readmission_versions_and_epochs_go_on(town: Town) -> None:
    tsetseg = _tsetseg(town)
    take(town, town.admission("shelter", admin=tsetseg.secrets.public(tsetseg.id)))
    town.people = {"tsetseg": tsetseg, "dorj": town.people["dorj"]}
    with unchanged(town, "chain_broken"):
        take(town, town.roster("shelter", new_epoch=True, version=1))
    restarted = schemas.Epoch(n=1, kem=KemKey.generate().sha256, renew_by=stamp(NOW + timedelta(days=90)))
    with unchanged(town, "epoch_stale", field="epoch.n"):
        take(town, town.roster("shelter", epoch=restarted))
    take(town, town.roster("shelter", new_epoch=True))
    state = town.directory.now().agency("shelter")
    assert state is not None
    assert state.epoch is not None
    assert (state.last_version, state.epoch.n) == (2, 2)


def test_a_renaming_before_the_first_roster_does_not_replace_the_admission_it_continues(town: Town) -> None:
    ganbold = Person("ganbold", "clinic", ["administrator"])
    admitted = town.append(town.admission("clinic", admin=ganbold.secrets.public(ganbold.id)))
    renamed = town.append(town.admission("clinic", names=schemas.Names(en="Clinic", mn="Эмнэлэг")))
    town.people["ganbold"] = ganbold
    with unchanged(town, "chain_broken", field="prev"):
        take(town, town.roster("clinic", prev=renamed.sha256))
    take(town, town.roster("clinic", prev=admitted.sha256))


# --- roster -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [{"prev": b64(bytes(32))}, {"version": 1}, {"version": 3}],
)
def test_the_next_roster_continues_the_one_before(town: Town, changes: dict[str, Any]) -> None:
    with unchanged(town, "chain_broken", field="prev"):
        take(town, town.roster("shelter", **changes))


def test_two_rosters_on_one_head_only_the_first_counts(town: Town) -> None:
    first, second = town.roster("shelter"), town.roster("shelter", new_epoch=True)
    take(town, first)
    with unchanged(town, "chain_broken", field="prev"):
        take(town, second)


def test_an_older_roster_does_not_come_back(town: Town) -> None:
    old = town.roster("shelter")
    take(town, old)
    take(town, town.roster("shelter", people=[town.people["delger"]], new_epoch=True))
    with unchanged(town, "chain_broken", field="prev"):
        take(town, old)


def test_a_dropped_member_needs_the_next_epoch(town: Town) -> None:
    with unchanged(town, "epoch_stale", field="epoch"):
        take(town, town.roster("shelter", people=[town.people["delger"]]))


def test_a_changed_key_needs_the_next_epoch(town: Town) -> None:
    urna = Person("urna", "shelter", ["focal_point"], id=town.people["urna"].id)
    with unchanged(town, "epoch_stale", field="epoch"):
        take(town, town.roster("shelter", people=[town.people["delger"], urna, town.people["kit"]]))


def test_a_dropped_member_signs_nothing_more(town: Town) -> None:
    take(town, town.roster("shelter", people=[town.people["delger"]], new_epoch=True))
    with unchanged(town, "key_unknown", field="author"):
        take(town, town.roster("shelter", by="urna"))


@pytest.mark.parametrize("n", [1, 3, 4])
def test_epochs_are_numbered_without_a_gap(town: Town, n: int) -> None:
    epoch = schemas.Epoch(n=n, kem=KemKey.generate().sha256, renew_by=stamp(NOW + timedelta(days=90)))
    with unchanged(town, "epoch_stale"):
        take(town, town.roster("shelter", people=[town.people["delger"]], epoch=epoch))


def test_an_epoch_keeps_its_key_and_its_date(town: Town) -> None:
    before = town.directory.now().agency("shelter")
    assert before is not None
    assert before.epoch is not None
    later = schemas.Epoch(n=1, kem=before.epoch.kem, renew_by=stamp(NOW + timedelta(days=91)))
    with unchanged(town, "epoch_stale", field="epoch"):
        take(town, town.roster("shelter", epoch=later))


@pytest.mark.parametrize("days", [-1, 0, 101])
def test_an_epoch_is_renewed_within_a_hundred_days(town: Town, days: int) -> None:
    epoch = schemas.Epoch(n=2, kem=KemKey.generate().sha256, renew_by=stamp(NOW + timedelta(days=days)))
    with unchanged(town, "epoch_stale", field="epoch.renew_by"):
        take(town, town.roster("shelter", epoch=epoch))


def test_a_kem_key_is_never_used_again(town: Town) -> None:
    renew_by = stamp(NOW + timedelta(days=90))
    of_an_epoch = town.epochs["mrc", 1].sha256
    of_a_member = town.people["nara"].secrets.kem.sha256
    for kem in (of_an_epoch, of_a_member, town.epochs["shelter", 1].sha256):
        with unchanged(town, "key_refused", field="kem"):
            take(town, town.roster("shelter", epoch=schemas.Epoch(n=2, kem=kem, renew_by=renew_by)))
    copycat = Person("copycat", "shelter", ["focal_point"])
    listed = schemas.RosterMember(id=copycat.id, key=copycat.listed.key, kem=of_a_member, roles=["focal_point"])
    members = as_set([*(town.people[one].listed for one in ("delger", "urna", "kit")), listed])
    with unchanged(town, "key_refused", field="kem"):
        take(town, town.roster("shelter", members=members))


def test_who_left_comes_back_with_new_keys(town: Town) -> None:
    take(town, town.roster("shelter", people=[town.people["delger"]], new_epoch=True))
    with unchanged(town, "key_refused", field="kem"):
        take(town, town.roster("shelter", people=[town.people["delger"], town.people["urna"]]))
    anew = Person("urna", "shelter", ["focal_point"], id=town.people["urna"].id)
    take(town, town.roster("shelter", people=[town.people["delger"], anew]))


def test_a_signing_key_belongs_to_one_person(town: Town) -> None:
    double = schemas.RosterMember(
        id=new_id(), key=town.people["nara"].listed.key, kem=KemKey.generate().sha256, roles=["focal_point"]
    )
    members = as_set([*(town.people[one].listed for one in ("delger", "urna", "kit")), double])
    with unchanged(town, "key_refused", field="key"):
        take(town, town.roster("shelter", members=members))


@pytest.mark.parametrize("twice", ["id", "key", "kem"])
def test_no_member_is_named_twice(town: Town, twice: str) -> None:
    urna, other = town.people["urna"].listed, Person("other", "shelter", ["focal_point"]).listed
    values = {"id": other.id, "key": other.key, "kem": other.kem, twice: getattr(urna, twice)}
    double = schemas.RosterMember(roles=["focal_point"], **values)
    members = as_set([town.people["delger"].listed, urna, town.people["kit"].listed, double])
    with unchanged(town, "key_refused" if twice == "kem" else "malformed"):
        take(town, town.roster("shelter", members=members))


def test_a_focal_point_signs_no_roster(town: Town) -> None:
    with unchanged(town, "role_not_allowed", field="author"):
        take(town, town.roster("shelter", by="urna"))


def test_an_administrator_of_another_agency_signs_no_roster(town: Town) -> None:
    nara = town.people["nara"]
    foreign = schemas.Author(agency="mrc", member=nara.id)
    with unchanged(town, "role_not_allowed", field="author"):
        take(town, town.roster("shelter", by="delger", key=nara.secrets.sign, author=foreign))
    posing = schemas.Author(agency="shelter", member=nara.id)
    with unchanged(town, "key_unknown", field="author"):
        take(town, town.roster("shelter", key=nara.secrets.sign, author=posing))


def test_a_roster_signed_with_somebody_elses_key_is_refused(town: Town) -> None:
    with unchanged(town, "signature_invalid"):
        take(town, town.roster("shelter", by="delger", key=town.people["urna"].secrets.sign))


def test_a_recovery_kit_signs_a_roster(town: Town) -> None:
    take(town, town.roster("shelter", by="kit", people=[town.people["delger"], town.people["kit"]], new_epoch=True))


def test_a_recovery_kit_signs_nothing_else(town: Town) -> None:
    decision = town.decide("kit", "shelter", ["needs"])
    with refused("role_not_allowed", field="author"):
        town.directory.check_signed(decision, ("focal_point", "api"))


def test_a_recovery_kit_has_no_other_role(town: Town) -> None:
    kit = Person("kit2", "shelter", ["recovery", "focal_point"])
    people = [*(one for one in town.people.values() if one.agency == "shelter"), kit]
    with unchanged(town, "role_not_allowed", field="members"):
        take(town, town.roster("shelter", people=people))


def test_an_agency_always_has_an_administrator(town: Town) -> None:
    people = [town.people["urna"], town.people["kit"]]
    with unchanged(town, "role_not_allowed", field="members"):
        take(town, town.roster("shelter", by="delger", people=people, new_epoch=True))


def test_an_agency_that_was_not_admitted_has_no_roster(town: Town) -> None:
    stranger = Person("stranger", "bar", ["administrator"])
    author = schemas.Author(agency="bar", member=stranger.id)
    forged = again(town.roster("shelter"), stranger.secrets.sign, agency="bar", author=author)
    with unchanged(town, "key_unknown", field="agency"):
        take(town, forged)


def test_a_roster_relies_on_a_directory_that_holds_what_it_continues(town: Town) -> None:
    size = 4
    early = schemas.TreeHead(size=size, root=b64(town.directory.root_at(size)))
    with unchanged(town, "chain_broken", field="directory"):
        take(town, town.roster("shelter", directory=early))


@pytest.mark.parametrize("size", [9, 10, 2**53 - 1])
def test_a_roster_that_relies_on_another_history_is_a_fork(town: Town, size: int) -> None:
    other = schemas.TreeHead(size=size, root=b64(b"\1" * 32))
    with unchanged(town, "directory_fork", field="directory"):
        take(town, town.roster("shelter", directory=other))


def test_two_hundred_members_are_the_most(town: Town) -> None:
    def crowd(size: int) -> list[schemas.RosterMember]:
        secrets = [(new_id(), SigningKey.generate(), b64(number.to_bytes(32, "big"))) for number in range(size)]
        return [
            schemas.RosterMember(id=one, key=b64(key.public), kem=kem, roles=["focal_point"])
            for one, key, kem in secrets
        ]

    mine = [town.people[one].listed for one in ("delger", "urna", "kit")]
    with unchanged(town, "limit_exceeded", field="members", most=200):
        take(town, town.roster("shelter", members=as_set([*mine, *crowd(198)])))
    take(town, town.roster("shelter", members=as_set([*mine, *crowd(197)])))


def test_an_entry_has_at_most_65535_bytes(town: Town) -> None:
    entry = town.admission("shelter").envelope
    with unchanged(town, "limit_exceeded", field="entry", most=65_535):
        town.directory.append(entry + " " * (65_536 - len(entry)))
    with unchanged(town, "not_canonical"):
        town.directory.append(entry + " " * (65_535 - len(entry)))


def test_only_directory_documents_belong_in_the_directory(town: Town) -> None:
    with unchanged(town, "malformed", field="payloadType"):
        take(town, town.decide("nara", "shelter", ["needs"]))
    with unchanged(town, "version_unsupported", field="payloadType"):
        town.directory.append(envelope_of(b"{}", "roster", version=2))


def test_form_is_told_before_signer_and_signer_before_chain(town: Town) -> None:
    body = plain(town.roster("shelter").body)
    stranger = SigningKey.generate()
    broken = {**body, "prev": b64(bytes(32))}
    with unchanged(town, "signature_invalid"):
        town.directory.append(envelope_of(dumps(broken), "roster", stranger))
    with unchanged(town, "malformed"):
        town.directory.append(envelope_of(dumps({**broken, "members": []}), "roster", stranger))
    with unchanged(town, "not_canonical"):
        town.directory.append(envelope_of(dumps({**broken, "members": []}) + b" ", "roster", stranger))
    with unchanged(town, "threshold_not_met"):
        take(town, town.admission("shelter", town.coordinator_keys[0], prev=b64(bytes(32))))


# --- relying on it ----------------------------------------------------------------------------------------------------


def test_a_document_that_relies_on_another_history_is_a_fork(town: Town) -> None:
    nara = town.signer("nara")
    decision = town.decide("nara", "shelter", ["needs"])
    for head in (
        schemas.TreeHead(size=9, root=b64(bytes(32))),
        schemas.TreeHead(size=10, root=town.directory.head.root),
        schemas.TreeHead(size=0, root=town.directory.head.root),
    ):
        with refused("directory_fork"):
            town.directory.check_signed(again(decision, nara.key, directory=head), ("focal_point",))


def test_a_stranger_signs_nothing(town: Town) -> None:
    decision = town.decide("nara", "shelter", ["needs"])
    with refused("signature_invalid"):
        town.directory.check_signed(again(decision, SigningKey.generate()), ("focal_point",))
    nobody = schemas.Author(agency="mrc", member=new_id())
    with refused("key_unknown", field="author"):
        town.directory.check_signed(again(decision, SigningKey.generate(), author=nobody), ("focal_point",))
    posing = schemas.Author(agency="shelter", member=town.people["nara"].id)
    with refused("key_unknown", field="author"):
        town.directory.check_signed(again(decision, town.signer("nara").key, author=posing), ("focal_point",))


def test_a_document_of_another_network_is_refused(town: Town) -> None:
    decision = again(town.decide("nara", "shelter", ["needs"]), town.signer("nara").key, network=new_id())
    with refused("malformed", field="network"):
        town.directory.check_signed(decision, ("focal_point",))


def test_a_coordinator_counts_only_where_its_agency_may_coordinate(town: Town) -> None:
    bold, dorj = town.decide("bold", "shelter", ["needs"]), town.decide("dorj", "shelter", ["needs"])
    town.directory.check_signed(bold, ("coordinator",))
    with refused("role_not_allowed", field="author"):
        town.directory.check_signed(dorj, ("coordinator",))


def test_what_has_changed_since_makes_it_stale(town: Town) -> None:
    decision = town.decide("nara", "shelter", ["needs"])
    sent = town.refer("nara", "shelter", decision, {"needs": b"{}"}).document
    town.append(town.roster("police", new_epoch=True))
    town.directory.check_current(sent, "shelter")  # none of its business
    town.append(town.admission("shelter", suspended=True))
    with refused("directory_stale", reader="shelter"):
        town.directory.check_current(sent, "shelter")


def test_a_new_epoch_of_a_reader_makes_it_stale(town: Town) -> None:
    decision = town.decide("nara", "shelter", ["needs"])
    sent = town.refer("nara", "shelter", decision, {"needs": b"{}"}).document
    town.append(town.roster("shelter", new_epoch=True))
    with refused("directory_stale", reader="shelter"):
        town.directory.check_current(sent, "shelter")


def test_a_member_who_left_makes_it_stale(town: Town) -> None:
    decision = town.decide("jargal", "shelter", ["needs"])
    town.append(town.roster("mrc", people=[town.people["nara"]], new_epoch=True))
    with refused("directory_stale", field="author"):
        town.directory.check_current(decision)
    town.directory.check_signed(decision, ("focal_point",))  # but it stays valid at the size that it states


def test_an_old_epoch_is_refused_at_a_newer_directory(town: Town) -> None:
    decision = town.decide("nara", "shelter", ["needs"])
    sent = town.refer("nara", "shelter", decision, {"needs": b"{}"}).document
    town.append(town.roster("shelter", new_epoch=True))
    later = again(sent, town.signer("nara").key, directory=town.directory.head)
    with refused("epoch_stale", reader="shelter"):
        town.directory.check_signed(later, ("focal_point",))


def test_an_agency_that_is_not_there_can_be_no_reader(town: Town) -> None:
    decision = town.decide("nara", "shelter", ["needs"])
    sent = town.refer("nara", "shelter", decision, {"needs": b"{}"}).document
    readers = as_set(
        [
            *sent.body.sealed.readers[:1],
            schemas.SealedReader(agency="bar", as_="recipient", epoch=1, sha256=b64(bytes(32))),
        ]
    )
    sealed = schemas.Sealed(parts=sent.body.sealed.parts, readers=readers, keys=sent.body.sealed.keys)
    with refused("epoch_stale", reader="bar"):
        town.directory.check_signed(again(sent, town.signer("nara").key, sealed=sealed), ("focal_point",))


def test_a_members_secrets_are_never_shown() -> None:
    secrets = MemberSecrets.generate()
    shown = repr(secrets)
    assert b64(secrets.sign.seed) not in shown
    assert repr(secrets.sign.seed) not in shown
    assert repr(secrets.kem.seed) not in shown


def test_sign_refuses_to_sign_what_would_be_refused(town: Town) -> None:
    with refused("not_canonical"):
        sign(
            schemas.Receipt(
                network=new_id(),
                at=stamp(NOW),
                key=b64(bytes(32)),
                challenge=b64(bytes(32)),
                do="withdraw",
                scope=[schemas.Scope(agencies=["b2", "a1"], sections=["*"], purposes=["*"])],
            ),
            SigningKey.generate(),
        )
