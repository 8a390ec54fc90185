"""The health checks: what is not ready is named, and nothing else."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests.hubs import Hub
from tests.services import Valkey
from tests.stores import Store


def health(hub: Hub, path: str = "/readyz", method: str = "GET") -> tuple[int, Any]:
    answer = httpx.request(method, hub.url + path, timeout=20, trust_env=False)
    return answer.status_code, answer.json() if answer.content else None


def test_a_hub_at_work(hub: Hub) -> None:
    assert health(hub, "/healthz") == (200, {"alive": True})
    assert health(hub) == (200, {"ready": True, "missing": []})
    assert health(hub, method="HEAD")[0] == 200
    assert health(hub, method="POST")[0] == 405
    answer = httpx.get(f"{hub.url}/readyz", trust_env=False)
    assert answer.headers["cache-control"] == "no-store"


def test_a_database_without_its_network_is_not_ready(founded: Store, start_hub: Callable[[], Hub]) -> None:
    hub = start_hub()
    founded.execute("UPDATE audit_tree SET signed = 0")
    assert health(hub) == (503, {"ready": False, "missing": ["database"]})
    assert health(hub, "/healthz")[0] == 200


def test_a_database_that_is_not_migrated_is_not_ready(founded: Store, start_hub: Callable[[], Hub]) -> None:
    hub = start_hub()
    founded.execute("DELETE FROM django_migrations WHERE app = 'referrals'")
    assert health(hub) == (503, {"ready": False, "missing": ["database"]})


@pytest.mark.parametrize("store_kind", ["postgres"])
def test_a_redis_that_is_away_is_named(founded: Store, redis: Valkey) -> None:
    hub = Hub(replace(founded, redis_url=redis.url)).start()
    redis.stop()
    assert health(hub) == (503, {"ready": False, "missing": ["channel_layer"]})
    assert health(hub, "/healthz") == (200, {"alive": True})
    redis.start()
    until = time.monotonic() + 20
    while health(hub) != (200, {"ready": True, "missing": []}):
        assert time.monotonic() < until
        time.sleep(0.1)
    hub.stop()
