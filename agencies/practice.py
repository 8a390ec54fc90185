"""The practice network: ortoo/data/agencies.json, founded as a real one would be, with keys made on the spot.

network (four coordinators, threshold 2) → one admission an agency, signed by two of them → one roster an agency,
signed by its first administrator, with its first epoch, handed over to each member.
"""

import hashlib
import inspect
import json
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from agencies import keys, members, publishing, services, signing_in
from agencies.models import Member, Token
from audit import log
from ortoo.protocol import checkpoint, schemas
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, SigningKey, as_set, b64, new_id, sign, stamp
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.keys import MemberSecrets, hand_over
from ortoo.witness import WitnessKey

HOST: Final = "practice.ortoo.example"
THRESHOLD: Final = 2
WITNESSES: Final = 3
RENEW: Final = timedelta(days=90)


@dataclass
class Person:
    """A member of the practice network, with all its keys: a practice network has no secrets."""

    handle: str
    agency: str
    name: Mapping[str, str]
    roles: Sequence[str]
    id: str = field(default_factory=new_id)
    secrets: MemberSecrets = field(default_factory=MemberSecrets.generate)
    coordinator_id: str = field(default_factory=new_id)
    coordinator_key: SigningKey = field(default_factory=SigningKey.generate)

    @property
    def listed(self) -> schemas.RosterMember:
        public = self.secrets.public(self.id)
        return schemas.RosterMember(id=public.id, key=public.key, kem=public.kem, roles=as_set(self.roles))


def found(report: Callable[[str], None]) -> bool:
    """Found the practice network, once; False if it is there. Killed at any point, it starts over or is complete.

    Keys are written to files first, then the directory in one transaction, then `network.json`, which says so.
    """
    folder = Path(settings.ORTOO_PRACTICE_DIR)
    marker, partial = folder / "network.json", folder / "network.json.part"
    if marker.exists():
        return False
    if log.size_in_force(log.DIRECTORY) and partial.exists():
        partial.rename(marker)
        return False
    agencies = _read()
    people = {one.handle: one for agency in agencies for one in _people(agency)}
    report(f"Making keys for {len(agencies)} agencies and {len(people)} members …")
    _write_hub_keys(folder)
    network = _network([one for one in people.values() if "coordinator" in one.roles])
    coordinators = [one for one in people.values() if "coordinator" in one.roles][:THRESHOLD]
    replay = Directory()
    replay.append(network.envelope)
    admissions = [_admission(network.body.network, agency, people, coordinators) for agency in agencies]
    with transaction.atomic():
        publishing.append([network.envelope])
        publishing.append([one.envelope for one in admissions])
        for one in admissions:
            replay.append(one.envelope)
        publications = [_publication(replay, agency, people) for agency in agencies]
        members.publish(publications)
        for agency in agencies:
            _keep_services(agency)
        for one in people.values():
            member = Member.objects.get(handle=one.handle)
            token, _ = signing_in.issue_token(member, Token.Kind.PRACTICE, name="practice")
            _write(folder / "members" / f"{one.handle}.json", _secrets_of(one, token))
        for one in people.values():
            if "coordinator" in one.roles:
                _write(folder / "coordinators" / f"{one.handle}.json", _coordinator_of(one))
        made = {"network": network.body.network, "anchor": network.sha256, "hub": _hub(), "version": version()}
        _write(partial, made)
    partial.rename(marker)
    report(f"Founded: {log.size_in_force(log.DIRECTORY)} signed entries in the directory.")
    return True


def is_of_another_version() -> bool:
    """Whether a practice network is there that was made with other tables or formats: these cannot go on with it."""
    marker = Path(settings.ORTOO_PRACTICE_DIR) / "network.json"
    return marker.exists() and json.loads(marker.read_text(encoding="utf-8")).get("version") != version()


def version() -> str:
    """Of the tables and the formats of all that is signed. What never shipped is altered in place and has no number."""
    tables = [sys.modules[one.__module__] for _, one in sorted(MigrationLoader(None).disk_migrations.items())]
    return hashlib.sha256("".join(inspect.getsource(one) for one in [*tables, schemas]).encode()).hexdigest()


def _read() -> list[dict[str, Any]]:
    text = (resources.files("ortoo") / "data" / "agencies.json").read_text(encoding="utf-8")
    agencies: list[dict[str, Any]] = json.loads(text)["agencies"]
    return agencies


def _people(agency: Mapping[str, Any]) -> list[Person]:
    return [Person(one["handle"], agency["handle"], one["name"], one["roles"]) for one in agency["members"]]


def _network(coordinators: Sequence[Person]) -> Document[schemas.Network]:
    logs = {"directory": keys.directory_log(), "activity": keys.activity_log()}
    lines = [
        f"log {checkpoint.VerifierKey(f'{HOST}/log/{name}', checkpoint.NOTE_KEY, key.public)}"
        for name, key in logs.items()
    ]
    lines += [f"witness w{number} {key.public}" for number, key in enumerate(_witnesses(), start=1)]
    body = schemas.Network(
        network=new_id(),
        at=_now(),
        version=1,
        prev=None,
        practice=True,
        coordinators=as_set(
            schemas.Coordinator(id=one.coordinator_id, key=b64(one.coordinator_key.public)) for one in coordinators
        ),
        threshold=THRESHOLD,
        hub_key=b64(keys.hub().public),
        # Its witnesses are of the same machine, and nobody waits for them.
        policy="\n".join([*lines, "quorum none"]) + "\n",
        continues=None,
        min_protocol=1,
    )
    return sign(body, *(one.coordinator_key for one in coordinators))


