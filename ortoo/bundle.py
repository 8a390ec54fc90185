"""A bundle: what a hub's log holds, for somebody who judges it without the hub (`ortoo audit verify`; protocol §10).

One JSON object a line:

    {"bundle": 1, "id": uuid, "at": time, "activity": note, "directory": note}    the newest heads with a quorum
    {"entry": envelope}                                                          the directory, in its order
    {"consent": id, "kind": …, "envelope": …,     all of one consent one after the other
     "at": time of acceptance, "index": place, "salt": …, "proof": [hashes]}
    the same with "consent": "" and "kind": "record"                             what the hub itself signed and logged
    {"record": envelope}                     signed by the hub's key: `exported`, on id and SHA-256 of all lines before

No line holds a sealed text or a key. Who brings a salt shows which leaf is whose: so a bundle is for auditors.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from ortoo.protocol import documents, merkle, schemas
from ortoo.protocol.checkpoint import Checkpoint, head_of, open_checkpoint
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import SigningKey, b64, ctx, sha256, stamp, unb64
from ortoo.protocol.errors import Refused
from ortoo.verifying import SCHEMAS, Finding, Kept, replay

EXPORTED: Final = "exported"
RECORD: Final = "record"
KINDS: Final[Mapping[str, type[schemas.Payload]]] = {str(kind): one for kind, one in SCHEMAS.items()} | {
    RECORD: schemas.Record
}
MOST: Final = 1 << 20  # characters of a line


@dataclass(frozen=True)
class Logged:
    """A document with the proof of its place. accepted_at: as the hub says."""

    consent: str
    kind: str
    envelope: str
    accepted_at: datetime
    index: int
    salt: bytes
    proof: list[bytes]

    def line(self) -> Mapping[str, Any]:
        return {
            "consent": self.consent,
            "kind": self.kind,
            "envelope": self.envelope,
            "at": self.accepted_at.isoformat(),
            "index": self.index,
            "salt": b64(self.salt),
            "proof": [b64(one) for one in self.proof],
        }


@dataclass
class Judged:
    """What a bundle shows. heads: the logs' heads that it is about. documents: how many were proven; whole: whether
    these are all that the log has. findings: what is not as it was signed and logged.
    """

    id: str
    at: str
    heads: tuple[Checkpoint, Checkpoint]
    documents: int
    whole: bool
    findings: list[Finding]


def write(
    directory: Directory, notes: tuple[str, str], logged: Iterable[Logged], key: SigningKey, at: datetime
) -> Iterator[str]:
    """The lines of a bundle. notes: of the directory log and the activity log."""
    id, digest = documents.new_id(), hashlib.sha256()
    head = {"bundle": 1, "id": id, "at": stamp(at), "directory": notes[0], "activity": notes[1]}
    entries = ({"entry": entry} for entry in directory.entries[: head_of(notes[0]).size])
    for part in ([head], entries, (one.line() for one in logged)):
        for value in part:
            line = json.dumps(value, separators=(",", ":"), sort_keys=True) + "\n"
            digest.update(line.encode())
            yield line
    record = schemas.Record(
        network=directory.id,
        at=stamp(at),
        id=documents.new_id(),
        on=schemas.Named(id=id, sha256=b64(digest.digest())),
        what=schemas.What(code=EXPORTED, agency=None, count=None),
    )
    yield json.dumps({"record": documents.sign(record, key).envelope}) + "\n"


def verify(lines: Iterable[str], anchor: str) -> Judged:
    """Judge a bundle. anchor: H of the network's first document, from paper. Memory: one consent, and a bit a leaf.

    Raises ValueError for what is no bundle, or not whole; Refused where its directory or heads do not hold
    (`directory_fork`, `checkpoint_unwitnessed`, `proof_invalid` …): then nothing of it counts.
    """
    reading = _Reading(lines)
    head = reading.next()
    if head.get("bundle") != 1:
        raise ValueError("no bundle")
    notes = str(head["directory"]), str(head["activity"])
    directory, value = Directory(anchor), reading.next()
    while "entry" in value:
        directory.append(str(value["entry"]))
        value = reading.next()
    heads = _heads(directory, *notes)
    findings: list[Finding] = []
    seen = bytearray(-(-heads[1].size // 8))
    for _, group in groupby(_documents(value, reading), key=lambda one: one.consent):
        held = list(group)
        for one in held:
            if _prove(one, heads[1], findings):
                seen[one.index // 8] |= 1 << one.index % 8
        findings += _records([one for one in held if one.kind == RECORD], directory)
        kept = [
            Kept(one.kind, _name(one), one.envelope, one.accepted_at, one.index)  # type: ignore[arg-type]
            for one in held
            if one.kind != RECORD
        ]
        findings += replay(kept, directory).findings
    _check_record(reading, str(head["id"]), directory)
    proven = sum(byte.bit_count() for byte in seen)
    return Judged(str(head["id"]), str(head["at"]), heads, proven, proven == heads[1].size, findings)


class _Reading:
    """The lines, one by one; the digest of all before the record."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._digest = hashlib.sha256()
        self.record: str | None = None

    def next(self) -> Mapping[str, Any]:
        """`{}` after the record. ValueError where there is none."""
        line = next(self._lines, "")
        if not line.endswith("\n") or len(line) > MOST:
            raise ValueError("it ends before its end")
        value: Mapping[str, Any] = json.loads(line)
        if not isinstance(value, dict):
            raise ValueError("not an object")
        if "record" in value:
            self.record = str(value["record"])
            if next(self._lines, None) is not None:
                raise ValueError("something comes after the record")
            return {}
        self._digest.update(line.encode())
        return value

    @property
    def digest(self) -> str:
        return b64(self._digest.digest())


