"""An administrator's day in a page: who comes and who goes, the agency's key, its services, a partner system."""

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Locator, Page, ViewportSize, expect

from ortoo import administration, contract
from ortoo.account import Keys
from ortoo.administration import Paper
from ortoo.client import HubError
from ortoo.days import ULAANBAATAR
from ortoo.identity import Identity
from ortoo.joining import Joined
from ortoo.protocol.documents import SigningKey, unb64
from ortoo.protocol.hpke import KemKey
from ortoo.protocol.keys import MemberSecrets
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import at_work
from tests.people.newcomers import Newcomer, confirmed, expected, fingerprint
from tests.web.conftest import Visiting
from tests.web.pictures import look
from tests.web.test_hub import address
from tests.web.test_inbox import form
from tests.web.test_signing_in import begin, press, step
from tests.web.visits import Visit

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

PHONE: ViewportSize = {"width": 360, "height": 740}


async def administrator(hub: Hub, folder: Path, login: str) -> Newcomer:
    """Somebody of MGEC who administers and answers, with an account."""
    one = Newcomer(login, folder)
    async with at_work(hub, "mgec.delger") as delger:
        paper = await expected(delger, one, "administrator", "focal_point")
        await confirmed(delger, await one.enrol(paper))
    return one


async def enter(visit: Visit, hub: Hub, one: Newcomer) -> Page:
    page = await visit.go("/")
    await begin(page, one.login, one.passphrase)
    await step(page, one.code())
    await page.get_by_label("Fingerprint of the network").fill(fingerprint(hub))
    await press(page, "Continue")
    await page.get_by_role("heading", name="What needs you now").wait_for()
    return page


async def to_agency(page: Page, part: str = "Members") -> None:
    await page.get_by_role("navigation", name="Places").get_by_role("button", name="Agency").click()
    if part != "Members":
        await page.get_by_role("navigation", name="Parts of the agency").get_by_role("button", name=part).click()
    await page.get_by_role("heading", name=part, level=1).wait_for()


def card(page: Page, text: str) -> Locator:
    return page.locator(".card").filter(has_text=text)


async def paper_of(page: Page) -> dict[str, str]:
    """What stands on the paper, by its words."""
    await page.get_by_role("heading", name="Invitation, on paper").wait_for()
    names, values = page.locator(".paper dt"), page.locator(".paper dd")
    return dict(zip(await names.all_inner_texts(), await values.all_inner_texts(), strict=True))


async def test_an_administrators_day(visit: Visiting, hub: Hub, tmp_path: Path) -> None:
    one = await administrator(hub, tmp_path, "mgec.agency1")
    browser = await visit(address(hub), locale="en-GB", viewport=PHONE, reduced_motion="reduce")
    page = await enter(browser, hub, one)
    await to_agency(page)
    await expect(card(page, "mgec.agency1")).to_contain_text("last here on")
    await look(page, "agency-members")

    # Invited on paper, which is shown once; the newcomer types it on a device of its own.
    await press(page, "Invite somebody")
    await look(page, "agency-invite")
    await press(page, "Make the invitation")
    await page.get_by_text("Type 3 to 80 of the letters").first.wait_for()
    await page.get_by_label("Name to sign in with").fill("mgec.newcomer1")
    await page.get_by_label("Name in Mongolian").fill("Шинэхэн")
    await page.get_by_label("Name in English").fill("Newest")
    await press(page, "Make the invitation")
    paper = await paper_of(page)
    assert paper["Fingerprint of the network"] == fingerprint(hub)
    await look(page, "agency-paper")
    await press(page, "It is handed over")
    await card(page, "mgec.newcomer1").get_by_role("button", name="Withdraw").wait_for()
    assert paper["Code"] not in await page.locator("body").inner_text()
    newcomer = Newcomer("mgec.newcomer1", tmp_path)
    joined = await newcomer.enrol(Paper(hub.url, paper["Code"], paper["Fingerprint of the network"]))

    # Whoever waits stands first; the number is heard, typed and compared before anything is signed.
    await page.reload()
    await unlock(page, one)
    await to_agency(page)
    await card(page, "mgec.newcomer1").get_by_role("button", name="Compare").click()
    await page.get_by_role("heading", name="Ask Newest to read the numbers").wait_for()
    await look(page, "agency-compare")
    await wrong_numbers_sign_nothing(browser, hub, joined)
    await card(page, "mgec.newcomer1").get_by_role("button", name="Compare").click()
    await page.get_by_label("Six groups of five digits").fill(joined.number)
    await press(page, "Compare and sign in")
    await page.get_by_text("Signed in. From now on a member.").wait_for()
    async with newcomer.at_work() as session:
        assert list(session.identity.roles) == ["focal_point"]

        # Roles are changed, and are in force.
        await card(page, "mgec.newcomer1").get_by_role("button", name="Roles").click()
        await look(page, "agency-roles")
        await page.get_by_label("Administrator").check()
        # Another administrator was first: nothing of this one's is made, and what is there now is looked at again.
        async with at_work(hub, "mgec.delger") as delger:
            await administration.change_roles(delger, joined.open.kept.member, ["administrator"])
        await press(page, "Save")
        await page.get_by_text("Another administrator was first. Nothing of yours was made.").first.wait_for()
        assert list((await session.client.me()).roles) == ["administrator"]
        for role in ("Administrator", "Focal point"):
            await page.get_by_label(role).check()
        await press(page, "Save")
        await page.get_by_text("The roles are changed.").wait_for()
        assert sorted((await session.client.me()).roles) == ["administrator", "focal_point"]

        async with at_work(hub, "mrc.nara") as nara:
            (sent,) = await nara.send(form("Замд"))

            # The key is changed while a referral is on its way: it still opens, for everybody.
            await to_agency(page, "Keys")
            before = await key_number(page)
            await look(page, "agency-key")
            await press(page, "Change key")
            await page.get_by_text("Referrals that are on their way").wait_for()
            await look(page, "agency-key-change")
            await press(page, "Change key")
            await page.get_by_text("The key is changed.").wait_for()
            assert await key_number(page) == before + 1
            await session.sync()
            (needs,) = [part for part in (await session.open_referral(sent.id)).parts if part.name == "needs"]
            assert needs.section is not None
            assert needs.section.fields["need_in_own_words"] == "Замд"
            await nara.send(form("Дараа"))

        # The membership ends: what happens is said first; its session ends at once.
        await to_agency(page)
        await card(page, "mgec.newcomer1").get_by_role("button", name="End").click()
        await page.get_by_text("Signed out everywhere, at once.").wait_for()
        await look(page, "agency-member-end")
        await press(page, "End the membership of Newest")
        await page.get_by_text("Ended. The agency has its next key.").wait_for()
        await expect(card(page, "mgec.newcomer1")).to_have_count(0)
        with pytest.raises(HubError):
            await session.client.me()
    assert page.url == f"{browser.origin}/app/"


