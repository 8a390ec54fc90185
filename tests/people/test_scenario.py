"""Scenario 14, as far as its verbs are built: a member leaves in the middle of a referral."""

import pytest

from ortoo.practice.player import Played, Player, Scenario
from tests.hubs import Hub
from tests.members import SCENARIOS


@pytest.mark.parametrize("hub", ["postgres"], indirect=True)
async def test_a_member_leaves_and_the_referral_goes_on(hub: Hub) -> None:
    (path,) = SCENARIOS.glob("14-*.json")
    played: list[Played] = []
    assert not await Player(Scenario.read(path), hub.url, hub.practice).play(played.append)
    assert [(one.by, one.verb, one.problem) for one in played] == [
        ("mrc.nara", "send", None),
        ("mgec.delger", "end_member", None),
        ("mgec.urna", "open", None),  # signed out
        ("mgec.solongo", "open", None),  # three sections, with the seed of the epoch before
        ("mrc.nara", "send_with", None),  # sealed to the epoch before: refused as stale
        ("mgec.solongo", "accept", None),
        ("glc.tamir", "accept", None),
        ("glc.tamir", "open", None),
        ("receipt", "withdraw", "not_built"),
    ]
