"""What a person's keyring holds, and what of it is used, kept, destroyed: on several devices, against a lying hub."""

import asyncio
import json
import re
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ortoo import account, administration, contract, joining, keyring
from ortoo.account import Keys
from ortoo.client import Client
from ortoo.device import Device, DeviceError, Kept, Open, replace_kept
from ortoo.form import Form
from ortoo.protocol import checkpoint, schemas
from ortoo.protocol.directory import Directory
from ortoo.protocol.documents import SigningKey, b64, new_id, sign, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import seal_keyring
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import at_work, plain_form
from tests.people.lying_hub import LyingHub
from tests.people.newcomers import Newcomer, confirmed, expected, fingerprint
from tests.people.test_agencies import admitted, newcomer
from tests.stores import REPOSITORY, Stores


@pytest.fixture(scope="module")
def hub(stores: Stores) -> Iterator[Hub]:
    """The rules are the client's: one store tells as much as two."""
    with stores.opened("sqlite", "founded") as store:
        hub = Hub(store)
        hub.start()
        try:
            yield hub
        finally:
            hub.stop()


@pytest.fixture(autouse=True)
def unlocked_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a desktop: stretching a passphrase costs half a second."""
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))


@pytest.fixture
async def liar(hub: Hub) -> AsyncIterator[LyingHub]:
    async with LyingHub(hub.url) as liar:
        yield liar


def through(liar: LyingHub, device: Device, opened: Open) -> Any:
    """At work on a device that reaches the hub by way of the liar alone."""
    opened = device.keep(replace_kept(opened.kept, hub=liar.url), opened.kk, opened.token)
    return joining.at_work(device, opened)


async def member(hub: Hub, folder: Path) -> Newcomer:
    somebody = Newcomer(f"mgec.{secrets.token_hex(4)}", folder)
    async with at_work(hub, "mgec.delger") as delger:
        await confirmed(delger, await somebody.enrol(await expected(delger, somebody)))
    return somebody


# --- what is kept -----------------------------------------------------------------------------------------------------


async def test_seeds_and_the_directory_that_was_seen_reach_the_next_device(hub: Hub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    async with oyun.at_work() as session:
        (sent,) = await session.send(plain_form(1))
        assert (await session.open_referral(sent.id)).readable
    first = oyun.unlocked()
    assert sorted(first.keys.epochs) == [1]
    assert first.keys.seen is not None
    async with oyun.at_work() as session:
        assert await administration.rotate(session) == 2
    async with oyun.at_work() as session:
        assert sorted(session.identity.epochs) == [1, 2]
    second = await oyun.sign_in(hub, Device(tmp_path / "second"))
    assert sorted(second.keys.epochs) == [1, 2]
    assert second.keys.seen is not None
    assert second.keys.seen.directory.size > first.keys.seen.directory.size
    assert second.kept.keyring.version == oyun.unlocked().kept.keyring.version


async def test_nothing_is_saved_where_nothing_is_new(hub: Hub, liar: LyingHub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    device = Device(tmp_path / "other")
    for saves in (1, 0):
        liar.asked.clear()
        opened = oyun.unlocked() if saves else oyun.unlocked(device)
        async with through(liar, device, opened) as session:
            await session.agency_epochs()
        assert liar.asked.count("SaveKeyring") <= saves
    async with at_work(hub, "mgec.delger") as delger:  # a practice member has no keyring to keep
        assert await delger.agency_epochs()
        assert await delger.client.keyring() is None


async def test_two_devices_lose_nothing_of_each_other(hub: Hub, tmp_path: Path) -> None:
    """Both begin from one version; one keeps a coordinator's key, the other the agency's next seed."""
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    other, key = Device(tmp_path / "other"), SigningKey.generate()
    opened = await oyun.sign_in(hub, other)
    saved = await keyring.save_coordinator(other, opened, key)
    assert saved.kept.keyring.version == opened.kept.keyring.version + 1
    async with oyun.at_work() as session:
        await administration.rotate(session)
    here = oyun.unlocked()
    assert here.keys.coordinator is not None
    assert here.keys.coordinator.seed == key.seed
    assert max(here.keys.epochs) == 2
    assert here.kept.keyring.version > saved.kept.keyring.version
    assert here.identity.coordinator is not None
    # And the one that was behind finds it when it saves again.
    again = await keyring.save_coordinator(other, oyun.unlocked(other), key)
    assert again.kept.keyring == oyun.unlocked(other).kept.keyring
    async with joining.at_work(other, again) as session:
        assert await administration.rotate(session) == 3
    assert sorted(oyun.unlocked(other).keys.epochs)[-2:] == [2, 3]


async def test_two_programs_that_save_at_once_keep_the_newer_keyring(hub: Hub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    opened = somebody.unlocked()
    slow, quick = Device(somebody.device.folder), Device(somebody.device.folder)
    has_read, goes_on, read = threading.Event(), threading.Event(), slow._read

    def slowly(path: Path) -> Kept:
        found = read(path)
        has_read.set()
        assert goes_on.wait(10)
        return found

    slow._read = slowly  # type: ignore[method-assign]  # the disk is slow
    with ThreadPoolExecutor() as programs:
        older = programs.submit(slow.update, opened, keyring=saved_as(2, opened))
        assert has_read.wait(10)
        newer = programs.submit(quick.update, opened, keyring=saved_as(3, opened))
        wait([newer], 0.5)
        goes_on.set()
        assert (older.result(10).kept.keyring.version, newer.result(10).kept.keyring.version) == (2, 3)
    assert somebody.unlocked().kept.keyring.version == 3


async def test_what_was_signed_out_is_not_kept_again_by_a_program_that_still_works(hub: Hub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    device, opened = somebody.device, somebody.unlocked()
    device.forget(opened.kept)
    assert device.update(opened, keyring=saved_as(2, opened)).kept.keyring.version == 2
    assert device.all() == []


def saved_as(version: int, opened: Open) -> contract.Keyring:
    """The keyring as it would be saved next."""
    kept = opened.kept
    sealed = seal_keyring(opened.keys.keyring(), opened.kk, network=kept.network, member=kept.member, version=version)
    return msgspec.structs.replace(kept.keyring, version=version, sealed=b64(sealed))


async def test_a_hub_that_goes_back_to_an_older_keyring_is_refused(hub: Hub, liar: LyingHub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    opened = oyun.unlocked()
    async with Client(hub.url, opened.token) as client:
        old = await client.keyring()
        assert old is not None
    opened = await keyring.save_coordinator(oyun.device, opened, SigningKey.generate())
    opened = await keyring.save_coordinator(oyun.device, opened, SigningKey.generate())
    stale = replace_kept(opened.kept, hub=liar.url)
    opened = Device(tmp_path / "liar").keep(stale, opened.kk, opened.token)
    liar.lies["Keyring"] = lambda _: {"keyring": msgspec.to_builtins(old)}
    async with Client(hub.url, opened.token) as client:  # another device saves in between
        changed = replace(opened.keys, coordinator=None)
        sealed = account.seal(changed, network=stale.network, version=stale.keyring.version + 1, w=bytes(32))[0].sealed
        await client.save_keyring(sealed, stale.keyring.version + 1)
    with pytest.raises(Refused, match="checkpoint_rollback"):
        await keyring.save_coordinator(Device(tmp_path / "liar"), opened, SigningKey.generate())


async def test_a_new_passphrase_keeps_what_the_keyring_held(hub: Hub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    opened = await keyring.save_coordinator(oyun.device, oyun.unlocked(), SigningKey.generate())
    new = Keys.of(opened.keys.member, opened.keys.keyring())
    assert new.keyring() == opened.keys.keyring()
    assert new.epochs == opened.keys.epochs != {}
    sealed, kk = account.seal(new, network=opened.kept.network, version=9, w=bytes(32))
    assert kk != opened.kk
    unlocks = [contract.Unlock(id=one.id, method=one.method, sealed=one.sealed) for one in sealed.unlocks]
    kept = contract.Keyring(login=oyun.login, version=9, sealed=sealed.sealed, unlocks=unlocks)
    again, _ = account.open_with(kept, bytes(32), "passphrase", network=opened.kept.network, member=new.member)
    assert again.keyring() == opened.keys.keyring()


# --- a new device against a hub that lies -----------------------------------------------------------------------------


def cut(hub: Hub, entries: list[str], anchor: str) -> dict[str, Any]:
    """These entries as the hub would show them, under a checkpoint that the log's own key signed."""
    directory = Directory(anchor)
    for entry in entries:
        directory.append(entry)
    key = SigningKey(unb64((hub.practice / "hub" / "directory.key").read_text(encoding="utf-8").strip()))
    origin = directory.policy.log_named("/log/directory").name
    root = directory.root_at(directory.size)
    note = checkpoint.sign_checkpoint(checkpoint.Checkpoint(origin, directory.size, root), key)
    return {"note": note, "size": directory.size, "root": b64(root)}


