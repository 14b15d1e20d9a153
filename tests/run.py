"""What `make test` runs, one check after the other; ends with what could not be run here, and the exit code of the whole.

OUTREACH_TEST_ALL=1 makes a skipped test an error, for machines on which everything should be installed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CHECKS = (
    ("style", [str(BIN / "ruff"), "check", "."]),
    ("layout of the code", [str(BIN / "ruff"), "format", "--check", "."]),
    ("types", [str(BIN / "mypy")]),
    ("layers", [str(BIN / "lint-imports")]),
    ("translations", [sys.executable, "tests/catalogue.py", "check"]),
)
PROGRAMS = (
    ("Chromium", ("chromium", "chromium-browser", "google-chrome"), "the browser tests", "chromium"),
    ("Dovecot", ("dovecot",), "tests with an IMAP server", "dovecot-imapd"),
)


def main(arguments: list[str]) -> int:
    """Run every check even where one fails, then the tests; arguments go to pytest. Return the exit code."""
    verdicts: dict[str, bool] = {}
    if not arguments:
        for name, command in CHECKS:
            print(f"\n=== {name}: {' '.join([Path(command[0]).name, *command[1:]])}", flush=True)
            verdicts[name] = subprocess.run(command, cwd=ROOT, check=False).returncode == 0  # noqa: S603
    print("\n=== tests", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        began = time.monotonic()
        verdicts["tests"] = _pytest(arguments, report)
        seconds = time.monotonic() - began
        skipped = skipped_tests(report)
    strict = bool(os.environ.get("OUTREACH_TEST_ALL"))
    if strict:
        verdicts["nothing skipped"] = not skipped
    print(f"\n=== {seconds:.0f} s of tests")
    for line in not_run(skipped):
        print(line)
    for name, passed in verdicts.items():
        print(f"{'ok    ' if passed else 'FAILED'}  {name}")
    return 0 if all(verdicts.values()) else 1


def skipped_tests(report: Path) -> Counter[str]:
    """Return how many tests were skipped for each reason, from pytest's JUnit report."""
    if not report.exists():
        return Counter()
    found: Counter[str] = Counter()
    for skip in ElementTree.parse(report).iter("skipped"):  # noqa: S314  our own file
        if skip.get("type") == "pytest.skip":
            found[skip.get("message") or "no reason given"] += 1
    return found


def not_run(skipped: Counter[str]) -> list[str]:
    """Return the lines that name what did not run, and how to have it run."""
    lines = [
        f"NOT RUN: {count} {'test' if count == 1 else 'tests'}: {reason}" for reason, count in skipped.most_common()
    ]
    for name, commands, what, package in PROGRAMS:
        if not any(shutil.which(command) for command in commands):
            lines.append(f"NOT RUN: {what}: {name} is not on this machine (Debian: apt-get install {package})")
    return lines


def _pytest(arguments: list[str], report: Path) -> bool:
    workers = ["-n", "auto"] if not arguments else []
    command = [sys.executable, "-m", "pytest", "-q", *workers, f"--junitxml={report}", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
