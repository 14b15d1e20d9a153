"""Deleting what nobody has been notified of: a draft, or a programme that contains only drafts."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity, ActivityPhoto, Invitation, Reminder, StoredFile, User
from outreach.services import audit, locking
from outreach.services.locking import activities_for_change, activity_for_change, locked_programme
from outreach.services.planning import bookings
from outreach.transactions import writing


class NotADraft(Problem):
    message = "Only a draft can be deleted. Cancel a published activity instead, so that everyone invited is told."


class NotOnlyDrafts(Problem):
    message = "Only a programme whose activities are all drafts can be deleted. “%(title)s” has been told to people."


def delete_draft(activity_id: int, *, by: User | None, now: datetime) -> None:
    """Delete a draft. Raise NotADraft for any other activity."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        if activity.state is not ActivityState.DRAFT:
            raise NotADraft
        _delete(session, [activity], by, now)


def delete_programme(programme_id: int, *, by: User | None, now: datetime) -> None:
    """Delete a programme with its drafts, such as a failed copy. Raise NotOnlyDrafts if one activity is not a draft."""
    with writing() as session:
        programme = locked_programme(session, programme_id, changes=True)
        activities = activities_for_change(session, [its_activity.id for its_activity in programme.activities])
        for activity in activities:
            if activity.state is not ActivityState.DRAFT:
                raise NotOnlyDrafts(title=activity.title)
        _delete(session, activities, by, now)
        session.expire(programme, ["activities"])
        audit.record(session, by, "programme.deleted", programme, now=now, activities=len(activities))
        session.delete(programme)


def _delete(session: Session, activities: Sequence[Activity], by: User | None, now: datetime) -> None:
    venues = {activity.venue_id for activity in activities if activity.venue_id is not None}
    speakers = bookings.on_stage(session, [activity.id for activity in activities])
    locking.lock_venues(session, venues)
    locking.lock_people(session, speakers)
    for activity in activities:
        audit.record(session, by, "activity.deleted", activity, now=now)
        its = Invitation.activity_id == activity.id
        session.execute(sa.delete(Reminder).where(Reminder.activity_id == activity.id))
        session.execute(sa.update(Invitation).where(its).values(nominated_under_id=None))
        session.execute(sa.delete(Invitation).where(its))
        _delete_photos(session, activity.id)
        session.delete(activity)
    session.flush()
    bookings.rebook_venues(session, venues)
    bookings.rebook_people(session, speakers)


def _delete_photos(session: Session, activity_id: int) -> None:
    """Delete the photos with their files, which nothing would lead to any more."""
    its = ActivityPhoto.activity_id == activity_id
    pairs = session.execute(sa.select(ActivityPhoto.file_id, ActivityPhoto.thumbnail_id).where(its)).all()
    session.execute(sa.delete(ActivityPhoto).where(its))
    session.execute(sa.delete(StoredFile).where(StoredFile.id.in_([id_ for pair in pairs for id_ in pair])))
