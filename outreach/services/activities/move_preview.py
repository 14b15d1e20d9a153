"""Seeing a move before it is made: what the activity would be, or why it cannot be moved so. Making it is
activities/publish.py."""

from datetime import datetime

from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity
from outreach.services.activities.checks import check_times
from outreach.services.activities.edit import differs
from outreach.services.activities.publish import InThePast, Move, NothingMoved, NotPublished, apply_move
from outreach.services.locking import Stale
from outreach.services.planning import book as booking


def preview(activity: Activity, move: Move, version: int, *, now: datetime) -> Activity:
    """Return a copy, never stored, of the activity as it would be; raise whatever the move itself would raise."""
    if activity.state is not ActivityState.PUBLISHED:
        raise NotPublished
    if activity.version != version:
        raise Stale
    if not differs(activity, move):
        raise NothingMoved
    if move.starts_at <= now:
        raise InThePast(title=activity.title)
    copied = ("id", "title", "starts_at", "ends_at", "registration_at", "respond_by_at", "zone", "venue_id", "capacity")
    after = Activity(**{name: getattr(activity, name) for name in copied})
    apply_move(db.session(), after, move, now)
    check_times(after)
    booking.preview(db.session(), after, speakers=differs(activity, move, "starts_at", "ends_at"))
    return after
