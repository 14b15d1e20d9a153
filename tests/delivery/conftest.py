"""Fixtures for tests that send."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.servers.smtp import Server
from tests.world import StandingClock, send_through


@pytest.fixture
def server(current_app_: Flask) -> Iterator[Server]:
    """A mail server that the app sends through."""
    with Server() as server:
        send_through(current_app_, server)
        yield server


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()
