"""`manage.py scrub`: what was destroyed goes out of the database's files, too, as far as can be done."""

from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from agencies.models import Account, AgencyKey
from referrals import ending, sealed
from referrals.housekeeping import forget_old_seeds
from referrals.models import Part, PartKey, Wrap

HELD: Final = (Part, PartKey, Wrap, AgencyKey, Account)  # seeds of old epochs, and keyrings that had them, too

READERS: Final = 5_000  # milliseconds, for those who read to come to their end


class Command(BaseCommand):
    help = (
        "Destroy what has run out, and write the tables that held ciphertext and keys anew, without what was destroyed."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        ending.end()
        forget_old_seeds()
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM")
            if not sealed.log_emptied(wait=READERS):
                raise CommandError(
                    "Somebody reads the database, a backup perhaps: what was destroyed stays in its log "
                    "(hub.sqlite3-wal) until that ends. Say scrub again then."
                )
        else:
            self._rewrite()
        self.stdout.write("Done. Backups, and PostgreSQL's own log, hold it until they are over (docs/operations.md).")

    def _rewrite(self) -> None:
        """PostgreSQL keeps dead rows in its files until it writes a table anew. Each is locked for as long."""
        with connection.cursor() as cursor:
            for model in HELD:
                cursor.execute(f"VACUUM (FULL) {connection.ops.quote_name(model._meta.db_table)}")
            try:
                cursor.execute("CHECKPOINT")
            except DatabaseError:
                self.stderr.write("CHECKPOINT is not this user's to say: PostgreSQL does it by itself in some minutes.")
