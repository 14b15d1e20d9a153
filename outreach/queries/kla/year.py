"""A year of Kota Layak Anak: its indicators, the activities tagged with each, which evidence is there, and what is missing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cached_property
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.kla.evidence import EvidenceFound, EvidenceGap, EvidenceKind
from outreach.domain.kla.indicators import FIRST_YEAR, LAST_YEAR, Indicator, codes_of, in_order
from outreach.domain.states import ActivityState
from outreach.extensions import db
from outreach.models import Activity, IndicatorYear, Programme
from outreach.queries.directory.lists import any_holds, words_of
from outreach.queries.kla import evidence
from outreach.queries.paging import Page, paged
from outreach.queries.reports.figures import AGREED, last_held_on
from outreach.services import office_defaults
from outreach.services.kla import lists
from outreach.services.kla.lists import IndicatorMissing, YearList
from outreach.services.kla.tag import year_of
from outreach.services.locking import ProgrammeMissing

PER_PAGE = 50
MOST_YEARS = 8  # offered on a page; others by their address


@dataclass(frozen=True)
class TaggedActivity:
    """found: what is kept of it; None if it was not held (yet)."""

    activity: Activity
    codes: tuple[str, ...]
    found: EvidenceFound | None

    @property
    def held(self) -> bool:
        return self.found is not None

    def gaps(self, indicator: Indicator) -> list[EvidenceGap]:
        """Return what this indicator misses of it."""
        if self.found is None:
            return []
        return [gap for kind in indicator.evidence if (gap := self.found.gap(kind)) is not None]

    def there(self, indicator: Indicator) -> list[EvidenceKind]:
        """Return what this indicator expects and finds."""
        if self.found is None:
            return []
        return [kind for kind in indicator.evidence if self.found.gap(kind) is None]


@dataclass(frozen=True)
class IndicatorLine:
    indicator: Indicator
    activities: Sequence[TaggedActivity]

    @property
    def held(self) -> list[TaggedActivity]:
        return [one for one in self.activities if one.held]

    @property
    def not_held(self) -> list[TaggedActivity]:
        return [one for one in self.activities if not one.held]

    @cached_property
    def missing(self) -> dict[EvidenceGap, list[TaggedActivity]]:
        """Return each gap with the activities that have it, in the order of the kinds of evidence."""
        found: dict[EvidenceGap, list[TaggedActivity]] = {}
        for one in self.held:
            for gap in one.gaps(self.indicator):
                found.setdefault(gap, []).append(one)
        return {gap: found[gap] for gap in EvidenceGap if gap in found}

    @cached_property
    def there(self) -> list[EvidenceKind]:
        """Return the kinds of evidence that are there of every activity held."""
        held = self.held
        return [
            kind for kind in self.indicator.evidence if held and all(kind in one.there(self.indicator) for one in held)
        ]


@dataclass(frozen=True)
class KlaYear:
    """gone: the tags that are not in the list, each with its activities."""

    year: int
    used: YearList
    lines: Sequence[IndicatorLine]
    gone: Mapping[str, Sequence[TaggedActivity]]

    @property
    def clusters(self) -> dict[str, list[IndicatorLine]]:
        found: dict[str, list[IndicatorLine]] = {}
        for line in self.lines:
            found.setdefault(line.indicator.cluster, []).append(line)
        return found

    @property
    def untagged(self) -> list[Indicator]:
        return [line.indicator for line in self.lines if not line.activities]

    def line(self, code: str) -> IndicatorLine:
        """Return one indicator's line. Raise IndicatorMissing."""
        found = next((line for line in self.lines if line.indicator.code == code), None)
        if found is None:
            raise IndicatorMissing
        return found


def kla_year(year: int, *, now: datetime) -> KlaYear:
    """Return the page of a year. Raise KlaYearMissing."""
    used = lists.of_year(db.session, year)
    tagged = _tagged(_in_years(year, year), now)
    by_code: dict[str, list[TaggedActivity]] = {}
    for one in tagged:
        for code in one.codes:
            by_code.setdefault(code, []).append(one)
    lines = [IndicatorLine(one, by_code.pop(one.code, ())) for one in used.values.indicators]
    return KlaYear(year, used, lines, {code: by_code[code] for code in sorted(by_code, key=in_order)})


