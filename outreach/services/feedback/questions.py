"""What the office asks: its own questions for all activities, and those of one activity, until that has ended."""

from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory.names import tidy
from outreach.domain.feedback import QuestionsAsked
from outreach.models import Activity, FeedbackQuestions, User, the_office
from outreach.services import audit
from outreach.services.locking import activity_for_change
from outreach.transactions import writing


@dataclass(frozen=True)
class QuestionTexts:
    """Three questions, and the line above the free text. "": the usual text, in the reader's language."""

    first: str = ""
    second: str = ""
    third: str = ""
    remark: str = ""

    @property
    def questions(self) -> tuple[str, str, str]:
        return self.first, self.second, self.third


def texts_of(session: Session, activity_id: int | None) -> QuestionTexts:
    """Return the questions of an activity: its own where it has some, else the office's. None: the office's."""
    own, office = _row(session, activity_id), _row(session, None)
    return QuestionTexts(
        **{
            name: (getattr(own, name) if own else "") or (getattr(office, name) if office else "")
            for name in QuestionTexts.__dataclass_fields__
        }
    )


def are_asked(session: Session, activity_id: int) -> bool:
    """Return whether people are asked about this activity at all."""
    own = _row(session, activity_id)
    return own is None or own.asked


def save(texts: QuestionTexts, *, by: User | None, now: datetime) -> None:
    """Store the office's questions. Activities about which somebody has answered keep theirs."""
    with writing() as session:
        _store(session, None, texts)
        office = session.scalars(the_office()).one()
        audit.record(session, by, "office.feedback_questions_set", office, now=now, **asdict(texts))


def save_of_activity(activity_id: int, texts: QuestionTexts, asked: bool, *, by: User | None, now: datetime) -> None:
    """Store the questions of one activity. Raise ActivityMissing, or QuestionsAsked once it has ended."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        if not may_change(activity, now):
            raise QuestionsAsked
        _store(session, activity_id, texts).asked = asked
        audit.record(
            session, by, "activity.feedback_questions_set", activity, now=now, asked=asked, **asdict(texts)
        )  # fmt: skip


def may_change(activity: Activity, now: datetime) -> bool:
    return now < activity.ends_at


def freeze(session: Session, activity_id: int) -> None:
    """Keep the questions as they are asked, also if the office changes its own afterwards."""
    if _row(session, activity_id) is None or _row(session, None) is not None:
        _store(session, activity_id, texts_of(session, activity_id))


def _row(session: Session, activity_id: int | None) -> FeedbackQuestions | None:
    of = FeedbackQuestions.activity_id
    wanted = sa.select(FeedbackQuestions).where(of.is_(None) if activity_id is None else of == activity_id)
    return session.scalar(wanted.order_by(FeedbackQuestions.id).limit(1))


def _store(session: Session, activity_id: int | None, texts: QuestionTexts) -> FeedbackQuestions:
    row = _row(session, activity_id)
    if row is None:
        row = FeedbackQuestions(activity_id=activity_id)
        session.add(row)
    for name, text in asdict(texts).items():
        setattr(row, name, tidy(text))
    session.flush()
    return row
