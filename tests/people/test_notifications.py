"""Members who are not connected are told by e-mail, through a real mail server: to confirmed addresses, by each
member's preferences, that there is something new and nothing else.

Time is moved on; each story has agencies of its own.
"""

import asyncio
import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace as replaced

from ortoo import administration, contract, practice
from ortoo.client import Client
from ortoo.days import ULAANBAATAR
from ortoo.form import Form, Grant
from ortoo.protocol.errors import Refused
from ortoo.session import Session
from tests.api.test_health import health, manage_health
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.mail_server import MailServer, Received, until
from tests.members import at_work, feed_of, following, plain_form
from tests.people.newcomers import Newcomer, confirmed, expected
from tests.stores import Stores
from tests.stories.test_without_consent import a_child

EVERYTHING: Final = contract.Wanted(language="en", urgencies=["immediate", "urgent", "standard"])
MINUTE, HOUR, DAY = 60, 3_600, 86_400
LATE: Final = 15 * MINUTE


@dataclass
class Post:
    hub: Hub
    mail: MailServer


@pytest.fixture(scope="module")
def post(stores: Stores) -> Iterator[Post]:
    """A hub with a mail server, for all stories; what a store could do otherwise is in tests/faults/test_mail.py."""
    mail = MailServer().start()
    with stores.opened("postgres", "founded") as store:
        hub = Hub(replace(store, more=mail.environment))
        hub.start()
        try:
            yield Post(hub, mail)
        finally:
            hub.stop()
            mail.stop()


def asking(post: Post, handle: str) -> Client:
    """The API alone: nothing of this is sealed or proven."""
    return Client(post.hub.url, practice.identity(handle, post.hub.practice).token)


def code_in(mail: Received) -> str:
    (code,) = re.findall(r"^\d{4} \d{4}$", mail.text, re.MULTILINE)
    return str(code)


async def tell(post: Post, client: Client, address: str, wanted: contract.Wanted = EVERYTHING) -> None:
    """The member says how to be told, and confirms the address."""
    await client.save_notifications(replaced(wanted, address=address))
    (mail,) = await post.mail.waits_for(address, 1)
    assert (await client.confirm_address(code_in(mail))).confirmed
    post.mail.received.remove(mail)


async def told(post: Post, handle: str, address: str, wanted: contract.Wanted = EVERYTHING) -> str:
    async with asking(post, handle) as client:
        await tell(post, client, address, wanted)
    return address


def form_to(agencies: Sequence[str], urgency: str = "standard") -> Form:
    form = plain_form(secrets.randbelow(2**31))
    grants = {to: Grant(("needs",), ("give_service",), 30) for to in agencies}
    return replace(
        form,
        recipients=tuple(agencies),
        routing=replace(form.routing, urgency=urgency, services=("legal_aid",)),
        consent=replace(form.consent, grants=grants, refusals={}),
    )


async def send(post: Post, *agencies: str, urgency: str = "standard") -> list[str]:
    """Its referrals, in the order of the agencies."""
    async with at_work(post.hub, "mrc.nara") as nara:
        sent = {one.counterpart: one.id for one in await nara.send(form_to(agencies, urgency))}
    return [sent[one] for one in agencies]


async def moved(post: Post, seconds: int) -> datetime:
    async with asking(post, "mfa.tuul") as client:
        return (await client.move_practice_clock(seconds)).now


async def moved_to(post: Post, weekday: int, hour: int) -> datetime:
    """To the next such hour in Ulaanbaatar; Monday is 0."""
    now = (await moved(post, 0)).astimezone(ULAANBAATAR)
    then = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    then += timedelta(days=(weekday - then.weekday()) % 7)
    then += timedelta(days=7 if then <= now else 0)
    return await moved(post, int((then - now).total_seconds()) + 5)


async def quiet(post: Post, seconds: float = 2.2) -> None:
    """As long as a worker takes to look, and more."""
    await asyncio.sleep(seconds)


def nobody_used_the_hub(post: Post, agency: str) -> None:
    """As if the tests themselves had asked as its members long ago."""
    post.hub.store.execute(
        "UPDATE agencies_token SET used_at = '2026-01-01 00:00:00+00:00' WHERE member_id IN"  # noqa: S608
        f" (SELECT id FROM agencies_member WHERE agency_id = '{agency}')"
    )


