"""Procrastinate's job queue in our PostgreSQL: whether it is usable, its address, and its tables.

Its tables (procrastinate_…) are separate from ours; `outreach db upgrade` creates and upgrades both. The comment on the
jobs table stores the last migration applied.
"""

from importlib.util import find_spec
from pathlib import Path

import sqlalchemy as sa

from outreach.extensions import db
from outreach.settings import Settings

PREFIX = "procrastinate_"
_JOBS = PREFIX + "jobs"
_MARK = "outreach: "
_UPGRADING = 0x6F757471  # id of the advisory lock against two upgrades at once


class UnknownTables(Exception):
    """The queue's tables were created by something else, so their migrations are unknown."""


def usable(settings: Settings) -> bool:
    """Return whether workers can share work in a queue: on PostgreSQL, with Procrastinate installed."""
    backend = sa.make_url(settings.sqlalchemy_url).get_backend_name()
    return backend == "postgresql" and find_spec("procrastinate") is not None


def conninfo(settings: Settings) -> str:
    """Return the database's address for libpq, with all values quoted as needed."""
    from psycopg.conninfo import make_conninfo

    url = sa.make_url(settings.sqlalchemy_url)
    _, arguments = url.get_dialect()().create_connect_args(url)
    return make_conninfo("", **{key: value for key, value in arguments.items() if key != "context"})


def is_current() -> bool:
    """Return whether the queue's tables match the installed Procrastinate. Needs an app context."""
    with db.engine.connect() as connection:
        return _applied(connection) == _migrations()[-1].stem


def upgrade() -> None:
    """Create the queue's tables, or upgrade them to the installed Procrastinate. Needs an app context.

    Raise UnknownTables if something else created them.
    """
    from procrastinate.schema import SchemaManager

    newest = _migrations()[-1].stem
    with db.engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_UPGRADING)))
        applied = _applied(connection)
        if applied is None:
            _run(connection, SchemaManager.get_schema(), newest)
            return
    for path in _migrations():
        if path.stem > applied:
            with db.engine.begin() as connection:
                _run(connection, path.read_text("utf-8"), path.stem)


def cron(every_s: float) -> str:
    """Return the cron line, with seconds, for every `every_s` seconds, or for the next shorter interval that cron can express.

    "* * * * * */10" means every ten seconds; 45 seconds become 30.
    """
    seconds = max(1, int(every_s))
    if seconds < 60:
        return f"* * * * * */{_divisor(60, seconds)}"
    if seconds < 3600:
        return f"*/{_divisor(60, seconds // 60)} * * * * 0"
    return f"0 */{_divisor(24, min(seconds // 3600, 24))} * * * 0"


def _migrations() -> list[Path]:
    from procrastinate.schema import migrations_path

    return sorted(migrations_path.glob("*.sql"))


def _applied(connection: sa.Connection) -> str | None:
    """Return the last migration applied to the database, or None if the tables do not exist."""
    if connection.scalar(sa.select(sa.func.to_regclass(_JOBS))) is None:
        return None
    mark = connection.scalar(sa.text(f"SELECT obj_description('{_JOBS}'::regclass, 'pg_class')"))
    if not mark or not mark.startswith(_MARK):
        raise UnknownTables
    return mark.removeprefix(_MARK)


def _run(connection: sa.Connection, statements: str, mark: str) -> None:
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute(statements)  # without parameters, several statements may run at once
    driver.execute(f"COMMENT ON TABLE {_JOBS} IS '{_MARK}{mark}'")


def _divisor(whole: int, most: int) -> int:
    return max(n for n in range(1, most + 1) if whole % n == 0)
