"""Decide the result of a message from the mail server's answer: its state, its reason, and when to try again.

Pure, except for random delays and the log. outbox/results.py stores the result.
"""

import random
from dataclasses import replace
from datetime import datetime

import structlog

from outreach.delivery.mail.kept import WrittenMail
from outreach.delivery.outbox.leases import Lease
from outreach.delivery.outbox.prepare import Ready
from outreach.delivery.outbox.results import Settled, ended
from outreach.delivery.smtp.wire import Accepted, InDoubt, NotSent, Permanent
from outreach.domain.mail.address_faults import fault_in_reply
from outreach.domain.mail.doubt import repeat_at
from outreach.domain.mail.failures import FailureReason, next_try
from outreach.domain.states import MessageState
from outreach.logs import fault

log = structlog.get_logger()


def settled(ready: Ready, mail: WrittenMail, outcome: Accepted | NotSent, *, now: datetime) -> Settled:
    """Return the result of a message that was handed over, or should have been."""
    if isinstance(outcome, Accepted):
        return Settled(
            ready.lease, MessageState.SENT, tried=True, code=outcome.code, reply=outcome.words,
            address=ready.planned.recipient, subject=ready.planned.subject, skipped_lines=ready.skipped_lines,
            now_invited=ready.now_invited, told=ready.told, mail=mail.kept(),
        )  # fmt: skip
    return replace(
        _unsent(ready, mail, outcome, now),
        address=ready.planned.recipient,
        subject=ready.planned.subject,
        skipped_lines=ready.skipped_lines,
    )


def not_composed(ready: Ready, error: Exception, *, now: datetime) -> Settled:
    """Return the result of a message whose mail could not be composed. The log names the place, but not the content."""
    log.error("message not composed", message=ready.lease.message_id, **fault(error))
    return later_or_given_up(
        ready.lease, FailureReason.NOT_COMPOSED, None, type(error).__name__, ready.useful_until, ready.attempts, now,
        ready.doubts,
    )  # fmt: skip


def later_or_given_up(
    lease: Lease, reason: FailureReason, code: int | None, words: str, until: datetime, attempts: int, now: datetime,
    doubts: int = 0,
) -> Settled:  # fmt: skip
    """Return a message that is tried again later, or given up if too little time is left. until: when it is useless."""
    again_at = next_try(now, attempts + 1, until, random.random())  # noqa: S311
    if again_at is not None:
        return Settled(lease, MessageState.RETRY, reason, True, None, code, words, again_at)
    return ended(Settled(lease, MessageState.FAILED, FailureReason.GAVE_UP, True, None, code, words), doubts)


def _unsent(ready: Ready, mail: WrittenMail, outcome: NotSent, now: datetime) -> Settled:
    lease = ready.lease
    if isinstance(outcome, Permanent):
        refused = Settled(
            lease, MessageState.FAILED, FailureReason.REFUSED, tried=True, code=outcome.code, reply=outcome.words,
            fault=fault_in_reply(outcome.words),
        )  # fmt: skip
        return ended(refused, ready.doubts)
    if isinstance(outcome, InDoubt):
        again_at = repeat_at(now, ready.doubts + 1, ready.useful_until, random.random())  # noqa: S311
        return Settled(
            lease,
            MessageState.RETRY if again_at else MessageState.UNKNOWN,
            FailureReason.IN_DOUBT,
            tried=True,
            outcome=MessageState.UNKNOWN,
            reply=outcome.words,
            due_at=again_at,
            now_invited=ready.now_invited,
            told=ready.told,
            mail=mail.kept(),
        )
    return later_or_given_up(
        lease, FailureReason.TEMPORARY, outcome.code, outcome.words, ready.useful_until, ready.attempts, now,
        ready.doubts,
    )  # fmt: skip
