"""The health checks: what is not ready is named, and nothing else."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from tests import warm
from tests.hubs import NO_TLS, Hub
from tests.services import Valkey
from tests.stores import REPOSITORY, Store

NO_NETWORK = (
    "No network is in force on this hub yet: `ortoo-manage found` says how far it is, "
    "and docs/operations.md how to go on."
)


def manage_health(store: Store, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = dict(store.environment) | {"LC_ALL": "", "LC_MESSAGES": "", "PYTHONIOENCODING": "utf-8"} | environment
    return warm.run(REPOSITORY / "manage.py", ["health"], environment=environment, timeout=60)


def health(hub: Hub, path: str = "/readyz", method: str = "GET") -> tuple[int, Any]:
    answer = httpx.request(method, hub.url + path, timeout=20, trust_env=False, verify=NO_TLS)
    return answer.status_code, answer.json() if answer.content else None


def test_a_hub_at_work(hub: Hub) -> None:
    assert health(hub, "/healthz") == (200, {"alive": True})
    assert health(hub) == (200, {"ready": True, "missing": []})
    assert health(hub, method="HEAD")[0] == 200
    assert health(hub, method="POST")[0] == 405
    answer = httpx.get(f"{hub.url}/readyz", trust_env=False, verify=NO_TLS)
    assert answer.headers["cache-control"] == "no-store"


def test_the_operator_is_told_that_all_is_there(founded: Store) -> None:
    told = manage_health(founded, LANG="C")
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout == "The hub can do its work: the database, a network in it and Redis are there.\n"


def test_a_database_without_its_network_is_not_ready(founded: Store, start_hub: Callable[[], Hub]) -> None:
    hub = start_hub()
    founded.execute("UPDATE audit_tree SET in_force = 0")
    assert health(hub) == (503, {"ready": False, "missing": ["network"], "means": [NO_NETWORK]})
    assert health(hub, "/healthz")[0] == 200

    told = manage_health(founded, LANG="C")
    assert (told.returncode, told.stdout, told.stderr) == (1, NO_NETWORK + "\n", "")
    told = manage_health(founded, LANG="mn_MN.UTF-8")
    assert told.stdout.startswith("Энэ төв дээр хүчинтэй сүлжээ хараахан алга")


def test_a_database_that_is_not_migrated_is_not_ready(founded: Store, start_hub: Callable[[], Hub]) -> None:
    hub = start_hub()
    founded.execute("DELETE FROM django_migrations WHERE app = 'referrals'")
    status, said = health(hub)
    assert (status, said["missing"]) == (503, ["migrations"])
    assert said["means"][0].startswith("The database's tables are not those of this version.")


@pytest.mark.parametrize("store_kind", ["postgres"])
def test_a_redis_that_is_away_is_named(founded: Store, redis: Valkey) -> None:
    hub = Hub(replace(founded, redis_url=redis.url)).start()
    redis.stop()
    status, said = health(hub)
    assert (status, said["missing"]) == (503, ["channel_layer"])
    assert said["means"][0].startswith("Redis cannot be reached")
    assert health(hub, "/healthz") == (200, {"alive": True})
    redis.start()
    until = time.monotonic() + 20
    while health(hub) != (200, {"ready": True, "missing": []}):
        assert time.monotonic() < until
        time.sleep(0.1)
    hub.stop()
