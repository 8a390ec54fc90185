"""Children: the guardian agrees and the child too, the child's own no stands, and a suspect decides nothing."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from ortoo import consenting
from ortoo.cli import REFUSED
from ortoo.form import Form, FormError, Grant
from ortoo.protocol import schemas
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.members import SCENARIOS, all_ids, at_work
from tests.stories.test_answering import keys_of
from tests.stories.test_taking_back import refused
from tests.stories.test_without_consent import a_child, forged

GIRL = SCENARIOS / "13-grandmother-and-girl.json"
OF_THREE = Grant(("needs", "child", "account"), ("give_service",), 30)


def girl(number: int, **child: Any) -> Form:
    """Grandmother and girl, unlike every other number's; child: what is otherwise in that section."""
    form = Form.read(GIRL)
    sections = {
        **form.sections,
        "needs": {**form.sections["needs"], "dependants": number},
        "child": {**form.sections["child"], **child},
    }
    return replace(form, sections=sections)


async def test_what_the_girl_refuses_no_guardian_opens_again(hub: Hub) -> None:
    async with at_work(hub, "cfu.bayar") as bayar, at_work(hub, "ecpat.temuu") as temuu:
        (sent,) = await bayar.send(girl(1))
        id = sent.decision.body.consent
        assert (await temuu.open_referral(sent.id)).readable == ["needs", "account", "child"]
        told = sent.decision.body.given
        hers = msgspec.structs.replace(told, by="person")

        # She takes what happened back from them. Her grandmother agrees to it anew: by the SDK, by the command line, by
        # a document of one's own making, for an adult, or as if the girl alone could agree.
        (no,) = await consenting.new_version(
            bayar, id, {"ecpat": replace(OF_THREE, sections=("needs", "child"))}, {"ecpat": ["account"]}, told
        )
        assert (await temuu.open_referral(sent.id)).readable == ["needs", "child"]
        for given in (told, hers):
            yes = consenting.new_version(bayar, id, {"ecpat": OF_THREE}, {"ecpat": []}, given)
            assert (await refused(yes))[0] == "basis_not_allowed"
        grandmother = ("--days", "30", "--section", "account", "--refuse", "medical", "--by", "guardian", "--yes")
        run = Ortoo(hub.practice, hub.url)
        said = run("--as", "cfu.bayar", "--json", "consent", "decide", sent.id, *grandmother)
        assert said.returncode == REFUSED
        assert '"basis_not_allowed"' in said.stdout
        next_one = {"version": 3, "prev": no.sha256}
        granted = msgspec.structs.replace(no.body.granted, sections=["account", "child", "needs"])
        for changes in (
            {"granted": granted, "refused": []},
            {"granted": granted, "refused": [], "basis": "informed_consent", "given": hers},
            {"granted": granted, "given": hers},
            {"granted": msgspec.structs.replace(granted, sections=["*"]), "given": hers},
            {"granted": None, "refused": [], "given": msgspec.structs.replace(told, by=None)},  # by nobody
            {"granted": None, "refused": [], "given": msgspec.structs.replace(told, by="grandmother")},
        ):
            code, _ = await refused(bayar.client.record_consent([forged(bayar, no.body, **next_one, **changes)]))
            assert code == "basis_not_allowed", changes
        assert (await temuu.open_referral(sent.id)).readable == ["needs", "child"]
        assert len(keys_of(hub.store, sent.id, "ecpat")) == 3  # of the two, and of the referral itself

        # What she never refused her grandmother may widen; and what she allows by her own word may follow, sent anew.
        (wider,) = await consenting.new_version(bayar, id, {"ecpat": replace(OF_THREE, days=50)}, given=told)
        assert wider.body.refused == ["account"]
        await consenting.new_version(bayar, id, {}, {"ecpat": []}, hers)
        await consenting.new_version(bayar, id, {"ecpat": OF_THREE}, given=told)
        again = await bayar.resend(girl(1), "ecpat", sent.id)
        assert (await temuu.open_referral(again.id)).readable == ["needs", "account", "child"]


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("changes", "field", "problem"),
    [
        ({"assent": None}, "sections.child.assent", "missing"),
        ({"assent": "  "}, "sections.child.assent", "missing"),
        ({"guardian_is_safe": False}, "sections.child.guardian_is_safe", "guardian_unsafe"),
    ],
)
async def test_no_yes_of_a_guardian_without_the_childs_or_from_a_suspect(
    hub: Hub, changes: dict[str, Any], field: str, problem: str
) -> None:
    async with at_work(hub, "cfu.bayar") as bayar, at_work(hub, "ecpat.temuu") as temuu:
        before = await all_ids(bayar, "outbox"), await all_ids(temuu, "inbox")
        with pytest.raises(FormError) as raised:
            await bayar.send(girl(2, **changes))
        assert (raised.value.field, raised.value.problem) == (field, problem)
        assert (await all_ids(bayar, "outbox"), await all_ids(temuu, "inbox")) == before


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_who_speaks_for_a_child_at_the_form_and_what_of_it_is_never_all(hub: Hub) -> None:
    form = girl(3)
    everything = {"ecpat": replace(form.consent.grants["ecpat"], sections=("*",))}
    async with at_work(hub, "cfu.bayar") as bayar:
        before = await all_ids(bayar, "outbox")
        with pytest.raises(FormError, match="guardian_decides"):
            await bayar.send(replace(form, consent=replace(form.consent, given_by="person")))
        code, _ = await refused(bayar.send(replace(form, consent=replace(form.consent, grants=everything))))
        assert code == "basis_not_allowed"
        assert await all_ids(bayar, "outbox") == before


async def test_whose_guardian_is_a_suspect_is_decided_about_by_child_protection(hub: Hub) -> None:
    elsewhere = a_child(31)
    grant = elsewhere.consent.grants["cfdc-dornogobi"]
    async with at_work(hub, "zu.tuya") as tuya, at_work(hub, "mgec.delger") as delger:
        before = await all_ids(delger, "inbox"), await all_ids(tuya, "outbox")
        to_shelter = replace(
            elsewhere, recipients=("mgec",), consent=replace(elsewhere.consent, grants={"mgec": grant})
        )
        assert (await refused(tuya.send(to_shelter)))[0] == "basis_not_allowed"
        assert (await all_ids(delger, "inbox"), await all_ids(tuya, "outbox")) == before
        (sent,) = await tuya.send(a_child(32))
        assert sent.state == "waiting"
    # Child protection itself sends it on to a bed, by the same rule.
    async with at_work(hub, "cfu.bayar") as bayar:
        (bed,) = await bayar.send(replace(to_shelter, sender=None))
        assert (bed.state, bed.recipient) == ("waiting", "mgec")
        exception = bed.decision.body.exception
        assert exception == schemas.ConsentException(reviewer="nhrcm", overrides=None, tell_after=None)
