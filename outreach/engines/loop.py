"""One round of the work, the same in every engine: expand what is due, send it, and run the other chores."""

import gc
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import structlog
from flask import Flask

from outreach import clock, logs
from outreach.delivery.outbox import drain as outbox
from outreach.delivery.outbox.drain import Drained
from outreach.engines.chores import EXPAND, Chore, ReadClock, Stop
from outreach.extensions import db
from outreach.services.operations import clock as clocks
from outreach.services.operations import engines as heartbeats

T = TypeVar("T")
LAST_ANSWERS_S = 60.0  # how long a process that stops waits for the mail server's answers
_sending: set[threading.Thread] = set()
_PROCESS = secrets.token_hex(4)  # containers may share the same host name and process ids
log = structlog.get_logger()


def keep_loaded() -> None:
    """Exclude the objects loaded so far from garbage collection: scanning them takes a tenth of sending's time.

    Call it once per process, before work begins.
    """
    gc.collect()
    gc.freeze()


def worker_name() -> str:
    """Return the name of this process and thread for leases and attempts; at most 76 characters."""
    return f"{socket.gethostname()[:30]}:{os.getpid()}:{_PROCESS}:{threading.get_native_id()}"


def clock_is_right(app: Flask, *, now: ReadClock = clock.now) -> bool:
    """Return whether this machine's clock agrees with the database's. If not, an alarm is raised and no work may be done.

    Also False if the clocks could not be compared.
    """
    with app.app_context():
        try:
            return clocks.agrees(socket.gethostname()[:200], now)
        except Exception as error:
            log.error("clock could not be compared", **logs.fault(error))
            return False
        finally:
            db.session.remove()


def tick(
    app: Flask,
    *,
    now: ReadClock = clock.now,
    worker: str = "",
    limit: int | None = None,
    stop: Stop = lambda: False,
) -> Drained | None:
    """Expand all due reminders and send at most `limit` messages.

    Return None if that failed: it is logged, and the next tick tries again.
    """
    if do(app, EXPAND, now=now, stop=stop) is None:
        return None
    return send(app, now=now, worker=worker, limit=limit, stop=stop)


def do(app: Flask, chore: Chore, *, now: ReadClock = clock.now, stop: Stop = lambda: False) -> Mapping[str, int] | None:
    """Run one round of a chore; return None if it failed. A successful EXPAND also writes a heartbeat."""
    told = _logged(app, chore.name, lambda: chore.do(now, stop))
    if chore is EXPAND and told is not None:
        _logged(app, "heartbeat", lambda: _beat(now))
    return told


def send(
    app: Flask,
    *,
    now: ReadClock = clock.now,
    worker: str = "",
    limit: int | None = None,
    stop: Stop = lambda: False,
) -> Drained | None:
    """Send due messages, at most `limit`; return None if that failed.

    It also returns, with the counts so far, when all that is left is waiting long for the mail server's answers. That goes
    on in a thread, with its connections and leases, and keeps nobody from sending over the other connections.
    """
    found: list[Drained] = []
    enough = threading.Event()

    def only_waits(done: Drained) -> None:
        found.append(done)
        enough.set()

    def drain() -> Mapping[str, int]:
        done = outbox.drain(now=now, worker=worker or worker_name(), limit=limit, stop=stop, only_waits=only_waits)
        found.append(done)
        return {ended: count for ended, count in vars(done).items() if ended != "claimed"}

    def work() -> None:
        _sending.add(threading.current_thread())  # only what has begun can be waited for
        try:
            _logged(app, "send", drain)
        finally:
            _sending.discard(threading.current_thread())
            enough.set()

    thread = threading.Thread(target=work, name="send", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # the machine has no more threads
        log.error("send failed", **logs.fault(error))
        return None
    enough.wait()
    return found[-1] if found else None


def wait_for_answers(seconds: float = LAST_ANSWERS_S) -> None:
    """Wait for sending that only waits for the mail server's answers. Mails still without one are then in doubt."""
    until = time.monotonic() + seconds
    for thread in list(_sending):
        thread.join(max(0.0, until - time.monotonic()))


def there_may_be_more(sent: Drained | None, limit: int) -> bool:
    """Return whether the limit was reached: then more messages may be waiting."""
    return sent is not None and sent.claimed >= limit


def _beat(now: ReadClock) -> Mapping[str, int]:
    heartbeats.beat(worker_name().rpartition(":")[0], now=now())
    return {}


def _logged(app: Flask, what: str, work: Callable[[], Mapping[str, int]]) -> Mapping[str, int] | None:
    with app.app_context():
        try:
            told = work()
        except Exception as error:
            log.error(f"{what} failed", **logs.fault(error))
            return None
        finally:
            db.session.remove()
    if any(told.values()):
        log.info(what, **told)
    return told
