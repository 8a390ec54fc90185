"""Sealed files in Django's storage (protocol §6): handed in piece by piece, kept as pieces, handed out by ranges.

No more than one piece is ever in memory. A piece is one object of the storage under a random name; whose it is stands
in the database alone, which knows of each object before it is there and until it is gone.
"""

import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from agencies import throttling
from agencies.models import Agency
from agencies.signing_in import Actor
from agencies.throttling import Limit
from ortoo.protocol import schemas
from ortoo.protocol.attachments import LARGEST, PIECE, padded_length
from ortoo.protocol.documents import b64, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.sealing import Blobs, Stored, sealed_length
from referrals.models import File, Piece, SealedSet

log = structlog.get_logger()

SMALLEST: Final = sealed_length(padded_length(0))  # bytes of a sealed file
RUNS_OUT_AFTER: Final = timedelta(hours=24)  # an upload that no document names
WRITTEN_WITHIN: Final = timedelta(hours=1)  # a piece that is on its way into the storage
MOST_WAITING: Final = 64  # uploads of an agency that no document names yet
BEGINNING: Final = Limit("upload", tries=100, back=10)  # of an agency: a new file each ten seconds, some at once
AGAIN_AFTER: Final = timedelta(minutes=1)
AT_ONCE: Final = 500  # objects that are removed in one go
WHILE_ASKED: Final = 64  # of them within a request; the worker removes the others within a minute


# --- handing in -------------------------------------------------------------------------------------------------------


def upload_of(actor: Actor, sha256: bytes) -> File | None:
    """How far the agency's upload of that file is; None where there is none (any more)."""
    return File.objects.filter(agency_id=actor.agency, sha256=sha256).first()


def take_piece(actor: Actor, sha256: bytes, size: int, offset: int, piece: bytes) -> File:
    """Take in the piece at `offset`; gives how far the upload is. Whatever does not go on from there is passed over,
    so that a piece may be sent again. With the last one the whole is read and hashed.

    Raises:
        Refused: `malformed`, `size_mismatch`, `limit_exceeded` (length, too many at once, the agency's quota);
            `throttled`; `upload_unknown` where it should go on and there is none; `hash_mismatch` where all of it is
            something else than it was said to be, and then nothing of it is kept.
    """
    _check_piece(sha256, size, offset, piece)
    file = upload_of(actor, sha256) or _begin(actor, sha256, size, offset)
    if file.size != size:
        raise Refused("size_mismatch", field="size")
    if file.received == offset and not file.whole:
        _write(file, offset, piece)
        file = _going_on(actor, sha256)
    if file.received == file.size and not file.whole:
        _check_whole(file)
        file = _going_on(actor, sha256)
    return file


def _going_on(actor: Actor, sha256: bytes) -> File:
    """The upload as it is now. It may have run out in between, or come to nothing by another's last piece."""
    file = upload_of(actor, sha256)
    if file is None:
        raise Refused("upload_unknown")
    return file


def _check_piece(sha256: bytes, size: int, offset: int, piece: bytes) -> None:
    if len(sha256) != 32 or offset < 0 or offset % PIECE:
        raise Refused("malformed", f"A piece begins at a multiple of {PIECE} bytes.", field="offset")
    if not SMALLEST <= size <= LARGEST:
        raise Refused("limit_exceeded", field="size", most=LARGEST)
    if offset >= size or len(piece) != min(PIECE, size - offset):
        raise Refused("size_mismatch", f"A piece has {PIECE} bytes, the last one the rest.", field="piece")


def _begin(actor: Actor, sha256: bytes, size: int, offset: int) -> File:
    if offset:
        raise Refused("upload_unknown")
    throttling.take((BEGINNING, actor.agency))
    with transaction.atomic():
        Agency.objects.select_for_update().get(pk=actor.agency)  # its quota is counted by one at a time
        own = File.objects.filter(agency_id=actor.agency)
        if own.filter(set=None).count() >= MOST_WAITING:
            raise Refused("limit_exceeded", field="uploads", most=MOST_WAITING)
        if (own.aggregate(all=Sum("size"))["all"] or 0) + size > settings.ORTOO_FILES_QUOTA:
            raise Refused("limit_exceeded", field="files", most=settings.ORTOO_FILES_QUOTA)
        begun, _ = own.get_or_create(
            sha256=sha256, defaults={"agency_id": actor.agency, "size": size, "changed_at": timezone.now()}
        )
    return begun


