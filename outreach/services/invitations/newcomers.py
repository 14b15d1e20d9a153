"""Somebody who is not in the list of people yet, added because an activity needs them: refused with it, or stored with it.

Who came uninvited is attendance.walk_in.
"""

from collections.abc import Collection
from datetime import datetime

from outreach.extensions import writing
from outreach.models import Person, User
from outreach.services.directory import people
from outreach.services.directory.people import PersonValues
from outreach.services.invitations.invite import open_activities


def add_to_invite(activity_ids: Collection[int], values: PersonValues, *, by: User | None, now: datetime) -> Person:
    """Store a person who is to be invited to these activities. Where one of them takes nobody any more, nobody is stored."""
    with writing() as session:
        open_activities(session, activity_ids)
        return people.store(session, values, by=by, now=now)
