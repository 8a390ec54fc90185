"""Rosters as they are published: the entry in the directory, the public keys, the seeds handed to members."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from agencies import directory
from agencies.models import AgencyKey, KemKey, Member
from ortoo.protocol import documents, hpke, schemas
from ortoo.protocol.errors import Refused


@dataclass(frozen=True)
class Person:
    """What the directory never holds: a member's handle and names."""

    id: str
    handle: str
    name_en: str
    name_mn: str


@dataclass(frozen=True)
class Publication:
    """A roster with what travels beside it. kem_keys: public keys by hash; seeds: the epoch's, sealed, by member."""

    roster: str
    people: Sequence[Person]
    kem_keys: Sequence[bytes]
    seeds: Mapping[str, bytes]


def publish(publications: Sequence[Publication]) -> None:
    """Take rosters into the directory together with their keys, or none of them.

    Raises:
        Refused: with a code of protocol §13, if the chain refuses one, or a key that it names is missing.
    """
    with transaction.atomic():
        for one in publications:
            _keep(one)
        directory.append([one.roster for one in publications])


def _keep(one: Publication) -> None:
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
        Member.objects.update_or_create(
            id=person.id,
            defaults={
                "agency_id": body.agency,
                "handle": person.handle,
                "name_en": person.name_en,
                "name_mn": person.name_mn,
            },
        )
    AgencyKey.objects.bulk_create(
        AgencyKey(agency_id=body.agency, epoch=body.epoch.n, member_id=member, sealed=sealed)
        for member, sealed in one.seeds.items()
    )
