from collections.abc import Iterator

import pytest

from tests.attacks.town import PracticeTown
from tests.hubs import Hub
from tests.stores import KINDS, Stores


@pytest.fixture(scope="session", params=KINDS)
def town(request: pytest.FixtureRequest, stores: Stores) -> Iterator[PracticeTown]:
    """One hub on each store for all who try something: what is refused leaves nothing behind, whatever it was."""
    with stores.opened(request.param, "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            with PracticeTown(hub) as town:
                yield town
            assert '"incident"' not in hub.said(), hub.said()[-6000:]  # no answer was ever `internal`
        finally:
            hub.stop()
