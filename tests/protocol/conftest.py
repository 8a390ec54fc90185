"""A small town for each test to do as it likes with."""

import pytest

from tests.protocol.network import Town


@pytest.fixture
def town() -> Town:
    return Town()
