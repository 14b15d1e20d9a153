"""Make a programme with its activities, and edit its own facts. Copies are in programmes/copy.py."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.activities.values import ActivityValues
from outreach.domain.planning.rules import ClashKind
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState
from outreach.models import Activity, Programme, User
from outreach.services import audit
from outreach.services.activities import edit as planning
from outreach.services.activities.checks import TitleMissing, check_within
from outreach.services.locking import PRESSED_TWICE, Stale, lock_plans, locked_programme, present_for_change
from outreach.services.planning import checks as plan_checks
from outreach.services.planning.checks import OutsideProgramme
from outreach.transactions import writing


class LastBeforeFirst(Problem):
    message = "The last day must not be earlier than the first."
    field = "ends_on"


@dataclass(frozen=True)
class ProgrammeValues:
    title: str
    starts_on: date
    ends_on: date
    zone: ZoneInfo
    public_title: str = ""
    purpose: str = ""
    contact_name: str = ""
    contact_phone: str = ""


def create(
    values: ProgrammeValues, activities: Sequence[ActivityValues] = (), *, by: User | None, now: datetime
) -> Programme:
    """Make a programme with its activities, as drafts; raise a Problem, and make nothing then.

    If the same account has just sent the same form, return the programme that was made of it.
    """
    with writing() as session:
        lock_plans(session)
        programme = Programme(coordinator_id=by.id if by else None, created_at=now)
        _fill(programme, values)
        if (made := _just_made(session, programme, activities, now)) is not None:
            return made
        session.add(programme)
        session.flush()
        audit.record(session, by, "programme.created", programme, now=now)
        planning.add_activities(session, activities, programme, by, now)
    return programme


def _just_made(
    session: Session, wanted: Programme, activities: Sequence[ActivityValues], now: datetime
) -> Programme | None:
    """Return what a second press on the form's button would make again."""
    days = sorted((one.title.strip(), one.starts_at, one.ends_at) for one in activities)
    since = sa.select(Programme).where(
        Programme.coordinator_id == wanted.coordinator_id,
        Programme.title == wanted.title,
        Programme.created_at > now - PRESSED_TWICE,
        Programme.created_at <= now,
    )
    for made in session.scalars(since.order_by(Programme.id)):
        same = sorted((one.title, one.starts_at, one.ends_at) for one in made.activities) == days
        if same and _facts(made) == _facts(wanted):
            return made
    return None


def edit(programme_id: int, values: ProgrammeValues, version: int, *, by: User | None, now: datetime) -> Programme:
    """Change a programme's own facts; raise Stale if somebody else changed it.

    Raise OutsideProgramme, if the office blocks that, when an activity within the old days is outside the new ones.
    """
    with writing() as session:
        programme = locked_programme(session, programme_id, changes=True)
        if programme.version != version:
            raise Stale
        # A transaction that moves one of its activities now ends first, or waits and is checked against the new days.
        present_for_change(session, session.scalars(sa.select(Activity.id).filter_by(programme_id=programme_id)).all())
        before = _facts(programme)
        refuses = plan_checks.refuses(ClashKind.OUTSIDE_PROGRAMME)
        inside = {a.id for a in programme.activities if refuses and _lies_within(programme, a)}
        _fill(programme, values)
        for activity in programme.activities:
            if activity.id in inside and activity.state not in (ActivityState.CANCELLED, ActivityState.POSTPONED):
                check_within(programme, activity.starts_at, activity.ends_at)
        audit.record(
            session, by, "programme.edited", programme, now=now, changed=audit.changes(before, _facts(programme))
        )
    return programme


def _fill(programme: Programme, values: ProgrammeValues) -> None:
    if not values.title.strip():
        raise TitleMissing
    if values.ends_on < values.starts_on:
        raise LastBeforeFirst
    programme.title = values.title.strip()
    programme.public_title = values.public_title.strip()
    programme.purpose = values.purpose.strip()
    programme.starts_on = values.starts_on
    programme.ends_on = values.ends_on
    programme.zone = values.zone
    programme.contact_name = values.contact_name.strip()
    programme.contact_phone = values.contact_phone.strip()


def _lies_within(programme: Programme, activity: Activity) -> bool:
    try:
        check_within(programme, activity.starts_at, activity.ends_at)
    except OutsideProgramme:
        return False
    return True


def _facts(programme: Programme) -> dict[str, object]:
    return {field.name: getattr(programme, field.name) for field in fields(ProgrammeValues)}