def at(post: Post, address: str, instead: str) -> None:
    """The address that he has confirmed is another one in truth."""
    post.hub.store.execute(f"UPDATE notifications_preference SET address = '{instead}' WHERE address = '{address}'")  # noqa: S608


def rows(post: Post, table: str, where: str = "1 = 1") -> int:
    return int(post.hub.store.execute(f"SELECT count(*) FROM notifications_{table} WHERE {where}")[0][0])  # noqa: S608


# --- addresses --------------------------------------------------------------------------------------------------------


async def test_nothing_comes_to_an_address_before_its_code_was_typed_back_in(post: Post) -> None:
    async with asking(post, "moj.bat") as bat:
        before = await bat.notifications()
        assert (before.available, before.address, before.confirmed) == (True, "", False)
        said = await bat.save_notifications(replaced(EVERYTHING, address="bat@moj.test"))
        assert (said.address, said.confirmed) == ("bat@moj.test", False)
        (first,) = await post.mail.waits_for("bat@moj.test", 1)
        await send(post, "moj", urgency="immediate")
        await quiet(post)
        assert len(post.mail.mails("bat@moj.test")) == 1

        with pytest.raises(Refused) as refused:
            await bat.confirm_address("00000000" if code_in(first) != "0000 0000" else "11111111")
        assert (refused.value.code, refused.value.at) == ("not_found", {"field": "digits"})
        await bat.save_notifications(replaced(EVERYTHING, address="bat@moj.test"))
        _, second = await post.mail.waits_for("bat@moj.test", 2)
        with pytest.raises(Refused):
            await bat.confirm_address(code_in(first))  # the newest counts alone
        assert (await bat.confirm_address(code_in(second))).confirmed
        assert (await bat.confirm_address(code_in(second))).confirmed  # safe to repeat
        await send(post, "moj", urgency="immediate")
        await post.mail.waits_for("bat@moj.test", 3)

        changed = await bat.save_notifications(replaced(EVERYTHING, address="bat@elsewhere.test"))
        assert not changed.confirmed
        (third,) = await post.mail.waits_for("bat@elsewhere.test", 1)
        with pytest.raises(Refused):
            await bat.confirm_address(code_in(second))  # it was another address's
        await send(post, "moj", urgency="immediate")
        await quiet(post)
        assert len(post.mail.mails("bat@moj.test")) == 3
        assert len(post.mail.mails("bat@elsewhere.test")) == 1
        assert (await bat.confirm_address(code_in(third))).confirmed

        # What else is changed needs no new code; and without an address all is over.
        kept = await bat.save_notifications(replaced(EVERYTHING, address="bat@elsewhere.test", digest_hour=7))
        assert (kept.confirmed, kept.digest_hour) == (True, 7)
        assert (await bat.save_notifications(contract.Wanted())).address == ""
        await send(post, "moj", urgency="immediate")
        await quiet(post)
        assert len(post.mail.mails("bat@elsewhere.test")) == 1


async def test_codes_cannot_be_guessed_and_nobody_is_flooded(post: Post) -> None:
    async with asking(post, "pct.dorj") as dorj:
        await dorj.save_notifications(replaced(EVERYTHING, address="victim@pct.test"))
        codes = []
        for guess in range(7):
            with pytest.raises(Refused) as refused:
                await dorj.confirm_address(f"{guess:08}")
            codes.append(refused.value.code)
        assert codes == ["not_found"] * 5 + ["throttled"] * 2
        for _ in range(2):
            await dorj.save_notifications(replaced(EVERYTHING, address="victim@pct.test"))
        with pytest.raises(Refused) as refused:
            await dorj.save_notifications(replaced(EVERYTHING, address="Victim@pct.test"))
        assert refused.value.code == "throttled"
    async with asking(post, "pct.nomin") as nomin:  # by somebody else neither
        with pytest.raises(Refused) as refused:
            await nomin.save_notifications(replaced(EVERYTHING, address="victim@pct.test"))
        assert refused.value.code == "throttled"


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("address", {"address": "no address"}),
        ("address", {"address": "a@b.test, c@d.test"}),
        ("address", {"address": "a@b.test,c@d.test"}),
        ("address", {"address": "a@b.test\nBcc: c@d.test"}),
        ("address", {"address": '"a b"@c.test'}),
        ("address", {"address": "нэр@c.test"}),
        ("address", {"address": "a@" + "b" * 64 + ".test"}),
        ("language", {"language": "de"}),
        ("urgencies", {"urgencies": ["whenever"]}),
        ("digestHour", {"digest_hour": 24}),
    ],
)
async def test_what_makes_no_sense_is_refused(post: Post, field: str, changes: dict[str, object]) -> None:
    async with asking(post, "pct.nomin") as nomin:
        with pytest.raises(Refused) as refused:
            await nomin.save_notifications(replaced(EVERYTHING, **changes))
        assert (refused.value.code, refused.value.at) == ("malformed", {"field": field})


