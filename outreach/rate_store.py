"""Counts requests for the rate limits: in this process's memory, without a thread, or in PostgreSQL, for all processes together.

The memory storage of `limits` starts a timer thread about every hundredth of a second while requests come in, and the
request that starts it waits. On a busy machine that costs more than the page. Here a request sometimes deletes expired
counters. With several processes each one counts alone in memory; "database://" lets them count together.
"""

import threading
import time
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app
from limits.storage import Storage

SWEEP_S = 30.0
DATABASE = "database://"
TABLE = "rate_count"  # as in the statements below


class ProcessMemoryStorage(Storage):
    """The storage "process-memory://" for `limits`: fixed windows, {key: (count, when it expires)}."""

    STORAGE_SCHEME = ["process-memory"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._counts: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()
        self._sweep_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.time()
        with self._lock:
            if now >= self._sweep_at:
                self._counts = {k: v for k, v in self._counts.items() if v[1] > now}
                self._sweep_at = now + SWEEP_S
            count, until = self._counts.get(key, (0, 0.0))
            if until <= now:
                count, until = 0, now + expiry
            self._counts[key] = (count + amount, until)
            return count + amount

    def get(self, key: str) -> int:
        count, until = self._counts.get(key, (0, 0.0))
        return count if until > time.time() else 0

    def get_expiry(self, key: str) -> float:
        return self._counts.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with self._lock:
            count = len(self._counts)
            self._counts.clear()
            return count

    def clear(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)


class DatabaseStorage(Storage):
    """The storage "database://" for `limits`: fixed windows in the app's PostgreSQL, shared by all processes.

    Its table is UNLOGGED: a crash of PostgreSQL empties it, and it costs no write-ahead log. `make_table` makes it, called by
    `outreach db upgrade`. It is not one of the application's tables, so it is in no backup. Times are the database's, so the
    clocks of machines do not matter.
    """

    STORAGE_SCHEME = ["database"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._sweep_at = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return sa.exc.SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        now = time.monotonic()
        if now >= self._sweep_at:
            self._run("DELETE FROM rate_count WHERE expires_at <= clock_timestamp()")
            self._sweep_at = now + SWEEP_S
        return int(self._run(_COUNT, key=key, amount=amount, expiry=expiry)[0][0])

    def get(self, key: str) -> int:
        found = self._run("SELECT hits FROM rate_count WHERE key = :key AND expires_at > clock_timestamp()", key=key)
        return int(found[0][0]) if found else 0

    def get_expiry(self, key: str) -> float:
        found = self._run(
            "SELECT extract(epoch FROM expires_at - clock_timestamp()) FROM rate_count "
            "WHERE key = :key AND expires_at > clock_timestamp()",
            key=key,
        )
        return time.time() + (float(found[0][0]) if found else 0.0)

    def check(self) -> bool:
        """Return whether this user of the database may count. It counts once, and takes that back."""
        with _engine().connect() as connection:
            try:
                connection.execute(sa.text(_COUNT), {"key": "check", "amount": 1, "expiry": 1})
                connection.execute(sa.text("DELETE FROM rate_count WHERE key = 'check'"))
            except sa.exc.ProgrammingError:  # no such table, or no right to write in it
                return False
            finally:
                connection.rollback()
        return True

    def reset(self) -> int | None:
        return len(self._run("DELETE FROM rate_count RETURNING 1"))

    def clear(self, key: str) -> None:
        self._run("DELETE FROM rate_count WHERE key = :key", key=key)

    def _run(self, statement: str, **values: object) -> Sequence[sa.Row[Any]]:
        """Execute it in a transaction of its own. If the table is missing, make it and try again.

        It is missing where tables were upgraded before `make_table` existed.
        """
        try:
            return self._executed(statement, values)
        except sa.exc.ProgrammingError:
            make_table()
            return self._executed(statement, values)

    def _executed(self, statement: str, values: dict[str, object]) -> Sequence[sa.Row[Any]]:
        with _engine().begin() as connection:
            done = connection.execute(sa.text(statement), values)
            return done.all() if done.returns_rows else []


def make_table() -> None:
    """Make the table of DatabaseStorage where it is missing; do nothing on SQLite. Needs an app context.

    A role that may not make tables can call it where the table is there: CREATE ... IF NOT EXISTS asks for the right first.
    """
    if _engine().dialect.name != "postgresql":
        return
    with _engine().begin() as connection:
        if connection.exec_driver_sql("SELECT to_regclass('rate_count')").scalar() is not None:
            return
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('outreach rates'))")
        connection.exec_driver_sql(_MAKE)


_MAKE = """CREATE UNLOGGED TABLE IF NOT EXISTS rate_count (
    key text PRIMARY KEY, hits integer NOT NULL, expires_at timestamptz NOT NULL)"""
_COUNT = """INSERT INTO rate_count AS counted (key, hits, expires_at)
    VALUES (:key, :amount, clock_timestamp() + make_interval(secs => :expiry))
    ON CONFLICT (key) DO UPDATE SET
        hits = CASE WHEN counted.expires_at <= clock_timestamp() THEN excluded.hits ELSE counted.hits + excluded.hits END,
        expires_at = CASE WHEN counted.expires_at <= clock_timestamp() THEN excluded.expires_at ELSE counted.expires_at END
    RETURNING hits"""


def _engine() -> sa.Engine:
    engine: sa.Engine = current_app.extensions["sqlalchemy"].engine  # not from extensions.py, which imports this file
    return engine
