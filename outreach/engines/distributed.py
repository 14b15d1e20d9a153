"""The distributed engine: Procrastinate on PostgreSQL, in any number of processes on any number of machines.

The outbox stays the source of truth. Every few seconds one job expands due reminders and queues sending jobs, each for a
few hundred messages. A lost job does no harm: the next tick queues another one. engines/job_queue.py manages the queue's tables.
"""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import procrastinate
import sqlalchemy as sa
import structlog
from flask import Flask
from procrastinate import exceptions
from procrastinate.jobs import Status

from outreach import clock, disk_full, logs
from outreach.delivery.outbox import leases
from outreach.engines import job_queue, loop, queue_names
from outreach.engines.chores import BESIDE, EXPAND, Chore, ReadClock
from outreach.extensions import db
from outreach.settings import Settings

MOST_SENDS = 32  # limit of waiting send jobs; each queues a successor while it finds enough to do
HEARTBEAT_S = 5.0
STALLED_S = 30  # a worker without a heartbeat for this long is considered gone
FINISHED_H = 24  # how long a failed job is kept for inspection
LONGEST_WAIT_S = 30.0
JUMP_S = 5.0  # a jump of the clock by more than this restarts the queue
_TICKING = 0x6F757472  # id of the advisory lock that allows one tick at a time
log = structlog.get_logger()


