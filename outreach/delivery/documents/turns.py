"""Turns: at most two documents are made at once for the pages of one process, each in a process of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from outreach.domain.problems import Problem

AT_ONCE = 2  # each may use a core, and some hundred MB
WAITS_S = 10.0
_TURNS = threading.BoundedSemaphore(AT_ONCE)


class DocumentsBusy(Problem):
    message = "Other letters are being made just now. Please wait a moment, then try again."
    field = "form"


@contextmanager
def turn() -> Iterator[None]:
    """Wait for a turn, and keep it for the block. Raise DocumentsBusy after WAITS_S seconds."""
    if not _TURNS.acquire(timeout=WAITS_S):
        raise DocumentsBusy
    try:
        yield
    finally:
        _TURNS.release()
