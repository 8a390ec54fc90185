"""Passkeys as the second factor: registered once signed in, used on the right page alone, each challenge good once."""

import json
import secrets
from pathlib import Path

import msgspec
import pytest

from ortoo import account, contract
from ortoo.client import Client, HubError
from ortoo.protocol.documents import b64, new_id, unb64
from ortoo.protocol.errors import Refused
from ortoo.protocol.keys import seal_unlock, stretch, wrapping_key
from tests.hubs import Hub
from tests.members import at_work
from tests.people.authenticator import Passkey
from tests.people.newcomers import Newcomer, confirmed, expected

ORIGIN = "http://localhost:8000"


async def with_passkey(hub: Hub, folder: Path) -> tuple[Newcomer, Passkey, bytes]:
    """Somebody who is confirmed and has added a passkey; with the passphrase's `auth`."""
    somebody = Newcomer(f"mgec.{secrets.token_hex(4)}", folder)
    async with at_work(hub, "mgec.delger") as delger:
        await confirmed(delger, await somebody.enrol(await expected(delger, somebody)))
    kept = somebody.device.find(somebody.login)
    auth = stretch(somebody.passphrase, somebody.login, network=kept.network).auth
    passkey = Passkey(ORIGIN)
    async with somebody.at_work() as session:
        options = await session.client.begin_passkey(b64(auth))
        added = await session.client.add_passkey(passkey.register(options), "telephone")
        assert unb64(added.id) == passkey.id
    return somebody, passkey, auth


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_a_passkey_signs_in_where_the_passphrase_is_right(hub: Hub, tmp_path: Path) -> None:
    somebody, passkey, auth = await with_passkey(hub, tmp_path)
    async with Client(hub.url) as client:

        async def sign_in(with_auth: bytes, answer: str) -> contract.SignIn:
            second = contract.SecondFactor(passkey=answer)
            return await client.sign_in(somebody.login, b64(with_auth), second, device=device, name="")

        device = None
        options = await client.begin_passkey_sign_in()
        answer = passkey.sign_in(options)
        signed_in = await sign_in(auth, answer)
        device = signed_in.device
        assert signed_in.member.handle == somebody.login
        with pytest.raises(HubError, match="sign_in_refused"):  # the challenge was answered
            await sign_in(auth, answer)
        with pytest.raises(HubError, match="sign_in_refused"):  # a passkey alone is not enough
            await sign_in(bytes(32), passkey.sign_in(await client.begin_passkey_sign_in()))

        evil, unverified, strange = Passkey("https://evil.example"), Passkey(ORIGIN, verified=False), Passkey(ORIGIN)
        evil.id, evil._key = passkey.id, passkey._key
        unverified.id, unverified._key = passkey.id, passkey._key
        strange.id = passkey.id
        for wrong in (evil, unverified, strange, Passkey(ORIGIN)):
            with pytest.raises(HubError, match="sign_in_refused"):
                await sign_in(auth, wrong.sign_in(await client.begin_passkey_sign_in()))
        own = b64(secrets.token_bytes(32))
        with pytest.raises(HubError, match="sign_in_refused"):  # a challenge that the hub never gave out
            await sign_in(auth, passkey.sign_in(options, challenge=own))
        for nonsense in ("[]", "{" * 500):
            with pytest.raises(HubError, match="sign_in_refused"):
                await sign_in(auth, nonsense)


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_a_passkey_opens_the_keyring_from_the_moment_that_it_is_added(hub: Hub, tmp_path: Path) -> None:
    somebody, first, auth = await with_passkey(hub, tmp_path)
    kept = somebody.device.find(somebody.login)
    opened = somebody.device.unlock(kept, somebody.passphrase)
    whose = {"network": kept.network, "member": kept.member}
    secret = secrets.token_bytes(32)

    def way(passkey: Passkey) -> contract.NewUnlock:
        w, id = wrapping_key(secret, "passkey", **whose), new_id()
        sealed = seal_unlock(opened.kk, w, **whose, method="passkey", unlock=id)
        return contract.NewUnlock(id=id, method="passkey", sealed=b64(sealed), passkey=b64(passkey.id))

    async with somebody.at_work() as session:
        before = await session.client.keyring()

        async def add(passkey: Passkey, unlock: contract.NewUnlock) -> None:
            options = await session.client.begin_passkey(b64(auth))
            await session.client.add_passkey(passkey.register(options), "computer", unlock)

        # Of another passkey, by another method, under an id that is taken: neither the way nor the passkey is kept.
        with pytest.raises(Refused, match="not_found"):
            await add(Passkey(ORIGIN), way(first))
        second = Passkey(ORIGIN)
        with pytest.raises(Refused, match="malformed"):
            await add(second, msgspec.structs.replace(way(second), method="passphrase"))
        assert before is not None
        with pytest.raises(Refused, match="id_reused"):
            await add(second, msgspec.structs.replace(way(second), id=before.unlocks[0].id))
        assert (len(await session.client.passkeys()), await session.client.keyring()) == (1, before)

        await add(second, way(second))
        after = await session.client.keyring()
        assert after is not None
        assert (after.version, after.sealed) == (before.version, before.sealed)
        w = wrapping_key(secret, "passkey", **whose)
        keys, kk = account.open_with(after, w, "passkey", **whose)
        assert (kk, keys.member) == (opened.kk, kept.member)

        await session.client.remove_passkey(b64(second.id), b64(auth))
        assert await session.client.keyring() == before


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_a_passkey_is_added_by_whoever_knows_the_passphrase(hub: Hub, tmp_path: Path) -> None:
    somebody, passkey, auth = await with_passkey(hub, tmp_path)
    async with somebody.at_work() as session:
        with pytest.raises(Refused, match="key_refused"):
            await session.client.begin_passkey(b64(bytes(32)))
        options = await session.client.begin_passkey(b64(auth))
        with pytest.raises(Refused, match="malformed"):  # the same once more
            await session.client.add_passkey(passkey.register(options), "again")
        with pytest.raises(Refused, match="malformed"):
            await session.client.add_passkey(Passkey("https://evil.example").register(options), "evil")
        # A challenge to sign in is asked for without the passphrase: it is none to add by.
        strange = Passkey(ORIGIN)
        asked = json.loads(await session.client.begin_passkey_sign_in())
        to_add = json.dumps({"rp": {"id": asked["rpId"]}, "challenge": asked["challenge"]})
        with pytest.raises(Refused, match="malformed"):
            await session.client.add_passkey(strange.register(to_add), "stolen session")
        (listed,) = await session.client.passkeys()
        assert listed.name == "telephone"
        await session.client.remove_passkey(listed.id, b64(auth))
        assert await session.client.passkeys() == []
        with pytest.raises(Refused, match="not_found"):
            await session.client.remove_passkey(listed.id, b64(auth))
