"""A witness: its key, and its work."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from ortoo.administration import ungrouped
from ortoo.cli import DONE
from ortoo.cli.asking import FINGERPRINT, hub_of, reserve, typed_from_paper
from ortoo.cli.running import Command, Run, Usage, readable
from ortoo.client import Client, HubError, HubUnreachable
from ortoo.device import Device
from ortoo.protocol.documents import b64
from ortoo.protocol.errors import Refused
from ortoo.witness import Witness, WitnessKey
from ortoo.witness_server import WitnessServer


async def new_key(run: Run) -> int:
    """A key that stays on this machine, and the line that the network's policy needs."""
    path = Path(run.options.file)
    key = WitnessKey.generate(readable(run.options.name))
    reserve(path)
    key.write(path)
    if run.screen.json:
        run.screen.document({"witness": {"name": key.name, "key": str(key.public), "file": str(path)}})
        return DONE
    run.screen.line(run.words("witness.key", path=path))
    run.screen.line(f"\n    {key.public}\n", "bold")
    return DONE


async def work(run: Run) -> int:
    """Look every few seconds, until Ctrl-C. What does not fit ends it, and nothing is signed."""
    try:
        key = WitnessKey.read(Path(run.options.file))
    except (OSError, ValueError):
        raise Usage("error.key_file", path=run.options.file) from None
    fingerprint, lost = typed_from_paper(run, "fingerprint", FINGERPRINT), False
    witness = Witness(key, b64(ungrouped(fingerprint)), Device().folder / "state")
    async with Client(hub_of(run)) as client, _served(witness, run.options.listen):
        while True:
            try:
                found = await witness.look(client)
                if lost:
                    run.screen.aside(run.words("follow.back"))
                lost = False
                for log, size in found.items():
                    _say(run, log, size)
            except (HubUnreachable, HubError, Refused) as error:
                overtaken = isinstance(error, Refused) and error.code in ("not_found", "throttled")
                if run.options.once or (isinstance(error, Refused) and not overtaken):
                    raise
                if not lost:
                    run.screen.aside(run.words("follow.lost"))
                lost = True
            if run.options.once:
                return DONE
            await asyncio.sleep(run.options.every)


@asynccontextmanager
async def _served(witness: Witness, listen: str | None) -> AsyncIterator[None]:
    """With C2SP `add-checkpoint` at HOST:PORT, where that is wanted."""
    if listen is None:
        yield
        return
    host, _, port = listen.rpartition(":")
    try:
        server = WitnessServer(witness, host.strip("[]") or "127.0.0.1", int(port))
    except (OSError, OverflowError, ValueError):
        raise Usage("error.listen", address=listen) from None
    with server:
        yield


def _say(run: Run, log: str, size: int) -> None:
    if run.screen.json:
        run.screen.document({"log": log, "cosigned": size})
    else:
        run.screen.line(run.words(f"witness.cosigned.{log}", size=size), "green")


COMMANDS: Final[Mapping[str, Command]] = {
    "witness key": new_key,
    "witness run": work,
}
