"""Bringing the database to its present form, from the command line and from other commands."""

import logging

import sqlalchemy as sa
from flask_migrate import upgrade as migrate_upgrade
from flask_migrate.cli import db

from outreach.extensions import db as database
from outreach.models import Office

__all__ = ["db", "is_empty", "upgrade"]


def upgrade() -> None:
    """Run all migrations that the database has not seen. Needs an app context."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    migrate_upgrade()


def is_empty() -> bool:
    """Return whether no office has been set up in this database yet."""
    found = database.session.scalar(sa.select(Office.id).limit(1))
    database.session.rollback()
    return found is None
