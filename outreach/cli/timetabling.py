"""`outreach place ID`: searches for a placement, in a process of its own. The pages start it; nobody else needs to."""

import contextlib
import os

import click
from flask.cli import with_appcontext

from outreach import clock
from outreach.services.timetabling import worker as timetabling_worker

NICENESS = 5  # pages come first


@click.command()
@click.argument("placement_id", type=int)
@with_appcontext
def place(placement_id: int) -> None:
    """Search for the placement of that number, which its page has prepared."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(NICENESS)
    timetabling_worker.work(placement_id, clock=clock.now)
