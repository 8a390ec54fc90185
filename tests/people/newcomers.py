"""People who join in tests: each with a device, an authenticator app and a passphrase of its own."""

import time
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ortoo import account, administration, contract, joining, practice
from ortoo.account import Authenticator
from ortoo.administration import Paper
from ortoo.client import Client
from ortoo.device import Device, DeviceError, Open
from ortoo.joining import Joined
from ortoo.protocol.documents import b64, unb64
from ortoo.protocol.keys import stretch
from ortoo.session import Session
from tests.hubs import Hub


@dataclass
class Newcomer:
    """Somebody who was handed a paper."""

    login: str
    folder: Path
    passphrase: str = field(default_factory=account.new_passphrase)
    authenticator: Authenticator = field(default_factory=Authenticator.generate)
    last_step: int = 0  # of the app's codes: each is good once, in the half minute before, of now, and after

    @property
    def device(self) -> Device:
        return Device(self.folder / self.login)

    def code(self) -> str:
        """One that was not used yet and that the hub takes for seconds to come."""
        while True:
            now = time.time()
            step = max(self.last_step + 1, int(now) // 30 - 1)
            if step <= int(now) // 30 + 1 and int(now + 3) // 30 - 1 <= step:
                self.last_step = step
                return self.authenticator.code(datetime.fromtimestamp(step * 30, UTC))
            time.sleep(0.2)

    async def enrol(self, paper: Paper) -> Joined:
        async with Client(paper.hub) as client:
            return await joining.enrol(
                client,
                self.device,
                paper.code,
                paper.fingerprint,
                login=self.login,
                passphrase=self.passphrase,
                authenticator=self.authenticator,
                shown=self.code(),
            )

    async def sign_in_anew(self, *, recovery: str | None = None) -> contract.Keyring:
        """On a device that nobody saw before; the keyring as the hub hands it out."""
        kept = self.device.find(self.login)
        second = contract.SecondFactor(recovery=recovery) if recovery else contract.SecondFactor(totp=self.code())
        stretched = stretch(self.passphrase, self.login, network=kept.network)
        async with Client(kept.hub) as client:
            return (await client.sign_in(self.login, b64(stretched.auth), second, device=None, name="")).keyring

    def at_work(self) -> AbstractAsyncContextManager[Session]:
        """On the own device."""
        return joining.at_work(self.device, self.unlocked())

    def unlocked(self, device: Device | None = None, hub: str | None = None) -> Open:
        """On the own device or another one: without the passphrase where it was said a moment ago."""
        device = device or self.device
        kept = device.find(self.login, hub)
        try:
            return device.unlocked(kept)
        except DeviceError:
            return device.unlock(kept, self.passphrase)

    async def sign_in(self, hub: Hub, device: Device | None = None, **instead: str) -> Open:
        """On the own device, or on another one, which needs the network's fingerprint."""
        known = device is None
        async with Client(hub.url) as client:
            return await joining.sign_in(
                client,
                device or self.device,
                None if known else fingerprint(hub),
                login=self.login,
                passphrase=instead.get("passphrase", self.passphrase),
                second=contract.SecondFactor(totp=instead["totp"] if "totp" in instead else self.code()),
                name="test",
            )

    def names(self) -> contract.Names:
        return contract.Names(handle=self.login, name="Шинэ гишүүн", name_en="New Member")


def fingerprint(hub: Hub) -> str:
    """Of the network, as it stands on paper."""
    return administration.grouped(unb64(practice.identity("mgec.delger", hub.practice).anchor))


async def expected(administrator: Session, newcomer: Newcomer, *roles: str) -> Paper:
    paper, _ = await administration.invite(administrator, newcomer.names(), roles or ("focal_point",))
    return paper


async def confirmed(administrator: Session, joined: Joined) -> None:
    """The administrator hears the number and signs."""
    (candidate,) = [one for one in await administration.candidates(administrator) if one.number == joined.number]
    await administration.confirm(administrator, candidate)
