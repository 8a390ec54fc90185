"""The practice network's three witnesses, in the practice hub's own process: they ask it over its socket, as a witness
elsewhere would, and begin when it has served for a moment. Nobody waits for them.
"""

import asyncio
import threading
from pathlib import Path
from typing import Final

import structlog

from ortoo.client import Client, HubError, HubUnreachable
from ortoo.protocol.errors import Refused
from ortoo.witness import Witness, WitnessKey

EVERY: Final = 10.0  # seconds, between their looks, and before the first


def begin(practice: Path, anchor: str, hub: str) -> None:
    """Let them work until the process ends."""

    def work() -> None:
        try:
            asyncio.run(_work(practice / "witnesses", anchor, hub))
        except RuntimeError:  # an interpreter that is ending starts nothing any more
            if threading.main_thread().is_alive():
                raise

    threading.Thread(target=work, daemon=True).start()


async def _work(folder: Path, anchor: str, hub: str) -> None:
    await asyncio.sleep(EVERY)
    keys = [WitnessKey.read(path) for path in sorted(folder.glob("w*.json"))]
    witnesses = [Witness(key, anchor, folder / "state") for key in keys]
    async with Client(hub) as client:
        while witnesses:
            for witness in list(witnesses):
                try:
                    await witness.look(client)
                except Refused as refused:
                    if refused.code not in ("not_found", "throttled"):  # it has seen what it may not sign: it stops
                        structlog.get_logger().error("witness_stopped", part=witness.key.name, error=refused.code)
                        witnesses.remove(witness)
                except (HubError, HubUnreachable):
                    pass
            await asyncio.sleep(EVERY)
