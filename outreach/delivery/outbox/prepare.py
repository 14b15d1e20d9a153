"""Prepare claimed messages: check again what is still true, then plan each as a mail or decide its result.

outbox/connection.py hands them over.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import ModuleType

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.delivery.mail.compose import AddressUnusable
from outreach.delivery.mail.frames import frame as frames
from outreach.delivery.mail.frames.frame import FramedMail, Frames
from outreach.delivery.mail.kinds import account as account_mail
from outreach.delivery.mail.kinds import digest as digest_mail
from outreach.delivery.mail.kinds import follow_ups as follow_up_mail
from outreach.delivery.mail.kinds import minutes as minutes_mail
from outreach.delivery.mail.kinds import poll as poll_mail
from outreach.delivery.mail.kinds import privacy as privacy_mail
from outreach.delivery.outbox.leases import Lease
from outreach.delivery.outbox.results import Settled, ended
from outreach.delivery.recheck import judge as recheck
from outreach.delivery.recheck.judge import Earlier, Judge, RecheckResult
from outreach.delivery.rows import batch as batch_rows
from outreach.delivery.rows.batch import MessageRow, SharedRows
from outreach.domain.directory import email_addresses
from outreach.domain.kinds import MailKind
from outreach.domain.mail import hours
from outreach.domain.mail.failures import FailureReason, next_try
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.reminders.due import ActivityTimes
from outreach.domain.states import InvitationState, MessageState
from outreach.extensions import db
from outreach.logs import fault
from outreach.models import Message, PollInvitee, PrivacyMail
from outreach.settings import Settings
from outreach.transactions import writing

TRUE_FOR = timedelta(seconds=1)  # how long the answer to "is it still true" counts
SHARED_FOR = TRUE_FOR / 2  # within it, how long shared rows are used to prepare further messages
WAIT_FOR_OTHER = timedelta(seconds=5)
UNREAD_AGAIN = timedelta(hours=1)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ready:
    """A message to hand over. useful_until: afterwards it is useless. doubts: earlier hand-overs without an answer."""

    lease: Lease
    planned: FramedMail
    useful_until: datetime
    attempts: int
    doubts: int
    now_invited: tuple[int, ...] = ()  # invitations for which this is the first mail
    skipped_lines: dict[int, SkipReason] | None = None
    told: dict[int, int] | None = None  # per line: the activity's sequence, if it moved after the line was written


@dataclass
class PreparedBatch:
    """Claimed messages after the check: those to hand over, in order, and those with a result.

    asked_at: when the oldest data used was read.
    """

    asked_at: datetime
    ready: list[Ready] = field(default_factory=list)
    decided: list[Settled] = field(default_factory=list)


class Preparer:
    """Prepares the messages of one connection. Shared rows are read again when they are too old."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.frames = Frames()
        self.shared = SharedRows()
        self.read_at: datetime | None = None

    def prepare(self, claimed: Sequence[Lease], *, now: datetime) -> PreparedBatch:
        """Check each message again, and plan those that are still true, in a transaction that only reads.

        A message that cannot be read does not stop the others. It is tried again later.
        """
        try:
            return self._prepare(claimed, now)
        except DBAPIError:
            raise
        except Exception as error:
            log.error("messages not read", messages=len(claimed), **fault(error))
            if len(claimed) == 1:
                return PreparedBatch(now, decided=[_unread(claimed[0], type(error).__name__, now)])
        batch = PreparedBatch(now)
        for lease in claimed:
            single = self.prepare([lease], now=now)
            batch.asked_at = min(batch.asked_at, single.asked_at)
            batch.ready += single.ready
            batch.decided += single.decided
        return batch

    def _prepare(self, claimed: Sequence[Lease], now: datetime) -> PreparedBatch:
        session = db.session()
        session.rollback()
        rows = batch_rows.load(session, [lease.message_id for lease in claimed])
        if _made_links(rows, now + timedelta(days=self.settings.link_days)):
            rows = batch_rows.load(session, [lease.message_id for lease in claimed])
        with session.no_autoflush:
            shared = self._in_common(session, rows, now)
            known = recheck.earlier(session, rows, shared, now=now)
            preparing = _Preparing(session, self.frames, shared, known, now, self.read_at or now)
            preparing.asked = poll_mail.asked(session, rows)
            preparing.minutes = minutes_mail.concerned(session, rows)
            preparing.privacy = privacy_mail.concerned(session, rows)
            preparing.follow_ups = follow_up_mail.lines_of(session, rows)
            preparing.doubts = recheck.doubts(session, [row.id for row in rows if row.attempts])
            fences = {lease.message_id: lease for lease in claimed}
            for row in rows:
                preparing.decide(fences[row.id], row)
        session.rollback()
        return preparing.batch

    def _in_common(self, session: Session, rows: Sequence[MessageRow], now: datetime) -> SharedRows:
        fresh = self.read_at is not None and timedelta() <= now - self.read_at < SHARED_FOR
        if fresh and batch_rows.covers(self.shared, rows):
            return replace(self.shared, blocked=batch_rows.blocked_among(session, rows))
        self.shared, self.read_at = batch_rows.load_shared(session, rows), now
        return self.shared


