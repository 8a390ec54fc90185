"""C2SP tlog-witness: `POST /add-checkpoint` at a witness.

old 20852014                  the size that the witness has cosigned last, 0 for none
PlRNCrwHpqhGrupue0L7g…=       the consistency proof from there, a hash a line
                              empty line
example.com/log/activity …    the checkpoint, a signed note
"""

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final

from ortoo.protocol.checkpoint import head_of, unbase64
from ortoo.protocol.errors import Refused
from ortoo.witness import Witness, WrongSize

MOST: Final = 64 * 1024  # bytes of a request
MOST_HASHES: Final = 63
TIMEOUT: Final = 10.0  # seconds for each part of a request
OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,15})")
TEXT: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"


class WitnessServer:
    """Serves in threads of its own between `with` and its end."""

    def __init__(self, witness: Witness, host: str, port: int) -> None:
        """Raises OSError where nothing can listen there."""

        class Handler(_Handler):
            served = witness

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> "WitnessServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    served: Witness
    protocol_version = "HTTP/1.1"
    timeout = TIMEOUT

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 10) or int(length) > MOST:
            self.close_connection = True
            return self._answer(413, "The request is too large, or of no length.\n")
        body = self.rfile.read(int(length))
        if self.path != "/add-checkpoint":
            return self._answer(404, "POST /add-checkpoint\n")
        return self._answer(*_added(self.served, body))

    def _answer(self, status: int, text: str, kind: str = TEXT) -> None:
        raw = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody's address is written down."""


def _added(witness: Witness, body: bytes) -> tuple[int, str, str]:
    """Status, text and its type, as the specification has them."""
    try:
        old, proof, note = _read(body)
        head = head_of(note)
        if old > head.size:
            return 400, "The old size is larger than the checkpoint's.\n", TEXT
    except (Refused, ValueError):
        return 400, "This is not a request to add a checkpoint.\n", TEXT
    try:
        if head.origin not in [key.name for key in witness.policy.logs]:
            return 404, "This log is not known.\n", TEXT
        return 200, witness.add(note, old, proof), TEXT
    except LookupError:
        return 503, "The witness has not seen the network yet.\n", TEXT
    except WrongSize as wrong:
        return 409, f"{wrong.size}\n", SIZE
    except Refused as refused:
        if refused.code == "checkpoint_unwitnessed":
            return 403, "The log's signature does not verify.\n", TEXT
        if old == head.size:
            return 409, f"{old}\n", SIZE
        return 422, "The proof does not verify.\n", TEXT


def _read(body: bytes) -> tuple[int, list[bytes], str]:
    said, empty, note = body.decode().partition("\n\n")
    first, *lines = said.split("\n")
    found = OLD.fullmatch(first)
    if not empty or found is None or len(lines) > MOST_HASHES:
        raise ValueError
    proof = [unbase64(line) for line in lines]
    if any(len(one) != 32 for one in proof) or (found[1] == "0" and proof):
        raise ValueError
    return int(found[1]), proof, note
