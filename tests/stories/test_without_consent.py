"""Without her consent: two sign, everybody who sees it sees that, somebody else reviews it, and may end it at once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from ortoo import consenting, contract, receipt_proofs, receipts
from ortoo.client import Client
from ortoo.form import Form, Grant
from ortoo.protocol import schemas
from ortoo.protocol.documents import instant, new_id, sign, stamp
from ortoo.protocol.errors import Refused
from ortoo.reading import Referral
from ortoo.session import Opened, Session
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.log.reading import logged
from tests.members import SCENARIOS, all_ids, at_work, feed_of
from tests.stories.test_answering import is_kept, keys_of
from tests.stories.test_clocks import DAY, HOUR, moved
from tests.stories.test_taking_back import refused

ALONE = SCENARIOS / "04-child-alone-at-the-border.json"
NOBODY_ANSWERS = SCENARIOS / "08-nobody-answers.json"


ALL_OF_IT = ["needs", "identity", "safety", "child", "justification"]


def a_child(number: int) -> Form:
    """The child at the border, to one agency, unlike every other number's."""
    form = Form.read(ALONE)
    sections = {**form.sections, "needs": {**form.sections["needs"], "dependants": number}}
    grants = {"cfdc-dornogobi": form.consent.grants["cfdc-dornogobi"]}
    return replace(
        form, recipients=("cfdc-dornogobi",), sections=sections, consent=replace(form.consent, grants=grants)
    )


async def told_of(session: Session, sent: Referral) -> int:
    """Of how many of a referral's documents the log tells a member, who knows what it cannot know: H of each."""
    await session.sync()
    assert session.activity is not None
    documents = [sent.document.sha256, sent.decision.sha256, *(one.document.sha256 for one in sent.steps)]
    return len(await session.client.logged(session.activity.size, documents))


async def seen_by(session: Session, id: str) -> tuple[bool, bool, bool]:
    """Whether a member finds it: by its id, in its list, in its trail."""
    shown = await session.client.referral(id) is not None
    listed = id in await all_ids(session, "inbox")
    trail = await session.client.trail(50, None, contract.TrailFilter())
    return shown, listed, id in {edge.node.referral for edge in trail.edges}


async def refusal(work: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Refused) as raised:
        await work
    return raised.value.code, dict(raised.value.at)


@pytest.mark.parametrize("own_hub", ["sqlite"], indirect=True)
async def test_she_is_told_by_her_code_from_the_time_on_that_was_signed(own_hub: Hub) -> None:
    form, given = Form.read(NOBODY_ANSWERS), receipts.draw("full")
    assert form.consent.exception is not None
    later = replace(form.consent, exception=replace(form.consent.exception, tell_after_days=7))
    law, childs = receipts.draw("full"), a_child(91)
    assert childs.consent.exception is not None
    childs_later = replace(childs.consent, exception=replace(childs.consent.exception, tell_after_days=7))
    async with at_work(own_hub, "zu.tuya") as tuya:
        await tuya.send(replace(childs, consent=childs_later), law.key(tuya.directory.id))
    async with at_work(own_hub, "hum.otgon") as otgon, Client(own_hub.url) as her:
        (sent,) = await otgon.send(replace(form, consent=later), given.key(otgon.directory.id))
        for by in (0, 7 * DAY - 60):
            await moved(otgon, by, sent.id)
            shown = await receipts.look(her, given.code)
            assert (shown.holders, shown.documents) == (None, [])
            code, at = await refusal(receipts.withdraw(her, law.code, [receipts.everything()]))
            assert (code, at) == ("receipt_unknown", {})  # nor is it said by what she may not take back
        await moved(otgon, 120, sent.id)
        assert (await refusal(receipts.withdraw(her, law.code, [receipts.everything()])))[0] == "basis_not_allowed"
        shown = await receipts.look(her, given.code)
        (holder,) = shown.holders or []
        assert holder.reviewer is not None
        assert (holder.to, holder.basis, holder.reviewer.handle) == (sent.recipient, "danger_to_life", "nhrcm")
        (of_law,) = (await receipts.look(her, law.code)).holders or []
        assert (of_law.to, of_law.basis) == ("cfdc-dornogobi", "child_at_risk")
        ortoo = Ortoo(own_hub.practice, own_hub.url)
        said = ortoo("--lang", "en", "receipt", given.code).stdout
        assert "Umnugobi aimag hospital passed this on without your consent." in said
        assert "You decided" not in said
        assert "Without your consent: Danger to life (vital interest). Reviewed by: National Human Rights" in said

        page = own_hub.practice / "page.html"
        assert ortoo("--as", "hum.otgon", "consent", "export", sent.id, "--out", str(page)).returncode == 0
        printed = page.read_text(encoding="utf-8")
        assert "<h1>Without the person’s consent</h1>" in printed
        assert "What was agreed" not in printed

        # A hub that calls it her consent is found out by what was signed.
        lied = msgspec.structs.replace(holder, basis="informed_consent", reviewer=None)
        with pytest.raises(Refused, match="not what was signed"):
            await receipt_proofs.prove(her, given.code, msgspec.structs.replace(shown, holders=[lied]))


