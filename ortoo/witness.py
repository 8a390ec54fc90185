"""A witness of a network's two logs (protocol §10; C2SP tlog-cosignature): it sees that each only grows, replays every
chain of the directory, remembers what it saw, and only then signs that it saw it. It asks the hub, so it works behind a
firewall; it needs no account. Who prefers to bring a checkpoint finds C2SP `add-checkpoint` (`ortoo.witness_server`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ortoo import continuing, logged
from ortoo.client import Client
from ortoo.memory import Memory, alone, write_whole
from ortoo.protocol.checkpoint import (
    COSIGNATURE_KEY,
    Checkpoint,
    Opened,
    Policy,
    VerifierKey,
    cosign,
    head_of,
    open_signed,
)
from ortoo.protocol.directory import LOG, Directory
from ortoo.protocol.documents import SigningKey, b64, unb64
from ortoo.protocol.errors import Refused
from ortoo.session import fetch_directory

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


class WrongSize(Exception):
    """The witness has cosigned another size of this log than the asker goes on from."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Witness:
    """A witness at work for one network."""

    def __init__(self, key: WitnessKey, anchor: str, folder: Path) -> None:
        """anchor: H of the network's first document, from paper. folder: where it remembers. Raises MemoryDamaged."""
        self.key, self._anchor = key, anchor
        self._memory = Memory(folder, f"witness-{key.public.id.hex()}", anchor)
        self._cosigned = folder / f"witness-{key.public.id.hex()}.cosigned.json"
        self._directory = Directory(anchor)
        for entry in self._memory.now.entries:
            self._directory.append(entry)

    async def look(self, client: Client) -> dict[str, int]:
        """See what is new in both logs and cosign it. Gives the sizes that were cosigned now, by log.

        Raises Refused where a log does not only grow, or a chain in the directory breaks: nothing is signed then.
        """
        found = {}
        size = await self._look_at_directory(client)
        if size is not None:
            found["directory"] = size
        if logged.has_activity(self.policy):
            size = await self._look_at_activity(client)
            if size is not None:
                found["activity"] = size
        return found

    @property
    def policy(self) -> Policy:
        """Of the newest directory that was replayed. LookupError before the first look."""
        if not self._directory.size:
            raise LookupError("nothing was seen yet")
        return self._directory.policy

    async def _look_at_directory(self, client: Client) -> int | None:
        seen = self._memory.now
        entries, note = await fetch_directory(client.directory_to_cosign, seen)
        continues = continuing.is_another_log(note, seen.checkpoint)
        replayed = Directory(self._anchor) if continues else self._directory.copy()
        for entry in entries[replayed.size :]:
            replayed.append(entry)
        if continues:
            continuing.check(entries, note, self._directory, head_of(seen.checkpoint))
        opened = open_signed(note, replayed.policy.log_named(LOG).name, replayed.policy)
        if opened.checkpoint.root != replayed.root_at(opened.checkpoint.size):
            raise Refused("directory_fork", size=opened.checkpoint.size)
        before = self.cosigned(opened.checkpoint.origin)
        if before is not None and before.size > replayed.size:
            raise Refused("checkpoint_rollback", size=opened.checkpoint.size)
        if before is not None and before.root != replayed.root_at(before.size):
            raise Refused("directory_fork", size=before.size)
        name = self._name_in(replayed.policy)
        if continues:
            self._memory.see_continued(entries, note)
        elif entries != seen.entries or note != seen.checkpoint:
            self._memory.see_directory(entries, note)
        self._directory = replayed
        if not self._is_due(opened, name):
            return None
        with alone(self._cosigned):
            if self.cosigned(opened.checkpoint.origin) != before:
                return None  # cosigned by another process of this witness meanwhile: the next look goes on from there
            self._keep(opened.checkpoint)
        await client.cosign_directory(opened.checkpoint.size, self._line(note))
        return opened.checkpoint.size

    async def _look_at_activity(self, client: Client) -> int | None:
        before = self.cosigned(self.policy.log_named(logged.ACTIVITY).name)
        shown = await client.activity_to_cosign(before.size if before is not None else 0)
        opened = logged.continued(shown, before, self.policy, quorum=False)
        if opened is None or shown.checkpoint is None or not self._is_due(opened, self._name_in(self.policy)):
            return None
        old = before.size if before is not None else 0
        try:
            line = self.add(shown.checkpoint.note, old, [unb64(one) for one in shown.consistency])
        except WrongSize:
            return None  # handed to this witness elsewhere meanwhile: the next look goes on from there
        await client.cosign_activity(opened.checkpoint.size, line)
        return opened.checkpoint.size

    def add(self, note: str, old: int, proof: Sequence[bytes]) -> str:
        """Cosign a checkpoint of one of the network's logs that continues the last one (C2SP tlog-witness). The line.

        Raises:
            WrongSize: the last one was not of size `old`.
            Refused: `checkpoint_unwitnessed` for what the log has not signed, `proof_invalid`, `checkpoint_rollback`.
        """
        checkpoint = open_signed(note, head_of(note).origin, self.policy).checkpoint
        with alone(self._cosigned):
            before = self.cosigned(checkpoint.origin)
            if old != (before.size if before is not None else 0):
                raise WrongSize(before.size if before is not None else 0)
            if before is not None:
                logged.continues(before, checkpoint, proof)
            elif proof:
                raise Refused("proof_invalid", "There is nothing yet that it could continue.")
            self._keep(checkpoint)
        return self._line(note)

    def cosigned(self, origin: str) -> Checkpoint | None:
        """The newest head of this log that was cosigned."""
        if not self._cosigned.exists():
            return None
        kept = json.loads(self._cosigned.read_text(encoding="utf-8")).get(origin)
        return Checkpoint(origin, int(kept["size"]), unb64(kept["root"])) if kept is not None else None

    def _keep(self, checkpoint: Checkpoint) -> None:
        """Kept first, then signed: what was signed is never forgotten."""
        kept = json.loads(self._cosigned.read_text(encoding="utf-8")) if self._cosigned.exists() else {}
        kept[checkpoint.origin] = {"size": checkpoint.size, "root": b64(checkpoint.root)}
        write_whole(self._cosigned, json.dumps(kept) + "\n")

    def _name_in(self, policy: Policy) -> str:
        """This witness's name in the policy."""
        for name, key in policy.witnesses.items():
            if key == self.key.public:
                return name
        raise Refused("key_unknown", "The network does not name this witness.", field="policy")

    def _is_due(self, opened: Opened, name: str) -> bool:
        return name not in opened.cosigned or datetime.now(UTC) - opened.cosigned[name] >= AGAIN

    def _line(self, note: str) -> str:
        return cosign(note, self.key.name, self.key.key, datetime.now(UTC))
