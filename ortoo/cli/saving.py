"""`ortoo save`: the files of a referral, put into a folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ortoo.attached import AttachmentError
from ortoo.cli import DONE, REFUSED
from ortoo.cli.commands import referral_named, started
from ortoo.cli.running import Command, Run, Usage
from ortoo.protocol.errors import Refused
from ortoo.reading import Attachment
from ortoo.session import Opened


async def save(run: Run) -> int:
    """Open the referral, which is recorded as any opening is, and save its files, or those that were named.

    One that cannot be saved never hides the others.
    """
    folder = Path(run.options.to)
    if not folder.is_dir():
        raise AttachmentError("no_such_folder", str(folder))
    saved, not_saved = [], []
    async with started(run) as session:
        id = await referral_named(run, session)
        opened = await run.patiently(session.open_referral(id))
        for number, one in _wanted(run, opened).items():
            try:
                if one is None:
                    raise Refused("not_found", "This file may not be read, or not any more.")
                saved.append((number, await run.patiently(session.save(one, folder))))
            except Refused as refused:
                not_saved.append((number, refused))
    _tell(run, saved, not_saved)
    return REFUSED if not_saved else DONE


def _wanted(run: Run, opened: Opened) -> Mapping[int, Attachment | None]:
    """The files by their number; None for one that cannot be read."""
    there = dict(enumerate(opened.files, 1))
    if not there:
        raise Usage("error.no_files")
    numbers = run.options.file or sorted(there)
    if not set(numbers) <= set(there):
        raise Usage("error.no_such_file_number", most=len(there))
    return {number: there[number] for number in dict.fromkeys(numbers)}


def _tell(run: Run, saved: Sequence[tuple[int, Path]], not_saved: Sequence[tuple[int, Refused]]) -> None:
    words, screen = run.words, run.screen
    if screen.json:
        value = {
            "saved": [{"file": number, "path": str(path)} for number, path in saved],
            "not_saved": [{"file": number, "code": refused.code} for number, refused in not_saved],
        }
        screen.document(value)
        return
    for number, path in saved:
        screen.line(words("save.saved", number=number, path=path), "green")
    for number, refused in not_saved:
        screen.warn(words("save.not_saved", number=number, why=screen.why(refused)))


COMMANDS: Final[Mapping[str, Command]] = {"save": save}
