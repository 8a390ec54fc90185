"""`manage.py continue_log`: the way on after a restore from a backup; docs/operations.md tells the whole way."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from agencies import continuing, founding
from ortoo.protocol.errors import Refused

MOST_READ = 1 << 20  # characters
NEXT = """{directory} entries of the directory and {activity} of the activity log were signed and are not here any more.
Next: give this document, in a file, to the coordinators. {threshold} of them sign it, each on the own machine:

    ortoo coordinators found network.json --key OWN-KEY.json --out SIGNED.json

and here:

    cat SIGNED.json SIGNED.json | ortoo-manage continue_log take"""


class Command(BaseCommand):
    help = "Go on under new logs after the database was restored from a backup."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        draft = actions.add_parser("draft", help="print what the coordinators are to sign")
        draft.add_argument("--seen", type=Path, help="the newest checkpoint of the directory log that somebody has")
        actions.add_parser("take", help="go on with what they have signed, from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["action"] == "draft":
                self._draft(options["seen"])
            else:
                self._take(sys.stdin.read(MOST_READ))
        except Refused as refused:
            raise CommandError(f"{refused.message} [{refused.code}] Nothing was changed.") from None
        except OSError as error:
            raise CommandError(f"A file cannot be read: {error.strerror}.") from None

    def _draft(self, seen: Path | None) -> None:
        body, lost = continuing.draft(seen.read_text(encoding="utf-8") if seen is not None else None)
        self.stdout.write(json.dumps(msgspec.to_builtins(body), indent=1))
        said = NEXT.format(directory=lost.directory, activity=lost.activity, threshold=body.threshold)
        self.stderr.write(said, str)

    def _take(self, signed: str) -> None:
        if not signed.strip():
            raise CommandError("Nothing came: `cat SIGNED.json SIGNED.json | ortoo-manage continue_log take`.")
        current = continuing.take(founding.join(signed.split()))
        self.stdout.write(f"The logs go on: {current.size} entries in the directory. Start the hub.")
