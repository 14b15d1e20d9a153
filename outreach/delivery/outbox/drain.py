"""Send due messages, over as many connections as are useful and allowed by the mail server.

Each message ends in a state with a reason. No database transaction is open during talk with the mail server.
outbox/connection.py is one connection's work; outbox/leases.py and outbox/results.py change states.
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import structlog
from flask import current_app

from outreach.delivery.outbox import leases, probe, results
from outreach.delivery.outbox.connection import Drainer
from outreach.delivery.outbox.job import Drained, Job
from outreach.delivery.outbox.keeper import Keeper
from outreach.domain.states import MessageState
from outreach.extensions import current_settings, db

__all__ = ["Drained", "drain"]

log = structlog.get_logger()


def drain(
    *,
    now: Callable[[], datetime],
    worker: str,
    limit: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    only_waits: Callable[[Drained], None] = lambda _done: None,
) -> Drained:
    """Send until nothing is due or `limit` messages were claimed. Return the counts.

    now: the clock. worker: name in leases and attempts. stop: asked between groups; if true, untried messages are
    released. only_waits: told the counts so far when all that is left is waiting long for the mail server's answers.
    """
    settings = current_settings()
    if not leases.anything_due(settings.lease_s, now=now()):
        probe.hold(worker, now)
        db.session.rollback()
        return Drained()
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with Keeper(app, settings.lease_s, now) as keeper:
        job = Job(app, settings, now, keeper, stop, limit, only_waits=only_waits)
        job.count(Counter({MessageState.RETRY: results.take_back(worker, settings.lease_s, job.full, now=now())}))
        helpers = _Helpers(job, worker)
        try:
            Drainer(job, worker, call_helpers=helpers.call).run()
        except BaseException:
            job.broken.set()
            raise
        finally:
            helpers.wait()
    db.session.rollback()
    return job.done


class _Helpers:
    """The further connections of a drain, each in a thread of its own.

    Two help with a near server, too: while one waits for the disk or for the server, the other works. A far server gets more.
    """

    def __init__(self, job: Job, worker: str) -> None:
        self._job = job
        self._worker = worker
        self._begun = min(1, job.settings.mail_connections)
        self._threads: list[threading.Thread] = []

    def call(self) -> None:
        """Start as many further connections as are useful, in addition to the running ones."""
        most = self._job.settings.mail_connections
        for number in range(self._begun + 1, (most if self._job.far else min(2, most)) + 1):
            self._begun = number
            thread = threading.Thread(target=self._help, args=(f"{self._worker}/{number}",), daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the machine has no more threads; the first connection sends alone
                log.warning("no thread for a further connection", worker=self._worker, error=str(error))
                return
            self._job.connections += 1
            self._threads.append(thread)

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()

    def _help(self, worker: str) -> None:
        with self._job.app.app_context():
            try:
                Drainer(self._job, worker).run()
            except Exception as error:
                log.error("connection given up", worker=worker, error=type(error).__name__)
            finally:
                db.session.remove()
