"""How people and agencies join: invited on paper, enrolled with keys of their own device, waiting to be confirmed.

The hub never decides: an administrator signs a roster, the coordinators' threshold signs an admission. Here is only
what comes before that, and everybody's view of who waits for whom.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from agencies import access, accounts, directory, publishing, signing_in, throttling
from agencies.accounts import NewAccount
from agencies.models import Account, Application, Candidate, Invitation, KemKey, Member, Proposal, Token
from agencies.throttling import Limit
from ortoo.protocol import documents, hpke, schemas, vocabulary
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import Document, b64, new_id, sha256
from ortoo.protocol.errors import Refused

INVITED_FOR: Final = timedelta(days=14)
MOST_INVITATIONS: Final = 50  # open at once, of an agency
MOST_APPLICATIONS: Final = 200  # open at once
MOST_PROPOSALS: Final = 200  # open at once
ROLES: Final = frozenset({"focal_point", "administrator", "coordinator", "api", "recovery"})

Asked = Document[Any]  # of the coordinators: an admission or the network

_HANDLE: Final = re.compile(r"[a-z0-9][a-z0-9.-]{2,79}")

BY_ADDRESS: Final = Limit("joining address", tries=50, back=60)


@dataclass(frozen=True)
class NewKeys:
    """A new member's public keys. kem: the key itself, 1,216 bytes."""

    id: str
    key: bytes
    kem: bytes


@dataclass(frozen=True)
class Names:
    handle: str
    name_en: str
    name_mn: str


@dataclass(frozen=True)
class Enrolled:
    """token: a session, in which one waits. recovery_codes: shown once."""

    token: str
    expires_at: datetime
    member: Member
    recovery_codes: Sequence[str]


# --- a member ---------------------------------------------------------------------------------------------------------


def invite(agency: str, names: Names, roles: Sequence[str], again: str | None = None) -> tuple[bytes, Invitation]:
    """Expect somebody: 128 bits for a paper, and nothing of them kept.

    again: a member who lost keys or device, and enrols anew under the same name.
    """
    if not roles or not set(roles) <= ROLES:
        raise Refused("malformed", "These are not roles.", field="roles")
    _check_names(names)
    known = access.members_of(agency).filter(pk=again).first() if again else None
    if again and known is None:
        raise Refused("not_found", "The agency has no such member.", field="again")
    taken = Member.objects.filter(handle=names.handle).exclude(pk=again)
    if taken.exists():
        raise Refused("id_reused", "This handle is taken. Choose another one.", field="handle")
    now = timezone.now()
    Invitation.objects.filter(expires_at__lt=now).delete()
    if access.invitations_of(agency).count() >= MOST_INVITATIONS:
        raise Refused("limit_exceeded", field="invitations", most=MOST_INVITATIONS)
    code = secrets.token_bytes(16)
    invitation = Invitation.objects.create(
        hash=sha256(code),
        id=new_id(),
        agency_id=agency,
        handle=names.handle,
        name_en=names.name_en,
        name_mn=names.name_mn,
        roles=sorted(set(roles)),
        member=known,
        created_at=now,
        expires_at=now + INVITED_FOR,
    )
    return code, invitation


def invitation(code: bytes, address: str) -> Invitation:
    """What a code invites to. `not_found` for one that is not known, was used or has run out; `throttled`."""
    throttling.take((BY_ADDRESS, address))
    found = _invited(code)
    throttling.give_back((BY_ADDRESS, address))
    return found


def _invited(code: bytes) -> Invitation:
    good = Invitation.objects.filter(hash=sha256(code), expires_at__gt=timezone.now())
    found = good.select_related("agency", "member").first()
    if found is None:
        raise Refused("not_found", "This code is not known, was used already, or has run out. Ask for a new one.")
    return found


def withdraw_invitation(agency: str, id: UUID) -> None:
    if not access.invitations_of(agency).filter(id=id).delete()[0]:
        raise Refused("not_found")


def enrol(code: bytes, keys: NewKeys, new: NewAccount, address: str) -> Enrolled:
    """Take up an invitation with keys made on the own device: from now on an administrator is waited for."""
    throttling.take((BY_ADDRESS, address))  # before the transaction: a refusal must not undo it
    with transaction.atomic():
        invited = _invited(code)
        if Invitation.objects.filter(pk=invited.pk).delete()[0] != 1:
            raise Refused("not_found")
        member = invited.member
        if member is None:
            member = Member(agency=invited.agency, handle=invited.handle)
        elif str(member.pk) != keys.id:
            raise Refused("malformed", "Whoever comes back keeps the id.", field="id")
        else:
            Account.objects.filter(pk=member.pk).delete()
            signing_in.end(Token.objects.filter(member=member))
        names = Names(invited.handle, invited.name_en, invited.name_mn)
        enrolled = _enrol(member, names, keys, new, invited.roles)
    throttling.give_back((BY_ADDRESS, address))
    return enrolled


