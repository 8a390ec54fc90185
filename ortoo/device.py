"""What a device keeps of whoever has signed in on it: everything that opens something, sealed under the passphrase.

    accounts/HUB/LOGIN.json   hub, network, anchor, who it is; the sealed keyring with the way that the passphrase
                              opens it; the session's token, sealed under the keyring's key
    state/HUB/HANDLE.json     the client's memory (`ortoo.memory`)

One login may have accounts at several hubs, which know nothing of each other.

While it is unlocked, the keyring's key stands in the runtime folder of the system (in memory, the owner's alone), for a
quarter of an hour after the last use. Without such a folder the passphrase is asked for each time.
"""

import json
import os
import re
import time
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from ortoo import account, contract
from ortoo.account import Keys
from ortoo.identity import Identity
from ortoo.memory import alone, write_whole
from ortoo.protocol.documents import b64, ctx, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import expand, stretch
from ortoo.protocol.sealing import seal, unseal

UNLOCKED_FOR: Final = 15 * 60  # seconds after the last use


class DeviceError(Exception):
    """problem: `no_account`, `which_account`, `damaged`, `locked`; name: the login or the file."""

    def __init__(self, problem: str, name: str = "") -> None:
        super().__init__(problem, name)
        self.problem, self.name = problem, name


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One account as the file has it. token: sealed; device: the secret by which the hub knows this device."""

    hub: str
    network: str
    anchor: str
    login: str
    agency: str
    member: str
    handle: str
    roles: list[str]
    names: dict[str, str]
    keyring: contract.Keyring
    token: str
    device: str | None


@dataclass(frozen=True)
class Open:
    """An account that is unlocked."""

    kept: Kept
    keys: Keys
    kk: bytes
    token: str

    @property
    def identity(self) -> Identity:
        kept = self.kept
        return Identity(
            agency=kept.agency,
            member=kept.member,
            handle=kept.handle,
            roles=tuple(kept.roles),
            secrets=self.keys.secrets,
            token=self.token,
            network=kept.network,
            anchor=kept.anchor,
            name=kept.names,
            coordinator=self.keys.coordinator,
            epochs=self.keys.epochs,
            seen=self.keys.seen,
        )


def home() -> Path:
    """ORTOO_HOME; else where the system keeps programs' data."""
    named = os.environ.get("ORTOO_HOME")
    if named:
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "ortoo"


