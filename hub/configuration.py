"""What a hub is told from outside, typed and checked before anything starts; docs/operations.md has the table.

A practice hub needs nothing. A hub that is given any of IN_PRODUCTION is a real one: it needs them all, and each that
is missing or wrong is named, all in one go. No value is ever repeated: a secret may stand where it does not belong.
"""

import ipaddress
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from ortoo.protocol.documents import unb64
from ortoo.protocol.errors import Refused

T = TypeVar("T")

KEY_FILES: Final = {
    "ORTOO_SECRET_KEY_FILE": "secret_key",
    "ORTOO_HUB_KEY_FILE": "hub.key",
    "ORTOO_DIRECTORY_LOG_KEY_FILE": "directory.key",
    "ORTOO_ACTIVITY_LOG_KEY_FILE": "activity.key",
}
LOG_AND_HUB_KEYS: Final = tuple(KEY_FILES)[1:]  # of which a practice network makes its own
LOG_FOLDER: Final = "/var/lib/ortoo/logs"
IN_PRODUCTION: Final = (*KEY_FILES, "ORTOO_ALLOWED_HOSTS", "ORTOO_TRUSTED_PROXY")
UNIX: Final = "unix"  # for ORTOO_TRUSTED_PROXY: only the proxy can open the sockets at which the hub listens
LOCAL_HOSTS: Final = ("localhost", "127.0.0.1", "[::1]")
HOST: Final = re.compile(r"\.?[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")
BUCKET: Final = re.compile(r"/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/?")
SHORTEST_SECRET: Final = 50  # characters
WRITERS: Final = 8
LEAVE_SITE: Final = "https://mn.wikipedia.org/"  # which anybody might be reading
FILES: Final = "/var/lib/ortoo/files"
FILES_QUOTA: Final = 20  # GiB of an agency
MOST_FILES_QUOTA: Final = 10_000
MOST_WRITERS: Final = 64
MAIL_TIMEOUT: Final = 30  # seconds for each answer of the mail server
LONGEST_MAIL_TIMEOUT: Final = 120
IN_FILES: Final = (
    "DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "FILES_URL",
)  # that may stand in a file, which NAME_FILE names

# What a value must be, and so what is said where it is something else.
WHAT: Final = {
    "DATABASE_URL": "postgresql://user:password@host/name, or postgresql:///name?host=/folder/of/its/socket",
    "REDIS_URL": "redis://…, rediss://… or unix:///path/of/its/socket",
    "ORTOO_ALLOWED_HOSTS": "the host names under which the hub is reached, with commas and without *",
    "ORTOO_TRUSTED_PROXY": (
        f"`{UNIX}` where the hub listens at unix sockets that only the proxy can open, or the proxy's addresses or"
        " networks, with commas"
    ),
    "ORTOO_SECRET_KEY_FILE": f"a file with {SHORTEST_SECRET} random characters (`python -m hub.make_keys` makes it)",
    "ORTOO_HUB_KEY_FILE": "a file with the hub's key (`python -m hub.make_keys` makes it)",
    "ORTOO_DIRECTORY_LOG_KEY_FILE": "a file with the directory log's key (`python -m hub.make_keys` makes it)",
    "ORTOO_ACTIVITY_LOG_KEY_FILE": "a file with the activity log's key (`python -m hub.make_keys` makes it)",
    "ORTOO_LOG_DIR": "the path of the folder into which the logs are written, from the root",
    "ORTOO_THREADS": f"a number from 1 to {MOST_WRITERS}",
    "ORTOO_TRUSTED_DOCUMENTS": "yes, or no",
    "ORTOO_LEAVE_SITE": "the https:// address of a page that says nothing of this network",
    "EMAIL_URL": (
        "smtps://user:password@host, smtp://user:password@host:587 (STARTTLS), or smtp://localhost:25?tls=no for a mail"
        " server of this machine; `timeout=` takes seconds"
    ),
    "FILES_URL": (
        "file:///folder, or s3://key:secret@host/bucket of an S3-compatible store; `region=` takes its region, and"
        " `tls=no` is for one of this machine"
    ),
    "ORTOO_FILES_QUOTA": f"a number of GiB from 1 to {MOST_FILES_QUOTA}",
    "ORTOO_EMAIL_FROM": "the address from which the hub writes, ortoo@example.org",
}


