"""Files in a page: from a browser to the command line's program and back, over a bad line, past a hub that lies."""

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Locator, expect

from ortoo import consenting
from ortoo.attached import Attached
from ortoo.form import Evidence, Form
from ortoo.practice import photo
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, at_work
from tests.stories.test_attachments import with_files
from tests.web.conftest import Visiting
from tests.web.sending import Worker, member, signed_in

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.parametrize("store_kind", ["sqlite"])]

HERE: Final = b"N\0\0\0"  # of the photo's place
SAID: Final = "Хуруугаа дарсан. Орчуулагч байсан."
UNSENT: Final = "Хэнд ч битгий гэсэн."
RANDOM: Final = os.urandom(2_600_000)
COPIED: Final = """async () => {
  const canvas = new OffscreenCanvas(9, 9);
  canvas.getContext("2d");
  await navigator.clipboard.write([new ClipboardItem({ "image/png": await canvas.convertToBlob() })]);
}"""  # a picture, as from a program for pictures
STORED: Final = """() => new Promise((done) => {
  const opening = indexedDB.open("ortoo");
  opening.onsuccess = () => {
    const keys = opening.result.transaction("s").objectStore("s").getAllKeys();
    keys.onsuccess = () => { opening.result.close(); done(keys.result.filter((key) => key.includes(".")).length); };
  };
})"""


async def attach(worker: Worker, *paths: Path) -> None:
    """To what is needed, on the screen that asks what to tell."""
    await worker.page.locator("details.files summary").first.click()
    await worker.page.locator("#send-files-needs").set_input_files([str(one) for one in paths])


async def dropped(target: Locator, *paths: Path) -> None:
    """As somebody drags files from a folder onto it."""
    await target.scroll_into_view_if_needed()
    box = await target.bounding_box()
    assert box is not None
    devtools = await target.page.context.new_cdp_session(target.page)
    at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + min(10, box["height"] / 2)}
    data = {"items": [], "files": [str(one) for one in paths], "dragOperationsMask": 1}
    for type in ("dragEnter", "dragOver", "drop"):
        await devtools.send("Input.dispatchDragEvent", {"type": type, **at, "data": data})
    await devtools.detach()


async def to_tell(worker: Worker, form: Form) -> None:
    await worker.place("place.send")
    await worker.need(form)
    await worker.who_can(form.recipients)
    await worker.heading("send.tell")


async def saved(worker: Worker, name: str, folder: Path) -> Path:
    """What the browser puts among the downloads when the file of this name is saved."""
    row = worker.page.locator(".file-list li", has_text=name)
    async with worker.page.expect_download() as begun:
        await row.get_by_role("button").click()
    download = await begun.value
    target = folder / download.suggested_filename
    await download.save_as(target)
    return target


