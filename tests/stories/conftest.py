from collections.abc import Iterator

import pytest

from tests.hubs import Hub
from tests.stores import KINDS, Kind, Stores


@pytest.fixture(scope="session", params=KINDS)
def hub(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Hub]:
    """One hub for all stories of a worker, on each store: none of them ends it, and each minds its own referrals."""
    yield from a_hub(request.param, stores)


@pytest.fixture(params=KINDS)
def own_hub(request: pytest.FixtureRequest, stores: Stores) -> Iterator[Hub]:
    """For a story in which time passes or somebody leaves."""
    yield from a_hub(request.param, stores)


def a_hub(kind: Kind, stores: Stores) -> Iterator[Hub]:
    with stores.opened(kind, "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()
