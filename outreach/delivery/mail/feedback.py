"""The invitation to give feedback, in the mail that thanks those who were there: a sentence and a button."""

import sqlalchemy as sa
from flask_babel import gettext
from sqlalchemy.orm import Session

from outreach.delivery.mail.blocks import Button, Paragraph
from outreach.delivery.mail.placeholders import TextPart
from outreach.delivery.mail.recipient import Recipient
from outreach.domain.feedback import is_open
from outreach.domain.kinds import Audience, MailKind
from outreach.models import Activity, FeedbackQuestions, Reminder


def is_asked(session: Session, reminder: Reminder, activity: Activity) -> bool:
    """Return whether a mail asks for feedback: it thanks those who were there, and the office asks about this activity."""
    if reminder.kind is not MailKind.THANKS or reminder.audience is not Audience.PRESENT:
        return False
    left_out = sa.exists().where(FeedbackQuestions.activity_id == activity.id, ~FeedbackQuestions.asked)
    return is_open(activity.state, activity.ends_at, reminder.due_at) and not session.scalar(sa.select(left_out))


def blocks(activity_id: int, recipient: Recipient) -> tuple[Paragraph | Button, ...]:
    """Return what a mail says about it, in the current language; nothing to readers without a page of their own."""
    if not recipient.link or recipient.assists:
        return ()
    words = gettext("How was it? Three short questions, without your name: nobody can tell whose answer is whose.")
    button = Button(gettext("Give feedback"), f"{recipient.link}/feedback/{activity_id}")
    return Paragraph(((TextPart(words),),)), button
