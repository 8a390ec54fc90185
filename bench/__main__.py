"""`python -m bench [--rows 1000000] [--rounds 2] [--to docs]`: measures, and writes performance.md and performance.svg.

Everything is its own: a PostgreSQL, a Redis, a practice network, servers on free ports. One process serves each.
"""

import argparse
import asyncio
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from bench import inserting, load, report, rows, telling, withdrawing
from bench.load import Measured
from ortoo import practice
from ortoo.client import document
from ortoo.session import Session
from tests.members import plain_form
from tests.services import PostgreSQL
from tests.stores import REPOSITORY, Store, Stores

SERVERS: Final = {
    "the hub": "hub.asgi:application",
    "written by hand": "bench.baseline:application",
    "stock GraphQLView": "bench.stock:application",
}
UNLOGGED: Final = "bench.unlogged:application"
CONNECTIONS: Final = 4
PAGE: Final = 50
AT_ONCE: Final = 20  # sends of a turn
SETTLED: Final = 3.0  # seconds, for a process to have started
SENDS: Final = 60  # one after the other, and as many at the same time


@contextmanager
def served(store: Store, application: str) -> Iterator[str]:
    """One process of uvicorn; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        application,
        "--port",
        str(port),
        "--no-access-log",
        "--log-level",
        "error",
    ]
    with (store.folder / "served.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=store.environment, stdout=log, stderr=log)
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            with socket.socket() as tried:
                if tried.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/graphql"
    finally:
        process.terminate()
        process.wait(20)


def hub_session(store: Store, url: str, handle: str) -> Any:
    return Session.open(practice.identity(handle, store.practice), url.removesuffix("/graphql"), store.folder / "state")


async def drafted(session: Session, numbers: range) -> list[bytes]:
    """Bodies of sends, each of one referral: decided, recorded, sealed."""
    bodies = []
    for number in numbers:
        draft = await session.draft(plain_form(number))
        await session.client.record_consent(draft.sealed_decisions)
        sealed = msgspec.to_builtins(list(draft.sealed_referrals))
        bodies.append(json.dumps({"query": document("send_referrals"), "variables": {"referrals": sealed}}).encode())
    return bodies


def same(one: bytes, other: bytes) -> bool:
    """The same answer but for the cursors, in which the moment stands."""
    return _without_cursors(json.loads(one)) == _without_cursors(json.loads(other))


def _without_cursors(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_cursors(one) for key, one in value.items() if key not in ("cursor", "endCursor")}
    return [_without_cursors(one) for one in value] if isinstance(value, list) else value


async def measure(store: Store, rounds: int, seconds: float, count: int) -> report.Figures:
    with ExitStack() as stack:
        urls = {name: stack.enter_context(served(store, application)) for name, application in SERVERS.items()}
        hub = urls["the hub"]
        async with hub_session(store, hub, "mrc.nara") as nara, hub_session(store, hub, "mgec.delger") as delger:
            print("sealing …", flush=True)
            bodies = await drafted(nara, range(PAGE + 2 * SENDS))
            asked = [load.request(hub, nara.identity.token, body) for body in bodies]
            await load.each_once(hub, asked[:PAGE], 1)
            ids = [edge.node.id for edge in (await delger.client.inbox(PAGE)).edges]
            for id in ids[::2]:
                await delger.acknowledge(id)
            token, senders = delger.identity.token, [one.handle for one in nara.directory.now().agencies()]

        body = json.dumps({"query": document("inbox"), "variables": {"first": PAGE}}).encode()
        questions = {name: load.request(url, token, body) for name, url in urls.items()}
        answers = {name: await load.once(urls[name], questions[name]) for name in urls}
        assert len(json.loads(answers["the hub"])["data"]["inbox"]["edges"]) == PAGE
        for name, answer in answers.items():
            assert same(answer, answers["the hub"]), name

        print("inbox …", flush=True)
        inbox = await compared(urls, questions, rounds, seconds)
        print("sends …", flush=True)
        one_by_one = await load.each_once(hub, asked[PAGE : PAGE + SENDS], 1)
        together = await load.each_once(hub, asked[PAGE + SENDS :], CONNECTIONS)
        sent = [
            row[0] for row in store.execute("SELECT id::text FROM referrals_referral ORDER BY sent_at DESC LIMIT 60")
        ]
        raw = inserting.write_again(store.database_url, sent)
        print("the log …", flush=True)
        latency = await compared_with_no_log(store, hub, stack.enter_context(served(store, UNLOGGED)))
        logged = run_beside(store, ["bench.logs", str(count)])
        print("telling …", flush=True)
        told = await telling.measure(lambda handle: hub_session(store, hub, handle))
        print("withdrawals …", flush=True)
        withdrawals = await withdrawing.measure(lambda handle: hub_session(store, hub, handle))

        print(f"{count:,} rows …", flush=True)
        rows.write(store.database_url, ids[0], senders, count)
        long_life = await compared({"the hub": hub}, questions, rounds, seconds)
        explained = explain(store, token)
    long_list = long_life["the hub"]
    return report.Figures(
        inbox, one_by_one, together, raw, count, long_list, explained, logged, latency, told, withdrawals
    )


async def compared_with_no_log(store: Store, hub: str, unlogged: str) -> tuple[float, float]:
    """Milliseconds of a send, the median: with the log and its sequencer, and without; by turns, a few sends each."""
    took: dict[str, list[float]] = {hub: [], unlogged: []}
    async with hub_session(store, hub, "mrc.nara") as nara:
        bodies = await drafted(nara, range(1000, 1000 + 2 * SENDS))
        for at in range(0, len(bodies), 2 * AT_ONCE):
            for url, part in ((hub, bodies[at : at + AT_ONCE]), (unlogged, bodies[at + AT_ONCE : at + 2 * AT_ONCE])):
                asked = [load.request(url, nara.identity.token, body) for body in part]
                with sequencing(store) if url == hub else nullcontext():
                    took[url].append((await load.each_once(url, asked, 1)).median)
    return statistics.median(took[hub]), statistics.median(took[unlogged])


@contextmanager
def sequencing(store: Store) -> Iterator[None]:
    environment = {**store.environment, "DJANGO_SETTINGS_MODULE": "hub.settings"}
    process = subprocess.Popen([sys.executable, "-m", "bench.sequencing"], cwd=REPOSITORY, env=environment)
    try:
        time.sleep(SETTLED)
        yield
    finally:
        process.terminate()
        process.wait(20)


async def compared(
    urls: dict[str, str], questions: dict[str, bytes], rounds: int, seconds: float
) -> dict[str, Measured]:
    """The best of some rounds, in which each has its turn: what else the machine does meets all alike."""
    best: dict[str, Measured] = {}
    for name, url in urls.items():
        await load.for_a_while(url, questions[name], CONNECTIONS, seconds / 2)  # warm
    for _ in range(rounds):
        for name, url in urls.items():
            one = await load.for_a_while(url, questions[name], CONNECTIONS, seconds)
            best[name] = max(one, best.get(name, one), key=lambda measured: measured.a_second)
    return best


def explain(store: Store, token: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = run_beside(store, ["bench.explaining"], json.dumps({"token": token}))
    return told


def run_beside(store: Store, module: list[str], typed: str = "") -> Any:
    """What a module of the bench prints as JSON, in a process of its own on this store."""
    run = subprocess.run(
        [sys.executable, "-m", *module],
        cwd=REPOSITORY,
        env={"DJANGO_SETTINGS_MODULE": "hub.settings", **store.environment},
        input=typed,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure the hub.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="in the long list")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=1.5, help="of each turn")
    parser.add_argument("--to", type=Path, default=REPOSITORY / "docs", help="the folder to write to")
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ortoo-") as folder:
        Path(folder).chmod(0o711)  # as root, PostgreSQL runs as nobody and must reach its part of it
        postgresql = PostgreSQL(Path(folder) / "postgresql")
        postgresql.start()
        try:
            with Stores(Path(folder), postgresql).opened("postgres", "founded") as store:
                figures = asyncio.run(measure(store, options.rounds, options.seconds, options.rows))
        finally:
            postgresql.stop()
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    when = f"{datetime.now(UTC):%Y-%m-%d}, {machine}, {round(time.monotonic() - began)} s in all."
    options.to.mkdir(parents=True, exist_ok=True)
    (options.to / "performance.md").write_text(report.page(figures, when), encoding="utf-8")
    (options.to / "performance.svg").write_text(report.plot(figures), encoding="utf-8")
    print(report.page(figures, when))


main()
