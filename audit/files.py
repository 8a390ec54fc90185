"""Where the files of a log lie: under its origin's path, without the host."""

from pathlib import Path
from typing import Final

from django.conf import settings

CHECKPOINT: Final = "checkpoint"  # the newest signed note with a quorum
SIGNED: Final = "signed"  # the newest note that this hub signed


def path_of(origin: str) -> str:
    """`log/activity` of `hub.example/log/activity`."""
    return origin.partition("/")[2]


def folder_of(origin: str) -> Path:
    return Path(settings.ORTOO_LOG_DIR) / path_of(origin)
