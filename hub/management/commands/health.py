"""`manage.py health`: what the hub lacks to do its work, in plain words; for the operator, beside `/readyz`."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from hub import health
from ortoo.words import Words, language_of


class Command(BaseCommand):
    help = "Say whether database, network and Redis are there; status 1 if something is missing."

    def handle(self, *args: Any, **options: Any) -> None:
        lacking = asyncio.run(health.missing())
        for sentence in health.in_words(lacking) or [Words(language_of())("health.ready")]:
            self.stdout.write(sentence)
        if lacking:
            raise SystemExit(1)
