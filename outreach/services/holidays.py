"""Indonesia's public holidays and joint holidays (cuti bersama), by the holidays package."""

from collections.abc import Iterable
from datetime import date

import holidays as calendar
from holidays.constants import GOVERNMENT, PUBLIC


def holidays_of(years: Iterable[int]) -> dict[date, str]:
    """Return the days off in those years with their names in Indonesian, soonest first.

    Days that the moon decides are estimates until the government has announced them.
    """
    found = calendar.country_holidays("ID", years=sorted(years), categories=(PUBLIC, GOVERNMENT), language="id")
    return dict(sorted(found.items()))