def _write(file: File, offset: int, content: bytes) -> None:
    """The object first, outside of any transaction, then that it counts: of two at the same place one does."""
    now = timezone.now()
    piece = Piece.objects.create(name=secrets.token_hex(20), remove_at=now + WRITTEN_WITHIN)
    _save(piece.name, content)
    with transaction.atomic():
        due = File.objects.filter(pk=file.pk, received=offset, set=None)
        if due.update(received=offset + len(content), changed_at=timezone.now()):
            Piece.objects.filter(pk=piece.pk).update(file=file, number=offset // PIECE, remove_at=None)
        else:
            Piece.objects.filter(pk=piece.pk).update(remove_at=now)


def _save(name: str, content: bytes) -> None:
    default_storage.save(_path(name), ContentFile(content))
    if isinstance(default_storage, FileSystemStorage):  # an acknowledged piece survives a power cut
        path = default_storage.path(_path(name))
        for one in (path, os.path.dirname(path)):
            opened = os.open(one, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)


def _check_whole(file: File) -> None:
    digest = hashlib.sha256()
    try:
        for content in _contents(file):
            digest.update(content)
    except FileNotFoundError:  # discarded meanwhile, or the storage lost it: it has to come again
        _discard_upload(file)
        raise Refused("upload_unknown") from None
    if digest.digest() != bytes(file.sha256):
        _discard_upload(file)
        raise Refused("hash_mismatch", "What was uploaded is something else than it was said to be.", field="sha256")
    File.objects.filter(pk=file.pk).update(whole=True, changed_at=timezone.now())


def _discard_upload(file: File) -> None:
    with transaction.atomic():
        discard(File.objects.filter(pk=file.pk, set=None))


# --- belonging to a document ------------------------------------------------------------------------------------------


def named_in(agency: str, sealed: schemas.Sealed | None, blobs: Blobs) -> Blobs:
    """The blobs, with the files that the document names, as far as the agency has uploaded them."""
    listed = _files_of(sealed) if sealed is not None else []
    if not listed:
        return blobs
    free = File.objects.filter(agency_id=agency, whole=True, set=None)
    found = {
        bytes(sha256): Stored(size, b64(bytes(sha256)))
        for sha256, size in free.filter(sha256__in=[unb64(part.sha256) for part in listed]).values_list(
            "sha256", "size"
        )
    }
    stored = {part.name: found[unb64(part.sha256)] for part in listed if unb64(part.sha256) in found}
    return Blobs(blobs.parts, blobs.wraps, blobs.keys, stored)


def taken_before(agency: str, sealed: schemas.Sealed, blobs: Blobs) -> Blobs:
    """The blobs of a document that was accepted before, with its files, whatever has become of them since."""
    forget_again(agency, sealed)
    stored = {part.name: Stored(part.size, part.sha256) for part in _files_of(sealed)}
    return Blobs(blobs.parts, blobs.wraps, blobs.keys, stored)


def forget_again(agency: str, sealed: schemas.Sealed | None) -> None:
    """Files that were uploaded once more for a document that had been accepted: whoever had no answer did not know, and
    what was taken back meanwhile must not be here again.
    """
    again = [unb64(part.sha256) for part in _files_of(sealed)] if sealed is not None else []
    if not again:
        return
    with transaction.atomic():
        discard(File.objects.filter(agency_id=agency, sha256__in=again, set=None))


def check_none_beside(blobs: Blobs) -> None:
    """A file is uploaded by itself, never handed in as a whole with its document: `blob_unexpected`."""
    for part in blobs.parts:
        if "/" in part:
            raise Refused("blob_unexpected", "A file is uploaded, and not handed in with the document.", part=part)


def _files_of(sealed: schemas.Sealed) -> list[schemas.SealedPart]:
    return [part for part in sealed.parts if "/" in part.name]


def take(set: SealedSet, agency: str, stored: Mapping[str, Stored]) -> None:
    """The files belong to this set from now on, in the caller's transaction."""
    for part, one in stored.items():
        free = File.objects.filter(agency_id=agency, sha256=unb64(one.sha256), whole=True, set=None)
        if not free.update(set=set, part=part, changed_at=timezone.now()):
            raise Refused("blob_missing", part=part)


# --- handing out ------------------------------------------------------------------------------------------------------


def read(set: int, part: str, offset: int) -> bytes | None:
    """At most a piece of the file's sealed bytes, from `offset` on; None where there is no such file.

    Raises Refused: `limit_exceeded` for an offset that is none of the file's.
    """
    file = File.objects.filter(set_id=set, part=part).first()
    if file is None:
        return None
    if not 0 <= offset < file.size:
        raise Refused("limit_exceeded", field="offset", most=file.size - 1)
    name = Piece.objects.filter(file=file, number=offset // PIECE).values_list("name", flat=True).first()
    if name is None:
        return None
    try:
        return _load(name)[offset % PIECE :]
    except FileNotFoundError:  # the storage is older than the database
        raise Refused("blob_missing", part=part) from None


def _contents(file: File) -> Iterator[bytes]:
    for name in Piece.objects.filter(file=file).order_by("number").values_list("name", flat=True):
        yield _load(name)


def _load(name: str) -> bytes:
    with default_storage.open(_path(name), "rb") as opened:
        return bytes(opened.read())


def _path(name: str) -> str:
    return f"{name[:2]}/{name}"


# --- removing ---------------------------------------------------------------------------------------------------------


def discard(unwanted: QuerySet[File]) -> None:
    """The files are gone with the caller's transaction; their objects right after it, or as soon as it can be done."""
    # Locked, so that none of them is named by a document in between: then it is not unwanted any more.
    pks = list(unwanted.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    if not pks:
        return
    pieces = list(Piece.objects.filter(file__in=pks).values_list("pk", flat=True))
    Piece.objects.filter(pk__in=pieces).update(file=None, number=None, remove_at=timezone.now())
    File.objects.filter(pk__in=pks).delete()
    transaction.on_commit(lambda: _remove(Piece.objects.filter(pk__in=pieces), WHILE_ASKED), robust=True)


def sweep() -> None:
    """Uploads that ran out, and objects that nobody wants: tried again each time, in any number of processes."""
    with transaction.atomic():
        discard(File.objects.filter(set=None, changed_at__lt=timezone.now() - RUNS_OUT_AFTER))
    _remove(Piece.objects.filter(file=None, remove_at__lte=timezone.now()).order_by("remove_at"), AT_ONCE)


def _remove(unwanted: QuerySet[Piece], most: int) -> None:
    """The object, and then the row that knows of it. Where the storage does not answer, the row stays."""
    for pk, name in unwanted.values_list("pk", "name")[:most]:
        try:
            default_storage.delete(_path(name))
        except Exception as error:
            log.warning("file_kept", error=type(error).__name__)
            Piece.objects.filter(pk=pk).update(remove_at=timezone.now() + AGAIN_AFTER)  # the others first
            return
        Piece.objects.filter(pk=pk).delete()
