"""Files (protocol §6): sealed on their way, resumed over a bad line, read by whom the grant lets read, gone with keys.

Each story meets a real hub over a socket, with the storage that it has: a folder of the practice network.
"""

import asyncio
import math
import secrets
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pytest

from ortoo import consenting
from ortoo.attached import Attached
from ortoo.client import HubUnreachable
from ortoo.form import Form
from ortoo.practice import photo
from ortoo.protocol.attachments import PIECE
from ortoo.protocol.errors import Refused
from ortoo.reading import Attachment
from ortoo.session import Opened, Session
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, all_ids, at_work
from tests.sdk.line import Line
from tests.stores import Stores
from tests.stories.conftest import a_hub

HERE: Final = b"N\0\0\0"  # of the place where the practice photo was taken
CONTENT: Final = secrets.token_bytes(2 * PIECE + 300_000)


@pytest.fixture(scope="module")
def hub(stores: Stores) -> Iterator[Hub]:
    """Of this module alone, which ends it in between; where the store matters, a test takes `own_hub`."""
    yield from a_hub("sqlite", stores)


def stored(hub: Hub) -> list[Path]:
    """What lies in the hub's storage."""
    return sorted(path for path in (hub.practice / "files").rglob("*") if path.is_file())


def rows(hub: Hub, table: str) -> int:
    return int(hub.store.execute(f"SELECT count(*) FROM referrals_{table}")[0][0])  # noqa: S608 - no input


@dataclass(frozen=True)
class Kept:
    """A file as the hub's database knows it. pieces: how many."""

    id: int
    received: int
    pieces: int


def newest(hub: Hub) -> Kept:
    found = hub.store.execute("SELECT id, received FROM referrals_file ORDER BY id DESC LIMIT 1") or [(0, 0)]
    pieces = hub.store.execute(f"SELECT count(*) FROM referrals_piece WHERE file_id = {found[0][0]}")  # noqa: S608
    id, received = found[0]
    return Kept(id, received, pieces[0][0])


def a_file(folder: Path, name: str = "scan.bin", content: bytes = CONTENT) -> Attached:
    (folder / name).write_bytes(content)
    return Attached.of(folder / name)


def with_files(section: str, *files: Attached) -> Form:
    return replace(Form.read(SHELTER_TONIGHT), sender=None, attached={section: files})


def files_of(opened: Opened) -> list[Attachment]:
    return [one for one in opened.files if one is not None]


async def is_not_there(session: Session, referral: str, part: str = "needs/file-1", offset: int = 0) -> bool:
    """Whether a file is told as one that never was."""
    with pytest.raises(Refused) as refused:
        await session.client.file_piece(referral, None, part, offset)
    return refused.value.code == "not_found" and refused.value.at == {}


# --- who reads --------------------------------------------------------------------------------------------------------


async def test_a_photo_goes_with_its_section_to_whom_it_is_granted_and_is_gone_with_it(
    own_hub: Hub, tmp_path: Path
) -> None:
    taken = tmp_path / "taken.jpg"
    photo.write(taken, 1_500_000)
    assert HERE in taken.read_bytes()
    picture, letter = Attached.of(taken), a_file(tmp_path, "letter.bin", b"x" * 70_000)
    folder = tmp_path / "saved"
    folder.mkdir()
    async with (
        at_work(own_hub, "mrc.nara") as nara,
        at_work(own_hub, "mgec.delger") as delger,
        at_work(own_hub, "pct.dorj") as dorj,
    ):
        (sent,) = await nara.send(with_files("needs", picture, letter))
        assert await is_not_there(delger, sent.id)  # not before it has said, signed, that it opens
        opened = await delger.open_referral(sent.id)
        needs = next(part for part in opened.parts if part.name == "needs")
        assert [(one.said.part, one.said.name, one.said.type) for one in needs.files] == [
            ("needs/file-1", "taken.jpg", "image/jpeg"),
            ("needs/file-2", "letter.bin", "application/octet-stream"),
        ]
        assert [part.name for part in opened.parts if part.files] == ["needs"]

        saved = [await delger.save(one, folder) for one in files_of(opened)]
        assert [path.name for path in saved] == ["taken.jpg", "letter.bin"]
        assert saved[1].read_bytes() == b"x" * 70_000
        shown = saved[0].read_bytes()
        assert shown == b"".join(picture.content.read())
        assert HERE not in shown
        assert b"Exif" not in shown
        assert len(shown) > 1_499_000
        assert (await nara.save(files_of(await nara.open_referral(sent.id))[1], folder)).name == "letter (2).bin"

        # To whom it was not sent it never was: as an unknown referral, part and step.
        for part, offset in (("needs/file-1", 0), ("needs/file-9", 0), ("needs/file-1", 10**9)):
            assert await is_not_there(dorj, sent.id, part, offset)
        assert await is_not_there(delger, sent.id, "needs/file-9")
        assert await is_not_there(delger, sent.id, "needs")
        with pytest.raises(Refused, match="limit_exceeded"):
            await delger.client.file_piece(sent.id, None, "needs/file-1", 10**9)
        # A range is what it says: from anywhere to the end of its piece.
        whole = await delger.client.file_piece(sent.id, None, "needs/file-2", 0)
        assert await delger.client.file_piece(sent.id, None, "needs/file-2", 70_001) == whole[70_001:]

        await delger.decline(sent.id, "no_capacity")
        assert await is_not_there(delger, sent.id)
        assert len(stored(own_hub)) == rows(own_hub, "piece") == 3  # the sender's, who may send it to another
        await nara.save(files_of(await nara.open_referral(sent.id))[1], folder)
        await consenting.withdraw(nara, sent.decision.body.consent)
        assert await is_not_there(nara, sent.id)
    assert stored(own_hub) == []
    assert (rows(own_hub, "file"), rows(own_hub, "piece"), rows(own_hub, "partkey")) == (0, 0, 0)


