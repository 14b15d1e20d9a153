"""Tell by mail who comes in whose place: the acting person that they are named, the invitee what has changed.

Called inside a transaction that holds the activity's lock, after the chain was changed. The mails say what is true when
they go out; delivery/recheck leaves out what is not true any more.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.delivery.mail.texts import OPEN_AGAIN_TEXT
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.mail.still_true import ACTING
from outreach.domain.states import ActivityState, ReminderState
from outreach.models import Invitation, Reminder
from outreach.services.reminders.schedule import event_reminder


def tell_acting(session: Session, invitation: Invitation, *, now: datetime) -> None:
    """Tell the acting person that they come in the invitee's place, with the link to their own page."""
    acting = invitation.acting
    if acting is None or not acting.email or not _is_ahead(invitation, now):
        return
    detail = {ACTING: acting.id}
    event_reminder(
        session, invitation.activity, MailKind.APPOINTMENT, Audience.ONE, now=now, invitation=invitation, detail=detail
    )


def tell_invitee(session: Session, invitation: Invitation, *, now: datetime) -> None:
    """Tell the invitee who comes in their place, or that their invitation waits for an answer again."""
    if not _is_ahead(invitation, now):
        return
    audience = Audience.ONE if invitation.acting is not None else Audience.UNANSWERED
    waiting = sa.exists().where(
        Reminder.invitation_id == invitation.id,
        Reminder.kind == MailKind.REPRESENTATION,
        Reminder.audience == audience,
        Reminder.state == ReminderState.SCHEDULED,
    )
    if session.scalar(sa.select(waiting)):
        return
    event_reminder(
        session, invitation.activity, MailKind.REPRESENTATION, audience, now=now, invitation=invitation,
        text_key=OPEN_AGAIN_TEXT if audience is Audience.UNANSWERED else "",
    )  # fmt: skip


def _is_ahead(invitation: Invitation, now: datetime) -> bool:
    return invitation.activity.state is ActivityState.PUBLISHED and now < invitation.activity.starts_at
