"""Sealed files: handed in and handed out piece by piece (protocol §6)."""

from typing import Any

import graphene

from agencies import clock
from agencies.access import ANY, WORKERS, actor_in
from agencies.scalars import Bytes, uuid_of
from agencies.signing_in import Actor
from ortoo.protocol.attachments import PIECE
from ortoo.protocol.errors import Refused
from referrals import files, reading
from referrals.models import File


class Upload(graphene.ObjectType):
    """How far the own agency's upload of a sealed file is. It runs out after 24 hours, unless a document names it."""

    size = graphene.Int(required=True, description="Bytes of the whole.")
    received = graphene.Int(required=True, description="Bytes that are here, from the beginning: go on from there.")
    whole = graphene.Boolean(required=True, description="Whether all is here, and is what it was said to be.")


def upload_shown(row: File) -> Upload:
    return Upload(size=row.size, received=row.received, whole=row.whole)


def _uploader_in(info: Any) -> Actor:
    actor = actor_in(info, *WORKERS, scope=ANY)
    if not actor.scopes & {"send", "answer"}:
        raise Refused("role_not_allowed", "This token is not good for that.", field="scope")
    return actor


class Query(graphene.ObjectType):
    upload = graphene.Field(
        Upload,
        description="The own agency's upload of that file; null where there is none, or none any more.",
        sha256=Bytes(required=True, description="SHA-256 of the sealed file."),
    )
    file_piece = graphene.Field(
        Bytes,
        required=True,
        description="Sealed bytes of a file that the own agency may read now: from `offset` to the end of the piece.",
        referral=graphene.ID(required=True, description="The referral."),
        event=graphene.ID(description="The step whose note it belongs to; null for a file of the referral itself."),
        part=graphene.String(required=True, description="The part's name, as the document lists it."),
        offset=graphene.Int(required=True, description=f"From which byte on. Pieces are of {PIECE} bytes."),
    )

    @staticmethod
    def resolve_upload(root: object, info: Any, sha256: bytes) -> Upload | None:
        row = files.upload_of(_uploader_in(info), sha256)
        return upload_shown(row) if row is not None else None

    @staticmethod
    def resolve_file_piece(
        root: object, info: Any, referral: str, part: str, offset: int, event: str | None = None
    ) -> bytes:
        actor = actor_in(info, *WORKERS, scope="read")
        step = uuid_of(event, "event") if event is not None else None
        return reading.file_piece(actor, uuid_of(referral, "referral"), step, part, offset, at=clock.now())


class UploadPiece(graphene.Mutation):
    """Hand in a piece of a sealed file. A piece that does not go on from what is here is passed over: the answer says
    from where to go on.
    """

    class Arguments:
        sha256 = Bytes(required=True, description="SHA-256 of the whole sealed file, by which it is known.")
        size = graphene.Int(required=True, description="Bytes of the whole sealed file.")
        offset = graphene.Int(required=True, description=f"Where the piece begins: a multiple of {PIECE}.")
        piece = Bytes(required=True, description=f"{PIECE} bytes, or the rest.")

    Output = graphene.NonNull(Upload)

    @staticmethod
    def mutate(root: object, info: Any, sha256: bytes, size: int, offset: int, piece: bytes) -> Upload:
        return upload_shown(files.take_piece(_uploader_in(info), sha256, size, offset, piece))


class Mutation(graphene.ObjectType):
    upload_piece = UploadPiece.Field()
