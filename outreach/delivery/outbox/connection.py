"""Send claimed messages over one connection, group by group: prepare, begin, hand over, settle."""

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
from outreach.delivery.smtp.wire import ChannelDown, NotSent, Wire
from outreach.domain.mail import doubt
from outreach.domain.mail.failures import ChannelTrouble
from outreach.domain.states import MessageState
from outreach.extensions import db
from outreach.transactions import writing

BREAKS = 3  # broken connections in a row before the server is left alone for a while
MOST_VAIN = 3  # repeated checks in a row that were too old when the mail could be sent
FAR_S = 0.002  # waiting time per mail from which a server counts as far away
PATIENCE_S = 60.0  # how long to retry a write while the database is away, if asked to stop
log = structlog.get_logger()
T = TypeVar("T")


class Drainer:
    """One connection of a job. call_helpers: opens further connections; only the first connection has it."""

    def __init__(self, job: Job, worker: str, *, call_helpers: Callable[[], None] | None = None) -> None:
        self.job = job
        self.settings = job.settings
        self.worker = worker
        self.now = job.now
        self.wire = Wire(job.app.extensions["mail"], job.settings, self._still_true, self._waits)
        self.preparer = Preparer(job.settings)
        self.handed: list[Settled] = []  # handed over, not yet settled: settled when the next group begins
        self.todo: list[Lease] = []  # claimed, not yet begun
        self.going: HandoverGroup | None = None  # being handed over
        self.gave_back = False  # while the server's answer was long in coming
        self.portion = max(1, job.settings.hand_over_group)
        self.true_until = job.now()
        self.call_helpers = call_helpers
        self.trouble: ChannelTrouble | None = None  # the channel's trouble at this connection's last look
        self.heard_at = 0  # lost connections of the wire when the server last answered about a mail
        self.more = False  # more was due than what this connection claimed
        self.vain = 0  # checks in a row that were too old when their mail could be sent

    def run(self) -> None:
        """Send until nothing is due or sending must pause."""
        most, lease_s = self.settings.mail_connections, self.settings.lease_s
        slot = self._persistently(lambda: limits.take_slot(self.worker, most, lease_s, now=self.now()))
        if slot is None:
            return
        self.holding = Holding(self.worker, slot)
        self.job.keeper.add(self.holding)
        self.job.runs(1)
        try:
            with self.wire:
                while not self._must_stop() and self._may_send():
                    claimed, more = self.job.claim(self.worker)
                    self.holding.take(claimed)
                    self.more = more
                    if not claimed or not self._send(claimed):
                        return
                    self._look_how_far(len(claimed))
        finally:
            self.job.runs(-1)
            self.job.keeper.remove(self.holding)
            self._persistently(lambda: limits.free_slot(slot, self.worker))

    def _must_stop(self) -> bool:
        return self.job.stop() or self.holding.lost

    @property
    def breaks(self) -> int:
        """Connections that broke in a row, without the server answering about any mail."""
        return self.wire.lost - self.heard_at

    def _may_send(self) -> bool:
        found = channel.state()
        self.trouble = found.trouble if found is not None else None
        self.job.group = min(found.group_size or self.job.full, self.job.full) if found is not None else self.job.full
        may = found is None or self.trouble is None or not channel.is_paused(found, self.now())
        db.session.rollback()
        return may

    def _look_how_far(self, sent: int) -> None:
        """Note whether the server is far away. Further connections help only then; near by, our own work takes the time."""
        if self.call_helpers and sent >= self.settings.hand_over_group:
            self.job.far = self.wire.waited_s > FAR_S * self.job.done.claimed

    def _send(self, claimed: Sequence[Lease]) -> bool:
        """Send the claimed messages. Return False if sending must pause; untried messages are then released."""
        self.todo = list(claimed)
        self.gave_back = False
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
        """Check some messages again and send them while the check is recent. Return False if sending must pause."""
        asked_at = self.now()
        batch = self.preparer.prepare(asked, now=asked_at)
        self.true_until = batch.asked_at + TRUE_FOR
        self._settle(batch.decided, MessageState.LEASED)
        ready = sorted(
            batch.ready, key=_turn
        )  # those in doubt last: what breaks the connection then breaks no other mail
        self.todo = [prepared.lease for prepared in ready] + later
        self._fit_portion(self.now() - asked_at)
        while ready:
            if self._must_stop():
                return False
            size, self.wire.plainly = self._next_group(ready)
            if self._open():
                break
            allowed = self._allowed(size)
            if not allowed:
                return False
            group, ready = ready[:allowed], ready[allowed:]
            self._hand_over(group, [prepared.lease for prepared in ready] + later)
            if self.gave_back:
                self.todo = []
                break
            if self.job.careful:
                self.wire.close()
            if not self._still_true():
                break
        return True

    def _next_group(self, ready: Sequence[Ready]) -> tuple[int, bool]:
        """Return how many of these go in the next group, and whether plainly: without pipelining and BDAT."""
        first = ready[0]
        most = min(self.job.group, doubt.group_of(first.doubts, self.job.full))
        size = next((at for at, one in enumerate(ready[:most]) if _turn(one) != _turn(first)), min(most, len(ready)))
        return size, most == doubt.ALONE and (self.job.careful or first.doubts > 0)

    def _fit_portion(self, took: timedelta) -> None:
        """Adapt the number of messages per check: most of the time for which a check counts must remain for sending."""
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
        """Connect if needed, before any mail is in doubt or counted. Raise ChannelDown, after raising the alarm.

        Return whether the messages must be checked again, because connecting or the database took so long.
        """
        try:
            self.wire.open()
        except ChannelDown as error:
            self._raise_alarm(error, (), MessageState.LEASED)
            raise
        self._look_what_works()
        # Only now, so that a server with room for one connection does not give it to a helper, which raises no alarm.
        if self.more and self.call_helpers:
            self.more = False
            self.call_helpers()
        return self._must_ask_again()

    def _must_ask_again(self) -> bool:
        """Return whether the last check is too old for sending. After MOST_VAIN times in a row, return False anyway."""
        if self._still_true():
            return False
        self.vain += 1
        if self.vain <= MOST_VAIN:
            return True
        log.warning("asking what is true takes too long", worker=self.worker)
        return False

    def _hand_over(self, group: Sequence[Ready], later: list[Lease]) -> None:
        """Hand over a group. Raise ChannelDown, after raising the alarm and releasing untried messages."""
        held = self._begin([ready.lease for ready in group])
        self.todo = later
        if self._must_ask_again():
            self._release(list(held), MessageState.HANDING_OVER)
            return
        self.vain = 0
        going = HandoverGroup(
            [ready for ready in group if ready.lease in held], self.settings, self.now, self._may_go_on
        )
        self.going, self.handed = going, going.settled  # known results are settled, whatever happens
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
        self._learn(going)
        if down is None and self.breaks >= BREAKS:
            self.heard_at = self.wire.lost
            down = ChannelDown(ChannelTrouble.UNRELIABLE, None, going.settled[-1].reply if going.settled else "")
        if down is not None:
            self._settle_handed()
            self._raise_alarm(down, going.untried(), MessageState.HANDING_OVER)
            raise down
        self._release(going.untried(), MessageState.HANDING_OVER)
        self._look_what_works()

    def _learn(self, going: HandoverGroup) -> None:
        """Make groups smaller after a doubt, and slowly larger again after groups without one."""
        tried, full = going.tried, self.job.full
        if going.doubts:
            log.warning("mails in doubt", worker=self.worker, mails=going.doubts, group=tried)
            self.job.group = self._persistently(lambda: channel.shrunk(tried, full))
            self.job.count_certain(None)
        elif self.job.careful and tried:
            certain = self.job.count_certain(tried)
            self.job.group, grew = self._persistently(lambda: channel.grow(certain, full))
            if grew:
                self.job.count_certain(None)

    def _waits(self, waiting: bool) -> None:
        """While the server's answer to a mail is long in coming, let others send what has not begun here."""
        if waiting and self.going is not None:
            log.warning("a long wait for the mail server's answer", worker=self.worker)
            self.handed = self.going.take_settled()
            self._settle_handed()
            self.handed = self.going.settled
            self._release(self.going.let_go(), MessageState.HANDING_OVER)
            self._release(self.todo, MessageState.LEASED)
            self.todo, self.gave_back = [], True
        self.job.waits(waiting)

    def _look_what_works(self) -> None:
        """Clear the alarm once the server has shown that its cause is over, independent of the mails' results."""
        over = self.wire.over if self.trouble else ()
        if self.trouble in over:
            self._persistently(lambda: channel.clear(over))
            self.trouble = None

    def _may_go_on(self) -> bool:
        return self.breaks < BREAKS and self._still_true()

    def _still_true(self) -> bool:
        """Return whether the last check is recent enough."""
        return self.now() <= self.true_until

    def _watch(self, outcome: object) -> None:
        """Note that the server answered about a mail."""
        if not isinstance(outcome, NotSent) or outcome.code is not None:
            self.heard_at = self.wire.lost

    def _begin(self, claimed: Sequence[Lease]) -> set[Lease]:
        """Settle the mails handed over before, and record that this group is being handed over."""
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
        self.holding.let_go([prepared.lease for prepared in found])
        self.job.count(Counter(settled.state for settled in ours))
        if len(ours) < len(found):
            log.warning("lease lost", worker=self.worker, messages=len(found) - len(ours))

    def _raise_alarm(self, down: ChannelDown, untried: Sequence[Lease], came_from: MessageState) -> None:
        """Release untried messages and raise the channel's alarm.

        A further connection raises no alarm, because a server that refuses more connections is not down. If it is down,
        the first connection notices.
        """

        def put_back_and_alarm() -> None:
            with writing() as session:
                leases.release_in(session, untried, came_from)
                if self.call_helpers:
                    channel.alarm(session, down, now=self.now())
                else:
                    log.warning("further connection refused", worker=self.worker, code=down.code)

        self._persistently(put_back_and_alarm)
        self.holding.let_go(untried)

    def _release(self, untried: Sequence[Lease], came_from: MessageState) -> None:
        if untried:
            self._persistently(lambda: leases.release(untried, came_from))
            self.holding.let_go(untried)

    def _persistently(self, change: Callable[[], T]) -> T:
        """Make a change that must not be lost; retry while the database is busy or away.

        If the job is asked to stop, retry for PATIENCE_S seconds, then raise the error. Mails that were handed over are
        then in doubt.
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


def _turn(ready: Ready) -> int:
    """Return when a mail's turn is, by what groups it may go in."""
    return min(ready.doubts, 2)