def page_of(line: IndicatorLine, number: int) -> Page:
    """Return a page of an indicator's activities: those that were held, then the others."""
    activities = [*line.held, *line.not_held]
    number = min(max(1, number), max(1, -(-len(activities) // PER_PAGE)))
    return Page(activities[(number - 1) * PER_PAGE : number * PER_PAGE], len(activities), number, PER_PAGE)


def usual_year(*, now: datetime) -> int:
    """Return the year in which an activity was held last; the present one if there is none."""
    zone = _zone()
    return (last_held_on(zone, now) or now.astimezone(zone).date()).year


def years(shown: int, *, now: datetime) -> list[int]:
    """Return the years to choose from: those with activities, this one, and the one that is shown; the newest first."""
    zone = _zone()
    first, last = db.session.execute(sa.select(sa.func.min(Activity.starts_at), sa.func.max(Activity.starts_at))).one()
    this = now.astimezone(zone).year
    ends = [this, shown, *(one.astimezone(zone).year for one in (first, last) if one is not None)]
    newest = max(ends)
    return sorted({shown, this, *range(max(min(ends), newest - MOST_YEARS + 1), newest + 1)}, reverse=True)


def losing(year: int, codes: Collection[str], *, now: datetime) -> dict[str, list[TaggedActivity]]:
    """Return the activities that are tagged with one of these codes, in all years that use this year's list."""
    later = db.session.scalar(sa.select(sa.func.min(IndicatorYear.year)).where(IndicatorYear.year > year))
    found: dict[str, list[TaggedActivity]] = {}
    for one in _tagged(_in_years(year, (later or LAST_YEAR + 1) - 1), now, with_evidence=False):
        for code in one.codes:
            if code in codes:
                found.setdefault(code, []).append(one)
    return found


def list_of(year: int) -> YearList:
    """Return the list that a year uses; of a year that has no page, that of the nearest which has one."""
    return lists.of_year(db.session, min(max(year, FIRST_YEAR), LAST_YEAR))


@dataclass(frozen=True)
class ActivityTags:
    """year: whose list counts for the activity. gone: its codes that are not in this list."""

    year: int
    used: YearList
    tagged: Sequence[Indicator]
    gone: Sequence[str]

    @property
    def expects_materials(self) -> bool:
        return any(EvidenceKind.MATERIALS in one.evidence for one in self.tagged)


def of_activity(activity: Activity) -> ActivityTags:
    year = year_of(activity, _zone())
    used, codes = list_of(year), codes_of(activity.indicators)
    tagged = [one for code in codes if (one := used.values.find(code)) is not None]
    known = {one.code for one in tagged}
    return ActivityTags(year, used, tagged, [code for code in codes if code not in known])


@dataclass(frozen=True)
class ProgrammeTags:
    """counts: of each indicator, how many of the activities are tagged with it."""

    programme: Programme
    used: YearList
    activities: Sequence[Activity]
    counts: Mapping[str, int]


def of_programme(programme_id: int) -> ProgrammeTags:
    """Return the tags of a programme's activities, by the list of the year in which it begins. Raise ProgrammeMissing."""
    programme = db.session.get(Programme, programme_id)
    if programme is None:
        raise ProgrammeMissing
    used = list_of(programme.starts_on.year)
    activities = [one for one in programme.activities if one.state is not ActivityState.CANCELLED]
    tags = [codes_of(one.indicators) for one in activities]
    counts = {one.code: sum(one.code in some for some in tags) for one in used.values.indicators}
    return ProgrammeTags(programme, used, activities, counts)


def to_tag(year: int, q: str, number: int) -> Page:
    """Return a page of the year's activities, the newest first."""
    wanted = sa.select(Activity).where(_in_years(year, year), Activity.state != ActivityState.CANCELLED)
    for word in words_of(q):
        wanted = wanted.where(any_holds(word, Activity.title))
    return paged(
        wanted.options(joinedload(Activity.programme)).order_by(Activity.starts_at.desc(), Activity.id.desc()),
        number,
        PER_PAGE,
    )


def _tagged(condition: sa.ColumnElement[bool], now: datetime, *, with_evidence: bool = True) -> list[TaggedActivity]:
    """Return the tagged activities that were not cancelled, in the order of their days."""
    rows = db.session.scalars(
        sa.select(Activity)
        .where(condition, Activity.indicators != "", Activity.state != ActivityState.CANCELLED)
        .options(joinedload(Activity.programme))
        .order_by(Activity.starts_at, Activity.id)
    ).all()
    held = [one.id for one in rows if one.state in AGREED and one.ends_at <= now]
    found = evidence.of_activities(held) if with_evidence and held else {}
    return [TaggedActivity(one, codes_of(one.indicators), found.get(one.id)) for one in rows]


def _in_years(first: int, last: int) -> sa.ColumnElement[bool]:
    """Return the condition that an activity begins in these years, where the office is."""
    zone = _zone()
    return sa.and_(Activity.starts_at >= _begin(first, zone), Activity.starts_at < _begin(last + 1, zone))


def _begin(year: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(date(year, 1, 1), time(), zone)


def _zone() -> ZoneInfo:
    return office_defaults.zone(db.session)
