"""What a hub keeps its things in, twice: SQLite with the in-memory channel layer, and PostgreSQL with Redis.

Migrating and founding take seconds, so each is done once in a run and copied for each test.
"""

import fcntl
import json
import os
import secrets
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import psycopg

from tests import warm
from tests.services import PostgreSQL, Valkey

REPOSITORY: Final = Path(__file__).resolve().parents[1]
KINDS: Final = ("sqlite", "postgres")
SAID: Final = (
    "DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "FILES_URL",
)  # of which nothing is taken from whoever runs the tests
Kind = Literal["sqlite", "postgres"]
State = Literal["migrated", "founded"]


@dataclass(frozen=True)
class Store:
    """A database of one test's own, the practice folder that belongs to it, and its Redis where it has one."""

    kind: Kind
    folder: Path
    database_url: str
    redis_url: str | None
    more: Mapping[str, str] = field(default_factory=dict)  # that a process of the hub on it is told

    @property
    def practice(self) -> Path:
        return self.folder / "practice"

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment of a process of the hub on this store: this process's, and where things are."""
        passed = {name: value for name, value in os.environ.items() if name not in SAID}
        own = {"DATABASE_URL": self.database_url, "ORTOO_PRACTICE_DIR": str(self.practice), "PYTHONUNBUFFERED": "1"}
        return passed | own | ({"REDIS_URL": self.redis_url} if self.redis_url else {}) | self.more

    def manage(self, *arguments: str) -> str:
        """Run `manage.py` on this store; what it wrote. Fails with all that it said where it fails."""
        run = warm.run(REPOSITORY / "manage.py", arguments, environment=self.environment, timeout=120)
        if run.returncode:
            raise RuntimeError(
                f"manage.py {' '.join(arguments)} ended with {run.returncode}:\n{run.stdout}{run.stderr}"
            )
        return run.stdout

    def ask(self, program: str, asked: object = None) -> Any:
        """Run a program of tests/ on this store, which is asked and answers in JSON."""
        with warm.open_temporary() as given:
            given.write(json.dumps(asked).encode())
            given.seek(0)
            run = warm.run(REPOSITORY / "tests" / program, [], environment=self.environment, stdin=given, timeout=60)
        assert run.returncode == 0, run.stderr[-3000:]
        return json.loads(run.stdout or "null")

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run one SQL statement beside the hub, as somebody with full rights in the database might; its rows."""
        if self.kind == "postgres":
            with psycopg.connect(self.database_url, autocommit=True) as connection:
                cursor = connection.execute(statement.encode())
                return cursor.fetchall() if cursor.description else []
        with closing(sqlite3.connect(self.database_url.removeprefix("sqlite:///"), timeout=20)) as database, database:
            return database.execute(statement).fetchall()

    def dump(self) -> bytes:
        """Everything that the database holds, as a thief would have it: SQLite's files; every row of PostgreSQL."""
        if self.kind == "sqlite":
            return b"".join(path.read_bytes() for path in sorted(self.practice.glob("hub.sqlite3*")))
        rows = []
        for (table,) in self.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
            for row in self.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - a name from the catalogue
                rows += [bytes(one) if isinstance(one, bytes | memoryview) else str(one).encode() for one in row]
        return b"\n".join(rows)


class Stores:
    """Hands out stores. All workers of a run share its folder, its cluster and its templates."""

    def __init__(self, folder: Path, postgresql: PostgreSQL) -> None:
        self.folder, self.postgresql = folder, postgresql

    @contextmanager
    def opened(self, kind: Kind, state: State) -> Iterator[Store]:
        """A store of the test's own in that state: a copy of the template, gone afterwards."""
        template = self._template(kind, state)
        folder = self.folder / f"test-{secrets.token_hex(4)}"
        with self._copied(template, folder) as store:
            yield store

    def _template(self, kind: Kind, state: State) -> Store:
        """Made by the first who needs it, while the others wait."""
        template = self._store(kind, self.folder / f"{kind}-{state}", None)
        with (self.folder / f"{kind}-{state}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (template.folder / "made").exists():
                return template
            if state == "migrated":
                template.practice.mkdir(parents=True)
                if kind == "postgres":
                    self.postgresql.copy("template0", _name(template.folder))
                template.manage("migrate", "--verbosity", "0")
            else:
                self._copy(self._template(kind, "migrated"), template)
                template.manage("found_practice")
            (template.folder / "made").touch()
        return template

    @contextmanager
    def _copied(self, template: Store, folder: Path) -> Iterator[Store]:
        valkey = None
        try:
            self._copy(template, self._store(template.kind, folder, None))
            if template.kind == "postgres":
                valkey = Valkey(folder)
                valkey.start()
            yield self._store(template.kind, folder, valkey.url if valkey else None)
        finally:
            if valkey:
                valkey.stop()
            if template.kind == "postgres":
                self.postgresql.drop(_name(folder))
            shutil.rmtree(folder, ignore_errors=True)

    def _copy(self, template: Store, to: Store) -> None:
        shutil.copytree(template.folder, to.folder, ignore=shutil.ignore_patterns("made"))
        if to.kind == "postgres":
            self.postgresql.copy(_name(template.folder), _name(to.folder))

    def _store(self, kind: Kind, folder: Path, redis_url: str | None) -> Store:
        sqlite = f"sqlite:///{folder / 'practice' / 'hub.sqlite3'}"
        return Store(kind, folder, sqlite if kind == "sqlite" else self.postgresql.database(_name(folder)), redis_url)


def _name(folder: Path) -> str:
    return folder.name.replace("-", "_")
