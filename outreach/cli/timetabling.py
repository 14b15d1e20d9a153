"""`outreach place ID`: runs a timetabling search in a separate process. The pages start it."""

import contextlib
import os

from outreach import clock
from outreach.services.timetabling import worker as timetabling_worker

NICENESS = 5  # lower priority than the pages


def place(search_id: int) -> None:
    """Run the search of that number, which its page has prepared."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    timetabling_worker.work(search_id, clock=clock.now)
