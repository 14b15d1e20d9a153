"""Start the process that searches for a proposal: `outreach place ID`, with the settings of this process."""

import os
import subprocess
import sys
import threading

from outreach.extensions import current_settings
from outreach.settings import ROOT, environment


def launch(search_id: int) -> None:
    """Start the search and return at once; raise OSError if no process can be started.

    It survives a restart of the web process. It shares this process's stderr.
    """
    process = subprocess.Popen(  # noqa: S603  our own program, and a number
        [sys.executable, "-m", "outreach", "place", str(search_id)],
        cwd=ROOT,
        env={**os.environ, **environment(current_settings())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(
        target=process.wait, name=f"timetabling {search_id}", daemon=True
    ).start()  # removes the finished process from the process table
