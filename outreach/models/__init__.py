"""Tables, one file per subject."""

from outreach.models.archive import ArchivedLine, ArchivedMessage
from outreach.models.channels import Channel, ChannelSlot, Heartbeat
from outreach.models.incoming import AddressFailure, IncomingMail
from outreach.models.invitations import Attendance, Invitation, Link
from outreach.models.mails import Attempt, BellDigest, Message, MessageLine, MessageText, Reminder, ReminderRule
from outreach.models.people import Cadre, Organisation, Person
from outreach.models.places import Office, Region, Venue, the_office
from outreach.models.planner import (
    Absence,
    AbsenceCalendar,
    Feed,
    NoticedClash,
    PlanSettings,
    SpeakerBooking,
    TimetablingSearch,
)
from outreach.models.polls import DatePoll, PollAnswer, PollInvitee, PollSlot
from outreach.models.programmes import Activity, AgendaItem, Programme, agenda_speaker
from outreach.models.staff import AccountRole, AuditEntry, BellSeen, User, user_role

__all__ = [
    "Absence",
    "AbsenceCalendar",
    "AccountRole",
    "Activity",
    "AddressFailure",
    "AgendaItem",
    "ArchivedLine",
    "ArchivedMessage",
    "Attempt",
    "Attendance",
    "AuditEntry",
    "BellDigest",
    "BellSeen",
    "Cadre",
    "Channel",
    "ChannelSlot",
    "DatePoll",
    "Feed",
    "Heartbeat",
    "IncomingMail",
    "Invitation",
    "Link",
    "Message",
    "MessageLine",
    "MessageText",
    "NoticedClash",
    "Office",
    "Organisation",
    "Person",
    "PlanSettings",
    "PollAnswer",
    "PollInvitee",
    "PollSlot",
    "Programme",
    "Region",
    "Reminder",
    "ReminderRule",
    "SpeakerBooking",
    "TimetablingSearch",
    "User",
    "Venue",
    "agenda_speaker",
    "the_office",
    "user_role",
]  # fmt: skip
