"""A coordinator's day in a browser: trail and files, one referral proven line by line, numbers, admissions, looks.

And a hub that keeps a leaf back, shows a false proof, or another log; and a focal point, who gets none of it.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from coordination.statistics import Period
from ortoo import coordinating, evidence
from ortoo.client import document
from ortoo.form import Form
from ortoo.practice.player import Event, Played, Player, Scenario
from ortoo.protocol.checkpoint import Checkpoint, sign_checkpoint
from ortoo.protocol.documents import SigningKey, b64, unb64
from tests.hubs import Hub
from tests.log.reading import logged
from tests.members import SCENARIOS, at_work, plain_form
from tests.people.test_agencies import applied, newcomer
from tests.stores import Stores
from tests.stories.conftest import a_hub
from tests.web.conftest import Visiting
from tests.web.sending import Worker, member, signed_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

Data = dict[str, Any]
PROVEN = ["logged"] * 3  # sent, opened, declined
LONG_AGO = "2026-01-05T00:00:00+00:00"


@pytest.fixture
def own_hub(stores: Stores) -> Iterator[Hub]:
    """Its clock is moved."""
    yield from a_hub("sqlite", stores)


def long_ago(data: Data) -> Data:
    for line in data["timeline"]["lines"]:
        line["at"] = LONG_AGO
    return data


def withheld(document: str) -> Callable[[Data], Data]:
    return lambda data: {"logged": [one for one in data["logged"] if one["document"] != document]}


def tampered(data: Data) -> Data:
    """One bit of each proof's last step is another."""
    for one in data["logged"]:
        step = bytearray(unb64(one["proof"][-1]))
        step[0] ^= 1
        one["proof"][-1] = b64(bytes(step))
    return data


def elsewhere(data: Data) -> Data:
    """Another place than the one that is proven."""
    data["timeline"]["lines"][0]["place"] += 1
    return data


def other_log(hub: Hub, by: SigningKey | None = None) -> Callable[[Data], Data]:
    """Another tree of the same size, signed with the log's own key if no other is given."""
    key = by or SigningKey(unb64((hub.practice / "hub" / "activity.key").read_text(encoding="utf-8").strip()))

    def lie(data: Data) -> Data:
        checkpoint = data["activityLog"]["checkpoint"]
        origin = checkpoint["note"].split("\n", 1)[0]
        note = sign_checkpoint(Checkpoint(origin, checkpoint["size"], bytes(32)), key)
        return {"activityLog": data["activityLog"] | {"checkpoint": checkpoint | {"note": note}}}

    return lie


class OfBefore:
    """What the hub itself said and signed some time ago."""

    def kept(self, data: Data) -> Data:
        self.then = data
        return data

    def told(self, data: Data) -> Data:
        return self.then


def asked_of_three(number: int) -> Form:
    """Of 18 people: six in each of Umnugobi and the capital and one more there, five in Darkhan; some are urgent."""
    form, agencies = plain_form(number), ("mgec", "ecpat", "legal-clinic")
    place = "MN-053.dalanzadgad" if number < 6 else "MN-1.chingeltei" if number < 13 else "MN-037"
    routing = replace(form.routing, place=place, urgency="urgent" if number < 6 else form.routing.urgency)
    consent = replace(form.consent, grants=dict.fromkeys(agencies, form.consent.grants["mgec"]))
    return replace(form, recipients=agencies, routing=routing, consent=consent)


async def evidence_of(one: Worker, button: str) -> evidence.Explained:
    async with one.page.expect_download() as begun:
        await one.press(button)
    text = Path(await (await begun.value).path()).read_text(encoding="utf-8")
    return evidence.explain(text)


async def marked(page: Page, *expected: str) -> None:
    await expect(page.locator(".timeline .mark")).to_have_class([f"mark mark-{one}" for one in expected])