def _unread(lease: Lease, words: str, now: datetime) -> Settled:
    until = db.session.scalar(sa.select(Message.expires_at).where(Message.id == lease.message_id))
    again_at = now + UNREAD_AGAIN if until and now + UNREAD_AGAIN < until else None
    return _uncomposed(lease, words, again_at, recheck.doubts(db.session(), [lease.message_id])[lease.message_id])


def _uncomposed(lease: Lease, words: str, again_at: datetime | None, doubts: int) -> Settled:
    if again_at is not None:
        return Settled(lease, MessageState.RETRY, FailureReason.NOT_COMPOSED, True, None, None, words, again_at)
    return ended(Settled(lease, MessageState.FAILED, FailureReason.NOT_COMPOSED, True, None, None, words), doubts)


def _made_links(rows: Sequence[MessageRow], expires_at: datetime) -> bool:
    """Create missing answer links before the mails are composed, in a separate transaction. Return whether any was missing."""
    missing = [row for row in rows if not row.link_nonce and row.user_id is None]
    if missing:
        with writing() as session:
            tokens.ensure_links(
                session,
                expires_at=expires_at,
                person_ids=[row.person_id for row in missing if row.person_id],
                organisation_ids=[row.organisation_id for row in missing if row.organisation_id],
            )
    return bool(missing)