def _documents(value: Mapping[str, Any], reading: _Reading) -> Iterator[Logged]:
    while value:
        try:
            yield Logged(
                consent=str(value["consent"]),
                kind=str(value["kind"]),
                envelope=str(value["envelope"]),
                accepted_at=datetime.fromisoformat(str(value["at"])),
                index=int(value["index"]),
                salt=unb64(str(value["salt"])),
                proof=[unb64(str(one)) for one in value["proof"]],
            )
            if value["kind"] not in KINDS:
                raise ValueError("a document of an unknown kind")
        except (KeyError, TypeError, Refused) as error:
            raise ValueError("a line is not one of a bundle") from error
        value = reading.next()


def _name(one: Logged) -> str:
    return f"at place {one.index}"


def _heads(directory: Directory, of_directory: str, of_activity: str) -> tuple[Checkpoint, Checkpoint]:
    policy = directory.policy
    first = open_checkpoint(of_directory, policy.log_named("/log/directory").name, policy).checkpoint
    second = open_checkpoint(of_activity, policy.log_named("/log/activity").name, policy).checkpoint
    if (first.size, first.root) != (directory.size, directory.root_at(directory.size)):
        raise Refused("directory_fork", size=first.size)
    return first, second


def _prove(one: Logged, head: Checkpoint, findings: list[Finding]) -> bool:
    try:
        document = documents.read(one.envelope, KINDS[one.kind])
        leaf = merkle.leaf_hash(sha256(ctx("leaf", one.salt, document.hash)))
        merkle.verify_inclusion(one.index, head.size, leaf, one.proof, head.root)
    except Refused as refused:
        told = f"{refused.message} [{refused.code}]"
        findings.append(Finding(one.kind, _name(one), "proof", "changed", one.accepted_at, told))
        return False
    return True


def _records(held: Iterable[Logged], directory: Directory) -> Iterator[Finding]:
    """What the hub signed, with a key that some version of the network names."""
    keys = directory.hub_keys
    for one in held:
        try:
            document = documents.read(one.envelope, schemas.Record)
        except Refused:
            continue  # told with its proof
        if document.body.network != directory.id or not documents.signers(document, keys):
            told = "The hub of this network has not signed it."
            yield Finding(RECORD, _name(one), "envelope", "changed", one.accepted_at, told)


def _check_record(reading: _Reading, id: str, directory: Directory) -> None:
    """Whoever put the bundle together has signed all of it."""
    record = documents.read(reading.record or "", schemas.Record)
    documents.verify(record, unb64(directory.network.body.hub_key))
    on = record.body.on
    if record.body.what.code != EXPORTED or on is None or (on.id, on.sha256) != (id, reading.digest):
        raise Refused("hash_mismatch", "The bundle is not the one that the hub has signed.", field="record")
