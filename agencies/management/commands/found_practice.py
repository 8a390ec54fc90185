from typing import Any

from django.core.management.base import BaseCommand

from agencies import practice


class Command(BaseCommand):
    help = "Found the practice network with keys made on the spot, once. What is there is kept."

    def handle(self, *args: Any, **options: Any) -> None:
        practice.found(self.stdout.write)
