"""How people and agencies join, and what administrators and coordinators sign for it."""

from typing import Any

import graphene

from agencies import directory, joining, members
from agencies.access import actor_in, invitations_of, must_publish, signatory_in, somebody_in
from agencies.joining import Applying, Names, NewKeys, Proposed
from agencies.joining import Enrolled as EnrolledNow
from agencies.members import Publication, Seed
from agencies.models import Application as ApplicationRow
from agencies.models import Candidate as CandidateRow
from agencies.models import Invitation as InvitationRow
from agencies.models import KemKey
from agencies.models import Member as MemberRow
from agencies.scalars import Bytes, Envelope, uuid_of
from agencies.schema.directory import Member, member_of
from agencies.schema.signing_in import SHOWN_ONCE, AccountInput, new_account
from ortoo.protocol import documents, schemas
from ortoo.protocol.documents import b64, sha256, unb64


class Invitation(graphene.ObjectType):
    """Somebody is expected."""

    id = graphene.ID(required=True, description="The invitation's id; not the code.")
    agency = graphene.String(required=True, description="The agency that invites.")
    handle = graphene.String(required=True, description="The handle that the member will have.")
    name = graphene.String(required=True, description="The name to show, in Mongolian.")
    name_en = graphene.String(required=True, description="The name to show, in English.")
    roles = graphene.List(graphene.NonNull(graphene.String), required=True, description="Codes of the vocabulary.")
    member = graphene.ID(description="The member who comes back with new keys: its id is kept.")
    expires_at = graphene.DateTime(required=True, description="Until when the code is good.")


class NewInvitation(graphene.ObjectType):
    """An invitation that was just made."""

    code = Bytes(required=True, description="128 random bits for the paper. They are shown once.")
    listed = graphene.Field(Invitation, required=True, description="As it is listed from now on.")


class Candidate(graphene.ObjectType):
    """Somebody who made keys, and waits for an administrator to compare the safety number and sign."""

    member = graphene.Field(Member, required=True, description="Who waits.")
    key = Bytes(required=True, description="The Ed25519 public key, 32 bytes.")
    kem = Bytes(required=True, description="The public key to seal to, 1,216 bytes.")
    roles = graphene.List(graphene.NonNull(graphene.String), required=True, description="The roles meant.")
    since = graphene.DateTime(required=True, description="Since when.")


class Waiting(graphene.ObjectType):
    """For whom one waits."""

    since = graphene.DateTime(required=True, description="Since when.")
    roles = graphene.List(graphene.NonNull(graphene.String), required=True, description="The roles meant.")
    administrators = graphene.List(
        graphene.NonNull(Member),
        required=True,
        description="Who of the agency can confirm it; none where the coordinators have to admit the agency first.",
    )


class HeldKey(graphene.ObjectType):
    """A member holds an epoch's seed."""

    member = graphene.ID(required=True, description="The member.")
    epoch = graphene.Int(required=True, description="The number of the epoch.")


class Enrolment(graphene.ObjectType):
    """Somebody enrolled, and waits from now on."""

    token = graphene.String(required=True, description=SHOWN_ONCE)
    member = graphene.Field(Member, required=True, description="Who enrolled.")
    recovery_codes = graphene.List(
        graphene.NonNull(graphene.String), required=True, description="Ten codes, each good once. Shown once."
    )


class Application(graphene.ObjectType):
    """An agency asks to be admitted."""

    id = graphene.ID(required=True, description="The application's id.")
    handle = graphene.String(required=True, description="The handle that it wishes.")
    kind = graphene.String(required=True, description="A code of `agency_kinds`.")
    name = graphene.String(required=True, description="The name to show, in Mongolian.")
    name_en = graphene.String(required=True, description="The name to show, in English.")
    admin = graphene.Field(Candidate, required=True, description="The first administrator, with keys.")
    created_at = graphene.DateTime(required=True, description="Since when.")


class Proposal(graphene.ObjectType):
    """A document of the coordinators."""

    envelope = Envelope(required=True, description="The document with the signatures that it has.")
    signatures = graphene.Int(required=True, description="How many coordinators have signed it.")
    threshold = graphene.Int(required=True, description="How many have to.")
    taken = graphene.Boolean(required=True, description="Whether it has enough of them, and stands in the log.")
    in_force = graphene.Boolean(
        required=True, description="Whether it is in force: the network's witnesses have seen it in the log."
    )