def suspended(directory: Directory, hub: Hub) -> str:
    """A next entry that the coordinators could have signed."""
    agency = directory.now().agency("iom")
    assert agency is not None
    before = agency.admission
    fields = {name: getattr(before.body, name) for name in before.body.__struct_fields__}
    fields |= {"version": before.body.version + 1, "prev": before.sha256, "admin": None, "suspended": True}
    files = sorted((hub.practice / "coordinators").glob("*.json"))
    keys = [SigningKey(unb64(json.loads(path.read_text(encoding="utf-8"))["sign"])) for path in files[:2]]
    return sign(schemas.Admission(**fields), *keys).envelope


@pytest.mark.parametrize(("lie", "code"), [("older", "checkpoint_rollback"), ("other", "directory_fork")])
async def test_a_new_device_begins_from_what_another_saw(
    hub: Hub, liar: LyingHub, tmp_path: Path, lie: str, code: str
) -> None:
    """The directory that it shows is well-formed and signed by the log: only who has seen another one knows better."""
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    async with oyun.at_work() as session:
        directory, anchor = session.directory, session.identity.anchor
    before = Directory(anchor)
    for entry in directory.entries[:-1]:
        before.append(entry)
    shown = before.entries if lie == "older" else [*before.entries, suspended(before, hub)]
    head = cut(hub, shown, anchor)

    def page(data: dict[str, Any]) -> dict[str, Any]:
        given = shown if data["directory"]["entries"] and len(data["directory"]["entries"]) > 1 else shown[:1]
        return {"directory": data["directory"] | {"checkpoint": head, "entries": given}}

    liar.lies["Directory"] = page
    new = Device(tmp_path / "new")
    async with Client(liar.url) as client:
        signing_in = joining.sign_in(
            client,
            new,
            fingerprint(hub),
            login=oyun.login,
            passphrase=oyun.passphrase,
            second=contract.SecondFactor(totp=oyun.code()),
        )
        with pytest.raises(Refused, match=code):
            await signing_in
    assert new.all() == []
    honest = await oyun.sign_in(hub, new)  # nothing that the liar said stayed
    assert honest.keys.seen is not None
    assert honest.keys.seen.directory == directory.head


