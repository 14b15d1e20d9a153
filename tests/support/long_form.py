"""The two forms of tests that search at random or race many times: a short one in `make test`, a long one in `make chaos`.

`make chaos` sets OUTREACH_CHAOS=1, and runs the files that tests/chaos/__main__.py names.
"""

import os

LONG = bool(os.environ.get("OUTREACH_CHAOS"))


def many(short: int, long: int) -> int:
    """Return how many examples or rounds the form that runs has."""
    return long if LONG else short
