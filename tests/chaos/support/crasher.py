"""A process that does one round of work at a given instant in a child process, which can be made to die midway.

    python -m tests.chaos.support.crasher    (settings from the environment)

Each line of JSON, {"now": instant, "die_at": n or 0 or "in_work"}, creates one child; its pid is printed, it waits for another
line, and its exit code is printed. die_at: the child exits without a message when it reads the time for the nth time, or for
the first time while a mail is in work.
"""

import json
import os
import sys
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask import Flask

from outreach import create_app
from outreach.domain.states import IN_WORK
from outreach.engines import loop
from outreach.extensions import db
from outreach.models import Message

WHILE_IN_WORK = "in_work"


def main() -> None:
    app = create_app(serving=False)
    while line := _line():
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                _line()
                _work(app, datetime.fromisoformat(order["now"]), order["die_at"])
            finally:
                os._exit(0)
        print(child, flush=True)
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _work(app: Flask, now: datetime, die_at: int | str) -> None:
    asked = 0

    def clock() -> datetime:
        nonlocal asked
        asked += 1
        if asked == die_at or (die_at == WHILE_IN_WORK and _is_in_work(app)):
            os._exit(9)
        return now + timedelta(milliseconds=asked)

    loop.tick(app, now=clock, worker=f"crasher:{os.getpid()}:0")
    with app.app_context():
        db.engine.dispose()


def _is_in_work(app: Flask) -> bool:
    with app.app_context(), db.engine.connect() as connection:
        return bool(connection.scalar(sa.select(sa.exists().where(Message.state.in_(IN_WORK)))))


def _line() -> bytes:
    """Read one line and not a byte more: the rest is for another process."""
    found = b""
    while not found.endswith(b"\n"):
        byte = os.read(sys.stdin.fileno(), 1)
        if not byte:
            return b""
        found += byte
    return found


if __name__ == "__main__":
    main()