async def test_seeds_of_the_keyring_open_what_a_hub_would_withhold(hub: Hub, liar: LyingHub, tmp_path: Path) -> None:
    """It hands out none; or the newest alone. Nothing of the keyring is dropped for that, on any device."""
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    async with oyun.at_work() as session:
        (sent,) = await session.send(plain_form(2))
        assert await administration.rotate(session) == 2
    device = Device(tmp_path / "new")
    opened = await oyun.sign_in(hub, device)
    for given in (0, 1):
        liar.lies["AgencyKeys"] = lambda data, given=given: {  # type: ignore[misc]
            "agencyKeys": [one for one in data["agencyKeys"] if given and one["epoch"] == 2]
        }
        async with through(liar, device, opened) as session:
            assert (await session.open_referral(sent.id)).readable
        opened = oyun.unlocked(device, liar.url)
        assert sorted(opened.keys.epochs) == [1, 2]
    # A hub that lost the seed gets it back with the next change of members: who is new is handed it.
    second = Newcomer(f"{agency}.second", tmp_path)
    hub.store.execute(f"DELETE FROM agencies_agencykey WHERE agency_id = '{agency}' AND epoch = 1")  # noqa: S608
    async with oyun.at_work() as session:
        await confirmed(session, await second.enrol(await expected(session, second)))
    async with second.at_work() as colleague:
        assert (await colleague.open_referral(sent.id)).readable


