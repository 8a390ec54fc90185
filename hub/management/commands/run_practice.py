"""`manage.py run_practice`: the practice hub in one process, from nothing to serving, and again from what was there."""

import http.client
import json
import os
import secrets
import signal
import socket
import threading
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from agencies import practice
from hub import witnessing, working

HOST: Final = "127.0.0.1"  # a practice network has no secrets: it serves this machine alone
SOON: Final = 30  # seconds in which the hub must answer for itself

WORDS: Final = """
Open {page} in a browser on this machine. By this name: passkeys refuse an IP address.

The practice hub answers at {address}
  GraphQL, over HTTP and WebSocket:  {address}/graphql
  Its keys and its database:         {folder}

Next, in a second terminal, follow the shelter's referrals:
  {ortoo} --as mgec.delger follow
and in a third, send it one:
  {ortoo} --as mrc.nara send ortoo/data/scenarios/01-shelter-tonight.json

Ctrl-C stops the hub; what it holds is kept, and `make clean` forgets it.
"""

OLDER: Final = (
    "The practice network in {folder} was made by another version of Ortoo. {way} forgets it, with all that was sent "
    "in it and the keys of its members; the next `make run` founds a new one."
)


class Command(BaseCommand):
    help = "Serve the practice network on 127.0.0.1: migrate, found it once, then answer until Ctrl-C."
    requires_system_checks: Sequence[str] = ()  # of our own code: they say the same at each start
    failure = ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", default="8000", help="the port to serve on (default 8000)")

    def handle(self, *args: Any, **options: Any) -> None:
        listener = self._take(options["port"])  # first, so that nothing is made where nothing can be served
        port = listener.getsockname()[1]
        folder = Path(settings.ORTOO_PRACTICE_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        os.umask(0o077)
        if practice.is_of_another_version():
            is_own = folder == settings.BASE_DIR / "practice"
            way = "`make clean`" if is_own else "Removing that folder"
            raise CommandError(OLDER.format(folder=_short(folder), way=way))

        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False)
        call_command("found_practice", stdout=self.stdout)
        _note_address(folder / "network.json", f"http://{HOST}:{port}")

        self._serve(listener, f"http://{HOST}:{port}", folder)
        self.stdout.write("The practice hub has stopped.")

    def _take(self, named: str) -> socket.socket:
        """A socket that listens at the port. Taking it is the check: nobody can come in between."""
        try:
            port = int(named)
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, port))
            listener.listen(128)
        except (ValueError, OverflowError):
            raise CommandError(f"{named!r} is not a port: PORT= takes a number from 1 to 65535.") from None
        except PermissionError:
            raise CommandError(f"Port {named} needs rights that you do not have: try PORT=8123.") from None
        except OSError:
            raise CommandError(
                f"Port {named} is in use: stop what serves there, or choose another, as in `make run PORT=8123`."
            ) from None
        return listener

    def _serve(self, listener: socket.socket, address: str, folder: Path) -> None:
        # Imported here: it installs the event loop of this process.
        from daphne.server import Server

        from hub.asgi import application

        work = threading.Thread(target=working.work_until, args=(threading.Event(),), daemon=True)
        work.start()
        server = Server(
            application,
            endpoints=[f"fd:fileno={listener.fileno()}"],
            server_name="ortoo",
            verbosity=0,
            ready_callable=lambda: self._say_when_ready(address, folder),
        )
        server.run()  # until SIGINT or SIGTERM
        if self.failure:
            raise CommandError(self.failure)

    def _say_when_ready(self, address: str, folder: Path) -> None:
        threading.Thread(target=self._await_answer, args=(address, folder), daemon=True).start()

    def _await_answer(self, address: str, folder: Path) -> None:
        """Say where to look once the hub has said of itself, over its own socket, that it is ready."""
        until = time.monotonic() + SOON
        answer = ""
        while time.monotonic() < until:
            ready, answer = _ask(address)
            if ready:
                page = f"http://localhost:{address.rpartition(':')[2]}/"
                words = WORDS.format(page=page, address=address, folder=_short(folder), ortoo=".venv/bin/ortoo")
                self.stdout.write(words)
                self.stdout.flush()
                witnessing.begin(folder, json.loads((folder / "network.json").read_text())["anchor"], address)
                return
            time.sleep(0.1)
        self.failure = f"The hub serves, but does not become ready: {answer or 'no answer at all'}"
        os.kill(os.getpid(), signal.SIGINT)


def _ask(address: str) -> tuple[bool, str]:
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        return response.status == 200, response.read().decode()
    except (OSError, http.client.HTTPException):
        return False, ""
    finally:
        connection.close()


def _note_address(path: Path, address: str) -> None:
    """Keep in network.json where the hub answers, which is where the practice clients look for it."""
    network = json.loads(path.read_text(encoding="utf-8"))
    if network["hub"] == address:
        return
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    partial.write_text(json.dumps(network | {"hub": address}, indent=1) + "\n", encoding="utf-8")
    partial.replace(path)


def _short(folder: Path) -> str:
    here = Path.cwd()
    return f"{folder.relative_to(here)}/" if folder.is_relative_to(here) else f"{folder}/"
