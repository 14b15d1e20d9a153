"""Hold back what a restored database must not send, because it may have gone out after the backup was made.

Messages that waited in the backup, and reminders due since, may have reached their recipients; the restored database
does not know. So all that is due by tonight is held back for a coordinator to check, and nothing is sent twice.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.domain.kinds import MailKind
from outreach.domain.mail.failures import FailureReason
from outreach.domain.problems import Problem
from outreach.domain.reminders.due import MissedReason
from outreach.domain.states import IN_WORK, TO_SEND, InvitationState, MessageState, PollState, ReminderState
from outreach.domain.zones import midnight
from outreach.models import ChannelSlot, DatePoll, Heartbeat, Invitation, Message, MessageLine, Reminder
from outreach.services.operations.engines import SILENT_AFTER


class EngineAtWork(Problem):
    message = (
        "An engine (%(name)s) gave a sign of life at %(at)s UTC. "
        "Stop all workers and pages first. If they are stopped, wait five minutes, or give --stopped."
    )


@dataclass(frozen=True)
class Held:
    messages: int = 0
    reminders: int = 0


def hold(connection: sa.Connection, *, now: datetime) -> Held:
    """Mark messages that may have been sent as UNKNOWN, and such reminders as MISSED; return how many.

    This covers all that is due until midnight in the office's zone, because a mail also takes lines due later that day.
    """
    from outreach.services import office_defaults  # only a restore needs it; it loads the words of mails

    until = tonight(office_defaults.zone(connection), now)
    open_ = sa.or_(
        sa.and_(Message.state.in_(TO_SEND), Message.due_at < until),
        Message.state.in_(IN_WORK),
    )
    _mark_invited(connection, open_, now)
    messages = connection.execute(
        sa.update(Message)
        .where(open_)
        .values(state=MessageState.UNKNOWN, reason=FailureReason.RESTORED, leased_until=None, merge_key=None)
    )
    reminders = connection.execute(
        sa.update(Reminder)
        .where(Reminder.state == ReminderState.SCHEDULED, Reminder.due_at < until)
        .values(state=ReminderState.MISSED, reason=MissedReason.RESTORED)
    )
    if sa.inspect(connection).has_table(DatePoll.__tablename__):  # a backup may be older than it
        connection.execute(
            sa.update(DatePoll)
            .where(DatePoll.state == PollState.OPEN, DatePoll.reminded_at.is_(None), DatePoll.remind_at < until)
            .values(reminded_at=now)
        )
    return Held(messages.rowcount, reminders.rowcount)


def refuse_while_at_work(connection: sa.Connection, *, now: datetime) -> None:
    """Raise EngineAtWork if this database has a heartbeat within SILENT_AFTER."""
    if not sa.inspect(connection).has_table(Heartbeat.__tablename__):
        return
    lately = Heartbeat.at.between(now - SILENT_AFTER, now + SILENT_AFTER)  # other clocks may be ahead
    heard = sa.select(Heartbeat.name, Heartbeat.at).where(lately).order_by(Heartbeat.at.desc()).limit(1)
    if found := connection.execute(heard).first():
        raise EngineAtWork(name=found.name, at=f"{found.at:%H:%M:%S}")


def forget_workers(connection: sa.Connection) -> None:
    """Delete the heartbeats and channel slots, because the backup's workers are not running here."""
    for model in (ChannelSlot, Heartbeat):
        if sa.inspect(connection).has_table(model.__tablename__):
            connection.execute(sa.delete(model))


def tonight(zone: ZoneInfo, now: datetime) -> datetime:
    """Return the next midnight of the zone, in UTC."""
    return midnight(now.astimezone(zone).date() + timedelta(days=1), zone).astimezone(UTC)


def _mark_invited(connection: sa.Connection, messages: sa.ColumnElement[bool], now: datetime) -> None:
    """Mark prepared invitees as invited if their invitation may have been sent, as for messages of unknown outcome."""
    told = (
        sa.select(MessageLine.invitation_id)
        .join(Message, MessageLine.message_id == Message.id)
        .join(Reminder, MessageLine.reminder_id == Reminder.id)
        .where(messages, MessageLine.skipped == "", Reminder.kind == MailKind.INVITATION)
    )
    connection.execute(
        sa.update(Invitation)
        .where(Invitation.id.in_(told), Invitation.state == InvitationState.PREPARED)
        .values(state=InvitationState.INVITED, invited_at=now)
    )
