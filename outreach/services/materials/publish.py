"""What staff do with speakers' materials: show them to attendees, set until when they are wanted, take a topic over.

send.py has what speakers do by their link.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from outreach.domain.materials import MOST_DAYS
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity, AgendaItem, Material, ProposedTopic, User
from outreach.services import audit
from outreach.services.locking import activity_for_change
from outreach.transactions import writing


class NothingToShow(Problem):
    message = "No speaker has sent anything yet, so there is nothing to show."


class NotShownYet(Problem):
    message = "Attendees have no page yet: publish the activity first."


class MaterialsDaysOutOfRange(Problem):
    message = "Please write a number of days from 0 to %(most)s."
    field = "materials_days"


class TopicGone(Problem):
    message = "This proposal does not exist any more. The speaker may have changed it."


class SlotGone(Problem):
    message = "Please choose the line of the agenda that gets this topic."


def show(activity_id: int, *, by: User | None, now: datetime) -> Activity:
    """Show the materials of an activity to its attendees. Raise ActivityMissing, NotShownYet or NothingToShow."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        if activity.state in (ActivityState.DRAFT, ActivityState.CANCELLED):
            raise NotShownYet
        if not session.scalar(sa.select(sa.exists().where(Material.activity_id == activity_id))):
            raise NothingToShow
        if activity.materials_published_at is None:
            activity.materials_published_at = now
            audit.record(session, by, "activity.materials_shown", activity, now=now)
    return activity


def hide(activity_id: int, *, by: User | None, now: datetime) -> Activity:
    """Show them to attendees no more. Raise ActivityMissing."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        if activity.materials_published_at is not None:
            activity.materials_published_at = None
            audit.record(session, by, "activity.materials_hidden", activity, now=now)
    return activity


def set_days(activity_id: int, days: int | None, *, by: User | None, now: datetime) -> Activity:
    """Set how many days before the start materials are wanted; None: as the office's setting says.

    Raise ActivityMissing or MaterialsDaysOutOfRange.
    """
    if days is not None and not 0 <= days <= MOST_DAYS:
        raise MaterialsDaysOutOfRange(most=MOST_DAYS)
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        if activity.materials_days != days:
            activity.materials_days = days
            audit.record(session, by, "activity.materials_days_set", activity, now=now, days=days)
    return activity


def take_topic(
    activity_id: int, proposal_id: int, item_id: int | None, *, by: User | None, now: datetime
) -> AgendaItem:
    """Write a proposed topic into a line of the agenda in which its speaker speaks.

    item_id: None if they have only one line. Raise ActivityMissing, TopicGone or SlotGone.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        proposal = session.get(ProposedTopic, proposal_id)
        if proposal is None or proposal.activity_id != activity_id:
            raise TopicGone
        own = [item for item in activity.agenda if any(one.id == proposal.person_id for one in item.speakers)]
        chosen = own if item_id is None else [item for item in own if item.id == item_id]
        if len(chosen) != 1:
            raise SlotGone
        before, chosen[0].topic = chosen[0].topic, proposal.topic
        flag_modified(activity, "title")  # a change of the agenda raises the activity's version
        audit.record(session, by, "activity.topic_taken_over", activity, now=now, topic=[before, proposal.topic])
        session.delete(proposal)
    return chosen[0]


def refuse_topic(activity_id: int, proposal_id: int, *, by: User | None, now: datetime) -> None:
    """Leave the agenda as it is, and ask no more about this proposal. Raise ActivityMissing or TopicGone."""
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        proposal = session.get(ProposedTopic, proposal_id)
        if proposal is None or proposal.activity_id != activity_id:
            raise TopicGone
        session.delete(proposal)
        audit.record(session, by, "activity.topic_refused", activity, now=now, topic=proposal.topic)
