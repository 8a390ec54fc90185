"""`ortoo services` and `ortoo find` at the keyboard: what the agency gives, and who can take a person now."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ortoo import places
from ortoo.cli.coordinators import late_said
from ortoo.cli.hours_typed import hours_typed, moment_typed, until_typed
from ortoo.cli.running import Usage
from ortoo.cli.services_told import hours_said
from ortoo.contract import ExceptionalHours, Offer
from ortoo.days import ULAANBAATAR
from ortoo.words import Words
from tests.cli.conftest import SCENARIO, Ortoo
from tests.hubs import Hub
from tests.stores import Stores

DECLINED = SCENARIO.with_name("03-declined-and-rerouted.json")
DELGER, SOLONGO, NARA = ("--as", "mgec.delger"), ("--as", "mgec.solongo"), ("--as", "mrc.nara")
BED = ("find", "--need", "shelter", "--place", "MN-053.dalanzadgad", "--age", "30")


@pytest.fixture(scope="module")
def hub(stores: Stores) -> Iterator[Hub]:
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()


@pytest.fixture
def ortoo(hub: Hub) -> Ortoo:
    ortoo = Ortoo(hub.practice, hub.url)
    ortoo.environment["LANG"] = "en_GB.UTF-8"
    return ortoo


def test_full_tonight_is_one_command(ortoo: Ortoo) -> None:
    free = ortoo(*NARA, *BED).stdout
    assert "Shelter: can take the person · 1" in free
    assert "14 of 14" in free
    assert "around the clock" in free
    assert "+976 0000 9110" in free

    full = ortoo(*SOLONGO, "services", "full", "shelter")
    assert full.returncode == 0, full.stderr
    assert "Women’s shelter, Ulaanbaatar: full until " in full.stdout
    assert "08:00. It undoes itself." in full.stdout
    nobody = ortoo(*NARA, *BED).stdout
    assert "Shelter: can take the person · 0" in nobody
    assert "full until " in nobody
    assert "another age: takes up to 17" in nobody
    assert "another area: serves Dornogobi" in nobody
    assert "Nobody can take the person then." in nobody
    listed = ortoo(*SOLONGO, "services").stdout
    assert "full until " in listed
    assert "Mon–Fri 09:00–18:00" in listed

    free_again = ortoo(*SOLONGO, "services", "free", "shelter")
    assert "not full any more" in free_again.stdout
    assert [one["takes_now"] for one in ortoo.json(*NARA, *BED)["found"]["shelter"]] == [True, False, False]


def test_what_she_decided_is_said_by_her_own_form_alone(ortoo: Ortoo) -> None:
    found = ortoo.json(*NARA, "find", "--form", str(SCENARIO))["found"]
    assert list(found) == ["shelter", "psychosocial"]
    assert [(one["service"]["agency"], one["decided"]) for one in found["shelter"]] == [
        ("mgec", "agreed"),
        ("cfdc-umnugobi", "not_asked"),
        ("shelter-sainshand", "not_asked"),
    ]
    assert found["shelter"][1]["why_not"][0]["code"] == "age"  # the form says that she is no child

    police = ortoo(*NARA, "find", "--form", str(SCENARIO), "--need", "safety").stdout
    assert "Safety and police protection: can take the person · 0" in police
    assert police.count("the person refused this agency") == 3  # every agency of the police
    assert "another area: serves Dornogobi" in police
    mongolian = ortoo(*NARA, "--lang", "mn", "find", "--form", str(SCENARIO), "--need", "safety").stdout
    assert mongolian.count("тухайн хүн энэ байгууллагаас татгалзсан") == 3
    assert "Үйлчлэх газар: Дорноговь" in mongolian


def test_reasons_in_both_languages(ortoo: Ortoo) -> None:
    man = ("find", "--need", "shelter", "--place", "MN-053", "--gender", "Masculine", "--language", "zh")
    english, mongolian = ortoo(*NARA, *man).stdout, ortoo(*NARA, "--lang", "mn", *man).stdout
    assert "takes no men · another language: speaks Mongolian · English" in english
    assert "эрэгтэй хүн авдаггүй · өөр хэл. Ярьдаг хэл: Монгол · Англи" in mongolian
    sunday = ("find", "--need", "livelihood", "--place", "MN-053", "--at", "2026-12-06 12:00")
    assert "closed until 2026-12-07 09:00" in ortoo(*NARA, *sunday).stdout
    assert "2026-12-07 09:00 хүртэл хаалттай" in ortoo(*NARA, "--lang", "mn", *sunday).stdout
    assert "no agency of the network gives it" in ortoo(*NARA, "find", "--need", "compensation").stdout


def test_an_administrator_keeps_the_services(ortoo: Ortoo) -> None:
    new = ("--name", "Түр байр", "--name-en", "Rooms", "--place", "MN-053", "--language", "mn")
    missing = ortoo(*DELGER, "services", "set", "housing", "--name", "Түр байр")
    assert (missing.returncode, "--name-en" in missing.stderr) == (2, True)
    added = ortoo.json(
        *(*DELGER, "services", "set", "housing", *new, "--hours", "mo-fr 9:00-18:00", "--hours", "sa 10:00-14:00"),
        *("--closed", "2026-12-31", "--capacity", "4", "--min-age", "18", "--gender", "Feminine"),
    )["service"]
    assert added["schedule"] == [
        {"days": "MO,TU,WE,TH,FR", "opens": "09:00", "closes": "18:00"},
        {"days": "SA", "opens": "10:00", "closes": "14:00"},
    ]
    changed = ortoo.json(*DELGER, "services", "set", "housing", "--taken", "4")["service"]
    assert (changed["id"], changed["free"], changed["name_en"]) == (added["id"], 0, "Rooms")
    listed = ortoo(*DELGER, "services").stdout
    assert "Mon–Fri 09:00–18:00 · Sat 10:00–14:00 · dates with other hours: 1" in listed
    assert "0 of 4" in listed
    cleared = ortoo.json(*DELGER, "services", "set", added["id"][-8:], "--clear", "capacity", "--clear", "ages")[
        "service"
    ]
    assert (cleared["capacity"], cleared["taken"], cleared["min_age"], cleared["genders"]) == (
        None,
        0,
        None,
        ["Feminine"],
    )

    assert "takes nobody at present" in ortoo(*DELGER, "services", "accepting", "housing", "off").stdout
    (found,) = ortoo.json(*NARA, "find", "--need", "housing", "--at", "2026-12-07 12:00")["found"]["housing"]
    assert [one["code"] for one in found["why_not"]] == ["not_accepting"]
    assert "takes people" in ortoo(*DELGER, "services", "accepting", "housing", "on").stdout

    mine = ortoo(*SOLONGO, "services", "set", "housing", "--taken", "0", "--capacity", "2")
    assert (mine.returncode, "An administrator of your agency can do it" in mine.stderr) == (1, True)
    unasked = ortoo(*DELGER, "services", "end", "housing")
    assert (unasked.returncode, "--yes" in unasked.stderr) == (2, True)
    assert ortoo.json(*DELGER, "services", "end", "housing", "--yes") == {"ended": added["id"]}
    gone = ortoo(*DELGER, "services", "full", "housing")
    assert (gone.returncode, "court_support, legal_aid" in gone.stderr) == (2, True)


def test_the_agencys_own_switch_and_how_it_is_reached(ortoo: Ortoo) -> None:
    assert "no new referrals" in ortoo(*DELGER, "services", "receiving", "off").stdout
    assert "takes no referrals now" in ortoo(*NARA, "services", "--agency", "mgec").stdout
    refused = ortoo(*NARA, "send", str(SCENARIO), "--yes")
    assert (refused.returncode, "takes no referrals now" in refused.stderr) == (1, True)
    assert "takes referrals" in ortoo(*DELGER, "services", "receiving", "on").stdout
    contact = ortoo.json(*DELGER, "services", "contact", "--duty-phone", "+976 0000 7777")["contact"]
    assert (contact["duty_phone"], contact["phone"]) == ("+976 0000 7777", "+976 0000 9010")
    wrong = ortoo(*DELGER, "services", "contact", "--email", "nowhere")
    assert (wrong.returncode, "not an e-mail address" in wrong.stderr) == (1, True)
    nobody = ortoo(*NARA, "services", "--agency", "nobody")
    assert (nobody.returncode, "no agency nobody" in nobody.stderr) == (2, True)


def test_declined_and_sent_to_another_in_one_step(ortoo: Ortoo) -> None:
    """Scenario 03 at the keyboard: who else could take it is named, and what to type is typed as it stands."""
    munkh, uyanga = ("--as", "pdo.munkh"), ("--as", "osc.uyanga")
    sent = ortoo.json(*munkh, "send", str(DECLINED), "--yes")["sent"][0]["id"]
    too_soon = ortoo(*munkh, "alternatives", sent[-8:])
    assert too_soon.returncode == 1
    assert "Somebody else is looked for when a referral was declined" in too_soon.stderr
    assert "It is now: Sent." in too_soon.stderr
    assert ortoo(*uyanga, "decline", sent[-8:], "--reason", "no_capacity").returncode == 0
    not_theirs = ortoo(*uyanga, "alternatives", sent[-8:])
    assert (not_theirs.returncode, "among those that your agency has sent" in not_theirs.stderr) == (1, True)
    assert "alternatives" not in ortoo(*uyanga, "show", sent[-8:]).stdout

    assert "who else" not in ortoo(*munkh, "outbox").stdout  # there it stands beside what is late
    for command in (("show", sent[-8:]), ("follow", "--after", "0", "--count", "1")):
        said = ortoo(*munkh, *command).stdout
        assert f"{sent[-8:]}: who else could take it? " in said, said
        assert f" alternatives {sent[-8:]}\n" in said
    shown = ortoo(*munkh, "alternatives", sent[-8:]).stdout
    assert "The person has agreed: can be sent at once · 1" in shown
    assert "Mongolian Gender Equality Centre  mgec    Shelter: 14 of 14 · takes people, open now  +976 0000 " in shown
    assert "Sainshand" not in shown
    in_mongolian = ortoo(*munkh, "--lang", "mn", "alternatives", sent[-8:]).stdout
    assert "Тухайн хүн зөвшөөрсөн: шууд илгээж болно · 1" in in_mongolian
    (one,) = ortoo.json(*munkh, "alternatives", sent)["alternatives"]
    assert (one["agency"], one["agreed"], one["takes_now"]) == ("mgec", True, True)
    assert [each["service"]["code"] for each in one["gives"]] == ["shelter"]

    found = re.search(rf"Next: (.+ resend --of {sent[-8:]} --to mgec)\n", shown)
    assert found, shown
    shell = ["sh", "-c", f"{found[1]} --yes"]
    typed = subprocess.run(shell, env=ortoo.environment, capture_output=True, text=True, timeout=60)
    assert typed.returncode == 0, typed.stderr
    assert "can read: Needs and services asked for · Who the person is · Risks" in typed.stdout
    assert "Sent: the hub has accepted it." in typed.stdout
    assert "Оюунчимэг" in ortoo(*DELGER, "open", ortoo.json(*DELGER, "inbox")["referrals"][0]["id"]).stdout

    nobody = ortoo(*munkh, "alternatives", sent[-8:])
    assert "Nobody else in the network could take it." in nobody.stdout
    neither = ortoo(*munkh, "resend", "--to", "mgec", "--yes")
    assert (neither.returncode, "--of" in neither.stderr) == (2, True)
    not_sent = ortoo(
        *DELGER, "resend", "--of", ortoo.json(*DELGER, "inbox")["referrals"][0]["id"], "--to", "ecpat", "--yes"
    )
    assert (not_sent.returncode, "among those that your agency has sent" in not_sent.stderr) == (1, True)


def test_whom_she_was_not_asked_about_is_said_so(ortoo: Ortoo) -> None:
    sent = ortoo.json(*NARA, "send", str(SCENARIO), "--yes")["sent"][0]["id"]
    assert ortoo(*NARA, "recall", sent, "--reason", "no_longer_needed").returncode == 0
    shown = ortoo(*NARA, "alternatives", sent).stdout
    assert "Ask the person first · 2" in shown
    assert re.search(r"^Child and Family .+, Umnugobi +cfdc-umnugobi +Psychosocial support: ", shown, re.MULTILINE), (
        shown
    )
    assert "The person has agreed to none of these yet." in shown
    assert "Next:" not in shown


def test_nothing_is_overdue(ortoo: Ortoo) -> None:
    bold = ("--as", "nhrcm.bold", "coordinators", "overdue")
    assert ortoo(*bold).stdout.strip() == "Nothing is overdue."
    assert ortoo("--lang", "mn", *bold).stdout.strip() == "Хугацаа хэтэрсэн зүйл алга."
    assert ortoo.json(*bold) == {"overdue": [], "capped": False}
    refused = ortoo(*NARA, "coordinators", "overdue")
    assert (refused.returncode, "coordinator" in refused.stderr) == (1, True)


def test_of_very_much_it_is_said_that_there_may_be_more(hub: Hub, ortoo: Ortoo) -> None:
    ortoo.json(*NARA, "send", str(SCENARIO), "--yes")
    hub.store.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 501)"
        " INSERT INTO referrals_clock (kind, began_at, due_at, next_at, fired_at, referral_id, owes_id)"
        " SELECT 'kind' || i, sent_at, '2026-01-01 00:00:00', NULL, sent_at, id, recipient_id FROM n,"
        " (SELECT * FROM referrals_referral LIMIT 1)"
    )
    try:
        said = ortoo("--as", "nhrcm.bold", "coordinators", "overdue").stdout
        assert said.splitlines()[-1] == "These 500 are late the longest. There may be more."
        assert " kind1 " in said  # what this client does not know, as the hub calls it
        told = ortoo.json("--as", "nhrcm.bold", "coordinators", "overdue")
        assert (len(told["overdue"]), told["capped"]) == (500, True)
    finally:
        hub.store.execute("DELETE FROM referrals_clock WHERE due_at = '2026-01-01 00:00:00'")


@pytest.mark.parametrize(
    ("late", "english", "mongolian"),
    [
        ({"days": 3, "hours": 23}, "3 d", "3 өдөр"),
        ({"hours": 1, "minutes": 59}, "1 h", "1 цаг"),
        ({"minutes": 59, "seconds": 59}, "59 min", "59 минут"),
        ({"seconds": -5}, "0 min", "0 минут"),
    ],
)
def test_how_late(late: dict[str, int], english: str, mongolian: str) -> None:
    assert (late_said(timedelta(**late), Words("en")), late_said(timedelta(**late), Words("mn"))) == (
        english,
        mongolian,
    )


def test_a_list_for_other_directories(ortoo: Ortoo) -> None:
    run = ortoo(*NARA, "services", "export", "--agency", "ecpat")
    assert [one["name"] for one in json.loads(run.stdout)] == [
        "Children in sexual exploitation",
        "Child psychologist",
    ]


def test_what_is_typed_wrong_is_said_in_a_sentence(ortoo: Ortoo, tmp_path: Path) -> None:
    for arguments, said in (
        (("find",), "--need"),
        (("find", "--need", "shelter", "--place", "Ulaanbaatar"), "Ulaanbaatar is not a place"),
        (("find", "--need", "shelter", "--at", "soon"), "not a moment"),
        (("find", "--form", str(tmp_path / "none.json")), "file"),
        (("services", "full", "shelter", "--until", "soon"), "not a moment"),
        (("services", "set", "shelter", "--hours", "FR-MO 09:00-18:00"), "not hours"),
        (("services", "set", "shelter", "--closed", "2026-02-30"), "not dates"),
        (("services", "set", "shelter", "--open-on", "2026-12-31"), "not dates"),
        (("services", "set", "shelter", "--place", "MN-999"), "not a place"),
    ):
        run = ortoo(*DELGER, *arguments)
        assert (run.returncode, said in run.stderr) == (2, True), (arguments, run.stderr)
    long_ago = ortoo(*DELGER, "services", "full", "shelter", "--until", "2020-01-01")
    assert (long_ago.returncode, "within 31 days" in long_ago.stderr) == (1, True)


# --- what is typed and said, without a hub ----------------------------------------------------------------------------


def ub(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ULAANBAATAR)


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        ("tonight", "2026-11-28 08:00"),
        ("18:00", "2026-11-27 18:00"),
        ("9:30", "2026-11-28 09:30"),
        ("2026-11-30", "2026-12-01 00:00"),
        ("2026-11-30 12:00", "2026-11-30 12:00"),
    ],
)
def test_until(typed: str, until: str) -> None:
    assert until_typed(typed, ub("2026-11-27 17:55")) == ub(until)


def test_tonight_after_midnight_is_this_night() -> None:
    assert until_typed("tonight", ub("2026-11-28 03:00")) == ub("2026-11-28 08:00")
    assert until_typed("tonight", ub("2026-11-28 08:00")) == ub("2026-11-29 08:00")
    assert moment_typed("2026-11-27T10:00:00Z") == ub("2026-11-27 18:00")


@pytest.mark.parametrize(
    ("typed", "english", "mongolian"),
    [
        (["MO-FR 09:00-18:00"], "Mon–Fri 09:00–18:00", "Да–Ба 09:00–18:00"),
        (["mo,we 9:00-12:00"], "Mon, Wed 09:00–12:00", "Да, Лх 09:00–12:00"),
        (["22:00-06:00"], "Mon–Sun 22:00–06:00", "Да–Ня 22:00–06:00"),
        (["always"], "around the clock", "өдөр шөнөгүй"),
        ([], "office hours", "ажлын цагаар"),
        (["MO-WE,SU 00:00-24:00"], "Mon–Wed, Sun 00:00–24:00", "Да–Лх, Ня 00:00–24:00"),
    ],
)
def test_hours_as_they_are_typed_and_said(typed: list[str], english: str, mongolian: str) -> None:
    offer = Offer(
        code="x", name="x", name_en="x", places=[], languages=[], schedule=[hours_typed(one) for one in typed]
    )
    assert (hours_said(offer, Words("en")), hours_said(offer, Words("mn"))) == (english, mongolian)


def test_hours_with_exceptions() -> None:
    other = [ExceptionalHours(date="2026-12-31")]
    offer = Offer(code="x", name="x", name_en="x", places=[], languages=[], schedule=[hours_typed("always")])
    offer = Offer(**{name: getattr(offer, name) for name in Offer.__struct_fields__} | {"exceptions": other})
    assert hours_said(offer, Words("en")) == "around the clock · dates with other hours: 1"
    for wrong in ("MO 9-18", "XX 09:00-18:00", "MO 09:00-25:00", "MO 09:00-09:00", "MO-", ""):
        with pytest.raises(Usage):
            hours_typed(wrong)


def test_places_lie_in_one_another() -> None:
    assert places.lies_in("MN-053.khanbogd", "MN-053")
    assert places.lies_in("MN-053.khanbogd", "MN")
    assert places.lies_in("MN-053", "MN-053")
    assert not places.lies_in("MN-053", "MN-053.khanbogd")
    assert not places.lies_in("MN-1.bayanzurkh", "MN-053")
    assert not places.lies_in("MN-1", "MN-1.bayanzurkh")
    assert [places.is_known(one) for one in ("MN", "MN-1", "MN-053.khanbogd", "MN-053.x", "")] == [True] * 3 + [
        False
    ] * 2
