"""What the page of an activity's minutes shows. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from outreach.domain.minutes import content as rules
from outreach.domain.minutes.content import MinutesValues
from outreach.domain.states import MinutesState
from outreach.extensions import db
from outreach.models import (
    Activity,
    AgendaItem,
    FollowUp,
    Invitation,
    Minutes,
    MinutesReply,
    MinutesVersion,
    Organisation,
    Person,
    User,
)
from outreach.services.locking import ActivityMissing
from outreach.services.minutes import reading, versions
from outreach.services.minutes.versions import MinutesMissing


@dataclass(frozen=True)
class MinutesPage:
    """values: what the minutes say; before they are written, what they would say.

    outdated: who was there, the hours or the tasks differ by now from what the last version says.
    """

    activity: Activity
    minutes: Minutes | None
    values: MinutesValues
    chairs: Sequence[Person]
    may_write: bool
    outdated: bool = False

    @property
    def version(self) -> int:
        return self.minutes.version if self.minutes else 0

    @property
    def state(self) -> MinutesState | None:
        return self.minutes.state if self.minutes else None


def page(activity_id: int, reader: User | None, *, now: datetime) -> MinutesPage:
    """Return the page of an activity's minutes, written or not; raise ActivityMissing."""
    activity = db.session.scalar(
        sa.select(Activity)
        .where(Activity.id == activity_id)
        .options(joinedload(Activity.venue), selectinload(Activity.agenda).selectinload(AgendaItem.speakers))
    )
    if activity is None:
        raise ActivityMissing
    zone = activity.zone
    today, starts_on = (moment.astimezone(zone).date() for moment in (now, activity.starts_at))
    may_write = rules.can_be_written(activity.state, starts_on, today)
    minutes = of_activity(activity_id)
    chairs = reading.chairs(db.session, activity_id)
    if minutes is None:
        text = reading.prefilled(db.session, activity, reader)
        return MinutesPage(activity, None, reading.values(db.session, activity, text, ()), chairs, may_write)
    values = versions.last_values(minutes)
    fresh = reading.values(db.session, activity, values.text, minutes.follow_ups)
    return MinutesPage(activity, minutes, values, chairs, may_write, fresh != values)


def of_activity(activity_id: int) -> Minutes | None:
    """Return an activity's minutes with their versions, replies and tasks, or None."""
    return db.session.scalar(
        sa.select(Minutes)
        .where(Minutes.activity_id == activity_id)
        .options(
            joinedload(Minutes.activity),
            joinedload(Minutes.chair),
            selectinload(Minutes.versions).joinedload(MinutesVersion.made_by),
            selectinload(Minutes.replies).joinedload(MinutesReply.recorded_by),
            selectinload(Minutes.follow_ups).options(
                joinedload(FollowUp.person).joinedload(Person.organisation), joinedload(FollowUp.organisation)
            ),
        )
    )


def written(activity_id: int) -> Minutes:
    """Return an activity's minutes; raise MinutesMissing."""
    found = of_activity(activity_id)
    if found is None:
        raise MinutesMissing
    return found


def state_of(activity_id: int) -> MinutesState | None:
    """Return the state of an activity's minutes; None if there are none."""
    return db.session.scalar(sa.select(Minutes.state).where(Minutes.activity_id == activity_id))


def owners(activity_id: int, also: FollowUp | None = None) -> tuple[Sequence[Person], Sequence[Organisation]]:
    """Return who can own a task: the people who were invited, and all organisations. also: the present owner, too."""
    people = db.session.scalars(
        sa.select(Person)
        .where(
            Person.erased_at.is_(None),
            sa.or_(
                Person.id.in_(sa.select(Invitation.person_id).where(Invitation.activity_id == activity_id)),
                Person.id == (also.person_id if also else None),
            ),
        )
        .order_by(sa.func.lower(Person.name), Person.post)
    ).all()
    return people, db.session.scalars(sa.select(Organisation).order_by(sa.func.lower(Organisation.name))).all()
