"""What a client remembers survives two programs at once, and is never half-written."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ortoo.memory import Memory, MemoryDamaged, in_turn
from ortoo.protocol.errors import Refused
from tests.stores import REPOSITORY


def test_two_programs_of_one_member_lose_nothing_of_each_other(tmp_path: Path) -> None:
    first, second = Memory(tmp_path, "mgec.delger", "n"), Memory(tmp_path, "mgec.delger", "n")
    first.see_directory(("a", "b"), "note 2")
    second.see_feed(7)
    first.see_opened("id-1", "h1")
    second.see_directory(("a",), "note 1")  # an older one does not win
    second.see_feed(3)
    kept = Memory(tmp_path, "mgec.delger", "n").now
    assert (kept.entries, kept.checkpoint, kept.feed, kept.opened) == (("a", "b"), "note 2", 7, {"id-1": "h1"})


def test_two_programs_that_were_shown_two_histories_are_told(tmp_path: Path) -> None:
    first, second = Memory(tmp_path, "mgec.delger", "n"), Memory(tmp_path, "mgec.delger", "n")
    first.see_directory(("a", "b"), "note 2")
    with pytest.raises(Refused, match="directory_fork"):
        second.see_directory(("a", "X", "Y"), "note 3")
    assert Memory(tmp_path, "mgec.delger", "n").now.entries == ("a", "b")  # the evidence is kept


def test_many_at_once(tmp_path: Path) -> None:
    def see(number: int) -> None:
        Memory(tmp_path, "mgec.delger", "n").see_opened(f"id-{number}", "h")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(see, range(40)))
    assert len(Memory(tmp_path, "mgec.delger", "n").now.opened) == 40


async def test_whoever_waits_for_a_turn_is_told_what_became_of_it_and_nobody_later(tmp_path: Path) -> None:
    async def work() -> tuple[str, ...]:
        async with in_turn(tmp_path / "form.json") as turn:
            if turn.became:
                return ("told", *turn.became)
            await asyncio.sleep(0.2)
            turn.became = ("id-1", "id-2")
            return turn.became

    done = await asyncio.gather(*(work() for _ in range(4)))
    assert sorted(done) == [("id-1", "id-2"), *[("told", "id-1", "id-2")] * 3]
    assert await work() == ("id-1", "id-2")
    assert list(tmp_path.iterdir()) == []


async def test_after_work_that_failed_it_is_the_next_ones_turn(tmp_path: Path) -> None:
    async def fail() -> None:
        async with in_turn(tmp_path / "form.json"):
            await asyncio.sleep(0.2)
            raise ValueError

    async def work() -> tuple[str, ...]:
        async with in_turn(tmp_path / "form.json") as turn:
            return turn.became

    failed, became = await asyncio.gather(fail(), work(), return_exceptions=True)
    assert isinstance(failed, ValueError)
    assert became == ()


WORKS = """
import asyncio, pathlib, sys
from ortoo.memory import in_turn

async def work():
    async with in_turn(pathlib.Path(sys.argv[1])):
        print("works", flush=True)
        await asyncio.sleep(60)

asyncio.run(work())
"""


async def test_after_a_program_that_was_killed_it_is_the_next_ones_turn(tmp_path: Path) -> None:
    path = tmp_path / "form.json"
    program = await asyncio.create_subprocess_exec(sys.executable, "-c", WORKS, str(path), stdout=PIPE, cwd=REPOSITORY)
    assert program.stdout is not None
    assert await program.stdout.readline() == b"works\n"
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5), in_turn(path):
            pass
    program.kill()
    await program.wait()
    async with asyncio.timeout(5), in_turn(path) as turn:
        assert turn.became == ()


def test_the_first_document_opened_under_an_id_stays(tmp_path: Path) -> None:
    memory = Memory(tmp_path, "mgec.delger", "n")
    memory.see_opened("id", "first")
    memory.see_opened("id", "second")
    assert memory.now.opened == {"id": "first"}


def test_a_damaged_file_is_not_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "mgec.delger.json").write_text("{", encoding="utf-8")
    with pytest.raises(MemoryDamaged):
        Memory(tmp_path, "mgec.delger", "n")


def test_it_is_the_members_alone(tmp_path: Path) -> None:
    Memory(tmp_path / "state", "mgec.delger", "n").see_feed(1)
    assert (tmp_path / "state" / "mgec.delger.json").stat().st_mode & 0o077 == 0
    assert (tmp_path / "state").stat().st_mode & 0o077 == 0


def test_another_network_begins_anew(tmp_path: Path) -> None:
    Memory(tmp_path, "mgec.delger", "n").see_feed(5)
    assert Memory(tmp_path, "mgec.delger", "other").now.feed == 0
