"""An administrator's program is killed at every step of changing the agency's members and keys; then it goes on."""

import os
import secrets
from pathlib import Path

import pytest

from ortoo.session import Session
from tests import warm
from tests.hubs import Hub
from tests.members import at_work, plain_form
from tests.people.newcomers import Newcomer, expected

PROGRAM = Path(__file__).with_name("stopping.py")
ADMINISTRATOR, COLLEAGUE, AGENCY = "mgec.delger", "mgec.solongo", "mgec"


def runs(hub: Hub, place: int, *operation: str) -> bool:
    """Whether it came to its end."""
    arguments = [hub.url, str(hub.practice), ADMINISTRATOR, str(place), *operation]
    ended = warm.run(PROGRAM, arguments, environment=dict(os.environ), timeout=60)
    assert ended.returncode in (0, -9), ended.stderr
    return ended.returncode == 0


async def check_nothing_is_lost(session: Session, old: str) -> None:
    """The newest epoch is held, and what an older one still has to open."""
    await session.sync()
    state = session.directory.now().agency(AGENCY)
    assert state is not None
    assert max(await session.agency_epochs()) == state.last_epoch
    assert (await session.open_referral(old)).readable


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)  # it is the administrator's side that is killed
async def test_killed_at_every_step_it_goes_on(hub: Hub, tmp_path: Path) -> None:
    async with (
        at_work(hub, ADMINISTRATOR) as administrator,
        at_work(hub, COLLEAGUE) as colleague,
        at_work(hub, "mrc.nara") as nara,
    ):
        (old,) = await nara.send(plain_form(1))
        newcomer = Newcomer(f"mgec.{secrets.token_hex(4)}", tmp_path)
        joined = await newcomer.enrol(await expected(administrator, newcomer))
        for operation in (("rotate",), ("confirm", newcomer.login), ("remove", joined.open.kept.member)):
            killed = 0
            while not runs(hub, killed + 1, *operation):
                killed += 1
                await check_nothing_is_lost(colleague, old.id)
            assert killed >= 3, operation
            await check_nothing_is_lost(administrator, old.id)
            held = await administrator.client.held_keys()
            state = administrator.directory.now().agency(AGENCY)
            assert state is not None
            needed = {
                state.last_epoch,
                *(one.epoch for one in old.document.body.sealed.readers if one.agency == AGENCY),
            }
            assert {(one.id, n) for one in state.members for n in needed} <= {(one.member, one.epoch) for one in held}
            assert {one.member for one in held} == {one.id for one in state.members}
            is_in = any(one.id == joined.open.kept.member for one in state.members)
            assert is_in == (operation[0] == "confirm")
            if is_in:
                async with newcomer.at_work() as session:
                    await check_nothing_is_lost(session, old.id)
        await nara.sync()
        (new,) = await nara.send(plain_form(2))
        assert (await colleague.open_referral(new.id)).readable