async def test_it_waits_for_a_colleague_and_is_overturned_at_once(hub: Hub) -> None:
    async with (
        at_work(hub, "zu.tuya") as tuya,
        at_work(hub, "zu.bold") as bold,
        at_work(hub, "cfd.tsend") as tsend,
        at_work(hub, "nhrcm.bold") as reviewer,
        at_work(hub, "nhrcm.altan") as altan,
        at_work(hub, "iom.emma") as emma,
        at_work(hub, "mrc.nara") as nara,
    ):
        told = len(await feed_of(tsend))
        (sent,) = await tuya.send(a_child(1))
        id = sent.id
        assert sent.state == "waiting"
        assert await seen_by(tsend, id) == (False, False, False)
        assert await reviewer.client.referral(id) is None
        for stranger in (tsend, reviewer):
            opening = await asyncio.gather(stranger.open_referral(id), return_exceptions=True)
            assert isinstance(opening[0], Refused)
            assert opening[0].code == "not_found"
        assert (await refused(tuya.second(id)))[0] == "second_signature_missing"
        assert len(await feed_of(tsend)) == told
        tiers = {one.node.id: one.tier for one in (await bold.client.outbox()).edges}
        assert tiers[id] == "ours"  # the agency is to sign: it waits for nobody else

        # Nor does the log tell of it: neither its recipient, nor who is to review it or oversees all, nor anybody else.
        await logged(hub.store)
        others = (tsend, reviewer, altan, emma, nara)
        assert [await told_of(one, await tuya.show(id)) for one in (tuya, bold)] == [2, 2]
        assert [await told_of(one, await tuya.show(id)) for one in others] == [0] * 5

        assert (await bold.open_referral(id)).readable == ALL_OF_IT
        assert (await bold.second(id)).state == "sent"
        assert await seen_by(tsend, id) == (True, True, True)
        assert [(one.kind, one.referral) for one in (await feed_of(tsend))[told:]] == [("referral_sent", id)]
        opened = await tsend.open_referral(id)
        assert opened.readable == ALL_OF_IT
        assert [one.kind for one in opened.referral.owed] == ["acknowledge", "decide"]
        shown = Ortoo(hub.practice, hub.url)("--as", "cfd.tsend", "--lang", "en", "show", id).stdout
        assert "Without the person’s consent: " in shown

        await logged(
            hub.store
        )  # the referral, the decision, the second signature, the opening; no decision to an overseer
        shown = [await told_of(one, await tuya.show(id)) for one in (tuya, tsend, *others[1:])]
        assert shown == [4, 4, 4, 0, 3, 0]

        # Its reviewer opens the justification, and nothing else of it; whoever sends and opens there sees nothing.
        assert await altan.client.referral(id) is None
        assert (await reviewer.open_referral(id)).readable == ["justification"]
        assert (await refused(reviewer.step(id, "accepted")))[0] == "step_illegal"
        assert (await refused(tsend.review(id, "upheld")))[0] == "step_illegal"
        assert (await refused(bold.review(id, "overturned")))[0] == "step_illegal"
        assert (await reviewer.review(id, "upheld")).state == "opened"
        (second,) = await tuya.send(a_child(2))  # another child's: what is overturned is one consent
        await bold.second(second.id)

        keys = keys_of(hub.store, id, "cfdc-dornogobi")
        assert len(keys) == 6
        overturned = await reviewer.review(id, "overturned")
        assert overturned.state == "withdrawn"
        assert keys_of(hub.store, id, "cfdc-dornogobi") == []
        assert not [key for key in keys if is_kept(hub.store, key)]
        assert await refused(tsend.open_referral(id)) == ("step_illegal", "withdrawn")
        assert [one.kind for one in (await tsend.show(id)).owed] == ["delete"]
        assert (await reviewer.open_referral(id)).readable == ["justification"]
        assert (await tuya.open_referral(id)).readable == ALL_OF_IT
        assert (await refused(reviewer.review(id, "upheld")))[0] == "step_illegal"
        wider = {"ecpat": Grant(("needs",), ("give_service",), 5)}
        await consenting.new_version(tuya, sent.decision.body.consent, wider)
        assert (await refused(tuya.resend(a_child(1), "ecpat", id)))[0] == "consent_withdrawn"
        assert (await tsend.open_referral(second.id)).referral.state == "opened"


