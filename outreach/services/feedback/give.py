"""Accept one answer of a link, and open the answers of an activity when enough of them wait.

An answer is stored twice apart: that this invitation has answered, and, encrypted, what was answered. As soon as FEWEST
answers wait, they are opened together: their values are added to counts, their remarks written among the others in random
order. So each change of a result comes from at least FEWEST people, and no row tells which of them said what.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from outreach.delivery import tokens
from outreach.domain.feedback import (
    FEWEST,
    NUMBER,
    OPEN_FOR,
    SCALE,
    FeedbackAnswer,
    FeedbackClosed,
    FeedbackGivenAlready,
    WasNotThere,
    checked,
    is_open,
)
from outreach.domain.kinds import LinkPurpose
from outreach.domain.states import InvitationState
from outreach.models import (
    Activity,
    Attendance,
    FeedbackGiven,
    FeedbackRemark,
    FeedbackTally,
    Invitation,
    SealedFeedback,
)
from outreach.services.answers.acting import acted_by, opened
from outreach.services.feedback import questions, seal
from outreach.services.invitations import links
from outreach.services.locking import present_for_change
from outreach.services.office_defaults import contact
from outreach.transactions import insert_into, writing

log = structlog.get_logger()


def give(token: str, activity_id: int, answer: FeedbackAnswer, *, now: datetime) -> None:
    """Accept the one answer of a link to an activity. Nothing that is stored says when it came.

    Raise a link's problem, NotActing, WasNotThere, FeedbackClosed, FeedbackGivenAlready, FeedbackIncomplete or RemarkTooLong.
    """
    answer = checked(answer)
    with writing() as session:
        activity = present_for_change(session, [activity_id]).get(activity_id)
        mine = asked_by(session, token, activity, now=now)
        if has_given(session, mine):
            raise FeedbackGivenAlready
        session.add_all(FeedbackGiven(invitation_id=one.id) for one in mine)
        session.add(SealedFeedback(id=_random_key(), activity_id=activity_id, sealed=seal.seal(answer, activity_id)))
        questions.freeze(session, activity_id)
        _open_waiting(session, activity_id)


def asked_by(session: Session, token: str, activity: Activity | None, *, now: datetime) -> Sequence[Invitation]:
    """Return the invitations to the activity by which the holder of a link was there.

    Raise a link's problem, NotActing, WasNotThere, or FeedbackClosed while nobody is asked.
    """
    if tokens.nonce_of(token, LinkPurpose.ACTING) is not None:
        there = acted_by(session, opened(session, token, now=now), activity)
        mine = [one for one in there if one.state is InvitationState.REPRESENTED]
    else:
        link = links.open_link(token, now=now)
        own = Invitation.person_id == link.person_id if links.assistant_of(token) is None else sa.false()
        mine = list(
            session.scalars(
                sa.select(Invitation).where(
                    own,
                    Invitation.activity_id == (activity.id if activity else None),
                    Invitation.state != InvitationState.REPRESENTED,
                )
            )
        )
    present = set(
        session.scalars(
            sa.select(Attendance.invitation_id).where(
                Attendance.invitation_id.in_([one.id for one in mine]), Attendance.present
            )
        )
    )
    if activity is None or not present:
        raise WasNotThere(contact=contact(session, activity.programme if activity else None))
    if not is_open(activity.state, activity.ends_at, now) or not questions.are_asked(session, activity.id):
        raise FeedbackClosed
    return [one for one in mine if one.id in present]


def has_given(session: Session, invitations: Sequence[Invitation]) -> bool:
    ids = [one.id for one in invitations]
    return bool(session.scalar(sa.select(sa.exists().where(FeedbackGiven.invitation_id.in_(ids)))))


def forget_closed(*, now: datetime) -> int:
    """Delete who has answered, and the answers that found too few others, of activities that are asked about no more.

    Return how many answers were deleted.
    """
    closed = sa.select(Activity.id).where(Activity.ends_at <= now - OPEN_FOR)
    over = sa.select(Invitation.id).where(Invitation.activity_id.in_(closed))
    waiting = SealedFeedback.activity_id.in_(closed)
    with writing() as session:
        given = FeedbackGiven.invitation_id.in_(over)
        if not session.scalar(sa.select(sa.or_(sa.exists().where(given), sa.exists().where(waiting)))):
            return 0
        session.execute(sa.delete(FeedbackGiven).where(given).execution_options(synchronize_session=False))
        number = session.scalar(sa.select(sa.func.count()).select_from(SealedFeedback).where(waiting)) or 0
        session.execute(sa.delete(SealedFeedback).where(waiting).execution_options(synchronize_session=False))
    return number


def _open_waiting(session: Session, activity_id: int) -> None:
    """Add the waiting answers of an activity to its result, if there are enough of them."""
    session.flush()
    own = SealedFeedback.activity_id == activity_id
    waiting = session.scalars(sa.select(SealedFeedback).where(own)).all()
    if len(waiting) < FEWEST:
        return
    read = {one.id: seal.unseal(one.sealed, activity_id) for one in waiting}
    answers = [answer for answer in read.values() if answer is not None]
    lost = [id_ for id_, answer in read.items() if answer is None]
    if lost:
        log.warning("feedback unreadable", activity_id=activity_id, number=len(lost))  # the secret key was replaced
        session.execute(sa.delete(SealedFeedback).where(SealedFeedback.id.in_(lost)))
    if len(answers) < FEWEST:
        return
    session.execute(sa.delete(SealedFeedback).where(own))
    _count(session, activity_id, answers)
    _mix_in(session, activity_id, [answer.remark for answer in answers if answer.remark])


def _count(session: Session, activity_id: int, answers: Sequence[FeedbackAnswer]) -> None:
    for question in range(NUMBER):
        for value in SCALE:
            number = sum(answer.values[question] == value for answer in answers)
            row = {"activity_id": activity_id, "question": question + 1, "value": value, "number": number}
            added = insert_into(session, FeedbackTally).values(row)
            session.execute(
                added.on_conflict_do_update(
                    index_elements=["activity_id", "question", "value"],
                    set_={"number": FeedbackTally.number + added.excluded.number},
                )
            )


def _mix_in(session: Session, activity_id: int, remarks: Sequence[str]) -> None:
    """Write all remarks of the activity again, in random order and under new keys: the place of a row tells nothing."""
    own = FeedbackRemark.activity_id == activity_id
    texts = [*session.scalars(sa.select(FeedbackRemark.text).where(own)), *remarks]
    session.execute(sa.delete(FeedbackRemark).where(own).execution_options(synchronize_session=False))
    secrets.SystemRandom().shuffle(texts)
    rows = [{"id": _random_key(), "activity_id": activity_id, "text": text} for text in texts]
    if rows:
        session.execute(sa.insert(FeedbackRemark), rows)


def _random_key() -> str:
    return secrets.token_hex(16)
