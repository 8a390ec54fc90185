"""`manage.py` that says on SIGUSR1 what it holds: `holds: N listeners, N tasks`. Otherwise the hub as it is."""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import manage


def say_what_it_holds(*_: Any) -> None:
    push = sys.modules["notifications.push"]
    listeners = sum(len(events) for events in push._waiting.values())
    tasks = len(asyncio.all_tasks(push._serving)) if push._serving else 0
    print(f"holds: {listeners} listeners, {tasks} tasks", flush=True)


signal.signal(signal.SIGUSR1, say_what_it_holds)
manage.main()