class MemberKeysInput(graphene.InputObjectType):
    """Public keys that were made on the own device."""

    id = graphene.ID(required=True, description="The member's id: a UUIDv7 that the client draws.")
    key = Bytes(required=True, description="The Ed25519 public key, 32 bytes.")
    kem = Bytes(required=True, description="The public key to seal to, 1,216 bytes.")


class SeedInput(graphene.InputObjectType):
    """An epoch's seed, sealed to a member."""

    member = graphene.ID(required=True, description="The member.")
    epoch = graphene.Int(required=True, description="The number of the epoch.")
    sealed = Bytes(required=True, description="The sealed seed, 1,168 bytes.")


class NamesInput(graphene.InputObjectType):
    """How a member is called."""

    handle = graphene.String(required=True, description="a-z, digits, dots and dashes, 3 to 80.")
    name = graphene.String(required=True, description="The name to show, in Mongolian.")
    name_en = graphene.String(required=True, description="The name to show, in English.")


class AgencyInput(graphene.InputObjectType):
    """An agency that asks to be admitted."""

    handle = graphene.String(required=True, description="The handle that it wishes: a-z, digits, dashes.")
    kind = graphene.String(required=True, description="A code of `agency_kinds`.")
    name = graphene.String(required=True, description="The name to show, in Mongolian.")
    name_en = graphene.String(required=True, description="The name to show, in English.")


class Query(graphene.ObjectType):
    invitation = graphene.Field(
        Invitation,
        required=True,
        description="What a code on paper invites to. `not_found` for a code that is not good.",
        code=Bytes(required=True, description="The code, 16 bytes."),
    )
    waiting = graphene.Field(Waiting, description="For whom one waits oneself; null for a member.")
    invitations = graphene.List(graphene.NonNull(Invitation), required=True, description="Whom the agency expects.")
    candidates = graphene.List(
        graphene.NonNull(Candidate), required=True, description="Who waits for an administrator of the agency."
    )
    held_keys = graphene.List(
        graphene.NonNull(HeldKey), required=True, description="Which members hold which epochs' seeds."
    )
    applications = graphene.List(
        graphene.NonNull(Application), required=True, description="Agencies that ask to be admitted."
    )
    proposals = graphene.List(
        graphene.NonNull(Proposal), required=True, description="What waits for more coordinators' signatures."
    )

    @staticmethod
    def resolve_invitation(root: object, info: Any, code: bytes) -> Invitation:
        return _invitation(joining.invitation(code, info.context.address))

    @staticmethod
    def resolve_waiting(root: object, info: Any) -> Waiting | None:
        actor = somebody_in(info)
        row = CandidateRow.objects.filter(pk=actor.member).first()
        if row is None:
            return None
        return Waiting(since=row.since, roles=row.roles, administrators=_administrators(actor.agency))

    @staticmethod
    def resolve_invitations(root: object, info: Any) -> list[Invitation]:
        actor = actor_in(info, "administrator", "recovery")
        return [_invitation(one) for one in invitations_of(actor.agency).order_by("created_at")]

    @staticmethod
    def resolve_candidates(root: object, info: Any) -> list[Candidate]:
        actor = actor_in(info, "administrator", "recovery")
        return _candidates(joining.waiting(actor.agency))

    @staticmethod
    def resolve_held_keys(root: object, info: Any) -> list[HeldKey]:
        actor = actor_in(info, "administrator", "recovery")
        return [HeldKey(member=member, epoch=epoch) for member, epoch in members.held(actor.agency)]

    @staticmethod
    def resolve_applications(root: object, info: Any) -> list[Application]:
        signatory_in(info)
        rows = joining.applications()
        admins = _candidates([one.admin.candidate for one in rows])
        return [_application(row, admin) for row, admin in zip(rows, admins, strict=True)]

    @staticmethod
    def resolve_proposals(root: object, info: Any) -> list[Proposal]:
        signatory_in(info)
        return [_proposal(one) for one in joining.proposals()]


