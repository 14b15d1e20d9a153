"""What is said where not all can be placed: which demands collide, and on account of which rules. Values; finding them is
solver/conflicts.py's, saying it in plain words web/'s.
"""

from dataclasses import dataclass
from enum import StrEnum

from outreach.domain.clashes import Clash
from outreach.domain.planning.parties import Party
from outreach.domain.planning.rules import ClashKind


class CauseKind(StrEnum):
    """Why demands collide. Lifting any one cause of a conflict that is_minimal would resolve it."""

    RULE = "rule"  # a kind of finding that the office blocks
    DAYS = "days"  # the demand's own first or last day
    ORDER = "order"  # one must come after another
    VENUES = "venues"  # the venues to choose from
    SEATS = "seats"  # how many must fit
    FACILITATORS = "facilitators"  # those to choose from
    FIXED = "fixed"  # it must stay where it is
    HORIZON = "horizon"  # the days and hours given to the planner


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause. activity_ids: whom it is about; of ORDER the one that waits and the one it waits for.

    rule: of RULE. parties, venue_ids, kecamatan_codes: of RULE, what these demands share by which they get into each other's
    way. findings: of RULE, a few examples of what would be found at times that are therefore left out: absences, holidays,
    activities that stay.
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
    """Demands that cannot all be placed. is_minimal: without any one of them, or of the causes, they could; else time ran
    out, and some may have no part in it.
    """

    activity_ids: tuple[int, ...]
    causes: tuple[Cause, ...] = ()
    is_minimal: bool = True
