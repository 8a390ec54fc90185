"""A real hub for a test: its own process, its own port, reached over real sockets."""

import re
import signal
import ssl
import subprocess
import time
from typing import Final

import httpx

from tests import warm
from tests.stores import REPOSITORY, Store

START: Final = 60  # seconds; a start takes two, on a busy machine more
STOP: Final = 15
# For whoever asks a hub by plain HTTP: it trusts nobody. To read the system's authorities takes 20 ms of each client.
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Hub:
    """`manage.py run_practice` on a store. `kill` is `kill -9`; `start` starts it again at the same address."""

    program = REPOSITORY / "manage.py"

    def __init__(self, store: Store, name: str = "hub") -> None:
        self.store = store
        self.practice = store.practice
        self.log = store.folder / f"{name}.log"
        self.port = 0  # any that is free; it keeps what it got
        self.process: warm.Started | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def graphql(self) -> str:
        return f"{self.url}/graphql"

    @property
    def socket(self) -> str:
        return f"ws://127.0.0.1:{self.port}/graphql"

    def start(self) -> "Hub":
        began = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            arguments = ["run_practice", "--port", str(self.port)]
            environment = self.store.environment
            self.process = warm.start(self.program, arguments, environment=environment, stdout=log, stderr=log)
        until = time.monotonic() + START
        while True:
            said = self.log.read_bytes()[began:].decode(errors="replace")
            if found := re.search(r"answers at http://127\.0\.0\.1:(\d+)", said):
                self.port = int(found[1])
                break
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"the hub did not start; it said:\n{said[-4000:]}")
            time.sleep(0.05)
        with httpx.Client(base_url=self.url, timeout=10, trust_env=False, verify=NO_TLS) as client:
            while (ready := client.get("/readyz")).is_error and time.monotonic() < until:
                time.sleep(0.1)  # it catches up with what ran out while it was down
            ready.raise_for_status()
        return self

    def kill(self) -> None:
        """End it as a power cut would: no goodbye to clients, no clean-up."""
        if self.process:
            self.process.kill()
            self.process.wait(STOP)
            self.process = None

    def stop(self) -> None:
        """Ctrl-C. Fails where it does not end cleanly, and soon."""
        if not self.process:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            status = self.process.wait(STOP)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the hub did not stop within {STOP} s of Ctrl-C:\n{self.said()[-4000:]}") from None
        self.process = None
        said = self.said()
        crash = said.find("Fatal Python error")
        told = said[crash : crash + 20_000] if crash >= 0 else said[-4000:]
        assert status == 0, f"stopped by Ctrl-C, the hub ended with {status}:\n{told}"

    def said(self) -> str:
        """Everything that it wrote: its log and its words."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
