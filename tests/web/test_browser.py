"""The client opens in a real Chromium under its own strict policy, and the browser has what the client is built on.

The watch over each visit is tried too: what no page of Ortoo does is seen when a page does it.
"""

import time

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from playwright.async_api import Error

from tests.web.conftest import Visiting
from tests.web.node import PACKAGES
from tests.web.pages import POLICY, Pages
from tests.web.visits import add_authenticator, axe

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_client_opens_and_asks_nobody_else(visit: Visiting, pages: Pages) -> None:
    one = await visit(pages.origin)
    page = await one.go("/")
    assert await page.locator("h1").first.inner_text() != ""
    assert await axe(page) == []
    picture = await page.screenshot()
    assert picture.startswith(b"\x89PNG")


async def test_axe_finds_what_is_at_fault(visit: Visiting, pages: Pages) -> None:
    pages.own["/bad.html"] = (
        "<!doctype html><html><head><title>Page</title></head><body><img src='/x.svg'></body></html>"
    )
    pages.own["/x.svg"] = ""
    one = await visit(pages.origin)
    found = await axe(await one.go("/bad.html"))
    assert "html-has-lang: html" in found
    assert "image-alt: img" in found


async def test_letters_of_mongolian_have_a_shape(visit: Visiting, pages: Pages) -> None:
    """Each of ӨөҮү is drawn, and as a letter of its own, not as the box of a missing one."""
    one = await visit(pages.origin)
    page = await one.go("/blank.html")
    drawn = await page.evaluate(
        """() => ["Ө", "ө", "Ү", "ү", "\\uffff"].map((letter) => {
          const canvas = new OffscreenCanvas(40, 40).getContext("2d");
          canvas.font = "30px sans-serif";
          canvas.fillText(letter, 4, 32);
          return canvas.getImageData(0, 0, 40, 40).data.join();
        })"""
    )
    assert len(set(drawn)) == 5


@pytest.mark.parametrize(
    ("does", "directive"),
    [
        ("document.body.append(Object.assign(document.createElement('style'), {textContent: 'p {}'}))", "style-src"),
        ("try { document.body.innerHTML = '<p>' } catch {}", "require-trusted-types-for"),
        ("try { new Worker('/own.js') } catch {}", "require-trusted-types-for"),
        ("try { trustedTypes.createPolicy('other', {}) } catch {}", "trusted-types"),
        ("fetch('http://elsewhere.invalid/').catch(() => 0)", "connect-src"),
        ("document.body.append(Object.assign(new Image(), {src: 'http://elsewhere.invalid/x.png'}))", "img-src"),
    ],
)
async def test_what_the_policy_forbids_is_refused_and_seen(
    visit: Visiting, pages: Pages, does: str, directive: str
) -> None:
    pages.own["/own.html"] = "<!doctype html><body><script src='/own.js'></script>"
    pages.own["/own.js"] = does
    one = await visit(pages.origin)
    await one.go("/own.html")
    await one.settle()
    assert [seen.split(":")[0] for seen in one.seen.violations] in ([directive], [f"{directive}-elem"])
    assert one.seen.foreign == []
    with pytest.raises(AssertionError):
        one.assert_clean()
    one.seen.violations.clear()
    one.seen.errors.clear()


async def test_a_script_in_the_page_itself_does_not_run(visit: Visiting, pages: Pages) -> None:
    pages.own["/own.html"] = "<!doctype html><title>Page</title><body><script>document.title = 'ran'</script>"
    one = await visit(pages.origin)
    page = await one.go("/own.html")
    assert await page.title() == "Page"
    assert one.seen.violations == ["script-src-elem: inline"]
    one.seen.violations.clear()
    one.seen.errors.clear()


async def test_an_error_that_nobody_catches_is_seen(visit: Visiting, pages: Pages) -> None:
    pages.own["/own.html"] = "<!doctype html><body><script src='/own.js'></script>"
    pages.own["/own.js"] = "console.error('said'); setTimeout(() => { throw new Error('thrown') })"
    one = await visit(pages.origin)
    await one.go("/own.html")
    await one.settle()
    assert any("said" in error for error in one.seen.errors)
    assert any("thrown" in error for error in one.seen.errors)
    one.seen.errors.clear()


