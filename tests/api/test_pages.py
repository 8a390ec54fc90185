"""The browser client's files over real sockets: what is served, with which headers, and that nothing else is."""

import gzip
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import uvicorn

from hub.pages import Pages
from tests.hubs import NO_TLS, Hub

POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types ortoo"
)
SECURITY: Final = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
SCRIPT: Final = b"export const said = 'hello';\n" * 40
SECRET: Final = "not for the world"
SITE: Final = "https://news.example/weather"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build's folder, with what does not belong into one."""
    around = tmp_path_factory.mktemp("web")
    (around / "secret.txt").write_text(SECRET)
    (around / "more").mkdir()
    (around / "more" / "secret.js").write_text(SECRET)
    dist = around / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "app.html").write_text("<!doctype html><title>Өртөө</title>", encoding="utf-8")
    (dist / "assets" / "app-B1x9.js").write_bytes(SCRIPT)
    (dist / "assets" / "app-B1x9.js.gz").write_bytes(gzip.compress(SCRIPT))
    (dist / "assets" / "app-B1x9.js.br").write_bytes(b"as brotli")
    (dist / "assets" / "app-C2.css").write_text("p{}")
    (dist / "assets" / "hash-D3.wasm").write_bytes(b"\0asm")
    (dist / "sw.js").write_text("self")
    (dist / "app.webmanifest").write_text("{}")
    (dist / ".secret.js").write_text(SECRET)
    (dist / ".vite").mkdir()
    (dist / ".vite" / "manifest.json").write_text(SECRET)
    os.symlink(around / "secret.txt", dist / "link.txt")
    os.symlink(around / "more", dist / "more")
    return dist


@pytest.fixture(scope="module")
def port(dist: Path) -> Iterator[int]:
    with serving(Pages(dist, SITE)) as port:
        yield port


class serving:
    """The pages and nothing else, at a port of their own; what is not theirs is 404."""

    def __init__(self, pages: Pages) -> None:
        async def application(scope: Mapping[str, Any], receive: Any, send: Any) -> None:
            if pages.has(scope["path"]):
                await pages(scope, send)
            else:
                await send({"type": "http.response.start", "status": 404, "headers": []})
                await send({"type": "http.response.body", "body": b""})

        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server = uvicorn.Server(uvicorn.Config(application, lifespan="off", log_config=None))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listener]}, daemon=True)

    def __enter__(self) -> int:
        self.thread.start()
        return int(self.listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        self.listener.close()


@pytest.fixture
def pages(port: int) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", trust_env=False, headers={"accept-encoding": ""}, verify=NO_TLS
    ) as client:
        yield client


def raw(port: int, target: bytes) -> bytes:
    """The answer to a request line of which no client has tidied the path."""
    with socket.create_connection(("127.0.0.1", port), 5) as line:
        line.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        answer = b""
        while more := line.recv(65536):
            answer += more
    return answer


@pytest.mark.parametrize("path", ["/", "/app/", "/app.html"])
def test_the_application_is_at_its_places_and_asked_for_anew_each_time(pages: httpx.Client, path: str) -> None:
    answer = pages.get(path)
    assert (answer.status_code, answer.text) == (200, "<!doctype html><title>Өртөө</title>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("path", "kind", "kept"),
    [
        ("/assets/app-B1x9.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/assets/app-C2.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/assets/hash-D3.wasm", "application/wasm", "public, max-age=31536000, immutable"),
        ("/app.webmanifest", "application/manifest+json", "no-cache"),
        ("/sw.js", "text/javascript; charset=utf-8", "no-cache"),
    ],
)
def test_each_file_has_its_type_its_time_and_all_the_headers(
    pages: httpx.Client, path: str, kind: str, kept: str
) -> None:
    answer = pages.get(path)
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (kind, kept)
    assert {name: answer.headers[name] for name in SECURITY} == SECURITY
    assert answer.headers.get("service-worker-allowed") == ("/app/" if path == "/sw.js" else None)
    assert "set-cookie" not in answer.headers


def test_a_page_may_scan_codes_and_use_passkeys_and_nothing_else(pages: httpx.Client) -> None:
    policy = dict(one.split("=") for one in pages.get("/").headers["permissions-policy"].split(", "))
    assert {name for name, who in policy.items() if who == "(self)"} == {
        "camera",
        "publickey-credentials-create",
        "publickey-credentials-get",
    }
    assert set(policy.values()) == {"(self)", "()"}
    assert {"geolocation", "microphone", "display-capture", "usb"} <= set(policy)


