"""Indonesia's public holidays, joint holidays (cuti bersama) and Ramadan, from the holidays package.

Days that depend on the moon are estimates until the government announces them.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from outreach.domain.planning.office_hours import DayOff, DayOffKind, DayRange

_IDULFITRI = "Hari Raya Idul Fitri"
_RAMADAN = "Beginning of Ramadan"
# Idulfitri of 1447 H, by the government of Indonesia; from it the other Hijri years are counted.
_KNOWN_YEAR, _KNOWN_DAY, _YEAR_DAYS = 1447, date(2026, 3, 21), 354.367
_YEARS_KEPT = 64


def holidays_of(years: Iterable[int]) -> dict[date, str]:
    """Return the days off in those years with their names in Indonesian, soonest first."""
    return {day: off.name for day, off in days_off(years).items()}


def days_off(years: Iterable[int]) -> dict[date, DayOff]:
    """Return the days off in those years, soonest first; a day that is both is a public holiday."""
    return {day: off for year in sorted(set(years)) for day, off in _days_off(year)}


def ramadans(years: Iterable[int]) -> dict[int, DayRange]:
    """Return, by Hijri year, each Ramadan that ends in those years or the year after one, as far as it can be computed.

    It ends on the day before Idulfitri. It has 29 days if Malaysia begins it 29 days before Idulfitri, otherwise 30: both
    countries follow the criteria of MABIMS. The government decides on the evening before, so one day's difference is
    possible.
    """
    wanted = set(years)
    return dict(found for year in sorted(wanted | {year + 1 for year in wanted}) for found in _ramadans(year))


def hijri_year(idulfitri: date) -> int:
    """Return the Hijri year of that Idulfitri, or of a day near it."""
    return _KNOWN_YEAR + round((idulfitri - _KNOWN_DAY).days / _YEAR_DAYS)


@lru_cache(_YEARS_KEPT)
def _days_off(year: int) -> tuple[tuple[date, DayOff], ...]:
    import holidays as calendar  # imported when a day is asked for: most commands ask for none
    from holidays.constants import GOVERNMENT, PUBLIC

    kinds = ((GOVERNMENT, DayOffKind.JOINT), (PUBLIC, DayOffKind.HOLIDAY))
    found = {
        day: DayOff(name, kind)
        for category, kind in kinds
        for day, name in calendar.country_holidays("ID", years=year, categories=(category,), language="id").items()
    }
    return tuple(sorted(found.items()))


@lru_cache(_YEARS_KEPT)
def _ramadans(year: int) -> tuple[tuple[int, DayRange], ...]:
    import holidays as calendar

    begins = {
        day
        for gregorian in (year - 1, year)
        for day, name in calendar.country_holidays(
            "MY", subdiv="JHR", years=gregorian, observed=False, language="en_US"
        ).items()
        if _RAMADAN in name
    }
    found = []
    for day, off in _days_off(year):
        if off.name.startswith(_IDULFITRI):
            length = 29 if day - timedelta(days=29) in begins else 30
            found.append((hijri_year(day), DayRange(day - timedelta(days=length), day - timedelta(days=1))))
    return tuple(found)
