"""The embedded engine: APScheduler in this process, with its jobs in memory.

Only `outreach serve`, `outreach worker` and the demo start it, never an import: each forked server process would run one.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger
from flask import Flask

from outreach import clock
from outreach.engines import loop
from outreach.engines.chores import BESIDE, EXPAND, Chore, ReadClock
from outreach.settings import Settings

WATCHED_S = 1.0  # how often the clock is checked, and the smallest step back that is noticed


class Every(BaseTrigger):
    """Runs again a fixed time after the last run began.

    An interval trigger would compute its times one by one from the first run: millions of them if the clock is set a year ahead.
    """

    def __init__(self, seconds: float) -> None:
        self.pause = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        return now if previous_fire_time is None else now + self.pause


class EmbeddedEngine:
    """Expands and sends every `tick_s` seconds, and runs the chores beside that, until stopped.

    Use it as a context manager, or call start() and stop().
    """

    def __init__(self, app: Flask, *, beside: Sequence[Chore] = BESIDE, now: ReadClock | None = None) -> None:
        settings: Settings = app.extensions["outreach"]
        self.app = app
        self._now = now or clock.now
        self._portion = settings.drain_size
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._watch = threading.Thread(target=self._watch_clock, name="watch of the clock", daemon=True)
        self._every(EXPAND.every_s(settings), self._tick)
        for chore in beside:
            if every_s := chore.every_s(settings):
                self._every(every_s, self._do, chore)
        for name in ("apscheduler.scheduler", "apscheduler.executors.default"):
            logging.getLogger(name).setLevel(logging.ERROR)  # "still running, skipped" is expected

    def start(self) -> None:
        self._scheduler.start()
        self._watch.start()

    def stop(self) -> None:
        """Stop after the current group of mails is handed over. Other claimed messages are returned at once."""
        self._stopping.set()
        if self._watch.ident is not None:
            self._watch.join()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)
        loop.wait_for_answers()

    def __enter__(self) -> "EmbeddedEngine":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _every(self, seconds: float, work: Callable[..., None], *arguments: object) -> None:
        self._scheduler.add_job(
            work,
            Every(seconds),
            args=arguments,
            next_run_time=self._now(),
            misfire_grace_time=None,  # run a late job however late it is
            coalesce=True,
            max_instances=1,
        )

    def _watch_clock(self) -> None:
        """Run jobs now if the clock was set back: APScheduler uses the wall clock, and their times would be too far ahead."""
        while not self._stopping.wait(WATCHED_S):
            now = self._now()
            for job in self._scheduler.get_jobs():
                if job.next_run_time > now + job.trigger.pause + timedelta(seconds=WATCHED_S):
                    job.modify(next_run_time=now)

    def _tick(self) -> None:
        """Send in portions, and expand newly due reminders in between: a change does not wait for thousands of other mails."""
        more = True
        while more and not self._stopping.is_set() and loop.clock_is_right(self.app, now=self._now):
            sent = loop.tick(self.app, now=self._now, limit=self._portion, stop=self._stopping.is_set)
            more = loop.there_may_be_more(sent, self._portion)

    def _do(self, chore: Chore) -> None:
        if not self._stopping.is_set() and loop.clock_is_right(self.app, now=self._now):
            loop.do(self.app, chore, now=self._now, stop=self._stopping.is_set)
