"""A small server for what the browser itself is tried with: web/dist, and pages and scripts of the test's own, all
under the policy of the client's pages."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from tests.web.node import WEB

POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types ortoo"
)

TYPES: Final = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css"}

BLANK: Final = (
    "<!doctype html><html lang='en'><head><title>Page</title></head><body><main><h1>Page</h1></main></body></html>"
)


@dataclass
class Pages:
    origin: str
    own: dict[str, str] = field(default_factory=dict)  # by path; before what lies in web/dist
    policies: dict[str, str] = field(default_factory=dict)  # by path, where it is another than POLICY


@contextmanager
def serving() -> Iterator[Pages]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.path.partition("?")[0]
            path = "/app.html" if asked == "/" else asked
            file = (WEB / "dist" / path.lstrip("/")).resolve()
            if path in pages.own:
                content = pages.own[path].encode()
            elif file.is_relative_to(WEB / "dist") and file.is_file():
                content = file.read_bytes()
            elif path == "/favicon.ico":
                self.send_response(204)
                self.end_headers()
                return
            else:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Type", TYPES.get(f".{path.rsplit('.', 1)[-1]}", "application/octet-stream"))
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", pages.policies.get(path, POLICY))
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            self.send_header("Cross-Origin-Resource-Policy", "same-origin")
            self.send_header("X-Content-Type-Options", "nosniff")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pages = Pages(f"http://localhost:{server.server_port}", {"/blank.html": BLANK})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield pages
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
