"""Sending what is due: claim, ask again, compose, hand over, settle.

What was not sent is never silent: each message ends in a state with a reason. No database transaction is open while the
mail server is spoken to. The state changes themselves are in delivery/leases.py, the wire is delivery/smtp.py.
"""

import random
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import TypeVar

import structlog
from flask import current_app
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm.attributes import set_committed_value

from outreach.delivery import channel, leases, recheck
from outreach.delivery.compose import AddressUnusable, Composed, compose, message_id, worth_saying
from outreach.delivery.leases import Begun, Lease, Settled
from outreach.delivery.smtp import ChannelDown, Envelope, InDoubt, NotSent, Permanent, Temporary, Wire
from outreach.domain.failures import ChannelTrouble, FailureReason, next_try
from outreach.domain.states import MessageState
from outreach.domain.truth import SkipReason
from outreach.extensions import db, writing
from outreach.models import Message
from outreach.settings import Settings

BREAKS = 3  # connections broken off in a row, after which the server is left alone for a while
WAIT_FOR_OTHER = timedelta(seconds=5)
log = structlog.get_logger()
T = TypeVar("T")


@dataclass
class Drained:
    """How many messages ended how. retried: will be tried again; unknown: the server's word never came, twice."""

    sent: int = 0
    skipped: int = 0
    retried: int = 0
    failed: int = 0
    unknown: int = 0

    def count(self, states: Counter[MessageState]) -> None:
        self.sent += states[MessageState.SENT]
        self.skipped += states[MessageState.SKIPPED]
        self.retried += states[MessageState.RETRY]
        self.failed += states[MessageState.FAILED]
        self.unknown += states[MessageState.UNKNOWN]


@dataclass
class _Group:
    """Some claimed messages after asking again: those to hand over, and those already decided."""

    ready: dict[Lease, "_Ready"] = field(default_factory=dict)
    decided: list[Settled] = field(default_factory=list)


@dataclass(frozen=True)
class _Ready:
    begun: Begun
    envelope: Envelope
    useful_until: datetime
    attempts: int
    doubts: int


