"""What a hub, its storage or somebody else does with sealed files that it should not; and what is left of them."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg
import pytest

from ortoo.attached import AttachmentError, clean_name
from ortoo.client import HubError
from ortoo.protocol.attachments import LARGEST, PIECE, padded_length
from ortoo.protocol.documents import b64, sha256
from ortoo.protocol.errors import Refused
from ortoo.protocol.sealing import sealed_length
from ortoo.session import Session
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.members import at_work
from tests.stores import Stores
from tests.stories.conftest import a_hub
from tests.stories.test_attachments import CONTENT, a_file, files_of, newest, rows, stored, with_files

Pieces = list[Path]
SMALLEST: Final = sealed_length(padded_length(0))  # bytes of a sealed file
AGO: Final = "2020-01-01 00:00:00+00:00"


@pytest.fixture(scope="module")
def hub(stores: Stores) -> Iterator[Hub]:
    """Of this module alone: its storage is damaged, and its uploads grow old."""
    yield from a_hub("sqlite", stores)


def pieces_of(hub: Hub, file: int) -> Pieces:
    """The objects of a file, in order."""
    names = hub.store.execute(f"SELECT name FROM referrals_piece WHERE file_id = {file} ORDER BY number")  # noqa: S608
    return [hub.practice / "files" / name[:2] / name for (name,) in names]


# --- a hub that lies --------------------------------------------------------------------------------------------------


def swapped(ours: Pieces, _: Pieces) -> None:
    first, second = ours[0].read_bytes(), ours[1].read_bytes()
    ours[0].write_bytes(second)
    ours[1].write_bytes(first)


def flipped(ours: Pieces, _: Pieces) -> None:
    raw = bytearray(ours[1].read_bytes())
    raw[1000] ^= 1
    ours[1].write_bytes(raw)


def truncated(ours: Pieces, _: Pieces) -> None:
    ours[-1].write_bytes(ours[-1].read_bytes()[:-100])


def longer(ours: Pieces, _: Pieces) -> None:
    ours[-1].write_bytes(ours[-1].read_bytes() + b"x" * 100)


def from_another(ours: Pieces, theirs: Pieces) -> None:
    ours[1].write_bytes(theirs[1].read_bytes())


def all_of_another(ours: Pieces, theirs: Pieces) -> None:
    for one, other in zip(ours, theirs, strict=True):
        one.write_bytes(other.read_bytes())


def one_twice(ours: Pieces, _: Pieces) -> None:
    ours[1].write_bytes(ours[0].read_bytes())


def missing(ours: Pieces, _: Pieces) -> None:
    ours[1].unlink()


LIES: Final[dict[Callable[[Pieces, Pieces], None], str]] = {
    swapped: "cannot_open",
    flipped: "cannot_open",
    truncated: "bad_answer",
    longer: "size_mismatch",
    from_another: "cannot_open",
    all_of_another: "cannot_open",
    one_twice: "cannot_open",
    missing: "blob_missing",
}


async def test_a_reader_refuses_what_is_not_the_file_and_keeps_nothing_of_it(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (first,) = await nara.send(with_files("needs", a_file(tmp_path)))
        theirs = pieces_of(hub, newest(hub).id)
        # The same file, of the same person, to the same agency: it is another referral's all the same.
        (second,) = await nara.send(with_files("needs", a_file(tmp_path)))
        ours = pieces_of(hub, newest(hub).id)
        assert first.id != second.id
        assert len(ours) == len(theirs) == 3
        (attachment,) = files_of(await delger.open_referral(second.id))
        whole = [one.read_bytes() for one in ours]
        seen = {}
        for lie in LIES:
            lie(ours, theirs)
            with pytest.raises((Refused, HubError)) as refused:
                await delger.save(attachment, folder)
            assert isinstance(refused.value, Refused | HubError)
            seen[lie] = refused.value.code
            assert list(folder.iterdir()) == []
            for one, content in zip(ours, whole, strict=True):
                one.write_bytes(content)
        assert seen == LIES
        assert (await delger.save(attachment, folder)).read_bytes() == CONTENT


# --- names ------------------------------------------------------------------------------------------------------------


async def test_a_name_that_was_made_to_do_harm_is_a_name_in_the_folder(hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "evil.sh").write_text("mine")
    attached = replace(a_file(tmp_path, "x.txt", b"hello"), name="../../\u202eevil.sh", type="image/png; run me")
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(with_files("needs", attached))
        (one,) = files_of(await delger.open_referral(sent.id))
        paths = [await delger.save(one, folder) for _ in range(2)]
        assert [path.name for path in paths] == ["_evil.sh", "_evil (2).sh"]
        assert {path.parent for path in paths} == {folder}
        assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
        assert (folder / "evil.sh").read_text() == "mine"
        with pytest.raises(AttachmentError, match="no_such_folder"):
            await delger.save(one, folder / "not there")
        # Nor does the place of a name lead elsewhere, and its type is one that is known, or none.
        (folder / "_evil (3).sh").symlink_to(tmp_path / "elsewhere")
        assert (await delger.save(one, folder)).name == "_evil (4).sh"
        assert not (tmp_path / "elsewhere").exists()
    listed = Ortoo(hub.practice, hub.url)("--as", "mgec.delger", "--lang", "en", "open", sent.id).stdout
    assert "_evil.sh · application/octet-stream · " in listed


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("wages-2026.jpg", "wages-2026.jpg"),
        ("Гэрээ №3.pdf", "Гэрээ №3.pdf"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("..", "file"),
        (".bashrc", "bashrc"),
        ("", "file"),
        ("-rf.sh", "rf.sh"),
        ("--", "file"),
        ("a\nb\x1b[2J.txt", "a_b_[2J.txt"),
        ("CON.txt", "_CON.txt"),
        ("photo.jpg ", "photo.jpg"),
        ("a:b|c.txt", "a_b_c.txt"),
        ("ю" * 200 + ".jpg", "ю" * 58 + ".jpg"),
    ],
)
def test_names_are_made_clean(name: str, clean: str) -> None:
    assert clean_name(name) == clean


# --- a storage that fails ---------------------------------------------------------------------------------------------


async def test_an_upload_goes_on_after_the_storage_failed_in_the_middle_and_begins_anew_where_it_lost_a_piece(
    hub: Hub,
) -> None:
    hub.store.manage("work", "--once")
    before = stored(hub), rows(hub, "file"), rows(hub, "piece")
    sealed = secrets.token_bytes(2 * PIECE + 5000)
    named, size = b64(sha256(sealed)), len(sealed)
    folder, away = hub.practice / "files", hub.practice / "away"
    async with at_work(hub, "mrc.nara") as nara:
        upload = nara.client.upload_piece
        await upload(named, size, 0, sealed[:PIECE])
        folder.rename(away)
        folder.write_text("no folder")  # whatever is written or read fails
        with pytest.raises(HubError, match="internal"):
            await upload(named, size, PIECE, sealed[PIECE : 2 * PIECE])
        at = await nara.client.upload(named)
        assert at is not None
        assert (at.received, at.whole) == (PIECE, False)
        folder.unlink()
        away.rename(folder)
        assert (await upload(named, size, PIECE, sealed[PIECE : 2 * PIECE])).received == 2 * PIECE
        pieces_of(hub, newest(hub).id)[0].unlink()
        with pytest.raises(Refused) as refused:
            await upload(named, size, 2 * PIECE, sealed[2 * PIECE :])
        assert refused.value.code == "upload_unknown"
        for at in range(0, size, PIECE):
            ended = await upload(named, size, at, sealed[at : at + PIECE])
        assert ended.whole
        # The last piece of something else, by two at once: refused to both, and nothing of it is left.
        other = b64(sha256(b"else"))
        await upload(other, PIECE + 5000, 0, sealed[:PIECE])
        both = await asyncio.gather(
            *(upload(other, PIECE + 5000, PIECE, sealed[PIECE : PIECE + 5000]) for _ in range(2)),
            return_exceptions=True,
        )
        assert {one.code for one in both if isinstance(one, Refused)} <= {"hash_mismatch", "upload_unknown"}
        assert sum(isinstance(one, Refused) for one in both) == 2
        hub.store.execute(f"UPDATE referrals_file SET changed_at = '{AGO}' WHERE set_id IS NULL")  # noqa: S608
        hub.store.execute(f"UPDATE referrals_piece SET remove_at = '{AGO}' WHERE file_id IS NULL")  # noqa: S608
    hub.store.manage("work", "--once")
    assert (stored(hub), rows(hub, "file"), rows(hub, "piece")) == before


def test_an_upload_that_a_document_names_as_it_runs_out_stays(stores: Stores) -> None:
    with stores.opened("postgres", "founded") as store:
        store.execute("INSERT INTO referrals_sealedset DEFAULT VALUES")
        store.execute(
            "INSERT INTO referrals_file (agency_id, sha256, size, received, whole, part, changed_at)"  # noqa: S608
            f" SELECT handle, '\\x{'ab' * 32}', {SMALLEST}, {SMALLEST}, true, '', '{AGO}' FROM agencies_agency LIMIT 1"
        )
        with psycopg.connect(store.database_url) as naming, ThreadPoolExecutor(1) as beside:
            naming.execute(
                "UPDATE referrals_file SET part = 'needs/file-1', set_id = (SELECT max(id) FROM referrals_sealedset)"
            )
            sweeping = beside.submit(store.manage, "work", "--once")
            waits = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            while not store.execute(waits) and not sweeping.done():
                time.sleep(0.02)
            naming.commit()
            sweeping.result(60)
        assert store.execute("SELECT part FROM referrals_file") == [("needs/file-1",)]


# --- what uploads may not ---------------------------------------------------------------------------------------------


async def test_an_upload_is_what_it_says_or_nothing_of_it_stays(hub: Hub) -> None:
    sealed = secrets.token_bytes(PIECE + 5000)
    named = b64(sha256(sealed))
    other = b64(sha256(b"else"))
    before = stored(hub), rows(hub, "file"), rows(hub, "piece")
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        upload = nara.client.upload_piece
        refusals: list[tuple[str, tuple[str, int, int, bytes]]] = [
            ("malformed", (b64(bytes(20)), len(sealed), 0, sealed[:PIECE])),
            ("malformed", (named, len(sealed), 17, sealed[:PIECE])),
            ("size_mismatch", (named, len(sealed), 0, sealed[: PIECE - 1])),
            ("size_mismatch", (named, len(sealed), 0, sealed[: PIECE + 1])),
            ("size_mismatch", (named, len(sealed), 4 * PIECE, sealed[:5000])),
            ("limit_exceeded", (named, LARGEST + 1, 0, sealed[:PIECE])),
            ("limit_exceeded", (named, 100, 0, sealed[:100])),
            ("upload_unknown", (named, len(sealed), PIECE, sealed[PIECE:])),
        ]
        for code, asked in refusals:
            with pytest.raises(Refused) as refused:
                await upload(*asked)
            assert refused.value.code == code
        assert (stored(hub), rows(hub, "file"), rows(hub, "piece")) == before

        assert (await upload(other, len(sealed), 0, sealed[:PIECE])).received == PIECE
        assert (await upload(other, len(sealed), 0, sealed[:PIECE])).received == PIECE  # sent again: passed over
        with pytest.raises(Refused) as refused:
            await upload(other, len(sealed) + 1, 0, sealed[:PIECE])
        assert refused.value.code == "size_mismatch"
        assert await delger.client.upload(other) is None  # another agency's is another upload
        with pytest.raises(Refused) as refused:
            await upload(other, len(sealed), PIECE, sealed[PIECE:])
        assert refused.value.code == "hash_mismatch"
        assert await nara.client.upload(other) is None
        assert (stored(hub), rows(hub, "file"), rows(hub, "piece")) == before

        # Begun, and never gone on with: after a day it is gone, rows and objects.
        await upload(named, len(sealed), 0, sealed[:PIECE])
        hub.store.manage("work", "--once")
        assert len(stored(hub)) == len(before[0]) + 1
        hub.store.execute(f"UPDATE referrals_file SET changed_at = '{AGO}' WHERE set_id IS NULL")  # noqa: S608
        # An object that was written by a process that was killed before it counted, and one that could not be removed.
        hub.store.execute(f"INSERT INTO referrals_piece (name, remove_at) VALUES ('{'a' * 40}', '{AGO}')")  # noqa: S608
        orphan = hub.practice / "files" / "aa" / ("a" * 40)
        orphan.parent.mkdir(exist_ok=True)
        orphan.write_bytes(b"left over")
        hub.store.manage("work", "--once")
        assert (stored(hub), rows(hub, "file"), rows(hub, "piece")) == before
        assert await nara.client.upload(named) is None


async def test_an_agency_fills_no_more_than_its_quota_and_begins_no_more_than_its_rate(hub: Hub) -> None:
    hub.stop()
    hub.store = replace(hub.store, more={**hub.store.more, "ORTOO_FILES_QUOTA": "1"})
    hub.start()
    async with at_work(hub, "osc.uyanga") as uyanga, at_work(hub, "mgec.delger") as delger:

        async def small(session: Session) -> bool:
            """Another upload of one small piece."""
            sealed = secrets.token_bytes(SMALLEST)
            return (await session.client.upload_piece(b64(sha256(sealed)), SMALLEST, 0, sealed)).whole

        async def refused_after(begin: Callable[[], Awaitable[object]]) -> tuple[int, Refused]:
            begun = 0
            while True:
                try:
                    await begin()
                except Refused as refused:
                    return begun, refused
                begun += 1

        def large() -> Awaitable[object]:
            return uyanga.client.upload_piece(b64(secrets.token_bytes(32)), LARGEST, 0, bytes(PIECE))

        def waits(count: int, size: int) -> None:
            """As if it had begun so many more."""
            agency = hub.store.execute("SELECT agency_id FROM referrals_file ORDER BY id DESC LIMIT 1")[0][0]
            for _ in range(count):
                hub.store.execute(
                    "INSERT INTO referrals_file (agency_id, sha256, size, received, whole, part, changed_at)"  # noqa: S608
                    f" VALUES ('{agency}', x'{secrets.token_hex(32)}', {size}, 0, false, '', '2099-01-01')"
                )

        await large()
        room = 2**30 // LARGEST
        waits(room - 2, LARGEST)
        begun, refused = await refused_after(large)
        assert (begun, refused.code, refused.at["field"]) == (1, "limit_exceeded", "files")
        waits(64 - room - 1, SMALLEST)
        begun, refused = await refused_after(lambda: small(uyanga))
        assert (begun, refused.code, refused.at["field"]) == (1, "limit_exceeded", "uploads")
        hub.store.execute("UPDATE agencies_bucket SET tries = 0.5")
        _, refused = await refused_after(lambda: small(uyanga))
        assert refused.code == "throttled"
        assert int(refused.at["after"]) >= 1
        assert await small(delger)  # nobody else is held up by it
