"""The days of the demo's activities: working days ahead for the programme, half days for the kelurahan.

Pure functions; the caller provides the holidays.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from outreach.domain.planning.working_days import is_working_day, working_days

DAYS_AHEAD = 10
PROGRAMME_DAYS = 4
COMMUNITY_DAYS = 9
AWAKE = (time(6, 30), time(21, 0))  # when people answer
OFFICE_HOURS = (time(8, 0), time(16, 0))  # when staff record an answer


class Half(StrEnum):
    MORNING = "morning"
    AFTERNOON = "afternoon"


@dataclass(frozen=True)
class Visit:
    """One community activity: the codes of its kelurahan and kecamatan, the day, and the half of the day."""

    kelurahan: str
    kecamatan: str
    day: date
    half: Half


def demo_days(today: date, holidays: Collection[date]) -> tuple[list[date], list[date]]:
    """Return the programme's four working days, at least ten days after today, and the nine working days after them."""
    days = working_days(today + timedelta(days=DAYS_AHEAD), PROGRAMME_DAYS + COMMUNITY_DAYS, holidays)
    return days[:PROGRAMME_DAYS], days[PROGRAMME_DAYS:]


def moment_between(
    first: datetime,
    last: datetime,
    share: float,
    hours: tuple[time, time],
    zone: ZoneInfo,
    *,
    off: Collection[date] = (),
) -> datetime | None:
    """Return the instant at `share` (0 to 1) of the given hours between two instants, without the days that are off.

    None if none of these hours lie between the two instants.
    """
    days = [first.astimezone(zone).date() + timedelta(days=n) for n in range((last - first).days + 2)]
    spans = [
        (max(first, datetime.combine(day, hours[0], zone)), min(last, datetime.combine(day, hours[1], zone)))
        for day in days
        if day not in off
    ]
    open_spans = [(begins, ends - begins) for begins, ends in spans if begins < ends]
    rest = share * sum((length for _begins, length in open_spans), timedelta())
    for begins, length in open_spans:
        if rest <= length:
            return begins + rest
        rest -= length
    return None


def days_off(first: date, last: date, holidays: Collection[date]) -> set[date]:
    """Return the days from `first` to `last` on which offices do not work."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return {day for day in days if not is_working_day(day, holidays)}


def visits(kelurahan: Mapping[str, Sequence[str]], days: Sequence[date]) -> list[Visit]:
    """Spread the kelurahan over the days, two or three a day, never two of one kecamatan on the same half day.

    kelurahan: the kelurahan codes by kecamatan code. Raise ValueError if that is not possible on these days.
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
    """Return (group, member) in turns. Two neighbours are of one group only if no other group is left."""
    longest = max((len(members) for members in groups.values()), default=0)
    return [(name, members[turn]) for turn in range(longest) for name, members in groups.items() if turn < len(members)]
