from collections.abc import Iterator

import pytest

from tests.conftest import HUBS
from tests.deploy.served import Served
from tests.stores import Kind, Store, Stores


@pytest.fixture
def store_kind() -> Kind:
    """Several processes need PostgreSQL and Redis."""
    return "postgres"


@pytest.fixture
def served(founded: Store, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Two processes behind nginx, whose certificate this process and its children trust."""
    served = Served(founded)
    request.node.stash.setdefault(HUBS, []).extend(served.processes)
    monkeypatch.setenv("SSL_CERT_FILE", str(served.nginx.certificate))
    try:
        yield served.start()
    finally:
        served.stop()


@pytest.fixture(scope="module")
def of_the_module(stores: Stores) -> Iterator[Served]:
    with stores.opened("postgres", "founded") as store, pytest.MonkeyPatch.context() as monkeypatch:
        served = Served(store)
        monkeypatch.setenv("SSL_CERT_FILE", str(served.nginx.certificate))
        try:
            yield served.start()
        finally:
            served.stop()


@pytest.fixture
def standing(of_the_module: Served, request: pytest.FixtureRequest) -> Served:
    """The same for all of a module who end nothing."""
    request.node.stash.setdefault(HUBS, []).extend(of_the_module.processes)
    return of_the_module


@pytest.fixture
def hub(standing: Served) -> Served:
    """So that the stories of others are told through nginx too."""
    return standing