async def test_no_other_host_is_reached_even_where_no_policy_forbids_it(visit: Visiting, pages: Pages) -> None:
    pages.own["/own.html"] = "<!doctype html><body><script src='/own.js'></script>"
    pages.policies["/own.html"] = "default-src *"
    pages.own["/own.js"] = (
        "fetch('http://elsewhere.invalid/').catch(() => 0); new WebSocket('ws://elsewhere.invalid:8321/')"
    )
    one = await visit(pages.origin)
    page = await one.go("/own.html")
    await page.wait_for_timeout(500)
    assert sorted(set(one.seen.foreign)) == ["elsewhere.invalid:80", "elsewhere.invalid:8321"]
    one.seen.foreign.clear()
    one.seen.errors.clear()


async def test_it_has_the_curves(visit: Visiting, pages: Pages) -> None:
    """Ed25519: RFC 8032 §7.1, test 2. X25519: RFC 7748 §5.2."""
    one = await visit(pages.origin)
    page = await one.go("/blank.html")
    signature, agreed = await page.evaluate(
        """async ([signing, scalar, point]) => {
          const bytes = (hex) => Uint8Array.from(hex.match(/../g), (two) => parseInt(two, 16));
          const two = (byte) => byte.toString(16).padStart(2, "0");
          const hex = (buffer) => Array.from(new Uint8Array(buffer), two).join("");
          const secret = (curve, seed, name, use) => crypto.subtle.importKey(
            "pkcs8", bytes(`302e020100300506032b65${curve}04220420${seed}`), name, false, [use]);
          const signer = await secret("70", signing, "Ed25519", "sign");
          const ours = await secret("6e", scalar, "X25519", "deriveBits");
          const theirs = await crypto.subtle.importKey("raw", bytes(point), "X25519", false, []);
          return [
            hex(await crypto.subtle.sign("Ed25519", signer, bytes("72"))),
            hex(await crypto.subtle.deriveBits({ name: "X25519", public: theirs }, ours, 256)),
          ];
        }""",
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
            "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        ],
    )
    assert signature == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert agreed == "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"


async def test_it_keeps_what_it_is_given(visit: Visiting, pages: Pages) -> None:
    one = await visit(pages.origin)
    page = await one.go("/blank.html")
    put = """() => new Promise((resolve, reject) => {
      const opening = indexedDB.open("own", 1);
      opening.onerror = reject;
      opening.onupgradeneeded = () => opening.result.createObjectStore("blobs");
      opening.onsuccess = () => {
        const writing = opening.result.transaction("blobs", "readwrite");
        writing.objectStore("blobs").put(new Uint8Array([1, 2, 3]), "one");
        writing.oncomplete = () => resolve(0);
      };
    })"""
    get = """() => new Promise((resolve, reject) => {
      const opening = indexedDB.open("own", 1);
      opening.onerror = reject;
      opening.onsuccess = () => {
        const reading = opening.result.transaction("blobs").objectStore("blobs").get("one");
        reading.onsuccess = () => resolve(Array.from(reading.result));
      };
    })"""
    await page.evaluate(put)
    await page.reload()
    assert await page.evaluate(get) == [1, 2, 3]


WORKER = """
import { argon2id } from "/argon2.js";
onmessage = async ({ data }) => {
  try {
    postMessage(await argon2id({ ...data, outputType: "hex" }));
  } catch (error) {
    postMessage(`refused: ${error}`);
  }
};
"""

START = """
const policy = trustedTypes.createPolicy("ortoo", { createScriptURL: () => "/worker.js" });
globalThis.stretch = (question) => new Promise((resolve) => {
  const worker = new Worker(policy.createScriptURL(""), { type: "module" });
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => resolve(`failed: ${event.message}`);
  worker.postMessage(question);
});
"""

QUESTION = {"password": "jafa-sici-mobi", "salt": "sixteen bytes ok", "iterations": 3, "parallelism": 1}


def _with_a_worker(pages: Pages) -> None:
    pages.own["/stretch.html"] = "<!doctype html><title>Page</title><body><script src='/start.js'></script>"
    pages.own["/start.js"] = START
    pages.own["/worker.js"] = WORKER
    pages.own["/argon2.js"] = (PACKAGES / "hash-wasm" / "dist" / "index.esm.min.js").read_text(encoding="utf-8")


