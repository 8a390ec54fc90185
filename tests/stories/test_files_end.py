"""Files go with their last reader: handed back, run out, kept for long enough, taken back. Nothing is left of them."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ortoo import consenting
from ortoo.form import Form
from ortoo.protocol.errors import Refused
from ortoo.reading import Referral
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import at_work
from tests.stories.test_attachments import a_file, is_not_there, rows, stored, with_files
from tests.stories.test_clock import DAY
from tests.stories.test_taking_back import tonight
from tests.stories.test_withdrawing import consent_of, moved


async def files_end(hub: Hub, objects: Callable[[], list[Any]], folder: Path) -> None:
    """objects: what lies in the storage."""
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        scan = with_files("needs", a_file(folder, "scan.bin", b"s" * 4_000))

        async def sent_with_note(number: int) -> tuple[Referral, str]:
            """Sent with a file, opened, and a question with a file asked; with that question."""
            (sent,) = await nara.send(form(number, scan))
            await delger.open_referral(sent.id)
            asked = await delger.step(
                sent.id, "more_asked", note="Ямар?", files=[a_file(folder, "note.bin", b"n" * 2_000)]
            )
            return sent, asked.steps[-1].id

        handed_back, run_out, closed, taken_back = [await sent_with_note(number) for number in (9001, 9002, 9003, 9004)]
        assert len(objects()) == rows(hub, "piece") == 8

        # Taken back by her: nothing is left of it, the question's file neither.
        await consenting.withdraw(nara, consent_of(taken_back[0]))
        assert len(objects()) == rows(hub, "piece") == 6
        for session in (nara, delger):
            assert await are_gone(session, *taken_back)

        # Asked for once more with its files, as where no answer came: it is told as before, and brings nothing back.
        outbox, aside = hub.practice / "state" / "mrc.nara.outbox", folder / "aside"
        draft = await nara.draft(form(9005, scan))
        shutil.copytree(outbox, aside)
        (once,) = await nara.submit(draft)
        await consenting.withdraw(nara, consent_of(once))
        shutil.copytree(aside, outbox, dirs_exist_ok=True)
        (again,) = await nara.submit(draft)
        assert (again.id, again.state) == (once.id, "withdrawn")
        assert len(objects()) == rows(hub, "piece") == 6

        # Handed back: whoever had it has none of it any more, not what it wrote itself; its sender may send it on.
        await delger.accept(handed_back[0].id)
        await delger.hand_back(handed_back[0].id, "no_capacity")
        assert await are_gone(delger, *handed_back)
        assert await is_there(nara, *handed_back)
        await delger.accept(closed[0].id)
        await delger.start(closed[0].id)
        await delger.close(closed[0].id, "service_given")
        assert await is_there(delger, *closed)

        # To the second at which her consent ends, whether or not anything is swept by then.
        until = run_out[0].until
        assert until is not None
        await moved(nara, left_until(until, nara) - 20, run_out[0].id)
        await nara.sync()
        await delger.sync()
        assert await is_there(delger, *run_out)
        await nara.client.move_practice_clock(left_until(until, nara) + 1)
        assert await are_gone(delger, *run_out)
        assert await are_gone(delger, *closed)
        assert await is_there(nara, *run_out)
        assert len(objects()) == 6

        # And for as long as what is over is kept.
        await moved(nara, 4 * DAY, run_out[0].id)
        assert await is_there(nara, *run_out)
        await moved(nara, 2 * DAY, run_out[0].id)
        for one in (handed_back, run_out, closed):
            assert await are_gone(nara, *one)
    assert objects() == []
    assert [rows(hub, table) for table in ("file", "piece", "partkey")] == [0, 0, 0]


def form(number: int, scan: Form) -> Form:
    whole = tonight(number)
    grants = {"mgec": replace(whole.consent.grants["mgec"], days=2)}
    consent = replace(whole.consent, grants=grants, retain_days=5)
    return replace(scan, sections=whole.sections, consent=consent)


def left_until(until: datetime, session: Session) -> int:
    return int((until - session.now()).total_seconds())


async def is_there(session: Session, sent: Referral, question: str) -> bool:
    section = await session.client.file_piece(sent.id, None, "needs/file-1", 0)
    note = await session.client.file_piece(sent.id, question, "note/file-1", 0)
    return len(section) > 4_000 and len(note) > 2_000


async def are_gone(session: Session, sent: Referral, question: str) -> bool:
    with pytest.raises(Refused, match="not_found"):
        await session.client.file_piece(sent.id, question, "note/file-1", 0)
    return await is_not_there(session, sent.id)


async def test_from_a_folder(own_hub: Hub, tmp_path: Path) -> None:
    await files_end(own_hub, lambda: stored(own_hub), tmp_path)
