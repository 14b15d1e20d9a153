"""Timetabling: from demands, possible days and the office's wishes to a proposal for each activity.

Pure functions; services/ store what a coordinator accepts. Start with task.py (what is asked), then search.py.
A proposal has no blocking clash by the rules of domain/clashes.
`Search` needs the extra `planner` (OR-Tools), which it loads only when it runs. `place_greedily` does not need it.
"""

from outreach.domain.timetabling.alternatives import Alternative, alternatives
from outreach.domain.timetabling.conflict import Cause, CauseKind, Conflict
from outreach.domain.timetabling.cost import BlockedByRule, Charge, Term, charges
from outreach.domain.timetabling.find_options import options_of
from outreach.domain.timetabling.heuristic.greedy import place_greedily
from outreach.domain.timetabling.proposal import Proposal, ProposedActivity, Reason, ReasonKind, applied, propose
from outreach.domain.timetabling.search import PlannerMissing, Search, SearchOutcome, SearchProgress
from outreach.domain.timetabling.task import (
    Demand,
    Effort,
    Horizon,
    NoDays,
    NothingToPlace,
    Order,
    SearchStatus,
    Task,
    Wishes,
    circle,
    suitable_venues,
)

__all__ = [
    "Alternative",
    "BlockedByRule",
    "Cause",
    "CauseKind",
    "Charge",
    "Conflict",
    "Demand",
    "Effort",
    "Horizon",
    "NoDays",
    "NothingToPlace",
    "Order",
    "PlannerMissing",
    "Proposal",
    "ProposedActivity",
    "Reason",
    "ReasonKind",
    "Search",
    "SearchOutcome",
    "SearchProgress",
    "SearchStatus",
    "Task",
    "Term",
    "Wishes",
    "alternatives",
    "applied",
    "charges",
    "circle",
    "options_of",
    "place_greedily",
    "propose",
    "suitable_venues",
]
