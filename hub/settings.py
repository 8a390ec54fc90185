"""The hub's settings, from the environment alone.

DATABASE_URL                 sqlite:////absolute/path or postgresql://user:password@host/name?sslmode=…
REDIS_URL                    redis://…; without it one process serves alone
ORTOO_PRACTICE_DIR           where a practice hub keeps its keys and its database (default: practice/ here)
ORTOO_SECRET_KEY_FILE        a file with 50 or more random characters
ORTOO_ALLOWED_HOSTS          host names under which the hub is reached, with commas
ORTOO_HUB_KEY_FILE           the key that `network.hub_key` names
ORTOO_DIRECTORY_LOG_KEY_FILE the key of the directory log

A practice hub has a default for each. A hub that is given any of the last four is a real one, unless it is also
given ORTOO_PRACTICE_DIR: then it needs all of them and DATABASE_URL, and does not start with less.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from hub import logs

BASE_DIR = Path(__file__).resolve().parent.parent

OF_A_REAL_HUB: Final = (
    "ORTOO_SECRET_KEY_FILE",
    "ORTOO_ALLOWED_HOSTS",
    "ORTOO_HUB_KEY_FILE",
    "ORTOO_DIRECTORY_LOG_KEY_FILE",
)
LOCAL_HOSTS: Final = "localhost,127.0.0.1,[::1]"


def _practice_dir(given: Mapping[str, str]) -> Path | None:
    """The practice hub's folder; None for a real hub, which is refused unless it is told all that it needs."""
    if given.get("ORTOO_PRACTICE_DIR"):
        return Path(given["ORTOO_PRACTICE_DIR"]).resolve()
    if not any(given.get(name) for name in OF_A_REAL_HUB) and "ORTOO_PRACTICE_DIR" not in given:
        return BASE_DIR / "practice"
    missing = [name for name in (*OF_A_REAL_HUB, "DATABASE_URL") if not given.get(name)]
    if missing:
        raise SystemExit(f"The hub does not start: set {', '.join(missing)}, or ORTOO_PRACTICE_DIR for a practice hub.")
    return None


def _key_file(name: str, in_practice: str) -> Path:
    given = os.environ.get(name)
    if given:
        return Path(given)
    assert ORTOO_PRACTICE_DIR is not None  # noqa: S101 - _practice_dir has refused it otherwise
    return ORTOO_PRACTICE_DIR / "hub" / in_practice


def _secret_key(path: Path) -> str:
    """The file's content. A practice hub that has none yet makes one."""
    if ORTOO_PRACTICE_DIR is not None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        partial.touch(mode=0o600)
        partial.write_text(secrets.token_urlsafe(48) + "\n")
        try:
            os.link(partial, path)  # the first of two processes wins, and both read the same
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    try:
        key = path.read_text().strip()
    except OSError:
        raise SystemExit("The hub does not start: the file that ORTOO_SECRET_KEY_FILE names cannot be read.") from None
    if len(key) < 50:
        raise SystemExit("The hub does not start: its secret key has fewer than 50 characters.")
    return key


def _database(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        path = unquote("/" + parts.path.lstrip("/"))
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": path,
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",  # or a transaction that reads first cannot write (SQLITE_BUSY)
                # FULL: an acknowledged referral survives a power cut, too. secure_delete: keys that were removed
                # leave nothing in the file.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;",
            },
        }
    if parts.scheme in ("postgres", "postgresql"):
        options = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": options.pop("host", parts.hostname or ""),
            "PORT": options.pop("port", str(parts.port or "")),
            "CONN_MAX_AGE": None,  # one connection a thread, kept (hub/threads.py)
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"connect_timeout": 10, "application_name": "ortoo", **options},
        }
    raise SystemExit("The hub does not start: DATABASE_URL is neither sqlite:// nor postgresql://.")


def _channel_layer(redis: str | None) -> dict[str, Any]:
    if redis:
        # Not channels_redis.core: it closes idle sockets after 5 seconds (django/channels_redis#422).
        return {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [redis], "prefix": "ortoo"},
        }
    # group_expiry: by default a listener falls out of its group after a day, and is then told nothing more.
    return {
        "BACKEND": "channels.layers.InMemoryChannelLayer",
        "CONFIG": {"capacity": 1000, "group_expiry": 10**9},
    }


ORTOO_PRACTICE_DIR = _practice_dir(os.environ)
ORTOO_HUB_KEY_FILE = _key_file("ORTOO_HUB_KEY_FILE", "hub.key")
ORTOO_DIRECTORY_LOG_KEY_FILE = _key_file("ORTOO_DIRECTORY_LOG_KEY_FILE", "directory.key")

SECRET_KEY = _secret_key(_key_file("ORTOO_SECRET_KEY_FILE", "secret_key"))
ALLOWED_HOSTS = [
    host.strip() for host in (os.environ.get("ORTOO_ALLOWED_HOSTS") or LOCAL_HOSTS).split(",") if host.strip()
]
DEBUG = False

INSTALLED_APPS = ["audit", "agencies", "notifications", "referrals", "hub"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
ROOT_URLCONF = "hub.urls"
ASGI_APPLICATION = "hub.asgi.application"
SECURE_REFERRER_POLICY = "no-referrer"

DATABASES = {"default": _database(os.environ.get("DATABASE_URL") or f"sqlite://{ORTOO_PRACTICE_DIR}/hub.sqlite3")}
CHANNEL_LAYERS = {"default": _channel_layer(os.environ.get("REDIS_URL"))}
# WebAuthn: passkeys belong to the first host; pages of these origins may use them.
ORTOO_RP_ID = ALLOWED_HOSTS[0]
ORTOO_ORIGINS = frozenset(
    filter(None, (os.environ.get("ORTOO_ORIGINS") or f"https://{ORTOO_RP_ID},http://localhost:8000").split(","))
)

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGGING_CONFIG = None
logs.configure()
