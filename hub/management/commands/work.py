"""`manage.py work`: the worker of a hub, beside the processes that serve."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

import structlog
from django.core.management.base import BaseCommand

from hub import working


class Command(BaseCommand):
    help = "Do the work beside the requests, every minute until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do it once, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            working.work()
            return
        stop = threading.Event()
        for wanted in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wanted, lambda *_: stop.set())
        structlog.get_logger().info("working")
        working.work_until(stop)
