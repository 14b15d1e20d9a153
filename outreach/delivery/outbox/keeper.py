"""Renew a drain's leases and connection slots from a separate thread.

Waiting for a slow server or database then costs no lease, while the leases of a killed worker still expire.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog
from flask import Flask

from outreach.delivery.outbox import leases, limits
from outreach.delivery.outbox.leases import Lease
from outreach.extensions import db

RENEWALS = 4  # per lease time
log = structlog.get_logger()


class Holding:
    """One connection worker's leases and slot. lost: the slot went to another worker."""

    def __init__(self, worker: str, slot: int) -> None:
        self.worker = worker
        self.slot = slot
        self.lost = False
        self._leases: set[Lease] = set()
        self._lock = threading.Lock()  # the connection changes the leases while the keeper reads them

    def take(self, claimed: Iterable[Lease]) -> None:
        with self._lock:
            self._leases.update(claimed)

    def let_go(self, settled: Iterable[Lease]) -> None:
        with self._lock:
            self._leases.difference_update(settled)

    def renew(self, lease_s: float, now: datetime) -> None:
        with self._lock:
            held = sorted(self._leases)
        if held:
            leases.renew(held, now + timedelta(seconds=lease_s))
        if not limits.keep_slot(self.slot, self.worker, lease_s, now=now):
            self.lost = True


class Keeper:
    """Renews all holdings several times per lease time. Use it as a context."""

    def __init__(self, app: Flask, lease_s: float, now: Callable[[], datetime]) -> None:
        self._app = app
        self._lease_s = lease_s
        self._now = now
        self._holdings: list[Holding] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def add(self, holding: Holding) -> None:
        self._holdings.append(holding)

    def remove(self, holding: Holding) -> None:
        self._holdings.remove(holding)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _keep(self) -> None:
        while not self._over.wait(self._lease_s / RENEWALS):
            with self._app.app_context():
                for holding in list(self._holdings):
                    self._renew(holding)

    def _renew(self, holding: Holding) -> None:
        try:
            holding.renew(self._lease_s, self._now())
        except Exception as error:
            log.warning("lease not renewed", worker=holding.worker, error=type(error).__name__)
        finally:
            db.session.remove()
