"""A practice network of its own, founded for one play and gone afterwards: its hub is started from a checkout."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ortoo.practice import PracticeError

ANSWERS: Final = re.compile(r"answers at (http://127\.0\.0\.1:\d+)")
STOPS: Final = 15  # seconds
OWN: Final = ("DATABASE_URL", "REDIS_URL", "FILES_URL", "EMAIL_URL")  # of another hub: nothing of it is touched


@contextmanager
def network() -> Iterator[tuple[str, Path]]:
    """Its hub's address, and its folder. Raises PracticeError: no hub is beside this package, or it does not start."""
    program = Path(__file__).resolve().parents[2] / "manage.py"
    if not program.exists():
        raise PracticeError("no_checkout", program.name)
    with tempfile.TemporaryDirectory(prefix="ortoo-play-") as folder:
        environment = {name: value for name, value in os.environ.items() if name not in OWN}
        environment |= {"ORTOO_PRACTICE_DIR": folder, "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, str(program), "run_practice", "--port", "0"]
        with (
            (Path(folder) / "hub.log").open("wb") as log,
            subprocess.Popen(  # noqa: S603 - the checkout's own program
                command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            ) as hub,
        ):
            try:
                found = next((found for line in hub.stdout or () if (found := ANSWERS.search(line))), None)
                if found is None:
                    raise PracticeError("no_fresh_network", program.name)
                yield found[1], Path(folder)
            finally:
                hub.terminate()
                try:
                    hub.wait(STOPS)
                except subprocess.TimeoutExpired:
                    hub.kill()
