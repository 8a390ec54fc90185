"""The codes of the field with their labels: ortoo/data/vocabulary.json, one file that a native speaker can correct."""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

# HTCDS prs_Gender, in its order.
GENDERS: Final = (
    "Feminine",
    "Masculine",
    "TransgenderFeminine",
    "TransgenderMasculine",
    "NonConforming",
    "NonSpecifiedUnknown",
)


@cache
def _file() -> dict[str, Any]:
    text = (resources.files("ortoo") / "data" / "vocabulary.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def terms(name: str) -> Mapping[str, Mapping[str, Any]]:
    """The terms of a list (`decline_reasons`, `states`, …) by code, in their order."""
    return {term["code"]: term for term in _file()[name]["terms"]}


def codes(name: str) -> frozenset[str]:
    return frozenset(terms(name))


def label(name: str, code: str, language: str = "en") -> str:
    """The label of a code in `en` or `mn`; the code itself where there is none."""
    term = terms(name).get(code)
    return str(term[language]) if term else code
