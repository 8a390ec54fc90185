"""The network, the key directory, members and their keys."""

from collections.abc import Iterable
from typing import Any

import graphene

from agencies import clock, directory, publishing
from agencies.access import ANY, actor_in, members_of, seeds_of, somebody_in
from agencies.models import KemKey as KemKeyRow
from agencies.models import Member as MemberRow
from agencies.scalars import Bytes, Envelope
from audit import log
from audit.models import Checkpoint as CheckpointRow
from ortoo.protocol.documents import b64, unb64
from ortoo.protocol.errors import Refused

MOST_KEYS = 100
MOST_ENTRIES = 500


class Checkpoint(graphene.ObjectType):
    """A signed head of the directory log."""

    note = graphene.String(required=True, description="The C2SP signed note, whole.")
    size = graphene.Int(required=True, description="How many entries it covers.")
    root = Bytes(required=True, description="The root hash of the tree, 32 bytes.")


class Network(graphene.ObjectType):
    """The network that this hub serves."""

    id = graphene.ID(required=True, description="The network's id.")
    practice = graphene.Boolean(required=True, description="Whether it is a practice network: nothing in it is real.")
    now = graphene.DateTime(required=True, description="The hub's clock, for clients whose own is wrong.")
    directory = graphene.Field(Checkpoint, required=True, description="The newest signed head of the directory log.")


class DirectoryPage(graphene.ObjectType):
    """A run of directory entries, and the checkpoint against which a client verifies them."""

    checkpoint = graphene.Field(Checkpoint, required=True, description="A signed head that covers these entries.")
    entries = graphene.List(
        graphene.NonNull(Envelope),
        required=True,
        description="The entries that follow `after`, in their order.",
    )


class KemKey(graphene.ObjectType):
    """A public key to seal to (MLKEM768-X25519). Check it against the hash in the directory before use."""

    sha256 = Bytes(required=True, description="SHA-256 of the key, as directory documents name it.")
    key = Bytes(required=True, description="The key, 1,216 bytes.")


class Member(graphene.ObjectType):
    """A member of an agency."""

    id = graphene.ID(required=True, description="The member's id in the directory.")
    handle = graphene.String(required=True, description="The name to sign in with.")
    name = graphene.String(required=True, description="The name to show, in Mongolian.")
    name_en = graphene.String(required=True, description="The name to show, in English.")
    agency = graphene.String(required=True, description="The member's agency; empty while it is not admitted.")
    roles = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        description="Codes of the vocabulary; none for whoever waits to be confirmed.",
    )


class AgencyKey(graphene.ObjectType):
    """The seed of an epoch of the own agency, sealed to the asking member (docs/protocol.md, section 4)."""

    epoch = graphene.Int(required=True, description="The number of the epoch.")
    sealed = Bytes(required=True, description="The sealed seed, 1,168 bytes.")


