"""How much is found in the plan, as numbers for the start page: kept the longer, the more there was to read."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from outreach.domain.clashes import find_clashes
from outreach.domain.planning.rules import Severity
from outreach.extensions import db
from outreach.services.planning import load_part as plan_parts
from outreach.services.planning.clashes import gathered

SHORTEST_KEPT, LONGEST_KEPT = timedelta(seconds=3), timedelta(minutes=5)
COST_SHARE = 50  # counts are kept that many times as long as reading them took
CHEAP_S = 0.05  # what is read so quickly is read anew after each change


@dataclass(frozen=True)
class ClashCounts:
    blocking: int = 0
    warnings: int = 0


@dataclass(frozen=True)
class _Kept:
    at: datetime
    lasts: timedelta
    is_cheap: bool
    counts: ClashCounts


_kept: WeakKeyDictionary[sa.Engine, _Kept] = WeakKeyDictionary()


def counts(*, now: datetime) -> ClashCounts:
    """Return how much is found in the plan at `now`, or was at most LONGEST_KEPT before."""
    kept = _kept.get(db.engine)
    if kept is None or not timedelta() <= now - kept.at < kept.lasts:
        began = time.perf_counter()
        found = [group[0] for group in gathered(find_clashes(plan_parts.that_clash(now=now)))]
        took_s = time.perf_counter() - began
        blocking = sum(one.severity is Severity.BLOCK for one in found)
        lasts = min(max(COST_SHARE * timedelta(seconds=took_s), SHORTEST_KEPT), LONGEST_KEPT)
        kept = _kept[db.engine] = _Kept(now, lasts, took_s < CHEAP_S, ClashCounts(blocking, len(found) - blocking))
    return kept.counts


@sa.event.listens_for(sa.Engine, "commit")
def _forget(connection: sa.Connection) -> None:
    kept = _kept.get(connection.engine)
    if kept is not None and kept.is_cheap:
        _kept.pop(connection.engine, None)
