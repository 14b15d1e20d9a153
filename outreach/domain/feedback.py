"""Feedback after an activity: what is asked, until when, and from how many answers on a result is shown.

Pure functions. docs/decisions/feedback.md says why nobody can tell whose answer is whose.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState

FEWEST = 5  # answers that are opened together, and so the fewest that a result has
OPEN_FOR = timedelta(days=14)  # after the activity
NUMBER = 3  # of questions
SCALE = (1, 2, 3, 4, 5)
MOST_LETTERS = 500  # of a remark
MOST_IN_A_QUESTION = 200
FIELDS = ("first", "second", "third")  # of forms, one for each question


class FeedbackIncomplete(Problem):
    message = "Please choose an answer to each of the three questions. Nothing has been sent yet."


class RemarkTooLong(Problem):
    message = "This is longer than %(longest)d characters. Please shorten it."
    field = "remark"


class FeedbackGivenAlready(Problem):
    message = (
        "This link has been used for an answer already. Each link has one answer, and it cannot be changed any more."
    )


class FeedbackClosed(Problem):
    message = "No feedback is asked for here now. It is asked for from the end of the activity on, for two weeks."


class WasNotThere(Problem):
    message = "Only those who were there are asked. If you were there, please call %(contact)s."


class QuestionsAsked(Problem):
    message = (
        "The questions of this activity cannot be changed any more, because it has ended and they are being asked."
    )


class FeedbackAnswer(NamedTuple):
    """One answer. values: of SCALE, for each question. remark: in their own words; "" for none."""

    values: tuple[int, ...]
    remark: str = ""


def checked(answer: FeedbackAnswer) -> FeedbackAnswer:
    """Return an answer as it is kept. Raise FeedbackIncomplete or RemarkTooLong."""
    for field, value in zip(FIELDS, answer.values, strict=True):
        if value not in SCALE:
            raise FeedbackIncomplete(field=field)
    remark = "\n".join(filter(None, (" ".join(line.split()) for line in answer.remark.splitlines())))
    if len(remark) > MOST_LETTERS:
        raise RemarkTooLong(longest=MOST_LETTERS)
    return FeedbackAnswer(answer.values, remark)


def is_open(state: ActivityState, ends_at: datetime, now: datetime) -> bool:
    """Return whether people who were there are asked at `now`."""
    return state in (ActivityState.PUBLISHED, ActivityState.HELD) and ends_at <= now < ends_at + OPEN_FOR


def mean(counts: Sequence[int]) -> float:
    """Return the mean of a question's answers. counts: how often each value of SCALE was chosen, at least one of them."""
    return sum(value * count for value, count in zip(SCALE, counts, strict=True)) / sum(counts)
