"""A process that does one round of work at a given instant in a child process, which can be made to die midway.

    python -m tests.chaos.support.crasher    (settings from the environment)

Each line of JSON, {"now": instant, "die_at": n or 0}, creates one child; its pid is printed, it waits for another line, and
its exit code is printed. die_at: the child exits without a message when it reads the time for the nth time.
"""

import json
import os
import sys
from datetime import datetime, timedelta

from outreach import create_app
from outreach.engines import loop
from outreach.extensions import db


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


def _work(app, now: datetime, die_at: int) -> None:
    asked = 0

    def clock() -> datetime:
        nonlocal asked
        asked += 1
        if asked == die_at:
            os._exit(9)
        return now + timedelta(milliseconds=asked)

    loop.tick(app, now=clock, worker=f"crasher:{os.getpid()}:0")
    with app.app_context():
        db.engine.dispose()


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
