"""A group of mails on its way over one connection: which of them were asked for, and what became of them."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from outreach.delivery import return_path
from outreach.delivery.outbox import settle as settling
from outreach.delivery.outbox.leases import Lease
from outreach.delivery.outbox.prepare import Ready
from outreach.delivery.outbox.results import Settled
from outreach.delivery.smtp.outcomes import Envelope, InDoubt, Outcome
from outreach.settings import Settings


class HandoverGroup:
    """settled: what is known of its mails so far. may_go_on: whether another may be begun; the first always may."""

    def __init__(
        self, group: Sequence[Ready], settings: Settings, now: Callable[[], datetime], may_go_on: Callable[[], bool]
    ) -> None:
        self.settled: list[Settled] = []
        self._settings = settings
        self._now = now
        self._may_go_on = may_go_on
        self._left = deque(group)
        self._begun: deque[Ready] = deque()  # asked for by the wire, and without an outcome

    def envelopes(self) -> Iterator[Envelope]:
        """Yield the mails, each composed as it is asked for; stop where they may not be true any more or the server fails."""
        first = True
        while self._left and (first or self._may_go_on()):
            first = False
            ready = self._left.popleft()
            try:
                sender = return_path.return_path(ready.lease.message_id, self._settings)
                envelope = Envelope(sender, ready.planned.recipient, ready.planned.data())
            except Exception as error:
                self.settled.append(settling.not_composed(ready, error, now=self._now()))
                continue
            self._begun.append(ready)
            yield envelope

    def tell(self, outcome: Outcome) -> None:
        """Note what became of the oldest mail that has no outcome yet."""
        self.settled.append(settling.settled(self._begun.popleft(), outcome, now=self._now()))

    def doubt(self) -> None:
        """Note that it is not known what became of those that were asked for."""
        while self._begun:
            self.tell(InDoubt(None, "Handing it over was broken off."))

    def untried(self) -> list[Lease]:
        """Return those that were certainly not handed over."""
        return [ready.lease for ready in (*self._begun, *self._left)]
