"""The shipped nginx site: nginx takes it, and it does at the border what docs/operations.md says."""

import re
import ssl
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from ortoo import practice
from ortoo.client import document
from tests.deploy.served import HOST, Nginx, Process, Served, free_port, production, rendered
from tests.stores import Store

GRAPHQL = "application/graphql-response+json"
ECHO = Path(__file__).with_name("echoing_hub.py")


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    """Without a hub behind it."""
    nginx = Nginx(tmp_path, [tmp_path / "1.sock", tmp_path / "2.sock"])
    yield nginx
    nginx.stop()


def https(nginx: Nginx, **more: str) -> httpx.Client:
    trusted = ssl.create_default_context(cafile=str(nginx.certificate))
    return httpx.Client(base_url=nginx.url, verify=trusted, trust_env=False, headers=more, timeout=60)


def test_nginx_finds_nothing_wrong_with_it(nginx: Nginx) -> None:
    checked = nginx.check()
    assert checked.returncode == 0, checked.stderr
    assert "test is successful" in checked.stderr
    assert "[warn]" not in checked.stderr
    assert "[emerg]" not in checked.stderr


def test_and_would_find_something(nginx: Nginx) -> None:
    site = nginx.folder / "ortoo.conf"
    site.write_text(site.read_text().replace("client_max_body_size 32m;", "client_max_body_size plenty;"))
    assert nginx.check().returncode != 0


def test_every_place_of_the_template_is_known() -> None:
    names = re.findall(r"\$\{(\w+)\}", rendered({}))
    assert set(names) == {
        "ORTOO_HOST",
        "ORTOO_HUBS",
        "ORTOO_HTTP_PORT",
        "ORTOO_HTTPS_PORT",
        "ORTOO_CERTIFICATE",
        "ORTOO_CERTIFICATE_KEY",
        "ORTOO_ACCESS_LOG",
        "ORTOO_ERROR_LOG",
    }


def test_http_is_sent_to_https_and_other_names_get_nothing(nginx: Nginx) -> None:
    nginx.start()
    plain = httpx.get(f"http://{HOST}:{nginx.http_port}/graphql?query=x", trust_env=False)
    assert (plain.status_code, plain.headers["location"]) == (301, f"https://{HOST}/graphql?query=x")
    with https(nginx) as client, pytest.raises(httpx.ConnectError, match=r"(?i)unrecognized.name"):
        client.get("/", extensions={"sni_hostname": "another.ortoo.example"})


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
def test_old_tls_is_refused(nginx: Nginx, version: ssl.TLSVersion) -> None:
    """nginx.conf around it allows them, as Debian's does; OpenSSL is told to as well."""
    nginx.start()
    old = ssl.create_default_context(cafile=str(nginx.certificate))
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, version
    with (
        httpx.Client(verify=old, trust_env=False) as client,
        pytest.raises(httpx.ConnectError, match=r"(?i)alert.protocol.version"),
    ):
        client.get(nginx.url)


def test_without_a_hub_it_says_so_and_still_insists_on_tls(nginx: Nginx) -> None:
    nginx.start()
    with https(nginx) as client:
        answer = client.get("/healthz")
    assert answer.status_code == 502
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains; preload"
    assert answer.headers["server"] == "nginx"  # and no version


def test_each_security_header_comes_once_from_every_part_of_the_hub(standing: Served) -> None:
    with https(standing.nginx) as client:
        for path in ("/graphql?query={__typename}", "/healthz", "/readyz", "/nothing-there"):
            answer = client.get(path)
            assert answer.headers.get_list("strict-transport-security") == [
                "max-age=31536000; includeSubDomains; preload"
            ]
            for name in ("x-content-type-options", "referrer-policy", "cache-control", "x-frame-options"):
                assert len(answer.headers.get_list(name)) <= 1, (path, name)
        assert client.get("/readyz").json() == {"ready": True, "missing": []}
        answer = client.get("/nothing-there")
        assert answer.status_code == 404
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"


