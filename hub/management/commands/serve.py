"""`manage.py serve`: one process of a hub behind a proxy. Several of them share a PostgreSQL and a Redis."""

import socket
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from hub import configuration, serving


class Command(BaseCommand):
    help = "Serve one process of the hub behind a proxy, at the socket that systemd passes, or at the one named."

    def add_arguments(self, parser: ArgumentParser) -> None:
        where = parser.add_mutually_exclusive_group()
        where.add_argument("--socket", type=Path, help="path of a unix socket to listen at")
        where.add_argument("--port", type=int, help="port to listen at")
        parser.add_argument("--host", default="127.0.0.1", help="address of that port (default 127.0.0.1)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.ORTOO_IS_PUBLIC:
            raise CommandError(
                "The settings are those of a practice hub, which `manage.py run_practice` serves. "
                f"A real one needs {', '.join(configuration.IN_PRODUCTION)}, DATABASE_URL and REDIS_URL."
            )
        listener = self._listener(options)
        at_unix_socket = listener.family == socket.AF_UNIX
        if at_unix_socket != (settings.ORTOO_TRUSTED_PROXY == (configuration.UNIX,)):
            raise CommandError(
                "ORTOO_TRUSTED_PROXY must be `unix` for a hub that listens at a unix socket, and name the proxy's "
                "addresses for one that listens at a port."
            )
        # Imported here: it sets the whole hub up, and what is wrong above is said first.
        from hub.asgi import application

        server = serving.server(application, settings.ORTOO_TRUSTED_PROXY)
        structlog.get_logger().info("serving")
        server.run(sockets=[listener])

    def _listener(self, options: dict[str, Any]) -> socket.socket:
        try:
            if options["socket"]:
                return serving.at_path(options["socket"])
            if options["port"] is not None:
                return serving.at_port(options["host"], options["port"])
        except (OSError, OverflowError) as error:
            raise CommandError(f"The hub cannot listen there: {error}.") from None
        listener = serving.passed_by_systemd()
        if listener is None:
            raise CommandError(
                "Where should the hub listen? Give --socket or --port, or start it with ortoo-hub@.socket."
            )
        return listener
