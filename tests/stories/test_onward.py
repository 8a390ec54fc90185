"""What an agency was sent goes on to a third one: what it may read itself, where the person decided so, and told."""

import asyncio
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ortoo import attaching, consenting, contract, drafting, forwarding
from ortoo.attached import Attached
from ortoo.client import HubUnreachable
from ortoo.consenting import Scope
from ortoo.form import Form, Grant
from ortoo.protocol import referral as sealing
from ortoo.protocol import schemas
from ortoo.protocol.attachments import PIECE
from ortoo.protocol.documents import Document, new_id
from ortoo.protocol.errors import Refused
from ortoo.protocol.sealing import base
from ortoo.reading import Referral
from ortoo.session import Session
from tests.attacks.test_pressure import suspend
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.members import all_ids, at_work, feed_of
from tests.sdk.line import Line
from tests.stories.test_answering import is_kept, keys_of
from tests.stories.test_attachments import CONTENT, a_file, files_of, is_not_there, stored
from tests.stories.test_taking_back import refused, tonight
from tests.stories.test_withdrawing import consent_of, texts_of

RACES = int(os.environ.get("ORTOO_RACES", "4"))
THREE = ("needs", "identity", "safety")


def to_iom(number: int, *purposes: str) -> Form:
    """Nara's form for IOM: three sections, and what she refused to the police."""
    form = tonight(number)
    grants = {"iom": Grant(THREE, purposes or ("give_service",), 90)}
    return replace(form, recipients=("iom",), consent=replace(form.consent, grants=grants))


async def fault(work: Any) -> tuple[str, Any]:
    """The code of a refusal, and the part that it names."""
    (answer,) = await asyncio.gather(work, return_exceptions=True)
    assert isinstance(answer, Refused), answer
    return answer.code, answer.at.get("part")


async def test_the_coordinator_adds_a_decision_and_a_withdrawal_reaches_every_link(hub: Hub) -> None:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "iom.zaya") as zaya,
        at_work(hub, "mgec.delger") as delger,
    ):
        (sent,) = await nara.send(to_iom(1001, "give_service", "coordinate"))
        id = consent_of(sent)
        assert await fault(forwarding.forward(zaya, sent.id, "mgec", ["needs"])) == ("grant_missing", "needs")
        wider = {"mgec": Grant((*THREE, "contact"), ("give_service",), 30)}
        assert (await refused(consenting.new_version(zaya, id, wider)))[0] == "consent_author"
        await consenting.new_version(zaya, id, {"mgec": Grant(("needs", "safety"), ("give_service",), 30)})
        told = len(await feed_of(nara))
        onward = await forwarding.forward(zaya, sent.id, "mgec", ["safety", "needs"])
        assert (onward.sender, onward.recipient, onward.state) == ("iom", "mgec", "sent")
        assert onward.document.body.parent == schemas.Named(id=sent.id, sha256=sent.document.sha256)

        assert (await delger.open_referral(onward.id)).readable == ["needs", "safety"]
        assert (await zaya.open_referral(onward.id)).readable == ["needs", "safety"]  # its own, as its sender
        assert [(one.kind, one.referral) for one in (await feed_of(nara))[told:]] == [
            ("opened", sent.id),
            ("forwarded", sent.id),
        ]
        links = await forwarding.chain(nara, id)
        assert [(one.sender, one.recipient, one.parent, one.part_names) for one in links] == [
            ("mrc-umnugobi", "iom", None, THREE),
            ("iom", "mgec", sent.id, ("needs", "safety")),
        ]
        assert links[1].state == "opened"
        assert (await refused(nara.show(onward.id)))[0] == "not_found"  # headers, and no more
        assert (await refused(forwarding.chain(zaya, id)))[0] == "not_found"
        assert (await refused(forwarding.chain(delger, id)))[0] == "not_found"
        terminal = Ortoo(hub.practice, hub.url)
        shown = terminal("--as", "mrc.nara", "--lang", "en", "chain", sent.id).stdout
        assert "→ Mongolian Gender Equality Centre, passed on from" in shown

        # Sealed to go on, and not handed in: the device keeps it no longer than it may be read.
        await forwarding._draft(zaya, await forwarding.forwarding(zaya, sent.id, "mgec", ["safety"]), None)
        assert len(zaya.drafts) == 1
        kept = [key for agency in ("iom", "mgec") for key in keys_of(hub.store, onward.id, agency)]
        texts = texts_of(hub.store, onward.id)
        assert (len(kept), len(texts)) == (6, 2)
        await consenting.withdraw(nara, id)
        for one, reader in ((sent.id, zaya), (onward.id, delger)):
            seen = await reader.show(one)
            assert (seen.state, seen.deletion_owed_since is not None) == ("withdrawn", True)
            assert await refused(reader.open_referral(one)) == ("step_illegal", "withdrawn")
            assert (await reader.confirm_deletion(one)).deletion_owed_since is None
        assert len(zaya.drafts) == 0
        assert texts_of(hub.store, onward.id) == texts_of(hub.store, sent.id) == []
        assert not [secret for secret in (*kept, *(text[-64:] for text in texts)) if is_kept(hub.store, secret)]
        assert await fault(forwarding.forward(zaya, sent.id, "mgec", ["needs"])) == ("grant_missing", "needs")


