"""How she gave her decision (protocol §7): read by the agency before which she did, and by nobody else; gone with all
that is kept of her.
"""

import asyncio
import json
import re
import secrets
import signal
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from ortoo import consenting, contract, drafting, giving, receipts
from ortoo.attached import Attached
from ortoo.client import Client
from ortoo.consenting import Scope
from ortoo.form import Evidence, Form, Grant
from ortoo.practice import photo
from ortoo.protocol import referral, schemas
from ortoo.protocol.attachments import PIECE
from ortoo.protocol.consent import ALL
from ortoo.protocol.documents import new_id, sign, stamp
from ortoo.protocol.documents import read as read_document
from ortoo.protocol.errors import Refused
from ortoo.protocol.sealing import NO_CONSENT, Binding, seal_set
from ortoo.session import Session
from tests.cli.conftest import Ortoo
from tests.hubs import Hub
from tests.members import SHELTER_TONIGHT, at_work
from tests.stories.test_answering import is_kept, is_there, rows
from tests.stories.test_attachments import stored
from tests.stories.test_clocks import DAY, moved
from tests.stories.test_onward import to_iom
from tests.stories.test_taking_back import tonight
from tests.stories.test_withdrawing import consent_of

SAID = "Орчуулагч Болд дэргэд нь байв. Хуруугаа дарсан."
CONTENT = secrets.token_bytes(PIECE + 70_000)


def given(folder: Path, said: str = SAID, content: bytes = CONTENT) -> Evidence:
    (folder / "signed.bin").write_bytes(content)
    return Evidence({"note": said}, (Attached.of(folder / "signed.bin", keep_metadata=True),))


def with_evidence(form: Form, evidence: Evidence) -> Form:
    sections = {**form.sections, "evidence": evidence.fields}
    return replace(form, sections=sections, attached={"evidence": evidence.files})


def blobs_of(hub: Hub, consent: str) -> list[bytes]:
    """All that is kept sealed of how the decisions under a consent were given, but for its files."""
    id = consent if hub.store.kind == "postgres" else consent.replace("-", "")
    sets = f"SELECT sealed_id FROM referrals_decision WHERE consent_id = '{id}'"  # noqa: S608 - an own id
    tables = (("part", "ciphertext"), ("wrap", "wrap"), ("partkey", "key"))
    kept = [
        rows(hub.store, f"SELECT {blob} FROM referrals_{table} AS one WHERE set_id IN ({sets})")  # noqa: S608
        for table, blob in tables
    ]
    return [bytes(blob) for found in kept for (blob,) in found]


async def finds_nothing(session: Session, consent: str, decision: str) -> bool:
    """Whether all that an agency asks of somebody else's evidence is answered as if it were not there."""
    nothing = [await session.client.evidence(one) for one in (new_id(), consent)]
    answers = await asyncio.gather(
        *(
            session.client.evidence_piece(one, part, offset)
            for one in (decision, giving.PART * 5 + "AAA")
            for part, offset in (("evidence/file-1", 0), ("evidence/file-1", 10**9), ("evidence", 0))
        ),
        return_exceptions=True,
    )
    told = {(one.code, str(one), json.dumps(one.at)) for one in answers if isinstance(one, Refused)}
    listed = [one.sha256 for one in await session.client.evidence_listed()]
    return nothing == [None, None] and len(told) == 1 and len(answers) == 6 and decision not in listed


# --- who reads --------------------------------------------------------------------------------------------------------


