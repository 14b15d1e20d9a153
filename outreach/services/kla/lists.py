"""The indicators of a year: the office's own list, that of the last year before which has one, or the shipped one.

A list is replaced as a whole. Tags of activities stay when their code is gone: queries/kla/year.py names them.
"""

import csv
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session

from outreach import codec
from outreach.domain.kla.indicators import (
    FIRST_YEAR,
    LAST_YEAR,
    Cell,
    IndicatorList,
    compare,
    read,
    separator,
)
from outreach.domain.problems import Problem
from outreach.models import IndicatorYear, User
from outreach.services import audit, files, office_defaults
from outreach.services.directory.workbook import open_workbook
from outreach.services.locking import Stale
from outreach.settings import ROOT
from outreach.transactions import writing

SHIPPED_YEAR = 2021
SHIPPED = ROOT / "outreach" / "data" / "kla" / f"indikator-{SHIPPED_YEAR}.csv"
Reads = Session | scoped_session


class KlaYearMissing(Problem):
    message = "There is no page of this year."


class IndicatorMissing(Problem):
    message = "The list of this year has no such indicator."


@dataclass(frozen=True)
class YearList:
    """The list that a year uses. from_year: whose list it is. shipped: it came with Outreach.

    version: of the year's own list; 0 if it has none. row: as it is stored.
    """

    year: int
    values: IndicatorList
    from_year: int
    shipped: bool = False
    version: int = 0
    row: IndicatorYear | None = None

    @property
    def own(self) -> bool:
        return self.version > 0


def of_year(session: Reads, year: int) -> YearList:
    """Return the list that this year uses. Raise KlaYearMissing."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise KlaYearMissing
    row = session.scalar(
        sa.select(IndicatorYear).where(IndicatorYear.year <= year).order_by(IndicatorYear.year.desc()).limit(1)
    )
    if row is None:
        return YearList(year, shipped(), SHIPPED_YEAR, shipped=True)
    return YearList(year, values_of(row), row.year, version=row.version if row.year == year else 0, row=row)


def values_of(row: IndicatorYear) -> IndicatorList:
    return codec.from_json(IndicatorList, row.values)


@lru_cache(maxsize=1)
def shipped() -> IndicatorList:
    """Return the list that comes with Outreach."""
    text = SHIPPED.read_text("utf-8")
    return read(csv.reader(text.splitlines(), delimiter=separator(text)))


def opened(data: bytes, filename: str) -> IndicatorList:
    """Return the list in an uploaded spreadsheet: its first sheet that is not hidden. Raise a Problem that says what is wrong."""
    name = files.plain_name(filename)
    sheets = [one for one in open_workbook(data, name, separator=separator).sheets if not one.hidden and one.lines]
    rows: list[list[Cell]] = list(sheets[0].rows) if sheets else []
    return read(rows)


def replace(
    year: int, values: IndicatorList, version: int, filename: str, *, by: User | None, now: datetime
) -> IndicatorYear:
    """Use this list for the year. version: of the year's own list, 0 if it had none. Raise KlaYearMissing or Stale."""
    with writing() as session:
        office_defaults.lock(session)  # two users who replace the same list wait for each other
        before = of_year(session, year)
        if before.version != version:
            raise Stale
        row = before.row if before.own and before.row else IndicatorYear(year=year)
        row.values, row.filename = codec.to_json(values), files.plain_name(filename)
        row.replaced_at, row.replaced_by_id = now, by.id if by else None
        session.add(row)
        changes = compare(before.values, values)
        audit.record(
            session, by, "indicator_year.replaced", row, now=now, indicators=len(values.indicators),
            new=len(changes.new), renamed=len(changes.renamed), gone=len(changes.gone),
        )  # fmt: skip
    return row
