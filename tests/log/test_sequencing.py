"""The activity log grows: at once, in order, as plain files; and a hub signs nothing that is smaller or different."""

import shutil
from collections.abc import Callable

import httpx
import pytest

from ortoo.protocol.checkpoint import head_of
from tests.hubs import NO_TLS, Hub
from tests.log.reading import copied, documents, folder, head, leaves, logged, restore, until
from tests.members import at_work, plain_form
from tests.stores import Store


async def test_what_is_accepted_is_logged_and_served_as_plain_files(hub: Hub) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(plain_form(1))
        await delger.open_referral(sent.id)
        await delger.accept(sent.id)
        assert await logged(hub.store) == len(documents(hub.store)) > 3

        # Each has the proof of what it did, and of nothing else.
        for session, count in ((nara, len(documents(hub.store)) - 2), (delger, 2)):
            await session.sync()
            assert session.memory.now.unproven == {}
            assert len(session.memory.now.proven) == count
            assert session.activity == head(hub.store)
            assert session.synced is not None
            assert session.synced.withheld == ()
        assert not set(nara.memory.now.proven) & set(delger.memory.now.proven)

    async with httpx.AsyncClient(base_url=hub.url, verify=NO_TLS) as client:
        size = head(hub.store).size
        for path in ("checkpoint", f"tile/0/000.p/{size}", f"tile/entries/000.p/{size}"):
            answer = await client.get(f"/log/activity/{path}")
            assert (answer.status_code, answer.content) == (200, (folder(hub.store) / path).read_bytes()), path
            kept = "no-cache" if path == "checkpoint" else "public, max-age=31536000, immutable"
            assert answer.headers["cache-control"] == kept
        narrower = await client.get("/log/activity/tile/0/000.p/2")
        assert narrower.content == (folder(hub.store) / f"tile/0/000.p/{size}").read_bytes()[:64]
        entries = head(hub.store, "directory").size
        assert (await client.get(f"/log/directory/tile/entries/000.p/{entries}")).status_code == 200
        for path in (
            f"/log/activity/tile/0/000.p/{size + 1}",
            "/log/activity/tile/0/000",
            "/log/activity/tile/1/000.p/1",
            "/log/activity/signed",
            "/log/activity/.lock",
            "/log/activity/tile/0/..%2F..%2Fsigned",
            "/log/other/checkpoint",
            "/x/log/activity/checkpoint",
        ):
            answer = await client.get(path)
            assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store"), path
        assert (await client.post("/log/activity/checkpoint")).status_code == 405
        assert (await client.head("/log/activity/checkpoint")).content == b""

        # The files can be thrown away: they are made again, and nobody notices.
        tile = await client.get(f"/log/activity/tile/0/000.p/{size}")
        shutil.rmtree(folder(hub.store) / "tile")
        assert (await client.get(f"/log/activity/tile/0/000.p/{size}")).content == tile.content


def test_what_waited_before_is_taken_in_in_its_order(founded: Store) -> None:
    founded.manage("shell", "-c", QUEUE.format(first=0, last=1500))
    assert [index for index, _, _ in leaves(founded)] == [None] * 1500
    founded.manage("work", "--once")
    assert [index for index, _, _ in leaves(founded)] == list(range(1500))  # batch after batch
    at = folder(founded)
    assert head(founded).size == 1500
    assert sorted(path.name for path in (at / "tile" / "0").iterdir()) == ["000", "001", "002", "003", "004", "005.p"]
    assert [path.name for path in (at / "tile" / "0" / "005.p").iterdir()] == ["220"]
    assert (at / "tile" / "1" / "000.p" / "5").stat().st_size == 5 * 32
    founded.manage("shell", "-c", QUEUE.format(first=1500, last=1536))
    founded.manage("work", "--once")
    assert not (at / "tile" / "0" / "005.p").exists()
    assert (at / "tile" / "0" / "005").stat().st_size == 256 * 32


QUEUE = "from audit import log; log.queue(n.to_bytes(32, 'big') for n in range({first}, {last}))"


@pytest.mark.parametrize("store_kind", ["sqlite"])
async def test_a_hub_signs_nothing_smaller_or_different(hub: Hub, start_hub: Callable[[], Hub]) -> None:
    store = hub.store
    async with at_work(hub, "mrc.nara") as nara:
        await nara.send(plain_form(1))
        await logged(store)
        hub.stop()
        backup = copied(store)
        hub.start()
        async with at_work(hub, "mrc.nara") as nara:
            await nara.send(plain_form(2))
            await logged(store)
    hub.stop()
    signed = (folder(store) / "signed").read_text(encoding="utf-8")
    newest = copied(store)

    # An old copy of the database: smaller than what was signed.
    restore(store, backup)
    await goes_on_without_signing(hub, "checkpoint_rollback")
    assert (folder(store) / "signed").read_text(encoding="utf-8") == signed

    # A leaf that was changed: another tree than was signed.
    restore(store, newest)
    store.execute('UPDATE audit_leaf SET salt = zeroblob(32) WHERE "index" = 0')
    await goes_on_without_signing(hub, "proof_invalid")
    assert (folder(store) / "signed").read_text(encoding="utf-8") == signed

    # As it was, it goes on.
    restore(store, newest)
    hub.start()
    async with at_work(hub, "mrc.nara") as nara:
        await nara.send(plain_form(3))
        assert await logged(store) > head_of(signed).size


async def goes_on_without_signing(hub: Hub, code: str) -> None:
    said = hub.said().count(code)
    hub.start()
    await until(lambda: hub.said().count(code) > said)
    waiting = hub.store.execute("SELECT max(size) FROM audit_checkpoint WHERE tree_id = 'activity'")
    hub.store.execute(
        "INSERT INTO audit_leaf (salt, document, queued_at) VALUES (zeroblob(32), randomblob(32), '2020-01-01')"
    )
    answer = httpx.get(f"{hub.url}/readyz", verify=NO_TLS)
    assert (answer.status_code, answer.json()["missing"]) == (503, ["log"])
    assert hub.store.execute("SELECT max(size) FROM audit_checkpoint WHERE tree_id = 'activity'") == waiting
    assert hub.said().count("log_not_signed") >= 1
    hub.stop()
