"""Counting an activity's seats, and giving a freed seat to the person who has waited longest.

Called in a transaction that has locked the activity, so that the last seat goes to one person only.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.activities.values import Move
from outreach.domain.kinds import Audience, MailKind
from outreach.domain.states import TAKES_A_SEAT, ActivityState, InvitationState
from outreach.models import Activity, Invitation, Venue
from outreach.services.invitations import given_answers
from outreach.services.reminders.forecast import Passing, Seated
from outreach.services.reminders.schedule import event_reminder
from outreach.services.representation import notices

# The count of people; several roles count once. An organisation takes no seat itself, its nominees do.
PEOPLE = sa.func.count(sa.distinct(Invitation.person_id))
HAS_A_SEAT = sa.and_(Invitation.person_id.is_not(None), Invitation.state.in_(sorted(TAKES_A_SEAT)))


def taken(session: Session, activity: Activity) -> int:
    """Return how many people have a seat."""
    return session.scalar(sa.select(PEOPLE).where(Invitation.activity_id == activity.id, HAS_A_SEAT)) or 0


def left(session: Session, activity: Activity) -> int | None:
    """Return how many seats are free; None if there is no limit."""
    return None if activity.seats is None else activity.seats - taken(session, activity)


def offer_freed(session: Session, activity: Activity, *, now: datetime) -> list[Invitation]:
    """Give free seats to those waiting, first come first served, and notify each by mail. Return their invitations."""
    if activity.state is not ActivityState.PUBLISHED or now >= activity.starts_at:
        return []
    waiting = _next(session, activity, left(session, activity))
    for invitation in waiting:
        invitation.state = _state_with_a_seat(invitation)
        invitation.waitlisted_at = None
        notices.tell_acting(session, invitation, now=now)
        event_reminder(session, activity, MailKind.SEAT, Audience.ONE, now=now, invitation=invitation)
    given_answers.keep_seated(session, waiting, now)
    return waiting


def given_by_move(
    session: Session, activity: Activity, to: Move, passing: Iterable[Passing] = (), *, now: datetime
) -> list[Seated]:
    """Return who would get a seat by this move, or by this new date of a postponed activity. Nothing is written.

    passing: the invitations to posts that go to other people by it; they give their seats up.
    """
    if activity.state not in (ActivityState.PUBLISHED, ActivityState.POSTPONED) or now >= to.starts_at:
        return []
    limit = activity.capacity
    if limit is None and to.venue_id is not None:
        limit = session.get_one(Venue, to.venue_id).capacity
    given_up = [(one.invitation.state in TAKES_A_SEAT) - (one.then in TAKES_A_SEAT) for one in passing]
    free = None if limit is None else limit - taken(session, activity) + sum(given_up)
    return [_foreseen(session, invitation, now) for invitation in _next(session, activity, free)]


def given_by_withdrawing(
    session: Session, activity: Activity, going: Collection[Invitation], *, now: datetime
) -> list[Seated]:
    """Return who would get a seat if these invitations were withdrawn. Nothing is written."""
    if activity.state is not ActivityState.PUBLISHED or now >= activity.starts_at:
        return []
    ids = [one.id for one in going]
    stay = sa.select(PEOPLE).where(Invitation.activity_id == activity.id, HAS_A_SEAT, Invitation.id.not_in(ids))
    free = None if activity.seats is None else activity.seats - (session.scalar(stay) or 0)
    return [_foreseen(session, invitation, now) for invitation in _next(session, activity, free, but=ids)]


def _next(session: Session, activity: Activity, free: int | None, but: Collection[int] = ()) -> list[Invitation]:
    """Return the invitations of those who get the free seats, first come first served. free: None if nothing limits them.

    but: the ids of those that no longer wait.
    """
    waits = (Invitation.state == InvitationState.WAITLISTED, Invitation.id.not_in(but))
    waiting = session.scalars(
        sa.select(Invitation)
        .where(Invitation.activity_id == activity.id, *waits)
        .order_by(Invitation.waitlisted_at, Invitation.id)
    ).all()
    people = list(dict.fromkeys(i.person_id for i in waiting))[: None if free is None else max(free, 0)]
    return [i for i in waiting if i.person_id in people]  # a person with several roles needs one seat


def _state_with_a_seat(invitation: Invitation) -> InvitationState:
    return InvitationState.REPRESENTED if invitation.representative_name else InvitationState.COMING


def _foreseen(session: Session, invitation: Invitation, now: datetime) -> Seated:
    held_back = notices.told_too_often(session, invitation, now=now)
    return Seated(invitation, _state_with_a_seat(invitation), acting_held_back=held_back)
