"""Clashes: what does not fit in the plan, across all programmes and activities standing alone.

Pure functions. Start with find.py. resolutions.py says what would resolve a clash; delivery/words/clashes.py has the sentences.
The cost of checking an activity grows with what overlaps it, not with the size of the plan.
Cancelled, held and past activities do not clash, nor do invitees who declined or were withdrawn.
One exception: a draft in the past gets the clash IN_THE_PAST.
"""

from outreach.domain.clashes.clash import Clash, Signature
from outreach.domain.clashes.find import clashes_of, crossings, each_clash, find_clashes, find_intended, is_intended
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
    "clashes_of",
    "crossings",
    "each_clash",
    "find_clashes",
    "find_intended",
    "find_resolutions",
    "is_intended",
    "suits_all",
]
