"""Run the benchmarks, print a table, and write results/latest.json. Exits 0 whatever is met.

    python -m benchmarks [NAME …] [--full] [--peers] [--folder FOLDER]

A new benchmark is a function `measure(folder, say) -> list[Result]` in a file of the folder that fits, named in
ALL. Those of worth/ only run where they are named.
"""

import argparse
import os
import sys
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import load, peers
from benchmarks.conditions import machine
from benchmarks.directory import exporting, importing
from benchmarks.documents import certificates, letters, reporting
from benchmarks.pages import checking_in, flooding, inviting, pages, searching, signed_in
from benchmarks.planning import clashes, placing, timetabling
from benchmarks.results import LATEST, table, write
from benchmarks.sending import draining, national, sending, ticks, wire
from benchmarks.worth import bound, chunks, serving

ALL = (
    pages.measure,
    sending.measure,
    draining.measure,
    wire.measure,
    ticks.measure,
    national.measure,
    clashes.measure,
    inviting.measure,
    flooding.measure,
    searching.measure,
    signed_in.measure,
    exporting.measure,
    timetabling.measure,
    placing.measure,
    importing.measure,
    letters.measure,
    certificates.measure,
    reporting.measure,
    checking_in.measure,
)
WORTH = (bound.measure, chunks.measure, serving.measure)
NAMES, NAMED = ({measure.__module__.rpartition(".")[2]: measure for measure in some} for some in (ALL, ALL + WORTH))


def say(line: str) -> None:
    print(f"… {line}", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(NAMED)}; where none is named, {', '.join(NAMES)}"
    )
    parser.add_argument("--full", action="store_true", help="the long form, where there is one (OUTREACH_BENCH_FULL=1)")
    parser.add_argument(
        "--peers", action="store_true", help="also install and measure pretalx (OUTREACH_BENCH_PEERS=1)"
    )
    parser.add_argument("--folder", type=Path, help="work and keep data here, so that a run can be taken up again")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMED):
        parser.error(f"There is no benchmark {', '.join(sorted(unknown))}. There are: {', '.join(NAMED)}.")
    if asked.full:
        os.environ["OUTREACH_BENCH_FULL"] = "1"
    if asked.peers:
        os.environ[peers.ASKED] = "1"
    say(machine())
    results = []
    for name in asked.names or NAMES:
        kept = asked.folder / name if asked.folder else None
        if kept is not None:
            kept.mkdir(parents=True, exist_ok=True)
        with nullcontext(str(kept)) if kept else TemporaryDirectory(prefix="outreach-bench-") as folder:
            results += NAMED[name](Path(folder), say)
    print(f"\n{machine()}; load by {load.tool()}\n")
    print(table(results))
    write(results)
    print(f"\nWritten to {LATEST.relative_to(Path.cwd()) if LATEST.is_relative_to(Path.cwd()) else LATEST}")


if __name__ == "__main__":
    main()
