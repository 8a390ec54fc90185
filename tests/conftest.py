"""What every test can ask for.

store       an empty, migrated database; a test that takes it runs on SQLite and on PostgreSQL + Redis
founded     the same with the practice network founded in it (`founded.practice` holds everybody's keys)
hub         a hub that serves `founded`: `hub.url`, `hub.practice`, `hub.log`, `hub.kill()`, `hub.start()`
redis       a Redis that the test may stop and start
start_hub   a function that starts further hubs on the same store (processes of one network: PostgreSQL only)
shared      the folder of shared test material; tests that take it are left out where it is not there
"""

import gc
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from tests.hubs import Hub
from tests.services import PostgreSQL, Valkey
from tests.stores import KINDS, REPOSITORY, Kind, Store, Stores

SHARED = REPOSITORY.parent / "shared"


class Run:
    """What one run of pytest has to itself: a folder and a PostgreSQL, made by the first process for all workers."""

    def __init__(self, config: pytest.Config) -> None:
        self.is_first = not hasattr(config, "workerinput")
        folder = tempfile.mkdtemp(prefix="ortoo-") if self.is_first else cast(Any, config).workerinput["ortoo_folder"]
        self.folder = Path(folder)
        self.postgresql = PostgreSQL(self.folder / "postgresql")
        self.stores = Stores(self.folder, self.postgresql)

    def begin(self) -> None:
        if self.is_first:
            self.folder.chmod(0o711)  # as root, PostgreSQL runs as nobody and must reach its part of it
            self.postgresql.start()

    def end(self) -> None:
        if self.is_first:
            self.postgresql.stop()
            shutil.rmtree(self.folder, ignore_errors=True)


RUN = pytest.StashKey[Run]()
HUBS = pytest.StashKey[list[Hub]]()
HAS_FAILED = pytest.StashKey[bool]()


def pytest_configure(config: pytest.Config) -> None:
    if config.option.collectonly or config.option.help or config.option.version:
        return
    run = config.stash[RUN] = Run(config)
    try:
        run.begin()
    except BaseException:
        shutil.rmtree(run.folder, ignore_errors=True)
        raise
    config.add_cleanup(run.end)  # after a failure and Ctrl-C too


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist: tell a worker where the run's folder is."""
    node.workerinput["ortoo_folder"] = str(node.config.stash[RUN].folder)


# Files with tests that take long, and mostly wait: the first worker begins with them, so that none is left with one at
# the end, and the others have the machine while it waits.
LONG = (
    "web/test_checks.py",
    "deploy/test_killed.py",
    "people/test_stopped.py",
    "faults/test_kill.py",
    "api/test_sockets.py",
    "people/test_notifications.py",
    "faults/test_mail.py",
    "stories/test_lists.py",
    "people/test_founding.py",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Nothing is skipped; only what is about the shared folder is left out where there is none."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(LONG))
    if SHARED.is_dir():
        return
    left_out = [item for item in items if item.get_closest_marker("shared") or "shared" in _fixtures(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish() -> None:
    """What was collected stays to the end: looking for garbage in it again and again took a tenth of the time."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if not SHARED.is_dir():
        terminalreporter.write_line("Left out: the tests over ../shared, which is not there.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where a test failed, show what its hubs said."""
    report = yield
    if report.failed:
        item.stash[HAS_FAILED] = True
        report.sections += [(one.log.name, one.said()[-6000:]) for one in item.stash.get(HUBS, [])]
    return report


def _fixtures(item: pytest.Item) -> list[str]:
    return list(getattr(item, "fixturenames", []))


@pytest.fixture
def shared() -> Path:
    return SHARED


@pytest.fixture(scope="session")
def stores(pytestconfig: pytest.Config) -> Stores:
    return pytestconfig.stash[RUN].stores


@pytest.fixture(params=KINDS)
def store_kind(request: pytest.FixtureRequest) -> Kind:
    return cast(Kind, request.param)


@pytest.fixture
def store(stores: Stores, store_kind: Kind) -> Iterator[Store]:
    with stores.opened(store_kind, "migrated") as opened:
        yield opened


@pytest.fixture
def founded(stores: Stores, store_kind: Kind) -> Iterator[Store]:
    with stores.opened(store_kind, "founded") as opened:
        yield opened


@pytest.fixture
def start_hub(founded: Store, request: pytest.FixtureRequest) -> Iterator[Callable[[], Hub]]:
    started = request.node.stash.setdefault(HUBS, [])
    with ExitStack() as stopping:

        def start() -> Hub:
            hub = Hub(founded, f"hub-{len(started) + 1}")
            started.append(hub)
            stopping.callback(hub.stop)
            return hub.start()

        yield start


@pytest.fixture
def hub(start_hub: Callable[[], Hub]) -> Hub:
    return start_hub()


@pytest.fixture
def redis(founded: Store) -> Iterator[Valkey]:
    """A Redis that this test may stop and start."""
    folder = founded.folder / "own"
    folder.mkdir()
    redis = Valkey(folder)
    redis.start()
    try:
        yield redis
    finally:
        redis.stop()
        shutil.rmtree(folder)
