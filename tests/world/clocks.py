"""Clocks that stand still, for a test that sets each instant itself. The clock that runs is tests/support/wall_clock.py."""

from datetime import datetime

import pytest

from outreach import clock
from tests.world.days import NOW


class StandingClock:
    """A clock that stands still until a test sets `now`. Call it to read it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def stop_clock(monkeypatch: pytest.MonkeyPatch, now: datetime = NOW) -> StandingClock:
    """Make Outreach's clock stand still for the rest of the test, in this process. Return it."""
    standing = StandingClock(now)
    monkeypatch.setattr(clock, "now", standing)
    return standing
