"""Starts the hub and the command as processes of their own, without importing everything anew each time.

A run starts some hundreds of them, and most of what a start costs is imports. So each worker of the run has one process
that has imported the libraries and nothing of what is tested but the command line, and that forks for each start: what
runs is the same program, with its own environment, terminal, signals and end. That they start from nothing is shown by
tests/house and tests/deploy.

`python -m tests.warm` is that process; it takes requests on its standard input, a unix socket.
"""

import atexit
import ctypes
import faulthandler
import fcntl
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import termios
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import IO, Any, Final, NoReturn

REPOSITORY: Final = Path(__file__).resolve().parents[1]
MOST_REQUEST: Final = 1 << 20
CLI: Final = Path(sys.executable).parent / "ortoo"

# What hub and command import first of all; nothing that reads settings, nor makes an event loop.
LIBRARIES: Final = """
_strptime anyio._backends._asyncio asyncio autobahn.rawsocket.util autobahn.websocket.protocol cffi.cparser
channels.generic.websocket channels.layers cryptography.hazmat.primitives.kdf.pbkdf2 cryptography.x509
django.contrib.postgres.fields django.core.asgi django.core.cache.backends.locmem django.core.mail
django.core.management.commands.makemigrations django.core.management.commands.migrate
django.db.backends.postgresql.base django.db.backends.sqlite3.base django.db.models django.forms django.http
django.middleware.clickjacking django.middleware.common django.middleware.csrf django.middleware.security
django.template.defaulttags django.urls django.views.debug django.views.defaults django.views.generic encodings.idna
fido2.server graphene graphql graphql_relay httpcore httpx importlib.resources.readers msgspec psycopg redis.asyncio
rich.console rich.progress service_identity structlog twisted.application.reactors twisted.application.service
twisted.cred.strcred twisted.internet.asyncioreactor twisted.internet.endpoints twisted.internet.task twisted.plugin
twisted.protocols.tls twisted.trial.itrial twisted.web.http twisted.words.iwords unittest uvicorn.lifespan.on
uvicorn.main uvicorn.protocols.http.auto uvicorn.protocols.websockets.auto websockets.asyncio.client xml.sax.saxutils
ortoo.cli.accounts ortoo.cli.commands ortoo.cli.coordinators ortoo.cli.joining ortoo.cli.members ortoo.cli.partners
ortoo.cli.practice
"""


class Started:
    """A process that was started, as subprocess.Popen has one."""

    def __init__(self, pid: int, status: int, stdout: IO[str] | None) -> None:
        self.pid, self.stdout = pid, stdout
        self.returncode: int | None = None
        self._status = status

    def poll(self) -> int | None:
        return self._await(0)

    def wait(self, timeout: float | None = None) -> int:
        if self._await(timeout) is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        assert self.returncode is not None
        return self.returncode

    def _await(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._status], [], [], timeout)[0]:
            said = os.read(self._status, 16)
            os.close(self._status)
            self.returncode = int(said or b"-9")
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        assert self.stdout is not None
        said = self.stdout.read()
        self.wait(timeout)
        return said, None


def start(
    program: Path,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    stdin: int | IO[Any] | None = None,
    stdout: int | IO[Any] | None = None,
    stderr: int | IO[Any] | None = None,
    own_terminal: bool = False,
) -> Started:
    """Start CLI, or a Python program by its path. stdout: PIPE gives a text stream of both. own_terminal: standard
    input becomes the controlling terminal of a session of its own.
    """
    pipe, null = None, os.open(os.devnull, os.O_RDWR)
    if stdout == subprocess.PIPE:
        ours, theirs = os.pipe()
        pipe, stdout, stderr = open(ours, encoding="utf-8"), theirs, theirs  # noqa: SIM115
    files = [null if one is None else one if isinstance(one, int) else one.fileno() for one in (stdin, stdout, stderr)]
    status, status_end = os.pipe()
    request = {
        "program": str(program),
        "arguments": [str(one) for one in arguments],
        "environment": dict(environment),
        "own_terminal": own_terminal,
    }
    server = _server()
    socket.send_fds(server, [json.dumps(request).encode()], [*files, status_end])
    pid = int(server.recv(32))
    os.close(status_end)
    os.close(null)
    if pipe is not None:
        os.close(files[1])
    return Started(pid, status, pipe)


