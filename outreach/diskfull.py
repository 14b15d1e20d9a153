"""A database whose disk is full says so in the log, with what to do, wherever it is met: in a tick, in a drain, behind a page.

A drain does not fail then: it keeps what it knows and tries again, so that without this nobody would hear why nothing goes out.
"""

import sqlite3
import time

import structlog
from sqlalchemy import Engine, event

SAID_EVERY_S = 60.0
DISK_FULL = "53100"  # PostgreSQL's code
log = structlog.get_logger()
_said_at = [float("-inf")]


def watch(engine: Engine) -> None:
    """Let the engine say it, at most once a minute in a process."""
    event.listen(engine, "handle_error", lambda context: notice(context.original_exception))


def notice(error: BaseException | None) -> None:
    """Say it if that is what the error, or what led to it, means."""
    while error is not None and not means_full(error):
        error = error.__cause__
    now = time.monotonic()
    if error is None or now - _said_at[0] < SAID_EVERY_S:
        return
    _said_at[0] = now
    log.error(
        "the disk of the database is full",
        do="make room at once; until then nothing is written down or sent, and nothing lost",
    )


def means_full(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return getattr(error, "sqlstate", None) == DISK_FULL or (code is not None and code & 0xFF == sqlite3.SQLITE_FULL)