class Wrong(ValueError):
    """The hub cannot start with this; `str()` names every setting at fault and what to do, and no value."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        lines = [f"  {name} {what}" for name, what in self.problems.items()]
        super().__init__("\n".join(["The hub does not start. Change these settings:", *lines]))


@dataclass(frozen=True)
class MailServer:
    """Where e-mail is handed over. tls: from the beginning, by STARTTLS, or none. timeout: seconds for each answer."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: Literal["smtps", "starttls", "none"]
    timeout: int


@dataclass(frozen=True)
class Bucket:
    """A bucket of an S3-compatible store. endpoint: its URL; region: "" where it has none."""

    endpoint: str
    name: str
    region: str
    key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Configuration:
    """Everything that a process of the hub is told.

    practice: the folder of a practice network; None for a real one.
    is_public: served behind a proxy under real names, a practice network too.
    trusted_proxy: UNIX, or addresses and networks; whose word about the client's address counts.
    writers: threads that write to the database.
    log_folder: into which the logs' tiles and checkpoints are written, for any static server.
    leave_site: where the button Leave of its pages leads.
    trusted_documents: whether a page that is signed in by cookie may ask only what this release's own pages ask.
    files: where sealed files are kept. files_quota: bytes that an agency may keep there.
    mail_server: None: no e-mail is sent. mail_from: the address from which it is.
    """

    practice: Path | None
    is_public: bool
    database_url: str = field(repr=False)
    redis_url: str | None = field(repr=False)
    allowed_hosts: tuple[str, ...]
    trusted_proxy: tuple[str, ...]
    secret_key: str = field(repr=False)
    older_secret_keys: tuple[str, ...] = field(repr=False)
    hub_key_file: Path
    directory_log_key_file: Path
    activity_log_key_file: Path
    log_folder: Path
    writers: int
    trusted_documents: bool
    leave_site: str
    files: Path | Bucket
    files_quota: int
    mail_server: MailServer | None
    mail_from: str


def read(given: Mapping[str, str], beside: Path) -> Configuration:
    """The configuration in the environment `given`. `beside`: where a practice hub that is told nothing keeps its own.

    Raises Wrong.
    """
    names = {name for name, value in given.items() if value}
    folder = given.get("ORTOO_PRACTICE_DIR")
    if folder:
        practice, is_public = Path(folder).resolve(), "ORTOO_TRUSTED_PROXY" in names
    elif not names.intersection(IN_PRODUCTION) and folder is None:
        practice, is_public = beside, False
    else:
        practice, is_public = None, True
    reading = _Reading(given)
    if is_public:
        database_url = reading.one("DATABASE_URL", _postgresql)
        redis_url = reading.one("REDIS_URL", _redis)
        hosts = reading.one("ORTOO_ALLOWED_HOSTS", _hosts)
        proxy = reading.one("ORTOO_TRUSTED_PROXY", _proxy)
    else:
        database_url = reading.one("DATABASE_URL", _any_database, f"sqlite://{practice}/hub.sqlite3")
        redis_url = reading.one("REDIS_URL", _redis, "") or None
        hosts = reading.one("ORTOO_ALLOWED_HOSTS", _any_hosts, ",".join(LOCAL_HOSTS))
        proxy = ()
    files = {
        name: reading.file(name, practice / "hub" / file if practice else None) for name, file in KEY_FILES.items()
    }
    if practice and not given.get("ORTOO_SECRET_KEY_FILE"):
        make_secret_key(files["ORTOO_SECRET_KEY_FILE"])
    secret_keys = reading.content("ORTOO_SECRET_KEY_FILE", files["ORTOO_SECRET_KEY_FILE"], _secrets)
    for name in LOG_AND_HUB_KEYS:
        if given.get(name) or not practice:  # a practice network makes its own when it is founded
            reading.content(name, files[name], _seed)
    log_folder = reading.one("ORTOO_LOG_DIR", _folder, str(practice / "logs") if practice else LOG_FOLDER)
    writers = reading.one("ORTOO_THREADS", _writers, str(WRITERS))
    trusted_documents = reading.one("ORTOO_TRUSTED_DOCUMENTS", _yes_or_no, "yes" if is_public else "no")
    leave_site = reading.one("ORTOO_LEAVE_SITE", _site, LEAVE_SITE)
    files_here = f"file://{practice}/files" if practice else f"file://{FILES}"
    file_store = reading.one("FILES_URL", _file_store, files_here)
    files_quota = reading.one("ORTOO_FILES_QUOTA", _quota, str(FILES_QUOTA))
    mail_server = reading.one("EMAIL_URL", _mail_server, "")
    mail_from = ""
    if given.get("EMAIL_URL") or given.get("EMAIL_URL_FILE"):
        mail_from = reading.one("ORTOO_EMAIL_FROM", _address)
    if reading.problems:
        raise Wrong(reading.problems)
    return Configuration(
        practice=practice,
        is_public=is_public,
        database_url=database_url,
        redis_url=redis_url,
        allowed_hosts=hosts,
        trusted_proxy=proxy,
        secret_key=secret_keys[0],
        older_secret_keys=secret_keys[1:],
        hub_key_file=files["ORTOO_HUB_KEY_FILE"],
        directory_log_key_file=files["ORTOO_DIRECTORY_LOG_KEY_FILE"],
        activity_log_key_file=files["ORTOO_ACTIVITY_LOG_KEY_FILE"],
        log_folder=log_folder,
        writers=writers,
        trusted_documents=trusted_documents,
        leave_site=leave_site,
        files=file_store,
        files_quota=files_quota,
        mail_server=mail_server,
        mail_from=mail_from,
    )


