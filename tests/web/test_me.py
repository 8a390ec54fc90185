"""One's own account in a page: passkeys, passphrase, kit and authenticator, sessions, e-mail, what is kept here."""

import asyncio
import base64
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from ortoo.account import Authenticator
from ortoo.client import Client, HubError
from ortoo.protocol.errors import Refused
from tests.hubs import Hub
from tests.mail_server import MailServer
from tests.stores import Stores
from tests.web.conftest import Visiting
from tests.web.sending import Worker, member, signed_in
from tests.web.visits import add_authenticator

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Post:
    hub: Hub
    mail: MailServer


@pytest.fixture(scope="module")
def post(stores: Stores) -> Iterator[Post]:
    """What a page does does not depend on the store: once is enough."""
    mail = MailServer().start()
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(replace(store, more=mail.environment))
        hub.start()
        try:
            yield Post(hub, mail)
        finally:
            hub.stop()
            mail.stop()


async def go(one: Worker, page: str) -> None:
    """To a page of one's own, which everybody can use: in this language and theme, and the pictures of it."""
    await one.place("place.me")
    await one.press(f"own.{page}")
    await one.page.get_by_role("heading", level=1, name=one.said(f"own.{page}")).wait_for()


async def says_passphrase(one: Worker, passphrase: str = "") -> None:
    await one.page.locator("#passphrase").fill(passphrase or one.who.passphrase)


async def locks(one: Worker) -> None:
    await one.place("place.me")
    await one.press("me.lock")
    await one.page.get_by_role("heading", level=1, name=one.said("unlock.title")).wait_for()


async def is_at_work(page: Page) -> None:
    await page.locator("nav.frame-places").wait_for()


async def keeps_a_draft(one: Worker) -> None:
    await one.place("place.send")
    await one.tick("send-services", "shelter")
    await one.page.get_by_text(one.said("app.saved")).first.wait_for()


async def has_the_draft(one: Worker) -> None:
    await one.place("place.inbox")
    await one.page.locator(".draft-row").get_by_text(one.label("services", "shelter")).wait_for()


async def test_a_passkey_unlocks_and_is_the_second_step(visit: Visiting, post: Post, tmp_path: Path) -> None:
    one = await signed_in(visit, post.hub, await member(post.hub, tmp_path, "mgec.delger", "mgec.own1"), "en")
    page = one.page
    await add_authenticator(page)
    await go(one, "passkeys")
    await page.get_by_text(one.said("own.passkeys.none")).wait_for()
    await one.look("me-passkeys")

    # Whoever finds an open page adds none without the passphrase, and is told so before the hub is asked.
    await one.press("own.passkey.add")
    await page.locator("#name").fill("work phone")
    await says_passphrase(one, "kiva-kiva-kiva-kiva-kiva")
    await one.press("own.passkey.add")
    await page.locator("#passphrase-error").get_by_text(one.said("own.wrong_passphrase")).wait_for()
    await one.look("me-new-passkey")
    await says_passphrase(one)
    await one.press("own.passkey.add")
    await page.get_by_text(one.said("own.passkey.added")).wait_for()
    await page.get_by_text(one.said("own.passkey.opens")).wait_for()
    async with one.who.at_work() as session:
        (listed,) = await session.client.passkeys()
        assert listed.name == "work phone"
        kept = await session.client.keyring()
        assert kept is not None
        assert [way.passkey for way in kept.unlocks if way.method == "passkey"] == [listed.id]

    # It unlocks alone, also a page that was loaded anew, also without a line.
    await keeps_a_draft(one)
    await locks(one)
    await one.look("unlock-passkey")
    await one.press("unlock.passkey")
    await is_at_work(page)
    await page.reload()
    one.visit.line.cut()
    await one.press("unlock.passkey")
    await is_at_work(page)
    one.visit.line.mend()
    await has_the_draft(one)

    # And stands in for the six digits: with the passphrase, and never alone.
    await one.place("place.me")
    await one.press("me.sign_out")
    await page.locator("main").get_by_role("button", name=re.compile(f"^{one.said('doors.sign_in')}")).click()
    await page.get_by_label(one.said("sign_in.login")).fill(one.who.login)
    await page.get_by_label(one.said("sign_in.passphrase"), exact=True).fill("kiva-kiva-kiva-kiva-kiva")
    await one.press("sign_in.continue")
    await one.press("sign_in.passkey")
    await page.get_by_text(one.said("sign_in.wrong")).first.wait_for()
    await page.get_by_role("button", name=one.said("app.back"), exact=True).click()
    await page.get_by_label(one.said("sign_in.passphrase"), exact=True).fill(one.who.passphrase)
    await one.press("sign_in.continue")
    await one.press("sign_in.passkey")
    await has_the_draft(one)

    # A lost phone: its passkey is removed, and what it opened is sealed anew, the draft here with it.
    before = kept
    await go(one, "passkeys")
    await page.get_by_role("button", name=one.said("own.passkey.remove")).click()
    await page.get_by_text(one.said("own.passkey.remove.opens")).wait_for()
    await one.look("me-remove-passkey")
    await says_passphrase(one)
    await one.press("own.passkey.remove")
    await page.get_by_text(one.said("own.passkey.removed")).wait_for()
    await locks(one)
    await expect(one.button("unlock.passkey")).to_have_count(0)
    await one.unlock()
    await has_the_draft(one)
    again = await one.who.sign_in_anew()
    assert again.version > before.version
    assert {way.id for way in again.unlocks}.isdisjoint({way.id for way in before.unlocks})
    one.visit.seen.errors.clear()  # the refused sign-in, and the line that was cut


