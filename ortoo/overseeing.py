"""A coordinator's look at one referral: each line with the proof that what was signed is in the log (protocol §10)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ortoo import contract, logged
from ortoo.protocol import documents, schemas
from ortoo.protocol.documents import b64, sha256, unb64
from ortoo.protocol.errors import Refused
from ortoo.session import Session

Mark = Literal["logged", "promised", "missing"]


@dataclass(frozen=True)
class Line:
    """index: the place that was proven. promised: accepted too recently to be missed; missing: long ago, unproven."""

    said: contract.TimelineLine
    mark: Mark
    index: int | None


@dataclass(frozen=True)
class Timeline:
    referral: contract.Overseen
    lines: list[Line]


async def timeline(session: Session, id: str) -> Timeline | None:
    """The timeline of a referral, each line proven against a head that this client has verified. None: there is none.

    Raises Refused: `proof_invalid` for a proof that does not hold, or a place that is not the proven one; and what
        `Session.sync` does of a log that does not continue.
    """
    shown = await session.client.timeline(id)
    if shown is None:
        return None
    await session.sync()  # after: the newest head that could have them
    proven = await _proven(session, [one.document for one in shown.lines])
    lines = [_marked(one, proven.get(one.document), session.now()) for one in shown.lines]
    return Timeline(shown.referral, lines)


async def _proven(session: Session, hashes: list[str]) -> dict[str, logged.Proven]:
    head = session.activity
    found: dict[str, logged.Proven] = {}
    if head is None:
        return {}
    for begin in range(0, len(hashes), logged.MOST):
        some = hashes[begin : begin + logged.MOST]
        found |= logged.proven(await session.client.logged(head.size, some), some, head)
    return found


def _marked(said: contract.TimelineLine, proven: logged.Proven | None, now: datetime) -> Line:
    if proven is not None:
        if said.place is not None and said.place != proven.index:
            raise Refused(
                "proof_invalid", "The place that was told is not the one that is proven.", document=said.document
            )
        return Line(said, "logged", proven.index)
    return Line(said, "missing" if now - said.at > logged.WITHHELD else "promised", None)


def file_of(session: Session, exported: contract.Exported) -> bytes:
    """An export's bytes, once the hub's signed record was found to be on them. Raises Refused."""
    content, record = unb64(exported.content), documents.read(exported.record, schemas.Record)
    documents.verify(record, unb64(session.directory.network.body.hub_key))
    if record.body.on is None or record.body.on.sha256 != b64(sha256(content)):
        raise Refused("hash_mismatch", "The file is not the one that the hub has signed.", field="record")
    return content