async def test_the_same_passed_on_twice_at_once_is_one_referral(hub: Hub, tmp_path: Path) -> None:
    form = to_iom(1010, "give_service", "coordinate")
    form = replace(form, attached={"needs": (a_file(tmp_path, content=b"s" * 4_000),)})
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "iom.zaya") as zaya,
        at_work(hub, "iom.zaya") as another,
        at_work(hub, "mgec.delger") as delger,
    ):
        (sent,) = await nara.send(form)
        await consenting.new_version(zaya, consent_of(sent), {"mgec": Grant(("needs",), ("give_service",), 30)})
        before = len(await all_ids(delger, "inbox"))
        passing = (forwarding.forward(one, sent.id, "mgec", ["needs"]) for one in (zaya, another, zaya))
        onward = await asyncio.gather(*passing)
        assert len({one.id for one in onward}) == 1
        assert len(await all_ids(delger, "inbox")) == before + 1
        assert len(zaya.drafts) == 0


async def handed_on(
    session: Session,
    of: Referral,
    decision: Document[schemas.Consent],
    sections: tuple[str, ...],
    *,
    parent: schemas.Named | None = None,
    is_again: bool = False,
    file: tuple[str, Attached] | None = None,
    **routing: Any,
) -> Any:
    """Sealed and handed in whatever the own client would say. Gives the refusal's code and what it names.

    is_again: without a parent, as what is sent once more.
    """
    form, to, id = tonight(0), decision.body.to, new_id()
    binding = sealing.binding(session.signer, id, decision)
    files = [session.drafts.seal_file(file[1], file[0], binding)] if file else []
    whole = sealing.seal(
        session.signer,
        id=id,
        to=to,
        routing=msgspec.structs.replace(drafting.routing_of(form), **routing),
        decision=decision,
        texts={
            part: sealing.section_text(
                part, form.sections.get(part, {}), [one.said for one in files if base(one.said.part) == part]
            )
            for part in sections
        },
        files=files,
        public_keys=await session.public_keys((session.identity.agency, to)),
        at=session.now(),
        parent=None if is_again else parent or schemas.Named(id=of.id, sha256=of.document.sha256),
    )
    for one in files:
        await attaching.upload(session.client, session.drafts.sealed_file(one.stored.sha256), one.stored)
    handed_in = contract.Sealed.of(whole.document.envelope, whole.blobs)
    session.drafts.forget_files(one.stored.sha256 for one in files)
    (answer,) = await asyncio.gather(session.client.send_referrals([handed_in]), return_exceptions=True)
    if not isinstance(answer, Refused):
        return answer[0].id
    named = {name: value for name, value in answer.at.items() if name in ("field", "part", "reader", "state")}
    return answer.code, named


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
async def test_nothing_goes_on_but_what_was_sent_opened_and_may_still_be_read(hub: Hub) -> None:
    """An agency whose client checks nothing meets the hub."""
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "iom.zaya") as zaya,
        at_work(hub, "mgec.delger") as delger,
    ):
        form = to_iom(1002)
        grants = {**form.consent.grants, "mgec": Grant((*THREE, "contact"), ("give_service",), 30)}
        wanted = replace(form, consent=replace(form.consent, grants=grants, refusals={"kind:police": ("*",)}))
        (sent,) = await nara.send(wanted)
        (other,) = await nara.send(replace(to_iom(1003), sections={"needs": {"dependants": 3}}))
        decisions = (await nara.decisions(consent_of(sent))).newest
        to_mgec = decisions["mgec"]

        # A holder of a grant asks for one agency by name, and is told that one decision; whoever holds none is not.
        asked = await zaya.client.onward(sent.id, "mgec", ["needs"])
        assert (asked.to, asked.sha256) == ("mgec", to_mgec.sha256)
        assert {*(await zaya.decisions(consent_of(sent))).newest} == {"iom"}
        for to, parts, code in (
            ("police-ct", ["needs"], "grant_refused"),
            ("legal-clinic", ["needs"], "grant_missing"),
            ("mgec", ["account"], "grant_missing"),
            ("mgec", ["evidence"], "grant_missing"),
            ("mrc-umnugobi", ["needs"], "grant_missing"),  # the recorder reads without a decision: none goes to it
            ("nowhere", ["needs"], "not_found"),
        ):
            assert (await refused(zaya.client.onward(sent.id, to, parts)))[0] == code
        for outsider, id in ((delger, sent.id), (nara, sent.id), (zaya, new_id())):
            assert (await refused(outsider.client.onward(id, "mgec", ["needs"])))[0] == "not_found"

        named = ("step_illegal", {"state": "sent"})
        assert await handed_on(zaya, sent, to_mgec, ("needs",)) == named  # nobody of IOM has said that it read it
        await zaya.open_referral(sent.id)
        await zaya.open_referral(other.id)
        missing = ("grant_missing", {"part": "contact", "reader": "iom"})
        assert await handed_on(zaya, sent, to_mgec, ("needs", "contact")) == missing
        strange = {
            "another's": schemas.Named(id=(await nara.send(tonight(1004)))[0].id, sha256=sent.document.sha256),
            "of another consent": schemas.Named(id=other.id, sha256=other.document.sha256),
            "other bytes": schemas.Named(id=sent.id, sha256=other.document.sha256),
            "none": schemas.Named(id=new_id(), sha256=sent.document.sha256),
        }
        for parent in strange.values():
            answer = await handed_on(zaya, sent, to_mgec, ("needs",), parent=parent)
            assert answer == ("not_found", {"field": "parent"})
        grown = await handed_on(zaya, sent, to_mgec, ("needs",), minor=True)
        assert grown[0] == "basis_not_allowed"

        # IOM may read less since: neither the section that was taken back, nor anything once it is recalled.
        await consenting.withdraw(nara, consent_of(sent), Scope(("iom",), sections=("safety",)))
        gone = ("grant_refused", {"part": "safety", "reader": "iom"})
        assert await handed_on(zaya, sent, to_mgec, ("needs", "safety")) == gone
        nothing = ("grant_missing", {"part": "needs", "reader": "iom"})
        assert await handed_on(zaya, sent, to_mgec, ("needs",), is_again=True) == nothing  # it has sent nothing yet
        onward = await forwarding.forward(zaya, sent.id, "mgec", ["needs"])
        assert (await delger.open_referral(onward.id)).readable == ["needs"]
        await nara.recall(sent.id, "sent_by_mistake")
        assert await handed_on(zaya, sent, to_mgec, ("needs",)) == ("step_illegal", {"state": "recalled"})
        never = ("grant_missing", {"part": "identity", "reader": "iom"})
        assert await handed_on(zaya, sent, to_mgec, ("needs", "identity"), is_again=True) == never
        again = await handed_on(zaya, sent, to_mgec, ("needs",), is_again=True)  # what it sent itself, once more
        assert (await delger.open_referral(again)).readable == ["needs"]
        assert (await refused(forwarding.forward(zaya, sent.id, "mgec", ["needs"])))[0] == "step_illegal"

        # Its own copies of what it sent end with its own grant. It is told, for what its clients keep; others are not.
        told = [len(await feed_of(one)) for one in (nara, zaya, delger)]
        await consenting.withdraw(nara, consent_of(sent), Scope(("iom",)))
        assert keys_of(hub.store, onward.id, "iom") == keys_of(hub.store, again, "iom") == []
        assert [(one.kind, one.referral) for one in (await feed_of(zaya))[told[1] :]] == [
            ("withdrawn", onward.id),
            ("withdrawn", again),
        ]
        assert [len(await feed_of(one)) for one in (nara, delger)] == [told[0], told[2]]
        assert (await zaya.open_referral(onward.id)).readable == []
        assert (await delger.open_referral(onward.id)).readable == ["needs"]
        # So is whoever sent what had been taken back already, once she takes back all of it.
        await consenting.withdraw(nara, consent_of(sent))
        ended = [(one.kind, one.referral) for one in (await feed_of(nara))[told[0] :]]
        assert ended == [("withdrawn", sent.id)]
        assert (await nara.open_referral(sent.id)).readable == []

        # What a suspended agency owes it may still do.
        await suspend(hub, "mgec", True)
        try:
            await delger.sync()
            assert (await delger.show(onward.id)).deletion_owed_since is not None
            assert (await delger.confirm_deletion(onward.id)).deletion_owed_since is None
        finally:
            await suspend(hub, "mgec", False)


