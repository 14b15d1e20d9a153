"""What is held about a person's feedback: only that they gave some. What they said is anonymous and stays.

person.py calls this inside its own transaction.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session

from outreach.models import Activity, FeedbackGiven, Invitation


def held(session: Session | scoped_session, person_id: int) -> dict[str, Any]:
    """Return the activities about which the person's link has given feedback, in the order of the activities."""
    wanted = (
        sa.select(Activity.title)
        .join(Invitation, Invitation.activity_id == Activity.id)
        .join(FeedbackGiven, FeedbackGiven.invitation_id == Invitation.id)
        .where(Invitation.person_id == person_id)
        .order_by(Activity.starts_at, Activity.id)
    )
    return {"feedback_given_about": [*session.scalars(wanted)]}


def forget(session: Session, person_id: int) -> None:
    """Delete that the person has given feedback. Their link opens nothing any more, so it gives no second answer."""
    own = sa.select(Invitation.id).where(Invitation.person_id == person_id)
    given = sa.delete(FeedbackGiven).where(FeedbackGiven.invitation_id.in_(own))
    session.execute(given.execution_options(synchronize_session=False))
