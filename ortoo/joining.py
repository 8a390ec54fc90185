"""Joining and signing in, on the newcomer's own device (protocol §3, §4).

What the hub says is believed as far as it follows from the fingerprint on the paper, and no further.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ortoo import account, contract
from ortoo.account import Authenticator, Keys
from ortoo.administration import ungrouped
from ortoo.client import Client
from ortoo.device import Device, DeviceError, Kept, Open
from ortoo.identity import Identity
from ortoo.keyring import Keeper
from ortoo.protocol import schemas
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import SigningKey, b64, ctx, read, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.keys import MemberSecrets, safety_number, stretch
from ortoo.session import Session


@dataclass(frozen=True)
class Joined:
    """Somebody who enrolled. number: to be read to an administrator; recovery_codes: shown once."""

    open: Open
    number: str
    recovery_codes: Sequence[str]


async def anchored(client: Client, fingerprint: str) -> tuple[str, str]:
    """The network's id and anchor, if the hub serves the very network that the paper names. `directory_fork`."""
    wanted = b64(ungrouped(fingerprint))
    page = await client.directory(after=0, first=1)
    first = read(page.entries[0], schemas.Network) if page.entries else None
    if first is None or first.sha256 != wanted:
        raise Refused("directory_fork", "This hub serves another network than the paper names. Stop.", field="network")
    Directory(wanted).append(page.entries[0])
    return first.body.network, wanted


async def enrol(
    client: Client,
    device: Device,
    code: str,
    fingerprint: str,
    *,
    login: str,
    passphrase: str,
    authenticator: Authenticator,
    shown: str,
) -> Joined:
    """Take up an invitation. shown: the six digits that the authenticator shows now."""
    network, anchor = await anchored(client, fingerprint)
    secret = b64(ungrouped(code))
    invited = await client.invitation(secret)
    keys = Keys.generate(invited.member)
    new, kk = account.new_account(keys, login, passphrase, authenticator, shown, network=network)
    done = await client.enrol(secret, keys.public, new)
    names = {"en": invited.name_en, "mn": invited.name}
    opened = _keep(client, device, new, kk, done, network=network, anchor=anchor, names=names)
    return Joined(opened, _number(network, invited.agency, keys), done.recovery_codes)


async def apply(
    client: Client,
    device: Device,
    fingerprint: str,
    agency: contract.AgencyNames,
    names: contract.Names,
    *,
    login: str,
    passphrase: str,
    authenticator: Authenticator,
    shown: str,
) -> Joined:
    """Ask for the agency to be admitted, as its first administrator."""
    network, anchor = await anchored(client, fingerprint)
    keys = Keys.generate()
    new, kk = account.new_account(keys, login, passphrase, authenticator, shown, network=network)
    done = await client.apply(agency, names, keys.public, new)
    both = {"en": names.name_en, "mn": names.name}
    opened = _keep(client, device, new, kk, done, network=network, anchor=anchor, names=both)
    return Joined(opened, _number(network, agency.handle, keys), done.recovery_codes)


async def sign_in(
    client: Client,
    device: Device,
    fingerprint: str | None,
    *,
    login: str,
    passphrase: str,
    second: contract.SecondFactor,
    name: str = "",
) -> Open:
    """Sign in on this device. fingerprint: of the network; None where the device knows it from before.

    A directory that is older than what another device of the same person saw, or another one, is refused here.
    """
    before = next((one for one in device.all() if one.login == login and one.hub == client.hub), None)
    if fingerprint is not None:
        network, anchor = await anchored(client, fingerprint)
    elif before is not None:
        network, anchor = before.network, before.anchor
    else:
        raise Refused("directory_fork", "Say the network's fingerprint: this device does not know it.", field="network")
    stretched = stretch(passphrase, login, network=network)
    done = await client.sign_in(login, b64(stretched.auth), second, device=before.device if before else None, name=name)
    seen = before.keyring.version if before else 0
    keys, kk = account.open_with(
        done.keyring, stretched.w, "passphrase", network=network, member=done.member.id, newest_seen=seen
    )
    kept = Kept(
        hub=client.hub,
        network=network,
        anchor=anchor,
        login=login,
        agency=done.member.agency,
        member=keys.member,
        handle=done.member.handle,
        roles=done.member.roles,
        names={"mn": done.member.name, "en": done.member.name_en},
        keyring=done.keyring,
        token="",
        device=done.device or (before.device if before else None),
    )
    if keys.seen is not None:
        async with Session.open(Open(kept, keys, kk, done.token).identity, kept.hub, device.state(kept.hub)):
            pass  # refused where the hub's directory does not continue what was seen
    return device.keep(kept, kk, done.token)


