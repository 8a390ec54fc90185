"""How a process of the hub is served behind a proxy: by uvicorn, and with nothing of a request in its logs."""

import os
import socket
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import uvicorn

from hub.configuration import UNIX
from hub.sockets import MAX_MESSAGE

FIRST_PASSED: Final = 3  # SD_LISTEN_FDS_START: systemd passes its sockets from this descriptor on
GOODBYE: Final = 20  # seconds in which a process that is told to end may answer what it has begun


def server(application: Any, trusted_proxy: Sequence[str]) -> uvicorn.Server:
    """The server; it believes X-Forwarded-For and X-Forwarded-Proto from `trusted_proxy` alone."""
    # A unix socket has no addresses: whoever may open it is the proxy.
    believed = "*" if tuple(trusted_proxy) == (UNIX,) else [one.removesuffix("/32") for one in trusted_proxy]
    return uvicorn.Server(
        uvicorn.Config(
            application,
            interface="asgi3",
            lifespan="on",
            proxy_headers=True,
            forwarded_allow_ips=believed,
            ws_max_size=MAX_MESSAGE,
            server_header=False,
            access_log=False,
            log_config=None,  # hub/logs.py
            timeout_graceful_shutdown=GOODBYE,
        )
    )


def passed_by_systemd() -> socket.socket | None:
    """The listening socket that systemd holds for this process, if it does."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=FIRST_PASSED)


def at_path(path: Path) -> socket.socket:
    """A unix socket for the user and the group of this process. One left by a process that was killed is replaced."""
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o117)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    return listener


def at_port(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener
