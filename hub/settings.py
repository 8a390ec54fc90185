"""Django's settings. What comes from outside is read and checked in hub/configuration.py."""

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from hub import configuration, logs

BASE_DIR = Path(__file__).resolve().parent.parent
YEAR = 365 * 24 * 3600  # seconds


def _configured() -> configuration.Configuration:
    try:
        return configuration.read(os.environ, BASE_DIR / "practice")
    except configuration.Wrong as wrong:
        raise SystemExit(str(wrong)) from None


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


def _storage(files: Path | configuration.Bucket) -> dict[str, Any]:
    if isinstance(files, Path):
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": files}}
    from botocore.config import Config  # here: nothing but a bucket needs it

    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "endpoint_url": files.endpoint,
            "bucket_name": files.name,
            "region_name": files.region or None,
            "access_key": files.key,
            "secret_key": files.secret,
            "client_config": Config(
                s3={"addressing_style": "path"},
                signature_version="s3v4",
                connect_timeout=5,  # seconds: whoever withdraws does not wait for a store that is away
                read_timeout=10,
                retries={"total_max_attempts": 2},
            ),
            "default_acl": None,
            "querystring_auth": True,
            "file_overwrite": True,  # names are random: nothing is asked before
            "max_memory_size": 0,
        },
    }


_given = _configured()

ORTOO_PRACTICE_DIR = _given.practice
ORTOO_HUB_KEY_FILE = _given.hub_key_file
ORTOO_DIRECTORY_LOG_KEY_FILE = _given.directory_log_key_file
ORTOO_ACTIVITY_LOG_KEY_FILE = _given.activity_log_key_file
ORTOO_LOG_DIR = _given.log_folder
ORTOO_IS_PUBLIC = _given.is_public
ORTOO_TRUSTED_PROXY = _given.trusted_proxy
ORTOO_THREADS = _given.writers
ORTOO_TRUSTED_DOCUMENTS = _given.trusted_documents
ORTOO_LEAVE_SITE = _given.leave_site

SECRET_KEY = _given.secret_key
SECRET_KEY_FALLBACKS = list(_given.older_secret_keys)
ALLOWED_HOSTS = list(_given.allowed_hosts)
DEBUG = False

INSTALLED_APPS = ["audit", "agencies", "notifications", "referrals", "coordination", "hub"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "hub.urls"
ASGI_APPLICATION = "hub.asgi.application"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "no-referrer"
if ORTOO_IS_PUBLIC:
    # Whether a request came by https is the scheme that the server tells, and it believes the proxy alone about it
    # (hub/serving.py); so there is no SECURE_PROXY_SSL_HEADER, which would believe anybody.
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = YEAR
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

# WebAuthn: passkeys belong to the first host, and are used on its pages alone; in practice on this machine's.
ORTOO_RP_ID = ALLOWED_HOSTS[0]
ORTOO_ORIGIN = re.compile(f"https://{re.escape(ORTOO_RP_ID)}" if ORTOO_IS_PUBLIC else r"http://localhost(:[0-9]+)?")

DATABASES = {"default": _database(_given.database_url)}
CHANNEL_LAYERS = {"default": _channel_layer(_given.redis_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Without a mail server nothing is written into the outbox.
ORTOO_SENDS_MAIL = _given.mail_server is not None
EMAIL_TIMEOUT = configuration.MAIL_TIMEOUT
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _given.mail_from
if _given.mail_server is not None:
    EMAIL_HOST = _given.mail_server.host
    EMAIL_PORT = _given.mail_server.port
    EMAIL_HOST_USER = _given.mail_server.user
    EMAIL_HOST_PASSWORD = _given.mail_server.password
    EMAIL_USE_SSL = _given.mail_server.tls == "smtps"
    EMAIL_USE_TLS = _given.mail_server.tls == "starttls"
    EMAIL_TIMEOUT = _given.mail_server.timeout

STORAGES = {"default": _storage(_given.files)}
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
ORTOO_FILES_QUOTA = _given.files_quota

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

LOGGING_CONFIG = None
logs.configure()