async def test_it_is_read_by_whom_she_decided_before_and_its_recipients_do_not_learn_of_it(
    hub: Hub, tmp_path: Path
) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    codes = [receipts.draw("full") for _ in range(2)]
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "mgec.delger") as delger,
        at_work(hub, "nhrcm.bold") as coordinator,
        at_work(hub, "pct.dorj") as dorj,
    ):
        before = len(stored(hub))
        keys = [one.key(nara.directory.id) for one in codes]
        (without,) = await nara.send(tonight(701), keys[0])
        (sent,) = await nara.send(with_evidence(tonight(702), given(tmp_path)), keys[1])
        assert not list((hub.practice / "state").rglob("*.sealed"))
        consent = consent_of(sent)
        (evidence,) = await nara.evidence(consent)
        part = evidence.part
        assert (evidence.decision.body.to, evidence.decision.body.version, part.status) == (ALL, 1, "readable")
        assert part.section is not None
        assert part.section.fields == {"note": SAID}
        assert [(one.said.part, one.said.name) for one in part.files] == [("evidence/file-1", "signed.bin")]
        assert (await nara.save(part.files[0], folder)).read_bytes() == CONTENT
        assert await nara.evidence(consent_of(without)) == []
        with pytest.raises(Refused, match="not_found"):
            await nara.evidence(new_id())

        # Nobody else: not the recipient, not a coordinator, not who has nothing to do with it.
        opened = await delger.open_referral(sent.id)
        assert "evidence" not in [one.name for one in opened.parts]
        for session in (delger, dorj):
            assert await finds_nothing(session, consent, evidence.decision.sha256)
        for ask in (coordinator.client.evidence(consent), coordinator.client.evidence_listed()):
            with pytest.raises(Refused, match="role_not_allowed"):
                await ask

        # What the recipient is shown is as long with it as without it.
        shown = [await delger.client.referral(one.id) for one in (without, sent)]
        assert len({len(one.decision.envelope) for one in shown if one is not None}) == 1
        seen = await delger.client.consent(consent)
        assert seen is not None
        assert [one.to for one in seen.decisions] == ["mgec"]
        assert all(read_document(one.envelope, schemas.Consent).body.sealed is None for one in seen.decisions)
        async with Client(hub.url) as her:
            told = [await receipts.look(her, one.code) for one in codes]
        assert [[holder.to for holder in one.holders or ()] for one in told] == [["kind:police", "mgec"]] * 2

        kept = blobs_of(hub, consent)
        assert len(kept) == 1 + 1 + 2
        assert all(is_there(hub.store, blob[-64:]) for blob in kept)
        await consenting.withdraw(nara, consent, Scope(("mgec",)))
        assert [one.part.status for one in await nara.evidence(consent)] == ["readable"]
        await consenting.withdraw(nara, consent)
        assert [(one.part.status, one.part.section) for one in await nara.evidence(consent)] == [("gone", None)]
        with pytest.raises(Refused, match="not_found"):
            await nara.client.evidence_piece(evidence.decision.sha256, "evidence/file-1", 0)
        assert blobs_of(hub, consent) == []
        assert not [blob for blob in kept if is_kept(hub.store, blob[-64:])]
    assert len(stored(hub)) == before


async def test_each_version_has_its_own_and_is_never_edited(hub: Hub, tmp_path: Path) -> None:
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(with_evidence(tonight(703), given(tmp_path)))
        consent = consent_of(sent)
        longer = {"mgec": Grant(("needs", "identity"), ("give_service",), 9)}
        later = given(tmp_path, "Утсаар хэлсэн.", b"a recording")
        signed = await consenting.new_version(nara, consent, longer, evidence=later)
        assert [(one.body.to, one.body.version, one.body.sealed is None) for one in signed] == [
            ("mgec", 2, True),
            ("*", 2, False),
        ]
        alone = await consenting.new_version(nara, consent, {}, evidence=Evidence({"witness": "Сарнай"}))
        assert [(one.body.to, one.body.version, one.body.granted, one.body.refused) for one in alone] == [
            ("*", 3, None, [])
        ]
        found = await nara.evidence(consent)
        said = [one.part.section.fields for one in found if one.part.section is not None]
        assert sorted(map(str, said)) == sorted(
            map(str, [{"note": SAID}, {"note": "Утсаар хэлсэн."}, {"witness": "Сарнай"}])
        )
        assert [len(one.part.files) for one in found] == [1, 1, 0]
        assert (await delger.open_referral(sent.id)).readable == ["needs", "identity"]  # it decides nothing

        with pytest.raises(Refused, match="consent_withdrawn"):
            await consenting.new_version(nara, consent, {}, {ALL: [ALL]}, evidence=later)
        assert not list((hub.practice / "state").rglob("*.sealed"))


