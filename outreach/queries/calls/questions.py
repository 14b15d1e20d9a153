"""The questions that invitees asked on the phone and that wait for a coordinator."""

from collections.abc import Sequence

import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import Call, CallQuestion
from outreach.queries.calls.figures import calls_by_id

IS_OPEN = CallQuestion.settled_at.is_(None)


def waiting() -> Sequence[Call]:
    """Return the calls whose question is not settled, the oldest first."""
    return calls_by_id(db.session.scalars(sa.select(CallQuestion.call_id).where(IS_OPEN)).all())
