"""What a client knows of the activity log (protocol §10): that it only grows, and holds what this member signed.

What does not fit is refused, and kept as evidence (`ortoo.evidence`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ortoo import contract, evidence
from ortoo.client import Client, HubError
from ortoo.memory import Memory
from ortoo.protocol import merkle
from ortoo.protocol.checkpoint import Checkpoint, Opened, Policy, head_of, open_checkpoint, open_signed
from ortoo.protocol.documents import ctx, instant, sha256, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.schemas import TreeHead

ACTIVITY: Final = "/log/activity"
WITHHELD: Final = timedelta(minutes=10)  # a leaf gets its place within a second
MOST: Final = 100  # proofs at once


@dataclass(frozen=True)
class Looked:
    """head: the newest, verified. withheld: H of documents that the hub accepted and has not logged for too long."""

    head: Checkpoint | None
    withheld: tuple[str, ...]


@dataclass(frozen=True)
class Proven:
    """A document's place in the activity log."""

    index: int
    salt: str


def has_activity(policy: Policy) -> bool:
    """Whether the network names such a log."""
    return any(key.name.endswith(ACTIVITY) for key in policy.logs)


async def look(client: Client, memory: Memory, policy: Policy, elsewhere: TreeHead | None, at: datetime) -> Looked:
    """The newest head, that it continues what was seen, and what of this member's documents is in it by now.

    elsewhere: the newest head that another device of the member has seen. Raises Refused as `continued` and `proven`
    do; what was shown is kept as evidence then.
    """
    if not has_activity(policy):
        return Looked(None, ())
    origin, note = policy.log_named(ACTIVITY).name, memory.now.activity
    before = head_of(note) if note else None
    if before is not None and before.origin != origin:  # the network has begun another log
        before, note = None, ""
    if elsewhere is not None and elsewhere.size > (before.size if before else 0):
        before, note = Checkpoint(origin, elsewhere.size, unb64(elsewhere.root)), ""
    shown = await client.activity_log(before.size if before else 0)
    try:
        opened = continued(shown, before, policy)
        if opened is None or shown.checkpoint is None:
            return Looked(None, ())
        memory.see_activity(shown.checkpoint.note)
        in_vain = await _prove(client, memory, opened.checkpoint)
    except Refused as refused:
        raise evidence.kept(
            refused,
            memory,
            policy,
            origin,
            seen=note or _said(before),
            shown=shown.checkpoint.note if shown.checkpoint is not None else "",
            proof=shown.consistency,
        ) from None
    unproven = memory.now.unproven
    withheld = [one for one, since in unproven.items() if one in in_vain and at - instant(since) > WITHHELD]
    return Looked(opened.checkpoint, tuple(withheld))


def _said(before: Checkpoint | None) -> str:
    """What another device has seen: a head without its signatures."""
    return before.text.decode() if before is not None else ""


async def _prove(client: Client, memory: Memory, head: Checkpoint) -> set[str]:
    """Ask for the proofs that are missing, a bounded number at once. Gives those that were asked for in vain: where the
    hub gives no answer, the rest is asked for next time.
    """
    missing, in_vain = list(memory.now.unproven), set[str]()
    for begin in range(0, len(missing), MOST):
        wanted = missing[begin : begin + MOST]
        in_vain.update(wanted)
        try:
            answers = await client.logged(head.size, wanted)
        except HubError:  # signed out meanwhile
            break
        except Refused as refused:
            if refused.code in ("role_not_allowed", "not_found"):  # a token that only sends
                break
            raise
        found = proven(answers, wanted, head)
        if found:
            memory.see_proven({document: (one.index, one.salt) for document, one in found.items()})
            in_vain -= found.keys()
    return in_vain


def continued(
    shown: contract.ActivityLog, before: Checkpoint | None, policy: Policy, *, quorum: bool = True
) -> Opened | None:
    """The head that is shown, verified: signed as the policy wants it, and continuing what was seen. None for no head.

    Raises Refused: `checkpoint_rollback` where it is smaller; `proof_invalid` where it is not shown to continue it;
        `checkpoint_unwitnessed`.
    """
    if shown.checkpoint is None:
        if before is not None:
            raise Refused("checkpoint_rollback", size=0)
        return None
    opening = open_checkpoint if quorum else open_signed
    opened = opening(shown.checkpoint.note, policy.log_named(ACTIVITY).name, policy)
    if before is not None:
        continues(before, opened.checkpoint, [unb64(one) for one in shown.consistency])
    return opened


def continues(before: Checkpoint, now: Checkpoint, proof: Sequence[bytes]) -> None:
    """One head of a log after another. Raises Refused (`checkpoint_rollback`, `proof_invalid`)."""
    if now.size < before.size:
        raise Refused("checkpoint_rollback", size=now.size)
    if before.size:
        merkle.verify_consistency(before.size, now.size, before.root, now.root, proof)


def proven(answers: Sequence[contract.Logged], wanted: Sequence[str], head: Checkpoint) -> Mapping[str, Proven]:
    """Those of the wanted documents (H, base64url) that are shown to be logged. Raises Refused (`proof_invalid`)."""
    found = {}
    for one in answers:
        if one.document not in wanted:
            raise Refused("proof_invalid", "A proof of another document than was asked for.")
        entry = sha256(ctx("leaf", unb64(one.salt), unb64(one.document)))
        proof = [unb64(step) for step in one.proof]
        merkle.verify_inclusion(one.index, head.size, merkle.leaf_hash(entry), proof, head.root)
        found[one.document] = Proven(one.index, one.salt)
    return found
