"""One drain's work, shared by its connections: what is left, the counts of results, and when to stop."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flask import Flask

from outreach.delivery.mail import compose
from outreach.delivery.outbox import leases, limits
from outreach.delivery.outbox.keeper import Keeper
from outreach.delivery.outbox.leases import Lease
from outreach.domain.states import MessageState
from outreach.settings import Settings

# Keys in app.extensions, which outlast a drain.
FAR = "outreach_far_mail_server"  # whether the mail server was found to be far away
CERTAIN = "outreach_mails_without_a_doubt"  # how many since this process last made the groups larger, or smaller


@dataclass
class Drained:
    """How many messages were claimed, and with which results.

    retried: will be tried again. unknown: in doubt until it would be useless. Claimed messages without a result were
    released untried.
    """

    sent: int = 0
    skipped: int = 0
    retried: int = 0
    failed: int = 0
    unknown: int = 0
    claimed: int = 0

    def count(self, states: Counter[MessageState]) -> None:
        self.sent += states[MessageState.SENT]
        self.skipped += states[MessageState.SKIPPED]
        self.retried += states[MessageState.RETRY]
        self.failed += states[MessageState.FAILED]
        self.unknown += states[MessageState.UNKNOWN]


@dataclass
class Job:
    """One drain. left: how many messages may still be claimed, None for no limit. connections: how many are open now.

    only_waits: called when all connections wait long for the server's answers.
    """

    app: Flask
    settings: Settings
    now: Callable[[], datetime]
    keeper: Keeper
    asked_to_stop: Callable[[], bool]
    left: int | None
    connections: int = 1
    only_waits: Callable[[Drained], None] = lambda _done: None
    running: int = 0  # connections at work
    waiting: int = 0  # of them, those that wait long for the server's answer to a mail
    group: int = 0  # the most mails in a group now, as its connections last knew it
    done: Drained = field(default_factory=Drained)
    broken: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.group = self.full

    @property
    def full(self) -> int:
        """The mails in a whole group."""
        return max(1, self.settings.hand_over_group)

    @property
    def careful(self) -> bool:
        """Whether groups are smaller, because mails were in doubt lately. Each group then has its own connection."""
        return self.group < self.full

    def stop(self) -> bool:
        return self.broken.is_set() or self.asked_to_stop()

    @property
    def far(self) -> bool:
        """Whether the mail server is so far away that further connections help."""
        return bool(self.app.extensions.get(FAR))

    @far.setter
    def far(self, value: bool) -> None:
        self.app.extensions[FAR] = value

    def count_certain(self, mails: int | None) -> int:
        """Count mails that went without a doubt, also over several small drains; None begins again. Return their number."""
        with self._lock:
            found: int = 0 if mails is None else self.app.extensions.get(CERTAIN, 0) + mails
            self.app.extensions[CERTAIN] = found
        return found

    def runs(self, more: int) -> None:
        """Count a connection that begins (1) or ends (-1)."""
        with self._lock:
            self.running += more
        self._tell()

    def waits(self, waiting: bool) -> None:
        """Count a connection that begins or ends to wait long for the server's answer to a mail."""
        with self._lock:
            self.waiting += 1 if waiting else -1
        self._tell()

    def _tell(self) -> None:
        if 0 < self.running == self.waiting:
            self.only_waits(self.done)

    def size(self) -> int:
        """Return how many messages to claim at once: the remaining limit, divided among the connections."""
        most = self.settings.claim_size
        if self.left is None:
            return most
        connections = max(self.connections, self.settings.mail_connections if self.far else 1)
        return min(most, -(-self.left // connections))

    def claim(self, worker: str) -> tuple[list[Lease], bool]:
        """Claim the next messages within the limits. Return them, and whether there may be more."""
        settings = self.settings
        with self._lock:
            size = self.size()
            if settings.mail_per_minute:
                size = min(size, limits.left_now(settings.mail_per_minute, now=self.now()))
            if size <= 0:
                return [], False
            claimed = leases.claim(worker, size, settings.lease_s, compose.id_domain(), now=self.now())
            if self.left is not None:
                self.left -= len(claimed)
            self.done.claimed += len(claimed)
        return claimed, len(claimed) == size

    def count(self, states: Counter[MessageState]) -> None:
        with self._lock:
            self.done.count(states)
