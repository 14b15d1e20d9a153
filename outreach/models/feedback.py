"""Feedback after an activity. What was answered and who has answered are in tables that nothing connects.

docs/decisions/feedback.md says what each of them gives away, and what it does not.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from outreach.extensions import Model
from outreach.models.base import Identified


class FeedbackQuestions(Identified, Model):
    """The questions of an activity, or of the office if it has no activity. An empty text stands for the usual question."""

    __tablename__ = "feedback_questions"
    activity_id: Mapped[int | None] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), unique=True)
    asked: Mapped[bool] = mapped_column(default=True)  # False: people are not asked about this activity
    first: Mapped[str] = mapped_column(sa.String(200), default="")
    second: Mapped[str] = mapped_column(sa.String(200), default="")
    third: Mapped[str] = mapped_column(sa.String(200), default="")
    remark: Mapped[str] = mapped_column(sa.String(200), default="")


class FeedbackGiven(Model):
    """By this invitation feedback was given. No time and no key of its own: the rows have no order. Deleted when it closes."""

    __tablename__ = "feedback_given"
    invitation_id: Mapped[int] = mapped_column(
        sa.ForeignKey("invitation.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class SealedFeedback(Model):
    """An answer that waits for others, encrypted (services/feedback/seal.py). Backups leave this table out."""

    __tablename__ = "feedback_sealed"
    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)  # random
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), index=True)
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)  # always of the same length


class FeedbackTally(Model):
    """How often a value was chosen for a question, 1 to 3."""

    __tablename__ = "feedback_tally"
    activity_id: Mapped[int] = mapped_column(
        sa.ForeignKey("activity.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    question: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int]


class FeedbackRemark(Model):
    """What somebody wrote. All remarks of an activity are written again, in random order, whenever some are added."""

    __tablename__ = "feedback_remark"
    id: Mapped[str] = mapped_column(sa.String(32), primary_key=True)  # random
    activity_id: Mapped[int] = mapped_column(sa.ForeignKey("activity.id", ondelete="CASCADE"), index=True)
    text: Mapped[str] = mapped_column(sa.Text)
