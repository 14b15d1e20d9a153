"""Which kelurahan were reached: a map and a table by kecamatan, by month, and the same figures in words."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from outreach.domain.city_map import CityMap
from outreach.queries.reports.figures import Report
from outreach.queries.reports.people import PlaceLine

STEPS = 4  # of colour, beside none and hidden
MOST_MONTHS = 13


class Measure(StrEnum):
    HELD = "held"
    INVITED = "invited"
    ANSWERED = "answered"
    PRESENT = "present"


@dataclass(frozen=True)
class Shade:
    """How a place is coloured: its count, None if it is hidden, and the step of colour: 0 for none, "hidden", or 1 to STEPS."""

    count: int | None
    step: str


@dataclass(frozen=True)
class CoverageRow:
    """missing: how many activities are missing from the target; of a kecamatan, from that of its kelurahan. None if there is no
    target. months: activities of each."""

    line: PlaceLine
    shades: dict[Measure, Shade]
    missing: int | None
    months: tuple[int, ...]


@dataclass(frozen=True)
class Coverage:
    """rows: each kecamatan followed by its kelurahan. highest: the largest count of a kelurahan that is shown, by measure."""

    rows: Sequence[CoverageRow]
    months: Sequence[date]
    highest: dict[Measure, int]
    city_map: CityMap | None

    def shade(self, code: str, measure: Measure) -> Shade:
        return next(row.shades[measure] for row in self.rows if row.line.place.code == code)

    @property
    def sums(self) -> list[CoverageRow]:
        """Return each kecamatan, and the kelurahan that are in none of these."""
        inside = {row.line.place.code for _kecamatan, rows in self.folds for row in rows}
        return [row for row in self.rows if row.line.place.code not in inside]

    @property
    def folds(self) -> list[tuple[CoverageRow, list[CoverageRow]]]:
        """Return each kecamatan with its kelurahan."""
        found = [
            (row, [one for one in self.rows if one.line.place.kecamatan == row.line.place.code])
            for row in self.rows
            if not row.line.place.is_kelurahan
        ]
        return [(row, some) for row, some in found if some]

    def name(self, code: str) -> str:
        return next(row.line.place.name for row in self.rows if row.line.place.code == code)


def coverage(report: Report, city_map: CityMap | None, *, target: int) -> Coverage:
    """Return the coverage of a report. target: activities wanted in each kelurahan in the period, 0 for none."""
    lines = [line for line in report.places if line.place.code]
    highest = {
        measure: max((_count(line, measure) or 0 for line in lines if line.place.is_kelurahan), default=0)
        for measure in Measure
    }
    months = sorted({activity.day.replace(day=1) for activity in report.activities})
    held = Counter((activity.region_code or "", activity.day.replace(day=1)) for activity in report.activities)
    missing = {line.place.code: max(0, target - line.held) for line in lines if line.place.is_kelurahan}
    kecamatan = {line.place.code: line.place.kecamatan for line in lines}
    rows = []
    for line in lines:
        place = line.place
        inside = [
            code for code in {code for code, _month in held} if code == place.code or code.startswith(f"{place.code}.")
        ]
        rows.append(
            CoverageRow(
                line,
                {measure: _shade(_count(line, measure), highest[measure]) for measure in Measure},
                sum(count for code, count in missing.items() if place.code in (code, kecamatan.get(code)))
                if target
                else None,
                tuple(sum(held[code, month] for code in inside) for month in months),
            )
        )
    return Coverage(rows, months if len(months) <= MOST_MONTHS else (), highest, city_map)


def _count(line: PlaceLine, measure: Measure) -> int | None:
    count: int | None = getattr(line, measure.value)
    return count


def _shade(count: int | None, highest: int) -> Shade:
    if count is None:
        return Shade(None, "hidden")
    if count == 0:
        return Shade(0, "0")
    return Shade(count, str(min(STEPS, math.ceil(count * STEPS / max(highest, 1)))))
