"""`python -m bench.files [--to docs]`: 50 MiB from one agency to another, beside the cipher and the disk alone.

The hub is a process of its own on SQLite with files in a folder, the members are the command line. Peak memory is what
the kernel says of each process, beside the same without a file and with a tenth of it.
"""

import argparse
import os
import platform
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ortoo.protocol import attachments
from ortoo.protocol.sealing import MAX_FILE
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT
from tests.services import PostgreSQL
from tests.stores import REPOSITORY, Store, Stores

MIB: Final = 1024 * 1024
ORTOO: Final = Path(sys.executable).with_name("ortoo")


def timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def command(store: Store, url: str, *arguments: str) -> tuple[float, float, str]:
    """Run a command to its end: seconds, peak memory in MiB, what it said."""
    environment = store.environment | {"ORTOO_HUB": url, "ORTOO_HOME": str(store.folder / "device")}
    said = store.folder / "said"
    began = time.monotonic()
    with said.open("wb") as out:
        process = subprocess.Popen([ORTOO, *arguments], env=environment, stdout=out, stderr=out)
        memory = 0.0
        while process.poll() is None:
            memory = max(memory, peak(process.pid))
            time.sleep(0.02)
    text = said.read_text(encoding="utf-8")
    assert process.returncode == 0, text
    return time.monotonic() - began, memory, text


def peak(pid: int) -> float:
    """Of a process that runs, in MiB, since it was last set back; 0 where it has just ended."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def set_back(pid: int) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5", encoding="ascii")


def sealed_alone() -> float:
    """Sealing and hashing, as a client does both, without disk and hub."""
    bites = (bytes(65_536) for _ in range(MAX_FILE // 65_536))

    def seal() -> None:
        measure = attachments.Measure()
        for chunk in attachments.seal(bytes(32), b"", bites, MAX_FILE):
            measure.take(chunk)

    return timed(seal)


def written_alone(folder: Path) -> float:
    """In pieces of 1 MiB that are each on the disk before the next, as the hub writes them."""

    def write() -> None:
        for number in range(MAX_FILE // MIB):
            with (folder / f"piece-{number}").open("wb") as file:
                file.write(bytes(MIB))
                file.flush()
                os.fsync(file.fileno())

    return timed(write)


def measure(store: Store) -> list[tuple[str, float, float | None, float | None]]:
    """What, seconds, peak MiB of the command and of the hub."""
    path, to = store.folder / "film", store.folder / "saved"
    path.write_bytes(secrets.token_bytes(MAX_FILE))
    tenth = store.folder / "tenth"
    tenth.write_bytes(secrets.token_bytes(MAX_FILE // 10))
    to.mkdir()
    found: list[tuple[str, float, float | None, float | None]] = []
    hub = Hub(store).start()
    assert hub.process is not None
    try:

        def measured(what: str, *arguments: str) -> str:
            set_back(hub.process.pid)  # type: ignore[union-attr]
            seconds, memory, said = command(store, hub.url, *arguments)
            found.append((what, seconds, memory, peak(hub.process.pid)))  # type: ignore[union-attr]
            return said

        send = ("--as", "mrc.nara", "send", str(SHELTER_TONIGHT), "--yes")
        measured("send without a file", *send)
        measured("send with a tenth of it", *send, "--attach", f"needs={tenth}")
        measured("send with it", *send, "--attach", f"needs={path}")
        ids = command(store, hub.url, "--json", "--as", "mgec.delger", "inbox")[2]
        newest = max(part.split('"')[0] for part in ids.split('"id": "')[1:])
        measured("open", "--as", "mgec.delger", "open", newest)
        measured("save it", "--as", "mgec.delger", "save", newest, "--to", str(to))
        assert (to / "film").read_bytes() == path.read_bytes()
    finally:
        hub.stop()
    found.append(("seal and hash alone", sealed_alone(), None, None))
    found.append(("write and sync 1 MiB fifty times, alone", written_alone(to), None, None))
    return found


def page(found: list[tuple[str, float, float | None, float | None]], when: str) -> str:
    def number(value: float | None) -> str:
        return f"{value:.0f}" if value is not None else ""

    rows = [f"| {what} | {seconds:.1f} | {number(own)} | {number(hubs)} |" for what, seconds, own, hubs in found]
    return "\n".join(
        [
            "# A file of 50 MiB",
            "",
            f"`make bench`: {when}",
            "The command line (its start counts, too) against a hub on SQLite with its files in a folder, all on one",
            "machine. Memory is the peak of the process, its code included: with a file it may grow by pieces of 1 MiB",
            "as they are read, encoded and parsed, and not with the file.",
            "",
            "| | seconds | MiB, the command | MiB, the hub |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.files", description="Measure a file's way.")
    parser.add_argument("--to", type=Path, default=REPOSITORY / "docs", help="the folder to write to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ortoo-") as folder:
        stores = Stores(Path(folder), PostgreSQL(Path(folder) / "postgresql"))
        with stores.opened("sqlite", "founded") as store:
            found = measure(store)
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    text = page(found, f"{datetime.now(UTC):%Y-%m-%d}, {machine}.")
    options.to.mkdir(parents=True, exist_ok=True)
    (options.to / "performance-files.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
