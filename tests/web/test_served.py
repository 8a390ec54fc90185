"""A real hub in a real Chromium: its pages run under its policy, and the session's cookie is what it is meant to be."""

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

import pytest

from ortoo.client import document
from ortoo.protocol.documents import b64
from ortoo.protocol.keys import stretch
from tests.hubs import Hub
from tests.members import at_work
from tests.people.newcomers import Newcomer, confirmed, expected
from tests.web.conftest import Visiting

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

ASK = """async ([body, member]) => {
  const headers = { "Content-Type": "application/json", "Ortoo-Member": member };
  const answer = await fetch("/graphql", { method: "POST", body, headers });
  return { ...(await answer.json()), seen: [...answer.headers.keys()] };
}"""
OVER_A_SOCKET = """([body, member]) => new Promise((done, failed) => {
  const socket = new WebSocket(`ws://${location.host}/graphql`, "graphql-transport-ws");
  socket.onopen = () => socket.send(JSON.stringify({ type: "connection_init", payload: { member } }));
  socket.onerror = () => failed(new Error("no socket"));
  socket.onclose = (end) => failed(new Error(`closed: ${end.code}`));
  socket.onmessage = ({ data }) => {
    const said = JSON.parse(data);
    if (said.type === "connection_ack") socket.send(`{"type":"subscribe","id":"1","payload":${body}}`);
    else done(said.payload);
  };
})"""


def named(operation: str, /, **variables: Any) -> str:
    name = f"sha256:{hashlib.sha256(document(operation).encode()).hexdigest()}"
    return json.dumps({"documentId": name, "variables": variables})


async def test_a_page_signs_in_and_works_over_http_and_a_socket(hub: Hub, visit: Visiting, tmp_path: Path) -> None:
    newcomer = Newcomer(f"mgec.{secrets.token_hex(4)}", tmp_path)
    async with at_work(hub, "mgec.delger") as delger:
        await confirmed(delger, await newcomer.enrol(await expected(delger, newcomer)))
    auth = stretch(newcomer.passphrase, newcomer.login, network=newcomer.device.find(newcomer.login).network).auth

    one = await visit(f"http://localhost:{hub.port}")
    page = await one.go("/")
    assert await page.evaluate("[isSecureContext, crossOriginIsolated]") == [True, True]
    second = {"totp": newcomer.code()}
    signing_in = named("sign_in", login=newcomer.login, auth=b64(auth), second=second, name="page")
    done = await page.evaluate(ASK, [signing_in, ""])
    member = done["data"]["signIn"]["member"]["id"]
    assert done["data"]["signIn"]["token"] == ""
    assert "set-cookie" not in done["seen"]
    assert await page.evaluate("document.cookie") == ""

    (cookie,) = await one.context.cookies()
    assert (cookie["name"], cookie["path"], cookie["domain"]) == (f"__Host-ortoo-{member}", "/", "localhost")
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")

    me = named("me")
    for how in (ASK, OVER_A_SOCKET):  # the policy's connect-src 'self' is the socket, too
        assert (await page.evaluate(how, [me, member]))["data"]["me"]["handle"] == newcomer.login

    assert (await page.evaluate(ASK, [named("sign_out"), member]))["data"] == {"signOut": True}
    assert await one.context.cookies() == []
    assert cookie["value"] not in hub.said()
