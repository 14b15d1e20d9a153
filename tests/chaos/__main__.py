"""What `make chaos` runs: 200 kills, printed as a table, then every chaos test and other searches in their long form.

python -m tests.chaos [--kills 200] [--seed N] [--only-kills]
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path

from tests.chaos.support.harness import ROOT, PostgreSQL
from tests.chaos.support.kills import KillCounts, Run, play

FAST = ("PIPELINING", "CHUNKING")
PLAIN, PIPELINED = (), ("PIPELINING",)
SHARES = (  # of the kills
    (0.3, Run("SQLite, one process", postgresql=False, workers=1, kills=0)),
    (0.1, Run("SQLite, one process, pipelined", postgresql=False, workers=1, kills=0, extensions=FAST)),
    (0.1, Run("SQLite, two schedulers", postgresql=False, workers=2, kills=0, extensions=PIPELINED)),
    (0.3, Run("PostgreSQL, three workers", postgresql=True, workers=3, kills=0, extensions=FAST)),
    (0.1, Run("PostgreSQL, three workers, plain", postgresql=True, workers=3, kills=0, extensions=PLAIN)),
    (0.1, Run("PostgreSQL, two schedulers", postgresql=True, workers=2, kills=0, extensions=FAST, by_mistake=True)),
    (0.0, Run("SQLite, never killed", postgresql=False, workers=1, kills=0, extensions=FAST)),
    (0.0, Run("PostgreSQL, never killed", postgresql=True, workers=3, kills=0, extensions=FAST)),
)
SEARCHES = (  # outside this folder, with a long form (tests/support/long_form.py)
    "tests/services/test_chain_quota_ladder.py",
    "tests/services/representation/test_any_chain.py",
    "tests/services/ladder/test_any_story.py",
    "tests/services/door/test_receive.py",
    "tests/services/privacy/retention/test_kills.py",
    "tests/services/planning/test_booking_races.py",
    "tests/domain/timetabling/test_any.py",
    "tests/domain/clashes/test_any.py",
    "tests/delivery/mail/frames/test_frame.py",
    "tests/browser/door/test_story.py",
    "tests/web/sign_in/test_passwords.py",
    "tests/queries/test_access.py",
    "tests/web/frame/test_any_changes.py",
)
COLUMNS = (
    "kills", "messages", "arrived", "never", "doubled", "copies", "in_doubt", "most", "handing_over", "wrong_copies",
    "other_ids", "unsettled", "seconds",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    name: str
    outcome: KillCounts

    def text(self) -> str:
        figures = (getattr(self.outcome, name) for name in COLUMNS)
        return f"{self.name:34}" + "".join(
            f"{figure:>{len(name) + 2}.0f}" for name, figure in zip(COLUMNS, figures, strict=True)
        )


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10**6), help="printed, so that a run can be repeated"
    )
    parser.add_argument("--only-kills", action="store_true")
    wanted = parser.parse_args(arguments)
    lines = _killed(wanted.kills, wanted.seed)
    print(f"\n{'':34}" + "".join(f"  {name}" for name in COLUMNS))
    for line in [*lines, Line("all", _sum(lines))]:
        print(line.text())
    broken = [line for line in lines if line.outcome.broken() or line.outcome.copies > line.outcome.in_doubt]
    for line in broken:
        print(f"BROKEN  {line.name}: {line.outcome.broken()}")
    if wanted.only_kills:
        return 1 if broken else 0
    print("\nEvery chaos test, and the other searches, in their long form:", flush=True)
    tests = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-o", "faulthandler_timeout=0", "tests/chaos", *SEARCHES],
        cwd=ROOT,
        env={**os.environ, "OUTREACH_CHAOS": "1"}, check=False,
    )  # fmt: skip
    return 1 if broken else tests.returncode


def _killed(kills: int, seed: int) -> list[Line]:
    lines = []
    with PostgreSQL() as postgresql:
        for number, (share, run) in enumerate(SHARES):
            with tempfile.TemporaryDirectory(prefix="outreach-chaos-") as folder:
                this = replace(run, kills=round(share * kills), seed=seed + number)
                line = Line(run.name, play(this, Path(folder), postgresql.uri))
            print(f"  {line.outcome}", flush=True)
            lines.append(line)
    return lines


def _sum(lines: list[Line]) -> KillCounts:
    columns = zip(*(astuple(line.outcome) for line in lines), strict=True)
    return KillCounts(**{field.name: sum(column) for field, column in zip(fields(KillCounts), columns, strict=True)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