async def test_where_nobody_else_can_sign_the_reviewing_agency_does_and_another_of_it_reviews(hub: Hub) -> None:
    async with (
        at_work(hub, "moj.bat") as bat,
        at_work(hub, "cfd.tsend") as tsend,
        at_work(hub, "nhrcm.bold") as signs,
        at_work(hub, "nhrcm.uyanga") as reviews,
    ):
        (sent,) = await bat.send(replace(a_child(4), sender=None))
        assert sent.state == "waiting"
        assert (await refused(bat.second(sent.id)))[0] == "second_signature_missing"
        assert await seen_by(tsend, sent.id) == (False, False, False)
        assert (await signs.open_referral(sent.id)).readable == ["justification"]
        assert (await signs.second(sent.id)).state == "sent"
        for verdict in ("upheld", "overturned"):
            assert (await refused(signs.review(sent.id, verdict)))[0] == "role_not_allowed"
        # Opened and overturned at the same moment: whichever is first, nothing is left to open.
        work = (tsend.open_referral(sent.id), reviews.review(sent.id, "overturned"))
        opened, overturned = await asyncio.gather(*work, return_exceptions=True)
        if isinstance(overturned, Refused):  # the page it signed on was older than the opening
            overturned = await reviews.review(sent.id, "overturned")
        assert not isinstance(overturned, BaseException)
        assert overturned.state == "withdrawn"
        assert isinstance(opened, Opened | Refused)
        assert await refused(tsend.open_referral(sent.id)) == ("step_illegal", "withdrawn")
        assert keys_of(hub.store, sent.id, "cfdc-dornogobi") == []
        owed = [one.kind for one in (await tsend.show(sent.id)).owed]
        assert owed == (["delete"] if isinstance(opened, Opened) else [])


