"""The way of claimed messages over one connection, group by group: make ready, begin, hand over, settle."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

from outreach.delivery.outbox import channel, leases, limits, results
from outreach.delivery.outbox.group import HandoverGroup
from outreach.delivery.outbox.job import Job
from outreach.delivery.outbox.keeper import Holding
from outreach.delivery.outbox.leases import Lease
from outreach.delivery.outbox.prepare import TRUE_FOR, Preparer, Ready
from outreach.delivery.outbox.results import Settled
from outreach.delivery.smtp.lanes import Lanes
from outreach.delivery.smtp.wire import ChannelDown, NotSent, Permanent, Wire
from outreach.domain.mail.failures import ChannelTrouble
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.transactions import writing

BREAKS = 3  # connections broken off in a row, after which the server is left alone for a while
MOST_VAIN = 3  # times in a row that it is asked again what is true, because by the time of sending it was too old
FAR_S = 0.002  # waiting time a mail from which on a server is far
PATIENCE_S = 60.0  # how long to go on trying to write, when asked to stop while the database is away
log = structlog.get_logger()
T = TypeVar("T")


class Drainer:
    """One connection of a job. call_helpers: opens the job's further ones; given to the first alone."""

    def __init__(
        self,
        job: Job,
        worker: str,
        *,
        lanes: Lanes | None = None,
        preparer: Preparer | None = None,
        call_helpers: Callable[[], None] | None = None,
    ) -> None:
        self.job = job
        self.settings = job.settings
        self.worker = worker
        self.now = job.now
        self.wire = Wire(job.app.extensions["mail"], job.settings, lanes, self._still_true)
        self.preparer = preparer or Preparer(job.settings)
        self.handed: list[Settled] = []  # over, and not yet settled: that is done as the next group begins
        self.todo: list[Lease] = []  # claimed, and not begun
        self.portion = max(1, job.settings.hand_over_group)
        self.true_until = job.now()
        self.call_helpers = call_helpers
        self.trouble: ChannelTrouble | None = None  # the channel's, when this connection looked last
        self.breaks = 0
        self.vain = 0  # times that it was asked in vain what is true, since a mail was handed over

    def run(self) -> None:
        """Send until nothing is due, or sending must pause."""
        most, lease_s = self.settings.mail_connections, self.settings.lease_s
        slot = self._persistently(lambda: limits.take_slot(self.worker, most, lease_s, now=self.now()))
        if slot is None:
            return
        self.holding = Holding(self.worker, slot)
        self.job.keeper.add(self.holding)
        try:
            with self.wire:
                while not self._must_stop() and self._may_send():
                    claimed, more = self.job.claim(self.worker)
                    self.holding.leases.update(claimed)
                    if more and self.call_helpers:
                        self.call_helpers()
                    if not claimed or not self._send(claimed):
                        return
                    self._look_how_far(len(claimed))
        finally:
            self.job.keeper.remove(self.holding)
            self._persistently(lambda: limits.free_slot(slot, self.worker))

    def _must_stop(self) -> bool:
        return self.job.stop() or self.holding.lost

    def _may_send(self) -> bool:
        found = channel.trouble()
        self.trouble = found.trouble if found is not None else None
        may = self.trouble is None or not channel.paused(self.now())
        db.session.rollback()
        return may

    def _look_how_far(self, sent: int) -> None:
        """To a far server further connections help; to one near by they would not: there our own work takes the time."""
        if self.call_helpers and sent >= self.settings.hand_over_group:
            self.job.far = self.wire.waited_s > FAR_S * self.job.done.claimed

    def _send(self, claimed: Sequence[Lease]) -> bool:
        """Send the claimed messages; return False where sending must pause, having put back what was not tried."""
        self.todo = list(claimed)
        try:
            while self.todo:
                if not self._send_portion(self.todo[: self.portion], self.todo[self.portion :]):
                    return False
        except ChannelDown:
            return False
        finally:
            self._settle_handed()
            self._release(self.todo, MessageState.LEASED)
        return True

    def _send_portion(self, asked: list[Lease], later: list[Lease]) -> bool:
        """Ask again what is true of some, and send them as long as it is; return False where sending must pause."""
        size = max(1, self.settings.hand_over_group)
        asked_at = self.now()
        batch = self.preparer.prepare(asked, now=asked_at)
        self.true_until = batch.asked_at + TRUE_FOR
        self._settle(batch.decided, MessageState.LEASED)
        ready = batch.ready
        self.todo = [one.lease for one in ready] + later
        self._fit_portion(self.now() - asked_at)
        while ready:
            if self._must_stop():
                return False
            if self._open():
                break
            allowed = self._allowed(min(size, len(ready)))
            if not allowed:
                return False
            group, ready = ready[:allowed], ready[allowed:]
            self._hand_over(group, [one.lease for one in ready] + later)
            if not self._still_true():
                break
        return True

    def _fit_portion(self, took: timedelta) -> None:
        """Ask again for as many at once as leaves most of the time in which it is relied upon for sending them."""
        if took > TRUE_FOR / 4:
            self.portion = max(self.portion // 2, 1)
        else:
            self.portion = min(self.portion * 2, self.settings.claim_size)

    def _allowed(self, wanted: int) -> int:
        most = self.settings.mail_per_minute
        if not most:
            return wanted
        return self._persistently(lambda: limits.take(wanted, most, now=self.now()))

    def _open(self) -> bool:
        """Connect where needed, before anything is in doubt or counted; raise ChannelDown, the alarm raised.

        Return whether it must be asked again what is true, because that or the database took so long.
        """
        try:
            self.wire.open()
        except ChannelDown as error:
            self._raise_alarm(error, (), MessageState.LEASED)
            raise
        self._look_what_works()
        return self._must_ask_again()

    def _must_ask_again(self) -> bool:
        """Return whether what is true was asked too long ago for a mail; not for ever where asking alone takes so long."""
        if self._still_true():
            return False
        self.vain += 1
        if self.vain <= MOST_VAIN:
            return True
        log.warning("asking what is true takes too long", worker=self.worker)
        return False

    def _hand_over(self, group: Sequence[Ready], later: list[Lease]) -> None:
        """Hand over a group; raise ChannelDown, the alarm raised and what was not tried put back."""
        held = self._begin([ready.lease for ready in group])
        self.todo = later
        if self._must_ask_again():
            self._release(list(held), MessageState.HANDING_OVER)
            return
        self.vain = 0
        going = HandoverGroup(
            [ready for ready in group if ready.lease in held], self.settings, self.now, self._may_go_on
        )
        self.handed = going.settled  # so that what is known is settled, whatever happens
        down: ChannelDown | None = None
        try:
            for outcome in self.wire.hand_over_group(going.envelopes()):
                going.tell(outcome)
                self._watch(outcome)
        except ChannelDown as error:
            down = error
        except BaseException:
            going.doubt()
            self._release(going.untried(), MessageState.HANDING_OVER)
            raise
        if down is None and self.breaks >= BREAKS:
            self.breaks = 0
            down = ChannelDown(ChannelTrouble.UNRELIABLE, None, going.settled[-1].reply)
        if down is not None:
            self._settle_handed()
            self._raise_alarm(down, going.untried(), MessageState.HANDING_OVER)
            raise down
        self._release(going.untried(), MessageState.HANDING_OVER)
        self._look_what_works()

    def _look_what_works(self) -> None:
        """Take the alarm back as soon as the server has shown that its cause is over, whatever became of the mails."""
        over = self.wire.over if self.trouble else ()
        if self.trouble in over:
            self._persistently(lambda: channel.clear(over))
            self.trouble = None

    def _may_go_on(self) -> bool:
        return self.breaks < BREAKS and self._still_true()

    def _still_true(self) -> bool:
        """Return whether what was asked may still be relied upon."""
        return self.now() <= self.true_until

    def _watch(self, outcome: object) -> None:
        broken = isinstance(outcome, NotSent) and outcome.code is None and not isinstance(outcome, Permanent)
        self.breaks = self.breaks + 1 if broken else 0

    def _begin(self, claimed: Sequence[Lease]) -> set[Lease]:
        """Settle what was handed over before, and write down that this group is about to be."""
        handed = self.handed
        lease_s = self.settings.lease_s
        ours, held = self._persistently(
            lambda: results.turn(handed, claimed, self.worker, lease_s=lease_s, now=self.now())
        )
        self._settled(handed, ours)
        return held

    def _settle_handed(self) -> None:
        self._settle(self.handed, MessageState.HANDING_OVER)

    def _settle(self, found: Sequence[Settled], came_from: MessageState) -> None:
        if found:
            ours = self._persistently(lambda: results.settle(found, came_from, self.worker, now=self.now()))
            self._settled(found, ours)

    def _settled(self, found: Sequence[Settled], ours: Sequence[Settled]) -> None:
        if found is self.handed:
            self.handed = []
        self.holding.leases.difference_update([one.lease for one in found])
        self.job.count(Counter(one.state for one in ours))
        if len(ours) < len(found):
            log.warning("lease lost", worker=self.worker, messages=len(found) - len(ours))

    def _raise_alarm(self, down: ChannelDown, untried: Sequence[Lease], came_from: MessageState) -> None:
        """Put back what was not tried, and alarm everybody.

        Not for a further connection: a server that wants no more than it has is not down. If it is, the first one learns it.
        """

        def put_back_and_alarm() -> None:
            with writing() as session:
                leases.release_in(session, untried, came_from)
                if self.call_helpers:
                    channel.alarm(session, down, now=self.now())
                else:
                    log.warning("further connection refused", worker=self.worker, code=down.code)

        self._persistently(put_back_and_alarm)
        self.holding.leases.difference_update(untried)

    def _release(self, untried: Sequence[Lease], came_from: MessageState) -> None:
        if untried:
            self._persistently(lambda: leases.release(untried, came_from))
            self.holding.leases.difference_update(untried)

    def _persistently(self, change: Callable[[], T]) -> T:
        """Make a change that must not be lost: while the database is busy or away, try again.

        Somebody who wants it stopped waits for a minute; then the error is raised, and what was handed over is in doubt.
        """
        waited_s, wait_s = 0.0, 0.5
        while True:
            try:
                return change()
            except (OperationalError, InterfaceError):
                db.session.rollback()
                if self.job.stop() and waited_s > PATIENCE_S:
                    raise
            time.sleep(wait_s)
            waited_s, wait_s = waited_s + wait_s, min(wait_s * 2, 15.0)
