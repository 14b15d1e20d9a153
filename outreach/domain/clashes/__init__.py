"""Clashes: from the plan to what is to be looked at in it, across all programmes and activities standing alone.

Pure. What would resolve a finding is `ways`; its sentence is web/'s. Each look costs what overlaps an activity, not what
the plan holds. Cancelled and held activities, what is over, and invitees who declined or were withdrawn do not clash; of a draft
that is over it is found that it starts in the past.
"""

from outreach.domain.clashes.clash import Clash, Signature
from outreach.domain.clashes.find import crossings, find_clashes, find_clashes_if, look_at
from outreach.domain.clashes.resolutions import (
    LeaveOut,
    LimitSeats,
    MoveTo,
    OfActivity,
    OfInvitee,
    Replace,
    Represent,
    Resolution,
    RespondBy,
    StretchProgramme,
    TakeVenue,
    applied,
    find_resolutions,
    suits_all,
)

__all__ = [
    "Clash",
    "LeaveOut",
    "LimitSeats",
    "MoveTo",
    "OfActivity",
    "OfInvitee",
    "Replace",
    "Represent",
    "Resolution",
    "RespondBy",
    "Signature",
    "StretchProgramme",
    "TakeVenue",
    "applied",
    "crossings",
    "find_clashes",
    "find_clashes_if",
    "find_resolutions",
    "look_at",
    "suits_all",
]