@pytest.mark.parametrize("own_hub", ["sqlite"], indirect=True)
async def test_danger_to_life_leaves_at_once_and_the_second_signature_is_owed(own_hub: Hub) -> None:
    form = Form.read(NOBODY_ANSWERS)
    async with (
        at_work(own_hub, "hum.otgon") as otgon,
        at_work(own_hub, "hum.sodnom") as sodnom,
        at_work(own_hub, "pum.enkh") as enkh,
        at_work(own_hub, "nhrcm.bold") as reviewer,
    ):
        (sent,) = await otgon.send(form)
        assert sent.state == "sent"
        assert (await enkh.accept(sent.id)).state == "accepted"
        assert [(one.kind, one.agency) for one in sent.owed if one.kind == "second"] == [
            ("second", "hospital-umnugobi")
        ]
        assert await moved(otgon, 24 * HOUR - 60, sent.id) == []
        assert await moved(otgon, 120, sent.id) == ["second_member_missing_escalated"]
        overdue = [one for one in await reviewer.client.overdue() if one.referral == sent.id]
        assert [(one.owed.kind, one.owed.agency) for one in overdue] == [("second", "hospital-umnugobi")]
        await sodnom.sync()
        assert (await sodnom.second(sent.id)).state == "accepted"
        assert [one for one in await reviewer.client.overdue() if one.referral == sent.id] == []

        # Whoever has reviewed it does not sign for it afterwards.
        async with (
            at_work(own_hub, "moj.bat") as alone,
            at_work(own_hub, "nhrcm.uyanga") as colleague,
        ):
            await reviewer.sync()
            (other,) = await alone.send(
                replace(form, sender=None, sections={**form.sections, "needs": {"dependants": 7}})
            )
            assert (await reviewer.review(other.id, "upheld")).state == "sent"
            assert (await refused(reviewer.second(other.id)))[0] == "role_not_allowed"
            await colleague.second(other.id)
            assert (await refused(colleague.review(other.id, "overturned")))[0] == "role_not_allowed"


def forged(session: Session, body: schemas.Consent, **changes: Any) -> contract.Sealed:
    return contract.Sealed(envelope=sign(msgspec.structs.replace(body, **changes), session.signer.key).envelope)


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_no_exception_is_wider_or_longer_than_the_protocol_has_it(hub: Hub) -> None:
    async with at_work(hub, "zu.tuya") as tuya, at_work(hub, "zu.bold") as bold:
        (sent,) = await tuya.send(a_child(3))
        body = sent.decision.body
        assert body.granted
        assert body.exception
        after = stamp(instant(body.exception.tell_after or body.at) + timedelta(seconds=1))

        def told(after: str) -> schemas.ConsentException:
            assert body.exception
            return msgspec.structs.replace(body.exception, tell_after=after)

        never = schemas.Decision(consent=new_id(), to="mgec", sha256=sent.decision.sha256)
        fresh = {"version": 1, "prev": None, "consent": new_id()}
        late = "2027-06-01T00:00:00Z"
        for changes, code in (
            ({**fresh, "exception": None}, "basis_not_allowed"),
            (
                {**fresh, "exception": msgspec.structs.replace(body.exception, reviewer="cfdc-dornogobi")},
                "basis_not_allowed",
            ),
            ({**fresh, "granted": msgspec.structs.replace(body.granted, until=late)}, "basis_not_allowed"),
            (
                {
                    "version": 2,
                    "prev": sent.decision.sha256,
                    "granted": msgspec.structs.replace(body.granted, until=late),
                },
                "basis_not_allowed",
            ),
            ({**fresh, "exception": msgspec.structs.replace(body.exception, overrides=never)}, "not_found"),
            # She is told once, and by then: not after years, and not later than was said.
            ({**fresh, "exception": told(stamp(tuya.now() + timedelta(days=366)))}, "basis_not_allowed"),
            ({"version": 2, "prev": sent.decision.sha256, "exception": told(after)}, "basis_not_allowed"),
        ):
            assert (await refused(tuya.client.record_consent([forged(tuya, body, **changes)])))[0] == code, changes
        await bold.recall(sent.id, "no_longer_needed")
        assert (await bold.second(sent.id)).state == "recalled"  # a signature that comes too late sends nothing
        async with at_work(hub, "cfd.tsend") as tsend:
            assert await seen_by(tsend, sent.id) == (False, False, False)
