"""A process that is restarted by systemd, which holds its socket meanwhile: nobody is refused."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.deploy.served import HOST, STOP, Process, production
from tests.services import dies_with_its_parent
from tests.stores import REPOSITORY, Store

# Does what systemd does between fork and exec: the socket becomes descriptor 3, and LISTEN_PID is the process itself.
AS_SYSTEMD = """
import os, sys
passed = int(sys.argv[1])
if passed != 3:
    os.dup2(passed, 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, "manage.py", "serve"])
"""


@pytest.fixture
def held(founded: Store) -> Iterator[socket.socket]:
    """The socket, in the hands of another than the hub."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(founded.folder / "held.sock"))
        listener.listen(64)
        yield listener


def start(founded: Store, held: socket.socket) -> "subprocess.Popen[bytes]":
    with (founded.folder / "held.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", AS_SYSTEMD, str(held.fileno())],
            cwd=REPOSITORY,
            env=production(founded),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[held.fileno()],
            preexec_fn=dies_with_its_parent(signal.SIGKILL),
        )


def test_requests_wait_while_the_process_is_restarted(founded: Store, held: socket.socket) -> None:
    def client() -> httpx.Client:
        transport = httpx.HTTPTransport(uds=str(founded.folder / "held.sock"))
        return httpx.Client(transport=transport, base_url=f"http://{HOST}", timeout=60)

    process = start(founded, held)
    with client() as asking:
        assert asking.get("/readyz").status_code == 200  # it waited for the first start
    process.terminate()
    assert process.wait(STOP) in (0, -signal.SIGTERM)

    with socket.socket(socket.AF_UNIX) as waiting:
        waiting.settimeout(60)
        waiting.connect(str(founded.folder / "held.sock"))
        waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")  # nobody is there
        process = start(founded, held)
        assert waiting.recv(64).startswith(b"HTTP/1.1 200 ")
    process.terminate()
    assert process.wait(STOP) in (0, -signal.SIGTERM)
    assert "Traceback" not in (founded.folder / "held.log").read_text()


def test_a_socket_for_another_process_is_not_taken(founded: Store) -> None:
    environment = production(founded) | {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    command = [sys.executable, "manage.py", "serve"]
    tried = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=60)
    assert tried.returncode == 1
    assert tried.stderr.startswith("CommandError: Where should the hub listen?")


def test_a_socket_left_by_a_killed_process_is_replaced_and_a_file_is_not(founded: Store) -> None:
    path = founded.folder / "own.sock"
    process = Process(founded.folder, production(founded), path).start()
    process.kill()
    assert path.is_socket()
    process.start()
    assert oct(path.stat().st_mode)[-3:] == "660"
    process.stop()
    path.unlink()

    path.write_text("somebody's")
    with pytest.raises(RuntimeError, match="The hub cannot listen there"):
        process.start()
    assert path.read_text() == "somebody's"
