"""Telling an invitee what was recorded from their calendar's reply, and how to change it.

A reply is as easily forged as any mail: so whoever is named in it hears of it at the address that we know.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import Audience, MailKind
from outreach.domain.states import ANSWERED, ActivityState, ReminderState
from outreach.models import Invitation, Reminder
from outreach.services.reminders.schedule import event_reminder


def confirm(session: Session, invitation: Invitation, *, now: datetime) -> Reminder | None:
    """Have the invitee told of their answer at the next tick; None where there is none, or the tick will tell it anyway.

    Called inside a transaction that holds the activity's lock, after the answer was set. The mail says the answer as it
    stands when it goes out, and joins what else is about to go to them: so several answers in a row make one mail.
    """
    if invitation.state not in ANSWERED or invitation.activity.state is not ActivityState.PUBLISHED:
        return None
    scheduled = sa.exists().where(
        Reminder.invitation_id == invitation.id,
        Reminder.kind == MailKind.CONFIRMATION,
        Reminder.state == ReminderState.SCHEDULED,
    )
    if session.scalar(sa.select(scheduled)):
        return None
    return event_reminder(
        session, invitation.activity, MailKind.CONFIRMATION, Audience.ONE, now=now, invitation=invitation
    )
