"""`outreach letters KEY`: makes many letters into one file in a separate process. The pages start it."""

import contextlib
import os

from outreach.services.letters import bundle

NICENESS = 5  # lower priority than the pages


def letters(key: str) -> None:
    """Make the file of that key, which its page has prepared."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    bundle.work(key)