async def test_who_coordinates_gives_evidence_to_the_recorder_and_reads_it_not_itself(hub: Hub, tmp_path: Path) -> None:
    async with (
        at_work(hub, "mrc.nara") as nara,
        at_work(hub, "iom.zaya") as zaya,
        at_work(hub, "mgec.delger") as delger,
    ):
        (sent,) = await nara.send(to_iom(704, "give_service", "coordinate"))
        await zaya.open_referral(sent.id)
        consent, own = consent_of(sent), sent.decision.body
        keys = await zaya.public_keys(("mrc-umnugobi",))
        binding = Binding(zaya.directory.id, f"{consent}/mgec/1", "iom", zaya.signer.key.public, NO_CONSENT)
        reader = referral.reader(zaya.directory.now(), "mrc-umnugobi", "sender", keys, ["evidence"])
        sealed, blobs = seal_set(binding, {"evidence": referral.section_text("evidence", {"note": SAID})}, [reader])
        granted = schemas.Granted(
            sections=["needs"], purposes=["give_service"], until=stamp(zaya.now() + timedelta(days=1))
        )
        decision = sign(
            msgspec.structs.replace(
                own,
                at=stamp(zaya.now()),
                author=zaya.signer.author,
                directory=zaya.directory.head,
                to="mgec",
                granted=granted,
                sealed=sealed,
            ),
            zaya.signer.key,
        )
        await zaya.client.record_consent([contract.Sealed.of(decision.envelope, blobs)])
        (evidence,) = await nara.evidence(consent)
        assert (evidence.decision.sha256, evidence.part.section is not None) == (decision.sha256, True)
        for session in (zaya, delger):
            assert await finds_nothing(session, consent, decision.sha256)


# --- what does not fit ------------------------------------------------------------------------------------------------


async def recorded(session: Session, evidence: giving.SealedEvidence, form: Form) -> str:
    """Record the form's decisions with this evidence; gives their consent."""
    decisions = drafting.decide(form, session.signer, at=session.now(), evidence=evidence)
    for _ in range(2):  # the same bytes again are the same
        await session.hand_in_decisions(decisions, evidence)
    return decisions[0].body.consent


async def test_what_was_sealed_for_another_consent_or_was_swapped_opens_nowhere(own_hub: Hub, tmp_path: Path) -> None:
    async with at_work(own_hub, "mrc.nara") as nara:
        form = with_evidence(tonight(705), Evidence({"note": SAID}))
        first = await nara.bring_evidence(Evidence({"note": "one"}), new_id(), 1)
        second = await nara.bring_evidence(Evidence({"note": "two"}), new_id(), 1)
        consent = await recorded(nara, replace(first, consent=new_id()), form)
        (moved_over,) = await nara.evidence(consent)
        assert (moved_over.part.status, moved_over.part.section) == ("damaged", None)
        assert moved_over.part.problem is not None
        assert moved_over.part.problem.code == "cannot_open"

        # Blobs of one beside the document of another: not taken in at all.
        for blobs, code in (
            (second.blobs, "hash_mismatch"),
            (replace(first.blobs, parts={}), "blob_missing"),
            (replace(first.blobs, wraps={**first.blobs.wraps, "mgec": b"x"}), "blob_unexpected"),
            (replace(first.blobs, parts={**first.blobs.parts, "evidence/file-1": b"x"}), "blob_unexpected"),
        ):
            with pytest.raises(Refused, match=code):
                await recorded(nara, replace(first, consent=new_id(), blobs=blobs), form)

        # And what the hub swaps later, its recorder sees.
        of = await recorded(nara, second, form)
        ours, theirs = (
            own_hub.store.execute(
                "SELECT id, ciphertext FROM referrals_part WHERE set_id IN"  # noqa: S608 - own ids
                f" (SELECT sealed_id FROM referrals_decision WHERE consent_id = '{id_in(own_hub, one)}')"
            )[0]
            for one in (of, consent)
        )
        own_hub.store.execute(
            f"UPDATE referrals_part SET ciphertext = (SELECT ciphertext FROM referrals_part WHERE id = {theirs[0]})"  # noqa: S608
            f" WHERE id = {ours[0]}"
        )
        (swapped,) = await nara.evidence(of)
        assert (swapped.part.status, swapped.part.section) == ("damaged", None)
        assert swapped.part.problem is not None
        assert swapped.part.problem.code == "hash_mismatch"


def id_in(hub: Hub, id: str) -> str:
    return id if hub.store.kind == "postgres" else id.replace("-", "")


