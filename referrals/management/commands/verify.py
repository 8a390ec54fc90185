"""`manage.py verify`: whether everything that this hub keeps is as it was signed, logged and allowed.

It reads, with the database's rights alone: no key of the hub's, no member's.
"""

import os
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from ortoo.administration import ungrouped
from ortoo.protocol.documents import b64
from referrals import auditing

WIDE: Final = 30  # characters of the bar
OFTEN: Final = 0.2  # seconds, between two looks of it


class Bar:
    """One line on a terminal; nothing where nobody looks."""

    def __init__(self) -> None:
        self._drawn = 0.0
        self._shown = sys.stderr.isatty()

    def __call__(self, what: str, done: int, of: int) -> None:
        if not self._shown or (done < of and time.monotonic() - self._drawn < OFTEN):
            return
        self._drawn = time.monotonic()
        full = WIDE * done // max(of, 1)
        sys.stderr.write(f"\r{what:>10} {'█' * full}{'·' * (WIDE - full)} {done}/{of}\x1b[K")
        if done >= of:
            sys.stderr.write("\n")
        sys.stderr.flush()


class Command(BaseCommand):
    help = "Rebuild both logs and hold every row against what was signed. Status 1 where something is not as it was."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--network", help="the network's fingerprint, from paper")
        parser.add_argument("--seen", type=Path, action="append", default=[], help="a checkpoint that somebody kept")
        parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
        parser.add_argument("--state", type=Path, help="a file: go on where the last one was interrupted")
        parser.add_argument(
            "--new", action="store_true", help="of the rows only what came after the last verified head"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            seen = [path.read_text(encoding="utf-8") for path in options["seen"]]
            anchor = b64(ungrouped(options["network"])) if options["network"] else None
            asked = auditing.Asked(anchor, seen, max(options["workers"], 1), options["state"], options["new"])
            found = 0
            for one in auditing.verify(asked, Bar()):
                found += 1
                self.stdout.write(str(one))
        except OSError as error:
            raise CommandError(f"A file cannot be read: {error.strerror}.") from None
        except ValueError:
            raise CommandError(
                "--network is no fingerprint, or the file of --state not one of this command's."
            ) from None
        if found:
            self.stderr.write(f"{found} things are not as they were signed and logged.")
            raise SystemExit(1)
        self.stdout.write("All of it is as it was signed and logged.")
