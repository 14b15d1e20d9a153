"""The last move made from the calendar, kept in the user's session for a while so that it can be taken back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import session

from outreach import clock, codec
from outreach.domain.activity import Move
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity
from outreach.services.activities.move import Moved

KEY = "calendar_undo"
OFFERED_FOR = timedelta(minutes=30)
STATES = (ActivityState.DRAFT, ActivityState.PUBLISHED)


@dataclass(frozen=True)
class _Moved:
    """The moved activity, its version after the move, and until when undo is offered.

    The session also holds the Move that undoes it.
    """

    id: int
    version: int
    until: datetime


@dataclass(frozen=True)
class UndoOffer:
    """version: the version that the activity must still have. tells: whether taking it back sends mails."""

    id: int
    title: str
    version: int
    tells: bool


def keep(done: Moved | None, now: datetime) -> None:
    """Store the last move for undo. None: offer no undo."""
    if done is None:
        session.pop(KEY, None)
        return
    moved = _Moved(done.activity.id, done.version, now + OFFERED_FOR)
    session[KEY] = codec.to_json(moved) | codec.to_json(done.back)


def last() -> tuple[int, int]:
    """Return the id of the activity moved last, and its version since; 0 and 0 where there is none."""
    moved = _moved()
    return (moved.id, moved.version) if moved else (0, 0)


def kept(activity_id: int) -> Move | None:
    """Return what takes the activity's move back, if that was this session's last one and not long ago."""
    moved = _moved()
    if moved is None or moved.id != activity_id or moved.until < clock.now():
        return None
    return codec.from_json(Move, session[KEY])


def offer() -> UndoOffer | None:
    """Return what the calendar offers to take back, or None. None also if the activity has changed since."""
    activity_id, version = last()
    activity = db.session.get(Activity, activity_id) if kept(activity_id) else None
    if activity is None or activity.version != version or activity.state not in STATES:
        return None
    return UndoOffer(activity_id, activity.title, version, activity.state is ActivityState.PUBLISHED)


def _moved() -> _Moved | None:
    return codec.from_json(_Moved, session[KEY]) if session.get(KEY) else None
