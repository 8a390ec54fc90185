"""A real network is founded (protocol §3): drafted on the hub, signed by each coordinator on the own machine, taken in
with the threshold's signatures. What the directory refuses is refused here with the first step, before anybody signs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from django.db import transaction
from django.utils import timezone

from agencies import directory, keys, publishing
from audit import log
from ortoo.protocol import documents, schemas
from ortoo.protocol.checkpoint import COSIGNATURE_KEY, NOTE_KEY, Policy, VerifierKey, open_signed
from ortoo.protocol.directory import check_founding
from ortoo.protocol.documents import Document, as_set, b64, new_id, stamp, unb64
from ortoo.protocol.errors import Refused

GROUP = "witnesses"  # what the policy calls the group of them all


@dataclass(frozen=True)
class Standing:
    """How far a network is. network: its first document; signed: who of the witnesses has cosigned all of it."""

    network: Document[schemas.Network]
    entries: int
    in_force: int
    witnesses: Sequence[str]
    signed: Sequence[str]


def draft(
    host: str, coordinators: Sequence[schemas.Coordinator], threshold: int, witnesses: Sequence[str], quorum: int
) -> schemas.Network:
    """The first version of a network. witnesses: their verifier keys (C2SP vkey). Raises Refused."""
    parsed = [VerifierKey.parse(one) for one in witnesses]
    if any(one.kind != COSIGNATURE_KEY for one in parsed):
        raise Refused("malformed", "A witness's key is one that `ortoo witness key` has shown.", field="witnesses")
    if not 1 <= quorum <= len(parsed):
        raise Refused("malformed", "The quorum is at least one of the witnesses, at most all.", field="quorum")
    own = VerifierKey(f"{host}/log/directory", NOTE_KEY, keys.directory_log().public)
    activity = VerifierKey(f"{host}/log/activity", NOTE_KEY, keys.activity_log().public)
    names = [f"w{number}" for number in range(1, len(parsed) + 1)]
    lines = [
        f"log {own}",
        f"log {activity}",
        *(f"witness {name} {key}" for name, key in zip(names, parsed, strict=True)),
        f"group {GROUP} {quorum} {' '.join(names)}",
        f"quorum {GROUP}",
    ]
    body = schemas.Network(
        network=new_id(),
        at=stamp(timezone.now()),
        version=1,
        prev=None,
        practice=False,
        coordinators=as_set(coordinators),
        threshold=threshold,
        hub_key=b64(keys.hub().public),
        policy="\n".join(lines) + "\n",
        continues=None,
        min_protocol=1,
    )
    schemas.fit(msgspec.to_builtins(body), schemas.Network)
    check_founding(body)
    return body


def join(signed: Sequence[str]) -> Document[schemas.Network]:
    """One document of several coordinators' signatures. Raises Refused."""
    first, *others = [documents.read(one, schemas.Network) for one in signed]
    for other in others:
        if other.hash != first.hash:
            raise Refused("malformed", "These are signatures of two different networks.", field="network")
        first = documents.join(first, other)
    return first


def missing(document: Document[schemas.Network]) -> list[str]:
    """Ids of the coordinators whose signature is not on it. `signature_invalid` where somebody else's is."""
    named = {unb64(one.key): one.id for one in document.body.coordinators}
    good = documents.signers(document, named)
    if len(good) < len(document.signatures):
        raise Refused("signature_invalid", "A signature on it is not a coordinator's.", field="signatures")
    return sorted(id for key, id in named.items() if key not in good)


def take(document: Document[schemas.Network]) -> None:
    """Begin this hub's directory with it. The same again changes nothing. Raises Refused."""
    body = document.body
    check_founding(body)
    if body.practice:
        raise Refused("malformed", "A practice network is founded by `manage.py found_practice`.", field="practice")
    if body.hub_key != b64(keys.hub().public):
        raise Refused("key_refused", "It names another hub's key.", field="hub_key")
    policy = Policy.parse(body.policy)
    if policy.log_named("/log/directory").public != keys.directory_log().public:
        raise Refused("key_refused", "It names another hub's directory log.", field="policy")
    if policy.log_named("/log/activity").public != keys.activity_log().public:
        raise Refused("key_refused", "It names another hub's activity log.", field="policy")
    before = standing()
    if before is None:
        publishing.append([document.envelope])
    elif before.network.hash != document.hash:
        raise Refused("chain_broken", "Another network has been founded on this hub.", field="network")


def standing() -> Standing | None:
    """How far this hub's network is; None where none was taken in."""
    with transaction.atomic():
        committed = directory.committed_alone()
    signed = log.newest_signed(directory.LOG)
    if signed is None:
        return None
    policy = committed.policy
    opened = open_signed(signed.note, directory.origin_of(committed), policy)
    return Standing(
        network=committed.at(1).network,
        entries=signed.size,
        in_force=log.size_in_force(directory.LOG),
        witnesses=[key.name for key in policy.witnesses.values()],
        signed=[policy.witnesses[one].name for one in opened.cosigned],
    )
