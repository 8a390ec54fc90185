"""A witness of a network's directory log (protocol §10; C2SP tlog-cosignature): it sees that the log only grows,
replays every chain in it, remembers what it saw, and only then signs that it saw it. It asks the hub, so it works
behind a firewall; it needs no account.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ortoo.client import Client
from ortoo.memory import Memory, write_whole
from ortoo.protocol.checkpoint import COSIGNATURE_KEY, VerifierKey, cosign, open_signed
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import SigningKey, b64, unb64
from ortoo.protocol.errors import Refused
from ortoo.session import LOG, fetch_directory

AGAIN: Final = timedelta(hours=1)  # a checkpoint that stands is cosigned anew: clients want it fresh within 24 hours


@dataclass(frozen=True)
class WitnessKey:
    """The key of a witness and its name, which the network's policy names together."""

    name: str
    key: SigningKey = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> "WitnessKey":
        """Raises Refused (`malformed`) for a name that a policy cannot hold."""
        made = cls(name, SigningKey.generate())
        VerifierKey.parse(str(made.public))
        return made

    @property
    def public(self) -> VerifierKey:
        return VerifierKey(self.name, COSIGNATURE_KEY, self.key.public)

    def write(self, path: Path) -> None:
        write_whole(path, json.dumps({"witness": self.name, "sign": b64(self.key.seed)}) + "\n")

    @classmethod
    def read(cls, path: Path) -> "WitnessKey":
        """Raises OSError; ValueError where the file is not that."""
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
            return cls(str(value["witness"]), SigningKey(unb64(value["sign"])))
        except (KeyError, TypeError, Refused) as error:
            raise ValueError from error


class Witness:
    """A witness at work for one network."""

    def __init__(self, key: WitnessKey, anchor: str, folder: Path) -> None:
        """anchor: H of the network's first document, from paper. folder: where it remembers. Raises MemoryDamaged."""
        self.key, self._anchor = key, anchor
        self._memory = Memory(folder, f"witness-{key.public.id.hex()}", anchor)

    async def look(self, client: Client) -> int | None:
        """See what is new and cosign it. Gives the size that was cosigned now; None where it was already.

        Raises Refused where the log does not only grow, or a chain in it breaks: nothing is signed then.
        """
        entries, note = await fetch_directory(client.directory_to_cosign, self._memory.now.entries)
        directory = Directory(self._anchor)
        for entry in entries:
            directory.append(entry)
        opened = open_signed(note, directory.policy.log_named(LOG).name, directory.policy)
        if opened.checkpoint.root != directory.root_at(opened.checkpoint.size):
            raise Refused("directory_fork", size=opened.checkpoint.size)
        known = [one for one, key in directory.policy.witnesses.items() if key == self.key.public]
        if not known:
            raise Refused("key_unknown", "The network does not name this witness.", field="policy")
        self._memory.see_directory(entries, note)
        now = datetime.now(UTC)
        if known[0] in opened.cosigned and now - opened.cosigned[known[0]] < AGAIN:
            return None
        await client.cosign_directory(opened.checkpoint.size, cosign(note, self.key.name, self.key.key, now))
        return opened.checkpoint.size