class _Preparing:
    def __init__(
        self, session: Session, frames: Frames, shared: SharedRows, known: Earlier, now: datetime, asked_at: datetime
    ) -> None:
        self.session = session
        self.frames = frames
        self.shared = shared
        self.known = known
        self.now = now
        self.judge = Judge(shared, known, now)
        self.doubts: dict[int, int] = {}
        self.asked: dict[int, PollInvitee] = {}
        self.minutes: Mapping[int, minutes_mail.ConcernedMail] = {}
        self.privacy: Mapping[int, PrivacyMail] = {}
        self.follow_ups: Mapping[int, follow_up_mail.Lines] = {}
        self.batch = PreparedBatch(asked_at)

    def decide(self, lease: Lease, row: MessageRow) -> None:
        if recheck.must_wait(row, self.known):
            self._wait(lease, row, self.now + WAIT_FOR_OTHER)
            return
        if row.unconsented and not row.lines:
            self._end(row, _nothing_left(lease, row, RecheckResult(row, untrue_because=SkipReason.NOT_CONSENTED)))
            return
        if row.kind is MailKind.MINUTES:
            self._decide_minutes(lease, row, self.minutes.get(row.id))
            return
        if row.kind is MailKind.FOLLOW_UP:
            self._decide_follow_ups(lease, row, self.follow_ups.get(row.id, ()))
            return
        if row.kind is MailKind.PRIVACY:
            self._decide_privacy(lease, row, self.privacy.get(row.id))
            return
        if row.user_id is not None:
            self._decide_for_account(lease, row, account_mail if row.kind is MailKind.ACCOUNT else digest_mail)
            return
        if row.poll_invitee_id is not None:
            self._decide_poll(lease, row, self.asked.get(row.poll_invitee_id))
            return
        verdict = self.judge.judge(row, resent=row.resend_of_id is not None)
        if not verdict.lines:
            self._end(row, _nothing_left(lease, row, verdict))
            return
        if (opening := self._held_until(verdict)) is not None:
            self._wait(lease, row, opening)
            return
        if email_addresses.key(self._address(verdict)) in self.shared.blocked:
            self._end(row, _skipped(lease, verdict, SkipReason.ADDRESS_BLOCKED))
            return
        self._plan(
            lease,
            row,
            verdict,
            lambda: self.frames.plan(self.session, verdict.recipient, verdict.lines, self.shared, now=self.now),
        )

    def _decide_for_account(self, lease: Lease, row: MessageRow, mail: ModuleType) -> None:
        untrue = mail.untrue_because(self.session, row, now=self.now)
        if untrue is None and email_addresses.key(row.email) in self.shared.blocked:
            untrue = SkipReason.ADDRESS_BLOCKED
        if untrue is not None:
            self._end(row, _nothing_left(lease, row, RecheckResult(row, untrue_because=untrue)))
            return
        office = self.shared.office
        self._plan(
            lease,
            row,
            RecheckResult(row, useful_until=row.expires_at),
            lambda: frames.ready(mail.written(self.session, row, office, now=self.now)),
        )

    def _decide_poll(self, lease: Lease, row: MessageRow, one: PollInvitee | None) -> None:
        untrue = poll_mail.untrue_because(one, row, self.shared.blocked, now=self.now)
        if one is None or untrue is not None:
            self._end(row, _nothing_left(lease, row, RecheckResult(row, untrue_because=untrue)))
            return
        verdict = RecheckResult(row, useful_until=one.poll.closes_at)
        office = self.shared.office
        opening = hours.poll_held_until(one.poll.closes_at, self.now, office.mail_hours if office else None)
        if opening is not None:
            self._wait(lease, row, opening)
            return
        self._plan(
            lease,
            row,
            verdict,
            lambda: frames.ready(poll_mail.written(self.session, one, row, office, now=self.now)),
        )

    def _decide_minutes(self, lease: Lease, row: MessageRow, one: minutes_mail.ConcernedMail | None) -> None:
        untrue = minutes_mail.untrue_because(one, row, self.shared.blocked, now=self.now)
        if one is None or untrue is not None:
            self._end(row, _nothing_left(lease, row, RecheckResult(row, untrue_because=untrue)))
            return
        office = self.shared.office
        if row.user_id is None and (opening := self._opening()) is not None:
            self._wait(lease, row, opening)
            return
        self._plan(
            lease,
            row,
            RecheckResult(row, useful_until=row.expires_at),
            lambda: self.frames.with_files(
                self.session, frames.ready(minutes_mail.written(self.session, one, row, office, now=self.now))
            ),
        )

    def _decide_privacy(self, lease: Lease, row: MessageRow, one: PrivacyMail | None) -> None:
        """Such a mail does not wait for the office's hours: whoever asked waits for it, and the time for it runs."""
        untrue = privacy_mail.untrue_because(one, row, self.shared.blocked, now=self.now)
        if one is None or untrue is not None:
            self._end(row, _nothing_left(lease, row, RecheckResult(row, untrue_because=untrue)))
            return
        office = self.shared.office
        self._plan(
            lease,
            row,
            RecheckResult(row, useful_until=row.expires_at),
            lambda: frames.ready(privacy_mail.written(one, row, office, now=self.now)),
        )

    def _decide_follow_ups(self, lease: Lease, row: MessageRow, lines: follow_up_mail.Lines) -> None:
        office = self.shared.office
        true, untrue = follow_up_mail.true_lines(lines, row, self.shared.blocked, office, now=self.now)
        if untrue is not None:
            self._end(row, _nothing_left(lease, row, RecheckResult(row, untrue_because=untrue)))
            return
        if (opening := self._opening()) is not None:
            self._wait(lease, row, opening)
            return
        self._plan(
            lease,
            row,
            RecheckResult(row, useful_until=row.expires_at),
            lambda: frames.ready(follow_up_mail.written(self.session, true, row, office, now=self.now)),
        )

    def _opening(self) -> datetime | None:
        """Return when the office's hours for mails begin again; None during them."""
        office = self.shared.office
        return office.mail_hours.opening(self.now) if office else None

    def _end(self, row: MessageRow, result: Settled) -> None:
        self.batch.decided.append(ended(result, self.doubts.get(row.id, 0)))

    def _wait(self, lease: Lease, row: MessageRow, until: datetime) -> None:
        state = MessageState.RETRY if row.attempts else MessageState.DUE
        reason = FailureReason.IN_DOUBT if self.doubts.get(row.id) else ""
        self.batch.decided.append(Settled(lease, state, reason, due_at=until))

    def _held_until(self, verdict: RecheckResult) -> datetime | None:
        """Return until when the message waits for the office's hours; None if one of its lines cannot wait.

        The tick holds what is not written yet. This holds what waited here: retries, long queues, mails sent again.
        """
        office = self.shared.office
        if office is None or office.mail_hours.opening(self.now) is None:
            return None
        found = []
        for line in verdict.lines:
            activity, reminder = self.shared.activities[line.activity_id], self.shared.reminders[line.reminder_id]
            times = ActivityTimes(activity.starts_at, activity.ends_at, activity.respond_by_at, activity.dateless)
            found.append(
                hours.held_until(
                    reminder.kind, reminder.audience, reminder.due_at, times, self.now, office.mail_hours,
                    also_starts_at=hours.start_before(reminder.detail, reminder.due_at),
                    invited_at=line.invited_at or self.now,
                )
            )  # fmt: skip
        return None if None in found else found[0]

    def _plan(
        self, lease: Lease, row: MessageRow, verdict: RecheckResult, plan: Callable[[], frames.FramedMail]
    ) -> None:
        doubts = self.doubts.get(row.id, 0)
        try:
            planned = plan()
        except AddressUnusable as error:
            self._end(row, _no_address(lease, str(error.values.get("address", "")), verdict))
        except SQLAlchemyError:
            raise  # not the message's fault
        except Exception as error:
            log.error("message not composed", message=row.id, **fault(error))
            self.batch.decided.append(self._not_composed(lease, row, verdict, type(error).__name__))
        else:
            self.batch.ready.append(
                Ready(
                    lease,
                    planned,
                    verdict.useful_until or row.expires_at,
                    row.attempts,
                    doubts,
                    self._now_invited(verdict),
                    None
                    if doubts
                    else verdict.skipped or None,  # the earlier mail may have been read, so its lines count as told
                    None if doubts else self._told(row, verdict) or None,
                )
            )

    def _address(self, verdict: RecheckResult) -> str:
        naming = verdict.recipient.representative_of_id
        if naming is None:
            return verdict.recipient.email
        return next((line.representative_email for line in verdict.lines if line.invitation_id == naming), "")

    def _now_invited(self, verdict: RecheckResult) -> tuple[int, ...]:
        return tuple(
            line.invitation_id
            for line in verdict.lines
            if line.state is InvitationState.PREPARED
            and self.shared.reminders[line.reminder_id].kind is MailKind.INVITATION
        )

    def _told(self, row: MessageRow, verdict: RecheckResult) -> dict[int, int]:
        return {
            line.id: sequence
            for line in row.lines
            if (sequence := self.shared.activities[line.activity_id].sequence) != line.sequence
            and verdict.skipped.get(line.id, SkipReason.SAID_BY_ANOTHER_LINE) is SkipReason.SAID_BY_ANOTHER_LINE
        }

    def _not_composed(self, lease: Lease, row: MessageRow, verdict: RecheckResult, words: str) -> Settled:
        until = verdict.useful_until or row.expires_at
        again_at = next_try(self.now, row.attempts + 1, until, 1.0)
        return _uncomposed(lease, words, again_at, self.doubts.get(row.id, 0))


def _nothing_left(lease: Lease, row: MessageRow, verdict: RecheckResult) -> Settled:
    if verdict.reason is SkipReason.TOO_LATE and row.attempts:
        # Another line of it may be an invitation that a postponement held back.
        return Settled(lease, MessageState.FAILED, FailureReason.GAVE_UP, skipped_lines=verdict.skipped)
    return _skipped(lease, verdict, verdict.reason)


def _skipped(lease: Lease, verdict: RecheckResult, reason: SkipReason) -> Settled:
    return Settled(lease, MessageState.SKIPPED, reason, skipped_lines=verdict.skipped)


def _no_address(lease: Lease, address: str, verdict: RecheckResult) -> Settled:
    if not address:
        return _skipped(lease, verdict, SkipReason.NO_ADDRESS)
    return Settled(lease, MessageState.FAILED, FailureReason.BAD_ADDRESS, skipped_lines=verdict.skipped)