async def test_files_of_a_message_reach_the_other_side_alone(hub: Hub, tmp_path: Path) -> None:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        at_work(hub, "pct.dorj") as dorj,
    ):
        (sent,) = await nara.send(with_files("needs"))
        await delger.open_referral(sent.id)
        after = await delger.message(sent.id, "Хавсаргав.", [a_file(tmp_path)])
        event = after.steps[-1].id
        note = (await nara.show(sent.id)).steps[-1].note
        assert note is not None
        saved = await nara.save(note.files[0], tmp_path)
        assert (saved.name, saved.read_bytes() == CONTENT) == ("scan (2).bin", True)
        for session, part in ((dorj, "note/file-1"), (nara, "note/file-2")):
            with pytest.raises(Refused) as refused:
                await session.client.file_piece(sent.id, event, part, 0)
            assert refused.value.code == "not_found"
        await nara.recall(sent.id, "sent_by_mistake")
        with pytest.raises(Refused) as refused:
            await delger.client.file_piece(sent.id, event, "note/file-1", 0)
        assert refused.value.code == "not_found"


# --- bad lines, and ends in the middle --------------------------------------------------------------------------------


async def test_an_upload_goes_on_where_the_hub_was_when_line_and_hub_and_client_ended(hub: Hub, tmp_path: Path) -> None:
    form = with_files("needs", a_file(tmp_path))
    pieces = math.ceil(form.attached["needs"][0].size / PIECE)
    over: list[int] = []
    cutting: list[asyncio.Task[None]] = []
    async with Line(hub.port) as line, at_work(hub, "mrc.nara", line.url) as nara:

        def cut(at: int, _: int) -> None:
            over.append(at)
            if at >= PIECE and not cutting:
                cutting.append(asyncio.ensure_future(line.cut()))

        nara.on_progress = cut
        with pytest.raises(HubUnreachable):
            await nara.send(form)
        await line.cut()
    assert over[:2] == [0, PIECE]
    hub.kill()
    hub.start()
    begun = newest(hub).received
    assert begun >= PIECE

    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        again: list[int] = []
        nara.on_progress = lambda at, _: again.append(at)
        (sent,) = await nara.send(form)
        assert again[0] == begun
        assert len(nara.drafts) == 0
        saved = await delger.save(files_of(await delger.open_referral(sent.id))[0], tmp_path)
        assert saved.read_bytes() == CONTENT
        assert (await all_ids(nara, "outbox")).count(sent.id) == 1
    assert newest(hub).pieces == pieces
    assert rows(hub, "piece") == len(stored(hub))
    assert not list((hub.practice / "state").rglob("*.sealed"))


def test_a_client_that_is_killed_goes_on_with_the_same_bytes(hub: Hub, tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    path.write_bytes(secrets.token_bytes(12 * PIECE))
    ortoo = Ortoo(hub.practice, hub.url)
    command = ("--as", "mrc.nara", "send", str(SHELTER_TONIGHT), "--yes", "--attach", f"needs={path}")
    sending = ortoo.started(*command)
    until = time.monotonic() + 60
    before = newest(hub)
    while (begun := newest(hub)).id == before.id or begun.received < PIECE:
        assert time.monotonic() < until
        assert sending.poll() is None
    sending.send_signal(signal.SIGKILL)
    sending.wait(20)
    assert newest(hub).received < 12 * PIECE
    referrals = rows(hub, "referral")
    run = ortoo(*command)
    assert run.returncode == 0, run.stdout + run.stderr
    assert rows(hub, "referral") == referrals + 1
    assert newest(hub).id == begun.id  # the same bytes, gone on with
    assert newest(hub).pieces == math.ceil(newest(hub).received / PIECE)


async def test_a_message_that_loses_a_race_is_signed_anew_and_its_file_is_not_uploaded_again(
    hub: Hub, tmp_path: Path
) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mrc.nara") as colleague:
        (sent,) = await nara.send(with_files("needs"))
        fell, before = [], rows(hub, "file")

        def in_between(at: int, size: int) -> None:
            fell.append(at)

        nara.on_progress = in_between
        signed = await nara.sign_step(sent.id, "message", note="Зураг.", files=[a_file(tmp_path)])
        await colleague.message(sent.id, "Өмнө нь.")
        with pytest.raises(Refused) as refused:
            await nara.hand_in(signed)
        assert refused.value.code == "head_moved"
        fell.clear()
        after = await nara.message(sent.id, "Зураг.", [a_file(tmp_path)])
        assert [step.type for step in after.steps] == ["message", "message"]
        assert set(fell) == {fell[-1]}  # all was there
        note = (await nara.show(sent.id)).steps[-1].note
        assert note is not None
        assert (await nara.save(note.files[0], tmp_path)).read_bytes() == CONTENT
    assert rows(hub, "file") == before + 1
