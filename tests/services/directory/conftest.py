"""Fixtures for tests of the directory."""

import pytest

from outreach.extensions import db
from outreach.services.directory import regions


@pytest.fixture
def metro(any_app) -> None:
    """All kelurahan of Kota Metro."""
    regions.install(db.session, "18.72")
    db.session.commit()
