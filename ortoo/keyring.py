"""What an account's keyring takes from its holder's work (protocol §4, §10): the seeds of the agency's epochs, and the
newest directory that was seen. So another device of the same person begins from both, whatever its hub says.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from ortoo import account, continuing, contract
from ortoo.account import Keys
from ortoo.client import Client, HubError, HubUnreachable
from ortoo.device import Device, Open
from ortoo.protocol import schemas
from ortoo.protocol.documents import SigningKey, b64
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import seal_keyring
from ortoo.session import Session

SAVES: Final = 5  # of a keyring, while other devices save theirs
ALARMS: Final = ("checkpoint_rollback", "directory_fork")  # what somebody has to hear, though the work itself is done


@dataclass
class Keeper:
    """Keeps one account's keyring while its holder works. What cannot be saved now is saved after the next work."""

    device: Device
    opened: Open

    async def take(self, session: Session) -> None:
        """Seeds were taken over: they are kept at once."""
        await self._save(session, lambda keys: _with_epochs(keys, session))

    async def finish(self, session: Session) -> None:
        """The work is done: what is needed no longer goes, and what was seen is kept."""
        try:
            await session.drop_unneeded_epochs()
        except (HubError, HubUnreachable, Refused):
            return  # nothing is dropped that was not looked for; and the work itself has been done
        await self._save(session, lambda keys: replace(_with_epochs(keys, session), seen=_newest(keys.seen, session)))

    async def _save(self, session: Session, change: Callable[[Keys], Keys]) -> None:
        kept = self.opened.kept
        try:
            keyring = await save(
                session.client, kept.keyring, self.opened.kk, change, network=kept.network, member=kept.member
            )
        except (HubError, HubUnreachable):
            return
        except Refused as refused:
            if refused.code in ALARMS:
                raise
            return
        if keyring != kept.keyring:
            self.opened = self.device.update(self.opened, keyring=keyring)


def _with_epochs(keys: Keys, session: Session) -> Keys:
    """Only what this session has taken over or dropped is changed: another device may have done so, too."""
    epochs = {**keys.epochs, **session.taken}
    return replace(keys, epochs={n: seed for n, seed in epochs.items() if n not in session.dropped})


def _newest(seen: schemas.Seen | None, session: Session) -> schemas.Seen:
    """The newer of what the keyring has and what this session saw. `directory_fork` where they do not fit together."""
    if seen is None or continuing.covers(session.directory, seen.directory):
        return session.seen
    if seen.directory.size > session.directory.size:  # another device's, of a moment ago: seen by the next session
        return seen
    session.directory.check_head(seen.directory)
    now = session.seen
    return schemas.Seen(network=now.network, directory=now.directory, activity=seen.activity)


# --- saved ------------------------------------------------------------------------------------------------------------


async def save(
    client: Client,
    kept: contract.Keyring,
    kk: bytes,
    change: Callable[[Keys], Keys],
    *,
    network: str,
    member: str,
) -> contract.Keyring:
    """Save what has changed about the keys, if anything has, under the same KK. Gives the keyring as it is kept then.

    Where another device saved in between, its keyring is fetched, and the change is made to that: nobody's is lost.

    Raises:
        Refused: `checkpoint_rollback` for an older keyring than this one, `cannot_open` where there is another KK by
            now, `head_moved` where others save all the time.
    """
    for _ in range(SAVES):
        before = account.open_kk(kept, kk, network=network, member=member)
        after = change(before).keyring()
        if after == before.keyring():
            return kept
        version = kept.version + 1
        sealed = b64(seal_keyring(after, kk, network=network, member=member, version=version))
        try:
            saved = await client.save_keyring(sealed, version)
        except Refused as refused:
            if refused.code != "head_moved":
                raise
            newest = await client.keyring()
            if newest is None:
                raise HubError("bad_answer", "The hub has no keyring any more.") from None
            account.open_kk(newest, kk, network=network, member=member, newest_seen=kept.version)
            kept = newest
            continue
        if (saved.version, saved.sealed) != (version, sealed):
            raise HubError("bad_answer", "The hub kept another keyring than it was given.")
        return msgspec.structs.replace(kept, version=version, sealed=sealed)
    raise Refused("head_moved", "Other devices change the keyring at the same time. Repeat it.", field="version")


async def save_coordinator(device: Device, opened: Open, key: SigningKey) -> Open:
    """Take a coordinator's key into the keyring of an account: from then on every device of its holder signs with it.

    Raises Refused (see `save`), HubError, HubUnreachable.
    """
    kept = opened.kept
    async with Client(kept.hub, opened.token) as client:
        keyring = await save(
            client,
            kept.keyring,
            opened.kk,
            lambda keys: keys.with_coordinator(key),
            network=kept.network,
            member=kept.member,
        )
    return device.update(opened, keyring=keyring)