async def wrong_numbers_sign_nothing(browser: Visit, hub: Hub, joined: Joined) -> None:
    """Numbers of other keys than those that would be signed: misheard, or the hub has swapped the keys."""
    page, own = browser.page, Keys.generate(joined.open.kept.member).public

    def swapped(data: dict[str, Any]) -> dict[str, Any]:
        return {"candidates": [one | {"key": own.key, "kem": own.kem} for one in data["candidates"]]}

    misheard = f"{(int(joined.number[:5]) + 1) % 10**5:05}{joined.number[5:]}"
    for heard, lies in ((misheard, {}), (joined.number, {"Candidates": swapped})):
        browser.line.lies = lies
        await page.get_by_label("Six groups of five digits").fill(heard)
        await press(page, "Compare and sign in")
        await page.get_by_role("heading", name="Stop: the numbers do not match").wait_for()
        await page.get_by_text("Call your coordinator.").wait_for()
        if not lies:
            await look(page, "agency-stopped")
        browser.line.lies = {}
        async with at_work(hub, "mgec.delger") as delger:
            assert delger.directory.now().member("mgec", joined.open.kept.member) is None
        await press(page, "To the members")
        if not lies:
            await card(page, "mgec.newcomer1").get_by_role("button", name="Compare").click()


async def test_services_and_a_partner_system_are_kept_by_an_administrator(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    one = await administrator(hub, tmp_path, "mgec.agency2")
    browser = await visit(address(hub), locale="en-GB", viewport=PHONE, reduced_motion="reduce")
    page = await enter(browser, hub, one)
    async with one.at_work() as session:

        async def shelter() -> contract.Service:
            found = await session.client.services("mgec")
            assert found is not None
            return next(service for service in found.services if service.name_en == "Shelter for a night")

        # A service is added: what is missing is said, hours are typed as people type them.
        await to_agency(page, "Services")
        await look(page, "agency-services")
        await press(page, "Add a service")
        await press(page, "Save")
        await page.get_by_text("Choose what is given.").first.wait_for()
        await look(page, "agency-service")
        await page.get_by_label("What is given").select_option(label="Shelter")
        await page.get_by_label("Name in Mongolian").fill("Нэг шөнийн байр")
        await page.get_by_label("Name in English").fill("Shelter for a night")
        await page.get_by_label("For whom: places").select_option(label="the whole country")
        await press(page, "Add")
        await page.get_by_label("Hours of the week").fill("Da 9-17")
        await page.get_by_label("Youngest, in years").fill("19")
        await page.get_by_label("Oldest, in years").fill("18")
        await page.get_by_label("Places in all").fill("4")
        await press(page, "Save")
        await page.get_by_text("Ages are from 0 to 120").first.wait_for()
        await page.get_by_text("Type the hours as in the hint").first.wait_for()
        await page.get_by_label("Hours of the week").fill("MO-FR 9:00-18:00\nБя,Ня 22:00-06:00")
        await page.get_by_label("Youngest, in years").fill("14")
        await page.get_by_label("Oldest, in years").fill("25")
        await press(page, "Save")
        row = card(page, "Shelter for a night")
        await row.wait_for()
        saved = await shelter()
        assert [(hours.days, hours.opens, hours.closes) for hours in saved.schedule] == [
            ("MO,TU,WE,TH,FR", "09:00", "18:00"),
            ("SA,SU", "22:00", "06:00"),
        ]
        assert (saved.code, saved.places, saved.min_age, saved.max_age, saved.free) == ("shelter", ["MN"], 14, 25, 4)

        # Full tonight: until eight in the morning. Each change can be undone for ten seconds.
        await row.get_by_role("button", name="Full tonight").click()
        await row.get_by_text("08:00").first.wait_for()
        until = (await shelter()).full_until
        assert until is not None
        assert until.astimezone(ULAANBAATAR).strftime("%H:%M") == "08:00"
        await row.get_by_role("button", name="Undo").click()
        await expect(row.get_by_role("button", name="Full tonight")).to_have_attribute("aria-pressed", "false")
        assert (await shelter()).full_until is None
        await row.get_by_role("button", name="One place less").click()
        await row.get_by_text("Free: 3 of 4").wait_for()
        assert (await shelter()).taken == 1
        await row.get_by_role("button", name="Takes people").click()
        await row.get_by_text("Takes nobody at present").wait_for()
        assert not (await shelter()).accepting
        await look(page, "agency-services-changed")

        # It ends on a page of its own.
        await row.get_by_role("button", name="End the service").click()
        await look(page, "agency-service-end")
        await press(page, "End the service")
        await page.get_by_text("The service is ended.").wait_for()
        found = await session.client.services("mgec")
        assert found is not None
        assert "Shelter for a night" not in [service.name_en for service in found.services]

        # A system is connected: its keys are made here and carried over, its token is shown once, and it works at once.
        await to_agency(page, "API clients")
        await look(page, "agency-clients")
        await press(page, "Connect a system")
        await page.get_by_label("Name to sign in with").fill("mgec.casework")
        await page.get_by_label("Name in Mongolian").fill("Кейс")
        await page.get_by_label("Name in English").fill("Casework")
        await press(page, "Make keys and sign it in")
        await press(page, "Show the keys")
        keys = json.loads(await page.get_by_label("Keys of the system").input_value())
        await look(page, "agency-client-keys")
        await press(page, "They are stored: forget them here")
        await page.get_by_text("This device has forgotten the keys.").wait_for()
        await card(page, "mgec.casework").get_by_role("button", name="Make a token").click()
        await look(page, "agency-token")
        await page.get_by_label("What to call it").fill("first")
        await page.get_by_label("answer").check()
        await press(page, "Make the token")
        token = await page.get_by_label("Token").input_value()
        await look(page, "agency-token-made")
        await press(page, "To the API clients")
        await card(page, "mgec.casework").get_by_text("first").first.wait_for()
        await look(page, "agency-clients-made")
        assert token not in await page.locator("body").inner_text()
        async with at_work(hub, "mrc.nara") as nara:
            (sent,) = await nara.send(form("Систем"))
            async with Session.open(partner(keys, token), hub.url, tmp_path / "partner") as system:
                opened = await system.open_referral(sent.id)
                assert [step.type for step in (await nara.show(sent.id)).steps] == ["opened"]
                assert opened.referral.id == sent.id

                # Revoked: from then on nobody is served for it.
                await card(page, "mgec.casework").get_by_role("button", name="Revoke first").click()
                await page.get_by_text("No token: it cannot sign in.").wait_for()
                with pytest.raises(HubError):
                    await system.client.me()


def partner(keys: dict[str, str], token: str) -> Identity:
    """As a partner's own programme reads the file that was carried over."""
    return Identity(
        agency=keys["agency"],
        member=keys["member"],
        handle=keys["handle"],
        roles=["api"],
        secrets=MemberSecrets(SigningKey(unb64(keys["sign"])), KemKey(unb64(keys["kem"]))),
        token=token,
        network=keys["network"],
        anchor=keys["anchor"],
    )


async def unlock(page: Page, one: Newcomer) -> None:
    await page.get_by_label("Passphrase", exact=True).fill(one.passphrase)
    await press(page, "Unlock")
    await page.get_by_role("heading", name="What needs you now").wait_for()


async def key_number(page: Page) -> int:
    text = await page.locator(".key-name").inner_text()
    return int(text.removeprefix("Key "))
