"""Tables, one file per subject."""

from outreach.models.channels import Channel
from outreach.models.invitations import Attendance, Invitation, Link
from outreach.models.mails import Attempt, Message, MessageLine, MessageText, Reminder, ReminderRule
from outreach.models.people import Cadre, Organisation, Person
from outreach.models.places import Office, Region, Venue
from outreach.models.programmes import Activity, AgendaItem, Programme, agenda_speaker
from outreach.models.staff import AuditEntry, Role, User, user_role

__all__ = [
    "Activity", "AgendaItem", "Attempt", "Attendance", "AuditEntry", "Cadre", "Channel", "Invitation", "Link", "Message",
    "MessageLine", "MessageText", "Office", "Organisation", "Person", "Programme", "Region", "Reminder",
    "ReminderRule", "Role", "User", "Venue", "agenda_speaker", "user_role",
]  # fmt: skip
