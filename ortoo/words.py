"""All words that the clients say, in English and Mongolian: ortoo/data/texts.json, labels from the vocabulary, places.

One file for a native speaker to correct. Nothing is glued to an inserted word: it stands in the nominative.
"""

import json
import os
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Final, Literal

from ortoo.days import ULAANBAATAR
from ortoo.places import COUNTRY, places
from ortoo.protocol import vocabulary

Language = Literal["en", "mn"]

_MONTHS: Final = tuple(
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
_JOINERS: Final = "\u200c\u200d\u180e"  # scripts need them; they reorder nothing


def language_of(environment: Mapping[str, str] = os.environ) -> Language:
    """Mongolian where the environment says so, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "mn" if environment[name].lower().startswith("mn") else "en"
    return "en"


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    text = (resources.files("ortoo") / "data" / "texts.json").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, str]] = json.loads(text)
    return loaded


class Words:
    """The words of one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, key: str, /, **values: object) -> str:
        return texts()[key][self.language].format(**values)

    def knows(self, key: str) -> bool:
        return key in texts()

    def label(self, terms: str, code: str) -> str:
        return vocabulary.label(terms, code, self.language)

    def labels(self, terms: str, codes: Iterable[str]) -> str:
        return " · ".join(self.label(terms, code) for code in codes)

    def place(self, code: str) -> str:
        if code == COUNTRY:
            return self("place.country")
        term = places().get(code)
        return str(term[self.language]) if term else code

    def day(self, at: datetime) -> str:
        """23 February 2027; 2027 оны 2 сарын 23. The day in Ulaanbaatar."""
        day = at.astimezone(ULAANBAATAR)
        if self.language == "mn":
            return f"{day.year} оны {day.month} сарын {day.day}"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def moment(self, at: datetime) -> str:
        """2026-11-25 19:42, in Ulaanbaatar."""
        return at.astimezone(ULAANBAATAR).strftime("%Y-%m-%d %H:%M")


def plain(text: str) -> str:
    """Text that was written elsewhere, made safe to show: what would move a cursor or turn the direction of letters
    is shown as �. Line ends and tabs stay.
    """
    return "".join(_plain(character) for character in text.replace("\r\n", "\n"))


def _plain(character: str) -> str:
    if character in "\n\t" or character in _JOINERS:
        return character
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") else character