# --- on its way -------------------------------------------------------------------------------------------------------


async def test_what_took_long_is_signed_anew_and_not_uploaded_again(own_hub: Hub, tmp_path: Path) -> None:
    async with at_work(own_hub, "mrc.nara") as nara:
        form = with_evidence(tonight(706), given(tmp_path))
        draft = await nara.draft(form)
        fell: list[int] = []
        nara.on_progress = lambda at, _: fell.append(at)
        await nara._upload(draft.evidence_files)
        pieces = len(fell)
        await nara.client.move_practice_clock(3600)
        (sent,) = await nara.send(form)
        assert set(fell[pieces:]) == {fell[-1]}  # all was there
        (evidence,) = await nara.evidence(consent_of(sent))
        assert evidence.decision.body.sealed == draft.decisions[0].body.sealed
        assert evidence.decision.sha256 != draft.decisions[0].sha256
        assert (await nara.save(evidence.part.files[0], tmp_path)).read_bytes() == CONTENT
        assert len(nara.drafts) == 0
    assert not list((own_hub.practice / "state").rglob("*.sealed"))


@pytest.mark.parametrize("own_hub", ["sqlite"], indirect=True)
async def test_an_upload_that_was_killed_leaves_nothing_and_goes_on_when_it_is_sent_again(
    own_hub: Hub, tmp_path: Path
) -> None:
    path = tmp_path / "recording.bin"
    path.write_bytes(secrets.token_bytes(12 * PIECE))
    ortoo = Ortoo(own_hub.practice, own_hub.url)
    command = ("--as", "mrc.nara", "send", str(SHELTER_TONIGHT), "--yes", "--evidence-file", str(path))

    def count(table: str) -> int:
        return int(own_hub.store.execute(f"SELECT count(*) FROM referrals_{table}")[0][0])  # noqa: S608 - no input

    def killed() -> None:
        sending = ortoo.started(*command)
        until = time.monotonic() + 60
        while not stored(own_hub):
            assert time.monotonic() < until
            assert sending.poll() is None
        sending.send_signal(signal.SIGKILL)
        sending.wait(20)

    killed()
    assert [count(one) for one in ("consent", "decision", "referral", "sealedset")] == [0, 0, 0, 0]
    own_hub.kill()
    own_hub.store.execute("UPDATE referrals_file SET changed_at = datetime(changed_at, '-25 hours')")
    own_hub.store.execute("UPDATE referrals_piece SET remove_at = '2026-01-01' WHERE file_id IS NULL")
    own_hub.store.manage("work", "--once")  # it has run out
    own_hub.start()
    assert stored(own_hub) == []
    assert count("file") == count("piece") == 0

    killed()
    (begun,) = own_hub.store.execute("SELECT id FROM referrals_file")
    run = ortoo(*command)
    assert run.returncode == 0, run.stdout + run.stderr
    assert own_hub.store.execute("SELECT id FROM referrals_file") == [begun]  # the same bytes, gone on with
    assert count("referral") == 1


# --- until when -------------------------------------------------------------------------------------------------------


async def test_it_is_kept_for_as_long_as_what_it_proves(own_hub: Hub, tmp_path: Path) -> None:
    """Thirty days after the end as she was told; a refusal's as many after it was given, and nothing rests on when the
    hub looks.
    """
    async with at_work(own_hub, "mrc.nara") as nara:
        form = with_evidence(tonight(707), given(tmp_path))
        grant = replace(form.consent.grants["mgec"], days=60)
        form = replace(form, consent=replace(form.consent, retain_days=30, grants={"mgec": grant}))
        (sent,) = await nara.send(form)
        nothing = replace(form.consent, retain_days=30, grants={}, refusals={"mgec": (ALL,)})
        refusal = await nara.record(replace(form, recipients=(), consent=nothing))

        async def kept() -> list[str]:
            found = [await nara.evidence(one) for one in (consent_of(sent), refusal[0].body.consent)]
            return [one.part.status for (one,) in found]

        await moved(nara, 29 * DAY, sent.id)
        assert await kept() == ["readable", "readable"]
        await moved(nara, 2 * DAY, sent.id)
        assert await kept() == ["readable", "gone"]
        await moved(nara, 30 * DAY, sent.id)  # the grant has ended, and the sender keeps it for thirty days more
        assert (await nara.show(sent.id)).state == "expired"
        assert await kept() == ["readable", "gone"]
        assert blobs_of(own_hub, consent_of(sent))
        await moved(nara, 31 * DAY, sent.id)
        assert await kept() == ["gone", "gone"]
        assert blobs_of(own_hub, consent_of(sent)) == []
    assert stored(own_hub) == []
    assert await asyncio.to_thread(own_hub.store.manage, "verify")


