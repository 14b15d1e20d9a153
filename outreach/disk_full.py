"""Logs that the database's disk is full, and what to do, wherever that happens: in a tick, while sending, or on a page.

Sending does not fail then: it keeps its results in memory and tries again. Without this log nobody would know why no
mail goes out.
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
    """Log it for errors of this engine, at most once a minute per process."""
    event.listen(engine, "handle_error", lambda context: notice(context.original_exception))


def notice(error: BaseException | None) -> None:
    """Log it if the error, or a cause of it, means that the disk is full."""
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
