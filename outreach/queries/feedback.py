"""What feedback shows: the questions to somebody who was there, and an activity's result to staff. It only reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain import feedback
from outreach.domain.feedback import NUMBER, SCALE
from outreach.domain.kinds import LinkPurpose
from outreach.extensions import db
from outreach.models import Activity, FeedbackRemark, FeedbackTally
from outreach.queries import representation
from outreach.queries.answers import page as answer_page
from outreach.queries.answers.page import Contact, LinkInvitee
from outreach.queries.representation import ActingPage
from outreach.services.feedback import give, questions
from outreach.services.feedback.questions import QuestionTexts


@dataclass(frozen=True)
class FeedbackPage:
    """For the holder of a link. given: they have answered."""

    activity: Activity
    texts: QuestionTexts
    given: bool


@dataclass(frozen=True)
class QuestionResult:
    """question: its text; "" for the usual one. counts: how often each value was chosen, from 1 to 5."""

    question: str
    counts: tuple[int, ...]

    @property
    def mean(self) -> float:
        return feedback.mean(self.counts)


@dataclass(frozen=True)
class FeedbackResult:
    """number: of the answers in it; 0 while there are too few. remarks: in random order."""

    number: int
    questions: tuple[QuestionResult, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def mean(self) -> float:
        """Return the mean of all questions."""
        return sum(one.mean for one in self.questions) / len(self.questions)


def reader_and_contact(token: str, *, now: datetime) -> tuple[LinkInvitee | ActingPage, Contact]:
    """Return a link's holder and the contact for questions. Raise a link's problem."""
    if tokens.nonce_of(token, LinkPurpose.ACTING) is not None:
        acting = representation.read(token, now=now)
        return acting, acting.contact
    found = answer_page.read_invitee(token, now=now)
    return found.invitee, found.contact


def page(token: str, activity_id: int, *, now: datetime) -> FeedbackPage:
    """Return what is asked of the holder of a link. Raise as `give.asked_by` does."""
    session = db.session()
    activity = session.get(Activity, activity_id)
    mine = give.asked_by(session, token, activity, now=now)
    assert activity is not None
    return FeedbackPage(activity, questions.texts_of(session, activity_id), give.has_given(session, mine))


def result(activity_id: int) -> FeedbackResult:
    """Return an activity's result, in three queries."""
    rows = db.session.execute(
        sa.select(FeedbackTally.question, FeedbackTally.value, FeedbackTally.number).where(
            FeedbackTally.activity_id == activity_id
        )
    )
    found = {(row.question, row.value): row.number for row in rows}
    counts = [tuple(found.get((question, value), 0) for value in SCALE) for question in range(1, NUMBER + 1)]
    if not found:
        return FeedbackResult(0)
    texts = questions.texts_of(db.session(), activity_id).questions
    remarks: Sequence[str] = db.session.scalars(
        sa.select(FeedbackRemark.text)
        .where(FeedbackRemark.activity_id == activity_id)
        .order_by(FeedbackRemark.id)  # random
    ).all()
    return FeedbackResult(sum(counts[0]), tuple(map(QuestionResult, texts, counts)), tuple(remarks))


def summary(activity_id: int) -> tuple[int, float]:
    """Return how many answers an activity's result has, and the mean of all of them; (0, 0) while there are too few."""
    found = FeedbackTally.activity_id == activity_id
    total, number = db.session.execute(
        sa.select(sa.func.sum(FeedbackTally.value * FeedbackTally.number), sa.func.sum(FeedbackTally.number)).where(
            found
        )
    ).one()
    return (number // NUMBER, total / number) if number else (0, 0.0)
