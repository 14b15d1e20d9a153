"""The memory of one process that drains a hundred thousand messages: as much at the end as near the beginning.

A tenth with OUTREACH_BENCH_SMALL=1. Read from /proc, as the system counts it; counted in messages at the sink.
"""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import conditions
from benchmarks.databases import rows, waiting
from benchmarks.results import Result
from benchmarks.sending import sending
from benchmarks.sending.sink import SmtpSink, sink
from outreach import create_app
from outreach.extensions import db

MAILS = 100_000
EARLY, LATE = (0.1, 0.2), (0.9, 1.0)  # parts of the messages
MOST = 1.1
LOOK_S = 0.1
PATIENCE_S = 600.0


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the most memory in the last tenth of a drain, as a ratio to the most in its second tenth, in MB."""
    mails = MAILS // 10 if os.environ.get("OUTREACH_BENCH_SMALL") else MAILS
    app = create_app(sending.settings(folder))
    with app.app_context():
        db.create_all()
        say(f"writing {mails:,} messages that are due")
        rows.write_office()
        waiting.write_people(1, mails)
        sending.write_venue_and_links(mails)
        sending.write_due(mails, datetime.now(UTC))
        rows.settle_down()
        with db.engine.connect() as connection:
            said = conditions.durability(connection)
    say(said)
    with sink() as server:
        child = sending.child(folder, server.port, "drain")
        try:
            seen = _watched(child, server, mails)
        finally:
            child.kill()
            child.wait(10)
        if server.count() != mails:
            raise RuntimeError(f"{mails} mails were due, and {server.count()} were taken.")
    early, late = (_most(seen, mails, part) for part in (EARLY, LATE))
    return [
        Result(f"memory while {mails:,} messages are drained, last tenth", late, "MB", early, late / early, MOST,
               late / early <= MOST, f"{said}, in both tenths")
    ]  # fmt: skip


def _watched(child: "sending.Child", server: SmtpSink, mails: int) -> list[tuple[int, float]]:
    """Let the child drain; return (mails taken, MB) until all are."""
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdout.readline()
    child.stdin.write("go\n")
    child.stdin.flush()
    seen = []
    until = time.monotonic() + PATIENCE_S
    while (taken := server.count()) < mails and child.poll() is None:
        seen.append((taken, _resident_mb(child.pid)))
        if time.monotonic() > until:
            raise RuntimeError(f"{taken} of {mails} mails were taken in {PATIENCE_S:.0f} s.")
        time.sleep(LOOK_S)
    return seen


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _most(seen: list[tuple[int, float]], mails: int, part: tuple[float, float]) -> float:
    return max(mb for taken, mb in seen if part[0] <= taken / mails <= part[1])
