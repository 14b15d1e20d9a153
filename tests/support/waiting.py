"""For tests with two connections to PostgreSQL: wait until the other connection waits for a lock."""

import time

import sqlalchemy as sa

from outreach.extensions import db

_WAITING = sa.text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def waits_for_another(seconds: float = 60.0, connections: int = 1) -> bool:
    """Return whether, within so many seconds, so many connections to the database wait for another one's lock."""
    until = time.monotonic() + seconds
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.scalar(_WAITING) < connections:
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
    return True
