"""What a hub has shown that does not fit (protocol §10), kept in a file that somebody else can judge.

    {"evidence": 1, "log": origin, "code": "proof_invalid", "at": time,
     "network": envelope of the network's document,         whose policy names the log's key
     "seen": note, "shown": note, "consistency": [hashes]}  what was seen before, and what is shown now

A note holds the log's own signature: two that are of one size and not the same, nobody but the hub can have made.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from ortoo.memory import Memory, write_whole
from ortoo.protocol import documents, merkle, schemas
from ortoo.protocol.checkpoint import Checkpoint, Policy, head_of, open_signed
from ortoo.protocol.documents import b64, stamp, unb64
from ortoo.protocol.errors import Refused

ALARMING: Final = ("checkpoint_rollback", "directory_fork", "proof_invalid")

Verdict = Literal["fork", "rollback", "unproven", "nothing"]


@dataclass(frozen=True)
class Explained:
    """What a file of evidence shows.

    verdict: `fork`: the hub has signed two different trees of one size; `rollback`: it shows a smaller tree than one
    that it signed before; `unproven`: it does not show that the larger tree continues the smaller; `nothing`.
    signed: of what was seen and what is shown, whether the log's signature on it holds.
    network: H of the network's document, for comparing with the fingerprint on paper.
    """

    verdict: Verdict
    log: str
    at: str
    network: str
    seen: Checkpoint | None
    shown: Checkpoint | None
    signed: tuple[bool, bool]


def kept(
    refused: Refused, memory: Memory, policy: Policy, origin: str, *, seen: str, shown: str, proof: Sequence[str] = ()
) -> Refused:
    """The refusal, with the path of the file in which what was shown is kept, where it alarms."""
    if refused.code not in ALARMING:
        return refused
    now = datetime.now(UTC)
    value = {
        "evidence": 1,
        "log": origin,
        "code": refused.code,
        "at": stamp(now),
        "network": _network(memory, policy),
        "seen": seen,
        "shown": shown,
        "consistency": list(proof),
    }
    name = f"{now:%Y%m%d-%H%M%S}-{origin.rpartition('/')[2]}-{b64(documents.sha256(json.dumps(value).encode()))[:8]}"
    path = memory.folder / "evidence" / f"{name}.json"
    write_whole(path, json.dumps(value, indent=1) + "\n")
    return refused.within(evidence=str(path))


def _network(memory: Memory, policy: Policy) -> str:
    """The newest document of the network that this device has and that names this policy."""
    networks = (entry for entry in reversed(memory.now.entries) if documents.kind_of_envelope(entry) == "network")
    named = (entry for entry in networks if Policy.parse(documents.read(entry, schemas.Network).body.policy) == policy)
    return next(named, "")


def explain(text: str) -> Explained:
    """What the file shows, each signature verified again. ValueError where it is no file of evidence."""
    value = _parsed(text)
    document = documents.read(value["network"], schemas.Network)
    signing = [unb64(one.key) for one in document.body.coordinators]
    if len(documents.signers(document, signing)) < document.body.threshold:
        raise ValueError("the network's document is not signed by its coordinators")
    policy = Policy.parse(document.body.policy)
    origin = str(value["log"])
    seen, shown = _head(str(value["seen"])), _head(str(value["shown"]))
    signed = (_is_signed(str(value["seen"]), origin, policy), _is_signed(str(value["shown"]), origin, policy))
    verdict = _verdict(seen, shown, signed, list(value["consistency"]))
    return Explained(verdict, origin, str(value["at"]), document.sha256, seen, shown, signed)


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        value: dict[str, Any] = json.loads(text)
        if value["evidence"] != 1 or not {"log", "at", "network", "seen", "shown", "consistency"} <= value.keys():
            raise ValueError
        return value
    except (TypeError, KeyError, AttributeError):
        raise ValueError from None


def _verdict(seen: Checkpoint | None, shown: Checkpoint | None, signed: tuple[bool, bool], proof: list[Any]) -> Verdict:
    if seen is None or not all(signed[:1] if shown is None else signed):
        return "nothing"
    if shown is None or shown.size < seen.size:
        return "rollback"
    if shown.size == seen.size:
        return "fork" if shown.root != seen.root else "nothing"
    try:
        merkle.verify_consistency(seen.size, shown.size, seen.root, shown.root, [unb64(str(one)) for one in proof])
    except Refused:
        return "unproven"
    return "nothing"


def _head(note: str) -> Checkpoint | None:
    if not note:
        return None
    try:
        return head_of(note)
    except Refused:
        return None


def _is_signed(note: str, origin: str, policy: Policy) -> bool:
    try:
        open_signed(note, origin, policy)
    except Refused:
        return False
    return True
