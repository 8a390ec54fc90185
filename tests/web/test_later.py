"""What becomes of her decision later, in browsers: decided anew, taken back, and seen at once by whom it concerns."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from ortoo import consent_record, consenting, receipts
from ortoo.client import Client
from ortoo.form import Grant
from ortoo.practice import photo
from ortoo.protocol.consent import Decisions
from ortoo.protocol.errors import Refused
from ortoo.receipts import draw
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import at_work
from tests.stories.test_taking_back import tonight
from tests.stories.test_withdrawing import consent_of
from tests.web.conftest import Visiting
from tests.web.sending import Worker, member, signed_in
from tests.web.test_files import STORED
from tests.web.test_receipt import Her

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]


def cell(worker: Worker, section: str) -> Locator:
    return worker.page.locator(f'button.cell[data-agency="mgec"][data-section="{section}"]')


async def opens_opened(worker: Worker) -> None:
    fold = worker.page.locator(".inbox .fold")
    await worker.until(fold, worker.new)
    if await fold.get_attribute("aria-expanded") == "false":
        await fold.click()
    state = worker.page.locator(".inbox .row .state", has_text=worker.label("states", "opened"))
    await worker.until(state.first, worker.new)
    await worker.opens_sent_in("opened")


def record_of(session: Session, decisions: Decisions) -> str:
    return consent_record.as_json(decisions, session.directory.now(), session.now())


async def saved(worker: Worker) -> str:
    async with worker.page.expect_download() as coming:
        await worker.press("later.record.save")
    return Path(await (await coming.value).path()).read_text(encoding="utf-8")


async def prove(worker: Worker, note: str, file: Path) -> None:
    """Add how she gave it."""
    fold = worker.page.locator("details.files")
    if await fold.get_attribute("open") is None:
        await fold.locator("summary").click()
    await worker.page.locator("#send-evidence").fill(note)
    await worker.page.locator("#send-files-evidence").set_input_files(str(file))
    await worker.page.locator(".file-list li").wait_for()


async def agree(worker: Worker) -> None:
    await worker.tick("send-how", "spoken_witnessed")
    await worker.press("send.she_agrees")


async def test_narrower_renewed_and_taken_back_while_the_shelter_has_it_open(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    recorder = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.later1"), "en")
    shelter = await signed_in(visit, hub, await member(hub, tmp_path, "mgec.delger", "mgec.later1"), "mn")
    page = recorder.page
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(tonight(9101))
        id = consent_of(sent)
        await shelter.shows_new()
        await shelter.opens_first()
        assert await shelter.reads() == ["needs", "identity", "contact", "safety"]
        # What she decided before another agency is not this one's to change: no way leads there, and the hub refuses.
        await expect(shelter.button("later.open")).to_have_count(0)
        with pytest.raises(Refused) as refused:
            await consenting.new_version(delger, id, {"mgec": Grant(("account",), ("give_service",), 30)})
        assert refused.value.code == "consent_author"

        await opens_opened(recorder)
        await recorder.press("later.open")
        await recorder.heading("send.decision")
        await page.get_by_text("Version 1").first.wait_for()
        await recorder.look("consent")

        # Nothing is otherwise: nothing is signed. Then narrower, and for longer.
        await recorder.press("later.decide")
        await recorder.heading("later.decide")
        await agree(recorder)
        await page.locator(".errors").get_by_text(recorder.said("later.nothing_changed")).wait_for()
        await cell(recorder, "safety").click()
        await expect(page.locator(".errors, .error")).to_have_count(0)
        await recorder.tick("send-until-mgec", "180")
        await recorder.look("consent-decide")
        await agree(recorder)
        await page.get_by_text(recorder.said("later.recorded")).wait_for()
        await page.get_by_text("Version 2").wait_for()
        # The shelter loses the one part at once, and keeps the keys of the others.
        parts = shelter.page.locator("article details.part")
        await expect(parts).to_have_count(0)
        await shelter.page.get_by_text(shelter.said("referral.narrowed")).wait_for()
        await shelter.page.get_by_text(shelter.said("referral.owe_deletion")).wait_for()
        await shelter.press("referral.open")
        await expect(parts).to_have_count(3)
        assert await shelter.reads() == ["needs", "identity", "contact"]
        assert (await delger.open_referral(sent.id)).readable == ["needs", "identity", "contact"]

        # Filled in while a colleague was quicker: told, nothing is lost, and it can be read to her again.
        note, signed = "Маягтад гарын үсэг зурсан.", tmp_path / "signed.jpg"
        photo.write(signed, 1_500_000)
        await recorder.press("later.decide")
        await prove(recorder, note, signed)
        await cell(recorder, "contact").click()
        await consenting.new_version(nara, id, {"mgec": Grant(("needs", "identity", "contact"), ("give_service",), 30)})
        await agree(recorder)
        await page.get_by_text(recorder.said("later.overtaken")).first.wait_for()
        await expect(cell(recorder, "contact")).to_have_attribute("aria-pressed", "false")
        await recorder.look("consent-overtaken")
        await expect(page.locator("#send-evidence")).to_have_value(note)
        await expect(page.locator(".file-list li")).to_have_count(1)
        recorder.visit.line.lose_answers("RecordConsent")
        recorder.visit.line.slow(kbit=1e6, there_and_back=0.4)
        await agree(recorder)
        await page.get_by_text(re.compile(r"^Files: 1\.0 MB of 1\.\d MB are over")).wait_for()
        recorder.visit.line.slow(kbit=1e6, there_and_back=0)
        await page.get_by_text(recorder.said("later.waits")).wait_for()
        recorder.visit.line.mend()
        await page.get_by_text("Version 4").wait_for()
        recorder.visit.seen.errors.clear()
        await expect(parts).to_have_count(0)

        # How she gave it is there once, for a colleague, and not on this device any more; the shelter learns nothing.
        assert await page.evaluate(STORED) == 0
        (proof,) = await nara.evidence(id)
        assert (proof.decision.body.to, proof.decision.body.version) == ("*", 1)
        assert proof.part.section is not None
        assert proof.part.section.fields == {"note": note}
        (folder := tmp_path / "saved").mkdir()
        assert (await nara.save(proof.part.files[0], folder)).read_bytes() == signed.read_bytes()
        assert [(one.body.to, one.body.sealed) for one in (await delger.decisions(id)).newest.values()] == [
            ("mgec", None)
        ]
        with pytest.raises(Refused) as hidden:
            await delger.evidence(id)
        assert hidden.value.code == "not_found"

        # Her record, as a file the same as the command line writes, byte for byte.
        await recorder.press("later.record")
        await recorder.heading("later.record")
        await expect(page.locator(".consent-record")).to_have_count(2)
        await recorder.look("consent-record")
        assert await saved(recorder) == record_of(nara, await nara.decisions(id))
        await page.get_by_role("button", name=recorder.said("app.back"), exact=True).click()

        # Her card was lost: another code looks, the old one does not any more.
        old = draw("full")
        await receipts.replace(nara, id, old)
        await page.get_by_role("button", name=recorder.said("app.back"), exact=True).click()
        await recorder.press("later.open")
        await recorder.press("later.code")
        await recorder.heading("later.code")
        await recorder.look("consent-code")
        await recorder.press("later.code.replace")
        await page.locator(".receipt-code").wait_for()
        new = " ".join(await page.locator(".receipt-code span").all_inner_texts())
        await expect(page.get_by_text(recorder.said("card.waits"))).to_have_count(0)
        await recorder.press("send.done")
        await expect(page.locator(".receipt-code")).to_have_count(0)
        async with Client(hub.url) as nobody:
            assert [one.to for one in (await receipts.look(nobody, new)).holders or ()] == ["kind:police", "mgec"]
            with pytest.raises(Refused) as unknown:
                await receipts.look(nobody, old.code)
            assert unknown.value.code == "receipt_unknown"

        # Or she makes one on her own phone: the agency never sees it, and a slip in what the phone shows is told.
        phone = await visit(f"http://localhost:{hub.port}", viewport={"width": 360, "height": 740}, locale="en-GB")
        asked: list[str] = []
        phone.context.on("request", lambda request: asked.append(f"{request.url} {request.post_data or ''}"))
        her = Her(await phone.go("/r/"))
        await her.press("make.do")
        await her.heading("make.title")
        await her.look("make")
        code = await her.page.locator(".own-code").inner_text()
        part = await her.page.locator(".own-part").inner_text()
        await recorder.press("later.code")
        await recorder.tick("later-made", "own")
        field = page.get_by_label(recorder.said("later.code.part"))
        await field.fill(part[:-1] + ("b" if part[-1] == "a" else "a"))
        await recorder.press("later.code.replace")
        await page.locator(".errors").get_by_text(recorder.said("later.code.slip")).wait_for()
        await recorder.look("consent-own-code")
        await field.fill(part.upper())
        await recorder.press("later.code.replace")
        await page.get_by_text(recorder.said("later.recorded")).wait_for()
        await her.press("make.kept")
        await her.press("code.look")
        await her.heading("shown.title")
        digits = code.replace(" ", "")[:31]
        assert asked
        assert not [one for one in asked if digits in one or code in one]

        # What is filled in outlives the lock.
        await recorder.press("later.decide")
        await cell(recorder, "identity").click()
        await prove(recorder, note, signed)
        await page.wait_for_timeout(3000)  # a pause in filling in, on a busy machine too
        await page.reload()
        await recorder.unlock()
        await opens_opened(recorder)
        await recorder.press("later.open")
        await page.get_by_text(recorder.said("later.filled_in")).wait_for()
        await recorder.press("verb.continue")
        await expect(cell(recorder, "identity")).to_have_attribute("aria-pressed", "false")
        await expect(page.locator("#send-evidence")).to_have_value(note)
        await expect(page.locator(".file-list li")).to_have_count(1)
        await recorder.press("later.as_before")
        await recorder.heading("send.decision")
        assert await page.evaluate(STORED) == 0

        # Taken back without a line: said that it is not done, and done once when it is back.
        await recorder.press("later.take_back")
        await recorder.heading("later.take_back")
        await recorder.press("later.take_back")
        await page.locator(".errors").get_by_text(recorder.said("later.needs_from")).wait_for()
        await recorder.tick("later-from", "mgec")
        await expect(page.locator(".errors, .error")).to_have_count(0)  # what is put right is called wrong no longer
        await recorder.look("consent-take-back")
        recorder.visit.line.cut()
        await recorder.press("later.take_back")
        await page.get_by_text(recorder.said("later.waits.take_back")).wait_for()
        assert (await delger.open_referral(sent.id)).readable == ["needs", "identity"]
        recorder.visit.line.mend()
        await page.get_by_text(recorder.said("later.recorded")).wait_for()
        recorder.visit.seen.errors.clear()
        await shelter.page.get_by_text(shelter.said("state.withdrawn")).wait_for()
        await shelter.answers("deleted")
        stands = await nara.decisions(id)
        await recorder.press("later.record")
        assert await saved(recorder) == record_of(nara, stands)
        assert [(to, one.body.version, one.body.refused) for to, one in sorted(stands.newest.items())][-1] == (
            "mgec",
            8,
            ["*"],
        )
