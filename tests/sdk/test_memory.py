"""What a client remembers survives two programs at once, and is never half-written."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ortoo.memory import Memory, MemoryDamaged
from ortoo.protocol.errors import Refused


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
