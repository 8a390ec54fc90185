"""The hub's own keys, from files alone: a base64url seed in each. Their paths are settings."""

from functools import cache
from pathlib import Path

from django.conf import settings

from ortoo.protocol.documents import SigningKey, b64, unb64


def hub() -> SigningKey:
    """The key that `network.hub_key` names."""
    return _read(settings.ORTOO_HUB_KEY_FILE)


def directory_log() -> SigningKey:
    """The key of the directory log's checkpoints."""
    return _read(settings.ORTOO_DIRECTORY_LOG_KEY_FILE)


def activity_log() -> SigningKey:
    """The key of the activity log's checkpoints."""
    return _read(settings.ORTOO_ACTIVITY_LOG_KEY_FILE)


@cache
def _read(path: Path) -> SigningKey:
    return SigningKey(unb64(Path(path).read_text().strip()))


def write(path: Path, key: SigningKey) -> None:
    """Keep a new key: readable by the owner alone, and whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(path.name + ".part")
    partial.touch(mode=0o600)
    partial.write_text(b64(key.seed) + "\n")
    partial.rename(path)