class InBrowsers(Player):
    """A play in which coordinators do their steps at a page: each agency's at its own."""

    def __init__(self, scenario: Scenario, hub: Hub, at: Mapping[str, Worker]) -> None:
        super().__init__(scenario, hub.url, hub.practice)
        self.at = at
        self.steps: list[Played] = []

    async def _step(self, place: int, event: Event) -> Played:
        if event["do"] not in ("oversee", "review_exception"):
            return await super()._step(place, event)
        worker = self.at[event["by"].partition(".")[0]]
        await worker.place("place.overview")
        await worker.press("overseeing.looks")
        await worker.press("overseeing.due")
        await worker.page.locator(".overview-overdue").wait_for(state="attached")
        if event["do"] == "oversee":
            owing, expected = await self._owing(worker), sorted(event["expect_overdue"])
            return self._seen(place, event, ", ".join(owing), None if owing == expected else "differs")
        await self._reviewed(place, worker, event["verdict"])
        return self._seen(place, event, "done", None)

    def _seen(self, place: int, event: Event, seen: str, problem: str | None) -> Played:
        self.steps.append(Played(place, event["by"], event["do"], "", seen, problem))
        return self.steps[-1]

    async def _owing(self, worker: Worker) -> list[str]:
        """Who stands there as late on what was sent in this play."""
        found = set()
        for to, _ in self._sent:
            rows = worker.page.locator(".overview-overdue li").filter(has_text=self._between(worker, to))
            for agency in (self.sender, to):
                if await rows.filter(has_text=worker.said("overview.owes", agency=worker.agency(agency))).count():
                    found.add(agency)
        return sorted(found)

    @property
    def sender(self) -> str:
        assert self.scenario.form.sender is not None
        return self.scenario.form.sender[0]

    def _between(self, worker: Worker, to: str) -> re.Pattern[str]:
        return re.compile(rf"{re.escape(worker.agency(self.sender))}\s+{re.escape(worker.agency(to))}")

    async def _reviewed(self, place: int, worker: Worker, verdict: str) -> None:
        """It is found among what is to review, read as far as a reviewer may, and decided on."""
        page, form = worker.page, self.scenario.form
        row = page.locator(".overview-reviews li").filter(has_text=self._between(worker, self._sent[0][0]))
        await row.get_by_role("button").click()
        await worker.press("referral.open")
        await page.get_by_text(str(form.sections["justification"]["reason"])).wait_for()
        assert await worker.reads() == ["justification"]
        if place == len(self.scenario.events):  # her device's clock is wrong by then, and what it signs is signed anew
            await self._move(await self._session(self.scenario.sender), 11 * 60)
        await worker.answers(verdict)
        await page.get_by_role("button", name=worker.said("app.back"), exact=True).click()
        await page.locator(".overview-overdue").wait_for(state="attached")
        await expect(row).to_have_count(0)


async def are_played(hub: Hub, at: Mapping[str, Worker]) -> None:
    """The scenarios in which a coordinator sees what is late, or reviews."""
    steps = []
    for number in ("04", "08", "09", "12"):
        (file,) = SCENARIOS.glob(f"{number}-*.json")
        play, told = InBrowsers(Scenario.read(file), hub, at), []
        assert await play.play(told.append), told[-1]
        steps += [(number, one.by, one.verb, one.seen) for one in play.steps]
    assert steps == [
        ("04", "nhrcm.bold", "review_exception", "done"),
        ("08", "nhrcm.bold", "oversee", "police-umnugobi"),
        ("08", "nhrcm.bold", "oversee", ""),
        ("09", "nhrcm.bold", "review_exception", "done"),
        ("12", "nhrcm.uyanga", "oversee", ""),
        ("12", "nhrcm.uyanga", "oversee", "aimag-umnugobi"),
        ("12", "moj.oyun", "oversee", "aimag-umnugobi"),
        ("12", "nhrcm.uyanga", "oversee", ""),
        ("12", "nhrcm.uyanga", "oversee", "aimag-umnugobi"),
    ]