async def test_argon2id_runs_in_a_worker_under_the_policy(visit: Visiting, pages: Pages) -> None:
    _with_a_worker(pages)
    one = await visit(pages.origin)
    page = await one.go("/stretch.html")
    stretched = await page.evaluate("(q) => stretch(q)", {**QUESTION, "memorySize": 65536, "hashLength": 32})
    by_openssl = Argon2id(salt=b"sixteen bytes ok", length=32, iterations=3, lanes=1, memory_cost=65536)
    assert stretched == by_openssl.derive(b"jafa-sici-mobi").hex()


async def test_without_leave_for_webassembly_it_is_refused(visit: Visiting, pages: Pages) -> None:
    """So the policy does hold in the worker, and the test above runs under it."""
    _with_a_worker(pages)
    pages.policies["/worker.js"] = POLICY.replace(" 'wasm-unsafe-eval'", "")
    one = await visit(pages.origin)
    page = await one.go("/stretch.html")
    said = await page.evaluate("(q) => stretch(q)", {**QUESTION, "memorySize": 1024, "hashLength": 32})
    assert said.startswith("refused: CompileError")
    one.seen.errors.clear()


async def test_a_passkey_gives_the_same_secret_twice(visit: Visiting, pages: Pages) -> None:
    one = await visit(pages.origin)
    page = await one.go("/blank.html")
    await add_authenticator(page)
    first, second, other = await page.evaluate(
        """async () => {
          const made = await navigator.credentials.create({ publicKey: {
            challenge: new Uint8Array(32), rp: { name: "Page" },
            user: { id: new Uint8Array(16), name: "one", displayName: "one" },
            pubKeyCredParams: [{ type: "public-key", alg: -8 }, { type: "public-key", alg: -7 }],
            authenticatorSelection: { residentKey: "required", userVerification: "required" },
            extensions: { prf: {} },
          } });
          const ask = async (byte) => {
            const got = await navigator.credentials.get({ publicKey: {
              challenge: new Uint8Array(32), userVerification: "required",
              allowCredentials: [{ type: "public-key", id: made.rawId }],
              extensions: { prf: { eval: { first: new Uint8Array(32).fill(byte) } } },
            } });
            return Array.from(new Uint8Array(got.getClientExtensionResults().prf.results.first));
          };
          return [await ask(1), await ask(1), await ask(2)];
        }"""
    )
    assert len(first) == 32
    assert first == second != other


async def test_two_people_share_nothing(visit: Visiting, pages: Pages) -> None:
    one, two = await visit(pages.origin), await visit(pages.origin)
    for each, value in ((one, "1"), (two, "2")):
        page = await each.go("/blank.html")
        await page.evaluate("(value) => localStorage.setItem('own', localStorage.getItem('own') ?? value)", value)
    assert await one.page.evaluate("localStorage.getItem('own')") == "1"
    assert await two.page.evaluate("localStorage.getItem('own')") == "2"


async def test_a_slow_line_slows_a_worker_too(visit: Visiting, pages: Pages) -> None:
    """8,000 bytes at 64 kbit/s take a second, and a round trip of 0.4 s comes before them."""
    pages.own["/own.html"] = "<!doctype html><title>Page</title><body><script src='/start.js'></script>"
    pages.own["/start.js"] = START
    pages.own["/worker.js"] = "onmessage = async () => postMessage((await (await fetch('/heavy.txt')).text()).length)"
    pages.own["/heavy.txt"] = "x" * 8000
    one = await visit(pages.origin)
    page = await one.go("/own.html")
    took = []
    for slow in (False, True):
        if slow:
            one.line.slow(kbit=64, there_and_back=0.4)
        began = time.monotonic()
        assert await page.evaluate("stretch(0)") == 8000
        took.append(time.monotonic() - began)
    assert took[0] < 1
    assert took[1] > 1.4


async def test_a_line_that_is_cut_comes_back(visit: Visiting, pages: Pages) -> None:
    one = await visit(pages.origin)
    page = await one.go("/blank.html")
    fetching = "fetch('/blank.html').then((answer) => answer.status, () => 'no line')"
    assert await page.evaluate(fetching) == 200
    one.line.cut()
    assert await page.evaluate(fetching) == "no line"
    other = await one.context.new_page()
    with pytest.raises(Error):
        await other.goto(f"{one.origin}/blank.html")
    one.line.mend()
    await page.goto(f"{one.origin}/blank.html")
    assert await page.evaluate(fetching) == 200
    one.seen.errors.clear()  # Chromium itself writes down that a fetch failed