async def test_a_browser_sends_files_over_a_line_that_is_cut_and_they_are_gone_when_she_takes_it_back(
    visit: Visiting, hub: Hub, tmp_path: Path
) -> None:
    taken, large, film = tmp_path / "taken.jpg", tmp_path / "=cmd() x.html", tmp_path / "film.mp4"
    photo.write(taken, 300_000)
    large.write_bytes(RANDOM)
    film.write_bytes(b"\0\0\0\x10ftypisom\0\0\0\0mp42" + bytes(60_000))
    assert HERE in taken.read_bytes()[:200]
    form = Form.read(SHELTER_TONIGHT)
    nara = await signed_in(visit, hub, await member(hub, tmp_path, "mrc.nara", "mrc.files"), "en")
    page = nara.page
    await to_tell(nara, form)
    await attach(nara, taken, large, film)
    await page.get_by_text(nara.said("file.not_clean", name="film.mp4")).wait_for()  # never passed on as clean
    await page.locator(".file-list li").nth(1).wait_for()
    assert await page.locator(".file-list li").count() == 2
    await page.locator(".file-list li", has_text=nara.said("file.cleaned")).wait_for()
    await nara.look("send-tell-files")

    # What was picked outlasts the page, and the files themselves.
    await page.get_by_text(nara.said("app.saved")).first.wait_for()
    taken.unlink()
    large.unlink()
    await page.reload()
    await nara.unlock()
    await page.locator(".file-list li").nth(1).wait_for()
    await nara.tell(form)
    await nara.heading("send.decision")
    await page.locator("details.files summary").click()
    await page.locator("#send-evidence").fill(SAID)
    await page.locator("#send-files-evidence").set_input_files(str(film))  # as it is: it is evidence
    await page.locator(".file-list li", has_text="film.mp4").wait_for()
    await nara.look("send-decision-evidence", page.locator("details.files"))
    await nara.decide(form)
    await nara.heading("send.check")
    await page.get_by_text(nara.said("evidence.kept")).wait_for()

    # The line goes while a piece is on its way; it goes on from there by itself when the line is back.
    nara.visit.line.lose_answers("UploadPiece")
    await page.keyboard.press("Control+Enter")
    await page.get_by_role("heading", name=nara.said("send.waits")).wait_for(timeout=60_000)
    nara.visit.line.mend()
    await page.get_by_role("heading", name=re.compile(re.escape(nara.said("send.sent", at="")))).wait_for(
        timeout=60_000
    )

    folder = tmp_path / "saved"
    folder.mkdir()
    async with at_work(hub, "mgec.delger") as delger, at_work(hub, "mrc.nara") as own:
        opened = await delger.open_referral((await delger.inbox()).items[0].id)
        files = [one for part in opened.parts for one in part.files]
        assert [(one.said.part, one.said.name) for one in files] == [
            ("needs/file-1", "taken.jpg"),
            ("needs/file-2", "=cmd() x.html"),
        ]
        paths = [await delger.save(one, folder) for one in files]
        assert HERE not in paths[0].read_bytes()
        assert paths[1].read_bytes() == RANDOM
        assert "evidence" not in [part.name for part in opened.parts]
        assert opened.referral.decision.body.sealed is None

        # How she gave it is read by the agency before which she did, in the terminal and in the page.
        (evidence,) = await own.evidence(opened.referral.decision.body.consent)
        assert evidence.part.section is not None
        assert evidence.part.section.fields == {"note": SAID}
        assert (await own.save(evidence.part.files[0], folder)).read_bytes() == film.read_bytes()
        later = Evidence({"witness": "Сарнай"})
        await consenting.new_version(own, opened.referral.decision.body.consent, {}, evidence=later)
        await nara.place("place.inbox")
        await nara.opens_sent_in("opened")
        details = page.locator("section[aria-labelledby=who-reads] details")
        await details.get_by_text(nara.said("evidence.title"), exact=True).click()
        for said in (SAID, "Сарнай"):
            await page.get_by_text(said, exact=True).wait_for()
        await nara.look("referral-evidence", details)
        row = page.locator(".file-list li", has_text="film.mp4")
        honest, nara.visit.line.lies = nara.visit.line.lies, {"EvidencePiece": _changed}
        await row.get_by_role("button").click()
        await row.get_by_role("alert").get_by_text(nara.said("problem.cannot_open")).wait_for()
        nara.visit.line.lies = honest
        assert (await saved(nara, "film.mp4", folder)).read_bytes() == film.read_bytes()
        assert await page.evaluate(STORED) > 0  # kept for another agency

        # What no referral leads to is found below the list.
        film_kept = {"evidence": (Attached.of(film, keep_metadata=True),)}
        sections = {**form.sections, "evidence": {"note": UNSENT}}
        nobody = replace(form.consent, grants={}, refusals={"mgec": ("*",)})
        await own.record(
            replace(form, sender=None, recipients=(), consent=nobody, sections=sections, attached=film_kept)
        )
        await nara.place("place.inbox")
        unsent = page.locator(".desk-list details.more").last
        await unsent.locator("summary").click()
        await unsent.get_by_text(UNSENT, exact=True).wait_for()
        assert await unsent.get_by_text(SAID, exact=True).count() == 0
        await nara.look("evidence-unsent", unsent)
        (folder / "film.mp4").unlink()
        assert (await saved(nara, "film.mp4", folder)).read_bytes() == film.read_bytes()
        await consenting.withdraw(own, opened.referral.decision.body.consent)
    async with at_work(hub, "mrc.nara"):
        for _ in range(100):
            if await page.evaluate(STORED) == 0:
                break
            await page.wait_for_timeout(100)
    assert await page.evaluate(STORED) == 0


