"""The last move made from the calendar, kept in the user's session for a while so that it can be taken back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import session

from outreach import clock, codec
from outreach.domain.activities.values import Move
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

    The session also holds the Move that undoes it. page: the only calendar page that offers undo.
    """

    id: int
    version: int
    until: datetime
    page: str = ""


@dataclass(frozen=True)
class UndoOffer:
    """version: the version that the activity must still have. tells: whether taking it back sends mails.

    seconds: how long it is still offered.
    """

    id: int
    title: str
    version: int
    tells: bool
    seconds: int


def keep(done: Moved | None, now: datetime, address: str = "") -> None:
    """Store the last move for undo. None: offer no undo. address: of the page that offers it."""
    if done is None:
        session.pop(KEY, None)
        return
    moved = _Moved(done.activity.id, done.version, now + OFFERED_FOR, page(address))
    session[KEY] = codec.to_json(moved) | codec.to_json(done.back)


def last() -> tuple[int, int]:
    """Return the id of the activity moved last, and its version since; 0 and 0 where there is none."""
    moved = _moved()
    return (moved.id, moved.version) if moved else (0, 0)


def kept(activity_id: int) -> Move | None:
    """Return the move that takes back the activity's last move, if this session made it not long ago."""
    moved = _moved()
    if moved is None or moved.id != activity_id or moved.until < clock.now():
        return None
    return codec.from_json(Move, session[KEY])


def page(address: str) -> str:
    """Return an address in the form in which offers are compared."""
    path, _, query = address.partition("?")
    return f"{path}?{'&'.join(sorted(filter(None, query.split('&'))))}"


def offer(here: str) -> UndoOffer | None:
    """Return what the calendar page `here` offers to take back, or None. None also if the activity has changed since."""
    moved = _moved()
    activity = db.session.get(Activity, moved.id) if moved and moved.page == here and kept(moved.id) else None
    if moved is None or activity is None or activity.version != moved.version or activity.state not in STATES:
        return None
    seconds = int((moved.until - clock.now()).total_seconds())
    return UndoOffer(moved.id, activity.title, moved.version, activity.state is ActivityState.PUBLISHED, seconds)


def _moved() -> _Moved | None:
    return codec.from_json(_Moved, session[KEY]) if session.get(KEY) else None
