"""The embedded engine: APScheduler in this very process, with its one job in memory.

Started only by `outreach serve`, `outreach worker` and the demo, never on import: a forked server would run one each.
"""

import logging
import threading
from datetime import UTC

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from outreach import clock
from outreach.engines import loop
from outreach.settings import Settings


class Engine:
    """Ticks every `tick_s` seconds until stopped. Use as a context, or start() and stop()."""

    def __init__(self, app: Flask) -> None:
        settings: Settings = app.extensions["outreach"]
        self.app = app
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._scheduler.add_job(
            self._tick,
            "interval",
            seconds=settings.tick_s,
            next_run_time=clock.now(),
            misfire_grace_time=None,  # a late tick is better than none
            coalesce=True,
            max_instances=1,
        )
        for name in ("apscheduler.scheduler", "apscheduler.executors.default"):
            logging.getLogger(name).setLevel(logging.ERROR)  # "still running, skipped" is how it is meant to be

    def start(self) -> None:
        self._scheduler.start()

    def stop(self) -> None:
        """Stop after the group that is just being handed over; what else was claimed goes back at once."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def __enter__(self) -> "Engine":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _tick(self) -> None:
        loop.tick(self.app, stop=self._stopping.is_set)
