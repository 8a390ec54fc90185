"""That what a person decided, and took back with her code, is in the activity log (protocol §8, §10): found out on her
own device, which brings nothing along but the code, and keeps nothing.

    found = await prove(client, code, shown)
    found = await prove(client, code, shown, seen=found)    # again: the log continues what was seen

The network's own documents come with the answer, each signed by those whom the one before names: the newest says which
key the log has, and which witnesses. That it is the right network she knows by its fingerprint, which every agency has.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from ortoo import contract, logged, receipts
from ortoo.client import Client
from ortoo.protocol import documents, schemas
from ortoo.protocol.checkpoint import Checkpoint
from ortoo.protocol.consent import ALL
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, instant, unb64
from ortoo.protocol.errors import Refused

Mark = Literal["logged", "promised", "doubtful", "missing"]
WORST: Final[tuple[Mark, ...]] = ("missing", "doubtful", "promised")

Own = Document[schemas.Receipt] | Document[schemas.Consent]


@dataclass(frozen=True)
class Proof:
    """marks: by H of each document. promised: accepted too recently to be missed; missing: long ago by the hub's clock,
    or known here for as long, and unproven; doubtful: long ago by this device's clock alone, of which one is wrong.

    since: when each was first seen here, by a clock that nobody sets.
    has_log: whether the network names an activity log.
    head: its newest, verified; None where there is none. witnesses: how many cosigned it.
    network: H of the first version of the network, which its fingerprint on paper says, too.
    """

    marks: Mapping[str, Mark]
    has_log: bool
    head: Checkpoint | None
    witnesses: int
    network: str
    since: Mapping[str, float] = field(default_factory=dict)

    @property
    def mark(self) -> Mark:
        """Of all of them."""
        return next((one for one in WORST if one in self.marks.values()), "logged")


async def prove(
    client: Client, code: str, shown: contract.ReceiptShown, *, seen: Proof | None = None, anchor: str | None = None
) -> Proof:
    """Whether the documents of what is shown are in the log. anchor: H of the network, where she has its fingerprint.

    Raises Refused: `signature_invalid`, `hash_mismatch` for documents that are not of this code, or do not say what is
        shown; `directory_fork`, `checkpoint_unwitnessed`, `checkpoint_rollback`, `proof_invalid`;
        and as `receipts.look`.
    """
    own = [_read(one) for one in shown.documents]
    wanted = [one.sha256 for one in own]
    before = seen.head if seen is not None else None

    async def ask(envelope: str) -> contract.ReceiptProof:
        return await client.prove_with_receipt(envelope, before.size if before is not None else 0, wanted)

    answer, envelope = await receipts.answered(client, code, "look", None, ask)
    asked = documents.read(envelope, schemas.Receipt).body
    _check(own, shown, asked.key)
    network = Directory(seen.network if seen is not None else anchor)
    for entry in answer.networks:
        network.append(entry)
    if network.id != asked.network:
        raise Refused("directory_fork", field="network")
    first = documents.read(network.entries[0], schemas.Network).sha256
    if before is not None and before.origin != network.policy.log_named(logged.ACTIVITY).name:
        before = None  # the network has begun another log
    has_log = logged.has_activity(network.policy)
    opened = logged.continued(answer.log, before, network.policy) if has_log else None
    head = opened.checkpoint if opened is not None else None
    proven = logged.proven(answer.logged, wanted, head) if head is not None else {}
    now = instant(asked.at)  # as the hub has it: her device may be days off
    first_seen = seen.since if seen is not None else {}
    since = {sha256: first_seen.get(sha256, time.monotonic()) for sha256 in wanted}

    def mark(one: Own) -> Mark:
        if one.sha256 in proven:
            return "logged"
        is_late = now - instant(one.body.at) > logged.WITHHELD
        if is_late or time.monotonic() - since[one.sha256] > logged.WITHHELD.total_seconds():
            return "missing"
        return "doubtful" if datetime.now(UTC) - instant(one.body.at) > logged.WITHHELD else "promised"

    witnesses = len(opened.cosigned) if opened is not None else 0
    return Proof({one.sha256: mark(one) for one in own}, has_log, head, witnesses, first, since)


def _read(envelope: str) -> Own:
    if documents.kind_of_envelope(envelope) == "receipt":
        return documents.read(envelope, schemas.Receipt)
    return documents.read(envelope, schemas.Consent)


def _check(own: Sequence[Own], shown: contract.ReceiptShown, key: str) -> None:
    """What was taken back this code has signed; each decision names it, and says what is shown."""
    decided = dict[str, schemas.Consent]()
    for one in own:
        if isinstance(one.body, schemas.Receipt):
            documents.verify(one, unb64(key))
        elif one.body.receipt is None or one.body.receipt.key != key:
            raise Refused("hash_mismatch", "This is a decision under another code.", to=one.body.to)
        else:
            decided[one.body.to] = one.body
    for holder in shown.holders or []:
        if not _says(decided.get(holder.to), holder):
            raise Refused("hash_mismatch", "What is shown is not what was signed.", to=holder.to)


def _says(decided: schemas.Consent | None, holder: contract.ReceiptHolder) -> bool:
    """Whether a decision says what is shown of it: on what basis, all that it refuses, and no more than it grants."""
    if decided is None:
        return not holder.sections and not holder.refused
    if sorted(holder.refused) != sorted(decided.refused) or holder.basis != decided.basis:
        return False
    reviewer = decided.exception.reviewer if decided.exception is not None else None
    if (holder.reviewer.handle if holder.reviewer is not None else None) != reviewer:
        return False
    granted = decided.granted
    if granted is None:
        return not holder.sections
    is_within = granted.sections == [ALL] or set(holder.sections) <= set(granted.sections)
    return is_within and set(holder.purposes) <= set(granted.purposes) and holder.until == instant(granted.until)
