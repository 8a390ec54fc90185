"""The same files in an S3-compatible store: PyPI's `moto`, a server of its own, reached over a socket."""

import asyncio
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest

from ortoo import consenting
from ortoo.protocol.attachments import PIECE
from ortoo.protocol.documents import b64
from tests.hubs import Hub
from tests.members import at_work
from tests.stores import Stores
from tests.stories.test_attachments import CONTENT, a_file, files_of, newest, rows, with_files
from tests.stories.test_files_end import files_end

BUCKET = "ortoo-files"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A bucket in a store that nobody else has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    said = tmp_path_factory.mktemp("store") / "said"
    with said.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=log, stderr=log
        )
    try:
        until = time.monotonic() + 60
        while True:
            assert process.poll() is None, said.read_text()
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            assert time.monotonic() < until, said.read_text()
            time.sleep(0.05)
        store = boto3.resource(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
        )
        made = store.create_bucket(Bucket=BUCKET)
        made.port = port
        yield made
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def hub(stores: Stores, bucket: Any) -> Iterator[Hub]:
    with stores.opened("sqlite", "founded") as store:
        url = f"s3://key:secret@127.0.0.1:{bucket.port}/{BUCKET}?region=us-east-1&tls=no"
        one = Hub(replace(store, more={"FILES_URL": url}))
        one.start()
        try:
            yield one
        finally:
            one.stop()


async def test_files_lie_in_a_bucket_and_are_gone_from_it(hub: Hub, bucket: Any, tmp_path: Path) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(with_files("needs", a_file(tmp_path)))
        objects = {one.key: one.size for one in bucket.objects.all()}
        assert len(objects) == newest(hub).pieces == 3
        assert sorted(objects.values(), reverse=True)[:2] == [1024 * 1024] * 2
        assert not (hub.practice / "files").exists()
        (attachment,) = files_of(await delger.open_referral(sent.id))
        assert (await delger.save(attachment, tmp_path)).read_bytes() == CONTENT

        await consenting.withdraw(nara, sent.decision.body.consent)
        assert list(bucket.objects.all()) == []
        assert (rows(hub, "file"), rows(hub, "piece")) == (0, 0)
    assert "secret" not in hub.said()


async def test_files_end_in_a_bucket_as_in_a_folder(hub: Hub, bucket: Any, tmp_path: Path) -> None:
    await files_end(hub, lambda: list(bucket.objects.all()), tmp_path)


async def test_what_the_store_did_not_remove_is_removed_later(hub: Hub, bucket: Any, tmp_path: Path) -> None:
    away = hub.store.more["FILES_URL"].replace(f":{bucket.port}/", ":9/")
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(with_files("needs", a_file(tmp_path, content=b"small")))
    hub.stop()
    there, hub.store = hub.store, replace(hub.store, more={"FILES_URL": away})
    hub.start()
    async with at_work(hub, "mrc.nara") as nara:
        await consenting.withdraw(nara, sent.decision.body.consent)  # done for her, whatever the store does
    assert rows(hub, "file") == rows(hub, "partkey") == 0
    assert (rows(hub, "piece"), len(list(bucket.objects.all()))) == (1, 1)
    assert "file_kept" in hub.said()
    hub.store = there
    hub.store.execute("UPDATE referrals_piece SET remove_at = '2020-01-01 00:00:00+00:00'")
    hub.store.manage("work", "--once")
    assert (rows(hub, "piece"), list(bucket.objects.all())) == (0, [])


async def test_a_store_that_does_not_answer_holds_up_nobody_but_who_waits_for_a_file(
    hub: Hub, bucket: Any, tmp_path: Path
) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(with_files("needs", a_file(tmp_path)))
        await delger.open_referral(sent.id)
    hub.stop()
    silent = socket.create_server(("127.0.0.1", 0))  # it takes what comes, and says nothing
    port = silent.getsockname()[1]
    there = hub.store.more["FILES_URL"]
    hub.store = replace(hub.store, more={"FILES_URL": there.replace(f":{bucket.port}/", f":{port}/")})
    hub.start()
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        piece = secrets.token_bytes(PIECE)
        waiting = [
            *(asyncio.ensure_future(delger.client.file_piece(sent.id, None, "needs/file-1", 0)) for _ in range(4)),
            *(
                asyncio.ensure_future(nara.client.upload_piece(b64(secrets.token_bytes(32)), 2 * PIECE, 0, piece))
                for _ in range(4)
            ),
        ]
        await asyncio.sleep(0.5)
        async with asyncio.timeout(5):
            await delger.accept(sent.id)
            assert [step.type for step in (await nara.show(sent.id)).steps][-1] == "accepted"
        assert not any(one.done() for one in waiting)
        silent.close()
        for one in waiting:
            one.cancel()


def test_a_hub_whose_files_lie_in_a_folder_never_loads_what_speaks_to_a_bucket(stores: Stores) -> None:
    look = (
        "import os, sys, django; os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'hub.settings'); django.setup();"
        "import hub.asgi; from django.core.files.storage import default_storage; default_storage.exists('x');"
        "print(sorted({one.partition('.')[0] for one in sys.modules} & {'boto3', 'botocore', 'storages'}))"
    )
    with stores.opened("sqlite", "founded") as store:
        run = subprocess.run(
            [sys.executable, "-c", look], env=store.environment, capture_output=True, text=True, check=True
        )
    assert run.stdout.strip() == "[]"