def run(
    program: Path,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    stdin: int | IO[Any] | None = None,
    timeout: float,
) -> "subprocess.CompletedProcess[str]":
    """Run it to its end; what it said."""
    with open_temporary() as out, open_temporary() as err:
        started = start(program, arguments, environment=environment, stdin=stdin, stdout=out, stderr=err)
        try:
            code = started.wait(timeout)
        finally:
            started.kill()
        return subprocess.CompletedProcess([program, *arguments], code, _text(out), _text(err))


def open_temporary() -> IO[bytes]:
    return open(os.memfd_create("ortoo"), "w+b")


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8").replace("\r\n", "\n")


@cache
def _server() -> socket.socket:
    """The worker's own, started by its first request."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # What it compiles of the hub is kept for the next start, whatever the environment says of it.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.warm"],
        cwd=REPOSITORY,
        env=environment,
        stdin=theirs,
        preexec_fn=lambda: _die_with_parent(9),
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


# --- in the process that forks ----------------------------------------------------------------------------------------


def main() -> None:
    sys.path[0] = str(REPOSITORY)
    for name in LIBRARIES.split():
        importlib.import_module(name)
    assert "twisted.internet.reactor" not in sys.modules
    gc.collect()
    gc.freeze()
    requests = socket.socket(fileno=os.dup(0))
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            with suppress(BlockingIOError):
                os.read(woken, 4096)
            _tell_ended(running)
        if requests in ready:
            data, files, _, _ = socket.recv_fds(requests, MOST_REQUEST, 4)
            if not data:
                return
            pid = os.fork()
            if pid == 0:
                for one in (woken, wake, *running.values(), files[3]):
                    os.close(one)
                requests.close()
                _become(json.loads(data), files[:3])
            for one in files[:3]:
                os.close(one)
            running[pid] = files[3]
            requests.send(str(pid).encode())


def _tell_ended(running: dict[int, int]) -> None:
    with suppress(ChildProcessError):
        while running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            end = running.pop(pid)
            with suppress(BrokenPipeError):
                os.write(end, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(end)


def _become(request: Mapping[str, Any], files: Sequence[int]) -> NoReturn:
    """What an interpreter does before it runs a program, as far as this one differs from a new one."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _die_with_parent(signal.SIGKILL)
    for place, one in enumerate(files):
        os.dup2(one, place)
        os.close(one)
    if request["own_terminal"]:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(REPOSITORY)
    at_once = bool(os.environ.get("PYTHONUNBUFFERED"))
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout, sys.stderr = _stream(1, at_once=at_once), _stream(2, at_once=True)
    faulthandler.enable()
    program = request["program"]
    sys.argv = [program, *request["arguments"]]
    code = _run(program)
    with suppress(BrokenPipeError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)  # to take down everything that was imported would cost more than to import it


def _run(program: str) -> int:
    """The program's exit code; what it did not catch is printed, as an interpreter does."""
    try:
        if program == str(CLI):
            from ortoo.cli import main as command

            return command()
        runpy.run_path(program, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, int | None):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _stream(descriptor: int, *, at_once: bool) -> io.TextIOWrapper:
    raw = open(descriptor, "wb", closefd=False)  # noqa: SIM115
    return io.TextIOWrapper(
        raw, "utf-8", "backslashreplace", line_buffering=os.isatty(descriptor), write_through=at_once
    )


def _die_with_parent(number: int) -> None:
    ctypes.CDLL(None).prctl(1, number)  # PR_SET_PDEATHSIG


if __name__ == "__main__":
    main()