def test_pages_come_with_each_header_once_and_a_page_is_signed_in_by_cookie(standing: Served) -> None:
    """Through nginx the hub still knows its own address, with its port: it is held against the page's origin."""
    me = {"documentId": f"sha256:{sha256(document('me').encode()).hexdigest()}"}
    delger = practice.identity("mgec.delger", standing.practice)
    said = {"cookie": f"__Host-ortoo-{delger.member}={delger.token}", "ortoo-member": delger.member}
    with https(standing.nginx, **said) as client:
        for path in ("/", "/app/"):
            page = client.get(path)
            assert page.status_code in (200, 503)  # whether or not the client is built here
            for name in (
                *("content-security-policy", "cross-origin-opener-policy", "cross-origin-embedder-policy"),
                *("cross-origin-resource-policy", "permissions-policy", "referrer-policy", "x-content-type-options"),
                *("x-frame-options", "strict-transport-security", "cache-control"),
            ):
                assert len(page.headers.get_list(name)) == 1, (path, name)
            assert "require-trusted-types-for 'script'" in page.headers["content-security-policy"]
        for origin, status in (
            (standing.url, 200),
            (standing.url.replace("https:", "http:"), 401),
            (f"https://{HOST}", 401),  # another port
            (f"https://{HOST}:1", 401),
            ("https://evil.example", 403),
        ):
            asked = client.post("/graphql", json=me, headers={"origin": origin, "accept": GRAPHQL})
            assert asked.status_code == status, origin
        free = client.post("/graphql", json={"query": "{ me { id } }"}, headers={"origin": standing.url})
        assert [one["extensions"]["code"] for one in free.json()["errors"]] == ["document_unknown"]


def test_a_page_is_not_served_without_tls(standing: Served) -> None:
    """Past nginx, a process that was not told of https sends everybody there."""
    with standing.processes[0].client as client:
        answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (301, f"https://{HOST}/")


def test_a_body_of_more_than_32_mib_ends_at_the_border(standing: Served) -> None:
    with https(standing.nginx, authorization="Bearer nobody") as client:
        too_much = client.post("/graphql", content=b" " * (32 * 1024 * 1024 + 1))
        assert (too_much.status_code, too_much.headers["content-type"]) == (413, "text/html")
        just_so = client.post(
            "/graphql", content=b" " * (32 * 1024 * 1024), headers={"content-type": "application/json"}
        )
        assert just_so.headers["content-type"].startswith(
            "application/json"
        )  # the hub has read it, and says what is wrong
        assert "errors" in just_so.json()


def test_nothing_is_written_of_who_asked_or_what_for(served: Served) -> None:
    with https(served.nginx, referer="https://secret.example/", **{"user-agent": "Secret/1"}) as client:
        client.get("/graphql?query={secret}", headers={"authorization": "Bearer secret"})
        client.get("/secretless/?secret=1")
    served.stop()  # what was to be written is written
    logs = {path.name: path.read_text() for path in served.nginx.folder.glob("*.log")}
    lines = logs["access.log"].splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"\S+T\S+ GET /graphql \d{3} \d+ [\d.]+", lines[0])
    assert "secret=" not in logs["access.log"]
    for text in (*logs.values(), served.said()):
        for word in ("127.0.0.1", "[::1]", "{secret}", "Bearer", "Secret/1", "secret.example"):
            assert word not in text
    assert logs["nginx-default-access.log"] == ""


def test_the_hub_is_told_the_real_address_and_a_client_cannot_say_another(founded: Store) -> None:
    echo = Process(founded.folder, production(founded), founded.folder / "echo.sock")
    echo.program, echo.arguments = ECHO, []
    nginx = Nginx(founded.folder / "nginx", [founded.folder / "echo.sock"])
    echo.start()
    try:
        nginx.start()
        forged = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "http", "forwarded": "for=203.0.113.9"}
        with https(nginx, **forged) as client:
            told = client.get("/").json()
    finally:
        nginx.stop()
        echo.stop()
    assert told["client"] in ("127.0.0.1", "::1")
    assert told["scheme"] == "https"


def test_at_a_port_only_the_proxy_is_believed(founded: Store) -> None:
    """The proxy is 127.0.0.2; whoever comes from elsewhere is who it is, whatever it says."""
    environment = production(founded, ORTOO_TRUSTED_PROXY="127.0.0.2")
    said = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "host": HOST}
    echo, hub = (Process(founded.folder, environment, free_port()) for _ in range(2))
    echo.program, echo.arguments = ECHO, []
    try:
        seen = {}
        for process in (echo.start(), hub.start()):
            for address in ("127.0.0.1", "127.0.0.2"):
                transport = httpx.HTTPTransport(local_address=address)
                with httpx.Client(
                    transport=transport, base_url=f"http://127.0.0.1:{process.at}", headers=said
                ) as client:
                    seen[process, address] = client.get("/nothing-there")
    finally:
        echo.stop()
        hub.stop()
    assert seen[echo, "127.0.0.1"].json() == {"client": "127.0.0.1", "scheme": "http"}
    assert seen[echo, "127.0.0.2"].json() == {"client": "203.0.113.9", "scheme": "https"}
    assert seen[hub, "127.0.0.1"].status_code == 301  # it did not come by https, and is sent there
    assert seen[hub, "127.0.0.2"].status_code == 404
