"""The message log: find messages, show one with its attempts, and say why no mail can go out.

Reads only. services/messages/resend.py sends one again.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload, selectinload

from outreach.delivery.mail import attached, kept
from outreach.delivery.outbox import channel
from outreach.domain.mail.failures import ChannelTrouble, FailureReason
from outreach.domain.mail.hours import poll_held_until
from outreach.domain.mail.still_true import SkipReason
from outreach.domain.states import FINISHED, MessageState
from outreach.extensions import db
from outreach.models import (
    Activity,
    ArchivedMessage,
    Attempt,
    FollowUp,
    FollowUpLine,
    Invitation,
    MailFrame,
    Message,
    MessageLine,
    Minutes,
    MinutesMail,
    Organisation,
    Person,
    Reminder,
    SentMail,
)
from outreach.models.archive import Try
from outreach.models.mails import IS_LOST, IS_NOT_SENT, IS_SENT, IS_WAITING
from outreach.queries import polls
from outreach.queries.directory import lists as directory
from outreach.queries.directory.lists import (
    any_holds,
    organisation_matches,
    person_matches,
    phone_digits,
    words_of,
)
from outreach.queries.messages import archive
from outreach.queries.paging import Page, paged
from outreach.services import office_defaults
from outreach.services.messages.resend import loaded
from outreach.services.reminders import expand as expanding


class MessageGroup(StrEnum):
    """The groups of messages that a coordinator can list."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


_Again = aliased(Message)
# A failed message that staff sent again needs no more attention; the new message shows whether it arrives.
SENT_AGAIN = sa.exists().where(
    _Again.resend_of_id == Message.id, _Again.state.not_in((MessageState.SKIPPED, MessageState.CANCELLED))
)
STILL_LOST = sa.and_(IS_LOST, ~SENT_AGAIN)
STILL_UNKNOWN = sa.and_(STILL_LOST, Message.state == MessageState.UNKNOWN)

# The instants by which a group's list is ordered; its index has the same order.
MOMENTS = {
    MessageGroup.SENT: (Message.sent_at,),
    MessageGroup.FAILED: (Message.due_at,),
    MessageGroup.UNKNOWN: (Message.due_at,),
    MessageGroup.SKIPPED: (Message.due_at,),
}
GROUPS = {
    MessageGroup.WAITING: IS_WAITING,
    MessageGroup.SENT: IS_SENT,
    MessageGroup.FAILED: STILL_LOST,
    MessageGroup.UNKNOWN: STILL_UNKNOWN,
    MessageGroup.SKIPPED: IS_NOT_SENT,
}


@dataclass(frozen=True)
class MessageFilters:
    """Filters of the list. name, activity_title: shown on the page, do not filter."""

    group: MessageGroup | None = None
    person_id: int | None = None
    organisation_id: int | None = None
    activity_id: int | None = None
    archived: bool = False
    q: str = ""
    name: str = ""  # the person's or the organisation's
    activity_title: str = ""


@dataclass(frozen=True)
class ShownMessage:
    """One message with its attempts, and the id of the message sent in its place, if any."""

    message: Message | ArchivedMessage
    attempts: Sequence[Attempt | Try]
    resent_as_id: int | None
    archived: bool = False
    mail: EmailMessage | None = None  # as it was sent, without the secret link

    @property
    def files(self) -> list[str]:
        """Return the names of the signed letters that were attached."""
        return [name for name, _sha256 in attached.named_in(self.mail)] if self.mail is not None else []

    @property
    def doubts(self) -> int:
        """How often it was handed over and the mail server did not answer."""
        return sum(attempt.outcome is MessageState.UNKNOWN for attempt in self.attempts)


@dataclass(frozen=True)
class ChannelProblem:
    """Why no mail can go out at present."""

    trouble: ChannelTrouble
    reply: str
    failures: int  # in a row
    since_at: datetime
    paused_until: datetime


def find(filters: MessageFilters, number: int = 1, per_page: int = 25) -> tuple[Page, MessageFilters]:
    """Return one page of messages, newest first, and the filters with their names. The number of queries is fixed.

    The archive is a list of its own without groups, because all its messages are finished.
    """
    if filters.archived:
        return paged(_archived(filters), number, per_page, q=filters.q), _named(filters)
    chosen = message_select(filters).options(*_row_options())
    newest = [moment.desc() for moment in MOMENTS.get(filters.group, ())] if filters.group else []
    page = paged(chosen.order_by(*newest, Message.id.desc()), number, per_page, q=filters.q)
    return page, _named(filters)


def ids(filters: MessageFilters, most: int) -> list[int]:
    """Return the ids of up to `most` messages of a filtered list that are finished and not sent again, newest first."""
    later = aliased(Message)
    sent_again = sa.exists().where(later.resend_of_id == Message.id)
    wanted = message_select(filters).with_only_columns(Message.id).where(Message.state.in_(FINISHED), ~sent_again)
    return list(db.session.scalars(wanted.order_by(Message.id.desc()).limit(most)))


def held_until(now: datetime) -> datetime | None:
    """Return when mails that can wait go out, if that is not at `now`."""
    hours = office_defaults.mail_hours(db.session)
    return hours.opening(now) if hours else None


def message_held_until(message: Message, *, now: datetime) -> datetime | None:
    """Return until when a message that was just written waits for the office's hours for mail; None: it goes out now."""
    hours = office_defaults.mail_hours(db.session)
    if message.poll_invitee_id is not None:
        poll = polls.of_messages([message]).get(message.id)
        return poll_held_until(poll.closes_at, now, hours) if poll else None
    found = [
        expanding.held_until(line.reminder, line.invitation.activity, now, hours, line.invitation.invited_at)
        for line in message.lines
    ]
    return None if None in found else max((moment for moment in found if moment is not None), default=None)


