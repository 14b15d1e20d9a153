"""The press text of an activity, and who sees it and the photos."""

import secrets
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.directory.names import tidy
from outreach.domain.photos import (
    MOST_IN_A_TITLE,
    MOST_OF_A_PRESS_TEXT,
    NothingForThePress,
    PhotoAudience,
    PressTextIncomplete,
)
from outreach.domain.problems import Problem
from outreach.models import ActivityPhoto, Documentation, User
from outreach.services import audit
from outreach.services.locking import Stale, activity_for_change
from outreach.transactions import writing


class PressTextTooLong(Problem):
    message = "This is longer than %(longest)d characters. Please shorten it."
    field = "press_text"


@dataclass(frozen=True)
class PressValues:
    """What the form says. text: paragraphs are separated by empty lines."""

    title: str = ""
    text: str = ""
    audience: PhotoAudience = PhotoAudience.STAFF


def save(activity_id: int, values: PressValues, version: int, *, by: User | None, now: datetime) -> Documentation:
    """Store the press text, and who sees it and the photos. version: 0 if there was none yet.

    Raise ActivityMissing, Stale, PressTextIncomplete, PressTextTooLong, or NothingForThePress if something is to be shown
    and there is nothing.
    """
    title, text = tidy(values.title)[:MOST_IN_A_TITLE], values.text.replace("\r\n", "\n").strip()
    if text and not title:
        raise PressTextIncomplete
    if len(text) > MOST_OF_A_PRESS_TEXT:
        raise PressTextTooLong(longest=MOST_OF_A_PRESS_TEXT)
    with writing() as session:
        activity = activity_for_change(session, activity_id)
        found = of(session, activity_id)
        if (found.version if found else 0) != version:
            raise Stale
        photos = sa.exists().where(ActivityPhoto.activity_id == activity_id)
        if values.audience is not PhotoAudience.STAFF and not title and not session.scalar(sa.select(photos)):
            raise NothingForThePress
        if found is None:
            found = Documentation(activity_id=activity_id, public_key=secrets.token_urlsafe(16))
            session.add(found)
            session.flush()
        before = {"press_title": found.press_title, "audience": found.audience.value}
        found.press_title, found.press_text, found.audience = title, text, values.audience
        after = {"press_title": title, "audience": values.audience.value}
        session.flush()
        audit.record(
            session, by, "activity.documentation_saved", activity, now=now, changed=audit.changes(before, after)
        )  # fmt: skip
    return found


def of(session: Session, activity_id: int) -> Documentation | None:
    return session.scalar(sa.select(Documentation).where(Documentation.activity_id == activity_id))
