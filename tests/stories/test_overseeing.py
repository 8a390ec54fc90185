"""The coordinators' day: they see who asked whom, when, and who is late; never what it says; and are seen looking."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path
from typing import Any, Final

import pytest

from ortoo import contract, overseeing
from ortoo.client import document
from ortoo.contract import Oversight
from ortoo.form import Form
from ortoo.protocol import documents, schemas
from ortoo.protocol.documents import new_id
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.log.reading import logged
from tests.members import at_work, plain_form
from tests.stories.test_clocks import HOUR
from tests.stories.test_without_consent import NOBODY_ANSWERS, a_child

SHEET: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


async def found(session: Session, **wanted: Any) -> set[str]:
    page = await session.client.overseen(50, None, Oversight(**wanted))
    assert not page.page_info.has_next_page
    return {edge.node.referral for edge in page.edges}


def cells_of(content: bytes) -> list[list[Any]]:
    """The rows of a workbook's sheet. Whatever is a formula fails."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        sheet = ElementTree.fromstring(package.read("xl/worksheets/sheet1.xml"))  # noqa: S314 (our own)
    assert sheet.find(f".//{SHEET}f") is None
    rows = []
    for row in sheet.iter(f"{SHEET}row"):
        assert {cell.get("t") for cell in row} <= {"inlineStr", "b"}
        rows.append(["".join(cell.itertext()) for cell in row])
    return rows


async def test_a_coordinators_day(own_hub: Hub, tmp_path: Path) -> None:
    async with (
        at_work(own_hub, "mrc.nara") as nara,
        at_work(own_hub, "mgec.delger") as delger,
        at_work(own_hub, "zu.tuya") as tuya,
        at_work(own_hub, "zu.bold") as bold,
        at_work(own_hub, "hum.otgon") as otgon,
        at_work(own_hub, "nhrcm.bold") as reviewer,
    ):
        (plain,) = await nara.send(plain_form(1))
        (declined,) = await nara.send(plain_form(2))
        (child,) = await tuya.send(a_child(1))
        (danger,) = await otgon.send(Form.read(NOBODY_ANSWERS))
        await delger.open_referral(plain.id)
        await delger.decline(declined.id, "no_capacity")

        # What waits for its second signature has not passed: nobody finds it, its reviewer neither, who does not sign.
        all_passed = {plain.id, declined.id, danger.id}
        assert await found(reviewer) == all_passed
        assert await reviewer.client.timeline(child.id) is None
        assert child.id not in await to_review(reviewer)
        await bold.second(child.id)
        assert await found(reviewer) == all_passed | {child.id}
        assert await to_review(reviewer) == {child.id: "review", danger.id: "review"}

        # Each filter narrows to its rows.
        mgec = {plain.id, declined.id}
        assert await found(reviewer, agency="mgec") == mgec
        assert await found(reviewer, agency="cfdc-dornogobi") == {child.id}
        assert await found(reviewer, basis="child_at_risk") == {child.id}
        assert await found(reviewer, basis="informed_consent") == mgec
        assert await found(reviewer, without_consent=True) == {child.id, danger.id}
        assert await found(reviewer, state="declined") == {declined.id}
        assert await found(reviewer, unanswered=True, agency="mgec") == {plain.id}
        assert await found(reviewer, urgency=danger.routing.urgency, agency="hospital-umnugobi") == {danger.id}
        assert await found(reviewer, urgency="standard", agency="hospital-umnugobi") == set()
        aimag = child.routing.place.partition(".")[0]
        assert child.id in await found(reviewer, place=aimag)
        assert plain.id not in await found(reviewer, place=aimag)
        service = danger.routing.services[0]
        assert danger.id in await found(reviewer, service=service)
        assert await found(reviewer, until=plain.sent_at) == set()
        assert await found(reviewer, since=plain.sent_at) == all_passed | {child.id}
        with pytest.raises(Refused) as refused:
            await reviewer.client.overseen(50, None, Oversight(place="MN-053.khanbogd"))
        assert (refused.value.code, refused.value.at["field"]) == ("malformed", "place")

        # A walk sees each once, though one comes meanwhile.
        walked, after = [], None
        for _ in range(4):
            page = await reviewer.client.overseen(1, after)
            walked.append(page.edges[0].node.referral)
            after = page.page_info.end_cursor
            if len(walked) == 1:
                (later,) = await nara.send(plain_form(3))
        assert not page.page_info.has_next_page
        assert walked == [child.id, danger.id, declined.id, plain.id]

        # The timeline, each line proven against the log.
        seen = await overseeing.timeline(reviewer, plain.id)
        assert seen is not None
        assert [(one.said.type, one.said.agency, one.said.member) for one in seen.lines] == [
            ("referral_sent", "mrc-umnugobi", nara.identity.member),
            ("opened", "mgec", delger.identity.member),
        ]
        assert [one.mark for one in seen.lines] == ["logged", "logged"]
        assert await overseeing.timeline(reviewer, new_id()) is None
        opened = await reviewer.client.openings(agency="mgec")
        assert [(edge.node.referral, edge.node.member) for edge in opened.edges if edge.node.referral == plain.id] == [
            (plain.id, delger.identity.member)
        ]
        assert (await reviewer.client.openings(referral=child.id)).edges == []

        # Late is looked at when it is asked.
        assert await found(reviewer, overdue=True) == set()
        await reviewer.client.move_practice_clock(80 * HOUR)
        late = await found(reviewer, overdue=True)
        assert plain.id in late
        assert declined.id not in late

        await exported(own_hub, reviewer, tmp_path, {*all_passed, child.id, later.id})
        await looked_at(reviewer, plain.id)