# --- in the terminal --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hub", ["sqlite"], indirect=True)
def test_in_the_terminal_it_is_given_and_read(hub: Hub, tmp_path: Path) -> None:
    ortoo, signed, folder = Ortoo(hub.practice, hub.url), tmp_path / "signed.jpg", tmp_path / "saved"
    photo.write(signed, 200_000)
    folder.mkdir()
    form = tmp_path / "form.json"
    value = json.loads(SHELTER_TONIGHT.read_text(encoding="utf-8"))
    value["sections"]["needs"]["dependants"] = 708
    form.write_text(json.dumps(value), encoding="utf-8")
    nara = ("--as", "mrc.nara", "--lang", "en")
    sent = ortoo(*nara, "send", str(form), "--yes", "--evidence", SAID, "--evidence-file", str(signed))
    assert sent.returncode == 0, sent.stderr
    assert "for your own agency alone: signed.jpg" in sent.stderr
    assert re.search(r"sent to nobody: .*Consent evidence \(recording agency only\)", sent.stdout)
    shown = re.search(r"show (\w{8,})$", sent.stdout, re.MULTILINE)
    assert shown is not None
    id = shown[1]

    read = ortoo(*nara, "consent", "evidence", id, "--to", str(folder))
    assert read.returncode == 0, read.stderr
    assert SAID in read.stdout
    assert (folder / "signed.jpg").read_bytes() == signed.read_bytes()  # as it is: it is evidence
    assert SAID not in ortoo(*nara, "consent", "evidence").stdout  # it is of a referral
    again = ortoo(*nara, "consent", "decide", id, "--evidence", "Дахин асуусан.", "--yes")
    assert again.returncode == 0, again.stderr
    assert "Only your own agency can read it" in again.stdout
    found = ortoo.json("--as", "mrc.nara", "consent", "evidence", id)["evidence"]
    assert sorted(each["fields"]["note"] for each in found) == sorted([SAID, "Дахин асуусан."])
    assert ortoo(*nara, "consent", "evidence", id, "--to", str(tmp_path / "nowhere")).returncode == 2
    other = ortoo("--as", "mgec.delger", "--lang", "en", "consent", "evidence", id)
    assert (other.returncode, SAID in other.stdout + other.stderr) == (1, False)
    assert ortoo(*nara, "resend", str(form), "--to", "mgec", "--yes").returncode == 0  # the form, whatever its evidence


async def test_it_is_found_where_nothing_was_sent_too_until_something_is(hub: Hub, tmp_path: Path) -> None:
    form = with_evidence(tonight(709), given(tmp_path, "Бүгдээс татгалзсан."))
    nothing = replace(form.consent, grants={}, refusals={"mgec": (ALL,)})
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        await nara.send(with_evidence(tonight(710), given(tmp_path)))
        refused = await nara.record(replace(form, recipients=(), consent=nothing))
        granted = await nara.record(form)

        async def found() -> list[str]:
            return [one.decision.body.consent for one in await nara.unsent_evidence()]

        assert await found() == [refused[0].body.consent, granted[0].body.consent]
        assert await delger.unsent_evidence() == []
        (one, _) = await nara.unsent_evidence()
        assert one.part.section is not None
        assert one.part.section.fields == {"note": "Бүгдээс татгалзсан."}
        (folder := tmp_path / "saved").mkdir()
        assert (await nara.save(one.part.files[0], folder)).read_bytes() == CONTENT
        draft = await nara.draft(form, decisions=granted)
        await nara.client.send_referrals(draft.sealed_referrals)
        assert await found() == [refused[0].body.consent]
        await consenting.withdraw(nara, refused[0].body.consent)
        assert await found() == []