class Query(graphene.ObjectType):
    network = graphene.Field(Network, required=True, description="The network that this hub serves.")
    directory = graphene.Field(
        DirectoryPage,
        required=True,
        description="The key directory, entry by entry. A client replays all of it.",
        after=graphene.Int(required=True, default_value=0, description="How many entries the client has."),
        first=graphene.Int(
            required=True, default_value=MOST_ENTRIES, description=f"How many to give, at most {MOST_ENTRIES}."
        ),
    )
    directory_to_cosign = graphene.Field(
        DirectoryPage,
        required=True,
        description="For witnesses: the same with what is signed and not in force yet, for want of a quorum.",
        after=graphene.Int(required=True, default_value=0, description="How many entries the witness has."),
        first=graphene.Int(
            required=True, default_value=MOST_ENTRIES, description=f"How many to give, at most {MOST_ENTRIES}."
        ),
    )
    kem_keys = graphene.List(
        graphene.NonNull(KemKey),
        required=True,
        description=f"Public keys by their hashes, at most {MOST_KEYS}. Unknown hashes are left out.",
        hashes=graphene.List(graphene.NonNull(Bytes), required=True, description="SHA-256 of the keys wanted."),
    )
    me = graphene.Field(Member, required=True, description="The member who asks.")
    colleagues = graphene.List(
        graphene.NonNull(Member),
        required=True,
        description="The members of the own agency, oneself included.",
    )
    agency_keys = graphene.List(
        graphene.NonNull(AgencyKey),
        required=True,
        description="The own agency's epoch seeds, sealed to the asking member.",
    )

    @staticmethod
    def resolve_network(root: object, info: Any) -> Network:
        current = directory.in_force()
        body = current.network.body
        return Network(id=body.network, practice=body.practice, now=clock.now(), directory=checkpoint_shown(_newest()))

    @staticmethod
    def resolve_directory(root: object, info: Any, after: int, first: int) -> DirectoryPage:
        return _page(_newest(), after, first)

    @staticmethod
    def resolve_directory_to_cosign(root: object, info: Any, after: int, first: int) -> DirectoryPage:
        signed = log.newest_signed(log.DIRECTORY)
        if signed is None:
            raise Refused("not_found", "No network has been founded on this hub yet.")
        return _page(signed, after, first)

    @staticmethod
    def resolve_kem_keys(root: object, info: Any, hashes: list[bytes]) -> list[KemKey]:
        somebody_in(info, scope=ANY)
        if len(hashes) > MOST_KEYS:
            raise Refused("limit_exceeded", field="hashes", most=MOST_KEYS)
        return [
            KemKey(sha256=unb64(row.sha256), key=bytes(row.key))
            for row in KemKeyRow.objects.filter(sha256__in=[b64(one) for one in hashes])
        ]

    @staticmethod
    def resolve_me(root: object, info: Any) -> Member:
        return member_of(MemberRow.objects.get(pk=somebody_in(info, scope=ANY).member))

    @staticmethod
    def resolve_colleagues(root: object, info: Any) -> list[Member]:
        return _members(members_of(actor_in(info, scope=ANY).agency).order_by("handle"))

    @staticmethod
    def resolve_agency_keys(root: object, info: Any) -> list[AgencyKey]:
        actor = actor_in(info, scope=ANY)
        own = directory.in_force().now().agency(actor.agency)
        epochs = own.last_epoch if own is not None else 0  # the next one's seeds are there before it is in force
        rows = seeds_of(actor.agency).filter(member_id=actor.member, epoch__lte=epochs)
        return [AgencyKey(epoch=row.epoch, sealed=bytes(row.sealed)) for row in rows.order_by("epoch")]


class CosignDirectory(graphene.Mutation):
    """A witness's line for the newest signed checkpoint. Says whether that is in force now. Safe to repeat."""

    class Arguments:
        size = graphene.Int(required=True, description="The size of the checkpoint.")
        line = graphene.String(required=True, description="The line (C2SP tlog-cosignature), with its line break.")

    Output = graphene.NonNull(graphene.Boolean)

    @staticmethod
    def mutate(root: object, info: Any, size: int, line: str) -> bool:
        return publishing.cosign(size, line, info.context.address)


class Mutation(graphene.ObjectType):
    cosign_directory = CosignDirectory.Field()


def _page(newest: CheckpointRow, after: int, first: int) -> DirectoryPage:
    if after < 0 or not 1 <= first <= MOST_ENTRIES:
        raise Refused("limit_exceeded", field="first", most=MOST_ENTRIES)
    entries = log.entries(log.DIRECTORY, after, min(newest.size, after + first))
    return DirectoryPage(checkpoint=checkpoint_shown(newest), entries=[entry.decode() for entry in entries])


def _newest() -> CheckpointRow:
    newest = log.newest_in_force(log.DIRECTORY)
    if newest is None:
        raise Refused("not_found", "No network is in force on this hub yet: it is not founded, or not witnessed.")
    return newest


def checkpoint_shown(row: CheckpointRow) -> Checkpoint:
    return Checkpoint(note=row.note, size=row.size, root=bytes(row.root))


def _members(rows: Iterable[MemberRow]) -> list[Member]:
    """Members as the directory has them in force; those who have left are not shown."""
    found = (member_of(row) for row in rows)
    return [one for one in found if one.roles]


def member_of(row: MemberRow) -> Member:
    """A member as the API shows it."""
    listed = directory.in_force().now().member(row.agency_id, str(row.pk)) if row.agency_id else None
    return Member(
        id=str(row.pk),
        handle=row.handle,
        name=row.name_mn,
        name_en=row.name_en,
        agency=row.agency_id or "",
        roles=listed.roles if listed else [],
    )
