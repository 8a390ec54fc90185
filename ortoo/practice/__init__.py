"""The practice network as a client meets it: the folder that the practice hub writes (`found_practice`).

    network.json            {"network": id, "anchor": H(network version 1), "hub": "http://127.0.0.1:8000",
                             "version": of the hub that can serve it}
    members/HANDLE.json     {"handle", "agency", "member", "name": {"en", "mn"}, "roles", "sign", "kem", "token"}
    state/HANDLE.json       the client's own memory, written by `ortoo.memory`

A practice network has no secrets: whoever has the folder is everybody in it.
"""

import json
import os
from pathlib import Path
from typing import Any

from ortoo.identity import Identity
from ortoo.protocol.documents import SigningKey, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.keys import MemberSecrets


class PracticeError(Exception):
    """The practice folder does not hold what is looked for.

    problem: `no_practice`, `unknown_handle` or `practice_damaged`; name: the handle or the file.
    """

    def __init__(self, problem: str, name: str) -> None:
        super().__init__(problem, name)
        self.problem, self.name = problem, name


def folder() -> Path:
    """ORTOO_PRACTICE_DIR; else `practice` here, or beside the package in a checkout."""
    named = os.environ.get("ORTOO_PRACTICE_DIR")
    if named:
        return Path(named)
    here, beside = Path("practice"), Path(__file__).resolve().parents[2] / "practice"
    return beside if not (here / "network.json").exists() and (beside / "network.json").exists() else here


def identity(handle: str, practice: Path | None = None) -> Identity:
    """The practice member of this handle. Raises PracticeError."""
    practice = practice or folder()
    network = _network(practice)
    if handle not in handles(practice):
        raise PracticeError("unknown_handle", handle)
    path = practice / "members" / f"{handle}.json"
    member = _read(path)
    try:
        return Identity(
            agency=member["agency"],
            member=member["member"],
            handle=handle,
            roles=tuple(member["roles"]),
            secrets=MemberSecrets(SigningKey(unb64(member["sign"])), KemKey(unb64(member["kem"]))),
            token=member["token"],
            network=network["network"],
            anchor=network["anchor"],
            name=dict(member["name"]),
            coordinator=_coordinator(practice, handle),
        )
    except (KeyError, TypeError, ValueError, Refused):
        raise PracticeError("practice_damaged", str(path)) from None


def _coordinator(practice: Path, handle: str) -> SigningKey | None:
    path = practice / "coordinators" / f"{handle}.json"
    return SigningKey(unb64(_read(path)["sign"])) if path.exists() else None


def handles(practice: Path | None = None) -> list[str]:
    """The handles of all practice members."""
    return sorted(path.stem for path in ((practice or folder()) / "members").glob("*.json"))


def hub(practice: Path | None = None) -> str:
    """Where the practice hub answers."""
    return str(_network(practice or folder()).get("hub", "http://127.0.0.1:8000"))


def state_folder(practice: Path | None = None) -> Path:
    return (practice or folder()) / "state"


def _network(practice: Path) -> dict[str, Any]:
    path = practice / "network.json"
    if not path.exists():
        raise PracticeError("no_practice", str(practice))
    return _read(path)


def _read(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise PracticeError("practice_damaged", str(path)) from None
    if not isinstance(value, dict):
        raise PracticeError("practice_damaged", str(path))
    return value
