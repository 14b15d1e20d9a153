"""What giving a programme other days would bring, before that is saved: which of its activities would lie outside.

Nothing writes, and nothing else asks for a programme's days. Saving is programmes.py, which refuses what blocks.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.clashes.days import of_programme
from outreach.domain.planning.plan import Plan, PlannedActivity, ProgrammeDays, days_between
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, Programme
from outreach.services.planning import load as plans
from outreach.services.planning import rules as planning_rules
from outreach.services.planning.clashes import FoundClashes
from outreach.services.programmes.edit import ProgrammeValues


def preview(programme: Programme, values: ProgrammeValues, *, now: datetime) -> tuple[FoundClashes, list[int]]:
    """Return what these values would newly bring, and the ids of the activities that are left outside, by when they are.

    What is over or held counts as well, as it does on saving; what is cancelled does not.
    """
    session = _session()
    standing = sa.select(Activity.id).where(
        Activity.programme_id == programme.id, Activity.state != ActivityState.CANCELLED
    )
    activities = plans.planned(session, session.scalars(standing).all(), engaged=False)
    rules = planning_rules.current(session)

    def plan(first: date, last: date, zone: Any) -> Plan:
        days = ProgrammeDays(programme.id, values.title, first, last, zone)
        return Plan(now=now, activities=activities, programmes=[days], rules=rules)

    present = plan(programme.starts_on, programme.ends_on, programme.zone)
    then = plan(values.starts_on, values.ends_on, values.zone)
    inside = [one for one in activities if not any(of_programme(present, one))]
    found = sorted((one for each in inside for one in of_programme(then, each)), key=lambda one: one.sort_key)
    return FoundClashes(then, found), [one.activities[0].id for one in found]


def holding(values: ProgrammeValues, activities: Collection[PlannedActivity]) -> tuple[date, date]:
    """Return the first and the last day of a programme that has these days and those of the activities as well."""
    days = [day for one in activities for day in days_between(one.starts_at, one.ends_at, values.zone)]
    return min(values.starts_on, *days), max(values.ends_on, *days)


def _session() -> Session:
    found: Any = db.session
    return found