async def test_another_passphrase_seals_all_anew_and_an_answer_that_is_lost_loses_nothing(
    visit: Visiting, post: Post, tmp_path: Path
) -> None:
    one = await signed_in(visit, post.hub, await member(post.hub, tmp_path, "mgec.delger", "mgec.own2"), "en")
    page = one.page
    await keeps_a_draft(one)
    await go(one, "sessions")
    await expect(page.locator(".own-list li")).to_have_count(2)  # this page, and the device with which she joined
    await one.look("me-sessions")
    await page.get_by_text(one.said("own.session.this")).wait_for()

    device = one.who.unlocked()
    await go(one, "passphrase")
    await says_passphrase(one)
    await one.press("own.passphrase.do")
    await page.locator("#new-passphrase-error").wait_for()  # the offered one was not typed
    await one.look("me-passphrase")
    first, one.who.passphrase = one.who.passphrase, await page.locator(".offered").inner_text()
    await page.locator("#new-passphrase").fill(one.who.passphrase)
    await one.press("own.passphrase.do")
    await page.get_by_text(one.said("own.passphrase.done")).wait_for()
    await expect(page.locator(".own-list li")).to_have_count(1)
    async with Client(device.kept.hub, device.token) as client:
        with pytest.raises(HubError, match="signed_out"):
            await client.me()

    # The old one opens nothing; what was typed before is there under the new one.
    await locks(one)
    second, one.who.passphrase = one.who.passphrase, first
    await one.unlock()
    await page.get_by_text(one.said("sign_in.wrong")).first.wait_for()
    one.who.passphrase = second
    await one.unlock()
    await has_the_draft(one)

    # Once more, and the answer is lost: the page does not know, says so, and whichever holds, the draft is there.
    await go(one, "passphrase")
    await says_passphrase(one)
    third = await page.locator(".offered").inner_text()
    await page.locator("#new-passphrase").fill(third)
    one.visit.line.lose_answers("ChangePassphrase")
    await one.press("own.passphrase.do")
    await page.get_by_text(one.said("own.unsure")).first.wait_for(timeout=60_000)
    one.visit.line.mend()
    await locks(one)
    await one.unlock()  # what stands on this device is still opened by the second
    await has_the_draft(one)
    await one.place("place.me")
    await one.press("me.sign_out")
    await page.locator("main").get_by_role("button", name=re.compile(f"^{one.said('doors.sign_in')}")).click()
    await page.get_by_label(one.said("sign_in.login")).fill(one.who.login)
    await page.get_by_label(one.said("sign_in.passphrase"), exact=True).fill(third)
    await one.press("sign_in.continue")
    await page.get_by_label(one.said("sign_in.digits")).fill(one.who.code())
    await one.press("sign_in.continue")
    await has_the_draft(one)
    one.visit.seen.errors.clear()


