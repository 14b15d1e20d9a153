"""Find clashes in the whole plan and in changes not saved yet. Nothing writes; checks.py refuses.

queries/clashes.py answers the other questions of pages. For a change only the plan around its time is read. If a clash is
found, the days to which the activities could move are read too; what is known already is not read again.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from outreach.domain.clashes import Clash, find_clashes
from outreach.domain.clashes.other_times import DAYS_SEARCHED
from outreach.domain.planning.plan import Plan, PlannedActivity, ProgrammeDays
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState
from outreach.domain.zones import midnight
from outreach.extensions import db
from outreach.models import Region
from outreach.services.planning import load as plans
from outreach.services.planning import load_part as plan_parts
from outreach.services.planning.load_part import Part

_LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
RESOLUTION_DAYS = 4 * DAYS_SEARCHED + 2
CROWD = 5  # this many drafts with clashes on one day are shown as one line
OF_TIMES = frozenset(
    {ClashKind.VENUE_TAKEN, ClashKind.SPEAKER_TWICE, ClashKind.SPEAKER_TRAVEL, ClashKind.CADRE_TWICE,
     ClashKind.INVITEE_TWICE, ClashKind.TRAVEL, ClashKind.HOLIDAY, ClashKind.JOINT_HOLIDAY, ClashKind.WEEKEND,
     ClashKind.OUTSIDE_HOURS, ClashKind.FRIDAY_BREAK, ClashKind.NOON_BREAK, ClashKind.SHORT_NOTICE, ClashKind.SAME_KECAMATAN}
)  # fmt: skip
AROUND = timedelta(days=1)  # longer than any travel time (TravelRules.longest_min), and than half a day


@dataclass(frozen=True)
class FoundClashes:
    """plan: the plan in which to look for resolutions; for clashes of `everything`, first call `to_resolve`.

    kecamatan: names by code, of those in the clashes.
    """

    plan: Plan
    clashes: list[Clash] = field(default_factory=list)
    kecamatan: Mapping[str, str] = field(default_factory=dict)

    @property
    def blocking(self) -> list[Clash]:
        return [clash for clash in self.clashes if clash.severity is Severity.BLOCK]


@dataclass(frozen=True)
class PlanChange:
    """Activities as they would be (`after`) and as they are stored (`before`); one that is only in `after` is new.

    programme: the new days of their programme. but: kinds of clash to ignore.
    """

    after: Collection[PlannedActivity]
    before: Collection[PlannedActivity] = ()
    programme: ProgrammeDays | None = None
    but: Collection[ClashKind] = ()

    @property
    def spans(self) -> list[plans.Span]:
        """Return the time spans in which something can clash with these activities, before or after."""
        return around([*self.after, *self.before])

    def made_in(self, plan: Plan) -> Plan:
        """Return the plan with the change made."""
        plan = plan.with_programme(self.programme) if self.programme else plan
        return plan.with_(*self.after)

    def clashes_in(self, plan: Plan) -> list[Clash]:
        """Return the clashes that the change adds to the plan, by time."""
        return [clash for clash in brought(self.made_in(plan), self.after, self.before) if clash.kind not in self.but]


@dataclass(frozen=True)
class CheckedChange:
    """A change, the plan around it, and the clashes that it adds there."""

    change: PlanChange
    plan: Plan
    clashes: list[Clash]


def everything(*, now: datetime) -> FoundClashes:
    """Return all clashes in the office's plan, by time."""
    plan = plan_parts.that_clash(now=now)
    return found_in(plan, find_clashes(plan))


def preview_saved(
    activity: PlannedActivity, stored: Collection[PlannedActivity] | None = None, *, now: datetime
) -> FoundClashes:
    """Return the new clashes if the activity is saved like this; the plan returned contains it. stored: as in the database."""
    stored = plans.planned(db.session(), [activity.id]) if stored is None else stored
    return preview(PlanChange([activity], stored), now=now)


def preview_new(
    activities: Collection[PlannedActivity],
    programme: ProgrammeDays | None = None,
    *,
    but: Collection[ClashKind] = (),
    now: datetime,
) -> FoundClashes:
    """Return the clashes if these activities are all created; the plan returned contains them.

    programme: their programme, if it is new as well. but: kinds of clash to ignore.
    """
    return preview(PlanChange(activities, (), programme, but), now=now)


def preview(change: PlanChange, *, now: datetime) -> FoundClashes:
    """Return the clashes that a change adds, with a plan in which to look for their resolutions."""
    checked = check(change, now=now)
    return with_resolutions(checked, now=now) if checked.clashes else FoundClashes(change.made_in(checked.plan))


def check(change: PlanChange, *, now: datetime) -> CheckedChange:
    """Find the clashes that a change adds, in the plan around it."""
    parties = plan_parts.parties_of([*change.after, *change.before])
    plan = plan_parts.shared_with((), parties, now=now, within=change.spans, also=change.after)
    return CheckedChange(change, plan, change.clashes_in(plan))


def with_resolutions(checked: CheckedChange, *, now: datetime) -> FoundClashes:
    """Return these clashes with the plan in which to look for their resolutions. The plan around the change is not read again."""
    change, near = checked.change, checked.plan
    parties = plan_parts.parties_of([*change.after, *change.before])
    plan = plan_parts.shared_with(
        ids_in(checked.clashes),
        parties,
        now=now,
        within=where_resolutions_lie(change.made_in(near), checked.clashes),
        also=change.after,
        known=Part(near, change.spans),
    )
    return found_in(change.made_in(plan), change.clashes_in(plan))


