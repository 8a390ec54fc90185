"""A file that somebody picked to be sealed: what of it, under which name (protocol §6)."""

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ortoo import photos
from ortoo.photos import NotClean
from ortoo.protocol import schemas
from ortoo.protocol.attachments import Measure
from ortoo.protocol.sealing import MAX_FILE

LONGEST_NAME: Final = 120  # bytes
UNNAMED: Final = "file"
_NOT_IN_NAMES: Final = frozenset('/\\<>:"|?*')
_DEVICES: Final = frozenset({"con", "prn", "aux", "nul", *(f"{one}{n}" for one in ("com", "lpt") for n in range(10))})


class AttachmentError(ValueError):
    """A file cannot be attached, or not be saved. problem: a key of the catalogue; name: the file's."""

    def __init__(self, problem: str, name: str) -> None:
        super().__init__(problem, name)
        self.problem, self.name = problem, name


@dataclass(frozen=True)
class Attached:
    """A file that somebody picked, as it will be sealed. cleaned: what its photo says beside the picture was taken out.

    size, sha256: of what will be sealed.
    """

    name: str
    type: str
    size: int
    sha256: str
    cleaned: bool
    content: photos.Content

    @classmethod
    def of(cls, path: Path, *, keep_metadata: bool = False) -> "Attached":
        """keep_metadata: the file is evidence, and stays as it is, byte for byte.

        Raises AttachmentError: `no_such_file`, `too_large`, `not_clean`.
        """
        try:
            content = photos.content_of(path, keep_metadata=keep_metadata)
            if content.size > MAX_FILE:
                raise AttachmentError("too_large", path.name)
            measure = Measure()
            for _ in measure.of(content.read()):
                pass
        except NotClean:
            raise AttachmentError("not_clean", path.name) from None
        except OSError:
            raise AttachmentError("no_such_file", path.name) from None
        return cls(clean_name(path.name), content.type, measure.size, measure.sha256, content.cleaned, content)

    def said(self, part: str) -> schemas.File:
        return schemas.File(part=part, name=self.name, type=self.type, size=self.size, sha256=self.sha256)


def clean_name(name: str) -> str:
    """A name that is one file's, on every system: no folder, nothing hidden, no option of a command, nothing that turns
    letters round.
    """
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    kept = "".join("_" if _is_no_letter(one) else one for one in last).strip(" .").lstrip("-. ")
    stem, dot, ending = kept.rpartition(".")
    if not stem or len(ending.encode()) > 16:
        stem, dot, ending = kept, "", ""
    if stem.partition(".")[0].strip().lower() in _DEVICES:
        stem = f"_{stem}"
    room = LONGEST_NAME - len((dot + ending).encode())
    stem = stem.encode()[:room].decode(errors="ignore").strip(" .")
    return (stem or UNNAMED) + dot + ending


def _is_no_letter(character: str) -> bool:
    return character in _NOT_IN_NAMES or (unicodedata.category(character)[0] in "CZ" and character != " ")