def of_ids(message_ids: Sequence[int]) -> list[Message]:
    """Return these messages as rows of the list, newest first."""
    wanted = sa.select(Message).where(Message.id.in_(message_ids)).options(*_row_options())
    return list(db.session.scalars(wanted.order_by(Message.id.desc())).unique())  # an account is joined with its roles


def _row_options() -> tuple[Any, ...]:
    return (
        joinedload(Message.person),
        joinedload(Message.organisation),
        joinedload(Message.user),
        selectinload(Message.lines)
        .joinedload(MessageLine.invitation)
        .joinedload(Invitation.activity)
        .load_only(Activity.title, Activity.zone, Activity.starts_at),
        selectinload(Message.lines).joinedload(MessageLine.reminder).load_only(Reminder.kind),
    )


def message_select(filters: MessageFilters) -> sa.Select[Any]:
    """Select the messages that match the filters, without the archive."""
    chosen = sa.select(Message)
    if filters.group is not None:
        chosen = chosen.where(GROUPS[filters.group])
    if filters.person_id is not None:
        chosen = chosen.where(Message.person_id == filters.person_id)
    if filters.organisation_id is not None:
        chosen = chosen.where(Message.organisation_id == filters.organisation_id)
    if filters.activity_id is not None:
        chosen = chosen.where(Message.id.in_(_about(filters.activity_id)))
    return chosen.where(*message_matches(filters.q))


def _about(activity_id: int) -> sa.CompoundSelect[Any]:
    """Select the ids of the messages about an activity: its invitations, its minutes, and their tasks."""
    return sa.union_all(
        sa.select(MessageLine.message_id)
        .join(Invitation, MessageLine.invitation_id == Invitation.id)
        .where(Invitation.activity_id == activity_id),
        sa.select(MinutesMail.message_id).join(MinutesMail.minutes).where(Minutes.activity_id == activity_id),
        sa.select(FollowUpLine.message_id)
        .join(FollowUpLine.follow_up)
        .join(FollowUp.minutes)
        .where(Minutes.activity_id == activity_id, FollowUpLine.message_id.is_not(None)),
    )


def message_matches(q: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that a message matches all words of `q` by recipient, address or subject, or this phone number."""
    return [
        sa.or_(
            any_holds(word, Message.address, Message.subject),
            Message.person_id.in_(sa.select(Person.id).where(*person_matches(word))),
            Message.organisation_id.in_(sa.select(Organisation.id).where(*organisation_matches(word))),
        )
        for word in ([q] if phone_digits(q) else words_of(q))
    ]


def show(message_id: int) -> ShownMessage:
    """Return a message, archived or not, with all that its page shows; raise MessageMissing."""
    if (kept := archive.get(message_id)) is not None:
        return ShownMessage(kept, archive.tries(kept), archive.resent_as(kept), archived=True)
    found = loaded(db.session(), message_id)
    tried = db.session.scalars(sa.select(Attempt).where(Attempt.message_id == message_id).order_by(Attempt.id)).all()
    again = db.session.scalar(sa.select(sa.func.max(Message.id)).where(Message.resend_of_id == message_id))
    return ShownMessage(found, tried, again or archive.resent_as(found), mail=mail_sent(message_id))


def mail_sent(message_id: int) -> EmailMessage | None:
    """Return a message's mail as it was sent, without the recipient's secret link; None if it is not kept."""
    found = db.session.execute(
        sa.select(SentMail.data, MailFrame.data.label("frame"))
        .outerjoin(MailFrame, MailFrame.key == SentMail.frame_key)
        .where(SentMail.message_id == message_id)
    ).one_or_none()
    return kept.mail_of(found.data, found.frame) if found else None


def channel_problem() -> ChannelProblem | None:
    """Return why no mail can go out at present, or None if the mail server works."""
    found = channel.trouble()
    if found is None or found.trouble is None:
        return None
    assert found.since_at is not None
    assert found.paused_until is not None
    return ChannelProblem(found.trouble, found.reply, found.failures, found.since_at, found.paused_until)


def reason_of(message: Message | ArchivedMessage) -> SkipReason | FailureReason | None:
    """Return why a message was not sent; None if no reason is stored or it is unknown."""
    return reason_named(message.reason)


def reason_named(name: str) -> SkipReason | FailureReason | None:
    """Return the member of a stored reason; None for "" and for unknown reasons."""
    found: dict[str, SkipReason | FailureReason] = {
        member.value: member for kind in (SkipReason, FailureReason) for member in kind
    }
    return found.get(name)


def zone_of(message: Message | ArchivedMessage) -> ZoneInfo | None:
    """Return the zone in which the message's instants are shown: its first activity's, or None without lines."""
    return message.lines[0].invitation.activity.zone if message.lines else None


def _archived(filters: MessageFilters) -> sa.Select[Any]:
    return archive.select(
        person_id=filters.person_id, organisation_id=filters.organisation_id, activity_id=filters.activity_id,
        q=filters.q.strip(),
    )  # fmt: skip


def _named(filters: MessageFilters) -> MessageFilters:
    activity = db.session.get(Activity, filters.activity_id) if filters.activity_id else None
    return replace(
        filters,
        **directory.filtered_invitee(filters.person_id, filters.organisation_id),
        activity_id=activity.id if activity else None,
        activity_title=activity.title if activity else "",
    )
