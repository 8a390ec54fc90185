from collections.abc import Iterator

import pytest

from tests.hubs import Hub
from tests.stores import KINDS, Stores


@pytest.fixture(scope="session", params=KINDS)
def hub(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Hub]:
    """One hub for all attacks of a worker, on each store; modules that need another one have their own."""
    with stores.opened(request.param, "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()