def drain(
    *,
    now: Callable[[], datetime],
    worker: str,
    limit: int | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Drained:
    """Send what is due until nothing is, or `limit` messages were claimed; return what became of them.

    now: the clock. worker: its name in leases and attempts. stop: asked between groups; what is claimed then goes back.
    """
    done = Drained()
    if not leases.anything_due(now()):
        db.session.rollback()
        return done
    settings: Settings = current_app.extensions["outreach"]
    done.count(leases.take_back(worker, now=now()))
    with Wire(current_app.extensions["mail"], settings) as wire:
        drainer = _Drainer(settings, worker, now, wire, done)
        left = limit
        while not stop() and not channel.paused(now()):
            size = settings.claim_size if left is None else min(settings.claim_size, left)
            claimed = leases.claim(worker, size, settings.lease_s, now=now()) if size > 0 else []
            if not claimed or not drainer.send(claimed, stop):
                break
            left = None if left is None else left - len(claimed)
    db.session.rollback()
    return done


class _Drainer:
    """One worker's way through its claimed messages, group by group, over one connection."""

    def __init__(self, settings: Settings, worker: str, now: Callable[[], datetime], wire: Wire, done: Drained) -> None:
        self.settings = settings
        self.worker = worker
        self.now = now
        self.wire = wire
        self.done = done
        self.breaks = 0

    def send(self, claimed: Sequence[Lease], stop: Callable[[], bool]) -> bool:
        """Send the claimed messages; return False where sending must pause, having put back what was not tried."""
        size = max(1, self.settings.hand_over_group)
        for start in range(0, len(claimed), size):
            if stop():
                self._release(claimed[start:], MessageState.LEASED)
                return False
            try:
                self._send_group(claimed[start : start + size])
            except ChannelDown:
                self._release(claimed[start + size :], MessageState.LEASED)
                return False
        return True

    def _send_group(self, claimed: Sequence[Lease]) -> None:
        group = self._prepare(claimed)
        self._settle(group.decided, MessageState.LEASED)
        if not group.ready:
            return
        try:
            self.wire.open()  # before anything is in doubt
        except ChannelDown as error:
            self._raise_alarm(error, list(group.ready), MessageState.LEASED)
            raise
        held = leases.begin([ready.begun for ready in group.ready.values()], self.settings.lease_s, now=self.now())
        going = {lease: ready for lease, ready in group.ready.items() if lease in held}
        results: list[Settled] = []
        down: ChannelDown | None = None
        try:
            for result in self._hand_over(going):
                results.append(result)
        except ChannelDown as error:
            down = error
        self._settle(results, MessageState.HANDING_OVER)
        untried = going.keys() - {result.lease for result in results}
        if down is not None:
            self._raise_alarm(down, list(untried), MessageState.HANDING_OVER)
            raise down
        self._release(list(untried), MessageState.HANDING_OVER)
        if any(result.state is MessageState.SENT for result in results):
            channel.clear()

    def _prepare(self, claimed: Sequence[Lease]) -> _Group:
        """Ask again what is true of each message, and compose what is, in a transaction that only reads."""
        group, now = _Group(), self.now()
        fences = {lease.message_id: lease for lease in claimed}
        session = db.session()
        session.rollback()
        recheck.make_missing_links(session, list(fences), expires_at=now + timedelta(days=self.settings.link_days))
        with session.no_autoflush:
            messages = recheck.load(session, list(fences))
            known = recheck.earlier(session, messages, now=now)
            doubts = recheck.doubts(session, [message.id for message in messages if message.attempts])
            for message in messages:
                self._decide(group, fences[message.id], message, known, doubts.get(message.id, 0), now)
        session.rollback()
        return group

    def _decide(
        self, group: _Group, lease: Lease, message: Message, known: recheck.Earlier, doubts: int, now: datetime
    ) -> None:
        if recheck.must_wait(message, known):
            state = MessageState.RETRY if message.attempts else MessageState.DUE
            group.decided.append(Settled(lease, state, message.reason, due_at=now + WAIT_FOR_OTHER))
            return
        resent = message.resend_of_id is not None
        verdict = recheck.judge(
            message, [line for line in message.lines if not line.skipped], known, now, resent=resent
        )
        skipped = dict(verdict.skipped)
        try:
            lines, needless = worth_saying(verdict.lines)
            skipped.update({line.id: SkipReason.SAID_BY_ANOTHER_LINE for line in needless})
            if not lines:
                group.decided.append(_nothing_left(lease, message, verdict.reason, skipped, doubts))
                return
            if not message.rfc_message_id:
                set_committed_value(message, "rfc_message_id", message_id(message))
            composed = compose(message, lines, now=now)
        except AddressUnusable as error:
            group.decided.append(_no_address(lease, str(error.values.get("address", "")), skipped))
            return
        except Exception as error:
            log.error("message not composed", message=message.id, error=type(error).__name__, at=_where(error))
            until = verdict.useful_until or message.expires_at
            group.decided.append(
                _postponed(lease, FailureReason.NOT_COMPOSED, None, type(error).__name__, until, message.attempts, now)
            )
            return
        group.ready[lease] = _Ready(
            Begun(lease, message.rfc_message_id, composed.recipient, composed.subject, skipped),
            self._envelope(composed),
            verdict.useful_until or message.expires_at,
            message.attempts,
            doubts,
        )

    def _hand_over(self, going: dict[Lease, _Ready]) -> Iterator[Settled]:
        """Yield what became of each message; stop early where the lease would run out, or raise ChannelDown."""
        must_end = self.now() + timedelta(seconds=self.settings.lease_s * 0.6)
        for lease, ready in going.items():
            if self.now() >= must_end:
                return
            try:
                accepted = self.wire.hand_over(ready.envelope)
            except ChannelDown as error:
                raise error
            except NotSent as error:
                yield self._not_sent(lease, ready, error)
                self.breaks = self.breaks + 1 if error.code is None and not isinstance(error, Permanent) else 0
                if self.breaks >= BREAKS:
                    self.breaks = 0
                    raise ChannelDown(ChannelTrouble.UNRELIABLE, None, error.words) from error
            else:
                self.breaks = 0
                yield Settled(lease, MessageState.SENT, tried=True, code=accepted.code, reply=accepted.words)

    def _not_sent(self, lease: Lease, ready: _Ready, error: NotSent) -> Settled:
        now = self.now()
        if isinstance(error, Permanent):
            return Settled(
                lease, MessageState.FAILED, FailureReason.REFUSED, tried=True, code=error.code, reply=error.words
            )
        if isinstance(error, InDoubt):
            again = ready.doubts == 0 and now + timedelta(minutes=1) < ready.useful_until
            return Settled(
                lease,
                MessageState.RETRY if again else MessageState.UNKNOWN,
                FailureReason.IN_DOUBT,
                tried=True,
                outcome=MessageState.UNKNOWN,
                reply=error.words,
                due_at=now + timedelta(minutes=1) if again else None,
            )
        assert isinstance(error, Temporary)
        return _postponed(
            lease,
            FailureReason.TEMPORARY,
            error.code,
            error.words,
            ready.useful_until,
            ready.attempts,
            now,
            ready.doubts,
        )

    def _raise_alarm(self, down: ChannelDown, untried: Sequence[Lease], came_from: MessageState) -> None:
        def put_back_and_alarm() -> None:
            with writing() as session:
                leases.release_in(session, untried, came_from)
                channel.alarm(session, down, now=self.now())

        _persistently(put_back_and_alarm)

    def _settle(self, results: Sequence[Settled], came_from: MessageState) -> None:
        ours = _persistently(lambda: leases.settle(results, came_from, self.worker, now=self.now()))
        self.done.count(Counter(result.state for result in ours))
        if len(ours) < len(results):
            log.warning("lease lost", worker=self.worker, messages=len(results) - len(ours))

    def _release(self, untried: Sequence[Lease], came_from: MessageState) -> None:
        _persistently(lambda: leases.release(untried, came_from))

    def _envelope(self, composed: Composed) -> Envelope:
        sender = parseaddr(self.settings.mail_sender)[1] or composed.sender
        return Envelope(sender, composed.recipient, composed.data)


def _nothing_left(
    lease: Lease, message: Message, reason: SkipReason, skipped: dict[int, SkipReason], doubts: int
) -> Settled:
    if doubts:  # it may have arrived
        return Settled(lease, MessageState.UNKNOWN, FailureReason.IN_DOUBT, skipped_lines=None)
    if reason is SkipReason.TOO_LATE and message.attempts:
        return Settled(lease, MessageState.FAILED, FailureReason.GAVE_UP, reply=message.server_reply)
    return Settled(lease, MessageState.SKIPPED, reason, skipped_lines=skipped)


def _no_address(lease: Lease, address: str, skipped: dict[int, SkipReason]) -> Settled:
    if not address:
        return Settled(lease, MessageState.SKIPPED, SkipReason.NO_ADDRESS, skipped_lines=skipped)
    return Settled(lease, MessageState.FAILED, FailureReason.BAD_ADDRESS, skipped_lines=skipped)


def _postponed(
    lease: Lease,
    reason: FailureReason,
    code: int | None,
    words: str,
    until: datetime,
    attempts: int,
    now: datetime,
    doubts: int = 0,
) -> Settled:
    again_at = next_try(now, attempts + 1, until, random.random())  # noqa: S311
    if again_at is not None:
        return Settled(lease, MessageState.RETRY, reason, True, None, code, words, again_at)
    if doubts:
        return Settled(lease, MessageState.UNKNOWN, FailureReason.IN_DOUBT, True, MessageState.FAILED, code, words)
    return Settled(lease, MessageState.FAILED, FailureReason.GAVE_UP, True, None, code, words)


def _persistently(change: Callable[[], T]) -> T:
    """Make a change that must not be lost: while the database is busy or away, try again for about a minute."""
    for wait_s in (0.5, 1, 2, 4, 8, 15, 30):
        with suppress(OperationalError):
            return change()
        db.session.rollback()
        time.sleep(wait_s)
    return change()


def _where(error: Exception) -> str:
    """Return where an error arose. The log gets no more of it than this: its words may hold names."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
