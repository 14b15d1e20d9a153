"""Finding minutes to read or to change, and adding a version."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import codec
from outreach.domain.minutes.content import MinutesValues
from outreach.domain.problems import Problem
from outreach.models import Minutes, MinutesVersion, User
from outreach.services.locking import Stale, activity_for_change

codec.write_without_defaults(MinutesValues)


class MinutesMissing(Problem):
    message = "There are no minutes of this activity yet."


def minutes_for_change(session: Session, activity_id: int, version: int | None = None) -> Minutes:
    """Return the minutes, with their activity locked. Raise ActivityMissing, MinutesMissing, or Stale."""
    activity_for_change(session, activity_id)
    found = session.scalar(
        sa.select(Minutes)
        .where(Minutes.activity_id == activity_id)
        .with_for_update(of=Minutes)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise MinutesMissing
    if version is not None and found.version != version:
        raise Stale
    return found


def last(minutes: Minutes) -> MinutesVersion:
    return minutes.versions[-1]


def numbered(minutes: Minutes, number: int) -> MinutesVersion:
    """Return the version of this number. Raise MinutesMissing."""
    found = next((one for one in minutes.versions if one.number == number), None)
    if found is None:
        raise MinutesMissing
    return found


def values_of(version: MinutesVersion) -> MinutesValues:
    return codec.from_json(MinutesValues, version.values)


def is_approved(minutes: Minutes, number: int) -> bool:
    """Return whether the chair agreed to the version of this number."""
    return any(one.agrees for one in minutes.replies if one.number == number)


def last_values(minutes: Minutes) -> MinutesValues:
    """Return what the minutes say now."""
    return values_of(last(minutes))


def add(session: Session, minutes: Minutes, said: MinutesValues, *, by: User | None, now: datetime) -> None:
    """Add a version in the caller's transaction."""
    number = last(minutes).number + 1 if minutes.versions else 1
    made = MinutesVersion(number=number, values=codec.to_json(said), made_at=now, made_by_id=by.id if by else None)
    minutes.versions.append(made)
    minutes.changed_at = now
    session.flush()
