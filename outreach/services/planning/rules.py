"""The office's planning rules: severities of clashes, hours, Ramadan, notice and travel. Kept in one row of PlanSettings.

The row's JSON holds only what differs from the defaults:
{"severities": {"weekend": "ignore"}, "notice_days": 10,
 "hours": {"friday": ["07:30", "16:30", "11:30", "13:00"]},  opens, closes, break from, break until
 "travel": {"speed_km_h": 30},
 "ramadans": {"1448": ["2027-02-08", "2027-03-09"]}}  by Hijri year; a year left out is computed
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import time
from math import isfinite
from typing import Any

import sqlalchemy as sa

from outreach import codec
from outreach.domain.answers import DEADLINE_DAYS
from outreach.domain.planning.office_hours import DayHours, DayRange, OfficeHours
from outreach.domain.planning.rules import DEFAULT_SEVERITIES, ClashKind, Rules, Severity, TravelRules
from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import Office, PlanSettings, the_office
from outreach.services.holidays import ramadans

DAYS_OF_HOURS = tuple(day.name for day in fields(OfficeHours))
NOTICE_DAYS_MAX = 90
SHORTEST_RAMADAN, LONGEST_RAMADAN = 28, 31  # days; 29 or 30, and room for an announcement that differs
MINUTES_MAX = 24 * 60


class HoursOutOfOrder(Problem):
    message = "The times must be in order: it opens, the break begins, the break ends, it closes."


class NoticeOutOfRange(Problem):
    message = "Please write a number of days from 0 to %(most)s."
    field = "notice_days"


class TravelOutOfRange(Problem):
    message = "Please write a number from %(least)s to %(most)s."


class RamadanOdd(Problem):
    message = "Ramadan has 29 or 30 days: please give its first and its last day, or leave both empty."


@dataclass(frozen=True)
class PlanValues:
    """ramadans: the official ones by Hijri year. severities: a kind left out has its default."""

    severities: Mapping[ClashKind, Severity] = field(default_factory=dict)
    notice_days: int = Rules().notice_days
    hours: OfficeHours = field(default_factory=OfficeHours)
    travel: TravelRules = field(default_factory=TravelRules)
    ramadans: Mapping[int, DayRange] = field(default_factory=dict)
    version: int = 0  # of the row they were read from; 0: no row yet

    def severity(self, kind: ClashKind) -> Severity:
        return self.severities.get(kind, DEFAULT_SEVERITIES[kind])


codec.write_without_defaults(PlanValues, OfficeHours, TravelRules)
codec.write_as_list(DayHours)  # opens, closes, break from, break until
codec.write_as_list(DayRange)
TRAVEL_BOUNDS: dict[str, tuple[float, float]] = {
    "speed_km_h": (1, 200), "detour": (1, 5), "longest_min": (0, MINUTES_MAX),
    **dict.fromkeys(
        ("buffer_min", "same_kelurahan_min", "same_kecamatan_min", "same_city_min", "elsewhere_min"), (0, MINUTES_MAX)
    ),
}  # fmt: skip


def current() -> Rules:
    """Return the office's rules. One query."""
    return rules_and_values()[0]


def rules_and_values() -> tuple[Rules, PlanValues]:
    """Return the office's rules, and the settings from which they are built. One query."""
    row = db.session.execute(_STORED).first()
    values = read(row.values or {}, row.version or 0) if row else PlanValues()
    deadline_days = DEADLINE_DAYS if row is None or row.deadline_days is None else row.deadline_days
    rules = Rules(
        severities=values.severities,
        notice_days=values.notice_days,
        deadline_days=deadline_days,
        travel=values.travel,
        hours=values.hours,
    )
    return rules, values


def values() -> PlanValues:
    """Return the settings as they stand, for the page that shows and changes them. One query."""
    return rules_and_values()[1]


def hours_of(name: str, opens: time, closes: time, break_from: time, break_until: time) -> DayHours:
    """Return a day's hours; raise HoursOutOfOrder for the field of that day. name: one of DAYS_OF_HOURS."""
    try:
        return DayHours(opens, closes, break_from, break_until)
    except ValueError:
        raise HoursOutOfOrder(field=f"{name}_opens") from None


def changes(before: PlanValues, after: PlanValues) -> dict[str, Any]:
    """Return what differs, for the audit log: {"weekend": ["warn", "block"], "hours_friday": […], "ramadan_1448": […], …}."""
    old, new = _told(before), _told(after)
    return {name: [old.get(name, ""), new.get(name, "")] for name in {**old, **new} if old.get(name) != new.get(name)}


def _told(values: PlanValues) -> dict[str, Any]:
    hours = asdict(values.hours)
    return {
        **{kind.value: values.severity(kind).value for kind in ClashKind},
        "notice_days": values.notice_days,
        **{f"hours_{day}": ", ".join(f"{at:%H:%M}" for at in hours[day].values()) for day in DAYS_OF_HOURS},
        **asdict(values.travel),
        **{f"ramadan_{year}": f"{days.first} – {days.last}" for year, days in sorted(values.ramadans.items())},
    }


def check(values: PlanValues) -> None:
    """Raise NoticeOutOfRange, TravelOutOfRange or RamadanOdd."""
    if not 0 <= values.notice_days <= NOTICE_DAYS_MAX:
        raise NoticeOutOfRange(most=NOTICE_DAYS_MAX)
    for name, (least, most) in TRAVEL_BOUNDS.items():
        number = getattr(values.travel, name)
        if not (isfinite(number) and least <= number <= most):
            raise TravelOutOfRange(field=name, least=f"{least:g}", most=f"{most:g}")
    for year, days in values.ramadans.items():
        computed = ramadans([year_of(year)]).get(year)
        near = computed is None or abs((days.first - computed.first).days) <= SHORTEST_RAMADAN
        if not SHORTEST_RAMADAN <= (days.last - days.first).days + 1 <= LONGEST_RAMADAN or not near:
            raise RamadanOdd(field=f"ramadan_{year}_first")


def year_of(hijri_year: int) -> int:
    """Return a Gregorian year; that Hijri year's Ramadan ends in it or in the year after."""
    return int(hijri_year * 0.970225 + 621.57)


def written(values: PlanValues) -> dict[str, Any]:
    """Return the row's JSON: what differs from the defaults."""
    own = {kind: severity for kind, severity in values.severities.items() if severity is not DEFAULT_SEVERITIES[kind]}
    return codec.to_json(replace(values, severities=own, version=0))


def read(stored: Mapping[str, Any], version: int) -> PlanValues:
    """Return the settings of a row's JSON. Kinds of clash unknown to this version are ignored."""
    known = {name: severity for name, severity in stored.get("severities", {}).items() if name in tuple(ClashKind)}
    return replace(codec.from_json(PlanValues, {**stored, "severities": known}), version=version)


_DEADLINE_DAYS = the_office(Office.deadline_days).scalar_subquery()
_STORED = (
    sa.select(_DEADLINE_DAYS.label("deadline_days"), PlanSettings.values, PlanSettings.version)
    .select_from(sa.select(sa.literal(1).label("one")).subquery())
    .outerjoin(PlanSettings, PlanSettings.id == sa.select(sa.func.min(PlanSettings.id)).scalar_subquery())
)