@pytest.mark.parametrize("own_hub", ["sqlite"], indirect=True)
async def test_files_go_on_with_their_sections_and_those_of_no_other(own_hub: Hub, tmp_path: Path) -> None:
    form = to_iom(1005)
    letter, film = a_file(tmp_path, "letter.bin", b"x" * 70_000), a_file(tmp_path, "film.bin")
    passport = a_file(tmp_path, "passport.bin", b"P" * 9_000)
    grants = {**form.consent.grants, "mgec": Grant(("needs", "safety"), ("give_service",), 30)}
    attached = {"needs": (letter, film), "identity": (passport,)}
    folder = tmp_path / "saved"
    folder.mkdir()
    async with (
        Line(own_hub.port) as line,
        at_work(own_hub, "mrc.nara") as nara,
        at_work(own_hub, "iom.zaya", line.url) as zaya,
        at_work(own_hub, "mgec.delger") as delger,
    ):
        whole = replace(form, sender=None, consent=replace(form.consent, grants=grants), attached=attached)
        (sent,) = await nara.send(whole)

        async def names(onward: Referral) -> list[tuple[str, str]]:
            opened = await delger.open_referral(onward.id)
            return [(one.said.part, one.said.name) for part in opened.parts for one in part.files]

        # The line goes while the second file is uploaded: it is one referral, and goes on from there.
        cutting: list[asyncio.Task[None]] = []
        going = asyncio.ensure_future(forwarding.forward(zaya, sent.id, "mgec", ["needs", "safety"]))

        def cut(at: int, size: int) -> None:
            if len(zaya.drafts) and at >= PIECE and size > 2 * PIECE and not cutting:
                cutting.append(asyncio.ensure_future(line.cut()))

        zaya.on_progress = cut
        with pytest.raises(HubUnreachable):
            await going
        zaya.on_progress = None
        await line.mend()
        onward = await forwarding.forward(zaya, sent.id, "mgec", ["needs", "safety"])
        assert await names(onward) == [("needs/file-1", "letter.bin"), ("needs/file-2", "film.bin")]
        saved = [await delger.save(one, folder) for one in files_of(await delger.open_referral(onward.id))]
        assert [path.read_bytes() for path in saved] == [b"x" * 70_000, CONTENT]
        assert [one.sender for one in (await delger.inbox()).items if isinstance(one, Referral)] == ["iom"]
        state = own_hub.practice / "state"
        assert not [*state.rglob("*.sealed"), *state.rglob("*.sealing")]
        links = await forwarding.chain(nara, consent_of(sent))
        assert [one.part_names for one in links] == [THREE, ("needs", "safety")]

        # Some of them, or none. Whoever gets them does not learn that there were more.
        some = await forwarding.forward(zaya, sent.id, "mgec", ["needs"], ["needs/file-2"])
        assert await names(some) == [("needs/file-1", "film.bin")]
        assert await names(await forwarding.forward(zaya, sent.id, "mgec", ["needs"], [])) == []
        terminal = Ortoo(own_hub.practice, own_hub.url)
        told = ("--as", "iom.zaya", "--lang", "en", "forward", sent.id, "--to", "mgec", "--yes", "--section", "needs")
        number = sent.files.index((None, "needs/file-1")) + 1
        run = terminal(*told, "--file", str(number))
        assert f"With the files: {number}\n" in run.stdout, run.stdout + run.stderr
        assert terminal(*told, "--file", "9").returncode == 2
        assert "With the files" not in terminal(*told, "--no-files").stdout

        # A file of a section that does not go there, or that there never was: not by the own client, nor at the hub.
        for part in ("identity/file-1", "needs/file-3"):
            assert await fault(forwarding.forward(zaya, sent.id, "mgec", ["needs"], [part])) == ("not_found", part)
        to_mgec = (await zaya.client.onward(sent.id, "mgec", ["needs"])).sha256
        decision = (await nara.decisions(consent_of(sent))).newest["mgec"]
        assert decision.sha256 == to_mgec
        for part, sections, reader in (
            ("identity/file-1", ("needs", "identity"), "mgec"),
            ("needs/file-3", ("needs",), "iom"),
            ("safety/file-1", ("safety",), "iom"),
        ):
            answer = await handed_on(zaya, sent, decision, sections, file=(part, passport))
            assert answer[0] == "grant_missing"
            assert answer[1]["reader"] == reader

        # What the hub changed is not passed on as if it were the file; the others are.
        first = "SELECT MIN(id) FROM referrals_file WHERE part = 'needs/file-2'"
        ((name,),) = own_hub.store.execute(f"SELECT name FROM referrals_piece WHERE file_id = ({first}) AND number = 1")  # noqa: S608
        path = own_hub.practice / "files" / name[:2] / name
        path.write_bytes(path.read_bytes()[:-1] + b"?")
        sendings = len((await zaya.outbox()).items)
        refusal = await fault(forwarding.forward(zaya, sent.id, "mgec", ["needs"], ["needs/file-1", "needs/file-2"]))
        assert refusal == ("cannot_open", "needs/file-2")
        assert len((await zaya.outbox()).items) == sendings
        assert not [*state.rglob("*.sealed"), *state.rglob("*.sealing")]

        # Whatever ends her consent ends every link, with its files.
        assert len(stored(own_hub)) > 10
        await consenting.withdraw(nara, consent_of(sent))
        assert await is_not_there(delger, onward.id)
        left = {part for (part,) in own_hub.store.execute("SELECT part FROM referrals_file WHERE set_id IS NOT NULL")}
        assert left == set()