def _enrol(member: Member, names: Names, keys: NewKeys, new: NewAccount, roles: Sequence[str]) -> Enrolled:
    if member.pk is None or str(member.pk) != keys.id:
        if Member.objects.filter(pk=keys.id).exists():
            raise Refused("id_reused", field="id")
        member.pk = keys.id
    documents.check_signing_key(keys.key)
    kem = b64(sha256(keys.kem))
    KemKey.objects.get_or_create(sha256=kem, defaults={"key": hpke.check_public_key(keys.kem, kem)})
    member.handle, member.name_en, member.name_mn = names.handle, names.name_en, names.name_mn
    member.save()
    Candidate.objects.update_or_create(
        member=member,
        defaults={"key": b64(keys.key), "kem": kem, "roles": list(roles), "since": timezone.now()},
    )
    _, recovery_codes = accounts.set_up(member, new)
    expires_at = timezone.now() + signing_in.SESSION_FOR
    token, _ = signing_in.issue_token(member, Token.Kind.SESSION, name="", expires_at=expires_at)
    return Enrolled(token, expires_at, member, recovery_codes)


def enrol_keys(agency: str, names: Names, keys: NewKeys, role: str) -> Member:
    """A partner system (`api`) or a recovery kit (`recovery`): a member without an account, whose keys an administrator
    made or was given.
    """
    if role not in ("api", "recovery"):
        raise Refused("malformed", "This is for `api` and `recovery`.", field="role")
    _check_names(names)
    if Member.objects.filter(handle=names.handle).exists():
        raise Refused("id_reused", "This handle is taken. Choose another one.", field="handle")
    if Member.objects.filter(pk=keys.id).exists():
        raise Refused("id_reused", field="id")
    documents.check_signing_key(keys.key)
    kem = b64(sha256(keys.kem))
    with transaction.atomic():
        KemKey.objects.get_or_create(sha256=kem, defaults={"key": hpke.check_public_key(keys.kem, kem)})
        member = Member.objects.create(
            id=keys.id, agency_id=agency, handle=names.handle, name_en=names.name_en, name_mn=names.name_mn
        )
        Candidate.objects.create(member=member, key=b64(keys.key), kem=kem, roles=[role], since=timezone.now())
    return member


def waiting(agency: str) -> list[Candidate]:
    """Who has enrolled and waits for an administrator of the agency, the longest first."""
    return list(access.candidates_of(agency).select_related("member").order_by("since"))


def turn_away(agency: str, member: UUID) -> None:
    """Somebody who waits is not confirmed: account and keys are forgotten, unless it is a member who came back."""
    found = access.candidates_of(agency).filter(member=member).select_related("member").first()
    if found is None:
        raise Refused("not_found")
    with transaction.atomic():
        listed = directory.committed_alone().now().member(agency, str(member))
        if listed is not None and listed.key == found.key:
            raise Refused("head_moved", "Somebody has signed the member in. Look again.")
        signing_in.end(Token.objects.filter(member=member))
        Account.objects.filter(pk=member).delete()
        found.delete()
        if directory.in_force().now().member(agency, str(member)) is None:
            Member.objects.filter(pk=member).delete()


# --- an agency --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Applying:
    """An agency that asks to be admitted."""

    handle: str
    kind: str
    name_en: str
    name_mn: str


def apply(agency: Applying, admin: Names, keys: NewKeys, new: NewAccount, address: str) -> Enrolled:
    """Ask to be admitted: the first administrator enrols, and waits for the coordinators."""
    throttling.take((BY_ADDRESS, address))
    schemas.fit({"en": agency.name_en, "mn": agency.name_mn}, schemas.Names)
    _check_names(admin)
    if agency.kind not in vocabulary.codes("agency_kinds"):
        raise Refused("malformed", "This is not a kind of agency.", field="kind")
    if directory.in_force().now().agency(agency.handle) is not None:
        raise Refused("id_reused", "An agency of this handle is admitted already.", field="handle")
    if Application.objects.count() >= MOST_APPLICATIONS:
        raise Refused("limit_exceeded", field="applications", most=MOST_APPLICATIONS)
    if Member.objects.filter(handle=admin.handle).exists():
        raise Refused("id_reused", "This handle is taken. Choose another one.", field="handle")
    with transaction.atomic():
        enrolled = _enrol(Member(), admin, keys, new, ["administrator", "focal_point"])
        Application.objects.create(
            id=new_id(),
            handle=agency.handle,
            kind=agency.kind,
            name_en=agency.name_en,
            name_mn=agency.name_mn,
            admin=enrolled.member,
            created_at=timezone.now(),
        )
    return enrolled


