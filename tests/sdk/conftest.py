from pathlib import Path

import pytest

from ortoo.form import Form
from tests.sdk.network import Network, found

SCENARIOS = Path(__file__).resolve().parents[2] / "ortoo" / "data" / "scenarios"


@pytest.fixture(scope="session")
def network() -> Network:
    return found()


@pytest.fixture
def shelter() -> Form:
    """Scenario 01: she needs a bed tonight, and not the police."""
    return Form.read(SCENARIOS / "01-shelter-tonight.json")


@pytest.fixture
def three() -> Form:
    """Scenario 02: one person, three agencies, three views."""
    return Form.read(SCENARIOS / "02-three-agencies-three-views.json")
