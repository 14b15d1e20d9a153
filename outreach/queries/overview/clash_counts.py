"""The number of clashes in the plan for the start page. The slower they are to read, the longer they are cached."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from outreach.domain.clashes import find_clashes
from outreach.domain.planning.rules import Severity
from outreach.recent import Life, Recent
from outreach.services.planning import load_part as plan_parts
from outreach.services.planning.clashes import gathered

SHORTEST_KEPT, LONGEST_KEPT = timedelta(seconds=3), timedelta(minutes=5)
COST_SHARE = 50  # counts are cached so many times as long as reading them took
CHEAP_S = 0.05  # counts read faster than this are read again after each commit


@dataclass(frozen=True)
class ClashCounts:
    blocking: int = 0
    warnings: int = 0


def counts(*, now: datetime) -> ClashCounts:
    """Return the number of clashes in the plan at `now`, or a number at most LONGEST_KEPT old."""
    return _recent.value(lambda: _read(now), now=now)


def _read(now: datetime) -> ClashCounts:
    found = [group[0] for group in gathered(find_clashes(plan_parts.that_clash(now=now)), crowds=True)]
    blocking = sum(clash.severity is Severity.BLOCK for clash in found)
    return ClashCounts(blocking, len(found) - blocking)


def _life(took_s: float) -> Life:
    lasts = min(max(COST_SHARE * timedelta(seconds=took_s), SHORTEST_KEPT), LONGEST_KEPT)
    return Life(lasts, until_commit=took_s < CHEAP_S)


_recent: Recent[ClashCounts] = Recent(_life)
