"""What an account's keyring takes from its holder's work (protocol §4, §10): the seeds of the agency's epochs, and the
newest directory that was seen. So another device of the same person begins from both, whatever its hub says.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from ortoo import account
from ortoo.account import Keys
from ortoo.client import HubError, HubUnreachable
from ortoo.device import Device, Open
from ortoo.protocol import schemas
from ortoo.protocol.errors import Refused
from ortoo.session import Session

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
            keyring = await account.save(
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
    if seen is None:
        return session.seen
    if seen.directory.size > session.directory.size:  # another device's, of a moment ago: seen by the next session
        return seen
    session.directory.check_head(seen.directory)
    now = session.seen
    return schemas.Seen(network=now.network, directory=now.directory, activity=seen.activity)
