"""Cases reported in the whole city, by year: entered by staff as somebody published them.

queries/reports/cases.py lists them. There is no field for a place smaller than the city, nor for anything about one case.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from outreach.domain.directory.names import tidy
from outreach.domain.kinds import CaseUnit
from outreach.domain.problems import Problem
from outreach.models import CaseCount, User
from outreach.services import audit, office_defaults
from outreach.transactions import writing

FIRST_YEAR, MOST = 2000, 1_000_000


class CaseYearOdd(Problem):
    message = "Please write a year from %(first)s to %(last)s."
    field = "year"


class CaseNumberOdd(Problem):
    message = "Please write how many, as a whole number from 0 on."
    field = "number"


class CaseSourceMissing(Problem):
    message = "Please write who published the number, such as SIMFONI PPA, 4 January 2027."
    field = "source"


class CaseCountMissing(Problem):
    message = "There is no such number in the list."


@dataclass(frozen=True)
class CaseValues:
    year: int | None
    unit: CaseUnit
    number: int | None
    source: str


def save(values: CaseValues, *, by: User | None, now: datetime) -> CaseCount:
    """Store the number of a year and unit; it replaces the one stored before. Raise a Problem with the values."""
    source = tidy(values.source)[:200]
    if not source:
        raise CaseSourceMissing
    if values.number is None or not 0 <= values.number <= MOST:
        raise CaseNumberOdd
    with writing() as session:
        this_year = now.astimezone(office_defaults.zone(session)).year
        if values.year is None or not FIRST_YEAR <= values.year <= this_year:
            raise CaseYearOdd(first=FIRST_YEAR, last=this_year)
        office_defaults.lock(session)  # two users who enter the same year wait for each other
        row = session.scalar(
            sa.select(CaseCount).where(CaseCount.year == values.year, CaseCount.unit == values.unit)
        ) or CaseCount(year=values.year, unit=values.unit)
        action = "edited" if row.id else "added"
        row.number, row.source = values.number, source
        session.add(row)
        audit.record(session, by, f"case_count.{action}", row, now=now, unit=values.unit.value)
    return row


def remove(case_id: int, *, by: User | None, now: datetime) -> int:
    """Delete a number. Return its year. Raise CaseCountMissing."""
    with writing() as session:
        row = session.get(CaseCount, case_id)
        if row is None:
            raise CaseCountMissing
        year = row.year
        audit.record(session, by, "case_count.deleted", row, now=now, unit=row.unit.value)
        session.delete(row)
    return year