async def test_a_members_address_is_seen_by_nobody_else(post: Post) -> None:
    address = await told(post, "zu.tuya", "secret.tuya@zu.test")
    async with asking(post, "zu.bold") as bold, asking(post, "nhrcm.altan") as altan:
        for other in (bold, altan):
            assert (await other.notifications()).address == ""
        seen = [await bold.colleagues(), await bold.services("immigration-zamyn-uud"), await bold.feed(0)]
    assert "secret" not in repr(seen)
    assert address not in post.hub.said()


async def test_at_the_keyboard(post: Post) -> None:
    ortoo = Ortoo(post.hub.practice, post.hub.url)
    dulam = ("--as", "aum.dulam", "--lang", "en", "notifications")
    assert "You get no e-mail." in ortoo(*dulam).stdout
    for wrong, sentence in (
        (("set", "--address", "nowhere"), "This is not an e-mail address."),
        (("confirm", "0000", "0000"), "This is not the code that was sent to the address"),
    ):
        run = ortoo(*dulam, *wrong)
        assert run.returncode == 1
        assert sentence in run.stderr
    asked = ortoo(
        *dulam, "set", "--address", "keys@aum.test", "--urgency", "urgent", "--hours", "working", "--digest", "7"
    )
    assert "A code was sent there." in asked.stdout
    (mail,) = await post.mail.waits_for("keys@aum.test", 1)
    assert mail.message["Subject"] == "Өртөө: хаягаа батлах"  # nothing else was said
    assert "The address is confirmed." in ortoo(*dulam, "confirm", *code_in(mail).split()).stdout
    shown = ortoo(*dulam, "set", "--language", "en", "--no-digest").stdout
    for said in ("keys@aum.test", "English", "Urgent", "at once", "while your agency is open", "is confirmed"):
        assert said in shown
    assert ortoo.json(*dulam)["notifications"] == {
        "available": True,
        "address": "keys@aum.test",
        "confirmed": True,
        "refused": False,
        "language": "en",
        "urgencies": ["urgent"],
        "working_hours": True,
        "digest_hour": None,
    }
    assert "You get no e-mail." in ortoo(*dulam, "off").stdout
    assert rows(post, "preference", "address = 'keys@aum.test'") == 0


async def test_a_hub_without_a_mail_server_says_so(hub: Hub) -> None:
    async with Client(hub.url, practice.identity("mts.oyuka", hub.practice).token) as oyuka:
        assert not (await oyuka.notifications()).available
        with pytest.raises(Refused) as refused:
            await oyuka.save_notifications(replaced(EVERYTHING, address="oyuka@mts.test"))
        assert (refused.value.code, refused.value.at) == ("not_found", {"field": "address"})
    told = Ortoo(hub.practice, hub.url)("--as", "mts.oyuka", "--lang", "en", "notifications").stdout
    assert told.startswith("This hub sends no e-mail.")


# --- what a mail says -------------------------------------------------------------------------------------------------


