"""Two networks: a small town for each test to do as it likes with, and the practice network to read."""

import pytest

from tests.protocol.network import Town, practice


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture(scope="session")
def practised() -> Town:
    """The practice network. Tests that change it make their own."""
    return practice()
