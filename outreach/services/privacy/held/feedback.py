"""What is held about a person's feedback: only that they gave some. What they said is anonymous and stays.

person.py calls this inside its own transaction.
"""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session

from outreach.domain.states import InvitationState
from outreach.models import ActingPerson, Activity, FeedbackGiven, Invitation


def held(session: Session | scoped_session, person_id: int, acting_ids: Collection[int]) -> dict[str, Any]:
    """Return the activities about which the person has given feedback by their links, in the order of the activities.

    acting_ids: of where they acted for somebody. That who acted for the person gave some is not told here.
    """
    wanted = (
        sa.select(Activity.title)
        .join(Invitation, Invitation.activity_id == Activity.id)
        .join(FeedbackGiven, FeedbackGiven.invitation_id == Invitation.id)
        .where(_own(person_id, acting_ids))
        .order_by(Activity.starts_at, Activity.id)
    )
    return {"feedback_given_about": [*session.scalars(wanted)]}


def forget(session: Session, person_id: int, acting_ids: Collection[int]) -> None:
    """Delete that the person has given feedback. Their link opens nothing any more, so it gives no second answer."""
    own = sa.select(Invitation.id).where(_own(person_id, acting_ids))
    given = sa.delete(FeedbackGiven).where(FeedbackGiven.invitation_id.in_(own))
    session.execute(given.execution_options(synchronize_session=False))


def _own(person_id: int, acting_ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Return the condition that feedback by an invitation is the person's (services/feedback/give.py: `asked_by`)."""
    acted = sa.select(ActingPerson.invitation_id).where(ActingPerson.id.in_(acting_ids), ActingPerson.acting)
    represented = Invitation.state == InvitationState.REPRESENTED
    return sa.or_(
        sa.and_(Invitation.person_id == person_id, ~represented), sa.and_(Invitation.id.in_(acted), represented)
    )
