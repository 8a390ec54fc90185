"""Signing in and out on this device, sessions, the passphrase."""

import platform
from collections.abc import Mapping
from typing import Any, Final

from ortoo import account, contract, joining
from ortoo.cli import DONE
from ortoo.cli.asking import (
    FINGERPRINT,
    account_value,
    hub_of,
    need_a_terminal,
    new_passphrase,
    normal,
    one_of,
    say_done,
    say_waiting,
    show_codes,
    typed_from_paper,
    waiting_value,
    waits_for,
)
from ortoo.cli.commands import started
from ortoo.cli.running import Command, Run, Usage, readable
from ortoo.cli.screen import instant_of, shortened
from ortoo.client import Client, HubError
from ortoo.device import Device, replace_kept
from ortoo.protocol.documents import b64
from ortoo.protocol.keys import stretch


async def login(run: Run) -> int:
    device, options = Device(), run.options
    if options.login is None and len(kept := device.all()) == 1:
        options.login = kept[0].login
    if options.login is None and not run.screen.asks:
        raise Usage("error.needs", option="LOGIN")
    login = normal(run.told("login"))
    named = [one for one in device.all() if login in (one.login, one.handle)]
    hub = hub_of(run, named[0] if len(named) == 1 else None)
    before = next((one for one in named if one.hub == hub), None)
    login = before.login if before else login
    fingerprint = (
        None
        if before is not None and options.fingerprint is None
        else typed_from_paper(run, "fingerprint", FINGERPRINT)
    )
    async with Client(hub) as client:
        if fingerprint is not None:
            await run.patiently(joining.anchored(client, fingerprint))
        passphrase = run.passphrase(login)
        signing_in = joining.sign_in(
            client, device, fingerprint, login=login, passphrase=passphrase, second=_second(run), name=_device_name()
        )
        opened = await run.patiently(signing_in)
    waits = await run.patiently(waits_for(opened)) if not opened.kept.roles else None
    if run.screen.json:
        run.screen.document({"account": account_value(opened.kept), "waiting": waiting_value(waits)})
        return DONE
    kept_now, words = opened.kept, run.words
    run.screen.line(words("login.done", name=kept_now.names[words.language], login=kept_now.login), "green")
    if kept_now.roles:
        run.screen.line(words("roles", roles=words.labels("roles", kept_now.roles)))
    say_waiting(run, waits)
    return DONE


def _second(run: Run) -> contract.SecondFactor:
    """The six digits or a recovery code; asked for in one line."""
    if run.options.recovery is not None:
        return contract.SecondFactor(recovery=readable(run.options.recovery))
    told = "".join(run.told("code", "ask.second").split())
    is_code = run.options.code is not None or (len(told) == 6 and told.isdigit())
    return contract.SecondFactor(totp=told) if is_code else contract.SecondFactor(recovery=told)


async def logout(run: Run) -> int:
    """End the session at the hub, then forget the account here."""
    opened = run.unlocked(run.account())
    try:
        async with Client(opened.kept.hub, opened.token) as client:
            await run.patiently(client.sign_out())
    except HubError as error:
        if error.code not in ("signed_out", "not_signed_in"):
            raise
    Device().forget(opened.kept)
    return say_done(run, "logout.done", {"signed_out": opened.kept.login}, login=opened.kept.login)


async def lock(run: Run) -> int:
    """The account of `--as`; without it, all of this device."""
    accounts = [run.account()] if run.options.handle else Device().all()
    for one in accounts:
        Device().lock(one)
    logins = [one.login for one in accounts]
    return say_done(run, "lock.done", {"locked": logins}, logins=", ".join(logins) or "–")


async def waiting(run: Run) -> int:
    async with started(run) as session:
        told = await run.patiently(session.client.waiting())
        roles = list(session.identity.roles)
        if run.screen.json:
            run.screen.document({"waiting": waiting_value(told), "roles": roles})
        elif told is None:
            run.screen.line(run.words("waiting.over", roles=run.words.labels("roles", roles)), "green")
        else:
            say_waiting(run, told)
    return DONE


async def sessions(run: Run) -> int:
    async with started(run) as session:
        found = await run.patiently(session.client.sessions())
        short = shortened([one.id for one in found])
        if run.options.end is not None:
            id = one_of(run.options.end, list(short))
            await run.patiently(session.client.end_session(id))
            return say_done(run, "sessions.ended", {"ended": id}, id=short[id])
        if run.screen.json:
            run.screen.document({"sessions": [_session_value(one) for one in found]})
            return DONE
        rows = [
            (
                short[one.id],
                one.name or "–",
                run.words.moment(one.created_at),
                run.words.moment(one.used_at),
                run.words("sessions.current") if one.current else "",
            )
            for one in found
        ]
        run.screen.rows(("id", "device", "since", "used", "here"), rows)
    return DONE


async def passphrase(run: Run) -> int:
    """A new one, and with it a new KK. The session goes on; all others end."""
    kept = run.account()
    need_a_terminal(run)
    opened, old = run.unlock(kept)
    new = new_passphrase(run)
    before, after = (stretch(one, kept.login, network=kept.network) for one in (old, new))
    async with Client(kept.hub, opened.token) as client:
        newest = await run.patiently(client.keyring())
        if newest is None:
            raise HubError("bad_answer")
        seen = kept.keyring.version
        keys = account.open_kk(newest, opened.kk, network=kept.network, member=kept.member, newest_seen=seen)
        version = newest.version + 1
        keyring, kk = account.seal(keys, network=kept.network, version=version, w=after.w)
        await run.patiently(client.change_passphrase(b64(before.auth), b64(after.auth), keyring, version))
    unlocks = [contract.Unlock(id=one.id, method=one.method, sealed=one.sealed) for one in keyring.unlocks]
    sealed = contract.Keyring(login=kept.login, version=version, sealed=keyring.sealed, unlocks=unlocks)
    Device().keep(replace_kept(kept, keyring=sealed, device=None), kk, opened.token)
    return say_done(run, "passphrase.done", {"keyring_version": version})


async def recovery_codes(run: Run) -> int:
    kept = run.account()
    opened, passphrase = run.unlock(kept)
    stretched = stretch(passphrase, kept.login, network=kept.network)
    async with Client(kept.hub, opened.token) as client:
        codes = await run.patiently(client.new_recovery_codes(b64(stretched.auth)))
    if run.screen.json:
        run.screen.document({"recovery_codes": codes})
        return DONE
    run.screen.line(run.words("recovery.new"))
    show_codes(run, codes)
    return DONE


def _device_name() -> str:
    """What the list of sessions calls this device; not what its owner calls it."""
    return f"ortoo, {platform.system()}"


def _session_value(one: contract.Session) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "created_at": instant_of(one.created_at),
        "used_at": instant_of(one.used_at),
        "expires_at": instant_of(one.expires_at),
        "current": one.current,
    }


COMMANDS: Final[Mapping[str, Command]] = {
    "login": login,
    "logout": logout,
    "lock": lock,
    "waiting": waiting,
    "sessions": sessions,
    "passphrase": passphrase,
    "recovery-codes": recovery_codes,
}
