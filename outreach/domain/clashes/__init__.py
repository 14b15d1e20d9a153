"""Clashes: from the plan to what is to be looked at in it, across all programmes and activities standing alone.

Pure. What would resolve a finding is `ways`; its sentence is web/'s. Each look costs what overlaps an activity, not what
the plan holds. Cancelled and held activities, what is over, and invitees who declined or were withdrawn do not clash; of a draft
that is over it is found that it starts in the past.
"""

from outreach.domain.clashes.clash import Finding, Signature
from outreach.domain.clashes.find import crossings, findings, findings_if, look_at
from outreach.domain.clashes.resolutions import (
    LeaveOut,
    LimitSeats,
    Move,
    OfActivity,
    OfInvitee,
    Replace,
    Represent,
    RespondBy,
    StretchProgramme,
    TakeVenue,
    Way,
    applied,
    suits_all,
    ways,
)

__all__ = [
    "Finding",
    "LeaveOut",
    "LimitSeats",
    "Move",
    "OfActivity",
    "OfInvitee",
    "Replace",
    "Represent",
    "RespondBy",
    "Signature",
    "StretchProgramme",
    "TakeVenue",
    "Way",
    "applied",
    "crossings",
    "findings",
    "findings_if",
    "look_at",
    "suits_all",
    "ways",
]