async def test_kit_authenticator_mail_keys_and_forgetting(visit: Visiting, post: Post, tmp_path: Path) -> None:
    one = await signed_in(visit, post.hub, await member(post.hub, tmp_path, "mgec.delger", "mgec.own3"), "en")
    page = one.page

    # A new kit: ten codes, printed alone, each good once in place of the digits.
    await go(one, "kit")
    await one.look("me-kit")
    await says_passphrase(one)
    await one.press("own.kit.do")
    await expect(page.locator(".kit li")).to_have_count(10)
    codes = await page.locator(".kit li").all_inner_texts()
    assert one.paper.replace(" ", "") in (await page.locator(".kit").inner_text()).replace(" ", "")
    await page.emulate_media(media="print")
    assert await page.locator("main :is(h1, input, button):visible").count() == 0
    await page.emulate_media(media="screen")
    await one.press("own.kit.have")
    await expect(page.locator(".kit")).to_have_count(0)
    with pytest.raises((HubError, Refused)):
        await one.who.sign_in_anew(recovery=secrets.token_hex(8))
    await one.who.sign_in_anew(recovery=codes[3])

    # Another authenticator: digits that it does not show are refused, and nothing is changed.
    await go(one, "authenticator")
    await page.locator("svg.qr").wait_for()
    await one.look("me-authenticator")
    app = Authenticator(base64.b32decode((await page.locator(".offered").inner_text()).replace(" ", "")))
    await says_passphrase(one)
    right = app.code(datetime.now(UTC))
    await page.locator("#digits").fill(f"{(int(right) + 1) % 10**6:06}")
    await one.press("own.authenticator.do")
    await page.locator("#digits-error").wait_for()
    await page.locator("#digits").fill(app.code(datetime.now(UTC)))
    await one.press("own.authenticator.do")
    await page.get_by_text(one.said("own.authenticator.done")).wait_for()
    with pytest.raises(HubError, match="sign_in_refused"):
        await one.who.sign_in_anew()
    one.who.authenticator = app
    one.who.last_step = int(datetime.now(UTC).timestamp()) // 30

    # E-mail: an address counts once its code is typed back; a sample shows all that it will say.
    await go(one, "notifications")
    await page.get_by_text(one.said("own.mail.subject")).wait_for()
    await page.locator("#address").fill("nobody at home")
    await one.press("own.save")
    await page.locator("#address-error").get_by_text(one.said("own.not_an_address")).wait_for()
    await page.locator("#address").fill("own3@mgec.test")
    await page.locator('input[name="mail-hours"][value="working"]').check()
    await page.locator('input[name="mail-digest"][value="8"]').check()
    await one.press("own.save")
    await page.locator("#code").wait_for()
    await one.look("me-notifications")
    await page.locator("#code").fill("0000 0000")
    await one.press("own.mail.confirm")
    await page.locator("#code-error").wait_for()
    (mail,) = await post.mail.waits_for("own3@mgec.test", 1)
    (code,) = re.findall(r"^\d{4} \d{4}$", mail.text, re.MULTILINE)
    await page.locator("#code").fill(code)
    await one.press("own.mail.confirm")
    await page.get_by_text(one.said("own.mail.confirmed")).first.wait_for()
    async with one.who.at_work() as session:
        told = await session.client.notifications()
        assert (told.confirmed, told.working_hours, told.digest_hour) == (True, True, 8)

    # `?` shows the keys; turned off, a single letter does nothing, under any layout.
    await one.place("place.inbox")
    await page.keyboard.press("?")
    await page.get_by_role("heading", level=1, name=one.said("own.keyboard")).wait_for()
    await one.look("me-keyboard")
    await page.locator('input[name="single-keys"][value="without"]').check()
    await page.get_by_role("heading", level=1).click()
    await page.keyboard.press("n")
    await page.get_by_role("heading", level=1, name=one.said("own.keyboard")).wait_for()
    await page.locator('input[name="single-keys"][value="with"]').check()
    await page.get_by_role("heading", level=1).click()
    await page.keyboard.press("n")
    await page.get_by_role("heading", level=1, name=one.said("send.need")).wait_for()

    # What is kept here, and then nothing.
    await keeps_a_draft(one)
    await go(one, "device")
    await page.get_by_text(one.said("own.device.drafts", count=1)).wait_for()
    await one.look("me-device")
    await one.press("unlock.forget")
    await page.get_by_text(one.said("unlock.forget.sure")).wait_for()
    await one.press("unlock.forget")
    await page.locator("main").get_by_role("button", name=re.compile(f"^{one.said('doors.sign_in')}")).wait_for()
    while await page.evaluate(COUNT) != [0, 0]:
        await asyncio.sleep(0.05)
    one.visit.seen.errors.clear()


COUNT = """async () => {
  const request = indexedDB.open("ortoo");
  const database = await new Promise((done) => { request.onsuccess = () => done(request.result); });
  const counts = [];
  for (const name of ["a", "s"]) {
    const asked = database.transaction(name).objectStore(name).count();
    counts.push(await new Promise((done) => { asked.onsuccess = () => done(asked.result); }));
  }
  database.close();
  return counts;
}"""
