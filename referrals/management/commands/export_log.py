"""`manage.py export_log`: what was logged, as a signed bundle that an auditor verifies without the hub."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from ortoo.protocol.errors import Refused
from referrals import exporting


class Command(BaseCommand):
    help = "Write the documents of the activity log, with proofs, for `ortoo audit verify`. No sealed text, no key."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="is written anew; for the auditor alone")
        parser.add_argument("--consent", action="append", help="only what belongs to this consent; more than once")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        partial = path.with_name(f"{path.name}.part")
        try:
            partial.touch(mode=0o600)
            with partial.open("w", encoding="utf-8") as file:
                file.writelines(exporting.export(options["consent"]))
            partial.replace(path)
        except Refused as refused:
            raise CommandError(f"{refused.message} [{refused.code}]") from None
        except OSError as error:
            raise CommandError(f"The file cannot be written: {error.strerror}.") from None
        finally:
            partial.unlink(missing_ok=True)
