"""The last move made from the calendar, kept in the user's session for a while so that it can be taken back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import session

from outreach import clock
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity
from outreach.services.activities import move as moves
from outreach.services.activities.move import Shifted
from outreach.services.activities.publish import Move

KEY = "calendar_undo"
OFFERED_FOR = timedelta(minutes=30)
STATES = (ActivityState.DRAFT, ActivityState.PUBLISHED)
_INSTANTS = [name for name in moves.KEPT if name.endswith("_at")]


@dataclass(frozen=True)
class UndoOffer:
    """version: the version that the activity must still have. tells: whether taking it back sends mails."""

    id: int
    title: str
    version: int
    tells: bool


def keep(done: Shifted | None, now: datetime) -> None:
    """Remember a move instead of the one before. None: forget it."""
    if done is None:
        session.pop(KEY, None)
        return
    instants = {name: getattr(done.back, name) for name in _INSTANTS}
    session[KEY] = {
        "id": done.activity.id,
        "version": done.version,
        "until": (now + OFFERED_FOR).isoformat(),
        "zone": done.back.zone.key,
        "venue_id": done.back.venue_id,
        **{name: instant and instant.isoformat() for name, instant in instants.items()},
    }


def last() -> tuple[int, int]:
    """Return the id of the activity moved last, and its version since; 0 and 0 without one."""
    kept = session.get(KEY) or {}
    return kept.get("id", 0), kept.get("version", 0)


def kept(activity_id: int) -> Move | None:
    """Return the move that takes an activity's move back, if it was this session's last move and is recent."""
    kept = session.get(KEY)
    if not kept or kept["id"] != activity_id or datetime.fromisoformat(kept["until"]) < clock.now():
        return None
    instants = {name: kept[name] and datetime.fromisoformat(kept[name]) for name in _INSTANTS}
    return Move(zone=ZoneInfo(kept["zone"]), venue_id=kept["venue_id"], **instants)


def offer() -> UndoOffer | None:
    """Return what the calendar offers to take back, or None. None also if the activity has changed since."""
    activity_id, version = last()
    activity = db.session.get(Activity, activity_id) if kept(activity_id) else None
    if activity is None or activity.version != version or activity.state not in STATES:
        return None
    return UndoOffer(activity_id, activity.title, version, activity.state is ActivityState.PUBLISHED)
