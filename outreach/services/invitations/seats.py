"""Counting an activity's seats, and giving a freed seat to the person who has waited longest.

Called in a transaction that has locked the activity, so that the last seat goes to one person only.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import Audience, MailKind
from outreach.domain.states import TAKES_A_SEAT, ActivityState, InvitationState
from outreach.models import Activity, Invitation
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
    free = left(session, activity)
    waiting = session.scalars(
        sa.select(Invitation)
        .where(Invitation.activity_id == activity.id, Invitation.state == InvitationState.WAITLISTED)
        .order_by(Invitation.waitlisted_at, Invitation.id)
    ).all()
    people = list(dict.fromkeys(i.person_id for i in waiting))[: None if free is None else max(free, 0)]
    waiting = [i for i in waiting if i.person_id in people]  # a person with several roles needs one seat
    for invitation in waiting:
        invitation.state = InvitationState.REPRESENTED if invitation.representative_name else InvitationState.COMING
        invitation.waitlisted_at = None
        notices.tell_acting(session, invitation, now=now)
        event_reminder(session, activity, MailKind.SEAT, Audience.ONE, now=now, invitation=invitation)
    session.flush()
    return list(waiting)
