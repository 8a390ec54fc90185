"""Joining and signing in, on the newcomer's own device (protocol §3, §4).

What the hub says is believed as far as it follows from the fingerprint on the paper, and no further.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ortoo import account, contract
from ortoo.account import Authenticator, Keys
from ortoo.administration import ungrouped
from ortoo.client import Client
from ortoo.device import Device, Kept, Open
from ortoo.protocol import schemas
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import b64, read
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import safety_number, stretch


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
    """Sign in on this device. fingerprint: of the network; None where the device knows it from before."""
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
        names=before.names if before else {"mn": done.member.name, "en": done.member.name},
        keyring=done.keyring,
        token="",
        device=done.device or (before.device if before else None),
    )
    return device.keep(kept, kk, done.token)


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
