from collections.abc import Iterator

import pytest

from tests.hubs import Hub
from tests.stores import KINDS, Stores


@pytest.fixture(scope="session", params=KINDS)
def hub(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Hub]:
    """One hub for all stories of a worker, on each store: none of them ends it, and each minds its own referrals."""
    with stores.opened(request.param, "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()
