"""On how few days all of one person's activities could be held, by their lengths, their hours and the ways between them.

Pure. Less than it really takes: each time of day is taken for any day, each venue for free, and everybody else for there.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time, timedelta

from outreach.domain.timetabling.options import Options

MOST = 9  # activities that are looked at; the others, the shortest, are left aside
Way = Callable[[Options, Options], timedelta]


def days_needed(theirs: Sequence[Options], way: Way) -> int:
    """Return a number of days below which it cannot be. way: the time it takes from one to the other at least."""
    theirs = sorted(theirs, key=lambda one: -one.bare.length)[:MOST]
    together = _together(theirs, way)
    fewest = {0: 0}
    for mask in range(1, 1 << len(theirs)):
        first = mask & -mask
        rest, found = mask ^ first, len(theirs)
        part = rest
        while True:  # all parts of the mask that hold its first
            if part | first in together:
                found = min(found, 1 + fewest[rest ^ part])
            if not part:
                break
            part = (part - 1) & rest
        fewest[mask] = found
    return fewest[(1 << len(theirs)) - 1]


def _together(theirs: Sequence[Options], way: Way) -> set[int]:
    """Return, as bits, which of them fit into one day, one after the other; each by itself does."""
    starts = [_times_of_day(one) for one in theirs]
    ways = [[way(one, other) for other in theirs] for one in theirs]
    ends = {(1 << n, n): times[0] + theirs[n].bare.length for n, times in enumerate(starts) if times}
    found = {1 << n for n in range(len(theirs))}
    while ends:
        longer: dict[tuple[int, int], timedelta] = {}
        for (mask, last), end in ends.items():
            for n, times in enumerate(starts):
                place = bisect_left(times, end + ways[last][n])
                if not mask >> n & 1 and place < len(times):
                    key, new_end = (mask | 1 << n, n), times[place] + theirs[n].bare.length
                    longer[key] = min(longer.get(key, new_end), new_end)
        found |= {mask for mask, _last in longer}
        ends = longer
    return found


def _times_of_day(options: Options) -> list[timedelta]:
    """Return when on its day each may begin, in hours that all zones share."""
    starts = zip(options.starts, options.days(), strict=True)
    return sorted({start - datetime.combine(day, time(), UTC) for start, day in starts})
