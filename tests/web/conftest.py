"""Fixtures for tests of pages."""

import pytest

from tests.world import StandingClock, at, stop_clock


@pytest.fixture
def clock_on_tuesday(monkeypatch: pytest.MonkeyPatch) -> StandingClock:
    """Outreach's clock stands at Tuesday 5 January 2027, 08.00, until the test sets its `now`."""
    return stop_clock(monkeypatch, at(5))
