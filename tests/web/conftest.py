"""Fixtures for tests of pages."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.copied import copied
from tests.web.browsers import BrowserClient
from tests.world import StandingClock, at, stop_clock


@pytest.fixture
def clock_on_tuesday(monkeypatch: pytest.MonkeyPatch) -> StandingClock:
    """Outreach's clock stands at Tuesday 5 January 2027, 08.00, until the test sets its `now`."""
    return stop_clock(monkeypatch, at(5))


@copied
def phone(current_app_: Flask) -> FlaskClient:
    """The browser of a cheap phone without script; it raises the error behind a 500."""
    return current_app_.test_client()


@copied
def browsers(current_app_: Flask) -> None:
    """Make requests independent, as on a server: only a client's cookies remain from one request to the next."""
    current_app_.test_client_class = BrowserClient
