"""A hub is restored from an old backup: it goes on under new logs that coordinators declare; what was lost is named."""

import json
from pathlib import Path

import pytest

from ortoo.client import Client
from ortoo.protocol import schemas
from ortoo.protocol.checkpoint import head_of
from ortoo.protocol.documents import SigningKey, b64, read, sign, unb64
from ortoo.protocol.errors import Refused
from ortoo.witness import Witness
from tests import warm
from tests.hubs import Hub
from tests.log.reading import copied, folder, head, logged, restore, until
from tests.log.test_witnesses import witness
from tests.members import at_work, plain_form
from tests.sdk.test_session import renamed
from tests.stores import REPOSITORY


@pytest.fixture
def store_kind() -> str:
    return "sqlite"


def manage(hub: Hub, *arguments: str, typed: str = "") -> tuple[int, str, str]:
    with warm.open_temporary() as typing:
        typing.write(typed.encode())
        typing.seek(0)
        run = warm.run(REPOSITORY / "manage.py", arguments, environment=hub.store.environment, stdin=typing, timeout=60)
    return run.returncode, run.stdout, run.stderr


def coordinators(hub: Hub) -> list[SigningKey]:
    files = sorted((hub.practice / "coordinators").glob("*.json"))
    return [SigningKey(unb64(json.loads(path.read_text(encoding="utf-8"))["sign"])) for path in files]


def make_new_log_keys(hub: Hub) -> None:
    for name in ("directory.key", "activity.key"):
        path = hub.practice / "hub" / name
        path.rename(path.with_suffix(".old"))
        path.write_text(b64(SigningKey.generate().seed) + "\n", encoding="utf-8")
        path.chmod(0o600)


async def test_a_restored_hub_goes_on_and_what_was_lost_is_named(hub: Hub, tmp_path: Path) -> None:
    store = hub.store
    async with at_work(hub, "mrc.nara") as nara:
        (early,) = await nara.send(plain_form(1))
        await logged(store)
        await nara.sync()
    hub.stop()
    backup = copied(store)
    hub.start()
    async with at_work(hub, "mrc.nara") as nara:
        (late,) = await nara.send(plain_form(2))
        await logged(store)
        publish(hub, renamed(nara.directory, hub))
        await nara.sync()
        before, seen = nara.directory.size, head(store)
        assert nara.activity == seen
        await until(lambda: head(store, "directory").size == before)  # a copy from before then knows it from the file
        one = witness(hub, 1, tmp_path)
        await looks(one, nara.client)
    hub.stop()
    restore(store, backup)

    # Nothing can be drafted under the keys that the network names; what the coordinators did not sign is not taken.
    code, _, said = manage(hub, "continue_log", "draft")
    assert (code, "key_refused" in said) == (1, True)
    make_new_log_keys(hub)
    code, drafted, said = manage(hub, "continue_log", "draft")
    assert code == 0, said
    assert "1 entries of the directory and 2 of the activity log" in said or "1 entries of the directory and 3" in said
    body = schemas.fit(json.loads(drafted), schemas.Network)
    assert body.continues is not None
    assert body.continues.size == before
    keys = coordinators(hub)
    alone = sign(body, keys[0]).envelope
    code, _, said = manage(hub, "continue_log", "take", typed=alone)
    assert (code, "threshold_not_met" in said) == (1, True)
    code, said, error = manage(hub, "continue_log", "take", typed=sign(body, *keys[:2]).envelope)
    assert (code, "The logs go on" in said) == (0, True), error

    # The hub signs again, under new names; the old files stay as they were.
    hub.start()
    assert (folder(store).parent / "activity" / "checkpoint").exists()
    new = store.practice / "logs" / "2" / "log"
    await until(lambda: (new / "activity" / "checkpoint").exists())
    assert head_of((new / "directory" / "checkpoint").read_text(encoding="utf-8")).size == before
    assert head(store) == seen

    # Whoever saw what is gone goes on with it, and is told what to send again.
    async with at_work(hub, "mrc.nara") as nara:
        assert nara.synced is not None
        lost = {nara.memory.now.named[one] for one in nara.synced.withheld}
        assert f"referral_sent {late.id}" in lost
        assert f"referral_sent {early.id}" not in lost
        assert nara.directory.continued() == [body.continues]
        assert (await nara.show(early.id)).state == "sent"
        (again,) = await nara.send(plain_form(2))
        assert again.id != late.id
    async with at_work(hub, "mgec.delger") as delger:  # whoever was not there meanwhile notices nothing
        await delger.open_referral(again.id)
    async with Client(hub.url) as client:
        remembering = witness(hub, 1, tmp_path)
        await looks(remembering, client)
        assert remembering.cosigned("practice.ortoo.example/2/log/directory") is not None


async def test_a_hub_that_says_less_was_there_than_a_client_saw_is_not_believed(hub: Hub) -> None:
    store = hub.store
    async with at_work(hub, "mrc.nara") as nara:
        await nara.send(plain_form(1))
        await logged(store)
    hub.stop()
    backup = copied(store)
    hub.start()
    async with at_work(hub, "mrc.nara") as nara:
        publish(hub, renamed(nara.directory, hub))
        await nara.sync()
        seen = nara.directory.size
    hub.stop()
    restore(store, backup)
    for path in (store.practice / "logs").rglob("signed"):
        path.unlink()  # whoever hides something takes its files away, too
    for path in (store.practice / "logs").rglob("checkpoint"):
        path.unlink()
    make_new_log_keys(hub)
    _, drafted, _ = manage(hub, "continue_log", "draft")
    body = schemas.fit(json.loads(drafted), schemas.Network)
    assert body.continues is not None
    assert body.continues.size == seen - 1
    code, _, error = manage(hub, "continue_log", "take", typed=sign(body, *coordinators(hub)[:2]).envelope)
    assert code == 0, error
    hub.start()
    with pytest.raises(Refused) as raised:
        async with at_work(hub, "mrc.nara"):
            pass
    assert raised.value.code == "directory_fork"
    assert "evidence" in raised.value.at


async def looks(one: Witness, client: Client) -> None:
    """Once more where a newer head was signed meanwhile."""
    while True:
        try:
            await one.look(client)
            return
        except Refused as refused:
            if refused.code != "not_found":
                raise


def publish(hub: Hub, envelope: str) -> None:
    assert read(envelope, schemas.Admission).body.version == 2
    code = f"from agencies import publishing; publishing.append([{envelope!r}])"
    assert manage(hub, "shell", "-c", code)[0] == 0