async def test_a_hub_that_hides_what_was_opened_destroys_no_key(hub: Hub, liar: LyingHub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    async with at_work(hub, "mrc.nara") as nara, at_work(hub, "mgec.delger") as delger:
        (sent,) = await nara.send(plain_form(3))
        async with somebody.at_work() as session:
            assert (await session.open_referral(sent.id)).readable
            epoch = next(one.epoch for one in sent.document.body.sealed.readers if one.agency == "mgec")
        await administration.rotate(delger)

    def hidden(data: dict[str, Any]) -> dict[str, Any]:
        (name,) = data
        kept = [edge for edge in data[name]["edges"] if edge["node"]["id"] != sent.id]
        return {name: data[name] | {"edges": kept}}

    liar.lies |= {
        "Inbox": hidden,
        "AgencyKeys": lambda data: {"agencyKeys": [one for one in data["agencyKeys"] if one["epoch"] != epoch]},
    }
    opened, device = somebody.unlocked(), somebody.device
    assert epoch in opened.keys.epochs
    memory = device.state(hub.url) / f"{opened.kept.handle}.json"
    there = device.state(liar.url) / memory.name
    there.parent.mkdir(parents=True)
    there.write_text(memory.read_text(encoding="utf-8"), encoding="utf-8")  # the same device, and the same memory
    async with through(liar, device, opened) as session:
        await session.agency_epochs()
    assert "Inbox" in liar.asked
    after = somebody.unlocked(device, liar.url)
    assert epoch in after.keys.epochs


async def test_the_key_of_evidence_is_kept_whatever_the_hub_says(hub: Hub, liar: LyingHub, tmp_path: Path) -> None:
    """What people decided before an agency, sealed to an epoch to which nothing else is."""
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    form = replace(plain_form(8), recipients=(), sections={"evidence": {"note": "Хуруугаа дарсан."}})
    async with oyun.at_work() as session:
        decided = await session.record(form)
        assert await administration.rotate(session) == 2
    hub.store.manage("work", "--once")
    async with oyun.at_work() as session:  # the hub hands it out for as long as there is anything
        assert sorted(await session.agency_epochs()) == [1, 2]
    opened, device = oyun.unlocked(), oyun.device
    memory = device.state(hub.url) / f"{opened.kept.handle}.json"
    there = device.state(liar.url) / memory.name
    there.parent.mkdir(parents=True)
    lost = {"AgencyKeys": lambda data: {"agencyKeys": [one for one in data["agencyKeys"] if one["epoch"] == 2]}}
    for lies in (lost, lost | {"EvidenceListed": lambda _: {"evidenceListed": []}}):
        liar.lies |= lies
        there.write_text(memory.read_text(encoding="utf-8"), encoding="utf-8")  # the same device, and the same memory
        async with through(liar, device, opened) as session:
            await session.agency_epochs()
        assert "EvidenceListed" in liar.asked
        assert sorted(oyun.unlocked(device, liar.url).keys.epochs) == [1, 2]
    async with joining.at_work(device, oyun.unlocked(device, hub.url)) as session:
        (evidence,) = await session.evidence(decided[0].body.consent)
        assert evidence.part.status == "readable"


async def test_what_nothing_needs_any_more_is_destroyed_everywhere(hub: Hub, tmp_path: Path) -> None:
    """An epoch to which nothing was sealed; one to which a referral was that the shelter declined."""
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    other = Device(tmp_path / "other")
    async with oyun.at_work() as session, at_work(hub, "mrc.nara") as nara:
        await nara.sync()
        (sent,) = await nara.send(to(agency, plain_form(4)))
        assert (await session.open_referral(sent.id)).readable
        assert await administration.rotate(session) == 2
        assert await administration.rotate(session) == 3
    assert sorted((await oyun.sign_in(hub, other)).keys.epochs) == [1, 2, 3]
    hub.store.manage("work", "--once")
    async with oyun.at_work() as session:
        await session.agency_epochs()
    assert sorted(oyun.unlocked().keys.epochs) == [1, 3]
    async with oyun.at_work() as session:
        await session.decline(sent.id, "no_capacity")
    assert sorted(oyun.unlocked().keys.epochs) == [1, 3]  # the hub still hands it out
    hub.store.manage("work", "--once")
    async with oyun.at_work() as session:
        assert sorted(await session.agency_epochs()) == [1, 3]
    assert sorted(oyun.unlocked().keys.epochs) == [3]
    async with joining.at_work(other, oyun.unlocked(other)) as session:  # it had all three
        await session.agency_epochs()
    assert sorted(oyun.unlocked(other).keys.epochs) == [3]


async def test_two_tasks_that_look_at_once_what_is_needed_drop_it_once(hub: Hub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    async with oyun.at_work() as session:
        assert await administration.rotate(session) == 2
    hub.store.manage("work", "--once")
    async with oyun.at_work() as session:
        assert sorted(await session.agency_epochs()) == [1, 2]
        await asyncio.gather(session.drop_unneeded_epochs(), session.drop_unneeded_epochs())
        assert sorted(await session.agency_epochs()) == [2]
        assert session.dropped == {1}


def to(agency: str, form: Form) -> Form:
    """The form, for this agency."""
    (grant,) = form.consent.grants.values()
    return replace(form, recipients=(agency,), consent=replace(form.consent, grants={agency: grant}))


# --- handing over -----------------------------------------------------------------------------------------------------


async def test_who_comes_back_is_left_with_nothing_that_does_not_open(hub: Hub, tmp_path: Path) -> None:
    """The administrator has lost the first seed. What the hub has of it for her was sealed to keys that are gone."""
    login = f"ecpat.{secrets.token_hex(4)}"
    one, back = Newcomer(login, tmp_path), Newcomer(login, tmp_path / "new device")
    async with at_work(hub, "ecpat.hulan") as hulan:
        joined = await one.enrol(await expected(hulan, one))
        await confirmed(hulan, joined)
        await hulan.send(plain_form(5))  # the first seed is needed
        assert await administration.rotate(hulan) == 2
    forget(hub, "ecpat.hulan", 1)
    async with at_work(hub, "ecpat.hulan") as hulan:
        paper, _ = await administration.invite(hulan, one.names(), ["focal_point"], joined.open.kept.member)
        await confirmed(hulan, await back.enrol(paper))
    async with back.at_work() as session:
        assert sorted(await session.agency_epochs()) == [2, 3]


async def test_a_change_that_is_there_already_hands_over_what_is_missing(hub: Hub, tmp_path: Path) -> None:
    one = Newcomer(f"pct.{secrets.token_hex(4)}", tmp_path)
    async with at_work(hub, "pct.dorj") as dorj:
        await one.enrol(await expected(dorj, one))
        (candidate,) = [each for each in await administration.candidates(dorj) if each.member.handle == one.login]
        await administration.confirm(dorj, candidate)
        forget(hub, one.login, 1)
        await administration.confirm(dorj, candidate)
        assert (candidate.keys.id, 1) in {(held.member, held.epoch) for held in await dorj.client.held_keys()}
        forget(hub, one.login, 1)
        await administration.remove(dorj, new_id())  # somebody who has gone already
        assert (candidate.keys.id, 1) in {(held.member, held.epoch) for held in await dorj.client.held_keys()}


async def test_the_hub_destroys_nothing_while_somebody_lacks_what_is_needed(hub: Hub, tmp_path: Path) -> None:
    oyun, agency = newcomer(tmp_path)
    await admitted(hub, oyun, agency)
    second = Newcomer(f"{agency}.second", tmp_path)
    async with oyun.at_work() as session:
        await confirmed(session, await second.enrol(await expected(session, second)))
        assert await administration.rotate(session) == 2
        (sent,) = await session.send(plain_form(6))

        def held() -> list[int]:
            rows = f"SELECT DISTINCT epoch FROM agencies_agencykey WHERE agency_id = '{agency}'"  # noqa: S608
            return sorted(epoch for (epoch,) in hub.store.execute(rows))

        for newest in range(3, 8):  # the hub sweeps once a minute, perhaps between these two
            assert await administration.rotate(session) == newest
            forget(hub, second.login, 2)
            if len(before := held()) > 2:
                break
        hub.store.manage("work", "--once")
        assert held() == before
        (joined,) = [one for one in session.directory.now().agency(agency).members if one.id != session.identity.member]  # type: ignore[union-attr]
        await administration.change_roles(session, joined.id, ["focal_point", "administrator"])
        hub.store.manage("work", "--once")
        assert held() == [2, newest]
    async with second.at_work() as colleague:
        assert (await colleague.open_referral(sent.id)).readable


def forget(hub: Hub, handle: str, epoch: int) -> None:
    """The hub loses a member's seed."""
    hub.store.execute(
        f"DELETE FROM agencies_agencykey WHERE epoch = {epoch}"  # noqa: S608
        f" AND member_id = (SELECT id FROM agencies_member WHERE handle = '{handle}')"
    )


# --- one login at two hubs; partner systems ---------------------------------------------------------------------------


async def test_one_login_at_two_hubs_is_two_accounts(hub: Hub, liar: LyingHub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    device, here = somebody.device, somebody.unlocked()
    there = device.keep(replace_kept(here.kept, hub=liar.url), here.kk, here.token)
    assert [one.hub for one in device.all()] == sorted([hub.url, liar.url])
    with pytest.raises(DeviceError) as which:
        device.find(somebody.login)
    assert which.value.problem == "which_account"
    assert f"{somebody.login} ({hub.url})" in which.value.name
    assert f"{somebody.login} ({liar.url})" in which.value.name
    assert device.find(somebody.login, hub.url + "/").hub == hub.url
    assert device.find(somebody.login, liar.url).hub == liar.url
    async with joining.at_work(device, there) as session:
        assert session.client.hub == liar.url
        await session.sync()
    assert device.state(hub.url) != device.state(liar.url)
    device.forget(there.kept)
    assert device.find(somebody.login).hub == hub.url


async def test_unlocking_and_locking_is_by_hub(hub: Hub, liar: LyingHub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    device, here = somebody.device, somebody.unlocked()
    there = device.keep(replace_kept(here.kept, hub=liar.url), here.kk, here.token)
    device.lock(here.kept)
    with pytest.raises(DeviceError, match="locked"):
        device.unlocked(here.kept)
    assert device.unlocked(there.kept).token == here.token


async def test_a_partner_system_begins_from_its_file(hub: Hub, tmp_path: Path) -> None:
    """As docs/partners.md shows it: the very code."""
    async with at_work(hub, "mfa.saran") as saran:
        names = contract.Names(handle=f"mfa.{secrets.token_hex(4)}", name="Систем", name_en="System")
        keys = await administration.new_partner(saran, names)
        made = await saran.client.issue_api_token(keys.member, "reads", ["read", "send"], 30)
        content = {"hub": hub.url, "network": saran.directory.id, "anchor": saran.identity.anchor, "agency": "mfa"}
    content |= {"handle": names.handle, "member": keys.member}
    content |= {"sign": b64(keys.secrets.sign.seed), "kem": b64(keys.secrets.kem.seed)}
    path = tmp_path / "system.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    identity, where = joining.partner_from(path, made.token)
    assert where == hub.url
    async with Session.open(identity, where, tmp_path / "state") as session:
        assert (await session.client.me()).handle == names.handle
        assert await session.send(plain_form(7))
    shown = (REPOSITORY / "docs" / "partners.md").read_text(encoding="utf-8")
    (code,) = [one for one in re.findall(r"```python\n(.*?)```", shown, re.DOTALL) if "partner_from" in one]
    told: dict[str, Any] = {}
    exec(code, told)  # noqa: S102 - the documentation's own code
    async with at_work(hub, "mrc.nara") as nara:
        (sent,) = await nara.send(to("mfa", plain_form(8)))
    assert await told["waiting"](path, made.token, tmp_path / "documented") == [sent.id]
    for damage in ("{", json.dumps(content | {"sign": "x"}), json.dumps({"hub": hub.url}), "[]"):
        path.write_text(damage, encoding="utf-8")
        with pytest.raises(DeviceError, match="damaged"):
            joining.partner_from(path, made.token)
    with pytest.raises(DeviceError, match="damaged"):
        joining.partner_from(tmp_path / "none.json", made.token)