async def test_a_mail_says_that_there_is_something_new_and_nothing_else(post: Post) -> None:
    english = await told(post, "imm.ganbold", "ganbold@imm.test")
    mongolian = await told(post, "imm.sarnai", "sarnai@imm.test", replaced(EVERYTHING, language="mn"))
    post.mail.received.clear()
    await send(post, "immigration", urgency="immediate")
    (in_english,) = await post.mail.waits_for(english, 1)
    (in_mongolian,) = await post.mail.waits_for(mongolian, 1)
    assert in_english.message["Subject"] == "Ortoo: something new"
    assert in_english.text == (
        f"There is something new in Ortoo. Sign in to see it:\n{post.hub.url}\n\n"
        "This mail was written by a machine, and says nothing more on purpose. How you are told: ortoo notifications\n"
    )
    assert in_mongolian.message["Subject"] == "Өртөө: шинэ зүйл байна"
    assert in_mongolian.text == (
        f"Өртөөд шинэ зүйл байна. Нэвтэрч харна уу:\n{post.hub.url}\n\n"
        "Энэ захидлыг машин бичсэн, илүү юу ч хэлэхгүй нь санаатай. Мэдэгдлийн тохиргоо: ortoo notifications\n"
    )
    for mail, language in ((in_english, "en"), (in_mongolian, "mn")):
        headers = {name: str(value) for name, value in mail.message.items()}
        assert re.fullmatch(r"<[0-9a-f-]{36}@hub\.test>", headers.pop("Message-ID"))
        assert headers.pop("Date").endswith(("-0000", "+0000"))
        assert headers.pop("X-Peer", "") == ""
        assert headers.pop("Subject")
        assert headers.pop("Content-Transfer-Encoding")
        assert headers == {
            "From": "ortoo@hub.test",
            "To": mail.to,
            "MIME-Version": "1.0",
            "Content-Type": 'text/plain; charset="utf-8"',
            "Content-Language": language,
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Precedence": "bulk",
        }
    assert in_english.id != in_mongolian.id

    # And it is the same for whatever happened.
    await send(post, "immigration", urgency="standard")
    _, other = await post.mail.waits_for(english, 2)
    assert (other.text, other.message["Subject"]) == (in_english.text, in_english.message["Subject"])


# --- when -------------------------------------------------------------------------------------------------------------


async def test_each_is_told_when_he_wants_to_and_of_immediate_danger_at_once(post: Post) -> None:
    """From a Saturday noon on: an office is closed until Monday nine, and the digest of one of them is at seven."""
    at_once = await told(post, "glc.tamir", "tamir@glc.test")
    in_hours = await told(post, "glc.ariun", "ariun@glc.test", replaced(EVERYTHING, working_hours=True))
    digest = await told(post, "pro.battulga", "battulga@pro.test", replaced(EVERYTHING, digest_hour=7))
    both = await told(post, "pro.ider", "ider@pro.test", replaced(EVERYTHING, digest_hour=7, working_hours=True))
    pressing = await told(post, "aum.purev", "purev@aum.test", replaced(EVERYTHING, urgencies=["immediate"]))
    never = await told(post, "aum.dulam", "dulam@aum.test", replaced(EVERYTHING, urgencies=["urgent"]))
    everybody = (at_once, in_hours, digest, both, pressing, never)

    def counts() -> list[int]:
        return [len(post.mail.mails(one)) for one in everybody]

    await moved_to(post, 5, 12)
    offices = ("legal-clinic", "prosecutor", "aimag-umnugobi")
    for expected_at_once in (1, 2):
        await send(post, *offices)
        await post.mail.waits_for(at_once, expected_at_once)
    await quiet(post)
    assert counts() == [2, 0, 0, 0, 0, 0]

    await send(post, *offices, urgency="immediate")
    await until(lambda: counts() == [3, 1, 1, 1, 1, 0])

    await moved_to(post, 6, 6)  # what is due by the clock on the immediate ones is immediate, too
    await until(lambda: counts()[0] > 3 and counts()[2] > 1)
    await quiet(post)
    before = counts()
    assert before[5] == 0
    await moved_to(post, 6, 7)  # two things wait for the digest, and come as one
    await until(lambda: counts() == [before[0], before[1], before[2] + 1, *before[3:]])
    await quiet(post)
    assert counts() == [before[0], before[1], before[2] + 1, *before[3:]]
    await moved_to(post, 0, 8)
    await quiet(post)
    before = counts()
    await moved_to(post, 0, 9)  # the office opens: the same, at its door
    await until(lambda: counts()[1] == before[1] + 1 and counts()[3] == before[3] + 1)
    await quiet(post)
    assert counts()[1] == before[1] + 1
    assert counts()[3] == before[3] + 1
    assert counts()[5] == 0


# --- who has left -----------------------------------------------------------------------------------------------------


