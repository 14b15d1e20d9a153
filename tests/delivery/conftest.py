"""Fixtures for tests that send."""

import pytest

from tests.world import StandingClock


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()
