"""`manage.py found`: a real network, step by step; docs/operations.md tells the whole way."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

import msgspec
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from agencies import founding
from ortoo.administration import grouped
from ortoo.protocol import schemas
from ortoo.protocol.documents import unb64
from ortoo.protocol.errors import Refused

MOST_READ = 1 << 20  # characters
NEXT = """{count} coordinators, of whom {threshold} decide together. Next: give this document, in a file, to each of
them. Each looks at it and signs it on the own machine:

    ortoo coordinators found network.json --key OWN-KEY.json --out SIGNED.json

They compare the fingerprint that it shows, together, by voice. Then bring {threshold} or more signed files back here:

    cat SIGNED.json SIGNED.json | ortoo-manage found take"""


def _coordinator(text: str) -> schemas.Coordinator:
    """One word, since a key alone may begin with a hyphen."""
    id, colon, key = text.partition(":")
    if not colon:
        raise ArgumentTypeError("ID and KEY belong together: ID:KEY, as `ortoo coordinators key` shows them")
    return schemas.Coordinator(id=id, key=key)


class Command(BaseCommand):
    help = "Found a real network with its coordinators. Without an action: how far it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action")
        draft = actions.add_parser("draft", help="print what the coordinators are to sign")
        draft.add_argument("--host", help="the network's host name; the hub's first, if not said")
        draft.add_argument(
            "--coordinator",
            type=_coordinator,
            action="append",
            default=[],
            metavar="ID:KEY",
            help="what `ortoo coordinators key` has shown, once for each coordinator",
        )
        draft.add_argument("--threshold", type=int, required=True, help="how many of them decide together")
        draft.add_argument(
            "--witness", action="append", default=[], metavar="VKEY", help="what `ortoo witness key` has shown"
        )
        draft.add_argument("--quorum", type=int, required=True, help="how many witnesses have to see a change")
        actions.add_parser("take", help="begin the hub's directory with what they have signed, from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.ORTOO_PRACTICE_DIR is not None:
            raise CommandError("This is a practice hub: its network is founded by itself (`make run`).")
        try:
            match options["action"]:
                case "draft":
                    self._draft(options)
                case "take":
                    self._take(sys.stdin.read(MOST_READ))
                case _:
                    self._say_standing()
        except Refused as refused:
            where = f" ({refused.at['field']})" if "field" in refused.at else ""
            raise CommandError(f"{refused.message}{where} [{refused.code}] Nothing was changed.") from None

    def _draft(self, options: dict[str, Any]) -> None:
        if founding.standing() is not None:
            raise CommandError("A network has been founded on this hub already: `manage.py found` shows it.")
        coordinators: list[schemas.Coordinator] = options["coordinator"]
        host = options["host"] or settings.ALLOWED_HOSTS[0]
        body = founding.draft(host, coordinators, options["threshold"], options["witness"], options["quorum"])
        self.stdout.write(json.dumps(msgspec.to_builtins(body), indent=1))
        self.stderr.write(NEXT.format(count=len(coordinators), threshold=body.threshold), str)

    def _take(self, signed: str) -> None:
        if not signed.strip():
            raise CommandError("Nothing came: `cat SIGNED.json SIGNED.json | ortoo-manage found take`.")
        document = founding.join(signed.split())  # an envelope in canonical form has no blank in it
        missing = founding.missing(document)
        body = document.body
        have = len(body.coordinators) - len(missing)
        if have < body.threshold:
            waits = "".join(f"\n    {id}" for id in missing)
            raise CommandError(
                f"{have} of {body.threshold} signatures are there; nothing was changed. These have not signed:{waits}\n"
                "Bring all signed files at once."
            )
        founding.take(document)
        self._say_standing()

    def _say_standing(self) -> None:
        standing = founding.standing()
        if standing is None:
            raise CommandError("No network has been founded on this hub. Begin with `manage.py found draft --help`.")
        body = standing.network.body
        say = self.stdout.write
        count = len(body.coordinators)
        say(f"Network {body.network}, founded {body.at} by {count} coordinators, of whom {body.threshold} decide.")
        say(f"Its fingerprint, for every invitation and kit:\n\n    {grouped(unb64(standing.network.sha256))}\n\n")
        say(f"Directory: {standing.entries} entries, {standing.in_force} in force.")
        for name in standing.witnesses:
            say(f"    {'has cosigned' if name in standing.signed else 'has not yet cosigned'}: {name}")
        if standing.in_force < standing.entries:
            say("What is not in force waits for the witnesses: `ortoo witness run`.")