class Device:
    """The accounts that were signed in to on this device."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or home()

    def state(self, hub: str) -> Path:
        """Where the memories of this hub's members are."""
        return self.folder / "state" / _file_name(_plain(hub))

    def all(self) -> list[Kept]:
        """Every account of this device, by hub and login."""
        return [self._read(path) for path in sorted((self.folder / "accounts").glob("*/[!.]*.json"))]

    def find(self, login: str | None, hub: str | None = None) -> Kept:
        """The account of this login or handle; without one, the only one. hub: which, where several hubs know it.

        Raises DeviceError.
        """
        kept = self.all()
        if login is not None:
            kept = [one for one in kept if login in (one.login, one.handle)]
        if not kept:
            raise DeviceError("no_account", login or "")
        if len(kept) > 1 and hub is not None:
            kept = [one for one in kept if one.hub == hub.rstrip("/")] or kept
        if len(kept) > 1:
            raise DeviceError("which_account", ", ".join(f"{one.login} ({one.hub})" for one in kept))
        return kept[0]

    def keep(self, kept: Kept, kk: bytes, token: str) -> Open:
        """Keep an account that was just signed in to, and leave it unlocked."""
        sealed = seal(_token_key(kk), ctx("session", kept.network, kept.member), token.encode())
        whole = replace_kept(kept, token=b64(sealed))
        with self._alone():
            self._write(whole)
        self._remember(kept, kk)
        return self._open(whole, kk)

    def update(self, opened: Open, **changes: Any) -> Open:
        """Keep what has changed about an account. A newer keyring, which another program kept meanwhile, stays; and
        what was signed out meanwhile is not brought back.
        """
        with self._alone():
            is_kept = self._path(opened.kept).exists()
            newest = self._read(self._path(opened.kept)) if is_kept else opened.kept
            if "keyring" in changes and changes["keyring"].version < newest.keyring.version:
                del changes["keyring"]
            kept = replace_kept(newest, **changes)
            if is_kept:
                self._write(kept)
        return self._open(kept, opened.kk)

    def forget(self, kept: Kept) -> None:
        self.lock(kept)
        with self._alone():
            self._path(kept).unlink(missing_ok=True)

    # --- locked and unlocked ------------------------------------------------------------------------------------------

    def unlocked(self, kept: Kept) -> Open:
        """The account without asking. Raises DeviceError (`locked`)."""
        path = _runtime(kept)
        try:
            if path is None or time.time() - path.stat().st_mtime > UNLOCKED_FOR:
                raise OSError
            opened = self._open(kept, unb64(path.read_text()))
        except (OSError, Refused):
            self.lock(kept)
            raise DeviceError("locked", kept.login) from None
        os.utime(path)
        return opened

    def unlock(self, kept: Kept, passphrase: str) -> Open:
        """Raises Refused (`cannot_open`) for a wrong passphrase."""
        stretched = stretch(passphrase, kept.login, network=kept.network)
        _, kk = account.open_with(kept.keyring, stretched.w, "passphrase", network=kept.network, member=kept.member)
        self._remember(kept, kk)
        return self._open(kept, kk)

    def lock(self, kept: Kept) -> None:
        path = _runtime(kept)
        if path is not None:
            path.unlink(missing_ok=True)

    def _open(self, kept: Kept, kk: bytes) -> Open:
        keys = account.open_kk(kept.keyring, kk, network=kept.network, member=kept.member)
        token = unseal(_token_key(kk), ctx("session", kept.network, kept.member), unb64(kept.token))
        return Open(kept, keys, kk, token.decode())

    def _remember(self, kept: Kept, kk: bytes) -> None:
        path = _runtime(kept)
        if path is not None:
            write_whole(path, b64(kk))

    # --- files --------------------------------------------------------------------------------------------------------

    def _path(self, kept: Kept) -> Path:
        return self.folder / "accounts" / _file_name(_plain(kept.hub)) / f"{_file_name(kept.login)}.json"

    def _alone(self) -> AbstractContextManager[None]:
        """One for all accounts: of a login that was signed out, no name stays."""
        return alone(self.folder / "accounts")

    def _write(self, kept: Kept) -> None:
        write_whole(self._path(kept), json.dumps(msgspec.to_builtins(kept), ensure_ascii=False, indent=1))

    def _read(self, path: Path) -> Kept:
        try:
            return msgspec.json.decode(path.read_bytes(), type=Kept)
        except (OSError, msgspec.MsgspecError):
            raise DeviceError("damaged", str(path)) from None


def replace_kept(kept: Kept, **changes: Any) -> Kept:
    return msgspec.structs.replace(kept, **changes)


def _token_key(kk: bytes) -> bytes:
    return expand(kk, ctx("session"))


def _runtime(kept: Kept) -> Path | None:
    folder = os.environ.get("XDG_RUNTIME_DIR")
    if not folder or not Path(folder).is_dir():
        return None
    return Path(folder) / "ortoo" / _file_name(_plain(kept.hub)) / f"{_file_name(kept.login)}.key"


def _plain(hub: str) -> str:
    """`https://hub.example.org:8000` as `https_hub.example.org_8000`: no host has an underscore."""
    return hub.rstrip("/").lower().replace("://", "_").replace(":", "_")


def _file_name(text: str) -> str:
    """The login or hub where it makes a plain file name; else the bytes of it."""
    return text if re.fullmatch(r"[a-z0-9][a-z0-9._@-]{0,79}", text) else f"x{text.encode().hex()}"