def partner(keys: Keys, token: str, *, network: str, anchor: str, agency: str, handle: str) -> Identity:
    """A partner system, as the SDK's `Session.open` takes it: with keys of its own and an API token."""
    return Identity(
        agency=agency,
        member=keys.member,
        handle=handle,
        roles=("api",),
        secrets=keys.secrets,
        token=token,
        network=network,
        anchor=anchor,
    )


def partner_from(path: Path, token: str) -> tuple[Identity, str]:
    """A partner system of the file that `ortoo partners add` wrote, with its hub. Raises DeviceError (`damaged`)."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        secrets = MemberSecrets(SigningKey(unb64(value["sign"])), KemKey(unb64(value["kem"])))
        identity = partner(
            Keys(value["member"], secrets),
            token,
            network=value["network"],
            anchor=value["anchor"],
            agency=value["agency"],
            handle=value["handle"],
        )
        return identity, str(value["hub"])
    except (OSError, ValueError, KeyError, TypeError, Refused):
        raise DeviceError("damaged", str(path)) from None


@asynccontextmanager
async def at_work(device: Device, opened: Open) -> AsyncIterator[Session]:
    """A session of an account of this device. What the hub says of its holder (agency, roles) is kept anew; and its
    keyring keeps the seeds that the session takes over, and what it saw.
    """
    async with Client(opened.kept.hub, opened.token) as client:
        me = await client.me()
    if (me.agency, me.roles) != (opened.kept.agency, opened.kept.roles):
        opened = device.update(opened, agency=me.agency, roles=me.roles)
    keeper = Keeper(device, opened)
    async with Session.open(opened.identity, opened.kept.hub, device.state(opened.kept.hub)) as session:
        session.on_epochs = keeper.take
        yield session
        await keeper.finish(session)


@asynccontextmanager
async def with_kit(hub: str, fingerprint: str, agency: str, keys: Keys, state_folder: Path) -> AsyncIterator[Session]:
    """Work with a recovery kit, where no administrator is left: it lets people in and signs a roster, and no more.

    There is no passphrase: the kit's key signs a challenge of the hub's.
    """
    async with Client(hub) as client:
        network, anchor = await anchored(client, fingerprint)
        challenge = await client.new_challenge()
        proof = keys.secrets.sign.sign_raw(ctx("kit-sign-in", network, keys.member, unb64(challenge)))
        token = await client.kit_sign_in(keys.member, challenge, b64(proof))
    identity = Identity(
        agency=agency,
        member=keys.member,
        handle=f"kit-{keys.member}",
        roles=("recovery",),
        secrets=keys.secrets,
        token=token,
        network=network,
        anchor=anchor,
    )
    async with Session.open(identity, hub, state_folder) as session:
        yield session


def _keep(
    client: Client,
    device: Device,
    new: contract.NewAccount,
    kk: bytes,
    done: contract.Enrolment,
    *,
    network: str,
    anchor: str,
    names: dict[str, str],
) -> Open:
    unlocks = [contract.Unlock(id=one.id, method=one.method, sealed=one.sealed) for one in new.keyring.unlocks]
    kept = Kept(
        hub=client.hub,
        network=network,
        anchor=anchor,
        login=new.login,
        agency=done.member.agency,
        member=done.member.id,
        handle=done.member.handle,
        roles=done.member.roles,
        names=names,
        keyring=contract.Keyring(login=new.login, version=1, sealed=new.keyring.sealed, unlocks=unlocks),
        token="",
        device=None,
    )
    return device.keep(kept, kk, done.token)


def _number(network: str, agency: str, keys: Keys) -> str:
    return safety_number(network, agency, keys.secrets.public(keys.member))
