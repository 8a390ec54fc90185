"""What is added to the directory, and what changes with an entry once it is in force (protocol §3, §10).

An entry is committed and signed by the hub first. It comes into force with the first checkpoint that covers it and has
the network's quorum of witnesses: at once in a practice network, which has none.
"""

from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from agencies import access, directory, signing_in, throttling
from agencies.changes import tell_rights_changed
from agencies.models import Agency, Application, Candidate, Member, Token
from agencies.throttling import Limit
from audit import guard, log
from ortoo.protocol import checkpoint, documents, schemas
from ortoo.protocol.checkpoint import Policy
from ortoo.protocol.directory import Directory
from ortoo.protocol.errors import Refused

BY_ADDRESS: Final = Limit("cosigning address", tries=30, back=10)


def append(entries: Sequence[str]) -> bool:
    """Verify entries against all before them, add them to the log and sign it, in one transaction. All or none.

    Gives whether they are in force by that. Raises Refused, with a code of protocol §13.
    """
    with transaction.atomic():
        replay = directory.committed_alone()
        for entry in entries:
            replay.append(entry)
        if not replay.size:
            return False
        guard.check(directory.LOG, directory.origin_of(replay))
        log.append(directory.LOG, [entry.encode() for entry in entries])
        signed = log.sign(directory.LOG, directory.origin_of(replay), directory.log_key(replay))
        return _put_in_force(replay, signed.note)


def cosign(size: int, line: str, address: str) -> bool:
    """Add a witness's line to the signed checkpoint of this size. Gives whether that is in force now.

    Whoever has no good line is slowed down by address, before anything is locked.

    Raises:
        Refused: `not_found` for a size that was not signed or that a newer one has overtaken; `malformed`,
            `checkpoint_unwitnessed` for a line that is not one of the network's witnesses.
    """
    throttling.take((BY_ADDRESS, address))
    with transaction.atomic():
        log.hold_alone(directory.LOG)
        signed = log.checkpoint_of(directory.LOG, size)
        if signed is None or size < log.size_in_force(directory.LOG):
            raise Refused("not_found", "This checkpoint is not the newest one. Look again.", field="size")
        covered = directory.committed_alone(size)
        note = checkpoint.with_cosignature(signed.note, line, covered.policy, timezone.now())
        throttling.give_back((BY_ADDRESS, address))
        if note != signed.note:
            log.keep_note(signed, note)
        return _put_in_force(covered, note)


def _put_in_force(covered: Directory, note: str) -> bool:
    """What the note covers is in force, if the policy of that very directory is satisfied."""
    if not has_quorum(note, directory.origin_of(covered), covered.policy):
        return False
    before = log.size_in_force(directory.LOG)
    log.put_in_force(directory.LOG, covered.size)
    for entry in covered.entries[before:]:
        _take_effect(entry)
    return True


def has_quorum(note: str, origin: str, policy: Policy) -> bool:
    try:
        checkpoint.open_checkpoint(note, origin, policy)
    except Refused as refused:
        if refused.code != "checkpoint_unwitnessed":
            raise
        return False
    return True


# --- what changes -----------------------------------------------------------------------------------------------------


def _take_effect(entry: str) -> None:
    match documents.kind_of_envelope(entry):
        case "admission":
            _admit(documents.read(entry, schemas.Admission).body)
        case "roster":
            _let_in_and_out(documents.read(entry, schemas.Roster).body)


def _admit(body: schemas.Admission) -> None:
    """Lists show the agency. Whoever applied with these keys belongs to it; a roster that was ended lets nobody in."""
    named: dict[str, Any] = {"kind": body.kind, "name_en": body.names.en, "name_mn": body.names.mn}
    Agency.objects.update_or_create(handle=body.agency, defaults=named)
    if body.admin is not None:
        Member.objects.filter(pk=body.admin.id, agency=None).update(agency=body.agency)
        Application.objects.filter(admin=body.admin.id).delete()
        ended = Member.objects.filter(agency=body.agency).exclude(pk=body.admin.id)
        signing_in.end(Token.objects.filter(member__in=ended))
    tell_rights_changed(body.agency)


def _let_in_and_out(body: schemas.Roster) -> None:
    """Nobody waits who is in it; nobody is served who is not."""
    members = [one.id for one in body.members]
    for one in body.members:  # whoever came back with newer keys waits on
        Candidate.objects.filter(member=one.id, key=one.key, kem=one.kem).delete()
    access.seeds_of(body.agency).exclude(member__in=members).delete()
    left = access.members_of(body.agency).filter(candidate=None).exclude(pk__in=members)
    signing_in.end(Token.objects.filter(member__in=left))
    tell_rights_changed(body.agency)
