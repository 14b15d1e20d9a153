"""Which of the collected tests a run takes, and how they are spread over its workers."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeVar

from tests.run import MEASURED

Test = TypeVar("Test")

DEAR = ("tests/browser/", "tests/chaos/", "tests/cli/", "tests/engines/")
# Of tests for each worker of a quick run. Starting, collecting and the checks take the rest of two minutes.
QUICK_S = 80


def named(nodeid: str) -> str:
    """Return a test's name as pytest's JUnit report has it: class name, "::", name."""
    file, _, name = nodeid.partition("::")
    return f"{file.removesuffix('.py').replace('/', '.')}::{name}"


def seconds_of() -> dict[str, float]:
    """Return how long each test took in earlier runs, by its name; nothing if this is no quick run, or the first one."""
    file = Path(os.environ.get(MEASURED) or "/nonexistent")
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def cheap(tests: Sequence[Test], seconds: Callable[[Test], float | None], most: float) -> list[Test]:
    """Return the cheapest tests, as many as take at most `most` seconds together. One that was never measured is taken."""
    left = most
    dear: set[Test] = set()
    for took, test in sorted(((seconds(test) or 0.0, test) for test in tests), key=lambda pair: pair[0]):
        left -= took
        if left < 0:
            dear.add(test)
    return [test for test in tests if test not in dear]


def spread(
    tests: Iterable[Test], workers: int, file_of: Callable[[Test], str], dear: Callable[[Test], bool]
) -> list[Test]:
    """Return the tests in an order in which each worker begins with dear files, and cheap tests are left for the end.

    xdist gives each worker an equal part of the order, and a worker that is done takes over the last tests of another one. So no
    long test begins when the others are done. A file's dear tests stay together: they share servers.
    """
    files: dict[str, list[Test]] = {}
    others: list[Test] = []
    for test in tests:
        (files.setdefault(file_of(test), []) if dear(test) else others).append(test)
    parts: list[list[Test]] = [[] for _ in range(workers)]
    for file in files.values():
        min(parts, key=len).extend(file)
    left, rest = len(others) + sum(map(len, parts)), iter(others)
    for number, part in enumerate(parts):
        part.extend(islice(rest, max(0, left // (workers - number) - len(part))))
        left -= len(part)
    return [test for part in parts for test in part] + list(rest)
