"""A sending process for sending.py: python -m benchmarks.sending.sender FOLDER PORT drain|bare|steps|count MAILS

It says "ready", waits for a line, works, and says how many seconds and how much CPU time it took, all its threads together.
"""

import json
import smtplib
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

from benchmarks.sending.sending import COUNTED, settings
from outreach import clock, create_app
from outreach.delivery.mail.frames.frame import Frames
from outreach.delivery.outbox import drain as outbox
from outreach.delivery.outbox import leases, results
from outreach.delivery.recheck import judge as recheck
from outreach.delivery.rows import batch as batch_rows
from outreach.delivery.smtp.wire import Wire
from outreach.engines import loop
from outreach.extensions import db
from outreach.models import Message


def main(folder: str, port: str, what: str, mails: str) -> None:
    chosen = settings(Path(folder), int(port))
    # With two connections no step could be timed: the other connection's work would count, too.
    app = create_app(replace(chosen, mail_connections=1) if what == "steps" else chosen)
    loop.keep_loaded()
    with app.app_context():
        db.session.execute(db.select(Message.id).limit(1))
        db.session.remove()
        work = {
            "drain": _drain,
            "bare": lambda: _bare_smtplib(int(port), int(mails)),
            "steps": _drain,
            "count": _count,
        }[what]
        if what == "bare":
            _a_mail()
        steps = _timed() if what == "steps" else {}
        print("ready", flush=True)
        sys.stdin.readline()
        began, began_cpu = time.perf_counter(), time.process_time()
        work()
        seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
        spent = {name: s / int(mails) * 1e6 for name, s in steps.items()}
        if spent:
            spent["everything else"] = seconds / int(mails) * 1e6 - sum(spent.values())
        print(json.dumps({"s": seconds, "cpu_s": cpu, "steps": spent}), flush=True)


def _drain() -> None:
    outbox.drain(now=clock.now, worker=str(time.monotonic_ns()))


def _count() -> None:
    for _ in range(COUNTED):
        pass


_mail: list[bytes] = []


def _a_mail() -> None:
    """Keep the bytes of one of the mails that the outbox sends."""
    now = datetime.now(UTC)
    newest = db.session.scalar(db.select(db.func.max(Message.id)))
    [row] = batch_rows.load(db.session(), [newest])
    shared = batch_rows.load_shared(db.session(), [row])
    _mail.append(Frames().plan(db.session(), row, row.lines, shared, now=now).write().data)
    db.session.remove()


def _bare_smtplib(port: int, mails: int) -> None:
    with smtplib.SMTP("127.0.0.1", port, local_hostname="localhost") as server:
        for number in range(mails):
            server.sendmail("outreach@example.com", [f"kader{number}@example.com"], _mail[0])


def _timed() -> dict[str, float]:
    """Measure the steps from here on. If a step calls another step, that time counts for the called step."""
    spent: dict[str, float] = defaultdict(float)
    running: list[float] = []

    def timed(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            running.append(0.0)
            try:
                return function(*args, **kwargs)
            finally:
                took = time.perf_counter() - began
                spent[name] += took - running.pop()
                if running:
                    running[-1] += took

        return wrapper

    leases.claim = timed("claim", leases.claim)
    batch_rows.load = timed("read the facts", batch_rows.load)
    batch_rows.load_shared = timed("read the facts", batch_rows.load_shared)
    recheck.earlier = timed("read the facts", recheck.earlier)
    recheck.Judge.judge = timed("recheck", recheck.Judge.judge)  # type: ignore[method-assign]
    Frames.plan = timed("plan", Frames.plan)  # type: ignore[method-assign]
    results.turn = timed("settle and begin the next", results.turn)
    results.settle = timed("settle and begin the next", results.settle)
    handed = Wire.hand_over_group

    def hand_over_group(self: Wire, mails: Any) -> Any:
        outcomes = handed(self, mails)
        while True:
            try:
                yield timed("lay in and hand over", next)(outcomes)
            except StopIteration:
                return

    Wire.hand_over_group = hand_over_group  # type: ignore[method-assign]
    return spent


if __name__ == "__main__":
    main(*sys.argv[1:])
