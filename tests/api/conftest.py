from collections.abc import Iterator

import httpx
import pytest

from ortoo import practice
from tests.hubs import NO_TLS, Hub
from tests.stores import Stores


@pytest.fixture(scope="session")
def served(stores: Stores) -> Iterator[Hub]:
    """One hub for all tests of the transports that only ask, on SQLite: what they test does not know the store."""
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()


@pytest.fixture(scope="session")
def token(served: Hub) -> str:
    return practice.identity("mgec.delger", served.practice).token


@pytest.fixture
def http(served: Hub, token: str) -> Iterator[httpx.Client]:
    """A client that is signed in, and asks for JSON."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=served.url, headers=headers, trust_env=False, timeout=30, verify=NO_TLS) as client:
        yield client
