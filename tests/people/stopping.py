"""An administrator's program that is killed in the middle: `stopping.py HUB PRACTICE HANDLE N OPERATION [WHO]`.

It kills itself when the hub has answered its N-th request: the next one never leaves.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from ortoo import administration, practice
from ortoo.session import Session


async def main(hub: str, folder: str, handle: str, place: int, operation: str, who: str) -> None:
    identity = practice.identity(handle, Path(folder))
    async with Session.open(identity, hub, Path(folder) / "stopping") as session:
        count = 0

        async def answered(_: Any) -> None:
            nonlocal count
            count += 1
            if count == place:
                os.kill(os.getpid(), signal.SIGKILL)

        session.client._http.event_hooks = {"response": [answered]}
        await work(session, operation, who)


async def work(session: Session, operation: str, who: str) -> None:
    match operation:
        case "rotate":
            await administration.rotate(session)
        case "confirm":
            waiting = await administration.candidates(session)
            for one in waiting:
                if one.member.handle == who:
                    await administration.confirm(session, one)
        case "remove":
            await administration.remove(session, who)


if __name__ == "__main__":
    hub, folder, handle, place, operation, *who = sys.argv[1:]
    asyncio.run(main(hub, folder, handle, int(place), operation, who[0] if who else ""))
