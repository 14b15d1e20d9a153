"""For tests with several connections to PostgreSQL: wait until another connection waits for a lock."""

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


def is_waited_for(holder: sa.Connection, seconds: float = 60.0) -> bool:
    """Return whether, within so many seconds, another connection waits for a lock that `holder` has."""
    pid = holder.scalar(sa.select(sa.func.pg_backend_pid()))
    blocked = sa.text("SELECT count(*) FROM pg_stat_activity WHERE :pid = ANY(pg_blocking_pids(pid))")
    until = time.monotonic() + seconds
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while not connection.scalar(blocked, {"pid": pid}):
            if time.monotonic() > until:
                return False
            time.sleep(0.01)
    return True
