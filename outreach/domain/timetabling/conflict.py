"""Conflicts: which demands cannot all be scheduled, and because of which rules.

Pure values. solver/conflicts.py finds them, web/timetabling/words.py puts them into words.
"""

from dataclasses import dataclass
from enum import StrEnum

from outreach.domain.clashes import Clash
from outreach.domain.planning.parties import Party
from outreach.domain.planning.rules import ClashKind


class CauseKind(StrEnum):
    """Why demands conflict. Lifting any one cause of a conflict that `is_minimal` would resolve it."""

    RULE = "rule"  # a kind of clash that the office blocks
    DAYS = "days"  # the demand's own first or last day
    ORDER = "order"  # one activity must come after another
    VENUES = "venues"  # the venues to choose from
    SEATS = "seats"  # how many people must fit
    FACILITATORS = "facilitators"  # the facilitators to choose from
    FIXED = "fixed"  # the activity must stay where it is
    HORIZON = "horizon"  # the days and hours given to the planner


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. activity_ids: the activities it is about; for ORDER, the later one and the earlier one.

    rule: set for RULE. parties, venue_ids, kecamatan_codes: for RULE, what these demands share and therefore compete for.
    clashes: for RULE, a few examples of clashes that exclude times: absences, holidays, activities that stay.
    """

    kind: CauseKind
    activity_ids: tuple[int, ...] = ()
    rule: ClashKind | None = None
    parties: tuple[Party, ...] = ()
    venue_ids: tuple[int, ...] = ()
    kecamatan_codes: tuple[str, ...] = ()
    clashes: tuple[Clash, ...] = ()


@dataclass(frozen=True, slots=True)
class Conflict:
    """Demands that cannot all be scheduled. is_minimal: without any one of them, or any one cause, they could be.

    If not is_minimal, the time ran out and some of them may be unnecessary.
    """

    activity_ids: tuple[int, ...]
    causes: tuple[Cause, ...] = ()
    is_minimal: bool = True
