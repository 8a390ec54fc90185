"""Verifies copies of a hub's database and logs, one after the other, in one process: it reads a practice folder a line,
and answers each with what was found, as JSON.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

import django


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "hub.settings"
    django.setup()

    from django.conf import settings
    from django.db import connection

    from referrals import auditing

    for line in sys.stdin:
        asked: dict[str, Any] = json.loads(line)
        folder = Path(asked["folder"])
        connection.close()
        connection.settings_dict["NAME"] = str(folder / "hub.sqlite3")
        settings.ORTOO_LOG_DIR = folder / "logs"
        what = auditing.Asked(anchor=asked["anchor"], seen=asked["seen"])
        found = list(auditing.verify(what, lambda *_: None))
        sys.stdout.write(json.dumps([[one.table, one.row, one.field, one.how, str(one)] for one in found]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
