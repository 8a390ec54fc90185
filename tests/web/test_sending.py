"""Sending in a page: both sides of the scenarios in browsers, live, each side in another language."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import expect

from ortoo import consenting, receipts
from ortoo.client import Client
from ortoo.form import Form, Grant
from ortoo.practice import photo
from tests.attacks.searching import Search
from tests.attacks.test_leaks import words_in
from tests.attacks.wiretap import socket_messages
from tests.hubs import Hub
from tests.members import SCENARIOS, SHELTER_TONIGHT, THREE_AGENCIES, at_work
from tests.stores import REPOSITORY
from tests.web.conftest import Visiting
from tests.web.sending import Worker, member, signed_in
from tests.web.test_files import HERE
from tests.web.test_signing_in import KEPT

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

HOME = "12 хоног байрлаж, Архангай руу буцсан."
READY = "Ор бэлэн. Автобусны буудал дээр тосно, ном захиалсан гэж хэлээрэй."
FORBID_KEYS = """() => {
  for (const name of ["encrypt", "decrypt", "sign", "verify", "deriveBits", "importKey", "digest"])
    SubtleCrypto.prototype[name] = () => { throw new Error(`the page asked for ${name}`); };
}"""
PHONE = {"width": 360, "height": 740}


async def test_a_shelter_bed_tonight_and_not_the_police_from_either_language_to_the_other(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    form = Form.read(SHELTER_TONIGHT)
    nara = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.send1"), "mn")
    delger = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.send1"), "en", viewport=PHONE)
    nara.is_looked_at = True
    before = hub.store.dump() + (REPOSITORY / "graphql" / "schema.graphql").read_bytes()
    codes = set()
    for sends, answers in (("mn", "en"), ("en", "mn")):
        await nara.speak(sends)
        await delger.speak(answers)
        codes.add(await a_bed_tonight(form, nara, delger))

    # The police, which she refused, was told nothing.
    async with at_work(hub, "pct.dorj") as dorj:
        assert (await dorj.inbox()).items == ()
    # Nor is a word of who she is, what she needs or what was written of it anywhere but on the two screens: not at the
    # hub, not on the line, not in its sockets, not on either device; and no passphrase.
    words = words_in([form.sections, READY, HOME])
    personal = words - Search(words).found_in(before)
    assert len(personal) > 40
    assert personal >= {"Цэцэгмаа", "1998-03-14"}
    secrets = {one.who.passphrase for one in (nara, delger)} | codes | {one.replace(" ", "") for one in codes}
    places = {"hub": hub.store.dump() + hub.said().encode()}
    places |= {path.name: path.read_bytes() for path in hub.store.practice.glob("hub.sqlite3*")}
    for one in (nara, delger):
        messages = [told for stream in one.visit.line.streams for told in socket_messages(bytes(stream))]
        assert len(messages) > 5
        places[f"line of {one.who.login}"] = b"\n".join([*map(bytes, one.visit.line.streams), *messages])
        places[f"device of {one.who.login}"] = (await one.page.evaluate(KEPT)).encode("latin-1", errors="replace")
        assert len(places[f"device of {one.who.login}"]) > 20_000
    search = Search(personal | secrets)
    assert {place: search.found_in(raw) for place, raw in places.items()} == {place: set() for place in places}


async def a_bed_tonight(form: Form, nara: Worker, delger: Worker) -> str:
    """She is sent in six screens, read, answered, and taken in; each side sees it as it happens. Gives her code."""
    await nara.send(form)
    assert nara.screens == ["need", "who", "tell", "decision", "check", "sent"]
    await nara.page.locator(".sent-rows").get_by_text(nara.agency("mgec")).wait_for()
    await nara.look("send-sent")
    code = " ".join((await nara.page.locator(".receipt-code").inner_text()).split())
    async with Client(nara.visit.origin) as her:
        (shelter,) = [one for one in (await receipts.look(her, code)).holders or [] if one.to == "mgec"]
    assert shelter.sections == ["needs", "identity", "contact", "safety"]
    await nara.page.get_by_role("img", name=nara.said("card.qr")).wait_for()
    await nara.press("card.large")
    await nara.press("card.small")
    await nara.press("send.done")
    await nara.page.locator(".receipt-code").wait_for(state="detached")
    await nara.opens_sent()

    await delger.shows_new()
    await delger.opens_first()
    page = delger.page
    await page.get_by_text(str(form.sections["needs"]["need_in_own_words"])).wait_for()
    assert await delger.reads() == ["needs", "identity", "contact", "safety"]
    read = await page.locator("body").inner_text()
    assert str(form.sections["account"]["summary"]) not in read
    assert str(form.sections["identity"]["given_name"]) not in read  # names are shown when they are asked for
    await delger.press("referral.names.show")
    await page.get_by_text(str(form.sections["identity"]["given_name"])).wait_for()

    await nara.sees_state("opened")
    bar = await delger.page.locator(".answers").bounding_box()
    assert bar is not None
    assert bar["height"] < 3 * 44  # of a phone: two rows, under which the parts can be read
    await delger.answers("acknowledged")
    await delger.answers("message", note=READY)
    await delger.answers("accepted")
    await nara.sees_state("accepted")
    await nara.page.get_by_text(READY).wait_for()
    await delger.answers("under_way")
    await delger.answers("closed", reason="service_given", note=HOME)
    await nara.sees_state("closed")
    await nara.page.get_by_text("12 хоног байрлаж").wait_for()
    for one in (nara, delger):
        await one.place("place.inbox")
        await one.sees_row_in("inbox.rest", "closed")
    return code


async def a_photo_of_the_wages(solongo: Worker, hub: Hub, folder: Path) -> None:
    """To the lawyer who asked for it, and without the place where it was taken."""
    taken = folder / "wages-2026.jpg"
    photo.write(taken, 3_400_000)
    asked = solongo.page.locator(".inbox .row", has_text=solongo.agency("legal-clinic"))
    await solongo.until(asked.filter(has_text=solongo.said("verb.reply")).first, solongo.new)
    await asked.first.click()
    await solongo.press("answer.message")
    form = solongo.page.locator(".answer-form")
    await form.locator("details.files summary").click()
    await solongo.page.locator("#send-files-note").set_input_files(str(taken))
    await form.locator(".file-list li").wait_for()
    await solongo.page.locator("#answer-note").fill("Гэрэл зургаар илгээв.")
    await form.get_by_role("button", name=solongo.said("answer.send"), exact=True).click()
    await form.wait_for(state="detached")
    async with at_work(hub, "glc.tamir") as tamir:
        (item,) = (await tamir.inbox()).items
        note = (await tamir.show(item.id)).steps[-1].note
        assert note is not None
        assert note.text == "Гэрэл зургаар илгээв."
        (file,) = note.files
        (folder / "came").mkdir()
        came = (await tamir.save(file, folder / "came")).read_bytes()
        assert (file.said.name, HERE in taken.read_bytes(), HERE in came) == ("wages-2026.jpg", True, False)
        assert len(came) > 3_300_000
        await tamir.accept(item.id)
    async with at_work(hub, "nhrcm.altan") as altan:
        (item,) = (await altan.inbox()).items
        assert [step.type for step in (await altan.show(item.id)).steps] == ["opened", "more_asked"]  # it went to one


async def test_three_views_of_one_person_and_a_shelter_that_is_full(visit: Visiting, hub: Hub, tmp_path: Path) -> None:
    solongo = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.send2"), "en")
    uyanga = await signed_in(visit, hub, await member(hub, tmp_path, "osc.uyanga", "osc.send2"), "mn")

    # One person, three agencies, each of which reads something else. No key is used on the page, so that nothing stands
    # still there while it is sealed.
    await solongo.page.evaluate(FORBID_KEYS)
    await solongo.send(Form.read(THREE_AGENCIES))
    assert await solongo.page.locator(".sent-rows li").count() == 3
    await uyanga.opens(await uyanga.sees_row_in("inbox.needs", "sent"))
    assert await uyanga.reads() == ["needs", "identity", "medical"]
    for handle, sections in (
        ("glc.tamir", ["needs", "identity", "contact", "account", "legal"]),
        ("nhrcm.altan", ["needs", "account"]),
    ):
        async with at_work(hub, handle) as session:
            (item,) = (await session.inbox()).items
            opened = await session.open_referral(item.id)
            assert opened.readable == sections
            assert {one.name for one in opened.parts} == {*opened.readable}  # the others are not even named
            await session.ask_more(item.id, "Цалингийн хүснэгт эсвэл мессеж бий юу?")
    await uyanga.answers("accepted")
    await solongo.press("send.done")
    await a_photo_of_the_wages(solongo, hub, tmp_path)

    # The shelter is full: declined, and sent at once to the one whom she had agreed to as well.
    await uyanga.place("place.inbox")
    munkh = await signed_in(visit, hub, await member(hub, tmp_path, "pdo.munkh", "pdo.send3"), "en")
    form = Form.read(SCENARIOS / "03-declined-and-rerouted.json")
    await munkh.send(form)
    await munkh.press("send.done")
    await uyanga.opens(await uyanga.sees_row_in("inbox.needs", "sent"))
    assert await uyanga.reads() == ["needs", "identity", "safety"]
    await uyanga.answers("declined", reason="no_capacity", note="Дөрвөн ор дүүрсэн.")

    await (await munkh.sees_row("verb.choose_another")).click()
    await munkh.page.get_by_text("Дөрвөн ор дүүрсэн.").wait_for()
    await munkh.press("verb.choose_another")
    await munkh.heading("send.who")
    choices = munkh.page.locator('input[name="send-who"]')
    await choices.first.wait_for()
    offered = [await one.get_attribute("value") for one in await choices.all()]
    assert "mgec" in offered
    assert not {"shelter-sainshand", "cfdc-umnugobi", "police-dornogobi"} & {*offered}
    await munkh.who_can(("mgec",))
    await munkh.heading("send.check")  # her decision covers it: nothing is asked again
    await munkh.page.get_by_text(munkh.said("send.under_decision")).wait_for()
    await munkh.page.keyboard.press("Control+Enter")
    await munkh.page.locator(".sent-rows").get_by_text(munkh.agency("mgec")).wait_for()

    await solongo.opens(await solongo.sees_row_in("inbox.needs", "sent"))  # her own three, answered, stand there too
    assert await solongo.reads() == ["needs", "identity", "safety"]
    await solongo.answers("accepted")
    async with at_work(hub, "pdo.munkh") as session:
        sent = (await session.outbox()).items
        assert sorted(one.state for one in sent) == ["accepted", "declined"]
        assert len({one.document.body.authority.consent for one in sent}) == 1  # one consent, both times

        # What another device sent can go elsewhere too: with what was sent, after asking her about the other agency.
        theirs = replace(form, consent=replace(form.consent, grants={"shelter-sainshand": form.consent.grants["mgec"]}))
        card = receipts.draw("full")
        (other,) = await session.send(theirs, card.key(session.directory.id))
    async with at_work(hub, "osc.batbayar") as session:
        await session.decline(other.id, "no_capacity")
    await munkh.press("send.done")
    await munkh.page.locator(".inbox .fold", has_text="· 2").wait_for()  # what went on elsewhere waits for others now
    await (await munkh.sees_row("verb.choose_another")).click()
    await munkh.press("verb.choose_another")
    await munkh.who_can(("mgec",))
    await munkh.heading("send.decision")
    await munkh.page.get_by_text(munkh.said("send.next")).wait_for()
    await expect(munkh.page.locator('input[name="send-receipt"]')).to_have_count(0)  # she has her card
    await munkh.look("send-decision-again")
    await munkh.press("send.she_agrees")
    await munkh.heading("send.check")
    async with at_work(hub, "pdo.munkh") as session:
        # A colleague was quicker: told, and asked again. What she says then is the next version, once.
        id = other.document.body.authority.consent
        narrow = Grant(("needs",), ("give_service",), 30)
        await consenting.new_version(session, id, {"mgec": narrow})
        await munkh.press("send.send_to", agency=munkh.agency("mgec"))
        await munkh.heading("send.decision")
        await munkh.page.locator(".errors").get_by_text(munkh.said("later.overtaken")).wait_for()
        munkh.visit.seen.errors.clear()
        await munkh.page.locator("details.files summary").click()
        await munkh.page.locator("#send-evidence").fill("Утсаар зөвшөөрсөн.")
        await munkh.press("send.she_agrees")
        await munkh.heading("send.check")
        munkh.visit.line.lose_answers("RecordConsent")
        await munkh.press("send.send_to", agency=munkh.agency("mgec"))
        await munkh.heading("send.waits")
        munkh.visit.line.mend()
        await munkh.page.locator(".sent-rows li").wait_for(timeout=60_000)
        munkh.visit.seen.errors.clear()
        await expect(munkh.page.locator(".receipt-code")).to_have_count(0)
        newest = (await session.decisions(id)).newest
        assert {to: one.body.version for to, one in newest.items() if one.body.granted} == {
            "mgec": 2,
            "shelter-sainshand": 1,
        }
        (evidence,) = await session.evidence(id)
        assert evidence.decision.sha256 == newest["*"].sha256
        assert evidence.part.section is not None
        assert evidence.part.section.fields == {"note": "Утсаар зөвшөөрсөн."}
        async with Client(hub.url) as her:
            shown = {one.to: one.sections for one in (await receipts.look(her, card.code)).holders or ()}
        assert shown["mgec"] == ["needs", "identity", "safety"]
    async with at_work(hub, "mgec.urna") as session:
        sent_again = max((await session.inbox()).items, key=lambda one: one.sent_at)
        assert (await session.open_referral(sent_again.id)).readable == ["needs", "identity", "safety"]
        assert sent_again.decision.sha256 == newest["mgec"].sha256
        await session.decline(sent_again.id, "no_capacity")

    # Kept for another day; she takes everything back meanwhile, with her code. It goes on as a new one, if she agrees.
    await munkh.press("send.done")
    await (await munkh.sees_row("verb.choose_another")).click()
    await munkh.press("verb.choose_another")
    await munkh.heading("send.who")
    await munkh.page.locator("#send-other").select_option("legal-clinic")
    await munkh.press("send.continue")
    await munkh.heading("send.decision")
    await munkh.press("send.she_agrees")
    await munkh.heading("send.check")
    await munkh.press("send.keep_draft")
    async with Client(hub.url) as her:
        await receipts.withdraw(her, card.code, [receipts.everything()])
    await munkh.page.locator(".draft-row").get_by_role("button", name=munkh.said("verb.continue")).click()
    await munkh.heading("send.decision")
    await expect(munkh.page.locator('input[name="send-receipt"]')).to_have_count(3)
    await munkh.press("send.she_agrees")
    await munkh.heading("send.check")
    munkh.visit.seen.errors.clear()
    await munkh.press("send.send_to", agency=munkh.agency("legal-clinic"))
    await munkh.page.locator(".receipt-code").wait_for()
    async with at_work(hub, "glc.tamir") as session:
        anew = max((await session.inbox()).items, key=lambda one: one.sent_at)
        assert anew.decision.body.consent != id
