"""Fixtures for tests of pages."""

import pytest

from outreach import clock
from tests.conftest import NOW


@pytest.fixture
def clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that pages read is fixed at Monday 4 January 2027, 08.00, to the microsecond."""
    monkeypatch.setattr(clock, "now", lambda: NOW)