def applications() -> list[Application]:
    return list(Application.objects.select_related("admin__candidate").order_by("created_at"))


def turn_down(id: UUID) -> None:
    """An application is not taken up: the applicant's account and keys are forgotten."""
    found = Application.objects.filter(pk=id).first()
    if found is None:
        raise Refused("not_found")
    with transaction.atomic():
        signed = [one.admission.body.admin for one in directory.committed_alone().now().agencies()]
        if any(admin is not None and admin.id == str(found.admin_id) for admin in signed):
            raise Refused("head_moved", "The coordinators have signed it already. Look again.")
        found.admin.delete()


# --- what the coordinators sign ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proposed:
    """A document of the coordinators. taken: it has enough signatures, and stands in the log; in_force: the network's
    witnesses have seen it there.
    """

    envelope: str
    have: int
    need: int
    taken: bool
    in_force: bool


def propose(envelope: str) -> Proposed:
    """Take a document with one or more coordinators' signatures: kept until there are enough, then added to the log.

    Signatures of several machines come together here, whatever order they come in.

    Raises:
        Refused: for everything that the directory refuses, but `threshold_not_met`.
    """
    given = _of_coordinators(envelope)
    with transaction.atomic():
        committed = directory.committed_alone()
        if given.sha256 in committed:
            return _proposed(committed, given, taken=True, in_force=given.sha256 in directory.in_force())
        _check_a_signature(committed, given)
        committed.check_next(given.body)
        kept = Proposal.objects.select_for_update().filter(pk=given.hash).first()
        joined = documents.join(given, _of_coordinators(kept.envelope)) if kept else given
        grown = _with(committed, joined.envelope)
        if grown is not None:
            in_force = publishing.append([joined.envelope])
            _forget_overtaken(grown)
            return _proposed(committed, joined, taken=True, in_force=in_force)
        if kept is None and Proposal.objects.count() >= MOST_PROPOSALS:
            raise Refused("limit_exceeded", field="proposals", most=MOST_PROPOSALS)
        Proposal.objects.update_or_create(
            sha256=given.hash, defaults={"envelope": joined.envelope, "created_at": timezone.now()}
        )
        return _proposed(committed, joined, taken=False, in_force=False)


def proposals() -> list[Proposed]:
    """What waits for more signatures, the oldest first."""
    with transaction.atomic():
        committed = directory.committed_alone()
    waiting = [_of_coordinators(row.envelope) for row in Proposal.objects.order_by("created_at")]
    return [
        _proposed(committed, one, taken=False, in_force=False) for one in waiting if not _is_overtaken(committed, one)
    ]


def _forget_overtaken(committed: Directory) -> None:
    """What can no longer follow, as another of its chain was taken, is nothing to sign."""
    over = [row.pk for row in Proposal.objects.all() if _is_overtaken(committed, _of_coordinators(row.envelope))]
    Proposal.objects.filter(pk__in=over).delete()


def _is_overtaken(committed: Directory, document: Asked) -> bool:
    try:
        committed.check_next(document.body)
    except Refused:
        return True
    return False


def _of_coordinators(envelope: str) -> Asked:
    kind = documents.kind_of_envelope(envelope)
    if kind == "network":
        return documents.read(envelope, schemas.Network)
    if kind == "admission":
        return documents.read(envelope, schemas.Admission)
    raise Refused("malformed", "Coordinators sign admissions and the network.", field="payloadType")


def _proposed(committed: Directory, document: Asked, *, taken: bool, in_force: bool) -> Proposed:
    network = committed.network.body
    have = documents.signers(document, (documents.unb64(one.key) for one in network.coordinators))
    return Proposed(document.envelope, len(have), network.threshold, taken, in_force)


def _with(committed: Directory, entry: str) -> Directory | None:
    """The directory with the entry; None where only signatures are missing. Raises Refused."""
    grown = committed.copy()
    try:
        grown.append(entry)
    except Refused as refused:
        if refused.code == "threshold_not_met":
            return None
        raise
    return grown


def _check_a_signature(committed: Directory, document: Asked) -> None:
    """Each signature is a coordinator's: others would fill the table."""
    network = committed.network.body
    named = [*network.coordinators, *(document.body.coordinators if isinstance(document.body, schemas.Network) else ())]
    good = documents.signers(document, (documents.unb64(one.key) for one in named))
    if len(good) < len(document.signatures):
        raise Refused("signature_invalid", "A signature on it is not a coordinator's.", field="signatures")


def _check_names(names: Names) -> None:
    if not 1 <= len(names.name_en) <= 200 or not 1 <= len(names.name_mn) <= 200:
        raise Refused("malformed", "A name has 1 to 200 letters.", field="name")
    if not _HANDLE.fullmatch(names.handle):
        raise Refused("malformed", "A handle has 3 to 80 of the letters a-z, digits, dots and dashes.", field="handle")