async def test_coordinators_are_told_that_something_is_overdue(post: Post) -> None:
    """Of what has run out alone, by their own preferences; and nothing of what their agency is sent."""
    bold = await told(post, "nhrcm.bold", "bold@nhrcm.test")
    emma = await told(post, "iom.emma", "emma@iom.test", replaced(EVERYTHING, urgencies=["standard"]))
    await send(post, "nhrcm", "cfdc-umnugobi", urgency="immediate")
    await quiet(post)
    await moved(post, HOUR // 2 + MINUTE)  # the half: reminders
    await quiet(post)
    assert post.mail.mails(bold) == []
    await moved(post, HOUR // 2)
    (mail,) = await post.mail.waits_for(bold, 1)
    assert "nhrcm" not in mail.text.lower()
    await quiet(post)
    assert len(post.mail.mails(bold)) == 1
    assert post.mail.mails(emma) == []


async def test_who_has_left_gets_nothing_and_is_forgotten(post: Post, tmp_path: Path) -> None:
    async with at_work(post.hub, "ecpat.hulan") as hulan:
        leaver = Newcomer(f"ecpat.{secrets.token_hex(4)}", tmp_path)
        joined = await leaver.enrol(await expected(hulan, leaver))
        async with leaver.at_work() as waiting:  # not before the administrator has signed
            with pytest.raises(Refused) as refused:
                await waiting.client.save_notifications(replaced(EVERYTHING, address="leaver@ecpat.test"))
            assert refused.value.code == "role_not_allowed"
        await confirmed(hulan, joined)
        async with leaver.at_work() as session:
            await tell(post, session.client, "leaver@ecpat.test", replaced(EVERYTHING, digest_hour=3))
        hour = (await moved(post, 0)).astimezone(ULAANBAATAR).hour
        await send(post, "ecpat")  # waits for three o'clock
        assert rows(post, "preference", "address = 'leaver@ecpat.test'") == 1
        waiting_before = rows(post, "message", "mail_id IS NULL")
        assert waiting_before >= 1
        await administration.remove(hulan, joined.open.kept.member)
        assert rows(post, "preference", "address = 'leaver@ecpat.test'") == 0
        assert rows(post, "message", "mail_id IS NULL") == waiting_before - 1
    await send(post, "ecpat", urgency="immediate")
    await moved(post, (27 - hour) * HOUR)
    await quiet(post)
    assert post.mail.mails("leaver@ecpat.test") == []


# --- nobody is reached ------------------------------------------------------------------------------------------------


async def not_reached(post: Post, session: Session, *referrals: str) -> list[str]:
    return [one.referral for one in await feed_of(session) if one.kind == "not_reached" and one.referral in referrals]


async def test_where_no_mailbox_is_there_the_sender_is_told_once(post: Post) -> None:
    async with asking(post, "hum.otgon") as otgon:
        address = await told(post, "hum.otgon", "otgon@hum.test")
        # Her mailbox goes after she has confirmed it.
        at(post, address, "refused@hum.test")
        (lost,) = await send(post, "hospital-umnugobi", urgency="immediate")
        await until(lambda: rows(post, "preference", "refused_at IS NOT NULL") == 1)
        assert post.mail.tried.count("refused@hum.test") == 1
        assert (await otgon.notifications()).refused
    nobody_used_the_hub(post, "hospital-umnugobi")
    async with at_work(post.hub, "mrc.nara") as nara:
        await moved(post, 7 * MINUTE)
        async with asyncio.timeout(20):
            while await not_reached(post, nara, lost) != [lost]:
                await asyncio.sleep(0.2)
        place = next(one.sequence for one in await feed_of(nara) if one.kind == "not_reached" and one.referral == lost)
        ortoo = Ortoo(post.hub.practice, post.hub.url)
        follows = ("--as", "mrc.nara", "--lang", "en", "follow", "--after", str(place - 1), "--count", "1")
        assert "nobody of Umnugobi" in ortoo(*follows).stdout
        await moved(post, 2 * LATE)
        (again,) = await send(post, "hospital-umnugobi", urgency="immediate")
        await quiet(post)
        assert post.mail.tried.count("refused@hum.test") == 1  # it is not tried for ever
        assert await not_reached(post, nara, lost, again) == [lost]  # and of the newer one it is not known yet
        await moved(post, LATE + MINUTE)
        async with asyncio.timeout(20):
            while await not_reached(post, nara, lost, again) != [lost, again]:
                await asyncio.sleep(0.2)
    async with asking(post, "hum.otgon") as otgon:  # the same address, mended: a code first
        await otgon.save_notifications(replaced(EVERYTHING, address="otgon@hum.test"))
        (code,) = post.mail.mails("otgon@hum.test") or await post.mail.waits_for("otgon@hum.test", 1)
        mended = await otgon.confirm_address(code_in(code))
        assert (mended.confirmed, mended.refused) == (True, False)


async def test_who_follows_or_was_mailed_is_reached(post: Post) -> None:
    """And who does neither is not; a standard one gets its quarter of an hour within the agency's hours."""
    await told(post, "lum.khongor", "khongor@lum.test")
    await moved_to(post, 4, 20)  # Friday evening
    agencies = {"labour-umnugobi": "mailed", "cfdc-umnugobi": "follows", "consulate-erenhot": "nobody"}
    async with at_work(post.hub, "cfu.bayar") as bayar, following(bayar, 0) as follower:
        for agency in agencies:
            nobody_used_the_hub(post, agency)
        sent = dict(zip(agencies.values(), await send(post, *agencies, urgency="immediate"), strict=True))
        (closed,) = await send(post, "aimag-dornogobi")
        nobody_used_the_hub(post, "aimag-dornogobi")
        await until(lambda: any(one.referral == sent["follows"] for one in follower.entries))
        await post.mail.waits_for("khongor@lum.test", 1)
        await moved(post, LATE - 2 * MINUTE)
        await quiet(post)
        async with at_work(post.hub, "mrc.nara") as nara:
            assert await not_reached(post, nara, closed, *sent.values()) == []
            await moved(post, 3 * MINUTE)
            async with asyncio.timeout(20):
                while await not_reached(post, nara, closed, *sent.values()) != [sent["nobody"]]:
                    await asyncio.sleep(0.2)
            await moved_to(post, 0, 9)
            await quiet(post)
            assert await not_reached(post, nara, closed, *sent.values()) == [sent["nobody"]]
            await moved(post, LATE + MINUTE)
            async with asyncio.timeout(20):
                while await not_reached(post, nara, closed, *sent.values()) != [sent["nobody"], closed]:
                    await asyncio.sleep(0.2)


# --- a mail server that does not do what it should --------------------------------------------------------------------


async def test_one_that_hangs_or_is_put_off_holds_up_nobody_and_no_clock(post: Post) -> None:
    for handle in ("cfd.tsend", "osc.uyanga", "mkb.erdene", "mts.sukh"):
        await told(post, handle, f"{handle}@gobi.test")
    at(post, "cfd.tsend@gobi.test", "hangs@gobi.test")
    at(post, "osc.uyanga@gobi.test", "later@gobi.test")
    at(post, "mkb.erdene@gobi.test", "relay@gobi.test")
    sent = await send(
        post, "cfdc-dornogobi", "shelter-sainshand", "mine-khanbogd", "mine-tsogttsetsii", urgency="immediate"
    )
    async with asyncio.timeout(10):
        while not {"hangs@gobi.test", "later@gobi.test", "relay@gobi.test"} <= {*post.mail.tried}:
            await asyncio.sleep(0.05)
    await post.mail.waits_for("mts.sukh@gobi.test", 1, within=5)
    async with at_work(post.hub, "mrc.nara") as nara, at_work(post.hub, "cfd.anu") as anu:
        await moved(post, 31 * MINUTE)  # while it hangs again, the reminders come
        async with asyncio.timeout(10):
            while [one.kind for one in await feed_of(anu)] != ["referral_sent", "reminder"]:
                await asyncio.sleep(0.2)
        await post.mail.waits_for("mts.sukh@gobi.test", 2)  # of its reminder
        # They have been unsent for too long by now.
        status, told_ = health(post.hub)
        assert (status, told_["missing"]) == (503, ["mail"])
        assert told_["means"] == [
            "E-mail has waited for more than a quarter of an hour. Does the worker run and the mail server answer, "
            "and are EMAIL_URL and ORTOO_EMAIL_FROM right?"
        ]
        if post.hub.store.kind == "sqlite":
            operators = manage_health(post.hub.store, LANG="C")
            assert (operators.returncode, operators.stdout) == (1, told_["means"][0] + "\n")
        assert {*await not_reached(post, nara, *sent)} <= {*sent[:3]}
    for name in ("later", "relay"):
        tries = post.mail.tried.count(f"{name}@gobi.test")
        assert 2 <= tries <= 6, tries  # again and again, with a pause that grows
    assert rows(post, "preference", "refused_at IS NOT NULL AND address LIKE '%gobi.test'") == 0
    # Each gets what waited, once it can be had: one mail, whatever there was.
    for name in ("hangs", "later", "relay"):
        at(post, f"{name}@gobi.test", f"{name}-mended@mended.test")
    await quiet(post)  # what is on its way now ends
    await moved(post, 11 * MINUTE)
    for name in ("hangs", "later", "relay"):
        await until(lambda name=name: bool(post.mail.mails(f"{name}-mended@mended.test")))  # type: ignore[misc]
    await until(lambda: health(post.hub)[0] == 200)
    assert len(post.mail.mails("later-mended@mended.test")) == len(post.mail.mails("relay-mended@mended.test")) == 1
    said = post.hub.said()
    assert "mail_not_taken" in said
    assert "gobi.test" not in said
    assert "Relay" not in said
    assert "Traceback" not in said


async def test_after_a_stop_people_get_one_summary(post: Post) -> None:
    """The mail server is away for most of a day, and everything waits."""
    address = await told(post, "ado.chimeg", "chimeg@ado.test")
    nobody_used_the_hub(post, "aimag-dornogobi")
    post.mail.stop()
    sent = []
    for _ in range(3):
        sent += await send(post, "aimag-dornogobi", urgency="immediate")
    await quiet(post)
    assert health(post.hub)[0] == 200
    await moved(post, LATE + MINUTE)
    assert health(post.hub)[1]["missing"] == ["mail"]
    async with at_work(post.hub, "mrc.nara") as nara, asyncio.timeout(20):
        while sorted(await not_reached(post, nara, *sent)) != sorted(sent):
            await asyncio.sleep(0.2)
    await moved(post, 5 * HOUR)  # and all that is due on them meanwhile
    await quiet(post)
    post.mail.start()
    await moved(post, 11 * MINUTE)
    await post.mail.waits_for(address, 1)
    await quiet(post)
    assert len(post.mail.mails(address)) == 1
    assert health(post.hub) == (200, {"ready": True, "missing": []})


async def test_what_nobody_takes_is_given_up_after_five_days(post: Post) -> None:
    address = await told(post, "hdo.gerel", "gerel@hdo.test")
    at(post, address, "later@hdo.test")
    await send(post, "hospital-dornogobi", urgency="immediate")
    await until(lambda: "later@hdo.test" in post.mail.tried)
    async with asking(post, "hdo.gerel") as gerel:
        await moved(post, 5 * DAY + HOUR)
        await until(lambda: rows(post, "mail", "failed_at IS NOT NULL") >= 1)
        assert not (await gerel.notifications()).refused  # the next one is tried again
        at(post, "later@hdo.test", address)
        await send(post, "hospital-dornogobi", urgency="immediate")
        await until(lambda: bool(post.mail.mails(address)))


# --- without consent --------------------------------------------------------------------------------------------------


async def test_what_went_without_consent_is_told_to_those_who_review_it_and_to_nobody_else_there(post: Post) -> None:
    """Once it has left; where nobody else can sign, before. In one mail that names nothing: who sends and opens there,
    and their feed, learn nothing.
    """
    bold = await told(post, "nhrcm.bold", "reviews@nhrcm.test")
    altan = await told(post, "nhrcm.altan", "altan@nhrcm.test")
    emma = await told(post, "iom.emma", "reviews@iom.test")
    async with (
        at_work(post.hub, "nhrcm.altan") as colleague,
        at_work(post.hub, "zu.tuya") as tuya,
        at_work(post.hub, "zu.bold") as second,
        at_work(post.hub, "moj.bat") as alone,
    ):
        before = await feed_of(colleague)
        (sent,) = await tuya.send(a_child(71))
        await quiet(post)
        assert post.mail.mails(bold) == []
        await second.second(sent.id)
        (mail,) = await post.mail.waits_for(bold, 1)
        assert sent.id not in mail.text
        await alone.send(replace(a_child(72), sender=None))
        await post.mail.waits_for(bold, 2)
        await quiet(post)
        assert len(post.mail.mails(bold)) == 2
        assert await feed_of(colleague) == before
    assert [len(post.mail.mails(one)) for one in (altan, emma)] == [0, 0]