class Invite(graphene.Mutation):
    """Expect a new member, or one who comes back with new keys (`again`). The code goes on paper."""

    class Arguments:
        names = NamesInput(required=True, description="How the member is called.")
        roles = graphene.List(graphene.NonNull(graphene.String), required=True, description="The roles meant.")
        again = graphene.ID(description="The member who lost keys or device.")

    Output = graphene.NonNull(NewInvitation)

    @staticmethod
    def mutate(root: object, info: Any, names: Any, roles: list[str], again: str | None = None) -> NewInvitation:
        actor = actor_in(info, "administrator", "recovery")
        back = str(uuid_of(again, "again")) if again is not None else None
        code, row = joining.invite(actor.agency, _names(names), roles, back)
        return NewInvitation(code=code, listed=_invitation(row))


class WithdrawInvitation(graphene.Mutation):
    """Expect somebody no longer."""

    class Arguments:
        id = graphene.ID(required=True, description="The invitation's id.")

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, id: str) -> bool:
        joining.withdraw_invitation(actor_in(info, "administrator", "recovery").agency, uuid_of(id))
        return True


class Enrol(graphene.Mutation):
    """Take up an invitation with keys made on the own device. Then wait for an administrator."""

    class Arguments:
        code = Bytes(required=True, description="The code on the paper, 16 bytes.")
        keys = MemberKeysInput(required=True, description="The public keys.")
        account = AccountInput(required=True, description="How to sign in from now on.")

    Output = graphene.NonNull(Enrolment)

    @staticmethod
    def mutate(root: object, info: Any, code: bytes, keys: Any, account: Any) -> Enrolment:
        return _enrolment(info, joining.enrol(code, _keys(keys), new_account(account), info.context.address))


class AddPartner(graphene.Mutation):
    """A member who is no person: a partner system (`api`), or a recovery kit (`recovery`). Then sign it in."""

    class Arguments:
        names = NamesInput(required=True, description="How it is called.")
        keys = MemberKeysInput(required=True, description="Its public keys.")
        role = graphene.String(required=True, description="`api` or `recovery`.")

    Output = graphene.NonNull(Member)

    @staticmethod
    def mutate(root: object, info: Any, names: Any, keys: Any, role: str) -> Member:
        actor = actor_in(info, "administrator")
        return member_of(joining.enrol_keys(actor.agency, _names(names), _keys(keys), role))


class TurnAway(graphene.Mutation):
    """Somebody who waits is not confirmed: account and keys are forgotten."""

    class Arguments:
        member = graphene.ID(required=True, description="Who waits.")

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, member: str) -> bool:
        joining.turn_away(actor_in(info, "administrator", "recovery").agency, uuid_of(member, "member"))
        return True


class PublishRoster(graphene.Mutation):
    """Put a roster in force: signed by the member who asks, with the seeds of whoever has none yet. The same roster
    again changes nothing. Whoever is no longer in it is signed out everywhere, at once.
    """

    class Arguments:
        roster = Envelope(required=True, description="The signed roster.")
        kem_keys = graphene.List(
            graphene.NonNull(Bytes), required=True, description="Public keys in it that the hub may not have yet."
        )
        seeds = graphene.List(
            graphene.NonNull(SeedInput), required=True, description="Seeds of epochs, sealed to members."
        )

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, roster: str, kem_keys: list[bytes], seeds: list[Any]) -> bool:
        actor = somebody_in(info)
        must_publish(actor, documents.read(roster, schemas.Roster).body)
        members.publish([Publication(roster, kem_keys, _seeds(seeds))])
        return True


class HandOver(graphene.Mutation):
    """Hand seeds of epochs to members of the own agency."""

    class Arguments:
        seeds = graphene.List(
            graphene.NonNull(SeedInput), required=True, description="Seeds of epochs, sealed to members."
        )

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, seeds: list[Any]) -> bool:
        members.hand_over(actor_in(info, "administrator", "recovery").agency, _seeds(seeds))
        return True


