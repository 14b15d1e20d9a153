"""Build the solver's task from a request and the plan as it stands. Reads only."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.domain.kinds import VenueKind
from outreach.domain.planning.parties import Party
from outreach.domain.planning.plan import Plan, PlannedActivity
from outreach.domain.planning.rules import ClashKind, Severity
from outreach.domain.problems import Problem
from outreach.domain.timetabling import Demand, Horizon, Order, Task, Wishes, circle, suitable_venues
from outreach.extensions import db
from outreach.models import Activity, Venue
from outreach.services import office_defaults
from outreach.services.directory import people as directory_people
from outreach.services.planning import load as plans
from outreach.services.timetabling.request import (
    DAYS_MOST,
    OrderCircular,
    Request,
    RequestLine,
    VenueChoice,
    Weight,
    Wish,
)

FACTORS = {Weight.OFF: 0, Weight.LITTLE: 1, Weight.MUCH: 4}


class ActivitiesGone(Problem):
    message = "Some of the activities are over, cancelled or deleted by now. Please choose again."
    field = "pick"


class DaysOver(Problem):
    message = "Activities are placed from tomorrow on. Please choose days that are still to come."
    field = "last_on"


class TooFarAhead(Problem):
    message = "Please choose days within the next %(most)s days: further ahead nobody knows who will be away."
    field = "last_on"


class FacilitatorsGone(Problem):
    message = "Some of the facilitators are not in the address book any more. Please choose again."
    field = "person"


def build(request: Request, *, now: datetime) -> Task:
    """Return the task for the plan as it stands.

    Raise ActivitiesGone, OrderCircular, FacilitatorsGone, DaysOver, TooFarAhead, or NoDays if none of the days is a
    working day.
    """
    session = db.session()
    plan = plans.load(now=now)
    if not all(id in plan.activities and plan.counts(plan.activities[id]) for id in request.ids):
        raise ActivitiesGone
    plan = _with_rules(plan, request)
    people = directory_people.people(request.facilitators)
    if len(people) < len(request.facilitators):
        raise FacilitatorsGone
    facilitators = tuple(Party.person(person.id, person.display_name) for person in people)
    kinds = {row.id: row.kind for row in session.execute(sa.select(Venue.id, Venue.kind))}
    orders = [two for two in request.orders if plan.activities.keys() >= set(two)]
    if around := circle(orders):
        raise OrderCircular(titles=" → ".join(f"“{plan.activities[id].title}”" for id in around))
    demands = tuple(_demand(line, request, orders, plan, facilitators, kinds) for line in request.lines)
    return Task(plan, demands, _horizon(request, plan, now, session), _wishes(request, plan))


def versions(activity_ids: Collection[int]) -> dict[int, int]:
    """Return the activities' versions by id, to detect later whether they have changed since the search began."""
    rows = db.session.execute(sa.select(Activity.id, Activity.version).where(Activity.id.in_(activity_ids)))
    return {row.id: row.version for row in rows}


def _with_rules(plan: Plan, request: Request) -> Plan:
    if not request.one_in_kecamatan:
        return plan
    severities = {**plan.rules.severities, ClashKind.SAME_KECAMATAN: Severity.BLOCK}
    return plan.with_rules(replace(plan.rules, severities=severities))


def _horizon(request: Request, plan: Plan, now: datetime, session: Session) -> Horizon:
    today = now.astimezone(office_defaults.zone(session)).date()
    if request.last_on <= today:
        raise DaysOver
    if (request.last_on - today).days > DAYS_MOST:
        raise TooFarAhead(most=DAYS_MOST)
    return Horizon.between(max(request.first_on, today + timedelta(days=1)), request.last_on, plan.calendar)


def _demand(
    line: RequestLine,
    request: Request,
    orders: Collection[Order],
    plan: Plan,
    facilitators: tuple[Party, ...],
    kinds: Mapping[int, VenueKind],
) -> Demand:
    activity = plan.activities[line.id]
    needs = line.needed if facilitators else 0
    return Demand(
        activity_id=line.id,
        venues=_venues(activity, request, plan, kinds),
        seats=(activity.room or None) if request.venues is not VenueChoice.KEEP else None,
        first_on=line.first_on,
        last_on=line.last_on,
        after=tuple(first for then, first in orders if then == line.id),
        before=tuple(then for then, first in orders if first == line.id and then not in request.ids),
        facilitators=facilitators if needs else (),
        facilitators_needed=needs or 1,
        fixed=line.fixed,
    )


def _venues(
    activity: PlannedActivity, request: Request, plan: Plan, kinds: Mapping[int, VenueKind]
) -> tuple[int, ...] | None:
    """Return the venues in which it may be held, its present one first; None if it keeps its venue."""
    if request.venues is VenueChoice.KEEP:
        return None
    region = None
    if request.venues is VenueChoice.KELURAHAN:
        place = plan.whereabouts(activity)
        region = activity.region_code or (place.region_code if place else None)
        if region is None:
            return None
    seats = activity.room or None
    found = suitable_venues(plan, region_code=region, seats=seats)
    wanted = tuple(id for id in found if not request.venue_kinds or kinds.get(id) in request.venue_kinds)
    if activity.venue_id is None:
        return wanted or None
    return tuple(dict.fromkeys((activity.venue_id, *wanted)))


def _wishes(request: Request, plan: Plan) -> Wishes:
    usual = Wishes()

    def weighted(wish: Wish, value: int) -> int:
        return value * FACTORS[request.weight(wish)]

    return replace(
        usual,
        spread_days=weighted(Wish.SPREAD_DAYS, usual.spread_days),
        spread_kecamatan=weighted(Wish.SPREAD_KECAMATAN, usual.spread_kecamatan),
        trips=weighted(Wish.TRIPS, usual.trips),
        share=weighted(Wish.SHARE, usual.share),
        hours=request.hours,
        hours_weight=weighted(Wish.HOURS, usual.hours_weight),
        notice_days=max(usual.notice_days, plan.rules.notice_days),
        notice=weighted(Wish.NOTICE, usual.notice),
        ramadan=weighted(Wish.RAMADAN, usual.ramadan),
        change=weighted(Wish.CHANGE, usual.change),
    )
