"""The wall clock under test: each test starts at a set instant, and the clock runs on from there.

Outreach reads the time in one place, outreach/clock.py, and its scheduler in another. Here both are set ahead of the
machine's clock: in the tests' own process, and in every Python that a test starts (children/sitecustomize.py). All other code
keeps the machine's clock. Certificates, cookies and the signatures of sessions use it on both sides.
"""

import importlib
import importlib.abc
import importlib.util
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

READERS = ("outreach.clock", "apscheduler.schedulers.base")  # modules that read the clock by their `datetime`
AHEAD = "TESTS_CLOCK_AHEAD_S"  # in the environment, so that child processes of a test have it too


class WallDatetime(datetime):
    """Replaces `datetime` in those modules."""

    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + ahead()


def ahead() -> timedelta:
    """Return how far the clock under test is ahead of the machine's; zero where no test has set it."""
    return timedelta(seconds=float(os.environ.get(AHEAD, "0")))


def now() -> datetime:
    """Return the instant of the clock under test, also where a test has stopped Outreach's own."""
    return datetime.now(UTC) + ahead()


def set_to(instant: datetime) -> None:
    """Set the clock under test to an instant; it runs on from there."""
    os.environ[AHEAD] = repr((instant - datetime.now(UTC)).total_seconds())


def set_right() -> None:
    """Set the clock under test to the machine's."""
    os.environ.pop(AHEAD, None)


def install() -> None:
    """Give this process and its children the clock under test. Call before outreach is used."""
    for name in READERS:
        importlib.import_module(name).datetime = WallDatetime  # type: ignore[attr-defined]
    children = str(Path(__file__).parent / "children")
    others = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if children not in others:
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [children, *others]))


def install_on_import() -> None:
    """Give a child process of a test the clock under test, once it imports what reads it."""
    for name in READERS:
        sys.meta_path.insert(0, _Finder(name))


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, name: str) -> None:
        self.name = name

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None:
            self.loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        module.datetime = WallDatetime
