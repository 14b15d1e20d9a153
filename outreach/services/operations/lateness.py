"""Whether the engine keeps up: what has been due for so long that nothing can be looking for it any more."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import Message, Reminder
from outreach.models.mails import IS_SCHEDULED, IS_TO_SEND

LATE = timedelta(minutes=15)


def overdue(*, now: datetime) -> str:
    """Return "reminders" or "messages" where one has been due for more than a quarter of an hour; else ""."""
    late = now - LATE
    if db.session.scalar(sa.select(Reminder.id).where(IS_SCHEDULED, Reminder.due_at < late).limit(1)):
        return "reminders"
    if db.session.scalar(sa.select(Message.id).where(IS_TO_SEND, Message.due_at < late).limit(1)):
        return "messages"
    return ""
