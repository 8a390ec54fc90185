"""Signing in: the passphrase and a second factor, and nothing less; guessing; sessions; changing what opens."""

import secrets
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ortoo import account, contract, joining
from ortoo.account import Authenticator
from ortoo.client import Client, HubError
from ortoo.device import Device
from ortoo.protocol.documents import b64, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import stretch
from ortoo.session import Session
from tests.hubs import Hub
from tests.members import at_work
from tests.people.newcomers import Newcomer, confirmed, expected, fingerprint
from tests.stores import Stores


async def member(hub: Hub, folder: Path) -> Newcomer:
    """Somebody who is confirmed."""
    somebody = Newcomer(f"mgec.{secrets.token_hex(4)}", folder)
    async with at_work(hub, "mgec.delger") as delger:
        await confirmed(delger, await somebody.enrol(await expected(delger, somebody)))
    return somebody


async def test_a_new_device_needs_passphrase_second_factor_and_fingerprint(hub: Hub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    other = Device(tmp_path / "another")
    opened = await somebody.sign_in(hub, other)
    async with Session.open(opened.identity, hub.url, other.state(hub.url)) as session:
        assert (await session.client.me()).handle == somebody.login
        assert [one.current for one in await session.client.sessions()].count(True) == 1
        assert len(await session.client.sessions()) == 2
        assert await session.agency_epochs()


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_whatever_is_wrong_there_is_one_answer(hub: Hub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    device, right = Device(tmp_path / "x"), somebody.code()
    nobody = Newcomer("nobody.here", tmp_path, somebody.passphrase, somebody.authenticator)
    answers = []
    for who, what in (
        (somebody, {"passphrase": "wrong", "totp": right}),
        (somebody, {"totp": "000000"}),
        (somebody, {"totp": ""}),
        (somebody, {"totp": "not digits"}),
        (nobody, {"totp": right}),
    ):
        with pytest.raises(HubError) as refused:
            await who.sign_in(hub, device, **what)
        answers.append((refused.value.code, refused.value.message))
    assert len(set(answers)) == 1
    assert answers[0][0] == "sign_in_refused"
    await somebody.sign_in(hub, device, totp=right)  # a code that came with a wrong passphrase is not used up


async def test_a_code_is_good_once(hub: Hub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    code = somebody.code()
    await somebody.sign_in(hub, Device(tmp_path / "one"), totp=code)
    with pytest.raises(HubError, match="sign_in_refused"):
        await somebody.sign_in(hub, Device(tmp_path / "two"), totp=code)


async def test_a_recovery_code_is_good_once(hub: Hub, tmp_path: Path) -> None:
    somebody = Newcomer(f"mgec.{secrets.token_hex(4)}", tmp_path)
    async with at_work(hub, "mgec.delger") as delger:
        joined = await somebody.enrol(await expected(delger, somebody))
        await confirmed(delger, joined)
    assert len(set(joined.recovery_codes)) == 10
    for place, works in ((0, True), (0, False), (1, True)):
        async with Client(hub.url) as client:
            signing_in = joining.sign_in(
                client,
                Device(tmp_path / secrets.token_hex(4)),
                fingerprint(hub),
                login=somebody.login,
                passphrase=somebody.passphrase,
                second=contract.SecondFactor(recovery=joined.recovery_codes[place].upper().replace("-", " ")),
            )
            if works:
                assert (await signing_in).kept.login == somebody.login
            else:
                with pytest.raises(HubError, match="sign_in_refused"):
                    await signing_in


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_guessing_is_stopped_and_locks_no_known_device_out(hub: Hub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    await somebody.sign_in(hub)  # from now on the hub knows this device
    async with Client(hub.url) as stranger:
        for login in (somebody.login, "nobody.at.all"):  # one that is not there runs out in the same way
            answers = [await guess(stranger, login) for _ in range(12)]
            assert answers[:10] == ["sign_in_refused"] * 10
            assert answers[10:] == ["throttled"] * 2
        with pytest.raises(Refused) as throttled:
            await stranger.sign_in(somebody.login, b64(bytes(32)), WRONG, device=None, name="")
        assert 0 < int(throttled.value.at["after"]) <= 300
    assert (await somebody.sign_in(hub)).kept.login == somebody.login


WRONG = contract.SecondFactor(totp="000000")


async def guess(client: Client, login: str) -> str:
    """The code of the refusal."""
    try:
        await client.sign_in(login, b64(secrets.token_bytes(32)), WRONG, device=None, name="")
    except (HubError, Refused) as refused:
        return refused.code
    return "signed in"


async def test_unknown_logins_take_as_long_as_known_ones(hub: Hub, tmp_path: Path) -> None:
    """Of each kind many, in turns: the difference of the medians is lost in the spread of each."""
    somebody = await member(hub, tmp_path)
    took: dict[bool, list[float]] = {True: [], False: []}
    async with Client(hub.url) as client:
        for n in range(9):  # nine for each login, since ten are throttled
            for known in (True, False) if n % 2 else (False, True):
                login = somebody.login if known else f"unknown.{secrets.token_hex(4)}"
                began = time.perf_counter()
                assert await guess(client, login) == "sign_in_refused"
                took[known].append(time.perf_counter() - began)
    known, unknown = (sorted(took[one]) for one in (True, False))
    spread = max(known[6] - known[2], unknown[6] - unknown[2])
    assert abs(statistics.median(known) - statistics.median(unknown)) < max(spread, 0.002) * 2


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_sessions_are_listed_and_ended(hub: Hub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    other = await somebody.sign_in(hub, Device(tmp_path / "lost telephone"))
    async with somebody.at_work() as session:
        (there,) = [one for one in await session.client.sessions() if not one.current]
        assert there.name == "test"
        await session.client.end_session(there.id)
        with pytest.raises(Refused, match="not_found"):
            await session.client.end_session(there.id)
        async with Client(hub.url, other.token) as ended:
            with pytest.raises(HubError, match="signed_out"):
                await ended.me()
        await session.client.sign_out()
        with pytest.raises(HubError, match="signed_out"):
            await session.client.me()


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_nobody_ends_another_ones_session(hub: Hub, tmp_path: Path) -> None:
    one, other = await member(hub, tmp_path), await member(hub, tmp_path)
    async with one.at_work() as session, other.at_work() as theirs:
        (there,) = await theirs.client.sessions()
        with pytest.raises(Refused, match="not_found"):
            await session.client.end_session(there.id)
        assert (await theirs.client.me()).handle == other.login


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_a_new_passphrase_draws_a_new_key_and_ends_the_other_sessions(hub: Hub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    lost = await somebody.sign_in(hub, Device(tmp_path / "lost"))
    kept = somebody.device.find(somebody.login)
    opened = somebody.device.unlock(kept, somebody.passphrase)
    new = account.new_passphrase()
    before, after = (stretch(one, somebody.login, network=kept.network) for one in (somebody.passphrase, new))
    version = kept.keyring.version + 1
    keyring, kk = account.seal(opened.keys, network=kept.network, version=version, w=after.w)
    assert kk != opened.kk
    async with somebody.at_work() as session:
        with pytest.raises(Refused, match="key_refused"):
            await session.client.change_passphrase(b64(bytes(32)), b64(after.auth), keyring, version)
        # Another device saved its keyring meanwhile: what is sealed for a version that is not next would open nothing.
        with pytest.raises(Refused, match="head_moved"):
            await session.client.change_passphrase(b64(before.auth), b64(after.auth), keyring, version + 1)
        changed = await session.client.change_passphrase(b64(before.auth), b64(after.auth), keyring, version)
        assert changed.version == version
        assert (await session.client.me()).handle == somebody.login  # the one that asked goes on
    async with Client(hub.url, lost.token) as other:
        with pytest.raises(HubError, match="signed_out"):
            await other.me()
    code = somebody.code()
    with pytest.raises(HubError, match="sign_in_refused"):
        await somebody.sign_in(hub, Device(tmp_path / "a"), totp=code)
    again = await somebody.sign_in(hub, Device(tmp_path / "b"), passphrase=new, totp=code)
    assert again.keys.secrets.sign.seed == opened.keys.secrets.sign.seed
    for one in again.kept.keyring.unlocks:  # what was sealed under the old key is gone
        assert one.id not in {old.id for old in kept.keyring.unlocks}


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_an_older_keyring_is_refused(hub: Hub, tmp_path: Path) -> None:
    """A hub that hands out what was true once: the device knows better."""
    somebody = await member(hub, tmp_path)
    kept = somebody.device.find(somebody.login)
    opened = somebody.device.unlock(kept, somebody.passphrase)
    with pytest.raises(Refused, match="checkpoint_rollback"):
        account.open_kk(
            kept.keyring, opened.kk, network=kept.network, member=kept.member, newest_seen=kept.keyring.version + 1
        )


async def test_two_devices_do_not_overwrite_each_others_keyring(hub: Hub, tmp_path: Path) -> None:
    somebody = await member(hub, tmp_path)
    async with somebody.at_work() as session:
        kept = await session.client.keyring()
        assert kept is not None
        await session.client.save_keyring(b64(b"x" * 300), kept.version + 1)
        with pytest.raises(Refused, match="head_moved"):
            await session.client.save_keyring(b64(b"y" * 300), kept.version + 1)


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_the_hub_holds_nothing_that_opens(hub: Hub, tmp_path: Path) -> None:
    """Neither the passphrase nor its stretched forms nor a seed stand in the database, sealed codes neither."""
    somebody = await member(hub, tmp_path)
    kept = somebody.device.find(somebody.login)
    opened = somebody.device.unlock(kept, somebody.passphrase)
    stretched = stretch(somebody.passphrase, somebody.login, network=kept.network)
    dump = hub.store.dump()
    assert somebody.login.encode() in dump
    for secret in (
        somebody.passphrase.encode(),
        stretched.auth,
        stretched.w,
        opened.kk,
        opened.keys.secrets.sign.seed,
        opened.keys.secrets.kem.seed,
        somebody.authenticator.secret,
        unb64(opened.token),
    ):
        for written in (secret, secret.hex().encode(), b64(secret).encode()):
            assert written not in dump


async def test_the_hubs_secret_changes_and_second_factors_stay_good(stores: Stores, tmp_path: Path) -> None:
    """The older one stays below the new one; where it was thrown away, a recovery code is left."""
    with stores.opened("sqlite", "founded") as store:
        hub, secret = Hub(store), store.practice / "hub" / "secret_key"
        try:
            hub.start()
            stays, comes_late = await member(hub, tmp_path), await member(hub, tmp_path)
            hub.stop()
            first, second = secret.read_text(), secrets.token_urlsafe(48) + "\n"
            secret.write_text(second + first)
            hub.start()
            await stays.sign_in(hub)
            hub.stop()
            secret.write_text(second)
            hub.start()
            await stays.sign_in(hub)  # sealed anew, at the sign-in before
            with pytest.raises(HubError, match="sign_in_refused"):
                await comes_late.sign_in(hub)
            with pytest.raises(HubError, match="sign_in_refused"):
                await comes_late.sign_in(hub, totp=nobodys_code())
        finally:
            hub.stop()


def nobodys_code() -> str:
    """What an authenticator without any secret would show now."""
    return Authenticator(bytes(20)).code(datetime.now(UTC))