class Apply(graphene.Mutation):
    """An agency asks to be admitted: its first administrator enrols, and waits for the coordinators."""

    class Arguments:
        agency = AgencyInput(required=True, description="The agency.")
        names = NamesInput(required=True, description="How the first administrator is called.")
        keys = MemberKeysInput(required=True, description="The first administrator's public keys.")
        account = AccountInput(required=True, description="How to sign in from now on.")

    Output = graphene.NonNull(Enrolment)

    @staticmethod
    def mutate(root: object, info: Any, agency: Any, names: Any, keys: Any, account: Any) -> Enrolment:
        asked = Applying(agency["handle"], agency["kind"], agency["name_en"], agency["name"])
        enrolled = joining.apply(asked, _names(names), _keys(keys), new_account(account), info.context.address)
        return _enrolment(info, enrolled)


class TurnDown(graphene.Mutation):
    """An application is not taken up: the applicant's account and keys are forgotten."""

    class Arguments:
        id = graphene.ID(required=True, description="The application's id.")

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, id: str) -> bool:
        signatory_in(info)
        joining.turn_down(uuid_of(id))
        return True


class Propose(graphene.Mutation):
    """Hand in an admission or a network with one or more coordinators' signatures. Signatures of several machines come
    together here; with enough of them it is put in force.
    """

    class Arguments:
        document = Envelope(required=True, description="The document with the signatures that one has.")

    Output = graphene.NonNull(Proposal)

    @staticmethod
    def mutate(root: object, info: Any, document: str) -> Proposal:
        signatory_in(info)
        return _proposal(joining.propose(document))


class Mutation(graphene.ObjectType):
    invite = Invite.Field()
    withdraw_invitation = WithdrawInvitation.Field()
    enrol = Enrol.Field()
    add_partner = AddPartner.Field()
    turn_away = TurnAway.Field()
    publish_roster = PublishRoster.Field()
    hand_over = HandOver.Field()
    apply = Apply.Field()
    turn_down = TurnDown.Field()
    propose = Propose.Field()


def _names(given: Any) -> Names:
    return Names(given["handle"], given["name_en"], given["name"])


def _keys(given: Any) -> NewKeys:
    hashed = {"id": given["id"], "key": b64(given["key"]), "kem": b64(sha256(given["kem"]))}
    schemas.fit(hashed, schemas.MemberKeys)
    return NewKeys(given["id"], given["key"], given["kem"])


def _seeds(given: list[Any]) -> list[Seed]:
    return [Seed(one["member"], one["epoch"], one["sealed"]) for one in given]


def _administrators(agency: str) -> list[Member]:
    state = directory.in_force().now().agency(agency) if agency else None
    ids = [one.id for one in state.members if "administrator" in one.roles] if state else []
    return [member_of(row) for row in MemberRow.objects.filter(pk__in=ids).order_by("handle")]


def _invitation(row: InvitationRow) -> Invitation:
    return Invitation(
        id=str(row.id),
        agency=row.agency_id,
        handle=row.handle,
        name=row.name_mn,
        name_en=row.name_en,
        roles=row.roles,
        member=str(row.member_id) if row.member_id else None,
        expires_at=row.expires_at,
    )


def _candidates(rows: list[CandidateRow]) -> list[Candidate]:
    keys = KemKey.objects.in_bulk([row.kem for row in rows])
    return [
        Candidate(
            member=member_of(row.member),
            key=unb64(row.key),
            kem=bytes(keys[row.kem].key),
            roles=row.roles,
            since=row.since,
        )
        for row in rows
    ]


def _enrolment(info: Any, done: EnrolledNow) -> Enrolment:
    token = info.context.session.give(str(done.member.pk), done.token, done.expires_at)
    return Enrolment(token=token, member=member_of(done.member), recovery_codes=list(done.recovery_codes))


def _application(row: ApplicationRow, admin: Candidate) -> Application:
    return Application(
        id=str(row.pk),
        handle=row.handle,
        kind=row.kind,
        name=row.name_mn,
        name_en=row.name_en,
        admin=admin,
        created_at=row.created_at,
    )


def _proposal(one: Proposed) -> Proposal:
    return Proposal(
        envelope=one.envelope, signatures=one.have, threshold=one.need, taken=one.taken, in_force=one.in_force
    )