def _admission(
    network: str, agency: Mapping[str, Any], people: Mapping[str, Person], coordinators: Sequence[Person]
) -> Document[schemas.Admission]:
    admin = _administrator(agency, people)
    body = schemas.Admission(
        network=network,
        at=_now(),
        agency=agency["handle"],
        version=1,
        prev=None,
        kind=agency["kind"],
        names=schemas.Names(en=agency["name"]["en"], mn=agency["name"]["mn"]),
        admin=admin.secrets.public(admin.id),
        may=as_set(agency["may"]),
        suspended=False,
    )
    return sign(body, *(one.coordinator_key for one in coordinators))


def _publication(replay: Directory, agency: Mapping[str, Any], people: Mapping[str, Person]) -> members.Publication:
    own = [people[one["handle"]] for one in agency["members"]]
    admin = _administrator(agency, people)
    admission = replay.now().agency(agency["handle"])
    if admission is None:
        raise RuntimeError("an agency gets its roster after its admission")
    epoch = KemKey.generate()
    now = timezone.now()
    body = schemas.Roster(
        network=replay.id,
        at=stamp(now),
        directory=replay.head,
        author=schemas.Author(agency=agency["handle"], member=admin.id),
        agency=agency["handle"],
        version=1,
        prev=admission.admission.sha256,
        members=as_set(one.listed for one in own),
        epoch=schemas.Epoch(n=1, kem=epoch.sha256, renew_by=stamp(now + RENEW)),
        activity=None,
    )
    roster = sign(body, admin.secrets.sign)
    seeds = [
        members.Seed(
            one.id,
            1,
            hand_over(
                epoch.seed,
                network=replay.id,
                agency=agency["handle"],
                epoch=1,
                member=one.id,
                member_key=one.secrets.sign.public,
                member_kem=one.secrets.kem.public,
            ),
        )
        for one in own
    ]
    persons = [members.Person(one.id, one.handle, one.name["en"], one.name["mn"]) for one in own]
    kem_keys = [epoch.public, *(one.secrets.kem.public for one in own)]
    return members.Publication(roster.envelope, kem_keys, seeds, persons)


def _keep_services(agency: Mapping[str, Any]) -> None:
    """What the file says of its services, through the same checks as anybody's words."""
    reached = {name: agency[name] or "" for name in ("place", "phone", "duty_phone", "email")}
    services.save_contact(agency["handle"], services.Contact(**reached))
    for one in agency["services"]:
        takes = one["eligibility"]
        offer = services.Offer(
            code=one["service"],
            name_en=one["name"]["en"],
            name_mn=one["name"]["mn"],
            places=one["places"],
            languages=one["languages"],
            schedule=one["schedule"],
            min_age=takes.get("min_age"),
            max_age=takes.get("max_age"),
            genders=takes.get("gender", ()),
            capacity=one["capacity"],
        )
        id = UUID(new_id())
        services.save(agency["handle"], id, offer)
        services.set_accepting(agency["handle"], id, one["accepting_referrals"])


def _administrator(agency: Mapping[str, Any], people: Mapping[str, Person]) -> Person:
    handle = next(one["handle"] for one in agency["members"] if "administrator" in one["roles"])
    return people[handle]


# --- files ------------------------------------------------------------------------------------------------------------


def _witnesses() -> list[WitnessKey]:
    """The three witnesses' keys, made where they are not there (hub/witnessing.py lets them work)."""
    found = []
    for number in range(1, WITNESSES + 1):
        path = Path(settings.ORTOO_PRACTICE_DIR) / "witnesses" / f"w{number}.json"
        if not path.exists():
            WitnessKey.generate(f"w{number}.{HOST}").write(path)
        found.append(WitnessKey.read(path))
    return found


def _write_hub_keys(folder: Path) -> None:
    for path in (
        settings.ORTOO_HUB_KEY_FILE,
        settings.ORTOO_DIRECTORY_LOG_KEY_FILE,
        settings.ORTOO_ACTIVITY_LOG_KEY_FILE,
    ):
        if not Path(path).exists():
            keys.write(Path(path), SigningKey.generate())


def _secrets_of(one: Person, token: str) -> dict[str, Any]:
    return {
        "handle": one.handle,
        "agency": one.agency,
        "member": one.id,
        "name": one.name,
        "roles": one.roles,
        "sign": b64(one.secrets.sign.seed),
        "kem": b64(one.secrets.kem.seed),
        "token": token,
    }


def _coordinator_of(one: Person) -> dict[str, Any]:
    return {
        "handle": one.handle,
        "agency": one.agency,
        "id": one.coordinator_id,
        "sign": b64(one.coordinator_key.seed),
    }


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    partial.rename(path)


def _hub() -> str:
    return "http://127.0.0.1:8000"


def _now() -> str:
    moment: datetime = timezone.now()
    return stamp(moment)
