"""Reminder rules and texts, reminders, and the outbox of messages."""

from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from outreach.domain.kinds import Audience, MailKind, RuleTiming
from outreach.domain.states import MessageState, ReminderState
from outreach.extensions import Model
from outreach.models.base import Created, Identified, UTCDateTime, enum_of, literally, partly
from outreach.models.invitations import Invitation
from outreach.models.people import Organisation, Person
from outreach.models.programmes import Activity
from outreach.models.staff import User

OFFICE_WIDE = sa.text("programme_id IS NULL AND activity_id IS NULL")


class ReminderRule(Identified, Model):
    """A rule of the office (no scope), a programme or an activity. A narrower rule replaces the wider one of the same key."""

    __tablename__ = "reminder_rule"
    __table_args__ = (
        sa.UniqueConstraint("programme_id", "key"),
        sa.UniqueConstraint("activity_id", "key"),
        sa.Index("uq_reminder_rule_office", "key", unique=True, sqlite_where=OFFICE_WIDE, postgresql_where=OFFICE_WIDE),
        sa.CheckConstraint("programme_id IS NULL OR activity_id IS NULL", name="one_scope"),
        sa.CheckConstraint("days >= 0", name="days_not_negative"),
    )
    programme_id: Mapped[int | None] = mapped_column(sa.ForeignKey("programme.id", ondelete="CASCADE"))
    activity_id: Mapped[int | None] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(sa.String(40))  # "seven-days-before"
    name: Mapped[str] = mapped_column(sa.String(120), default="")  # empty: a name made from its values
    kind: Mapped[MailKind] = enum_of(MailKind)
    timing: Mapped[RuleTiming] = enum_of(RuleTiming)
    audience: Mapped[Audience] = enum_of(Audience)
    days: Mapped[int] = mapped_column(default=0)
    at: Mapped[time] = mapped_column(default=time(8, 0))  # local time of the activity
    text_key: Mapped[str] = mapped_column(sa.String(60), default="")  # empty: chosen by kind and role
    enabled: Mapped[bool] = mapped_column(default=True)


class MessageText(Identified, Model):
    """An edited text. If none is stored, the text in outreach/data/texts is used."""

    __tablename__ = "message_text"
    __table_args__ = (
        sa.UniqueConstraint("programme_id", "key", "locale"),
        sa.UniqueConstraint("activity_id", "key", "locale"),
        sa.Index(
            "uq_message_text_office",
            "key",
            "locale",
            unique=True,
            sqlite_where=OFFICE_WIDE,
            postgresql_where=OFFICE_WIDE,
        ),
        sa.CheckConstraint("programme_id IS NULL OR activity_id IS NULL", name="one_scope"),
    )
    programme_id: Mapped[int | None] = mapped_column(sa.ForeignKey("programme.id", ondelete="CASCADE"))
    activity_id: Mapped[int | None] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(sa.String(60))  # "reminder-unanswered", or "rule-…" for the text of one rule
    locale: Mapped[str] = mapped_column(sa.String(5))
    subject: Mapped[str] = mapped_column(sa.String(200))
    greeting: Mapped[str] = mapped_column(sa.String(300), default="")
    body: Mapped[str] = mapped_column(sa.Text)


class Reminder(Identified, Created, Model):
    """A rule or an event (invitation, change, cancellation, a freed seat) applied to one activity, with its due instant."""

    __tablename__ = "reminder"
    __table_args__ = (
        sa.UniqueConstraint("activity_id", "key", "occurrence"),
        sa.Index("ix_reminder_due", "due_at", **partly("state = 'scheduled'")),
        sa.Index("ix_reminder_missed", "due_at", **partly("state = 'missed'")),
    )
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id"), index=True)
    key: Mapped[str] = mapped_column(sa.String(40))  # the rule's key, or the event's kind
    occurrence: Mapped[int] = mapped_column(default=0)
    kind: Mapped[MailKind] = enum_of(MailKind)
    audience: Mapped[Audience] = enum_of(Audience)
    invitation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitation.id"), index=True)  # for Audience.ONE
    text_key: Mapped[str] = mapped_column(sa.String(60), default="")
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[ReminderState] = enum_of(ReminderState, default=ReminderState.SCHEDULED)
    reason: Mapped[str] = mapped_column(sa.String(40), default="")  # a MissedReason, or why it was cancelled
    expanded_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    detail: Mapped[dict[str, Any]] = mapped_column(
        sa.JSON, default=dict
    )  # for a change: the previous values and the reason
    activity: Mapped[Activity] = relationship()
    invitation: Mapped[Invitation | None] = relationship()


