"""Somebody who is not in the list of people yet, added because an activity needs them: refused with it, or stored with it.

Who came uninvited is attendance.walk_in.
"""

from collections.abc import Collection
from datetime import datetime

from outreach.domain.states import ActivityState
from outreach.extensions import writing
from outreach.models import Person, User
from outreach.services import people
from outreach.services.booking import activity_for_change
from outreach.services.inviting import ActivityOver, NoActivityChosen
from outreach.services.people import PersonValues


def add_to_invite(activity_ids: Collection[int], values: PersonValues, *, by: User | None, now: datetime) -> Person:
    """Store a person who is to be invited to these activities. Where one of them takes nobody any more, nobody is stored."""
    if not activity_ids:
        raise NoActivityChosen
    with writing() as session:
        for activity in [activity_for_change(session, one) for one in sorted(set(activity_ids))]:
            if activity.state not in (ActivityState.DRAFT, ActivityState.PUBLISHED):
                raise ActivityOver(title=activity.title)
        return people.store(session, values, by=by, now=now)
