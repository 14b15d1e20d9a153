"""Run all benchmarks, print a table, and write results/latest.json. Exits 0 whatever is met.

A new benchmark is a function `measure(folder, say) -> list[Result]` in a file here, named in ALL.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import load, pages
from benchmarks.results import LATEST, machine, table, write

ALL = (pages.measure,)


def say(line: str) -> None:
    print(f"… {line}", file=sys.stderr, flush=True)


def main() -> None:
    results = []
    for measure in ALL:
        with TemporaryDirectory(prefix="outreach-bench-") as folder:
            results += measure(Path(folder), say)
    print(f"\n{machine()}; load by {load.tool()}\n")
    print(table(results))
    write(results)
    print(f"\nWritten to {LATEST.relative_to(Path.cwd()) if LATEST.is_relative_to(Path.cwd()) else LATEST}")


if __name__ == "__main__":
    main()