class Message(Identified, Created, Model):
    """One mail to one person or organisation, with all lines for one day. This table is the outbox."""

    __tablename__ = "message"
    __table_args__ = (
        # For claiming, returning, and the lists of the message log. No index contains the state: it changes at every step.
        # The index includes the id, so claiming needs no sorting even if a million messages are due at the same moment.
        sa.Index("ix_message_to_send", "due_at", "id", **partly("state IN ('due', 'retry')")),
        sa.Index("ix_message_leased", "leased_until", **partly("state IN ('leased', 'handing_over')")),
        sa.Index("ix_message_waiting", "id", **partly("state IN ('due', 'retry', 'leased', 'handing_over')")),
        sa.Index("ix_message_sent", "sent_at", **partly("state = 'sent'")),
        sa.Index("ix_message_failed", "due_at", **partly("state IN ('failed', 'unknown')")),
        sa.Index("ix_message_skipped", "due_at", **partly("state IN ('skipped', 'cancelled')")),
        sa.Index("ix_message_retry", "due_at", **partly("state = 'retry'")),
        # Nearly all values are NULL, and SQLite's planner does not use a full index then.
        sa.Index("ix_message_organisation_id", "organisation_id", **partly("organisation_id IS NOT NULL")),
        sa.Index("ix_message_poll_invitee_id", "poll_invitee_id", **partly("poll_invitee_id IS NOT NULL")),
        sa.Index("ix_message_resend_of_id", "resend_of_id", **partly("resend_of_id IS NOT NULL")),
    )
    person_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("organisation.id"))
    # Set if the mail goes to the representative named in this invitation.
    representative_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("invitation.id"))
    user_id: Mapped[int | None]  # for the summary of news, which goes to an account and has no lines
    poll_invitee_id: Mapped[int | None]  # for a mail about a date poll, which has no lines; the row may be deleted
    kind: Mapped[MailKind] = enum_of(MailKind)  # kind of its most important line
    local_day: Mapped[date]
    merge_key: Mapped[str | None] = mapped_column(sa.String(320), unique=True)  # set while more lines may be added
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    state: Mapped[MessageState] = enum_of(MessageState, default=MessageState.DUE)
    reason: Mapped[str] = mapped_column(sa.String(60), default="")  # a SkipReason, or a class of failure
    rfc_message_id: Mapped[str] = mapped_column(sa.String(120), default="")  # the same for every attempt
    address: Mapped[str] = mapped_column(sa.String(254), default="")  # the recipient address used
    subject: Mapped[str] = mapped_column(sa.String(250), default="")  # the subject sent
    fence: Mapped[int] = mapped_column(default=0)  # each claim increases it; settling must name it
    worker: Mapped[str] = mapped_column(sa.String(80), default="")
    leased_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    server_reply: Mapped[str] = mapped_column(sa.String(300), default="")
    resend_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"))
    person: Mapped[Person | None] = relationship()
    organisation: Mapped[Organisation | None] = relationship()
    representative_of: Mapped[Invitation | None] = relationship()
    user: Mapped[User | None] = relationship(primaryjoin=lambda: foreign(Message.user_id) == User.id)
    lines: Mapped[list["MessageLine"]] = relationship(back_populates="message", order_by="MessageLine.id")


class MessageLine(Identified, Model):
    """One line of a message: one reminder about one invitation, to the invitee or to the representative.

    The unique key makes a second expansion harmless.
    """

    __tablename__ = "message_line"
    __table_args__ = (sa.UniqueConstraint("reminder_id", "invitation_id", "to_representative"),)
    message_id: Mapped[int | None] = mapped_column(sa.ForeignKey("message.id"), index=True)
    reminder_id: Mapped[int] = mapped_column(sa.ForeignKey("reminder.id"))
    invitation_id: Mapped[int] = mapped_column(sa.ForeignKey("invitation.id"), index=True)
    to_representative: Mapped[bool] = mapped_column(default=False)
    sequence: Mapped[int]  # the activity's, when the line was written; after sending, the one in the mail
    skipped: Mapped[str] = mapped_column(sa.String(40), default="")  # a SkipReason, if only this line was skipped
    message: Mapped[Message | None] = relationship(back_populates="lines")
    reminder: Mapped[Reminder] = relationship()
    invitation: Mapped[Invitation] = relationship()


class MailFrame(Model):
    """What many sent mails share, stored once: the dictionary they are compressed with (delivery/mail/kept.py)."""

    __tablename__ = "mail_frame"
    key: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    made_on: Mapped[date]
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)


class SentMail(Model):
    """A mail as it was sent, without its recipient's secret link: header, blank line and parts, compressed by zlib.

    frame_key: no foreign key, because settling a mail must not fail; frames go only when no mail names them.
    """

    __tablename__ = "sent_mail"
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    frame_key: Mapped[str | None] = mapped_column(sa.String(32), index=True)
    data: Mapped[bytes] = mapped_column(sa.LargeBinary)


class BellDigest(Model):
    """What a summary of news says: each line as (what happened, what it is about), in its reader's language."""

    __tablename__ = "bell_digest"
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    lines: Mapped[list[list[str]]] = mapped_column(sa.JSON)


class Attempt(Identified, Model):
    """One attempt to hand a message over: when, which worker, and the server's code and text."""

    __tablename__ = "attempt"
    __table_args__ = (sa.Index("ix_attempt_trouble", "at", **partly("outcome <> 'sent'")),)
    message_id: Mapped[int] = mapped_column(sa.ForeignKey("message.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    worker: Mapped[str] = mapped_column(sa.String(80))
    outcome: Mapped[MessageState] = enum_of(MessageState)
    code: Mapped[int | None]  # SMTP reply code
    reply: Mapped[str] = mapped_column(sa.String(300), default="")


# The conditions of the partial indexes, for use in statements.
IS_TO_SEND = literally(Message.state, MessageState.DUE, MessageState.RETRY)
IS_WAITING = literally(
    Message.state, MessageState.DUE, MessageState.RETRY, MessageState.LEASED, MessageState.HANDING_OVER
)
IS_SENT = literally(Message.state, MessageState.SENT)
IS_LOST = literally(Message.state, MessageState.FAILED, MessageState.UNKNOWN)
IS_NOT_SENT = literally(Message.state, MessageState.SKIPPED, MessageState.CANCELLED)
IS_RETRY = literally(Message.state, MessageState.RETRY)
IS_IN_WORK = literally(Message.state, MessageState.LEASED, MessageState.HANDING_OVER)
IS_SCHEDULED = literally(Reminder.state, ReminderState.SCHEDULED)
IS_MISSED = literally(Reminder.state, ReminderState.MISSED)
IS_TROUBLE = Attempt.outcome != sa.literal_column("'sent'")