def brought(plan: Plan, after: Collection[PlannedActivity], before: Collection[PlannedActivity]) -> list[Clash]:
    """Return the clashes that exist with the activities as in `after` but not as in `before`, by time.

    An activity in `after` but not in `before` is new, so all its clashes are new.
    """
    changed = {activity.id for activity in (*after, *before)}
    rest = plan.without(*(changed & plan.activities.keys()))
    had = {identity(clash) for clash in find_clashes(rest.with_(*before), changed)}
    return [clash for clash in find_clashes(rest.with_(*after), changed) if identity(clash) not in had]


def gathered(clashes: Iterable[Clash], *, crowds: bool = False) -> list[list[Clash]]:
    """Return the clashes in groups: those of one kind between the same two activities are one group for all people.

    crowds: all clashes of many drafts on one day are one group, the gravest first. Such drafts need other times
    together; moving one does not help.
    """
    found = list(clashes)
    crowded = _crowded(found) if crowds else set()
    groups: dict[tuple[object, ...], list[Clash]] = {}
    for number, clash in enumerate(found):
        many = clash.party is not None and len(clash.activities) == 2
        key = (clash.kind, clash.ids, clash.needed, clash.there, clash.meeting) if many else (number,)
        groups.setdefault(("crowd", _draft_day(clash)) if _draft_day(clash) in crowded else key, []).append(clash)
    return [sorted(group, key=_gravest) if crowd_of(group) else group for group in groups.values()]


def crowd_of(group: Collection[Clash]) -> list[PlannedActivity]:
    """Return the drafts of a group that combines the clashes of many drafts on one day; [] for other groups."""
    activities = {activity.id: activity for clash in group for activity in clash.activities}
    return list(activities.values()) if len(activities) >= CROWD else []


def _crowded(found: Iterable[Clash]) -> set[date]:
    drafts: dict[date, set[int]] = defaultdict(set)
    for clash in found:
        if day := _draft_day(clash):
            drafts[day] |= set(clash.ids)
    return {day for day, ids in drafts.items() if len(ids) >= CROWD}


def _draft_day(clash: Clash) -> date | None:
    """Return the day of a clash that another time would resolve, if all of its activities are stored drafts on that day."""
    days = {day for activity in clash.activities for day in activity.days}
    if clash.kind not in OF_TIMES or len(days) != 1:
        return None
    if any(
        activity.state is not ActivityState.DRAFT or activity.id < 0 or activity.fixed for activity in clash.activities
    ):
        return None
    return days.pop()


def _gravest(clash: Clash) -> bool:
    return clash.severity is not Severity.BLOCK


def identity(clash: Clash) -> tuple[Any, ...]:
    """Return what identifies a clash: its signature, day, absence and place.

    It includes `said_yes`: an invitee's yes to this time outweighs an absence, but no longer after the time has changed.
    """
    absence = clash.absence
    away = (absence.id, absence.starts_at, clash.said_yes) if absence else None
    return clash.signature, clash.day, away, clash.place.id if clash.place else None


def around(activities: Iterable[PlannedActivity]) -> list[plans.Span]:
    """Return the time spans in which something can clash with these activities; without activities, one in the past."""
    spans = _merged((activity.starts_at - AROUND, activity.ends_at + AROUND) for activity in activities)
    return spans or [(_LONG_AGO, _LONG_AGO)]


def ids_in(found: Iterable[Clash]) -> set[int]:
    """Return the ids of the activities in the clashes."""
    return {id for clash in found for id in clash.ids}


def where_resolutions_lie(plan: Plan, found: Iterable[Clash]) -> list[plans.Span]:
    """Return the spans in which domain/clashes/other_times.py looks for other times for these activities."""
    activities = {activity.id: activity for clash in found for activity in clash.activities}.values()
    ahead = timedelta(days=RESOLUTION_DAYS + plan.rules.notice_days)
    spans = [(changed.starts_at - AROUND, max(changed.ends_at, plan.now) + ahead) for changed in activities]
    for id in {changed.programme_id for changed in activities if changed.programme_id in plan.programmes}:
        programme = plan.programmes[id or 0]
        first, last = (midnight(day, programme.zone) for day in (programme.starts_on, programme.ends_on))
        spans.append((first - AROUND, last + 2 * AROUND))
    return _merged(spans)


def _merged(spans: Iterable[plans.Span]) -> list[plans.Span]:
    merged: list[plans.Span] = []
    for since, until in sorted(spans):
        if merged and since <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], until))
        else:
            merged.append((since, until))
    return merged


def found_in(plan: Plan, found: list[Clash]) -> FoundClashes:
    """Return the clashes with the names of kecamatan that their sentences need."""
    codes = {clash.kecamatan_code for clash in found if clash.kecamatan_code}
    if not codes:
        return FoundClashes(plan, found)
    rows = db.session.execute(sa.select(Region.code, Region.name).where(Region.code.in_(codes)))
    return FoundClashes(plan, found, {row.code: row.name for row in rows})
