"""Write minutes. Each change is a version; a change of approved minutes has to be approved again."""

from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa

from outreach.domain.minutes import content as rules
from outreach.domain.minutes.content import MOST_LETTERS, MinutesText, NotHeldYet
from outreach.domain.problems import Problem
from outreach.domain.states import MinutesState
from outreach.models import Minutes, Person, User
from outreach.services import audit
from outreach.services.locking import Stale, activity_for_change
from outreach.services.minutes import reading, versions
from outreach.transactions import writing


class MinutesTitleMissing(Problem):
    message = "Please write the title of the minutes."
    field = "title"


class ChairMissing(Problem):
    message = "Please choose or write who led the meeting."
    field = "chair"


class MinutesTooLong(Problem):
    message = "A text of minutes may have at most %(most)d letters."


def save(
    activity_id: int, text: MinutesText, chair_id: int | None, version: int, *, by: User | None, now: datetime
) -> Minutes:
    """Store the text as a new version, and return the minutes. version: as the page showed it; 0 if there were none.

    chair_id: the person who led; None if the text names somebody else. Raise ActivityMissing, NotHeldYet, Stale,
    MinutesTitleMissing, ChairMissing or MinutesTooLong; nothing is changed then.
    """
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        zone = activity.zone
        starts_on, today = activity.starts_at.astimezone(zone).date(), now.astimezone(zone).date()
        if not rules.can_be_written(activity.state, starts_on, today):
            raise NotHeldYet
        chair = session.get(Person, chair_id) if chair_id else None
        if chair is not None and chair.erased_at is None:
            text = replace(text, chair=chair.full_name, chair_post=chair.post if chair.name else "")
        _check(text)
        minutes = session.scalar(sa.select(Minutes).where(Minutes.activity_id == activity_id).with_for_update())
        if (minutes.version if minutes else 0) != version:
            raise Stale
        new = minutes is None
        if minutes is None:
            minutes = Minutes(activity=activity, changed_at=now)
            session.add(minutes)
            session.flush()
        said = reading.values(session, activity, text, minutes.follow_ups)
        chair_id = chair.id if chair else None
        if not new and versions.last_values(minutes) == said and minutes.chair_id == chair_id:
            return minutes
        was = minutes.state
        minutes.chair_id, minutes.state = chair_id, MinutesState.DRAFT
        versions.add(session, minutes, said, by=by, now=now)
        action = "minutes.made" if new else "minutes.changed"
        number = versions.last(minutes).number
        audit.record(session, by, action, minutes, now=now, number=number, was=was.value if not new else "")
    return minutes


def _check(text: MinutesText) -> None:
    if not text.title.strip():
        raise MinutesTitleMissing
    if not text.chair.strip():
        raise ChairMissing
    for part in (text.further, *(said for item in text.items for said in (item.discussion, item.decisions))):
        if len(part) > MOST_LETTERS:
            raise MinutesTooLong(most=MOST_LETTERS)
