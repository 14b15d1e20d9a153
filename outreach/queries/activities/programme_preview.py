"""Preview the clashes of several new activities before saving: of a new programme, one for each kelurahan, or a copy.

Nothing writes. services/programmes/edit.py, services/activities/community.py and services/programmes/copy.py create
the activities, and refuse the clashes that block.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.activities.values import ActivityValues
from outreach.domain.answers import default_deadline
from outreach.domain.clashes import Clash
from outreach.domain.clashes.days import of_programme
from outreach.domain.planning.parties import Engagement, Succession, on_day
from outreach.domain.planning.plan import Plan, PlannedActivity, ProgrammeDays, days_between
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Activity, Programme, Region, Venue
from outreach.services.activities import projected
from outreach.services.activities.community import village_hall_name
from outreach.services.holidays import days_off
from outreach.services.planning import clashes as clashing
from outreach.services.planning import load as plans
from outreach.services.planning import load_part as plan_parts
from outreach.services.planning import rules as planning_rules
from outreach.services.planning.clashes import FoundClashes
from outreach.services.programmes import copy as copying
from outreach.services.programmes.edit import ProgrammeValues

THE_NEW_ONE = -1  # the id of a programme that is not stored yet
SPREAD_LATER = frozenset({ClashKind.SAME_KECAMATAN})  # all are made at one time; they get their days one by one later
FIRST = -1_000_000
DAYS_TRIED = 14  # days before and after the first day that are tried instead of it


@dataclass(frozen=True)
class CopyPreview:
    """better: the nearest other first day without clashes or, if there is none, without blocking ones; None: none found."""

    found: FoundClashes
    ids: tuple[int, ...]
    better: date | None = None


def id_of(number: int) -> int:
    """Return the id in the plan of a new activity by its number, from 0, until it is stored: negative, in order."""
    return FIRST + number


def programme(
    values: ProgrammeValues, activities: Mapping[int, ActivityValues], *, by: str, now: datetime
) -> tuple[FoundClashes, list[int]]:
    """Return the clashes of a new programme with these activities, and the activities' ids in the plan.

    activities: by their number in the form. by: their coordinator's name.
    """
    days = ProgrammeDays(THE_NEW_ONE, values.title, values.starts_on, values.ends_on, values.zone)
    planned = [
        replace(projected.new(activity, programme_id=THE_NEW_ONE, by=by, now=now), id=id_of(number))
        for number, activity in activities.items()
    ]
    return clashing.preview_new(planned, days, now=now), [activity.id for activity in planned]


def community(
    values: ActivityValues, region_codes: Sequence[str], *, programme_id: int | None, by: str, now: datetime
) -> tuple[FoundClashes, list[int]]:
    """Return the clashes of a new activity in each of these kelurahan, and the activities' ids in the plan."""
    session = db.session()
    rows = session.execute(
        sa.select(Region.code, Region.name)
        .where(Region.code.in_(region_codes), Region.level == 4)
        .order_by(Region.code)
    ).all()
    halls = _halls(session, [row.name for row in rows]) if values.venue_id is None else {}
    template = projected.new(values, programme_id=programme_id, by=by, now=now)
    planned = [
        replace(
            template, id=id_of(number), title=f"{values.title} {row.name}", region_code=row.code,
            venue_id=values.venue_id or halls.get(village_hall_name(row.name)),
        )
        for number, row in enumerate(rows)
    ]  # fmt: skip
    return clashing.preview_new(planned, but=SPREAD_LATER, now=now), [activity.id for activity in planned]


def copy(source: Programme, starts_on: date, *, by: str, now: datetime) -> CopyPreview:
    """Return the clashes of a copy of the programme with that first day. by: the name of the copy's coordinator."""
    session = db.session()
    originals = [activity for activity, _day in copying.copied_days(source, starts_on)]
    theirs = Activity.id.in_([activity.id for activity in originals])
    invited, turns = plans.invited(session, theirs), plans.turns(session, theirs)
    posts = plans.successions(session, invited)

    def on(first: date, deadline_days: int) -> tuple[list[PlannedActivity], ProgrammeDays]:
        shift = first - source.starts_on
        copies = [
            _copied(original, number, shift, invited.get(original.id, ()), turns, posts, deadline_days, by, now)
            for number, original in enumerate(originals)
        ]
        days = ProgrammeDays(THE_NEW_ONE, source.title, first, source.ends_on + shift, source.zone)
        return copies, days

    deadline_days = planning_rules.current().deadline_days
    copies, days = on(starts_on, deadline_days)
    found = clashing.preview_new(copies, days, but=SPREAD_LATER, now=now)
    better = None
    if found.clashes:
        tried = [shift for n in range(1, DAYS_TRIED + 1) for shift in (timedelta(days=n), timedelta(days=-n))]
        firsts = [starts_on + shift for shift in tried]
        firsts = [first for first in firsts if copying.lies_ahead(source, first, now)]
        others = {first: on(first, deadline_days) for first in firsts}
        spans = clashing.around(activity for planned, _days in others.values() for activity in planned)
        plan = plan_parts.shared_with((), plan_parts.parties_of(copies), now=now, within=spans)
        better = _better(plan, others, found.clashes)
    return CopyPreview(found, tuple(activity.id for activity in copies), better)