class QueueEngine:
    """Works on the queue in a separate thread until stopped. Use it as a context manager, or call start() and stop().

    jobs: how many ticks and send jobs this process runs at once. Each chore has a separate slot, so sending never waits for
    one. queues: the names from queue_names.QUEUES to work on; empty: all.
    """

    def __init__(
        self,
        app: Flask,
        *,
        jobs: int = 1,
        queues: Sequence[str] = (),
        beside: Sequence[Chore] = BESIDE,
        now: ReadClock | None = None,
    ) -> None:
        self.app = app
        self.settings: Settings = app.extensions["outreach"]
        self.jobs = jobs
        self.queues = list(queues) or list(queue_names.QUEUES)
        self.beside = [chore for chore in beside if chore.every_s(self.settings)]
        self._now = now or clock.now
        self._stopping = threading.Event()
        self._unsure = asyncio.Event()  # set while the clock is not known to be right
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="distributed engine")
        logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # its errors quote rows; we log what went wrong
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop after the current group of mails is handed over. Other claimed messages are returned at once."""
        self._stopping.set()
        if self._loop is not None and self._wake is not None:
            with suppress(RuntimeError):  # the loop may have ended already
                self._loop.call_soon_threadsafe(self._wake.set)
        if self._thread.ident is not None:
            self._thread.join()
        loop.wait_for_answers()

    def __enter__(self) -> "QueueEngine":
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _run(self) -> None:
        # psycopg does not work with the default event loop of Windows
        made = asyncio.SelectorEventLoop if sys.platform == "win32" else None
        with asyncio.Runner(loop_factory=made) as runner:
            runner.run(self._work())

    async def _work(self) -> None:
        """Work until stopped. If the database is unreachable, wait longer each time and try again."""
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        places = self.jobs + len(self.beside) + 2
        self._loop.set_default_executor(ThreadPoolExecutor(places, thread_name_prefix="job"))
        wait_s = 1.0
        while not self._stopping.is_set():
            began = time.monotonic()
            self._unsure.clear()
            try:
                if await self._clock_is_right():
                    await self._work_while_connected(self._wake)
            except Exception as error:
                log.error("queue unreachable", **logs.fault(error))
                disk_full.notice(error)
            wait_s = 1.0 if time.monotonic() - began > 2 * LONGEST_WAIT_S else min(2 * wait_s, LONGEST_WAIT_S)
            if not self._stopping.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), wait_s)

    async def _work_while_connected(self, wake: asyncio.Event) -> None:
        """Work until stopped, until the database is unreachable, or until the clock is wrong or was changed."""
        async with AsyncExitStack() as stack:
            shares = list(self._shares())
            for queue, _names, _places in shares:
                await stack.enter_async_context(_opened(queue))
            under_way = [
                *(asyncio.create_task(self._worker(*share)) for share in shares),
                asyncio.create_task(wake.wait()),
                asyncio.create_task(self._clock_fails()),
            ]
            await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in under_way:
                task.cancel()  # a worker ends after its running jobs
            for ended in await asyncio.gather(*under_way, return_exceptions=True):
                if isinstance(ended, Exception):
                    raise ended

    def _shares(self) -> Iterator[tuple[procrastinate.App, list[str], int]]:
        """Yield each queue app to run, with its queue names and its number of jobs at once."""
        if queues := [name for name in self.queues if name != queue_names.BESIDE]:
            yield self.queue(), queues, self.jobs
        if queue_names.BESIDE in self.queues and self.beside:
            yield self.side_queue(), [queue_names.BESIDE], len(self.beside)

    async def _worker(self, queue: procrastinate.App, queues: list[str], places: int) -> None:
        await queue.run_worker_async(
            name=loop.worker_name(),
            queues=queues,
            concurrency=places,
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=HEARTBEAT_S,
            stalled_worker_timeout=STALLED_S,
        )

    async def _clock_is_right(self) -> bool:
        right = await asyncio.to_thread(loop.clock_is_right, self.app, now=self._now)
        if not right:
            self._unsure.set()
        return right

    async def _clock_fails(self) -> None:
        """Return if a job found the clock wrong, or if the clock was changed.

        Procrastinate plans by the clock: after a change it would wait for times that it has already handled, or repeat the
        times that it seems to have missed.
        """
        before = time.time() - time.monotonic()
        while not self._unsure.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._unsure.wait(), 1.0)
            if abs(time.time() - time.monotonic() - before) > JUMP_S:
                log.warning("the clock was set")
                self._unsure.set()

    def _must_stop(self) -> bool:
        return self._stopping.is_set() or self._unsure.is_set()

    def _empty_queue(self, places: int) -> procrastinate.App:
        # The pool tests its connections and replaces broken ones; a used pool cannot be opened again.
        connector = procrastinate.PsycopgConnector(
            conninfo=job_queue.conninfo(self.settings), min_size=1, max_size=places + 3, timeout=10
        )
        return procrastinate.App(connector=connector)

    def side_queue(self) -> procrastinate.App:
        """Return the queue app for the chores beside sending, not opened yet."""
        queue = self._empty_queue(len(self.beside))
        for chore in self.beside:
            self._add(queue, chore)
        return queue

    def queue(self) -> procrastinate.App:
        """Return the queue app for ticks and sending, not opened yet."""
        queue = self._empty_queue(self.jobs)

        @queue.task(name="send", queue=queue_names.SEND)
        async def send(slot: int) -> None:
            size = self.settings.drain_size
            sent = None
            if await self._clock_is_right():
                sent = await asyncio.to_thread(loop.send, self.app, now=self._now, limit=size, stop=self._must_stop)
            if loop.there_may_be_more(sent, size) or self._must_stop():
                await put(slot)  # there may be more, for any free worker

        async def put(slot: int) -> None:
            with suppress(exceptions.AlreadyEnqueued):
                await send.configure(queueing_lock=f"send {slot}").defer_async(slot=slot)

        @queue.periodic(cron=job_queue.cron(EXPAND.every_s(self.settings)))
        @queue.task(name=EXPAND.name, queue=queue_names.TICKS, queueing_lock=EXPAND.name, priority=10)
        async def expand(timestamp: int) -> None:
            if await self._clock_is_right():
                for slot in range(await asyncio.to_thread(self._expand)):
                    await put(slot)

        @queue.periodic(cron=job_queue.cron(STALLED_S))
        @queue.task(name="stalled", queue=queue_names.TICKS, queueing_lock="stalled", priority=9)
        async def stalled(timestamp: int) -> None:
            await retry_stalled(queue)

        @queue.periodic(cron=job_queue.cron(3600))
        @queue.task(name="purge", queue=queue_names.TICKS, queueing_lock="purge")
        async def purge(timestamp: int) -> None:
            await queue.job_manager.delete_old_jobs(
                FINISHED_H, include_failed=True, include_cancelled=True, include_aborted=True
            )

        return queue

    def _add(self, queue: procrastinate.App, chore: Chore) -> None:
        @queue.periodic(cron=job_queue.cron(chore.every_s(self.settings)))
        @queue.task(name=chore.name, queue=queue_names.BESIDE, queueing_lock=chore.name)
        async def do(timestamp: int) -> None:
            if await self._clock_is_right():
                await asyncio.to_thread(loop.do, self.app, chore, now=self._now, stop=self._must_stop)

    def _expand(self) -> int:
        """Expand what is due, unless another worker is doing it. Return the number of portions to send."""
        with self.app.app_context():
            try:
                # A transaction holds this lock, not the queue: it is released however the transaction ends.
                with db.engine.begin() as connection:
                    if not connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_TICKING))):
                        return 0
                    loop.do(self.app, EXPAND, now=self._now)
                return leases.portions(self.settings.drain_size, MOST_SENDS, self.settings.lease_s, now=self._now())
            except sa.exc.SQLAlchemyError as error:
                log.error("tick failed", **logs.fault(error))
                return 0
            finally:
                db.session.remove()


@asynccontextmanager
async def _opened(queue: procrastinate.App) -> AsyncIterator[None]:
    try:
        async with queue.open_async():
            yield
    finally:
        await queue.close_async()


async def retry_stalled(queue: procrastinate.App) -> int:
    """Put the jobs of lost workers back into the queue; return how many there were.

    A stalled job is deleted if the queue already contains the same job.
    """
    found = list(await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S))
    for job in found:
        try:
            await queue.job_manager.retry_job(job)
        except exceptions.ConnectorException:
            await queue.job_manager.finish_job(job, Status.FAILED, delete_job=True)
    if found:
        log.warning("stalled jobs put back", jobs=len(found))
    return len(found)