async def to_review(session: Session) -> dict[str, str | None]:
    page = await session.client.reviews(waiting=True)
    return {edge.node.referral.referral: edge.node.to_do for edge in page.edges}


async def exported(hub: Hub, reviewer: Session, folder: Path, expected: set[str]) -> None:
    """In three formats the same rows, each signed and logged; the command line checks that before it writes."""
    files = {
        format: overseeing.file_of(reviewer, await reviewer.client.export_trail(format))
        for format in ("csv", "json", "xlsx")
    }
    as_json = json.loads(files["json"])
    as_csv = list(csv.reader(io.StringIO(files["csv"].decode("utf-8-sig"))))
    as_xlsx = cells_of(files["xlsx"])
    assert {one["referral"] for one in as_json} == expected
    assert as_csv[0] == as_xlsx[0] == list(as_json[0])
    assert [row[0] for row in as_csv[1:]] == [row[0] for row in as_xlsx[1:]] == [one["referral"] for one in as_json]
    made = await reviewer.client.export_trail("csv", Oversight(agency="mgec", state="declined"))
    assert made.rows == 1
    record = documents.read(made.record, schemas.Record)
    assert (record.body.what.code, record.body.what.count) == ("exported", 1)
    other = contract.Exported(name="x", content=made.content[:-4] + "AAAA", rows=1, record=made.record)
    with pytest.raises(Refused, match="hub has signed"):
        overseeing.file_of(reviewer, other)
    with pytest.raises(Refused) as refused:
        await reviewer.client.export_trail("ods")
    assert refused.value.at["field"] == "format"

    run, path = Ortoo(hub.practice, hub.url), folder / "trail.xlsx"
    said = run("--as", "nhrcm.bold", "--lang", "en", "coordinators", "export", "--format", "xlsx", str(path)).stdout
    assert f"{len(expected)} referrals" in said
    assert len(cells_of(path.read_bytes())) == len(expected) + 1
    await logged(hub.store)
    marks = run("--as", "nhrcm.bold", "--lang", "en", "coordinators", "timeline", as_json[0]["referral"]).stdout
    assert "✓ log" in marks
    waiting = run.json("--as", "nhrcm.bold", "coordinators", "reviews", "--waiting")["reviews"]
    assert {one["to_do"] for one in waiting} == {"review"}


async def looked_at(reviewer: Session, timeline: str) -> None:
    """Each look is there, with who, what and how much; an export with what the hub signed."""
    rows = [edge.node for edge in (await reviewer.client.looks(50)).edges]
    assert {(one.agency, one.member) for one in rows} == {("nhrcm", reviewer.identity.member)}
    assert rows[0].what == "timeline"  # the last: by the command line
    narrowed = [one for one in rows if one.what == "export" and "declined" in one.wanted]
    assert [(one.count, json.loads(one.wanted)) for one in narrowed] == [
        (1, {"agency": "mgec", "state": "declined", "format": "csv"})
    ]
    assert narrowed[0].record
    looks = await reviewer.client.looks(50, what="timeline")
    assert timeline in {edge.node.referral for edge in looks.edges}
    assert {edge.node.what for edge in looks.edges} == {"timeline"}


def test_nothing_that_coordinators_ask_for_has_content() -> None:
    """No envelope, part, key, decision, note, language or age: these are not in the contract at all."""
    for name in ("overseen", "timeline", "openings", "reviews", "overdue"):
        asked = set(document(name).replace("(", " ").replace(")", " ").split())
        assert not asked & {"envelope", "sealed", "parts", "keys", "decision", "minor", "language", "events", "consent"}


def test_no_cell_becomes_a_formula() -> None:
    from coordination.files import FORMATS, harmless  # a function without a hub

    for text in ("=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", " =1", "＝1", '=HYPERLINK("http://x")'):
        assert harmless(text) == f"'{text}"
        assert cells_of(FORMATS["xlsx"](["a"], [[text]]))[1][0].startswith("'")
        written = FORMATS["csv"](["a"], [[text]]).decode("utf-8-sig")
        assert list(csv.reader(io.StringIO(written, newline="")))[1] == [f"'{text}"]
        assert json.loads(FORMATS["json"](["a"], [[text]])) == [{"a": text}]
    for text in ("", "Хүний эрх = эрх", "MN-053", "a-b", "'", "<&>"):
        assert harmless(text) == text
        assert cells_of(FORMATS["xlsx"](["a"], [[text]]))[1] == [text]
    assert cells_of(FORMATS["xlsx"](["a"], [["\x00\ud800"]]))[1] == ["\ufffd\ufffd"]
