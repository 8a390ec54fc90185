"""A member's attachments on their way (protocol §6): sealed from the disk, uploaded over a bad line, saved again, or
sealed anew for somebody else.
"""

import errno
import os
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from ortoo.attached import Attached, AttachmentError, clean_name
from ortoo.client import Client, HubError
from ortoo.protocol import attachments, schemas
from ortoo.protocol.attachments import PIECE, Measure, SealedFile
from ortoo.protocol.errors import Refused
from ortoo.protocol.sealing import Binding, Stored

STALLS: Final = 5  # answers of a hub without any progress

Progress = Callable[[int, int], None]  # bytes that are over, of how many
Fetch = Callable[[str, int], Awaitable[bytes]]  # of which part, from which byte on: to the end of the piece


def quietly(over: int, all: int) -> None:
    """Tells nobody."""


def seal(attached: Attached, part: str, binding: Binding, folder: Path) -> SealedFile:
    """Seal a file into the folder, where it lies under its hash until it was sent. Fresh key, every time."""
    key, sealed, text = secrets.token_bytes(32), Measure(), Measure()
    with _lying(folder, sealed) as write:
        chunks = text.of(attached.content.read())
        write(attachments.seal(key, binding.part(part), chunks, attached.size))
        if text.sha256 != attached.sha256:
            raise Refused("hash_mismatch", "The file changed while it was read.", part=part)
    return SealedFile(attached.said(part), key, sealed.stored)


async def seal_anew(
    fetch: Fetch,
    folder: Path,
    opening: attachments.Opening,
    binding: Binding,
    *,
    said: schemas.File,
    part: str,
    size: int,
    on_progress: Progress = quietly,
) -> SealedFile:
    """Fetch a sealed file and seal it for another document, where it is `part`: opened nowhere but in memory, a piece
    at a time. One that is not authentic to its end leaves nothing.
    """
    key, sealed = secrets.token_bytes(32), Measure()
    sealing = attachments.Sealing(key, binding.part(part), said.size)
    with _lying(folder, sealed) as write:
        async with aclosing(_opened(fetch, opening, said.part, size, on_progress)) as texts:
            async for text in texts:
                write([sealing.take(text)])
        write(sealing.end())
    return SealedFile(msgspec.structs.replace(said, part=part), key, sealed.stored)


@contextmanager
def _lying(folder: Path, sealed: Measure) -> Iterator[Callable[[Iterable[bytes]], None]]:
    """Writes what is sealed into the folder, where it lies under its hash once that ended well."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = folder / f".{secrets.token_hex(8)}.sealing"
    try:
        with _private(partial) as file:
            yield lambda chunks: file.writelines(sealed.of(chunks))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(sealed_path(folder, sealed.sha256))
    finally:
        partial.unlink(missing_ok=True)


def sealed_path(folder: Path, sha256: str) -> Path:
    return folder / f"{sha256}.sealed"


# --- uploading --------------------------------------------------------------------------------------------------------


async def upload(client: Client, path: Path, stored: Stored, on_progress: Progress = quietly) -> None:
    """Bring a sealed file to the hub, from where an earlier try ended.

    Raises HubUnreachable, Refused, HubError; `blob_missing` where the sealed file is here no more.
    """
    begun = await client.upload(stored.sha256)
    at, stalls = begun.received if begun is not None else 0, 0
    is_whole = begun is not None and begun.whole
    try:
        file = path.open("rb")
    except OSError:
        raise Refused("blob_missing", "The sealed file is not on this device any more.") from None
    with file:
        while not is_whole:
            on_progress(at, stored.size)
            offset = min(at, stored.size - 1) // PIECE * PIECE  # where all is here, the last one lets the hub look
            file.seek(offset)
            try:
                answer = await client.upload_piece(stored.sha256, stored.size, offset, file.read(PIECE))
            except Refused as refused:
                if refused.code != "upload_unknown" or stalls >= STALLS:
                    raise
                at, stalls = 0, stalls + 1
                continue
            stalls = 0 if answer.received > at else stalls + 1
            if stalls > STALLS or not 0 <= answer.received <= stored.size:
                raise HubError("bad_answer", "The upload does not go on.")
            at, is_whole = answer.received, answer.whole
    on_progress(stored.size, stored.size)


# --- saving -----------------------------------------------------------------------------------------------------------


async def save(
    fetch: Fetch,
    folder: Path,
    opening: attachments.Opening,
    *,
    said: schemas.File,
    size: int,
    on_progress: Progress = quietly,
) -> Path:
    """Fetch a sealed file, open it, and put it into the folder under a name that is free. Gives where.

    Until all of it is authentic it has no name there; a fetching that ends early leaves nothing.
    Raises AttachmentError (`no_such_folder`), Refused, HubError, HubUnreachable.
    """
    if not folder.is_dir():
        raise AttachmentError("no_such_folder", str(folder))
    try:
        with _unnamed(folder) as (file, give_name):
            async with aclosing(_opened(fetch, opening, said.part, size, on_progress)) as texts:
                async for text in texts:
                    file.write(text)
            file.flush()
            os.fsync(file.fileno())
            return _named(folder, clean_name(said.name), give_name)
    except OSError:
        raise AttachmentError("not_saved", str(folder)) from None


async def _opened(
    fetch: Fetch, opening: attachments.Opening, part: str, size: int, on_progress: Progress
) -> AsyncGenerator[bytes, None]:
    """The file, a piece at a time; authentic once it has ended."""
    at = 0
    while at < size:
        on_progress(at, size)
        piece = await fetch(part, at)
        if not piece or len(piece) > PIECE:
            raise HubError("bad_answer", "The file does not go on.")
        yield opening.take(piece)
        at += len(piece)
    yield opening.end()
    on_progress(size, size)


def _named(folder: Path, name: str, give_name: Callable[[Path], None]) -> Path:
    """The first free one of «name», «name (2)», «name (3)» …: never over another file."""
    stem, dot, ending = name.rpartition(".")
    stem, ending = (stem, dot + ending) if stem else (name, "")
    for number in range(1, 10_000):
        path = folder / (name if number == 1 else f"{stem} ({number}){ending}")
        try:
            give_name(path)
            return path
        except FileExistsError:
            continue
    raise OSError(errno.EEXIST, "no name is free")


@contextmanager
def _unnamed(folder: Path) -> Iterator[tuple[BinaryIO, Callable[[Path], None]]]:
    """A private file in the folder that has no name until it is given one; without it, nothing of it stays."""
    descriptor = None
    if hasattr(os, "O_TMPFILE"):
        with suppress(OSError):  # a file system that has none
            descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600)
    if descriptor is not None:
        with os.fdopen(descriptor, "wb") as file:
            # With a folder's descriptor, which an absolute path does not need, it is linkat that follows the link.
            yield file, lambda path: os.link(f"/proc/self/fd/{descriptor}", path, src_dir_fd=descriptor)
        return
    partial = folder / f".{secrets.token_hex(8)}.part"
    try:
        with _private(partial) as file:
            yield file, lambda path: os.link(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _private(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