async def test_a_coordinators_day_in_the_browser(visit: Visiting, own_hub: Hub, tmp_path: Path) -> None:
    async with at_work(own_hub, "mrc.nara") as nara, at_work(own_hub, "mgec.delger") as delger:
        (first, *_), *_ = [await nara.send(asked_of_three(number)) for number in range(18)]
        quarter = Period.newest_closed(nara.now())
        while not quarter.begins_at <= first.sent_at < quarter.ends_at:
            quarter = Period(quarter.year + quarter.quarter // 4, quarter.quarter % 4 + 1)  # type: ignore[operator]
        year = Period(quarter.year, None)
        await nara.client.move_practice_clock(int((year.closes_at - nara.now()).total_seconds()) + 60)
        await nara.sync()
        (sent,) = await nara.send(plain_form(50))
        await delger.sync()
        await delger.open_referral(sent.id)
        await delger.decline(sent.id, "no_capacity")
    oyun, agency = newcomer(tmp_path)
    joined = await applied(own_hub, oyun, agency)
    async with at_work(own_hub, "nhrcm.bold") as bold:
        (applicant,) = [each for each in await coordinating.applicants(bold) if each.number == joined.number]
        await coordinating.admit(bold, applicant)
        told = await bold.client.timeline(sent.id)
        ahead = (bold.now() - datetime.now(UTC)).total_seconds()
    assert told is not None
    keep_back = withheld(told.lines[0].document)
    await logged(own_hub.store)

    who = await member(own_hub, tmp_path, "nhrcm.altan", "nhrcm.day1", "coordinator")
    one = await signed_in(visit, own_hub, who, "en", ahead=ahead)  # a device whose clock is right
    page, line = one.page, one.visit.line
    await page.locator(".overview-rows li").first.wait_for()

    # The trail: filtered, and as files of what is shown.
    await one.press("overseeing.trail")
    await one.heading("overseeing.trail")
    await expect(page.locator(".overview-rows li")).to_have_count(50)
    await one.press("overseeing.more")
    await expect(page.locator(".overview-rows li")).to_have_count(55)
    await expect(one.button("overseeing.more")).to_have_count(0)
    await page.locator("details.filters summary").click()
    await page.locator("#trail-state").select_option("declined")
    await page.locator("#trail-since").fill("1998-14-40")
    await one.press("trail.show")
    await page.get_by_text(one.said("trail.date_wrong")).wait_for()
    await page.locator("#trail-since").fill("")
    await page.locator("#trail-since-month").fill("")
    await page.locator("#trail-since-day").fill("")
    await one.press("trail.show")
    await expect(page.locator(".overview-rows li")).to_have_count(1)
    await page.locator("details.filters summary").click()
    await one.look("overview-trail")
    for format in ("csv", "json", "xlsx"):
        async with page.expect_download() as begun:
            await one.press("trail.file.take", format=format.upper())
        content = Path(await (await begun.value).path()).read_bytes()
        assert (await begun.value).suggested_filename.endswith(f".{format}")
        if format == "json":
            assert [each["referral"] for each in json.loads(content)] == [sent.id]
    await page.get_by_role("status").get_by_text("1 referrals").wait_for()

    # One referral, each line proven here.
    await page.locator(".overview-rows li").get_by_role("button").click()
    await one.heading("timeline.title")
    await expect(page.locator(".timeline > li")).to_have_count(3)
    await marked(page, *PROVEN)
    await page.get_by_text(one.label("decline_reasons", "no_capacity")).wait_for()
    await one.look("overview-timeline")
    shown = await evidence_of(one, "timeline.save")
    assert (shown.verdict, shown.signed[1]) == ("nothing", True)

    # What is kept back is missing once it is late, until then promised; what is proven falsely is said to be that.
    async def sees(lies: dict[str, Callable[[Data], Data]], expected: list[str], key: str | None) -> None:
        line.lies = dict(lies)
        await one.press("timeline.again")
        await marked(page, *expected)
        said = page.locator("main .overview [role=alert]").get_by_text(one.said(key or "timeline.some_missing"))
        await expect(said).to_have_count(0 if key is None else 1)

    await sees({"Logged": keep_back}, ["promised", *PROVEN[1:]], None)
    await sees({"Logged": keep_back, "Timeline": long_ago}, ["missing", *PROVEN[1:]], "timeline.some_missing")
    await one.look("overview-timeline-missing")
    await sees({"Logged": tampered}, ["false"] * 3, "timeline.some_false")
    await sees({"Timeline": elsewhere}, ["false", *PROVEN[1:]], "timeline.some_false")
    before = OfBefore()
    await sees({"ActivityLog": before.kept}, PROVEN, None)
    line.lies = {}

    # On paper there is what was found, and nothing to press.
    await page.emulate_media(media="print")
    await expect(page.locator(".timeline > li").first).to_be_visible()
    await expect(one.button("timeline.save")).to_be_hidden()
    await expect(page.locator("nav.frame-places")).to_be_hidden()
    await page.emulate_media(media="screen")

    # Back on the trail as it was left.
    await page.get_by_role("button", name=one.said("app.back"), exact=True).click()
    await expect(page.locator(".overview-rows li")).to_have_count(1)

    # Who opened what, in the whole network, and by one agency.
    await one.press("overseeing.openings")
    row = page.locator(".overview-rows li").filter(has_text=one.agency("mgec"))
    await expect(row).to_have_count(1)
    await one.look("overview-openings")
    await page.locator("#openings-agency").select_option("mrc-umnugobi")
    await page.get_by_text(one.said("overseeing.none")).wait_for()
    await page.locator("#openings-agency").select_option("mgec")
    await row.get_by_role("button").click()
    await marked(page, *PROVEN)
    await page.get_by_role("button", name=one.said("app.back"), exact=True).click()

    # A closed quarter and its year.
    await one.press("overseeing.statistics")
    await page.locator("#statistics-period").fill(str(quarter).lower())
    await one.press("statistics.show")
    await page.get_by_text(one.said("statistics.total", period=str(quarter), number=54)).wait_for()
    table = page.get_by_role("table", name=one.said("statistics.urgency"))
    await expect(table.get_by_role("row", name=one.label("urgency", "immediate"))).to_contain_text("36")
    await expect(table.get_by_text(one.said("statistics.few"))).to_have_count(1)
    await one.look("overview-statistics")
    await page.locator("#statistics-period").fill(str(year))
    await one.press("statistics.show")
    tile = page.locator("button.tile", has_text="Umnugobi")
    await expect(page.locator("button.tile")).to_have_count(22)
    await tile.focus()
    await page.keyboard.press("Enter")
    await page.locator(".tiles-said").get_by_text("Umnugobi: 18", exact=True).wait_for()
    for name, fill in (("Umnugobi", "least"), ("Ulaanbaatar", "most"), ("Darkhan", "withheld"), ("Zavkhan", "few")):
        await expect(page.locator("button.tile", has_text=name)).to_have_class(f"tile tile-{fill}")
    table = page.get_by_role("table", name=one.said("statistics.rooms"))
    room = table.get_by_role("row", name=one.label("services", "shelter"))
    await expect(room.get_by_role("cell")).to_have_text(["3", "24", "54"])
    async with page.expect_download() as begun:
        await one.press("statistics.file")
    written = Path(await (await begun.value).path()).read_text(encoding="utf-8")
    assert '"places","shelter","Shelter","24","value"' in written.splitlines()
    await one.look("overview-year")
    await page.locator("#statistics-period").fill("2020-Q5")
    await one.press("statistics.show")
    await page.get_by_text(one.said("statistics.period.wrong")).wait_for()

    # Who waits and who has signed; the number is typed as it is read out.
    await one.press("overseeing.admissions")
    heard = page.locator(f"#admissions-heard-{applicant.application.handle}")
    other = str((int(joined.number[0]) + 1) % 10) + joined.number[1:]
    for typed, key in ((other, "admissions.differs"), (joined.number, "admissions.matches")):
        await heard.fill(typed)
        await one.press("admissions.do")
        await page.get_by_text(one.said(key)).wait_for()
        assert joined.number not in await page.locator("main").inner_text()  # it is typed, never read off
        await expect(page.get_by_text("ortoo coordinators admit")).to_have_count(int(typed == joined.number))
    await page.get_by_text(one.said("admissions.signed", count=1, threshold=2)).wait_for()
    await one.look("overview-admissions")

    # And all of it was seen.
    await one.press("overseeing.looks")
    row = page.locator(".overview-rows li", has_text=one.said("looks.export"))
    await expect(row).to_have_count(3)
    await one.look("overview-looks")

    law = await member(own_hub, tmp_path, "moj.bat", "moj.day1", "coordinator")
    await are_played(own_hub, {"nhrcm": one, "moj": await signed_in(visit, own_hub, law, "mn")})

    await logged(own_hub.store)

    # A log that its witnesses do not sign is not believed, until it is. Another one takes the whole page, and is told
    # on each: a fork, and one that is smaller than what this device saw.
    async def breaks(lie: Callable[[Data], Data], code: str, again: str = "timeline.again") -> None:
        line.lies = {"ActivityLog": lie}
        await one.press(again)
        await page.locator(".overview [role=alert]").get_by_text(one.said(f"problem.{code}")).wait_for()
        await expect(page.locator(".timeline")).to_have_count(0)

    await one.press("overseeing.trail")
    await page.locator(".overview-rows li").get_by_role("button").click()
    await marked(page, *PROVEN)
    await breaks(other_log(own_hub, SigningKey.generate()), "checkpoint_unwitnessed")
    line.lies = {}
    await one.press("app.retry")
    await marked(page, *PROVEN)
    await breaks(other_log(own_hub), "proof_invalid")
    found = await evidence_of(one, "contradiction.save")
    assert (found.verdict, found.signed) == ("fork", (True, True))
    await breaks(before.told, "checkpoint_rollback", "app.retry")

    await is_nobodys(await signed_in(visit, own_hub, await member(own_hub, tmp_path, "mrc.nara", "mrc.none"), "mn"))


async def is_nobodys(focal: Worker) -> None:
    """A focal point is offered nothing of it, and the hub refuses what her page could ask for."""
    await focal.page.locator(".inbox").wait_for()
    await expect(focal.page.locator("nav.frame-places").get_by_text(focal.said("place.overview"))).to_have_count(0)
    for name, variables in (
        ("overseen", {"first": 50, "overdue": False, "unanswered": False, "withoutConsent": False}),
        ("timeline", {"id": "01900000-0000-7000-8000-000000000000"}),
        ("looks", {"first": 50}),
        ("statistics", {}),
        ("applications", {}),
        ("export_trail", {"format": "csv", "overdue": False, "unanswered": False, "withoutConsent": False}),
    ):
        id = f"sha256:{hashlib.sha256(document(name).encode()).hexdigest()}"
        asked = {"documentId": id, "variables": variables}
        answer = await focal.page.evaluate(
            """async ([asked, member]) => (await fetch("/graphql", {
              method: "POST", body: JSON.stringify(asked),
              headers: { "Content-Type": "application/json", "Ortoo-Member": member },
            })).json()""",
            [asked, focal.who.device.find(focal.who.login).member],
        )
        assert (name, answer["errors"][0]["extensions"]["code"]) == (name, "role_not_allowed")
    await focal.visit.settle()
    focal.visit.seen.errors.clear()  # the refusals