def make_secret_key(path: Path) -> None:
    """Keep a new secret where there is none. Of two processes the first wins, and both read the same."""
    make_file(path, secrets.token_urlsafe(48))


def make_file(path: Path, content: str) -> bool:
    """Write a file for its owner alone, whole or not at all; False, and nothing is changed, where there is one."""
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    partial.touch(mode=0o600)
    try:
        partial.write_text(content + "\n")
        os.link(partial, path)
    except FileExistsError:
        return False
    finally:
        partial.unlink()
    return True


class _Reading:
    """Reads one after the other and collects what is wrong; after a problem its values are not to be used."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given
        self.problems: dict[str, str] = {}

    def one(self, name: str, parse: Callable[[str], T], default: str | None = None) -> T:
        """The value, from NAME or, where that is allowed, from the file that NAME_FILE names."""
        value = self.given.get(name)
        file = self.given.get(f"{name}_FILE") if name in IN_FILES else None
        if value and file:
            self.problems[name] = f"is set twice: remove it, or {name}_FILE."
        elif file:
            return self.content(f"{name}_FILE", Path(file), parse, WHAT[name])
        elif not value and default is None:
            self.problems[name] = f"is missing: set it to {WHAT[name]}."
        else:
            try:
                return parse(value or default or "")
            except ValueError:
                self.problems[name] = f"is wrong: set it to {WHAT[name]}."
        return None  # type: ignore[return-value]

    def file(self, name: str, default: Path | None) -> Path:
        value = self.given.get(name)
        if not value and default is None:
            self.problems[name] = f"is missing: name {WHAT[name]}."
        return Path(value) if value else default or Path()

    def content(self, name: str, path: Path, parse: Callable[[str], T], what: str | None = None) -> T:
        """What the file holds. Refused where anybody but its owner may read it."""
        if name in self.problems:
            return None  # type: ignore[return-value]
        try:
            with path.open(encoding="utf-8") as opened:
                mode = os.fstat(opened.fileno()).st_mode
                text = opened.read(4096).strip()
            if not stat.S_ISREG(mode):
                self.problems[name] = "does not name a file."
            elif mode & 0o077:
                self.problems[name] = (
                    "names a file that others may read or change: give it to the hub's user, mode 0400."
                )
            else:
                return parse(text)
        except FileNotFoundError:
            self.problems[name] = f"names a file that is not there: name {WHAT.get(name, 'one that is')}."
        except OSError:
            self.problems[name] = "names a file that the hub cannot read: give it to the hub's user, mode 0400."
        except ValueError:
            self.problems[name] = f"names a file that holds something else: it holds {what or WHAT[name]}."
        return None  # type: ignore[return-value]


# --- values; each raises ValueError for what it is not ----------------------------------------------------------------


def _any_database(url: str) -> str:
    if urlsplit(url).scheme == "sqlite":
        return url
    return _postgresql(url)


def _postgresql(url: str) -> str:
    parts = urlsplit(url)
    _must(parts.scheme in ("postgres", "postgresql") and len(parts.path.strip("/")) > 0)
    _must(parts.port is None or parts.port > 0)
    return url


def _redis(url: str) -> str:
    parts = urlsplit(url)
    _must(
        not url
        or bool(parts.hostname if parts.scheme in ("redis", "rediss") else parts.scheme == "unix" and parts.path)
    )
    return url


def _words(value: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in value.split(",") if word.strip())
    _must(len(words) > 0)
    return words


def _any_hosts(value: str) -> tuple[str, ...]:
    return _words(value)


def _hosts(value: str) -> tuple[str, ...]:
    hosts = _words(value)
    _must(all(HOST.fullmatch(host) or host == "[::1]" for host in hosts))
    return hosts


def _proxy(value: str) -> tuple[str, ...]:
    if value == UNIX:
        return (UNIX,)
    networks = [ipaddress.ip_network(word) for word in _words(value)]
    _must(_narrow(networks))
    return tuple(str(one) for one in networks)


def _narrow(networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    """A network as wide as this holds clients too, and each could then say that it is another."""
    return all(one.prefixlen >= (16 if one.version == 4 else 48) for one in networks)


def _secrets(text: str) -> tuple[str, ...]:
    """One a line, the newest first: what an older one has sealed stays readable."""
    found = tuple(line.strip() for line in text.splitlines() if line.strip())
    _must(bool(found))
    for one in found:
        _must(len(one) >= SHORTEST_SECRET and len(set(one)) >= 10 and not one.startswith("django-insecure-"))
    return found


def _seed(text: str) -> bytes:
    try:
        seed = unb64(text)
    except Refused:
        raise ValueError from None
    _must(len(seed) == 32)
    return seed


def _writers(value: str) -> int:
    _must(value.isascii() and value.isdecimal() and 1 <= int(value) <= MOST_WRITERS)
    return int(value)


def _folder(value: str) -> Path:
    _must(value.startswith("/") and "\0" not in value)
    return Path(value)


def _quota(value: str) -> int:
    _must(value.isascii() and value.isdecimal() and 1 <= int(value) <= MOST_FILES_QUOTA)
    return int(value) * 2**30


def _file_store(url: str) -> Path | Bucket:
    parts = urlsplit(url)
    if parts.scheme == "file":
        _must(not parts.netloc and parts.path.strip("/") != "" and not parts.query)
        return Path(unquote(parts.path))
    said = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)) if parts.query else {}
    host, tls, region = parts.hostname or "", said.pop("tls", "yes"), said.pop("region", "")
    _must(parts.scheme == "s3" and bool(HOST.fullmatch(host)) and bool(parts.username) and bool(parts.password))
    _must(bool(BUCKET.fullmatch(parts.path)) and tls in ("yes", "no") and not said)
    # In the clear to this machine alone: what is stored is sealed, but when and how much would be read on the way.
    _must(tls == "yes" or host in ("localhost", "127.0.0.1"))
    port = f":{parts.port}" if parts.port else ""
    return Bucket(
        endpoint=f"http{'s' if tls == 'yes' else ''}://{host}{port}",
        name=parts.path.strip("/"),
        region=region,
        key=unquote(parts.username or ""),
        secret=unquote(parts.password or ""),
    )


def _yes_or_no(value: str) -> bool:
    _must(value in ("yes", "no"))
    return value == "yes"


def _must(holds: bool) -> None:
    if not holds:
        raise ValueError


def _mail_server(url: str) -> MailServer | None:
    if not url:
        return None
    parts, said = urlsplit(url), dict(parse_qsl(urlsplit(url).query, keep_blank_values=True, strict_parsing=True))
    host, implicit, tls = parts.hostname or "", parts.scheme == "smtps", said.pop("tls", "yes")
    _must(
        parts.scheme in ("smtp", "smtps") and bool(HOST.fullmatch(host)) and host[0] != "." and parts.path in ("", "/")
    )
    _must(tls in ("yes", "no") and not (implicit and tls == "no"))
    # In the clear to this machine alone: a password would be read on the way, and who is written to.
    _must(tls == "yes" or host in ("localhost", "127.0.0.1"))
    timeout = int(said.pop("timeout", str(MAIL_TIMEOUT)))
    _must(1 <= timeout <= LONGEST_MAIL_TIMEOUT and not said)
    return MailServer(
        host=host,
        port=parts.port or (465 if implicit else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls="smtps" if implicit else "starttls" if tls == "yes" else "none",
        timeout=timeout,
    )


def _site(value: str) -> str:
    at = urlsplit(value)
    _must(at.scheme == "https" and bool(HOST.fullmatch(at.hostname or "")) and at.username is None and not at.fragment)
    _must(bool(re.fullmatch(r"[!-~]+", value)))
    return value


def _address(value: str) -> str:
    name, _, host = value.rpartition("@")
    _must(bool(re.fullmatch(r"[A-Za-z0-9._+-]{1,64}", name)) and bool(HOST.fullmatch(host)) and host[0] != ".")
    return value