def _better(
    plan: Plan, others: Mapping[date, tuple[list[PlannedActivity], ProgrammeDays]], found: Collection[Clash]
) -> date | None:
    blocked, sound = any(clash.severity is Severity.BLOCK for clash in found), None
    for first, (copies, days) in others.items():
        brought = clashing.brought(plan.with_programme(days), copies, ())
        left = [clash for clash in brought if clash.kind not in SPREAD_LATER]
        if not left:
            return first
        if blocked and sound is None and not any(clash.severity is Severity.BLOCK for clash in left):
            sound = first
    return sound


def _copied(
    original: Activity,
    number: int,
    shift: timedelta,
    invited: Iterable[Any],
    turns: plans.Turns,
    posts: Mapping[int, Succession],
    deadline_days: int,
    by: str,
    now: datetime,
) -> PlannedActivity:
    starts_at = copying.moved(original.starts_at, original.zone, shift)
    new = [
        invitation for invitation in invited if invitation.nominated_under_id is None and invitation.erased_at is None
    ]
    people = {invitation.person_id for invitation in new if invitation.person_id is not None}
    engagements = tuple(
        Engagement(
            plans.invitee(invitation), invitation.role, InvitationState.PREPARED, turns=turns.get(invitation.id, ()),
            succession=posts.get(invitation.id),
        )
        for invitation in new
    )  # fmt: skip
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
        respond_by_at=default_deadline(
            starts_at, original.zone, now, days_off({starts_at.year - 1, starts_at.year}), deadline_days
        ),
        people=len(people) + sum(invitation.quota or 1 for invitation in new if invitation.person_id is None),
        seats=original.capacity,
        engagements=on_day(engagements, starts_at.astimezone(original.zone).date()),
        coordinator=by,
    )


def _halls(session: Session, kelurahan: Collection[str]) -> dict[str, int]:
    names = [village_hall_name(name) for name in kelurahan]
    rows = session.execute(sa.select(Venue.name, Venue.id).where(Venue.name.in_(names)))
    return {row.name: row.id for row in rows}


def preview(programme: Programme, values: ProgrammeValues, *, now: datetime) -> tuple[FoundClashes, list[int]]:
    """Return the new clashes with these values, and the ids of activities newly outside the programme's days, by time.

    Activities that are over or held count too, as they do on saving; cancelled and postponed ones do not.
    """
    session = db.session()
    standing = sa.select(Activity.id).where(
        Activity.programme_id == programme.id, Activity.state.not_in((ActivityState.CANCELLED, ActivityState.POSTPONED))
    )
    activities = plans.planned(session, session.scalars(standing).all(), engaged=False)
    rules = planning_rules.current()

    def plan(first: date, last: date, zone: Any) -> Plan:
        days = ProgrammeDays(programme.id, values.title, first, last, zone)
        return Plan(now=now, activities=activities, programmes=[days], rules=rules)

    present = plan(programme.starts_on, programme.ends_on, programme.zone)
    then = plan(values.starts_on, values.ends_on, values.zone)
    inside = [activity for activity in activities if not any(of_programme(present, activity))]
    clashes = sorted(
        (clash for activity in inside for clash in of_programme(then, activity)), key=lambda clash: clash.sort_key
    )
    return FoundClashes(then, clashes), [clash.activities[0].id for clash in clashes]


def holding(values: ProgrammeValues, activities: Collection[PlannedActivity]) -> tuple[date, date]:
    """Return a first and last day that include the programme's days and the days of all these activities."""
    days = [day for activity in activities for day in days_between(activity.starts_at, activity.ends_at, values.zone)]
    return min(values.starts_on, *days), max(values.ends_on, *days)
