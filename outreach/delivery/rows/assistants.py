"""Recipients of lines that ask an adjutant or secretary to pass an invitation on: who is known when the line goes out."""

from collections.abc import Collection
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.representation import TO_ASSISTANT
from outreach.models import Assistant, Invitation, MessageLine, Reminder

OF_INVITEE = sa.or_(
    Assistant.person_id == Invitation.person_id, Assistant.organisation_id == Invitation.organisation_id
)


class Assisting(NamedTuple):
    """An invitee's adjutant or secretary. email: "" if none is known any more. stopped: they want no mails."""

    name: str = ""
    email: str = ""
    nonce: str = ""
    stopped: bool = False


def assisting(session: Session, line_ids: Collection[int]) -> dict[int, Assisting]:
    """Return the adjutant or secretary of each line that goes to one, by line. One query."""
    if not line_ids:
        return {}
    rows = session.execute(
        sa.select(MessageLine.id, Assistant.name, Assistant.email, Assistant.nonce, Assistant.stopped_at)
        .join(Reminder, Reminder.id == MessageLine.reminder_id)
        .join(Invitation, Invitation.id == MessageLine.invitation_id)
        .outerjoin(Assistant, OF_INVITEE)
        .where(MessageLine.id.in_(line_ids), Reminder.kind.in_(sorted(TO_ASSISTANT)))
    )
    return {
        id: Assisting(name or "", email or "", nonce or "", stopped_at is not None)
        for id, name, email, nonce, stopped_at in rows
    }
