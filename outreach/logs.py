"""Structured logs on standard error. They contain ids and states, never names, addresses or mail texts."""

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

_PACKAGE = Path(__file__).parent
# In addresses that open without a login, or lead to a new password: answer links, calendars, links for reading, …
_TOKEN = re.compile(r"(/(?:j|feeds|lihat|r|k|go-on)/)[A-Za-z0-9_=-]{16,}")


def hidden(text: str) -> str:
    """Return the text without the tokens in addresses."""
    return _TOKEN.sub(r"\1…", text)


class WithoutTokens(logging.Filter):
    """Hides the tokens in what a web server logs: it names the address of a request that failed."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = hidden(record.getMessage()), ()
        return True


class JsonLines(logging.Formatter):
    """What other packages log by Python's logging, as lines of the same form as ours. Of an error it keeps what fault() does.

    `extra={"fields": {…}}` of a record adds these fields.
    """

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        line = {
            "event": hidden(record.getMessage()),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z"),
            **getattr(record, "fields", {}),
            **(fault(error) if error is not None else {}),
        }
        return json.dumps(line, ensure_ascii=False, default=str)


class _StandardError(logging.Handler):
    """Writes to what standard error is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr, flush=True)


def on_terminal() -> bool:
    """Return whether a person reads the logs: then they are coloured lines. Otherwise they are JSON."""
    return sys.stderr.isatty()


def configure() -> None:
    """Configure structlog and Python's logging once: one line per event, coloured on a terminal, JSON otherwise."""
    import structlog  # imported when something is logged: the command's help does not wait for it

    if structlog.is_configured():
        return
    terminal = on_terminal()
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
    if not terminal:
        others = _StandardError()
        others.setFormatter(JsonLines())
        logging.getLogger().addHandler(others)
        logging.captureWarnings(True)


def say(sentence: str, *, aside: str = "") -> None:
    """Say what a server or a worker does at its start: to a person, with the aside, or as an event of the log."""
    import structlog

    if on_terminal():
        print(f"{sentence}  ({aside})" if aside else sentence, file=sys.stderr, flush=True)
    else:
        structlog.get_logger().info(sentence)


def fault(error: BaseException) -> dict[str, str]:
    """Return what may be logged of an error: its type and its places in our own files, outermost first.

    Never its text: database errors quote rows with names and addresses.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_PACKAGE)] or frames[-1:]
    at = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in ours)
    return {"error": type(error).__name__, "at": at}
