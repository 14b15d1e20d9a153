"""Values of an activity from a form, and of a move.

Pure: storing an activity's values is services/activities/edit.py, moving it services/activities/move.py.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from outreach.domain.kinds import ActivityKind

NEEDS_A_MOVE = ("starts_at", "ends_at", "zone", "venue_id")
WAS_POSTPONED = "postponed"  # in the detail of a move's reminder: it was postponed before, so this is its new date


@dataclass(frozen=True)
class ActivityValues:
    """respond_by_at: None for the office's usual deadline. Instants are aware. indicators: as domain/kla/indicators.py's tags."""

    kind: ActivityKind
    title: str
    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    public_title: str = ""
    description: str = ""
    things_to_bring: str = ""
    names_helpline: bool = True
    registration_at: datetime | None = None
    respond_by_at: datetime | None = None
    venue_id: int | None = None
    region_code: str | None = None
    capacity: int | None = None
    indicators: str = ""


@dataclass(frozen=True)
class Move:
    """The new time and place. registration_at: None keeps its distance to the start.

    respond_by_at: None for the office's usual deadline. Instants are aware.
    """

    starts_at: datetime
    ends_at: datetime
    zone: ZoneInfo
    venue_id: int | None
    registration_at: datetime | None = None
    respond_by_at: datetime | None = None


def differs(activity: Any, other: Any, *names: str) -> bool:
    """Return whether these values change the activity's time or place. names: compare only these columns."""
    return any(getattr(activity, name) != getattr(other, name) for name in names or NEEDS_A_MOVE)


def pattern(title: str, kelurahan: str) -> str:
    """Return what the titles of one activity for each kelurahan have in common: the title without the kelurahan at its end."""
    if not kelurahan or not title.casefold().endswith(kelurahan.casefold()):
        return title
    return title[: -len(kelurahan)].rstrip(" ,:(-–—") or title
