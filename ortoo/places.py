"""Places: the country, its aimags (ISO 3166-2:MN), their soums and districts: ortoo/data/mn_admin.json.

MN  ⊃  MN-053  ⊃  MN-053.khanbogd
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

COUNTRY: Final = "MN"


@cache
def places() -> Mapping[str, Mapping[str, Any]]:
    """Every place below the country by its code, with its names in `en` and `mn`."""
    text = (resources.files("ortoo") / "data" / "mn_admin.json").read_text(encoding="utf-8")
    found = {}
    for term in json.loads(text)["terms"]:
        found[term["code"]] = term
        for part in term["parts"]:
            code = part["code"]
            found[code if code.startswith(COUNTRY) else f"{term['code']}.{code}"] = part
    return found


def is_known(code: str) -> bool:
    return code == COUNTRY or code in places()


def aimag(code: str) -> str:
    return code.partition(".")[0]


def lies_in(place: str, other: str) -> bool:
    """Whether all of `place` is in `other`; each lies in itself."""
    return other in (COUNTRY, place, aimag(place))
