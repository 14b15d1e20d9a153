"""Cases reported in the whole city, by year, beside what was held in that year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import Activity, CaseCount
from outreach.queries.reports.figures import is_held


@dataclass(frozen=True)
class CaseLine:
    """held: how many activities were held in that year."""

    case: CaseCount
    held: int


def lines(*, zone: ZoneInfo, now: datetime) -> Sequence[CaseLine]:
    """Return all numbers, the latest year first; two statements. zone: the office's, for its years."""
    cases = db.session.scalars(sa.select(CaseCount).order_by(CaseCount.year.desc(), CaseCount.unit)).all()
    if not cases:
        return []
    years = sorted({case.year for case in cases})
    begins = {year: datetime(year, 1, 1, tzinfo=zone) for year in (*years, *(year + 1 for year in years))}
    counts = db.session.execute(
        sa.select(
            *(
                sa.func.count().filter(Activity.starts_at >= begins[year], Activity.starts_at < begins[year + 1])
                for year in years
            ),
        ).where(is_held(now))
    ).one()
    held = dict(zip(years, counts, strict=True))
    return [CaseLine(case, held[case.year]) for case in cases]
