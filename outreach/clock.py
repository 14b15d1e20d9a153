"""The only place that reads the wall clock. Rules and services take `now` instead."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)
