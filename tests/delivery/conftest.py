"""Fixtures for tests that send."""

from pathlib import Path

import pytest

from tests.servers import certificates
from tests.world import StandingClock


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of this machine, and its key."""
    return certificates.certificate(tmp_path_factory.mktemp("tls"))
