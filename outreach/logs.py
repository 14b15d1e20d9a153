"""Structured logs on standard error. They contain ids and states, never names, addresses or mail texts."""

import logging
import sys
import traceback
from pathlib import Path

import structlog

_PACKAGE = Path(__file__).parent


def configure() -> None:
    """Configure structlog once: one line per event, coloured on a terminal, JSON otherwise."""
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
    """Return what may be logged of an error: its type and its places in our own files, outermost first.

    Never its text: database errors quote rows with names and addresses.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)] or frames[-1:]
    at = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in ours)
    return {"error": type(error).__name__, "at": at}
