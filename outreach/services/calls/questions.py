"""Questions that invitees asked on the phone: a coordinator settles them. Until then nobody calls these invitees."""

from datetime import datetime

import sqlalchemy as sa

from outreach.domain.problems import Problem
from outreach.models import Call, CallQuestion, User
from outreach.services import audit
from outreach.transactions import writing


class QuestionUnknown(Problem):
    message = "There is no such question."


def settle(call_id: int, *, by: User, now: datetime) -> bool:
    """Mark a question as settled; return False if somebody did so before. Raise QuestionUnknown."""
    with writing() as session:
        question = session.scalar(sa.select(CallQuestion).where(CallQuestion.call_id == call_id).with_for_update())
        if question is None:
            raise QuestionUnknown
        if question.settled_at is not None:
            return False
        question.settled_at, question.settled_by_id = now, by.id
        call = session.get_one(Call, call_id)
        kind = "person" if call.person_id else "organisation"
        audit.record(session, by, f"{kind}.question_settled", call.callee, now=now, name=call.callee.display_name)
    return True
