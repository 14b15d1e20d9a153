"""On which days the demo's activities lie: working days ahead for the programme, half days for the kelurahan.

Pure but for the list of holidays, which the caller gives.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from outreach.domain.working_days import working_days

DAYS_AHEAD = 10
PROGRAMME_DAYS = 4
COMMUNITY_DAYS = 9


class Half(StrEnum):
    MORNING = "morning"
    AFTERNOON = "afternoon"


@dataclass(frozen=True)
class Visit:
    """One community activity: a kelurahan's code, its kecamatan's, the day and the half of it."""

    kelurahan: str
    kecamatan: str
    day: date
    half: Half


def demo_days(today: date, holidays: Collection[date]) -> tuple[list[date], list[date]]:
    """Return the programme's four working days, at least ten days after today, and the nine working days after them."""
    days = working_days(today + timedelta(days=DAYS_AHEAD), PROGRAMME_DAYS + COMMUNITY_DAYS, holidays)
    return days[:PROGRAMME_DAYS], days[PROGRAMME_DAYS:]


def visits(kelurahan: Mapping[str, Sequence[str]], days: Sequence[date]) -> list[Visit]:
    """Spread the kelurahan over the days, two or three a day, never two of one kecamatan on the same half day.

    kelurahan: a kecamatan's code to the codes of its kelurahan. Raise ValueError where the days cannot hold them so.
    """
    queue = _alternating(kelurahan)
    if not 2 * len(days) <= len(queue) <= 3 * len(days):
        raise ValueError(f"{len(queue)} kelurahan do not make two or three a day on {len(days)} days.")
    full_days = len(queue) - 2 * len(days)
    found: list[Visit] = []
    for number, day in enumerate(days):
        halves = [Half.MORNING, Half.MORNING, Half.AFTERNOON] if number < full_days else [Half.MORNING, Half.AFTERNOON]
        for half in halves:
            kecamatan, code = queue.pop(0)
            if any((v.day, v.half, v.kecamatan) == (day, half, kecamatan) for v in found):
                raise ValueError(f"Two kelurahan of {kecamatan} would meet on one half day.")
            found.append(Visit(code, kecamatan, day, half))
    return found


def _alternating(groups: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return (group, member) in turns, so that two neighbours are of one group only where one group alone is left."""
    longest = max((len(members) for members in groups.values()), default=0)
    return [(name, members[turn]) for turn in range(longest) for name, members in groups.items() if turn < len(members)]
