"""Fixtures for tests that send."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.delivery.outbox.outbox_help import StandingClock, send_through
from tests.servers.smtp import Server


@pytest.fixture
def server(current_app_: Flask) -> Iterator[Server]:
    """A mail server that the app sends through."""
    with Server() as server:
        send_through(current_app_, server)
        yield server


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()