@pytest.mark.timeout(120 + 5 * RACES)
async def test_forwarded_and_withdrawn_at_the_same_moment(hub: Hub) -> None:
    """Whichever is first: after the withdrawal nobody down the chain opens anything."""
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "iom.zaya") as zaya,
        at_work(hub, "mgec.delger") as delger,
    ):
        seen = set()
        for round in range(RACES):
            form = to_iom(1100 + round)
            grants = {**form.consent.grants, "mgec": Grant(THREE, ("give_service",), 30)}
            (sent,) = await nara.send(replace(form, consent=replace(form.consent, grants=grants)))
            await zaya.open_referral(sent.id)
            onward = asyncio.ensure_future(forwarding.forward(zaya, sent.id, "mgec", ["needs"]))
            await asyncio.sleep(random.uniform(0, 0.05))  # at any moment of its way
            withdrawn = asyncio.ensure_future(consenting.withdraw(nara, consent_of(sent)))
            first, _ = await asyncio.gather(onward, withdrawn, return_exceptions=True)
            assert withdrawn.exception() is None
            seen.add(type(first))
            for link in await forwarding.chain(nara, consent_of(sent)):
                assert (link.state, texts_of(hub.store, link.id)) == ("withdrawn", [])
            if isinstance(first, Referral):
                assert await refused(delger.open_referral(first.id)) == ("step_illegal", "withdrawn")
            else:
                assert isinstance(first, Refused)
        assert seen <= {Referral, Refused}
    assert "deadlock" not in hub.said()
