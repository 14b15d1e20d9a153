"""What making several activities at once would bring, before any is stored: a new programme's, one for each kelurahan, a copy's.

Nothing writes. Making them is programmes.py, activities/community.py and copying.py, which refuse what is found here and blocks.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.activity import ActivityValues
from outreach.domain.answers import default_deadline
from outreach.domain.clashes import Clash
from outreach.domain.clashes.days import of_programme
from outreach.domain.planning.parties import Engagement
from outreach.domain.planning.plan import Plan, PlannedActivity, ProgrammeDays, days_between
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Programme, Region, Venue
from outreach.services.activities import projected
from outreach.services.activities.community import village_hall_name
from outreach.services.planning import clashes as clashing
from outreach.services.planning import load as plans
from outreach.services.planning import load_part as plan_parts
from outreach.services.planning import rules as planning_rules
from outreach.services.planning.clashes import FoundClashes
from outreach.services.programmes import copy as copying
from outreach.services.programmes.edit import ProgrammeValues

THE_NEW_ONE = -1  # the id of a programme that is not stored yet
SPREAD_LATER = frozenset({ClashKind.SAME_KECAMATAN})  # made at one time, they are given their days one by one
FIRST = -1_000_000
DAYS_TRIED = 14  # before and after, for another first day


@dataclass(frozen=True)
class CopyPreview:
    """better: another first day, the nearest on which nothing is found or, failing that, nothing blocks; None where none is."""

    found: FoundClashes
    ids: tuple[int, ...]
    better: date | None = None


def id_of(number: int) -> int:
    """Return the id under which that one of the activities, from 0, is planned until it is stored: negative, in their order."""
    return FIRST + number


def programme(
    values: ProgrammeValues, activities: Mapping[int, ActivityValues], *, by: str, now: datetime
) -> tuple[FoundClashes, list[int]]:
    """Return what making a programme with these activities would bring, and the ids they have in it.

    activities: by their number in the form. by: their coordinator's name.
    """
    days = ProgrammeDays(THE_NEW_ONE, values.title, values.starts_on, values.ends_on, values.zone)
    planned = [
        replace(projected.new(one, programme_id=THE_NEW_ONE, by=by, now=now), id=id_of(number))
        for number, one in activities.items()
    ]
    return clashing.if_made(planned, days, now=now), [one.id for one in planned]


def community(
    values: ActivityValues, region_codes: Sequence[str], *, programme_id: int | None, by: str, now: datetime
) -> tuple[FoundClashes, list[int]]:
    """Return what making the activity in each of these kelurahan would bring, and the ids they have in it."""
    session = db.session()
    rows = session.execute(
        sa.select(Region.code, Region.name)
        .where(Region.code.in_(region_codes), Region.level == 4)
        .order_by(Region.code)
    ).all()
    halls = _halls(session, [row.name for row in rows]) if values.venue_id is None else {}
    one = projected.new(values, programme_id=programme_id, by=by, now=now)
    planned = [
        replace(
            one, id=id_of(number), title=f"{values.title} {row.name}", region_code=row.code,
            venue_id=values.venue_id or halls.get(village_hall_name(row.name)),
        )
        for number, row in enumerate(rows)
    ]  # fmt: skip
    return clashing.if_made(planned, but=SPREAD_LATER, now=now), [one.id for one in planned]


def copy(source: Programme, starts_on: date, *, by: str, now: datetime) -> CopyPreview:
    """Return what copying the programme to that first day would bring. by: the name of who would coordinate the copy."""
    session = db.session()
    originals = [activity for activity, _day in copying.copied_days(source, starts_on)]
    invited = plans.invited(session, Activity.id.in_([activity.id for activity in originals]))

    def on(first: date, deadline_days: int) -> tuple[list[PlannedActivity], ProgrammeDays]:
        shift = first - source.starts_on
        copies = [
            _copied(original, number, shift, invited.get(original.id, ()), deadline_days, by, now)
            for number, original in enumerate(originals)
        ]
        days = ProgrammeDays(THE_NEW_ONE, source.title, first, source.ends_on + shift, source.zone)
        return copies, days

    deadline_days = planning_rules.current(session).deadline_days
    copies, days = on(starts_on, deadline_days)
    found = clashing.if_made(copies, days, but=SPREAD_LATER, now=now)
    better = None
    if found.clashes:
        tried = [shift for n in range(1, DAYS_TRIED + 1) for shift in (timedelta(days=n), timedelta(days=-n))]
        firsts = [starts_on + shift for shift in tried]
        firsts = [first for first in firsts if copying.lies_ahead(source, first, now)]
        others = {first: on(first, deadline_days) for first in firsts}
        spans = clashing.around(one for planned, _days in others.values() for one in planned)
        plan = plan_parts.shared_with((), plan_parts.parties_of(copies), now=now, within=spans)
        better = _better(plan, others, found.clashes)
    return CopyPreview(found, tuple(one.id for one in copies), better)


def _better(
    plan: Plan, others: Mapping[date, tuple[list[PlannedActivity], ProgrammeDays]], found: Collection[Clash]
) -> date | None:
    blocked, sound = any(one.severity is Severity.BLOCK for one in found), None
    for first, (copies, days) in others.items():
        brought = clashing.brought(plan.with_programme(days), copies, ())
        left = [one for one in brought if one.kind not in SPREAD_LATER]
        if not left:
            return first
        if blocked and sound is None and not any(one.severity is Severity.BLOCK for one in left):
            sound = first
    return sound


def _copied(
    original: Activity,
    number: int,
    shift: timedelta,
    invited: Iterable[Any],
    deadline_days: int,
    by: str,
    now: datetime,
) -> PlannedActivity:
    starts_at = copying.moved(original.starts_at, original.zone, shift)
    anew = [one for one in invited if one.nominated_under_id is None and one.erased_at is None]
    people = {one.person_id for one in anew if one.person_id is not None}
    return PlannedActivity(
        id=id_of(number),
        title=original.title,
        kind=original.kind,
        starts_at=starts_at,
        ends_at=copying.moved(original.ends_at, original.zone, shift),
        zone=original.zone,
        state=ActivityState.DRAFT,
        programme_id=THE_NEW_ONE,
        venue_id=original.venue_id,
        region_code=original.region_code,
        respond_by_at=default_deadline(starts_at, original.zone, now, deadline_days),
        people=len(people) + sum(one.quota or 1 for one in anew if one.person_id is None),
        seats=original.capacity,
        engagements=tuple(Engagement(plans.invitee(one), one.role, InvitationState.PREPARED) for one in anew),
        coordinator=by,
    )


def _halls(session: Session, kelurahan: Collection[str]) -> dict[str, int]:
    names = [village_hall_name(name) for name in kelurahan]
    rows = session.execute(sa.select(Venue.name, Venue.id).where(Venue.name.in_(names)))
    return {row.name: row.id for row in rows}


def preview(programme: Programme, values: ProgrammeValues, *, now: datetime) -> tuple[FoundClashes, list[int]]:
    """Return what these values would newly bring, and the ids of the activities that are left outside, by when they are.

    What is over or held counts as well, as it does on saving; what is cancelled does not.
    """
    session = db.session()
    standing = sa.select(Activity.id).where(
        Activity.programme_id == programme.id, Activity.state != ActivityState.CANCELLED
    )
    activities = plans.planned(session, session.scalars(standing).all(), engaged=False)
    rules = planning_rules.current(session)

    def plan(first: date, last: date, zone: Any) -> Plan:
        days = ProgrammeDays(programme.id, values.title, first, last, zone)
        return Plan(now=now, activities=activities, programmes=[days], rules=rules)

    present = plan(programme.starts_on, programme.ends_on, programme.zone)
    then = plan(values.starts_on, values.ends_on, values.zone)
    inside = [one for one in activities if not any(of_programme(present, one))]
    found = sorted((one for each in inside for one in of_programme(then, each)), key=lambda one: one.sort_key)
    return FoundClashes(then, found), [one.activities[0].id for one in found]


def holding(values: ProgrammeValues, activities: Collection[PlannedActivity]) -> tuple[date, date]:
    """Return the first and the last day of a programme that has these days and those of the activities as well."""
    days = [day for one in activities for day in days_between(one.starts_at, one.ends_at, values.zone)]
    return min(values.starts_on, *days), max(values.ends_on, *days)
