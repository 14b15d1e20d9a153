"""`make test` runs this: the tests, and beside them the checks; then the ten slowest tests, what could not run here, and the
exit code of the whole.

    tests/run.py [--quick] [--day DAY|awkward] [what pytest is to be told]

--quick: an answer in about two minutes: the checks, and the tests of rules, use cases and pages on SQLite that are not slow,
of these the cheapest, as many as took that long when they ran last. The first time none was measured, and all of these run.
--day: tests that take their days from the clock run on that day ("2028-02-29T08:00", in Metro's time), the others as usual;
with `awkward`, only such tests run, on ten days that are difficult for a calendar.
OUTREACH_TEST_ALL=1 makes a skipped test an error, for machines on which everything should be installed.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
# Some machines forbid bytecode. Then each of hundreds of processes would compile the product and its libraries again.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
CHECKS = (
    ("style", [str(BIN / "ruff"), "check", "."]),
    ("layout of the code", [str(BIN / "ruff"), "format", "--check", "."]),
    ("types", [str(BIN / "mypy")]),
    ("layers", [str(BIN / "lint-imports")]),
    ("translations", [sys.executable, "tests/catalogue.py", "check"]),
)
PROGRAMS = (
    (
        "Chromium",
        ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"),
        "the browser tests",
        "chromium",
    ),
    ("Dovecot", ("dovecot",), "tests with an IMAP server", "dovecot-imapd"),
    ("clamd", ("clamd",), "tests with a virus scanner", "clamav-daemon"),
)


LEFT_OUT = ("browser", "chaos", "cli", "delivery", "engines")
# How long each test took when it ran last with all, or with the quick ones. A quick run finds this file in its environment.
SECONDS = ROOT / ".pytest_cache" / "seconds.json"
MEASURED = "TESTS_MEASURED"
QUICK = ["-m", "not (slow or postgresql)", *(f"--ignore=tests/{name}" for name in LEFT_OUT)]
AWKWARD = {
    "2026-11-30T17:40": "a Monday: twenty days later is a Sunday",
    "2026-12-05T08:00": "a Saturday",
    "2026-12-24T08:00": "a joint holiday (cuti bersama)",
    "2026-12-31T08:00": "31 December",
    "2027-01-04T23:59": "a minute before midnight",
    "2027-01-10T08:00": "a Sunday",
    "2027-02-17T10:00": "in Ramadan",
    "2027-03-09T08:00": "the day before Idulfitri",
    "2028-01-31T08:00": "31 January",
    "2028-02-29T08:00": "29 February",
}
SLOWEST = 10


def main(arguments: list[str]) -> int:
    """Run the tests, and every check even where one fails. Return the exit code."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--day", default="")
    asked, arguments = parser.parse_known_args(arguments)
    whole = not arguments
    checks = Checks(CHECKS if whole and asked.day != "awkward" else ())
    checks.start()
    verdicts: dict[str, bool] = {}
    if asked.quick:
        arguments = [*QUICK, *arguments]
    days = AWKWARD if asked.day == "awkward" else {asked.day: ""}
    if asked.day == "awkward":
        arguments = ["-m", "any_day", *arguments]
    skipped: Counter[str] = Counter()
    for day, why in days.items():
        name = f"tests on {day}, {why}" if why else "tests"
        print(f"\n=== {name}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.xml"
            began = time.monotonic()
            verdicts[name] = _pytest(arguments, report, day, workers=whole, quick=asked.quick)
            seconds = time.monotonic() - began
            if whole:
                keep_seconds(report)
            skipped |= skipped_tests(report)
            print(f"\n=== {seconds:.0f} s of tests; the slowest:")
            for line in slowest_tests(report):
                print(line)
    verdicts = {**checks.finished(), **verdicts}
    if os.environ.get("OUTREACH_TEST_ALL"):
        verdicts["nothing skipped"] = not skipped
    for line in not_run(skipped):
        print(line)
    for name, passed in verdicts.items():
        print(f"{'ok    ' if passed else 'FAILED'}  {name}")
    return 0 if all(verdicts.values()) else 1


class Checks(threading.Thread):
    """The checks, one after the other, beside the tests. What a failed check says is shown at once, the rest at the end."""

    def __init__(self, checks: Sequence[tuple[str, list[str]]]) -> None:
        super().__init__(daemon=True)
        self._checks = checks
        self._passed: dict[str, str] = {}
        self._verdicts: dict[str, bool] = {}

    def run(self) -> None:
        for name, command in self._checks:
            done = subprocess.run(  # noqa: S603
                command,
                cwd=ROOT,
                env=ENVIRONMENT,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            said = f"\n=== {name}: {' '.join([Path(command[0]).name, *command[1:]])}\n{done.stdout}"
            self._verdicts[name] = done.returncode == 0
            if done.returncode == 0:
                self._passed[name] = said
            else:
                print(f"{said}=== {name}: FAILED", flush=True)

    def finished(self) -> dict[str, bool]:
        """Wait for the last check, print what those say that passed, and return which passed, in order."""
        self.join()
        for said in self._passed.values():
            print(said, end="", flush=True)
        return {name: self._verdicts.get(name, False) for name, _command in self._checks}


def skipped_tests(report: Path) -> Counter[str]:
    """Return how many tests were skipped for each reason, from pytest's JUnit report."""
    if not report.exists():
        return Counter()
    found: Counter[str] = Counter()
    for skip in ElementTree.parse(report).iter("skipped"):  # noqa: S314  our own file
        if skip.get("type") == "pytest.skip":
            found[skip.get("message") or "no reason given"] += 1
    return found


def slowest_tests(report: Path) -> list[str]:
    """Return a line for each of the slowest tests; a shared fixture counts for the first test that uses it."""
    took = sorted(((seconds, name) for name, seconds in _seconds(report).items()), reverse=True)
    return [f"{seconds:8.2f} s  {name}" for seconds, name in took[:SLOWEST]]


def keep_seconds(report: Path) -> None:
    """Keep how long each test took, for the next quick run."""
    kept = json.loads(SECONDS.read_text("utf-8")) if SECONDS.exists() else {}
    SECONDS.parent.mkdir(exist_ok=True)
    SECONDS.write_text(json.dumps(kept | _seconds(report)), "utf-8")


def _seconds(report: Path) -> dict[str, float]:
    if not report.exists():
        return {}
    return {
        f"{case.get('classname')}::{case.get('name')}": float(case.get("time", "0"))
        for case in ElementTree.parse(report).iter("testcase")  # noqa: S314  our own file
    }


def not_run(skipped: Counter[str]) -> list[str]:
    """Return the lines that name what did not run, and how to make it run."""
    lines = [
        f"NOT RUN: {count} {'test' if count == 1 else 'tests'}: {reason}" for reason, count in skipped.most_common()
    ]
    for name, commands, what, package in PROGRAMS:
        if not any(shutil.which(command) for command in commands):
            lines.append(f"NOT RUN: {what}: {name} is not on this machine (Debian: apt-get install {package})")
    return lines


def _workers(quick: bool) -> int:
    """Return how many tests run at once: twice as many as there are cores, because many tests wait for servers and processes.

    Quick tests do not wait, and each worker collects all tests first.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if quick else 2 * cores


def _pytest(arguments: list[str], report: Path, day: str, *, workers: bool, quick: bool) -> bool:
    pytest = [sys.executable, "-m", "pytest", "-q"]
    environment = {**ENVIRONMENT, **({"TESTS_DAY": day} if day else {}), **({MEASURED: str(SECONDS)} if quick else {})}
    shared: list[str] = []
    if workers and not quick:  # they read the tests as this one process compiled them
        subprocess.run(
            [*pytest, "--collect-only", "-qq"], cwd=ROOT, env=ENVIRONMENT, check=False, stdout=subprocess.DEVNULL
        )  # noqa: S603
    if workers:
        shared = ["-n", str(_workers(quick)), "--dist", "worksteal"]
    command = [*pytest, *shared, f"--junitxml={report}", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
