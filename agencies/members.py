"""Rosters as they are published: the entry in the directory, the public keys, the seeds handed to members; and who
leaves by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import transaction

from agencies import access, directory, publishing
from agencies.models import AgencyKey, KemKey, Member
from ortoo.protocol import documents, hpke, schemas
from ortoo.protocol.directory import Directory
from ortoo.protocol.errors import Refused

SEALED_SEED = 1168  # bytes (protocol §4)
MOST_SEEDS = 4000


@dataclass(frozen=True)
class Person:
    """What the directory never holds: a member's handle and names."""

    id: str
    handle: str
    name_en: str
    name_mn: str


@dataclass(frozen=True)
class Seed:
    """An epoch's seed, sealed to one member."""

    member: str
    epoch: int
    sealed: bytes


@dataclass(frozen=True)
class Publication:
    """A roster with what travels beside it. kem_keys: public keys that the hub may not have yet; people: whom it does
    not know yet (a network that is being founded).
    """

    roster: str
    kem_keys: Sequence[bytes]
    seeds: Sequence[Seed]
    people: Sequence[Person] = field(default_factory=tuple)


def publish(publications: Sequence[Publication]) -> None:
    """Take rosters into the directory together with their keys, or none of them. The same roster again changes nothing.

    Whoever is no longer in it is signed out everywhere as soon as it is in force. Who is new, or stays when the epoch
    changes, gets the seed of the epoch in the same transaction: nobody is in force without a key.

    Raises:
        Refused: with a code of protocol §13; `blob_missing` for a key or a seed that was not sent along;
            `checkpoint_unwitnessed` where an earlier change to the agency still waits for the witnesses.
    """
    with transaction.atomic():
        committed = directory.committed_alone()
        fresh = []
        for one in publications:
            document = documents.read(one.roster, schemas.Roster)
            if document.sha256 not in committed:
                _check_nothing_waits(committed, document.body.agency)
                fresh.append(one)
        for one in fresh:
            _keep(one, committed)
        publishing.append([one.roster for one in fresh])


def _check_nothing_waits(committed: Directory, agency: str) -> None:
    """Each change is made by somebody who has seen the one before, in force."""
    if directory.in_force().now().agency(agency) != committed.now().agency(agency):
        raise Refused(
            "checkpoint_unwitnessed",
            "An earlier change to this agency waits for the network's witnesses. Repeat yours when it is in force.",
            field="roster",
        )


def hand_over(agency: str, seeds: Sequence[Seed]) -> None:
    """Hand seeds of epochs to members of the agency, also once more: a member proves each against the directory."""
    with transaction.atomic():
        view = directory.held().now()  # no roster in between, which writes to the same rows
        for seed in sorted(seeds, key=lambda one: (one.member, one.epoch)):
            if view.member(agency, seed.member) is None:
                raise Refused("not_found", "The agency has no such member.", field="seeds")
            state = view.agency(agency)
            if state is None or not 1 <= seed.epoch <= state.last_epoch:
                raise Refused("not_found", "The agency has no such epoch.", field="seeds")
            _hand(agency, seed)


def held(agency: str) -> list[tuple[str, int]]:
    """Which members hold which epochs' seeds: (member, epoch), in order."""
    rows = access.seeds_of(agency).order_by("member_id", "epoch")
    return [(str(member), epoch) for member, epoch in rows.values_list("member_id", "epoch")]


def _keep(one: Publication, committed: Directory) -> None:
    body = documents.read(one.roster, schemas.Roster).body
    keys = {documents.b64(documents.sha256(key)): key for key in one.kem_keys}
    for kem in (body.epoch.kem, *(member.kem for member in body.members)):
        key = keys.get(kem)
        if key is not None:
            KemKey.objects.get_or_create(sha256=kem, defaults={"key": hpke.check_public_key(key, kem)})
        elif not KemKey.objects.filter(pk=kem).exists():
            raise Refused("blob_missing", "A key that the roster names was not sent along.", field="kem")
    members = {member.id for member in body.members}
    for person in one.people:
        if person.id not in members:
            raise Refused("blob_unexpected", "Somebody is named who is not in the roster.", field="people")
        if Member.objects.filter(pk=person.id).exclude(agency=body.agency).exists():
            raise Refused("id_reused", "This id is that of somebody else.", field="people")
        Member.objects.update_or_create(
            id=person.id,
            defaults={
                "agency_id": body.agency,
                "handle": person.handle,
                "name_en": person.name_en,
                "name_mn": person.name_mn,
            },
        )
    known = {str(pk) for pk in Member.objects.filter(agency=body.agency, pk__in=members).values_list("pk", flat=True)}
    if known != members:
        raise Refused("not_found", "The roster names somebody who has not enrolled.", field="members")
    _forget_what_nobody_opens(body, committed)
    if len(one.seeds) > MOST_SEEDS:
        raise Refused("limit_exceeded", field="seeds", most=MOST_SEEDS)
    for seed in one.seeds:
        if seed.member not in members or not 1 <= seed.epoch <= body.epoch.n:
            raise Refused("blob_unexpected", "A seed is for somebody who is not in the roster.", field="seeds")
        _hand(body.agency, seed)
    holders = AgencyKey.objects.filter(agency=body.agency, epoch=body.epoch.n).values_list("member_id", flat=True)
    without = members - {str(pk) for pk in holders}
    if without:
        raise Refused("blob_missing", "A member would be without the agency's key.", reader=min(without))


def _forget_what_nobody_opens(body: schemas.Roster, committed: Directory) -> None:
    """Whoever comes back with new keys holds nothing yet: what was sealed to the old ones only looks like a seed."""
    before = committed.now().agency(body.agency)
    kem = {one.id: one.kem for one in before.members} if before else {}
    changed = [one.id for one in body.members if kem.get(one.id, one.kem) != one.kem]
    AgencyKey.objects.filter(agency=body.agency, member__in=changed).delete()


def _hand(agency: str, seed: Seed) -> None:
    if len(seed.sealed) != SEALED_SEED:
        raise Refused("size_mismatch", field="seeds")
    AgencyKey.objects.update_or_create(
        agency_id=agency, epoch=seed.epoch, member_id=seed.member, defaults={"sealed": seed.sealed}
    )
