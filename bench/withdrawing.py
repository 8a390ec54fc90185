"""A withdrawal that reaches a chain of five agencies, beside one that reaches a single agency."""

import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Final

from ortoo import consenting, forwarding
from ortoo.form import Form, Grant
from ortoo.session import Session
from tests.members import SHELTER_TONIGHT

CHAIN: Final = ("iom.zaya", "mgec.delger", "ecpat.hulan", "cfu.bayar", "hum.otgon")
TIMES: Final = 12
SECTIONS: Final = ("needs", "identity", "safety")


def form(number: int, agencies: Sequence[str]) -> Form:
    """To the first of these agencies; each may read it, and pass it on."""
    shelter = Form.read(SHELTER_TONIGHT)
    grants = {one: Grant(SECTIONS, ("give_service",), 30) for one in agencies}
    sections = {name: shelter.sections[name] for name in SECTIONS} | {"needs": {"dependants": number}}
    consent = replace(shelter.consent, grants=grants, refusals={})
    return replace(shelter, sender=None, recipients=(agencies[0],), consent=consent, sections=sections)


async def withdrawn(nara: Session, members: Sequence[Session], number: int) -> float:
    """Milliseconds until the hub has taken back what went from one of these members to the next, each having opened."""
    (sent,) = await nara.send(form(number, [one.identity.agency for one in members]))
    consent = sent.decision.body.consent
    for at, member in enumerate(members):
        await member.open_referral(sent.id)
        if at + 1 < len(members):
            sent = await forwarding.forward(member, sent.id, members[at + 1].identity.agency, SECTIONS)
    began = time.perf_counter()
    await consenting.withdraw(nara, consent)
    took = 1000 * (time.perf_counter() - began)
    states = {one.state for one in await forwarding.chain(nara, consent)}
    assert states == {"withdrawn"}
    return took


async def measure(session: Any) -> tuple[float, float]:
    """Milliseconds, the median: of a chain of five, and of one agency; by turns."""
    chain, one = [], []
    async with AsyncExitStack() as stack:
        nara = await stack.enter_async_context(session("mrc.nara"))
        members = [await stack.enter_async_context(session(handle)) for handle in CHAIN]
        for number in range(TIMES):
            chain.append(await withdrawn(nara, members, 2 * number))
            one.append(await withdrawn(nara, members[:1], 2 * number + 1))
    return statistics.median(chain), statistics.median(one)