async def test_files_of_others_are_text_until_they_are_saved_whole(visit: Visiting, hub: Hub, tmp_path: Path) -> None:
    odd = tmp_path / "page.html"
    odd.write_bytes(b"<script>alert(1)</script>" * 60_000)  # more than a piece
    letter = Attached.of(odd)
    named = Attached("=cmd()/../<img src=x>\u202etxt.html", "text/html", *_rest(letter))
    delger = await signed_in(
        visit,
        hub,
        await member(hub, tmp_path, "mgec.delger", "mgec.files"),
        "mn",
        viewport={"width": 360, "height": 740},
    )
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(with_files("needs", named))
        await delger.shows_new()
        await delger.opens_first()
        name = "_img src=x__txt.html"
        await delger.page.locator(".file-list strong").get_by_text(name).wait_for()
        await delger.look("referral-files")
        assert await delger.page.locator(".file-list img").count() == 0

        # A hub that changes a piece: nothing is saved, and that is said.
        honest = delger.visit.line.lies
        delger.visit.line.lies = {"FilePiece": _changed}
        row = delger.page.locator(".file-list li")
        await row.get_by_role("button").click()
        await row.get_by_role("alert").get_by_text(delger.said("problem.cannot_open")).wait_for()
        assert await row.get_by_text(delger.said("file.saved")).count() == 0
        delger.visit.line.lies = honest

        # Over a slow line it can be stopped before it is all here: nothing is saved, and it can be saved later on.
        delger.visit.line.slow(kbit=1e6, there_and_back=0.5)
        await row.get_by_role("button").click()
        await row.get_by_role("button", name=delger.said("file.stop")).click()
        await row.get_by_role("alert").get_by_text(delger.said("problem.stopped")).wait_for()
        delger.visit.line.slow(kbit=1e6, there_and_back=0)
        assert await row.get_by_text(delger.said("file.saved")).count() == 0

        path = await saved(delger, name, tmp_path)
        assert path.name.endswith(".html")
        assert "/" not in path.name
        assert path.read_bytes() == odd.read_bytes()
        await delger.page.get_by_text(delger.said("file.saved")).wait_for()

        # A question with a photo, asked once over a line that loses the answer; and what comes back with a file.
        taken = tmp_path / "asked.jpg"
        photo.write(taken, 200_000)
        page, form = delger.page, delger.page.locator(".answer-form")
        await delger.chooses("more_asked")
        # Dropped beside its place a file is not shown by the browser; on it, it is picked; what is pasted is, too.
        places = [one.url for one in page.context.pages]
        await dropped(page.locator("#answer-note"), odd)
        await dropped(form.locator("details.files summary"), taken)
        await form.locator(".file-list li", has_text="asked.jpg").get_by_text(delger.said("file.cleaned")).wait_for()
        assert [one.url for one in page.context.pages] == places
        await page.locator("#send-files-note").set_input_files(str(odd))
        await form.locator(".file-list li", has_text="page.html").get_by_text(delger.said("file.as_it_is")).wait_for()
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await page.evaluate(COPIED)
        await page.locator("#send-files-note").focus()
        await page.keyboard.press("Control+V")
        pasted = form.locator(".file-list li", has_text="image.png")
        await pasted.get_by_text(delger.said("file.cleaned")).wait_for()
        await pasted.get_by_role("button").click()
        await form.locator(".file-list li", has_text="page.html").get_by_role("button").click()
        await expect(form.locator(".file-list li")).to_have_count(1)
        await form.get_by_role("button", name=delger.said("answer.send"), exact=True).click()
        await form.get_by_text(delger.said("answer.needs_note")).first.wait_for()  # a file alone says nothing
        await page.locator("#answer-note").fill("Энэ юу вэ?")
        await delger.look("referral-answer-files", form)
        delger.visit.line.lose_answers("TakeStep")
        await form.get_by_role("button", name=delger.said("answer.send"), exact=True).click()
        await page.get_by_text(delger.said("referral.unsent")).wait_for(timeout=60_000)
        assert await page.evaluate(STORED) > 0
        delger.visit.line.mend()
        await expect(page.locator(".timeline .file-list", has_text="asked.jpg")).to_have_count(1, timeout=60_000)
        assert await page.evaluate(STORED) == 0  # nothing of it stays here
        asked = [step for step in (await nara.show(sent.id)).steps if step.type == "more_asked"]
        assert [step.note is not None and step.note.text for step in asked] == ["Энэ юу вэ?"]
        assert asked[0].note is not None
        (file,) = asked[0].note.files
        assert (file.said.name, file.said.part) == ("asked.jpg", "note/file-1")
        shown = (await nara.save(file, tmp_path)).read_bytes()
        assert HERE not in shown
        assert len(shown) > 150_000
        await nara.message(sent.id, "Энэ бол зураг.", [Attached.of(taken, keep_metadata=True)])
        await delger.press("referral.newer.show")
        row = page.locator(".timeline .file-list li").nth(1)
        async with page.expect_download() as begun:
            await row.get_by_role("button").click()
        await (await begun.value).save_as(tmp_path / "came.jpg")
        assert (tmp_path / "came.jpg").read_bytes() == taken.read_bytes()

        # She takes it back: what was said of the file leaves the screen with the rest.
        await consenting.withdraw(nara, sent.decision.body.consent)
        await expect(delger.page.locator(".file-list")).to_have_count(0)


def _rest(one: Attached) -> tuple[Any, ...]:
    return one.size, one.sha256, one.cleaned, one.content


def _changed(answer: dict[str, Any]) -> dict[str, Any]:
    ((name, piece),) = answer.items()
    at = len(piece) // 2
    return {name: piece[:at] + ("A" if piece[at] != "A" else "B") + piece[at + 1 :]}
