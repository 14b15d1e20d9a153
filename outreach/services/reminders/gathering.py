"""Drawing what a reader was to be told before, and the mail server did not take, into the mail that tells it anew.

Called inside reminding.tick's transaction, when a reminder has been expanded.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.domain.mail.still_true import SkipReason
from outreach.domain.states import TO_SEND, MessageState
from outreach.models import Attempt, Message, MessageLine, Reminder


def draw_in_older(session: Session, reminder: Reminder) -> int:
    """Put older lines of the same kind about the same invitations, still to be sent, into this reminder's messages.

    So a second move, while the notice of the first waits to be tried again, makes one notice of both. What may have
    arrived stays as it is. Return how many lines were drawn in.
    """
    new = aliased(MessageLine)
    in_doubt = sa.exists().where(Attempt.message_id == Message.id, Attempt.outcome == MessageState.UNKNOWN)
    found = session.execute(
        sa.select(MessageLine.id, Message.id.label("old_id"), new.message_id.label("new_id"))
        .join(Reminder, MessageLine.reminder_id == Reminder.id)
        .join(Message, MessageLine.message_id == Message.id)
        .join(
            new,
            sa.and_(
                new.reminder_id == reminder.id,
                new.invitation_id == MessageLine.invitation_id,
                new.to_representative == MessageLine.to_representative,
            ),
        )
        .where(
            Reminder.activity_id == reminder.activity_id,
            Reminder.kind == reminder.kind,
            Reminder.id != reminder.id,
            Message.id != new.message_id,
            Message.state.in_(TO_SEND),
            Message.resend_of_id.is_(None),
            ~in_doubt,
        )
        .with_for_update(of=Message, skip_locked=True)
    ).all()
    for row in found:
        session.execute(
            sa.update(MessageLine).where(MessageLine.id == row.id).values(message_id=row.new_id),
            execution_options={"synchronize_session": False},
        )
    emptied = {row.old_id for row in found}
    session.execute(
        sa.update(Message)
        .where(Message.id.in_(emptied), ~sa.exists().where(MessageLine.message_id == Message.id))
        .values(state=MessageState.SKIPPED, reason=SkipReason.JOINED, merge_key=None)
        .execution_options(synchronize_session=False)
    )
    return len(found)
