"""A group of mails on one connection: which mails the connection has asked for, and their outcomes."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from outreach.delivery import return_path
from outreach.delivery.mail.kept import WrittenMail
from outreach.delivery.outbox import settle as settling
from outreach.delivery.outbox.leases import Lease
from outreach.delivery.outbox.prepare import Ready
from outreach.delivery.outbox.results import Settled
from outreach.delivery.smtp.outcomes import Envelope, InDoubt, Outcome
from outreach.settings import Settings


class HandoverGroup:
    """settled: results known so far. may_go_on: whether another mail may begin; the first always may."""

    def __init__(
        self, group: Sequence[Ready], settings: Settings, now: Callable[[], datetime], may_go_on: Callable[[], bool]
    ) -> None:
        self.settled: list[Settled] = []
        self.tried = 0
        self.doubts = 0  # mails without an answer
        self._settings = settings
        self._now = now
        self._may_go_on = may_go_on
        self._left = deque(group)
        self._begun: deque[tuple[Ready, WrittenMail]] = deque()  # asked for by the wire, still without outcome

    def envelopes(self) -> Iterator[Envelope]:
        """Yield the mails, each composed when asked for. Stop when the check is too old or the server fails."""
        first = True
        while self._left and (first or self._may_go_on()):
            first = False
            ready = self._left.popleft()
            try:
                sender = return_path.return_path(ready.lease.message_id, self._settings)
                mail = ready.planned.write()
            except Exception as error:
                self.settled.append(settling.not_composed(ready, error, now=self._now()))
                continue
            self._begun.append((ready, mail))
            yield Envelope(sender, ready.planned.recipient, mail.data)

    def tell(self, outcome: Outcome) -> None:
        """Record the outcome of the oldest mail without one."""
        ready, mail = self._begun.popleft()
        self.tried += 1
        self.doubts += isinstance(outcome, InDoubt)
        self.settled.append(settling.settled(ready, mail, outcome, now=self._now()))

    def doubt(self) -> None:
        """Record that the outcome of the begun mails is unknown."""
        while self._begun:
            self.tell(InDoubt(None, "Handing it over was broken off."))

    def let_go(self) -> list[Lease]:
        """Give up the mails that have not begun. Return their leases."""
        left, self._left = self._left, deque()
        return [ready.lease for ready in left]

    def take_settled(self) -> list[Settled]:
        """Return the results known so far, and begin a new list."""
        found, self.settled = self.settled, []
        return found

    def untried(self) -> list[Lease]:
        """Return the leases of mails that were certainly not handed over."""
        return [ready.lease for ready in (*(begun for begun, _ in self._begun), *self._left)]