@pytest.mark.parametrize(
    ("accepted", "given"),
    [
        ("br, gzip", "br"),
        ("gzip, deflate, br;q=0.5", "br"),
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0, gzip;q=0.1", "gzip"),
        ("br; q=0.000, gzip;q=0", None),
        ("identity", None),
        ("zstd", None),
        ("", None),
    ],
)
def test_what_the_build_compressed_is_sent_to_whoever_takes_it(port: int, accepted: str, given: str | None) -> None:
    bodies = {"br": b"as brotli", "gzip": gzip.compress(SCRIPT), None: SCRIPT}
    with (
        httpx.Client(trust_env=False, headers={"accept-encoding": accepted}, verify=NO_TLS) as client,
        client.stream("GET", f"http://127.0.0.1:{port}/assets/app-B1x9.js") as answer,
    ):
        body = b"".join(answer.iter_raw())
    assert answer.headers.get("content-encoding") == given
    assert answer.headers["vary"] == "Accept-Encoding"
    if given == "gzip":
        assert gzip.decompress(body) == SCRIPT
    else:
        assert body == bodies[given]


def test_what_is_known_already_is_not_sent_again(pages: httpx.Client) -> None:
    first = pages.get("/")
    tag = first.headers["etag"]
    for given in (tag, f"W/{tag}", f'"other", {tag}'):
        again = pages.get("/", headers={"If-None-Match": given})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert again.headers["content-security-policy"] == POLICY
    assert pages.get("/", headers={"If-None-Match": '"other"'}).status_code == 200
    tags = {pages.get("/assets/app-B1x9.js", headers={"accept-encoding": "gzip"}).headers["etag"]}
    tags.add(pages.get("/assets/app-B1x9.js").headers["etag"])
    assert len(tags) == 2  # other bytes, another tag


def test_head_tells_the_same_without_the_body(pages: httpx.Client) -> None:
    whole, head = pages.get("/assets/app-B1x9.js"), pages.head("/assets/app-B1x9.js")
    differ = {"date"}
    assert {n: v for n, v in head.headers.items() if n not in differ} == {
        n: v for n, v in whole.headers.items() if n not in differ
    }
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(SCRIPT)))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_files_are_read_only(pages: httpx.Client, method: str) -> None:
    answer = pages.request(method, "/")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "target",
    [
        b"/../secret.txt",
        b"/assets/../../secret.txt",
        b"/%2e%2e/secret.txt",
        b"/assets/%2e%2e/%2e%2e/secret.txt",
        b"/..%2fsecret.txt",
        b"/%252e%252e/secret.txt",
        b"/..\\secret.txt",
        b"/..%5csecret.txt",
        b"/app.html%00.txt",
        b"/secret.txt%00",
        b"//secret.txt",
        b"/./app.html",
        b"/assets/",
        b"/assets",
        b"/app",
        b"/APP.HTML",
        b"/.secret.js",
        b"/.vite/manifest.json",
        b"/link.txt",
        b"/more/secret.js",
        b"/assets/app-B1x9.js.gz",
        b"/assets/app-B1x9.js.br",
        b"/etc/passwd",
        b"/file:///etc/passwd",
    ],
)
def test_no_path_leads_to_anything_else(port: int, target: bytes) -> None:
    answer = raw(port, target)
    assert answer.split(b" ", 2)[1] in (b"404", b"400")
    assert SECRET.encode() not in answer


def test_what_changes_on_the_disk_later_is_not_read(dist: Path, port: int) -> None:
    (dist / "later.txt").write_text("later")
    try:
        assert raw(port, b"/later.txt").split(b" ", 2)[1] == b"404"
    finally:
        (dist / "later.txt").unlink()


def test_leave_leads_to_the_site_of_this_hub_and_is_kept_nowhere(port: int) -> None:
    answer = httpx.get(f"http://127.0.0.1:{port}/leave", trust_env=False, verify=NO_TLS)
    assert (answer.status_code, answer.headers["location"], answer.content) == (303, SITE, b"")
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")


@pytest.mark.parametrize("there", [False, True])
def test_where_nothing_is_built_it_says_what_to_do(tmp_path: Path, there: bool) -> None:
    """There is no folder, or an empty one."""
    folder = tmp_path / "dist"
    if there:
        folder.mkdir()
    with serving(Pages(folder, SITE)) as port:
        for path in ("/", "/app/"):
            answer = httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False, verify=NO_TLS)
            assert answer.status_code == 503
            assert answer.text == (
                "The browser client is not built: run `python3 bootstrap.py` where the hub's code lies, then start the"
                " hub again.\n"
            )
            assert answer.headers["content-security-policy"] == POLICY


def test_a_hub_serves_them_under_its_own_names_alone(served: Hub) -> None:
    """Whether or not the client is built here."""
    with httpx.Client(base_url=served.url, trust_env=False, verify=NO_TLS) as client:
        for path in ("/", "/app/"):
            answer = client.get(path)
            assert answer.status_code in (200, 503)
            assert {name: answer.headers[name] for name in SECURITY} == SECURITY
        foreign = client.get("/", headers={"Host": "evil.example"})
        assert foreign.status_code == 400
        assert "content-security-policy" not in foreign.headers
        assert client.get("/nothing-there").status_code == 404
        assert client.get("/healthz").json() == {"alive": True}
