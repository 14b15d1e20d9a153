"""One look for due work, the same under every engine: expand what is due, then send it."""

import os
import socket
import threading
from collections.abc import Callable
from datetime import datetime

import structlog
from flask import Flask

from outreach import clock, logs
from outreach.delivery import outbox
from outreach.delivery.outbox import Drained
from outreach.extensions import db
from outreach.services import reminding

log = structlog.get_logger()


def worker_name() -> str:
    """Return this process's and thread's name, as leases and attempts carry it."""
    return f"{socket.gethostname()[:40]}:{os.getpid()}:{threading.get_native_id()}"


def tick(
    app: Flask, *, now: Callable[[], datetime] = clock.now, worker: str = "", stop: Callable[[], bool] = lambda: False
) -> Drained | None:
    """Do what is due. A failure is logged, without names, and the next tick tries again; it returns None then."""
    with app.app_context():
        try:
            expanded = reminding.tick(now())
            drained = outbox.drain(now=now, worker=worker or worker_name(), stop=stop)
        except Exception as error:
            log.error("tick failed", **logs.fault(error))
            return None
        finally:
            db.session.remove()
    if expanded.expanded or expanded.missed or any(vars(drained).values()):
        log.info("tick", expanded=expanded.expanded, missed=expanded.missed, **vars(drained))
    return drained
