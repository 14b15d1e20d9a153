"""Fixtures for tests of the directory."""

from outreach.extensions import db
from outreach.services.directory import regions
from tests.support.copied import copied


@copied
def metro(any_app) -> None:
    """All kelurahan of Kota Metro."""
    regions.install(db.session, "18.72")
    db.session.commit()
