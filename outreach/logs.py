"""Structured logs on standard error. They carry ids and states, never names, addresses or bodies."""

import logging
import sys
import traceback
from pathlib import Path

import structlog

_PACKAGE = Path(__file__).parent


def configure() -> None:
    """Set structlog up once: one line an event, coloured on a terminal, JSON elsewhere."""
    if structlog.is_configured():
        return
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )


def fault(error: BaseException) -> dict[str, str]:
    """Return what a log may say of an error: its type and where in our own files it arose, outermost first.

    Never its text: a database's errors quote rows, with names, addresses and all.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)] or frames[-1:]
    at = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in ours)
    return {"error": type(error).__name__, "at": at}
